//! What the ledger stands on: plain memory, or the real journal and store in a folder; and how each lives through a death.

use std::path::PathBuf;

use willcall::config::draft::Draft;
use willcall::config::settings::Settings;
use willcall::domain::Timestamp;
use willcall::domain::delivery::Delivery;
use willcall::domain::ids::{DeliveryId, Digest, Seq};
use willcall::domain::record::Record;
use willcall::domain::ticket::Lane;
use willcall::engine::ledger::{Ledger, LedgerError, Memory};
use willcall::engine::local::{self, LocalLedger};

/// A ledger that can die and come back.
pub trait Ground: Ledger + Sized {
    /// An empty one.
    fn new() -> Self;

    /// Everything that is not kept is lost, and what is kept is read again. `store_lost`: nothing but the journal is left.
    fn die(&mut self, store_lost: bool);

    /// Promise 5, as far as this ground can tell by itself.
    fn rebuilds(&mut self) -> Result<(), String>;
}

impl Ground for Memory {
    fn new() -> Self {
        Self::default()
    }

    fn die(&mut self, _: bool) {
        *self = replayed(self.records());
    }

    fn rebuilds(&mut self) -> Result<(), String> {
        let replayed = replayed(self.records());
        match self.deliveries().eq(replayed.deliveries()) {
            true => Ok(()),
            false => Err("replaying the records gives other deliveries".to_owned()),
        }
    }
}

/// The records as the journal would give them back, one by one.
fn replayed(records: &[Record]) -> Memory {
    let mut fresh = Memory::default();
    for record in records {
        let line = serde_json::to_vec(record).unwrap();
        fresh.commit(vec![serde_json::from_slice(&line).unwrap()]).unwrap();
    }
    fresh
}

/// The real journal and the real store.
pub struct Disk {
    settings: Settings,
    ledger: Option<LocalLedger>,
    folder: tempfile::TempDir,
}

impl Disk {
    fn ledger(&self) -> &LocalLedger {
        self.ledger.as_ref().unwrap()
    }

    fn open(&mut self) {
        let (ledger, opening) = LocalLedger::open(&self.settings, &mut |_| ()).unwrap();
        assert!(opening.warnings.is_empty(), "{:?}", opening.warnings);
        self.ledger = Some(ledger);
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("data").join("store")
    }

    fn verified(&self) -> Result<(), String> {
        let verified = local::verify(&self.settings, &mut |_| ()).map_err(|error| error.to_string())?;
        match verified.difference {
            Some(difference) => Err(format!("the store is not what the journal makes of it: {difference}")),
            None if verified.applied != verified.journal => Err("the store lags behind the journal".to_owned()),
            None => Ok(()),
        }
    }
}

impl Ground for Disk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Draft::new(Some(folder.path().join("data")), "ana".to_owned()).check().unwrap();
        // Small, so that a history fills several segments.
        settings.segment_size = settings.segment_size.min(16 << 10);
        settings.store_cache = 1 << 20;
        let mut disk = Self { settings, ledger: None, folder };
        disk.open();
        disk
    }

    fn die(&mut self, store_lost: bool) {
        self.ledger = None;
        if store_lost {
            assert!(self.store().exists());
            std::fs::remove_dir_all(self.store()).unwrap();
        }
        self.open();
    }

    fn rebuilds(&mut self) -> Result<(), String> {
        self.ledger = None;
        // First the store that lived through it, then the one made anew.
        self.verified()?;
        local::rebuild(&self.settings, &mut |_| ()).map_err(|error| error.to_string())?;
        self.verified()?;
        self.open();
        Ok(())
    }
}

impl Ledger for Disk {
    fn last(&self) -> Seq {
        self.ledger().last()
    }

    fn lane(&self, lane: Lane) -> Result<Vec<Delivery>, LedgerError> {
        self.ledger().lane(lane)
    }

    fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, LedgerError> {
        self.ledger().delivery(id)
    }

    fn latest(&self, subject: Digest) -> Result<Option<(Seq, Digest)>, LedgerError> {
        self.ledger().latest(subject)
    }

    fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Delivery>, LedgerError> {
        self.ledger().due(now, limit)
    }

    fn next_due(&self, now: Timestamp) -> Result<Option<Timestamp>, LedgerError> {
        self.ledger().next_due(now)
    }

    fn in_flight(&self) -> Result<Vec<Delivery>, LedgerError> {
        self.ledger().in_flight()
    }

    fn record(&self, seq: Seq) -> Result<Option<Record>, LedgerError> {
        self.ledger().record(seq)
    }

    fn resent(&self, rejected: Seq) -> Result<Option<Seq>, LedgerError> {
        self.ledger().resent(rejected)
    }

    fn ready(&mut self) -> Result<(), LedgerError> {
        self.ledger.as_mut().unwrap().ready()
    }

    fn commit(&mut self, records: Vec<Record>) -> Result<(), LedgerError> {
        self.ledger.as_mut().unwrap().commit(records)
    }
}
