//! Reading what was acknowledged and not dropped: one record by its location, or all from a number on. Changes nothing; what
//! is blanked is read so, whether its file has been written anew or not.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use crate::domain::blanking::Blanking;
use crate::domain::ids::Seq;
use crate::domain::record::Record;

use super::disk::{self, Disk, File, Reading, RealDisk};
use super::frame::{self, Flaw};
use super::segment::{self, Frames};
use super::shelf::Shelf;
use super::{Base, JournalError, Location, Standing, recovery};

/// Segments kept open: 4 GiB of journal at the default size.
const MOST_OPEN: usize = 64;

/// Reads the journal. Cheap to clone; clones share their open files.
#[derive(Debug, Clone)]
pub struct Reader {
    inner: Arc<Inner>,
    /// What is blanked, where that is not what the journal says.
    under: Option<Arc<Blanking>>,
}

#[derive(Debug)]
struct Inner {
    shelf: Shelf,
    acknowledged: Arc<AtomicU64>,
    /// The last record that was dropped.
    base: AtomicU64,
    blanking: RwLock<Option<Arc<Blanking>>>,
    open: Mutex<BTreeMap<Seq, Arc<Segment>>>,
}

#[derive(Debug)]
struct Segment {
    path: PathBuf,
    file: Box<dyn File>,
    salt: u64,
}

impl Reader {
    pub(super) fn new(shelf: Shelf, acknowledged: Arc<AtomicU64>, base: Seq, blanking: Option<Blanking>) -> Self {
        let (base, blanking) = (AtomicU64::new(base.0), RwLock::new(blanking.map(Arc::new)));
        let inner = Inner { shelf, acknowledged, base, blanking, open: Mutex::default() };
        Self { inner: Arc::new(inner), under: None }
    }

    /// Reads the same journal with that blanked.
    #[must_use]
    pub fn under(&self, blanking: Arc<Blanking>) -> Self {
        Self { under: Some(blanking), ..self.clone() }
    }

    /// Reads the journal in `folder` without holding its data folder: up to the last whole record there is now.
    ///
    /// # Errors
    /// When the file system refuses, or the last segment is damaged.
    pub fn at_rest(folder: &Path) -> Result<Self, JournalError> {
        Self::at_rest_on(Arc::new(RealDisk), folder)
    }

    pub(super) fn at_rest_on(disk: Arc<dyn Disk>, folder: &Path) -> Result<Self, JournalError> {
        let shelf = Shelf::new(disk, folder);
        let (base, last) = recovery::extent(&shelf)?;
        let blanking = shelf.blanking()?;
        Ok(Self::new(shelf, Arc::new(AtomicU64::new(last.0)), base, blanking))
    }

    /// The last acknowledged record; 0 when there is none.
    pub fn last(&self) -> Seq {
        Seq(self.inner.acknowledged.load(Ordering::Acquire))
    }

    /// The last record that was dropped; 0 when none was.
    pub fn dropped(&self) -> Seq {
        Seq(self.inner.base.load(Ordering::Acquire))
    }

    /// What is blanked, if anything is.
    pub fn blanking(&self) -> Option<Arc<Blanking>> {
        match &self.under {
            Some(blanking) => Some(Arc::clone(blanking)),
            None => self.inner.blanking.read().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    /// What it has lost by intention.
    pub fn standing(&self) -> Standing {
        Standing { dropped: self.dropped(), blanked: self.blanking().map_or(Seq(0), |blanking| blanking.through) }
    }

    /// From now on this is blanked.
    pub(super) fn blank(&self, blanking: Blanking) {
        *self.inner.blanking.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(blanking));
    }

    fn decoded(&self, mut record: Record) -> Record {
        if let Some(blanking) = self.blanking() {
            blanking.apply(&mut record);
        }
        record
    }

    /// What the dropped records had come to, if any were.
    ///
    /// # Errors
    /// When that cannot be read, or is damaged.
    pub fn base(&self) -> Result<Option<Base>, JournalError> {
        self.inner.shelf.base()
    }

    /// Records up to `through` are dropped: their segments are not kept open.
    pub(super) fn forget(&self, through: Seq) {
        self.inner.base.store(through.0, Ordering::Release);
        self.inner.open.lock().unwrap_or_else(PoisonError::into_inner).retain(|first, _| *first > through);
    }

    /// A segment has another file now: the one before is not kept open.
    pub(super) fn close(&self, first: Seq) {
        self.inner.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&first);
    }

