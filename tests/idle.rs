//! An idle dashboard costs nothing: the real program in a terminal, with nothing coming in, measured from outside.
//!
//! `WILLCALL_IDLE_SECONDS=60 WILLCALL_IDLE_EVENTS=100000 cargo test --release --test idle -- --nocapture` measures longer and
//! with more stored; the time of every thread is printed. Only what does not depend on the machine is asserted in the short
//! form: the bytes that are written.
#![allow(clippy::print_stdout)] // the figures

mod support;

use std::collections::BTreeMap;
use std::net::SocketAddr;
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

/// User and system time of each thread of the process, by the thread's name, in clock ticks.
fn ticks(pid: i32) -> BTreeMap<String, u64> {
    let mut ticks = BTreeMap::new();
    for task in std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten() {
        let Ok(stat) = std::fs::read_to_string(task.path().join("stat")) else { continue };
        // The name stands in parentheses and may have some of its own.
        let (Some(open), Some(close)) = (stat.find('('), stat.rfind(')')) else { continue };
        let fields: Vec<&str> = stat[close + 1..].split_whitespace().collect();
        let time = |field: usize| fields.get(field).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
        *ticks.entry(stat[open + 1..close].to_owned()).or_default() += time(11) + time(12);
    }
    ticks
}

fn ticks_a_second() -> f64 {
    let output = std::process::Command::new("getconf").arg("CLK_TCK").output();
    output.ok().and_then(|output| String::from_utf8_lossy(&output.stdout).trim().parse().ok()).unwrap_or(100.0)
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
        let pid = terminal.pid().as_raw_nonzero().get();
        let (before, bytes, start) = (ticks(pid), terminal.bytes(), Instant::now());
        // Nothing to wait for: what is measured is that nothing happens.
        std::thread::sleep(Duration::from_secs(seconds));
        let (after, bytes, elapsed) = (ticks(pid), terminal.bytes() - bytes, start.elapsed().as_secs_f64());
        let threads: BTreeMap<&String, u64> =
            after.iter().map(|(name, ticks)| (name, ticks - before.get(name).unwrap_or(&0).min(ticks))).collect();
        let used = threads.values().sum::<u64>() as f64 / ticks_a_second();
        println!(
            "{view} with {events} events: {:.3} % of a core over {elapsed:.0} s, {:.0} bytes a second; clock ticks by thread {threads:?}",
            used / elapsed * 100.0,
            bytes as f64 / elapsed,
        );
        assert!(bytes as f64 <= elapsed * BYTES_A_SECOND as f64, "{bytes} bytes in {elapsed} s");
        // In shorter times and without optimisation it says nothing.
        if seconds >= 30 && !cfg!(debug_assertions) {
            assert!(used / elapsed < SHARE, "{used} s of {elapsed} s");
        }
    }
    terminal.send("q");
    assert!(terminal.wait_for_exit().success());
}
