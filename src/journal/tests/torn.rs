//! Which bad bytes at the end are torn and which are damage: every truncation, every hole, every flipped byte.

use super::*;

/// Batches of one to four records; the last segment has three of them: records 6 to 9, 10 and 11, 12 and 13.
const BATCHES: [std::ops::RangeInclusive<u64>; 5] = [1..=1, 2..=5, 6..=9, 10..=11, 12..=13];

const ROOMY: Options = Options { segment_bytes: 1550, trial_bytes: 1 };

/// A journal of these batches at rest, its last segment and where the frames of that end.
fn written(folder: &Path) -> (PathBuf, Vec<u8>, Vec<u64>) {
    let (mut journal, _) = Journal::open(folder, ROOMY, Seq(0)).unwrap();
    let mut locations = Vec::new();
    for batch in BATCHES {
        locations.extend(journal.append(&records(batch)).unwrap());
    }
    let last = locations.last().unwrap().segment;
    assert_eq!((last, files(folder).len()), (Seq(6), 2));
    let ends = locations.iter().filter(|location| location.segment == last);
    let ends = ends.map(|location| location.offset + u64::from(location.length)).collect();
    let path = files(folder).pop().unwrap();
    let whole = fs::read(&path).unwrap();
    (path, whole, ends)
}

#[test]
fn every_truncation_of_the_last_segment_keeps_all_whole_records() {
    let temp = scratch();
    let origin = temp.path().join("origin");
    let (path, whole, ends) = written(&origin);
    for length in 0..whole.len() {
        let folder = temp.path().join(format!("cut-{length}"));
        copy(&origin, &folder);
        fs::write(folder.join(path.file_name().unwrap()), &whole[..length]).unwrap();
        let kept = 5 + ends.iter().filter(|end| **end <= length as u64).count() as u64;
        assert_eq!(Reader::at_rest(&folder).unwrap().last(), Seq(kept), "cut to {length}");
        let (mut journal, warnings) = open(&folder);
        assert_eq!(all(&journal), records(1..=kept), "cut to {length}");
        let clean = length == HEADER || ends.contains(&(length as u64));
        assert_eq!(warnings.is_empty(), clean, "cut to {length}");
        for warning in &warnings {
            let begin = warning.offset as usize;
            assert_eq!(fs::read(&warning.kept_in).unwrap(), &whole[begin..length], "cut to {length}");
        }
        journal.append(&records(kept + 1..=kept + 3)).unwrap();
        drop(journal);
        let (journal, warnings) = open(&folder);
        assert_eq!((all(&journal), warnings), (records(1..=kept + 3), vec![]), "cut to {length}");
        fs::remove_dir_all(&folder).unwrap();
    }
}

/// A power cut keeps some of the unsynced sectors of the last batch.
#[test]
fn a_hole_in_the_last_batch_is_torn_and_the_records_before_it_are_kept() {
    let temp = scratch();
    let (path, whole, ends) = written(temp.path());
    let acknowledged = ends[5] as usize;
    for sector in [16, 64, 512] {
        for begin in (acknowledged..whole.len()).step_by(sector) {
            let mut holed = whole.clone();
            let end = (begin + sector).min(whole.len());
            holed[begin..end].fill(0);
            fs::write(&path, &holed).unwrap();
            let kept = 5 + ends.iter().filter(|end| **end <= begin as u64).count() as u64;
            assert!(matches!(Journal::open(temp.path(), ROOMY, Seq(kept + 1)), Err(JournalError::Damaged { .. })));
            assert_eq!(fs::read(&path).unwrap(), holed, "touched, although it may have been acknowledged");
            assert_eq!(Reader::at_rest(temp.path()).unwrap().last(), Seq(kept));
            let (journal, warnings) = Journal::open(temp.path(), ROOMY, Seq(11)).unwrap();
            assert_eq!((all(&journal), warnings.len()), (records(1..=kept), 1), "hole at {begin}");
            assert_eq!(fs::read(&warnings[0].kept_in).unwrap(), &holed[warnings[0].offset as usize..]);
        }
    }
}

