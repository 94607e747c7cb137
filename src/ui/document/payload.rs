//! A payload, pretty-printed: digits and key order as sent, each difference from the documentation beside its field.

use std::collections::HashMap;

use super::{Span, Writer, span};
use crate::domain::documentation::Drift;
use crate::domain::json::Json;
use crate::domain::webhook::Webhook;
use crate::ui::text;
use crate::ui::theme::Role;

/// Lines of a payload that are shown.
const MOST_LINES: usize = 4000;

/// The bytes of a webhook, with `drift` marked.
pub(super) fn write(writer: &mut Writer<'_>, body: &[u8], drift: &[Drift]) {
    match Webhook::parse(body) {
        Ok(webhook) => {
            let mut printer = Printer { writer, marks: marks(drift), left: MOST_LINES };
            let tree = printer.writer.privacy.json(&webhook.tree);
            printer.value(&tree, "", &[], 1, "");
            if printer.left == 0 {
                writer.push(vec![span(Role::Faint, "  … the rest is longer than can be read here")], None);
            }
        }
        Err(error) => {
            writer.push(vec![span(Role::Bad, format!("  {error}"))], None);
            let foreign = writer.privacy.bytes(body);
            writer.block(Role::Plain, 2, &foreign, MOST_LINES);
        }
    }
}

/// What is to be said beside each field, by its path from the message down.
fn marks(drift: &[Drift]) -> HashMap<String, Mark> {
    let mut marks = HashMap::new();
    for one in drift {
        match one {
            Drift::Undocumented { .. } => drop(marks.insert("action".into(), Mark::Here("undocumented action".into()))),
            Drift::Extra { path } if path.starts_with("type ") => {
                marks.insert("type".into(), Mark::Here("not documented".into()));
            }
            Drift::Extra { path } => drop(marks.insert(path.clone(), Mark::Here("extra: not documented".into()))),
            Drift::Retyped { path, documented, sent } => {
                marks.insert(path.clone(), Mark::Here(format!("a {sent}, documented as {documented}")));
            }
            Drift::Missing { path } => {
                let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
                match marks.entry(format!("{parent}{BELOW}")).or_insert(Mark::Below(Vec::new())) {
                    Mark::Below(names) => names.push(name.to_owned()),
                    Mark::Here(_) => {}
                }
            }
        }
    }
    marks
}

/// Sets the list of an object's missing members apart from the mark on the object itself.
const BELOW: char = '\0';

enum Mark {
    Here(String),
    Below(Vec<String>),
}

struct Printer<'a, 'k> {
    writer: &'a mut Writer<'k>,
    marks: HashMap<String, Mark>,
    left: usize,
}

impl Printer<'_, '_> {
    /// `lead` stands before the value on its first line, `tail` after it on its last.
    fn value(&mut self, value: &Json, path: &str, lead: &[Span], depth: usize, tail: &str) {
        let (open, close, empty) = match value {
            Json::Object(members) => ('{', '}', members.is_empty() && self.missing(path).is_empty()),
            Json::Array(values) => ('[', ']', values.is_empty()),
            scalar => {
                let role = match scalar {
                    Json::String(_) => Role::Quoted,
                    Json::Number(_) => Role::Digits,
                    _ => Role::Literal,
                };
                return self.line(path, lead, span(role, scalar.to_string()), depth, tail);
            }
        };
        if empty {
            return self.line(path, lead, span(Role::Plain, format!("{open}{close}")), depth, tail);
        }
        self.line(path, lead, span(Role::Plain, open.to_string()), depth, "");
        match value {
            Json::Object(members) => {
                let missing = self.missing(path);
                for (index, (name, member)) in members.iter().enumerate() {
                    if self.left == 0 {
                        return;
                    }
                    let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    let lead = [span(Role::Field, Json::String(name.clone()).to_string()), span(Role::Plain, ": ")];
                    self.value(member, &below, &lead, depth + 1, if index + 1 < members.len() { "," } else { "" });
                }
                for name in missing {
                    let note = span(Role::Drift, format!("◂ \"{name}\" is documented and missing"));
                    self.push(vec![span(Role::Plain, "  ".repeat(depth + 1)), note]);
                }
            }
            Json::Array(values) => {
                for (index, element) in values.iter().enumerate() {
                    if self.left == 0 {
                        return;
                    }
                    let tail = if index + 1 < values.len() { "," } else { "" };
                    self.value(element, &format!("{path}[{index}]"), &[], depth + 1, tail);
                }
            }
            _ => {}
        }
        self.push(vec![span(Role::Plain, format!("{}{close}{tail}", "  ".repeat(depth)))]);
    }

    fn missing(&self, path: &str) -> Vec<String> {
        match self.marks.get(&format!("{path}{BELOW}")) {
            Some(Mark::Below(names)) => names.clone(),
            _ => Vec::new(),
        }
    }

    fn line(&mut self, path: &str, lead: &[Span], value: Span, depth: usize, tail: &str) {
        let indent = "  ".repeat(depth);
        let used = text::width(&indent) + lead.iter().map(|one| text::width(&one.text)).sum::<usize>();
        let mut spans = vec![span(Role::Plain, &indent)];
        spans.extend_from_slice(lead);
        // A long string goes on below, under its beginning where that leaves room.
        let room = self.writer.width.saturating_sub(used + 1);
        let (room, hang) = if room < 20 { (self.writer.width.saturating_sub(4), 4) } else { (room, used) };
        let mut pieces = text::wrap(&value.text, room).into_iter();
        spans.push(Span { text: pieces.next().unwrap_or_default(), role: value.role });
        for piece in pieces {
            self.push(std::mem::take(&mut spans));
            spans = vec![span(Role::Plain, " ".repeat(hang)), Span { text: piece, role: value.role }];
        }
        spans.push(span(Role::Plain, tail));
        if let Some(Mark::Here(note)) = self.marks.get(path) {
            spans.push(span(Role::Drift, format!("  ◂ {note}")));
        }
        self.push(spans);
    }

    fn push(&mut self, spans: Vec<Span>) {
        if self.left > 0 {
            self.left -= 1;
            self.writer.push(spans, None);
        }
    }
}
