//! Dropping old segments: what they had come to becomes the base, and then they go. Who decides what may go is elsewhere.

use std::path::Path;
use std::sync::Arc;

use super::disk::RealDisk;
use super::shelf::Shelf;
use super::{Base, JournalError, Reader, recovery};
use crate::domain::ids::Seq;

/// A place where the journal could begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// The last record that would be dropped.
    pub through: Seq,
    /// Bytes of the segments that would go.
    pub bytes: u64,
}

/// Drops segments. There is one for a journal, and its steps are taken one after the other: [`prepare`](Self::prepare),
/// [`adopt`](Self::adopt), [`sweep`](Self::sweep). After a crash between any two of them the next opening finishes or forgets
/// it.
#[derive(Debug)]
pub struct Trim {
    shelf: Shelf,
    reader: Reader,
}

/// The last record that the journal in `folder` has dropped; 0 when it has all, or there is none.
///
/// # Errors
/// When the file system refuses, or the base is damaged.
pub fn dropped(folder: &Path) -> Result<Seq, JournalError> {
    let base = Shelf::new(Arc::new(RealDisk), folder).base()?;
    Ok(base.map_or(Seq(0), |base| base.through))
}

impl Trim {
    pub(super) fn new(shelf: Shelf, reader: Reader) -> Self {
        Self { shelf, reader }
    }

    /// Where it could begin, the earliest first. A segment with a record always stays.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn cuts(&self) -> Result<Vec<Cut>, JournalError> {
        let (dropped, last) = (self.reader.dropped(), self.reader.last());
        let firsts: Vec<Seq> =
            self.shelf.firsts()?.into_iter().filter(|first| *first > dropped && *first <= last).collect();
        let mut bytes = 0;
        let cuts = firsts.windows(2).map(|pair| {
            bytes += self.shelf.bytes(pair[0])?;
            Ok(Cut { through: Seq(pair[1].0 - 1), bytes })
        });
        cuts.collect()
    }

    /// Bytes that all segments have on the disk.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn bytes(&self) -> Result<u64, JournalError> {
        self.shelf.firsts()?.into_iter().map(|first| self.shelf.bytes(first)).sum()
    }

    /// Writes down durably what the records up to `through`, which ends a segment, had come to. Nothing begins there yet.
    ///
    /// # Errors
    /// When no segment ends there, or the file system refuses.
    pub fn prepare(&self, through: Seq, lines: Vec<u8>) -> Result<Base, JournalError> {
        let header = recovery::header(&self.shelf, through.next())?;
        let missing = || JournalError::Missing { folder: self.shelf.folder().to_owned(), first: through };
        let base = Base { through, previous: header.previous.ok_or_else(missing)?, lines };
        self.shelf.write_base(&base)?;
        Ok(base)
    }

    /// Lets the journal begin after `base`, which was prepared last. The dropped records cannot be read any more.
    ///
    /// # Errors
    /// When the file system refuses: then it begins where it began.
    pub fn adopt(&self, base: &Base) -> Result<(), JournalError> {
        self.shelf.put_base()?;
        self.reader.forget(base.through);
        Ok(())
    }

    /// Forgets what was prepared.
    ///
    /// # Errors
    /// When the file system refuses; the next opening tries again.
    pub fn forgo(&self) -> Result<(), JournalError> {
        self.shelf.remove_next_base()
    }

    /// Removes the segments before the base; says how many bytes they had.
    ///
    /// # Errors
    /// When the file system refuses; the next opening tries again.
    pub fn sweep(&self) -> Result<u64, JournalError> {
        let dropped = self.reader.dropped();
        let firsts: Vec<Seq> = self.shelf.firsts()?.into_iter().filter(|first| *first <= dropped).collect();
        let bytes = firsts.iter().map(|first| self.shelf.bytes(*first)).sum::<Result<u64, _>>()?;
        recovery::sweep(&self.shelf, &firsts)?;
        Ok(bytes)
    }
}
