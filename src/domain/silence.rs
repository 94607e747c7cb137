//! What is usual for a family of events at this time of day, so that its silence can be told from its nights.
//!
//! The rule: look at the same hours of the last seven days. What came there on a middling day, or on the same weekday if
//! that was less, is usual. A family of three events a day is thus expected to be silent for hours, one that sleeps at
//! night is expected to sleep, and one that rests on Sundays to rest. With fewer than two days known nothing is usual.

use super::Timestamp;

/// Hours that must be counted for this: those of the seven days before the last event, and a day to be sure.
pub const HOURS: usize = 8 * 24;

/// Days that are looked at.
const DAYS: i64 = 7;

/// Days that must be known.
const FEWEST_DAYS: usize = 2;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// Events in each hour up to that of the last event.
#[derive(Debug, Clone, Copy)]
pub struct Hours<'a> {
    /// The hour of the last of `counts`, since 1970.
    pub newest: i64,
    /// At most [`HOURS`]; before the first nothing is known.
    pub counts: &'a [u32],
}

/// The hour of a moment, since 1970.
pub fn hour(at: Timestamp) -> i64 {
    at.timestamp().div_euclid(HOUR)
}

/// How many events usually come in a time like that from `last_at`, when the last one came, to `now`.
///
/// While nothing comes it only ever grows: a silence does not become usual by lasting.
pub fn usual(hours: Hours<'_>, last_at: Timestamp, now: Timestamp) -> Option<u32> {
    let (from, to) = (last_at.timestamp(), now.timestamp());
    let days = (1..=DAYS).map_while(|day| hours.count(from - day * DAY, to - day * DAY));
    let mut known: Vec<u64> = days.collect();
    let week_ago = known.get(DAYS as usize - 1).copied();
    known.sort_unstable();
    let middling = known.get(known.len().saturating_sub(1) / 2).filter(|_| known.len() >= FEWEST_DAYS)?;
    Some(u32::try_from(week_ago.map_or(*middling, |week_ago| week_ago.min(*middling))).unwrap_or(u32::MAX))
}

impl Hours<'_> {
    /// Events from one moment to another, as if they had been spread evenly over each hour; none when that goes back
    /// further than what is known.
    fn count(&self, from: i64, to: i64) -> Option<u64> {
        let oldest = self.newest.checked_sub(i64::try_from(self.counts.len()).ok()? - 1)?;
        if self.counts.is_empty() || from.div_euclid(HOUR) < oldest {
            return None;
        }
        let within = |(hour, count): (i64, &u32)| {
            let seconds = (to.min((hour + 1) * HOUR) - from.max(hour * HOUR)).max(0);
            u64::from(*count) * seconds.unsigned_abs()
        };
        let weighted: u64 = (oldest..).zip(self.counts).map(within).sum();
        Some(weighted / HOUR.unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Monday, 00:00.
    const MONDAY: i64 = 20_003 * 24;

    fn at(hour: i64, minute: i64) -> Timestamp {
        Timestamp::from_timestamp((MONDAY + hour) * HOUR + minute * 60, 0).unwrap()
    }

    /// What a family of `rate(weekday, hour)` events an hour, silent since `since`, is expected to have sent `minutes`
    /// later; known for `days`.
    fn expected(days: i64, since: i64, minutes: i64, rate: impl Fn(i64, i64) -> u32) -> Option<u32> {
        let first = since - days * 24;
        let counts: Vec<u32> =
            (first..=since).map(|hour| rate(hour.div_euclid(24).rem_euclid(7), hour.rem_euclid(24))).collect();
        let counts = &counts[counts.len().saturating_sub(HOURS)..];
        usual(Hours { newest: MONDAY + since, counts }, at(since, 0), at(since, minutes))
    }

    fn shop(_: i64, hour: i64) -> u32 {
        if (9..23).contains(&hour) { 60 } else { 0 }
    }

    fn office(weekday: i64, hour: i64) -> u32 {
        if weekday < 5 { shop(weekday, hour) } else { 0 }
    }

    #[test]
    fn a_steady_stream_is_missed_soon() {
        assert_eq!(expected(7, 12, 15, |_, _| 60), Some(15));
        assert_eq!(expected(2, 12, 15, |_, _| 60), Some(15));
        assert_eq!(expected(1, 12, 15, |_, _| 60), None, "one day says nothing of what is usual");
    }

    #[test]
    fn three_events_a_day_are_not_missed_for_days() {
        let three = |_, hour| u32::from(matches!(hour, 10 | 15 | 20));
        assert!((0..36).all(|hours| expected(7, 20, hours * 60, three) <= Some(5)));
        assert!(expected(7, 20, 6 * 24 * 60, three) >= Some(12), "silent for six days, and nobody misses it");
    }

    #[test]
    fn a_night_and_a_day_of_rest_are_usual() {
        // From Monday 23:00, when the shop closes, to Tuesday 09:00; then it is missed.
        assert_eq!(expected(7, 23, 10 * 60, shop), Some(0));
        assert_eq!(expected(7, 23, 10 * 60 + 20, shop), Some(20));
        // Closed on Friday night; the weekend and then Monday.
        let friday = 4 * 24 + 23;
        assert_eq!(expected(7, friday, (24 + 24 + 10) * 60, office), Some(0));
        assert!(expected(7, friday, (24 + 24 + 10 + 1) * 60, office) >= Some(12));
    }

    #[test]
    fn one_odd_day_changes_nothing() {
        // Wednesday noon: yesterday was dead, or last Wednesday was a rush.
        let noon = 2 * 24 + 12;
        let yesterday_dead = |weekday, hour| if weekday == 1 { 0 } else { shop(weekday, hour) };
        assert_eq!(expected(6, noon, 30, yesterday_dead), Some(30));
        let counts: Vec<u32> = (noon - 7 * 24..=noon)
            .map(|hour| if hour < noon - 6 * 24 { 5_000 } else { shop(0, hour.rem_euclid(24)) })
            .collect();
        assert_eq!(usual(Hours { newest: MONDAY + noon, counts: &counts }, at(noon, 0), at(noon, 30)), Some(30));
    }

    #[test]
    fn nothing_is_known_of_a_family_that_is_new() {
        assert_eq!(usual(Hours { newest: MONDAY, counts: &[] }, at(0, 0), at(5, 0)), None);
        assert_eq!(usual(Hours { newest: i64::MIN, counts: &[1, 2, 3] }, at(0, 0), at(5, 0)), None);
    }

    proptest! {
        #[test]
        fn a_silence_never_becomes_usual(
            counts in prop::collection::vec(0_u32..200, 1..HOURS),
            minutes in 0_i64..60 * 24 * 20,
            more in 0_i64..60 * 24,
        ) {
            let hours = Hours { newest: MONDAY, counts: &counts };
            let before = usual(hours, at(0, 30), at(0, 30 + minutes));
            let after = usual(hours, at(0, 30), at(0, 30 + minutes + more));
            prop_assert!(before <= after, "{before:?} and later {after:?}");
        }
    }
}
