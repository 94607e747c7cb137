//! Appending: one write and one `fdatasync` a batch, new segments, and the way back after a failure.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::domain::ids::Seq;
use crate::domain::record::Record;

use super::disk::{self, Disk, File, RealDisk};
use super::frame::{self, Flaw};
use super::recovery::{self, End, Warning};
use super::segment::{Frames, HEADER, Header};
use super::shelf::Shelf;
use super::{JournalError, Location, Press, Reader, Trim};

/// How the journal is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// A batch that would make a segment longer begins a new one, as does the first of a day (UTC).
    pub segment_bytes: u64,
    /// What the disk must take before a journal that failed is called well again: more than the longest body.
    pub trial_bytes: usize,
}

/// The journal, open for appending. There is one in a data folder, behind its lock.
#[derive(Debug)]
pub struct Journal {
    shelf: Shelf,
    options: Options,
    /// Where what was acknowledged ends.
    end: End,
    /// The segment that is appended to; `None` when the next batch begins one.
    active: Option<Active>,
    /// The last append failed: what the disk has behind the end is not known.
    unwell: bool,
    acknowledged: Arc<AtomicU64>,
    reader: Reader,
}

/// A segment that this process has begun and nothing has failed in.
#[derive(Debug)]
struct Active {
    file: Box<dyn File>,
    first: Seq,
    salt: u64,
    /// Where the next frame begins.
    end: u64,
    /// The day of its first record, counted from 1970; `None` while it has none.
    day: Option<i64>,
}

impl Journal {
    /// Opens the journal in `folder`, creating it if there is none; says what had to be cut off. `known` is a record that
    /// surely was acknowledged, as whoever follows the journal remembers it; 0 when nobody does.
    ///
    /// # Errors
    /// When something in it is damaged or missing, it ends before `known`, or the file system refuses.
    pub fn open(folder: &Path, options: Options, known: Seq) -> Result<(Self, Vec<Warning>), JournalError> {
        Self::open_on(Arc::new(RealDisk), folder, options, known)
    }

    pub(super) fn open_on(
        disk: Arc<dyn Disk>,
        folder: &Path,
        options: Options,
        known: Seq,
    ) -> Result<(Self, Vec<Warning>), JournalError> {
        let shelf = Shelf::new(disk, folder);
        shelf.create()?;
        let (end, warnings) = recovery::recover(&shelf, known)?;
        let acknowledged = Arc::new(AtomicU64::new(end.last.0));
        let reader = Reader::new(shelf.clone(), Arc::clone(&acknowledged), end.base, shelf.blanking()?);
        Ok((Self { shelf, options, end, active: None, unwell: false, acknowledged, reader }, warnings))
    }

    /// The last record; 0 when there is none.
    pub fn last(&self) -> Seq {
        self.end.last
    }

    /// The last append failed, and none has succeeded since.
    pub fn unwell(&self) -> bool {
        self.unwell
    }

    /// Reads what has been acknowledged, from any thread.
    pub fn reader(&self) -> Reader {
        self.reader.clone()
    }

    /// Drops old segments, from any thread.
    pub fn trim(&self) -> Trim {
        Trim::new(self.shelf.clone(), self.reader.clone())
    }

    /// Compresses old segments, from any thread.
    pub fn press(&self) -> Press {
        Press::new(self.shelf.clone(), self.reader.clone())
    }

    /// Makes sure that a batch could be kept now. Costs nothing while all is well; after a failure it proves what was
    /// acknowledged and tries whether the disk takes [`Options::trial_bytes`] again, so that a full one is not called well
    /// because a header fits.
    ///
    /// # Errors
    /// Why nothing can be kept.
    pub fn ready(&mut self) -> Result<(), JournalError> {
        if !self.unwell {
            return Ok(());
        }
        self.heal()?;
        let active = self.active.insert(Active::begin(&self.shelf, self.end)?);
        let trial = || {
            disk::append(&*active.file, &vec![0; self.options.trial_bytes], active.end)?;
            active.file.set_length(active.end)?;
            active.file.sync_all()
        };
        trial().map_err(JournalError::io("append to", &self.shelf.path(active.first)))?;
        self.unwell = false;
        Ok(())
    }

