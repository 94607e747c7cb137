//! Events: lists of them, and one with its body.

use std::collections::BTreeSet;

use crate::domain::brief::brief;
use crate::domain::documentation;
use crate::domain::filter::field::Known;
use crate::domain::filter::{self, Bounds, Filter};
use crate::domain::ids::Seq;
use crate::domain::payload::Payload;
use crate::domain::query::{EventDetail, EventQuery, EventRow, Page};
use crate::domain::record::{Fact, Received, Record};
use crate::domain::ticket::Lane;
use crate::domain::webhook::Webhook;
use crate::store::keys::{self, Key, Table};
use crate::store::paging::{self, List, Patience};
use crate::store::sifting::Sifting;
use crate::store::{StoreError, rows};

use super::Sources;

impl Sources<'_> {
    pub(super) fn events(&self, query: &EventQuery) -> Result<Page<EventRow>, StoreError> {
        let filter = Filter::parse(filter::List::Events, &query.window.filter)?;
        let bounds = filter.bounds(self.now);
        let index = self.index(self.narrowed(query, &bounds)?, &query.window, &bounds)?;
        let Page { rows, newer, older, searched } = paging::page(
            &Events { sources: *self, query, sifting: self.sifting(&filter), filter },
            &index,
            &query.window,
            Patience::USUAL,
        )?;
        Ok(Page { rows: rows.into_iter().map(|(row, _)| row).collect(), newer, older, searched })
    }

    /// The indexes that have every event that may be wanted, by what fewest have in common.
    fn narrowed(&self, query: &EventQuery, bounds: &Bounds) -> Result<Vec<Key>, StoreError> {
        if let Some(show) = &query.show {
            return Ok(vec![keys::naming(show)]);
        }
        if let Some(tickets) = bounds.one_of(Known::Ticket) {
            return Ok(tickets
                .iter()
                .map(|ticket| keys::timeline(&Lane::of(&ticket.as_str().into())).prefix())
                .collect());
        }
        match (bounds.one_of(Known::Show), &query.family, bounds.one_of(Known::Family)) {
            (Some(shows), ..) => Ok(shows.iter().map(|show| keys::naming(&show.as_str().into())).collect()),
            (_, Some(family), _) => Ok(vec![keys::events(family)]),
            (_, _, Some(names)) => self.families_called(names),
            (None, None, None) => self.all_families(),
        }
    }

    pub(super) fn event(&self, seq: Seq) -> Result<Option<EventDetail>, StoreError> {
        let Some(record) = self.record(seq)? else { return Ok(None) };
        let Fact::Received(received) = &record.head.fact else { return Ok(None) };
        let webhook = Webhook::parse(&record.body).ok();
        let ids = record.head.deliveries.iter().map(|delivery| Ok(delivery.id.0));
        Ok(Some(EventDetail {
            row: row(&record, received),
            from: received.from.clone(),
            drift: webhook.as_ref().map(documentation::drift).unwrap_or_default(),
            deliveries: self.store.deliveries(ids)?,
            body: record.body,
        }))
    }

    /// The index prefix of every family there is.
    fn all_families(&self) -> Result<Vec<Key>, StoreError> {
        let mut prefixes: Vec<Key> = Vec::new();
        for key in self.store.rows.keys_of(&[Table::Family as u8]) {
            prefixes.push(keys::events_of_family(&key?));
        }
        prefixes.sort_unstable();
        prefixes.dedup();
        Ok(prefixes)
    }

    /// The index prefixes of the families of these names, which are in lower case.
    fn families_called(&self, names: &BTreeSet<String>) -> Result<Vec<Key>, StoreError> {
        let families = self.families(usize::MAX)?.into_iter().map(|family| family.name);
        let mut prefixes: Vec<Key> =
            families.filter(|name| names.contains(&name.to_lowercase())).map(|name| keys::events(&name)).collect();
        prefixes.sort_unstable();
        prefixes.dedup();
        Ok(prefixes)
    }

    /// The counts of every family there is, at most `most`.
    pub(super) fn families(&self, most: usize) -> Result<Vec<rows::Family>, StoreError> {
        let keys = self.store.rows.keys_of(&[Table::Family as u8]).take(most);
        keys.filter_map(|key| key.and_then(|key| self.store.rows.json(&key)).transpose()).collect()
    }
}

struct Events<'a> {
    sources: Sources<'a>,
    query: &'a EventQuery,
    filter: Filter,
    sifting: Sifting<'a>,
}

impl List for Events<'_> {
    type Row = (EventRow, Vec<u8>);

    fn row(&self, seq: Seq) -> Result<Option<Self::Row>, StoreError> {
        let Some(record) = self.sources.record(seq)? else { return Ok(None) };
        let Fact::Received(received) = &record.head.fact else { return Ok(None) };
        // Two families may share the four bytes by which the index names them.
        if self.query.family.as_ref().is_some_and(|family| *family != received.family) {
            return Ok(None);
        }
        Ok(Some((row(&record, received), record.body)))
    }

    fn searches(&self) -> bool {
        !self.filter.is_empty() || self.query.show.is_some()
    }

    fn passes_over(&self, seq: Seq, upward: bool) -> Option<Seq> {
        self.sifting.passes_over(seq, upward)
    }

    fn wants(&self, (row, body): &Self::Row) -> Result<bool, StoreError> {
        let show = self.query.show.as_ref().is_none_or(|show| row.brief.show.as_deref() == Some(show.as_str()));
        Ok(show && self.filter.judge(row, Some(body), self.sources.now).unwrap_or(false))
    }
}

fn row(record: &Record, received: &Received) -> EventRow {
    let webhook = Webhook::parse(&record.body).ok();
    EventRow {
        seq: record.seq,
        received_at: record.head.at,
        family: received.family.clone(),
        action: received.action.clone(),
        kind: received.kind.clone(),
        ticket: received.ticket.clone(),
        duplicate_of: received.duplicate_of,
        drift: received.drift,
        brief: webhook.map(|webhook| brief(&webhook, &Payload::of(&webhook))).unwrap_or_default(),
    }
}
