//! JSON as lines, for payloads and comparisons: names, scalars, and values that go on below their beginning.

use super::{Joint, Span, span};
use crate::domain::json::Json;
use crate::ui::text;
use crate::ui::theme::Role;

/// The narrowest room in which a value stands beside its name.
const NARROW: usize = 20;

/// A scalar as it reads.
pub(super) fn scalar(value: &Json) -> Span {
    let role = match value {
        Json::String(_) => Role::Quoted,
        Json::Number(_) => Role::Digits,
        Json::Bool(_) | Json::Null => Role::Literal,
        Json::Array(_) | Json::Object(_) => Role::Plain,
    };
    span(role, value.to_string())
}

/// What stands before the value of a member.
pub(super) fn name(name: &str) -> Vec<Span> {
    vec![span(Role::Field, Json::String(name.into()).to_string()), span(Role::Plain, ": ")]
}

/// The brackets of a list or an object; none for a scalar.
pub(super) fn brackets(value: &Json) -> Option<(&'static str, &'static str)> {
    match value {
        Json::Object(_) => Some(("{", "}")),
        Json::Array(_) => Some(("[", "]")),
        _ => None,
    }
}

/// What is in a folded list or object, in words.
pub(super) fn folded(value: &Json) -> String {
    let (count, one, many, (open, close)) = match value {
        Json::Object(members) => (members.len(), "member", "members", ("{", "}")),
        Json::Array(elements) => (elements.len(), "element", "elements", ("[", "]")),
        _ => return value.to_string(),
    };
    format!("{open}… {count} {}{close}", if count == 1 { one } else { many })
}

/// A value as it is copied: a string without its quotes.
pub fn copied(value: &Json) -> String {
    match value {
        Json::String(text) => text.to_string(),
        other => other.to_string(),
    }
}

/// The value at `path`.
pub fn at<'j, 't>(value: &'j Json<'t>, path: &[usize]) -> Option<&'j Json<'t>> {
    path.iter().try_fold(value, |value, place| match value {
        Json::Object(members) => members.get(*place).map(|(_, member)| member),
        Json::Array(elements) => elements.get(*place),
        _ => None,
    })
}

/// Spans of one line, and how it goes on from the one before.
pub(super) type Row = (Vec<Span>, Joint);

/// The margin of a value so many levels down; the deepest ones share one.
pub(super) fn margin(depth: usize, width: usize) -> String {
    " ".repeat((depth * 2).min(width / 2))
}

/// `lead` and `value` in rows of at most `width` cells, or in one where nothing is wrapped. What does not fit goes on
/// below: under its beginning where that leaves room, else under the margin.
pub(super) fn rows(margin: &str, lead: &[Span], value: &Span, width: usize, wrap: bool) -> Vec<Row> {
    let own = |spans: Vec<Span>| (spans, Joint::Own);
    let first = || std::iter::once(span(Role::Plain, margin)).chain(lead.iter().cloned());
    if !wrap {
        return vec![own(first().chain([value.clone()]).collect())];
    }
    let used = text::width(margin) + lead.iter().map(|one| text::width(&one.text)).sum::<usize>();
    let goes_on = |cells: usize, role: Role, piece: text::Piece| {
        let joint = Joint::before(&piece);
        (vec![span(Role::Plain, " ".repeat(cells)), Span { text: piece.text, role }], joint)
    };
    if used + NARROW.min(text::width(&value.text)) <= width {
        let mut pieces = text::pieces(&value.text, width - used).into_iter();
        let beginning = pieces.next().map(|piece| Span { text: piece.text, role: value.role });
        let mut rows = vec![own(first().chain(beginning).collect())];
        rows.extend(pieces.map(|piece| goes_on(used, value.role, piece)));
        return rows;
    }
    // The name leaves the value no room: both take lines of their own.
    let hang = (text::width(margin) + 2).min(width / 2);
    let named: String = lead.iter().map(|one| one.text.as_str()).collect();
    let mut rows: Vec<Row> = Vec::new();
    for (text, role) in [(&named, Role::Field), (&value.text, value.role)] {
        rows.extend(text::pieces(text, width - hang).into_iter().map(|piece| goes_on(hang, role, piece)));
    }
    if let Some((spans, joint)) = rows.first_mut() {
        spans[0] = span(Role::Plain, margin);
        *joint = Joint::Own;
    }
    rows
}
