//! Deliveries, and reversals: the returns among them.

use ratatui::layout::{Position, Rect};

use super::canvas::Canvas;
use super::table::{self, Cell, Column, Mark, fixed, stretch};
use super::title;
use crate::domain::delivery::{Delivery, State};
use crate::domain::privacy::Privacy;
use crate::ui::action::Action;
use crate::ui::columns;
use crate::ui::list::{List, Row, Scroll};
use crate::ui::model::{CHOICES, Choice, Model, View};
use crate::ui::pointer::Spot;
use crate::ui::theme::Role;
use crate::ui::{when, words};

/// How much room a column takes.
const fn room(column: columns::Column) -> Column {
    use columns::Column::{Age, From, Id, Kind, Next, Reason, State, Ticket, To, Tries};
    let name = column.entry().name;
    match column {
        Id => fixed(name, 8),
        Kind => fixed(name, 8).from(100),
        State => fixed(name, 11),
        Ticket => stretch(name, 12, 4).middle(),
        From => stretch(name, 12, 2).from(126),
        To => stretch(name, 12, 2).from(92),
        Tries => fixed(name, 5).number().from(100),
        Age => fixed(name, AGE).snug(),
        Next => fixed(name, 7).number().from(NEXT_FROM),
        Reason => stretch(name, 16, 8),
    }
}

/// The columns that are shown.
fn shown(model: &Model) -> Vec<columns::Column> {
    columns::TABLE.iter().map(|entry| entry.column).filter(|column| !model.hides(*column)).collect()
}

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
    let shown = shown(model);
    let columns: Vec<Column> = shown.iter().map(|column| room(*column)).collect();
    match list.indices(height) {
        None => {
            let rows = table::heads(canvas, area, &columns);
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
            let in_sight: Vec<(usize, &Delivery)> = list.shown().enumerate().skip(top).take(height).collect();
            let cells: Vec<Vec<Cell>> = in_sight.iter().map(|(_, one)| cells(one, model, &shown, area.width)).collect();
            let columns = table::around(&columns, &cells);
            let rows = table::heads(canvas, area, &columns);
            if let Some(sort) = list.sorted()
                && let Some(place) = shown.iter().position(|column| *column == sort.column)
            {
                table::sorted(canvas, area, &columns, place, sort.sign());
            }
            for (((index, delivery), cells), y) in in_sight.into_iter().zip(&cells).zip(rows.top()..rows.bottom()) {
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

fn cells(delivery: &Delivery, model: &Model, columns: &[columns::Column], width: u16) -> Vec<Cell> {
    columns.iter().map(|column| cell(delivery, model, *column, width)).collect()
}

fn cell(delivery: &Delivery, model: &Model, column: columns::Column, width: u16) -> Cell {
    use columns::Column::{Age, From, Id, Kind, Next, Reason, State, Ticket, To, Tries};
    let privacy = model.privacy;
    match column {
        Id => (delivery.id.to_string(), Role::Plain),
        Kind => (delivery.kind.name().to_owned(), Role::Faint),
        State => {
            let (state, role) = words::stage(delivery.stage());
            (state.to_owned(), role)
        }
        Ticket => ticket(delivery),
        From => (privacy.someone(delivery.from.as_ref()), Role::Plain),
        To => (privacy.someone(delivery.to.as_ref()), Role::Plain),
        Tries => (delivery.attempts.to_string(), Role::Plain),
        Age => age(delivery, model),
        Next => (next(delivery, model), Role::Plain),
        Reason => {
            let (mut why, role) = reason(delivery, privacy);
            let next = next(delivery, model);
            if width < NEXT_FROM && !next.is_empty() && !model.hides(Next) {
                why = if why.is_empty() { next } else { format!("{next}; {why}") };
            }
            (why, role)
        }
    }
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
