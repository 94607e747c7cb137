//! Torn, damaged and full disks: what was acknowledged stays, or the damage is named.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;

use crate::each;
use crate::support::platform::Platform;
use crate::support::program::{Program, Signal, WILLCALL};
use crate::support::terminal::{self, Terminal};
use crate::support::webhooks::sale;

/// The journal's only file.
fn segment(program: &Program) -> PathBuf {
    let files = fs::read_dir(program.data().join("journal")).unwrap().map(|file| file.unwrap().path());
    let [file] = files.collect::<Vec<_>>().try_into().unwrap();
    file
}

/// A stopped program that has delivered three sales.
fn delivered() -> (Program, Platform) {
    let platform = Platform::accepting();
    let mut program = Program::serve(&["--deliver-to", &platform.url()]);
    for ticket in ["one", "two", "three"] {
        program.post(&sale(ticket, ticket));
    }
    program.wait_until(|program| match each("state", &program.deliveries())[..] {
        ["delivered", "delivered", "delivered"] => Ok(()),
        ref other => Err(format!("{other:?}")),
    });
    program.stop();
    (program, platform)
}

#[test]
fn a_torn_tail_is_cut_off_with_a_warning_and_put_aside() {
    let (mut program, _platform) = delivered();
    let (before, segment) = (program.deliveries(), segment(&program));
    let length = fs::metadata(&segment).unwrap().len();
    let torn = b"wcr2 00000000000000000010 000000 0000000190 00000";
    OpenOptions::new().append(true).open(&segment).unwrap().write_all(torn).unwrap();

    program.start();
    program.wait_for_log(&format!("{} bytes from byte {length} on were never acknowledged", torn.len()));
    assert_eq!(program.deliveries(), before);
    assert_eq!(fs::metadata(&segment).unwrap().len(), length);
    let aside = segment.with_extension(format!("wcj.torn-{length}"));
    assert_eq!(fs::read(aside).unwrap(), torn);
    assert_eq!(program.post(&sale("four", "four")).status, 200);
    program.stop();
    program.verify();
}

