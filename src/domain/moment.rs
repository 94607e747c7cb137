//! Earlier moments of the ledger: which one is wanted, and which one that is.

use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::ids::{DeliveryId, Seq, TicketId};
use super::record::Record;

/// The ledger as it stood when `last` was its last record and the clock showed `at`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// 0: nothing was on record.
    pub last: Seq,
    /// What ages and lateness are counted by.
    pub at: Timestamp,
}

/// Which moment is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seek {
    /// When the clock showed this. Takes the records' moments to ascend.
    Clock(Timestamp),
    /// Just after the last record before this one that changed something. Before the first record that is just before it.
    Before(Seq, Subject),
    /// Just after the first record behind this one that changed something.
    After(Seq, Subject),
}

/// What a record must be about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// Anything that can be seen: all but reveals.
    Anything,
    /// A delivery.
    Delivery(DeliveryId),
    /// A ticket.
    Ticket(TicketId),
}

/// A moment that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Which.
    pub moment: Moment,
    /// Its last record, without the bytes; none before the first.
    pub record: Option<Box<Record>>,
}

/// What is said of an earlier moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recalled<A> {
    /// So many per cent of the journal up to there are folded: ask again, and it goes on.
    Folding(u8),
    /// What was asked.
    Answer(A),
}
