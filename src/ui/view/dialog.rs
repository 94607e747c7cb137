//! A question, over everything else.

use ratatui::layout::{Position, Rect};
use tui_input::Input;

use super::canvas::Canvas;
use super::many;
use crate::domain::delivery::Evidence;
use crate::ui::action::Action;
use crate::ui::dialog::{Ask, Dialog, LeaveDialog, MomentDialog, OrderDialog};
use crate::ui::document::{Span, span};
use crate::ui::form::{Count, Focus, Form};
use crate::ui::held_back::HELD_BACK;
use crate::ui::model::Model;
use crate::ui::pointer::Spot;
use crate::ui::theme::Role;
use crate::ui::{consequence, text, when, words};

/// Cells of the labels.
const LABEL: u16 = 11;

pub(super) fn draw(canvas: &mut Canvas<'_>, whole: Rect, model: &Model, dialog: &Dialog) -> Option<Position> {
    canvas.fade(whole);
    match dialog {
        Dialog::Order(dialog) => order(canvas, whole, model, dialog),
        Dialog::Many(dialog) => many::draw(canvas, whole, model, dialog),
        Dialog::Leave(leave_dialog) => {
            leave(canvas, whole, model, *leave_dialog);
            None
        }
        Dialog::Moment(dialog) => Some(moment(canvas, whole, model, dialog)),
    }
}

/// A box for `lines` of content in the middle, and its inside.
pub(super) fn card(canvas: &mut Canvas<'_>, whole: Rect, title: &str, lines: usize) -> Rect {
    let width = whole.width.saturating_sub(4).min(84);
    let height = (lines as u16 + 2).min(whole.height);
    let x = whole.x + (whole.width - width) / 2;
    let area = Rect { x, y: whole.y + (whole.height - height) / 2, width, height };
    canvas.clear(area);
    let inside = canvas.frame(area, Role::Focus, &[Span { text: format!(" {title} "), role: Role::Brand }], "");
    Rect { x: inside.x + 1, width: inside.width.saturating_sub(2), ..inside }
}

/// Cells of a line in a question.
pub(super) fn room(whole: Rect) -> usize {
    usize::from(whole.width.saturating_sub(8).min(80))
}

/// A question before an order.
pub(super) struct Question<'a> {
    pub(super) title: String,
    /// What it is about, and what would be done.
    pub(super) says: Vec<Vec<Span>>,
    pub(super) form: &'a Form,
    /// The reason on record when none is typed; none where one must be.
    pub(super) usual: Option<&'a str>,
    /// What else is to be known; gives way to a complaint.
    pub(super) note: String,
    pub(super) no: String,
    pub(super) yes: String,
}

/// What is said can be cut where there is no room; what is typed and answered cannot.
pub(super) fn question(canvas: &mut Canvas<'_>, whole: Rect, question: &Question<'_>) -> Option<Position> {
    let form = question.form;
    let below = if form.count.is_some() { 7 } else { 6 };
    let most = usize::from(whole.height.saturating_sub(2)).saturating_sub(below);
    let cut = question.says.len() > most;
    let shown = if cut { most.saturating_sub(1) } else { question.says.len() };
    let inside = card(canvas, whole, &question.title, shown + usize::from(cut) + below);
    let mut y = inside.y;
    for spans in question.says.iter().take(shown) {
        canvas.spans(inside.x, y, inside.width, spans);
        y += 1;
    }
    if cut {
        canvas.text(inside.x, y, inside.width, Role::Faint, "… a larger terminal shows the rest");
        y += 1;
    }
    y += 1;
    let line = |y| Rect { y, height: 1, ..inside };
    let hint = match question.usual {
        Some(usual) => format!("(optional; else \"{usual}\")"),
        None => "(needed: type it)".to_owned(),
    };
    let mut cursor = typed(canvas, line(y), ("reason", Focus::Reason), form, &form.reason, &hint);
    y += 1;
    if let Some(Count { wanted, typed: number }) = &form.count {
        let hint = format!("(needed: type {wanted}, which is how many are meant)");
        cursor = typed(canvas, line(y), ("how many", Focus::Count), form, number, &hint).or(cursor);
        y += 1;
    }
    let (note, role) = match form.complaint {
        Some(complaint) => (format!("✗ {complaint}"), Role::Bad),
        None => (question.note.clone(), Role::Faint),
    };
    canvas.text(inside.x, y, inside.width, role, &note);
    y += 1;
    buttons(canvas, inside, y, &question.no, &question.yes, form.focus);
    let keys = match form.count {
        Some(_) => "type reason and number, Tab to Yes, then Enter   Esc leaves all as it is",
        None => "type the reason, Tab to Yes, then Enter   Esc leaves it as it is",
    };
    canvas.text(inside.x, y + 2, inside.width, Role::Faint, keys);
    cursor.filter(|at| at.y < whole.bottom())
}

