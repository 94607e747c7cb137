//! The ledger of this machine: the journal, and the store that follows it.
//!
//! A record counts, and is answered, when the journal has it; the store follows on a thread of its own (`applier`), at most
//! a few batches behind. Nobody can tell:
//!
//! - deciding asks for single rows and for what is due, which are looked for in `recent` first; whatever else the writer
//!   asks (what is in flight) waits until the store has all that was decided;
//! - a question waits until the store has the last record that was answered before it was asked, so that whoever has an
//!   answer finds what it is about;
//! - should the store refuse what was decided, nothing further is before it has taken it, or one made anew has; one that errs at
//!   reading soon after it was mended may be asked for two minutes more, and what it cannot say is not decided. Questions are answered from what it has, or, while it is away, with how far it is;
//! - a crash loses nothing: the store says how far it has come, and the next start applies the rest from the journal.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use super::ahead::Ahead;
use super::applier::{Applier, Line};
use super::batch::Batch;
use super::handle::DeskError;
use super::ledger::{Ledger, LedgerError};
use super::mending::{Patience, Workshop};
use super::past::Pasts;
use super::recent::Recent;
use super::retention::{HeldUp, Retaining};
use super::succession;
use super::under_way::UnderWay;
use super::{Archive, Retrospect};
use crate::config::Settings;
use crate::domain::Timestamp;
use crate::domain::blanking::Blanking;
use crate::domain::delivery::Delivery;
use crate::domain::ids::{DeliveryId, Digest, Seq};
use crate::domain::query::{Answer, Query};
use crate::domain::record::Record;
use crate::domain::retry::RetryPolicy;
use crate::domain::ticket::Lane;
use crate::journal::{DataFolder, FolderError, Journal, JournalError, Options, Reader};
use crate::store::notes::Mention;
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
    /// The store cannot be opened, or not as it is.
    #[error("{0}{advice}", advice = advice(.0))]
    Store(#[from] StoreError),
    /// The system refuses.
    #[error("no thread can be had for the store: {0}")]
    Thread(std::io::Error),
}

fn advice(error: &StoreError) -> &'static str {
    match error {
        error if error.is_full_disk() => "; make room, and start again",
        error if error.is_damage() => "; `willcall rebuild` makes a new one from the journal",
        _ => "",
    }
}

impl From<JournalError> for LedgerError {
    fn from(error: JournalError) -> Self {
        use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        match &error {
            JournalError::Io { source, .. } if matches!(source.kind(), FileTooLarge | QuotaExceeded | StorageFull) => {
                Self::full_disk(&error)
            }
            _ => Self::failing(error.to_string()),
        }
    }
}

impl From<StoreError> for LedgerError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Journal(error) => error.into(),
            error if error.is_full_disk() => Self::full_disk(&error),
            error => Self::failing(error.to_string()),
        }
    }
}

/// How long a store that errs again right after it was mended is left alone at first.
const FIRST_PAUSE: Duration = Duration::from_millis(if cfg!(test) { 200 } else { 2000 });

/// What stands in the timeline of a lane, oldest first.
type Mentions = Arc<[(Seq, Mention)]>;

