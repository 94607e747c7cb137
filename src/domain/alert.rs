//! When staff are called, and about what. Decides only: who rings, and how, is another's business.
//!
//! What stood before anybody listened does not ring. What comes within a minute of a ring waits, and is then one alert
//! with the rest; what was settled meanwhile is not mentioned.

use chrono::Duration;
use serde::Serialize;

use super::Timestamp;
use super::delivery::{Delivery, Kind, Stage};
use super::ids::{DeliveryId, Seq};
use super::privacy::Privacy;
use super::query::Needed;

/// Two rings are at least this far apart.
pub const PAUSE: Duration = Duration::seconds(60);

/// Deliveries that an alert names at the most; more are counted.
pub const MOST_NAMED: usize = 100;

/// What was heard of so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bell {
    heard: Seq,
    rung_at: Option<Timestamp>,
}

impl Bell {
    /// Listens from the record after `stood` on.
    pub fn new(stood: Seq) -> Self {
        Self { heard: stood, rung_at: None }
    }

    /// The last record that was considered.
    pub fn heard(&self) -> Seq {
        self.heard
    }

    /// How long it must still be silent.
    pub fn rest(&self, now: Timestamp) -> Duration {
        match self.rung_at.map(|rung| now - rung) {
            // A clock that was set back must not silence it.
            Some(since) if since >= Duration::zero() => (PAUSE - since).max(Duration::zero()),
            _ => Duration::zero(),
        }
    }

    /// The record after which to ask for deliveries that need a person, now that there is record `last`; none while it
    /// must be silent or there is nothing new.
    pub fn asks(&self, last: Seq, now: Timestamp) -> Option<Seq> {
        (last > self.heard && self.rest(now).is_zero()).then_some(self.heard)
    }

    /// Takes the answer in.
    pub fn ring(&mut self, needed: &Needed, now: Timestamp) -> Option<Alert> {
        // An answer to an earlier question is no news.
        if needed.after != self.heard || !self.rest(now).is_zero() {
            return None;
        }
        self.heard = self.heard.max(needed.last);
        if needed.rows.is_empty() {
            return None;
        }
        self.rung_at = Some(now);
        Some(Alert::about(needed))
    }
}

/// Deliveries that need a person, in words that hold no personal data. As JSON it is what a command is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alert {
    /// As in `3 deliveries need a person`.
    pub alert: String,
    /// How many.
    pub count: usize,
    /// The first [`MOST_NAMED`] of them.
    pub deliveries: Vec<Concerned>,
}

/// A delivery that needs a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Concerned {
    /// Its id.
    pub delivery: DeliveryId,
    /// Transfer or return.
    pub kind: Kind,
    /// Failed or held.
    pub state: Stage,
    /// Why, masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Alert {
    fn about(needed: &Needed) -> Self {
        let count = needed.count.max(needed.rows.len());
        let alert = match count {
            1 => "1 delivery needs a person".to_owned(),
            _ => format!("{count} deliveries need a person"),
        };
        Self { alert, count, deliveries: needed.rows.iter().take(MOST_NAMED).map(Concerned::of).collect() }
    }

    /// In a line, as in `2 deliveries need a person: d-41 failed, d-57 held`.
    pub fn line(&self) -> String {
        const NAMED: usize = 5;
        let named: Vec<String> =
            self.deliveries.iter().take(NAMED).map(|one| format!("{} {}", one.delivery, one.state.name())).collect();
        let more = if self.count > named.len() { ", …" } else { "" };
        format!("{}: {}{more}", self.alert, named.join(", "))
    }
}

