//! Webhook, outcome or operator's order + the ticket as it stands -> the deliveries as they stand after.
//!
//! | file | decides about |
//! | --- | --- |
//! | `sale` | a sale: new, repeated, amended, contradictory, or late |
//! | `reversal` | a sale taken back: before, during or after its delivery, unmatched, or after the ticket moved on |
//! | `attempt` | what starts next, and what an outcome means for it and for its reversal |
//! | `operator` | retry, mark delivered, cancel, undo: carried out, or refused with the reason |
//!
//! Whatever cannot be decided surely is held for a person, with a sentence that says why.

mod attempt;
mod operator;
mod reversal;
mod sale;

pub use attempt::{Started, finished, start};
pub use operator::{Refusal, blanked, ordered};

use super::Timestamp;
use super::delivery::{Delivery, Hold, Kind, State};
use super::ids::{DeliveryId, Person, Seq};
use super::payload::{Reversal, TicketUpdated};
use super::ticket::Ticket;

/// The deliveries that a `ticket.updated` creates or changes. `seq` is the event's number.
pub fn ticket_updated(ticket: &Ticket, update: &TicketUpdated, seq: Seq, now: Timestamp) -> Vec<Delivery> {
    ticket.decided(now, |draft| match (&update.repeated_key, &update.reversal) {
        (Some(key), _) => {
            draft.deliveries.push(illegible(
                update,
                seq,
                now,
                Hold::RepeatedKey { key: key.chars().take(40).collect() },
            ));
        }
        (None, Reversal::Unclear(sent)) => {
            draft.deliveries.push(illegible(update, seq, now, Hold::ReversalUnclear { sent: sent.clone() }));
        }
        (None, Reversal::Sale) => sale::sold(draft, update, seq, now),
        (None, Reversal::Reversal) => reversal::reversed(draft, update, seq, now),
    })
}

/// What changes by a webhook that equals the last one about the same thing; `None` when it may say something new and is to
/// be decided like any other.
///
/// With a resale id it is a repetition and changes nothing. Without one the same people may trade the same ticket again:
/// once the opposite was said in between, equal words may have a new meaning; and words said twice may turn out to be two
/// sales when a reversal comes late. A person must tell.
pub fn repeated(ticket: &Ticket, update: &TicketUpdated, now: Timestamp) -> Option<Vec<Delivery>> {
    if update.order.resale.is_some() || matches!(update.reversal, Reversal::Unclear(_)) {
        return Some(Vec::new());
    }
    let newest = ticket.deliveries().iter().rev().find(|one| {
        one.kind == Kind::Transfer
            && one.resale.is_none()
            && super::ticket::same_parties((&one.from, &one.to), (&update.old_owner, &update.new_owner))
    });
    match (newest, &update.reversal) {
        (None, _) => Some(Vec::new()),
        (Some(sale), Reversal::Sale) if sale.counterpart.is_some() => None,
        (Some(sale), Reversal::Sale) if sale.said_again => Some(Vec::new()),
        (Some(sale), Reversal::Sale) => {
            Some(ticket.decided(now, |draft| draft.change(sale.id, |one| one.said_again = true)))
        }
        (Some(sale), _) => sale.counterpart.is_some().then(Vec::new),
    }
}

fn opened(update: &TicketUpdated, seq: Seq, now: Timestamp, kind: Kind, state: State) -> Delivery {
    Delivery {
        ticket: update.ticket.clone(),
        resale: update.order.resale.clone(),
        from: update.old_owner.clone(),
        to: update.new_owner.clone(),
        personal: update.personal_print,
        ..Delivery::new(DeliveryId(seq), kind, state, now)
    }
}

/// A delivery that nobody can carry out without a person: taken for a transfer unless it surely is a reversal.
fn held(update: &TicketUpdated, seq: Seq, now: Timestamp, why: Hold) -> Delivery {
    let kind = if update.reversal == Reversal::Reversal { Kind::Return } else { Kind::Transfer };
    opened(update, seq, now, kind, State::Held { why })
}

/// The same, where it is not sure either what the webhook says.
fn illegible(update: &TicketUpdated, seq: Seq, now: Timestamp, why: Hold) -> Delivery {
    Delivery { illegible: true, ..held(update, seq, now, why) }
}

fn missing(field: &str) -> Hold {
    Hold::Missing { field: field.to_owned() }
}

/// The first of the fields a delivery needs that is not there.
fn lacking(ticket: bool, from: Option<&Person>, to: Option<&Person>) -> Option<Hold> {
    if !ticket {
        Some(missing("id"))
    } else if to.is_none() {
        Some(missing("newOwnerEmail"))
    } else if from.is_none() {
        Some(missing("oldOwnerEmail"))
    } else {
        None
    }
}
