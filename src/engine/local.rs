//! The ledger of this machine: the journal, and the store that follows it.
//!
//! A record counts when the journal has it. Should the store then fail, the record waits here; nothing further is decided
//! before the store has taken it, because the next decision must see it.

use super::Archive;
use super::batch::Batch;
use super::ledger::{Ledger, LedgerError};
use crate::config::Settings;
use crate::domain::Timestamp;
use crate::domain::delivery::Delivery;
use crate::domain::ids::{DeliveryId, Digest, Seq};
use crate::domain::query::{Answer, Query};
use crate::domain::record::Record;
use crate::domain::retry::RetryPolicy;
use crate::domain::ticket::Lane;
use crate::journal::{DataFolder, FolderError, Journal, JournalError, Location, Options, Reader};
use crate::store::{Progress, Store, StoreError, Verified};

/// Why a ledger cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder cannot be had.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The journal cannot be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The store cannot be opened and cannot be made anew.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<JournalError> for LedgerError {
    fn from(error: JournalError) -> Self {
        Self(error.to_string())
    }
}

impl From<StoreError> for LedgerError {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

/// Journal and store of a data folder that this process holds.
#[derive(Debug)]
pub struct LocalLedger {
    journal: Journal,
    reader: Reader,
    store: Store,
    /// In the journal, not yet in the store.
    waiting: Vec<(Record, Location)>,
    _folder: DataFolder,
}

/// What [`LocalLedger::open`] found worth saying.
#[derive(Debug, Default)]
pub struct Opening {
    /// Sentences for a person: a torn tail that was cut off, a store that was made anew.
    pub warnings: Vec<String>,
}

impl LocalLedger {
    /// Opens the ledger of the data folder in `settings`, created if there is none; brings the store up to the journal.
    ///
    /// # Errors
    /// When another process holds the folder, or the journal is damaged.
    pub fn open(settings: &Settings, progress: &mut dyn FnMut(Progress)) -> Result<(Self, Opening), OpenError> {
        let folder = DataFolder::take(&settings.data_dir)?;
        let (journal, cut) = Journal::open(&folder.journal(), Options { segment_bytes: settings.segment_size })?;
        let reader = journal.reader();
        let now = settings.clock.now();
        let (store, repaired) =
            crate::store::open_or_rebuild(&folder.store(), settings.store_cache, &reader, now, progress)?;
        let mut warnings: Vec<String> = cut.iter().map(ToString::to_string).collect();
        warnings.extend(repaired.map(|repaired| {
            let moved_to = repaired.moved_to.display().to_string();
            format!(
                "the store was unusable ({}); it is now {moved_to}, and was made anew from the journal",
                repaired.why
            )
        }));
        Ok((Self { journal, reader, store, waiting: Vec::new(), _folder: folder }, Opening { warnings }))
    }

    /// Puts on record that every attempt under way when the program died has an unknown outcome; says how many.
    ///
    /// # Errors
    /// When the ledger cannot be read or written.
    pub fn recover(&mut self, policy: &RetryPolicy, now: Timestamp) -> Result<usize, LedgerError> {
        let mut batch = Batch::new(&*self, policy, now);
        let lost = batch.recover()?;
        let records = batch.into_records();
        if !records.is_empty() {
            self.commit(records)?;
        }
        Ok(lost)
    }

    /// Answers questions about it, from any thread.
    pub fn archive(&self) -> LocalArchive {
        LocalArchive { store: self.store.clone(), reader: self.reader.clone() }
    }

    fn apply_waiting(&mut self) -> Result<(), StoreError> {
        if !self.waiting.is_empty() {
            self.store.apply(&self.waiting)?;
            self.waiting.clear();
        }
        Ok(())
    }
}

impl Ledger for LocalLedger {
    fn last(&self) -> Seq {
        self.journal.last()
    }

    fn lane(&self, lane: Lane) -> Result<Vec<Delivery>, LedgerError> {
        Ok(self.store.lane(&lane)?)
    }

    fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, LedgerError> {
        Ok(self.store.delivery(id)?)
    }

    fn latest(&self, subject: Digest) -> Result<Option<(Seq, Digest)>, LedgerError> {
        Ok(self.store.latest(&subject)?)
    }

    fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Delivery>, LedgerError> {
        Ok(self.store.due(now, limit)?)
    }

    fn next_due(&self, now: Timestamp) -> Result<Option<Timestamp>, LedgerError> {
        Ok(self.store.next_due(now)?)
    }

    fn in_flight(&self) -> Result<Vec<Delivery>, LedgerError> {
        Ok(self.store.in_flight()?)
    }

    fn record(&self, seq: Seq) -> Result<Option<Record>, LedgerError> {
        match self.store.location(seq)? {
            Some(location) => Ok(Some(self.reader.read(location)?)),
            None => Ok(None),
        }
    }

    fn resent(&self, rejected: Seq) -> Result<Option<Seq>, LedgerError> {
        Ok(self.store.resent(rejected)?)
    }

    fn ready(&mut self) -> Result<(), LedgerError> {
        self.journal.ready()?;
        Ok(self.apply_waiting()?)
    }

    fn commit(&mut self, records: Vec<Record>) -> Result<(), LedgerError> {
        let locations = self.journal.append(&records)?;
        self.waiting.extend(records.into_iter().zip(locations));
        if let Err(error) = self.apply_waiting() {
            // It is kept: the answer is yes. `ready` says no to whatever comes next.
            tracing::error!("the store does not take what the journal has kept: {error}");
        }
        Ok(())
    }
}

/// Answers questions from store and journal.
#[derive(Debug, Clone)]
pub struct LocalArchive {
    store: Store,
    reader: Reader,
}

impl Archive for LocalArchive {
    fn answer(&self, query: &Query, now: Timestamp) -> Result<Answer, LedgerError> {
        Ok(self.store.answer(&self.reader, query, now)?)
    }
}

/// Makes the store of the data folder anew from its journal; says from how many records.
///
/// # Errors
/// As [`LocalLedger::open`].
pub fn rebuild(settings: &Settings, progress: &mut dyn FnMut(Progress)) -> Result<Seq, OpenError> {
    let folder = DataFolder::take(&settings.data_dir)?;
    let (journal, _) = Journal::open(&folder.journal(), Options { segment_bytes: settings.segment_size })?;
    crate::store::rebuild(&folder.store(), settings.store_cache, &journal.reader(), progress)?;
    Ok(journal.last())
}

/// Compares the store of the data folder with what its journal says.
///
/// # Errors
/// As [`LocalLedger::open`].
pub fn verify(settings: &Settings, progress: &mut dyn FnMut(Progress)) -> Result<Verified, OpenError> {
    let folder = DataFolder::take(&settings.data_dir)?;
    let (journal, _) = Journal::open(&folder.journal(), Options { segment_bytes: settings.segment_size })?;
    let store = Store::open(&folder.store(), settings.store_cache)?;
    let scratch = folder.path().join("verify.scratch");
    Ok(crate::store::verify(&store, &journal.reader(), &scratch, progress)?)
}

/// Every record of the data folder, oldest first, also while a server writes there.
///
/// # Errors
/// When there is no journal, or it cannot be read.
pub fn records(settings: &Settings) -> Result<impl Iterator<Item = Result<Record, LedgerError>> + use<>, LedgerError> {
    let reader = Reader::at_rest(&settings.data_dir.join("journal"))?;
    Ok(reader.scan(Seq(1)).map(|next| Ok(next?.0)))
}
