//! Single rows that the writer and the workers need.

use std::collections::BTreeSet;

use chrono::Duration;

use crate::domain::Timestamp;
use crate::domain::delivery::{Delivery, Kind, Stage};
use crate::domain::ids::{DeliveryId, Digest, Seq};
use crate::domain::ticket::Lane;
use crate::journal::Location;

use super::notes::Mention;
use super::rows::{self, Place, Totals};
use super::{Store, StoreError, caught, keys, marks};

/// Errors of all these: when the store cannot be read.
impl Store {
    pub(super) fn totals(&self) -> Result<Option<Totals>, StoreError> {
        self.rows.json(&keys::totals())
    }

    pub(super) fn place(&self, seq: Seq) -> Result<Option<Place>, StoreError> {
        let (key, number) = keys::record(seq);
        let Some(row) = self.rows.get(&key)?.filter(|_| seq > Seq(0)) else { return Ok(None) };
        let Some(place) = row.chunks(rows::PLACE_BYTES).nth(number) else { return Ok(None) };
        let place = Place::decode(place).ok_or_else(|| StoreError::Row(keys::meaning(&key)))?;
        // No segment begins with record 0: one that was dropped.
        Ok((place.location.segment > Seq(0)).then_some(place))
    }

    /// The last record of those that the journal has dropped.
    pub(super) fn dropped(&self) -> Result<Seq, StoreError> {
        Ok(self.totals()?.unwrap_or_default().dropped)
    }

