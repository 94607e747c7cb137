//! A question -> its answer, out of the store's indexes and the journal's bodies. One file a subject.

use crate::domain::Timestamp;
use crate::domain::ids::Seq;
use crate::domain::query::{Answer, Query, Window};
use crate::domain::record::Record;
use crate::journal::Reader;

use super::index::Index;
use super::keys::Key;
use super::{Store, StoreError, caught};

mod deliveries;
mod events;
mod overview;
mod quarantine;
mod records;
mod shows;
mod timeline;

impl Store {
    /// Answers a question. `now` is what the counts of the last minutes refer to.
    ///
    /// # Errors
    /// When the store or the journal cannot be read.
    pub fn answer(&self, journal: &Reader, query: &Query, now: Timestamp) -> Result<Answer, StoreError> {
        let sources = Sources { store: self, journal };
        caught(|| {
            Ok(match query {
                Query::Overview { rows } => Answer::Overview(Box::new(sources.overview(*rows, now)?)),
                Query::Events(query) => Answer::Events(sources.events(query)?),
                Query::Event(seq) => Answer::Event(sources.event(*seq)?.map(Box::new)),
                Query::Deliveries(query) => Answer::Deliveries(sources.deliveries(query)?),
                Query::Delivery(id) => Answer::Delivery(sources.delivery(*id)?.map(Box::new)),
                Query::Ticket(ticket) => Answer::Ticket(Box::new(sources.timeline(ticket)?)),
                Query::Shows(window) => Answer::Shows(sources.shows(window)?),
                Query::Quarantine(window) => Answer::Quarantine(sources.quarantine(window)?),
                Query::Records { after, limit } => Answer::Records(sources.records(*after, *limit)?),
                Query::Rejected(seq) => Answer::Rejected(sources.rejected(*seq)?.map(Box::new)),
            })
        })
    }
}

/// Where answers come from.
#[derive(Clone, Copy)]
struct Sources<'a> {
    store: &'a Store,
    journal: &'a Reader,
}

impl<'a> Sources<'a> {
    /// A record with its bytes; `None` when it is not, or not yet, in the store.
    fn record(&self, seq: Seq) -> Result<Option<Record>, StoreError> {
        let Some(place) = self.store.place(seq)? else { return Ok(None) };
        let record = self.journal.read(place.location)?;
        if record.seq != seq {
            return Err(StoreError::Unfit(format!("it has record {seq} where the journal has {}", record.seq)));
        }
        Ok(Some(record))
    }

    /// The numbers behind `prefixes` that `window` admits.
    fn index(&self, prefixes: Vec<Key>, window: &Window) -> Result<Index<'a>, StoreError> {
        let lowest = window.since.map_or(Ok(Seq(0)), |since| self.store.first_since(since))?;
        Ok(Index::new(&self.store.rows, prefixes, lowest))
    }
}

/// Texts in a line, for the search for words.
fn words<'t>(texts: impl IntoIterator<Item = Option<&'t str>>) -> String {
    let texts: Vec<&str> = texts.into_iter().flatten().collect();
    texts.join("\n")
}
