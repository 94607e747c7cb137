//! Retry, mark delivered, cancel, undo: carried out, or refused with the reason.

use super::sale::apply;
use crate::domain::Timestamp;
use crate::domain::delivery::{Cancellation, Delivery, Evidence, Hand, Hold, Kind, Stage, State, Undo};
use crate::domain::ids::{DeliveryId, Seq};
use crate::domain::query::Command;
use crate::domain::retry::Outcome;
use crate::domain::ticket::{Draft, Ticket};

/// Why an order makes no sense as things stand, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub String);

/// What an operator's order about one delivery changes. `seq` is the number of the record it will be.
///
/// # Errors
/// When it makes no sense as things stand.
pub fn ordered(
    ticket: &Ticket,
    command: &Command,
    who: &str,
    why: &str,
    seq: Seq,
    now: Timestamp,
) -> Result<Vec<Delivery>, Refusal> {
    let (Command::Retry(id) | Command::MarkDelivered(id) | Command::Cancel(id) | Command::Undo(id)) = *command else {
        return Ok(Vec::new());
    };
    let delivery = ticket.get(id).ok_or_else(|| Refusal(format!("there is no delivery {id}")))?;
    let order = match command {
        Command::Retry(_) => retry(ticket, delivery, now)?,
        Command::MarkDelivered(_) => mark_delivered(ticket, delivery, who, why)?,
        Command::Cancel(_) => cancel(delivery, who, why)?,
        _ => return undo(ticket, delivery, now),
    };
    let mut changed = ticket.decided(now, |draft: &mut Draft| draft.change(id, |one| *one = order));
    if !matches!(command, Command::Retry(_)) {
        let ids: Vec<DeliveryId> = changed.iter().map(|one| one.id).collect();
        let before = ticket.deliveries().iter().filter(|one| ids.contains(&one.id)).cloned();
        let before: Vec<Delivery> = before.map(|one| Delivery { undo: None, ..one }).collect();
        if let Some(one) = changed.iter_mut().find(|one| one.id == id) {
            one.undo = Some(Box::new(Undo { action: seq, before }));
        }
    }
    Ok(changed)
}

fn refuse<T>(sentence: String) -> Result<T, Refusal> {
    Err(Refusal(sentence))
}

fn retry(ticket: &Ticket, delivery: &Delivery, now: Timestamp) -> Result<Delivery, Refusal> {
    let id = delivery.id;
    match &delivery.state {
        State::Delivered { .. } => return refuse(format!("{id} is delivered already")),
        State::InFlight { attempt } => {
            return refuse(format!("attempt {attempt} of {id} is under way: wait for its end"));
        }
        State::Cancelled { .. } => {
            let why = delivery.reason().unwrap_or_default();
            return refuse(format!("{id} is cancelled ({why}): undo the cancelling, if it was yours"));
        }
        State::Pending { due } => {
            if let Some(front) = delivery.behind {
                return refuse(format!("{id} waits behind {front}: settle that one first"));
            }
            if *due <= now {
                return refuse(format!("{id} is due already: it goes out as soon as a target is there to take it"));
            }
        }
        State::Held { why } if !why.can_be_sent() => {
            return refuse(format!("{id} cannot be sent: {why}"));
        }
        State::Held { .. } | State::Failed { .. } => {}
    }
    if delivery.kind == Kind::Transfer
        && let Some(reversal) = standing_reversal(ticket, delivery)
    {
        return refuse(format!("the sale of {id} has a reversal, {reversal}: it is not sent before that is cancelled"));
    }
    let mut one = delivery.clone();
    one.released |= one.stage() == Stage::Held;
    one.tries = 0;
    if one.stage() == Stage::Failed && one.last.as_ref().is_some_and(|last| last.outcome == Outcome::Refused) {
        one.key_epoch += 1;
    }
    if let Some(amendment) = one.amendment.take() {
        apply(&mut one, amendment);
    }
    if one.has_blanked_people() {
        return refuse(format!("{id} cannot be sent: {}", Hold::Blanked));
    }
    if one.from.is_none() || one.to.is_none() {
        return refuse(format!(
            "{id} cannot be sent: its webhooks do not name both people; mark it delivered, or cancel it"
        ));
    }
    one.state = State::Pending { due: now };
    Ok(one)
}