/// Journal and store of a data folder that this process holds.
#[derive(Debug)]
pub struct LocalLedger {
    journal: Journal,
    reader: Reader,
    recent: Recent,
    /// The lane that was asked for last since the writer was [`ready`](Ledger::ready), and what the store had: all that has
    /// come into the store since then is in `recent`, too.
    asked: RefCell<Option<(Lane, Mentions)>>,
    under_way: RefCell<UnderWay>,
    ahead: Ahead,
    pasts: Pasts,
    held_up: HeldUp,
    // Dropped before the folder is given back.
    retaining: Option<Retaining>,
    applier: Applier,
    folder: DataFolder,
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
        Self::open_in(DataFolder::take(&settings.data_dir)?, settings, progress)
    }

    /// The same, in a folder that was taken before: that is quick, and this may not be.
    ///
    /// # Errors
    /// When the journal is damaged.
    pub fn open_in(
        folder: DataFolder,
        settings: &Settings,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Self, Opening), OpenError> {
        // The store never has a record that the journal had not made durable before: it knows how long the journal was.
        let store_folder = folder.store(crate::journal::standing(&folder.journal())?);
        let opened = Store::open(&store_folder, settings.store_cache);
        let known = opened.as_ref().map_or(Ok(Seq(0)), Store::applied).unwrap_or_default();
        let (journal, cut) = Journal::open(&folder.journal(), options(settings), known)?;
        let (reader, now) = (journal.reader(), settings.clock.now());
        let (store, repaired) =
            crate::store::bring_up(opened, &store_folder, settings.store_cache, &reader, now, progress)?;
        let mut warnings: Vec<String> = cut.iter().map(ToString::to_string).collect();
        warnings.extend(repaired.map(|repaired| repaired.to_string()));
        let workshop = Workshop {
            data: folder.path().to_owned(),
            cache_bytes: settings.store_cache,
            journal: reader.clone(),
            clock: settings.clock,
        };
        let applier = Applier::start(store, journal.last(), workshop, Patience::new(FIRST_PAUSE));
        let applier = applier.map_err(OpenError::Thread)?;
        let (recent, ahead, pasts) = (Recent::default(), Ahead::default(), Pasts::new(reader.clone(), &folder));
        succession::tidy(folder.path(), &reader);
        let (asked, under_way, held_up, retaining) = (RefCell::default(), RefCell::default(), HeldUp::default(), None);
        let ledger =
            Self { journal, reader, recent, asked, under_way, ahead, pasts, held_up, retaining, applier, folder };
        Ok((ledger, Opening { warnings }))
    }

    /// From now on drops and compresses what is old, as the settings say. For whoever keeps the ledger open.
    ///
    /// # Errors
    /// When no thread can be had.
    pub fn retain(&mut self, settings: &Settings) -> std::io::Result<()> {
        let (tools, line) = ((self.journal.trim(), self.journal.press()), self.applier.line().clone());
        let (reader, held_up) = (self.reader.clone(), self.held_up.clone());
        self.retaining = Some(Retaining::start(settings, self.folder.path(), tools, reader, line, held_up)?);
        Ok(())
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
        let line = self.applier.line().clone();
        LocalArchive { reader: self.reader.clone(), line, pasts: self.pasts.clone(), held_up: self.held_up.clone() }
    }

    /// What the store has in the timeline of a lane; it may lack what is recent. Deciding about a sale asks twice.
    fn mentions(&self, lane: Lane) -> Result<Mentions, LedgerError> {
        let mut asked = self.asked.borrow_mut();
        match &*asked {
            Some((of, mentions)) if *of == lane => Ok(Arc::clone(mentions)),
            _ => {
                let mentions: Mentions = self.ask(|store| store.mentions(&lane))?.into();
                *asked = Some((lane, Arc::clone(&mentions)));
                Ok(mentions)
            }
        }
    }

    /// Asks the store, which may lack what is recent.
    fn ask<T>(&self, question: impl FnOnce(&Store) -> Result<T, StoreError>) -> Result<T, LedgerError> {
        self.applier.line().ask(question)
    }

    /// Asks the store once it has all that was decided. One that takes nothing is not asked.
    fn ask_whole<T>(&self, question: impl FnOnce(&Store) -> Result<T, StoreError>) -> Result<T, LedgerError> {
        self.applier.line().ask_whole(question)
    }
}

impl Ledger for LocalLedger {
    fn last(&self) -> Seq {
        self.journal.last()
    }

    fn lane(&self, lane: Lane) -> Result<Vec<Delivery>, LedgerError> {
        if let Some(known) = self.under_way.borrow().lane(lane) {
            return Ok(known.to_vec());
        }
        let mentions = self.mentions(lane)?;
        let stored = match mentions.iter().any(|(_, mention)| mention.is_delivery()) {
            true => self.ask(|store| store.mentioned(&mentions))?,
            false => Vec::new(),
        };
        let deliveries = self.recent.lane(lane, stored);
        self.under_way.borrow_mut().has_read(lane, &deliveries);
        Ok(deliveries)
    }

    fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, LedgerError> {
        match self.recent.delivery(id) {
            Some(one) => Ok(Some(one.clone())),
            None => self.ask(|store| store.delivery(id)),
        }
    }

    fn latest(&self, lane: Option<Lane>, subject: Digest) -> Result<Option<(Seq, Digest)>, LedgerError> {
        match (self.recent.latest(subject), lane) {
            (Some(latest), _) => Ok(Some(latest)),
            (None, None) => self.ask(|store| store.latest(&subject)),
            (None, Some(lane)) => {
                let mentions = self.mentions(lane)?;
                self.ask(|store| store.latest_among(&mentions, &subject))
            }
        }
    }

    fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Delivery>, LedgerError> {
        let is_recent = |id| self.recent.delivery(id).is_some();
        let mut due = self.ask(|store| store.due_but(now, limit, is_recent))?;
        let recent = self.recent.deliveries().filter(|one| one.due().is_some_and(|due| due <= now));
        let mut recent: Vec<&Delivery> = recent.collect();
        recent.sort_by_key(|one| (one.due(), one.id));
        due.extend(recent.into_iter().take(limit).cloned());
        due.sort_by_key(|one| (one.due(), one.id));
        for id in self.ahead.due(now) {
            due.extend(self.delivery(id)?.filter(|one| one.due().is_some_and(|due| due > now)));
        }
        due.truncate(limit);
        Ok(due)
    }

