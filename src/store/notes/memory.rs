//! What of the notes is in memory, and what the next records change in it and in the rows.

use std::sync::Arc;

use super::gathered::Gathered;
use super::run::{self, Run};
use super::{Mention, Note, RUN, Rows};
use crate::domain::ids::Seq;
use crate::store::keys::{self, NoteKey, RunId, Topic};

/// Records from bit to bit of a run that is written.
const BIT: u64 = RUN / if cfg!(test) { 4 } else { 64 };

/// Bits in which a run is written: fewer make longer halts, more keep it in memory for longer.
const BITS: u64 = if cfg!(test) { 2 } else { 16 };

/// Bytes of a row in which recent notes are kept. The last one is written again with each batch, so it is shorter than those
/// of runs: sled has a thread's time for garbage, and no more.
const KEPT_BYTES: usize = if cfg!(test) { 200 } else { 1024 };

/// All there is in memory.
#[derive(Debug, Default)]
pub struct Notes {
    /// The last record of which there are notes; 0 while what dropped records had come to is laid down.
    through: Seq,
    /// Of the records that are in no run yet.
    recent: Gathered,
    /// The rows of these: how many are full, and the next.
    full: u32,
    open: Vec<u8>,
    closing: Option<Closing>,
    /// Oldest first.
    runs: Vec<Run>,
}

/// The run that is being written.
#[derive(Debug, Clone)]
struct Closing {
    /// Which, of those of records.
    number: u64,
    run: Run,
    notes: Arc<Vec<(NoteKey, Mention)>>,
    /// The rows in which they are kept until it is.
    kept: u32,
}

impl Closing {
    fn begin(number: u64, notes: Vec<(NoteKey, Mention)>, kept: u32) -> Option<Self> {
        if kept == 0 {
            return None;
        }
        let run = Run::of(RunId::of_records(number), &notes);
        Some(Self { number, run, notes: Arc::new(notes), kept })
    }

    fn about(&self, topic: &Topic, from: Seq, to: Seq) -> &[(NoteKey, Mention)] {
        if !self.run.may_have(topic) {
            return &[];
        }
        let first = self.notes.partition_point(|(key, _)| *key < topic.at(from));
        let end = self.notes.partition_point(|(key, _)| *key <= topic.at(to));
        self.notes.get(first..end).unwrap_or_default()
    }
}

/// What comes to [`Notes`] once the rows are written.
#[derive(Debug)]
pub struct Prepared {
    through: Seq,
    /// Of what was recent nothing is any more.
    anew: bool,
    recent: Vec<(NoteKey, Mention)>,
    full: u32,
    open: Vec<u8>,
    closing: Option<Closing>,
    done: Vec<Run>,
}

impl Notes {
    /// As the rows say after record `through`: the runs, oldest first, and the rows of other notes, in order, each with the
    /// numbers in its key. `None` when one of these is no such row, or one is missing among them.
    pub fn load(through: Seq, runs: Vec<Run>, rows: &[((u64, u32), Vec<u8>)]) -> Option<Self> {
        let mut notes = Self { through, runs, ..Self::default() };
        let number = through.0 / RUN;
        let gather = |run: u64| {
            let (mut gathered, mut kept) = (Gathered::default(), Vec::new());
            for ((_, number), row) in rows.iter().filter(|((of, _), _)| *of == run) {
                if *number as usize != kept.len() {
                    return None;
                }
                for note in super::read(row) {
                    let (key, mention) = note?;
                    gathered.add(key, mention);
                }
                kept.push(row);
            }
            Some((gathered, kept))
        };
        let (recent, open) = gather(number)?;
        notes.recent = recent;
        notes.full = open.len().saturating_sub(1) as u32;
        notes.open = open.last().map(|row| row.to_vec()).unwrap_or_default();
        if let Some(number) = number.checked_sub(1) {
            let (before, kept) = gather(number)?;
            notes.closing = Closing::begin(number, before.sorted(&[]), kept.len() as u32);
        }
        let known = notes.closing.as_ref().map_or(0, |closing| closing.kept as usize) + open.len();
        (known == rows.len()).then_some(notes)
    }

    /// What is said about a topic with numbers from `from` to `to`, both included, but for what the runs say that are named
    /// beside it, oldest first.
    pub fn about(&self, topic: &Topic, from: Seq, to: Seq) -> (Vec<(Seq, Mention)>, Vec<RunId>) {
        let recent = self.recent.about(topic, from, to);
        let Some(closing) = &self.closing else { return (recent, self.runs_about(topic)) };
        let closing = closing.about(topic, from, to).iter().map(|(key, mention)| (key.seq(), *mention));
        (super::merged(closing.chain(recent).collect()), self.runs_about(topic))
    }

    /// What was said last about a topic, of which the numbers ascend as they come; `None` when that is for the runs to say that
    /// are named beside it, oldest first.
    pub fn last(&self, topic: &Topic) -> (Option<(Seq, Mention)>, Vec<RunId>) {
        let of_closing = || self.closing.as_ref()?.about(topic, Seq(0), Seq(u64::MAX)).last();
        match self.recent.last(topic).or_else(|| of_closing().map(|(key, mention)| (key.seq(), *mention))) {
            None => (None, self.runs_about(topic)),
            last => (last, Vec::new()),
        }
    }

