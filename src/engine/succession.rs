//! Succession: a store that is made beside the one in use, and lacks what the journal is to lose, takes its place.
//!
//! ```text
//! make        in a folder of its own, named by what the journal will have lost, while the old one serves
//! catch up    with the records that come in
//! take over   on the writer's thread, between two batches: nothing is being decided from what goes
//! remove      the old one, once nobody asks it any more
//! ```
//!
//! At the moment of taking over the journal is told what it has lost, by one rename. Killed before it, the next start removes
//! what was made; after it, the old store.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use super::applier::Line;
use super::ledger::LedgerError;
use crate::journal::{FolderError, JournalError, Reader, Standing, Trim, folder};
use crate::store::successor::{self, Successor};
use crate::store::{self, Store, StoreError};

/// A successor that is no further behind takes over: the writer waits while it catches up.
const NEARLY: u64 = 200;

/// How long it may take to come so near.
const CATCHING_UP: Duration = Duration::from_secs(3600);

/// How long somebody who asked the old store may take.
const ASKING: Duration = Duration::from_secs(60);

/// Tells the journal what it has lost.
pub(super) type Adopt = Box<dyn FnOnce() -> Result<(), JournalError> + Send>;

/// A store that could take over, and what for.
pub(super) struct Offer {
    successor: Successor,
    adopt: Adopt,
    answer: Sender<Result<Store, Declined>>,
}

/// Why nothing is lost this time.
#[derive(Debug, thiserror::Error)]
pub(super) enum Declined {
    #[error("{0}")]
    Obstacle(#[from] successor::Obstacle),
    #[error("{0}")]
    Ledger(#[from] LedgerError),
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("{0}")]
    Journal(#[from] JournalError),
    #[error("{0}")]
    Folder(#[from] FolderError),
    #[error("{free} MiB are left on the disk, and the new store may need {needed} beside the old one: free space")]
    LittleRoom { free: u64, needed: u64 },
    #[error("no key can be had from the system: {0}")]
    NoKey(rustix::io::Errno),
    #[error("records come faster than the new store takes them")]
    Behind,
    #[error("the store is being mended")]
    Mending,
    #[error("willcall ends")]
    Ending,
}

/// What successions are carried out with: one after the other, on one thread.
pub(super) struct Succession {
    pub(super) data: PathBuf,
    pub(super) cache_bytes: u64,
    pub(super) journal: Reader,
    pub(super) line: Line,
    pub(super) trim: Arc<Trim>,
    pub(super) offer: Sender<Offer>,
    pub(super) ending: Arc<AtomicBool>,
}

impl Offer {
    /// Lets the store take over, unless something is in the way. For the writer, while it decides nothing.
    pub(super) fn take(self, line: &Line, journal: &Reader) {
        let Self { successor, adopt, answer } = self;
        // Who offered it may have ended.
        let _ = answer.send(take_over(successor, adopt, line, journal));
    }
}

fn take_over(mut successor: Successor, adopt: Adopt, line: &Line, journal: &Reader) -> Result<Store, Declined> {
    // What the successor errs with is no fault of the store that is asked.
    let present = line.ask_settled(|store| Ok(store.clone()))?;
    while successor.advance(&present, journal)? {}
    let store = successor.take_over(&present)??;
    line.exchange(store, adopt)?.ok_or(Declined::Mending)
}

impl Succession {
    /// False once all is to end.
    pub(super) fn is_going_on(&self) -> bool {
        !self.ending.load(Ordering::Relaxed)
    }

    /// The folder of the store in use.
    pub(super) fn present_folder(&self) -> PathBuf {
        folder::store_in(&self.data, self.journal.standing())
    }

    /// Has the store that `make` begins in a folder take over, so that the journal is as `standing` says; hands the old one
    /// back. When it is declined all is as it was.
    pub(super) fn succeed(
        &self,
        standing: Standing,
        make: impl FnOnce(&Path) -> Result<(Successor, Adopt), Declined>,
    ) -> Result<Store, Declined> {
        self.has_room()?;
        let folder = folder::store_in(&self.data, standing);
        let succeeded = make(&folder).and_then(|(successor, adopt)| self.propose(successor, adopt));
        if succeeded.is_err() && self.journal.standing() != standing {
            // What the file system refuses here the next start tries again.
            let _ = self.trim.forgo();
            let _ = store::remove(&folder);
        }
        succeeded
    }

    fn propose(&self, mut successor: Successor, adopt: Adopt) -> Result<Store, Declined> {
        let present = self.line.ask_settled(|store| Ok(store.clone()))?;
        self.catch_up(&mut successor, &present)?;
        drop(present);
        let (answer, answered) = channel();
        self.offer.send(Offer { successor, adopt, answer }).map_err(|_| Declined::Ending)?;
        answered.recv().map_err(|_| Declined::Ending)?
    }

    /// What goes is folded once more, and what stays, beside the store there is; new events need room meanwhile.
    fn has_room(&self) -> Result<(), Declined> {
        let needed = 2 * bytes_in(&self.present_folder());
        match folder::room(&self.data) {
            Some(disk) if disk.is_nearly_full() || disk.free < needed => {
                Err(Declined::LittleRoom { free: disk.free >> 20, needed: needed >> 20 })
            }
            _ => Ok(()),
        }
    }

    fn catch_up(&self, successor: &mut Successor, present: &Store) -> Result<(), Declined> {
        let since = Instant::now();
        while successor.behind(&self.journal)? > NEARLY {
            if !self.is_going_on() {
                return Err(Declined::Ending);
            }
            if since.elapsed() > CATCHING_UP {
                return Err(Declined::Behind);
            }
            let (stood, began) = (self.journal.last(), Instant::now());
            successor.advance(present, &self.journal)?;
            // Where events are coming in, they go first.
            if self.journal.last() != stood {
                std::thread::sleep(began.elapsed());
            }
        }
        Ok(())
    }

    /// Closes the store that is not used any more, and removes it; says how many bytes it had.
    pub(super) fn remove(&self, old: Store) -> Result<u64, Declined> {
        let began = Instant::now();
        while old.is_shared() && began.elapsed() < ASKING && self.is_going_on() {
            std::thread::sleep(Duration::from_millis(50));
        }
        drop(old);
        let others = others(&self.data, &self.journal)?;
        let bytes = others.iter().map(|folder| bytes_in(folder)).sum();
        others.iter().try_for_each(|folder| store::remove(folder))?;
        Ok(bytes)
    }
}

/// Removes what was begun and not finished before a crash, or finished and not removed, in a data folder whose ledger is being
/// opened.
pub(super) fn tidy(data: &Path, journal: &Reader) {
    let tidied = others(data, journal).and_then(|others| {
        Ok(others.iter().chain([&data.join(folder::LEAVING)]).try_for_each(|folder| store::remove(folder))?)
    });
    if let Err(error) = tidied {
        tracing::warn!("what retention has left behind cannot be removed: {error}; the next start tries again");
    }
}

/// Every store but the one in use.
fn others(data: &Path, journal: &Reader) -> Result<Vec<PathBuf>, Declined> {
    let current = folder::store_in(data, journal.standing());
    Ok(folder::stores_in(data)?.into_iter().filter(|folder| *folder != current).collect())
}

/// Bytes of the files in a folder; of a file that goes meanwhile, none.
pub(super) fn bytes_in(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => bytes_in(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}
