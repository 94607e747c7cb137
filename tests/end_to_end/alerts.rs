//! New failures and holds are told to a command and the log; what stood before is not.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

use crate::support::platform::{Platform, Reply};
use crate::support::program::Program;
use crate::support::webhooks::sale;

const LIMIT: Duration = Duration::from_secs(30);

/// A platform that refuses, naming a person.
fn refusing() -> Platform {
    Platform::start(|_, _| Reply::status(422).saying("locked by ana@example.com"))
}

/// The lines that are written into a named pipe. Its reader stays in a thread of its own, which a silent pipe would hold.
fn lines_of(pipe: &Path) -> Receiver<String> {
    assert!(std::process::Command::new("mkfifo").arg(pipe).status().unwrap().success());
    let (heard, lines) = channel();
    // Opened for writing, too: so it outlives each command that writes.
    let file = File::options().read(true).write(true).open(pipe).unwrap();
    std::thread::spawn(move || {
        for line in BufReader::new(file).lines().map_while(Result::ok) {
            if heard.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// Starts it with a command that passes alerts on to whoever has these lines.
fn start_alerting(program: &mut Program, folder: &Path) -> Receiver<String> {
    let pipe = folder.join("alerts");
    let lines = lines_of(&pipe);
    program.set("WILLCALL_ALERT_BY", "command");
    program.set("WILLCALL_ALERT_COMMAND", &format!("cat > '{}'", pipe.display()));
    program.start();
    lines
}

#[test]
fn a_command_hears_of_what_fails_from_now_on() {
    let platform = refusing();
    let mut program = Program::serve(&["--deliver-to", &platform.url()]);
    program.post(&sale("stood", "r1"));
    program.wait_for_state("d-1", "failed");
    program.stop();

    let folder = tempfile::tempdir().unwrap();
    let lines = start_alerting(&mut program, folder.path());
    program.post(&sale("new", "r2"));
    let line = lines.recv_timeout(LIMIT).expect("the command is run");
    let alert: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(alert["alert"], "1 delivery needs a person", "{line}");
    let [one] = &alert["deliveries"].as_array().unwrap()[..] else { panic!("{line}") };
    assert_eq!((&one["kind"], &one["state"]), (&"transfer".into(), &"failed".into()), "{line}");
    assert_ne!(one["delivery"], "d-1", "what stood at the start rang: {line}");
    assert!(one["reason"].as_str().unwrap().starts_with("refused: 422"), "{line}");
    assert!(!line.contains("ana@example.com") && !line.contains("carlos@example.com"), "{line}");
    program.wait_for_log(&format!("1 delivery needs a person: {} failed", one["delivery"].as_str().unwrap()));
    program.stop();
    assert!(lines.try_recv().is_err(), "it rang twice");
}

#[test]
fn it_hears_of_what_is_held_because_the_program_was_killed() {
    let platform = Platform::start(|_, _| Reply::status(200).after(Duration::from_secs(60)));
    let mut program = Program::serve(&["--deliver-to", &platform.url()]);
    program.post(&sale("t", "r"));
    platform.wait_for_calls(1);
    // Whether the ticket has gone to the buyer of before is not known then.
    program.post(&sale("t", "r").replace("carlos@example.com", "dora@example.com"));
    program.kill();

    let folder = tempfile::tempdir().unwrap();
    let lines = start_alerting(&mut program, folder.path());
    program.wait_for_state("d-1", "held");
    let line = lines.recv_timeout(LIMIT).expect("the command is run");
    let alert: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(alert["deliveries"][0]["delivery"], "d-1", "{line}");
}

#[test]
fn a_command_that_fails_is_said() {
    let platform = refusing();
    let environment = [("WILLCALL_ALERT_BY", "command"), ("WILLCALL_ALERT_COMMAND", "echo 'no pager' >&2; exit 3")];
    let program = Program::serve_in(&environment, &["--deliver-to", &platform.url()]);
    program.post(&sale("t", "r"));
    program.wait_for_log("the alert was not passed on by `alert.command`: exit 3: no pager");
}
