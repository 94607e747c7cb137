//! Catching up with the journal, replacing a store that is damaged or another version's, rebuilding, verifying.

use std::fmt;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::domain::Timestamp;
use crate::domain::ids::Seq;
use crate::journal::Reader;

use super::anew::{self, Ahead, Anew};
use super::difference::{self, Difference};
use super::rows::UNFINISHED;
use super::{Store, StoreError, caught};

/// Records applied together while catching up: more save little, and all are in memory at once.
const MOST_RECORDS: usize = 1000;
/// The same where the store has nothing yet.
const MOST_RECORDS_ANEW: usize = if cfg!(test) { 7 } else { 4000 };
/// Their bytes in the journal.
const MOST_BYTES: u64 = 8 << 20;

/// Two of sled's segments: it begins one whenever the last is full.
const TRIAL_BYTES: usize = 1 << 20;

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The last record done.
    pub done: Seq,
    /// The last there is.
    pub of: Seq,
}

impl Progress {
    /// Rounded down, so that 100 is the end.
    pub fn percent(self) -> u8 {
        let percent = (self.done.0.saturating_mul(100)).checked_div(self.of.0).unwrap_or(100);
        u8::try_from(percent).unwrap_or(100).min(100)
    }
}

/// The store had to be made anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repaired {
    /// It was damaged.
    Damaged {
        /// Why it was of no use.
        why: String,
        /// Where the old one is now; `None` when nothing was left of it.
        moved_to: Option<PathBuf>,
    },
    /// Another version of willcall wrote it. The old one is gone.
    OtherFormat {
        /// In which format.
        found: u32,
    },
}

impl fmt::Display for Repaired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged { why, moved_to } => {
                write!(f, "the store was unusable ({why})")?;
                if let Some(moved_to) = moved_to {
                    write!(f, "; it is now {}", moved_to.display())?;
                }
                f.write_str(", and was made anew from the journal")
            }
            Self::OtherFormat { found } => {
                write!(f, "{}: it was made anew from the journal", StoreError::OtherFormat { found: *found })
            }
        }
    }
}

/// What [`verify`] saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The last record of the journal; every one up to it could be read.
    pub journal: Seq,
    /// The last record that was dropped, after which the two begin.
    pub dropped: Seq,
    /// The last record applied to the store, up to which the two were compared.
    pub applied: Seq,
    /// Rows that were compared.
    pub rows: u64,
    /// The first thing that is not what the journal makes of it.
    pub difference: Option<Difference>,
}

/// Brings the store in `folder`, as it was `opened`, up to the journal. A store that cannot be opened, read or used is moved
/// aside and made anew. One of another format is made anew and removed: where that is interrupted, the next start goes on
/// with it.
///
/// # Errors
/// When the journal cannot be read or the file system refuses.
pub fn bring_up(
    opened: Result<Store, StoreError>,
    folder: &Path,
    cache_bytes: u64,
    journal: &Reader,
    now: Timestamp,
    progress: &mut dyn FnMut(Progress),
) -> Result<(Store, Option<Repaired>), StoreError> {
    let caught_up = opened.and_then(|store| store.catch_up(journal, progress).map(|()| store));
    let (store, repaired) = match caught_up {
        Ok(store) => (store, None),
        Err(error) if error.is_damage() => {
            // Said at once, too: it may take long, or fail.
            tracing::warn!("{error}; making it anew from the journal");
            let repaired = match error {
                StoreError::OtherFormat { found } => {
                    supersede(folder)?;
                    Repaired::OtherFormat { found }
                }
                damage => Repaired::Damaged { why: damage.to_string(), moved_to: move_aside(folder, now)? },
            };
            (open_and_catch_up(folder, cache_bytes, journal, progress)?, Some(repaired))
        }
        Err(error) => return Err(error),
    };
    // Only now: until this one is whole, the version that wrote the other could still be started.
    remove(&superseded(folder))?;
    Ok((store, repaired))
}

