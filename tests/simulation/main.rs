//! The whole ledger, simulated: thousands of histories, each from a seed, in a world without sockets, sleeps or a real clock.
//! After every step the promises of the design are checked.
//!
//! | file | plays or does |
//! | --- | --- |
//! | `menta` | menta: sales, corrections, reversals, and the truth about owners |
//! | `network` | the network, and all of chance: a seed becomes a list of steps |
//! | `platform` | the platform: has the tickets, answers as it likes, does nothing twice under one key |
//! | `operator` | a person: orders, and what follows from a person's decision |
//! | `ground` | what the ledger stands on: memory, or the real journal and store |
//! | `wired` | the same memory behind the real writer's thread |
//! | `decision` | what is posted to the writer, and what it says |
//! | `world` | plays a history step by step |
//! | `trace` | writes it down as a scenario file |
//! | `promises` | the checks |
//! | `minimise` | leaves out of a history what does not matter |
//! | `report` | counts what occurred |
//!
//! A longer run: `WILLCALL_HISTORIES=1000000 cargo test --release --test simulation -- --nocapture`. One seed again:
//! `WILLCALL_SEED=17`. A broken promise is shown as the shortest scenario that breaks it; `WILLCALL_SAVE=FILE` writes it (or
//! the whole of that one seed, if it breaks none) to a file, which `tests/scenarios.rs` runs from `fixtures/scenarios`. The
//! file ends with where the history leads today: put there where it should lead.

#![allow(unreachable_pub)] // `pub` here means: for the other files of this test

mod decision;
mod ground;
mod menta;
mod minimise;
mod network;
mod operator;
mod platform;
mod promises;
mod report;
#[path = "../support/scenario.rs"]
mod scenario;
mod trace;
mod wired;
mod world;

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use willcall::engine::ledger::Memory;

use ground::{Disk, Ground};
use minimise::{minimised, play};
use network::History;
use report::Tally;
use wired::Wired;

/// How often a long run says how far it is.
const TELL: Duration = Duration::from_secs(10);

/// Histories of a plain `cargo test`.
const HISTORIES: u64 = 2000;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.replace('_', "").parse().expect("a number"))
}

/// A broken promise, told.
struct Story {
    about: String,
    /// As a scenario file.
    text: String,
}

/// Plays the histories of `seeds`; the first that breaks a promise is told as a scenario.
fn play_all<G: Ground>(seeds: Range<u64>) -> Tally {
    let next = AtomicU64::new(seeds.start);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut tally = Tally::default();
    let told: Option<Story> = std::thread::scope(|scope| {
        let work = |speaks: bool| {
            let mut tally = Tally::default();
            let (began, mut spoke) = (Instant::now(), Instant::now());
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= seeds.end {
                    return (tally, None);
                }
                if speaks && spoke.elapsed() >= TELL {
                    spoke = Instant::now();
                    say_how_far(seed - seeds.start, seeds.end - seeds.start, began.elapsed());
                }
                if let Some(story) = broken::<G>(seed, &mut tally) {
                    next.store(seeds.end, Ordering::Relaxed);
                    return (tally, Some(story));
                }
            }
        };
        let workers: Vec<_> = (0..threads).map(|number| scope.spawn(move || work(number == 0))).collect();
        let mut told = None;
        for worker in workers {
            let (counts, story) = worker.join().unwrap();
            tally.add(&counts);
            told = told.or(story);
        }
        told
    });
    if let Some(story) = told {
        save(&story.text);
        panic!("{}\n\n{}", story.about, story.text);
    }
    tally
}

/// The story of the promise that the history of `seed` breaks, if it breaks one.
fn broken<G: Ground>(seed: u64, tally: &mut Tally) -> Option<Story> {
    let history = History::of(seed);
    let broken = play::<G>(&history, tally).broken?;
    let same = |history: &History| {
        play::<G>(history, &mut Tally::default()).broken.is_some_and(|other| other.promise == broken.promise)
    };
    let shortest = minimised(history, same);
    let played = play::<G>(&shortest, &mut Tally::default());
    let how = played.broken.as_ref().map_or_else(String::new, |broken| broken.how.clone());
    let about = format!("Seed {seed} breaks promise {}: {how}", broken.promise);
    Some(Story { text: minimise::scenario(&about, &played), about })
}

