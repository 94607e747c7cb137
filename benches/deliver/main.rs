//! How fast deliveries go out when many fall due at once, beside a client that does nothing but call.
//!
//! `cargo bench --bench deliver` measures, in one run: a bare HTTP client with as many calls at once as the program may make;
//! the real program with ten thousand deliveries due; the same with many settled ones stored; and the same with the
//! dashboard open in a terminal. The target is on loopback and accepts everything. Counted are deliveries a second, how
//! many were at the target at once, and how far any came out of turn. See `benches/README.md`.

#![allow(clippy::print_stdout)] // a table is what this program is for

#[path = "../support/mod.rs"]
mod support;

use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use willcall::cli::program::Program;
use willcall::config::Clock;
use willcall::engine::ledger::Ledger;
use willcall::engine::local::LocalLedger;

use support::figures::{median, milliseconds, percentile};
use support::glass::Glass;
use support::ledger;
use support::options::Options;
use support::samples::Sample;
use support::target::{self, Target};
use support::terminal;

/// More than anything here takes.
const PATIENCE: Duration = Duration::from_secs(600);

/// What came of one run.
struct Outcome {
    per_second: f64,
    at_once: usize,
    /// The furthest that a delivery came before or after its turn, in places.
    out_of_turn: usize,
    /// The longest time between two calls.
    pause: Duration,
    /// Frames a second, and the longest time between two.
    frames: Option<(f64, Duration)>,
}

struct Bench {
    runtime: Runtime,
    target: Target,
    due: usize,
    concurrency: usize,
}