/// A batch is only written when the one before it is durable: sound frames of a later one prove that these bytes were good.
#[test]
fn a_hole_or_a_flipped_byte_before_the_last_batch_is_named_with_file_and_offset() {
    let temp = scratch();
    let (path, whole, ends) = written(temp.path());
    let begins: Vec<u64> = std::iter::once(HEADER as u64).chain(ends.iter().copied()).collect();
    let last_batch = ends[5] as usize;
    for place in HEADER..last_batch {
        for hole in [1, 64] {
            let mut bytes = whole.clone();
            for byte in &mut bytes[place..(place + hole).min(last_batch)] {
                *byte ^= 0x10;
            }
            fs::write(&path, &bytes).unwrap();
            let begin = *begins.iter().rfind(|begin| **begin <= place as u64).unwrap();
            let errors =
                [Journal::open(temp.path(), ROOMY, Seq(0)).unwrap_err(), Reader::at_rest(temp.path()).unwrap_err()];
            for error in errors {
                assert!(
                    matches!(&error, JournalError::Damaged { path: named, offset, .. } if *named == path && *offset == begin),
                    "byte {place}: {error}"
                );
            }
            assert_eq!(fs::read(&path).unwrap(), bytes, "touched");
        }
    }
    for place in 0..HEADER {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x10;
        fs::write(&path, &bytes).unwrap();
        Journal::open(temp.path(), ROOMY, Seq(0)).unwrap_err();
    }
    fs::write(&path, &whole).unwrap();
    assert_eq!(all(&Journal::open(temp.path(), ROOMY, Seq(0)).unwrap().0), records(1..=13));
}

/// The power went before the cut of what a failed batch had left was durable.
#[test]
fn a_segment_ends_where_the_next_one_says() {
    let temp = scratch();
    let (_, whole, ends) = written(temp.path());
    let before = files(temp.path()).remove(0);
    let refused = &whole[HEADER..ends[0] as usize];
    for surplus in [refused, &refused[..30], &[0; 100]] {
        let sound = fs::read(&before).unwrap();
        fs::write(&before, [&sound[..], surplus].concat()).unwrap();
        let reader = Reader::at_rest(temp.path()).unwrap();
        assert_eq!(reader.scan(Seq(1)).map(|item| item.unwrap().0).collect::<Vec<_>>(), records(1..=13));
        let (journal, warnings) = Journal::open(temp.path(), ROOMY, Seq(13)).unwrap();
        assert_eq!((all(&journal), warnings), (records(1..=13), vec![]));
        fs::write(&before, sound).unwrap();
    }
}

#[test]
fn a_journal_of_another_format_is_refused_in_so_many_words_and_not_touched() {
    let temp = scratch();
    let (path, whole, _) = written(temp.path());
    for length in [whole.len(), HEADER, 40] {
        let old = String::from_utf8(whole[..length].to_vec()).unwrap().replacen("journal 2", "journal 1", 1);
        fs::write(&path, &old).unwrap();
        for error in [Journal::open(temp.path(), ROOMY, Seq(0)).unwrap_err(), Reader::at_rest(temp.path()).unwrap_err()]
        {
            let text = error.to_string();
            assert!(
                text.contains("is of journal format 1, this version of willcall reads and writes format 2"),
                "{text}"
            );
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), old);
    }
}

#[test]
fn a_place_too_far_back_in_a_batch_never_makes_damage_look_torn() {
    let mut bytes = Vec::new();
    frame::encode(&record(5_000_000, b""), 2_000_000, 7, &mut bytes).unwrap();
    assert_eq!(frame::prove(&bytes, 7).unwrap().batch(), Seq(4_000_001));
    assert!(!frame::are_torn(&bytes, Seq(3_500_000), 7) && frame::are_torn(&bytes, Seq(4_000_000), 7));
}
