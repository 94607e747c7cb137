//! Full-text search for what stands nowhere, so that all is looked at, beside a scan of the journal's files.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use memchr::memmem;

use willcall::config::Settings;
use willcall::domain::query::{Answer, Cursor, DeliveryQuery, EventQuery, Page, Query, Window};

use super::Asked;
use super::support::figures::milliseconds;

/// Stands nowhere.
const WORD: &str = "Quetzalcoatlus";

/// Bytes that the plain scan reads at once.
const CHUNK: usize = 1 << 20;

pub(crate) fn measure(asked: &Asked, journal: &Path) {
    let files = files(journal);
    let bytes: u64 = files.iter().filter_map(|file| file.metadata().ok()).map(|metadata| metadata.len()).sum();
    let (yardstick, scanned) = scan(&files);
    let speed = |time: Duration| bytes as f64 / 1e6 / time.as_secs_f64();
    for (name, query) in [("events", events as fn(Window) -> Query), ("deliveries", deliveries)] {
        let (looked, first, all) = search(asked, query);
        println!(
            "search in {name}: {looked} rows in {:.2} s, {:.0} MB of journal a second, {:.3} of {yardstick} ({:.0} MB/s); first answer after {:.0} ms",
            all.as_secs_f64(),
            speed(all),
            scanned.as_secs_f64() / all.as_secs_f64(),
            speed(scanned),
            milliseconds(first),
        );
    }
}

/// The search in events once more, where the old files are compressed.
pub(crate) fn measure_compressed(settings: &Settings) {
    let (looked, _, all) = search(&Asked::open(settings), events);
    println!("compressed: search in events: {looked} rows in {:.2} s", all.as_secs_f64());
}

fn events(window: Window) -> Query {
    Query::Events(EventQuery { family: None, show: None, window })
}

fn deliveries(window: Window) -> Query {
    Query::Deliveries(DeliveryQuery { stages: Vec::new(), kind: None, overdue: None, window })
}

/// Asks on to the end of the list: rows looked at, time to the first answer, time in all.
fn search(asked: &Asked, query: fn(Window) -> Query) -> (usize, Duration, Duration) {
    let (began, mut first, mut looked, mut cursor) = (Instant::now(), None, 0, Cursor::Newest);
    loop {
        let window = Window { cursor, filter: WORD.to_owned(), ..Window::newest(100) };
        let searched = match asked.ask(&query(window)) {
            Answer::Events(Page { rows, searched, .. }) if rows.is_empty() => searched,
            Answer::Deliveries(Page { rows, searched, .. }) if rows.is_empty() => searched,
            _ => None,
        };
        let searched = searched.expect("a search that finds nothing");
        first.get_or_insert(began.elapsed());
        looked += searched.looked;
        match searched.next {
            Some(next) => cursor = Cursor::From(next),
            None => return (looked, first.unwrap_or_default(), began.elapsed()),
        }
    }
}

fn files(journal: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(journal).expect("the journal's folder").flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.sort_unstable();
    files
}

/// ripgrep over the files, letter case aside as in willcall; where there is none, a scan of this program's own that minds it.
fn scan(files: &[PathBuf]) -> (&'static str, Duration) {
    let ripgrep = || {
        let began = Instant::now();
        let mut command = Command::new("rg");
        command.args(["--no-config", "--text", "--fixed-strings", "--ignore-case", "--count", WORD]).args(files);
        // 1: nothing found.
        (command.output().ok()?.status.code() == Some(1)).then(|| began.elapsed())
    };
    // The first run has the files read.
    ripgrep();
    match ripgrep() {
        Some(time) => ("ripgrep", time),
        None => {
            plain(files);
            let began = Instant::now();
            plain(files);
            ("a plain scan (memmem, one thread; rg is not installed)", began.elapsed())
        }
    }
}

fn plain(files: &[PathBuf]) {
    let (finder, overlap) = (memmem::Finder::new(WORD), WORD.len() - 1);
    let mut buffer = vec![0; overlap + CHUNK];
    for path in files {
        let mut file = File::open(path).expect("a segment");
        loop {
            let count = file.read(&mut buffer[overlap..]).expect("a segment");
            if count == 0 {
                break;
            }
            assert!(finder.find(&buffer[..overlap + count]).is_none(), "{WORD} stands in {}", path.display());
            buffer.copy_within(count..count + overlap, 0);
        }
    }
}
