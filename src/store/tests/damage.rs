//! Every kind of damage to sled's files, met at the start and met while the store is open: what comes out is sound.

use super::*;

/// A way to harm the files of a store that is closed, or that is open and has not read them yet.
type Harm = fn(&Path);

fn db(folder: &Path) -> std::path::PathBuf {
    folder.join("db")
}

fn flip(folder: &Path, place: impl Fn(usize, usize) -> bool) {
    let mut bytes = std::fs::read(db(folder)).unwrap();
    let length = bytes.len();
    for (at, byte) in bytes.iter_mut().enumerate().filter(|(at, _)| place(*at, length)) {
        *byte ^= 0x55 ^ (at % 7) as u8;
    }
    // In place, as a bad disk does it: an open file is the same file.
    use std::io::Write as _;
    std::fs::OpenOptions::new().write(true).open(db(folder)).unwrap().write_all(&bytes).unwrap();
}

fn cut(folder: &Path, part: u64) {
    let file = std::fs::OpenOptions::new().write(true).open(db(folder)).unwrap();
    let length = file.metadata().unwrap().len();
    file.set_len(length * part / 100).unwrap();
}

fn snapshot(folder: &Path) -> std::path::PathBuf {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    names.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("snap.")).max().unwrap()
}

const HARMS: [(&str, Harm); 16] = [
    ("64 bytes flipped in the middle", |folder| flip(folder, |at, length| (length / 2..length / 2 + 64).contains(&at))),
    ("64 bytes flipped at the beginning", |folder| flip(folder, |at, _| at < 64)),
    ("64 bytes flipped at a quarter", |folder| flip(folder, |at, length| (length / 4..length / 4 + 64).contains(&at))),
    ("64 bytes flipped near the end", |folder| {
        flip(folder, |at, length| (length * 9 / 10..length * 9 / 10 + 64).contains(&at))
    }),
    ("holes everywhere", |folder| flip(folder, |at, _| at % 4096 < 64)),
    ("every byte flipped", |folder| flip(folder, |_, _| true)),
    ("an empty db", |folder| cut(folder, 0)),
    ("half a db", |folder| cut(folder, 50)),
    ("a db without its end", |folder| cut(folder, 97)),
    ("no db", |folder| std::fs::remove_file(db(folder)).unwrap()),
    ("an empty snapshot", |folder| std::fs::write(snapshot(folder), b"").unwrap()),
    ("half a snapshot", |folder| {
        let path = snapshot(folder);
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    }),
    ("a snapshot of another moment", |folder| {
        std::fs::write(folder.join("snap.0000000000FFFFFF"), b"nonsense").unwrap()
    }),
    ("no conf", |folder| std::fs::remove_file(folder.join("conf")).unwrap()),
    ("a conf of nonsense", |folder| std::fs::write(folder.join("conf"), b"\0nonsense").unwrap()),
    ("garbage among the blobs", |folder| {
        std::fs::create_dir_all(folder.join("blobs")).unwrap();
        std::fs::write(folder.join("blobs/17"), b"garbage").unwrap();
        std::fs::write(folder.join("blobs/garbage"), b"garbage").unwrap();
    }),
];

/// A ledger of some hundred records with a closed store, several segments of sled long.
fn lived() -> Ledger {
    let mut ledger = Ledger::new();
    for round in 0..6 {
        let mut records: Vec<Record> = Vec::new();
        for number in 0..200_u64 {
            let seq = Seq(ledger.journal.last().0 + number + 1);
            let body = sale(&format!("{seq}-{}", "t".repeat(200)), seq.0);
            let one = delivery(seq.0, Some(&format!("{seq}-{}", "t".repeat(200))), pending(seq.0 as i64));
            records.push(Record { seq, ..ledger.next(received(&body), body.as_bytes(), vec![one]) });
        }
        ledger.apply(&records);
        if round % 2 == 1 {
            ledger.reopen();
        }
    }
    ledger.store = None;
    ledger
}

/// Puts a sound copy of the store where the last harm was done.
fn restore(ledger: &mut Ledger, sound: &Path) {
    ledger.store = None;
    let _ = std::fs::remove_dir_all(ledger.folder());
    std::fs::create_dir(ledger.folder()).unwrap();
    for entry in std::fs::read_dir(sound).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
        std::fs::copy(entry.path(), ledger.folder().join(entry.file_name())).unwrap();
    }
}

