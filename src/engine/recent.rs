//! What was decided and is durable, but not yet in the store: deciding looks here first.
//!
//! A record stays until the store says that it has it. Meanwhile the store may have it or not; what stands here is the same
//! or newer, so it goes before whatever the store says.

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::domain::delivery::Delivery;
use crate::domain::ids::{DeliveryId, Digest, Seq};
use crate::domain::record::{Fact, Record};
use crate::domain::ticket::Lane;
use crate::journal::Location;

/// The records on their way into the store, and what they say last.
#[derive(Debug, Default)]
pub(super) struct Recent {
    latest: HashMap<Digest, (Seq, Digest)>,
    /// Each as it stands after the record of that number.
    deliveries: HashMap<DeliveryId, (Seq, Delivery)>,
    lanes: HashMap<Lane, Vec<DeliveryId>>,
    oldest_first: VecDeque<Said>,
}

/// What one record said something about.
#[derive(Debug)]
struct Said {
    seq: Seq,
    location: Location,
    subject: Option<Digest>,
    deliveries: Vec<(Lane, DeliveryId)>,
}

impl Recent {
    /// Takes a batch in, which lies at `locations`.
    pub(super) fn add(&mut self, records: &[Record], locations: &[Location]) {
        for (Record { seq, head, .. }, location) in records.iter().zip(locations) {
            let subject = match &head.fact {
                Fact::Received(received) if received.duplicate_of.is_none() => {
                    self.latest.insert(received.subject, (*seq, received.print));
                    Some(received.subject)
                }
                _ => None,
            };
            let mut deliveries = Vec::with_capacity(head.deliveries.len());
            for one in &head.deliveries {
                let lane = Lane::of_delivery(one.ticket.as_ref(), one.id);
                self.lanes.entry(lane).or_default().push(one.id);
                self.deliveries.insert(one.id, (*seq, one.clone()));
                deliveries.push((lane, one.id));
            }
            self.oldest_first.push_back(Said { seq: *seq, location: *location, subject, deliveries });
        }
    }

    /// Lets go of what the store has.
    pub(super) fn forget(&mut self, applied: Seq) {
        let gone = self.oldest_first.partition_point(|said| said.seq <= applied);
        for said in self.oldest_first.drain(..gone) {
            if let Some(subject) = said.subject
                && self.latest.get(&subject).is_some_and(|(seq, _)| *seq == said.seq)
            {
                self.latest.remove(&subject);
            }
            for (lane, id) in said.deliveries {
                if self.deliveries.get(&id).is_some_and(|(seq, _)| *seq == said.seq) {
                    self.deliveries.remove(&id);
                }
                // As many times as it was said it stands there.
                if let Some(ids) = self.lanes.get_mut(&lane) {
                    ids.iter().position(|one| *one == id).map(|place| ids.swap_remove(place));
                    if ids.is_empty() {
                        self.lanes.remove(&lane);
                    }
                }
            }
        }
    }

    /// Where a record is.
    pub(super) fn location(&self, seq: Seq) -> Option<Location> {
        let place = self.oldest_first.binary_search_by_key(&seq, |said| said.seq).ok()?;
        self.oldest_first.get(place).map(|said| said.location)
    }

    pub(super) fn delivery(&self, id: DeliveryId) -> Option<&Delivery> {
        self.deliveries.get(&id).map(|(_, delivery)| delivery)
    }

    /// Every delivery that was changed, as it stands, in no order.
    pub(super) fn deliveries(&self) -> impl Iterator<Item = &Delivery> {
        self.deliveries.values().map(|(_, delivery)| delivery)
    }

    pub(super) fn latest(&self, subject: Digest) -> Option<(Seq, Digest)> {
        self.latest.get(&subject).copied()
    }

    /// The deliveries of a lane, of which the store knows `stored`.
    pub(super) fn lane(&self, lane: Lane, stored: Vec<Delivery>) -> Vec<Delivery> {
        let Some(ids) = self.lanes.get(&lane) else { return stored };
        let mut all: BTreeMap<DeliveryId, Delivery> = stored.into_iter().map(|one| (one.id, one)).collect();
        all.extend(ids.iter().filter_map(|id| Some((*id, self.delivery(*id)?.clone()))));
        all.into_values().collect()
    }
}
