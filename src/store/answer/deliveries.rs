//! Deliveries: lists of them, and one with all that was done about it.

use crate::domain::Timestamp;
use crate::domain::delivery::{Delivery, Kind, Stage};
use crate::domain::ids::{DeliveryId, Person, ResaleId, Seq, TicketId};
use crate::domain::lateness::{LateAfter, Lateness, lateness};
use crate::domain::query::{DeliveryDetail, DeliveryQuery, Page};
use crate::domain::record::Record;
use crate::store::keys::{self, Key};
use crate::store::paging::{self, List};
use crate::store::{Store, StoreError};

use super::{Sources, words};

/// The state indexes of deliveries in any of `stages` (empty: all) and of `kind` (none: both).
pub(super) fn prefixes(stages: &[Stage], kind: Option<Kind>) -> Vec<Key> {
    let kinds = [Kind::Transfer, Kind::Return];
    Stage::ALL
        .into_iter()
        .filter(|stage| stages.is_empty() || stages.contains(stage))
        .flat_map(|stage| kinds.map(|kind| (stage, kind)))
        .filter(|(_, one)| kind.is_none_or(|kind| kind == *one))
        .map(|(stage, kind)| keys::stage(stage, kind))
        .collect()
}

impl Sources<'_> {
    pub(super) fn deliveries(&self, query: &DeliveryQuery) -> Result<Page<Delivery>, StoreError> {
        let mut index = self.index(prefixes(&query.stages, query.kind), &query.window)?;
        if let Some(late_after) = &query.overdue {
            let kinds =
                [Kind::Transfer, Kind::Return].into_iter().filter(|kind| query.kind.is_none_or(|one| one == *kind));
            let ends: Vec<Seq> = kinds.map(|kind| self.overdue_before(late_after, kind)).collect::<Result<_, _>>()?;
            index = index.before(ends.into_iter().max().unwrap_or(Seq(0)));
        }
        let overdue = query.overdue.as_ref().map(|late_after| (late_after, self.now));
        paging::page(&Deliveries { store: self.store, stages: &query.stages, overdue }, &index, &query.window)
    }

    pub(super) fn delivery(&self, id: DeliveryId) -> Result<Option<DeliveryDetail>, StoreError> {
        let Some(mut delivery) = self.store.delivery(id)? else { return Ok(None) };
        let own = self.record(id.0)?.filter(|record| record.head.deliveries.iter().any(|one| one.id == id));
        let mut history: Vec<Record> = own.into_iter().collect();
        for key in self.store.rows.keys_of(&keys::history(id)) {
            history.extend(self.record(keys::seq_of(&key?))?);
        }
        // More may have happened since its row was read: it stands as the last of these records left it.
        let left = history.iter().rev().flat_map(|record| &record.head.deliveries).find(|one| one.id == id);
        if let Some(left) = left {
            delivery = left.clone();
        }
        let body = self.record(delivery.event)?.map(|record| record.body).unwrap_or_default();
        Ok(Some(DeliveryDetail { delivery, history, body }))
    }
}

struct Deliveries<'a> {
    store: &'a Store,
    stages: &'a [Stage],
    overdue: Option<(&'a LateAfter, Timestamp)>,
}

impl List for Deliveries<'_> {
    type Row = Delivery;

    fn row(&self, seq: Seq) -> Result<Option<Delivery>, StoreError> {
        let delivery = self.store.delivery(DeliveryId(seq))?;
        // It may have changed its state since its number was read.
        Ok(delivery.filter(|one| self.stages.is_empty() || self.stages.contains(&one.stage())))
    }

    fn filter(&self) -> Option<impl Fn(&Delivery) -> bool> {
        let (late_after, now) = self.overdue?;
        Some(move |row: &Delivery| matches!(lateness(row, late_after, now), Some(Lateness::Overdue { .. })))
    }

    fn text(&self, row: &Delivery) -> String {
        words([
            Some(row.id.to_string().as_str()),
            Some(row.kind.name()),
            Some(row.stage().name()),
            row.ticket.as_ref().map(TicketId::as_str),
            row.resale.as_ref().map(ResaleId::as_str),
            row.from.as_ref().map(Person::as_str),
            row.to.as_ref().map(Person::as_str),
            row.reason().as_deref(),
        ])
    }
}
