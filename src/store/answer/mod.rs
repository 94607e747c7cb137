//! A question -> its answer, out of the store's indexes and the journal's bodies. One file a subject.

use chrono::Duration;

use crate::domain::Timestamp;
use crate::domain::filter::{Bounds, Filter, Row};
use crate::domain::ids::Seq;
use crate::domain::query::{Answer, Query, Window};
use crate::domain::record::Record;
use crate::journal::Reader;

use super::index::Index;
use super::keys::Key;
use super::sifting::Sifting;
use super::{Store, StoreError, caught};

mod deliveries;
mod events;
mod moment;
mod needed;
mod overdue;
mod overview;
mod quarantine;
mod records;
mod shows;
mod timeline;

impl Store {
    /// Answers a question. `now` is what the counts of the last minutes, and what is overdue, refer to.
    ///
    /// # Errors
    /// When the store or the journal cannot be read.
    pub fn answer(&self, journal: &Reader, query: &Query, now: Timestamp) -> Result<Answer, StoreError> {
        let sources = Sources { store: self, journal, now };
        caught(|| {
            Ok(match query {
                Query::Overview { rows, late_after } => {
                    Answer::Overview(Box::new(sources.overview(*rows, late_after.as_ref())?))
                }
                Query::Events(query) => Answer::Events(sources.events(query)?),
                Query::Event(seq) => Answer::Event(sources.unless_dropped(*seq, sources.event(*seq)?)?.map(Box::new)),
                Query::Deliveries(query) => Answer::Deliveries(sources.deliveries(query)?),
                Query::Delivery(id) => {
                    Answer::Delivery(sources.unless_dropped(id.0, sources.delivery(*id)?)?.map(Box::new))
                }
                Query::Ticket(ticket) => Answer::Ticket(Box::new(sources.timeline(ticket)?)),
                Query::Shows(window) => Answer::Shows(sources.shows(window)?),
                Query::Quarantine(window) => Answer::Quarantine(sources.quarantine(window)?),
                Query::Records { after, limit } => Answer::Records(sources.records(*after, *limit)?),
                Query::Rejected(seq) => {
                    Answer::Rejected(sources.unless_dropped(*seq, sources.rejected(*seq)?)?.map(Box::new))
                }
                Query::Moment(seek) => Answer::Moment(sources.moment(seek)?),
                Query::Needed { after, limit } => Answer::Needed(sources.needed(*after, *limit)?),
            })
        })
    }
}

/// Where answers come from.
#[derive(Clone, Copy)]
struct Sources<'a> {
    store: &'a Store,
    journal: &'a Reader,
    now: Timestamp,
}

impl<'a> Sources<'a> {
    /// A record with its bytes; `None` when it is not, or not yet, in the store.
    fn record(&self, seq: Seq) -> Result<Option<Record>, StoreError> {
        let Some(place) = self.store.place(seq)? else { return Ok(None) };
        let record = self.journal.read(place.location)?;
        if record.seq != seq {
            return Err(StoreError::elsewhere(seq, record.seq));
        }
        Ok(Some(record))
    }

    /// For what is not there: whether it was.
    fn unless_dropped<T>(&self, seq: Seq, found: Option<T>) -> Result<Option<T>, StoreError> {
        let through = self.store.dropped()?;
        match found {
            None if seq <= through && seq > Seq(0) => Err(StoreError::Dropped { seq, through }),
            found => Ok(found),
        }
    }

    /// The numbers behind `prefixes` that `window` admits, and of them those that may be of wanted rows.
    fn index(&self, prefixes: Vec<Key>, window: &Window, bounds: &Bounds) -> Result<Index<'a>, StoreError> {
        let since = window.since.unwrap_or(Timestamp::MIN_UTC).max(bounds.since);
        let lowest = if since > Timestamp::MIN_UTC { self.store.first_since(since)? } else { Seq(0) };
        let after = bounds.until.checked_add_signed(Duration::milliseconds(1));
        let highest = match after {
            Some(after) => Seq(self.store.first_since(after)?.0.saturating_sub(1)),
            None => Seq(u64::MAX),
        };
        let index = Index::new(&self.store.rows, prefixes, lowest.max(bounds.lowest));
        Ok(index.up_to(highest.min(bounds.highest)))
    }

    /// What `filter` can pass over unread.
    fn sifting(&self, filter: &Filter) -> Sifting<'a> {
        Sifting::new(self.store, self.journal, filter.sieve())
    }

    /// Whether a filter wants a row, whose body is read only where that matters.
    fn wants<R: Row>(&self, filter: &Filter, row: &R, body: impl FnOnce() -> Body) -> Result<bool, StoreError> {
        match filter.judge(row, None, self.now) {
            Some(wanted) => Ok(wanted),
            None => Ok(filter.judge(row, Some(&body()?), self.now).unwrap_or(false)),
        }
    }
}

type Body = Result<Vec<u8>, StoreError>;
