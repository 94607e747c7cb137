//! What an order would do, in a sentence. Found by carrying it out on a copy, so that it cannot say something else than
//! what the ledger then does; what other deliveries of the ticket have to say against it, only the ledger knows.

use super::dialog::Ask;
use super::words;
use crate::domain::Timestamp;
use crate::domain::decide::{Refusal, ordered};
use crate::domain::delivery::{Amendment, Delivery, Evidence, Hand, Hold, Kind, State};
use crate::domain::ids::Seq;
use crate::domain::privacy::Privacy;
use crate::domain::query::Command;
use crate::domain::ticket::Ticket;

/// The sentence about `ask`, put at `now`.
pub fn of(ask: &Ask, privacy: Privacy, now: Timestamp) -> String {
    let outcome = |delivery: &Delivery| carried_out(delivery, &ask.command(), now);
    let said = match ask {
        Ask::Retry(one) => outcome(one).map(|after| retry(one, &after, privacy)),
        Ask::MarkDelivered(one) => outcome(one).map(|after| mark_delivered(one, &after, privacy)),
        Ask::Cancel(one) => outcome(one).map(|after| cancel(one, &after, privacy)),
        Ask::Undo(one) => outcome(one).map(|after| format!("It becomes {} again.", words::stage(after.stage()).0)),
        Ask::Resend(_) => {
            Ok("Its bytes go through the parser as it is now; if they can be read they become an event.".to_owned())
        }
    };
    said.unwrap_or_else(|Refusal(why)| format!("It will be refused: {}.", privacy.text(&why)))
}

/// Why `ask` would be refused at `now`, as far as the delivery itself tells.
pub fn refusal(ask: &Ask, now: Timestamp) -> Option<String> {
    let Refusal(why) = carried_out(ask.delivery()?, &ask.command(), now).err()?;
    Some(why)
}

/// The delivery as the order leaves it, as far as the delivery itself tells.
fn carried_out(delivery: &Delivery, command: &Command, now: Timestamp) -> Result<Delivery, Refusal> {
    let alone = Ticket::new(vec![delivery.clone()]);
    let changed = ordered(&alone, command, "", "", Seq(0), now)?;
    Ok(changed.into_iter().next().unwrap_or_else(|| delivery.clone()))
}

fn retry(before: &Delivery, after: &Delivery, privacy: Privacy) -> String {
    let key = match before.idempotency_key() == after.idempotency_key() {
        true => "the same idempotency key",
        false => "a new idempotency key",
    };
    if let Some(amendment) = &before.amendment {
        let (event, people) = (amendment.event, people(after, privacy));
        return format!("What menta says now (event {event}) is sent, not what it said before: {people}, under {key}.");
    }
    let how = match &before.state {
        State::Held { why: Hold::ReversalHeld { reversal } } => {
            format!("If {reversal} was cancelled it is released and sent as it is; if not, this is refused")
        }
        State::Held { .. } => "It is released and sent as it is".to_owned(),
        State::Pending { .. } => "It is sent now rather than later".to_owned(),
        _ => format!("It is sent to the target again, under {key}"),
    };
    format!("{how}: {}.", words::meaning(before.kind))
}

fn mark_delivered(before: &Delivery, after: &Delivery, privacy: Privacy) -> String {
    if let Some(amendment) = &before.amendment {
        let (event, owner) = (amendment.event, privacy.someone(after.to.as_ref()));
        return format!(
            "It is not sent any more; you say that it is as menta says now (event {event}): {owner} has it."
        );
    }
    let whom = match before.kind {
        Kind::Transfer => "the buyer has the ticket",
        Kind::Return => "the seller has the ticket back",
    };
    format!("It is not sent any more; you say that {whom}.")
}

fn cancel(before: &Delivery, after: &Delivery, privacy: Privacy) -> String {
    let dismissed = before.amendment.as_ref().map_or(String::new(), |amendment| dismissed(amendment, privacy));
    if let State::Delivered { by } = &after.state {
        let by = match by {
            Hand::Target => "the target accepted it",
            Hand::Operator { .. } => "it was marked",
        };
        let owner = privacy.someone(after.to.as_ref());
        return format!("It counts as delivered to {owner} again, as {by}.{dismissed}");
    }
    let (whom, back) = match before.kind {
        Kind::Transfer => ("the buyer", ""),
        Kind::Return => ("the seller", " back"),
    };
    let outside = match before.evidence {
        Evidence::NotDone => format!("{whom} does not get the ticket{back} from us"),
        Evidence::Unknown => format!("{whom} has the ticket{back} only if an attempt has moved it already"),
        Evidence::Done => "what was done outside stays done".to_owned(),
    };
    format!("It is not sent any more: {outside}.{dismissed}")
}

fn dismissed(amendment: &Amendment, privacy: Privacy) -> String {
    let owner = privacy.someone(amendment.to.as_ref());
    format!(" What menta says now (event {}, to {owner}) is not sent.", amendment.event)
}