/// What the start did not have to read may be damaged still: then reading it says so, and it is made anew.
fn met_later(ledger: &mut Ledger) -> Option<Repaired> {
    let scratch = ledger.temp.path().join("scratch");
    let error = verify(ledger.store(), &ledger.reader(), &scratch, &mut |_| {}).err()?;
    ledger.store = None;
    let (store, repaired) =
        bring_up(Err(error), &ledger.folder(), CACHE, &ledger.reader(), at(0), &mut |_| {}).unwrap();
    ledger.store = Some(store);
    repaired
}

#[test]
fn whatever_is_done_to_a_closed_store_what_is_opened_next_is_sound_or_says_that_it_is_not() {
    let mut ledger = lived();
    let sound = ledger.temp.path().join("sound");
    std::fs::rename(ledger.folder(), &sound).unwrap();
    let mut anew = Vec::new();
    for (name, harm) in HARMS {
        restore(&mut ledger, &sound);
        harm(&ledger.folder());
        let folder = ledger.folder();
        let opened = Store::open(&folder, CACHE);
        let (store, repaired) = bring_up(opened, &folder, CACHE, &ledger.reader(), at(0), &mut |_| {}).unwrap();
        ledger.store = Some(store);
        let repaired = repaired.or_else(|| met_later(&mut ledger));
        let verified = ledger.verify();
        assert_eq!((verified.difference, verified.applied), (None, ledger.journal.last()), "{name}");
        if let Some(repaired) = repaired {
            let Repaired::Damaged { moved_to: Some(moved_to), .. } = &repaired else { panic!("{name}: {repaired}") };
            assert!(moved_to.is_dir(), "{name}: {repaired}");
            anew.push(name);
        }
    }
    // What else is harmed sled does not need, or repairs; but it must not all be so.
    for name in ["every byte flipped", "an empty db", "half a db", "no db", "an empty snapshot", "half a snapshot"] {
        assert!(anew.contains(&name), "{name} was not noticed: {anew:?}");
    }
}

#[test]
fn a_store_that_is_harmed_while_it_is_open_answers_rightly_or_says_that_it_is_damaged() {
    let mut ledger = lived();
    let sound = ledger.temp.path().join("sound");
    std::fs::rename(ledger.folder(), &sound).unwrap();
    let mut noticed = Vec::new();
    for (name, harm) in HARMS {
        restore(&mut ledger, &sound);
        ledger.store = Some(Store::open(&ledger.folder(), CACHE).unwrap());
        harm(&ledger.folder());
        for id in (1..=ledger.journal.last().0).map(|id| DeliveryId(Seq(id))) {
            match ledger.store().delivery(id) {
                Ok(one) => assert_eq!(one.unwrap().due(), Some(at(id.0.0 as i64)), "{name}: {id}"),
                Err(error) => {
                    assert!(error.is_damage(), "{name}: {error}");
                    noticed.push(name);
                }
            }
        }
    }
    for name in ["every byte flipped", "an empty db", "half a db"] {
        assert!(noticed.contains(&name), "{name} was not noticed");
    }
}

#[test]
fn a_bad_disk_does_not_fill_itself_with_damaged_stores() {
    let mut ledger = Ledger::new();
    let mut aside = Vec::new();
    // Dates apart, and the same one several times.
    for second in [1, 2, 3, 3, 3] {
        ledger.event(&sale("t", aside.len() as u64));
        ledger.store = None;
        let opened = Err(StoreError::Row("nothing".into()));
        let (store, repaired) =
            bring_up(opened, &ledger.folder(), CACHE, &ledger.reader(), at(second), &mut |_| {}).unwrap();
        let Some(Repaired::Damaged { moved_to: Some(moved_to), .. }) = repaired else { panic!("{repaired:?}") };
        aside.push(moved_to);
        ledger.store = Some(store);
    }
    let there: Vec<bool> = aside.iter().map(|one| one.is_dir()).collect();
    assert_eq!(there, [false, false, true, true, true], "{aside:?}");
    assert_eq!(ledger.verify().difference, None);
}
