//! How the last attempts went, so that a failing target shows before its deliveries do. Of this run only: the one before
//! may have had another target.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::TimeDelta;

use crate::domain::Timestamp;
use crate::domain::query::Attempts;
use crate::domain::record::Answer;
use crate::domain::retry::Outcome;

/// How many are remembered.
const REMEMBERED: usize = 20;

/// For how long.
const FOR: TimeDelta = TimeDelta::hours(1);

/// Shared and cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Tried(Arc<Mutex<VecDeque<Attempt>>>);

#[derive(Debug)]
struct Attempt {
    at: Timestamp,
    /// What the target said where it did not accept.
    failed: Option<String>,
}

impl Tried {
    /// An attempt has ended.
    pub(super) fn note(&self, answer: &Answer, at: Timestamp) {
        let failed = (answer.outcome != Outcome::Accepted).then(|| answer.text.clone());
        let mut attempts = self.attempts();
        attempts.push_back(Attempt { at, failed });
        let surplus = attempts.len().saturating_sub(REMEMBERED);
        attempts.drain(..surplus);
    }

    /// The last ones, as things stand at `now`.
    pub(super) fn sum(&self, now: Timestamp) -> Attempts {
        let attempts = self.attempts();
        let lately = || attempts.iter().filter(|attempt| now - attempt.at <= FOR);
        let failures = || lately().filter_map(|attempt| attempt.failed.as_ref());
        // Twenty at the most.
        Attempts {
            made: lately().count() as u32,
            failed: failures().count() as u32,
            why: failures().next_back().cloned(),
        }
    }

    fn attempts(&self) -> MutexGuard<'_, VecDeque<Attempt>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    fn answer(outcome: Outcome, text: &str) -> Answer {
        Answer {
            outcome,
            text: text.into(),
            status: None,
            request_headers: Vec::new(),
            response_headers: Vec::new(),
            retry_after: None,
            latency_ms: 1,
            truncated: false,
        }
    }

    #[test]
    fn the_last_twenty_of_the_last_hour_count() {
        let tried = Tried::default();
        for minute in 0..30 {
            tried.note(&answer(Outcome::Deferred, "connection refused"), at(minute));
        }
        for minute in 30..39 {
            tried.note(&answer(Outcome::Accepted, "200 OK"), at(minute));
        }
        tried.note(&answer(Outcome::Unknown, "timed out"), at(39));
        let sum = |minute| tried.sum(at(minute));
        assert_eq!(sum(40), Attempts { made: 20, failed: 11, why: Some("timed out".into()) });
        assert_eq!(sum(90), Attempts { made: 10, failed: 1, why: Some("timed out".into()) });
        assert_eq!(sum(100), Attempts::default(), "what was hours ago is no news");
    }
}
