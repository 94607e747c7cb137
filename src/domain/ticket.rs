//! All deliveries of one ticket, in the order they were created: who may go next, and who should own the ticket.

use super::ids::{DeliveryId, Digest, TicketId};

/// The line in which deliveries wait for each other: one a ticket, and one of its own for a delivery without a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane(pub Digest);

impl Lane {
    /// The lane of a ticket.
    pub fn of(ticket: &TicketId) -> Self {
        Self(Digest::of(&[b"ticket", ticket.0.as_bytes()]))
    }

    /// The lane of `id`, which is about `ticket`.
    pub fn of_delivery(ticket: Option<&TicketId>, id: DeliveryId) -> Self {
        match ticket {
            Some(ticket) => Self::of(ticket),
            None => Self(Digest::of(&[b"alone", &id.0.0.to_be_bytes()])),
        }
    }
}
