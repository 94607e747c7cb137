//! The real program, killed: what it has answered 2xx is there after every `kill -9`, and no ticket is handed out twice at once.
//!
//! A *round* starts the program, posts sales, repetitions and reversals from 16 connections, and kills it with SIGKILL after
//! a random number of answers; every third round kills it while it starts, too. What was not answered is posted again in the
//! next round, as menta does. After each round journal and store are read from outside. A *life* is up to 25 rounds on one data
//! folder; at its end everything must come to rest, with every ticket where it belongs.
//!
//! | file | idea |
//! | --- | --- |
//! | `life` | one data folder, round by round |
//! | `sender` | one connection and what it was answered |
//! | `platform` | the target and what it saw |
//! | `evidence` | the journal, against both |
//! | `figures` | what is counted |
//!
//! `WILLCALL_KILL_ROUNDS=1000 cargo test --release --test killed -- --nocapture` runs longer; `WILLCALL_KILL_SEED` sets another
//! seed.
#![allow(unreachable_pub)] // `pub` here means: for the other files of this test

#[path = "../support/mod.rs"]
mod support;

mod evidence;
mod figures;
mod life;
mod platform;
mod sender;

use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use figures::Figures;

/// A journal that only grows would make each round slower than the one before.
const ROUNDS_OF_A_LIFE: usize = 25;

/// Lives that are lived side by side: each of them waits for the disk most of the time.
const AT_ONCE: usize = 2;

fn setting<T: FromStr>(name: &str, default: T) -> T {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
#[allow(clippy::print_stdout)] // the figures
fn what_was_acknowledged_is_there_after_every_kill() {
    let rounds: usize = setting("WILLCALL_KILL_ROUNDS", 25);
    let seed: u64 = setting("WILLCALL_KILL_SEED", 20_260_301);
    let (started, next) = (Instant::now(), AtomicUsize::new(0));
    let lives = rounds.div_ceil(ROUNDS_OF_A_LIFE);
    let live = || {
        let mut figures = Figures::default();
        while let life = next.fetch_add(1, Ordering::Relaxed)
            && life < lives
        {
            let rounds = ROUNDS_OF_A_LIFE.min(rounds - life * ROUNDS_OF_A_LIFE);
            figures.add(&life::live(rounds, seed.wrapping_add(life as u64)));
            if lives > 1 {
                println!("life {} of {lives}, {:.0?}", life + 1, started.elapsed());
            }
        }
        figures
    };
    let figures = std::thread::scope(|scope| {
        let living: Vec<_> = (0..AT_ONCE.min(lives)).map(|_| scope.spawn(live)).collect();
        let mut figures = Figures::default();
        for one in living {
            figures.add(&one.join().unwrap());
        }
        figures
    });
    println!("{rounds} rounds in {:.1?} (seed {seed}): {figures}", started.elapsed());
    figures.check(rounds);
}
