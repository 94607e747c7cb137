//! Some decisions that become durable together.
//!
//! Each sees what the ones before it decided, though nothing is kept yet: the records go to the ledger as one.

use std::collections::HashMap;

use super::dispatch::{Assignment, Claimed};
use super::handle::DeskError;
use super::ledger::{Ledger, LedgerError};
use crate::domain::Timestamp;
use crate::domain::decide;
use crate::domain::delivery::{Delivery, State};
use crate::domain::ids::{DeliveryId, Digest, Person, Seq};
use crate::domain::query::{Command, Done, Order};
use crate::domain::record::{
    Answer, AttemptFinished, AttemptStarted, Fact, Head, OperatorActed, OperatorAction, Record,
};
use crate::domain::retry::{Outcome, RetryPolicy};
use crate::domain::ticket::{Lane, Ticket};
use crate::ingest::submission::{Prepared, Receipt, Submission};

/// When to look again for due work after the ledger could not say.
const UNREADABLE: chrono::Duration = chrono::Duration::seconds(5);

/// Decisions on top of a ledger.
pub struct Batch<'a, L> {
    ledger: &'a L,
    policy: &'a RetryPolicy,
    now: Timestamp,
    tickets: HashMap<Lane, Ticket>,
    latest: HashMap<Digest, (Seq, Digest)>,
    records: Vec<Record>,
}

impl<'a, L: Ledger> Batch<'a, L> {
    /// An empty batch. All of its records will carry the moment `now`.
    pub fn new(ledger: &'a L, policy: &'a RetryPolicy, now: Timestamp) -> Self {
        Self { ledger, policy, now, tickets: HashMap::new(), latest: HashMap::new(), records: Vec::new() }
    }

    /// What was decided, in order.
    pub fn into_records(self) -> Vec<Record> {
        self.records
    }

    /// A webhook, or a request for the quarantine.
    ///
    /// # Errors
    /// When the ledger cannot be read; likewise below.
    pub fn submit(&mut self, submission: Submission) -> Result<Receipt, LedgerError> {
        match submission {
            Submission::Webhook(prepared) => self.receive(prepared),
            Submission::Rejected { rejected, body } => {
                let seq = self.push(Fact::Rejected(rejected), Vec::new(), body);
                Ok(Receipt { seq, duplicate_of: None })
            }
        }
    }

    fn receive(&mut self, prepared: Prepared) -> Result<Receipt, LedgerError> {
        let Prepared { mut received, update, body } = prepared;
        let (seq, now) = (self.next(), self.now);
        let about = Lane::of_subject(&received);
        let lane = about.unwrap_or_else(|| Lane::of_delivery(received.ticket.as_ref(), DeliveryId(seq)));
        if let Some(update) = &update {
            self.recognise(lane, [update.old_owner.as_ref(), update.new_owner.as_ref()])?;
        }
        let latest = self.latest(about, received.subject)?.filter(|(_, print)| *print == received.print);
        let repeated = match (latest, &update) {
            (None, _) => None,
            (Some((original, _)), None) => Some((original, Vec::new())),
            (Some((original, _)), Some(update)) => {
                decide::repeated(self.ticket(lane)?, update, now).map(|changed| (original, changed))
            }
        };
        let duplicate_of = repeated.as_ref().map(|(original, _)| *original);
        let changed = match (repeated, &update) {
            (Some((_, changed)), _) => changed,
            (None, Some(update)) => decide::ticket_updated(self.ticket(lane)?, update, seq, now),
            (None, None) => Vec::new(),
        };
        received.duplicate_of = duplicate_of;
        if duplicate_of.is_none() {
            self.latest.insert(received.subject, (seq, received.print));
        }
        self.push(Fact::Received(received), changed, body);
        Ok(Receipt { seq, duplicate_of })
    }