/// `note` of an order that can be called back.
pub(super) fn can_be_called_back(model: &Model, ask: &Ask, it: &str) -> String {
    if !ask.can_be_called_back() {
        return String::new();
    }
    let (seconds, key) = (HELD_BACK.as_secs(), model.keys.named(Action::Undo));
    format!("for {seconds} s after Yes, `{key}` calls {it} back")
}

/// `text` on as many lines as it takes.
pub(super) fn wrapped(text: &str, room: usize, role: Role) -> impl Iterator<Item = Vec<Span>> {
    text::wrap(&text::visible(text), room).into_iter().map(move |line| vec![span(role, line)])
}

fn order(canvas: &mut Canvas<'_>, whole: Rect, model: &Model, dialog: &OrderDialog) -> Option<Position> {
    let ask = &dialog.ask;
    let mut says: Vec<Vec<Span>> = Vec::new();
    let mut fact = |label: &str, spans: Vec<Span>| {
        let label = span(Role::Faint, text::left(label, usize::from(LABEL)));
        says.push(std::iter::once(label).chain(spans).collect());
    };
    match ask.delivery() {
        Some(delivery) => {
            let (state, role) = words::stage(delivery.stage());
            fact("delivery", vec![span(Role::Heading, format!("{}  ", words::name(delivery))), span(role, state)]);
            let ticket = delivery.ticket.as_ref().map_or("none named", |ticket| ticket.as_str());
            fact("ticket", vec![span(Role::Plain, ticket)]);
            let person = |one| model.privacy.someone(one);
            let people = format!("{} → {}", person(delivery.from.as_ref()), person(delivery.to.as_ref()));
            fact("people", vec![span(Role::Plain, people)]);
            if let Some(amount) = &dialog.amount {
                fact("paid", vec![span(Role::Plain, &amount.0)]);
            }
            if let Some(reason) = delivery.reason() {
                fact("because", vec![span(Role::Plain, model.privacy.text(&reason))]);
            }
        }
        None => {
            if let Ask::Resend(row) = ask {
                let says = format!("{} from {}, {}", row.seq, row.rejected.from, when::size(row.size));
                fact("request", vec![span(Role::Heading, says)]);
                fact("because", vec![span(Role::Bad, model.privacy.text(&row.rejected.message))]);
            }
        }
    }
    says.push(Vec::new());
    let room = room(whole);
    says.extend(wrapped(&consequence::of(ask, model.privacy, model.now), room, Role::Plain));
    if let Some((evidence, known)) = ask.known() {
        let role = if evidence == Evidence::Unknown { Role::Bad } else { Role::Plain };
        says.extend(wrapped(known, room, role));
    }
    let question_of = Question {
        title: format!("{} {}?", ask.verb(), ask.about()),
        says,
        form: &dialog.form,
        usual: ask.usual_reason(),
        note: can_be_called_back(model, ask, "it"),
        no: "No, leave it".to_owned(),
        yes: format!("Yes, {}", ask.verb()),
    };
    question(canvas, whole, &question_of)
}

/// A line into which is typed; where its cursor stands, if it has the focus.
fn typed(
    canvas: &mut Canvas<'_>,
    line: Rect,
    (label, focus): (&str, Focus),
    form: &Form,
    input: &Input,
    hint: &str,
) -> Option<Position> {
    let here = form.focus == focus;
    let (label, role) = if here { (format!("▸ {label}"), Role::Focus) } else { (label.to_owned(), Role::Faint) };
    canvas.text(line.x, line.y, LABEL, role, &label);
    canvas.spot(line, Spot::Answer(focus));
    let x = line.x + LABEL;
    let room = line.width.saturating_sub(LABEL);
    let value = input.value();
    if value.is_empty() {
        canvas.text(x + u16::from(here), line.y, room.saturating_sub(1), Role::Faint, hint);
        return here.then_some(Position { x, y: line.y });
    }
    let scroll = input.visual_scroll(usize::from(room.saturating_sub(1)));
    let shown: String = value.chars().skip(scroll).collect();
    canvas.text(x, line.y, room, Role::Plain, &shown);
    let before: String = value.chars().take(input.cursor()).skip(scroll).collect();
    let at = x + u16::try_from(text::width(&text::visible(&before))).unwrap_or(0).min(room.saturating_sub(1));
    here.then_some(Position { x: at, y: line.y })
}

