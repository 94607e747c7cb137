//! The store as it stood after an earlier record: folded from the journal into a folder of its own, which is thrown away.
//!
//! Forward it folds on from where it is. Back it puts the rows back that it remembers, as far as that goes, and further back
//! it begins anew. The store of the present is neither asked nor touched.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::domain::Timestamp;
use crate::domain::ids::Seq;
use crate::domain::query::{Answer, Query};
use crate::domain::record::Record;
use crate::journal::{Location, Reader, Scan};

use super::repair::{self, Progress};
use super::tree::Before;
use super::{Store, StoreError, caught};

/// sled's cache: it is one reader's, and goes soon.
const CACHE_BYTES: u64 = 16 << 20;

/// Bytes in the journal of records that are folded together.
const PIECE_BYTES: u64 = 8 << 20;

/// How many records are folded together, and what is remembered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measure {
    /// Records folded together.
    pub(super) piece: u64,
    /// The same where what stood before is remembered: they are put back together, too.
    pub(super) remembered_piece: u64,
    /// So many records before the goal begins what is remembered.
    pub(super) remembered: u64,
    /// What it may cost in memory.
    pub(super) bytes: usize,
}

const USUAL: Measure = Measure { piece: 1000, remembered_piece: 200, remembered: 50_000, bytes: 32 << 20 };

/// A store that goes back and forth in time. Its folder is gone when it is dropped.
#[derive(Debug)]
pub struct Past {
    folder: PathBuf,
    measure: Measure,
    /// Taken out to be closed before its folder goes.
    store: Option<Store>,
    /// The last record in it.
    at: Seq,
    /// The last record that was blanked when it began.
    blanked: Seq,
    /// The journal from the next record on.
    records: Option<Scan>,
    /// The last record before each piece, and how the rows stood then.
    before: VecDeque<(Seq, Before)>,
    /// Bytes of that.
    remembered: usize,
}