    /// Starts attempts of at most `limit` due deliveries.
    #[allow(clippy::missing_errors_doc)]
    pub fn claim(&mut self, limit: usize, target: &str) -> Result<Claimed, LedgerError> {
        let (mut claimed, mut later) = (Claimed::default(), false);
        let now = self.now;
        // One more than can be taken: it tells when to come back.
        for due in self.ledger.due(self.now, limit.saturating_add(1))? {
            if claimed.assignments.len() == limit {
                claimed.next_due = due.due();
                return Ok(claimed);
            }
            let lane = Lane::of_delivery(due.ticket.as_ref(), due.id);
            // From the first start on there is no way back: one delivery that cannot be read must not keep others.
            let started = match self.ticket(lane) {
                Ok(ticket) => decide::start(ticket, now, Some(&due)),
                Err(error) => {
                    tracing::error!(delivery = %due.id, "cannot be started yet: {error}");
                    later = true;
                    continue;
                }
            };
            let Some(started) = started else { continue };
            let Some(delivery) = started.changed.iter().find(|one| one.id == started.delivery).cloned() else {
                continue;
            };
            let body = match self.body(delivery.event) {
                // What is blanked has no open delivery; should it have one all the same, nobody gets a ticket by a message of stars.
                Ok(_) if self.is_blanked(delivery.event, Some(&lane)) => {
                    tracing::error!(delivery = %due.id, "cannot be sent: its webhook is blanked");
                    Vec::new()
                }
                Ok(body) => body,
                Err(error) if error.passes() => {
                    later = true;
                    continue;
                }
                Err(error) => {
                    // The attempt finds nothing that could be sent, and says so on record.
                    tracing::error!(delivery = %due.id, "its webhook cannot be read: {error}");
                    Vec::new()
                }
            };
            let fact = Fact::AttemptStarted(AttemptStarted {
                delivery: delivery.id,
                ticket: delivery.ticket.clone(),
                attempt: started.attempt,
                key: started.key.clone(),
                target: target.to_owned(),
            });
            self.push(fact, started.changed, Vec::new());
            claimed.assignments.push(Assignment { delivery, attempt: started.attempt, key: started.key, body });
        }
        claimed.next_due = self.ledger.next_due(now).unwrap_or(Some(now + UNREADABLE));
        if later {
            claimed.next_due = Some(claimed.next_due.map_or(now + UNREADABLE, |due| due.min(now + UNREADABLE)));
        }
        Ok(claimed)
    }

    /// Puts the end of an attempt on record. One that is not in flight any more is left as it is.
    #[allow(clippy::missing_errors_doc)]
    pub fn finish(&mut self, id: DeliveryId, attempt: u32, answer: Answer, body: Vec<u8>) -> Result<(), LedgerError> {
        let Some(delivery) = self.delivery(id)? else { return Ok(()) };
        let lane = Lane::of_delivery(delivery.ticket.as_ref(), id);
        let (policy, now) = (self.policy, self.now);
        let changed = decide::finished(self.ticket(lane)?, id, attempt, &answer, policy, now);
        if !changed.is_empty() {
            let ticket = delivery.ticket;
            self.push(Fact::AttemptFinished(AttemptFinished { delivery: id, ticket, attempt, answer }), changed, body);
        }
        Ok(())
    }

    /// Says of every attempt that was under way when the program died that its outcome is unknown. For the start.
    #[allow(clippy::missing_errors_doc)]
    pub fn recover(&mut self) -> Result<usize, LedgerError> {
        let lost = self.ledger.in_flight()?;
        for delivery in &lost {
            if let State::InFlight { attempt } = delivery.state {
                let answer = Answer {
                    outcome: Outcome::Unknown,
                    text: "willcall stopped during the attempt".to_owned(),
                    status: None,
                    request_headers: Vec::new(),
                    response_headers: Vec::new(),
                    retry_after: None,
                    latency_ms: 0,
                    truncated: false,
                };
                self.finish(delivery.id, attempt, answer, Vec::new())?;
            }
        }
        Ok(lost.len())
    }

    /// Carries an operator's order out.
    ///
    /// # Errors
    /// When it makes no sense as things stand, names nothing that is there, or the ledger cannot be read.
    pub fn order(&mut self, order: &Order) -> Result<Done, DeskError> {
        let (id, action) = match &order.command {
            Command::Retry(id) => (*id, OperatorAction::Retry(*id)),
            Command::MarkDelivered(id) => (*id, OperatorAction::MarkDelivered(*id)),
            Command::Cancel(id) => (*id, OperatorAction::Cancel(*id)),
            Command::Undo(id) => (*id, OperatorAction::Undo(*id)),
            Command::Resend(rejected) => return self.resend(*rejected, order),
            Command::Reveal { what } => {
                let seq = self.act(
                    order,
                    OperatorAction::Reveal { what: what.chars().take(200).collect() },
                    None,
                    Vec::new(),
                );
                return Ok(Done { seq, delivery: None, event: None });
            }
        };
        if order.why.trim().is_empty() && !matches!(action, OperatorAction::Retry(_) | OperatorAction::Undo(_)) {
            return Err(DeskError::Refused(format!("a reason is needed to {} {id}", action.name())));
        }
        let delivery = self.delivery(id)?.ok_or_else(|| DeskError::NotFound(format!("there is no delivery {id}")))?;
        let lane = Lane::of_delivery(delivery.ticket.as_ref(), id);
        let (seq, now) = (self.next(), self.now);
        let changed = decide::ordered(self.ticket(lane)?, &order.command, &order.who, &order.why, seq, now)
            .map_err(|refusal| DeskError::Refused(refusal.to_string()))?;
        let lacks_webhook = |one: &&Delivery| !one.stage().settled() && self.is_blanked(one.event, Some(&lane));
        if let Some(one) = changed.iter().find(lacks_webhook).filter(|_| matches!(action, OperatorAction::Undo(_))) {
            return Err(DeskError::Refused(decide::blanked(one.id).to_string()));
        }
        let after = changed.iter().find(|one| one.id == id).cloned();
        self.act(order, action, Some(&delivery), changed);
        Ok(Done { seq, delivery: Some(after.unwrap_or(delivery)), event: None })
    }

