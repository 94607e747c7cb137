//! Segments are dropped: at whichever disk call that ends, the journal begins where it began or where it was to begin, and
//! nothing behind that is lost.

use super::platter::{Fault, Plan};
use super::rolled::{FOLDER, full, names, open_on};
use super::*;

const LINES: &[u8] = b"{\"a\":1}\n";

fn second_cut(journal: &Journal) -> Result<Seq, JournalError> {
    let cuts = journal.trim().cuts()?;
    Ok(cuts[1.min(cuts.len() - 1)].through)
}

fn drop_segments(journal: &Journal) -> Result<(), JournalError> {
    let trim = journal.trim();
    let base = trim.prepare(second_cut(journal)?, LINES.to_vec())?;
    trim.adopt(&base)?;
    trim.sweep().map(drop)
}

fn seqs(reader: &Reader) -> Vec<u64> {
    reader.scan(Seq(1)).map(|item| item.unwrap().0.seq.0).collect()
}

#[test]
fn what_is_dropped_is_gone_and_the_numbers_go_on() {
    let (disk, mut journal) = full(1);
    let (used, through, reader) = (disk.used(), second_cut(&journal).unwrap(), journal.reader());
    let locations: Vec<Location> = reader.scan(Seq(1)).map(|item| item.unwrap().1).collect();
    drop_segments(&journal).unwrap();
    assert!(disk.used() < used * 3 / 4, "{} of {used} bytes", disk.used());
    assert_eq!(reader.dropped(), through);
    assert_eq!(seqs(&reader), (through.0 + 1..=14).collect::<Vec<_>>());
    assert!(matches!(reader.read(locations[0]), Err(JournalError::Io { .. })), "it is no damage");
    journal.append(&records(15..=16)).unwrap();
    drop(journal);
    let journal = open_on(&disk).unwrap();
    let base = journal.reader().base().unwrap().unwrap();
    assert_eq!((base.through, base.lines.as_slice()), (through, LINES));
    assert_eq!(seqs(&journal.reader()), (through.0 + 1..=16).collect::<Vec<_>>());
    // And once more, from there.
    drop_segments(&journal).unwrap();
    assert!(journal.reader().dropped() > through);
    drop(journal);
    assert_eq!(seqs(&open_on(&disk).unwrap().reader()).last(), Some(&16));
}

#[test]
fn a_reader_that_is_overtaken_is_told_so() {
    let (_disk, journal) = full(1);
    let mut scan = journal.reader().scan(Seq(1));
    assert_eq!(scan.next().unwrap().unwrap().0.seq, Seq(1));
    drop_segments(&journal).unwrap();
    // The file it has open it reads to its end.
    let error = scan.find_map(Result::err).unwrap().to_string();
    assert!(error.contains("was dropped by retention"), "{error}");
}

#[test]
fn at_whichever_call_it_ends_the_one_beginning_or_the_other_is_whole() {
    let calls = {
        let (disk, journal) = full(0);
        drop_segments(&journal).unwrap();
        disk.calls()
    };
    let mut ended = [0; 2];
    for (call, fault) in
        (1..=calls).flat_map(|call| [Fault::Kill, Fault::PowerCut, Fault::Io].map(|fault| (call, fault)))
    {
        for (seed, cut_power) in (0..6).flat_map(|seed| [(seed, false), (seed, true)]) {
            let (disk, mut journal) = full(seed);
            let name = format!("{fault:?} at call {call}, seed {seed}, power cut: {cut_power}");
            let through = second_cut(&journal).unwrap();
            disk.plan(Plan::Once(call, fault));
            let _ = drop_segments(&journal);
            let mut last = 14;
            if !disk.dead() {
                // It goes on for a while.
                journal.append(&records(15..=16)).unwrap();
                last = 16;
                disk.kill();
            }
            if cut_power {
                disk.cut_power();
            }
            disk.start();
            let at_rest = Reader::at_rest_on(Arc::new(disk.clone()), Path::new(FOLDER)).unwrap();
            let read = seqs(&at_rest);
            let mut journal = open_on(&disk).unwrap_or_else(|error| panic!("{name}: {error}"));
            let dropped = journal.reader().dropped();
            assert!([Seq(0), through].contains(&dropped), "{name}");
            ended[usize::from(dropped > Seq(0))] += 1;
            assert_eq!(seqs(&journal.reader()), (dropped.0 + 1..=last).collect::<Vec<_>>(), "{name}");
            assert_eq!(read, seqs(&journal.reader()), "{name}");
            assert_eq!(
                journal.reader().base().unwrap().map(|base| base.lines),
                (dropped > Seq(0)).then(|| LINES.to_vec())
            );
            let left = names(&disk);
            assert!(!left.iter().any(|one| one == base::NEXT), "{name}: {left:?}");
            assert!(
                left.iter().filter_map(|one| segment::first_of(one)).all(|first| first > dropped),
                "{name}: {left:?}"
            );
            journal.append(&records(last + 1..=last + 2)).unwrap();
            disk.cut_power();
            disk.start();
            let last_of = |reader: &Reader| seqs(reader).last().copied();
            assert_eq!(last_of(&open_on(&disk).unwrap().reader()), Some(last + 2), "{name}");
        }
    }
    assert!(ended.iter().all(|times| *times > 20), "{ended:?}");
}

#[test]
fn a_base_that_is_damaged_or_does_not_fit_is_named_and_nothing_is_touched() {
    let temp = scratch();
    let (mut journal, _) = open(temp.path());
    for record in records(1..=9) {
        journal.append(&[record]).unwrap();
    }
    drop_segments(&journal).unwrap();
    let (through, base) = (journal.reader().dropped(), temp.path().join(base::NAME));
    drop(journal);
    let sound = fs::read(&base).unwrap();
    let refused = || {
        let listed = files(temp.path());
        let error = Journal::open(temp.path(), SMALL, Seq(0)).unwrap_err();
        assert_eq!(Reader::at_rest(temp.path()).unwrap_err().to_string(), error.to_string());
        assert_eq!(files(temp.path()), listed);
        error
    };
    fs::write(&base, &sound[..sound.len() - 1]).unwrap();
    assert!(matches!(refused(), JournalError::NoBase { .. }));
    fs::write(&base, String::from_utf8(sound.clone()).unwrap().replace("\"a\":1", "\"a\":2")).unwrap();
    assert!(refused().to_string().contains("its checksum does not fit"));
    fs::remove_file(&base).unwrap();
    assert!(Journal::open(temp.path(), SMALL, Seq(0)).is_err(), "nothing says that the first records may be missing");
    fs::write(&base, &sound).unwrap();
    let first = files(temp.path()).remove(0);
    let segment = fs::read(&first).unwrap();
    fs::remove_file(&first).unwrap();
    assert!(matches!(refused(), JournalError::Missing { first, .. } if first == through.next()));
    fs::write(&first, segment).unwrap();
    assert_eq!(all(&open(temp.path()).0), records(through.0 + 1..=9));
}
