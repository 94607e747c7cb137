//! Orders about many rows, given one by one, a few at a time, the oldest row first; and what came of each.
//!
//! Of one ticket no two are under way at once: what is in front is settled before what waits behind it. Each order is one as
//! any other, on record by itself.

use std::collections::BTreeMap;

use super::action::Action;
use super::cause::Cause;
use super::dialog::Ask;
use super::many::{self, Group, Sorted};
use super::model::View;
use crate::domain::delivery::{Delivery, Stage};
use crate::domain::ids::{Seq, TicketId};
use crate::domain::query::{Command, Done, Order, Query};
use crate::engine::DeskError;

/// The most orders under way at once: enough for the writer to keep them with one sync, and no more than a target is used to.
const AT_ONCE: usize = 16;

/// Deliveries that are asked for anew at once, because they have not come to rest.
const MOST_RESTLESS: usize = 500;

/// Where the orders stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// None is given before they can no longer be called back.
    HeldBack,
    /// They are being given.
    Runs,
    /// Each has come to its end.
    Ended,
}

/// What came of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Came {
    /// It was not given yet.
    Waits,
    /// It was given, and nothing has come back yet.
    UnderWay,
    /// It was carried out; a resent request as this event.
    Done(Option<Seq>),
    /// It was not carried out, for this.
    Refused(String),
    /// It was called back.
    CalledBack,
}

/// One of the orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What was ordered, about its row as it stands since.
    pub ask: Ask,
    /// What came of it.
    pub came: Came,
}

/// All of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// What was ordered.
    pub action: Action,
    /// In which list.
    pub view: View,
    /// By whom, for the record.
    pub who: String,
    /// The reason, for the record.
    pub why: String,
    /// Where they stand.
    pub phase: Phase,
    /// The orders, that about the oldest row first.
    pub items: Vec<Item>,
    /// Rows that were marked too, and why nothing was ordered about them.
    pub others: Vec<Group>,
    /// Items before this one wait no more.
    first: usize,
    under_way: Vec<usize>,
}

/// How many have come how far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Not given yet.
    pub wait: usize,
    /// Carried out.
    pub done: usize,
    /// Not carried out.
    pub refused: usize,
    /// Called back.
    pub called_back: usize,
}

/// What became of some, for one cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fate {
    /// What became of them.
    pub came: Kind,
    /// Where they stand now, and why: or why it was refused.
    pub cause: Cause,
    /// Which, by their place among the items, or of the others by that of the row.
    pub rows: Vec<Seq>,
}

/// What can become of one, what needs a person first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // as of the items
pub enum Kind {
    Refused,
    /// Carried out, and failed or held again since.
    Fails,
    CalledBack,
    UnderWay,
    Waits,
    Done,
    NotEligible,
}

impl Batch {
    /// Of what was confirmed; it waits.
    pub fn new(action: Action, view: View, who: String, why: String, sorted: Sorted) -> Self {
        let items = sorted.asks.into_iter().map(|ask| Item { ask, came: Came::Waits }).collect();
        let (others, phase) = (sorted.others, Phase::HeldBack);
        Self { action, view, who, why, phase, items, others, first: 0, under_way: Vec::new() }
    }

