//! Segments are compressed: at whichever disk call that ends, every record is at its place, and what is bad in a compressed file
//! is told as it is in a plain one.

use super::platter::{Fault, FaultyDisk, Plan};
use super::rolled::{FOLDER, OPTIONS, full, names, open_on};
use super::*;
use crate::journal::blocks::{Blocks, Writing};

fn press_all(journal: &Journal) -> Result<usize, JournalError> {
    let press = journal.press();
    let plain = press.plain(Seq(u64::MAX))?;
    plain.iter().try_for_each(|first| press.press(*first, &mut || true).map(drop))?;
    Ok(plain.len())
}

fn places(reader: &Reader) -> Vec<(Record, Location)> {
    reader.scan(Seq(1)).map(Result::unwrap).collect()
}

#[test]
fn every_record_is_at_its_place_before_and_afterwards_and_the_journal_goes_on() {
    let (disk, mut journal) = full(1);
    let (reader, before) = (journal.reader(), places(&journal.reader()));
    let mut under_way = reader.scan(Seq(1));
    under_way.next();
    for (record, location) in &before {
        assert_eq!(&reader.read(*location).unwrap(), record);
    }
    assert_eq!(press_all(&journal).unwrap(), 3);
    let compressed = names(&disk).iter().filter(|name| name.ends_with(".wcj.zst")).count();
    assert_eq!((compressed, names(&disk).len()), (3, 4), "{:?}", names(&disk));
    assert_eq!(under_way.map(|item| item.unwrap()).collect::<Vec<_>>(), before[1..]);
    for reader in [reader, Reader::at_rest_on(Arc::new(disk.clone()), Path::new(FOLDER)).unwrap()] {
        assert_eq!(places(&reader), before);
        for (record, location) in &before {
            assert_eq!(&reader.read(*location).unwrap(), record);
            let mut raw = Vec::new();
            let end = location.offset + u64::from(location.length);
            reader.raw(location.segment, location.offset, end, &mut raw).unwrap();
            assert!(raw.starts_with(frame::MAGIC) && raw.len() == location.length as usize);
        }
    }
    assert_eq!(press_all(&journal).unwrap(), 0);
    journal.append(&records(15..=16)).unwrap();
    drop(journal);
    let journal = open_on(&disk).unwrap();
    assert_eq!(places(&journal.reader())[..14], before);
    assert_eq!(all(&journal), records(1..=16));
    // And dropped as any.
    let trim = journal.trim();
    let cut = trim.cuts().unwrap()[1];
    let base = trim.prepare(cut.through, b"{}\n".to_vec()).unwrap();
    trim.adopt(&base).unwrap();
    assert_eq!(trim.sweep().unwrap(), cut.bytes);
    drop(journal);
    assert_eq!(all(&open_on(&disk).unwrap()), records(cut.through.0 + 1..=16));
}

#[test]
fn zstd_gives_the_plain_file_back_and_many_blocks_are_read_in_any_order() {
    let temp = scratch();
    let options = Options { segment_bytes: 2 << 20, trial_bytes: 1 };
    let (mut journal, _) = Journal::open(temp.path(), options, Seq(0)).unwrap();
    let body = |seq: u64| {
        let size = if seq.is_multiple_of(97) { 300 << 10 } else { 900 };
        let mut body = format!("{{\"ticket\":{seq}}}").into_bytes();
        body.resize(size, b'a' + (seq % 26) as u8);
        body
    };
    let mut locations = Vec::new();
    for seq in 1..=4000 {
        locations.extend(journal.append(&[record(seq, &body(seq))]).unwrap());
    }
    let plain = fs::read(files(temp.path()).remove(0)).unwrap();
    let segments = files(temp.path()).len();
    assert!(segments > 4 && plain.len() > 10 * blocks::BLOCK);
    assert_eq!(press_all(&journal).unwrap(), segments - 1);
    let compressed = fs::read(temp.path().join(segment::compressed_name(Seq(1)))).unwrap();
    assert!(compressed.len() < plain.len() / 4);
    assert!(zstd::decode_all(&compressed[..]).unwrap() == plain);
    let (reader, mut random) = (journal.reader(), fastrand::Rng::with_seed(1));
    for _ in 0..2000 {
        let seq = random.u64(1..=4000);
        assert!(reader.read(locations[seq as usize - 1]).unwrap() == record(seq, &body(seq)));
    }
    assert_eq!(reader.scan(Seq(1)).map(Result::unwrap).count(), 4000);
}

