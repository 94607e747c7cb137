//! Starting, stopping, and one process a data folder.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use crate::support::platform::{Platform, Reply};
use crate::support::program::{Program, Signal, WILLCALL};
use crate::support::terminal::{self, Terminal};
use crate::support::watched::Watched;
use crate::support::webhooks::sale;

#[test]
fn a_second_process_is_told_who_holds_the_folder() {
    let mut program = Program::serve(&[]);
    let holder = format!("is in use by process {}: ", program.pid().as_raw_nonzero());
    for arguments in [&["serve", "--listen", "127.0.0.1:0"][..], &["rebuild"], &["verify"]] {
        let reason = program.refused(arguments);
        assert!(reason.contains(&holder), "{arguments:?}: {reason}");
        assert!(reason.contains("--data-dir"), "{arguments:?}: {reason}");
    }
    assert_eq!(program.post(&sale("t", "r")).status, 200, "the first is none the worse for it");
    program.stop();
    program.verify();
}

#[test]
fn an_address_that_is_taken_is_said() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut program = Program::serve(&[]);
    program.stop();
    let _holder = TcpListener::bind(taken).unwrap();
    let reason = program.refused(&["serve", "--listen", &taken.to_string()]);
    assert!(reason.contains(&format!("cannot listen on {taken}: ")), "{reason}");
    assert!(reason.contains("give another address with --listen"), "{reason}");
}

#[test]
fn an_address_others_can_reach_needs_a_secret() {
    let mut program = Program::serve(&[]);
    program.stop();
    let reason = program.run(&["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(reason.status.code(), Some(1));
    let reason = String::from_utf8(reason.stderr).unwrap();
    assert!(reason.contains("which others can reach, and nothing says who may send webhooks: set one of"), "{reason}");
    assert!(reason.contains("WILLCALL_AUTH_PATH_SECRETS"), "{reason}");
}

/// A platform that does not answer before it is told to.
fn patient() -> (Platform, Arc<Watched<bool>>) {
    let open = Arc::new(Watched::new(false));
    let gate = Arc::clone(&open);
    let platform = Platform::start(move |_, _| {
        gate.wait(Duration::from_secs(20), |open| open.then_some(()));
        Reply::status(200)
    });
    (platform, open)
}

#[test]
fn asked_to_stop_it_finishes_what_is_under_way() {
    let (platform, open) = patient();
    let mut program = Program::serve(&["--deliver-to", &platform.url()]);
    program.post(&sale("t", "r"));
    platform.wait_for_calls(1);
    program.signal(Signal::TERM);
    program.wait_for_log("stopping");
    open.change(|open| *open = true);
    assert_eq!(program.wait_for_exit().code(), Some(0));
    assert_eq!(program.delivery("d-1")["state"], "delivered");
    assert_eq!(platform.calls().len(), 1);
    program.verify();
}

#[test]
fn an_attempt_that_does_not_end_is_on_record_as_unknown() {
    let (platform, open) = patient();
    let environment = [("WILLCALL_DELIVER_TIMEOUT", "300ms"), ("WILLCALL_DELIVER_RETRY", "1h")];
    let mut program = Program::serve_in(&environment, &["--deliver-to", &platform.url()]);
    program.post(&sale("t", "r"));
    platform.wait_for_calls(1);
    assert_eq!(program.stop().code(), Some(0));
    let delivery = program.delivery("d-1");
    assert_eq!(delivery["history"][2]["outcome"], "unknown", "{delivery}");
    assert_eq!(delivery["state"], "pending");
    open.change(|open| *open = true);
}

#[test]
fn asked_twice_it_stops_at_once_and_the_next_start_says_unknown() {
    let (platform, open) = patient();
    let environment = [("WILLCALL_DELIVER_RETRY", "1h"), ("WILLCALL_DELIVER_JITTER_PERCENT", "0")];
    let mut program = Program::serve_in(&environment, &["--deliver-to", &platform.url()]);
    program.post(&sale("t", "r"));
    platform.wait_for_calls(1);
    program.signal(Signal::TERM);
    program.wait_for_log("stopping");
    program.signal(Signal::INT);
    assert_eq!(program.wait_for_exit().code(), Some(0));
    program.start();
    program.wait_for_log("1 attempts were under way");
    let delivery = program.delivery("d-1");
    assert_eq!(delivery["reason"], "unknown: willcall stopped during the attempt");
    assert_eq!(delivery["state"], "pending");
    open.change(|open| *open = true);
    program.stop();
    program.verify();
}

#[test]
fn without_a_verb_and_without_a_terminal_it_serves_with_plain_lines() {
    let platform = Platform::accepting();
    let mut program = Program::serve(&["--deliver-to", &platform.url()]);
    program.stop();
    program.without_verb();
    program.start();
    program.wait_for_log("willcall: no terminal: serving without the dashboard");
    program.post(&sale("t", "r"));
    program.wait_for_state("d-1", "delivered");
    assert!(!program.log().contains('\u{1b}'), "{}", program.log());
    assert_eq!(program.stop().code(), Some(0));
    program.verify();
}

#[test]
fn a_signal_ends_the_dashboard_and_gives_the_terminal_back() {
    for signal in [Signal::TERM, Signal::HUP] {
        let folder = tempfile::tempdir().unwrap();
        let mut willcall = terminal::command(WILLCALL);
        willcall.cwd(folder.path());
        willcall.args(["--data-dir", "data", "--listen", "127.0.0.1:0"]);
        let terminal = Terminal::start(willcall, 100, 30);
        terminal.wait_for("stored 0");
        assert!(terminal.is_full_screen() && terminal.hides_cursor());
        terminal.signal(signal);
        assert!(terminal.wait_for_exit().success(), "{signal:?}");
        assert!(!terminal.is_full_screen() && !terminal.hides_cursor(), "{signal:?}");
        terminal.wait_for("willcall: stopping");
    }
}
