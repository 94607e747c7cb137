//! The journal's promises. `torn` tries every torn end; `platter` is a disk that fails: `faults` fails every single call of one
//! run, `histories` any call of thousands, `trimmed` every call of dropping segments, `compressed` of compressing them, `blanked`
//! of blanking what is in them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;

use super::segment::HEADER;
use super::*;
use crate::domain::Timestamp;
use crate::domain::record::{Fact, Head, Record, Rejected};

mod blanked;
mod compressed;
mod faults;
mod histories;
mod platter;
mod rolled;
mod torn;
mod trimmed;

fn record(seq: u64, body: &[u8]) -> Record {
    let rejected = Rejected {
        from: "127.0.0.1:9".into(),
        code: "not_json".into(),
        message: "line\nbreak".into(),
        content_type: None,
    };
    let head = Head { at: Timestamp::UNIX_EPOCH, fact: Fact::Rejected(rejected), deliveries: Vec::new() };
    Record { seq: Seq(seq), head, body: body.to_vec() }
}

fn records(numbers: std::ops::RangeInclusive<u64>) -> Vec<Record> {
    numbers.map(|seq| record(seq, format!("body {seq}\n").as_bytes())).collect()
}

/// In memory where there is such a place: these tests sync thousands of times.
fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

const SMALL: Options = Options { segment_bytes: 700, trial_bytes: 1 << 20 };

fn open(folder: &Path) -> (Journal, Vec<Warning>) {
    Journal::open(folder, SMALL, Seq(0)).unwrap()
}

fn all(journal: &Journal) -> Vec<Record> {
    journal.reader().scan(Seq(1)).map(|item| item.unwrap().0).collect()
}

/// The segment files, oldest first.
fn files(folder: &Path) -> Vec<PathBuf> {
    let shelf = shelf::Shelf::new(Arc::new(disk::RealDisk), folder);
    shelf.firsts().unwrap().into_iter().map(|first| shelf.path(first)).collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in files(from) {
        fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
    }
}

#[test]
fn bodies_come_back_byte_for_byte() {
    let temp = scratch();
    let bodies: [&[u8]; 6] =
        [b"", b"\n\n", b"\xff\x00\xfe", b"{\"a\":1}\n", &[b'x'; 256 << 10], b"wcr2 00000000000000000002 "];
    let batch: Vec<Record> = (1..).zip(bodies).map(|(seq, body)| record(seq, body)).collect();
    let (mut journal, _) = open(temp.path());
    let locations = journal.append(&batch).unwrap();
    let reader = journal.reader();
    for (location, record) in locations.iter().zip(&batch) {
        assert_eq!(&reader.read(*location).unwrap(), record);
    }
    drop(journal);
    let (journal, warnings) = open(temp.path());
    assert_eq!((all(&journal), warnings), (batch, vec![]));
}

#[test]
fn segments_roll_and_are_read_from_anywhere() {
    let temp = scratch();
    let (mut journal, _) = open(temp.path());
    for record in records(1..=20) {
        journal.append(&[record]).unwrap();
    }
    assert!(files(temp.path()).len() > 3);
    for from in 0..=21 {
        let seqs: Vec<u64> = journal.reader().scan(Seq(from)).map(|item| item.unwrap().0.seq.0).collect();
        assert_eq!(seqs, (from.max(1)..=20).collect::<Vec<_>>());
    }
}

#[test]
fn a_batch_that_does_not_follow_is_refused_and_harms_nothing() {
    let temp = scratch();
    let (mut journal, _) = open(temp.path());
    journal.append(&records(1..=2)).unwrap();
    for wrong in [vec![record(4, b"")], vec![record(2, b"")], vec![record(3, b""), record(5, b"")]] {
        assert!(matches!(journal.append(&wrong), Err(JournalError::OutOfOrder { .. })));
    }
    journal.append(&records(3..=3)).unwrap();
    assert_eq!(all(&journal), records(1..=3));
}

#[test]
fn a_segment_that_was_only_being_begun_is_none_to_who_reads_at_rest() {
    let temp = scratch();
    let (mut journal, _) = open(temp.path());
    for record in records(1..=5) {
        journal.append(&[record]).unwrap();
    }
    drop(journal);
    let sound = fs::read(files(temp.path()).last().unwrap()).unwrap();
    let begun = temp.path().join(segment::name(Seq(6)));
    for length in 0..=HEADER {
        // Another segment's header in full is no sound one here either.
        fs::write(&begun, &sound[..length]).unwrap();
        let reader = Reader::at_rest(temp.path()).unwrap();
        assert_eq!((reader.last(), reader.scan(Seq(1)).map(Result::unwrap).count()), (Seq(5), 5), "{length} bytes");
    }
    fs::write(&begun, &sound[..HEADER + 1]).unwrap();
    assert!(Reader::at_rest(temp.path()).is_err(), "more than a header was written");

    let alone = scratch();
    fs::write(alone.path().join(segment::name(Seq(1))), "willcall-jour").unwrap();
    assert_eq!(Reader::at_rest(alone.path()).unwrap().last(), Seq(0));
}

