//! A sale taken back: before, during or after its delivery, unmatched, or after the ticket moved on.

use super::{held, missing, opened, sale};
use crate::domain::Timestamp;
use crate::domain::delivery::{Amendment, Cancellation, Delivery, Evidence, Hold, Kind, Stage, State};
use crate::domain::ids::{DeliveryId, Seq};
use crate::domain::payload::TicketUpdated;
use crate::domain::ticket::{Draft, same_parties};

pub(super) fn reversed(draft: &mut Draft, update: &TicketUpdated, seq: Seq, now: Timestamp) {
    if update.ticket.is_none() {
        draft.deliveries.push(held(update, seq, now, missing("id")));
        return;
    }
    let parties = (&update.old_owner, &update.new_owner);
    if update.order.resale.is_none() && (parties.0.is_none() || parties.1.is_none()) {
        draft.deliveries.push(held(update, seq, now, missing("metadata.order.resaleId")));
        return;
    }
    if let Some(earlier) = earlier_reversal(draft, update) {
        amended(draft, earlier, update, seq, now);
        return;
    }
    let mut back = opened(update, seq, now, Kind::Return, State::Held { why: Hold::Unmatched });
    let sales: Vec<DeliveryId> =
        draft.transfers().filter(|one| may_undo(one, update) && !one.illegible).map(|one| one.id).collect();
    let said_before = draft.returns().rev().find(|one| {
        update.order.resale.is_none() && one.resale.is_none() && same_parties((&one.from, &one.to), parties)
    });
    let said_again = sales.last().and_then(|id| draft.get(*id)).filter(|sale| sale.said_again).map(|sale| sale.id);
    match (sales.as_slice(), said_before.and_then(|one| one.counterpart).or(said_again)) {
        ([], _) => {}
        ([.., newest], None) if sales.len() > 1 => {
            back.state = State::Held { why: Hold::SeveralSales { one: *newest } }
        }
        ([.., sale], Some(before)) => {
            back.state = State::Held { why: Hold::RepeatedOrNew { before } };
            if let Some(sale) = draft.get(*sale) {
                (back.from, back.to) = (sale.to.clone(), sale.from.clone());
            }
        }
        ([.., sale], None) => back = undo(draft, *sale, back, now),
    }
    draft.deliveries.push(back);
}

/// Whether this is the sale that the reversal takes back: by resale id, and without one by the people, either way round.
fn may_undo(sale: &Delivery, update: &TicketUpdated) -> bool {
    match &update.order.resale {
        Some(resale) => sale.resale.as_ref() == Some(resale),
        None => {
            sale.counterpart.is_none() && same_parties((&sale.from, &sale.to), (&update.old_owner, &update.new_owner))
        }
    }
}

/// The return that an earlier webhook about the same reversal created.
fn earlier_reversal(draft: &Draft, update: &TicketUpdated) -> Option<DeliveryId> {
    let resale = update.order.resale.as_ref()?;
    draft.returns().rev().find(|one| one.resale.as_ref() == Some(resale) && !one.illegible).map(|one| one.id)
}

/// Decides about `back`, the return of `sale`, and about the sale itself.
fn undo(draft: &mut Draft, sale: DeliveryId, mut back: Delivery, now: Timestamp) -> Delivery {
    let named = [back.from.clone(), back.to.clone()];
    let Some(as_it_stands) = draft.get(sale) else { return back };
    let newer = draft.standing_against(as_it_stands).map(|one| one.id);
    let passed_on = draft.moved_on_through(as_it_stands).map(|one| one.id);
    let Some(sale) = draft.get_mut(sale) else { return back };
    sale.counterpart = Some(back.id);
    back.counterpart = Some(sale.id);
    let names_somebody = named.iter().any(Option::is_some);
    let names_a_party =
        named.iter().flatten().any(|one| Some(one) == sale.from.as_ref() || Some(one) == sale.to.as_ref());
    // Whichever way round the reversal names them, the ticket goes back to the sale's seller.
    (back.from, back.to) = (sale.to.clone(), sale.from.clone());
    if names_somebody && !names_a_party {
        back.state = State::Held { why: Hold::OtherPeople { sale: sale.id } };
        if matches!(sale.stage(), Stage::Pending | Stage::Failed) {
            sale.state = State::Held { why: Hold::ReversalHeld { reversal: back.id } };
        }
        return back;
    }
    let send_back = match newer {
        Some(newer) => State::Held { why: Hold::MovedOn { newer } },
        None => State::Pending { due: now },
    };
    let reversed = State::Cancelled { why: Cancellation::Reversed { by: back.id } };
    back.state = match (sale.stage(), sale.evidence) {
        (Stage::InFlight, _) => send_back,
        (_, Evidence::Done) => {
            // An amendment that waited for a person is moot.
            sale.amendment = None;
            if let State::Held { why: Hold::AmendedAfterSent { delivered: Some(by) } } = &sale.state {
                sale.state = State::Delivered { by: by.clone() };
            }
            send_back
        }
        (_, Evidence::Unknown) => {
            sale.state = reversed;
            send_back
        }
        (_, Evidence::NotDone) => {
            sale.state = reversed;
            match passed_on {
                Some(newer) => State::Held { why: Hold::MovedOn { newer } },
                None => State::Cancelled { why: Cancellation::NothingToUndo { sale: sale.id } },
            }
        }
    };
    if back.to.is_none() && !back.stage().settled() {
        back.state = State::Held { why: missing("oldOwnerEmail") };
    }
    back
}

/// The same reversal again, with something else in it. Who gets the ticket back follows from the sale and stays.
fn amended(draft: &mut Draft, id: DeliveryId, update: &TicketUpdated, seq: Seq, now: Timestamp) {
    let Some(back) = draft.get_mut(id) else { return };
    let amendment = Amendment {
        event: seq,
        from: back.from.clone(),
        to: back.to.clone(),
        personal: update.personal_print,
        doubted_by: None,
    };
    let same = amendment.personal == back.amendment.as_ref().map_or(back.personal, |latest| latest.personal);
    match (back.stage(), back.evidence) {
        (Stage::Cancelled, _) => {}
        (Stage::InFlight, _) if !same => back.amendment = Some(amendment),
        (Stage::InFlight, _) => {}
        (_, Evidence::NotDone) => {
            sale::apply(back, amendment);
            if let State::Held { why: Hold::Unmatched } = back.state {
                (back.from, back.to) = (update.old_owner.clone(), update.new_owner.clone());
            }
            if matches!(back.state, State::Held { why: Hold::Blanked }) && !back.has_blanked_people() {
                back.state = State::Pending { due: now };
            }
        }
        (_, Evidence::Unknown | Evidence::Done) if !same => {
            back.amendment = Some(amendment);
            back.hold_amended();
        }
        _ => {}
    }
}
