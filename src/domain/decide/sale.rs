//! A sale: new, amended, contradictory, or late.

use super::{held, lacking, opened};
use crate::domain::Timestamp;
use crate::domain::delivery::{Amendment, Cancellation, Delivery, Evidence, Hold, Kind, Stage, State};
use crate::domain::ids::{DeliveryId, Digest, Person, Seq};
use crate::domain::payload::TicketUpdated;
use crate::domain::ticket::{Draft, Standing, same_parties};

/// The key of a sale is (ticket, resale id), and without a resale id (ticket, seller, buyer).
fn is_sale_of(delivery: &Delivery, update: &TicketUpdated) -> bool {
    match (&update.order.resale, &delivery.resale) {
        (Some(resale), Some(known)) => resale == known,
        (None, None) => {
            update.new_owner.is_some()
                && update.old_owner.is_some()
                && (&delivery.from, &delivery.to) == (&update.old_owner, &update.new_owner)
        }
        _ => false,
    }
}

pub(super) fn sold(draft: &mut Draft, update: &TicketUpdated, seq: Seq, now: Timestamp) {
    let known = draft
        .transfers()
        .rev()
        .find(|one| is_sale_of(one, update) && !one.illegible)
        .map(|one| (one.id, one.counterpart));
    match known {
        Some((before, Some(_))) if update.order.resale.is_none() => {
            draft.deliveries.push(held(update, seq, now, Hold::RepeatedOrNew { before }));
        }
        Some((known, _)) => amended(draft, known, update, seq, now),
        None => match waiting_reversal(draft, update) {
            Some(reversal) => late(draft, reversal, update, seq, now),
            None => {
                let state = match dismissed_reversal(draft, update) {
                    // Who dismissed it did so without having seen the sale: "nothing to undo" is not "not reversed".
                    Some(reversal) => State::Held { why: Hold::ReversalDismissed { reversal } },
                    None => first_state(draft, update, draft.deliveries.len(), now),
                };
                draft.deliveries.push(opened(update, seq, now, Kind::Transfer, state));
            }
        },
    }
}

/// Pending, or held because it cannot be sent or contradicts what is known.
fn first_state(draft: &Draft, update: &TicketUpdated, place: usize, now: Timestamp) -> State {
    let (seller, buyer) = (update.old_owner.as_ref(), update.new_owner.as_ref());
    let why = lacking(update.ticket.is_some(), seller, buyer).or_else(|| contradiction(draft, seller, buyer, place));
    why.map_or(State::Pending { due: now }, |why| State::Held { why })
}

fn contradiction(draft: &Draft, seller: Option<&Person>, buyer: Option<&Person>, place: usize) -> Option<Hold> {
    draft.contradiction(seller?, buyer?, place, Standing::Expected)
}

/// Holds a sale that waits for its next attempt if it cannot be sent as it is said now, or contradicts what is known.
pub(super) fn judge_amended(draft: &mut Draft, id: DeliveryId) {
    let Some(place) = draft.deliveries.iter().position(|one| one.id == id) else { return };
    let one = &draft.deliveries[place];
    if one.kind != Kind::Transfer || one.stage() != Stage::Pending {
        return;
    }
    let (seller, buyer) = (one.from.as_ref(), one.to.as_ref());
    let why = lacking(one.ticket.is_some(), seller, buyer).or_else(|| contradiction(draft, seller, buyer, place));
    if let Some(why) = why {
        draft.deliveries[place].state = State::Held { why };
    }
}

/// A reversal that came before its sale.
fn waiting_reversal(draft: &Draft, update: &TicketUpdated) -> Option<DeliveryId> {
    draft
        .returns()
        .find(|one| {
            one.counterpart.is_none()
                && !matches!(one.state, State::Cancelled { .. })
                && !one.illegible
                && match (&one.resale, &update.order.resale) {
                    (Some(one), Some(other)) => one == other,
                    // One that fits sales already seen may be of any of them: which, a person is asked.
                    (None, None) => {
                        let of_several = matches!(
                            one.state,
                            State::Held { why: Hold::SeveralSales { .. } | Hold::RepeatedOrNew { .. } }
                        );
                        !of_several && same_parties((&one.from, &one.to), (&update.old_owner, &update.new_owner))
                    }
                    _ => false,
                }
        })
        .map(|one| one.id)
}

/// A reversal that came before its sale, told by its resale id, and that a person has cancelled.
fn dismissed_reversal(draft: &Draft, update: &TicketUpdated) -> Option<DeliveryId> {
    let resale = update.order.resale.as_ref()?;
    let dismissed = |one: &&Delivery| {
        one.counterpart.is_none()
            && one.resale.as_ref() == Some(resale)
            && !one.illegible
            && matches!(one.state, State::Cancelled { why: Cancellation::Operator { .. } })
    };
    draft.returns().find(dismissed).map(|one| one.id)
}