    /// Appends a batch, durable when this returns. After an error nothing of it counts, and the next call first proves
    /// what was acknowledged before.
    ///
    /// # Errors
    /// When the batch does not follow the last record, a record is too long, or the file system refuses.
    pub fn append(&mut self, records: &[Record]) -> Result<Vec<Location>, JournalError> {
        let Some(newest) = records.last() else { return Ok(Vec::new()) };
        let mut expected = self.end.last.next();
        for record in records {
            if record.seq != expected {
                return Err(JournalError::OutOfOrder { expected, given: record.seq });
            }
            expected = expected.next();
        }
        let (mut bytes, mut lengths) = encode(records, self.active.as_ref().map_or(0, |active| active.salt))?;
        if self.unwell {
            self.heal()?;
        }
        let today = day(&records[0]);
        if self.active.as_ref().is_some_and(|active| active.is_over(today) || active.is_full(bytes.len(), self.options))
        {
            self.active = None;
        }
        // Until the disk has said that it has all of it.
        self.unwell = true;
        let active = match &mut self.active {
            Some(active) => active,
            none => {
                let begun = none.insert(Active::begin(&self.shelf, self.end)?);
                (bytes, lengths) = encode(records, begun.salt)?;
                begun
            }
        };
        disk::append(&*active.file, &bytes, active.end)
            .map_err(JournalError::io("append to", &self.shelf.path(active.first)))?;
        self.unwell = false;
        active.day.get_or_insert(today);
        let locations = lengths.into_iter().map(|length| {
            let location = Location { segment: active.first, offset: active.end, length };
            active.end += u64::from(length);
            location
        });
        let locations = locations.collect();
        self.end = End { segment: Some((active.first, active.end)), last: newest.seq, ..self.end };
        self.acknowledged.store(newest.seq.0, Ordering::Release);
        Ok(locations)
    }

    /// Invariant 5: proves what was acknowledged in the active segment, cuts off what follows, and ends the segment.
    fn heal(&mut self) -> Result<(), JournalError> {
        if let Some(Active { first, end, .. }) = self.active
            && end > HEADER as u64
        {
            let mut frames = Frames::open(&self.shelf, first, Some(end))?;
            while frames.advance()?.is_some() {}
            if frames.offset() != end {
                let flaw = Flaw::Length { expected: end, found: frames.offset() };
                return Err(JournalError::Damaged { path: self.shelf.path(first), offset: frames.offset(), flaw });
            }
            self.shelf.cut(first, end)?;
        }
        self.active = None;
        Ok(())
    }
}

impl Active {
    /// Begins the segment that follows the end of the journal.
    fn begin(shelf: &Shelf, end: End) -> Result<Self, JournalError> {
        let header = Header { first: end.last.next(), previous: end.segment, salt: fastrand::u64(..) };
        let file = shelf.begin(header)?;
        Ok(Self { file, first: header.first, salt: header.salt, end: HEADER as u64, day: None })
    }

    /// It is of an earlier day: what is old is dropped, compressed and blanked by segments, and few events make no long one.
    fn is_over(&self, today: i64) -> bool {
        self.day.is_some_and(|day| day < today)
    }

    /// It has frames, and `more` bytes would make it too long.
    fn is_full(&self, more: usize, options: Options) -> bool {
        self.end > HEADER as u64 && self.end + more as u64 > options.segment_bytes
    }
}

/// The day of a record, counted from 1970.
fn day(record: &Record) -> i64 {
    record.head.at.timestamp().div_euclid(24 * 3600)
}

fn encode(records: &[Record], salt: u64) -> Result<(Vec<u8>, Vec<u32>), JournalError> {
    let mut bytes = Vec::with_capacity(records.iter().map(|record| record.body.len() + 1024).sum());
    let frames = records.iter().enumerate().map(|(place, record)| frame::encode(record, place, salt, &mut bytes));
    let lengths = frames.collect::<Result<_, _>>()?;
    Ok((bytes, lengths))
}
