//! Earlier moments of a ledger that goes on meanwhile.

use std::path::Path;

use super::*;
use crate::config::{Settings, Surroundings, load};
use crate::domain::Timestamp;
use crate::domain::ids::Seq;
use crate::domain::query::Overview;
use crate::domain::retry::RetryPolicy;
use crate::engine::Archive;
use crate::engine::batch::Batch;
use crate::engine::ledger::Ledger as _;
use crate::engine::local::{LocalArchive, LocalLedger};
use crate::ingest::submission::{Prepared, Submission};

fn settings(folder: &Path) -> Settings {
    let variables = [("WILLCALL_DATA_DIR".to_owned(), folder.display().to_string())].into();
    load(&Surroundings { variables, config_home: None, data_home: None }, None, &[]).unwrap().settings
}

fn open(folder: &Path) -> LocalLedger {
    LocalLedger::open(&settings(folder), &mut |_| {}).unwrap().0
}

fn keep(ledger: &mut LocalLedger, sales: std::ops::Range<u64>) {
    ledger.ready().unwrap();
    let policy = RetryPolicy::default();
    let mut batch = Batch::new(&*ledger, &policy, Timestamp::UNIX_EPOCH);
    for number in sales {
        let body = format!(
            r#"{{"family":"ticket","action":"ticket.updated","data":{{"id":"{number}","oldOwnerEmail":"a","newOwnerEmail":"b"}}}}"#
        );
        batch.submit(Submission::Webhook(Prepared::read("test".to_owned(), body.into_bytes()).unwrap())).unwrap();
    }
    let records = batch.into_records();
    ledger.commit(records).unwrap();
}

const QUESTION: Query = Query::Overview { rows: 1, late_after: None };

fn as_of(last: u64) -> Moment {
    Moment { last: Seq(last), at: Timestamp::UNIX_EPOCH }
}

/// What is seen there, and how far the folding was before.
fn seen(look: &mut dyn Retrospect, last: u64, mut meanwhile: impl FnMut()) -> (Overview, Vec<u8>) {
    let mut folding = Vec::new();
    loop {
        match look.answer(&QUESTION, as_of(last)).unwrap() {
            Recalled::Folding(percent) => folding.push(percent),
            Recalled::Answer(Answer::Overview(overview)) => return (*overview, folding),
            other => panic!("{other:?}"),
        }
        meanwhile();
    }
}

fn present(archive: &LocalArchive) -> Overview {
    match archive.answer(&QUESTION, Timestamp::UNIX_EPOCH).unwrap() {
        Answer::Overview(overview) => *overview,
        other => panic!("{other:?}"),
    }
}

#[test]
fn earlier_moments_are_seen_while_the_ledger_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = open(folder.path());
    for number in 0..30 {
        keep(&mut ledger, number * 200..(number + 1) * 200);
    }
    let archive = ledger.archive();
    let mut look = archive.look_back().unwrap();
    let mut kept = 6000;
    let (overview, folding) = seen(&mut *look, 5000, || {
        keep(&mut ledger, kept..kept + 1);
        kept += 1;
    });
    assert_eq!((overview.last, overview.events), (Seq(5000), 5000));
    assert!(!folding.is_empty() && folding.is_sorted() && folding.iter().all(|percent| *percent < 100), "{folding:?}");
    assert_eq!(present(&archive).events, kept, "the present is another");
    // The newest record, which came after the look began, and back by one without a new start.
    assert_eq!(seen(&mut *look, kept, || {}).0.events, kept);
    assert_eq!((seen(&mut *look, kept - 1, || {}).1, seen(&mut *look, 0, || {}).0.events), (vec![], 0));
    let beyond = look.answer(&QUESTION, as_of(kept + 1)).unwrap_err();
    assert_eq!(beyond, DeskError::NotFound(format!("there is no record {} yet", kept + 1)));
    assert_eq!(ledger.last(), Seq(kept), "looking back is on record");
}

#[test]
fn nothing_is_left_of_it_nor_of_what_a_killed_program_has_left() {
    let folder = tempfile::tempdir().unwrap();
    let scratch = folder.path().join("past.scratch");
    std::fs::create_dir_all(scratch.join("3/blobs")).unwrap();
    let mut ledger = open(folder.path());
    assert!(!scratch.exists());
    keep(&mut ledger, 0..3);
    let archive = ledger.archive();
    let mut looks: Vec<_> = (0..MOST).map(|_| archive.look_back().unwrap()).collect();
    for (last, look) in (0..).zip(&mut looks) {
        assert_eq!(seen(&mut **look, last, || {}).0.events, last);
    }
    assert_eq!(std::fs::read_dir(&scratch).unwrap().count(), MOST);
    let refused = archive.look_back().err().unwrap();
    assert_eq!(refused.to_string(), "4 others are looking at earlier moments: wait until one is done");
    looks.pop();
    archive.look_back().unwrap();
    drop(looks);
    assert_eq!(std::fs::read_dir(&scratch).unwrap().count(), 0);
}

#[test]
fn what_keeps_it_from_being_shown_is_said_and_does_not_stay() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = open(folder.path());
    keep(&mut ledger, 0..3);
    let archive = ledger.archive();
    let mut look = archive.look_back().unwrap();
    let scratch = folder.path().join("past.scratch");
    std::fs::write(&scratch, b"in the way").unwrap();
    let error = look.answer(&QUESTION, as_of(2)).unwrap_err().to_string();
    assert!(error.starts_with("earlier moments cannot be shown: cannot ") && error.contains("past.scratch"), "{error}");
    std::fs::remove_file(&scratch).unwrap();
    assert_eq!(seen(&mut *look, 2, || {}).0.events, 2);
    assert_eq!(present(&archive).events, 3);
}
