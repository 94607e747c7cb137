//! One run, and every disk call of it failing in every way: alone, or with all that come after it.

use super::platter::{Fault, FaultyDisk, Plan};
use super::*;

const FOLDER: &str = "/data/journal";

/// Two batches fill a segment, so that one in three begins a new one.
const OPTIONS: Options = Options { segment_bytes: 850, trial_bytes: 600 };

fn open_on(disk: &FaultyDisk, known: Seq) -> Result<(Journal, Vec<Warning>), JournalError> {
    Journal::open_on(Arc::new(disk.clone()), Path::new(FOLDER), OPTIONS, known)
}

fn shelf_on(disk: &FaultyDisk) -> shelf::Shelf {
    shelf::Shelf::new(Arc::new(disk.clone()), Path::new(FOLDER))
}

/// Seven batches of two records; ends with the first that fails. What was acknowledged, and the journal if it could be opened.
fn run(disk: &FaultyDisk) -> (u64, Option<Journal>) {
    let Ok((mut journal, _)) = open_on(disk, Seq(0)) else { return (0, None) };
    for batch in 0..7 {
        if journal.append(&records(2 * batch + 1..=2 * batch + 2)).is_err() {
            break;
        }
    }
    (journal.last().0, Some(journal))
}

/// How many disk calls a run makes when nothing fails.
fn calls() -> u64 {
    let disk = FaultyDisk::new(0, 512);
    assert_eq!(run(&disk).0, 14);
    let calls = disk.calls();
    assert_eq!(shelf_on(&disk).firsts().unwrap().len(), 4, "new segments belong to it");
    calls
}

/// A run with a fault at each of its calls, on a few disks each.
fn each_call(plan: impl Fn(u64) -> Plan, mut test: impl FnMut(&FaultyDisk, &str)) {
    for call in 1..=calls() {
        for seed in 0..6 {
            let disk = FaultyDisk::new(seed, if seed % 2 == 0 { 64 } else { 512 });
            disk.plan(plan(call));
            test(&disk, &format!("{:?}, seed {seed}", plan(call)));
        }
    }
}

#[test]
fn a_batch_is_one_write_and_one_sync() {
    let disk = FaultyDisk::new(0, 512);
    let (mut journal, _) = open_on(&disk, Seq(0)).unwrap();
    journal.append(&records(1..=1)).unwrap();
    disk.plan(Plan::Never);
    journal.append(&records(2..=4)).unwrap();
    assert_eq!(disk.calls(), 2);
}

#[test]
fn whichever_call_fails_the_journal_refuses_and_heals_without_a_restart() {
    for fault in [Fault::Io, Fault::NoRoom, Fault::Short] {
        each_call(
            |call| Plan::Once(call, fault),
            |disk, name| {
                let (last, journal) = run(disk);
                heals(disk, last, journal, name);
            },
        );
        if fault == Fault::Short {
            continue;
        }
        each_call(
            |call| Plan::From(call, fault),
            |disk, name| {
                let (last, mut journal) = run(disk);
                if let Some(journal) = &mut journal {
                    refuses(journal, last, name);
                }
                heals(disk, last, journal, name);
            },
        );
    }
}

/// While the disk is bad.
fn refuses(journal: &mut Journal, last: u64, name: &str) {
    if last == 14 {
        return;
    }
    for _ in 0..2 {
        assert!(journal.unwell(), "{name}");
        assert!(journal.ready().is_err(), "{name}: called well");
        assert!(journal.append(&records(last + 1..=last + 1)).is_err(), "{name}: acknowledged on a bad disk");
        assert_eq!(journal.last(), Seq(last), "{name}");
    }
}

/// When the disk is sound again.
fn heals(disk: &FaultyDisk, last: u64, journal: Option<Journal>, name: &str) {
    disk.plan(Plan::Never);
    let mut journal = journal.unwrap_or_else(|| open_on(disk, Seq(0)).unwrap().0);
    journal.ready().unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(!journal.unwell() && all(&journal) == records(1..=last), "{name}");
    let other = vec![record(last + 1, b"another"), record(last + 2, b"and one more")];
    journal.append(&other).unwrap_or_else(|error| panic!("{name}: {error}"));
    let kept: Vec<Record> = records(1..=last).into_iter().chain(other).collect();
    assert!(all(&journal) == kept, "{name}");
    assert_only_these(disk, &journal, name);
    drop(journal);
    disk.forget();
    disk.cut_power();
    disk.start();
    let (journal, _) = open_on(disk, Seq(last + 2)).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(all(&journal) == kept, "{name}");
}

/// The files are the acknowledged frames and the headers: what a failed batch has left was cut off.
fn assert_only_these(disk: &FaultyDisk, journal: &Journal, name: &str) {
    let shelf = shelf_on(disk);
    let mut end = std::collections::BTreeMap::new();
    for item in journal.reader().scan(Seq(1)) {
        let location = item.unwrap().1;
        end.insert(location.segment, location.offset + u64::from(location.length));
    }
    for first in shelf.firsts().unwrap() {
        let length = disk.shown(&shelf.path(first)).len() as u64;
        assert_eq!(Some(&length), end.get(&first), "{name}: segment {first}");
    }
}

