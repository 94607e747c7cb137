//! An idle dashboard costs nothing: the real program in a terminal, with nothing coming in, measured from outside.
//!
//! `WILLCALL_IDLE_SECONDS=60 WILLCALL_IDLE_EVENTS=100000 cargo test --release --test idle -- --nocapture` measures longer and
//! with more stored; the time of every thread is printed. Only what does not depend on the machine is asserted in the short
//! form: the bytes that are written.
//!
//! Each view is measured twice in the long form: as the machine is, and with its processors kept awake by loops of the lowest
//! priority. Where they fall asleep, as on most virtual machines, every waking counts for the program that is woken and costs
//! a multiple of what it does then: that is the machine's figure, printed only. A share of a core is one of a core that runs.
#![allow(clippy::print_stdout)] // the figures

mod support;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::{self, Display, Formatter};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use support::http;
use support::program::WILLCALL;
use support::terminal::{self, Terminal};

/// Senders at once while the store is filled.
const SENDERS: usize = 16;

/// A frame of the clock and the ages is well below.
const BYTES_A_SECOND: usize = 400;

/// Of one core. What it may be at most: 0.5 %.
const SHARE: f64 = 0.005;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// The name of each thread of the process and how long it ran so far.
fn ran(pid: i32) -> BTreeMap<OsString, (String, Duration)> {
    let mut ran = BTreeMap::new();
    for task in std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten() {
        // Whoever ended meanwhile is not read.
        let read = |file: &str| std::fs::read_to_string(task.path().join(file)).ok();
        let (Some(name), Some(times)) = (read("comm"), read("schedstat")) else { continue };
        let nanoseconds = times.split_whitespace().next().and_then(|text| text.parse().ok()).unwrap_or(0);
        ran.insert(task.file_name(), (name.trim_end().to_owned(), Duration::from_nanos(nanoseconds)));
    }
    ran
}

fn fill(address: SocketAddr, events: u64) {
    std::thread::scope(|scope| {
        for sender in 0..SENDERS as u64 {
            scope.spawn(move || {
                for number in (sender..events).step_by(SENDERS) {
                    let body = format!(
                        r#"{{"family":"listing","action":"listing.created","data":{{"listingId":"l-{number}","ticketId":"t-{number}"}}}}"#
                    );
                    assert_eq!(http::post(address, "/webhooks/menta", &[], &body).status, 200);
                }
            });
        }
    });
}

/// The dashboard on a data folder with so many events.
fn dashboard(folder: &TempDir, events: u64) -> Terminal {
    let port = http::free_port();
    let mut command = terminal::command(WILLCALL);
    command.args(["--listen", &format!("127.0.0.1:{port}"), "--data-dir", "data"]);
    command.cwd(folder.path());
    command.env("HOME", folder.path());
    let terminal = Terminal::start(command, 120, 36);
    terminal.wait_for("stored 0");
    fill(SocketAddr::from(([127, 0, 0, 1], port)), events);
    terminal
}

/// Keeps every processor from falling asleep, and takes nothing from who wants it.
struct Awake(Vec<Child>);

impl Awake {
    fn keep() -> Self {
        let processors = std::thread::available_parallelism().unwrap().get();
        let start =
            |_| Command::new("nice").args(["-n", "19", "sh", "-c", "while :; do :; done"]).stdin(Stdio::null()).spawn();
        Self((0..processors).map(start).collect::<Result<_, _>>().unwrap())
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        for child in &mut self.0 {
            child.kill().and_then(|()| child.wait()).unwrap();
        }
    }
}

/// What the program did with nothing to do.
struct Idled {
    seconds: f64,
    bytes: usize,
    /// Of processor time, by the thread's name.
    threads: BTreeMap<String, f64>,
}

impl Idled {
    /// Of one core.
    fn share(&self) -> f64 {
        self.threads.values().sum::<f64>() / self.seconds
    }
}

impl Display for Idled {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self { seconds, bytes, threads } = self;
        let (share, rate) = (self.share() * 100.0, *bytes as f64 / seconds);
        write!(out, "{share:.3} % of a core over {seconds:.0} s, {rate:.0} bytes a second;")?;
        let mut threads: Vec<_> = threads.iter().filter(|(_, used)| **used > 0.0).collect();
        threads.sort_by(|one, other| other.1.total_cmp(one.1));
        threads.iter().try_for_each(|(name, used)| write!(out, " {name} {:.3} %", *used / seconds * 100.0))
    }
}

fn measure(terminal: &Terminal, seconds: u64) -> Idled {
    let pid = terminal.pid().as_raw_nonzero().get();
    let (before, bytes, start) = (ran(pid), terminal.bytes(), Instant::now());
    // Nothing to wait for: what is measured is that nothing happens.
    std::thread::sleep(Duration::from_secs(seconds));
    let (after, bytes, seconds) = (ran(pid), terminal.bytes() - bytes, start.elapsed().as_secs_f64());
    let mut threads = BTreeMap::new();
    for (task, (name, time)) in after {
        let before = before.get(&task).map_or(Duration::ZERO, |(_, time)| *time);
        *threads.entry(name).or_default() += time.saturating_sub(before).as_secs_f64();
    }
    assert!(bytes as f64 <= seconds * BYTES_A_SECOND as f64, "{bytes} bytes in {seconds} s");
    Idled { seconds, bytes, threads }
}

#[test]
fn an_idle_dashboard_costs_next_to_nothing() {
    let (seconds, events) = (setting("WILLCALL_IDLE_SECONDS", 4), setting("WILLCALL_IDLE_EVENTS", 200));
    let folder = TempDir::new().unwrap();
    let mut terminal = dashboard(&folder, events);
    // What came in has been drawn, and the store has caught up.
    terminal.settle(Duration::from_millis(900), |_| false);
    for (key, view) in [("1", "overview"), ("2", "feed")] {
        terminal.send(key);
        terminal.wait_for(if key == "2" { "ticket or show" } else { "needs a hand" });
        terminal.settle(Duration::from_millis(900), |_| false);
        let as_it_is = measure(&terminal, seconds);
        println!("{view} with {events} events: {as_it_is}");
        // In shorter times and without optimisation it says nothing.
        if seconds >= 30 && !cfg!(debug_assertions) {
            let loops = Awake::keep();
            let awake = measure(&terminal, seconds);
            drop(loops);
            println!("{view} with {events} events, processors awake: {awake}");
            assert!(awake.share() < SHARE, "{awake}");
        }
    }
    terminal.send("q");
    assert!(terminal.wait_for_exit().success());
}