/// Where the store of another format waits until the one in `folder` is whole.
fn superseded(folder: &Path) -> PathBuf {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    folder.with_file_name(format!("{name}.superseded"))
}

fn supersede(folder: &Path) -> Result<(), StoreError> {
    let superseded = superseded(folder);
    // One that is left from before is older still.
    remove(&superseded)?;
    fs::rename(folder, &superseded).map_err(StoreError::io("rename", folder))
}

/// Throws the store in `folder` away and makes it anew from the journal.
///
/// # Errors
/// When the journal cannot be read or the file system refuses.
pub fn rebuild(
    folder: &Path,
    cache_bytes: u64,
    journal: &Reader,
    progress: &mut dyn FnMut(Progress),
) -> Result<Store, StoreError> {
    remove(folder)?;
    // Rows come in the order of tickets' digests, which is none.
    open_and_catch_up(folder, cache_bytes.max(super::CACHE_BYTES), journal, progress)
}

/// Reads the journal from end to end and compares the store with what the journal makes of it. `scratch` is a folder that
/// may be created, and is removed again. Nothing may be applied to the store meanwhile.
///
/// # Errors
/// When the journal or the store cannot be read.
pub fn verify(
    store: &Store,
    journal: &Reader,
    scratch: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<Verified, StoreError> {
    let applied = store.applied()?;
    remove(scratch)?;
    let outcome = Store::open(scratch, super::CACHE_BYTES).and_then(|fresh| {
        CatchUp::begin(&fresh, journal, applied)?.try_for_each(|piece| piece.map(&mut *progress))?;
        difference::first(&store.rows, &fresh.rows)
    });
    let removed = remove(scratch);
    let (rows, difference) = outcome?;
    removed?;
    Ok(Verified { journal: journal.last(), dropped: journal.dropped(), applied, rows, difference })
}

impl Store {
    /// Applies what the journal has and the store has not.
    ///
    /// # Errors
    /// When the journal cannot be read, the store cannot be written, or the store is ahead of the journal.
    pub fn catch_up(&self, journal: &Reader, progress: &mut dyn FnMut(Progress)) -> Result<(), StoreError> {
        self.catching_up(journal)?.try_for_each(|piece| piece.map(&mut *progress))
    }

    /// The same, piece by piece. A piece that fails is the last.
    ///
    /// # Errors
    /// When the store is ahead of the journal.
    pub fn catching_up(&self, journal: &Reader) -> Result<CatchUp<'_>, StoreError> {
        let (applied, last) = (self.applied()?, journal.last());
        if applied > last {
            return Err(StoreError::Unfit(format!("it has records up to {applied}, the journal up to {last}")));
        }
        CatchUp::begin(self, journal, last)
    }
}

fn open_and_catch_up(
    folder: &Path,
    cache_bytes: u64,
    journal: &Reader,
    progress: &mut dyn FnMut(Progress),
) -> Result<Store, StoreError> {
    let store = Store::open(folder, cache_bytes)?;
    store.catch_up(journal, progress)?;
    Ok(store)
}

/// The journal being applied from after the store's last record on, a piece at each step. Whoever steps may stop at any
/// time: the store is then merely behind, or, where it had nothing, has nothing.
#[derive(Debug)]
pub struct CatchUp<'a> {
    store: &'a Store,
    pieces: Ahead,
    /// It has nothing yet.
    is_new: bool,
    anew: Option<Anew>,
    until: Seq,
    of: Seq,
    /// There was an error, or it was the end.
    over: bool,
}

impl<'a> CatchUp<'a> {
    fn begin(store: &'a Store, journal: &Reader, until: Seq) -> Result<Self, StoreError> {
        let totals = caught(|| store.totals())?;
        if totals.as_ref().is_some_and(|totals| totals.format == UNFINISHED) {
            return Err(StoreError::Unfit("its making was left unfinished".to_owned()));
        }
        let is_new = totals.is_none();
        store.begin_as(journal)?;
        let most_records = if is_new { MOST_RECORDS_ANEW } else { MOST_RECORDS };
        let pieces = Ahead::start(journal.scan(store.applied()?.next()), most_records, MOST_BYTES)?;
        Ok(Self { store, pieces, is_new, anew: None, until, of: journal.last(), over: false })
    }

