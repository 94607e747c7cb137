//! A delivery as JSON, looked at without being read: a search passes over most of them, and reading is what costs.

use memchr::memmem;

/// Whether a delivery surely says no more in a list than stands in its JSON: it gives no reason in words of its own, and its
/// message is that of the event that made it. False where in doubt.
pub fn says_no_more(json: &[u8]) -> bool {
    // A quote within a text is escaped: what is found is a field, and the first of that name is the delivery's own.
    let behind = |field: &str| memmem::find(json, field.as_bytes()).map(|at| &json[at + field.len()..]);
    let (Some(id), Some(event), Some(state)) = (behind(r#""id":"d-"#), behind(r#""event":"#), behind(r#""state":"#))
    else {
        return false;
    };
    let quiet = || behind(r#""behind":"#).is_none() && behind(r#""last":"#).is_none();
    number(id) == number(event)
        && (state.starts_with(br#"{"is":"delivered","by":"target"}"#)
            || state.starts_with(br#"{"is":"pending","#) && quiet())
}

fn number(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.iter().take_while(|byte| byte.is_ascii_digit()).count()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;
    use crate::domain::delivery::{Cancellation, Delivery, Failure, Hand, Hold, Kind, LastAttempt, State};
    use crate::domain::filter::Row;
    use crate::domain::ids::{DeliveryId, Seq};
    use crate::domain::retry::Outcome;

    fn delivery(state: State) -> Delivery {
        Delivery {
            // What it would say of itself, had it no quotes.
            ticket: Some(r#"","state":{"is":"delivered","by":"target"},"event":9,"id":"d-9"#.into()),
            resale: Some("resale".into()),
            to: Some("to@x".into()),
            ..Delivery::new(DeliveryId(Seq(41)), Kind::Return, state, Timestamp::UNIX_EPOCH)
        }
    }

    #[test]
    fn whatever_says_more_is_not_taken_for_plain() {
        let pending = || State::Pending { due: Timestamp::UNIX_EPOCH };
        let operator = || Hand::Operator { who: "ana".into(), why: "at the counter".into() };
        let last = LastAttempt { outcome: Outcome::Deferred, text: "503".into() };
        let plain = [delivery(pending()), delivery(State::Delivered { by: Hand::Target })];
        let before = plain.iter().cloned();
        let more = [
            Delivery { behind: Some(DeliveryId(Seq(1))), ..delivery(pending()) },
            Delivery { last: Some(last), ..delivery(pending()) },
            Delivery { event: Seq(42), ..delivery(pending()) },
            Delivery { event: Seq(4), ..delivery(State::Delivered { by: Hand::Target }) },
            delivery(State::InFlight { attempt: 1 }),
            delivery(State::Delivered { by: operator() }),
            delivery(State::Failed { why: Failure::UsedUp }),
            delivery(State::Held { why: Hold::Unmatched }),
            delivery(State::Cancelled { why: Cancellation::NothingToUndo { sale: DeliveryId(Seq(3)) } }),
        ];
        for (one, is_plain) in before.map(|one| (one, true)).chain(more.map(|one| (one, false))) {
            let json = serde_json::to_string(&one).unwrap();
            assert_eq!(says_no_more(json.as_bytes()), is_plain, "{json}");
            let plainly = json.replace("\\\"", "\"");
            let all_there = one.text().lines().all(|line| plainly.contains(line));
            assert!(!is_plain || all_there, "{} says more than {json}", one.text());
        }
        for nothing in ["", "{}", r#"{"id":"d-","event":,"state":{}"#] {
            assert!(!says_no_more(nothing.as_bytes()));
        }
    }
}