fn main() {
    let options = Options::read(&[
        ("due", "10000"),
        ("stored", "100000"),
        ("concurrency", "16"),
        ("delay", "0"),
        ("rounds", "1"),
    ]);
    let (stored, rounds) = (options.one::<usize>("stored"), options.one::<usize>("rounds"));
    // Where cargo builds, not `/tmp`, which may be memory.
    let scratch = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("the build folder can be written");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads can be had");
    willcall::cli::logging::to_file(willcall::config::LogFormat::Text, &scratch.path().join("log"));
    let target = runtime.block_on(Target::start(Duration::from_millis(options.one("delay"))));
    let bench = Bench { runtime, target, due: options.one("due"), concurrency: options.one("concurrency") };
    println!(
        "{} due, at most {} at once, the target takes {} ms over each",
        bench.due,
        bench.concurrency,
        options.one::<u64>("delay")
    );
    println!(
        "| | deliveries/s | ratio | at once, most | out of turn, most places | longest pause ms | frames/s | longest between frames ms |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    let folder = |name: &str, round: usize| scratch.path().join(format!("{name}-{round}"));
    let mut lines: [Vec<Outcome>; 4] = Default::default();
    for round in 0..rounds {
        lines[0].push(bench.bare());
        lines[1].push(bench.real(&folder("alone", round), 0));
        lines[2].push(bench.real(&folder("stored", round), stored));
        lines[3].push(bench.shown(&folder("shown", round)));
    }
    let settled = format!("willcall, {stored} settled ones stored");
    for (name, own) in ["bare client", "willcall", &settled, "willcall, dashboard open"].into_iter().zip(&lines) {
        report(name, own, &lines[0]);
    }
    look_for_due(&bench, &folder("few", 0), 0);
    look_for_due(&bench, &folder("many", 0), stored);
}

impl Bench {
    fn bare(&self) -> Outcome {
        let body = Sample::sale().next().to_vec();
        self.runtime.block_on(target::call(&self.target, self.due, self.concurrency, body));
        self.outcome(None)
    }

    /// The program as `willcall serve` starts it, on a ledger with deliveries that are due.
    fn real(&self, folder: &Path, stored: usize) -> Outcome {
        self.fill(folder, stored);
        let concurrency = self.concurrency.to_string();
        let variables = [("WILLCALL_DELIVER_TO", self.target.url()), ("WILLCALL_DELIVER_CONCURRENCY", concurrency)];
        let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
        let settings = ledger::settings(folder, &variables);
        self.runtime.block_on(async {
            let mut program = Program::start(&settings, |_| {}).await.expect("the program starts");
            program.opened().await.expect("its ledger opens");
            self.all_have_come().await;
            program.stop().await;
        });
        self.outcome(None)
    }

    /// The program as a user starts it, in a terminal.
    fn shown(&self, folder: &Path) -> Outcome {
        self.fill(folder, 0);
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
        let mut command = terminal::command(env!("CARGO_BIN_EXE_willcall"));
        command.args(["--listen", &port.to_string(), "--deliver-to", &self.target.url(), "--data-dir"]);
        command.arg(folder);
        command.env("HOME", folder);
        command.env("WILLCALL_DELIVER_CONCURRENCY", self.concurrency.to_string());
        let glass = Glass::start(command);
        self.runtime.block_on(self.all_have_come());
        let frames = glass.frames();
        self.outcome(Some(frames.iter().map(|frame| frame.at).collect()))
    }

    fn fill(&self, folder: &Path, stored: usize) {
        let settings = ledger::settings(folder, &[]);
        ledger::fill_settled(&settings, stored);
        ledger::fill(&settings, self.due);
    }

    async fn all_have_come(&self) {
        let began = Instant::now();
        while self.target.count() < self.due {
            assert!(began.elapsed() < PATIENCE, "{} of {} deliveries have come", self.target.count(), self.due);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn outcome(&self, frames: Option<Vec<Instant>>) -> Outcome {
        let (mut calls, at_once) = self.target.take();
        calls.sort_unstable();
        let times: Vec<Instant> = calls.iter().map(|(at, _)| *at).collect();
        let (first, last) = (times[0], times[times.len() - 1]);
        let mut turns: Vec<u64> = calls.iter().map(|(_, number)| *number).collect();
        turns.sort_unstable();
        let place = |number: u64| turns.binary_search(&number).unwrap_or_default();
        let moved = calls.iter().enumerate().map(|(came, (_, number))| came.abs_diff(place(*number)));
        let out_of_turn = if turns.last() == Some(&0) { 0 } else { moved.max().unwrap_or_default() };
        let frames = frames.map(|frames| {
            let meanwhile: Vec<Instant> = frames.into_iter().filter(|at| (first..=last).contains(at)).collect();
            (meanwhile.len() as f64 / (last - first).as_secs_f64(), longest_pause(&meanwhile))
        });
        Outcome {
            per_second: calls.len() as f64 / (last - first).as_secs_f64(),
            at_once,
            out_of_turn,
            pause: longest_pause(&times),
            frames,
        }
    }
}

fn longest_pause(times: &[Instant]) -> Duration {
    times.windows(2).map(|two| two[1] - two[0]).max().unwrap_or_default()
}

/// Medians of all rounds but for what is the most of all; the ratio is that to the bare client of the same round.
fn report(name: &str, own: &[Outcome], bare: &[Outcome]) {
    let rates = own.iter().map(|one| one.per_second).collect();
    let ratios = own.iter().zip(bare).map(|(one, bare)| one.per_second / bare.per_second).collect();
    let most = |of: fn(&Outcome) -> usize| own.iter().map(of).max().unwrap_or_default();
    let pause = own.iter().map(|one| one.pause).max().unwrap_or_default();
    let frames = own
        .last()
        .and_then(|one| one.frames)
        .map_or_else(|| "| | |".to_owned(), |(rate, longest)| format!("| {rate:.1} | {:.0} |", milliseconds(longest)));
    println!(
        "| {name} | {:.0} | {:.3} | {} | {} | {:.0} {frames}",
        median(rates),
        median(ratios),
        most(|one| one.at_once),
        most(|one| one.out_of_turn),
        milliseconds(pause),
    );
}

/// How long it takes to find what is due.
fn look_for_due(bench: &Bench, folder: &Path, stored: usize) {
    bench.fill(folder, stored);
    let (ledger, _) = LocalLedger::open(&ledger::settings(folder, &[]), &mut |_| {}).expect("the ledger opens");
    let mut times: Vec<Duration> = (0..200)
        .map(|_| {
            let (began, now) = (Instant::now(), Clock::System.now());
            let due = ledger.due(now, bench.concurrency + 1).expect("the ledger answers");
            ledger.next_due(now).expect("the ledger answers");
            assert_eq!(due.len(), bench.due.min(bench.concurrency + 1));
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    println!(
        "finding {} of {} due beside {stored} settled ones: {:.3} ms (median of 200)",
        bench.concurrency + 1,
        bench.due,
        milliseconds(percentile(&times, 0.5)),
    );
}