/// The reversal that keeps a sale from being sent.
fn standing_reversal(ticket: &Ticket, sale: &Delivery) -> Option<DeliveryId> {
    let named = match &sale.state {
        State::Held { why: Hold::ReversalHeld { reversal } } => Some(*reversal),
        _ => sale.counterpart,
    };
    let back = ticket.get(named?)?;
    let dismissed = matches!(back.state, State::Cancelled { why: Cancellation::Operator { .. } });
    (!dismissed).then_some(back.id)
}

fn mark_delivered(ticket: &Ticket, delivery: &Delivery, who: &str, why: &str) -> Result<Delivery, Refusal> {
    let id = delivery.id;
    match &delivery.state {
        State::Delivered { .. } => return refuse(format!("{id} is delivered already")),
        State::InFlight { attempt } => {
            return refuse(format!("attempt {attempt} of {id} is under way: wait for its end"));
        }
        State::Cancelled { .. } => {
            return refuse(format!("{id} is cancelled ({})", delivery.reason().unwrap_or_default()));
        }
        State::Pending { .. } | State::Failed { .. } | State::Held { .. } => {}
    }
    if let Some(front) = ticket.front().filter(|front| front.id != id) {
        return refuse(format!("{} of the same ticket comes before {id}: settle that one first", front.id));
    }
    let mut one = delivery.clone();
    if let Some(amendment) = one.amendment.take() {
        apply(&mut one, amendment);
    }
    one.evidence = Evidence::Done;
    // Whatever its webhook says, somebody knows what it was.
    one.illegible = false;
    one.state = State::Delivered { by: Hand::Operator { who: who.to_owned(), why: why.to_owned() } };
    Ok(one)
}

fn cancel(delivery: &Delivery, who: &str, why: &str) -> Result<Delivery, Refusal> {
    let id = delivery.id;
    let mut one = delivery.clone();
    let cancelled = Cancellation::Operator { who: who.to_owned(), why: why.to_owned() };
    one.state = match &delivery.state {
        State::Delivered { .. } => {
            return refuse(format!("{id} is delivered already: a reversal from menta takes it back"));
        }
        State::InFlight { attempt } => {
            return refuse(format!("attempt {attempt} of {id} is under way: wait for its end"));
        }
        State::Cancelled { .. } => {
            return refuse(format!("{id} is cancelled already ({})", delivery.reason().unwrap_or_default()));
        }
        // What is dismissed is the change; the ticket stays where it was brought.
        State::Held { why: Hold::AmendedAfterSent { delivered: Some(by) } } => State::Delivered { by: by.clone() },
        State::Pending { .. } | State::Failed { .. } | State::Held { .. } => State::Cancelled { why: cancelled },
    };
    one.amendment = None;
    Ok(one)
}

fn undo(ticket: &Ticket, delivery: &Delivery, now: Timestamp) -> Result<Vec<Delivery>, Refusal> {
    let Some(undo) = &delivery.undo else {
        return refuse(not_to_be_undone(ticket, delivery));
    };
    if undo.before.iter().any(|before| !before.stage().settled() && before.has_blanked_people()) {
        return Err(blanked(delivery.id));
    }
    Ok(ticket.decided(now, |draft: &mut Draft| {
        for before in &undo.before {
            draft.change(before.id, |one| *one = before.clone());
        }
    }))
}

/// The sentence for an order that would open a delivery whose people or whose webhook were blanked.
pub fn blanked(id: DeliveryId) -> Refusal {
    Refusal(format!(
        "{id} is not taken back: its people were blanked because they were old, it could not be sent any more"
    ))
}

fn not_to_be_undone(ticket: &Ticket, delivery: &Delivery) -> String {
    let id = delivery.id;
    let by_a_person = matches!(
        delivery.state,
        State::Delivered { by: Hand::Operator { .. } } | State::Cancelled { why: Cancellation::Operator { .. } }
    );
    if !by_a_person {
        return format!("nothing to take back: {id} was not marked delivered or cancelled last");
    }
    let since = |one: &&Delivery| one.id != id && one.updated_at >= delivery.updated_at;
    match ticket.deliveries().iter().filter(since).max_by_key(|one| (one.updated_at, one.id)) {
        Some(other) => format!("{id} is not taken back: something has followed, see {} of the same ticket", other.id),
        None => format!("{id} is not taken back: something has followed"),
    }
}