impl Concerned {
    fn of(delivery: &Delivery) -> Self {
        Self {
            delivery: delivery.id,
            kind: delivery.kind,
            state: delivery.stage(),
            reason: delivery.reason().map(|reason| Privacy::Masked.text(&reason)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::delivery::{Failure, Hold, LastAttempt, State};
    use crate::domain::retry::Outcome;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_000_000 + seconds, 0).unwrap()
    }

    fn failed(id: u64) -> Delivery {
        let state = State::Failed { why: Failure::Refused };
        Delivery::new(DeliveryId(Seq(id)), Kind::Transfer, state, at(0))
    }

    fn needed(after: u64, rows: Vec<Delivery>, last: u64) -> Needed {
        Needed { after: Seq(after), count: rows.len(), rows, last: Seq(last) }
    }

    #[test]
    fn what_stood_before_does_not_ring() {
        let bell = Bell::new(Seq(40));
        assert_eq!((bell.asks(Seq(40), at(0)), bell.asks(Seq(41), at(0))), (None, Some(Seq(40))));
    }

    #[test]
    fn several_within_a_minute_are_one_alert_after_it() {
        let mut bell = Bell::new(Seq(0));
        let first = bell.ring(&needed(0, vec![failed(1)], 1), at(0)).unwrap();
        assert_eq!(first.line(), "1 delivery needs a person: d-1 failed");
        assert_eq!((bell.asks(Seq(9), at(59)), bell.rest(at(59))), (None, Duration::seconds(1)));
        assert_eq!(bell.ring(&needed(1, vec![failed(2)], 9), at(59)), None);
        assert_eq!(bell.asks(Seq(9), at(60)), Some(Seq(1)));
        let second = bell.ring(&needed(1, vec![failed(2), failed(3)], 9), at(60)).unwrap();
        assert_eq!(second.line(), "2 deliveries need a person: d-2 failed, d-3 failed");
        assert_eq!(bell.ring(&needed(1, vec![failed(2)], 9), at(200)), None, "an answer that came twice rang twice");
    }

    #[test]
    fn nothing_new_is_no_ring_and_costs_no_silence() {
        let mut bell = Bell::new(Seq(0));
        assert_eq!(bell.ring(&needed(0, Vec::new(), 7), at(0)), None);
        assert_eq!((bell.asks(Seq(7), at(1)), bell.asks(Seq(8), at(1))), (None, Some(Seq(7))));
    }

    #[test]
    fn a_clock_set_back_does_not_silence_it() {
        let mut bell = Bell::new(Seq(0));
        bell.ring(&needed(0, vec![failed(1)], 1), at(0)).unwrap();
        assert_eq!(bell.asks(Seq(2), at(-5000)), Some(Seq(1)));
    }

    #[test]
    fn an_alert_holds_no_personal_data_and_is_one_line() {
        let text = "422: joe@gmail.com\nis not the owner".to_owned();
        let refused = Delivery { last: Some(LastAttempt { outcome: Outcome::Refused, text }), ..failed(41) };
        let mut held = failed(57);
        held.state = State::Held { why: Hold::Unmatched };
        let alert = Alert::about(&needed(0, vec![refused, held], 60));
        let line = serde_json::to_string(&alert).unwrap();
        assert!(!line.contains("joe@gmail.com") && !line.contains('\n'), "{line}");
        assert!(
            line.starts_with(r#"{"alert":"2 deliveries need a person","count":2,"deliveries":[{"delivery":"d-41","#)
        );
        assert!(line.contains(r#"{"delivery":"d-57","kind":"transfer","state":"held","reason":"reversal of a sale"#));
    }

    proptest! {
        /// Deliveries fail at any time, one record each; the bell is looked at now and then.
        #[test]
        fn it_rings_once_a_minute_at_most_and_leaves_nothing_out(
            steps in prop::collection::vec((0_i64..40, any::<bool>()), 1..200),
            stood in 0_u64..5,
        ) {
            let mut bell = Bell::new(Seq(stood));
            let (mut now, mut last, mut rang_at) = (0, stood, Vec::new());
            let mut told = BTreeSet::new();
            let look = |bell: &mut Bell, now: i64, last: u64| {
                let after = bell.asks(Seq(last), at(now))?;
                let alert = bell.ring(&needed(after.0, (after.0 + 1..=last).map(failed).collect(), last), at(now))?;
                Some(alert.deliveries.into_iter().map(|one| one.delivery.0.0).collect::<Vec<u64>>())
            };
            for (later, fails) in steps {
                now += later;
                last += u64::from(fails);
                if let Some(named) = look(&mut bell, now, last) {
                    rang_at.push(now);
                    for id in named {
                        prop_assert!(id > stood && told.insert(id), "d-{} rang for nothing", id);
                    }
                }
            }
            told.extend(look(&mut bell, now + 60, last).unwrap_or_default());
            prop_assert!(rang_at.is_sorted_by(|one, other| other - one >= 60), "{:?}", rang_at);
            prop_assert_eq!(told, (stood + 1..=last).collect::<BTreeSet<u64>>());
        }
    }
}
