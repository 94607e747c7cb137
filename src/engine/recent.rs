//! What was decided and is durable, but not yet in the store: deciding looks here first.
//!
//! A batch stays until the store says that it has it. Meanwhile the store may have it or not; what stands here is the same
//! or newer, so it goes before whatever the store says.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use crate::domain::delivery::Delivery;
use crate::domain::ids::{DeliveryId, Digest, Seq};
use crate::domain::record::{Fact, Record};
use crate::domain::ticket::Lane;

/// The batches on their way into the store, oldest first.
#[derive(Debug, Default)]
pub(super) struct Recent(VecDeque<Decided>);

#[derive(Debug, Default)]
struct Decided {
    last: Seq,
    deliveries: HashMap<DeliveryId, Delivery>,
    lanes: HashMap<Lane, Vec<DeliveryId>>,
    latest: HashMap<Digest, (Seq, Digest)>,
}

impl Recent {
    /// Takes a batch in.
    pub(super) fn add(&mut self, records: &[Record]) {
        let mut decided = Decided::default();
        for record in records {
            decided.last = record.seq;
            if let Fact::Received(received) = &record.head.fact
                && received.duplicate_of.is_none()
            {
                decided.latest.insert(received.subject, (record.seq, received.print));
            }
            for one in &record.head.deliveries {
                decided.lanes.entry(Lane::of_delivery(one.ticket.as_ref(), one.id)).or_default().push(one.id);
                decided.deliveries.insert(one.id, one.clone());
            }
        }
        self.0.push_back(decided);
    }

    /// Lets go of what the store has.
    pub(super) fn forget(&mut self, applied: Seq) {
        while self.0.front().is_some_and(|decided| decided.last <= applied) {
            self.0.pop_front();
        }
    }

    pub(super) fn delivery(&self, id: DeliveryId) -> Option<&Delivery> {
        self.0.iter().rev().find_map(|decided| decided.deliveries.get(&id))
    }

    /// Every delivery that was changed, as it stands.
    pub(super) fn deliveries(&self) -> impl Iterator<Item = &Delivery> {
        let ids: BTreeSet<DeliveryId> = self.0.iter().flat_map(|decided| decided.deliveries.keys().copied()).collect();
        ids.into_iter().filter_map(|id| self.delivery(id))
    }

    pub(super) fn latest(&self, subject: Digest) -> Option<(Seq, Digest)> {
        self.0.iter().rev().find_map(|decided| decided.latest.get(&subject).copied())
    }

    /// The deliveries of a lane, of which the store knows `stored`.
    pub(super) fn lane(&self, lane: Lane, stored: Vec<Delivery>) -> Vec<Delivery> {
        let mut all: BTreeMap<DeliveryId, Delivery> = stored.into_iter().map(|one| (one.id, one)).collect();
        for decided in &self.0 {
            for id in decided.lanes.get(&lane).into_iter().flatten() {
                all.extend(decided.deliveries.get(id).map(|one| (*id, one.clone())));
            }
        }
        all.into_values().collect()
    }
}
