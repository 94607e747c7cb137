//! The filter language: which rows of a list are wanted, as one line of text.
//!
//! ```text
//! joe@gmail.com                  rows in which this stands somewhere, payload included, letter case aside
//! "second row"                   the same, with a blank in it
//! state:failed attempts>=3       both
//! family:listing OR amount>500   either; binds weaker than a blank
//! -state:delivered -(a OR b)     not
//! ```
//!
//! ```text
//! either  = all { "OR" all }
//! all     = one { one }
//! one     = "-" one | "(" either ")" | word | quoted | field comparison value
//! comparison = ":" | "=" | "<" | "<=" | ">" | ">="
//! ```
//!
//! A condition about what a row does not have is not met, and its negation is. One table names every field; reading,
//! judging, completing, the sentences about mistakes and the documents all go by it.
//!
//! | file | idea |
//! | --- | --- |
//! | [`time`] | spans like `10m` and moments like `2026-11-22` |
//! | [`field`] | what a field is; a row as the language sees it |
//! | [`fields`] | the table of fields |
//! | [`token`] | text -> words, quotes, signs, each with its place |
//! | [`problem`] | what is wrong with a text, where, and what would be right |
//! | [`expression`] | the tree, and back to text |
//! | [`parse`] | tokens -> tree |
//! | [`judge`] | tree + row -> wanted or not |
//! | [`bounds`] | what the indexes of a store can know of a tree |
//! | [`sieve`] | what the bytes of bodies can tell of it, unread |
//! | [`mod@complete`] | what could be typed next |
//! | [`document`] | the language, for help and README |

pub mod bounds;
pub mod complete;
pub mod document;
pub mod expression;
pub mod field;
pub mod fields;
pub mod judge;
pub mod parse;
pub mod problem;
pub mod sieve;
pub mod time;
pub mod token;

#[cfg(test)]
mod tests;

pub use bounds::Bounds;
pub use complete::{Completion, complete};
pub use expression::Expression;
pub use field::{List, Row};
pub use problem::{Problem, Wrong};
pub use sieve::Sieve;

use super::Timestamp;

/// A text that was understood, for one list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter(Expression);

impl Filter {
    /// Reads `text` as a filter of `list`. An empty text wants every row.
    ///
    /// # Errors
    /// When it is no filter: where, and what is wrong.
    pub fn parse(list: List, text: &str) -> Result<Self, Problem> {
        parse::parse(list, text).map(Self)
    }

    /// Every row is wanted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it names nobody, so that it may be written down: each of its conditions is on a field that is about no
    /// person, and no bare words are looked for.
    pub fn is_impersonal(&self) -> bool {
        self.0.is_impersonal()
    }

    /// Whether `row` is wanted at `now`; `None` when that depends on the body of its webhook, which was not given.
    pub fn judge<R: Row>(&self, row: &R, body: Option<&[u8]>, now: Timestamp) -> Option<bool> {
        judge::judge(&self.0, row, body, now)
    }

    /// What the body of every wanted row has, where anything can be known of it.
    pub fn sieve(&self) -> Option<Sieve> {
        Sieve::of(&self.0)
    }

    /// What every wanted row has, as far as an index can know it.
    pub fn bounds(&self, now: Timestamp) -> Bounds {
        Bounds::of(&self.0, now)
    }
}

/// The filter that would be typed for this tree.
impl std::fmt::Display for Filter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
