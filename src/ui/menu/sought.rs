//! What a typed text names in the ledger: a delivery, a ticket, an event, a request in quarantine, somebody's deliveries. Asked
//! for one by one, what is found at once first.

use std::collections::VecDeque;

use crate::domain::Timestamp;
use crate::domain::delivery::Delivery;
use crate::domain::filter::field::Comparison;
use crate::domain::filter::token::value_for;
use crate::domain::ids::{DeliveryId, Seq, TicketId};
use crate::domain::query::{Answer, DeliveryQuery, Query, Window};
use crate::ui::model::View;
use crate::ui::subject::Subject;
use crate::ui::{many, when, words};

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What.
    pub subject: Subject,
    /// Something of it, people unmasked.
    pub says: String,
    /// It is what is typed, rather than something in which that stands.
    pub exact: bool,
}

/// What is looked for, and what was found.
#[derive(Debug, Clone, Default)]
pub struct Sought {
    left: VecDeque<Query>,
    found: Vec<Found>,
    /// What is typed has a number in it: it is rather an id than the name of something to do.
    is_id: bool,
}

/// Deliveries in which what is typed stands, of which so many are offered.
const MOST_HITS: usize = 5;

/// Shorter texts stand in too many.
const SHORTEST: usize = 3;

impl Sought {
    /// Looks for what is typed.
    pub fn new(typed: &str) -> Self {
        let typed = typed.trim();
        let is_id = typed.contains(|one: char| one.is_ascii_digit());
        let mut left = VecDeque::new();
        if !typed.is_empty() {
            left.push_back(Query::Ticket(TicketId(typed.to_owned())));
        }
        left.extend(typed.parse().map(|id: DeliveryId| Query::Delivery(id)));
        if let Ok(seq) = typed.parse::<Seq>() {
            left.extend([Query::Event(seq), Query::Rejected(seq)]);
        }
        if typed.chars().count() >= SHORTEST && (is_id || typed.contains('@')) {
            let value = value_for(typed, Comparison::Has);
            let filter = format!("person:{value} OR ticket:{value} OR resale:{value}");
            let window = Window { filter, ..Window::newest(MOST_HITS) };
            left.push_back(Query::Deliveries(DeliveryQuery { stages: Vec::new(), kind: None, overdue: None, window }));
        }
        Self { left, found: Vec::new(), is_id }
    }

    /// What is to be asked next.
    pub fn query(&self) -> Option<&Query> {
        self.left.front()
    }

    /// What was found so far.
    pub fn found(&self) -> &[Found] {
        &self.found
    }

    /// Whatever is still found comes behind what is there, or is no more than what was not asked for.
    pub fn is_sure(&self) -> bool {
        !self.is_id || self.left.iter().all(|query| matches!(query, Query::Deliveries(_)))
    }

    /// Takes the answer to its question in; no answer: there is no such thing.
    pub fn take(&mut self, query: &Query, answer: Option<Answer>, now: Timestamp) {
        if self.query() != Some(query) {
            return;
        }
        self.left.pop_front();
        match answer {
            Some(Answer::Delivery(Some(detail))) => self.found.push(of_delivery(&detail.delivery, true)),
            Some(Answer::Event(Some(detail))) => {
                let says = format!("{}, {}", detail.row.action, when::time(detail.row.received_at, now));
                self.found.push(Found { subject: Subject::Event(detail.row.seq), says, exact: true });
            }
            Some(Answer::Rejected(Some(detail))) => {
                let (subject, says) = (Subject::Rejected(detail.row.seq), detail.row.rejected.message);
                self.found.push(Found { subject, says, exact: true });
            }
            Some(Answer::Ticket(timeline)) if !timeline.records.is_empty() => {
                let (deliveries, records) = (timeline.deliveries.len(), timeline.records.len());
                let deliveries = many::counted(View::Deliveries, deliveries);
                let says = format!("{deliveries}, {}", when::plural(records as u64, "record"));
                self.found.push(Found { subject: Subject::Ticket(timeline.ticket), says, exact: true });
            }
            Some(Answer::Deliveries(page)) => {
                let known: Vec<Subject> = self.found.iter().map(|one| one.subject.clone()).collect();
                let new = page.rows.iter().map(|one| of_delivery(one, false));
                self.found.extend(new.filter(|one| !known.contains(&one.subject)));
            }
            _ => {}
        }
    }
}

fn of_delivery(delivery: &Delivery, exact: bool) -> Found {
    let ticket = delivery.ticket.as_ref().map_or("no ticket", |ticket| ticket.as_str());
    let (state, _) = words::stage(delivery.stage());
    let says = format!("{} of {ticket}, {state}", delivery.kind.name());
    Found { subject: Subject::Delivery(delivery.id), says, exact }
}
