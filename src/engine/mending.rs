//! A store that errs while the program runs: when it is mended, how, and what is said meanwhile.
//!
//! | it erred with | it is |
//! | --- | --- |
//! | damage | moved aside under a dated name, and made anew from the journal |
//! | a disk that takes nothing | left open until there is room, for what sled can read without writing (it may split a page then), and opened again: sled stays with its first failed write |
//! | anything else | opened again |
//!
//! What is opened is brought up to the journal. One that errs again soon is mended ever later.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::ledger::LedgerError;
use crate::config::clock::Clock;
use crate::ingest::submission::Ailment;
use crate::journal::{Reader, folder};
use crate::store::{self, Progress, Repaired, Store, StoreError};

/// Where the store is and what it is made from.
#[derive(Debug)]
pub(super) struct Workshop {
    /// The data folder.
    pub(super) data: PathBuf,
    pub(super) cache_bytes: u64,
    pub(super) journal: Reader,
    pub(super) clock: Clock,
}

/// A store that is well again.
#[derive(Debug)]
pub(super) struct Mended {
    pub(super) store: Store,
    /// What was done, in words.
    pub(super) said: String,
}

impl Workshop {
    /// Whether a store that the disk has refused can be mended now; before that it is not closed, so that it can be read.
    pub(super) fn is_worth_it(&self, fault: &StoreError) -> Result<(), (LedgerError, StoreError)> {
        match fault.is_refused_by_disk() {
            true => store::has_room(&self.folder()).map_err(|error| (being_mended(&error, None), error)),
            false => Ok(()),
        }
    }

    /// Opens the store again, or makes it anew. `going_on` hears how far it is, and says whether to go on: if not, there is
    /// none. Nobody may have the old one open any more, but for one that is damaged.
    pub(super) fn mend(
        &self,
        fault: &StoreError,
        going_on: &mut dyn FnMut(Progress) -> bool,
    ) -> Result<Option<Mended>, StoreError> {
        let reopened = if fault.is_damage() { None } else { Some(self.open(going_on)) };
        let why = match reopened {
            Some(Ok(store)) => {
                let said = format!("the store is well again after: {fault}");
                return Ok(store.map(|store| Mended { store, said }));
            }
            Some(Err(error)) if error.is_damage() => error.to_string(),
            Some(Err(error)) => return Err(error),
            None => fault.to_string(),
        };
        // Said at once, too: making it anew may take long, or fail.
        tracing::warn!("the store is being made anew from the journal: {why}");
        let repaired = Repaired::Damaged { why, moved_to: store::move_aside(&self.folder(), self.clock.now())? };
        Ok(self.open(going_on)?.map(|store| Mended { store, said: repaired.to_string() }))
    }

    /// The store's.
    fn folder(&self) -> PathBuf {
        folder::store_in(&self.data, self.journal.standing())
    }

    fn open(&self, going_on: &mut dyn FnMut(Progress) -> bool) -> Result<Option<Store>, StoreError> {
        let store = Store::open(&self.folder(), self.cache_bytes)?;
        for piece in store.catching_up(&self.journal)? {
            if !going_on(piece?) {
                return Ok(None);
            }
        }
        Ok(Some(store))
    }
}

/// What is said of a store that erred with `fault`, and how far the next one is.
pub(super) fn being_mended(fault: &StoreError, progress: Option<Progress>) -> LedgerError {
    let percent = progress.map(Progress::percent);
    let so_far = percent.map_or(String::new(), |percent| format!(": {percent} %"));
    match fault {
        _ if progress.is_none() && fault.is_full_disk() => LedgerError::full_disk(fault),
        _ if progress.is_none() && fault.is_refused_by_disk() => LedgerError::failing(fault.to_string()),
        _ if fault.is_damage() => LedgerError {
            ailment: Ailment::Mending { percent },
            reason: format!("the store is being made anew from the journal{so_far}; nothing is lost ({fault})"),
        },
        _ => LedgerError {
            ailment: Ailment::Mending { percent },
            reason: format!("the store is being opened again{so_far} ({fault})"),
        },
    }
}

/// When a store that erred is mended: at once the first time, ever later when it errs again soon.
#[derive(Debug, Clone)]
pub(super) struct Patience {
    first: Duration,
    pause: Duration,
    last: Option<Instant>,
}

impl Patience {
    /// The longest pause: somebody who has changed a disk should not wait longer.
    const LONGEST: Duration = Duration::from_secs(120);
    /// The longest while the disk takes nothing, or somebody has the store: whether it is still so is quickly tried.
    const REFUSED: Duration = Duration::from_secs(2);
    /// One that has been well for this long has not erred again, but anew.
    const CALM: Duration = Duration::from_secs(300);

    /// The pause after the first mending is `first`; each further one doubles it.
    pub(super) fn new(first: Duration) -> Self {
        Self { first, pause: Duration::ZERO, last: None }
    }

    /// When a store that has erred with `fault` is to be mended.
    pub(super) fn due(&self, fault: &StoreError) -> Instant {
        // Who still has it open lets go of it soon.
        let soon = fault.is_refused_by_disk() || matches!(fault, StoreError::InUse(_));
        let pause = if soon { self.pause.min(Self::REFUSED) } else { self.pause };
        self.last.map_or_else(Instant::now, |last| last + pause)
    }

    /// It was tried at `now`.
    pub(super) fn tried(&mut self, now: Instant) {
        let again = self.last.is_some_and(|last| now.saturating_duration_since(last) < self.pause + Self::CALM);
        self.pause = if again { (self.pause * 2).min(Self::LONGEST) } else { self.first };
        self.last = Some(now);
    }

    /// What is said when mending has failed with `fault`.
    pub(super) fn failed(&self, fault: StoreError) -> (LedgerError, StoreError) {
        let mut trouble = being_mended(&fault, None);
        if !fault.is_refused_by_disk() {
            let seconds = self.pause.as_secs().max(1);
            trouble.reason = format!("the store cannot be mended, tried again in {seconds} s: {fault}");
        }
        (trouble, fault)
    }

    /// What is said of one that has erred with `fault` soon after it was mended, and waits `pause` for the next time.
    pub(super) fn relapse(&self, fault: &StoreError, pause: Duration) -> LedgerError {
        let mut trouble = being_mended(fault, None);
        if !fault.is_refused_by_disk() {
            let seconds = pause.as_secs().max(1);
            trouble.reason =
                format!("the store has erred again soon after it was mended, mended again in {seconds} s: {fault}");
        }
        trouble
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_errs_again_and_again_is_mended_ever_later_and_a_calm_one_at_once() {
        let damage = StoreError::Row("x".into());
        let begin = Instant::now();
        let mut patience = Patience::new(Duration::from_secs(1));
        assert!(patience.due(&damage) <= Instant::now());
        let mut pauses = Vec::new();
        let mut now = begin;
        for _ in 0..9 {
            patience.tried(now);
            let due = patience.due(&damage);
            pauses.push((due - now).as_secs());
            now = due;
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 120, 120]);
        let full =
            StoreError::Io { doing: "write", path: PathBuf::new(), source: std::io::ErrorKind::StorageFull.into() };
        assert!(patience.due(&full) < patience.due(&damage), "room is looked for often");
        patience.tried(now + Duration::from_secs(3600));
        assert_eq!(patience.due(&damage), now + Duration::from_secs(3601));
    }
}