#[test]
fn damage_in_an_earlier_segment_is_named_when_it_is_read_and_its_loss_at_once() {
    let temp = scratch();
    let (mut journal, _) = open(temp.path());
    for record in records(1..=20) {
        journal.append(&[record]).unwrap();
    }
    drop(journal);
    let paths = files(temp.path());
    let sound = fs::read(&paths[1]).unwrap();

    let mut flipped = sound.clone();
    flipped[HEADER + 80] ^= 1;
    fs::write(&paths[1], flipped).unwrap();
    let (journal, _) = open(temp.path());
    let error = journal.reader().scan(Seq(1)).find_map(Result::err).unwrap();
    assert!(
        matches!(&error, JournalError::Damaged { path, offset, .. } if *path == paths[1] && *offset == HEADER as u64),
        "{error}"
    );

    fs::write(&paths[1], &sound[..sound.len() - 1]).unwrap();
    let error = Journal::open(temp.path(), SMALL, Seq(0)).unwrap_err();
    assert!(matches!(&error, JournalError::Damaged { path, .. } if *path == paths[1]), "{error}");

    for lost in 0..paths.len() - 1 {
        fs::write(&paths[1], &sound).unwrap();
        let bytes = fs::read(&paths[lost]).unwrap();
        fs::remove_file(&paths[lost]).unwrap();
        let error = Journal::open(temp.path(), SMALL, Seq(0)).unwrap_err();
        assert!(matches!(error, JournalError::Missing { .. }), "{error}");
        fs::write(&paths[lost], bytes).unwrap();
    }
}

#[test]
fn a_sender_cannot_forge_a_frame_inside_a_torn_body() {
    let temp = scratch();
    let (mut journal, _) = open(temp.path());
    let mut forged = Vec::new();
    frame::encode(&record(9, b"forged"), 0, 0, &mut forged).unwrap();
    forged.extend_from_slice(&[b'x'; 100]);
    journal.append(&[record(1, b"kept"), record(2, &forged)]).unwrap();
    drop(journal);
    let path = files(temp.path()).remove(0);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    let (journal, warnings) = open(temp.path());
    assert_eq!((all(&journal), warnings.len()), (vec![record(1, b"kept")], 1));
}

#[test]
fn a_journal_that_ends_before_what_was_acknowledged_is_not_opened_and_not_touched() {
    let temp = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(temp.path());
    journal.append(&records(1..=3)).unwrap();
    drop(journal);
    Journal::open(temp.path(), SMALL, Seq(3)).unwrap();
    let path = files(temp.path()).remove(0);
    let whole = fs::read(&path).unwrap();
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    for shorter in [&flipped[..], &whole[..whole.len() - 1], &whole[..segment::HEADER]] {
        fs::write(&path, shorter).unwrap();
        assert!(Journal::open(temp.path(), SMALL, Seq(3)).is_err());
        assert_eq!(fs::read(&path).unwrap(), shorter);
    }
    fs::remove_file(&path).unwrap();
    assert!(matches!(Journal::open(temp.path(), SMALL, Seq(3)), Err(JournalError::Lost { last: Seq(0), .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn appending_and_reopening_loses_nothing(steps in prop::collection::vec(
        prop::option::weighted(0.8, prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..5)), 1..20,
    )) {
        let temp = scratch();
        let (mut journal, _) = open(temp.path());
        let mut model: Vec<(Record, Location)> = Vec::new();
        for step in steps {
            match step {
                Some(bodies) => {
                    let batch: Vec<Record> =
                        (model.len() as u64 + 1..).zip(&bodies).map(|(seq, body)| record(seq, body)).collect();
                    let locations = journal.append(&batch).unwrap();
                    model.extend(batch.into_iter().zip(locations));
                }
                None => {
                    drop(journal);
                    let (reopened, warnings) = open(temp.path());
                    prop_assert!(warnings.is_empty());
                    journal = reopened;
                }
            }
            // Some have been compressed since.
            let press = journal.press();
            for first in press.plain(Seq(model.len() as u64 / 2)).unwrap() {
                press.press(first, &mut || true).unwrap();
            }
            prop_assert_eq!(journal.last(), Seq(model.len() as u64));
        }
        let read: Vec<(Record, Location)> = journal.reader().scan(Seq(1)).map(Result::unwrap).collect();
        prop_assert_eq!(&read, &model);
        for (record, location) in &model {
            prop_assert_eq!(&journal.reader().read(*location).unwrap(), record);
        }
    }
}
