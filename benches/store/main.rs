//! What it costs to ask a ledger that has held events for long, beside the same on one that has held few.
//!
//! `cargo bench --bench store` fills ledgers of several sizes with events of all sorts and measures on each, in one run:
//! pages of every list, timelines, full-text search, the start of the real program after a clean end and after `kill -9`,
//! memory while it serves, making the store anew, bytes on disk, and what compressing old files changes. Each has its yardstick beside it: the same page of the
//! smallest ledger, a scan of the journal's files, an empty ledger's start, reading the journal. See `benches/README.md`.

#![allow(clippy::print_stdout)] // a table is what this program is for

mod compressed;
mod pages;
mod search;
mod start;
#[path = "../support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use willcall::config::{Clock, Settings};
use willcall::domain::query::{Answer, Query};
use willcall::engine::Archive;
use willcall::engine::ledger::Ledger;
use willcall::engine::local::{self, LocalArchive, LocalLedger};

use support::figures;
use support::ledger;
use support::options::Options;
use support::samples::Sample;

/// A ledger that is asked.
struct Asked {
    archive: LocalArchive,
    /// The last record.
    last: u64,
    /// Kept open.
    _ledger: LocalLedger,
}

impl Asked {
    fn open(settings: &Settings) -> Self {
        let (ledger, _) = LocalLedger::open(settings, &mut |_| {}).expect("the ledger opens");
        Self { archive: ledger.archive(), last: ledger.last().0, _ledger: ledger }
    }

    fn ask(&self, query: &Query) -> Answer {
        self.archive.answer(query, Clock::System.now()).expect("the ledger answers")
    }
}

fn main() {
    let options = Options::read(&[("stored", "10000,100000,1000000"), ("times", "200"), ("seconds", "2")]);
    let sizes: Vec<usize> = options.all("stored");
    let (times, seconds) = (options.one("times"), options.one("seconds"));
    // Where cargo builds, not `/tmp`, which may be memory.
    let scratch = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("the build folder can be written");
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    println!("{processors} processors; all files were read or written lately, so the page cache has them");
    let mut pages = Vec::new();
    for &size in &sizes {
        let folder = scratch.path().join(size.to_string());
        let settings = ledger::settings(&folder, &[]);
        let began = Instant::now();
        ledger::fill_mixed(&settings, size);
        println!("\n## {size} events, put there in {:.1} s", began.elapsed().as_secs_f64());
        let records = disk(&settings, size);
        let asked = Asked::open(&settings);
        pages.push(pages::measure(&asked, times));
        search::measure(&asked, &folder.join("journal"));
        drop(asked);
        start::measure(&folder, seconds);
        rebuild(&settings, size, records);
        compressed::measure(&settings, size);
    }
    println!("\n## pages and timelines\n");
    pages::report(&sizes, &pages);
}

/// Says what the ledger takes on disk, and how many records it has.
fn disk(settings: &Settings, size: usize) -> usize {
    let (mut records, mut bodies) = (0, 0);
    for record in local::records(settings).expect("the journal can be read") {
        bodies += record.expect("the journal can be read").body.len();
        records += 1;
    }
    let of = |name: &str| figures::bytes_on_disk(&settings.data_dir.join(name)) as f64 / size as f64;
    let (journal, store, body) = (of("journal"), of("store"), bodies as f64 / size as f64);
    println!(
        "disk: {records} records; an event's body has {body:.0} bytes, the journal {journal:.0} and the store {store:.0} for it: {:.2} times the body (the sale alone has {})",
        (journal + store) / body,
        Sample::sale().length(),
    );
    records
}

/// Making the store anew, beside reading the journal and no more.
fn rebuild(settings: &Settings, size: usize, records: usize) {
    let read = timed(|| assert!(local::records(settings).expect("a journal").all(|record| record.is_ok())));
    let made = timed(|| drop(local::rebuild(settings, &mut |_| {}).expect("the store is made anew")));
    println!(
        "rebuild: {:.0} events a second ({:.0} records), {:.2} of reading the journal; {:.1} s",
        size as f64 / made.as_secs_f64(),
        records as f64 / made.as_secs_f64(),
        read.as_secs_f64() / made.as_secs_f64(),
        made.as_secs_f64(),
    );
}

fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}
