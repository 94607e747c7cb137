//! The help: the action table as it is, and what the signs mean.

use super::{Document, Line, span};
use crate::domain::delivery::Stage;
use crate::domain::filter::document;
use crate::domain::filter::fields::FIELDS;
use crate::ui::action::{Action, Group, TABLE};
use crate::ui::keymap::Keymap;
use crate::ui::theme::Role;
use crate::ui::{text, words};

/// Cells of the column of keys.
const KEYS: usize = 14;

/// The lines of the help.
pub fn help(keys: &Keymap) -> Document {
    let mut lines = Vec::new();
    let mut push = |spans| lines.push(Line { spans, ..Line::default() });
    for group in Group::ALL {
        let mut entries = TABLE.iter().filter(|entry| entry.group == group && keys.offers(entry.action)).peekable();
        if entries.peek().is_none() {
            continue;
        }
        push(vec![span(Role::Heading, group.name())]);
        for entry in entries {
            let names = keys.names(entry.action);
            // Whoever has given an action many keys sees them all.
            let names = if text::width(&names) < KEYS { text::left(&names, KEYS) } else { format!("{names} ") };
            push(vec![span(Role::Key, format!("  {names}")), span(Role::Plain, entry.help)]);
        }
        push(Vec::new());
    }
    let filter = format!("Filter (after `{}`; also `--filter` of the list commands)", keys.named(Action::Narrow));
    push(vec![span(Role::Heading, filter)]);
    for (typed, means) in document::RULES {
        push(vec![span(Role::Key, format!("  {}", text::left(typed, 30))), span(Role::Plain, *means)]);
    }
    for field in FIELDS {
        let means = format!("{} ({})", document::meaning(field), document::lists(field));
        push(vec![span(Role::Key, format!("  {}", text::left(field.example, 30))), span(Role::Plain, means)]);
    }
    push(Vec::new());
    push(vec![span(Role::Heading, "Signs")]);
    for stage in Stage::ALL {
        let (sign, role) = words::stage(stage);
        let means = match stage {
            Stage::Pending => "waits for its time, or behind another delivery of the same ticket",
            Stage::InFlight => "an attempt is under way",
            Stage::Delivered => "the ticket is where it belongs",
            Stage::Failed => "refused, or all attempts used up: retry, deliver by hand, or cancel",
            Stage::Held => "a person must decide; the reason says what",
            Stage::Cancelled => "not to be done any more",
        };
        push(vec![span(role, format!("  {}", text::left(sign, 14))), span(Role::Plain, means)]);
    }
    push(vec![
        span(Role::Drift, "  ◂ drift       "),
        span(Role::Plain, "differs from menta's documentation: open the event to see where"),
    ]);
    push(vec![
        span(Role::Bad, "  ≠ amounts     "),
        span(Role::Plain, "they do not add up: open the event to see which"),
    ]);
    push(vec![span(Role::Faint, "  = 41          "), span(Role::Plain, "repeats event 41 and creates nothing")]);
    push(vec![span(Role::Held, "  ↩ reversal    "), span(Role::Plain, "takes a sale back")]);
    let reveals = match keys.offers(Action::Reveal) {
        true => format!("; `{}` reveals it, which goes on record", keys.named(Action::Reveal)),
        false => String::new(),
    };
    push(vec![span(Role::Faint, "  j•••@x.com    "), span(Role::Plain, format!("personal data is masked{reveals}"))]);
    Document { lines }
}
