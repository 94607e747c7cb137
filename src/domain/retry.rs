//! What a target's answer means, and when to try again.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::ids::Digest;

/// What is known after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Done.
    Accepted,
    /// Surely not done, and repeating won't change it.
    Refused,
    /// Surely not done; later may be better.
    Deferred,
    /// May have been done.
    Unknown,
}

impl Outcome {
    /// What an HTTP status says. 3xx counts as a refusal: redirects are not followed, and repeating won't change that.
    pub fn of_status(status: u16) -> Self {
        match status {
            200..=299 => Self::Accepted,
            408 | 425 | 429 => Self::Deferred,
            300..=499 => Self::Refused,
            _ => Self::Unknown,
        }
    }

    /// What a command's exit says (`sysexits.h`: 75 is `EX_TEMPFAIL`, 65 `EX_DATAERR`). `None` is a kill.
    pub fn of_exit(code: Option<i32>) -> Self {
        match code {
            Some(0) => Self::Accepted,
            Some(75) => Self::Deferred,
            Some(65) => Self::Refused,
            _ => Self::Unknown,
        }
    }

    /// As people read it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Deferred => "deferred",
            Self::Unknown => "unknown",
        }
    }
}

/// A clock that is set right may jump by this much without a word.
pub const JUMP: Duration = Duration::minutes(1);

/// How long what is `due` had to wait when that was `written`, if a clock that now says `now` cannot have written it: it ran
/// ahead then and was set back, and what it wrote would wait for as long as it was wrong.
pub fn wait_ahead(due: Timestamp, written: Timestamp, now: Timestamp) -> Option<Duration> {
    (written > now + JUMP).then(|| (due - written).max(Duration::zero()))
}

/// When to try again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Delay before the second, third, … attempt. After the last there is no further one.
    pub delays: Vec<Duration>,
    /// Each delay is moved by up to this many per cent, either way, so that failures do not come back as one wave.
    pub jitter_percent: u8,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        let seconds = [5, 30, 120, 300, 900, 1800, 3600, 7200, 14_400, 28_800];
        Self { delays: seconds.map(Duration::seconds).to_vec(), jitter_percent: 20 }
    }
}

impl RetryPolicy {
    /// When the attempt after `tries` automatic ones is due; `None` when they are used up.
    ///
    /// `retry_after` is the target's wish: it can lengthen a delay, up to the longest of the schedule, never shorten one.
    /// The jitter follows from `seed` and `tries`, so that the same history gives the same times.
    pub fn next(&self, tries: u32, seed: Digest, now: Timestamp, retry_after: Option<Duration>) -> Option<Timestamp> {
        let delay = *self.delays.get(tries.checked_sub(1)? as usize)?;
        let longest = self.delays.iter().max().copied().unwrap_or(delay);
        let delay = self.jittered(delay, tries, seed);
        let delay = retry_after.map_or(delay, |wish| delay.max(wish.min(longest)));
        now.checked_add_signed(delay)
    }

    fn jittered(&self, delay: Duration, tries: u32, seed: Digest) -> Duration {
        let random = Digest::of(&[&seed.0, &tries.to_be_bytes()]).0;
        let random = i64::from(u16::from_be_bytes([random[0], random[1]]));
        let span = delay.num_milliseconds() / 100 * i64::from(self.jitter_percent);
        Duration::milliseconds(delay.num_milliseconds() - span + 2 * span * random / i64::from(u16::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn statuses_and_exits_mean_what_the_contract_says() {
        use Outcome::{Accepted, Deferred, Refused, Unknown};
        for (status, outcome) in [
            (200, Accepted),
            (204, Accepted),
            (301, Refused),
            (400, Refused),
            (404, Refused),
            (408, Deferred),
            (409, Refused),
            (422, Refused),
            (425, Deferred),
            (429, Deferred),
            (500, Unknown),
            (503, Unknown),
        ] {
            assert_eq!(Outcome::of_status(status), outcome, "{status}");
        }
        for (exit, outcome) in
            [(Some(0), Accepted), (Some(75), Deferred), (Some(65), Refused), (Some(1), Unknown), (None, Unknown)]
        {
            assert_eq!(Outcome::of_exit(exit), outcome, "{exit:?}");
        }
    }

    #[test]
    fn the_schedule_ends() {
        let policy = RetryPolicy::default();
        let now = Timestamp::UNIX_EPOCH;
        let seed = Digest::of(&[b"d-1"]);
        assert!(policy.next(10, seed, now, None).is_some());
        assert_eq!(policy.next(11, seed, now, None), None);
        assert_eq!(policy.next(0, seed, now, None), None);
    }

    #[test]
    fn a_targets_wish_lengthens_but_neither_shortens_nor_runs_away() {
        let policy = RetryPolicy { jitter_percent: 0, ..RetryPolicy::default() };
        let seed = Digest::of(&[b"d-1"]);
        let wait = |wish: i64| {
            let due = policy.next(1, seed, Timestamp::UNIX_EPOCH, Some(Duration::seconds(wish))).unwrap();
            (due - Timestamp::UNIX_EPOCH).num_seconds()
        };
        assert_eq!(wait(1), 5);
        assert_eq!(wait(60), 60);
        assert_eq!(wait(9_999_999), 28_800);
    }

    proptest! {
        #[test]
        fn jitter_stays_within_its_share(tries in 1_u32..=10, name in ".*") {
            let policy = RetryPolicy::default();
            let due = policy.next(tries, Digest::of(&[name.as_bytes()]), Timestamp::UNIX_EPOCH, None).unwrap();
            let delay = policy.delays[tries as usize - 1].num_milliseconds();
            let waited = (due - Timestamp::UNIX_EPOCH).num_milliseconds();
            prop_assert!((delay * 8 / 10..=delay * 12 / 10).contains(&waited), "{} of {}", waited, delay);
        }
    }
}
