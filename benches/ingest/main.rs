//! How fast webhooks are taken in, beside an axum handler that parses them and forgets.
//!
//! `cargo bench --bench ingest` measures in turn the bare handler, the real program (`willcall serve`, deliveries by hand)
//! on an empty ledger, the same with signatures that are checked, and the same on a ledger that holds events already; at
//! several numbers of connections, each as fast as it gets its answers, and once at a fixed rate. Every request is another sale,
//! the documented `ticket.updated`. Load generator and server share the machine, so only figures of one run compare: what
//! counts is the ratio to the bare handler. See `benches/README.md` for the options and a table.

#![allow(clippy::print_stdout)] // a table is what this program is for

mod servers;
#[path = "../support/mod.rs"]
mod support;

use std::path::Path;
use std::time::Duration;

use willcall::config::Settings;

use servers::Server;
use support::figures::milliseconds;
use support::load::{self, Pace};
use support::samples::{Requests, SECRET, SIGNATURE_HEADER};
use support::{figures, ledger};

/// What may be said on the command line.
struct Options {
    seconds: f64,
    rounds: usize,
    connections: Vec<usize>,
    stored: usize,
    rate: u32,
}

impl Options {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options =
            Self { seconds: 3.0, rounds: 1, connections: vec![1, 16, 64, 256], stored: 100_000, rate: 4000 };
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} needs a value"));
            fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
                text.parse().map_err(|_| format!("{text} is no number"))
            }
            match word.as_str() {
                // cargo says so.
                "--bench" => {}
                "--seconds" => options.seconds = number(&value()?)?,
                "--rounds" => options.rounds = number(&value()?)?,
                "--connections" => {
                    options.connections = value()?.split(',').map(number).collect::<Result<_, _>>()?;
                }
                "--stored" => options.stored = number(&value()?)?,
                "--rate" => options.rate = number(&value()?)?,
                other => {
                    return Err(format!(
                        "{other} is no option; there are --seconds, --rounds, --connections, --stored, --rate"
                    ));
                }
            }
        }
        Ok(options)
    }
}

/// A server to be measured.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Subject {
    Bare,
    Empty,
    Signed,
    Stored,
}

impl Subject {
    const ALL: [Self; 4] = [Self::Bare, Self::Empty, Self::Signed, Self::Stored];

    fn name(self, stored: usize) -> String {
        match self {
            Self::Bare => "bare handler".to_owned(),
            Self::Empty => "willcall, empty".to_owned(),
            Self::Signed => "willcall, empty, HMAC".to_owned(),
            Self::Stored => format!("willcall, {stored} stored"),
        }
    }
}

/// One line of the table.
#[derive(Clone, Copy)]
struct Line {
    per_second: f64,
    percentiles: [f64; 3],
    processor: f64,
    journal: f64,
    store: f64,
    refused: usize,
}

fn main() {
    let options = match Options::read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(error) => {
            println!("{error}");
            std::process::exit(2);
        }
    };
    // Where cargo builds, not `/tmp`, which may be memory.
    let scratch = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("the build folder can be written");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads can be had");
    let log = scratch.path().join("log");
    willcall::cli::logging::to_file(willcall::config::LogFormat::Text, &log);
    let full = scratch.path().join("full");
    ledger::fill(&settings(&full, false), options.stored);
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    let sync = figures::one_sync(scratch.path());
    println!(
        "{processors} processors, load generator included; one append with fdatasync {:.3} ms",
        milliseconds(sync)
    );
    println!(
        "| pace | server | connections | requests/s | ratio | p50 ms | p99 ms | p99.9 ms | CPU s/1000 | journal B/event | store B/event |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    let closed = options.connections.iter().map(|connections| (Pace::Closed, *connections));
    let open = (options.rate > 0).then_some((Pace::Open { per_second: options.rate }, 64));
    for (pace, connections) in closed.chain(open) {
        let mut lines = Subject::ALL.map(|_| Vec::new());
        for _ in 0..options.rounds {
            for (subject, lines) in Subject::ALL.into_iter().zip(&mut lines) {
                lines.push(measure(&runtime, subject, connections, pace, &options, scratch.path(), &full));
            }
        }
        report(pace, connections, &lines, options.stored);
    }
}