#[test]
fn at_whichever_call_it_ends_every_record_is_there_and_the_next_time_ends_it() {
    let calls = {
        let (disk, journal) = full(0);
        press_all(&journal).unwrap();
        disk.calls()
    };
    let mut ended = std::collections::BTreeSet::new();
    for (call, fault) in
        (1..=calls).flat_map(|call| [Fault::Kill, Fault::PowerCut, Fault::Io, Fault::NoRoom].map(|fault| (call, fault)))
    {
        for (seed, cut_power) in (0..4).flat_map(|seed| [(seed, false), (seed, true)]) {
            let (disk, mut journal) = full(seed);
            let before = places(&journal.reader());
            let name = format!("{fault:?} at call {call}, seed {seed}, power cut: {cut_power}");
            disk.plan(Plan::Once(call, fault));
            let _ = press_all(&journal);
            let mut last = 14;
            if !disk.dead() {
                // It goes on for a while, and tries again.
                journal.append(&records(15..=16)).unwrap();
                last = 16;
                assert_eq!(places(&journal.reader())[..14], before, "{name}");
                press_all(&journal).unwrap_or_else(|error| panic!("{name}: {error}"));
                disk.kill();
            }
            if cut_power {
                disk.cut_power();
            }
            disk.start();
            ended.insert(names(&disk));
            let at_rest = Reader::at_rest_on(Arc::new(disk.clone()), Path::new(FOLDER)).unwrap();
            assert_eq!(places(&at_rest)[..14], before, "{name}");
            let mut journal = open_on(&disk).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(!names(&disk).iter().any(|one| one == shelf::NEXT_COMPRESSED), "{name}");
            assert_eq!(all(&journal), records(1..=last), "{name}");
            assert_eq!(places(&journal.reader())[..14], before, "{name}");
            press_all(&journal).unwrap();
            journal.append(&records(last + 1..=last + 2)).unwrap();
            disk.cut_power();
            disk.start();
            let journal = open_on(&disk).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(all(&journal), records(1..=last + 2), "{name}");
            assert_eq!(places(&journal.reader())[..14], before, "{name}");
        }
    }
    assert!(ended.len() > 8, "{ended:?}");
}

#[test]
fn told_to_stop_it_leaves_all_as_it_was() {
    let disk = FaultyDisk::new(0, 4096);
    let options = Options { segment_bytes: 1 << 20, ..OPTIONS };
    let mut journal = Journal::open_on(Arc::new(disk.clone()), Path::new(FOLDER), options, Seq(0)).unwrap().0;
    for seq in 1..=15 {
        journal.append(&[record(seq, &[b'x'; 100_000])]).unwrap();
    }
    let (press, listed, before) = (journal.press(), names(&disk), places(&journal.reader()));
    let long = press.plain(Seq(15)).unwrap()[0];
    for stop in 0.. {
        let mut asked = 0;
        let pressed = press.press(long, &mut || {
            asked += 1;
            asked <= stop
        });
        assert_eq!(places(&journal.reader()), before);
        if pressed.unwrap().is_some() {
            assert!(stop > 10, "it was asked {stop} times");
            break;
        }
        assert_eq!(names(&disk), listed, "stopped after {stop}");
    }
}