    fn next_due(&self, now: Timestamp) -> Result<Option<Timestamp>, LedgerError> {
        // It may be that of one that has been started since: then there is nothing to do at that moment.
        let stored = self.ask(|store| store.next_due(now))?;
        let recent = self.recent.deliveries().filter_map(Delivery::due).filter(|due| *due > now);
        Ok(stored.into_iter().chain(recent).chain(self.ahead.next_due(now)).min())
    }

    fn in_flight(&self) -> Result<Vec<Delivery>, LedgerError> {
        self.ask_whole(Store::in_flight)
    }

    fn record(&self, seq: Seq) -> Result<Option<Record>, LedgerError> {
        let location = match self.recent.location(seq) {
            None => self.ask(|store| store.location(seq))?,
            recent => recent,
        };
        let Some(location) = location else { return Ok(None) };
        let record = self.reader.read(location)?;
        if record.seq != seq {
            return self.ask(|_| Err(StoreError::elsewhere(seq, record.seq)));
        }
        Ok(Some(record))
    }

    fn resent(&self, rejected: Seq) -> Result<Option<Seq>, LedgerError> {
        self.ask_whole(|store| store.resent(rejected))
    }

    fn clock_was_set(&mut self, now: Timestamp) -> Result<usize, LedgerError> {
        self.ahead = Ahead::among(&self.ask_whole(|store| store.waiting(now))?, now);
        Ok(self.ahead.len())
    }

    fn blanking(&self) -> Option<Arc<Blanking>> {
        self.reader.blanking()
    }

    fn ready(&mut self) -> Result<(), LedgerError> {
        self.journal.ready()?;
        self.applier.ready()?;
        if let Some(retaining) = &self.retaining
            && retaining.take_over(self.applier.line(), &self.reader)
        {
            // What was read of the old store may have been blanked in the new one.
            self.under_way.take();
        }
        self.recent.forget(self.applier.line().applied());
        self.asked.take();
        self.under_way.get_mut().forget();
        Ok(())
    }

    fn commit(&mut self, records: Vec<Record>) -> Result<(), LedgerError> {
        let locations = self.journal.append(&records)?;
        self.recent.add(&records, &locations);
        self.under_way.get_mut().add(&records);
        records.iter().for_each(|record| self.ahead.changed(&record.head.deliveries));
        self.applier.hand(records.into_iter().zip(locations).collect());
        Ok(())
    }
}

/// Answers questions from store and journal.
#[derive(Debug, Clone)]
pub struct LocalArchive {
    reader: Reader,
    line: Line,
    pasts: Pasts,
    held_up: HeldUp,
}

impl Archive for LocalArchive {
    fn answer(&self, query: &Query, now: Timestamp) -> Result<Answer, LedgerError> {
        self.line.ask_settled(|store| store.answer(&self.reader, query, now))
    }

    fn look_back(&self) -> Result<Box<dyn Retrospect>, DeskError> {
        Ok(Box::new(self.pasts.look_back()?))
    }

    fn retention_held_up(&self) -> Option<String> {
        self.held_up.why()
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
    let reader = journal.reader();
    crate::store::rebuild(&folder.store(reader.standing()), settings.store_cache, &reader, progress)?;
    let records = Seq(journal.last().0 - reader.dropped().0);
    Ok((records, Opening { warnings: cut.iter().map(ToString::to_string).collect() }))
}

/// Compares the store of the data folder with what its journal says. Changes neither.
///
/// # Errors
/// As [`LocalLedger::open`].
pub fn verify(settings: &Settings, progress: &mut dyn FnMut(Progress)) -> Result<Verified, OpenError> {
    let folder = DataFolder::take(&settings.data_dir)?;
    let journal = Reader::at_rest(&folder.journal())?;
    let store = Store::open(&folder.store(journal.standing()), settings.store_cache)?;
    let scratch = folder.path().join(crate::journal::folder::VERIFYING);
    Ok(crate::store::verify(&store, &journal, &scratch, progress)?)
}

fn options(settings: &Settings) -> Options {
    // An answer of 64 KiB can be longer than the longest body that is taken.
    Options { segment_bytes: settings.segment_size, trial_bytes: (2 * settings.body_limit).max(1 << 20) }
}

/// Every record of the data folder that was not dropped, oldest first, also while a server writes there.
///
/// # Errors
/// When there is no journal, or it cannot be read.
pub fn records(settings: &Settings) -> Result<impl Iterator<Item = Result<Record, LedgerError>> + use<>, LedgerError> {
    let reader = Reader::at_rest(&settings.data_dir.join("journal"))?;
    Ok(reader.scan(Seq(1)).map(|next| Ok(next?.0)))
}

#[cfg(test)]
mod tests;