fn people(delivery: &Delivery, privacy: Privacy) -> String {
    format!("{} → {}", privacy.someone(delivery.from.as_ref()), privacy.someone(delivery.to.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{DeliveryId, Digest, Person};
    use crate::ui::tests::ledger::{delivery, now};

    const OTHER: DeliveryId = DeliveryId(Seq(3));

    fn held(why: Hold) -> Delivery {
        delivery(7, Kind::Transfer, "t", State::Held { why }, 60)
    }

    fn amended(why: Hold, evidence: Evidence) -> Delivery {
        let person = |address: &str| Some(Person::from(address));
        let (from, to) = (person("joe@gmail.com"), person("new.owner@mail.org"));
        let amendment = Some(Amendment { event: Seq(9), from, to, personal: Digest::of(&[b"new"]), doubted_by: None });
        Delivery { amendment, evidence, attempts: 1, ..held(why) }
    }

    fn says(ask: Ask) -> String {
        of(&ask, Privacy::Masked, now())
    }

    #[track_caller]
    fn each(one: &Delivery, retried: &str, marked: &str, cancelled: &str) {
        let said = [Ask::Retry(one.clone()), Ask::MarkDelivered(one.clone()), Ask::Cancel(one.clone())].map(says);
        assert_eq!(said, [retried, marked, cancelled]);
    }

    #[test]
    fn what_is_held_for_its_place_is_sent_as_it_is() {
        for why in [
            Hold::OtherPeople { sale: OTHER },
            Hold::MovedOn { newer: OTHER },
            Hold::SoldBefore { sold: OTHER },
            Hold::NotTheOwner { owner_since: OTHER },
            Hold::NeverReceived { cancelled: OTHER },
            Hold::RepeatedOrNew { before: OTHER },
            Hold::ReversalOfEither { reversal: OTHER, taken_for: OTHER },
        ] {
            each(
                &held(why),
                "It is released and sent as it is: the ticket goes to its buyer.",
                "It is not sent any more; you say that the buyer has the ticket.",
                "It is not sent any more: the buyer does not get the ticket from us.",
            );
        }
        let back = delivery(7, Kind::Return, "t", State::Held { why: Hold::MovedOn { newer: OTHER } }, 60);
        each(
            &back,
            "It is released and sent as it is: the ticket goes back to its seller.",
            "It is not sent any more; you say that the seller has the ticket back.",
            "It is not sent any more: the seller does not get the ticket back from us.",
        );
    }

    #[test]
    fn what_cannot_be_sent_is_not_promised() {
        for why in [
            Hold::Missing { field: "newOwnerEmail".into() },
            Hold::ReversalUnclear { sent: "\"maybe\"".into() },
            Hold::RepeatedKey { key: "id".into() },
            Hold::Unmatched,
            Hold::SeveralSales { one: OTHER },
        ] {
            let said = says(Ask::Retry(held(why.clone())));
            assert_eq!(said, format!("It will be refused: d-7 cannot be sent: {why}."));
        }
        let waiting = State::Held { why: Hold::ReversalHeld { reversal: OTHER } };
        let said = says(Ask::Retry(delivery(7, Kind::Transfer, "t", waiting, 60)));
        assert!(said.starts_with("If d-3 was cancelled") && said.contains("if not, this is refused"), "{said}");
    }

    #[test]
    fn a_change_after_the_delivery_is_sent_by_retry_and_dismissed_by_cancel() {
        each(
            &amended(Hold::AmendedAfterSent { delivered: Some(Hand::Target) }, Evidence::Done),
            "What menta says now (event 9) is sent, not what it said before: j•••@gmail.com → n•••@mail.org, under a new \
             idempotency key.",
            "It is not sent any more; you say that it is as menta says now (event 9): n•••@mail.org has it.",
            "It counts as delivered to s•••@hotmail.com again, as the target accepted it. What menta says now (event 9, to \
             n•••@mail.org) is not sent.",
        );
    }

    #[test]
    fn a_change_after_an_unclear_attempt_leaves_it_unclear() {
        let one = amended(Hold::AmendedAfterSent { delivered: None }, Evidence::Unknown);
        assert_eq!(
            says(Ask::Cancel(one)),
            "It is not sent any more: the buyer has the ticket only if an attempt has moved it already. What menta says now \
             (event 9, to n•••@mail.org) is not sent."
        );
    }

    #[test]
    fn a_change_after_a_cancelling_is_sent_only_by_retry() {
        let one = Delivery { attempts: 0, ..amended(Hold::AmendedAfterCancel, Evidence::NotDone) };
        let retried = says(Ask::Retry(one.clone()));
        assert!(retried.ends_with("j•••@gmail.com → n•••@mail.org, under the same idempotency key."), "{retried}");
        let cancelled = says(Ask::Cancel(one.clone()));
        assert!(cancelled.contains("does not get the ticket") && cancelled.ends_with("is not sent."), "{cancelled}");
        assert!(of(&Ask::Retry(one), Privacy::Revealed, now()).contains("new.owner@mail.org"));
    }

    #[test]
    fn a_refused_delivery_goes_again_under_a_new_key() {
        use crate::domain::delivery::{Failure, LastAttempt};
        use crate::domain::retry::Outcome;
        let failed = delivery(7, Kind::Transfer, "t", State::Failed { why: Failure::Refused }, 60);
        let last = Some(LastAttempt { outcome: Outcome::Refused, text: "422".into() });
        let said = [failed.clone(), Delivery { last, ..failed }].map(|one| says(Ask::Retry(one)));
        assert!(
            said[0].contains("under the same idempotency key") && said[1].contains("under a new idempotency key"),
            "{said:?}"
        );
    }
}
