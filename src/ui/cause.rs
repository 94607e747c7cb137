//! Why something stands where it stands, without what tells it from its like: rows of one cause are one group.

use crate::domain::delivery::{Delivery, Stage};
use crate::domain::ids::DeliveryId;
use crate::domain::query::RejectedRow;

/// What rows of one group have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cause {
    /// Where they stand; none for requests in quarantine.
    pub stage: Option<Stage>,
    /// Why, if there is anything to say.
    pub why: String,
}

/// Stands for whatever differs from row to row.
const ANY: &str = "…";

impl Cause {
    /// Of a delivery as it stands.
    pub fn of(delivery: &Delivery) -> Self {
        let why = delivery.reason().map_or(String::new(), |reason| like(&reason, delivery));
        Self { stage: Some(delivery.stage()), why }
    }

    /// Of a request in quarantine.
    pub fn of_request(row: &RejectedRow) -> Self {
        let why = words(&row.rejected.message, |word| word.bytes().all(|one| one.is_ascii_digit()).then_some(ANY));
        Self { stage: None, why }
    }

    /// Of a refusal, whose own delivery is `it`.
    pub fn of_refusal(why: &str, it: Option<DeliveryId>) -> Self {
        let own = it.map(|id| id.to_string());
        let named = words(why, |word| match own.as_deref() {
            Some(own) if own == word => Some("it"),
            _ => is_id(word).then_some(ANY),
        });
        Self { stage: None, why: counted(&named) }
    }
}

/// A sentence about `delivery` without its ticket, its people, and the numbers of events, attempts and other deliveries.
fn like(sentence: &str, delivery: &Delivery) -> String {
    let people = [&delivery.from, &delivery.to].into_iter().flatten().filter_map(|one| one.address());
    let ids = delivery.ticket.as_ref().map(|one| one.0.as_str()).into_iter();
    let resale = delivery.resale.as_ref().map(|one| one.0.as_str());
    let named = ids.chain(resale).chain(people).fold(sentence.to_owned(), |text, name| without(&text, name));
    counted(&words(&named, |word| is_id(word).then_some(ANY)))
}

fn is_id(word: &str) -> bool {
    word.strip_prefix("d-").is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|one| one.is_ascii_digit()))
}

/// `name` where it stands as a whole word.
fn without(text: &str, name: &str) -> String {
    if name.is_empty() {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(name) {
        let (before, after) = (&rest[..at], &rest[at + name.len()..]);
        let joined = out.chars().chain(before.chars()).last().is_some_and(char::is_alphanumeric)
            || after.starts_with(char::is_alphanumeric);
        out.push_str(before);
        out.push_str(if joined { name } else { ANY });
        rest = after;
    }
    out + rest
}

/// Numbers of events and attempts, which are told apart by the word beside them.
fn counted(text: &str) -> String {
    let parts: Vec<&str> = text.split(' ').collect();
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|one| one.is_ascii_digit());
    let out = parts.iter().enumerate().map(|(place, part)| {
        let before = place.checked_sub(1).map(|before| parts[before]);
        let counts = matches!(before, Some("event" | "attempt")) || parts.get(place + 1) == Some(&"attempts");
        if counts && is_number(part) { ANY } else { part }
    });
    out.collect::<Vec<_>>().join(" ")
}

/// `text` with those words in place of which something else is to stand.
fn words(text: &str, instead: impl Fn(&str) -> Option<&'static str>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let is_of_word = |one: char| one.is_ascii_alphanumeric() || one == '-';
        let length = rest.find(|one| !is_of_word(one)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(length);
        out.push_str(instead(word).filter(|_| !word.is_empty()).unwrap_or(word));
        let gap = after.find(is_of_word).unwrap_or(after.len());
        out.push_str(&after[..gap]);
        rest = &after[gap..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::delivery::{Failure, Hold, Kind, LastAttempt, State};
    use crate::domain::ids::Seq;
    use crate::domain::retry::Outcome;
    use crate::ui::tests::ledger::{delivery, now};

    fn failed(id: u64, ticket: &str, text: &str, why: Failure) -> Delivery {
        let last = Some(LastAttempt { outcome: Outcome::Refused, text: text.into() });
        Delivery { last, attempts: id as u32, ..delivery(id, Kind::Transfer, ticket, State::Failed { why }, 60) }
    }

    fn why(one: &Delivery) -> String {
        Cause::of(one).why
    }

    #[test]
    fn what_tells_a_delivery_from_its_like_is_no_cause() {
        let locked = |id, ticket: &str| failed(id, ticket, &format!("422: ticket {ticket} locked"), Failure::Refused);
        assert_eq!(why(&locked(3, "A-7")), "refused: 422: ticket … locked");
        assert_eq!(Cause::of(&locked(3, "A-7")), Cause::of(&locked(44, "B-9")));
        assert_ne!(Cause::of(&locked(3, "A-7")), Cause::of(&failed(3, "A-7", "409: sold", Failure::Refused)));
        let tried = |attempts| failed(attempts, "x", "500: d-3 of joe@gmail.com", Failure::UsedUp);
        assert_eq!(why(&tried(11)), "… attempts used up, the last: 500: … of …");
        assert_eq!(Cause::of(&tried(11)), Cause::of(&tried(12)));
        let held = |newer| {
            let why = Hold::MovedOn { newer: DeliveryId(Seq(newer)) };
            delivery(7, Kind::Return, "t", State::Held { why }, 60)
        };
        assert_eq!(why(&held(41)), "the ticket has moved on: … sold it again");
        assert_eq!(Cause::of(&held(41)), Cause::of(&held(9)));
        let waits = delivery(7, Kind::Transfer, "t", State::Pending { due: now() }, 60);
        assert_eq!((Cause::of(&waits).stage, why(&waits)), (Some(Stage::Pending), String::new()));
    }

    #[test]
    fn a_name_is_one_only_as_a_whole() {
        assert_eq!(without("ticket 42: 422, 42", "42"), "ticket …: 422, …");
        assert_eq!(without("a", ""), "a");
        // The status says what happened, and is no name.
        assert_eq!(why(&failed(422, "42", "422", Failure::Refused)), "refused: 422");
    }

    #[test]
    fn a_refusal_speaks_of_it() {
        let refusal = |text: &str| Cause::of_refusal(text, Some(DeliveryId(Seq(7)))).why;
        assert_eq!(refusal("attempt 3 of d-7 is under way: wait for its end"), {
            "attempt … of it is under way: wait for its end"
        });
        assert_eq!(refusal("d-7 waits behind d-41: settle that one first"), "it waits behind …: settle that one first");
    }
}
