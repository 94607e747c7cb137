//! One record -> what changes. The rows after record *n* depend on the records up to *n* and on nothing else.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};

use crate::domain::delivery::{Delivery, Stage};
use crate::domain::ids::{DeliveryId, Seq, ShowId};
use crate::domain::payload::{NotifyMe, Payload};
use crate::domain::record::{Fact, OperatorAction, Received, Record};
use crate::domain::show::{Show, Wish};
use crate::domain::ticket::Lane;
use crate::domain::webhook::Webhook;
use crate::journal::Location;

use super::base::Entry;
use super::changes::Changes;
use super::notes::Mention;
use super::rows::{self, Family, Place, Totals};
use super::{StoreError, keys};

/// Records being folded into the rows.
#[derive(Debug)]
pub struct Fold<'a> {
    changes: Changes<'a>,
    totals: Totals,
    families: HashMap<String, Family>,
}

impl<'a> Fold<'a> {
    /// Continues from `totals`.
    pub fn begin(changes: Changes<'a>, totals: Totals) -> Self {
        Self { changes, totals, families: HashMap::new() }
    }

    /// The last record folded.
    pub fn applied(&self) -> Seq {
        self.totals.applied
    }

    /// Folds a record, which lies at `location`. One that was folded before is passed over.
    ///
    /// # Errors
    /// When it is not the one that comes next, or a row that it changes cannot be read.
    pub fn next(&mut self, record: &Record, location: Location) -> Result<(), StoreError> {
        let (given, expected) = (record.seq, self.applied().next());
        match given.cmp(&expected) {
            Ordering::Less => Ok(()),
            Ordering::Equal => self.record(record, location),
            Ordering::Greater => Err(StoreError::OutOfOrder { expected, given }),
        }
    }

    fn record(&mut self, record: &Record, location: Location) -> Result<(), StoreError> {
        let (seq, fact) = (record.seq, &record.head.fact);
        let place = Place { location, at: record.head.at.timestamp_millis() };
        let (key, number) = keys::record(seq);
        let mut places = self.changes.get(&key)?.unwrap_or_default();
        let before = number * rows::PLACE_BYTES;
        if places.len() < before {
            return Err(StoreError::Row(keys::meaning(&key)));
        }
        places.truncate(before);
        places.extend(place.encode());
        self.changes.put(key, places);
        if let Some(ticket) = fact.ticket() {
            let said = match fact {
                Fact::Received(received) if received.duplicate_of.is_none() && Lane::has_subject(received) => {
                    Some((received.subject, received.print))
                }
                _ => None,
            };
            let topic = keys::timeline(&Lane::of(ticket));
            self.changes.note(seq, &topic, seq, Mention { delivery: None, said });
        }
        match fact {
            Fact::Received(received) => self.event(record, received)?,
            Fact::Rejected(_) => {
                self.totals.quarantined += 1;
                self.changes.put(keys::at(&keys::quarantine(false), seq), Vec::new());
            }
            Fact::OperatorActed(acted) => {
                if let OperatorAction::Resend { rejected, event } = acted.action {
                    self.sent_again(rejected, event)?;
                }
            }
            Fact::AttemptStarted(_) | Fact::AttemptFinished(_) => {}
        }
        let changed = record.head.deliveries.iter().map(|delivery| delivery.id);
        let concerned: BTreeSet<DeliveryId> = changed.chain(fact.delivery()).collect();
        for id in concerned.into_iter().filter(|id| id.0 != seq) {
            self.changes.note(seq, &keys::history(id), seq, Mention::default());
        }
        let by_hand = matches!(fact, Fact::OperatorActed(_));
        for delivery in &record.head.deliveries {
            let before = self.delivery(delivery, seq)?;
            if !by_hand && needs_a_person(delivery.stage()) && before != Some(delivery.stage()) {
                self.changes.put(keys::needed(seq, delivery.id), Vec::new());
            }
        }
        self.totals.applied = seq;
        Ok(())
    }

