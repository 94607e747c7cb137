//! A payload, pretty-printed: digits and key order as sent, parts that fold, and what is odd about a field beside it.

use std::collections::HashMap;

use super::{Joint, Line, Source, Span, Writer, span, tree};
use crate::domain::documentation::Drift;
use crate::domain::json::Json;
use crate::domain::sums::Mismatch;
use crate::domain::webhook::Webhook;
use crate::ui::folds::{Fold, Path};
use crate::ui::theme::Role;

/// Lines of a payload that are shown.
const MOST_LINES: usize = 4000;

/// The bytes of a webhook, with what differs from the documentation and what does not add up marked.
pub(super) fn write(writer: &mut Writer<'_>, body: &[u8], drift: &[Drift], sums: &[Mismatch]) {
    match Webhook::parse(body) {
        Ok(webhook) => {
            let tree = writer.privacy.json(&webhook.tree);
            let mut printer =
                Printer { writer, marks: marks(drift, sums), path: Path::new(), name: String::new(), left: MOST_LINES };
            printer.value(&tree, &[], "");
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

/// What is to be said of a field.
#[derive(Default)]
struct Marks {
    /// Beside it.
    here: Vec<(Role, String)>,
    /// Documented members that it lacks.
    missing: Vec<String>,
}

/// By the names of fields from the message down.
fn marks(drift: &[Drift], sums: &[Mismatch]) -> HashMap<String, Marks> {
    let mut marks: HashMap<String, Marks> = HashMap::new();
    let mut put = |path: &str, role: Role, note: String| {
        let here = &mut marks.entry(path.to_owned()).or_default().here;
        // Of a name that is there twice it is said twice.
        if here.iter().all(|(_, other)| *other != note) {
            here.push((role, note));
        }
    };
    for one in drift {
        match one {
            Drift::Undocumented { .. } => put("action", Role::Drift, "◂ undocumented action".into()),
            Drift::Extra { path } if path.starts_with("type ") => put("type", Role::Drift, "◂ not documented".into()),
            Drift::Extra { path } => put(path, Role::Drift, "◂ extra: not documented".into()),
            Drift::Retyped { path, documented, sent } => {
                put(path, Role::Drift, format!("◂ a {sent}, documented as {documented}"));
            }
            Drift::Missing { .. } => {}
        }
    }
    for wrong in sums {
        put(&wrong.path, Role::Bad, "≠ does not add up".into());
    }
    for one in drift {
        if let Drift::Missing { path } = one {
            let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
            marks.entry(parent.to_owned()).or_default().missing.push(name.to_owned());
        }
    }
    marks
}

struct Printer<'a, 'w> {
    writer: &'a mut Writer<'w>,
    marks: HashMap<String, Marks>,
    /// Where it is, by places.
    path: Path,
    /// The same by names, as the documentation writes them.
    name: String,
    left: usize,
}

impl Printer<'_, '_> {
    /// `lead` stands before the value on its first line, `tail` after it on its last.
    fn value(&mut self, value: &Json, lead: &[Span], tail: &'static str) {
        let missing = self.marks.get(&self.name).map_or(Vec::new(), |marks| marks.missing.clone());
        let (open, close) = match (tree::brackets(value), value) {
            (Some((open, close)), Json::Object(members)) if !members.is_empty() || !missing.is_empty() => (open, close),
            (Some((open, close)), Json::Array(elements)) if !elements.is_empty() => (open, close),
            _ => return self.line(lead, tree::scalar(value), tail, None),
        };
        let fold = self.writer.folds.at(&self.path, true);
        if !fold.open {
            return self.line(lead, span(Role::Plain, tree::folded(value)), tail, Some(fold));
        }
        self.line(lead, span(Role::Plain, open), "", Some(fold));
        let outer = self.name.len();
        match value {
            Json::Object(members) => {
                for (index, (name, member)) in members.iter().enumerate() {
                    let dot = if self.name.is_empty() { "" } else { "." };
                    self.name.extend([dot, name]);
                    self.below(index, member, &tree::name(name), index + 1 < members.len());
                    self.name.truncate(outer);
                }
            }
            Json::Array(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    self.name.extend(["[", &index.to_string(), "]"]);
                    self.below(index, element, &[], index + 1 < elements.len());
                    self.name.truncate(outer);
                }
            }
            _ => {}
        }
        for name in missing {
            let note = span(Role::Drift, format!("◂ \"{name}\" is documented and missing"));
            self.put(vec![span(Role::Plain, self.margin(1)), note], Joint::Own, None);
        }
        self.put(vec![span(Role::Plain, format!("{}{close}{tail}", self.margin(0)))], Joint::Own, None);
    }

    fn below(&mut self, index: usize, value: &Json, lead: &[Span], more: bool) {
        if self.left == 0 {
            return;
        }
        self.path.push(index);
        self.value(value, lead, if more { "," } else { "" });
        self.path.pop();
    }

    /// The whole payload stands one level in, where its fold's sign has room before it.
    fn margin(&self, deeper: usize) -> String {
        tree::margin(self.path.len() + 1 + deeper, self.writer.width)
    }

    fn line(&mut self, lead: &[Span], value: Span, tail: &str, fold: Option<Fold>) {
        let mut margin = self.margin(0);
        if let Some(fold) = fold {
            margin.truncate(margin.len().saturating_sub(2));
            margin.push_str(if fold.open { "▾ " } else { "▸ " });
        }
        // For the comma.
        let width = self.writer.width.saturating_sub(1);
        let rows = tree::rows(&margin, lead, &value, width, self.writer.wrap);
        let last = rows.len() - 1;
        for (index, (mut spans, joint)) in rows.into_iter().enumerate() {
            if index == last {
                spans.push(span(Role::Plain, tail));
                let here = self.marks.get(&self.name).map_or(&[][..], |marks| &marks.here);
                spans.extend(here.iter().map(|(role, note)| span(*role, format!("  {note}"))));
            }
            self.put(spans, joint, fold.filter(|_| index == 0));
        }
    }

    fn put(&mut self, spans: Vec<Span>, joint: Joint, fold: Option<Fold>) {
        if self.left > 0 {
            self.left -= 1;
            let source = Some(Source::Part(self.path.clone()));
            self.writer.put(Line { spans, source, fold, joint, ..Line::default() });
        }
    }
}
