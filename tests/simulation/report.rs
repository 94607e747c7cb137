//! How often what happened: so that no branch is left untested by luck.

use std::collections::BTreeMap;
use std::fmt;

use willcall::domain::delivery::{Cancellation, Delivery, Failure, Hand, Hold, Stage, State};
use willcall::domain::retry::Outcome;

/// Counts, by what is counted and which.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    counts: BTreeMap<&'static str, BTreeMap<&'static str, u64>>,
}

/// What must occur. `hold` and its like fail to compile when a variant comes that has no name here.
const MUST_OCCUR: [(&str, &[&str]); 17] = [
    (
        "hold",
        &[
            "missing",
            "reversal unclear",
            "repeated key",
            "unmatched",
            "several sales",
            "other people",
            "reversal held",
            "moved on",
            "sold before",
            "not the owner",
            "never received",
            "amended after sent",
            "amended after cancel",
            "amended back",
            "repeated or new",
        ],
    ),
    ("cancelled", &["reversed", "nothing to undo", "by a person"]),
    ("failed", &["refused", "used up"]),
    ("delivered", &["by the target", "by hand"]),
    ("outcome", &["accepted", "refused", "deferred", "unknown"]),
    ("order", &["retry", "mark_delivered", "cancel", "undo"]),
    ("order refused", &["retry", "mark_delivered", "cancel", "undo"]),
    ("undone", &["mark_delivered", "cancel"]),
    (
        "undo refused",
        &[
            "never marked delivered or cancelled",
            "undone already",
            "a webhook has followed",
            "an attempt has started",
            "an attempt has ended",
            "another order has followed",
        ],
    ),
    (
        "menta",
        &[
            "lists, with others",
            "sells, with a resale id",
            "sells, without one",
            "sells on, a third time or more",
            "sells back to a former owner",
            "sells another ticket of the same purchase",
            "corrects the buyer",
            "corrects the name",
            "takes the last link back",
            "takes a link back that was followed by others",
            "names people as the sale did",
            "names people the other way round",
            "names strangers",
        ],
    ),
    (
        "arrived",
        &[
            "sale",
            "reversal",
            "proper",
            "respelled",
            "rubbish",
            "after all else",
            "older words for the first time, after newer ones",
            "older words again, after newer ones",
            "no id",
            "no newOwnerEmail",
            "no oldOwnerEmail",
            "reversal as a text",
            "a key twice",
        ],
    ),
    ("answered", &["stored", "duplicate"]),
    ("started", &["transfer", "return"]),
    (
        "answer",
        &[
            "200",
            "422",
            "429",
            "429 with Retry-After",
            "unreachable",
            "500, done",
            "500, not done",
            "silence, done",
            "silence, not done",
        ],
    ),
    ("at rest", &["at menta's owner", "left for a person", "decided by a person", "nobody can tell"]),
    ("writer", &["batch of several"]),
    ("death", &DEATHS),
];

/// Where the program must have died.
const DEATHS: [&str; 10] = [
    "between decision and journal",
    "in the middle of a batch's write",
    "between journal and store",
    "between store and answer",
    "between attempt on record and call",
    "between call and outcome on record",
    "call under way, done",
    "call under way, not done",
    "while coming back",
    "store lost",
];

impl Tally {
    pub fn count(&mut self, what: &'static str, which: &'static str) {
        *self.counts.entry(what).or_default().entry(which).or_default() += 1;
    }

    pub fn of(&self, what: &str, which: &str) -> u64 {
        self.counts.get(what).and_then(|counts| counts.get(which)).copied().unwrap_or_default()
    }

    pub fn add(&mut self, other: &Self) {
        for (what, counts) in &other.counts {
            for (which, count) in counts {
                *self.counts.entry(what).or_default().entry(which).or_default() += count;
            }
        }
    }

    /// A delivery came to where it stands now.
    pub fn moved(&mut self, before: Option<&Delivery>, after: &Delivery) {
        if before.is_some_and(|before| before.state == after.state) {
            return;
        }
        match &after.state {
            State::Held { why } => self.count("hold", hold(why)),
            State::Cancelled { why } => self.count("cancelled", cancelled(why)),
            State::Failed { why } => self.count("failed", failed(why)),
            State::Delivered { by } => self.count("delivered", delivered(by)),
            State::Pending { .. } | State::InFlight { .. } => {}
        }
        if let Some(before) = before
            && before.stage() == Stage::Held
        {
            self.count("hold", "left again");
        }
    }

    /// An attempt ended.
    pub fn ended(&mut self, how: Outcome) {
        self.count("outcome", outcome(how));
    }

    /// What should have occurred and did not.
    pub fn never(&self) -> Vec<String> {
        let never = |what: &'static str, which: &&'static str| self.of(what, which) == 0;
        MUST_OCCUR
            .iter()
            .flat_map(|(what, all)| {
                all.iter().filter(move |which| never(what, which)).map(move |one| format!("{what}: {one}"))
            })
            .collect()
    }

    /// The deaths that should have occurred and did not.
    pub fn never_died(&self) -> Vec<String> {
        self.never().into_iter().filter(|one| one.starts_with("death: ")).collect()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, counts) in &self.counts {
            writeln!(f, "{what}")?;
            for (which, count) in counts {
                writeln!(f, "  {which:<50}{count:>12}")?;
            }
        }
        Ok(())
    }
}

fn hold(why: &Hold) -> &'static str {
    match why {
        Hold::Missing { .. } => "missing",
        Hold::ReversalUnclear { .. } => "reversal unclear",
        Hold::RepeatedKey { .. } => "repeated key",
        Hold::Unmatched => "unmatched",
        Hold::SeveralSales { .. } => "several sales",
        Hold::OtherPeople { .. } => "other people",
        Hold::ReversalHeld { .. } => "reversal held",
        Hold::ReversalDismissed { .. } => "reversal dismissed",
        Hold::MovedOn { .. } => "moved on",
        Hold::SoldBefore { .. } => "sold before",
        Hold::NotTheOwner { .. } => "not the owner",
        Hold::NeverReceived { .. } => "never received",
        Hold::AmendedAfterSent { .. } => "amended after sent",
        Hold::AmendedBack { .. } => "amended back",
        Hold::AmendedAfterCancel => "amended after cancel",
        Hold::ReversalOfEither { .. } => "reversal of either",
        Hold::RepeatedOrNew { .. } => "repeated or new",
        Hold::Blanked => "blanked",
    }
}

fn cancelled(why: &Cancellation) -> &'static str {
    match why {
        Cancellation::Reversed { .. } => "reversed",
        Cancellation::NothingToUndo { .. } => "nothing to undo",
        Cancellation::Operator { .. } => "by a person",
    }
}

fn failed(why: &Failure) -> &'static str {
    match why {
        Failure::Refused => "refused",
        Failure::UsedUp => "used up",
    }
}

fn delivered(by: &Hand) -> &'static str {
    match by {
        Hand::Target => "by the target",
        Hand::Operator { .. } => "by hand",
    }
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Accepted => "accepted",
        Outcome::Refused => "refused",
        Outcome::Deferred => "deferred",
        Outcome::Unknown => "unknown",
    }
}
