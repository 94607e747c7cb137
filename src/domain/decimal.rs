//! Numbers of any length, compared digit by digit. An `f64` holds 15 digits: amounts in some currencies have more, and
//! `0.1 + 0.2` is no matter for money.

use std::cmp::Ordering;

/// A decimal number. Two spellings of one number are equal: `10`, `10.00`, `1e1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    /// The place before the first digit, counted from the point: 0.5 is `.5` x 10^0, 50 is `.5` x 10^2.
    exponent: i64,
    /// Without zeros at either end; none for zero.
    digits: Vec<u8>,
}

impl Decimal {
    /// Reads `-12.50`, `+3`, `.5` or `1e3`. `None` when it is no number.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, power) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, power)) => (mantissa, shift(power)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = [whole.as_bytes(), fraction.as_bytes()].concat();
        if all.is_empty() || !all.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let Some(first) = all.iter().position(|digit| *digit != b'0') else {
            return Some(Self { negative: false, exponent: 0, digits: Vec::new() });
        };
        let last = all.iter().rposition(|digit| *digit != b'0').unwrap_or(first);
        let exponent = (whole.len() as i64 - first as i64).saturating_add(power);
        Some(Self { negative, exponent, digits: all[first..=last].to_vec() })
    }

    /// The whole number below, or 0 for what is negative; the largest there is for what is beyond it.
    pub fn floor(&self) -> u64 {
        if self.negative || self.digits.is_empty() || self.exponent <= 0 {
            return 0;
        }
        let mut digits = self.digits.iter().map(|digit| u64::from(digit - b'0')).chain(std::iter::repeat(0));
        // No u64 has more than 20 digits.
        (0..self.exponent.min(21))
            .fold(0_u64, |number, _| number.saturating_mul(10).saturating_add(digits.next().unwrap_or(0)))
    }

    /// Below zero.
    pub fn is_negative(&self) -> bool {
        self.negative
    }

    /// Its digits without zeros at either end; empty for zero.
    pub fn digits(&self) -> &str {
        // Nothing but ASCII digits was let in.
        std::str::from_utf8(&self.digits).unwrap_or_default()
    }

    /// How many of its digits stand behind the point; below zero: how many zeros follow them.
    pub fn places(&self) -> i64 {
        (self.digits.len() as i64).saturating_sub(self.exponent)
    }

    fn sign(&self) -> i8 {
        match (self.digits.is_empty(), self.negative) {
            (true, _) => 0,
            (false, false) => 1,
            (false, true) => -1,
        }
    }
}

/// The power of ten after an `e`; one beyond all measure where it has too many digits.
fn shift(power: &str) -> Option<i64> {
    let digits = power.strip_prefix(['-', '+']).unwrap_or(power);
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let beyond = if power.starts_with('-') { i64::MIN / 2 } else { i64::MAX / 2 };
    Some(power.parse().map_or(beyond, |power: i64| power.clamp(i64::MIN / 2, i64::MAX / 2)))
}

impl From<u64> for Decimal {
    fn from(number: u64) -> Self {
        let text = number.to_string();
        let exponent = if number == 0 { 0 } else { text.len() as i64 };
        Self { negative: false, exponent, digits: text.trim_end_matches('0').as_bytes().to_vec() }
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let size = || (self.exponent, &self.digits).cmp(&(other.exponent, &other.digits));
        self.sign().cmp(&other.sign()).then_with(|| match self.sign() {
            1 => size(),
            -1 => size().reverse(),
            _ => Ordering::Equal,
        })
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(text: &str) -> Decimal {
        Decimal::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn numbers_longer_than_an_f64_are_told_apart() {
        let ascending = [
            "-1e99999999999999999999",
            "-10.5",
            "-10",
            "-0.001",
            "0",
            "1e-99999999999999999999",
            "0.09",
            ".1",
            "0.30",
            "0.30000000000000000001",
            "9007199254740992",
            "9007199254740993",
            "12345678901234567890123.10",
            "12345678901234567890123.11",
            "1e400",
            "1e99999999999999999999",
        ];
        for pair in ascending.windows(2) {
            assert!(number(pair[0]) < number(pair[1]), "{pair:?}");
        }
        for (one, other) in [("10", "10.00"), ("1e1", "10"), ("-0", "0.0"), ("+5", "5"), ("0.05e2", "5"), ("007", "7")]
        {
            assert_eq!(number(one), number(other));
        }
        for wrong in
            ["", ".", "-", "1,5", "1.2.3", "abc", "1e", "1e+", "0x10", "½", "--1", "1 0", "NaN", "inf", "1e1e1"]
        {
            assert_eq!(Decimal::parse(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn whole_numbers_compare_as_such(one: i64, other: i64, same: u64) {
            let (a, b) = (number(&one.to_string()), number(&other.to_string()));
            prop_assert_eq!(a.cmp(&b), one.cmp(&other));
            prop_assert_eq!(a.floor(), u64::try_from(one).unwrap_or(0));
            prop_assert_eq!(Decimal::from(same), number(&same.to_string()));
            prop_assert_eq!(number(&format!("{same}.9")).floor(), same);
        }

        #[test]
        fn fractions_compare_as_whole_numbers_of_a_small_unit(one in -99_999_i64..99_999, other in -99_999_i64..99_999) {
            let cents = |all: i64| {
                let sign = if all < 0 { "-" } else { "" };
                number(&format!("{sign}{}.{:03}", all.abs() / 1000, all.abs() % 1000))
            };
            prop_assert_eq!(cents(one).cmp(&cents(other)), one.cmp(&other));
        }
    }
}
