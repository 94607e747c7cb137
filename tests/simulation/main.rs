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
//! | `world` | plays a history step by step |
//! | `promises` | the checks |
//! | `minimise` | leaves out of a history what does not matter |
//! | `report` | counts what occurred |
//!
//! A longer run: `WILLCALL_HISTORIES=1000000 cargo test --release --test simulation -- --nocapture`. One seed again:
//! `WILLCALL_SEED=17`. A broken promise is shown as the shortest scenario that breaks it, ready for `fixtures/scenarios`.

#![allow(unreachable_pub)] // `pub` here means: for the other files of this test

mod ground;
mod menta;
mod minimise;
mod network;
mod operator;
mod platform;
mod promises;
mod report;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};

use willcall::engine::ledger::Memory;

use ground::{Disk, Ground};
use minimise::{minimised, play, scenario};
use network::History;
use report::Tally;

/// Histories of a plain `cargo test`.
const HISTORIES: u64 = 2000;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.replace('_', "").parse().expect("a number"))
}

/// Plays the histories of `seeds`; the first that breaks a promise is told as a scenario.
fn play_all<G: Ground>(seeds: std::ops::Range<u64>) -> Tally {
    let next = AtomicU64::new(seeds.start);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut tally = Tally::default();
    let told: Option<String> = std::thread::scope(|scope| {
        let work = || {
            let mut tally = Tally::default();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= seeds.end {
                    return (tally, None);
                }
                if let Some(story) = broken::<G>(seed, &mut tally) {
                    next.store(seeds.end, Ordering::Relaxed);
                    return (tally, Some(story));
                }
            }
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut told = None;
        for worker in workers {
            let (counts, story) = worker.join().unwrap();
            tally.add(&counts);
            told = told.or(story);
        }
        told
    });
    if let Some(story) = told {
        panic!("{story}");
    }
    tally
}

/// The story of the promise that the history of `seed` breaks, if it breaks one.
fn broken<G: Ground>(seed: u64, tally: &mut Tally) -> Option<String> {
    let history = History::of(seed);
    let broken = play::<G>(&history, tally).broken?;
    let same = |history: &History| {
        play::<G>(history, &mut Tally::default()).broken.is_some_and(|other| other.promise == broken.promise)
    };
    let shortest = minimised(history, same);
    let played = play::<G>(&shortest, &mut Tally::default());
    let how = played.broken.as_ref().map_or_else(String::new, |broken| broken.how.clone());
    let about = format!("Seed {seed} breaks promise {}: {how}", broken.promise);
    Some(format!("{about}\n\n{}", scenario(&about, &played)))
}

#[allow(clippy::print_stdout)] // the figures that a longer run is for
fn show(what: &str, histories: u64, tally: &Tally) {
    println!("{histories} histories {what}\n{tally}");
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
        tell(&scenario(&format!("Seed {seed}"), &played));
    }
    let tally = play_all::<Memory>(seeds);
    show("in memory", histories, &tally);
    if histories >= HISTORIES {
        assert_eq!(tally.never(), Vec::<String>::new(), "never occurred: these histories do not test it");
        let right = tally.of("at rest", "at menta's owner");
        assert!(right > histories / 2, "only {right} tickets came to rest by themselves: holding everything is no art");
    }
}

#[test]
fn the_same_on_journal_and_store() {
    let histories = number("WILLCALL_HISTORIES").map_or(16, |histories| (histories / 500).max(16));
    let tally = play_all::<Disk>(0..histories);
    show("on journal and store", histories, &tally);
}

#[test]
fn a_history_shrinks_to_what_matters_and_reads_as_a_scenario() {
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
    let played = play::<Memory>(&shortest, &mut Tally::default());
    let text = scenario("bought back", &played);
    let table: toml::Table = toml::from_str(&text).unwrap();
    assert!(table["step"].as_array().is_some_and(|steps| steps.len() >= 2), "{text}");
}
