//! The five promises of the design, as checks on a world. Knows how things must be; changes nothing.

use std::collections::{HashMap, HashSet};

use willcall::domain::delivery::{Cancellation, Delivery, Evidence, Hold, Kind, Stage, State};
use willcall::domain::ids::{DeliveryId, Seq, TicketId};
use willcall::domain::record::{Fact, OperatorAction, Record};
use willcall::domain::ticket::Lane;
use willcall::engine::dispatch::Assignment;

use crate::ground::Ground;
use crate::menta::{Form, STRANGER, Ticket, Update, Words};
use crate::operator::{self, What};
use crate::world::World;

/// A promise that was not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Which: `1` to `5`, a letter where one promise has several checks.
    pub promise: &'static str,
    pub how: String,
}

/// Fails with `promise` unless `kept`.
pub fn promise(promise: &'static str, kept: bool, how: impl FnOnce() -> String) -> Result<(), Broken> {
    if kept { Ok(()) } else { Err(Broken { promise, how: how() }) }
}

/// One event as it was kept.
#[derive(Debug, Clone)]
pub struct Arrival {
    pub seq: Seq,
    pub deed: usize,
    pub form: Form,
    pub duplicate_of: Option<Seq>,
}

/// Promise 1: all that was acknowledged, and every order, is in the ledger as it was.
pub fn kept<G: Ground>(world: &World<G>) -> Result<(), Broken> {
    for (seq, body) in &world.acknowledged {
        let record = world.ledger.record(*seq).unwrap();
        promise("1", record.is_some_and(|record| &record.body == body), || format!("event {seq} is not as it came"))?;
    }
    for given in &world.given {
        let record = world.ledger.record(given.seq).unwrap();
        let as_given = record.is_some_and(|record| match record.head.fact {
            Fact::OperatorActed(acted) => {
                Some(&acted.action) == operator::action(&given.order.command).as_ref()
                    && acted.who == given.order.who
                    && acted.why == given.order.why
            }
            _ => false,
        });
        promise("3 actions", as_given, || format!("order {} is not on record with who, when and why", given.seq))?;
    }
    Ok(())
}

/// Promise 2 at the start of an attempt.
pub fn may_start<G: Ground>(world: &World<G>, assignment: &Assignment) -> Result<(), Broken> {
    let delivery = &assignment.delivery;
    let together = world.flying.iter().find(|one| line(&one.delivery) == line(delivery));
    promise("2 one at a time", together.is_none(), || {
        format!("{} starts while {} of the same ticket is under way", delivery.id, together.unwrap().delivery.id)
    })?;
    let reversed = delivery.kind == Kind::Transfer && reversal_recorded(world, delivery);
    promise("2 reversed", !reversed, || format!("{} starts though its reversal is recorded", delivery.id))?;
    promise("3 cancelled", world.last_order.get(&delivery.id) != Some(&What::Cancel), || {
        format!("{} starts, though a person cancelled it and nobody took that back", delivery.id)
    })
}

/// Deliveries that wait for each other have the same: those of a ticket, and each without a ticket for itself.
fn line(delivery: &Delivery) -> Result<&TicketId, DeliveryId> {
    delivery.ticket.as_ref().ok_or(delivery.id)
}

/// Every sale that `transfer` may be has a reversal on record, and no person has had a say in it.
fn reversal_recorded<G: Ground>(world: &World<G>, transfer: &Delivery) -> bool {
    let person = world.deliveries.values().any(|back| {
        back.kind == Kind::Return
            && back.ticket == transfer.ticket
            && back.counterpart.is_none_or(|sale| sale == transfer.id)
            && (back.released || matches!(back.state, State::Cancelled { why: Cancellation::Operator { .. } }))
    });
    let Some(arrival) = world.arrivals.iter().find(|one| one.seq == transfer.event) else { return false };
    let Some(update) = world.update(arrival.deed) else { return false };
    // A reversal that gives neither number nor one of the two people may be of any sale.
    let names_it = |deed: usize| world.update(deed).is_some_and(|back| back.resale.is_some() || back.from != STRANGER);
    let arrived = |deed: usize| names_it(deed) && world.arrivals.iter().any(|one| one.deed == deed && one.form.sound());
    let mut alike = world.menta.alike(update.sale);
    alike.retain(|sale| {
        world.arrivals.iter().any(|one| world.update(one.deed).is_some_and(|update| update.sale == *sale))
    });
    let reversed = |sale: &usize| world.menta.sales[sale].reversed.is_some_and(arrived);
    let person = person || (update.resale.is_none() && transfer.released);
    !person && !update.reversal && alike.iter().all(reversed)
}

