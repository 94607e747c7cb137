//! Whatever the batches and the starts between, the same rows, and nothing lost.

use std::collections::BTreeMap;

use super::*;
use crate::domain::ids::DeliveryId;
use crate::store::keys::{self, RunId, Topic};
use proptest::prelude::*;

fn topic(number: u8) -> Topic {
    keys::history(DeliveryId(Seq(u64::from(number))))
}

fn mention(what: u8) -> Mention {
    let digest = |byte| Digest([byte; 16]);
    let delivery = [None, Some(true), Some(false)][usize::from(what % 3)];
    Mention { delivery, said: what.is_multiple_of(5).then(|| (digest(what), digest(what ^ 1))) }
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
    through: Seq,
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
        self.through = through;
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
        let recent = self.of(keys::Table::Recent).map(|(key, row)| (keys::recent_of(key).unwrap(), row.clone()));
        self.notes = Notes::load(self.through, runs, &recent.collect::<Vec<_>>()).unwrap();
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
        // A run is not kept twice for longer than it takes to write it.
        let runs: std::collections::BTreeSet<u64> =
            once.of(keys::Table::Recent).filter_map(|(key, _)| Some(keys::recent_of(key)?.0)).collect();
        let written = last % RUN >= RUN / 2;
        prop_assert!(runs.iter().all(|run| *run == last / RUN || !written && run + 1 == last / RUN), "{runs:?} at {last}");
    }

    #[test]
    fn what_is_no_row_of_notes_or_of_a_filter_is_none_and_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..90), cut in any::<prop::sample::Index>()) {
        read(&bytes).for_each(drop);
        let rest = |run: Run| run.may_have(&topic(1));
        Run::read(RunId::laid(0), &bytes).map(rest);
        // One that was sound.
        let notes: Vec<_> = (0..60).map(|number| (topic(number).at(Seq(1)), Mention::default())).collect();
        let mut rows = Rows::new();
        Run::of(RunId::laid(0), &notes).write_filter(&mut rows);
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
    let notes: Vec<_> = (0..5000).map(|number| (lane(number).at(Seq(1)), Mention::default())).collect();
    let run = Run::of(RunId::of_records(0), &notes);
    assert!((0..5000).all(|number| run.may_have(&lane(number))));
    let wrong = (5000..10_000).filter(|number| run.may_have(&lane(*number))).count();
    assert!(wrong < 2, "{wrong}");
    assert!(run.filter.len() < 5000 * 3, "{}", run.filter.len());
}

#[test]
fn a_row_that_is_missing_among_those_of_recent_notes_is_noticed() {
    let mut kept = Kept::default();
    let notes: Vec<Note> = (1..20)
        .flat_map(|by| {
            (0..9).map(move |about| Note { by: Seq(by), key: topic(about).at(Seq(by)), mention: mention(5) })
        })
        .collect();
    kept.write(&notes, Seq(19));
    let rows: Vec<((u64, u32), Vec<u8>)> =
        kept.of(keys::Table::Recent).map(|(key, row)| (keys::recent_of(key).unwrap(), row.clone())).collect();
    assert!(rows.len() > 4, "{}", rows.len());
    assert!(Notes::load(Seq(19), Vec::new(), &rows).is_some());
    // The last of a run may be missing: what came last was never written.
    let is_last = |at: usize| rows.get(at + 1).is_none_or(|(next, _)| next.0 != rows[at].0.0);
    for missing in (0..rows.len()).filter(|at| !is_last(*at)) {
        let rest: Vec<_> =
            rows.iter().enumerate().filter(|(at, _)| *at != missing).map(|(_, row)| row.clone()).collect();
        assert!(Notes::load(Seq(19), Vec::new(), &rest).is_none(), "{missing}");
    }
    assert!(Notes::load(Seq(40), Vec::new(), &rows).is_none(), "of a run that must have been written");
}
