//! Two events or attempts side by side: in two columns where there is room, one under another where there is not.
//!
//! Every difference has a sign: `-` only the earlier one has it, `+` only the later one, `~` another value. What is the
//! same is folded.

use super::{Joint, Line, Source, Span, Writer, span, tree};
use crate::domain::comparison::Comparison;
use crate::domain::json::Json;
use crate::domain::privacy::Privacy;
use crate::ui::exhibit::{Exhibit, Pair};
use crate::ui::folds::{Fold, Path};
use crate::ui::text;
use crate::ui::theme::Role;
use crate::ui::when;

/// From so many cells on, which is a screen of 100, there are two columns.
const TWO_COLUMNS: usize = 98;

/// Lines that are shown.
const MOST_LINES: usize = 4000;

/// Members of an attempt in which texts of unknown form stand.
const TEXTS: [&str; 4] = ["answer", "body", "request_headers", "response_headers"];

/// Cells of the sign.
const SIGN: usize = 2;

/// Between the columns.
const BETWEEN: &str = " │ ";

pub(super) fn write(writer: &mut Writer, pair: &Pair) {
    let comparison = match writer.privacy {
        Privacy::Masked => pair.comparison.masked(&TEXTS),
        Privacy::Revealed => pair.comparison.clone(),
    };
    let differences = comparison.differences();
    let says = match differences {
        0 => "they say the same".to_owned(),
        many => when::plural(many as u64, "difference"),
    };
    let title = vec![span(Role::Heading, format!("{} beside {}  ", pair.left.name, pair.right.name))];
    let role = if differences == 0 { Role::Good } else { Role::Held };
    writer.push(title.into_iter().chain([span(role, says)]).collect(), None);
    let legend = "  - only earlier   + only later   ~ changed   ▸ the same, folded";
    writer.push(vec![span(Role::Faint, legend)], None);
    writer.blank();
    let two = writer.width >= TWO_COLUMNS;
    let column = if two { (writer.width - SIGN - text::width(BETWEEN)) / 2 } else { writer.width - SIGN };
    let mut printer = Printer { writer, column, two, path: Path::new(), left: MOST_LINES };
    printer.heads(pair);
    printer.node(&comparison, &[]);
    if printer.left == 0 {
        writer.push(vec![span(Role::Faint, "  … the rest is longer than can be read here")], None);
    }
}

/// Which side a line is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

struct Printer<'a, 'w> {
    writer: &'a mut Writer<'w>,
    column: usize,
    two: bool,
    path: Path,
    left: usize,
}

impl Printer<'_, '_> {
    fn heads(&mut self, pair: &Pair) {
        let head = |one: &Exhibit| vec![(vec![span(Role::Heading, &one.name)], Joint::Own)];
        match self.two {
            true => self.rows("  ", Role::Plain, head(&pair.left), head(&pair.right), None, None),
            false => {
                self.rows("- ", Role::Bad, head(&pair.left), Vec::new(), None, None);
                self.rows("+ ", Role::Good, Vec::new(), head(&pair.right), None, None);
            }
        }
    }

    fn node(&mut self, node: &Comparison, lead: &[Span]) {
        match node {
            Comparison::Same(value) => self.same(value, lead),
            Comparison::Removed(value) => self.whole(value, lead, Side::Left),
            Comparison::Added(value) => self.whole(value, lead, Side::Right),
            Comparison::Changed(left, right) => self.changed(left, right, lead),
            Comparison::Object(members) => {
                let children: Vec<_> = members.iter().map(|(name, one)| (tree::name(name), one)).collect();
                self.container("{", "}", lead, &children);
            }
            Comparison::Array(elements) => {
                let children: Vec<_> = elements.iter().map(|one| (Vec::new(), one)).collect();
                self.container("[", "]", lead, &children);
            }
        }
    }

