//! How long somebody has waited for a delivery, against how long they should have to. Knows no clock and no screen.
//!
//! The wait begins with the webhook, whatever was tried, held or amended since: that is how the buyer counts. A delivery
//! that is settled is not judged any more, nobody waits for it; how long it took is a matter of its history.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::delivery::{Delivery, Kind};
use super::ids::DeliveryId;
use super::record::Record;

/// How long a delivery may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateAfter {
    /// To bring a ticket to its buyer.
    pub transfer: Duration,
    /// To take a reversed sale back.
    pub undoing: Duration,
}

impl Default for LateAfter {
    fn default() -> Self {
        Self { transfer: Duration::from_secs(5 * 60), undoing: Duration::from_secs(15 * 60) }
    }
}

impl LateAfter {
    /// For a delivery of this kind.
    pub fn of(&self, kind: Kind) -> Duration {
        match kind {
            Kind::Transfer => self.transfer,
            Kind::Return => self.undoing,
        }
    }
}

/// Where a wait stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lateness {
    /// There is time.
    OnTime,
    /// Four fifths of the time are gone.
    ComingDue {
        /// The rest.
        left: Duration,
    },
    /// It should have been done.
    Overdue {
        /// For so long.
        by: Duration,
    },
}

/// A wait of `waited` where `allowed` is.
pub fn judge(waited: Duration, allowed: Duration) -> Lateness {
    match waited.checked_sub(allowed) {
        Some(by) if !by.is_zero() => Lateness::Overdue { by },
        _ if waited.saturating_mul(5) >= allowed.saturating_mul(4) => {
            Lateness::ComingDue { left: allowed.saturating_sub(waited) }
        }
        _ => Lateness::OnTime,
    }
}

/// From one moment to a later one; nothing when a clock was set back in between.
pub fn between(from: Timestamp, to: Timestamp) -> Duration {
    (to - from).to_std().unwrap_or_default()
}

/// Where the wait for a delivery stands; none once it is settled.
pub fn lateness(delivery: &Delivery, late_after: &LateAfter, now: Timestamp) -> Option<Lateness> {
    let waits = !delivery.stage().settled();
    waits.then(|| judge(between(delivery.created_at, now), late_after.of(delivery.kind)))
}

/// When a delivery was settled, from the records about it, oldest first; none while it is not. Its own last change says
/// less: what becomes of the ticket afterwards changes it, too.
pub fn settled_at(delivery: DeliveryId, history: &[Record]) -> Option<Timestamp> {
    let changes = history.iter().flat_map(|record| record.head.deliveries.iter().map(|one| (record.head.at, one)));
    changes.filter(|(_, one)| one.id == delivery).fold(None, |since, (at, one)| match one.stage().settled() {
        true => since.or(Some(at)),
        false => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::delivery::{Cancellation, Failure, Hand, Hold, State};
    use crate::domain::ids::Seq;
    use crate::domain::record::{Fact, Head, OperatorActed, OperatorAction};
    use proptest::prelude::*;

    const LATE_AFTER: LateAfter = LateAfter { transfer: Duration::from_secs(300), undoing: Duration::from_secs(900) };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_000_000 + seconds, 0).unwrap()
    }

    fn delivery(kind: Kind, state: State) -> Delivery {
        Delivery::new(DeliveryId(Seq(1)), kind, state, at(0))
    }

    #[test]
    fn a_wait_is_on_time_then_coming_due_then_overdue() {
        let left = |seconds| Lateness::ComingDue { left: Duration::from_secs(seconds) };
        let by = |seconds| Lateness::Overdue { by: Duration::from_secs(seconds) };
        let pending = || State::Pending { due: at(0) };
        for (kind, seconds, expected) in [
            (Kind::Transfer, -60, Lateness::OnTime),
            (Kind::Transfer, 0, Lateness::OnTime),
            (Kind::Transfer, 239, Lateness::OnTime),
            (Kind::Transfer, 240, left(60)),
            (Kind::Transfer, 300, left(0)),
            (Kind::Transfer, 301, by(1)),
            (Kind::Transfer, 86_700, by(86_400)),
            (Kind::Return, 301, Lateness::OnTime),
            (Kind::Return, 720, left(180)),
            (Kind::Return, 1_620, by(720)),
        ] {
            let got = lateness(&delivery(kind, pending()), &LATE_AFTER, at(seconds));
            assert_eq!(got, Some(expected), "{kind:?} after {seconds} s");
        }
    }

    #[test]
    fn whoever_has_what_is_theirs_waits_no_more() {
        let hold = State::Held { why: Hold::Unmatched };
        let overdue = Some(Lateness::Overdue { by: Duration::from_secs(60) });
        for state in [hold, State::Failed { why: Failure::UsedUp }, State::InFlight { attempt: 3 }] {
            assert_eq!(lateness(&delivery(Kind::Transfer, state), &LATE_AFTER, at(360)), overdue);
        }
        let by = DeliveryId(Seq(2));
        for state in [State::Delivered { by: Hand::Target }, State::Cancelled { why: Cancellation::Reversed { by } }] {
            assert_eq!(lateness(&delivery(Kind::Transfer, state), &LATE_AFTER, at(360)), None);
        }
    }

    #[test]
    fn a_delivery_is_settled_from_the_last_time_it_came_to_be() {
        let delivered = || State::Delivered { by: Hand::Target };
        let record = |seconds, state| Record {
            seq: Seq(9),
            head: Head {
                at: at(seconds),
                fact: Fact::OperatorActed(OperatorActed {
                    who: String::new(),
                    why: String::new(),
                    action: OperatorAction::Retry(DeliveryId(Seq(1))),
                    ticket: None,
                }),
                deliveries: vec![delivery(Kind::Transfer, state)],
            },
            body: Vec::new(),
        };
        let mut history = vec![record(0, State::Pending { due: at(0) })];
        let settled = |history: &[Record]| settled_at(DeliveryId(Seq(1)), history);
        assert_eq!(settled(&history), None);
        history.extend([record(20, delivered()), record(90, delivered())]);
        assert_eq!(settled(&history), Some(at(20)), "what came after it was delivered changed the moment");
        assert_eq!(settled_at(DeliveryId(Seq(2)), &history), None);
        history.push(record(100, State::Held { why: Hold::AmendedAfterCancel }));
        assert_eq!(settled(&history), None);
        history.push(record(130, delivered()));
        assert_eq!(settled(&history), Some(at(130)));
    }

    proptest! {
        #[test]
        fn a_wait_only_ever_gets_worse(allowed in 1_u64..100_000, waited in 0_u64..200_000, more in 0_u64..1000) {
            let rank = |waited| match judge(Duration::from_secs(waited), Duration::from_secs(allowed)) {
                Lateness::OnTime => 0,
                Lateness::ComingDue { .. } => 1,
                Lateness::Overdue { .. } => 2,
            };
            prop_assert!(rank(waited) <= rank(waited + more));
            prop_assert_eq!(rank(waited) == 2, waited > allowed);
            prop_assert_eq!(rank(waited) == 0, waited * 10 < allowed * 8);
        }
    }
}