    fn resend(&mut self, rejected: Seq, order: &Order) -> Result<Done, DeskError> {
        if order.why.trim().is_empty() {
            return Err(DeskError::Refused(format!("a reason is needed to send request {rejected} again")));
        }
        let record = self.ledger.record(rejected)?;
        let Some(Record { head: Head { fact: Fact::Rejected(_), .. }, body, .. }) = record else {
            return Err(DeskError::NotFound(format!("there is no quarantined request {rejected}")));
        };
        if self.is_blanked(rejected, None) {
            return Err(DeskError::Refused(format!(
                "request {rejected} is not sent again: what names people in it was blanked because it was old"
            )));
        }
        let just_now =
            self.records.iter().find_map(|record| match &record.head.fact {
                Fact::OperatorActed(OperatorActed {
                    action: OperatorAction::Resend { rejected: of, event }, ..
                }) if *of == rejected => Some(*event),
                _ => None,
            });
        if let Some(event) = just_now.map_or_else(|| self.ledger.resent(rejected), |event| Ok(Some(event)))? {
            return Err(DeskError::Refused(format!("request {rejected} was sent again already: it is event {event}")));
        }
        let prepared = Prepared::read("quarantine".to_owned(), body)
            .map_err(|(error, _)| DeskError::Refused(format!("request {rejected} still cannot be read: {error}")))?;
        let event = self.receive(prepared)?.seq;
        let seq = self.act(order, OperatorAction::Resend { rejected, event }, None, Vec::new());
        Ok(Done { seq, delivery: self.decided(DeliveryId(event)).cloned(), event: Some(event) })
    }

    fn act(&mut self, order: &Order, action: OperatorAction, about: Option<&Delivery>, changed: Vec<Delivery>) -> Seq {
        let acted = OperatorActed {
            who: order.who.clone(),
            why: order.why.trim().to_owned(),
            action,
            ticket: about.and_then(|one| one.ticket.clone()),
        };
        self.push(Fact::OperatorActed(acted), changed, Vec::new())
    }

    fn next(&self) -> Seq {
        Seq(self.ledger.last().0 + self.records.len() as u64 + 1)
    }

    fn push(&mut self, fact: Fact, changed: Vec<Delivery>, body: Vec<u8>) -> Seq {
        let seq = self.next();
        if let Some(one) = changed.first() {
            // All deliveries of one record are of one lane, and deciding has loaded it.
            self.tickets.entry(Lane::of_delivery(one.ticket.as_ref(), one.id)).or_default().apply(&changed);
        }
        self.records.push(Record { seq, head: Head { at: self.now, fact, deliveries: changed }, body });
        seq
    }

    fn ticket(&mut self, lane: Lane) -> Result<&Ticket, LedgerError> {
        use std::collections::hash_map::Entry;
        Ok(match self.tickets.entry(lane) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(free) => {
                let mut ticket = Ticket::new(self.ledger.lane(lane)?);
                if let Some(blanking) = self.ledger.blanking() {
                    ticket.recognise(&blanking, &[]);
                }
                free.insert(ticket)
            }
        })
    }

    /// Understands what is known of a lane as if it were not blanked, as far as a webhook names the same people again.
    fn recognise(&mut self, lane: Lane, people: [Option<&Person>; 2]) -> Result<(), LedgerError> {
        let Some(blanking) = self.ledger.blanking() else { return Ok(()) };
        self.ticket(lane)?;
        let people: Vec<&Person> = people.into_iter().flatten().collect();
        self.tickets.entry(lane).and_modify(|ticket| ticket.recognise(&blanking, &people));
        Ok(())
    }

    fn is_blanked(&self, seq: Seq, lane: Option<&Lane>) -> bool {
        self.ledger.blanking().is_some_and(|blanking| blanking.covers(seq, lane))
    }

    fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, LedgerError> {
        match self.decided(id) {
            Some(one) => Ok(Some(one.clone())),
            None => self.ledger.delivery(id),
        }
    }

    /// As it stands by this batch, where that says something of it.
    fn decided(&self, id: DeliveryId) -> Option<&Delivery> {
        self.records.iter().rev().find_map(|record| record.head.deliveries.iter().find(|one| one.id == id))
    }

    fn latest(&self, lane: Option<Lane>, subject: Digest) -> Result<Option<(Seq, Digest)>, LedgerError> {
        match self.latest.get(&subject) {
            Some(known) => Ok(Some(*known)),
            None => self.ledger.latest(lane, subject),
        }
    }

    fn body(&self, seq: Seq) -> Result<Vec<u8>, LedgerError> {
        if let Some(record) = self.records.iter().find(|record| record.seq == seq) {
            return Ok(record.body.clone());
        }
        let record = self.ledger.record(seq)?;
        record
            .map(|record| record.body)
            .ok_or_else(|| LedgerError::failing(format!("event {seq} is not in the journal")))
    }
}

impl From<LedgerError> for DeskError {
    fn from(error: LedgerError) -> Self {
        Self::Failed(error.reason)
    }
}
