//! Notes: what records say about a ticket, a delivery or a subject, each a few bytes under a key in no order. A row for each
//! would cost sled a page copied at every write, and 50 bytes of memory for as long as it is there. So those of the newest
//! records gather in memory, with some rows beside them for the next start, and those of every [`RUN`] records become a run,
//! sorted, many to a row, which never changes. What a run has nothing about, its filter mostly knows without reading it. Pure.
//!
//! Runs end at fixed records, so that the rows are the same whatever the batches the records came in.

use std::collections::BTreeMap;
use std::sync::Arc;

use xorf::{BinaryFuse8, BinaryFuse8Ref, DmaSerializable, Filter, FilterRef};

use crate::domain::ids::{Digest, Seq};

use super::keys::{self, Key, NoteKey, RunId, Topic};

/// Records whose notes become a run. More are more memory and a longer halt while they are sorted, fewer are more runs to ask.
pub const RUN: u64 = if cfg!(test) { 32 } else { 1 << 16 };

/// Bytes of a row of notes: one is read for each answer, and sled keeps 16 rows to a page.
const ROW_BYTES: usize = if cfg!(test) { 200 } else { 2048 };

/// Bytes of a row of a filter: no value may be longer than 4 KiB.
const FILTER_BYTES: usize = 4000;

/// Values by key, the last of a key counts; none: to be removed. None is longer than 4 KiB.
pub type Rows = Vec<(Key, Option<Vec<u8>>)>;

/// What a note says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mention {
    /// The number is that of a delivery, too, or is not any more.
    pub delivery: Option<bool>,
    /// Subject and print of an event that is no repetition.
    pub said: Option<(Digest, Digest)>,
}

impl Mention {
    /// It is the number of a delivery, too.
    pub fn is_delivery(&self) -> bool {
        self.delivery == Some(true)
    }

    /// These, and what `later` says under the same key.
    #[must_use]
    pub fn and(self, later: Self) -> Self {
        Self { delivery: later.delivery.or(self.delivery), said: later.said.or(self.said) }
    }
}

/// A note as a record made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Note {
    /// The record; 0 for what dropped records had come to.
    pub by: Seq,
    /// About what, and with which number.
    pub key: NoteKey,
    /// What it says.
    pub mention: Mention,
}

/// Says of [`Note::mention`] what follows in the row.
mod flags {
    pub(super) const IS_DELIVERY: u8 = 1;
    pub(super) const IS_NO_DELIVERY: u8 = 2;
    pub(super) const SAID: u8 = 4;
}

/// Adds a note to a row.
pub fn write(row: &mut Vec<u8>, key: &NoteKey, mention: &Mention) {
    let delivery = match mention.delivery {
        None => 0,
        Some(true) => flags::IS_DELIVERY,
        Some(false) => flags::IS_NO_DELIVERY,
    };
    row.extend_from_slice(&key.0);
    row.push(delivery | if mention.said.is_some() { flags::SAID } else { 0 });
    if let Some((subject, print)) = &mention.said {
        row.extend_from_slice(&subject.0);
        row.extend_from_slice(&print.0);
    }
}

/// The notes of a row, in the order in which they stand there; what is no note ends it with `None`.
pub fn read(mut row: &[u8]) -> impl Iterator<Item = Option<(NoteKey, Mention)>> {
    std::iter::from_fn(move || {
        if row.is_empty() {
            return None;
        }
        let note = split_first(row);
        row = note.map_or(&[], |(_, _, rest)| rest);
        Some(note.map(|(key, mention, _)| (key, mention)))
    })
}

/// What the notes of a row come to, up to what is none.
pub fn all(row: &[u8]) -> BTreeMap<NoteKey, Mention> {
    let mut notes = BTreeMap::new();
    read(row).map_while(|note| note).for_each(|(key, mention)| add(&mut notes, key, mention));
    notes
}

fn split_first(row: &[u8]) -> Option<(NoteKey, Mention, &[u8])> {
    let (key, rest) = row.split_first_chunk()?;
    let (flags, mut rest) = rest.split_first()?;
    let delivery = match flags & (flags::IS_DELIVERY | flags::IS_NO_DELIVERY) {
        0 => None,
        flags::IS_DELIVERY => Some(true),
        flags::IS_NO_DELIVERY => Some(false),
        _ => return None,
    };
    let mut said = None;
    if flags & flags::SAID != 0 {
        let (subject, after) = rest.split_first_chunk()?;
        let (print, after) = after.split_first_chunk()?;
        said = Some((Digest(*subject), Digest(*print)));
        rest = after;
    }
    (*flags < 8).then_some((NoteKey(*key), Mention { delivery, said }, rest))
}

