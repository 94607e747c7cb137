//! Orders that wait a moment before they are given, so that they can be called back: what goes out to the platform cannot be
//! had back afterwards.

use std::time::Duration;

use crate::domain::ids::Seq;
use crate::domain::query::{Command, Order};

/// For so long an order can be called back.
pub const HELD_BACK: Duration = Duration::from_secs(3);

/// What waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// An order.
    One(Order),
    /// The orders of the batch.
    Batch,
}

/// One or many orders that wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Tells it from any other of this run.
    pub number: u64,
    /// What will be ordered.
    pub held: Held,
    /// What it is about, as toasts name it.
    pub about: String,
    /// When it was confirmed; none where time stands still.
    since: Option<Duration>,
}

impl Waiting {
    /// The place of the row that its one order is about.
    pub fn place(&self) -> Option<Seq> {
        match &self.held {
            Held::One(order) => order.command.place(),
            Held::Batch => None,
        }
    }

    /// Words for what it is about: as in `it is`, `they are`.
    pub fn one_or_many(&self, one: &'static str, many: &'static str) -> &'static str {
        if self.held == Held::Batch { many } else { one }
    }

    /// The seconds that are left, begun ones counted.
    pub fn seconds(&self, uptime: Option<Duration>) -> u64 {
        let waited = uptime.zip(self.since).map_or(Duration::ZERO, |(now, since)| now.saturating_sub(since));
        HELD_BACK.saturating_sub(waited).as_millis().div_ceil(1000) as u64
    }
}

/// All that wait, the last confirmed at the end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HeldBack {
    waiting: Vec<Waiting>,
    last: u64,
}

impl HeldBack {
    /// Whether an order is one that waits: it makes something go out at once, and nothing takes that back.
    pub fn concerns(command: &Command) -> bool {
        matches!(command, Command::Retry(_) | Command::Resend(_))
    }

    /// Holds it back; its number.
    pub fn hold(&mut self, held: Held, about: String, since: Option<Duration>) -> u64 {
        self.last += 1;
        self.waiting.push(Waiting { number: self.last, held, about, since });
        self.last
    }

    /// Calls the last one back.
    pub fn call_back(&mut self) -> Option<Waiting> {
        self.waiting.pop()
    }

    /// The time of one is over: it is to be given, unless it was called back.
    pub fn due(&mut self, number: u64) -> Option<Waiting> {
        let place = self.waiting.iter().position(|one| one.number == number)?;
        Some(self.waiting.remove(place))
    }

    /// All that wait.
    pub fn waiting(&self) -> &[Waiting] {
        &self.waiting
    }
}