/// Writes a scenario where it was asked for.
fn save(scenario: &str) {
    if let Some(path) = std::env::var_os("WILLCALL_SAVE") {
        std::fs::write(&path, scenario).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

#[allow(clippy::print_stdout)] // the figures that a longer run is for
fn show(what: &str, histories: u64, tally: &Tally) {
    println!("{histories} histories {what}\n{tally}");
}

#[allow(clippy::print_stdout)] // so that nobody takes a long run for a dead one
fn say_how_far(done: u64, of: u64, since: Duration) {
    let seconds = since.as_secs().max(1);
    let left = (of - done) * seconds / done.max(1);
    println!("{done} of {of} histories in {seconds} s, {left} s to go");
}

#[allow(clippy::print_stdout)] // asked for
fn tell(scenario: &str) {
    println!("{scenario}");
}

#[test]
fn every_history_keeps_the_promises() {
    let seeds = match (number("WILLCALL_SEED"), number("WILLCALL_HISTORIES")) {
        (Some(seed), _) => seed..seed + 1,
        (None, histories) => 0..histories.unwrap_or(HISTORIES),
    };
    let histories = seeds.end - seeds.start;
    if let Some(seed) = number("WILLCALL_SEED") {
        let played = play::<Memory>(&History::of(seed), &mut Tally::default());
        let scenario = minimise::scenario(&format!("Seed {seed}"), &played);
        save(&scenario);
        tell(&scenario);
    }
    let tally = play_all::<Memory>(seeds);
    show("in memory", histories, &tally);
    if histories >= HISTORIES {
        assert_eq!(tally.never(), Vec::<String>::new(), "never occurred: these histories do not test it");
        let right = tally.of("at rest", "at menta's owner");
        assert!(right > histories / 2, "only {right} tickets came to rest by themselves: holding everything is no art");
    }
}

/// How many histories a slower ground gets: a share of those that were asked for.
fn share(one_in: u64, least: u64) -> u64 {
    number("WILLCALL_HISTORIES").map_or(least, |histories| (histories / one_in).max(least))
}

#[test]
fn the_same_on_journal_and_store() {
    let histories = share(500, 40);
    let tally = play_all::<Disk>(0..histories);
    show("on journal and store", histories, &tally);
    assert_eq!(tally.never_died(), Vec::<String>::new(), "never occurred: these histories do not test it");
}

#[test]
fn the_same_through_the_real_writer() {
    let histories = share(20, 200);
    let tally = play_all::<Wired>(0..histories);
    show("through the real writer", histories, &tally);
}

#[test]
fn a_history_shrinks_to_what_matters() {
    let holds = |history: &History| {
        let mut tally = Tally::default();
        play::<Memory>(history, &mut tally);
        tally.of("hold", "sold before") > 0
    };
    let history = (0..).map(History::of).find(holds).unwrap();
    let shortest = minimised(history, holds);
    let kept = |step: &network::Step| !matches!(step, network::Step::Menta { .. });
    // Two or three sales; what was lost on the way is said at the end, so nothing else is needed.
    assert!(shortest.steps.len() <= 5, "{:#?}", shortest.steps);
    assert!(shortest.steps.iter().filter(|step| kept(step)).count() <= 2, "{:#?}", shortest.steps);
}

#[test]
fn a_history_is_a_scenario_that_leads_to_the_same() {
    let mut steps = 0;
    for seed in 0..200 {
        let played = play::<Memory>(&History::of(seed), &mut Tally::default());
        assert_eq!(played.broken, None);
        let text = minimise::scenario(&format!("Seed {seed}"), &played);
        steps += text.matches("[[step]]").count();
        if let Err(why) = scenario::play(&text) {
            panic!("{why} of\n{text}");
        }
    }
    assert!(steps > 2000, "only {steps} steps");
}

#[test]
fn a_scenario_that_leads_elsewhere_fails() {
    let played = play::<Memory>(&History::of(1), &mut Tally::default());
    let text = minimise::scenario("One", &played);
    for (line, other) in
        [("expect = { e", "expect = { x"), ("delivered", "held"), ("# Where", "owner = { T1 = \"zoe\" }\n#")]
    {
        assert!(text.contains(line), "{text}");
        assert!(scenario::play(&text.replacen(line, other, 1)).is_err(), "leads to {other}, too");
    }
}
