//! What is old and settled is dropped, its room comes back, and what is open stays with all that its ticket needs. What is old
//! and stays is blanked and compressed, and nobody who reads the rest notices.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::support::platform::{Platform, Reply};
use crate::support::program::{Program, WILLCALL};
use crate::support::terminal::{self, Terminal};
use crate::support::webhooks::{reversal, sale, ticket_updated};

const SALES: usize = 600;

/// Sales of January, delivered but for the first, in segments of a few dozen records each.
fn january() -> (Program, Platform) {
    let platform = Platform::forgetful(|call, _| match call.body["ticket"].as_str() {
        Some("stuck" | "by hand") => Reply::status(422),
        _ => Reply::status(200),
    });
    let mut program = Program::at_rest(&[
        ("WILLCALL_DELIVER_TO", &platform.url()),
        ("WILLCALL_SEGMENT_SIZE", "64KiB"),
        ("WILLCALL_RETENTION_EVERY", "300ms"),
        ("WILLCALL_CLOCK", "2026-01-05T12:00:00Z"),
    ]);
    program.start();
    program.post(&sale("stuck", "stuck"));
    for number in 0..SALES {
        let ticket = format!("ticket-{number}");
        assert_eq!(program.post(&sale(&ticket, &ticket)).status, 200);
    }
    program.wait_until(|program| {
        match program.objects(&["deliveries", "list", "--state", "delivered", "--limit", "1000"]).len() {
            SALES => Ok(()),
            fewer => Err(format!("{fewer} are delivered")),
        }
    });
    program.stop();
    program.set("WILLCALL_CLOCK", "2026-03-05T12:00:00Z");
    (program, platform)
}

/// Bytes of all files in a folder.
fn bytes_in(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let bytes = entries.map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => bytes_in(&entry.path()),
        Ok(metadata) => metadata.len(),
        // It has just gone.
        Err(_) => 0,
    });
    bytes.sum()
}

/// The stores in the data folder.
fn stores(program: &Program) -> Vec<String> {
    let names = fs::read_dir(program.data()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with("store")).collect()
}

fn the_dashboard_says_what_is_in_the_way(data: &Path) {
    let mut willcall = terminal::command(WILLCALL);
    willcall.cwd(data);
    willcall.args([OsStr::new("--listen"), OsStr::new("127.0.0.1:0"), OsStr::new("--data-dir"), data.as_os_str()]);
    for (name, value) in [("RETENTION_EVERY", "300ms"), ("RETENTION_DAYS", "30"), ("CLOCK", "2026-03-05T12:00:00Z")] {
        willcall.env(format!("WILLCALL_{name}"), value);
    }
    let mut terminal = Terminal::start(willcall, 160, 36);
    terminal
        .wait_for("RETENTION HELD UP: records from 1 on are older than they need be and are kept, because d-1 is open");
    terminal.send("q");
    assert!(terminal.wait_for_exit().success());
}

#[test]
#[allow(clippy::print_stdout)] // the figures
fn what_is_old_and_settled_goes_with_its_room_and_what_is_open_keeps_it() {
    let (mut program, _platform) = january();
    let (full, records) = (bytes_in(&program.data()), program.records().len());
    program.set("WILLCALL_RETENTION_DAYS", "30");
    the_dashboard_says_what_is_in_the_way(&program.data());
    program.start();
    program.wait_for_log("because d-1 is open");
    assert_eq!(program.records().len(), records, "an open delivery has lost its records");

    // Spoken of later: a sale that is taken back now must be known.
    let back = format!("d-{}", program.post(&reversal("ticket-7", "ticket-7")).json()["seq"]);
    program.wait_for_state(&back, "delivered");
    program.printed(&["deliveries", "cancel", "d-1", "--reason", "nobody comes"]);
    program.wait_for_log("were dropped in");
    let left = program.records();
    assert!(left.len() < records / 10, "{} of {records}", left.len());
    let room = bytes_in(&program.data());
    println!("{records} records in {full} bytes, {} in {room}", left.len());
    assert!(room < full / 2, "{room} of {full} bytes");
    assert_eq!(stores(&program).len(), 1);

    let reason = program.refused(&["events", "get", "5"]);
    assert!(reason.contains("record 5 was dropped by retention"), "{reason}");
    let kept = program.objects(&["ticket", "ticket-7"]).remove(0);
    assert_eq!((kept["deliveries"].as_array().unwrap().len(), &kept["dropped"]), (2, &true.into()));
    assert_eq!(program.delivery("d-1")["state"], "cancelled");
    // A repetition of what was dropped is still known for one, where its ticket was spoken of.
    assert_eq!(program.post(&reversal("ticket-7", "ticket-7")).json()["status"], "duplicate");
    assert_eq!(program.post(&sale("new", "new")).status, 200);
    program.kill();
    program.verify();
    program.start();
    assert_eq!(program.objects(&["ticket", "ticket-7"]).remove(0)["deliveries"], kept["deliveries"]);
    program.stop();
    program.printed(&["rebuild"]);
    program.verify();
}

