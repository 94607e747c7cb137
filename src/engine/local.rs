//! The ledger of this machine: the journal, and the store that follows it.
//!
//! A record counts, and is answered, when the journal has it; the store follows on a thread of its own (`applier`), at most
//! a few batches behind. Nobody can tell:
//!
//! - deciding about a webhook asks for single rows, which are looked for in `recent` first; whatever else the writer asks
//!   (what is due, what is in flight) waits until the store has all that was decided;
//! - a question waits until the store has the last record that was answered before it was asked, so that whoever has an
//!   answer finds what it is about;
//! - should the store refuse, nothing further is decided before it has taken what it refused. Questions are then answered
//!   from what it has;
//! - a crash loses nothing: the store says how far it has come, and the next start applies the rest from the journal.

use super::Archive;
use super::applier::{Applier, Line};
use super::batch::Batch;
use super::ledger::{Ledger, LedgerError};
use super::recent::Recent;
use crate::config::Settings;
use crate::domain::Timestamp;
use crate::domain::delivery::Delivery;
use crate::domain::ids::{DeliveryId, Digest, Seq};
use crate::domain::query::{Answer, Query};
use crate::domain::record::Record;
use crate::domain::retry::RetryPolicy;
use crate::domain::ticket::Lane;
use crate::journal::{DataFolder, FolderError, Journal, JournalError, Options, Reader};
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
    /// The system refuses.
    #[error("no thread can be had for the store: {0}")]
    Thread(std::io::Error),
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
    recent: Recent,
    // Dropped before the folder is given back.
    applier: Applier,
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
        // The store never has a record that the journal had not made durable before: it knows how long the journal was.
        let opened = Store::open(&folder.store(), settings.store_cache);
        let known = opened.as_ref().map_or(Ok(Seq(0)), Store::applied).unwrap_or_default();
        let (journal, cut) = Journal::open(&folder.journal(), options(settings), known)?;
        let (reader, now) = (journal.reader(), settings.clock.now());
        let (store, repaired) =
            crate::store::bring_up(opened, &folder.store(), settings.store_cache, &reader, now, progress)?;
        let mut warnings: Vec<String> = cut.iter().map(ToString::to_string).collect();
        warnings.extend(repaired.map(|repaired| {
            let moved_to = repaired.moved_to.display().to_string();
            format!(
                "the store was unusable ({}); it is now {moved_to}, and was made anew from the journal",
                repaired.why
            )
        }));
        let applier = Applier::start(store.clone(), journal.last()).map_err(OpenError::Thread)?;
        Ok((Self { journal, reader, store, recent: Recent::default(), applier, _folder: folder }, Opening { warnings }))
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
        LocalArchive { store: self.store.clone(), reader: self.reader.clone(), line: self.applier.line() }
    }

    /// The store, once it has all that was decided.
    fn settled(&self) -> &Store {
        self.applier.line().settle();
        &self.store
    }
}

impl Ledger for LocalLedger {
    fn last(&self) -> Seq {
        self.journal.last()
    }

    fn lane(&self, lane: Lane) -> Result<Vec<Delivery>, LedgerError> {
        Ok(self.recent.lane(lane, self.store.lane(&lane)?))
    }

    fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, LedgerError> {
        match self.recent.delivery(id) {
            Some(one) => Ok(Some(one.clone())),
            None => Ok(self.store.delivery(id)?),
        }
    }

    fn latest(&self, subject: Digest) -> Result<Option<(Seq, Digest)>, LedgerError> {
        match self.recent.latest(subject) {
            Some(latest) => Ok(Some(latest)),
            None => Ok(self.store.latest(&subject)?),
        }
    }

    fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Delivery>, LedgerError> {
        Ok(self.settled().due(now, limit)?)
    }

    fn next_due(&self, now: Timestamp) -> Result<Option<Timestamp>, LedgerError> {
        Ok(self.settled().next_due(now)?)
    }

    fn in_flight(&self) -> Result<Vec<Delivery>, LedgerError> {
        Ok(self.settled().in_flight()?)
    }

    fn record(&self, seq: Seq) -> Result<Option<Record>, LedgerError> {
        match self.settled().location(seq)? {
            Some(location) => Ok(Some(self.reader.read(location)?)),
            None => Ok(None),
        }
    }

    fn resent(&self, rejected: Seq) -> Result<Option<Seq>, LedgerError> {
        Ok(self.settled().resent(rejected)?)
    }

    fn ready(&mut self) -> Result<(), LedgerError> {
        self.journal.ready()?;
        self.applier.ready()?;
        self.recent.forget(self.applier.line().applied());
        Ok(())
    }

    fn commit(&mut self, records: Vec<Record>) -> Result<(), LedgerError> {
        let locations = self.journal.append(&records)?;
        self.recent.add(&records);
        self.applier.hand(records.into_iter().zip(locations).collect());
        Ok(())
    }
}

/// Answers questions from store and journal.
#[derive(Debug, Clone)]
pub struct LocalArchive {
    store: Store,
    reader: Reader,
    line: Line,
}