/// A run, as far as it is in memory.
#[derive(Debug, Clone)]
pub struct Run {
    /// Which.
    pub id: RunId,
    /// Of what it has notes, as the crate writes it: 20 bytes that say how, and the fingerprints. Empty when it is not known.
    filter: Arc<[u8]>,
}

impl Run {
    /// It may have notes about it.
    pub fn may_have(&self, topic: &Topic) -> bool {
        let filter = self.filter.split_at_checked(BinaryFuse8::DESCRIPTOR_LEN);
        filter.is_none_or(|(how, prints)| BinaryFuse8Ref::from_dma(how, prints).contains(&topic.number()))
    }

    /// As its filter's rows say; `None` when that is no filter.
    pub fn read(id: RunId, filter: &[u8]) -> Option<Self> {
        if !filter.is_empty() {
            let (how, prints) = filter.split_at_checked(BinaryFuse8::DESCRIPTOR_LEN)?;
            let number = |at: usize| Some(u32::from_le_bytes(*how.get(at..)?.first_chunk()?));
            let (length, mask, all) = (number(8)?, number(12)?, number(16)?);
            // As the crate takes it for granted.
            let fits = u64::from(all) + 2 * u64::from(length) <= prints.len() as u64;
            if !length.is_power_of_two() || mask != length - 1 || !fits {
                return None;
            }
        }
        Some(Self { id, filter: filter.into() })
    }

    fn of(id: RunId, notes: &BTreeMap<NoteKey, Mention>) -> Self {
        let mut topics: Vec<u64> = notes.keys().map(|key| key.topic().number()).collect();
        topics.sort_unstable();
        topics.dedup();
        let mut bytes = Vec::new();
        // It fails once in as good as never; then the run is always asked.
        if let Ok(filter) = BinaryFuse8::try_from(&topics) {
            bytes.resize(BinaryFuse8::DESCRIPTOR_LEN, 0);
            filter.dma_copy_descriptor_to(&mut bytes);
            bytes.extend_from_slice(filter.dma_fingerprints());
        }
        Self { id, filter: bytes.into() }
    }

    fn write(&self, rows: &mut Rows) {
        let parts = self.filter.chunks(FILTER_BYTES).map(<[u8]>::to_vec);
        // Without a filter it is a run all the same.
        let none = self.filter.is_empty().then(Vec::new);
        rows.extend((0..).zip(parts.chain(none)).map(|(number, part)| (keys::filter(&self.id, number), Some(part))));
    }
}

/// All there is in memory.
#[derive(Debug, Clone, Default)]
pub struct Notes {
    /// The last record of which there are notes; 0 while what dropped records had come to is laid down.
    through: Seq,
    /// Of the records that are in no run yet.
    recent: BTreeMap<NoteKey, Mention>,
    /// The rows of these: how many are full, and the next.
    full: u32,
    open: Vec<u8>,
    /// Oldest first.
    runs: Vec<Run>,
}

/// What comes to [`Notes`] once the rows are written.
#[derive(Debug)]
pub struct Prepared {
    through: Seq,
    /// Those that were recent are in the runs.
    closed: Vec<Run>,
    recent: BTreeMap<NoteKey, Mention>,
    full: u32,
    open: Vec<u8>,
}

impl Notes {
    /// As the rows say after record `through`: the runs, oldest first, and the rows of recent notes, in order. `None` when one of
    /// these is no such row.
    pub fn load(through: Seq, runs: Vec<Run>, rows: Vec<Vec<u8>>) -> Option<Self> {
        let mut recent = BTreeMap::new();
        for note in rows.iter().flat_map(|row| read(row)) {
            let (key, mention) = note?;
            add(&mut recent, key, mention);
        }
        let full = rows.len().saturating_sub(1) as u32;
        Some(Self { through, recent, full, open: rows.into_iter().next_back().unwrap_or_default(), runs })
    }

