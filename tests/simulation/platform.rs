//! The platform: has the tickets, moves them when told, and does nothing twice under one key. Does not know menta.

use std::collections::{BTreeMap, HashSet};

use willcall::domain::delivery::Kind;
use willcall::domain::record::Answer;
use willcall::domain::retry::Outcome;
use willcall::engine::dispatch::Assignment;

use crate::menta::PEOPLE;

/// How a call goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Manner {
    /// 200.
    Accepts,
    /// 422: never.
    Refuses,
    /// 429: later, and perhaps how much later.
    Defers { seconds: Option<u32> },
    /// The connection is never made.
    Unreachable,
    /// 500 with the work done.
    FailsAfterwards,
    /// 500 with nothing done.
    FailsBefore,
    /// No answer, and the work is done.
    SilentAfterwards,
    /// No answer, and nothing is done.
    SilentBefore,
}

impl Manner {
    /// All, for the dice and for the count.
    pub const ALL: [Self; 9] = [
        Self::Accepts,
        Self::Refuses,
        Self::Defers { seconds: None },
        Self::Defers { seconds: Some(60) },
        Self::Unreachable,
        Self::FailsAfterwards,
        Self::FailsBefore,
        Self::SilentAfterwards,
        Self::SilentBefore,
    ];
}

#[derive(Debug, Clone)]
pub struct Place {
    pub owner: String,
    /// The message it was last sent to a buyer with; none when it came back, or was moved by hand.
    pub message: Option<Vec<u8>>,
}

/// What came of a call.
pub struct Called {
    pub answer: Answer,
    /// As a scenario file says it.
    pub said: String,
    /// To whom the ticket was moved by this call.
    pub moved: bool,
}

#[derive(Debug, Default)]
pub struct Platform {
    places: BTreeMap<String, Place>,
    done: HashSet<String>,
}

impl Platform {
    pub fn place(&self, ticket: &str) -> Place {
        self.places.get(ticket).cloned().unwrap_or_else(|| Place { owner: PEOPLE[0].to_owned(), message: None })
    }

    /// The tickets that are not where they were at first, or were elsewhere in between.
    pub fn moved(&self) -> impl Iterator<Item = (&String, &Place)> {
        self.places.iter()
    }

    pub fn put(&mut self, ticket: &str, place: Place) {
        self.places.insert(ticket.to_owned(), place);
    }

    pub fn call(&mut self, assignment: &Assignment, manner: Manner) -> Called {
        // What was done under a key is answered as it was then.
        let manner = match manner {
            Manner::Refuses if self.done.contains(&assignment.key) => Manner::Accepts,
            other => other,
        };
        let does = matches!(manner, Manner::Accepts | Manner::FailsAfterwards | Manner::SilentAfterwards);
        let moved = does && self.carry_out(assignment);
        let (outcome, said, retry_after) = match manner {
            Manner::Accepts => (Outcome::Accepted, "200".to_owned(), None),
            Manner::Refuses => (Outcome::Refused, "422".to_owned(), None),
            Manner::Defers { seconds: None } => (Outcome::Deferred, "429".to_owned(), None),
            Manner::Defers { seconds } => {
                (Outcome::Deferred, format!("429 after {}", seconds.unwrap_or_default()), seconds)
            }
            Manner::Unreachable => (Outcome::Deferred, "reset".to_owned(), None),
            Manner::FailsBefore => (Outcome::Unknown, "500".to_owned(), None),
            Manner::SilentBefore => (Outcome::Unknown, "timeout".to_owned(), None),
            Manner::FailsAfterwards | Manner::SilentAfterwards => (Outcome::Unknown, "lost".to_owned(), None),
        };
        let answer = Answer {
            outcome,
            text: said.clone(),
            status: None,
            request_headers: Vec::new(),
            response_headers: Vec::new(),
            retry_after,
            latency_ms: 1,
            truncated: false,
        };
        Called { answer, said, moved }
    }

    fn carry_out(&mut self, assignment: &Assignment) -> bool {
        let delivery = &assignment.delivery;
        let (Some(ticket), Some(to)) = (&delivery.ticket, &delivery.to) else { return false };
        if !self.done.insert(assignment.key.clone()) {
            return false;
        }
        let message = (delivery.kind == Kind::Transfer).then(|| assignment.body.clone());
        self.put(&ticket.0, Place { owner: to.0.clone(), message });
        true
    }
}