    fn runs_about(&self, topic: &Topic) -> Vec<RunId> {
        self.runs.iter().filter(|run| run.may_have(topic)).map(|run| run.id).collect()
    }

    /// Adds to `rows` what `notes`, which come in the order of their records, change in them once record `through` is the last.
    pub fn prepare(&self, notes: &[Note], through: Seq, rows: &mut Rows) -> Prepared {
        let mut next = Next { of: self, at: self.through.0, touched: false, prepared: Prepared::after(self) };
        let (laid, notes) = notes.split_at(notes.partition_point(|note| note.by == Seq(0)));
        if self.through == Seq(0) {
            next.lay(laid, through > Seq(0), rows);
            // Where a base ends, within a run.
            next.at = notes.first().map_or(through.0, |note| note.by.0 - 1);
        }
        for note in notes {
            next.reach(note.by.0.saturating_sub(1), rows);
            next.add(note, rows);
        }
        next.reach(through.0, rows);
        next.end(through, rows)
    }

    /// What was prepared has been written.
    pub fn adopt(&mut self, prepared: Prepared) {
        if prepared.anew {
            self.recent = Gathered::default();
        }
        prepared.recent.into_iter().for_each(|(key, mention)| self.recent.add(key, mention));
        self.runs.extend(prepared.done);
        (self.through, self.full, self.open) = (prepared.through, prepared.full, prepared.open);
        self.closing = prepared.closing;
    }
}

impl Prepared {
    fn after(notes: &Notes) -> Self {
        Self {
            through: notes.through,
            anew: false,
            recent: Vec::new(),
            full: notes.full,
            open: notes.open.clone(),
            closing: notes.closing.clone(),
            done: Vec::new(),
        }
    }
}

/// Being prepared.
struct Next<'a> {
    of: &'a Notes,
    /// The last record that is dealt with.
    at: u64,
    /// Some of what was added is not in the rows yet.
    touched: bool,
    prepared: Prepared,
}

impl Next<'_> {
    /// What dropped records had come to is in no record, so it becomes runs at once, when it is enough, or `all` of it.
    fn lay(&mut self, laid: &[Note], all: bool, rows: &mut Rows) {
        self.prepared.recent.extend(laid.iter().map(|note| (note.key, note.mention)));
        let gathered = self.of.recent.len() + self.prepared.recent.len();
        if gathered == 0 || !all && gathered < RUN as usize {
            return;
        }
        let id = RunId::laid(self.of.runs.len() as u64);
        let notes = self.take();
        run::write_notes(&id, &notes, rows);
        self.done(Run::of(id, &notes), rows);
    }

    fn add(&mut self, note: &Note, rows: &mut Rows) {
        self.prepared.recent.push((note.key, note.mention));
        if self.prepared.open.len() >= KEPT_BYTES {
            self.keep_open(rows);
            self.prepared.full += 1;
            self.prepared.open.clear();
        }
        super::write(&mut self.prepared.open, &note.key, &note.mention);
        self.touched = true;
    }

    fn keep_open(&mut self, rows: &mut Rows) {
        let Prepared { full, open, .. } = &self.prepared;
        if std::mem::take(&mut self.touched) {
            rows.push((keys::recent(self.at / RUN, *full), Some(open.clone())));
        }
    }

    /// All up to that record have been added.
    fn reach(&mut self, record: u64, rows: &mut Rows) {
        for point in self.at / BIT + 1..=record / BIT {
            match (point % (RUN / BIT), self.prepared.closing.clone()) {
                (0, _) => self.close(point * BIT / RUN - 1, rows),
                (bit, Some(closing)) => self.write_bit(&closing, bit, rows),
                (_, None) => {}
            }
        }
        self.at = self.at.max(record);
    }

    /// That run is over.
    fn close(&mut self, number: u64, rows: &mut Rows) {
        self.keep_open(rows);
        let kept = self.prepared.full + u32::from(!self.prepared.open.is_empty());
        let notes = self.take();
        (self.prepared.full, self.prepared.open) = (0, Vec::new());
        self.prepared.closing = Closing::begin(number, notes, kept);
    }

    /// The bits are counted from 1.
    fn write_bit(&mut self, closing: &Closing, bit: u64, rows: &mut Rows) {
        let place = |bit: u64| closing.notes.len() * bit as usize / BITS as usize;
        run::write_notes(&closing.run.id, &closing.notes[place(bit - 1)..place(bit)], rows);
        if bit == BITS {
            rows.extend((0..closing.kept).map(|number| (keys::recent(closing.number, number), None)));
            self.prepared.closing = None;
            self.done(closing.run.clone(), rows);
        }
    }

    fn done(&mut self, run: Run, rows: &mut Rows) {
        run.write_filter(rows);
        self.prepared.done.push(run);
    }

    /// All that is recent, which is none any more.
    fn take(&mut self) -> Vec<(NoteKey, Mention)> {
        let none = Gathered::default();
        let before = if self.prepared.anew { &none } else { &self.of.recent };
        self.prepared.anew = true;
        before.sorted(&std::mem::take(&mut self.prepared.recent))
    }

    fn end(mut self, through: Seq, rows: &mut Rows) -> Prepared {
        self.keep_open(rows);
        Prepared { through, ..self.prepared }
    }
}