impl Past {
    /// Before the first record, in `folder`, which is made anew.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn begin(folder: &Path) -> Result<Self, StoreError> {
        Self::begin_with(folder, USUAL)
    }

    pub(super) fn begin_with(folder: &Path, measure: Measure) -> Result<Self, StoreError> {
        repair::remove(folder)?;
        let store = Store::open(folder, CACHE_BYTES)?;
        Ok(Self {
            folder: folder.to_owned(),
            measure,
            store: Some(store),
            at: Seq(0),
            blanked: Seq(0),
            records: None,
            before: VecDeque::new(),
            remembered: 0,
        })
    }

    /// The last record in it.
    pub fn at(&self) -> Seq {
        self.at
    }

    /// Goes to where record `to` was the last, or on the way there for as long as `patience` lasts: then it says how far it
    /// has come. `None` when it is there. After an error it is of no use.
    ///
    /// # Errors
    /// When the journal cannot be read up to that record, or its own folder not be written.
    pub fn go(&mut self, journal: &Reader, to: Seq, patience: Duration) -> Result<Option<Progress>, StoreError> {
        let began = Instant::now();
        let blanked = journal.standing().blanked;
        if self.blanked != blanked {
            if self.at > Seq(0) {
                self.begin_anew()?;
            }
            self.blanked = blanked;
        }
        if self.at > to && self.before.front().is_none_or(|(first, _)| *first > to) {
            self.begin_anew()?;
        }
        while self.at != to {
            self.begin_as(journal)?;
            if to < journal.dropped() {
                return Err(StoreError::Dropped { seq: to, through: journal.dropped() });
            }
            if self.at == to {
                break;
            }
            let (piece_began, stood) = (Instant::now(), journal.last());
            match self.at > to {
                true => self.take_back()?,
                false => self.fold(journal, to)?,
            }
            // Where events are coming in, they go first.
            if journal.last() != stood {
                std::thread::sleep(piece_began.elapsed());
            }
            if self.at != to && began.elapsed() >= patience {
                return Ok(Some(Progress { done: self.at.min(to), of: self.at.max(to) }));
            }
        }
        Ok(None)
    }

    /// Answers as the store did when its last record was this one's, and it was `now`.
    ///
    /// # Errors
    /// When it or the journal cannot be read.
    pub fn answer(&self, journal: &Reader, query: &Query, now: Timestamp) -> Result<Answer, StoreError> {
        self.store()?.answer(journal, query, now)
    }

    pub(super) fn store(&self) -> Result<&Store, StoreError> {
        self.store.as_ref().ok_or_else(|| StoreError::Unfit("it has been closed".to_owned()))
    }

    /// Where the journal's first records were dropped, nothing can be seen before what they had come to.
    fn begin_as(&mut self, journal: &Reader) -> Result<(), StoreError> {
        if self.at >= journal.dropped() {
            return Ok(());
        }
        if self.at > Seq(0) {
            self.begin_anew()?;
        }
        self.store()?.begin_as(journal)?;
        self.at = self.store()?.applied()?;
        Ok(())
    }

    fn begin_anew(&mut self) -> Result<(), StoreError> {
        self.close();
        let blanked = self.blanked;
        *self = Self::begin_with(&self.folder.clone(), self.measure)?;
        self.blanked = blanked;
        Ok(())
    }

    /// Takes the last piece back.
    fn take_back(&mut self) -> Result<(), StoreError> {
        self.records = None;
        let Some((at, before)) = self.before.pop_back() else { return self.begin_anew() };
        self.remembered -= before.bytes();
        caught(|| self.store()?.rows.revoke(before))?;
        self.at = at;
        Ok(())
    }

    fn fold(&mut self, journal: &Reader, to: Seq) -> Result<(), StoreError> {
        let Measure { piece, remembered_piece, remembered, .. } = self.measure;
        let remember = to.0 - self.at.0 <= remembered;
        let until = to.min(Seq(self.at.0 + if remember { remembered_piece } else { piece }));
        let piece = self.piece(journal, until)?;
        let Some(last) = piece.last().map(|(record, _)| record.seq) else {
            return Err(StoreError::Unfit(format!("the journal ends at record {}", self.at)));
        };
        if remember {
            let before = self.store()?.apply_revocably(&piece)?;
            self.remember(before);
        } else {
            self.forget();
            self.store()?.apply_singly(&piece)?;
        }
        self.at = last;
        Ok(())
    }

    /// The records that come next, up to `until` at most.
    fn piece(&mut self, journal: &Reader, until: Seq) -> Result<Vec<(Record, Location)>, StoreError> {
        let (mut piece, mut bytes, mut next) = (Vec::new(), 0, self.at.next());
        // It ends where the journal ended when it began.
        let mut records = self.records.take().unwrap_or_else(|| journal.scan(next));
        while next <= until && bytes < PIECE_BYTES {
            let item = match records.next() {
                None => {
                    records = journal.scan(next);
                    records.next()
                }
                item => item,
            };
            let Some(item) = item else { break };
            let (record, location) = item?;
            next = record.seq.next();
            bytes += u64::from(location.length);
            piece.push((record, location));
        }
        self.records = Some(records);
        Ok(piece)
    }

    fn remember(&mut self, before: Before) {
        self.remembered += before.bytes();
        self.before.push_back((self.at, before));
        while self.remembered > self.measure.bytes
            && let Some((_, oldest)) = self.before.pop_front()
        {
            self.remembered -= oldest.bytes();
        }
    }

    fn forget(&mut self) {
        self.before.clear();
        self.remembered = 0;
    }

    fn close(&mut self) {
        drop(self.store.take());
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            tracing::warn!("{} is left behind: {error}; the next start removes it", self.folder.display());
        }
    }
}

impl Drop for Past {
    fn drop(&mut self) {
        if self.store.is_some() {
            self.close();
        }
    }
}
