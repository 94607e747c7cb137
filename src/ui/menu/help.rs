//! The lines of the help: the action table as it is, the filter language, and what the signs mean; of these, those that fit
//! what is typed, under their headings.

use super::{Does, Is, Row, matching, offers};
use crate::domain::delivery::Stage;
use crate::domain::filter::document;
use crate::domain::filter::fields::FIELDS;
use crate::ui::action::{Action, Entry, Group, TABLE, key_name};
use crate::ui::document::{Span, span};
use crate::ui::keymap::Keymap;
use crate::ui::theme::Role;
use crate::ui::{text, words};

/// Cells of the column of keys.
const KEYS: usize = 14;

/// Cells of the column of what can be typed into a filter.
const FILTERS: usize = 30;

/// A heading and what stands below.
struct Section {
    heading: String,
    lines: Vec<Line>,
}

/// A line, and what it is found by.
struct Line {
    is: Is,
    spans: Vec<Span>,
    name: String,
    says: String,
    keys: Vec<String>,
}

/// The lines that fit what is typed.
pub fn rows(keys: &Keymap, typed: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    for Section { heading, lines } in sections(keys) {
        let all = matching::rank(typed, &heading, "", &[]).is_some();
        let fits = |line: &Line| all || matching::rank(typed, &line.name, &line.says, &line.keys).is_some();
        let mut fitting = lines.into_iter().filter(fits).peekable();
        if fitting.peek().is_none() {
            continue;
        }
        let margin = |spans| Row { is: Is::Margin, spans, keys: String::new() };
        if !rows.is_empty() {
            rows.push(margin(Vec::new()));
        }
        rows.push(margin(vec![span(Role::Heading, heading)]));
        rows.extend(fitting.map(|line| Row { is: line.is, spans: line.spans, keys: String::new() }));
    }
    rows
}

fn sections(keys: &Keymap) -> Vec<Section> {
    let of_group = |group: Group| {
        let entries = TABLE.iter().filter(move |entry| entry.group == group && keys.offers(entry.action));
        Section { heading: group.name().to_owned(), lines: entries.map(|entry| of_action(keys, entry)).collect() }
    };
    let mut sections: Vec<Section> = Group::ALL.into_iter().map(of_group).collect();
    let rules = document::RULES.iter().map(|(typed, means)| read(Role::Key, typed, FILTERS, *means));
    let fields = FIELDS.iter().map(|field| {
        let means = format!("{} ({})", document::meaning(field), document::lists(field));
        read(Role::Key, field.example, FILTERS, means)
    });
    sections.push(Section {
        heading: format!("Filter (after `{}`; also `--filter` of the list commands)", keys.named(Action::Narrow)),
        lines: rules.chain(fields).collect(),
    });
    sections.push(Section { heading: "Signs".to_owned(), lines: signs(keys) });
    sections
}

fn of_action(keys: &Keymap, entry: &Entry) -> Line {
    let names = keys.names(entry.action);
    // Whoever has given an action many keys sees them all.
    let shown = if text::width(&names) < KEYS { text::left(&names, KEYS) } else { format!("{names} ") };
    Line {
        is: Is::Offer(Does::Action(entry.action)),
        spans: vec![span(Role::Key, format!("  {shown}")), span(Role::Plain, entry.help)],
        name: offers::name(entry.action),
        says: entry.help.to_owned(),
        keys: keys.keys(entry.action).iter().map(|key| key_name(&key.to_string())).collect(),
    }
}

/// A line that is only read.
fn read(role: Role, sign: &str, cells: usize, means: impl Into<String>) -> Line {
    let means = means.into();
    Line {
        is: Is::Text(sign.to_owned()),
        spans: vec![span(role, format!("  {}", text::left(sign, cells))), span(Role::Plain, &means)],
        name: sign.to_owned(),
        says: means,
        keys: Vec::new(),
    }
}

fn signs(keys: &Keymap) -> Vec<Line> {
    let stages = Stage::ALL.into_iter().map(|stage| {
        let (sign, role) = words::stage(stage);
        let means = match stage {
            Stage::Pending => "waits for its time, or behind another delivery of the same ticket",
            Stage::InFlight => "an attempt is under way",
            Stage::Delivered => "the ticket is where it belongs",
            Stage::Failed => "refused, or all attempts used up: retry, deliver by hand, or cancel",
            Stage::Held => "a person must decide; the reason says what",
            Stage::Cancelled => "not to be done any more",
        };
        read(role, sign, KEYS, means)
    });
    let reveals = match keys.offers(Action::Reveal) {
        true => format!("; `{}` reveals it, which goes on record", keys.named(Action::Reveal)),
        false => String::new(),
    };
    let others = [
        (Role::Soon, "△ due soon", "somebody has waited for most of the time there is".to_owned()),
        (Role::Bad, "▲ overdue", "somebody has waited for longer than `late_after` says".to_owned()),
        (Role::Drift, "◂ drift", "differs from menta's documentation: open the event to see where".to_owned()),
        (Role::Bad, "≠ amounts", "they do not add up: open the event to see which".to_owned()),
        (Role::Faint, "= 41", "repeats event 41 and creates nothing".to_owned()),
        (Role::Held, "↩ reversal", "takes a sale back".to_owned()),
        (Role::Faint, "j•••@x.com", format!("personal data is masked{reveals}")),
    ];
    stages.chain(others.map(|(role, sign, means)| read(role, sign, KEYS, means))).collect()
}
