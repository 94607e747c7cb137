//! How fast keys come, so that a text typed into the wrong place, or a row that has just slipped under the cursor, is not
//! taken for an order.

use std::time::Duration;

use super::subject::Subject;
use crate::domain::Timestamp;

/// The present: what the reader's clock shows, and a time that only goes forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Present {
    /// As the clock shows it.
    pub now: Timestamp,
    /// Since the dashboard opened. None where time stands still: nothing is hasty there.
    pub uptime: Option<Duration>,
}

impl From<Timestamp> for Present {
    /// A moment that stands still.
    fn from(now: Timestamp) -> Self {
        Self { now, uptime: None }
    }
}

/// Keys closer together than this are one text being typed.
const BURST: Duration = Duration::from_millis(300);

/// For so long after a question came or went, keys of a burst answer and order nothing.
const TURN: Duration = Duration::from_millis(700);

/// A row must have been drawn under the cursor for so long before it can be acted on. A frame's time included.
const SEEN: Duration = Duration::from_millis(450);

/// When keys, questions and rows came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pace {
    uptime: Option<Duration>,
    last_key: Option<Duration>,
    burst: bool,
    question: bool,
    turned: Option<Duration>,
    under: Option<Subject>,
    /// When the row under the cursor came there; none: the reader went to it.
    arrived: Option<Duration>,
}

impl Pace {
    /// Time has gone on.
    pub(super) fn at(&mut self, uptime: Option<Duration>) {
        self.uptime = uptime;
    }

    /// The time that only goes forward; none where it stands still.
    pub fn uptime(&self) -> Option<Duration> {
        self.uptime
    }

    /// A key has come.
    pub(super) fn key(&mut self) {
        self.burst = self.since(self.last_key).is_some_and(|since| since < BURST);
        self.last_key = self.uptime;
    }

    /// How things stand after a message: whether a question is on the screen, and what an order would be about.
    pub(super) fn stands(&mut self, question: bool, under: Option<Subject>, by_key: bool) {
        if self.question != question {
            self.question = question;
            self.turned = self.uptime;
        }
        if self.under != under {
            self.under = under;
            self.arrived = if by_key { None } else { self.uptime };
        }
    }

    /// The key is part of a text being typed.
    pub(super) fn burst(&self) -> bool {
        self.burst
    }

    /// The key may have been meant for what was on the screen before.
    pub(super) fn hasty(&self) -> bool {
        self.burst && self.since(self.turned).is_some_and(|since| since < TURN)
    }

    /// What is under the cursor came there too late to have been read.
    pub(super) fn unseen(&self) -> bool {
        self.since(self.arrived).is_some_and(|since| since < SEEN)
    }

    fn since(&self, moment: Option<Duration>) -> Option<Duration> {
        Some(self.uptime?.saturating_sub(moment?))
    }
}
