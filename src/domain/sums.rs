//! Amounts of a payload that do not add up.
//!
//! The rules are what menta's field tables say of the amounts, one line each in [`RULES`]:
//!
//! - the total is "the amount paid by the buyer (including all fees)", that is the price and the buyer fee;
//! - a fee amount is its rate of the price. Of which price the documentation does not say for the seller fee: its one
//!   sample (0.15, 11775 of 90275) takes the rate of what is left when the fee is gone. Both readings pass;
//! - the "buyer-facing price (including fees)" of a listing is no less than the seller's price "before fees".
//!
//! What a seller gets and what a payout sums up to has no documented field, so nothing is said about it. Amounts that are
//! missing, or no plain numbers, break no rule: the drift says that they are missing.

use std::cmp::Ordering;

use super::exact::Exact;
use super::json::Json;
use super::webhook::Webhook;

/// Something the documentation says of amounts.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// As in `ticket`.
    pub family: &'static str,
    /// The amount that should come out, from `data` down.
    pub field: &'static str,
    /// What it is called in a sentence.
    pub name: &'static str,
    /// What it should come out of.
    pub from: From,
}

/// An amount that a rule takes in: its field from `data` down, and what it is called in a sentence.
pub type Part = (&'static str, &'static str);

/// What an amount comes out of.
#[derive(Debug, Clone, Copy)]
pub enum From {
    /// The one and the other.
    Sum(Part, Part),
    /// A rate of a price.
    Rate(Part, Part),
    /// A rate of a price, or of what is left of that price without the amount itself.
    RateWithOrWithout(Part, Part),
    /// No less than this.
    AtLeast(Part),
}

const PRICE: Part = ("metadata.order.grossResalePaidAmountWithoutBuyerFee", "price");
const BUYER_FEE: Part = ("metadata.order.buyerFeeAmount", "buyer fee");

/// Every rule.
pub const RULES: &[Rule] = &[
    Rule {
        family: "ticket",
        field: "metadata.order.grossResalePaidAmount",
        name: "amount paid",
        from: From::Sum(PRICE, BUYER_FEE),
    },
    Rule {
        family: "ticket",
        field: BUYER_FEE.0,
        name: BUYER_FEE.1,
        from: From::Rate(PRICE, ("metadata.order.buyerFee", "rate")),
    },
    Rule {
        family: "ticket",
        field: "metadata.order.sellerFeeAmount",
        name: "seller fee",
        from: From::RateWithOrWithout(PRICE, ("metadata.order.sellerFee", "rate")),
    },
    Rule {
        family: "listing",
        field: "listingFinalPrice",
        name: "buyer's price",
        from: From::AtLeast(("listingPrice", "seller's price")),
    },
];

/// An amount that does not come out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The field, from the message down.
    pub path: String,
    /// In a sentence, with the amounts: `amount paid 110.00 ≠ price 100.00 + buyer fee 9.00, which is 109.00`.
    pub says: String,
}

/// What became of the rules for a payload.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums {
    /// Rules for which all amounts were there.
    pub checked: usize,
    /// Those that were broken.
    pub wrong: Vec<Mismatch>,
}

/// Checks every amount of `webhook`.
pub fn check(webhook: &Webhook<'_>) -> Sums {
    let mut sums = Sums::default();
    for rule in RULES.iter().filter(|rule| rule.family == webhook.family) {
        let Some(verdict) = rule.verdict(webhook.data()) else { continue };
        sums.checked += 1;
        if let Err(says) = verdict {
            sums.wrong.push(Mismatch { path: format!("data.{}", rule.field), says });
        }
    }
    sums
}

