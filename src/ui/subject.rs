//! What a detail can be about, and the question that fetches it.

use crate::domain::ids::{DeliveryId, Seq, ShowId, TicketId};
use crate::domain::query::{EventQuery, Query, Window};

/// What a detail is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// An event.
    Event(Seq),
    /// A delivery.
    Delivery(DeliveryId),
    /// A ticket's timeline.
    Ticket(TicketId),
    /// A show.
    Show(ShowId),
    /// A request in quarantine.
    Rejected(Seq),
    /// Two records side by side.
    Comparison(Seq, Seq),
    /// What became of orders about many.
    Results,
}

/// Events of a show that are listed.
pub const SHOW_EVENTS: usize = 200;

impl Subject {
    /// The question that fetches it; none where nothing has to be fetched.
    pub fn query(&self) -> Option<Query> {
        Some(match self {
            Self::Event(seq) => Query::Event(*seq),
            Self::Delivery(id) => Query::Delivery(*id),
            Self::Ticket(id) => Query::Ticket(id.clone()),
            Self::Show(id) => {
                Query::Events(EventQuery { family: None, show: Some(id.clone()), window: Window::newest(SHOW_EVENTS) })
            }
            Self::Rejected(seq) => Query::Rejected(*seq),
            Self::Comparison(..) | Self::Results => return None,
        })
    }

    /// Moving goes from link to link rather than from line to line.
    pub fn is_a_list(&self) -> bool {
        matches!(self, Self::Ticket(_) | Self::Show(_))
    }
}

/// As breadcrumbs and the record of a reveal name it.
impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Event(seq) => write!(f, "event {seq}"),
            Self::Delivery(id) => write!(f, "delivery {id}"),
            Self::Ticket(id) => write!(f, "ticket {id}"),
            Self::Show(id) => write!(f, "show {id}"),
            Self::Rejected(seq) => write!(f, "quarantine {seq}"),
            Self::Results => f.write_str("results"),
            Self::Comparison(one, other) => write!(f, "record {one} beside {other}"),
        }
    }
}
