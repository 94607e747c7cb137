//! What compressing the journal's old files gives back, and what it costs who reads them afterwards.

use std::time::{Duration, Instant};

use willcall::config::Settings;
use willcall::domain::ids::Seq;
use willcall::journal::{Journal, Location, Options, Pressed};

use super::support::figures;
use super::{search, timed};

/// Every so many records, one is read alone.
const EACH: usize = 997;

pub(crate) fn measure(settings: &Settings, size: usize) {
    let folder = settings.data_dir.join("journal");
    let options = Options { segment_bytes: settings.segment_size, trial_bytes: settings.body_limit };
    let (journal, _) = Journal::open(&folder, options, Seq(0)).expect("the journal opens");
    let on_disk = || figures::bytes_on_disk(&folder);
    let (plain, all, one) = (on_disk(), in_order(&journal), alone(&journal));
    let (press, mut sum, began) = (journal.press(), Pressed::default(), Instant::now());
    let old = press.plain(journal.last()).expect("the journal's folder can be read");
    for first in &old {
        let pressed = press.press(*first, &mut || true).expect("it can be compressed").unwrap_or_default();
        (sum.plain, sum.compressed) = (sum.plain + pressed.plain, sum.compressed + pressed.compressed);
    }
    let took = began.elapsed();
    let per_event = |bytes: u64| bytes as f64 / size as f64;
    println!(
        "compressed: {} files of {} MB in {:.1} s without rests, to {:.1} %; the journal has {:.0} bytes an event instead of {:.0}",
        old.len(),
        sum.plain / 1_000_000,
        took.as_secs_f64(),
        sum.compressed as f64 * 100.0 / sum.plain.max(1) as f64,
        per_event(on_disk()),
        per_event(plain),
    );
    println!(
        "compressed: all records read in {:.2} s instead of {:.2}, one alone in {:.0} µs instead of {:.0}",
        in_order(&journal).as_secs_f64(),
        all.as_secs_f64(),
        alone(&journal),
        one,
    );
    drop(journal);
    search::measure_compressed(settings);
}

fn in_order(journal: &Journal) -> Duration {
    timed(|| assert!(journal.reader().scan(Seq(1)).all(|record| record.is_ok())))
}

/// Microseconds that a record takes whose neighbours were not asked for.
fn alone(journal: &Journal) -> f64 {
    let reader = journal.reader();
    let places = reader.scan(Seq(1)).step_by(EACH).map(|record| record.expect("the journal can be read").1);
    let places: Vec<Location> = places.collect();
    let time = timed(|| places.iter().for_each(|place| drop(reader.read(*place).expect("the journal can be read"))));
    time.as_secs_f64() * 1e6 / places.len() as f64
}