impl Rule {
    /// Whether the amount comes out, or how not; none when an amount is missing or cannot be computed with.
    fn verdict(&self, data: &Json) -> Option<Result<(), String>> {
        let found = amount(data, self.field)?;
        let (name, with) = (self.name, |part: Part| Some((amount(data, part.0)?, part.1)));
        match self.from {
            From::Sum(one, other) => {
                let ((a, a_name), (b, b_name)) = (with(one)?, with(other)?);
                let sum = a.plus(b)?;
                // Less than a cent apart is the noise of a sender's binary fractions.
                let comes_out = found.near(sum, Exact::CENT)?;
                Some(told(comes_out, || format!("{name} {found} ≠ {a_name} {a} + {b_name} {b}, which is {sum}")))
            }
            From::Rate(price, rate) | From::RateWithOrWithout(price, rate) => {
                let ((price, price_name), (rate, _)) = (with(price)?, with(rate)?);
                let fee = price.times(rate)?;
                let tolerance = tolerance(&[found, price]);
                let left = price.minus(found)?.times(rate)?;
                let also_left = matches!(self.from, From::RateWithOrWithout(..));
                let comes_out = found.near(fee, tolerance)? || also_left && found.near(left, tolerance)?;
                let or = if also_left { format!(" (or {left} of what is left)") } else { String::new() };
                Some(told(comes_out, || {
                    format!("{name} {found} ≠ {price_name} {price} × {}, which is {fee}{or}", percent(rate))
                }))
            }
            From::AtLeast(other) => {
                let (least, least_name) = with(other)?;
                let comes_out = found.compare(least)? != Ordering::Less;
                Some(told(comes_out, || format!("{name} {found} < {least_name} {least}")))
            }
        }
    }
}

fn told(comes_out: bool, says: impl FnOnce() -> String) -> Result<(), String> {
    if comes_out { Ok(()) } else { Err(says()) }
}

/// A fee is rounded, up or down, to a cent; where no amount has cents, perhaps because the currency has none, to one.
fn tolerance(amounts: &[Exact]) -> Exact {
    if amounts.iter().all(|one| one.is_whole()) { Exact::ONE } else { Exact::CENT }
}

fn percent(rate: Exact) -> String {
    let hundred = Exact::parse("1e2").and_then(|hundred| rate.times(hundred));
    hundred.map_or_else(|| rate.to_string(), |percent| format!("{percent} %"))
}

