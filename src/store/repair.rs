//! Catching up with the journal, moving a damaged store aside, rebuilding, verifying.

use std::fs;
use std::path::{Path, PathBuf};

use crate::domain::Timestamp;
use crate::domain::ids::Seq;
use crate::domain::record::Record;
use crate::journal::{Location, Reader};

use super::{Store, StoreError, caught, keys};

/// Records applied together while catching up: more save little, and all are in memory at once.
const MOST_RECORDS: usize = 1000;
/// Their bytes in the journal.
const MOST_BYTES: u64 = 8 << 20;

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The last record done.
    pub done: Seq,
    /// The last there is.
    pub of: Seq,
}

/// The store had to be made anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repaired {
    /// Why.
    pub why: String,
    /// Where the old one is now.
    pub moved_to: PathBuf,
}

/// What [`verify`] saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The last record of the journal; every one up to it could be read.
    pub journal: Seq,
    /// The last record applied to the store, up to which the two were compared.
    pub applied: Seq,
    /// Rows that were compared.
    pub rows: u64,
    /// The first row that is not what the journal makes of it.
    pub difference: Option<Difference>,
}

/// A row of the store that is not what the journal makes of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// The store lacks it.
    #[error("missing: {0}")]
    Missing(String),
    /// The store has it, the journal does not say so.
    #[error("not from the journal: {0}")]
    Extra(String),
    /// It says something else.
    #[error("other than the journal says: {0}")]
    Differs(String),
}

/// Brings the store in `folder`, as it was `opened`, up to the journal. A store that cannot be opened, read or used is moved
/// aside and made anew.
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
    match caught_up {
        Ok(store) => Ok((store, None)),
        Err(error) if error.is_damage() => {
            let repaired = Repaired { why: error.to_string(), moved_to: move_aside(folder, now)? };
            Ok((open_and_catch_up(folder, cache_bytes, journal, progress)?, Some(repaired)))
        }
        Err(error) => Err(error),
    }
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
    open_and_catch_up(folder, cache_bytes, journal, progress)
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
        feed(&fresh, journal, applied, progress)?;
        caught(|| compare(store, &fresh))
    });
    remove(scratch)?;
    let (rows, difference) = outcome?;
    Ok(Verified { journal: journal.last(), applied, rows, difference })
}

impl Store {
    /// Applies what the journal has and the store has not.
    ///
    /// # Errors
    /// When the journal cannot be read, the store cannot be written, or the store is ahead of the journal.
    pub fn catch_up(&self, journal: &Reader, progress: &mut dyn FnMut(Progress)) -> Result<(), StoreError> {
        let (applied, last) = (self.applied()?, journal.last());
        if applied > last {
            return Err(StoreError::Unfit(format!("it has records up to {applied}, the journal up to {last}")));
        }
        feed(self, journal, last, progress)
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

/// Reads the journal to its end and applies what comes after the store's last record, up to `until`.
fn feed(store: &Store, journal: &Reader, until: Seq, progress: &mut dyn FnMut(Progress)) -> Result<(), StoreError> {
    let of = journal.last();
    let mut batch: Vec<(Record, Location)> = Vec::new();
    let mut bytes = 0;
    for item in journal.scan(store.applied()?.next()) {
        let (record, location) = item?;
        let done = record.seq;
        if done <= until {
            bytes += u64::from(location.length);
            batch.push((record, location));
        }
        if batch.len() >= MOST_RECORDS || bytes >= MOST_BYTES || done == until {
            store.apply(&batch)?;
            batch.clear();
            bytes = 0;
            progress(Progress { done, of });
        }
    }
    store.apply(&batch)
}

/// How many rows are alike, and the first that is not.
fn compare(store: &Store, fresh: &Store) -> Result<(u64, Option<Difference>), StoreError> {
    let (mut ours, mut theirs) = (store.rows.stored(), fresh.rows.stored());
    let mut alike = 0;
    let difference = loop {
        match (ours.next().transpose()?, theirs.next().transpose()?) {
            (None, None) => break None,
            (Some(one), Some(other)) if one == other => alike += 1,
            (Some((key, _)), Some((other, _))) if key == other => break Some(Difference::Differs(keys::meaning(&key))),
            (Some((key, _)), Some((other, _))) if key < other => break Some(Difference::Extra(keys::meaning(&key))),
            (_, Some((key, _))) => break Some(Difference::Missing(keys::meaning(&key))),
            (Some((key, _)), None) => break Some(Difference::Extra(keys::meaning(&key))),
        }
    };
    Ok((alike, difference))
}

fn move_aside(folder: &Path, now: Timestamp) -> Result<PathBuf, StoreError> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let dated = format!("{name}.damaged-{}", now.format("%Y%m%dT%H%M%S"));
    let mut target = folder.with_file_name(&dated);
    let mut number = 1;
    while target.exists() {
        number += 1;
        target = folder.with_file_name(format!("{dated}-{number}"));
    }
    fs::rename(folder, &target).map_err(StoreError::io("rename", folder))?;
    Ok(target)
}

fn remove(folder: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(StoreError::io("remove", folder)(error)),
        _ => Ok(()),
    }
}