    /// Reads to the journal's end, also what is not applied, so that all of it is known to be readable.
    fn piece(&mut self) -> Result<Option<Progress>, StoreError> {
        let Some(mut piece) = self.pieces.next().transpose()? else {
            self.anew.take().map_or(Ok(()), Anew::finish)?;
            return Ok(None);
        };
        let done = anew::last(&piece);
        piece.retain(|(record, _)| record.seq <= self.until);
        match &mut self.anew {
            _ if piece.is_empty() => {}
            Some(anew) => caught(|| anew.apply(&piece))?,
            None if self.is_new => {
                let anew = self.anew.insert(caught(|| Anew::begin(self.store))?);
                caught(|| anew.apply(&piece))?;
            }
            None => self.store.apply(&piece)?,
        }
        Ok(done.map(|done| Progress { done, of: self.of }))
    }
}

impl Iterator for CatchUp<'_> {
    type Item = Result<Progress, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let item = self.piece().transpose();
        self.over = !matches!(item, Some(Ok(_)));
        item
    }
}

/// Damaged stores that are kept beside the one in use, for whoever wants to know what befell them: on a bad disk each may be
/// followed by the next.
const MOST_ASIDE: usize = 3;

/// Gives the store in `folder` another name, with the date, and says which; `None` when there is none. It may be open:
/// whoever has it keeps it. Of those moved aside before, the last two stay.
///
/// # Errors
/// When the file system refuses.
pub fn move_aside(folder: &Path, now: Timestamp) -> Result<Option<PathBuf>, StoreError> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let damaged = format!("{name}.damaged-");
    let dated = format!("{damaged}{}", now.format("%Y%m%dT%H%M%S"));
    let mut target = folder.with_file_name(&dated);
    let mut number = 1;
    while target.exists() {
        number += 1;
        target = folder.with_file_name(format!("{dated}-{number}"));
    }
    match fs::rename(folder, &target) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::io("rename", folder)(error)),
    }
    if let Err(error) = keep_few(folder, &damaged, &target) {
        tracing::warn!("damaged stores that were moved aside earlier stay: {error}");
    }
    Ok(Some(target))
}

/// Removes all but the latest of those beside `folder` whose names begin with `damaged`, and `last` in any case.
fn keep_few(folder: &Path, damaged: &str, last: &Path) -> Result<(), StoreError> {
    let beside = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut earlier = Vec::new();
    for entry in fs::read_dir(beside).map_err(StoreError::io("read", beside))? {
        let entry = entry.map_err(StoreError::io("read", beside))?;
        if entry.file_name().to_string_lossy().starts_with(damaged)
            && entry.file_name() != last.file_name().unwrap_or_default()
        {
            earlier.push(entry.path());
        }
    }
    earlier.sort_unstable();
    let surplus = (earlier.len() + 1).saturating_sub(MOST_ASIDE);
    earlier[..surplus].iter().try_for_each(|one| remove(one))
}

/// Tries whether the disk takes as much as sled writes at once.
///
/// # Errors
/// Why not.
pub fn has_room(folder: &Path) -> Result<(), StoreError> {
    let path = folder.join("trial");
    let tried = fs::File::create(&path).and_then(|mut file| file.write_all(&[0; TRIAL_BYTES]).and(file.sync_all()));
    // It may not have come to be.
    let _ = fs::remove_file(&path);
    tried.map_err(StoreError::io("write", &path))
}

/// Removes a folder with all that is in it, if there is one.
///
/// # Errors
/// When the file system refuses.
pub fn remove(folder: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(StoreError::io("remove", folder)(error)),
        _ => Ok(()),
    }
}
