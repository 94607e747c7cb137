//! Shows: payouts, joined with unlocks and with what people asked to be told of.

use ratatui::layout::{Position, Rect};

use super::canvas::Canvas;
use super::table::{self, Cell, Column, Mark, fixed, stretch};
use super::title;
use crate::domain::show::Show;
use crate::ui::list::Row as _;
use crate::ui::model::Model;
use crate::ui::pointer::Spot;
use crate::ui::theme::Role;
use crate::ui::when;

const COLUMNS: [Column; 8] = [
    stretch("show", 12, 2),
    stretch("event", 10, 1).from(90),
    fixed("paid out", 11),
    fixed("last payout", 11).number().from(80),
    fixed("unlocks", 7).number(),
    fixed("last unlock", 11).number().from(100),
    fixed("asking", 6).number(),
    fixed("tickets", 7).number(),
];

pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model) -> Option<Position> {
    let list = &model.shows;
    let (cursor, below) = title::draw(canvas, area, "shows, the last to change first", list, model);
    let rows = table::heads(canvas, below, &COLUMNS);
    let height = usize::from(rows.height).max(1);
    match list.indices(height) {
        None => {
            let says = [
                "No show yet: payouts.delivered, event.unlock and notifyMe webhooks name them. Send the samples:",
                "",
                "  willcall send fixtures/events",
            ];
            title::empty(canvas, rows, list, model, &says);
        }
        Some((top, selected)) => {
            for ((index, show), y) in list.page.rows.iter().enumerate().skip(top).zip(rows.top()..rows.bottom()) {
                let mark = if index == selected { Mark::Selected } else { Mark::None };
                canvas.spot(Rect { y, height: 1, ..rows }, Spot::Row(show.place()));
                table::row(canvas, Rect { y, height: 1, ..rows }, &COLUMNS, &cells(show), mark);
            }
        }
    }
    cursor
}

fn cells(show: &Show) -> Vec<Cell> {
    let event = |seq: Option<crate::domain::ids::Seq>| seq.map_or("–".to_owned(), |seq| format!("event {seq}"));
    vec![
        (show.show.0.clone(), Role::Plain),
        (show.event.clone().unwrap_or_else(|| "–".to_owned()), Role::Faint),
        paid(show),
        (event(show.last_payout), Role::Faint),
        (when::count(show.unlocks), Role::Plain),
        (event(show.last_unlock), Role::Faint),
        (when::count(show.subscriptions), Role::Plain),
        (when::count(show.tickets_wanted), Role::Plain),
    ]
}

/// Whether its sellers were paid out.
pub(super) fn paid(show: &Show) -> Cell {
    match show.payouts {
        0 => ("○ not yet".to_owned(), Role::Faint),
        1 => ("✓ paid out".to_owned(), Role::Good),
        many => (format!("✓ {} times", when::count(many)), Role::Good),
    }
}
