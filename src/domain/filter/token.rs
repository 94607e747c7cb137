//! Text -> words, quotes, signs, each with its place. Knows nothing of which fields there are.

use std::ops::Range;

use super::field::Comparison;
use super::problem::{Problem, Wrong};

/// A piece of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its bytes in the text.
    pub at: Range<usize>,
    /// What it is.
    pub is: Is,
}

/// What a piece is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Is {
    /// `(`
    Open,
    /// `)`
    Close,
    /// `-` right before something.
    Minus,
    /// `OR`
    Or,
    /// A word or a quoted text.
    Text(String),
    /// `field:value`
    Condition {
        /// The name as typed.
        name: String,
        /// The sign.
        comparison: Comparison,
        /// The value and its place; `None` when there is nothing right behind the sign.
        value: Option<(String, Range<usize>)>,
    },
}

/// The word between two conditions of which either will do.
pub const OR: &str = "OR";

/// Ends a word.
fn ends_word(one: char) -> bool {
    one.is_whitespace() || matches!(one, '(' | ')' | '"')
}

/// The pieces of `text`.
///
/// # Errors
/// When a quote has no end, or a minus stands alone.
pub fn tokens(text: &str) -> Result<Vec<Token>, Problem> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let start = at;
        let is = match first {
            one if one.is_whitespace() => {
                at += one.len_utf8();
                continue;
            }
            '(' => sign(&mut at, Is::Open),
            ')' => sign(&mut at, Is::Close),
            '-' => {
                let is = sign(&mut at, Is::Minus);
                if text[at..].chars().next().is_none_or(|next| next.is_whitespace() || next == ')') {
                    let wrong = Wrong::LonelyMinus { last: at == text.len() };
                    return Err(Problem { at: start..at, wrong });
                }
                is
            }
            '"' => Is::Text(quote(text, &mut at)?),
            _ => word(text, &mut at)?,
        };
        tokens.push(Token { at: start..at, is });
    }
    Ok(tokens)
}

fn sign(at: &mut usize, is: Is) -> Is {
    *at += 1;
    is
}

/// A quoted text that begins at `at`.
fn quote(text: &str, at: &mut usize) -> Result<String, Problem> {
    let start = *at;
    let mut inside = String::new();
    let mut escaped = false;
    for (offset, one) in text[start + 1..].char_indices() {
        match (one, escaped) {
            ('\\', false) => escaped = true,
            ('"', false) => {
                *at = start + 1 + offset + 1;
                if inside.is_empty() {
                    return Err(Problem { at: start..*at, wrong: Wrong::EmptyQuote });
                }
                return Ok(inside);
            }
            (one, true) => {
                // A backslash that escapes nothing is meant as one.
                if !matches!(one, '"' | '\\') {
                    inside.push('\\');
                }
                inside.push(one);
                escaped = false;
            }
            (one, false) => inside.push(one),
        }
    }
    Err(Problem { at: start..text.len(), wrong: Wrong::OpenQuote })
}

fn word(text: &str, at: &mut usize) -> Result<Is, Problem> {
    let start = *at;
    let long = text[start..].find(ends_word).unwrap_or(text.len() - start);
    let word = &text[start..start + long];
    let Some((name, comparison)) = condition(word) else {
        *at = start + long;
        return Ok(if word == OR { Is::Or } else { Is::Text(word.to_owned()) });
    };
    let begin = start + name.len() + comparison.sign().len();
    *at = start + long;
    let value = if begin < *at {
        Some((text[begin..*at].to_owned(), begin..*at))
    } else if text[begin..].starts_with('"') {
        Some((quote(text, at)?, begin..*at))
    } else {
        None
    };
    Ok(Is::Condition { name: name.to_owned(), comparison, value })
}

/// The name and the sign with which a word begins, if it is a condition: `12:30` and `a@b:c` are not.
fn condition(word: &str) -> Option<(&str, Comparison)> {
    let end = word.find([':', '=', '<', '>']).filter(|end| *end > 0)?;
    let (name, rest) = word.split_at(end);
    let named = name.chars().all(|one| one.is_ascii_alphabetic() || one == '_');
    let comparison = Comparison::ALL.into_iter().find(|one| rest.starts_with(one.sign()))?;
    named.then_some((name, comparison))
}

/// `text` in quotes.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// `text` so that it is read as this text: as it is where it can be, quoted where it must be.
pub fn word_for(text: &str) -> String {
    let plain = !text.contains(ends_word) && !text.starts_with('-') && text != OR && condition(text).is_none();
    if plain { text.to_owned() } else { quoted(text) }
}

/// `text` so that it is read as this value behind a sign.
pub fn value_for(text: &str, comparison: Comparison) -> String {
    // `<` and `=` would be read as one sign.
    let joins = text.starts_with('=') && matches!(comparison, Comparison::Less | Comparison::More);
    if text.contains(ends_word) || joins { quoted(text) } else { text.to_owned() }
}
