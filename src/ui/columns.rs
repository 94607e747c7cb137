//! The columns of the lists of deliveries, in one table: how they are called, and which row is first where a list is sorted by
//! one of them.
//!
//! A sorted list is sorted among the rows that are held, the newest thousand of those that are wanted: a ledger is read from
//! its newest row on, and to sort all of it would be to read all of it. Where there are more, the list says so.

use std::cmp::{Ordering, Reverse};
use std::fmt;

use crate::domain::delivery::{Delivery, Stage, State};
use crate::domain::ids::Person;

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // each is explained by its line in TABLE
pub enum Column {
    Id,
    Kind,
    State,
    Ticket,
    From,
    To,
    Tries,
    Age,
    Next,
    Reason,
}

/// A line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The column.
    pub column: Column,
    /// As its head says.
    pub name: &'static str,
    /// What is first where rows are sorted by it.
    pub first: &'static str,
}

/// Every column, from left to right.
#[rustfmt::skip] // a table
pub const TABLE: &[Entry] = &[
    Entry { column: Column::Id, name: "id", first: "the newest first, as they come in" },
    Entry { column: Column::Kind, name: "kind", first: "transfers first" },
    Entry { column: Column::State, name: "state", first: "failed and held first, then what is open" },
    Entry { column: Column::Ticket, name: "ticket", first: "by the ticket's id" },
    Entry { column: Column::From, name: "from", first: "by who had the ticket" },
    Entry { column: Column::To, name: "to", first: "by who shall have it" },
    Entry { column: Column::Tries, name: "tries", first: "the most attempts first" },
    Entry { column: Column::Age, name: "age", first: "who has waited longest first, then what was settled last" },
    Entry { column: Column::Next, name: "next", first: "the next attempt first" },
    Entry { column: Column::Reason, name: "reason", first: "by why it stands there" },
];

impl Column {
    /// Its line in the table.
    pub const fn entry(self) -> &'static Entry {
        // A test keeps the table in the order of the columns, and complete.
        &TABLE[self as usize]
    }

    /// Whether it can be hidden: without its id no row is told from another.
    pub fn hides(self) -> bool {
        self != Self::Id
    }

    /// Which of two rows is first where they are sorted by it; of equals the newer.
    pub fn compare(self, one: &Delivery, other: &Delivery) -> Ordering {
        let by = match self {
            Self::Id => Ordering::Equal,
            Self::Kind => one.kind.name().cmp(other.kind.name()).reverse(),
            Self::State => urgency(one.stage()).cmp(&urgency(other.stage())),
            Self::Ticket => last_if_none(one.ticket.as_ref(), other.ticket.as_ref()),
            Self::From => last_if_none(one.from.as_ref().map(Person::as_str), other.from.as_ref().map(Person::as_str)),
            Self::To => last_if_none(one.to.as_ref().map(Person::as_str), other.to.as_ref().map(Person::as_str)),
            Self::Tries => other.attempts.cmp(&one.attempts),
            Self::Age => {
                let waits = |row: &Delivery| (!row.stage().settled()).then_some(row.created_at);
                let settled = || other.updated_at.cmp(&one.updated_at);
                last_if_none(waits(one), waits(other)).then_with(settled)
            }
            Self::Next => last_if_none(due(one), due(other)),
            Self::Reason => last_if_none(one.reason(), other.reason()),
        };
        by.then_with(|| other.id.cmp(&one.id))
    }
}

fn urgency(stage: Stage) -> u8 {
    match stage {
        Stage::Failed => 0,
        Stage::Held => 1,
        Stage::InFlight => 2,
        Stage::Pending => 3,
        Stage::Delivered => 4,
        Stage::Cancelled => 5,
    }
}

fn due(delivery: &Delivery) -> Option<crate::domain::Timestamp> {
    match delivery.state {
        State::Pending { due } if delivery.behind.is_none() => Some(due),
        _ => None,
    }
}

fn last_if_none<T: Ord>(one: Option<T>, other: Option<T>) -> Ordering {
    match (one, other) {
        (Some(one), Some(other)) => one.cmp(&other),
        (one, other) => Reverse(one.is_some()).cmp(&Reverse(other.is_some())),
    }
}

/// An order of rows other than that in which they came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// By what.
    pub column: Column,
    /// What is first otherwise is last.
    pub turned: bool,
}

impl Sort {
    /// The order after somebody has chosen `column`: a second time turns it round. None: that in which they came.
    pub fn chosen(before: Option<Self>, column: Column) -> Option<Self> {
        let plain = Self { column: Column::Id, turned: false };
        let before = before.unwrap_or(plain);
        let turned = before.column == column && !before.turned;
        Some(Self { column, turned }).filter(|sort| *sort != plain)
    }

    /// Reads what [`fmt::Display`] wrote; none where it makes no sense.
    pub fn parse(text: &str) -> Option<Self> {
        let (turned, name) = text.strip_prefix('-').map_or((false, text), |name| (true, name));
        let column = TABLE.iter().find(|entry| entry.name == name)?.column;
        Some(Self { column, turned }).filter(|sort| sort.turned || sort.column != Column::Id)
    }

    /// Which of two rows is first.
    pub fn compare(self, one: &Delivery, other: &Delivery) -> Ordering {
        if self.turned { self.column.compare(other, one) } else { self.column.compare(one, other) }
    }

    /// Its sign in a column's head.
    pub fn sign(self) -> &'static str {
        if self.turned { "▲" } else { "▼" }
    }
}

/// `age`, or `-age` where it is turned round.
impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.turned { "-" } else { "" }, self.column.entry().name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_is_in_the_table_at_its_place() {
        for (index, entry) in TABLE.iter().enumerate() {
            assert_eq!(entry.column as usize, index, "{entry:?}");
            assert_eq!(TABLE.iter().filter(|one| one.name == entry.name).count(), 1, "{entry:?}");
        }
        assert_eq!(TABLE.len(), Column::Reason as usize + 1);
    }

    #[test]
    fn the_same_column_again_turns_the_order_round() {
        let chosen = |before: &str, column| Sort::chosen(Sort::parse(before), column).map(|sort| sort.to_string());
        assert_eq!(chosen("", Column::Age).as_deref(), Some("age"));
        assert_eq!(chosen("age", Column::Age).as_deref(), Some("-age"));
        assert_eq!(chosen("-age", Column::Age).as_deref(), Some("age"));
        assert_eq!(chosen("-age", Column::Next).as_deref(), Some("next"));
        assert_eq!((chosen("age", Column::Id), chosen("", Column::Id).as_deref()), (None, Some("-id")));
        assert_eq!((Sort::parse("id"), Sort::parse("x"), Sort::parse("")), (None, None, None));
    }
}