    /// What the recent ones say about a topic with numbers from `from` to `to`, both included, and the runs that may say
    /// more, oldest first.
    pub fn about(&self, topic: &Topic, from: Seq, to: Seq) -> (Vec<(Seq, Mention)>, Vec<RunId>) {
        let recent = match from <= to {
            true => {
                self.recent.range(topic.at(from)..=topic.at(to)).map(|(key, mention)| (key.seq(), *mention)).collect()
            }
            false => Vec::new(),
        };
        (recent, self.runs.iter().filter(|run| run.may_have(topic)).map(|run| run.id).collect())
    }

    /// Adds to `rows` what `notes`, which come in the order of their records, change in them once record `through` is the last.
    pub fn prepare(&self, notes: &[Note], through: Seq, rows: &mut Rows) -> Prepared {
        let mut next = Next { of: self, run: self.through.0 / RUN, touched: false, prepared: Prepared::after(self) };
        let laid = notes.partition_point(|note| note.by == Seq(0));
        notes[..laid].iter().for_each(|note| next.add(note, None));
        let is_laid = self.through == Seq(0);
        if is_laid && (through > Seq(0) || next.gathered() >= RUN as usize) {
            next.close(RunId::laid(self.runs.len() as u64), rows);
        }
        if is_laid {
            // Where a base ends, within a run.
            next.run = notes.get(laid).map_or(through.0, |note| note.by.0 - 1) / RUN;
        }
        for note in &notes[laid..] {
            next.close_up_to(note.by.0.saturating_sub(1) / RUN, rows);
            next.add(note, Some(rows));
        }
        next.close_up_to(through.0 / RUN, rows);
        next.end(through, rows)
    }

    /// What was prepared has been written.
    pub fn adopt(&mut self, prepared: Prepared) {
        if !prepared.closed.is_empty() {
            self.recent.clear();
            self.runs.extend(prepared.closed);
        }
        prepared.recent.into_iter().for_each(|(key, mention)| add(&mut self.recent, key, mention));
        (self.through, self.full, self.open) = (prepared.through, prepared.full, prepared.open);
    }
}

impl Prepared {
    fn after(notes: &Notes) -> Self {
        Self {
            through: notes.through,
            closed: Vec::new(),
            recent: BTreeMap::new(),
            full: notes.full,
            open: notes.open.clone(),
        }
    }
}

/// Being prepared.
struct Next<'a> {
    of: &'a Notes,
    /// The run to which the next record's notes belong.
    run: u64,
    /// Some of what was added is to be kept.
    touched: bool,
    prepared: Prepared,
}

impl Next<'_> {
    /// `rows`: where they are to be kept for the next start.
    fn add(&mut self, note: &Note, rows: Option<&mut Rows>) {
        let Prepared { recent, full, open, .. } = &mut self.prepared;
        add(recent, note.key, note.mention);
        let Some(rows) = rows else { return };
        if open.len() >= ROW_BYTES {
            rows.push((keys::recent(*full), Some(std::mem::take(open))));
            *full += 1;
        }
        write(open, &note.key, &note.mention);
        self.touched = true;
    }

    fn gathered(&self) -> usize {
        self.before().map_or(0, BTreeMap::len) + self.prepared.recent.len()
    }

    /// Those that were recent, while they are.
    fn before(&self) -> Option<&BTreeMap<NoteKey, Mention>> {
        self.prepared.closed.is_empty().then_some(&self.of.recent)
    }

    fn close_up_to(&mut self, run: u64, rows: &mut Rows) {
        while self.run < run {
            self.close(RunId::of_records(self.run), rows);
            self.run += 1;
        }
    }

    fn close(&mut self, id: RunId, rows: &mut Rows) {
        let mut notes = self.before().cloned().unwrap_or_default();
        std::mem::take(&mut self.prepared.recent).into_iter().for_each(|(key, mention)| add(&mut notes, key, mention));
        let (full, open) = (std::mem::take(&mut self.prepared.full), std::mem::take(&mut self.prepared.open));
        let kept = full + u32::from(!open.is_empty());
        rows.extend((0..kept).map(|number| (keys::recent(number), None)));
        if notes.is_empty() {
            return;
        }
        let mut row = Vec::new();
        let mut last: Option<NoteKey> = None;
        for (key, mention) in &notes {
            if row.len() >= ROW_BYTES
                && let Some(last) = last
            {
                rows.push((keys::run(&id, &last), Some(std::mem::take(&mut row))));
            }
            write(&mut row, key, mention);
            last = Some(*key);
        }
        if let Some(last) = last {
            rows.push((keys::run(&id, &last), Some(row)));
        }
        let run = Run::of(id, &notes);
        run.write(rows);
        self.prepared.closed.push(run);
    }

    fn end(self, through: Seq, rows: &mut Rows) -> Prepared {
        let Prepared { full, open, .. } = &self.prepared;
        if self.touched && !open.is_empty() {
            rows.push((keys::recent(*full), Some(open.clone())));
        }
        Prepared { through, ..self.prepared }
    }
}

