//! Appending: one write and one `fdatasync` a batch, new segments, and the way back after a failure.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::domain::ids::Seq;
use crate::domain::record::Record;

use super::recovery::{self, Proved, Warning};
use super::segment::{self, Frames, HEADER, Header};
use super::{JournalError, Location, Reader, disk, frame};

/// How the journal is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// A batch that would make a segment longer begins a new one.
    pub segment_bytes: u64,
    /// What the disk must take before a journal that failed is called well again: more than the longest body.
    pub trial_bytes: usize,
}

/// The journal, open for appending. There is one in a data folder, behind its lock.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    options: Options,
    active: Active,
    last: Seq,
    /// The last append failed: what is in the file after `active.end` is not known.
    unwell: bool,
    acknowledged: Arc<AtomicU64>,
}

/// The segment that is appended to.
#[derive(Debug)]
struct Active {
    file: File,
    header: Header,
    /// Where the last acknowledged frame ends.
    end: u64,
}

impl Journal {
    /// Opens the journal in `folder`, creating it if there is none; says what had to be cut off. `known` is a record that
    /// surely was acknowledged, as whoever follows the journal remembers it; 0 when nobody does.
    ///
    /// # Errors
    /// When something in it is damaged or missing, it ends before `known`, or the file system refuses.
    pub fn open(folder: &Path, options: Options, known: Seq) -> Result<(Self, Vec<Warning>), JournalError> {
        disk::create_folder(folder).map_err(JournalError::io("create", folder))?;
        let (proved, warnings) = recovery::recover(folder, known)?;
        let (active, last) = match proved {
            Some(Proved { header, end, last }) => {
                let path = folder.join(segment::name(header.first));
                let file = disk::open_private(&path).map_err(JournalError::io("open", &path))?;
                // What a crash left unsynced and whole is believed from now on, so it must be durable first.
                file.sync_all().map_err(JournalError::io("sync", &path))?;
                (Active { file, header, end }, last)
            }
            None => (Active::begin(folder, Seq(1), None)?, Seq(0)),
        };
        let acknowledged = Arc::new(AtomicU64::new(last.0));
        Ok((Self { folder: folder.to_owned(), options, active, last, unwell: false, acknowledged }, warnings))
    }

    /// The last record; 0 when there is none.
    pub fn last(&self) -> Seq {
        self.last
    }

    /// The last append failed, and none has succeeded since.
    pub fn unwell(&self) -> bool {
        self.unwell
    }

    /// Reads what has been acknowledged, from any thread.
    pub fn reader(&self) -> Reader {
        Reader::new(self.folder.clone(), Arc::clone(&self.acknowledged))
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
        self.unwell = true;
        let path = self.folder.join(segment::name(self.active.header.first));
        disk::append(&self.active.file, &vec![0; self.options.trial_bytes], self.active.end)
            .map_err(JournalError::io("append to", &path))?;
        disk::cut(&path, self.active.end).map_err(JournalError::io("cut", &path))?;
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
        let mut expected = self.last.next();
        for record in records {
            if record.seq != expected {
                return Err(JournalError::OutOfOrder { expected, given: record.seq });
            }
            expected = expected.next();
        }
        if self.unwell {
            self.heal()?;
        }
        let (mut bytes, mut lengths) = encode(records, self.active.header.salt)?;
        if !self.active.is_empty() && self.active.end + bytes.len() as u64 > self.options.segment_bytes {
            self.unwell = true;
            self.roll()?;
            self.unwell = false;
            (bytes, lengths) = encode(records, self.active.header.salt)?;
        }
        let segment = self.active.header.first;
        if let Err(source) = disk::append(&self.active.file, &bytes, self.active.end) {
            self.unwell = true;
            return Err(JournalError::Io {
                doing: "append to",
                path: self.folder.join(segment::name(segment)),
                source,
            });
        }
        let mut offset = self.active.end;
        let locations = lengths.into_iter().map(|length| {
            let location = Location { segment, offset, length };
            offset += u64::from(length);
            location
        });
        let locations = locations.collect();
        self.active.end = offset;
        self.last = newest.seq;
        self.acknowledged.store(self.last.0, Ordering::Release);
        Ok(locations)
    }

    /// Puts another file where the active segment was, to make the next append fail.
    #[cfg(test)]
    pub(super) fn break_active(&mut self, file: File) {
        self.active.file = file;
    }

    /// Invariant 4: proves what was acknowledged, cuts what follows, begins a new segment.
    fn heal(&mut self) -> Result<(), JournalError> {
        if !self.active.is_empty() {
            let mut frames = Frames::open(&self.folder, self.active.header.first, Some(self.active.end))?;
            while frames.advance()?.is_some() {}
            let path = self.folder.join(segment::name(self.active.header.first));
            if frames.expected() != self.last.next() {
                let flaw = frame::Flaw::OutOfOrder { expected: self.last.next(), found: frames.expected() };
                return Err(JournalError::Damaged { path, offset: frames.offset(), flaw });
            }
            disk::cut(&path, self.active.end).map_err(JournalError::io("cut", &path))?;
        }
        self.roll()?;
        self.unwell = false;
        Ok(())
    }

    fn roll(&mut self) -> Result<(), JournalError> {
        let header = self.active.header;
        let previous = if self.active.is_empty() { header.previous } else { Some((header.first, self.active.end)) };
        self.active = Active::begin(&self.folder, self.last.next(), previous)?;
        Ok(())
    }
}

impl Active {
    /// Begins a segment, over whatever a failed beginning left under its name.
    fn begin(folder: &Path, first: Seq, previous: Option<(Seq, u64)>) -> Result<Self, JournalError> {
        let header = Header { first, previous, salt: fastrand::u64(..) };
        let path = folder.join(segment::name(first));
        let file = disk::create_durably(&path, header.encode().as_bytes()).map_err(JournalError::io("begin", &path))?;
        Ok(Self { file, header, end: HEADER as u64 })
    }

    fn is_empty(&self) -> bool {
        self.end == HEADER as u64
    }
}

fn encode(records: &[Record], salt: u64) -> Result<(Vec<u8>, Vec<u32>), JournalError> {
    let mut bytes = Vec::with_capacity(records.iter().map(|record| record.body.len() + 1024).sum());
    let lengths = records.iter().map(|record| frame::encode(record, salt, &mut bytes)).collect::<Result<_, _>>()?;
    Ok((bytes, lengths))
}