    /// Lays down what dropped records had come to.
    ///
    /// # Errors
    /// When a row that it changes cannot be read or written.
    pub fn lay(&mut self, entry: &Entry) -> Result<(), StoreError> {
        match entry {
            Entry::Family(family) => self.changes.put_json(keys::family(&family.name), family)?,
            Entry::Show(show) => {
                let digest = keys::show_digest(&show.show);
                self.changes.put(keys::at(&keys::show_order(), show.last), digest.0.to_vec());
                self.changes.put_json(keys::show(&digest), show)?;
            }
            Entry::Wish { subscription, wish } => self.changes.put_json(keys::wish_of(subscription), wish)?,
            Entry::Delivery(delivery) => drop(self.delivery(delivery, Seq(0))?),
            Entry::Said { lane, subject, seq, print } => {
                let said = Mention { delivery: None, said: Some((*subject, *print)) };
                self.changes.note(Seq(0), &keys::latest(subject), *seq, said);
                self.changes.note(Seq(0), &keys::timeline(&Lane(*lane)), *seq, Mention::default());
            }
        }
        Ok(())
    }

    /// Writes what is laid down so far. Until [`begins_after`](Self::begins_after) the store is not usable.
    ///
    /// # Errors
    /// When the rows cannot be written.
    pub fn write_laid(&mut self) -> Result<(), StoreError> {
        self.changes.reach(Seq(0));
        self.changes.commit_so_far()
    }

    /// What was laid down is all that there was up to that record.
    pub fn begins_after(&mut self, through: Seq) {
        (self.totals.applied, self.totals.dropped) = (through, through);
        // The next record's place stands behind theirs.
        let (key, number) = keys::record(through);
        self.changes.put(key, vec![0; (number + 1) * rows::PLACE_BYTES]);
    }