    /// As in `retry`.
    pub fn verb(&self) -> &'static str {
        self.items.first().map_or("", |item| item.ask.verb())
    }

    /// As in `38 deliveries`.
    pub fn about(&self) -> String {
        many::counted(self.view, self.items.len())
    }

    /// How many have come how far.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for item in &self.items {
            match item.came {
                Came::Waits => tally.wait += 1,
                Came::UnderWay => {}
                Came::Done(_) => tally.done += 1,
                Came::Refused(_) => tally.refused += 1,
                Came::CalledBack => tally.called_back += 1,
            }
        }
        tally
    }

    /// The orders to be given now, and what each is about.
    pub fn give(&mut self) -> Vec<(Order, String)> {
        self.phase = Phase::Runs;
        let mut given = Vec::new();
        let mut at = self.first;
        while self.under_way.len() < AT_ONCE && at < self.items.len() {
            let waits = self.items[at].came == Came::Waits;
            if waits && !self.is_under_way(self.items[at].ask.delivery().and_then(|one| one.ticket.as_ref())) {
                let item = &mut self.items[at];
                item.came = Came::UnderWay;
                let order = Order { who: self.who.clone(), why: self.why.clone(), command: item.ask.command() };
                given.push((order, item.ask.about()));
                self.under_way.push(at);
            }
            at += 1;
        }
        let waits = |item: &&Item| item.came == Came::Waits;
        self.first += self.items[self.first..].iter().take_while(|item| !waits(item)).count();
        if self.under_way.is_empty() {
            self.phase = Phase::Ended;
        }
        given
    }

    fn is_under_way(&self, ticket: Option<&TicketId>) -> bool {
        let of = |at: &usize| self.items[*at].ask.delivery().and_then(|one| one.ticket.as_ref());
        ticket.is_some() && self.under_way.iter().any(|at| of(at) == ticket)
    }

    /// Takes in what came of an order. False when it is none of these.
    pub fn took(&mut self, command: &Command, done: &Result<Done, DeskError>) -> bool {
        let Some(place) = self.under_way.iter().position(|at| self.items[*at].ask.command() == *command) else {
            return false;
        };
        let item = &mut self.items[self.under_way.swap_remove(place)];
        item.came = match done {
            Ok(done) => {
                if let (Some(new), Some(old)) = (&done.delivery, item.ask.delivery_mut()) {
                    old.clone_from(new);
                }
                Came::Done(done.event)
            }
            Err(error) => Came::Refused(error.to_string()),
        };
        true
    }

    /// Calls back all that were not given yet; how many.
    pub fn call_back(&mut self) -> usize {
        let waiting = self.items.iter_mut().filter(|item| item.came == Came::Waits);
        let called = waiting.map(|item| item.came = Came::CalledBack).count();
        if self.under_way.is_empty() {
            self.phase = Phase::Ended;
        }
        called
    }

    /// The question how those deliveries stand that have not come to rest since.
    pub fn restless(&self) -> Option<Query> {
        let rests = |one: &Delivery| !matches!(one.stage(), Stage::Pending | Stage::InFlight);
        let done = self.items.iter().filter(|item| matches!(item.came, Came::Done(_)));
        let restless = done.filter_map(|item| item.ask.delivery()).filter(|one| !rests(one)).map(|one| one.id.0);
        let restless: Vec<Seq> = restless.take(MOST_RESTLESS).collect();
        (!restless.is_empty()).then(|| many::rows_query(self.view, restless))
    }

    /// Takes in how deliveries stand.
    pub fn stand(&mut self, deliveries: Vec<Delivery>) {
        for new in deliveries {
            if let Ok(at) = self.items.binary_search_by_key(&new.id.0, |item| item.ask.place())
                && let Some(old) = self.items[at].ask.delivery_mut()
            {
                *old = new;
            }
        }
    }

    /// The order about the row of that place.
    pub fn item(&self, place: Seq) -> Option<&Item> {
        let at = self.items.binary_search_by_key(&place, |item| item.ask.place()).ok()?;
        self.items.get(at)
    }

    /// An order about that row is still to come, or under way.
    pub fn is_about_to(&self, place: Seq) -> bool {
        self.item(place).is_some_and(|item| matches!(item.came, Came::Waits | Came::UnderWay))
    }

    /// What became of them, by cause; what needs a person first.
    pub fn fates(&self) -> Vec<Fate> {
        let mut fates: BTreeMap<Kind, BTreeMap<Cause, Vec<Seq>>> = BTreeMap::new();
        for item in &self.items {
            let (kind, cause) = fate(item);
            many::add(fates.entry(kind).or_default(), cause, item.ask.place());
        }
        for group in &self.others {
            fates.entry(Kind::NotEligible).or_default().insert(group.cause.clone(), group.rows.clone());
        }
        let of_kind = |(came, causes)| {
            many::groups(causes).into_iter().map(move |group| Fate { came, cause: group.cause, rows: group.rows })
        };
        fates.into_iter().flat_map(of_kind).collect()
    }
}

fn fate(item: &Item) -> (Kind, Cause) {
    let nothing = || Cause { stage: None, why: String::new() };
    match (&item.came, item.ask.delivery()) {
        (Came::Waits, _) => (Kind::Waits, nothing()),
        (Came::UnderWay, _) => (Kind::UnderWay, nothing()),
        (Came::CalledBack, _) => (Kind::CalledBack, nothing()),
        (Came::Refused(why), _) => (Kind::Refused, Cause::of_refusal(why, item.ask.id())),
        (Came::Done(_), None) => (Kind::Done, nothing()),
        (Came::Done(_), Some(one)) => {
            let fails = matches!(one.stage(), Stage::Failed | Stage::Held);
            (if fails { Kind::Fails } else { Kind::Done }, Cause::of(one))
        }
    }
}