/// Promise 3 for one delivery that a record changed: it moves only along the lines of the state machine.
pub fn moves(record: &Record, before: Option<&Delivery>, after: &Delivery) -> Result<(), Broken> {
    let fact = &record.head.fact;
    let webhook = matches!(fact, Fact::Received(_));
    let order = match fact {
        Fact::OperatorActed(acted) => Some(&acted.action),
        _ => None,
    };
    let Some(before) = before else {
        return promise("3 born", webhook && after.id == DeliveryId(record.seq), || {
            format!("{} is not born of its event", after.id)
        });
    };
    let undone = matches!(order, Some(OperatorAction::Undo(_)));
    let allowed = undone
        || match (&before.state, &after.state) {
            (one, other) if one == other => true,
            (State::InFlight { attempt }, _) => matches!(
                fact,
                Fact::AttemptFinished(end) if end.delivery == after.id && end.attempt == *attempt
            ),
            (_, State::InFlight { .. }) => {
                before.stage() == Stage::Pending
                    && matches!(fact, Fact::AttemptStarted(start) if start.delivery == after.id)
            }
            (State::Delivered { .. }, State::Held { why: Hold::AmendedAfterSent { .. } }) => webhook,
            (State::Delivered { .. }, _) => false,
            (State::Cancelled { why: Cancellation::Operator { .. } }, State::Held { .. } | State::Cancelled { .. }) => {
                webhook
            }
            // A second reversal that fits: by the people first, by the number after.
            (
                State::Cancelled { why: Cancellation::Reversed { .. } },
                State::Cancelled { why: Cancellation::Reversed { .. } },
            ) => webhook,
            (State::Cancelled { .. }, _) => false,
            // Only a person can tell what such a webhook meant.
            (State::Held { why: Hold::ReversalUnclear { .. } | Hold::RepeatedKey { .. } }, _) => order.is_some(),
            (State::Held { .. }, _) => webhook || order.is_some(),
            (State::Failed { .. }, _) => webhook || order.is_some(),
            (State::Pending { .. }, State::Held { .. } | State::Cancelled { .. } | State::Pending { .. }) => true,
            (State::Pending { .. }, State::Delivered { .. }) => order.is_some(),
            (State::Pending { .. }, State::Failed { .. }) => false,
        };
    promise("3 moves", allowed, || {
        format!("{} goes from {:?} to {:?} by {}", after.id, before.state, after.state, cause(fact))
    })?;
    promise("3 evidence", undone || before.evidence <= after.evidence, || {
        format!("of {} less is known than before: {:?}, {:?}", after.id, before.evidence, after.evidence)
    })?;
    promise("3 attempts", before.attempts <= after.attempts && before.kind == after.kind, || {
        format!("{} forgets its attempts", after.id)
    })
}

fn cause(fact: &Fact) -> &'static str {
    match fact {
        Fact::Received(_) => "a webhook",
        Fact::Rejected(_) => "a rejected request",
        Fact::AttemptStarted(_) => "the start of an attempt",
        Fact::AttemptFinished(_) => "the end of an attempt",
        Fact::OperatorActed(acted) => acted.action.name(),
    }
}

/// What must hold between any two batches.
pub fn between<G: Ground>(world: &World<G>) -> Result<(), Broken> {
    let mut flying: Vec<DeliveryId> = world.flying.iter().map(|one| one.delivery.id).collect();
    let mut in_flight: Vec<DeliveryId> = world.ledger.in_flight().unwrap().iter().map(|one| one.id).collect();
    flying.sort_unstable();
    in_flight.sort_unstable();
    promise("2 in flight", flying == in_flight, || format!("on record in flight {in_flight:?}, under way {flying:?}"))?;
    let mut fronts: HashMap<Result<&TicketId, DeliveryId>, DeliveryId> = HashMap::new();
    for delivery in world.deliveries.values().filter(|one| !one.stage().settled()) {
        let front = *fronts.entry(line(delivery)).or_insert(delivery.id);
        let flies = || in_flight.iter().copied().find(|id| line(&world.deliveries[id]) == line(delivery));
        let behind = match delivery.stage() {
            Stage::Pending if front == delivery.id => flies(),
            Stage::Pending => Some(front),
            _ => None,
        };
        promise("2 order", delivery.behind == behind, || {
            format!("{} should wait for {behind:?}, but waits for {:?}", delivery.id, delivery.behind)
        })?;
    }
    for delivery in world.deliveries.values().filter(|one| one.stage() == Stage::Delivered) {
        promise("3 evidence", delivery.evidence == Evidence::Done, || {
            format!("{} is delivered without evidence", delivery.id)
        })?;
    }
    Ok(())
}

/// Promise 3: every sale and every reversal that was kept has its delivery; a sale with a number has one.
pub fn accounted<G: Ground>(world: &World<G>) -> Result<(), Broken> {
    for arrival in &world.arrivals {
        let Some(update) = world.update(arrival.deed) else { continue };
        let found = world.deliveries.values().any(|one| stands_for(one, arrival, update));
        promise("3 none disappears", found, || format!("there is no delivery of event {}", arrival.seq))?;
    }
    let mut sales: HashSet<(&TicketId, &str, &str)> = HashSet::new();
    for one in world.deliveries.values() {
        if let (Some(ticket), Some(resale)) = (&one.ticket, &one.resale)
            && world.arrivals.iter().any(|arrival| {
                DeliveryId(arrival.seq) == one.id
                    && arrival.form != Form::TextForBoolean
                    && arrival.form != Form::KeyTwice
            })
        {
            promise("3 one state", sales.insert((ticket, &resale.0, one.kind.name())), || {
                format!("{} is a second {} of {ticket}, {resale}", one.id, one.kind.name())
            })?;
        }
    }
    Ok(())
}

