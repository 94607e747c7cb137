//! How long after its 2xx an event can be seen.
//!
//! `cargo bench --bench screen` starts the real program in a terminal, sends webhooks at a fixed rate, and takes for each
//! the time from the moment its 2xx was read to the first frame that shows it: on the overview, whose header counts it; in a
//! list, whose newest row is it or a later one. Beside that: frames a second, and what the program takes of a core. See
//! `benches/README.md`.

#![allow(clippy::print_stdout)] // a table is what this program is for

#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use support::figures::{milliseconds, percentile};
use support::glass::{Frame, Glass};
use support::ledger;
use support::load::{self, Pace};
use support::options::Options;
use support::samples::Requests;
use support::terminal;

/// Enough that none waits for an answer before it is sent.
const CONNECTIONS: usize = 32;

/// For the program to start, and for the last events to be seen.
const PATIENCE: Duration = Duration::from_secs(60);

const SCREENS: [(&str, &str); 3] = [("overview", "1"), ("feed", "2"), ("deliveries", "3")];

fn main() {
    let options = Options::read(&[("rates", "100,2000"), ("seconds", "20"), ("stored", "100000")]);
    // Where cargo builds, not `/tmp`, which may be memory.
    let scratch = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("the build folder can be written");
    let folder = scratch.path().join("data");
    let stored: usize = options.one("stored");
    ledger::fill(&ledger::settings(&folder, &[]), stored);
    println!("{stored} stored, 120x36; times are from the 2xx to the first frame that shows the event");
    println!("| screen | webhooks/s | p50 ms | p99 ms | longest ms | frames/s | CPU, share of a core | 2xx p99 ms |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for (name, key) in SCREENS {
        for rate in options.all("rates") {
            measure(&folder, name, key, rate, Duration::from_secs_f64(options.one("seconds")));
        }
    }
}

fn measure(folder: &Path, name: &str, key: &str, rate: u32, time: Duration) {
    let address = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let mut command = terminal::command(env!("CARGO_BIN_EXE_willcall"));
    command.args(["--listen", &address.to_string(), "--data-dir"]);
    command.arg(folder);
    command.env("HOME", folder);
    let mut glass = Glass::start(command);
    let before = counted(&glass, 1).stored;
    glass.send(key);
    std::thread::sleep(Duration::from_millis(500));
    let mut requests = Requests::unsigned(ledger::PATH);
    let pace = Pace::Open { per_second: rate };
    let (busy, began) = (processor(glass.pid()), Instant::now());
    let mut seen = load::run(address, CONNECTIONS, pace, time, &mut requests).expect("the program answers");
    let (busy, elapsed) = (processor(glass.pid()) - busy, began.elapsed());
    counted(&glass, before + seen.kept.len() as u64);
    let frames = glass.frames();
    // The ledger has nothing but events: the number of each is how many there were.
    let shown = |frame: &Frame| if name == "overview" { frame.stored } else { frame.newest.unwrap_or_default() };
    let begin = frames.partition_point(|frame| frame.at < began);
    let mut waits: Vec<Duration> = seen
        .kept
        .iter()
        .map(|(answered, seq)| {
            let first = frames[begin..].iter().find(|frame| shown(frame) >= *seq);
            first.map_or(PATIENCE, |frame| frame.at.saturating_duration_since(*answered))
        })
        .collect();
    waits.sort_unstable();
    seen.latencies.sort_unstable();
    let meanwhile = frames.iter().filter(|frame| (began..began + elapsed).contains(&frame.at)).count();
    println!(
        "| {name} | {rate} | {:.1} | {:.1} | {:.1} | {:.1} | {:.3} | {:.1} |",
        milliseconds(percentile(&waits, 0.5)),
        milliseconds(percentile(&waits, 0.99)),
        milliseconds(percentile(&waits, 1.0)),
        meanwhile as f64 / elapsed.as_secs_f64(),
        busy / elapsed.as_secs_f64(),
        milliseconds(percentile(&seen.latencies, 0.99)),
    );
}

/// The frame that counts so many events.
fn counted(glass: &Glass, stored: u64) -> Frame {
    let began = Instant::now();
    loop {
        match glass.frames().last() {
            Some(frame) if frame.stored >= stored => return *frame,
            _ => assert!(began.elapsed() < PATIENCE, "waited {PATIENCE:?} for {stored} events on the screen"),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Seconds of processor time that a process has taken.
fn processor(process: i32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields: Vec<f64> = match stat.rsplit_once(')') {
        Some((_, rest)) => rest.split_whitespace().filter_map(|field| field.parse().ok()).collect(),
        None => Vec::new(),
    };
    // The state, which is no number, is left out: user time is field 14 of the file, system time the next.
    fields.get(10).zip(fields.get(11)).map_or(0.0, |(user, system)| (user + system) / 100.0)
}
