//! The real program's manners: lines for those who cannot use a screen, and a terminal's mouse and size.

mod support;

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use support::program::{WILLCALL, command, output_of};
use support::terminal::{self, Terminal};
use support::watched::Watched;
use support::webhooks::sale;
use support::{grid::Grid, http};

const LIMIT: Duration = Duration::from_secs(30);

/// The program with pipes in place of a terminal. Killed when dropped.
struct Piped {
    child: Child,
    said: Arc<Watched<String>>,
    log: Arc<Watched<String>>,
    folder: TempDir,
}

fn collect(source: impl Read + Send + 'static) -> Arc<Watched<String>> {
    let text = Arc::new(Watched::new(String::new()));
    let collected = Arc::clone(&text);
    std::thread::spawn(move || {
        for line in BufReader::new(source).lines().map_while(Result::ok) {
            collected.change(|text| text.extend([line.as_str(), "\n"]));
        }
    });
    text
}

impl Piped {
    /// `read`: somebody reads its stdout.
    fn start(arguments: &[&str], read: bool) -> Self {
        let folder = TempDir::new().unwrap();
        let mut command = command(WILLCALL.as_ref(), folder.path());
        command.args(arguments).args(["--listen", "127.0.0.1:0", "--data-dir"]).arg(folder.path().join("data"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (out, errors) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let said = if read { collect(out) } else { Arc::default() };
        Self { child, said, log: collect(errors), folder }
    }

    #[track_caller]
    fn wait(text: &Watched<String>, what: &str) -> String {
        let found = text.wait(LIMIT, |text| text.contains(what).then(|| text.clone()));
        found.unwrap_or_else(|| panic!("never said {what:?}:\n{}", text.read(String::clone)))
    }

    fn address(&self) -> SocketAddr {
        let listening = "listening on http://";
        let log = Self::wait(&self.log, listening);
        let (_, rest) = log.split_once(listening).unwrap();
        rest.split('/').next().unwrap().parse().unwrap()
    }

    fn post(&self, body: &str) -> u16 {
        http::post(self.address(), "/webhooks/menta", &[], body).status
    }

    fn terminate(&self) {
        kill_process(Pid::from_raw(self.child.id().cast_signed()).unwrap(), Signal::TERM).unwrap();
    }
}

impl Drop for Piped {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn plain_says_a_line_for_each_event_and_each_change_of_a_delivery() {
    for arguments in [&["--plain"][..], &[]] {
        let mut program = Piped::start(arguments, true);
        assert_eq!(program.post(&sale("51020300", "r-1")), 200);
        // The line is there while the program runs: nothing waits in a buffer.
        Piped::wait(&program.said, "transfer d-1: pending, ticket 51020300");
        assert_eq!(program.post(r#"{"family":"x","action":"a\nb\u001b[31m","data":{}}"#), 200);
        assert_eq!(program.post("no JSON"), 400);
        let said = Piped::wait(&program.said, "not an event");
        assert!(said.contains(r"event 2: a\u000ab\u001b[31m"), "{said}");
        let first = said.lines().next().unwrap();
        let (moment, rest) = first.split_once(' ').unwrap();
        assert!(moment.len() == 20 && moment.ends_with('Z'), "{first}");
        assert!(rest.starts_with("event 1: ticket.updated, ticket 51020300"), "{first}");
        assert_eq!(said.lines().count(), 4, "{said}");
        assert!(!said.contains(|one: char| one.is_control() && one != '\n'), "{said:?}");
        assert!(said.contains("•••@"), "{said}");
        for address in ["ana@", "carlos@"] {
            assert!(!said.contains(address), "{said}");
        }
        let headless = program.log.read(|log| log.contains("no terminal: serving without the dashboard"));
        assert_eq!(headless, arguments.is_empty());
        program.terminate();
        assert_eq!(program.child.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn a_reader_that_goes_ends_plain_in_good_order() {
    let mut program = Piped::start(&["--plain"], false);
    let address = program.address();
    assert_eq!(http::post(address, "/webhooks/menta", &[], &sale("t", "r")).status, 200);
    assert_eq!(program.child.wait().unwrap().code(), Some(0));
    let log = Piped::wait(&program.log, "stopped");
    assert!(log.contains("no reader any more: stopping") && !log.contains("ERROR"), "{log}");
    let mut verify = command(WILLCALL.as_ref(), program.folder.path());
    verify.args(["verify", "--data-dir"]).arg(program.folder.path().join("data"));
    assert_eq!(output_of(verify).status.code(), Some(0));
}

#[test]
fn plain_is_refused_where_nothing_is_shown() {
    let folder = TempDir::new().unwrap();
    let mut command = command(WILLCALL.as_ref(), folder.path());
    command.args(["--plain", "serve"]);
    let output = output_of(command);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--plain is for the dashboard"));
}

#[test]
fn a_dashboard_that_only_looks_says_so_and_reveals_nothing() {
    let folder = TempDir::new().unwrap();
    let mut terminal = dashboard(&folder, (80, 24), &[("WILLCALL_READ_ONLY", "true")]);
    terminal.wait_for(" READ-ONLY ");
    terminal.send("m");
    let screen = terminal.wait_for("this dashboard is read-only").to_text();
    assert!(!screen.contains("REVEALED"), "{screen}");
    terminal.send("q");
    assert!(terminal.wait_for_exit().success());
    let said = |arguments: &[&str]| {
        let mut command = command(WILLCALL.as_ref(), folder.path());
        command.args(arguments);
        let output = output_of(command);
        (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    for arguments in [&["serve", "--read-only"][..], &["--read-only", "serve"], &["--read-only", "events", "list"]] {
        let (code, says) = said(arguments);
        assert!(code == Some(2) && says.contains("--read-only is for the dashboard"), "{arguments:?}: {says}");
    }
    for (flag, shown) in [("--read-only", "read_only = true"), ("--read-only=false", "read_only = false")] {
        let (code, says) = said(&[flag, "config", "show"]);
        assert!(code == Some(0) && says.contains(&format!("{shown}  # --read-only")), "{says}");
    }
    assert!(!said(&["serve", "--help"]).1.contains("read-only"));
    assert!(said(&["demo", "--help"]).1.contains("--read-only"));
}

/// The dashboard in a terminal of that size, on a data folder of its own in `folder`.
fn dashboard(folder: &TempDir, (columns, rows): (u16, u16), environment: &[(&str, &str)]) -> Terminal {
    let mut command = terminal::command(WILLCALL);
    command.args(["--listen", "127.0.0.1:0", "--data-dir", "data"]);
    command.cwd(folder.path());
    command.env("HOME", folder.path());
    for (name, value) in environment {
        command.env(name, value);
    }
    let terminal = Terminal::start(command, columns, rows);
    terminal.wait_for("stored 0");
    terminal
}

fn place_of(grid: &Grid, text: &str) -> (usize, usize) {
    let lines = grid.to_text();
    let found = lines.lines().enumerate().find_map(|(row, line)| Some((line.split_once(text)?.0.chars().count(), row)));
    found.unwrap_or_else(|| panic!("no {text:?} on\n{lines}"))
}

#[test]
fn the_mouse_of_a_real_terminal_chooses_once_it_is_asked_for() {
    let folder = TempDir::new().unwrap();
    for (name, asked) in [("false", "\u{f}"), ("true", "")] {
        let mut terminal = dashboard(&folder, (120, 36), &[("WILLCALL_MOUSE", name)]);
        assert_eq!(terminal.takes_mouse(), name == "true");
        terminal.send(asked);
        if !asked.is_empty() {
            terminal.wait_for("Shift and the mouse selects text");
        }
        assert!(terminal.takes_mouse());
        let (column, row) = place_of(&terminal.screen(), "3 deliveries");
        // As SGR writes it: places from 1, `M` pressed, `m` let go.
        terminal.send(&format!("\u{1b}[<0;{0};{1}M\u{1b}[<0;{0};{1}m", column + 1, row + 1));
        terminal.wait_for("deliveries: all states");
        // A key beside wheel and clicks is a key still.
        terminal.send("\u{1b}[<65;10;10M\u{1b}[<64;10;10M4");
        terminal.wait_for("returns: all states");
        terminal.send("q");
        assert!(terminal.wait_for_exit().success());
        assert!(!terminal.takes_mouse() && !terminal.is_full_screen());
    }
}

#[test]
fn the_dashboard_comes_back_on_the_screen_it_was_left_on() {
    let folder = TempDir::new().unwrap();
    let mut terminal = dashboard(&folder, (80, 24), &[]);
    terminal.send("3");
    terminal.wait_for("deliveries: all states");
    terminal.send("s");
    terminal.wait_for("deliveries: needs a hand");
    terminal.signal(Signal::TERM);
    assert!(terminal.wait_for_exit().success());
    let mut terminal = dashboard(&folder, (80, 24), &[]);
    terminal.wait_for("deliveries: needs a hand");
    terminal.send("q");
    assert!(terminal.wait_for_exit().success());
    // Nothing lies anywhere but in the data folder.
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["data"]);
    // And what makes no sense there stops nothing.
    std::fs::write(folder.path().join("data/dashboard.json"), b"\x1b[2J{").unwrap();
    let mut terminal = dashboard(&folder, (80, 24), &[]);
    terminal.wait_for("needs a hand: 0");
    terminal.send("q");
    assert!(terminal.wait_for_exit().success());
    let log = std::fs::read_to_string(folder.path().join("data/willcall.log")).unwrap();
    assert_eq!(log.matches("dashboard.json is ignored").count(), 1, "{log}");
}

#[test]
fn a_terminal_that_reads_nothing_keeps_no_signal_from_ending_it() {
    let folder = TempDir::new().unwrap();
    let mut terminal = dashboard(&folder, (200, 60), &[]);
    let reading = terminal.reading();
    let unread = reading.lock().unwrap();
    let call = format!("/proc/{}/syscall", terminal.pid().as_raw_nonzero());
    // Its main thread is in a write that does not end: call 1, and 64 on ARM.
    let is_writing = || ["1 ", "64 "].iter().any(|write| std::fs::read_to_string(&call).unwrap().starts_with(write));
    let began = Instant::now();
    while !(is_writing()
        && (0..10).all(|_| {
            std::thread::sleep(Duration::from_millis(10));
            is_writing()
        }))
    {
        assert!(began.elapsed() < LIMIT, "it goes on drawing");
        terminal.send("\u{c}");
    }
    terminal.signal(Signal::TERM);
    terminal.signal(Signal::INT);
    assert_eq!(terminal.wait_for_end().exit_code(), 1);
    drop(unread);
    let log = std::fs::read_to_string(folder.path().join("data/willcall.log")).unwrap();
    assert!(log.contains("the terminal takes no output"), "{log}");
}

#[test]
fn a_storm_of_sizes_ends_in_a_whole_screen_of_the_last() {
    let folder = TempDir::new().unwrap();
    let mut terminal = dashboard(&folder, (120, 36), &[]);
    let before = terminal.clears();
    for step in 0..100 {
        terminal.resize(60 + step, 20 + step % 20);
        // As somebody who drags the corner of a window for a second.
        std::thread::sleep(Duration::from_millis(10));
    }
    terminal.resize(100, 30);
    let screen = terminal.wait_until("the last size", |grid| {
        let text = grid.to_text();
        text.lines().nth(29).is_some_and(|line| line.contains("q quit")) && text.contains("6 quarantine")
    });
    assert_eq!(screen.to_text().lines().count(), 30);
    // One clears the screen; a busy machine may make more of it, but not one for each size.
    let clears = terminal.clears() - before;
    assert!((1..=20).contains(&clears), "{clears}");
    terminal.send("q");
    assert!(terminal.wait_for_exit().success());
}
