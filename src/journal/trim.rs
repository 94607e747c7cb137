//! What the journal loses by intention: old segments are dropped, what they had come to becomes the base; and in those that
//! stay records are blanked. Who decides what may go is elsewhere.

use std::path::Path;
use std::sync::Arc;

use super::disk::RealDisk;
use super::shelf::Shelf;
use super::{Base, JournalError, Reader, recovery};
use crate::domain::blanking::Blanking;
use crate::domain::ids::Seq;

/// What a journal has lost by intention. Each state of it has a store of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// The last record that was dropped; 0 when none was.
    pub dropped: Seq,
    /// The last record that counts as blanked; 0 when none does.
    pub blanked: Seq,
}

/// A place where the journal could begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// The last record that would be dropped.
    pub through: Seq,
    /// Bytes of the segments that would go.
    pub bytes: u64,
}

impl Cut {
    /// The last record of the last of `cuts` that drops nothing after `limit`; 0 when there is none.
    pub fn last(cuts: &[Self], limit: Seq) -> Seq {
        cuts.iter().rev().find(|cut| cut.through <= limit).map_or(Seq(0), |cut| cut.through)
    }

    /// The last record of the last of `cuts` up to which each ends with a record that `is_old`; 0 when there is none. No search
    /// that halves them: around a clock that was wrong for a while, old ones may come after young ones.
    ///
    /// # Errors
    /// As `is_old`.
    pub fn last_old<E>(cuts: &[Self], is_old: impl Fn(Seq) -> Result<bool, E>) -> Result<Seq, E> {
        let mut last = Seq(0);
        for cut in cuts {
            if !is_old(cut.through)? {
                break;
            }
            last = cut.through;
        }
        Ok(last)
    }
}

/// Drops segments and says what is blanked. There is one for a journal, and its steps are taken one after the other:
/// [`prepare`](Self::prepare), [`adopt`](Self::adopt), [`sweep`](Self::sweep); or [`prepare_blanking`](Self::prepare_blanking),
/// [`adopt_blanking`](Self::adopt_blanking), [`confirm_blanking`](Self::confirm_blanking). After a crash
/// between any two of them the next opening finishes or forgets it.
#[derive(Debug)]
pub struct Trim {
    shelf: Shelf,
    reader: Reader,
}

/// What the journal in `folder` has lost by intention.
///
/// # Errors
/// When the file system refuses, or what says so is damaged.
pub fn standing(folder: &Path) -> Result<Standing, JournalError> {
    let shelf = Shelf::new(Arc::new(RealDisk), folder);
    let (base, blanking) = (shelf.base()?, shelf.blanking()?);
    Ok(Standing {
        dropped: base.map_or(Seq(0), |base| base.through),
        blanked: blanking.map_or(Seq(0), |blanking| blanking.through),
    })
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
        self.shelf.remove_next_base()?;
        self.shelf.remove_next_blanking()
    }

    /// Puts other lines into the base there is: they say the same, blanked.
    ///
    /// # Errors
    /// When the file system refuses: then they are as they were, or as they were to be.
    pub fn reword(&self, lines: Vec<u8>) -> Result<(), JournalError> {
        let Some(base) = self.shelf.base()? else { return Ok(()) };
        self.shelf.write_base(&Base { lines, ..base })?;
        self.shelf.put_base()?;
        self.shelf.sync()
    }

    /// Writes down durably what may be blanked next. Nothing is yet.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn prepare_blanking(&self, next: &Blanking) -> Result<(), JournalError> {
        self.shelf.write_blanking(next)
    }

    /// From now on that is blanked, whoever reads.
    ///
    /// # Errors
    /// When the file system refuses: then all is as it was, until the next opening.
    pub fn adopt_blanking(&self, blanking: &Blanking) -> Result<(), JournalError> {
        self.shelf.put_blanking()?;
        // What is decided from now on may name stand-ins: their key must not go with a power cut.
        self.shelf.sync()?;
        self.reader.blank(blanking.clone());
        Ok(())
    }

    /// Writes down durably what is blanked, and what of it is done by now: before that no file is written anew, and nothing of
    /// what was is removed. The name it has may be the page cache's alone: a new file under that name can be synced.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn confirm_blanking(&self, blanking: &Blanking) -> Result<(), JournalError> {
        self.shelf.write_blanking(blanking)?;
        self.adopt_blanking(blanking)
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