    fn container(&mut self, open: &str, close: &str, lead: &[Span], children: &[(Vec<Span>, &Comparison)]) {
        let fold = self.writer.folds.at(&self.path, true);
        let shown = if fold.open { open.to_owned() } else { format!("{open}… differs{close}") };
        self.both(lead, &span(Role::Plain, shown), Some(fold), None);
        if !fold.open {
            return;
        }
        let mut at = 0;
        while let Some((lead, child)) = children.get(at) {
            let run = children[at..].iter().take_while(|(_, one)| one.is_same()).count();
            self.path.push(at);
            match run {
                0 | 1 => self.node(child, lead),
                many => self.run(&children[at..at + many]),
            }
            self.path.pop();
            at += run.max(1);
        }
        self.both(&[], &span(Role::Plain, close), None, None);
    }

    /// Neighbours that are the same.
    fn run(&mut self, children: &[(Vec<Span>, &Comparison)]) {
        let fold = self.writer.folds.at(&self.path, false);
        let names: Vec<&str> =
            children.iter().filter_map(|(lead, _)| lead.first().map(|name| name.text.as_str())).collect();
        let says = format!("{} the same  {}", children.len(), names.join(" "));
        let room = (self.column * if self.two { 2 } else { 1 }).saturating_sub(self.margin().len() + 4);
        let mut spans = vec![span(Role::Plain, "  "), span(Role::Plain, self.signed(Some(fold)))];
        spans.push(span(Role::Faint, text::fit(&says, room)));
        self.put(spans, Joint::Own, Some(fold), None);
        if fold.open {
            for (index, (lead, child)) in children.iter().enumerate() {
                self.path.push(index);
                self.node(child, lead);
                self.path.pop();
            }
        }
    }

    /// A value that both have.
    fn same(&mut self, value: &Json, lead: &[Span]) {
        let Some((open, close)) = filled(value) else {
            return self.both(lead, &tree::scalar(value), None, Some(value));
        };
        let fold = self.writer.folds.at(&self.path, false);
        if !fold.open {
            return self.both(lead, &span(Role::Faint, tree::folded(value)), Some(fold), Some(value));
        }
        self.both(lead, &span(Role::Plain, open), Some(fold), Some(value));
        self.below(value, Self::same);
        self.both(&[], &span(Role::Plain, close), None, Some(value));
    }

    /// A value that only one side has, all of it.
    fn whole(&mut self, value: &Json, lead: &[Span], side: Side) {
        let Some((open, close)) = filled(value) else {
            return self.one(side, lead, &tree::scalar(value), None, value);
        };
        let fold = self.writer.folds.at(&self.path, true);
        if !fold.open {
            return self.one(side, lead, &span(Role::Plain, tree::folded(value)), Some(fold), value);
        }
        self.one(side, lead, &span(Role::Plain, open), Some(fold), value);
        self.below(value, |printer, value, lead| printer.whole(value, lead, side));
        self.one(side, &[], &span(Role::Plain, close), None, value);
    }

    fn below(&mut self, value: &Json, each: impl Fn(&mut Self, &Json, &[Span])) {
        let children: Vec<(Vec<Span>, &Json)> = match value {
            Json::Object(members) => members.iter().map(|(name, one)| (tree::name(name), one)).collect(),
            Json::Array(elements) => elements.iter().map(|one| (Vec::new(), one)).collect(),
            _ => Vec::new(),
        };
        for (index, (lead, child)) in children.into_iter().enumerate() {
            if self.left == 0 {
                return;
            }
            self.path.push(index);
            each(self, child, &lead);
            self.path.pop();
        }
    }

    fn changed(&mut self, left: &Json, right: &Json, lead: &[Span]) {
        if filled(left).is_some() || filled(right).is_some() {
            // Of another shape altogether: the one, then the other.
            self.whole(left, lead, Side::Left);
            return self.whole(right, lead, Side::Right);
        }
        // They differ, and their masks do not.
        let note = span(Role::Held, "  ≠ masked");
        let column = if left == right { self.column - text::width(&note.text) } else { self.column };
        let rows = |value: &Json| tree::rows(&self.signed(None), lead, &tree::scalar(value), column, self.wraps());
        let (one, mut other) = (rows(left), rows(right));
        if let (true, Some((spans, _))) = (left == right, other.last_mut()) {
            spans.push(note);
        }
        match self.two {
            true => self.rows("~ ", Role::Held, one, other, None, Some(right)),
            false => {
                self.rows("~-", Role::Held, one, Vec::new(), None, Some(left));
                self.rows("~+", Role::Held, Vec::new(), other, None, Some(right));
            }
        }
    }