/// The sale of a reversal that came first: it is born cancelled.
fn late(draft: &mut Draft, reversal: DeliveryId, update: &TicketUpdated, seq: Seq, now: Timestamp) {
    let by_reversal = State::Cancelled { why: Cancellation::Reversed { by: reversal } };
    let mut sale = opened(update, seq, now, Kind::Transfer, by_reversal);
    sale.counterpart = Some(reversal);
    let moved_on = draft.moved_on_through(&sale).map(|newer| newer.id);
    let Some(back) = draft.get_mut(reversal) else { return };
    back.counterpart = Some(sale.id);
    if let State::Held { why: Hold::Unmatched } = back.state {
        let named = [back.from.take(), back.to.take()];
        let names_somebody = named.iter().any(Option::is_some);
        let names_a_party = named.iter().any(|one| one.is_some() && (*one == sale.from || *one == sale.to));
        back.state = if names_somebody && !names_a_party {
            sale.state = State::Held { why: Hold::ReversalHeld { reversal } };
            State::Held { why: Hold::OtherPeople { sale: sale.id } }
        } else if let Some(newer) = moved_on {
            State::Held { why: Hold::MovedOn { newer } }
        } else {
            State::Cancelled { why: Cancellation::NothingToUndo { sale: sale.id } }
        };
        (back.from, back.to) = (sale.to.clone(), sale.from.clone());
    }
    draft.deliveries.push(sale);
}

/// The same sale again, with something else in it.
fn amended(draft: &mut Draft, id: DeliveryId, update: &TicketUpdated, seq: Seq, now: Timestamp) {
    let Some(place) = draft.deliveries.iter().position(|one| one.id == id) else { return };
    let amendment = Amendment {
        event: seq,
        from: update.old_owner.clone(),
        to: update.new_owner.clone(),
        personal: update.personal_print,
        doubted_by: None,
    };
    let fresh = first_state(draft, update, place, now);
    let known = &mut draft.deliveries[place];
    let latest = match &known.amendment {
        Some(waiting) => (&waiting.from, &waiting.to, waiting.personal),
        None => (&known.from, &known.to, known.personal),
    };
    let same = (&amendment.from, &amendment.to, amendment.personal) == latest;
    // With no resale id a correction and a second sale between the same two look alike.
    known.said_again |= update.order.resale.is_none();
    match (known.stage(), known.evidence) {
        (Stage::Cancelled, _) => {
            if !same && matches!(known.state, State::Cancelled { why: Cancellation::Operator { .. } }) {
                known.amendment = Some(amendment);
                known.state = State::Held { why: Hold::AmendedAfterCancel };
            }
        }
        _ if same && matches!(known.state, State::Held { why: Hold::AmendedBack { .. } }) => {}
        _ if matches!(known.state, State::InFlight { .. } | State::Held { why: Hold::AmendedAfterCancel }) => {
            if !same {
                wait(known, amendment);
            }
        }
        (_, Evidence::NotDone) if !same && known.may_have_said(&amendment.version()) => {
            known.state = State::Held { why: Hold::AmendedBack { event: seq } };
        }
        (_, Evidence::NotDone) => {
            apply(known, amendment);
            // What was held for its data or its place is judged anew; what waits for a person about its reversal is not.
            if let State::Held { why } = &known.state
                && !matches!(
                    why,
                    Hold::ReversalHeld { .. } | Hold::ReversalDismissed { .. } | Hold::RepeatedOrNew { .. }
                )
            {
                known.state = fresh;
            } else if let (Stage::Pending, State::Held { .. }) = (known.stage(), &fresh) {
                known.state = fresh;
            }
        }
        (_, Evidence::Unknown | Evidence::Done) => {
            if !same {
                wait(known, amendment);
                known.hold_amended();
            }
        }
    }
}

/// Keeps an amendment until it is clear what becomes of the delivery. One that says an earlier version again does not push
/// the latest out: it may be a late repetition.
fn wait(delivery: &mut Delivery, amendment: Amendment) {
    let (said, own) = (amendment.version(), version(delivery));
    let again = said == own || delivery.may_have_said(&said);
    match delivery.amendment.as_mut() {
        Some(waiting) if again => waiting.doubted_by = Some(amendment.event),
        Some(waiting) => {
            let replaced = waiting.version();
            delivery.amendment = Some(amendment);
            supersede(delivery, replaced);
        }
        None => delivery.amendment = Some(amendment),
    }
}

/// The version of the sale that a delivery carries.
fn version(delivery: &Delivery) -> Digest {
    let said = Amendment {
        event: delivery.event,
        from: delivery.from.clone(),
        to: delivery.to.clone(),
        personal: delivery.personal,
        doubted_by: None,
    };
    said.version()
}

fn supersede(delivery: &mut Delivery, version: Digest) {
    delivery.superseded.push(version);
    if delivery.superseded.len() > MOST_VERSIONS {
        delivery.superseded.remove(0);
    }
}

/// Earlier versions of a sale that are remembered, so that a late repetition of one is known for what it is.
const MOST_VERSIONS: usize = 8;

/// Takes an amendment over. Other words under the same idempotency key would be a lie, so attempts made bring a new key.
pub(super) fn apply(delivery: &mut Delivery, amendment: Amendment) {
    let same =
        (&delivery.from, &delivery.to, delivery.personal) == (&amendment.from, &amendment.to, amendment.personal);
    if !same {
        if delivery.attempts > 0 {
            delivery.key_epoch += 1;
        }
        let replaced = version(delivery);
        supersede(delivery, replaced);
    }
    delivery.event = amendment.event;
    delivery.from = amendment.from;
    delivery.to = amendment.to;
    delivery.personal = amendment.personal;
    delivery.amendment = None;
}
