//! The question before orders about many rows: who is eligible, who is not and why.

use ratatui::layout::{Position, Rect};

use super::canvas::Canvas;
use super::dialog::{self, Question};
use crate::ui::action::Action;
use crate::ui::document::{Span, span};
use crate::ui::many::{Group, ManyDialog, Sorted, counted, name};
use crate::ui::model::{Model, View};
use crate::ui::theme::Role;
use crate::ui::{text, when, words};

/// Groups of each sort that are shown.
const GROUPS: usize = 3;

/// Effects that are shown.
const EFFECTS: usize = 2;

pub(super) fn draw(canvas: &mut Canvas<'_>, whole: Rect, model: &Model, dialog: &ManyDialog) -> Option<Position> {
    let verb = dialog.action.entry().hint;
    let Some(sorted) = &dialog.sorted else {
        let looked = format!("{} of {} were looked at …", when::count(dialog.looked() as u64), marked(dialog));
        let question = Question {
            title: format!("{verb}: {}?", marked(dialog)),
            says: vec![vec![span(Role::Plain, looked)]],
            form: &dialog.form,
            usual: None,
            note: String::new(),
            no: "No, leave them".to_owned(),
            yes: "Yes".to_owned(),
        };
        return dialog::question(canvas, whole, &question);
    };
    if dialog.is_notice() {
        notice(canvas, whole, model, dialog, sorted);
        return None;
    }
    let first = sorted.asks.first();
    let verb = first.map_or(verb, |ask| ask.verb());
    let question = Question {
        title: format!("{verb} {}?", counted(dialog.view, sorted.asks.len())),
        says: says(whole, model, dialog, sorted),
        form: &dialog.form,
        usual: first.and_then(|ask| ask.usual_reason()),
        note: first.map_or(String::new(), |ask| dialog::can_be_called_back(model, ask, "them")),
        no: "No, leave them".to_owned(),
        yes: format!("Yes, {verb} {}", when::count(sorted.asks.len() as u64)),
    };
    dialog::question(canvas, whole, &question)
}

/// Why none can be.
fn notice(canvas: &mut Canvas<'_>, whole: Rect, model: &Model, dialog: &ManyDialog, sorted: &Sorted) {
    let done = match dialog.action {
        Action::MarkDelivered => "marked delivered",
        Action::Cancel => "cancelled",
        Action::Undo => "taken back",
        _ => "sent again",
    };
    let lines: Vec<Vec<Span>> =
        sorted.others.iter().flat_map(|group| whole_line(model, dialog, group, whole)).collect();
    let title = format!("none of {} can be {done}", marked(dialog));
    let inside = dialog::card(canvas, whole, &title, lines.len() + 2);
    for (line, y) in lines.iter().zip(inside.top()..) {
        canvas.spans(inside.x, y, inside.width, line);
    }
    let y = inside.bottom().saturating_sub(1);
    canvas.text(inside.x, y, inside.width, Role::Faint, "Enter closes this; they stay as they are, and marked");
}

/// A group with all of its cause, where nothing else is to be said.
fn whole_line(model: &Model, dialog: &ManyDialog, group: &Group, whole: Rect) -> Vec<Vec<Span>> {
    let first = group.rows.first().map_or(String::new(), |place| name(dialog.view, *place));
    let names = if group.rows.len() > 1 { format!("{first} …") } else { first };
    let why = model.privacy.text(&group.cause.why);
    let says = format!("{} ({names}): {why}", when::count(group.rows.len() as u64));
    dialog::wrapped(&says, dialog::room(whole), Role::Plain).collect()
}

fn marked(dialog: &ManyDialog) -> String {
    counted(dialog.view, dialog.marked)
}

fn says(whole: Rect, model: &Model, dialog: &ManyDialog, sorted: &Sorted) -> Vec<Vec<Span>> {
    let room = dialog::room(whole);
    let (can, all) = (when::count(sorted.asks.len() as u64), when::count(dialog.marked as u64));
    let mut lines = vec![vec![span(Role::Heading, format!("{can} of {all} marked can be:"))]];
    lines.extend(groups(model, dialog.view, &sorted.eligible, room));
    if !sorted.others.is_empty() {
        let cannot = when::count((dialog.marked - sorted.asks.len()) as u64);
        lines.push(vec![span(Role::Held, format!("{cannot} cannot, and stay as they are:"))]);
        lines.extend(groups(model, dialog.view, &sorted.others, room));
    }
    lines.push(Vec::new());
    for (count, effect) in sorted.effects.iter().take(EFFECTS) {
        let each = if sorted.effects.len() > 1 { format!("{}: ", when::count(*count as u64)) } else { String::new() };
        lines.extend(dialog::wrapped(&format!("{each}{effect}"), room, Role::Plain));
    }
    let others: usize = sorted.effects.iter().skip(EFFECTS).map(|(count, _)| count).sum();
    if others > 0 {
        let says = format!(
            "{} more have other effects: the question about a single one says which",
            when::count(others as u64)
        );
        lines.push(vec![span(Role::Faint, says)]);
    }
    if sorted.unclear > 0 {
        let unclear = when::count(sorted.unclear as u64);
        let says = format!("Of {unclear} an attempt may have moved the ticket: look at the platform first.");
        lines.extend(dialog::wrapped(&says, room, Role::Bad));
    }
    lines
}

fn groups(model: &Model, view: View, groups: &[Group], room: usize) -> Vec<Vec<Span>> {
    let mut lines: Vec<Vec<Span>> = groups.iter().take(GROUPS).map(|group| line(model, view, group, room)).collect();
    if groups.len() > GROUPS {
        let rest: usize = groups[GROUPS..].iter().map(|group| group.rows.len()).sum();
        let says = format!("{:>7}  for other reasons", when::count(rest as u64));
        lines.push(vec![span(Role::Faint, says)]);
    }
    lines
}

/// How many, where they stand and why, and the first of them by name.
fn line(model: &Model, view: View, group: &Group, room: usize) -> Vec<Span> {
    let count = format!("{:>7}  ", when::count(group.rows.len() as u64));
    let mut names: Vec<String> = group.rows.iter().take(2).map(|place| name(view, *place)).collect();
    if group.rows.len() > names.len() {
        names.push("…".to_owned());
    }
    let names = format!("  {}", names.join(" "));
    let (stage, role) = group.cause.stage.map_or(("", Role::Plain), words::stage);
    let stage = if stage.is_empty() { String::new() } else { format!("{stage}  ") };
    let taken = text::width(&count) + text::width(&stage) + text::width(&names);
    let why = text::visible(&model.privacy.text(&group.cause.why));
    let why = text::fit(&why, room.saturating_sub(taken));
    vec![span(Role::Plain, count), span(role, stage), span(Role::Plain, why), span(Role::Faint, names)]
}
