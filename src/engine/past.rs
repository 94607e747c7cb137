//! Earlier moments, for those who look back: each has a store of its own, folded from the journal while it asks.
//!
//! Nothing runs by itself: a question folds for a moment and then says how far it has come, so whoever stops asking has
//! stopped the folding. It takes no room that new events will need, and nothing of it is left when it is dropped or, should
//! the program be killed, after the next start.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Retrospect;
use super::handle::{DeskError, Hindsight, Pending};
use crate::domain::moment::{Moment, Recalled};
use crate::domain::query::{Answer, Query};
use crate::journal::{DataFolder, Reader, folder};
use crate::store::{Past, StoreError};

/// So many may look back at once: each costs the disk a store, and memory its cache and what it remembers.
const MOST: usize = 4;

/// For so long one question folds: whoever waits wants to see how far it is.
const PATIENCE: Duration = Duration::from_millis(100);

/// Where earlier moments are folded, and from what.
#[derive(Debug, Clone)]
pub(super) struct Pasts {
    journal: Reader,
    /// In which the room is.
    data: PathBuf,
    folder: PathBuf,
    seats: Arc<Semaphore>,
    number: Arc<AtomicU64>,
}

impl Pasts {
    /// Of the ledger in `data`, which this process holds. What an earlier run has left there is removed.
    pub(super) fn new(journal: Reader, data: &DataFolder) -> Self {
        let folder = data.past();
        if folder.exists()
            && let Err(error) = std::fs::remove_dir_all(&folder)
        {
            tracing::warn!(
                "{} is left from an earlier look at the past and cannot be removed: {error}",
                folder.display()
            );
        }
        Self {
            journal,
            data: data.path().to_owned(),
            folder,
            seats: Arc::new(Semaphore::new(MOST)),
            number: Arc::default(),
        }
    }

    /// A place for one more who looks.
    pub(super) fn look_back(&self) -> Result<LookBack, DeskError> {
        let seat = Arc::clone(&self.seats).try_acquire_owned().map_err(|_| {
            DeskError::Refused(format!("{MOST} others are looking at earlier moments: wait until one is done"))
        })?;
        let folder = self.folder.join(self.number.fetch_add(1, Ordering::Relaxed).to_string());
        Ok(LookBack { journal: self.journal.clone(), data: self.data.clone(), folder, past: None, _seat: seat })
    }
}

/// One who looks, and the store they see.
#[derive(Debug)]
pub(super) struct LookBack {
    journal: Reader,
    data: PathBuf,
    folder: PathBuf,
    past: Option<Past>,
    _seat: OwnedSemaphorePermit,
}

impl Retrospect for LookBack {
    fn answer(&mut self, query: &Query, moment: Moment) -> Result<Recalled<Answer>, DeskError> {
        if moment.last > self.journal.last() {
            return Err(DeskError::NotFound(format!("there is no record {} yet", moment.last)));
        }
        let dropped = self.journal.dropped();
        if moment.last < dropped {
            return Err(DeskError::Refused(format!(
                "records up to {dropped} were dropped by retention: nothing can be seen as it stood before the last of them"
            )));
        }
        self.recall(query, moment).map_err(|error| {
            // Its room may be what is wanting.
            self.past = None;
            DeskError::Failed(format!("earlier moments cannot be shown: {error}"))
        })
    }
}

impl LookBack {
    fn recall(&mut self, query: &Query, moment: Moment) -> Result<Recalled<Answer>, Obstacle> {
        let there = self.past.as_ref().is_some_and(|past| past.at() == moment.last);
        if !there && let Some(disk) = folder::room(&self.data).filter(|disk| disk.is_nearly_full()) {
            return Err(Obstacle::LittleRoom { mebibytes: disk.free >> 20 });
        }
        let past = match &mut self.past {
            Some(past) => past,
            None => self.past.insert(Past::begin(&self.folder)?),
        };
        match past.go(&self.journal, moment.last, PATIENCE)? {
            Some(progress) => Ok(Recalled::Folding(progress.percent())),
            None => Ok(Recalled::Answer(past.answer(&self.journal, query, moment.at)?)),
        }
    }
}

/// Why not.
#[derive(Debug, thiserror::Error)]
enum Obstacle {
    #[error("{mebibytes} MiB are left on the disk, and they are for new events; free space, then look again")]
    LittleRoom { mebibytes: u64 },
    #[error("{0}{advice}", advice = if .0.is_refused_by_disk() { "; free space, then look again" } else { "" })]
    Store(#[from] StoreError),
}

/// A look at the past on threads of its own: it is file work, as is getting rid of it.
pub(super) struct Aside(Option<Arc<Mutex<Box<dyn Retrospect>>>>);

impl Aside {
    pub(super) fn new(retrospect: Box<dyn Retrospect>) -> Self {
        Self(Some(Arc::new(Mutex::new(retrospect))))
    }
}

impl Hindsight for Aside {
    fn ask(&self, query: Query, moment: Moment) -> Pending<'_, Result<Recalled<Answer>, DeskError>> {
        let retrospect = self.0.clone();
        Box::pin(async move {
            let answer = tokio::task::spawn_blocking(move || {
                // Gone only once this is dropped.
                let retrospect =
                    retrospect.as_ref().ok_or_else(|| DeskError::Failed("nobody looks back".to_owned()))?;
                retrospect.lock().unwrap_or_else(PoisonError::into_inner).answer(&query, moment)
            });
            answer.await.map_err(|error| DeskError::Failed(error.to_string()))?
        })
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        let retrospect = self.0.take();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            drop(runtime.spawn_blocking(move || drop(retrospect)));
        }
    }
}

#[cfg(test)]
mod tests;
