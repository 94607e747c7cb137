//! The ledger as the writer sees it: what has been decided so far, and a way to add to it.
//!
//! Journal and store stand behind it today; a shared database can tomorrow. [`Memory`] is the ledger of simulations.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::domain::Timestamp;
use crate::domain::blanking::Blanking;
use crate::domain::delivery::{Delivery, Stage};
use crate::domain::ids::{DeliveryId, Digest, Seq};
use crate::domain::record::{Fact, OperatorAction, Record};
use crate::domain::ticket::Lane;
use crate::ingest::submission::Ailment;

/// Why the ledger could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct LedgerError {
    /// What anybody may know of it.
    pub ailment: Ailment,
    /// The whole reason, and what to do, for the operator.
    pub reason: String,
}

impl LedgerError {
    /// For a `reason` that does not pass by itself.
    pub fn failing(reason: impl Into<String>) -> Self {
        Self { ailment: Ailment::Failing, reason: reason.into() }
    }

    /// It is being mended: the same question has an answer later.
    pub fn passes(&self) -> bool {
        matches!(self.ailment, Ailment::Opening { .. } | Ailment::Mending { .. })
    }

    /// The disk is full, as `error` says.
    pub fn full_disk(error: &dyn std::error::Error) -> Self {
        let reason = format!("the disk is full: make room, and it goes on by itself ({error})");
        Self { ailment: Ailment::DiskFull, reason }
    }
}

/// What has been decided so far. One writer has it.
pub trait Ledger {
    /// The last record.
    fn last(&self) -> Seq;

    /// The deliveries of one lane, oldest first.
    ///
    /// # Errors
    /// When the ledger cannot be read; likewise below.
    fn lane(&self, lane: Lane) -> Result<Vec<Delivery>, LedgerError>;

    /// One delivery.
    #[allow(missing_docs, clippy::missing_errors_doc)]
    fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, LedgerError>;

    /// The last event about a thing that was no repetition, and its print. `lane` is [`Lane::of_subject`].
    #[allow(clippy::missing_errors_doc)]
    fn latest(&self, lane: Option<Lane>, subject: Digest) -> Result<Option<(Seq, Digest)>, LedgerError>;

    /// Deliveries due at `now`, the longest due first.
    #[allow(clippy::missing_errors_doc)]
    fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Delivery>, LedgerError>;

    /// When the first delivery that is not due at `now` falls due.
    #[allow(clippy::missing_errors_doc)]
    fn next_due(&self, now: Timestamp) -> Result<Option<Timestamp>, LedgerError>;

    /// Deliveries with an attempt under way.
    #[allow(clippy::missing_errors_doc)]
    fn in_flight(&self) -> Result<Vec<Delivery>, LedgerError>;

    /// A record with its bytes.
    #[allow(clippy::missing_errors_doc)]
    fn record(&self, seq: Seq) -> Result<Option<Record>, LedgerError>;

    /// The event that a rejected request became when it was sent again.
    #[allow(clippy::missing_errors_doc)]
    fn resent(&self, rejected: Seq) -> Result<Option<Seq>, LedgerError>;

    /// What of its records is blanked, if anything is.
    fn blanking(&self) -> Option<Arc<Blanking>> {
        None
    }

    /// Looks for what was scheduled by a clock that ran ahead, now that it says `now`, and takes it as due when it would be,
    /// had the clock been right; says how many there are. For the start, and for when the clock is set back.
    #[allow(clippy::missing_errors_doc)]
    fn clock_was_set(&mut self, _now: Timestamp) -> Result<usize, LedgerError> {
        Ok(0)
    }

    /// Makes sure that records could be kept now, and that the next decision would see all that was decided.
    ///
    /// # Errors
    /// Why not.
    fn ready(&mut self) -> Result<(), LedgerError>;

    /// Adds records; they are durable when this returns.
    ///
    /// # Errors
    /// When they could not be kept; then none of them counts.
    fn commit(&mut self, records: Vec<Record>) -> Result<(), LedgerError>;
}

/// A ledger that forgets everything when it is dropped.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    records: Vec<Record>,
    deliveries: BTreeMap<DeliveryId, Delivery>,
    lanes: HashMap<Lane, BTreeSet<DeliveryId>>,
    latest: HashMap<Digest, (Seq, Digest)>,
    resent: HashMap<Seq, Seq>,
}

impl Memory {
    /// Every record, oldest first.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Every delivery, oldest first.
    pub fn deliveries(&self) -> impl Iterator<Item = &Delivery> {
        self.deliveries.values()
    }
}

impl Ledger for Memory {
    fn last(&self) -> Seq {
        Seq(self.records.len() as u64)
    }

    fn lane(&self, lane: Lane) -> Result<Vec<Delivery>, LedgerError> {
        let of_lane = self.lanes.get(&lane).into_iter().flatten();
        Ok(of_lane.filter_map(|id| self.deliveries.get(id)).cloned().collect())
    }

    fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, LedgerError> {
        Ok(self.deliveries.get(&id).cloned())
    }

    fn latest(&self, _: Option<Lane>, subject: Digest) -> Result<Option<(Seq, Digest)>, LedgerError> {
        Ok(self.latest.get(&subject).copied())
    }

    fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Delivery>, LedgerError> {
        let mut due: Vec<&Delivery> =
            self.deliveries.values().filter(|one| one.due().is_some_and(|due| due <= now)).collect();
        due.sort_by_key(|one| one.due());
        Ok(due.into_iter().take(limit).cloned().collect())
    }

    fn next_due(&self, now: Timestamp) -> Result<Option<Timestamp>, LedgerError> {
        Ok(self.deliveries.values().filter_map(Delivery::due).filter(|due| *due > now).min())
    }

    fn in_flight(&self) -> Result<Vec<Delivery>, LedgerError> {
        Ok(self.deliveries.values().filter(|one| one.stage() == Stage::InFlight).cloned().collect())
    }

    fn record(&self, seq: Seq) -> Result<Option<Record>, LedgerError> {
        Ok(seq.0.checked_sub(1).and_then(|place| self.records.get(place as usize)).cloned())
    }

    fn resent(&self, rejected: Seq) -> Result<Option<Seq>, LedgerError> {
        Ok(self.resent.get(&rejected).copied())
    }

    fn ready(&mut self) -> Result<(), LedgerError> {
        Ok(())
    }

    fn commit(&mut self, records: Vec<Record>) -> Result<(), LedgerError> {
        for record in records {
            match &record.head.fact {
                Fact::Received(received) if received.duplicate_of.is_none() => {
                    self.latest.insert(received.subject, (record.seq, received.print));
                }
                Fact::OperatorActed(acted) => {
                    if let OperatorAction::Resend { rejected, event } = acted.action {
                        self.resent.insert(rejected, event);
                    }
                }
                _ => {}
            }
            for delivery in &record.head.deliveries {
                if self.deliveries.insert(delivery.id, delivery.clone()).is_none() {
                    let lane = Lane::of_delivery(delivery.ticket.as_ref(), delivery.id);
                    self.lanes.entry(lane).or_default().insert(delivery.id);
                }
            }
            self.records.push(record);
        }
        Ok(())
    }
}
