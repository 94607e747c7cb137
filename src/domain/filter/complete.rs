//! What could be typed next: fields, and the values that can be named beforehand.

use super::field::{Comparison, Kind, List};
use super::fields::{FIELDS, field};
use super::token::value_for;

/// What could stand instead of the piece before the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The byte where that piece begins; it ends at the cursor.
    pub start: usize,
    /// What could stand there, in the order of the table.
    pub candidates: Vec<String>,
}

/// What could stand instead of the piece of `text` before the cursor, which is at byte `cursor`. `None` when nothing is
/// known that could.
pub fn complete(list: List, text: &str, cursor: usize) -> Option<Completion> {
    let before = text.get(..cursor)?;
    if is_in_quote(before) {
        return None;
    }
    let begin = before.rfind(|one: char| one.is_whitespace() || matches!(one, '(' | ')' | '"'));
    let begin = begin.map_or(0, |at| at + before[at..].chars().next().map_or(0, char::len_utf8));
    let begin = begin + before[begin..].len() - before[begin..].trim_start_matches('-').len();
    let piece = &before[begin..];
    let (start, candidates) = match piece.find([':', '=', '<', '>']) {
        None => (begin, fields(list, piece)),
        Some(end) => {
            let sign = Comparison::ALL.into_iter().find(|one| piece[end..].starts_with(one.sign()))?;
            let start = end + sign.sign().len();
            let field = field(&piece[..end]).filter(|field| field.is_of(list))?;
            (begin + start, values(field.kind, sign, &piece[start..]))
        }
    };
    (!candidates.is_empty()).then_some(Completion { start, candidates })
}

/// Fields with the sign that is most likely behind them.
fn fields(list: List, begun: &str) -> Vec<String> {
    let begun = begun.to_lowercase();
    let sign = |kind| match kind {
        Kind::Span => Comparison::Less,
        Kind::Number => Comparison::More,
        Kind::Moment => Comparison::AtLeast,
        Kind::Text | Kind::Id | Kind::Name(_) | Kind::Choice(_) | Kind::Delivery => Comparison::Has,
    };
    let of_list = FIELDS.iter().filter(|field| field.is_of(list));
    let fit = of_list.filter(|field| field.aliases.iter().chain([&field.name]).any(|name| name.starts_with(&begun)));
    fit.map(|field| format!("{}{}", field.name, sign(field.kind).sign())).collect()
}

/// With a blank behind, for the next condition.
fn values(kind: Kind, sign: Comparison, begun: &str) -> Vec<String> {
    let begun = begun.to_lowercase();
    let fit = kind.known().iter().filter(|value| value.to_lowercase().starts_with(&begun));
    fit.map(|value| format!("{} ", value_for(value, sign))).collect()
}

/// A quote that was opened in `before` is still open.
fn is_in_quote(before: &str) -> bool {
    let (mut open, mut escaped) = (false, false);
    for one in before.chars() {
        match one {
            _ if escaped => escaped = false,
            '\\' if open => escaped = true,
            '"' => open = !open,
            _ => {}
        }
    }
    open
}
