//! What stands in the rows that are neither a delivery nor a show. Pure.

use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;
use crate::domain::delivery::{Kind, Stage};
use crate::domain::ids::Seq;
use crate::domain::silence::{self, HOURS, Hours};
use crate::journal::Location;

/// Counts up with every change of keys, rows or fold: a store of another format is made anew.
pub const FORMAT: u32 = 6;

/// In the place of [`FORMAT`] in a store that is being made: see `anew`.
pub const UNFINISHED: u32 = 0;

/// Bytes of a [`Place`].
pub const PLACE_BYTES: usize = 28;

/// Where a record is, and when it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Its frame in the journal.
    pub location: Location,
    /// The record's moment, in milliseconds since 1970.
    pub at: i64,
}

impl Place {
    /// [`PLACE_BYTES`].
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(PLACE_BYTES);
        bytes.extend_from_slice(&self.location.segment.0.to_be_bytes());
        bytes.extend_from_slice(&self.location.offset.to_be_bytes());
        bytes.extend_from_slice(&self.location.length.to_be_bytes());
        bytes.extend_from_slice(&self.at.to_be_bytes());
        bytes
    }

    /// `None` when the bytes are no such row.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (segment, rest) = bytes.split_first_chunk()?;
        let (offset, rest) = rest.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let at = i64::from_be_bytes(rest.try_into().ok()?);
        let location = Location {
            segment: Seq(u64::from_be_bytes(*segment)),
            offset: u64::from_be_bytes(*offset),
            length: u32::from_be_bytes(*length),
        };
        Some(Self { location, at })
    }
}

/// What all records add up to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// See [`FORMAT`].
    pub format: u32,
    /// The last record applied.
    pub applied: Seq,
    /// The last record of those that the journal has dropped; 0 when it has all.
    #[serde(default = "nothing_dropped", skip_serializing_if = "is_nothing")]
    pub dropped: Seq,
    /// Events in all, but for dropped ones.
    pub events: u64,
    /// Rejected requests that were not sent again.
    pub quarantined: u64,
    /// Deliveries, by [`slot`].
    pub deliveries: [u64; 12],
}

/// What every version can read of the [`Totals`] of every other.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Written {
    /// See [`FORMAT`].
    pub format: u32,
}

impl Default for Totals {
    fn default() -> Self {
        Self { format: FORMAT, applied: Seq(0), dropped: Seq(0), events: 0, quarantined: 0, deliveries: [0; 12] }
    }
}

fn nothing_dropped() -> Seq {
    Seq(0)
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_nothing(seq: &Seq) -> bool {
    *seq == Seq(0)
}

/// The place of a kind and state in [`Totals::deliveries`].
pub fn slot(kind: Kind, stage: Stage) -> usize {
    stage as usize * 2 + usize::from(kind == Kind::Return)
}

/// Minutes that are counted.
pub const MINUTES: usize = 60;

/// Events of one family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Family {
    /// As in `ticket`.
    pub name: String,
    /// Ever, dropped ones included.
    pub total: u64,
    /// When the last came.
    #[serde(with = "chrono::serde::ts_milliseconds")]
    pub last_at: Timestamp,
    /// At most [`MINUTES`].
    minutes: Slots,
    /// At most [`HOURS`].
    hours: Slots,
}

/// Events in equal stretches of time, one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Slots {
    /// The last stretch, counted from 1970.
    newest: i64,
    /// The events in each up to that.
    counts: Vec<u32>,
}

impl Family {
    /// A family of which nothing has come.
    pub fn new(name: &str) -> Self {
        let last_at = Timestamp::UNIX_EPOCH;
        Self { name: name.to_owned(), total: 0, last_at, minutes: Slots::new(), hours: Slots::new() }
    }

    /// An event came.
    pub fn seen(&mut self, at: Timestamp) {
        self.total += 1;
        self.last_at = at;
        self.minutes.add(minute(at), MINUTES);
        self.hours.add(silence::hour(at), HOURS);
    }

