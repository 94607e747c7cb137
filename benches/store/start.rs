//! The start of the real program in a terminal, after a clean end and after `kill -9` under load, and its memory.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::support::figures::{milliseconds, resident};
use super::support::ledger::PATH;
use super::support::load::{self, Pace};
use super::support::samples::Requests;
use super::support::terminal::{self, Signal, Terminal};

const PROGRAM: &str = env!("CARGO_BIN_EXE_willcall");

/// A start: the first frame, and the first that has the counts.
struct Started {
    terminal: Terminal,
    address: SocketAddr,
    frame: Duration,
    counted: Duration,
}

fn start(folder: &Path) -> Started {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let mut command = terminal::command(PROGRAM);
    command.args(["--listen", &port.to_string(), "--data-dir"]);
    command.arg(folder);
    command.env("HOME", folder.parent().unwrap_or(folder));
    let began = Instant::now();
    let terminal = Terminal::start(command, 120, 36);
    terminal.wait_for("willcall");
    let frame = began.elapsed();
    terminal.wait_for("stored ");
    Started { terminal, address: port, frame, counted: began.elapsed() }
}

fn stop(started: &Started) {
    started.terminal.signal(Signal::TERM);
    started.terminal.wait_for_exit();
}

pub(crate) fn measure(folder: &Path, seconds: f64) {
    let empty = TempDir::new_in(folder.parent().unwrap_or(folder)).expect("the build folder can be written");
    let nothing = start(&empty.path().join("data"));
    stop(&nothing);
    // Whatever the filling left open is settled by the first.
    stop(&start(folder));
    let clean = start(folder);
    let at_rest = resident(clean.terminal.pid().as_raw_nonzero().get());
    let mut requests = Requests::unsigned(PATH);
    let time = Duration::from_secs_f64(seconds);
    let seen = load::run(clean.address, 64, Pace::Closed, time, &mut requests).expect("the program answers");
    let busy = resident(clean.terminal.pid().as_raw_nonzero().get());
    clean.terminal.signal(Signal::KILL);
    clean.terminal.wait_for_exit();
    let killed = start(folder);
    let recovered = resident(killed.terminal.pid().as_raw_nonzero().get());
    stop(&killed);
    let line = |name: &str, one: &Started| {
        println!(
            "start {name}: first frame after {:.0} ms, with the counts after {:.0} ms",
            milliseconds(one.frame),
            milliseconds(one.counted),
        );
    };
    line("with nothing stored", &nothing);
    line("after a clean end", &clean);
    line(&format!("after kill -9 under load ({} webhooks in {seconds} s)", seen.sent), &killed);
    println!(
        "memory with the dashboard open: {} MiB after the start, {} MiB after the load, {} MiB at most; after kill -9 {} MiB at most",
        at_rest.0, busy.0, busy.1, recovered.1,
    );
}
