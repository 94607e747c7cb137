//! Exact decimals, for amounts of money: no binary fraction comes near them.
//!
//! What is not a plain number, or has more digits than are kept here, is no decimal: whoever compares amounts then says
//! nothing rather than something rounded.

use std::cmp::Ordering;

/// Digits behind the point that are kept.
const MOST_PLACES: u32 = 18;

/// A number as `units` of ten to the power of `-places`.
#[derive(Debug, Clone, Copy)]
pub struct Decimal {
    units: i128,
    places: u32,
}

impl Decimal {
    /// One hundredth.
    pub const CENT: Self = Self { units: 1, places: 2 };

    /// One.
    pub const ONE: Self = Self { units: 1, places: 0 };

    /// Reads a number as JSON writes it: `57.5`, `-3`, `1.5e3`.
    pub fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let exponent: i32 = exponent.parse().ok()?;
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = whole.strip_prefix('-').unwrap_or(whole);
        if digits.is_empty() || !digits.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let fraction = fraction.trim_end_matches('0');
        let units: i128 = format!("{whole}{fraction}").parse().ok()?;
        let places = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        match u32::try_from(places) {
            Ok(places) if places <= MOST_PLACES => Some(Self { units, places }),
            Ok(_) => None,
            Err(_) => Some(Self { units: units.checked_mul(power(places.unsigned_abs())?)?, places: 0 }),
        }
    }

    /// The sum, where it can be kept.
    pub fn plus(self, other: Self) -> Option<Self> {
        let (a, b, places) = self.aligned(other)?;
        Some(Self { units: a.checked_add(b)?, places })
    }

    /// The difference, where it can be kept.
    pub fn minus(self, other: Self) -> Option<Self> {
        let (a, b, places) = self.aligned(other)?;
        Some(Self { units: a.checked_sub(b)?, places })
    }

    /// The product, where it can be kept.
    pub fn times(self, other: Self) -> Option<Self> {
        Some(Self { units: self.units.checked_mul(other.units)?, places: self.places + other.places })
    }

    /// Which is more, where that can be said.
    pub fn compare(self, other: Self) -> Option<Ordering> {
        let (a, b, _) = self.aligned(other)?;
        Some(a.cmp(&b))
    }

    /// Whether the two are less than `tolerance` apart, where that can be said.
    pub fn near(self, other: Self, tolerance: Self) -> Option<bool> {
        let apart = self.minus(other)?;
        let apart = Self { units: apart.units.checked_abs()?, ..apart };
        Some(apart.compare(tolerance)? == Ordering::Less)
    }

    /// There is nothing behind the point.
    pub fn is_whole(self) -> bool {
        power(self.places).is_some_and(|one| self.units % one == 0)
    }

    fn aligned(self, other: Self) -> Option<(i128, i128, u32)> {
        let places = self.places.max(other.places);
        let raised = |one: Self| one.units.checked_mul(power(places - one.places)?);
        Some((raised(self)?, raised(other)?, places))
    }
}

fn power(exponent: u32) -> Option<i128> {
    10_i128.checked_pow(exponent)
}

/// With at least two digits behind the point, as amounts are read.
impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.units < 0 { "-" } else { "" };
        let digits = format!("{:0>width$}", self.units.unsigned_abs(), width = self.places as usize + 1);
        let (whole, fraction) = digits.split_at(digits.len() - self.places as usize);
        write!(f, "{sign}{whole}.{:0<2}", fraction.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn numbers_are_read_as_json_writes_them() {
        for (text, shown) in [
            ("57.5", "57.50"),
            ("-0.05", "-0.05"),
            ("1.5e3", "1500.00"),
            ("15e-2", "0.15"),
            ("7.500000000000000000000", "7.50"),
            ("103816.2500000001", "103816.2500000001"),
        ] {
            assert_eq!(decimal(text).to_string(), shown);
        }
        for text in ["", "-", "x", "1.x", "1e", "--1", "+1", "1e99999999999", "1e-40", "1e40", &"9".repeat(60)] {
            assert!(Decimal::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn sums_and_products_are_exact() {
        let sum = decimal("0.1").plus(decimal("0.2")).unwrap();
        assert_eq!(sum.compare(decimal("0.3")), Some(Ordering::Equal));
        assert_eq!(decimal("90275").times(decimal("0.15")).unwrap().to_string(), "13541.25");
        assert_eq!(decimal("1").minus(decimal("1.25")).unwrap().to_string(), "-0.25");
        assert_eq!(decimal("1.00").near(decimal("1.01"), Decimal::CENT), Some(false));
        assert_eq!(decimal("1.00").near(decimal("1.0099"), Decimal::CENT), Some(true));
        assert!(decimal("1.0").is_whole() && !decimal("1.01").is_whole());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_and_never_a_panic(a in "-?[0-9]{0,45}(\\.[0-9]{0,25})?([eE]-?[0-9]{0,12})?", b in any::<i64>()) {
            if let Some(a) = Decimal::parse(&a) {
                let b = decimal(&b.to_string());
                let _ = (a.plus(b), a.minus(b), a.times(a), a.compare(b), a.near(b, Decimal::CENT), a.is_whole(), a.to_string());
            }
        }

        #[test]
        fn cents_add_up_as_integers_do(a in -1_000_000_000_i64..1_000_000_000, b in -1_000_000_000_i64..1_000_000_000) {
            let cents = |one: i64| decimal(&format!("{one}e-2"));
            prop_assert_eq!(cents(a).plus(cents(b)).unwrap().to_string(), cents(a + b).to_string());
        }
    }
}