    /// All that changed.
    ///
    /// # Errors
    /// When a row cannot be written as JSON.
    pub fn end(self) -> Result<Changes<'a>, StoreError> {
        let (mut changes, totals) = self.finish()?;
        changes.put_json(keys::totals(), &totals)?;
        Ok(changes)
    }

    /// The same, but for the totals, which stand beside.
    ///
    /// # Errors
    /// When a row cannot be written as JSON.
    pub fn finish(mut self) -> Result<(Changes<'a>, Totals), StoreError> {
        for (name, family) in &self.families {
            self.changes.put_json(keys::family(name), family)?;
        }
        self.changes.reach(self.totals.applied);
        Ok((self.changes, self.totals))
    }

    fn event(&mut self, record: &Record, received: &Received) -> Result<(), StoreError> {
        self.totals.events += 1;
        self.changes.mark(&keys::events(&received.family), record.seq, true)?;
        self.family(&received.family)?.seen(record.head.at);
        // A repetition says nothing new: the first of its kind stays the one to compare with and to name.
        if received.duplicate_of.is_none() && !Lane::has_subject(received) {
            let said = Mention { delivery: None, said: Some((received.subject, received.print)) };
            self.changes.note(record.seq, &keys::latest(&received.subject), record.seq, said);
        }
        self.show(record, received)
    }

    fn family(&mut self, name: &str) -> Result<&mut Family, StoreError> {
        if !self.families.contains_key(name) {
            let family = self.changes.json(&keys::family(name))?.unwrap_or_else(|| Family::new(name));
            self.families.insert(name.to_owned(), family);
        }
        Ok(self.families.entry(name.to_owned()).or_insert_with(|| Family::new(name)))
    }

    fn sent_again(&mut self, rejected: Seq, event: Seq) -> Result<(), StoreError> {
        let waiting = keys::at(&keys::quarantine(false), rejected);
        if self.changes.get(&waiting)?.is_some() {
            self.changes.remove(waiting);
            self.totals.quarantined = self.totals.quarantined.saturating_sub(1);
        }
        self.changes.put(keys::at(&keys::quarantine(true), rejected), event.0.to_be_bytes().to_vec());
        Ok(())
    }

    /// Says where it stood before.
    fn delivery(&mut self, delivery: &Delivery, seq: Seq) -> Result<Option<Stage>, StoreError> {
        let key = keys::delivery(delivery.id);
        let id = delivery.id.0;
        let stage = |one: &Delivery| keys::stage(one.stage(), one.kind);
        let lane = |one: &Delivery| Lane::of_delivery(one.ticket.as_ref(), one.id);
        // It has the number of the record that made it.
        let before = if id == seq { None } else { self.changes.json::<Delivery>(&key)? };
        let stood = before.as_ref().map(Delivery::stage);
        if let Some(before) = &before {
            let count = &mut self.totals.deliveries[rows::slot(before.kind, before.stage())];
            *count = count.saturating_sub(1);
            if stage(before) != stage(delivery) {
                self.changes.mark(&stage(before), id, false)?;
            }
            if let Some(gone) = before.due().filter(|_| before.due() != delivery.due()) {
                self.changes.mark(&keys::due(gone), id, false)?;
            }
            if lane(before) != lane(delivery) {
                self.in_timeline(&lane(before), seq, id, false);
            }
        }
        self.totals.deliveries[rows::slot(delivery.kind, delivery.stage())] += 1;
        self.changes.mark(&stage(delivery), id, true)?;
        if before.is_none_or(|before| lane(&before) != lane(delivery)) {
            self.in_timeline(&lane(delivery), seq, id, true);
        }
        if let Some(due) = delivery.due() {
            self.changes.mark(&keys::due(due), id, true)?;
        }
        self.changes.put_json(key, delivery)?;
        Ok(stood)
    }

    fn in_timeline(&mut self, lane: &Lane, by: Seq, id: Seq, is_delivery: bool) {
        let mention = Mention { delivery: Some(is_delivery), said: None };
        self.changes.note(by, &keys::timeline(lane), id, mention);
    }

    fn show(&mut self, record: &Record, received: &Received) -> Result<(), StoreError> {
        if !matches!(received.family.as_str(), "event" | "notifyMe" | "payouts") {
            return Ok(());
        }
        let Ok(webhook) = Webhook::parse(&record.body) else { return Ok(()) };
        let (seq, payload) = (record.seq, Payload::of(&webhook));
        if let Some(show) = payload.show() {
            self.changes.mark(&keys::naming(show), seq, true)?;
        }
        if received.duplicate_of.is_some() {
            return Ok(());
        }
        match payload {
            Payload::EventUnlock(unlock) => self.change_show(unlock.show, |show| show.unlocked(unlock.event, seq)),
            Payload::PayoutsDelivered(payouts) => {
                self.change_show(payouts.show, |show| show.paid_out(payouts.event, seq))
            }
            Payload::NotifyMe(wish) => self.wish(wish, seq),
            Payload::Listing(..) | Payload::TicketUpdated(_) | Payload::Unknown => Ok(()),
        }
    }

    /// A wish without an id cannot be told from the next one: its show is seen, its tickets are not counted.
    fn wish(&mut self, wish: NotifyMe, seq: Seq) -> Result<(), StoreError> {
        let Some(show) = wish.show else { return Ok(()) };
        let Some(subscription) = wish.subscription else {
            return self.change_show(Some(show), |show| show.wished(0, 0, wish.event, seq));
        };
        let quantity = wish.quantity.as_ref().map(|quantity| quantity.0.as_str());
        let now = Wish { show: show.clone(), tickets: Wish::tickets(wish.status.as_deref(), quantity) };
        let key = keys::wish(&subscription);
        let mut before = self.changes.json::<Wish>(&key)?;
        if let Some(elsewhere) = before.take_if(|before| before.show != show) {
            self.change_show(Some(elsewhere.show), |show| show.lost_wish(elsewhere.tickets))?;
        }
        let tickets = before.map_or(0, |before| before.tickets);
        self.change_show(Some(show), |show| show.wished(tickets, now.tickets, wish.event, seq))?;
        self.changes.put_json(key, &now)
    }

    fn change_show(&mut self, show: Option<ShowId>, change: impl FnOnce(&mut Show)) -> Result<(), StoreError> {
        let Some(id) = show else { return Ok(()) };
        let digest = keys::show_digest(&id);
        let key = keys::show(&digest);
        let mut show = self.changes.json::<Show>(&key)?.unwrap_or_else(|| Show::new(id));
        let before = show.last;
        change(&mut show);
        if show.last != before {
            self.changes.remove(keys::at(&keys::show_order(), before));
        }
        self.changes.put(keys::at(&keys::show_order(), show.last), digest.0.to_vec());
        self.changes.put_json(key, &show)
    }
}

/// Nothing more happens to it by itself.
fn needs_a_person(stage: Stage) -> bool {
    matches!(stage, Stage::Failed | Stage::Held)
}