/// What is typed, and which moment that is.
fn moment(canvas: &mut Canvas<'_>, whole: Rect, model: &Model, dialog: &MomentDialog) -> Position {
    let inside = card(canvas, whole, "look back to when?", 4);
    let (value, room) = (dialog.input.value(), inside.width);
    let scroll = dialog.input.visual_scroll(usize::from(room.saturating_sub(1)));
    canvas.text(inside.x, inside.y, room, Role::Plain, &value.chars().skip(scroll).collect::<String>());
    if value.is_empty() {
        canvas.text(
            inside.x + 1,
            inside.y,
            room.saturating_sub(1),
            Role::Faint,
            "21:40  2026-11-22 21:40:07  10m  now",
        );
    }
    let (role, says) = match (dialog.moment(model.clock), dialog.complaint) {
        (_, Some(complaint)) => (Role::Bad, format!("✗ {complaint}")),
        (Ok(Some(at)), None) => {
            let ago = when::long_age(model.clock - at);
            (Role::Plain, format!("{} UTC, {ago} ago", at.format("%Y-%m-%d %H:%M:%S")))
        }
        (Ok(None), None) => (Role::Faint, "now".to_owned()),
        (Err(_), None) => (Role::Faint, "UTC".to_owned()),
    };
    canvas.text(inside.x, inside.y + 1, room, role, &says);
    canvas.text(inside.x, inside.y + 3, room, Role::Faint, "Enter looks back   Esc stays here");
    let before: String = value.chars().take(dialog.input.cursor()).skip(scroll).collect();
    let at = u16::try_from(text::width(&text::visible(&before))).unwrap_or(0).min(room.saturating_sub(1));
    Position { x: inside.x + at, y: inside.y }
}

fn buttons(canvas: &mut Canvas<'_>, inside: Rect, y: u16, no: &str, yes: &str, focus: Focus) {
    let mut x = inside.x;
    for (label, answer, role) in [(no, Focus::No, Role::Plain), (yes, Focus::Yes, Role::Bad)] {
        let (start, here) = (x, focus == answer);
        let label = if here { format!("> {label} <") } else { format!("  {label}  ") };
        x = canvas.text(x, y, inside.right().saturating_sub(x), role, &label);
        let button = Rect { x: start, y, width: x - start, height: 1 };
        if here {
            canvas.tint(button, Role::Selected);
        }
        canvas.spot(button, Spot::Answer(answer));
        x += 3;
    }
}

fn leave(canvas: &mut Canvas<'_>, whole: Rect, model: &Model, leave: LeaveDialog) {
    let room = usize::from(whole.width.saturating_sub(8).min(80));
    let listens = model.status.as_ref().is_some_and(|status| status.listen.is_some());
    let stops = match (listens, leave.quit) {
        (true, true) => "The listener stops too: menta's webhooks are not kept until willcall runs again.",
        (true, false) => "Suspending stops the listener too: menta's webhooks are not kept until `fg`.",
        (false, true) => "This dashboard closes.",
        (false, false) => "This dashboard stops until `fg`.",
    };
    let goes_on = if leave.quit { "with the next start" } else { "after `fg`" };
    let open = match leave.open {
        0 => String::new(),
        1 => format!("1 delivery is open; it stays as it is and goes on {goes_on}."),
        many => format!("{} deliveries are open; they stay as they are and go on {goes_on}.", when::count(many)),
    };
    let mut lines = text::wrap(&open, room);
    lines.extend(text::wrap(stops, room));
    for what in model.not_given().iter().filter(|_| leave.quit) {
        lines.extend(text::wrap(&text::visible(&format!("Not done any more: {what}.")), room));
    }
    lines.retain(|line| !line.is_empty());
    let title = if leave.quit { "quit?" } else { "suspend?" };
    let inside = card(canvas, whole, title, lines.len() + 4);
    let mut y = inside.y;
    for line in &lines {
        canvas.text(inside.x, y, inside.width, Role::Plain, line);
        y += 1;
    }
    let focus = if leave.yes { Focus::Yes } else { Focus::No };
    buttons(canvas, inside, y + 1, "No, stay", if leave.quit { "Yes, quit" } else { "Yes, suspend" }, focus);
    canvas.text(inside.x, y + 3, inside.width, Role::Faint, "Tab goes on   Enter chooses   y yes   n no");
}