fn amount(data: &Json, path: &str) -> Option<Exact> {
    match data.at(path)? {
        Json::Number(text) => Exact::parse(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::documentation::ACTIONS;

    fn of(family: &str, data: &str) -> Sums {
        let body = format!(r#"{{"family":"{family}","action":"{family}.x","data":{data}}}"#);
        check(&Webhook::parse(body.as_bytes()).unwrap())
    }

    fn order(amounts: &str) -> Vec<String> {
        let sums = of("ticket", &format!(r#"{{"metadata":{{"order":{{{amounts}}}}}}}"#));
        sums.wrong.into_iter().map(|one| one.says).collect()
    }

    #[test]
    fn every_rule_is_about_documented_numbers() {
        let documented = |family: &str, path: &str| {
            let of = ACTIONS.iter().filter(|one| one.family == family);
            of.flat_map(|one| one.fields).any(|field| field.path == path)
        };
        for rule in RULES {
            let parts = match rule.from {
                From::Sum(a, b) | From::Rate(a, b) | From::RateWithOrWithout(a, b) => vec![a.0, b.0],
                From::AtLeast(a) => vec![a.0],
            };
            for path in parts.into_iter().chain([rule.field]) {
                assert!(documented(rule.family, path), "{path}");
            }
        }
    }

    /// The samples of the documentation, as they stand in `fixtures/events`: all of them add up, and in the sales every
    /// rule was put to use.
    #[test]
    fn the_documentations_own_samples_add_up() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/events");
        let mut checked = std::collections::BTreeMap::<String, usize>::new();
        for family in crate::domain::documentation::FAMILIES {
            for file in std::fs::read_dir(folder.join(family)).unwrap() {
                let path = file.unwrap().path();
                let mut text = std::fs::read_to_string(&path).unwrap();
                json_strip_comments::strip(&mut text).unwrap();
                let webhook = Webhook::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{path:?}: {error}"));
                let sums = check(&webhook);
                assert_eq!(sums.wrong, [], "{path:?}");
                *checked.entry(family.to_owned()).or_default() += sums.checked;
            }
        }
        // Two sales with three rules, the older sample, which has no seller fee, with two, three listings with one.
        assert_eq!((checked["ticket"], checked["listing"], checked["payouts"]), (8, 3, 0));
    }

    #[test]
    fn what_does_not_add_up_is_said_with_its_amounts() {
        let says = order(
            r#""grossResalePaidAmount":110,"grossResalePaidAmountWithoutBuyerFee":100.00,"buyerFee":0.09,"buyerFeeAmount":9"#,
        );
        assert_eq!(says, ["amount paid 110.00 ≠ price 100.00 + buyer fee 9.00, which is 109.00"]);
        let says = order(r#""grossResalePaidAmountWithoutBuyerFee":100.5,"buyerFee":0.15,"buyerFeeAmount":15"#);
        assert_eq!(says, ["buyer fee 15.00 ≠ price 100.50 × 15.00 %, which is 15.075"]);
        let listing = of("listing", r#"{"listingPrice":1500,"listingFinalPrice":1499.99}"#);
        assert_eq!(listing.wrong[0].says, "buyer's price 1499.99 < seller's price 1500.00");
        assert_eq!(listing.wrong[0].path, "data.listingFinalPrice");
    }

    #[test]
    fn a_seller_fee_may_be_of_the_price_or_of_what_is_left() {
        let fee = |amount: &str| {
            order(&format!(
                r#""grossResalePaidAmountWithoutBuyerFee":90275,"sellerFee":0.15,"sellerFeeAmount":{amount}"#
            ))
        };
        assert_eq!((fee("11775"), fee("13541.25")), (vec![], vec![]));
        assert_eq!(
            fee("12000"),
            ["seller fee 12000.00 ≠ price 90275.00 × 15.00 %, which is 13541.25 (or 11741.25 of what is left)"]
        );
    }

    #[test]
    fn rounding_and_binary_noise_pass_and_a_cent_does_not() {
        let fee = |amount: &str| {
            order(&format!(r#""grossResalePaidAmountWithoutBuyerFee":33.33,"buyerFee":0.15,"buyerFeeAmount":{amount}"#))
        };
        // 4.9995, rounded down, up, and not at all.
        for passes in ["4.99", "5", "4.9995", "4.999500000000001"] {
            assert_eq!(fee(passes), Vec::<String>::new(), "{passes}");
        }
        assert_eq!((fee("4.98").len(), fee("5.01").len()), (1, 1));
        let whole = |amount: &str| {
            order(&format!(r#""grossResalePaidAmountWithoutBuyerFee":10001,"buyerFee":0.15,"buyerFeeAmount":{amount}"#))
        };
        assert_eq!((whole("1500").len(), whole("1501").len(), whole("1499").len()), (0, 0, 1));
        let paid = |amount: &str| {
            order(&format!(
                r#""grossResalePaidAmountWithoutBuyerFee":100,"buyerFeeAmount":9.99,"grossResalePaidAmount":{amount}"#
            ))
        };
        assert_eq!((paid("109.99000000000001").len(), paid("109.98").len(), paid("110").len()), (0, 1, 1));
    }

    #[test]
    fn what_is_missing_or_no_number_breaks_no_rule() {
        assert_eq!(order(r#""grossResalePaidAmount":110,"buyerFeeAmount":9"#), Vec::<String>::new());
        let odd = r#""grossResalePaidAmount":"110","grossResalePaidAmountWithoutBuyerFee":1e400,"buyerFeeAmount":null,"buyerFee":[]"#;
        assert_eq!(order(odd), Vec::<String>::new());
        assert_eq!(of("payouts", "null"), Sums::default());
    }
}
