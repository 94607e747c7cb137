//! Decimals that can be added and multiplied, exactly: no binary fraction comes near amounts of money.
//!
//! What has more digits than are kept here is none: whoever adds amounts up then says nothing rather than something rounded.

use std::cmp::Ordering;

use super::decimal::Decimal;

/// Digits behind the point that are kept.
const MOST_PLACES: u32 = 18;

/// A number as `units` of ten to the power of `-places`.
#[derive(Debug, Clone, Copy)]
pub struct Exact {
    units: i128,
    places: u32,
}

impl Exact {
    /// One hundredth.
    pub const CENT: Self = Self { units: 1, places: 2 };

    /// One.
    pub const ONE: Self = Self { units: 1, places: 0 };

    /// Reads a number: see [`Decimal::parse`].
    pub fn parse(text: &str) -> Option<Self> {
        let number = Decimal::parse(text)?;
        let sign = if number.is_negative() { "-" } else { "" };
        // Zero has no digits.
        let units: i128 = match number.digits() {
            "" => 0,
            digits => format!("{sign}{digits}").parse().ok()?,
        };
        match number.places() {
            places @ 0.. => {
                let places = u32::try_from(places).ok().filter(|places| *places <= MOST_PLACES)?;
                Some(Self { units, places })
            }
            zeros => {
                let zeros = u32::try_from(zeros.unsigned_abs()).ok()?;
                Some(Self { units: units.checked_mul(power(zeros)?)?, places: 0 })
            }
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
impl std::fmt::Display for Exact {
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

    fn decimal(text: &str) -> Exact {
        Exact::parse(text).unwrap_or_else(|| panic!("{text}"))
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
        for text in ["", "-", "x", "1.x", ".", "1e", "--1", "1e99999999999", "1e-40", "1e40", &"9".repeat(60)] {
            assert!(Exact::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn sums_and_products_are_exact() {
        let sum = decimal("0.1").plus(decimal("0.2")).unwrap();
        assert_eq!(sum.compare(decimal("0.3")), Some(Ordering::Equal));
        assert_eq!(decimal("90275").times(decimal("0.15")).unwrap().to_string(), "13541.25");
        assert_eq!(decimal("1").minus(decimal("1.25")).unwrap().to_string(), "-0.25");
        assert_eq!(decimal("1.00").near(decimal("1.01"), Exact::CENT), Some(false));
        assert_eq!(decimal("1.00").near(decimal("1.0099"), Exact::CENT), Some(true));
        assert!(decimal("1.0").is_whole() && !decimal("1.01").is_whole());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_and_never_a_panic(a in "-?[0-9]{0,45}(\\.[0-9]{0,25})?([eE]-?[0-9]{0,12})?", b in any::<i64>()) {
            if let Some(a) = Exact::parse(&a) {
                let b = decimal(&b.to_string());
                let _ = (a.plus(b), a.minus(b), a.times(a), a.compare(b), a.near(b, Exact::CENT), a.is_whole(), a.to_string());
            }
        }

        #[test]
        fn cents_add_up_as_integers_do(a in -1_000_000_000_i64..1_000_000_000, b in -1_000_000_000_i64..1_000_000_000) {
            let cents = |one: i64| decimal(&format!("{one}e-2"));
            prop_assert_eq!(cents(a).plus(cents(b)).unwrap().to_string(), cents(a + b).to_string());
        }
    }
}
