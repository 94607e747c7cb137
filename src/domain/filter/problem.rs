//! What is wrong with a text, where, and what would be right.

use std::ops::Range;

use super::field::{Comparison, Field, Kind, List};
use super::fields::FIELDS;
use super::token::quoted;

/// A text that is no filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{wrong}")]
pub struct Problem {
    /// The bytes of the text that are wrong; at least one place, also behind the end.
    pub at: Range<usize>,
    /// What is wrong with them.
    pub wrong: Wrong,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// A quote has no end.
    #[error("the quote is not closed: a `\"` is missing at the end")]
    OpenQuote,
    /// A group has no end.
    #[error("the group is not closed: a `)` is missing at the end")]
    OpenGroup,
    /// An end without a group.
    #[error("no group is open here; to look for the sign itself, quote it: \")\"")]
    NoGroup,
    /// Nothing in a group.
    #[error("there is nothing in the group: put conditions between `(` and `)`")]
    EmptyGroup,
    /// Nothing in a quote.
    #[error("there is nothing between the quotes: it would be found everywhere")]
    EmptyQuote,
    /// `OR` without a condition on one of its sides; true: behind it the text ends.
    #[error("`OR` stands between two conditions and one is missing; to look for the word, quote it: \"OR\"")]
    LonelyOr {
        /// The text ends behind it.
        last: bool,
    },
    /// A minus with nothing right behind it.
    #[error("`-` stands right before what is not wanted; to look for the sign itself, quote it: \"-\"")]
    LonelyMinus {
        /// The text ends behind it.
        last: bool,
    },
    /// No list has such a field.
    #[error("no field `{name}`{}", instead_of_field(.similar, .term))]
    NoField {
        /// What was typed.
        name: String,
        /// The field that may be meant.
        similar: Option<&'static str>,
        /// The whole term.
        term: String,
    },
    /// Other lists have it.
    #[error("{} have no `{}`: it is a field of {}", .list.name(), .field.name, lists(.field))]
    OtherList {
        /// The field.
        field: &'static Field,
        /// The list that is filtered.
        list: List,
    },
    /// Nothing right behind the comparison.
    #[error("`{}{}`: {} is wanted right behind it, as in `{}`", .field.name, .comparison.sign(), wanted(.field.kind), .field.example)]
    NoValue {
        /// The field.
        field: &'static Field,
        /// The comparison.
        comparison: Comparison,
        /// The text ends behind it.
        last: bool,
    },
    /// A comparison that makes no sense for the field.
    #[error("`{}` cannot be compared by `{}`: it takes {}, as in `{}`", .field.name, .comparison.sign(), signs(.field.kind), .field.example)]
    NotComparable {
        /// The field.
        field: &'static Field,
        /// The comparison.
        comparison: Comparison,
    },
    /// A value of another kind than the field's.
    #[error("`{}{}{value}`: {} is wanted after `{}`{}", .field.name, .comparison.sign(), wanted(.field.kind), .comparison.sign(), instead(.field, .similar))]
    WrongValue {
        /// The field.
        field: &'static Field,
        /// The comparison.
        comparison: Comparison,
        /// What was typed.
        value: String,
        /// The value that may be meant.
        similar: Option<&'static str>,
        /// More typed behind it could make it right.
        begun: bool,
    },
    /// Groups in groups in groups.
    #[error("groups and minuses stand in one another more than {most} deep: write it flatter")]
    TooDeep {
        /// The most.
        most: usize,
    },
    /// Longer than any filter need be.
    #[error("a filter has at most {most} bytes")]
    TooLong {
        /// The most.
        most: usize,
    },
}

impl Problem {
    /// What is typed further may make it right: no mistake yet.
    pub fn is_unfinished(&self) -> bool {
        match self.wrong {
            Wrong::OpenQuote | Wrong::OpenGroup => true,
            Wrong::LonelyOr { last } | Wrong::LonelyMinus { last } | Wrong::NoValue { last, .. } => last,
            Wrong::WrongValue { begun, .. } => begun,
            _ => false,
        }
    }

    /// The text in a line, and below it the place marked.
    pub fn marked(&self, text: &str) -> String {
        let shown = |part: &str| crate::domain::text::visible(part).into_owned();
        let (begin, end) = (self.at.start.min(text.len()), self.at.end.min(text.len()));
        let (before, wrong) = (shown(&text[..begin]), shown(&text[begin..end]));
        let blanks = " ".repeat(before.chars().count());
        format!("{}\n{blanks}{}", shown(text), "^".repeat(wrong.chars().count().max(1)))
    }
}

fn instead_of_field(similar: &Option<&'static str>, term: &str) -> String {
    match similar {
        Some(similar) => format!(": did you mean `{similar}`? As a text: {}", quoted(term)),
        None => format!("; to look for the text itself, quote it: {}", quoted(term)),
    }
}

fn instead(field: &Field, similar: &Option<&'static str>) -> String {
    match (similar, field.kind) {
        (Some(similar), _) => format!(": did you mean `{similar}`?"),
        (None, Kind::Choice(_)) => String::new(),
        (None, _) => format!(", as in `{}`", field.example),
    }
}

/// What a value of this kind is, for a sentence.
fn wanted(kind: Kind) -> String {
    match kind {
        Kind::Text => "a text".into(),
        Kind::Id => "an id or a part of it".into(),
        Kind::Name(_) => "a name".into(),
        Kind::Choice(choices) => format!("one of {}", choices.join(", ")),
        Kind::Number => "a number".into(),
        Kind::Delivery => "the number of a delivery".into(),
        Kind::Span => "a span of time like 90s, 10m, 2h or 3d".into(),
        Kind::Moment => "a moment like 2026-11-22, 2026-11-22T14:05 or 14:05".into(),
    }
}

fn signs(kind: Kind) -> String {
    let signs: Vec<String> = kind.comparisons().iter().map(|one| format!("`{}`", one.sign())).collect();
    signs.join(" ")
}

fn lists(field: &Field) -> String {
    let names: Vec<&str> = List::ALL.into_iter().filter(|list| field.is_of(*list)).map(List::name).collect();
    names.join(" and ")
}

/// The field of `list` whose name is nearest to `name`, if one is near.
pub fn similar_field(list: List, name: &str) -> Option<&'static str> {
    let names = FIELDS
        .iter()
        .filter(|field| field.is_of(list))
        .flat_map(|field| field.aliases.iter().chain([&field.name]))
        .copied();
    nearest(names, name)
}

/// The candidate nearest to `text`, if one is near.
pub fn nearest(candidates: impl Iterator<Item = &'static str>, text: &str) -> Option<&'static str> {
    let text: Vec<char> = text.chars().flat_map(char::to_lowercase).take(40).collect();
    // A third of the letters may be wrong: two in `states`, none in `to`.
    let most = (text.len() / 3).min(2);
    let measured = candidates.map(|one| (distance(&text, &one.to_lowercase().chars().collect::<Vec<_>>()), one));
    measured
        .filter(|(distance, _)| (1..=most).contains(distance))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, one)| one)
}

/// How many letters must be changed, left out, put in or swapped to make one of the other.
fn distance(one: &[char], other: &[char]) -> usize {
    let mut rows: Vec<Vec<usize>> = vec![(0..=other.len()).collect()];
    for (i, letter) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, wanted) in other.iter().enumerate() {
            let changed = rows[i][j] + usize::from(letter != wanted);
            let mut best = changed.min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *letter == other[j - 1] && one[i - 1] == *wanted {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows.last().and_then(|row| row.last()).copied().unwrap_or(0)
}
