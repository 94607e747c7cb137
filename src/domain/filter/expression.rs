//! The tree, and back to text.

use std::fmt;

use chrono::TimeDelta;

use super::field::{Comparison, Field, Kind};
use super::time::{Stretch, span};
use super::token::{value_for, word_for};
use crate::domain::decimal::Decimal;

/// What a row must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// All of these; none: every row.
    All(Vec<Expression>),
    /// Any of these.
    Any(Vec<Expression>),
    /// Not this.
    Not(Box<Expression>),
    /// A text that stands somewhere in it.
    Text(Text),
    /// A condition on one field.
    Condition(Condition),
}

/// A text that is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// As typed.
    pub typed: String,
    /// As it is compared.
    pub folded: String,
}

impl Text {
    /// This text, letter case aside.
    pub fn new(typed: String) -> Self {
        Self { folded: fold(&typed), typed }
    }
}

/// A condition on one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The field.
    pub field: &'static Field,
    /// The sign.
    pub comparison: Comparison,
    /// The value as typed.
    pub typed: String,
    /// What is asked of the field.
    pub test: Test,
}

impl Condition {
    /// A field that takes any text may be asked for an address or a name all the same.
    fn is_impersonal(&self) -> bool {
        let one_word = |text: &str| text.chars().all(|one| one.is_ascii_alphanumeric() || "._-".contains(one));
        let harmless = match self.field.kind {
            Kind::Text | Kind::Id | Kind::Name(_) => one_word(&self.typed),
            Kind::Choice(_) | Kind::Number | Kind::Delivery | Kind::Span | Kind::Moment => true,
        };
        self.field.impersonal && harmless
    }
}

/// What is asked of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// This occurs in it, letter case aside.
    Contains(String),
    /// It is this, letter case aside.
    Is(String),
    /// It is exactly this.
    Exactly(String),
    /// A number compares so with it.
    Number(Comparison, Decimal),
    /// A span compares so with it.
    Span(Comparison, TimeDelta),
    /// A moment compares so with it.
    Moment(Comparison, Stretch),
}

impl Test {
    /// What `typed` asks of a field of this kind; `None` when it is no value of that kind.
    pub fn of(kind: Kind, comparison: Comparison, typed: &str) -> Option<Self> {
        Some(match (kind, comparison) {
            (Kind::Text | Kind::Id, Comparison::Has) => Self::Contains(fold(typed)),
            (Kind::Id, _) => Self::Exactly(typed.to_owned()),
            (Kind::Text | Kind::Name(_), _) => Self::Is(fold(typed)),
            (Kind::Choice(choices), _) => {
                let folded = fold(typed).replace('-', "_");
                Self::Is((*choices.iter().find(|choice| **choice == folded)?).to_owned())
            }
            (Kind::Number, comparison) => Self::Number(comparison, Decimal::parse(typed)?),
            (Kind::Delivery, comparison) => {
                let digits = typed.strip_prefix("d-").or_else(|| typed.strip_prefix("D-")).unwrap_or(typed);
                Self::Number(comparison, Decimal::parse(digits)?)
            }
            (Kind::Span, comparison) => Self::Span(comparison, span(typed)?),
            (Kind::Moment, comparison) => Self::Moment(comparison, Stretch::parse(typed)?),
        })
    }
}

/// As texts are compared.
pub fn fold(text: &str) -> String {
    text.to_lowercase()
}

impl Expression {
    /// It wants every row.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::All(all) if all.is_empty())
    }

    /// Each part is a condition that names nobody, whatever was typed.
    pub fn is_impersonal(&self) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().all(Self::is_impersonal),
            Self::Not(one) => one.is_impersonal(),
            Self::Text(_) => false,
            Self::Condition(one) => one.is_impersonal(),
        }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, within: Within) -> fmt::Result {
        let (parts, between, bare) = match self {
            Self::Text(text) => return f.write_str(&word_for(&text.typed)),
            Self::Condition(one) => {
                return write!(
                    f,
                    "{}{}{}",
                    one.field.name,
                    one.comparison.sign(),
                    value_for(&one.typed, one.comparison)
                );
            }
            Self::Not(one) => {
                f.write_str("-")?;
                return one.write(f, Within::One);
            }
            Self::All(parts) => (parts, " ", within != Within::One),
            Self::Any(parts) => (parts, " OR ", within == Within::Nothing),
        };
        if !bare {
            f.write_str("(")?;
        }
        let inner = if matches!(self, Self::Any(_)) { Within::Any } else { Within::One };
        for (index, part) in parts.iter().enumerate() {
            f.write_str(if index > 0 { between } else { "" })?;
            part.write(f, inner)?;
        }
        f.write_str(if bare { "" } else { ")" })
    }
}

/// Where a part of a tree stands: what needs no brackets there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    Nothing,
    Any,
    One,
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, Within::Nothing)
    }
}