    /// Where a record is in the journal.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn location(&self, seq: Seq) -> Result<Option<Location>, StoreError> {
        caught(|| Ok(self.place(seq)?.map(|place| place.location)))
    }

    /// A delivery as it stands.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
        caught(|| self.rows.json(&keys::delivery(id)))
    }

    /// What stands in the timeline of a lane, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn mentions(&self, lane: &Lane) -> Result<Vec<(Seq, Mention)>, StoreError> {
        caught(|| self.rows.notes(&keys::timeline(lane), Seq(0), Seq(u64::MAX)))
    }

    /// The deliveries of a lane, by id.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn lane(&self, lane: &Lane) -> Result<Vec<Delivery>, StoreError> {
        self.mentioned(&self.mentions(lane)?)
    }

    /// The deliveries among what stands in a timeline.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn mentioned(&self, mentions: &[(Seq, Mention)]) -> Result<Vec<Delivery>, StoreError> {
        let ids = mentions.iter().filter(|(_, mention)| mention.is_delivery()).map(|(id, _)| Ok(*id));
        caught(|| self.deliveries(ids))
    }

    /// The latest event that was no repetition about a subject of which no timeline says so, and its print.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn latest(&self, subject: &Digest) -> Result<Option<(Seq, Digest)>, StoreError> {
        caught(|| {
            let last = self.rows.last_note(&keys::latest(subject))?;
            Ok(last.and_then(|(seq, mention)| Some((seq, mention.said?.1))))
        })
    }

    /// The same about the subject of an event in whose ticket's timeline stand these `mentions`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn latest_among(
        &self,
        mentions: &[(Seq, Mention)],
        subject: &Digest,
    ) -> Result<Option<(Seq, Digest)>, StoreError> {
        let said = mentions.iter().rev().filter_map(|(seq, mention)| Some((*seq, mention.said?)));
        match said.filter(|(_, (said, _))| said == subject).map(|(seq, (_, print))| (seq, print)).next() {
            // A base says nothing in timelines.
            None if !mentions.is_empty() => self.latest(subject),
            found => Ok(found),
        }
    }

    /// The event that a rejected request became when it was sent again.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn resent(&self, rejected: Seq) -> Result<Option<Seq>, StoreError> {
        caught(|| Ok(self.resent_as(rejected)?.flatten()))
    }

    /// `None` when that record is no rejected request; otherwise the event it became, if it was sent again.
    pub(super) fn resent_as(&self, seq: Seq) -> Result<Option<Option<Seq>>, StoreError> {
        if let Some(event) = self.rows.get(&keys::at(&keys::quarantine(true), seq))? {
            return Ok(Some(Some(keys::seq_of(&event))));
        }
        Ok(self.rows.get(&keys::at(&keys::quarantine(false), seq))?.map(|_| None))
    }

    /// At most `limit` deliveries that are due at `now`, the longest due first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Delivery>, StoreError> {
        self.due_but(now, limit, |_| false)
    }

    /// The same, but for those of which the caller `knows` better.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn due_but(
        &self,
        now: Timestamp,
        limit: usize,
        knows: impl Fn(DeliveryId) -> bool,
    ) -> Result<Vec<Delivery>, StoreError> {
        caught(|| {
            let until = marks::key(&keys::due(now), Seq(u64::MAX));
            let all = self.rows.marked(vec![keys::Table::Due as u8], until);
            let others = all.filter(|id| !id.as_ref().is_ok_and(|id| knows(DeliveryId(*id))));
            self.deliveries(others.take(limit))
        })
    }

    /// When the first delivery that is not due at `now` falls due.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn next_due(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let (after, end) = (keys::due(now + Duration::milliseconds(1)), vec![keys::Table::Due as u8 + 1]);
        caught(|| match self.rows.keys(after, end).next().transpose()? {
            Some(key) => keys::due_of(&key).map(Some).ok_or_else(|| StoreError::Row(keys::meaning(&key))),
            None => Ok(None),
        })
    }

    /// The deliveries that wait for a moment after `now`, the first due first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn waiting(&self, now: Timestamp) -> Result<Vec<Delivery>, StoreError> {
        let (after, end) = (keys::due(now + Duration::milliseconds(1)), vec![keys::Table::Due as u8 + 1]);
        caught(|| self.deliveries(self.rows.marked(after, end)))
    }

    /// The deliveries of which an attempt is under way, by id.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn in_flight(&self) -> Result<Vec<Delivery>, StoreError> {
        caught(|| {
            let mut all = Vec::new();
            for kind in Kind::ALL {
                let numbers = self.rows.numbers(&keys::stage(Stage::InFlight, kind), Seq(0), Seq(u64::MAX));
                all.extend(self.deliveries(numbers)?);
            }
            all.sort_by_key(|delivery| delivery.id);
            Ok(all)
        })
    }

    pub(super) fn deliveries(
        &self,
        ids: impl Iterator<Item = Result<Seq, StoreError>>,
    ) -> Result<Vec<Delivery>, StoreError> {
        ids.filter_map(|id| id.and_then(|id| self.rows.json(&keys::delivery(DeliveryId(id)))).transpose()).collect()
    }

    /// The last record before a moment, and the last that was dropped when there is none: see `first_since`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn last_before(&self, moment: Timestamp) -> Result<Seq, StoreError> {
        caught(|| Ok(Seq(self.first_since(moment)?.0.saturating_sub(1))))
    }

    /// Whether a record is of before a moment. One that is not there is not.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn is_before(&self, seq: Seq, moment: Timestamp) -> Result<bool, StoreError> {
        caught(|| Ok(self.place(seq)?.is_some_and(|place| place.at < moment.timestamp_millis())))
    }

    /// Whichever delivery that is not settled keeps the earliest record: its id, and the earliest id in its lane.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn earliest_open(&self) -> Result<Option<(DeliveryId, Seq)>, StoreError> {
        caught(|| {
            let mut earliest: Option<(DeliveryId, Seq)> = None;
            self.each_open(|one| {
                let lane = self.lane(&Lane::of_delivery(one.ticket.as_ref(), one.id))?;
                let first = lane.iter().map(|one| one.id.0).min().unwrap_or(one.id.0);
                if earliest.is_none_or(|(_, known)| first < known) {
                    earliest = Some((one.id, first));
                }
                Ok(())
            })?;
            Ok(earliest)
        })
    }

    /// The lanes of all deliveries that are not settled.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn open_lanes(&self) -> Result<BTreeSet<Lane>, StoreError> {
        caught(|| {
            let mut lanes = BTreeSet::new();
            self.each_open(|one| {
                lanes.insert(Lane::of_delivery(one.ticket.as_ref(), one.id));
                Ok(())
            })?;
            Ok(lanes)
        })
    }

    /// Every delivery that is not settled, by state.
    pub(super) fn each_open(
        &self,
        mut each: impl FnMut(&Delivery) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        for stage in Stage::ALL.into_iter().filter(|stage| !stage.settled()) {
            for kind in Kind::ALL {
                let ids = self.rows.numbers(&keys::stage(stage, kind), Seq(0), Seq(u64::MAX));
                self.deliveries(ids)?.iter().try_for_each(&mut each)?;
            }
        }
        Ok(())
    }

    /// The first record at or after a moment; the one that comes next when there is none. Takes the records' moments to
    /// ascend: where a clock was wrong for a while, it may be off by the records of that while, and more where a halving
    /// falls among them. For what is shown; what cannot be undone asks [`is_before`](Self::is_before).
    pub(super) fn first_since(&self, moment: Timestamp) -> Result<Seq, StoreError> {
        let moment = moment.timestamp_millis();
        let Totals { applied, dropped, .. } = self.totals()?.unwrap_or_default();
        let (mut low, mut high) = (dropped.0 + 1, applied.0 + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            let place =
                self.place(Seq(middle))?.ok_or_else(|| StoreError::Row(keys::meaning(&keys::record(Seq(middle)).0)))?;
            if place.at >= moment { high = middle } else { low = middle + 1 }
        }
        Ok(Seq(low))
    }
}
