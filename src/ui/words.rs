//! States, waits, outcomes and evidence in a glyph, a word and a role: never by colour alone.

use std::time::Duration;

use crate::domain::delivery::{Delivery, Evidence, Kind, Stage};
use crate::domain::lateness::Lateness;
use crate::domain::retry::Outcome;

use super::theme::Role;
use super::when;

/// Glyph and word of a state, and what it means to the reader.
pub fn stage(stage: Stage) -> (&'static str, Role) {
    match stage {
        Stage::Pending => ("○ pending", Role::Waiting),
        Stage::InFlight => ("» in flight", Role::Busy),
        Stage::Delivered => ("✓ delivered", Role::Good),
        Stage::Failed => ("✗ FAILED", Role::Bad),
        Stage::Held => ("! HELD", Role::Held),
        Stage::Cancelled => ("– cancelled", Role::Off),
    }
}

/// Glyph and word of a wait; empty while there is time.
pub fn lateness(lateness: Lateness) -> (&'static str, Role) {
    match lateness {
        Lateness::OnTime => ("", Role::Plain),
        Lateness::ComingDue { .. } => ("△ due soon", Role::Soon),
        Lateness::Overdue { .. } => ("▲ overdue", Role::Bad),
    }
}

/// The same with its time: `▲ overdue by 12m04s`.
pub fn long_lateness(lateness: Lateness) -> (String, Role) {
    let (word, role) = self::lateness(lateness);
    let says = match lateness {
        Lateness::OnTime => String::new(),
        Lateness::ComingDue { left } => format!("{word}, in {}", when::long_span(left)),
        Lateness::Overdue { by } => format!("{word} by {}", when::long_span(by)),
    };
    (says, role)
}

/// How many are overdue: `▲ 3 overdue`.
pub fn overdue(count: u64) -> (String, Role) {
    let (word, role) = lateness(Lateness::Overdue { by: Duration::ZERO });
    (word.replacen(' ', &format!(" {} ", when::count(count)), 1), role)
}

/// Glyph and word of an outcome.
pub fn outcome(outcome: Outcome) -> (&'static str, Role) {
    match outcome {
        Outcome::Accepted => ("✓ accepted", Role::Good),
        Outcome::Refused => ("✗ refused", Role::Bad),
        Outcome::Deferred => ("○ deferred", Role::Waiting),
        Outcome::Unknown => ("? unknown", Role::Held),
    }
}

/// What is known of the world outside, in a sentence.
pub fn evidence(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::NotDone => "surely not done",
        Evidence::Unknown => "an attempt may have moved the ticket",
        Evidence::Done => "done",
    }
}

/// `transfer d-41`.
pub fn name(delivery: &Delivery) -> String {
    format!("{} {}", delivery.kind.name(), delivery.id)
}

/// What carrying it out does to the ticket.
pub fn meaning(kind: Kind) -> &'static str {
    match kind {
        Kind::Transfer => "the ticket goes to its buyer",
        Kind::Return => "the ticket goes back to its seller",
    }
}
