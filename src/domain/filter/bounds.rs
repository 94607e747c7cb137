//! What the indexes of a store can know of a tree: conditions that every wanted row meets, though not every row that meets
//! them is wanted. Where in doubt, nothing is known: a store may look at a row in vain, but must not pass over one.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;

use super::expression::{Condition, Expression, Test};
use super::field::{Comparison, Known};
use crate::domain::Timestamp;
use crate::domain::ids::Seq;

/// What every wanted row has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    one_of: BTreeMap<Known, BTreeSet<String>>,
    /// The lowest place it may have.
    pub lowest: Seq,
    /// The highest.
    pub highest: Seq,
    /// It did not come before.
    pub since: Timestamp,
    /// It did not come after.
    pub until: Timestamp,
}

impl Bounds {
    /// Nothing is known.
    pub const NONE: Self = Self {
        one_of: BTreeMap::new(),
        lowest: Seq(0),
        highest: Seq(u64::MAX),
        since: Timestamp::MIN_UTC,
        until: Timestamp::MAX_UTC,
    };

    /// What every row has that `tree` wants at `now`.
    pub fn of(tree: &Expression, now: Timestamp) -> Self {
        match tree {
            Expression::All(parts) => {
                parts.iter().map(|part| Self::of(part, now)).fold(Self::NONE, |one, other| one.and(other))
            }
            Expression::Any(parts) => {
                parts.iter().map(|part| Self::of(part, now)).reduce(|one, other| one.or(other)).unwrap_or(Self::NONE)
            }
            Expression::Condition(condition) => Self::of_condition(condition, now),
            // What is not in one index may be in any other.
            Expression::Not(_) | Expression::Text(_) => Self::NONE,
        }
    }

    /// The texts one of which the row has there, names in lower case; `None` when that is not known.
    pub fn one_of(&self, known: Known) -> Option<&BTreeSet<String>> {
        self.one_of.get(&known)
    }

    fn of_condition(condition: &Condition, now: Timestamp) -> Self {
        let Some(known) = condition.field.known else { return Self::NONE };
        match (known, &condition.test) {
            (Known::Place, Test::Number(comparison, number)) => {
                let (floor, none) = (number.floor(), Self::NONE);
                let above = Seq(floor.saturating_add(1));
                match comparison {
                    Comparison::Has | Comparison::Is => Self { lowest: Seq(floor), highest: above, ..none },
                    Comparison::Less | Comparison::AtMost => Self { highest: above, ..none },
                    Comparison::More | Comparison::AtLeast => Self { lowest: Seq(floor), ..none },
                }
            }
            (Known::Came, Test::Span(comparison, age)) => match comparison {
                Comparison::Less | Comparison::AtMost => Self { since: before(now, *age), ..Self::NONE },
                Comparison::More | Comparison::AtLeast => Self { until: before(now, *age), ..Self::NONE },
                Comparison::Has | Comparison::Is => Self::NONE,
            },
            (Known::Came, Test::Moment(comparison, stretch)) => {
                let (since, until) = stretch.bounds(now);
                match comparison {
                    Comparison::Has | Comparison::Is => Self { since, until, ..Self::NONE },
                    Comparison::Less | Comparison::AtMost => Self { until, ..Self::NONE },
                    Comparison::More | Comparison::AtLeast => Self { since, ..Self::NONE },
                }
            }
            (Known::Family | Known::Stage | Known::Kind, Test::Is(text))
            | (Known::Ticket | Known::Show, Test::Exactly(text)) => {
                Self { one_of: [(known, [text.clone()].into())].into(), ..Self::NONE }
            }
            _ => Self::NONE,
        }
    }

    fn and(mut self, other: Self) -> Self {
        for (known, texts) in other.one_of {
            let both = match self.one_of.get(&known) {
                Some(own) => own & &texts,
                None => texts,
            };
            self.one_of.insert(known, both);
        }
        Self {
            one_of: self.one_of,
            lowest: self.lowest.max(other.lowest),
            highest: self.highest.min(other.highest),
            since: self.since.max(other.since),
            until: self.until.min(other.until),
        }
    }

    fn or(self, other: Self) -> Self {
        let both = self.one_of.iter().filter_map(|(known, own)| Some((*known, own | other.one_of.get(known)?)));
        Self {
            one_of: both.collect(),
            lowest: self.lowest.min(other.lowest),
            highest: self.highest.max(other.highest),
            since: self.since.min(other.since),
            until: self.until.max(other.until),
        }
    }
}

/// So long before `now`; the first or last moment there is where that is beyond all moments.
fn before(now: Timestamp, age: TimeDelta) -> Timestamp {
    let far = if age > TimeDelta::zero() { Timestamp::MIN_UTC } else { Timestamp::MAX_UTC };
    now.checked_sub_signed(age).unwrap_or(far)
}
