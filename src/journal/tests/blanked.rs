//! Records are blanked: at whichever disk call that ends, every one of them is read as it was or every one blanked, each at its
//! place; and when it is done no file has what was blanked.

use std::collections::{BTreeMap, BTreeSet};

use super::platter::{Fault, FaultyDisk};
use super::rolled::{FOLDER, full, names, open_on};
use super::*;
use crate::domain::blanking::{Blanking, Key};
use crate::domain::delivery::{Delivery, Kind, State};
use crate::domain::ids::DeliveryId;
use crate::domain::record::Received;
use crate::domain::ticket::Lane;
use crate::journal::tests::platter::Plan;
use crate::journal::{Blanked, Standing};

/// What the first `through` of the fourteen records say is blanked.
fn blanking(journal: &Journal, through: Seq) -> Blanking {
    let to_do = journal.press().closed(through).unwrap().into_iter().collect();
    Blanking { through, open: BTreeSet::new(), key: Key::new([1; 16]), to_do, left: BTreeMap::new() }
}

fn last_cut(journal: &Journal) -> Seq {
    journal.trim().cuts().unwrap().last().unwrap().through
}

/// As retention does it, from wherever it was left.
fn blank_all(journal: &Journal, next: &Blanking) -> Result<(), JournalError> {
    let (trim, press, reader) = (journal.trim(), journal.press(), journal.reader());
    if reader.blanking().is_none() {
        trim.prepare_blanking(next)?;
        trim.adopt_blanking(next)?;
    }
    let begun = reader.blanking().unwrap();
    let to_do = press.to_blank(&begun)?;
    if to_do.is_empty() {
        return Ok(());
    }
    trim.confirm_blanking(&begun)?;
    for first in to_do {
        assert_eq!(press.blank(first, &begun, &mut || true)?, Some(Blanked::default()));
    }
    trim.confirm_blanking(&Blanking { to_do: BTreeSet::new(), ..next.clone() })
}

fn places(reader: &Reader) -> Vec<(Record, Location)> {
    reader.scan(Seq(1)).map(Result::unwrap).collect()
}

fn applied(blanking: &Blanking, records: &[(Record, Location)]) -> Vec<(Record, Location)> {
    let mut blanked = records.to_vec();
    for (record, _) in &mut blanked {
        blanking.apply(record);
    }
    blanked
}

/// The bytes of the segments as they are on the disk, uncompressed.
fn on_disk(disk: &FaultyDisk, through: Seq) -> Vec<u8> {
    let shelf = shelf::Shelf::new(Arc::new(disk.clone()), Path::new(FOLDER));
    let firsts = shelf.firsts().unwrap().into_iter().filter(|first| *first <= through);
    let whole = firsts.map(|first| {
        let (_, file) = shelf.open(first).unwrap();
        let mut bytes = vec![0; file.length().unwrap() as usize];
        disk::read_exact(&*file, &mut bytes, 0).unwrap();
        bytes
    });
    whole.flatten().collect()
}

fn says_body(bytes: &[u8]) -> bool {
    bytes.windows(4).any(|four| four == b"body")
}

