//! All that is known of one ticket.

use crate::domain::ids::{Seq, TicketId};
use crate::domain::query::{MOST_TIMELINE, Timeline};
use crate::domain::ticket::Lane;
use crate::store::index::Index;
use crate::store::{StoreError, keys};

use super::Sources;

impl Sources<'_> {
    pub(super) fn timeline(&self, ticket: &TicketId) -> Result<Timeline, StoreError> {
        let lane = Lane::of(ticket);
        let index = Index::new(&self.store.rows, vec![keys::timeline(&lane).prefix()], Seq(0));
        let mut numbers = index.older(Seq(u64::MAX)).take(MOST_TIMELINE + 1).collect::<Result<Vec<Seq>, _>>()?;
        let truncated = numbers.len() > MOST_TIMELINE;
        numbers.truncate(MOST_TIMELINE);
        // Only what still refers to a dropped record names it.
        let through = self.store.dropped()?;
        let dropped = numbers.last().is_some_and(|oldest| *oldest <= through);
        let records = numbers.into_iter().rev().filter_map(|seq| self.record(seq).transpose());
        Ok(Timeline {
            ticket: ticket.clone(),
            deliveries: self.store.lane(&lane)?,
            records: records.collect::<Result<_, _>>()?,
            truncated,
            dropped,
        })
    }
}
