//! Reading what was acknowledged: one record by its location, or all from a number on. Changes nothing.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::ids::Seq;
use crate::domain::record::Record;

use super::frame::{self, Flaw};
use super::segment::{self, Frames};
use super::{JournalError, Location, recovery};

/// Segments kept open: 4 GiB of journal at the default size.
const MOST_OPEN: usize = 64;

/// Reads the journal. Cheap to clone; clones share their open files.
#[derive(Debug, Clone)]
pub struct Reader(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    acknowledged: Arc<AtomicU64>,
    open: Mutex<BTreeMap<Seq, Arc<Segment>>>,
}

#[derive(Debug)]
struct Segment {
    path: PathBuf,
    file: File,
    salt: u64,
}

impl Reader {
    pub(super) fn new(folder: PathBuf, acknowledged: Arc<AtomicU64>) -> Self {
        Self(Arc::new(Inner { folder, acknowledged, open: Mutex::default() }))
    }

    /// Reads the journal in `folder` without holding its data folder: up to the last whole record there is now.
    ///
    /// # Errors
    /// When the file system refuses, or the last segment is damaged.
    pub fn at_rest(folder: &Path) -> Result<Self, JournalError> {
        let mut firsts = recovery::segments(folder)?;
        if let Some(&last) = firsts.last()
            && recovery::is_unborn(folder, last)?
        {
            firsts.pop();
        }
        let last = match firsts.last() {
            None => Seq(0),
            // Whatever follows the last whole record is being written, or torn.
            Some(first) => recovery::last_whole(folder, *first)?,
        };
        Ok(Self::new(folder.to_owned(), Arc::new(AtomicU64::new(last.0))))
    }

    /// The last acknowledged record; 0 when there is none.
    pub fn last(&self) -> Seq {
        Seq(self.0.acknowledged.load(Ordering::Acquire))
    }

    /// The record at `location`.
    ///
    /// # Errors
    /// When there is none, or it is not as it was written.
    pub fn read(&self, location: Location) -> Result<Record, JournalError> {
        let segment = self.segment(location.segment)?;
        let damaged = |flaw| JournalError::Damaged { path: segment.path.clone(), offset: location.offset, flaw };
        let length = segment.file.metadata().map_err(JournalError::io("read", &segment.path))?.len();
        if location.offset.saturating_add(u64::from(location.length)) > length {
            return Err(damaged(Flaw::Incomplete));
        }
        let mut bytes = vec![0; location.length as usize];
        segment.file.read_exact_at(&mut bytes, location.offset).map_err(JournalError::io("read", &segment.path))?;
        frame::decode(&bytes, segment.salt).map_err(damaged)
    }

    /// Every record from `from` to the last acknowledged now, in order, one at a time. Ends after an error.
    pub fn scan(&self, from: Seq) -> Scan {
        Scan { reader: self.clone(), next: from.max(Seq(1)), last: self.last(), frames: None, over: false }
    }

    fn segment(&self, first: Seq) -> Result<Arc<Segment>, JournalError> {
        let mut open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(segment) = open.get(&first) {
            return Ok(Arc::clone(segment));
        }
        let path = self.0.folder.join(segment::name(first));
        let mut file = File::open(&path).map_err(JournalError::io("open", &path))?;
        let salt = segment::header(&mut file, &path, first)?.salt;
        let segment = Arc::new(Segment { path, file, salt });
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
                return Ok(Some((frames.record(location)?, location)));
            }
            if frames.expected() != self.next {
                return Err(self.missing());
            }
            self.frames = None;
        }
    }

    /// The segment in which the next record is, at that record.
    fn segment_of_next(&self) -> Result<Frames, JournalError> {
        let folder = &self.reader.0.folder;
        let firsts = recovery::segments(folder)?;
        let first = firsts.into_iter().rev().find(|first| *first <= self.next).ok_or_else(|| self.missing())?;
        let mut frames = Frames::open(folder, first, None)?;
        frames.skip_to(self.next)?;
        // Short of the wanted record, or at the end of the segment where it should have been.
        if frames.expected() != self.next || frames.at_end() {
            return Err(self.missing());
        }
        Ok(frames)
    }

    fn missing(&self) -> JournalError {
        JournalError::Missing { folder: self.reader.0.folder.clone(), first: self.next }
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