#[test]
fn a_journal_that_has_lost_its_end_is_not_started_over_until_somebody_accepts_it() {
    let (mut program, _platform) = delivered();
    let segment = segment(&program);
    let sound = fs::read(&segment).unwrap();
    let mut flipped = sound.clone();
    let last = flipped.len() - 2;
    flipped[last] ^= 1;
    fs::write(&segment, &flipped).unwrap();
    let reason = program.refused(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(reason.contains("is damaged at byte"), "{reason}");
    assert_eq!(fs::read(&segment).unwrap(), flipped, "nothing was cut");
    fs::remove_file(&segment).unwrap();
    let reason = program.refused(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(reason.contains("records are lost") && reason.contains("willcall rebuild"), "{reason}");
    fs::write(&segment, &sound).unwrap();
    program.start();
    assert_eq!(program.deliveries().len(), 3);
}

#[test]
fn damage_in_the_middle_of_the_journal_is_named_and_nothing_is_started_over_it() {
    let (mut program, _platform) = delivered();
    let segment = segment(&program);
    let sound = fs::read(&segment).unwrap();
    // In the body of the first record; its frame begins behind the header's line.
    let header = sound.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let mut damaged = sound.clone();
    let at = sound.windows(6).position(|bytes| bytes == b"carlos").unwrap();
    damaged[at] ^= 1;
    fs::write(&segment, &damaged).unwrap();

    let named = format!("{} is damaged at byte {header}: the checksum does not fit", segment.display());
    for verb in [&["serve", "--listen", "127.0.0.1:0"][..], &["verify"], &["rebuild"], &["deliveries", "list"]] {
        let reason = program.refused(verb);
        assert!(reason.contains(&named) && reason.contains("put a sound copy"), "{verb:?}: {reason}");
    }
    assert_eq!(fs::read(&segment).unwrap(), damaged, "nothing was touched");

    fs::write(&segment, &sound).unwrap();
    program.start();
    assert_eq!(program.deliveries().len(), 3);
}

#[test]
fn a_damaged_store_is_moved_aside_and_made_anew() {
    let (mut program, platform) = delivered();
    let before = program.deliveries();
    for name in ["garbage", "holes", "half"] {
        let database = program.data().join("store/db");
        let sound = fs::read(&database).unwrap();
        let damaged = match name {
            "garbage" => b"no database at all".repeat(1000),
            "holes" => sound.iter().enumerate().map(|(at, one)| if at % 512 < 64 { !one } else { *one }).collect(),
            _ => sound[..sound.len() / 2].to_vec(),
        };
        fs::write(&database, damaged).unwrap();
        program.start();
        assert_eq!(program.deliveries(), before, "{name}");
        assert_eq!(platform.calls().len(), 3, "{name}: nothing is sent a second time");
        if name == "garbage" {
            program.wait_for_log("and was made anew from the journal");
        }
        program.stop();
        program.verify();
    }
    assert!(!aside(&program).is_empty(), "the damaged one is kept");
}

/// Sales with ids so long that a small cache cannot hold them all.
fn long_sale(number: usize) -> String {
    sale(&format!("{number}-{}", "t".repeat(3500)), &number.to_string())
}

#[test]
fn a_store_that_is_damaged_while_it_is_in_use_is_made_anew_without_a_restart() {
    let mut program = Program::serve_in(&[("WILLCALL_STORE_CACHE", "1MiB")], &[]);
    let mut kept = 0;
    for number in 0..400 {
        assert_eq!(program.post(&long_sale(number)).status, 200);
        kept += 1;
    }
    let before = program.deliveries();
    program.stop();
    program.start();
    let pid = program.pid();
    let database = program.data().join("store/db");
    let turned: Vec<u8> = fs::read(&database).unwrap().iter().map(|byte| !byte).collect();
    OpenOptions::new().write(true).open(&database).unwrap().write_all(&turned).unwrap();

    // Menta goes on; what it sends is kept, or it is told to come again.
    let mut again = Vec::new();
    for number in 0..400 {
        for body in [long_sale(number), long_sale(1000 + number)] {
            let answer = program.post(&body);
            match answer.status {
                200 => kept += 1,
                _ => {
                    assert_eq!((answer.status, &answer.json()["error"]["code"]), (503, &"unwell".into()));
                    assert!(answer.headers.get("retry-after").is_some());
                    again.push(body);
                }
            }
        }
    }
    assert!(!again.is_empty(), "nothing read what was damaged");
    program.wait_for_log("and was made anew from the journal");
    for body in again {
        kept += 1;
        program.wait_until(|program| match program.post(&body) {
            answer if answer.status == 200 => Ok(()),
            answer => Err(answer.json().to_string()),
        });
    }
    assert_eq!(program.get("/readyz").status, 200);
    assert_eq!(program.objects(&["events", "list", "--limit", "100000"]).len(), kept);
    let after = program.deliveries();
    assert_eq!(after[after.len() - before.len()..], before);
    assert_eq!(aside(&program).len(), 1);
    assert_eq!(program.pid(), pid);
    program.stop();
    program.verify();
}

/// A pipe in the place of a file that sled reads first: opening the store waits until somebody writes to it.
fn hold(program: &Program) -> PathBuf {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let pipe = program.data().join("store/conf");
    fs::rename(&pipe, pipe.with_extension("sound")).unwrap();
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    pipe
}

fn release(pipe: PathBuf) {
    let waiting = pipe.with_extension("pipe");
    fs::rename(&pipe, &waiting).unwrap();
    fs::rename(pipe.with_extension("sound"), &pipe).unwrap();
    drop(OpenOptions::new().write(true).open(&waiting).unwrap());
}

#[test]
fn while_the_ledger_is_being_opened_whoever_comes_is_told_so() {
    let (mut program, platform) = delivered();
    let before = program.deliveries();
    let pipe = hold(&program);
    program.start_opening();
    let answer = program.post(&sale("four", "four"));
    assert_eq!((answer.status, answer.headers.get("retry-after")), (503, Some("5")));
    let said = "events cannot be kept now: the ledger is being opened; send it again later";
    assert_eq!(answer.json()["error"]["message"], said);
    let ready = program.get("/readyz");
    assert_eq!((ready.status, &ready.json()["error"]["message"]), (503, &said.into()));
    assert_eq!(program.get("/healthz").status, 200);
    for verb in [&["deliveries", "list"][..], &["deliveries", "retry", "d-1"], &["ticket", "one"]] {
        let reason = program.refused(verb);
        assert!(reason.contains("the ledger is being opened; events are not taken yet"), "{verb:?}: {reason}");
    }
    let reason = program.refused(&["verify"]);
    assert!(reason.contains("is in use by process"), "{reason}");

    release(pipe);
    program.wait_for_log("listening on ");
    assert_eq!(program.deliveries(), before);
    assert_eq!(program.post(&sale("four", "four")).status, 200);
    platform.wait_for_calls(4);
    program.stop();
    program.verify();
}

#[test]
fn asked_to_stop_while_the_ledger_is_being_opened_it_stops() {
    let (mut program, _platform) = delivered();
    let pipe = hold(&program);
    program.start_opening();
    assert_eq!(program.stop().code(), Some(0));
    fs::remove_file(pipe).unwrap();
    program.start();
    assert_eq!(program.deliveries().len(), 3);
}

#[test]
fn the_dashboard_shows_that_the_ledger_is_being_opened() {
    let (program, _platform) = delivered();
    let pipe = hold(&program);
    let mut willcall = terminal::command(WILLCALL);
    willcall.args(["--listen", "127.0.0.1:0", "--data-dir"]);
    willcall.arg(program.data());
    let terminal = Terminal::start(willcall, 120, 36);
    terminal.wait_for("UNWELL: the ledger is being opened");
    release(pipe);
    terminal.wait_for("stored 3");
    terminal.wait_until_gone("UNWELL");
    terminal.signal(Signal::TERM);
    assert!(terminal.wait_for_exit().success());
}

/// The damaged stores that were moved aside.
fn aside(program: &Program) -> Vec<String> {
    let names = fs::read_dir(program.data()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with("store.damaged-")).collect()
}

/// The largest file the program may write stands in for a disk that is full: it can be set while the program runs.
#[cfg(target_os = "linux")]
fn limit_files(program: &Program, bytes: Option<u64>) {
    use rustix::process::{Resource, Rlimit, prlimit};
    let before = prlimit(Some(program.pid()), Resource::Fsize, Rlimit { current: bytes, maximum: None }).unwrap();
    assert_eq!(before.maximum, None, "this test needs files of any size to be allowed");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_answered_503_and_heals_without_a_restart() {
    let mut program = Program::serve(&[]);
    // Less than what the journal wants to see free before it calls itself well again.
    limit_files(&program, Some(1 << 20));
    let body = |number: usize| {
        let filler = "x".repeat(200_000);
        format!(r#"{{"family":"ticket","action":"ticket.other","data":{{"id":"{number}","filler":"{filler}"}}}}"#)
    };
    let mut kept = Vec::new();
    let full = loop {
        let answer = program.post(&body(kept.len()));
        if answer.status != 200 {
            break answer;
        }
        kept.push(answer.json()["seq"].as_u64().unwrap());
        assert!(kept.len() < 10, "2 MB went into files of 1 MiB at most");
    };
    assert!(kept.len() >= 3, "{kept:?}");
    assert_eq!((full.status, full.headers.get("retry-after")), (503, Some("30")));
    assert_eq!(full.json()["error"]["code"], "unwell");
    // It stays so, however little is to be kept.
    assert_eq!(program.post(&sale("t", "r")).status, 503);
    assert_eq!((program.get("/readyz").status, program.get("/healthz").status), (503, 200));
    let reason = program.refused(&["deliveries", "cancel", "d-1", "--reason", "x"]);
    assert!(reason.contains("events cannot be kept now"), "{reason}");
    assert_eq!(program.objects(&["events", "list"]).len(), kept.len(), "what is kept can be read");

    limit_files(&program, None);
    program.wait_until(|program| match program.get("/readyz").status {
        200 => Ok(()),
        other => Err(other.to_string()),
    });
    let seq = program.post(&sale("t", "r")).json()["seq"].as_u64().unwrap();
    kept.push(seq);
    let events = program.objects(&["events", "list"]);
    let seqs: Vec<u64> = events.iter().rev().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, kept);
    program.stop();
    program.verify();
}

/// The store's file is the first that may not grow: the journal's are short.
#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_for_the_store_is_told_to_whoever_posts_and_reads_and_heals_without_a_restart() {
    let environment = [("WILLCALL_SEGMENT_SIZE", "100000"), ("WILLCALL_STORE_CACHE", "1MiB")];
    let mut program = Program::serve_in(&environment, &[]);
    limit_files(&program, Some(800 << 10));
    let mut kept = 0;
    let said = "events cannot be kept now: the disk is full; send it again later";
    // The journal has room: an event may be answered before it is known that the store has none. And a store that is opened
    // again finds room of its own once or twice.
    let mut refused = 0;
    let full = loop {
        let answer = program.post(&long_sale(kept));
        match answer.status {
            200 => kept += 1,
            _ if program.get("/readyz").json()["error"]["message"] == said => break answer,
            _ => refused += 1,
        }
        assert!(kept < 5000 && refused < 1000, "{kept} kept, {refused} refused: the store's file does not grow");
    };
    assert_eq!((full.status, full.headers.get("retry-after")), (503, Some("30")));
    assert_eq!(full.json()["error"]["message"], said);
    // sled may have to write before it can read on: then whoever reads is told the same.
    let read = program.run(&["events", "list", "--limit", "100000", "--format", "json"]);
    match read.status.success() {
        true => {
            let readable = String::from_utf8(read.stdout).unwrap().lines().count();
            assert!(readable > 0 && readable <= kept, "{readable} of {kept}");
        }
        false => {
            let reason = String::from_utf8(read.stderr).unwrap();
            assert!(reason.contains("the disk is full: make room, and it goes on by itself"), "{reason}");
        }
    }

    limit_files(&program, None);
    program.wait_until(|program| match program.get("/readyz").status {
        200 => Ok(()),
        other => Err(other.to_string()),
    });
    assert_eq!(program.post(&long_sale(kept)).json()["seq"], kept as u64 + 1);
    assert_eq!(program.objects(&["events", "list", "--limit", "100000"]).len(), kept + 1);
    assert_eq!(aside(&program), [""; 0], "a full disk is no damage");
    program.stop();
    program.verify();
}