#[test]
fn killed_at_any_time_while_it_drops_it_goes_on_from_there() {
    let (mut program, _platform) = january();
    program.start();
    program.printed(&["deliveries", "cancel", "d-1", "--reason", "nobody comes"]);
    program.stop();
    let records = program.records();
    program.set("WILLCALL_RETENTION_DAYS", "30");
    program.set("WILLCALL_RETENTION_EVERY", "1ms");
    let mut kills = 0;
    for pause in (0..10).map(|time| Duration::from_millis(50 << time)) {
        program.start();
        std::thread::sleep(pause);
        let done = program.log().contains("were dropped in");
        program.kill();
        kills += 1;
        program.verify();
        let left = program.records();
        assert_eq!(left, records[records.len() - left.len()..], "something else than old records is gone");
        if done {
            assert!(left.len() < records.len() / 10);
            break;
        }
        assert!(pause < Duration::from_secs(20), "it is never done");
    }
    assert!(kills > 2, "it was never killed before it was done");
    program.start();
    assert_eq!(stores(&program).len(), 1);
    assert_eq!(program.delivery("d-1")["state"], "cancelled");
}

#[test]
fn what_is_younger_than_a_week_stays_however_many_bytes_it_has() {
    let (mut program, _platform) = january();
    program.set("WILLCALL_RETENTION_MAX_BYTES", "1MiB");
    program.set("WILLCALL_CLOCK", "2026-01-11T12:00:00Z");
    program.start();
    program.printed(&["deliveries", "cancel", "d-1", "--reason", "nobody comes"]);
    let records = program.records().len();
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(program.records().len(), records);
    program.stop();
    program.set("WILLCALL_CLOCK", "2026-01-13T12:00:00Z");
    program.start();
    program.wait_for_log("were dropped in");
    program.stop();
    program.verify();
    program.set("WILLCALL_RETENTION_DAYS", "3");
    let reason = program.refused(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(reason.contains("`retention.days` is 3: set it to a number from 7"), "{reason}");
}

/// The compressed journal files, and all of them.
fn compressed(program: &Program) -> (usize, usize) {
    let names = fs::read_dir(program.data().join("journal")).unwrap().map(|entry| entry.unwrap().file_name());
    let names: Vec<String> =
        names.map(|name| name.into_string().unwrap()).filter(|name| name.contains(".wcj")).collect();
    (names.iter().filter(|name| name.ends_with(".zst")).count(), names.len())
}

#[test]
#[allow(clippy::print_stdout)] // the figures
fn what_is_old_and_stays_is_compressed_and_read_as_before() {
    let (mut program, _platform) = january();
    let journal = program.data().join("journal");
    let (records, full) = (program.records(), bytes_in(&journal));
    let found = |program: &Program| program.objects(&["events", "list", "--filter", "ticket-7"]);
    program.set("WILLCALL_RETENTION_COMPRESS_AFTER_DAYS", "60");
    program.start();
    let wanted = found(&program);
    assert!(!wanted.is_empty());
    program.post(&sale("spring", "spring"));
    assert_eq!(compressed(&program).0, 0, "it is younger");
    program.stop();
    program.set("WILLCALL_RETENTION_COMPRESS_AFTER_DAYS", "7");
    program.start();
    program.wait_for_log("journal files were compressed in");
    let (some, all) = compressed(&program);
    let room = bytes_in(&journal);
    println!("{} records in {full} bytes, compressed in {room}", records.len());
    assert!(some + 2 >= all && room < full / 2, "{some} of {all} files, {room} of {full} bytes");
    assert_eq!(program.records()[..records.len()], records);
    assert_eq!(found(&program), wanted);
    program.stop();
    program.verify();
    program.printed(&["rebuild"]);
    program.verify();
    assert_eq!(program.records()[..records.len()], records);

    program.set("WILLCALL_RETENTION_DAYS", "30");
    program.start();
    program.printed(&["deliveries", "cancel", "d-1", "--reason", "nobody comes"]);
    program.wait_for_log("were dropped in");
    assert!(program.records().len() < records.len() / 10);
    program.stop();
    program.verify();
}

#[test]
fn killed_at_any_time_while_it_compresses_every_record_stays() {
    let (mut program, _platform) = january();
    let records = program.records();
    program.set("WILLCALL_RETENTION_EVERY", "1ms");
    for round in 1..=6 {
        program.start();
        let before = compressed(&program).0;
        program.wait_until(|program| match compressed(program).0 {
            some if some > before || program.log().contains("were compressed in") => Ok(()),
            some => Err(format!("{some} files are compressed")),
        });
        std::thread::sleep(Duration::from_millis(round));
        program.kill();
        program.verify();
        assert_eq!(program.records(), records, "round {round}");
    }
    program.start();
    program.wait_until(|program| match compressed(program) {
        (some, all) if some + 1 == all => Ok(()),
        (some, all) => Err(format!("{some} of {all} are compressed")),
    });
    program.stop();
    program.verify();
    assert_eq!(program.records(), records);
}

const OLD: [&str; 4] = ["ana@example.com", "carlos@example.com", "olga@example.com", "Carlos Lopez"];

/// Names that stand in some file of the data folder as it is, journal files uncompressed.
fn named_in_files(folder: &Path, names: &[&'static str]) -> Vec<&'static str> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if entry.metadata().unwrap().is_dir() {
            found.extend(named_in_files(&path, names));
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let bytes =
            if path.extension() == Some(OsStr::new("zst")) { zstd::decode_all(&bytes[..]).unwrap() } else { bytes };
        let stands = |name: &&&str| bytes.windows(name.len()).any(|window| window == name.as_bytes());
        found.extend(names.iter().filter(stands));
    }
    found
}

/// One delivered by hand in January.
fn by_hand(program: &mut Program) -> String {
    program.set("WILLCALL_CLOCK", "2026-01-05T13:00:00Z");
    program.start();
    let sold = ticket_updated("by hand", "by hand", ("olga@example.com", "omar@example.com"), false);
    let id = format!("d-{}", program.post(&sold).json()["seq"]);
    program.wait_for_state(&id, "failed");
    program.printed(&["deliveries", "mark-delivered", &id, "--reason", "olga@example.com came"]);
    program.stop();
    program.set("WILLCALL_CLOCK", "2026-03-05T12:00:00Z");
    id
}

#[test]
fn what_names_people_in_old_records_goes_and_they_are_known_again() {
    let (mut program, _platform) = january();
    let by_hand = by_hand(&mut program);
    let before = program.records();
    program.set("WILLCALL_RETENTION_PERSONAL_DATA_DAYS", "30");
    program.start();
    program.post(&ticket_updated("spring", "spring", ("luis@example.com", "eva@example.com"), false));
    program.wait_for_log("was blanked in");
    let after = program.records();
    let text = |record: &serde_json::Value| record.to_string();
    for (before, after) in before.iter().zip(&after) {
        // The one that failed is open.
        let is_open = text(before).contains("\"stuck\"");
        assert_eq!(text(before) == text(after), is_open || !text(before).contains("@"), "{after}");
        let names = OLD.iter().filter(|name| text(after).contains(**name));
        assert!(is_open || names.count() == 0, "{after}");
    }
    assert!(text(after.last().unwrap()).contains("luis@example.com"), "it is younger");
    assert_eq!(stores(&program).len(), 1);
    let blanked = program.delivery(&by_hand);
    assert_eq!((&blanked["from"], &blanked["to"]), (&serde_json::Value::Null, &serde_json::Value::Null));
    assert!(program.printed(&["deliveries", "list", "--limit", "1000"]).contains("blanked"));
    assert!(program.printed(&["events", "get", &by_hand[2..]]).contains("blanked: older than"));
    assert_eq!(program.delivery("d-1")["to"], "carlos@example.com", "it is open");
    let refused = program.refused(&["deliveries", "undo", &by_hand]);
    assert!(refused.contains("were blanked"), "{refused}");

    // What comes later is decided as if nothing had been blanked, as far as it names the people.
    assert_eq!(program.post(&sale("ticket-9", "ticket-9")).json()["status"], "duplicate");
    let back = format!("d-{}", program.post(&reversal("ticket-7", "ticket-7")).json()["seq"]);
    program.wait_for_state(&back, "delivered");
    let back = program.delivery(&back);
    assert_eq!((&back["from"], &back["to"]), (&"carlos@example.com".into(), &"ana@example.com".into()));
    let again = ticket_updated("ticket-8", "again", ("carlos@example.com", "eva@example.com"), false);
    let again = format!("d-{}", program.post(&again).json()["seq"]);
    program.wait_for_state(&again, "delivered");
    let nobody = reversal("ticket-9", "ticket-9").replace("ana@example.com", "").replace("carlos@example.com", "");
    let nobody = format!("d-{}", program.post(&nobody).json()["seq"]);
    program.wait_for_state(&nobody, "held");
    let reason = program.delivery(&nobody)["reason"].to_string();
    let refused = program.refused(&["deliveries", "retry", &nobody]);
    assert!(reason.contains("blanked") || refused.contains("blanked"), "{reason} {refused}");
    program.kill();
    program.verify();

    // Once nothing is open any more the rest goes, from the files as well.
    program.start();
    for id in ["d-1", &nobody] {
        program.printed(&["deliveries", "cancel", id, "--reason", "nobody comes"]);
    }
    program.stop();
    program.set("WILLCALL_CLOCK", "2026-05-05T12:00:00Z");
    let aside =
        ["store.damaged-20260101T000000", "store.damaged-20260504T000000"].map(|name| program.data().join(name));
    aside.iter().for_each(|path| fs::create_dir(path).unwrap());
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
    fs::File::open(&aside[0]).unwrap().set_modified(long_ago).unwrap();
    program.start();
    let summer = ticket_updated("summer", "summer", ("luis@example.com", "eva@example.com"), false);
    program.post(&summer.replace("Carlos Lopez", "Eva Lopez"));
    program.wait_for_log("was blanked in");
    program.stop();
    assert_eq!(aside.each_ref().map(|path| path.exists()), [false, true], "what was kept aside goes when it is as old");
    let found = named_in_files(&program.data(), &OLD);
    assert!(found.is_empty(), "{found:?}");
    assert!(!named_in_files(&program.data(), &["luis@example.com"]).is_empty(), "what there is would not be found");
    program.verify();
    program.printed(&["rebuild"]);
    program.verify();
}

#[test]
fn killed_at_any_time_while_it_blanks_all_is_as_it_was_or_all_blanked() {
    let (mut program, _platform) = january();
    program.set("WILLCALL_RETENTION_PERSONAL_DATA_DAYS", "30");
    program.set("WILLCALL_RETENTION_EVERY", "1ms");
    program.start();
    program.printed(&["deliveries", "cancel", "d-1", "--reason", "nobody comes"]);
    program.stop();
    let (mut kills, mut states) = (0, std::collections::BTreeSet::new());
    for pause in (0..11).map(|time| Duration::from_millis(25 << time)) {
        program.start();
        std::thread::sleep(pause);
        let done = program.log().contains("was blanked in");
        program.kill();
        kills += 1;
        program.verify();
        let records = program.records();
        let old: Vec<String> = records.iter().take(SALES).map(ToString::to_string).collect();
        let named = old.iter().filter(|record| record.contains("carlos@")).count();
        assert!(named == 0 || old.iter().all(|record| !record.contains("**")), "{named} of {} are named", old.len());
        states.insert(named > 0);
        if done {
            break;
        }
        assert!(pause < Duration::from_secs(20), "it is never done");
    }
    assert!(kills > 2 && states.contains(&false), "{kills} {states:?}");
    program.start();
    program.wait_until(|program| match named_in_files(&program.data().join("journal"), &["Carlos Lopez"]) {
        none if none.is_empty() => Ok(()),
        some => Err(format!("{some:?} can be read")),
    });
    assert_eq!(stores(&program).len(), 1);
}
