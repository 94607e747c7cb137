//! What a frame of the dashboard costs, with few events stored and with many.
//!
//! `cargo bench --bench draw` fills two ledgers with events of all sorts and opens every screen on each, at three sizes of
//! terminal, by the keys a reader would press. Measured is the frame (all cells drawn, and compared with the frame before),
//! and the whole refresh that follows a change: the questions of what is in sight, their answers, the frame. See
//! `benches/README.md`.

#![allow(clippy::print_stdout)] // a table is what this program is for

mod seat;
#[path = "../support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use seat::Seat;
use support::figures::{milliseconds, percentile};
use support::ledger;
use support::options::Options;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 36), (200, 60)];

/// A screen and the keys that open it.
const SCREENS: [(&str, &str); 13] = [
    ("overview", "1"),
    ("feed", "2"),
    ("feed, its end", "2 G"),
    ("feed, filtered", "2 / f a m i l y : l i s t i n g enter"),
    ("deliveries", "3"),
    ("deliveries, its end", "3 G"),
    ("reversals", "4"),
    ("payouts", "5"),
    ("quarantine", "6"),
    ("an event", "2 enter"),
    ("a delivery", "3 enter"),
    ("a ticket's timeline", "3 t"),
    ("help", "?"),
];

fn main() {
    let options = Options::read(&[("few", "1000"), ("many", "1000000"), ("times", "50")]);
    let times = options.one("times");
    // Where cargo builds, not `/tmp`, which may be memory.
    let scratch = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("the build folder can be written");
    let sizes: [usize; 2] = [options.one("few"), options.one("many")];
    let ledgers = sizes.map(|size| {
        let settings = ledger::settings(&scratch.path().join(size.to_string()), &[]);
        ledger::fill_mixed(&settings, size);
        seat::open(&settings)
    });
    let [few, many] = sizes;
    println!("medians of {times} in ms; the refresh is questions, answers and frame after a change");
    println!(
        "| screen | size | frame, {few} stored | {many} stored | ratio | refresh, {few} stored | {many} stored | ratio |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for (name, keys) in SCREENS {
        for size in SIZES {
            let [few, many] = [0, 1].map(|place| measure(&ledgers[place].1, keys, size, times));
            let cells = |few, many| {
                let (few, many) = (milliseconds(few), milliseconds(many));
                format!("{few:.3} | {many:.3} | {:.2}", many / few)
            };
            println!("| {name} | {}x{} | {} | {} |", size.0, size.1, cells(few.0, many.0), cells(few.1, many.1));
        }
    }
}

/// Of a frame, and of a refresh.
fn measure(archive: &seat::Archived, keys: &str, size: (u16, u16), times: usize) -> (Duration, Duration) {
    let mut seat = Seat::take(archive, size);
    seat.press(keys);
    seat.draw();
    let median = |work: &mut dyn FnMut()| {
        let mut measured: Vec<Duration> = (0..times)
            .map(|_| {
                let began = Instant::now();
                work();
                began.elapsed()
            })
            .collect();
        measured.sort_unstable();
        percentile(&measured, 0.5)
    };
    let frame = median(&mut || seat.draw());
    let refresh = median(&mut || {
        seat.changed();
        seat.draw();
    });
    (frame, refresh)
}
