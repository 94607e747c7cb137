//! Torn, damaged and full disks: what was acknowledged stays, or the damage is named.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;

use crate::each;
use crate::support::platform::Platform;
use crate::support::program::Program;
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
    let aside = fs::read_dir(program.data()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let aside: Vec<String> = aside.filter(|name| name.starts_with("store") && name != "store").collect();
    assert!(!aside.is_empty(), "the damaged one is kept");
}

/// The largest file the program may write stands in for a disk that is full: it can be set while the program runs.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_answered_503_and_heals_without_a_restart() {
    use rustix::process::{Resource, Rlimit, prlimit};

    let mut program = Program::serve(&[]);
    let limit = |bytes: Option<u64>| {
        let before = prlimit(Some(program.pid()), Resource::Fsize, Rlimit { current: bytes, maximum: None }).unwrap();
        assert_eq!(before.maximum, None, "this test needs files of any size to be allowed");
    };
    // Less than what the journal wants to see free before it calls itself well again.
    limit(Some(1 << 20));
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

    limit(None);
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