fn add(notes: &mut BTreeMap<NoteKey, Mention>, key: NoteKey, mention: Mention) {
    let note = notes.entry(key).or_default();
    *note = note.and(mention);
}

/// Several mentions of the same number as one, in ascending order; those that came later must stand later.
pub fn merged(mut mentions: Vec<(Seq, Mention)>) -> Vec<(Seq, Mention)> {
    mentions.sort_by_key(|(seq, _)| *seq);
    mentions.dedup_by(|(seq, later), (earlier_seq, earlier)| {
        let same = seq == earlier_seq;
        if same {
            *earlier = earlier.and(*later);
        }
        same
    });
    mentions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::DeliveryId;
    use proptest::prelude::*;

    fn topic(number: u8) -> Topic {
        keys::history(DeliveryId(Seq(u64::from(number))))
    }

    fn mention(what: u8) -> Mention {
        let digest = |byte| Digest([byte; 16]);
        let delivery = [None, Some(true), Some(false)][usize::from(what % 3)];
        Mention { delivery, said: (what % 5 == 0).then(|| (digest(what), digest(what ^ 1))) }
    }

    /// What each record notes: about what, with which number before its own, and what.
    type Record = Vec<(u8, u64, u8)>;

    fn records() -> impl Strategy<Value = Vec<Record>> {
        let note = (0..12_u8, prop_oneof![9 => Just(0_u64), 1 => 0..300_u64], any::<u8>());
        prop::collection::vec(prop::collection::vec(note, 0..4), 1..150)
    }

    /// Rows as sled would have them.
    #[derive(Default)]
    struct Kept {
        rows: BTreeMap<Key, Vec<u8>>,
        notes: Notes,
    }

    impl Kept {
        fn write(&mut self, notes: &[Note], through: Seq) {
            let mut rows = Rows::new();
            let prepared = self.notes.prepare(notes, through, &mut rows);
            for (key, value) in rows {
                assert!(value.as_ref().is_none_or(|value| value.len() <= 4000), "{}", keys::meaning(&key));
                match value {
                    Some(value) => drop(self.rows.insert(key, value)),
                    None => drop(self.rows.remove(&key)),
                }
            }
            self.notes.adopt(prepared);
        }

        fn of(&self, table: keys::Table) -> impl Iterator<Item = (&Key, &Vec<u8>)> {
            self.rows.iter().filter(move |(key, _)| key[0] == table as u8)
        }

        fn reopen(&mut self) {
            let mut filters: BTreeMap<RunId, Vec<u8>> = BTreeMap::new();
            for (key, part) in self.of(keys::Table::Filter) {
                filters.entry(keys::filter_of(key).unwrap()).or_default().extend(part);
            }
            let runs = filters.iter().map(|(id, filter)| Run::read(*id, filter).unwrap()).collect();
            let recent = self.of(keys::Table::Recent).map(|(_, row)| row.clone()).collect();
            self.notes = Notes::load(self.notes.through, runs, recent).unwrap();
        }

        fn about(&self, topic: &Topic, from: Seq, to: Seq) -> Vec<(Seq, Mention)> {
            let (recent, runs) = self.notes.about(topic, from, to);
            let mut found = Vec::new();
            for (_, row) in runs.iter().flat_map(|id| {
                self.of(keys::Table::Run).filter(move |(key, _)| key.starts_with(&keys::run(id, &topic.at(from))[..10]))
            }) {
                let notes = read(row).map(Option::unwrap).filter(|(key, _)| key.topic() == *topic);
                found.extend(notes.map(|(key, mention)| (key.seq(), mention)));
            }
            found.retain(|(seq, _)| (from..=to).contains(seq));
            found.extend(recent);
            merged(found)
        }
    }

    proptest! {
        #[test]
        fn whatever_the_batches_the_rows_are_the_same_and_nothing_noted_is_lost(
            records in records(),
            laid in prop::collection::vec((0..12_u8, 1..90_u64, any::<u8>()), 0..60),
            begin in 0..200_u64,
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
            reopens in any::<bool>(),
        ) {
            let mut said: BTreeMap<(u8, Seq), Mention> = BTreeMap::new();
            let mut say = |about: u8, seq: Seq, what: u8| {
                let all = said.entry((about, seq)).or_default();
                *all = all.and(mention(what));
                (topic(about).at(seq), mention(what))
            };
            let begin = if laid.is_empty() { 0 } else { begin + 90 };
            let laid = laid.into_iter().map(|(about, seq, what)| say(about, Seq(seq), what));
            let laid: Vec<Note> = laid.map(|(key, mention)| Note { by: Seq(0), key, mention }).collect();
            let mut notes = Vec::new();
            for (number, record) in (begin + 1..).zip(&records) {
                for (about, earlier, what) in record {
                    let (key, mention) = say(*about, Seq(number.saturating_sub(*earlier).max(1)), *what);
                    notes.push(Note { by: Seq(number), key, mention });
                }
            }
            let last = begin + records.len() as u64;
            let mut ends: Vec<u64> = cuts.iter().map(|cut| begin + 1 + cut.index(records.len()) as u64).collect();
            ends.push(last);
            ends.sort_unstable();
            let (mut once, mut often) = (Kept::default(), Kept::default());
            for kept in [&mut once, &mut often] {
                // As a base is laid down.
                laid.chunks(20).for_each(|some| kept.write(some, Seq(0)));
                kept.write(&[], Seq(begin));
            }
            once.write(&notes, Seq(last));
            let mut from = 0;
            for end in ends {
                let to = notes.partition_point(|note| note.by <= Seq(end));
                often.write(&notes[from..to], Seq(end));
                from = to;
                if reopens {
                    often.reopen();
                }
            }
            prop_assert_eq!(&once.rows, &often.rows);
            once.reopen();
            for about in 0..12 {
                for (low, high) in [(0, u64::MAX), (begin, last), (begin + 20, begin + 40), (9, 3)] {
                    let (low, high) = (Seq(low), Seq(high));
                    let expected = said.iter().filter(|((of, seq), _)| *of == about && (low..=high).contains(seq));
                    let expected: Vec<(Seq, Mention)> = expected.map(|((_, seq), mention)| (*seq, *mention)).collect();
                    prop_assert_eq!(&once.about(&topic(about), low, high), &expected);
                    prop_assert_eq!(&often.about(&topic(about), low, high), &expected);
                }
            }
            // Of what is in a run nothing is recent any more.
            let noted = notes.iter().filter(|note| note.by.0 > last / RUN * RUN).count();
            prop_assert!(often.notes.recent.len() <= noted, "{} of {noted}", often.notes.recent.len());
        }

        #[test]
        fn what_is_no_row_of_notes_or_of_a_filter_is_none_and_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..90), cut in any::<prop::sample::Index>()) {
            read(&bytes).for_each(drop);
            let rest = |run: Run| run.may_have(&topic(1));
            Run::read(RunId::laid(0), &bytes).map(rest);
            // One that was sound.
            let notes = (0..60).map(|number| (topic(number).at(Seq(1)), Mention::default())).collect();
            let mut rows = Rows::new();
            Run::of(RunId::laid(0), &notes).write(&mut rows);
            let mut filter = rows.remove(0).1.unwrap();
            filter.truncate(cut.index(filter.len()));
            bytes.iter().for_each(|byte| if let Some(one) = filter.get_mut(usize::from(*byte)) { *one ^= byte });
            Run::read(RunId::laid(0), &filter).map(rest);
        }
    }

    #[test]
    fn most_of_what_a_run_knows_nothing_about_it_is_not_asked_for() {
        let lane = |number: u64| {
            Topic::of(&keys::timeline(&crate::domain::ticket::Lane(Digest::of(&[&number.to_be_bytes()]))).0).unwrap()
        };
        let notes = (0..5000).map(|number| (lane(number).at(Seq(1)), Mention::default())).collect();
        let run = Run::of(RunId::of_records(0), &notes);
        assert!((0..5000).all(|number| run.may_have(&lane(number))));
        let wrong = (5000..10_000).filter(|number| run.may_have(&lane(*number))).count();
        assert!(wrong < 50, "{wrong}");
        assert!(run.filter.len() < 5000 * 3 / 2, "{}", run.filter.len());
    }
}
