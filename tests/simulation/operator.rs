//! The operator: gives orders at random, and does by hand what they say they did. What follows for the checks from a
//! person's decision is here, too.
//!
//! A person **overrides** when they settle what the program left open: cancelling, or releasing or marking what is held. The
//! ticket may then stand elsewhere than with menta's owner, by that person's will; until the order is undone nobody checks
//! that ticket's owner. Retrying what failed, and doing by hand what was not held, overrides nothing.

use willcall::domain::delivery::{Delivery, Stage};
use willcall::domain::ids::{DeliveryId, Seq};
use willcall::domain::query::{Command, Order};
use willcall::domain::record::OperatorAction;

/// What is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    Retry,
    MarkDelivered,
    Cancel,
    Undo,
}

impl What {
    pub const ALL: [Self; 4] = [Self::Retry, Self::MarkDelivered, Self::Cancel, Self::Undo];

    pub fn command(self, id: DeliveryId) -> Command {
        match self {
            Self::Retry => Command::Retry(id),
            Self::MarkDelivered => Command::MarkDelivered(id),
            Self::Cancel => Command::Cancel(id),
            Self::Undo => Command::Undo(id),
        }
    }

    /// As in a scenario file and in the count.
    pub fn name(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::MarkDelivered => "mark_delivered",
            Self::Cancel => "cancel",
            Self::Undo => "undo",
        }
    }

    /// Settles by a person's will what the program left open.
    pub fn overrides(self, before: &Delivery) -> bool {
        match self {
            Self::Retry | Self::MarkDelivered => before.stage() == Stage::Held,
            Self::Cancel => true,
            Self::Undo => false,
        }
    }
}

/// An order that was carried out, as it must stand in the ledger ever after.
#[derive(Debug, Clone)]
pub struct Given {
    pub seq: Seq,
    pub order: Order,
}

/// The action a command is recorded as.
pub fn action(command: &Command) -> Option<OperatorAction> {
    match command {
        Command::Retry(id) => Some(OperatorAction::Retry(*id)),
        Command::MarkDelivered(id) => Some(OperatorAction::MarkDelivered(*id)),
        Command::Cancel(id) => Some(OperatorAction::Cancel(*id)),
        Command::Undo(id) => Some(OperatorAction::Undo(*id)),
        Command::Resend(_) | Command::Reveal { .. } => None,
    }
}
