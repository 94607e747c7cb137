//! The earlier moments of a ledger of rows.

use std::sync::{Arc, Mutex};

use chrono::TimeDelta;

use super::ledger::Ledger;
use crate::domain::ids::Seq;
use crate::domain::moment::{Found, Moment, Recalled, Seek, Subject};
use crate::domain::query::{Answer, EventRow, Query};
use crate::domain::record::{Fact, Head, OperatorActed, OperatorAction, Record};
use crate::engine::handle::Pending;
use crate::engine::{DeskError, Hindsight};

/// Which event was the last then.
pub(super) fn find(ledger: &Ledger, seek: &Seek) -> Option<Found> {
    let rows = || ledger.events.iter().map(|(row, _)| row);
    let about = |row: &&EventRow, subject: &Subject| match subject {
        Subject::Anything => true,
        Subject::Delivery(id) => row.seq == id.0,
        Subject::Ticket(ticket) => row.ticket.as_ref() == Some(ticket),
    };
    match seek {
        Seek::Clock(at) => {
            let last = rows().rfind(|row| row.received_at <= *at);
            Some(Found {
                moment: Moment { last: last.map_or(Seq(0), |row| row.seq), at: *at },
                record: last.map(record),
            })
        }
        Seek::Before(seq, subject) => {
            let found = rows().rfind(|row| row.seq < *seq && about(row, subject)).map(after);
            let first = || rows().next().filter(|row| row.seq <= *seq && *subject == Subject::Anything);
            found.or_else(|| {
                let at = first()?.received_at - TimeDelta::milliseconds(1);
                Some(Found { moment: Moment { last: Seq(0), at }, record: None })
            })
        }
        Seek::After(seq, subject) => rows().find(|row| row.seq > *seq && about(row, subject)).map(after),
    }
}

fn after(row: &EventRow) -> Found {
    Found { moment: Moment { last: row.seq, at: row.received_at }, record: Some(record(row)) }
}

/// Some record of that number.
fn record(row: &EventRow) -> Box<Record> {
    let action = OperatorAction::Retry(crate::domain::ids::DeliveryId(row.seq));
    let acted = OperatorActed { who: "ana (uid 1000)".into(), why: "again".into(), action, ticket: row.ticket.clone() };
    let head = Head { at: row.received_at, fact: Fact::OperatorActed(acted), deliveries: Vec::new() };
    Box::new(Record { seq: row.seq, head, body: Vec::new() })
}

/// As it stood then.
fn as_of(ledger: &Ledger, moment: Moment) -> Ledger {
    let mut past = ledger.clone();
    past.now = moment.at;
    past.events.retain(|(row, _)| row.seq <= moment.last);
    past.deliveries.retain(|one| one.id.0 <= moment.last);
    past.rejected.retain(|(row, _)| row.received_at <= moment.at);
    past
}

pub(super) struct Past(pub(super) Arc<Mutex<Ledger>>);

impl Hindsight for Past {
    fn ask(&self, query: Query, moment: Moment) -> Pending<'_, Result<Recalled<Answer>, DeskError>> {
        let mut ledger = self.0.lock().unwrap();
        ledger.recalled.push((query.clone(), moment));
        let folding = ledger.folding.pop();
        let refusal = ledger.refusal.clone();
        let answer = match (folding, refusal) {
            (Some(percent), _) => Ok(Recalled::Folding(percent)),
            (None, Some(refusal)) => Err(refusal),
            (None, None) => as_of(&ledger, moment).answer(&query).map(Recalled::Answer),
        };
        Box::pin(std::future::ready(answer))
    }
}