/// Whoever writes such a file knows how checksums are made.
#[test]
fn nothing_that_a_compressed_file_says_of_itself_is_believed() {
    let temp = scratch();
    let path = temp.path().join("one");
    let write = |blocks: &[&[u8]]| {
        let _ = fs::remove_file(&path);
        let file = disk::Disk::create(&disk::RealDisk, &path).unwrap();
        let mut writing = Writing::begin(&*file).unwrap();
        blocks.iter().for_each(|block| writing.block(block).unwrap());
        writing.finish().unwrap();
        fs::read(&path).unwrap()
    };
    let read = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let file = Blocks::open(Box::new(fs::File::open(&path).unwrap()), &path)?;
        let mut plain = vec![0; disk::File::length(&file)?.min(1000) as usize];
        disk::read_exact(&file, &mut plain, 0).map(|()| plain)
    };
    let sound = write(&[b"0123456789", b"more of it"]);
    assert_eq!(read(&sound).unwrap(), b"0123456789more of it");
    let (first, table) = (u32::from_le_bytes(sound[sound.len() - 25..][..4].try_into().unwrap()), sound.len() - 33);
    // Both lengths of the first block, and how many blocks there are.
    let lies =
        [(8, first + 1), (8, first - 1), (8, u32::MAX), (12, 9), (12, 11), (12, u32::MAX), (24, 1), (24, u32::MAX)];
    for (at, lie) in lies {
        let mut bytes = sound.clone();
        bytes[table + at..][..4].copy_from_slice(&lie.to_le_bytes());
        let crc = crc32fast::hash(&bytes[table..]);
        bytes[table - 4..table].copy_from_slice(&crc.to_le_bytes());
        assert_eq!(read(&bytes).unwrap_err().kind(), std::io::ErrorKind::InvalidData, "{lie} at {at}");
    }
    for bytes in [&b""[..], b"x", &sound[1..]] {
        assert_eq!(read(bytes).unwrap_err().kind(), std::io::ErrorKind::InvalidData);
    }
}

#[test]
fn every_flipped_byte_of_a_compressed_file_is_told_with_file_and_offset_or_harms_nothing() {
    let temp = scratch();
    let (mut journal, _) = open(temp.path());
    for record in records(1..=9) {
        journal.append(&[record]).unwrap();
    }
    press_all(&journal).unwrap();
    let path = temp.path().join(segment::compressed_name(Seq(1)));
    let sound = fs::read(&path).unwrap();
    let told = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let scanned = Reader::at_rest(temp.path())
            .and_then(|reader| reader.scan(Seq(1)).map(|item| Ok(item?.0)).collect::<Result<Vec<Record>, _>>());
        match scanned {
            Ok(read) => assert_eq!(read, records(1..=9), "something else is believed"),
            Err(JournalError::Damaged { path: named, offset, .. }) => {
                assert!(named == path && offset <= sound.len() as u64);
                return true;
            }
            Err(other) => panic!("{other}"),
        }
        false
    };
    let mut harmless = 0;
    for at in 0..sound.len() {
        let mut flipped = sound.clone();
        flipped[at] ^= 0x10;
        harmless += usize::from(!told(&flipped));
        assert!(told(&sound[..at]), "{at} bytes of it");
    }
    // Bits of a zstd frame that mean nothing.
    assert!(harmless <= 8, "{harmless} of {}", sound.len());
    assert!(!told(&sound));
}

#[test]
fn a_damaged_segment_is_not_compressed_and_a_compressed_one_can_be_the_last() {
    let temp = scratch();
    let (mut journal, _) = open(temp.path());
    for record in records(1..=9) {
        journal.append(&[record]).unwrap();
    }
    let paths = files(temp.path());
    let sound = fs::read(&paths[1]).unwrap();
    let mut flipped = sound.clone();
    flipped[HEADER + 80] ^= 1;
    fs::write(&paths[1], &flipped).unwrap();
    let press = journal.press();
    let plain = press.plain(Seq(9)).unwrap();
    press.press(plain[0], &mut || true).unwrap();
    let error = press.press(plain[1], &mut || true).unwrap_err();
    assert!(matches!(&error, JournalError::Damaged { path, .. } if *path == paths[1]), "{error}");
    assert_eq!(fs::read(&paths[1]).unwrap(), flipped, "touched");
    fs::write(&paths[1], sound).unwrap();
    press_all(&journal).unwrap();
    drop(journal);
    // Whoever has lost the plain end, and the store as well, goes on from there.
    fs::remove_file(files(temp.path()).pop().unwrap()).unwrap();
    let (mut journal, _) = open(temp.path());
    let last = journal.last().0;
    assert!(last < 9);
    journal.append(&records(last + 1..=last + 1)).unwrap();
    drop(journal);
    assert_eq!(all(&open(temp.path()).0), records(1..=last + 1));
}
