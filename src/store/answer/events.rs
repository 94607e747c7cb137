//! Events: lists of them, and one with its body.

use crate::domain::brief::brief;
use crate::domain::documentation;
use crate::domain::ids::{Person, Seq, ShowId, TicketId};
use crate::domain::payload::Payload;
use crate::domain::query::{EventDetail, EventQuery, EventRow, Page};
use crate::domain::record::{Fact, Received, Record};
use crate::domain::webhook::Webhook;
use crate::store::keys::{self, Key, Table};
use crate::store::paging::{self, List};
use crate::store::{StoreError, rows};

use super::{Sources, words};

impl Sources<'_> {
    pub(super) fn events(&self, query: &EventQuery) -> Result<Page<EventRow>, StoreError> {
        let prefixes = match (&query.family, &query.show) {
            (Some(family), _) => vec![keys::events(family)],
            (None, Some(_)) => documentation::families_with("showId").map(keys::events).collect(),
            (None, None) => self.all_families()?,
        };
        let index = self.index(prefixes, &query.window)?;
        let list = Events { sources: *self, family: query.family.as_deref(), show: query.show.as_ref() };
        let Page { rows, newer, older, searched } = paging::page(&list, &index, &query.window)?;
        Ok(Page { rows: rows.into_iter().map(|(row, _)| row).collect(), newer, older, searched })
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

    /// The counts of every family there is, at most `most`.
    pub(super) fn families(&self, most: usize) -> Result<Vec<rows::Family>, StoreError> {
        let keys = self.store.rows.keys_of(&[Table::Family as u8]).take(most);
        keys.filter_map(|key| key.and_then(|key| self.store.rows.json(&key)).transpose()).collect()
    }
}

struct Events<'a> {
    sources: Sources<'a>,
    family: Option<&'a str>,
    show: Option<&'a ShowId>,
}

impl List for Events<'_> {
    type Row = (EventRow, Vec<u8>);

    fn row(&self, seq: Seq) -> Result<Option<Self::Row>, StoreError> {
        let Some(record) = self.sources.record(seq)? else { return Ok(None) };
        let Fact::Received(received) = &record.head.fact else { return Ok(None) };
        // Two families may share the four bytes by which the index names them.
        if self.family.is_some_and(|family| family != received.family) {
            return Ok(None);
        }
        Ok(Some((row(&record, received), record.body)))
    }

    fn text(&self, (row, body): &Self::Row) -> String {
        let brief = &row.brief;
        words([
            Some(row.seq.to_string().as_str()),
            Some(&row.family),
            Some(&row.action),
            row.kind.as_deref(),
            row.ticket.as_ref().map(TicketId::as_str),
            brief.from.as_ref().map(Person::as_str),
            brief.to.as_ref().map(Person::as_str),
            brief.amount.as_deref(),
            brief.show.as_deref(),
            brief.note.as_deref(),
            brief.reversal.then_some("reversal"),
            row.duplicate_of.map(|_| "duplicate"),
            (row.drift > 0).then_some("drift"),
            Some(&said(body)),
        ])
    }

    fn filter(&self) -> Option<impl Fn(&Self::Row) -> bool> {
        let show = self.show?.as_str();
        Some(move |(row, _): &Self::Row| row.brief.show.as_deref() == Some(show))
    }
}

/// What a body says, without the names of its fields: `reversal` finds reversals, not every `"reversal": false`.
fn said(body: &[u8]) -> String {
    match Webhook::parse(body) {
        Ok(webhook) => webhook.tree.values(),
        Err(_) => String::from_utf8_lossy(body).into_owned(),
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
