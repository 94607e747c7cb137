//! Times, ages and numbers as people read them. Times are UTC.

use chrono::Duration;

use crate::domain::Timestamp;

/// `14:03:22`, or with the date when it is a day or more away: `11-21 14:03`.
pub fn time(moment: Timestamp, now: Timestamp) -> String {
    let form = if (now - moment).abs() < Duration::days(1) { "%H:%M:%S" } else { "%m-%d %H:%M" };
    moment.format(form).to_string()
}

/// Cells that [`time`] needs for all of these.
pub fn width(moments: impl Iterator<Item = Timestamp>, now: Timestamp) -> u16 {
    moments.map(|moment| time(moment, now).len() as u16).max().unwrap_or(8)
}

/// `2026-11-21 14:03:22.120`, for details.
pub fn moment(moment: Timestamp) -> String {
    moment.format("%Y-%m-%d %H:%M:%S%.3f").to_string()
}

/// `0s`, `59s`, `4m`, `2h`, `3d`.
pub fn age(duration: Duration) -> String {
    let seconds = duration.num_seconds().max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// An age in its two largest units: `42s`, `4m12s`, `2h14m`, `3d4h`.
pub fn long_age(duration: Duration) -> String {
    let seconds = duration.num_seconds().max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
        _ => format!("{}d{}h", seconds / 86_400, seconds / 3600 % 24),
    }
}

/// As [`long_age`].
pub fn long_span(span: std::time::Duration) -> String {
    long_age(Duration::from_std(span).unwrap_or(Duration::MAX))
}

/// `12,345`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `840 B`, `12.4 KiB`.
pub fn size(bytes: usize) -> String {
    if bytes < 1024 { format!("{bytes} B") } else { format!("{}.{} KiB", bytes / 1024, bytes % 1024 * 10 / 1024) }
}

/// `1 row`, `2 rows`.
pub fn plural(number: u64, one: &str) -> String {
    format!("{} {one}{}", count(number), if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_take_the_unit_that_fits() {
        let ages = [0, 59, 60, 3599, 3600, 86_400 * 3].map(|seconds| age(Duration::seconds(seconds)));
        assert_eq!(ages, ["0s", "59s", "1m", "59m", "1h", "3d"]);
        let long = [42, 252, 8040, 273_600].map(|seconds| long_age(Duration::seconds(seconds)));
        assert_eq!(long, ["42s", "4m12s", "2h14m", "3d4h"]);
        assert_eq!(age(Duration::seconds(-5)), "0s");
    }

    #[test]
    fn the_date_is_shown_from_a_day_on() {
        let now = Timestamp::UNIX_EPOCH + Duration::days(10);
        assert_eq!(time(now - Duration::hours(2), now), "22:00:00");
        assert_eq!(time(now - Duration::hours(24), now), "01-10 00:00");
    }

    #[test]
    fn numbers_have_groups() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([size(840), size(12_700)], ["840 B", "12.4 KiB"]);
        assert_eq!([plural(1, "row"), plural(2, "row")], ["1 row", "2 rows"]);
    }
}
