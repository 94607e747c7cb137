//! What carries a delivery out: an HTTP endpoint or a command. Where there is neither, staff do it by hand and there is
//! no [`Target`] at all.
//!
//! An attempt never fails as a function: whatever happens is an [`Answer`] that goes on record.

use std::time::{Duration, Instant};

use super::command::CommandTarget;
use super::http::HttpTarget;
use crate::config::clock::Clock;
use crate::domain::record::Answer;
use crate::domain::retry::Outcome;
use crate::engine::Assignment;

/// What carries deliveries out.
pub enum Target {
    /// A platform's endpoint.
    Http(HttpTarget),
    /// A command of the operator's.
    Command(CommandTarget),
}

/// Why a target cannot be used as configured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// The URL cannot be called.
    #[error("deliveries cannot go to `{url}`: {why}; give an http:// or https:// URL")]
    Url {
        /// As given, without password and query.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// The machine lacks what TLS needs.
    #[error("no TLS to the delivery target: {0}; install the system's `ca-certificates`")]
    Tls(String),
    /// The command is blank.
    #[error("the delivery command is empty: give one, or leave it out and deliver by hand")]
    NoCommand,
}

impl Target {
    /// What a record names as the target: the URL without password and query, or the command.
    pub fn name(&self) -> &str {
        match self {
            Self::Http(target) => target.name(),
            Self::Command(target) => target.name(),
        }
    }

    /// The longest an attempt takes.
    pub fn timeout(&self) -> Duration {
        match self {
            Self::Http(target) => target.timeout(),
            Self::Command(target) => target.timeout(),
        }
    }

    /// Carries out one attempt. With it comes what the target said, at most 64 KiB.
    pub async fn attempt(&self, assignment: &Assignment) -> (Answer, Vec<u8>) {
        match self {
            Self::Http(target) => target.attempt(assignment).await,
            Self::Command(target) => target.attempt(assignment).await,
        }
    }
}

/// Times an attempt. It does not run where the clock stands still, so that pictures and tests come out alike.
#[derive(Clone, Copy)]
pub(super) struct Stopwatch(Option<Instant>);

impl Stopwatch {
    pub(super) fn start(clock: Clock) -> Self {
        Self((clock == Clock::System).then(Instant::now))
    }

    pub(super) fn millis(self) -> u64 {
        self.0.map_or(0, |started| u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}

/// An answer of which nothing is known but its meaning.
pub(super) fn bare_answer(outcome: Outcome, text: String) -> Answer {
    Answer {
        outcome,
        text,
        status: None,
        request_headers: Vec::new(),
        response_headers: Vec::new(),
        retry_after: None,
        latency_ms: 0,
        truncated: false,
    }
}
