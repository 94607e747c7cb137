//! The lanes in which an attempt is under way, whole: its end comes a moment after its start, and is decided without asking the
//! store again.
//!
//! Nobody but the writer changes a delivery: what it has read of a lane stays true while what it decides is added, until
//! another store takes over.

use std::collections::HashMap;

use crate::domain::delivery::{Delivery, Stage};
use crate::domain::record::Record;
use crate::domain::ticket::Lane;

/// The deliveries of each such lane, and of those that were read since the last batch.
#[derive(Debug, Default)]
pub(super) struct UnderWay(HashMap<Lane, Vec<Delivery>>);

impl UnderWay {
    /// The deliveries of a lane, where they are known.
    pub(super) fn lane(&self, lane: Lane) -> Option<&[Delivery]> {
        self.0.get(&lane).map(Vec::as_slice)
    }

    /// Takes note of all that is in a lane, as it is durable.
    pub(super) fn has_read(&mut self, lane: Lane, deliveries: &[Delivery]) {
        // Most have none: a ticket that is sold for the first time.
        if !deliveries.is_empty() {
            self.0.insert(lane, deliveries.to_vec());
        }
    }

    /// Adds a batch that has become durable.
    pub(super) fn add(&mut self, records: &[Record]) {
        if self.0.is_empty() {
            return;
        }
        for changed in records.iter().flat_map(|record| &record.head.deliveries) {
            let lane = Lane::of_delivery(changed.ticket.as_ref(), changed.id);
            let Some(known) = self.0.get_mut(&lane) else { continue };
            match known.iter_mut().find(|one| one.id == changed.id) {
                Some(one) => one.clone_from(changed),
                None => known.push(changed.clone()),
            }
        }
    }

    /// Lets go of every lane in which nothing is under way.
    pub(super) fn forget(&mut self) {
        self.0.retain(|_, deliveries| deliveries.iter().any(|one| one.stage() == Stage::InFlight));
    }
}