    fn both(&mut self, lead: &[Span], shown: &Span, fold: Option<Fold>, value: Option<&Json>) {
        let rows = |margin: &str| tree::rows(margin, lead, shown, self.column, self.wraps());
        let right = if self.two { rows(&self.margin()) } else { Vec::new() };
        self.rows("  ", Role::Plain, rows(&self.signed(fold)), right, fold, value);
    }

    fn one(&mut self, side: Side, lead: &[Span], shown: &Span, fold: Option<Fold>, value: &Json) {
        let rows = tree::rows(&self.signed(fold), lead, shown, self.column, self.wraps());
        match side {
            Side::Left => self.rows("- ", Role::Bad, rows, Vec::new(), fold, Some(value)),
            Side::Right => self.rows("+ ", Role::Good, Vec::new(), rows, fold, Some(value)),
        }
    }

    /// Two columns are always wrapped: the one may not run into the other.
    fn wraps(&self) -> bool {
        self.two || self.writer.wrap
    }

    fn margin(&self) -> String {
        tree::margin(self.path.len() + 1, self.column)
    }

    fn signed(&self, fold: Option<Fold>) -> String {
        let mut margin = self.margin();
        if let Some(fold) = fold {
            margin.truncate(margin.len().saturating_sub(2));
            margin.push_str(if fold.open { "▾ " } else { "▸ " });
        }
        margin
    }

    /// Rows of both sides beside each other; or where there is one column, of whichever side has any.
    fn rows(
        &mut self,
        sign: &str,
        role: Role,
        left: Vec<tree::Row>,
        right: Vec<tree::Row>,
        fold: Option<Fold>,
        value: Option<&Json>,
    ) {
        let value = value.map(tree::copied);
        let (mut left, mut right) = (left.into_iter(), right.into_iter());
        let mut first = true;
        loop {
            let (one, other) = (left.next(), right.next());
            if one.is_none() && other.is_none() {
                return;
            }
            let joint = match (&one, &other) {
                _ if first || self.two => Joint::Own,
                (Some((_, joint)), _) | (None, Some((_, joint))) => *joint,
                (None, None) => Joint::Own,
            };
            let mut spans = vec![span(role, if first { sign } else { "  " })];
            if self.two {
                spans.extend(padded(one.map_or_else(Vec::new, |(spans, _)| spans), self.column));
                spans.push(span(Role::Border, BETWEEN));
                spans.extend(other.map_or_else(Vec::new, |(spans, _)| spans));
            } else {
                let mut shown = one.or(other).map_or_else(Vec::new, |(spans, _)| spans);
                // The margin of a line that goes on is one span.
                if joint != Joint::Own && !shown.is_empty() {
                    let margin = shown.remove(0);
                    spans[0].text.push_str(&margin.text);
                }
                spans.extend(shown);
            }
            self.put(spans, joint, fold.filter(|_| first), value.clone());
            first = false;
        }
    }

    fn put(&mut self, spans: Vec<Span>, joint: Joint, fold: Option<Fold>, value: Option<String>) {
        if self.left > 0 {
            self.left -= 1;
            let source = Some(Source::Part(self.path.clone()));
            self.writer.put(Line { spans, source, fold, joint, value, ..Line::default() });
        }
    }
}

/// The brackets of a list or object that has anything in it.
fn filled(value: &Json) -> Option<(&'static str, &'static str)> {
    match value {
        Json::Object(members) if members.is_empty() => None,
        Json::Array(elements) if elements.is_empty() => None,
        value => tree::brackets(value),
    }
}

/// Spans cut and filled up to `cells`.
fn padded(spans: Vec<Span>, cells: usize) -> Vec<Span> {
    let mut left = cells;
    let mut out = Vec::with_capacity(spans.len() + 1);
    for one in spans {
        let text = text::fit(&one.text, left);
        left -= text::width(&text);
        out.push(Span { text, ..one });
    }
    out.push(span(Role::Plain, " ".repeat(left)));
    out
}
