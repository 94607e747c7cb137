//! Which record was the last at an earlier moment.

use chrono::TimeDelta;

use crate::domain::ids::{DeliveryId, Seq, TicketId};
use crate::domain::moment::{Found, Moment, Seek, Subject};
use crate::domain::record::{Fact, OperatorAction, Record};
use crate::domain::ticket::Lane;
use crate::store::index::Index;
use crate::store::{StoreError, keys};

use super::Sources;

/// The least time there is.
const TICK: TimeDelta = TimeDelta::milliseconds(1);

impl Sources<'_> {
    pub(super) fn moment(&self, seek: &Seek) -> Result<Option<Found>, StoreError> {
        match seek {
            Seek::Clock(at) => {
                let after = match at.checked_add_signed(TICK) {
                    Some(after) => self.store.first_since(after)?,
                    None => self.applied()?.next(),
                };
                let last = Seq(after.0.saturating_sub(1));
                let record = self.record(last)?.map(bare);
                Ok(Some(Found { moment: Moment { last, at: *at }, record }))
            }
            Seek::Before(Seq(0), _) => Ok(None),
            Seek::Before(seq, Subject::Anything) => {
                let from = self.applied()?.min(Seq(seq.0 - 1));
                let found = self.first_visible((1..=from.0).rev())?;
                // Just before the first record nothing was there, or what dropped ones had come to.
                let first = self.store.dropped()?.next();
                let empty = || Ok::<_, StoreError>(self.record(first)?.map(|first| before(&first)));
                found.map_or_else(empty, |found| Ok(Some(found)))
            }
            Seek::After(seq, Subject::Anything) => {
                let from = (*seq).max(self.store.dropped()?);
                self.first_visible(from.0.saturating_add(1)..=self.applied()?.0)
            }
            Seek::Before(seq, Subject::Delivery(id)) => {
                let earlier = self.history(*id).older(Seq(seq.0 - 1)).next().transpose()?;
                self.just_after(earlier.or(Some(id.0).filter(|own| own < seq)))
            }
            Seek::After(seq, Subject::Delivery(id)) if *seq < id.0 && self.store.dropped()? < id.0 => {
                self.just_after(Some(id.0))
            }
            Seek::After(seq, Subject::Delivery(id)) => {
                self.just_after(self.history(*id).newer(*seq).next().transpose()?)
            }
            Seek::Before(seq, Subject::Ticket(ticket)) => {
                self.just_after(self.tickets_records(ticket)?.older(Seq(seq.0 - 1)).next().transpose()?)
            }
            Seek::After(seq, Subject::Ticket(ticket)) => {
                self.just_after(self.tickets_records(ticket)?.newer(*seq).next().transpose()?)
            }
        }
    }

    fn applied(&self) -> Result<Seq, StoreError> {
        Ok(self.store.totals()?.unwrap_or_default().applied)
    }

    fn first_visible(&self, numbers: impl Iterator<Item = u64>) -> Result<Option<Found>, StoreError> {
        for seq in numbers {
            let Some(record) = self.record(Seq(seq))? else { break };
            if !is_reveal(&record) {
                return Ok(Some(after(record)));
            }
        }
        Ok(None)
    }

    /// The records about a delivery but for its own.
    fn history(&self, id: DeliveryId) -> Index<'_> {
        Index::new(&self.store.rows, vec![keys::history(id).prefix()], Seq(0))
    }

    fn tickets_records(&self, ticket: &TicketId) -> Result<Index<'_>, StoreError> {
        let prefixes = vec![keys::timeline(&Lane::of(ticket)).prefix()];
        Ok(Index::new(&self.store.rows, prefixes, self.store.dropped()?.next()))
    }

    fn just_after(&self, seq: Option<Seq>) -> Result<Option<Found>, StoreError> {
        let Some(seq) = seq else { return Ok(None) };
        Ok(self.record(seq)?.map(after))
    }
}

fn is_reveal(record: &Record) -> bool {
    matches!(&record.head.fact, Fact::OperatorActed(acted) if matches!(acted.action, OperatorAction::Reveal { .. }))
}

fn bare(record: Record) -> Box<Record> {
    Box::new(Record { body: Vec::new(), ..record })
}

/// Just after it.
fn after(record: Record) -> Found {
    Found { moment: Moment { last: record.seq, at: record.head.at }, record: Some(bare(record)) }
}

/// Just before it.
fn before(record: &Record) -> Found {
    let at = record.head.at.checked_sub_signed(TICK).unwrap_or(record.head.at);
    Found { moment: Moment { last: Seq(record.seq.0 - 1), at }, record: None }
}
