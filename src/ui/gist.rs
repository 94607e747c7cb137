//! An event in a few words, from its brief: who, how much, and what else is worth a word; and a record in a few more.

use crate::domain::privacy::Privacy;
use crate::domain::query::Brief;
use crate::domain::record::{Fact, OperatorAction, Record};

use super::{text, words};

/// Seller to buyer, as far as they are named.
pub fn people(brief: &Brief, privacy: Privacy) -> String {
    match (&brief.from, &brief.to) {
        (Some(from), Some(to)) => format!("{} → {}", privacy.person(from), privacy.person(to)),
        (Some(one), None) => privacy.person(one),
        (None, Some(one)) => format!("→ {}", privacy.person(one)),
        (None, None) => String::new(),
    }
}

/// An amount as sent. One that is no number could be anything, and is treated so.
pub fn amount(amount: &str, privacy: Privacy) -> String {
    let number = |one: char| one.is_ascii_digit() || matches!(one, '.' | ',' | '-' | '+' | 'e' | 'E' | ' ');
    if amount.chars().all(number) { amount.to_owned() } else { privacy.text(amount) }
}

/// What the buyer pays where it is said besides the price.
pub fn pays(brief: &Brief, privacy: Privacy) -> String {
    brief.buyer_pays.as_ref().map_or(String::new(), |one| format!("buyer pays {}", amount(one, privacy)))
}

/// The price, and what the buyer pays.
pub fn amounts(brief: &Brief, privacy: Privacy) -> String {
    join([brief.amount.as_ref().map_or(String::new(), |one| amount(one, privacy)), pays(brief, privacy)])
}

/// All of it; the amounts first, so that people are cut rather than they.
pub fn whole(brief: &Brief, privacy: Privacy) -> String {
    join([amounts(brief, privacy), people_and_note(brief, privacy)])
}

/// All but the price, for where that has a place of its own.
pub fn without_price(brief: &Brief, privacy: Privacy) -> String {
    join([pays(brief, privacy), people_and_note(brief, privacy)])
}

/// A record: what happened, and how it left the deliveries that it changed.
pub fn record(record: &Record, privacy: Privacy) -> String {
    let happened = match &record.head.fact {
        Fact::Received(fact) => {
            let ticket =
                fact.ticket.as_ref().map_or(String::new(), |one| format!(" of ticket {}", text::fit(&one.0, 40)));
            let again = fact.duplicate_of.map_or(String::new(), |first| format!(", as event {first} before"));
            format!("{}{ticket} came{again}", fact.action)
        }
        Fact::Rejected(fact) => format!("a request went into quarantine: {}", fact.message),
        Fact::AttemptStarted(fact) => format!("attempt {} of {} began", fact.attempt, fact.delivery),
        Fact::AttemptFinished(fact) => {
            let outcome = fact.answer.outcome.name();
            format!("attempt {} of {} {outcome}: {}", fact.attempt, fact.delivery, fact.answer.text)
        }
        Fact::OperatorActed(fact) => {
            format!("{} {} by {}", fact.action.name(), object(&fact.action), fact.who)
        }
    };
    let left = record.head.deliveries.iter().map(|one| format!("; {} {}", one.id, words::stage(one.stage()).0));
    text::visible(&privacy.text(&format!("{happened}{}", left.collect::<String>())))
}

/// What a person's action was done to.
pub fn object(action: &OperatorAction) -> String {
    match action {
        OperatorAction::Resend { rejected, event } => format!("request {rejected}, now event {event}"),
        OperatorAction::Reveal { what } => format!("personal data in {what}"),
        other => other.delivery().map_or(String::new(), |id| id.to_string()),
    }
}

fn people_and_note(brief: &Brief, privacy: Privacy) -> String {
    join([people(brief, privacy), brief.note.as_ref().map_or(String::new(), |note| privacy.text(note))])
}

fn join(parts: [String; 2]) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_shown_whole_and_people_masked() {
        let brief = Brief {
            from: Some("joe@gmail.com".into()),
            amount: Some("12345678.50".into()),
            buyer_pays: Some("23456789.25".into()),
            note: Some("call +5491155501234".into()),
            ..Brief::default()
        };
        assert_eq!(whole(&brief, Privacy::Masked), "12345678.50  buyer pays 23456789.25  j•••@gmail.com  call ••••34");
        let odd = Brief { amount: Some("joe@gmail.com".into()), ..Brief::default() };
        assert_eq!(whole(&odd, Privacy::Masked), "j•••@gmail.com");
    }
}
