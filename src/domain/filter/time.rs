//! Spans like `10m` and moments like `2026-11-22` or `14:05`, which name a stretch of time as long as they are exact.
//! Moments without a zone are UTC, as everything on the screen is.

use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use crate::domain::Timestamp;

/// Letters of units and their seconds.
const UNITS: [(char, i64); 5] = [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400), ('w', 604_800)];

/// Reads `10m`, `90s`, `1h30m`, `2d` or `-5m`. `None` when it is no span.
pub fn span(text: &str) -> Option<TimeDelta> {
    let (sign, mut rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let mut seconds: i64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|one: char| !one.is_ascii_digit()).filter(|end| *end > 0)?;
        let number: i64 = rest[..digits].parse().ok()?;
        let unit = rest[digits..].chars().next()?;
        let (_, worth) = UNITS.iter().find(|(letter, _)| *letter == unit.to_ascii_lowercase())?;
        seconds = seconds.checked_add(number.checked_mul(*worth)?)?;
        rest = &rest[digits + unit.len_utf8()..];
    }
    (text.len() > rest.len() && text != "-").then_some(())?;
    TimeDelta::try_seconds(sign * seconds)
}

/// A stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stretch {
    /// From this moment on, for so long.
    At(Timestamp, Duration),
    /// From this time of the present day on, for so long.
    Today(NaiveTime, Duration),
}

impl Stretch {
    /// Reads `2026-11-22`, `2026-11-22T14:05`, `2026-11-22T14:05:09.120Z`, `14:05` or `14:05:09`. `None` when it is none.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            return Some(Self::At(day.and_time(NaiveTime::MIN).and_utc(), Duration::days(1)));
        }
        let precision = |text: &str| match (text.matches(':').count(), text.contains('.')) {
            (1, _) => Duration::minutes(1),
            (_, false) => Duration::seconds(1),
            (_, true) => Duration::milliseconds(1),
        };
        for form in ["%H:%M", "%H:%M:%S"] {
            if let Ok(time) = NaiveTime::parse_from_str(text, form) {
                return Some(Self::Today(time, precision(text)));
            }
        }
        if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
            let exact = if text.contains('.') { Duration::milliseconds(1) } else { Duration::seconds(1) };
            return Some(Self::At(moment.with_timezone(&Utc), exact));
        }
        let bare = text.strip_suffix(['Z', 'z']).unwrap_or(text);
        let moment = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S%.f"]
            .into_iter()
            .find_map(|form| NaiveDateTime::parse_from_str(bare, form).ok())?;
        Some(Self::At(moment.and_utc(), precision(bare)))
    }

    /// Its first moment and the first after it, seen from `now`.
    pub fn bounds(self, now: Timestamp) -> (Timestamp, Timestamp) {
        let (from, long) = match self {
            Self::At(from, long) => (from, long),
            Self::Today(time, long) => (now.date_naive().and_time(time).and_utc(), long),
        };
        (from, from.checked_add_signed(long).unwrap_or(Timestamp::MAX_UTC))
    }
}

/// The moment that somebody means who types `21:40`, `2026-11-22 21:40`, `2026-11-22` or `10m`, a span ago; seen from `now`.
/// A time of day that has not come yet is yesterday's. `None` when it is none.
pub fn moment(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text.trim();
    if let Some(ago) = span(text.strip_suffix("ago").unwrap_or(text).trim_end()) {
        return now.checked_sub_signed(ago.abs());
    }
    let stretch = Stretch::parse(&text.split_whitespace().collect::<Vec<_>>().join("T"))?;
    let (from, _) = stretch.bounds(now);
    match stretch {
        Stretch::Today(..) if from > now => from.checked_sub_signed(Duration::days(1)),
        _ => Some(from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_sums_of_units() {
        for (text, seconds) in
            [("10m", 600), ("1h30m", 5400), ("90S", 90), ("2d", 172_800), ("1w", 604_800), ("-5m", -300), ("0s", 0)]
        {
            assert_eq!(span(text), Some(TimeDelta::seconds(seconds)), "{text}");
        }
        for wrong in
            ["", "-", "10", "m", "10x", "1.5h", "10m5", "99999999999999999999s", "9223372036854775807w", "½h", "10m "]
        {
            assert_eq!(span(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_moment_is_read_as_people_say_it() {
        let now: Timestamp = "2026-11-22T14:30:00Z".parse().unwrap();
        for (text, at) in [
            ("14:05", "2026-11-22T14:05:00Z"),
            ("14:30:00", "2026-11-22T14:30:00Z"),
            ("21:40", "2026-11-21T21:40:00Z"),
            (" 2026-11-20  21:40:07 ", "2026-11-20T21:40:07Z"),
            ("2026-11-20", "2026-11-20T00:00:00Z"),
            ("2026-11-23T00:00", "2026-11-23T00:00:00Z"),
            ("10m", "2026-11-22T14:20:00Z"),
            ("1h30m ago", "2026-11-22T13:00:00Z"),
            ("-10m", "2026-11-22T14:20:00Z"),
        ] {
            assert_eq!(moment(text, now), Some(at.parse().unwrap()), "{text}");
        }
        for wrong in ["", "now", "ago", "25:00", "21:40 22:40", "2026-11-20 21", "9999999999999w"] {
            assert_eq!(moment(wrong, now), None, "{wrong}");
        }
    }

    #[test]
    fn moments_are_as_long_as_they_are_exact() {
        let now: Timestamp = "2026-11-22T14:30:00Z".parse().unwrap();
        for (text, from, until) in [
            ("2026-11-21", "2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z"),
            ("14:05", "2026-11-22T14:05:00Z", "2026-11-22T14:06:00Z"),
            ("14:05:09", "2026-11-22T14:05:09Z", "2026-11-22T14:05:10Z"),
            ("2026-11-21T14:05", "2026-11-21T14:05:00Z", "2026-11-21T14:06:00Z"),
            ("2026-11-21T14:05Z", "2026-11-21T14:05:00Z", "2026-11-21T14:06:00Z"),
            ("2026-11-21T14:05:09", "2026-11-21T14:05:09Z", "2026-11-21T14:05:10Z"),
            ("2026-11-21T14:05:09.120Z", "2026-11-21T14:05:09.120Z", "2026-11-21T14:05:09.121Z"),
            ("2026-11-21T14:05:09+02:00", "2026-11-21T12:05:09Z", "2026-11-21T12:05:10Z"),
        ] {
            let wanted = (from.parse().unwrap(), until.parse().unwrap());
            assert_eq!(Stretch::parse(text).map(|one| one.bounds(now)), Some(wanted), "{text}");
        }
        for wrong in ["", "today", "2026-13-01", "25:00", "14", "2026-11", "2026-11-21T", "10m"] {
            assert_eq!(Stretch::parse(wrong), None, "{wrong}");
        }
        let last = Stretch::At(Timestamp::MAX_UTC, Duration::days(1));
        assert_eq!(last.bounds(now).1, Timestamp::MAX_UTC);
    }
}