#[test]
fn what_is_blanked_is_read_so_at_once_and_soon_gone_from_the_files() {
    let (disk, mut journal) = full(1);
    let (reader, before) = (journal.reader(), places(&journal.reader()));
    let next = blanking(&journal, last_cut(&journal));
    let blanked = applied(&next, &before);
    assert!(before.len() == 14 && blanked != before && blanked[13] == before[13]);
    let mut under_way = reader.scan(Seq(1));
    under_way.next();
    let (trim, press) = (journal.trim(), journal.press());
    trim.prepare_blanking(&next).unwrap();
    assert_eq!((places(&reader), reader.standing()), (before.clone(), Standing::default()));
    assert_eq!(places(&reader.under(Arc::new(next.clone()))), blanked);
    trim.adopt_blanking(&next).unwrap();
    assert_eq!((places(&reader), reader.standing().blanked), (blanked.clone(), next.through));
    assert_eq!(under_way.map(Result::unwrap).collect::<Vec<_>>(), blanked[1..]);
    assert!(says_body(&on_disk(&disk, next.through)));

    // One of them was compressed before.
    press.press(press.plain(Seq(99)).unwrap()[1], &mut || true).unwrap();
    blank_all(&journal, &next).unwrap();
    assert!(!says_body(&on_disk(&disk, next.through)), "it can still be read on the disk");
    assert!(names(&disk).iter().filter(|name| name.ends_with(".wcj.zst")).count() == 3, "{:?}", names(&disk));
    for (record, location) in &blanked {
        assert_eq!(&reader.read(*location).unwrap(), record);
    }
    assert!(press.plain(Seq(99)).unwrap().is_empty());
    journal.append(&records(15..=16)).unwrap();
    drop(journal);
    let journal = open_on(&disk).unwrap();
    assert_eq!(places(&journal.reader())[..14], blanked);
    assert!(journal.reader().blanking().unwrap().to_do.is_empty());
    // And dropped as any.
    let trim = journal.trim();
    let cut = trim.cuts().unwrap()[1];
    trim.adopt(&trim.prepare(cut.through, b"{}\n".to_vec()).unwrap()).unwrap();
    trim.sweep().unwrap();
    trim.reword(b"{\"a\":1}\n".to_vec()).unwrap();
    drop(journal);
    let journal = open_on(&disk).unwrap();
    assert_eq!(places(&journal.reader())[..14 - cut.through.0 as usize], blanked[cut.through.0 as usize..]);
    assert_eq!(journal.reader().base().unwrap().unwrap().lines, b"{\"a\":1}\n");
    assert_eq!(journal.reader().standing(), Standing { dropped: cut.through, blanked: next.through });
}

#[test]
fn at_whichever_call_it_ends_all_is_read_as_it_was_or_all_blanked() {
    let calls = |seed| {
        let (disk, journal) = full(seed);
        let next = blanking(&journal, last_cut(&journal));
        disk.plan(Plan::Never);
        blank_all(&journal, &next).unwrap();
        (1..=disk.calls()).map(move |call| (seed, call))
    };
    let (mut ended, mut half_way) = (BTreeSet::new(), 0);
    for (seed, call) in (0..2).flat_map(calls) {
        let faults = [Fault::Kill, Fault::PowerCut, Fault::Io, Fault::NoRoom];
        for (fault, cut_power) in faults.into_iter().flat_map(|fault| [(fault, false), (fault, true)]) {
            let (disk, mut journal) = full(seed);
            let before = places(&journal.reader());
            let next = blanking(&journal, last_cut(&journal));
            let blanked = applied(&next, &before);
            let name = format!("{fault:?} at call {call}, seed {seed}, power cut: {cut_power}");
            let one_or_the_other = |journal: &Reader| {
                let found = places(journal)[..14].to_vec();
                let expected = if journal.standing().blanked == Seq(0) { &before } else { &blanked };
                assert_eq!(&found, expected, "{name}");
            };
            disk.plan(Plan::Once(call, fault));
            let _ = blank_all(&journal, &next);
            let mut last = 14;
            if !disk.dead() {
                // It goes on for a while, and tries again.
                journal.append(&records(15..=16)).unwrap();
                last = 16;
                one_or_the_other(&journal.reader());
                half_way += usize::from(journal.reader().blanking().is_some_and(|begun| !begun.to_do.is_empty()));
                blank_all(&journal, &next).unwrap_or_else(|error| panic!("{name}: {error}"));
                disk.kill();
            }
            if cut_power {
                disk.cut_power();
            }
            disk.start();
            ended.insert(names(&disk));
            one_or_the_other(&Reader::at_rest_on(Arc::new(disk.clone()), Path::new(FOLDER)).unwrap());
            let mut journal = open_on(&disk).unwrap_or_else(|error| panic!("{name}: {error}"));
            one_or_the_other(&journal.reader());
            assert!(!names(&disk).iter().any(|one| one.ends_with(".next")), "{name}");
            blank_all(&journal, &next).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(places(&journal.reader())[..14], blanked, "{name}");
            journal.append(&records(last + 1..=last + 2)).unwrap();
            disk.cut_power();
            disk.start();
            let journal = open_on(&disk).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(places(&journal.reader())[..14], blanked, "{name}");
            // A removal that could not be synced was undone: it is done again.
            blank_all(&journal, &next).unwrap();
            assert!(journal.reader().blanking().unwrap().to_do.is_empty(), "{name}");
            assert!(!says_body(&on_disk(&disk, next.through)), "{name}");
        }
    }
    assert!(ended.len() > 8 && half_way > 10, "{half_way} of {ended:?}");
}