fn stands_for(delivery: &Delivery, arrival: &Arrival, update: &Update) -> bool {
    let first = arrival.duplicate_of.unwrap_or(arrival.seq);
    if delivery.id == DeliveryId(first) {
        return true;
    }
    let kind = if update.reversal { Kind::Return } else { Kind::Transfer };
    let people = [&delivery.from, &delivery.to].map(|one| one.as_ref().map(|one| one.0.as_str()));
    let same = match update.resale {
        Some(resale) => delivery.resale.as_ref().is_some_and(|one| one.0 == format!("r{resale}")),
        None => people == [Some(update.from), Some(update.to)] || people == [Some(update.to), Some(update.from)],
    };
    arrival.form != Form::NoTicket
        && delivery.kind == kind
        && delivery.ticket.as_ref().is_some_and(|one| one.0 == update.ticket.to_string())
        && same
}

/// What became of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// Something is left for a person.
    Open,
    /// A person decided about it.
    Overridden,
    /// What menta said of it cannot be understood by anybody.
    Undecidable,
    /// It is where it belongs.
    Right,
}

/// Promise 4 for one ticket of a world that is quiet.
pub fn owner<G: Ground>(world: &World<G>, ticket: Ticket) -> Result<Rest, Broken> {
    let name = ticket.to_string();
    let of_ticket = |one: &&Delivery| one.ticket.as_ref().is_some_and(|one| one.0 == name);
    if world.deliveries.values().filter(of_ticket).any(|one| !one.stage().settled()) {
        return Ok(Rest::Open);
    }
    if world.overridden.contains(&name) {
        return Ok(Rest::Overridden);
    }
    let nameless = world.menta.words.iter().any(|(deed, words)| {
        matches!(words, Words::Update(update) if update.ticket == ticket)
            && world.arrivals.iter().filter(|one| one.deed == *deed).all(|one| one.form == Form::NoTicket)
    });
    if nameless || world.unordered.contains(&ticket) {
        return Ok(Rest::Undecidable);
    }
    let place = world.platform.place(&name);
    let owner = world.menta.owner(ticket);
    promise("4 owner", place.owner == owner, || {
        format!("{name} is {}'s at the platform, {owner}'s at menta", place.owner)
    })?;
    if let (Some(message), Some((sale, _))) = (&place.message, world.menta.last_standing(ticket)) {
        let nominal = world.last_said.get(&sale).map(|(_, nominal)| format!("\"fullName\":\"{nominal}\""));
        let told = nominal.is_none_or(|nominal| String::from_utf8_lossy(message).contains(&nominal));
        promise("4 name", told, || format!("{name} went to {owner} under a name that menta had changed"))?;
    }
    Ok(Rest::Right)
}

/// Promise 4, whoever meddles: the target is never told to give a ticket to somebody menta never sold it to.
pub fn no_stranger<G: Ground>(world: &World<G>, assignment: &Assignment) -> Result<(), Broken> {
    let (Some(ticket), Some(to)) = (&assignment.delivery.ticket, &assignment.delivery.to) else { return Ok(()) };
    let number: usize = ticket.0.trim_start_matches('T').parse().unwrap();
    let person = assignment.delivery.released;
    promise("4 stranger", person || world.menta.ever_owned(Ticket(number - 1), &to.0), || {
        format!("{} gives {ticket} to {to}, to whom menta never sold it", assignment.delivery.id)
    })
}

/// The store against the fold of all records.
pub fn same_as_folded<G: Ground>(world: &World<G>) -> Result<(), Broken> {
    for delivery in world.deliveries.values() {
        let stored = world.ledger.delivery(delivery.id).unwrap();
        promise("5 folded", stored.as_ref() == Some(delivery), || {
            format!("{} is {stored:?}, not {delivery:?}", delivery.id)
        })?;
    }
    let lines: HashSet<_> = world.deliveries.values().map(line).collect();
    for one in lines {
        let lane = match one {
            Ok(ticket) => Lane::of(ticket),
            Err(id) => Lane::of_delivery(None, id),
        };
        let stored = world.ledger.lane(lane).unwrap();
        let folded = world.deliveries.values().filter(|other| line(other) == one);
        promise("5 lane", stored.iter().eq(folded), || format!("the deliveries of {one:?} are {stored:?}"))?;
    }
    let mut due: Vec<DeliveryId> = world.ledger.due(world.now, usize::MAX).unwrap().iter().map(|one| one.id).collect();
    let is_due = |one: &&Delivery| one.due().is_some_and(|due| due <= world.now);
    let expected: Vec<DeliveryId> = world.deliveries.values().filter(is_due).map(|one| one.id).collect();
    due.sort_unstable();
    promise("5 due", due == expected, || format!("due are {due:?}, should be {expected:?}"))
}