    /// The record at `location`.
    ///
    /// # Errors
    /// When there is none, or it is not as it was written.
    pub fn read(&self, location: Location) -> Result<Record, JournalError> {
        let segment = self.segment(location.segment)?;
        let damaged = |flaw| JournalError::Damaged { path: segment.path.clone(), offset: location.offset, flaw };
        let length = segment.file.length().map_err(JournalError::io("read", &segment.path))?;
        if location.offset.saturating_add(u64::from(location.length)) > length {
            return Err(damaged(Flaw::Incomplete));
        }
        let mut bytes = vec![0; location.length as usize];
        let read = disk::read_exact(&*segment.file, &mut bytes, location.offset);
        read.map_err(JournalError::io("read", &segment.path))?;
        frame::decode(&bytes, segment.salt).map(|record| self.decoded(record)).map_err(damaged)
    }

    /// Puts into `bytes` those of a segment from one place to another as they are, frames and all, unchecked: for a first look.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn raw(&self, segment: Seq, from: u64, to: u64, bytes: &mut Vec<u8>) -> Result<(), JournalError> {
        let segment = self.segment(segment)?;
        bytes.resize(to.saturating_sub(from) as usize, 0);
        disk::read_exact(&*segment.file, bytes, from).map_err(JournalError::io("read", &segment.path))
    }

    /// Every record from `from` to the last acknowledged now, but for those dropped, in order, one at a time. Ends after an
    /// error.
    pub fn scan(&self, from: Seq) -> Scan {
        let next = from.max(self.dropped().next());
        Scan { reader: self.clone(), next, last: self.last(), frames: None, over: false }
    }

    fn segment(&self, first: Seq) -> Result<Arc<Segment>, JournalError> {
        let mut open = self.inner.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(segment) = open.get(&first) {
            return Ok(Arc::clone(segment));
        }
        let (path, file) = self.inner.shelf.open(first)?;
        let mut reading = Reading { file, at: 0 };
        let salt = segment::header(&mut reading, &path, first)?.salt;
        let segment = Arc::new(Segment { path, file: reading.file, salt });
        if open.len() >= MOST_OPEN {
            // The oldest is the least likely to be asked for again.
            open.pop_first();
        }
        open.insert(first, Arc::clone(&segment));
        Ok(segment)
    }
}

/// See [`Reader::scan`].
#[derive(Debug)]
pub struct Scan {
    reader: Reader,
    next: Seq,
    last: Seq,
    frames: Option<Frames>,
    over: bool,
}

impl Scan {
    fn advance(&mut self) -> Result<Option<(Record, Location)>, JournalError> {
        loop {
            let frames = match &mut self.frames {
                Some(frames) => frames,
                None => self.frames.insert(self.segment_of_next()?),
            };
            if let Some(location) = frames.advance()? {
                self.next = frames.expected();
                let record = frames.record(location)?;
                return Ok(Some((self.reader.decoded(record), location)));
            }
            if frames.expected() != self.next {
                return Err(self.missing());
            }
            self.frames = None;
        }
    }

    /// The segment in which the next record is, at that record.
    fn segment_of_next(&self) -> Result<Frames, JournalError> {
        let shelf = &self.reader.inner.shelf;
        let firsts = shelf.firsts()?;
        let behind = firsts.partition_point(|first| *first <= self.next);
        let Some(&first) = firsts[..behind].last() else { return Err(self.missing()) };
        // A segment ends where the next one says. One without an acknowledged record says nothing yet.
        let end = match firsts.get(behind).filter(|after| **after <= self.last) {
            Some(after) => recovery::header(shelf, *after)?.previous.map(|(_, end)| end),
            None => None,
        };
        let mut frames = Frames::open(shelf, first, end)?;
        frames.skip_to(self.next)?;
        // Short of the wanted record, or at the end of the segment where it should have been.
        if frames.expected() != self.next || frames.at_end() {
            return Err(self.missing());
        }
        Ok(frames)
    }

    fn missing(&self) -> JournalError {
        // Dropped since this began, by another process perhaps.
        if let Ok(Some(Base { through, .. })) = self.reader.base()
            && through >= self.next
        {
            return JournalError::Dropped { seq: self.next, through };
        }
        JournalError::Missing { folder: self.reader.inner.shelf.folder().to_owned(), first: self.next }
    }
}

impl Iterator for Scan {
    type Item = Result<(Record, Location), JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over || self.next > self.last {
            return None;
        }
        let item = self.advance().transpose();
        self.over = !matches!(item, Some(Ok(_)));
        item
    }
}
