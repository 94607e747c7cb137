//! Deliveries, and reversals: the returns among them.

use ratatui::layout::{Position, Rect};

use super::canvas::Canvas;
use super::table::{self, Cell, Column, Mark, fixed, stretch};
use super::title;
use crate::domain::delivery::{Delivery, State};
use crate::domain::privacy::Privacy;
use crate::ui::action::Action;
use crate::ui::list::{List, Row, Scroll};
use crate::ui::model::{CHOICES, Choice, Model, View};
use crate::ui::pointer::Spot;
use crate::ui::theme::Role;
use crate::ui::{when, words};

const COLUMNS: [Column; 10] = [
    fixed("id", 8),
    fixed("kind", 8).from(100),
    fixed("state", 11),
    stretch("ticket", 12, 4).middle(),
    stretch("from", 12, 2).from(126),
    stretch("to", 12, 2).from(92),
    fixed("tries", 5).number().from(100),
    fixed("age", AGE).snug(),
    fixed("next", 7).number().from(NEXT_FROM),
    stretch("reason", 16, 8),
];

/// In a table with fewer cells the next attempt stands before the reason.
const NEXT_FROM: u16 = 100;

/// Cells of [`age`].
pub(super) const AGE: u16 = 14;

pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model) -> Option<Position> {
    let (list, choice, name) = match model.view {
        View::Reversals => (&model.returns, CHOICES[model.return_choice], "returns"),
        _ => (&model.deliveries, CHOICES[model.delivery_choice], "deliveries"),
    };
    let (cursor, below) = title::draw(canvas, area, &format!("{name}: {}", choice.name), list, model);
    rows(canvas, below, model, list, choice);
    cursor
}

fn rows(canvas: &mut Canvas<'_>, area: Rect, model: &Model, list: &List<Delivery>, choice: Choice) {
    let Choice { name: choice, stages, .. } = choice;
    let height = usize::from(area.height.saturating_sub(1)).max(1);
    match list.indices(height) {
        None => {
            let rows = table::heads(canvas, area, &COLUMNS);
            let (other, back) = (model.keys.named(Action::States), model.way_back());
            let none = match !list.narrowing.is_empty() {
                true => {
                    format!("None among *{choice}* fits the filter: `{other}` looks in other states, {back} shows all.")
                }
                false => format!("None among *{choice}*: `{other}` goes on to other states, {back} shows all."),
            };
            let says: &[&str] = match model.view {
                View::Reversals => &["No reversed sale yet: a ticket.updated with `reversal: true` makes one."],
                _ => &[
                    "No delivery yet: a ticket.updated webhook makes one. Send the documented samples:",
                    "",
                    "  willcall send fixtures/events/ticket",
                ],
            };
            if !stages.is_empty() && title::is_settled(list, height) {
                title::say(canvas, rows, &[none.as_str()]);
            } else {
                title::empty(canvas, rows, list, model, says);
            }
        }
        Some((top, selected)) => {
            let in_sight = list.page.rows.iter().enumerate().skip(top).take(height);
            let cells: Vec<_> = in_sight.clone().map(|(_, delivery)| cells(delivery, model, area.width)).collect();
            let columns = table::around(&COLUMNS, &cells);
            let rows = table::heads(canvas, area, &columns);
            for (((index, delivery), cells), y) in in_sight.zip(&cells).zip(rows.top()..rows.bottom()) {
                let mark = if index == selected { Mark::Selected } else { Mark::None };
                canvas.spot(Rect { y, height: 1, ..rows }, Spot::Row(delivery.place()));
                table::row(canvas, Rect { y, height: 1, ..rows }, &columns, cells, mark);
                if list.marks.show(delivery.place(), list.cursor_place()) {
                    table::mark(canvas, Rect { y, height: 1, ..rows }, mark);
                }
            }
        }
    }
}

fn cells(delivery: &Delivery, model: &Model, width: u16) -> Vec<Cell> {
    let privacy = model.privacy;
    let next = next(delivery, model);
    let (mut why, plain) = reason(delivery, privacy);
    if width < NEXT_FROM && !next.is_empty() {
        why = if why.is_empty() { next.clone() } else { format!("{next}; {why}") };
    }
    let (state, role) = words::stage(delivery.stage());
    vec![
        (delivery.id.to_string(), Role::Plain),
        (delivery.kind.name().to_owned(), Role::Faint),
        (state.to_owned(), role),
        ticket(delivery),
        (privacy.someone(delivery.from.as_ref()), Role::Plain),
        (privacy.someone(delivery.to.as_ref()), Role::Plain),
        (delivery.attempts.to_string(), Role::Plain),
        age(delivery, model),
        (next, Role::Plain),
        (why, plain),
    ]
}

pub(super) fn ticket(delivery: &Delivery) -> Cell {
    match &delivery.ticket {
        Some(ticket) => (ticket.0.clone(), Role::Plain),
        None => ("no ticket".to_owned(), Role::Bad),
    }
}

/// How long somebody has waited, and what that means; how long ago it was settled.
pub(super) fn age(delivery: &Delivery, model: &Model) -> Cell {
    let Some(lateness) = model.lateness(delivery) else {
        return (format!("{:>3} ago", when::age(model.now - delivery.updated_at)), Role::Faint);
    };
    let (word, role) = words::lateness(lateness);
    (format!("{:>3} {word}", when::age(model.now - delivery.created_at)), role)
}

/// When the next attempt is due.
pub(super) fn next(delivery: &Delivery, model: &Model) -> String {
    let now = model.now;
    match delivery.state {
        State::Pending { .. } if delivery.behind.is_none() && model.by_hand() => "by hand".to_owned(),
        State::Pending { due } if delivery.behind.is_none() && due > now => format!("in {}", when::age(due - now)),
        State::Pending { .. } if delivery.behind.is_none() => "due".to_owned(),
        _ => String::new(),
    }
}

pub(super) fn reason(delivery: &Delivery, privacy: Privacy) -> Cell {
    (delivery.reason().map_or(String::new(), |reason| privacy.text(&reason)), Role::Plain)
}
