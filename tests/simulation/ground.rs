//! What the ledger stands on: plain memory, or the real journal and store in a folder; and how each lives through a death.

use std::io::Write;
use std::path::{Path, PathBuf};

use willcall::config::draft::Draft;
use willcall::config::settings::Settings;
use willcall::domain::Timestamp;
use willcall::domain::delivery::Delivery;
use willcall::domain::ids::{DeliveryId, Digest, Seq};
use willcall::domain::record::Record;
use willcall::domain::retry::RetryPolicy;
use willcall::domain::ticket::Lane;
use willcall::engine::batch::Batch;
use willcall::engine::ledger::{Ledger, LedgerError, Memory};
use willcall::engine::local::{self, LocalLedger};

use crate::decision::{Decision, Said};
use crate::network::Moment;

/// What came of a batch.
pub struct Written {
    /// What is said to each post; nothing to one of which nothing was kept.
    pub said: Vec<Option<Said>>,
    /// What is on record.
    pub records: Vec<Record>,
}

/// A ledger that can die and come back.
pub trait Ground: Ledger + Sized {
    /// An empty one.
    fn new() -> Self;

    /// Decides all as one batch and keeps it; as much of it as is kept when the program dies at `death`, which it then does.
    fn write(
        &mut self,
        policy: &RetryPolicy,
        now: Timestamp,
        decisions: &[Decision],
        death: Option<Moment>,
    ) -> Written {
        self.ready().unwrap();
        let mut batch = Batch::new(&*self, policy, now);
        let said: Vec<Said> = decisions.iter().map(|decision| decision.decide(&mut batch)).collect();
        let all = batch.into_records();
        let before = self.last();
        let kept = match death {
            None | Some(Moment::Kept | Moment::Applied) => all.len(),
            Some(Moment::Torn) => all.len() / 2,
            Some(Moment::Decided) => 0,
        };
        self.keep(all[..kept].to_vec(), death);
        let kept = Seq(before.0 + kept as u64);
        let remain = decisions.iter().zip(said).map(|(decision, said)| decision.remains(said, &all, kept)).collect();
        Written { said: remain, records: all.into_iter().filter(|record| record.seq <= kept).collect() }
    }

    /// Keeps `records`. With a `death` it stands afterwards as that death leaves it.
    fn keep(&mut self, records: Vec<Record>, death: Option<Moment>);

    /// Everything that is not kept is lost, and what is kept is read again. `store_lost`: nothing but the journal is left.
    fn die(&mut self, store_lost: bool);

    /// Promise 5, as far as this ground can tell by itself.
    fn rebuilds(&mut self) -> Result<(), String>;
}

impl Ground for Memory {
    fn new() -> Self {
        Self::default()
    }

    fn keep(&mut self, records: Vec<Record>, _: Option<Moment>) {
        self.commit(records).unwrap();
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
    /// The journal ends in a part of a frame.
    torn: bool,
    folder: tempfile::TempDir,
}

impl Disk {
    fn ledger(&self) -> &LocalLedger {
        self.ledger.as_ref().unwrap()
    }

    fn open(&mut self) {
        let (ledger, opening) = LocalLedger::open(&self.settings, &mut |_| ()).unwrap();
        let torn = std::mem::take(&mut self.torn);
        assert_eq!(opening.warnings.len(), usize::from(torn), "{:?}", opening.warnings);
        self.ledger = Some(ledger);
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("data").join("store")
    }

    /// Closes the ledger and puts the store aside as it is now.
    fn put_store_aside(&mut self) -> PathBuf {
        self.ledger = None;
        let aside = self.folder.path().join("aside");
        copy(&self.store(), &aside);
        self.open();
        aside
    }

    /// A part of a frame, after all others, unless there is none yet.
    fn tear(&mut self) {
        let segments = std::fs::read_dir(self.folder.path().join("data").join("journal")).unwrap();
        let segments = segments.map(|entry| entry.unwrap().path());
        let segments = segments.filter(|path| path.extension().is_some_and(|extension| extension == "wcj"));
        let Some(last) = segments.max() else { return };
        let mut file = std::fs::OpenOptions::new().append(true).open(last).unwrap();
        file.write_all(b"wcr2 000000").unwrap();
        self.torn = true;
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
        let mut disk = Self { settings, ledger: None, torn: false, folder };
        disk.open();
        disk
    }

    fn keep(&mut self, records: Vec<Record>, death: Option<Moment>) {
        if !matches!(death, Some(Moment::Torn | Moment::Kept)) {
            self.commit(records).unwrap();
            return;
        }
        let aside = self.put_store_aside();
        self.commit(records).unwrap();
        self.ledger = None;
        std::fs::remove_dir_all(self.store()).unwrap();
        std::fs::rename(aside, self.store()).unwrap();
        if death == Some(Moment::Torn) {
            self.tear();
        }
        self.open();
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

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
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

    fn latest(&self, lane: Option<Lane>, subject: Digest) -> Result<Option<(Seq, Digest)>, LedgerError> {
        self.ledger().latest(lane, subject)
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
