//! Deliveries, and reversals: the returns among them.

use ratatui::layout::{Position, Rect};

use super::canvas::Canvas;
use super::table::{self, Cell, Column, Mark, fixed, stretch};
use super::title;
use crate::domain::delivery::{Delivery, State};
use crate::domain::privacy::Privacy;
use crate::ui::action::Action;
use crate::ui::list::{List, Row};
use crate::ui::model::{CHOICES, Choice, Model, View};
use crate::ui::pointer::Spot;
use crate::ui::theme::Role;
use crate::ui::{when, words};

const COLUMNS: [Column; 9] = [
    fixed("id", 8),
    fixed("kind", 8).from(100),
    fixed("state", 11),
    stretch("ticket", 12, 4).middle(),
    stretch("from", 12, 2).from(110),
    stretch("to", 12, 2).from(76),
    fixed("tries", 5).number().from(100),
    fixed("when", 7).number(),
    stretch("reason", 16, 8),
];

pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model) -> Option<Position> {
    let (list, choice, name) = match model.view {
        View::Reversals => (&model.returns, CHOICES[model.return_choice], "returns"),
        _ => (&model.deliveries, CHOICES[model.delivery_choice], "deliveries"),
    };
    let (cursor, below) =
        title::draw(canvas, area, &format!("{name}: {}", choice.name), list, &model.keys, model.narrowing);
    rows(canvas, below, model, list, choice);
    cursor
}

fn rows(canvas: &mut Canvas<'_>, area: Rect, model: &Model, list: &List<Delivery>, choice: Choice) {
    let Choice { name: choice, stages } = choice;
    let rows = table::heads(canvas, area, &COLUMNS);
    let height = usize::from(rows.height).max(1);
    match list.indices(height) {
        None => {
            let words = !list.words.value().is_empty();
            let (other, back) = (model.keys.named(Action::States), model.keys.named(Action::Back));
            let none = match words {
                true => {
                    format!(
                        "None among *{choice}* has these words: `{other}` looks in other states, {back} shows all words."
                    )
                }
                false => format!("None among *{choice}*: `{other}` goes on to other states, {back} shows all."),
            };
            let chosen = [none.as_str()];
            let says: &[&str] = match (stages.is_empty(), model.view) {
                (false, _) => &chosen,
                (true, View::Reversals) => &["No reversed sale yet: a ticket.updated with `reversal: true` makes one."],
                (true, _) => &[
                    "No delivery yet: a ticket.updated webhook makes one. Send the documented samples:",
                    "",
                    "  willcall send fixtures/events/ticket",
                ],
            };
            title::empty(canvas, rows, list.loaded, words && stages.is_empty(), says);
        }
        Some((top, selected)) => {
            for ((index, delivery), y) in list.page.rows.iter().enumerate().skip(top).zip(rows.top()..rows.bottom()) {
                let mark = if index == selected { Mark::Selected } else { Mark::None };
                canvas.spot(Rect { y, height: 1, ..rows }, Spot::Row(delivery.place()));
                let cells = cells(delivery, model);
                table::row(canvas, Rect { y, height: 1, ..rows }, &COLUMNS, &cells, mark);
            }
        }
    }
}

fn cells(delivery: &Delivery, model: &Model) -> Vec<Cell> {
    let privacy = model.privacy;
    let (state, role) = words::stage(delivery.stage());
    vec![
        (delivery.id.to_string(), Role::Plain),
        (delivery.kind.name().to_owned(), Role::Faint),
        (state.to_owned(), role),
        ticket(delivery),
        (privacy.someone(delivery.from.as_ref()), Role::Plain),
        (privacy.someone(delivery.to.as_ref()), Role::Plain),
        (delivery.attempts.to_string(), Role::Plain),
        (moment(delivery, model), Role::Plain),
        reason(delivery, privacy),
    ]
}

pub(super) fn ticket(delivery: &Delivery) -> Cell {
    match &delivery.ticket {
        Some(ticket) => (ticket.0.clone(), Role::Plain),
        None => ("no ticket".to_owned(), Role::Bad),
    }
}

/// When the next attempt is due, or how old it is.
pub(super) fn moment(delivery: &Delivery, model: &Model) -> String {
    let now = model.now;
    match delivery.state {
        State::Pending { .. } if delivery.behind.is_none() && model.by_hand() => "by hand".to_owned(),
        State::Pending { due } if delivery.behind.is_none() && due > now => format!("in {}", when::age(due - now)),
        State::Pending { .. } if delivery.behind.is_none() => "due".to_owned(),
        State::Delivered { .. } | State::Cancelled { .. } => format!("{} ago", when::age(now - delivery.updated_at)),
        _ => when::age(now - delivery.created_at),
    }
}

pub(super) fn reason(delivery: &Delivery, privacy: Privacy) -> Cell {
    (delivery.reason().map_or(String::new(), |reason| privacy.text(&reason)), Role::Plain)
}