/// A sale of that ticket, whose delivery the record has.
fn sale(seq: u64, ticket: &str) -> Record {
    let now = Timestamp::UNIX_EPOCH;
    let digest = crate::domain::ids::Digest([0; 16]);
    let received = Received {
        from: "127.0.0.1:9".into(),
        family: "ticket".into(),
        action: "ticket.updated".into(),
        kind: None,
        ticket: Some(ticket.into()),
        subject: digest,
        print: digest,
        duplicate_of: None,
        drift: 0,
    };
    let delivery = Delivery {
        ticket: Some(ticket.into()),
        from: Some("joe@gmail.com".into()),
        to: Some("susana@hotmail.com".into()),
        ..Delivery::new(DeliveryId(Seq(seq)), Kind::Transfer, State::Pending { due: now }, now)
    };
    let head = Head { at: now, fact: Fact::Received(received), deliveries: vec![delivery] };
    Record { seq: Seq(seq), head, body: br#"{"newOwnerEmail":"susana@hotmail.com"}"#.to_vec() }
}

#[test]
fn what_is_open_is_left_and_said_and_goes_the_next_time() {
    let temp = scratch();
    let (mut journal, _) = open(temp.path());
    for seq in 1..=4 {
        journal.append(&[sale(seq, if seq == 1 { "open" } else { "closed" })]).unwrap();
    }
    let (press, trim, reader) = (journal.press(), journal.trim(), journal.reader());
    let lane = Lane::of(&"open".into());
    let next = Blanking { open: [lane].into(), ..blanking(&journal, Seq(2)) };
    trim.prepare_blanking(&next).unwrap();
    trim.adopt_blanking(&next).unwrap();
    let (plain, found) = (sale(1, "open"), places(&reader));
    assert!(found[0].0 == plain && found[1].0 != sale(2, "closed") && found[2].0 == sale(3, "closed"));
    let left = press.blank(Seq(1), &next, &mut || true).unwrap().unwrap();
    assert_eq!(left, Blanked { open: [lane].into(), unfit: 0 });
    assert_eq!(places(&reader), found);
    let later = Blanking { open: BTreeSet::new(), ..next };
    assert_eq!(press.blank(Seq(1), &later, &mut || true).unwrap(), Some(Blanked::default()));
    assert_eq!(places(&reader)[0].0, applied(&later, &[(plain, found[0].1)])[0].0);
}

#[test]
fn a_day_begins_a_segment() {
    let temp = scratch();
    let (mut journal, _) = Journal::open(temp.path(), Options { segment_bytes: 1 << 20, ..SMALL }, Seq(0)).unwrap();
    let hour = chrono::TimeDelta::hours(1);
    for (seq, hours) in (1..).zip([1, 22, 23, 24, 25, 47, 20, 24, 49, 200]) {
        let mut record = record(seq, b"");
        record.head.at += hour * hours;
        journal.append(&[record]).unwrap();
    }
    let begun: Vec<Seq> = journal.trim().cuts().unwrap().iter().map(|cut| cut.through.next()).collect();
    // A clock that is set back begins none.
    assert_eq!(begun, [4, 9, 10].map(Seq));
}