fn measure(
    runtime: &tokio::runtime::Runtime,
    subject: Subject,
    connections: usize,
    pace: Pace,
    options: &Options,
    scratch: &Path,
    full: &Path,
) -> Line {
    let empty = tempfile::tempdir_in(scratch).expect("the build folder can be written");
    let folder = if subject == Subject::Stored { full } else { empty.path() };
    let server = match subject {
        Subject::Bare => runtime.block_on(Server::bare()),
        _ => runtime.block_on(Server::real(&settings(folder, subject == Subject::Signed))),
    };
    let sizes = || ["journal", "store"].map(|name| figures::bytes_on_disk(&folder.join(name)));
    let mut requests = match subject {
        Subject::Signed => Requests::signed(ledger::PATH, (options.seconds * 30_000.0) as usize),
        _ => Requests::unsigned(ledger::PATH),
    };
    let address = server.address();
    let mut run = |seconds: f64| {
        let seen = load::run(address, connections, pace, Duration::from_secs_f64(seconds), &mut requests);
        seen.expect("the server answers")
    };
    let sizes_before = sizes();
    let warm_up = run(0.3);
    let busy_before = figures::server_time();
    let mut seen = run(options.seconds);
    let busy = figures::server_time() - busy_before;
    runtime.block_on(server.stop());
    let sizes_after = sizes();
    seen.latencies.sort_unstable();
    let grown = |place: usize| {
        sizes_after[place].saturating_sub(sizes_before[place]) as f64 / (warm_up.sent + seen.sent) as f64
    };
    Line {
        per_second: seen.latencies.len() as f64 / options.seconds,
        percentiles: [0.5, 0.99, 0.999].map(|share| milliseconds(figures::percentile(&seen.latencies, share))),
        processor: busy.as_secs_f64() / seen.sent as f64 * 1000.0,
        journal: grown(0),
        store: grown(1),
        refused: warm_up.refused + seen.refused,
    }
}

/// The defaults, and on request a signature that is asked for.
fn settings(folder: &Path, signed: bool) -> Settings {
    let signed = [("WILLCALL_AUTH_HMAC_HEADER", SIGNATURE_HEADER), ("WILLCALL_AUTH_HMAC_SECRETS", SECRET)]
        .into_iter()
        .filter(|_| signed);
    ledger::settings(folder, &signed.collect::<Vec<_>>())
}

/// The median of all rounds; of the ratio, too, each to the bare handler of its own round.
fn report(pace: Pace, connections: usize, lines: &[Vec<Line>; 4], stored: usize) {
    let pace = match pace {
        Pace::Closed => "as fast as answered".to_owned(),
        Pace::Open { per_second } => format!("{per_second}/s"),
    };
    for (subject, own) in Subject::ALL.into_iter().zip(lines) {
        let median = |figure: fn(&Line) -> f64| figures::median(own.iter().map(figure).collect());
        let ratios = own.iter().zip(&lines[0]).map(|(one, bare)| one.per_second / bare.per_second);
        let refused: usize = own.iter().map(|line| line.refused).sum();
        println!(
            "| {pace} | {} | {connections} | {:.0} | {:.3} | {:.2} | {:.2} | {:.2} | {:.4} | {:.0} | {:.0} |{}",
            subject.name(stored),
            median(|line| line.per_second),
            figures::median(ratios.collect()),
            median(|line| line.percentiles[0]),
            median(|line| line.percentiles[1]),
            median(|line| line.percentiles[2]),
            median(|line| line.processor),
            median(|line| line.journal),
            median(|line| line.store),
            if refused > 0 { format!(" {refused} refused") } else { String::new() },
        );
    }
}
