//! What starts next, and what an outcome means for a delivery and for its reversal.

use chrono::Duration;

use super::sale::{apply, judge_amended};
use crate::domain::Timestamp;
use crate::domain::delivery::{Cancellation, Delivery, Evidence, Failure, Hand, Hold, Kind, LastAttempt, State};
use crate::domain::ids::{DeliveryId, Digest};
use crate::domain::record::Answer;
use crate::domain::retry::{Outcome, RetryPolicy};
use crate::domain::ticket::{Draft, Ticket};

/// An attempt that is about to go out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// Of which delivery.
    pub delivery: DeliveryId,
    /// From 1.
    pub attempt: u32,
    /// `Idempotency-Key`.
    pub key: String,
    /// The deliveries that changed.
    pub changed: Vec<Delivery>,
}

/// Starts the attempt that is due on this ticket at `now`, if one is. What `waits` as it stands there is due whatever its time
/// says: that is from a clock that ran ahead, and who has noticed that has counted the wait anew.
pub fn start(ticket: &Ticket, now: Timestamp, waits: Option<&Delivery>) -> Option<Started> {
    let front = ticket.front()?;
    let due = front.due()?;
    let is_noticed = || waits.is_some_and(|one| (one.id, one.due()) == (front.id, Some(due)));
    if due > now && !is_noticed() {
        return None;
    }
    let (delivery, attempt, key) = (front.id, front.attempts + 1, front.idempotency_key());
    let changed = ticket.decided(now, |draft| {
        draft.change(delivery, |one| {
            one.attempts = attempt;
            one.tries += 1;
            one.state = State::InFlight { attempt };
        });
    });
    Some(Started { delivery, attempt, key, changed })
}

/// What the end of an attempt changes. Nothing, if that attempt is not the one in flight: its end is on record already.
pub fn finished(
    ticket: &Ticket,
    id: DeliveryId,
    attempt: u32,
    answer: &Answer,
    policy: &RetryPolicy,
    now: Timestamp,
) -> Vec<Delivery> {
    if ticket.get(id).is_none_or(|one| one.state != (State::InFlight { attempt })) {
        return Vec::new();
    }
    ticket.decided(now, |draft| {
        let reversal = draft.get(id).and_then(|one| draft.reversal_of(one)).map(|back| back.id);
        let reversal = reversal.filter(|_| draft.get(id).is_some_and(|one| one.kind == Kind::Transfer));
        draft.change(id, |one| learn(one, answer));
        match reversal {
            Some(back) if answer.outcome != Outcome::Accepted => taken_back(draft, id, back),
            Some(_) => draft.change(id, |one| {
                // The reversal decides what happens now; an amendment of the sale is moot.
                one.amendment = None;
                one.state = State::Delivered { by: Hand::Target };
            }),
            None => {
                let said = draft.get(id).map(|one| one.event);
                draft.change(id, |one| proceed(one, answer, policy, now));
                if draft.get(id).map(|one| one.event) != said {
                    judge_amended(draft, id);
                }
            }
        }
    })
}

fn learn(delivery: &mut Delivery, answer: &Answer) {
    delivery.last = Some(LastAttempt { outcome: answer.outcome, text: answer.text.chars().take(200).collect() });
    delivery.evidence = delivery.evidence.max(match answer.outcome {
        Outcome::Accepted => Evidence::Done,
        Outcome::Unknown => Evidence::Unknown,
        Outcome::Refused | Outcome::Deferred => Evidence::NotDone,
    });
}

/// An attempt ended without success while the reversal of its sale was waiting: no further one starts.
fn taken_back(draft: &mut Draft, sale: DeliveryId, back: DeliveryId) {
    let Some(evidence) = draft.get(sale).map(|one| one.evidence) else { return };
    let unclear = draft.get(back).is_some_and(|back| match &back.state {
        State::Held { why } => why.leaves_sale_open() || matches!(why, Hold::OtherPeople { .. }),
        _ => false,
    });
    draft.change(sale, |one| {
        one.state = match unclear {
            true => State::Held { why: Hold::ReversalHeld { reversal: back } },
            false => State::Cancelled { why: Cancellation::Reversed { by: back } },
        };
    });
    if !unclear && evidence == Evidence::NotDone {
        draft.change(back, |back| {
            if let State::Pending { .. } = back.state {
                back.state = State::Cancelled { why: Cancellation::NothingToUndo { sale } };
            }
        });
    }
}

fn proceed(delivery: &mut Delivery, answer: &Answer, policy: &RetryPolicy, now: Timestamp) {
    if let Some(amendment) = delivery.amendment.take() {
        if delivery.evidence != Evidence::NotDone {
            delivery.amendment = Some(amendment);
            delivery.hold_amended();
            return;
        }
        let earlier = delivery.may_have_said(&amendment.version());
        let doubted_by = amendment.doubted_by.or(earlier.then_some(amendment.event));
        if !earlier {
            apply(delivery, amendment);
        }
        if let Some(event) = doubted_by {
            delivery.state = State::Held { why: Hold::AmendedBack { event } };
            return;
        }
    }
    let wish = answer.retry_after.map(|seconds| Duration::seconds(i64::from(seconds)));
    let seed = Digest::of(&[delivery.id.to_string().as_bytes()]);
    delivery.state = match answer.outcome {
        Outcome::Accepted => State::Delivered { by: Hand::Target },
        Outcome::Refused => State::Failed { why: Failure::Refused },
        Outcome::Deferred | Outcome::Unknown => match policy.next(delivery.tries, seed, now, wish) {
            Some(due) => State::Pending { due },
            None => State::Failed { why: Failure::UsedUp },
        },
    };
}