    /// Events in each of the [`MINUTES`] up to `now`'s, the last of which is running.
    pub fn per_minute(&self, now: Timestamp) -> Vec<u32> {
        let newest = minute(now);
        (0..MINUTES as i64).rev().map(|back| self.minutes.count(newest - back)).collect()
    }

    /// How many usually come in a time like that since the last: see [`silence`].
    pub fn usual(&self, now: Timestamp) -> Option<u32> {
        silence::usual(Hours { newest: self.hours.newest, counts: &self.hours.counts }, self.last_at, now)
    }
}

impl Slots {
    fn new() -> Self {
        Self { newest: i64::MIN, counts: Vec::new() }
    }

    /// One more in `slot`; at most `most` slots are kept.
    fn add(&mut self, slot: i64, most: usize) {
        let ahead = slot.saturating_sub(self.newest);
        // Nothing of what is kept is left; also when a clock that ran ahead by more than that was set right.
        if ahead.unsigned_abs() >= most as u64 {
            (self.newest, self.counts) = (slot, vec![1]);
            return;
        }
        if ahead > 0 {
            self.counts.resize(self.counts.len() + ahead as usize, 0);
            let surplus = self.counts.len().saturating_sub(most);
            self.counts.drain(..surplus);
            self.newest = slot;
        }
        let back = (self.newest - slot) as usize;
        if self.counts.len() <= back {
            let missing = back + 1 - self.counts.len();
            self.counts.splice(..0, std::iter::repeat_n(0, missing));
        }
        let place = self.counts.len() - 1 - back;
        self.counts[place] = self.counts[place].saturating_add(1);
    }

    fn count(&self, slot: i64) -> u32 {
        let behind = usize::try_from(self.newest.saturating_sub(slot)).ok();
        let place = behind.and_then(|behind| self.counts.len().checked_sub(behind.checked_add(1)?));
        place.map_or(0, |place| self.counts[place])
    }
}

fn minute(at: Timestamp) -> i64 {
    at.timestamp().div_euclid(60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_timestamp(minute * 60 + 7, 0).unwrap()
    }

    proptest! {
        #[test]
        fn minutes_are_counted_as_a_plain_list_would(steps in prop::collection::vec(0_i64..20, 1..60), later in 0_i64..90) {
            let mut family = Family::new("x");
            let mut seen = Vec::new();
            let mut minute = 1000;
            for step in steps {
                minute += step;
                seen.push(minute);
                family.seen(at(minute));
            }
            let now = minute + later;
            let expected: Vec<u32> =
                (now - 59..=now).map(|one| seen.iter().filter(|seen| **seen == one).count() as u32).collect();
            prop_assert_eq!(family.per_minute(at(now)), expected);
        }

        #[test]
        fn what_is_usual_is_learned_from_earlier_days(minutes in prop::collection::vec(1_i64..40, 1..40), days in 2_i64..7) {
            let mut family = Family::new("x");
            let day = minutes.iter().scan(0, |at, step| { *at += step; Some(*at) }).collect::<Vec<_>>();
            for before in (0..=days).rev() {
                day.iter().for_each(|minute| family.seen(at(24 * 60 * (400 - before) + minute)));
            }
            let silent_since = 24 * 60 * 400 + day[day.len() - 1];
            // A day later at the same time, what came on earlier days from then to then was at least one day's.
            let usual = family.usual(at(silent_since + 24 * 60)).unwrap();
            prop_assert!((day.len() as i64 - i64::from(usual)).abs() <= 2 + 60 / minutes.iter().min().unwrap(), "{}", usual);
            prop_assert_eq!(family.usual(at(silent_since)), Some(0));
        }

        #[test]
        fn a_clock_that_jumps_breaks_nothing(minutes in prop::collection::vec(-200_i64..200, 1..40)) {
            let mut family = Family::new("x");
            for minute in &minutes {
                family.seen(at(*minute));
                prop_assert!(family.minutes.counts.len() <= MINUTES && family.hours.counts.len() <= HOURS);
                prop_assert!(family.per_minute(at(*minute)).last() > Some(&0));
            }
            prop_assert_eq!(family.total, minutes.len() as u64);
        }
    }
}
