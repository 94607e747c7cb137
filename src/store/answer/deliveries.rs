//! Deliveries: lists of them, and one with all that was done about it.

use crate::domain::delivery::{Delivery, Kind, Stage};
use crate::domain::filter::field::Known;
use crate::domain::filter::{self, Bounds, Filter};
use crate::domain::ids::{DeliveryId, Seq};
use crate::domain::lateness::{Lateness, lateness};
use crate::domain::query::{DeliveryDetail, DeliveryQuery, Page};
use crate::domain::record::Record;
use crate::domain::ticket::Lane;
use crate::store::StoreError;
use crate::store::keys::{self, Key};
use crate::store::paging::{self, List, Patience};
use crate::store::sifting::Sifting;

use super::Sources;

/// The state indexes of deliveries in any of `stages` (empty: all) and of `kind` (none: both).
pub(super) fn prefixes(stages: &[Stage], kind: Option<Kind>) -> Vec<Key> {
    let kinds = Kind::ALL.into_iter().filter(|one| kind.is_none_or(|kind| kind == *one));
    let stages = Stage::ALL.into_iter().filter(|stage| stages.is_empty() || stages.contains(stage));
    stages.flat_map(|stage| kinds.clone().map(move |kind| keys::stage(stage, kind))).collect()
}

impl Sources<'_> {
    pub(super) fn deliveries(&self, query: &DeliveryQuery) -> Result<Page<Delivery>, StoreError> {
        let filter = Filter::parse(filter::List::Deliveries, &query.window.filter)?;
        let bounds = filter.bounds(self.now);
        let index = match &query.overdue {
            None => self.index(narrowed(query, &bounds), &query.window, &bounds)?,
            Some(late_after) => {
                let of = |kind| {
                    let query = DeliveryQuery { kind: Some(kind), stages: unsettled(&query.stages), ..query.clone() };
                    let index = self.index(narrowed(&query, &bounds), &query.window, &bounds)?;
                    Ok::<_, StoreError>(index.before(self.overdue_before(late_after, kind)?))
                };
                match query.kind {
                    Some(kind) => of(kind)?,
                    None => of(Kind::Transfer)?.and(of(Kind::Return)?),
                }
            }
        };
        let list = Deliveries { sources: *self, query, sifting: self.sifting(&filter).of_deliveries(), filter };
        paging::page(&list, &index, &query.window, Patience::USUAL)
    }

    pub(super) fn delivery(&self, id: DeliveryId) -> Result<Option<DeliveryDetail>, StoreError> {
        let Some(mut delivery) = self.store.delivery(id)? else { return Ok(None) };
        let own = self.record(id.0)?.filter(|record| record.head.deliveries.iter().any(|one| one.id == id));
        let mut history: Vec<Record> = own.into_iter().collect();
        for (seq, _) in self.store.rows.notes(&keys::history(id), Seq(0), Seq(u64::MAX))? {
            history.extend(self.record(seq)?);
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

/// Those of `stages` (empty: all) in which somebody waits.
pub(super) fn unsettled(stages: &[Stage]) -> Vec<Stage> {
    Stage::ALL.into_iter().filter(|one| !one.settled() && (stages.is_empty() || stages.contains(one))).collect()
}

/// The indexes that have every delivery that may be wanted.
fn narrowed(query: &DeliveryQuery, bounds: &Bounds) -> Vec<Key> {
    if let Some(tickets) = bounds.one_of(Known::Ticket) {
        return tickets.iter().map(|ticket| keys::timeline(&Lane::of(&ticket.as_str().into())).prefix()).collect();
    }
    let may_be = |known, name: &str| bounds.one_of(known).is_none_or(|names| names.contains(name));
    let kinds: Vec<Kind> = Kind::ALL
        .into_iter()
        .filter(|kind| query.kind.is_none_or(|wanted| wanted == *kind) && may_be(Known::Kind, kind.name()))
        .collect();
    let stages = Stage::ALL.into_iter().filter(|stage| may_be(Known::Stage, stage.name()));
    stages
        .filter(|stage| query.stages.is_empty() || query.stages.contains(stage))
        .flat_map(|stage| kinds.iter().map(move |kind| keys::stage(stage, *kind)))
        .collect()
}

struct Deliveries<'a> {
    sources: Sources<'a>,
    query: &'a DeliveryQuery,
    filter: Filter,
    sifting: Sifting<'a>,
}

impl List for Deliveries<'_> {
    type Row = Delivery;

    fn row(&self, seq: Seq) -> Result<Option<Delivery>, StoreError> {
        let delivery = self.sources.store.delivery(DeliveryId(seq))?;
        let DeliveryQuery { stages, kind, overdue, .. } = self.query;
        let late = |one: &Delivery, by| matches!(lateness(one, by, self.sources.now), Some(Lateness::Overdue { .. }));
        // It may have changed its state since its number was read; and a ticket's index has those of every state.
        Ok(delivery.filter(|one| {
            (stages.is_empty() || stages.contains(&one.stage()))
                && kind.is_none_or(|kind| kind == one.kind)
                && overdue.as_ref().is_none_or(|by| late(one, by))
        }))
    }

    fn searches(&self) -> bool {
        !self.filter.is_empty()
    }

    fn passes_over(&self, seq: Seq, upward: bool) -> Option<Seq> {
        self.sifting.passes_over(seq, upward)
    }

    fn wants(&self, row: &Delivery) -> Result<bool, StoreError> {
        if !self.sifting.needs_body(row.event) && !self.sifting.sieve().is_some_and(|sieve| sieve.is_said_by(row)) {
            return Ok(false);
        }
        let body = || Ok(self.sources.record(row.event)?.map(|record| record.body).unwrap_or_default());
        self.sources.wants(&self.filter, row, body)
    }
}
