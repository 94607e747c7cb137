//! What stands in the rows that are neither a delivery nor a show. Pure.

use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;
use crate::domain::delivery::{Kind, Stage};
use crate::domain::ids::{Digest, Seq};
use crate::journal::Location;

/// Counts up with every change of keys, rows or fold: a store of another format is made anew.
pub const FORMAT: u32 = 2;

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

/// What stands in the timeline of a ticket beside a number: whether it is that of a delivery, too.
pub fn encode_is_delivery(yes: bool) -> Vec<u8> {
    if yes { vec![1] } else { Vec::new() }
}

/// See [`encode_is_delivery`].
pub fn is_delivery(bytes: &[u8]) -> bool {
    bytes == [1]
}

/// The latest event about a subject.
pub fn encode_latest(seq: Seq, print: &Digest) -> Vec<u8> {
    [&seq.0.to_be_bytes()[..], &print.0].concat()
}

/// `None` when the bytes are no such row.
pub fn decode_latest(bytes: &[u8]) -> Option<(Seq, Digest)> {
    let (seq, print) = bytes.split_first_chunk()?;
    Some((Seq(u64::from_be_bytes(*seq)), Digest(print.try_into().ok()?)))
}

/// What all records add up to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// See [`FORMAT`].
    pub format: u32,
    /// The last record applied.
    pub applied: Seq,
    /// Events in all.
    pub events: u64,
    /// Rejected requests that were not sent again.
    pub quarantined: u64,
    /// Deliveries, by [`slot`].
    pub deliveries: [u64; 12],
}

impl Default for Totals {
    fn default() -> Self {
        Self { format: FORMAT, applied: Seq(0), events: 0, quarantined: 0, deliveries: [0; 12] }
    }
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
    /// Ever.
    pub total: u64,
    /// When the last came.
    #[serde(with = "chrono::serde::ts_milliseconds")]
    pub last_at: Timestamp,
    /// The minute of the last of `counts`, since 1970.
    minute: i64,
    /// Events in each of the minutes up to `minute`, at most [`MINUTES`].
    counts: Vec<u32>,
}

impl Family {
    /// A family of which nothing has come.
    pub fn new(name: &str) -> Self {
        let last_at = Timestamp::UNIX_EPOCH;
        Self { name: name.to_owned(), total: 0, last_at, minute: i64::MIN, counts: Vec::new() }
    }

    /// An event came.
    pub fn seen(&mut self, at: Timestamp) {
        self.total += 1;
        self.last_at = at;
        let minute = minute(at);
        let ahead = minute.saturating_sub(self.minute);
        // Nothing of the last hour is left; also when a clock that ran ahead by more than that was set right.
        if ahead.unsigned_abs() >= MINUTES as u64 {
            (self.minute, self.counts) = (minute, vec![1]);
            return;
        }
        if ahead > 0 {
            self.counts.resize(self.counts.len() + ahead as usize, 0);
            let surplus = self.counts.len().saturating_sub(MINUTES);
            self.counts.drain(..surplus);
            self.minute = minute;
        }
        let back = (self.minute - minute) as usize;
        if self.counts.len() <= back {
            let missing = back + 1 - self.counts.len();
            self.counts.splice(..0, std::iter::repeat_n(0, missing));
        }
        let place = self.counts.len() - 1 - back;
        self.counts[place] = self.counts[place].saturating_add(1);
    }

    /// Events in each of the [`MINUTES`] up to `now`'s, the last of which is running.
    pub fn per_minute(&self, now: Timestamp) -> Vec<u32> {
        let newest = minute(now);
        (0..MINUTES as i64)
            .rev()
            .map(|back| {
                let behind = self.minute.saturating_sub(newest - back);
                let place = usize::try_from(behind).ok().and_then(|behind| self.counts.len().checked_sub(behind + 1));
                place.map_or(0, |place| self.counts[place])
            })
            .collect()
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
        fn a_clock_that_jumps_breaks_nothing(minutes in prop::collection::vec(-200_i64..200, 1..40)) {
            let mut family = Family::new("x");
            for minute in &minutes {
                family.seen(at(*minute));
                prop_assert!(family.counts.len() <= MINUTES);
                prop_assert!(family.per_minute(at(*minute)).last() > Some(&0));
            }
            prop_assert_eq!(family.total, minutes.len() as u64);
        }
    }
}