#[test]
fn whichever_call_the_process_dies_in_an_opening_gives_back_what_is_really_there() {
    for (fault, lost) in [(Fault::Kill, false), (Fault::Kill, true), (Fault::PowerCut, false), (Fault::PowerCut, true)]
    {
        each_call(
            |call| Plan::Once(call, fault),
            |disk, name| {
                let last = run(disk).0;
                survives(disk, last, lost, name);
            },
        );
    }
}

/// The page cache shows what the platter does not have, and no later `fdatasync` will change that.
#[test]
fn whichever_call_fails_a_process_killed_before_it_could_heal_leaves_nothing_to_be_believed() {
    for (fault, lost) in [(Fault::Io, false), (Fault::Io, true), (Fault::NoRoom, false), (Fault::NoRoom, true)] {
        each_call(
            |call| Plan::Once(call, fault),
            |disk, name| {
                let last = run(disk).0;
                disk.kill();
                survives(disk, last, lost, name);
            },
        );
    }
}

/// All that was acknowledged is there, and what else the first opening gives back stays as well. `lost`: the store has gone,
/// and nobody knows how far the journal had come.
fn survives(disk: &FaultyDisk, last: u64, lost: bool, name: &str) {
    let open = |known: u64| {
        disk.start();
        open_on(disk, Seq(if lost { 0 } else { known })).unwrap_or_else(|error| panic!("{name}: {error}")).0
    };
    let mut journal = open(last);
    let there = journal.last().0;
    assert!((last..=last + 2).contains(&there), "{name}: {there} of {last}");
    assert!(all(&journal) == records(1..=there), "{name}");
    disk.cut_power();
    journal = open(there);
    assert!(all(&journal) == records(1..=there), "{name}: what an opening gave back is gone");
    journal.append(&records(there + 1..=there + 2)).unwrap();
    disk.cut_power();
    assert!(all(&open(there + 2)) == records(1..=there + 2), "{name}");
}

/// A first `fdatasync` that fails, a second that would succeed.
#[test]
fn a_second_sync_is_not_believed() {
    for seed in 0..50 {
        let disk = FaultyDisk::new(seed, 64);
        let (mut journal, _) = open_on(&disk, Seq(0)).unwrap();
        journal.append(&records(1..=2)).unwrap();
        disk.plan(Plan::Once(2, Fault::Io));
        assert!(journal.append(&records(3..=4)).is_err() && journal.unwell());
        disk.plan(Plan::Never);
        let place = journal.append(&records(3..=4)).unwrap()[0];
        assert_eq!(place.segment, Seq(3), "what is left of the first attempt has the salt of the segment before");
        disk.forget();
        assert!(all(&journal) == records(1..=4), "seed {seed}");
        disk.cut_power();
        disk.start();
        assert!(all(&open_on(&disk, Seq(4)).unwrap().0) == records(1..=4), "seed {seed}");
    }
}

#[test]
fn after_a_failure_nothing_is_acknowledged_before_what_was_is_proved() {
    let disk = FaultyDisk::new(0, 512);
    let (mut journal, _) = open_on(&disk, Seq(0)).unwrap();
    let place = journal.append(&records(1..=2)).unwrap()[1];
    disk.plan(Plan::Once(1, Fault::Io));
    journal.append(&records(3..=4)).unwrap_err();
    let path = shelf_on(&disk).path(place.segment);
    disk.flip(&path, place.offset as usize + 100);
    for _ in 0..2 {
        for error in [journal.ready().unwrap_err(), journal.append(&records(3..=4)).unwrap_err()] {
            assert!(matches!(error, JournalError::Damaged { offset, .. } if offset == place.offset), "{error}");
        }
        assert!(journal.unwell() && journal.last() == Seq(2));
    }
    disk.flip(&path, place.offset as usize + 100);
    journal.append(&records(3..=4)).unwrap();
    assert!(all(&journal) == records(1..=4));
}

#[test]
fn a_full_disk_is_not_called_well_before_it_has_room_for_a_long_body() {
    let disk = FaultyDisk::new(0, 512);
    let (mut journal, _) = open_on(&disk, Seq(0)).unwrap();
    journal.append(&records(1..=2)).unwrap();
    let kept = disk.used();
    disk.limit(kept + 700);
    let long = vec![record(3, &[b'x'; 2000])];
    assert!(journal.append(&long).is_err());
    let enough = segment::HEADER + OPTIONS.trial_bytes;
    for room in [0, 10, segment::HEADER, OPTIONS.trial_bytes, enough - 1] {
        disk.limit(kept + room);
        assert!(journal.ready().is_err() && journal.unwell(), "{room}");
        assert!(all(&journal) == records(1..=2));
    }
    disk.limit(kept + enough);
    journal.ready().unwrap();
    assert!(!journal.unwell());
    disk.limit(usize::MAX);
    journal.append(&long).unwrap();
    let kept: Vec<Record> = records(1..=2).into_iter().chain(long).collect();
    assert!(all(&journal) == kept);
    assert_only_these(&disk, &journal, "after a full disk");
}

/// Half of a batch had found room; the batch after it needs that room.
#[test]
fn what_a_failed_batch_took_of_a_full_disk_is_given_back() {
    let disk = FaultyDisk::new(0, 512);
    let (mut journal, _) = open_on(&disk, Seq(0)).unwrap();
    journal.append(&records(1..=2)).unwrap();
    disk.limit(disk.used() + 1200);
    assert!(journal.append(&[record(3, &[b'x'; 5000])]).is_err());
    journal.append(&records(3..=3)).unwrap();
    assert!(all(&journal) == records(1..=3));
}