impl Archive for LocalArchive {
    fn answer(&self, query: &Query, now: Timestamp) -> Result<Answer, LedgerError> {
        self.line.settle();
        Ok(self.store.answer(&self.reader, query, now)?)
    }
}

/// Makes the store of the data folder anew from its journal; says from how many records, and what had to be cut off the
/// journal's torn end.
///
/// # Errors
/// As [`LocalLedger::open`].
pub fn rebuild(settings: &Settings, progress: &mut dyn FnMut(Progress)) -> Result<(Seq, Opening), OpenError> {
    let folder = DataFolder::take(&settings.data_dir)?;
    let (journal, cut) = Journal::open(&folder.journal(), options(settings), Seq(0))?;
    crate::store::rebuild(&folder.store(), settings.store_cache, &journal.reader(), progress)?;
    Ok((journal.last(), Opening { warnings: cut.iter().map(ToString::to_string).collect() }))
}

/// Compares the store of the data folder with what its journal says. Changes neither.
///
/// # Errors
/// As [`LocalLedger::open`].
pub fn verify(settings: &Settings, progress: &mut dyn FnMut(Progress)) -> Result<Verified, OpenError> {
    let folder = DataFolder::take(&settings.data_dir)?;
    let journal = Reader::at_rest(&folder.journal())?;
    let store = Store::open(&folder.store(), settings.store_cache)?;
    let scratch = folder.path().join("verify.scratch");
    Ok(crate::store::verify(&store, &journal, &scratch, progress)?)
}

fn options(settings: &Settings) -> Options {
    // An answer of 64 KiB can be longer than the longest body that is taken.
    Options { segment_bytes: settings.segment_size, trial_bytes: (2 * settings.body_limit).max(1 << 20) }
}

/// Every record of the data folder, oldest first, also while a server writes there.
///
/// # Errors
/// When there is no journal, or it cannot be read.
pub fn records(settings: &Settings) -> Result<impl Iterator<Item = Result<Record, LedgerError>> + use<>, LedgerError> {
    let reader = Reader::at_rest(&settings.data_dir.join("journal"))?;
    Ok(reader.scan(Seq(1)).map(|next| Ok(next?.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Surroundings, load};
    use crate::engine::ledger::Memory;
    use crate::ingest::submission::{Prepared, Submission};
    use std::path::Path;

    fn open(folder: &Path) -> LocalLedger {
        let variables = [("WILLCALL_DATA_DIR".to_owned(), folder.display().to_string())].into();
        let here = Surroundings { variables, config_home: None, data_home: None };
        LocalLedger::open(&load(&here, None, &[]).unwrap().settings, &mut |_| {}).unwrap().0
    }

    fn webhook(random: &mut fastrand::Rng) -> Submission {
        let (ticket, resale, reversal) = (random.u8(..3), random.u8(..4), random.u8(..4) == 0);
        let body = format!(
            r#"{{"family":"ticket","action":"ticket.updated","data":{{"id":"{ticket}","oldOwnerEmail":"a","newOwnerEmail":"b{resale}","reversal":{reversal},"metadata":{{"order":{{"resaleId":"{resale}"}}}}}}}}"#
        );
        Submission::Webhook(Prepared::read("test".to_owned(), body.into_bytes()).unwrap())
    }

    /// One batch of a made-up history; the same for the same `random`.
    fn decide(ledger: &mut impl Ledger, mut random: fastrand::Rng, now: Timestamp) -> Vec<Record> {
        let policy = RetryPolicy::default();
        assert_eq!(ledger.ready(), Ok(()));
        let mut batch = Batch::new(&*ledger, &policy, now);
        for _ in 0..random.u8(1..4) {
            batch.submit(webhook(&mut random)).unwrap();
        }
        if random.u8(..6) == 0 {
            batch.claim(2, "target").unwrap();
        }
        let records = batch.into_records();
        ledger.commit(records.clone()).unwrap();
        records
    }

    #[test]
    fn deciding_does_not_see_how_far_behind_the_store_is() {
        let folder = tempfile::tempdir().unwrap();
        let (mut local, mut memory) = (open(folder.path()), Memory::default());
        let archive = local.archive();
        let mut random = fastrand::Rng::with_seed(7);
        for step in 0..400 {
            let (seed, now) = (random.fork(), Timestamp::UNIX_EPOCH + chrono::Duration::seconds(step));
            let decided = decide(&mut local, seed.clone(), now);
            assert_eq!(decided, decide(&mut memory, seed, now));
            if step % 10 == 0 {
                let last = decided.last().unwrap().seq;
                let Answer::Overview(overview) =
                    archive.answer(&Query::Overview { rows: 1, late_after: None }, now).unwrap()
                else {
                    panic!()
                };
                assert_eq!(overview.last, last, "who was answered cannot see what was kept");
            }
        }
        drop((local, archive));
        let store = open(folder.path()).store;
        assert_eq!(store.applied().unwrap(), memory.last(), "closing left something behind");
    }
}
