//! Requests that could not become events, and below them those that were turned away at the door.

use ratatui::layout::{Position, Rect};

use super::canvas::Canvas;
use super::table::{self, Cell, Column, Mark, fixed, stretch};
use super::title;
use crate::domain::query::RejectedRow;
use crate::ui::layout;
use crate::ui::list::{Row as _, Scroll as _};
use crate::ui::model::Model;
use crate::ui::pointer::Spot;
use crate::ui::theme::Role;
use crate::ui::when;

fn columns(time: u16) -> [Column; 6] {
    [
        fixed("time", time),
        fixed("request", 8).number(),
        fixed("from", 21).from(100),
        fixed("size", 9).number(),
        stretch("reason", 24, 1),
        fixed("sent again", 12),
    ]
}

fn door_columns(time: u16) -> [Column; 4] {
    [fixed("time", time), fixed("status", 6).number(), fixed("from", 21), stretch("answer", 20, 1)]
}

pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model) -> Option<Position> {
    let known = model.program().map_or(0, |status| status.turned_away.len());
    let lower = layout::turned_away_rows(area.height, known);
    let upper = Rect { height: area.height - lower, ..area };
    turned_away(canvas, Rect { y: upper.bottom(), height: lower, ..area }, model);

    let list = &model.quarantine;
    let (cursor, below) = title::draw(canvas, upper, "quarantine", list, model);
    let columns = columns(when::width(list.page.rows.iter().map(|row| row.received_at), model.now));
    let rows = table::heads(canvas, below, &columns);
    let height = usize::from(rows.height).max(1);
    match list.indices(height) {
        None => {
            let says = [
                "✓ Every request that came in could be read.",
                "To see one that cannot: willcall send fixtures/events/invalid",
            ];
            title::empty(canvas, rows, list, model, &says);
        }
        Some((top, selected)) => {
            for ((index, row), y) in list.page.rows.iter().enumerate().skip(top).zip(rows.top()..rows.bottom()) {
                let mark = if index == selected { Mark::Selected } else { Mark::None };
                canvas.spot(Rect { y, height: 1, ..rows }, Spot::Row(row.place()));
                table::row(canvas, Rect { y, height: 1, ..rows }, &columns, &cells(row, model), mark);
                if list.marks.show(row.place(), list.cursor_place()) {
                    table::mark(canvas, Rect { y, height: 1, ..rows }, mark);
                }
            }
        }
    }
    cursor
}

fn cells(row: &RejectedRow, model: &Model) -> Vec<Cell> {
    let resent = match row.resent_as {
        Some(event) => (format!("✓ event {event}"), Role::Good),
        None => ("no".to_owned(), Role::Faint),
    };
    vec![
        (when::time(row.received_at, model.now), Role::Faint),
        (row.seq.to_string(), Role::Faint),
        (row.rejected.from.clone(), Role::Plain),
        (when::size(row.size), Role::Plain),
        (model.privacy.text(&row.rejected.message), Role::Bad),
        resent,
    ]
}

fn turned_away(canvas: &mut Canvas<'_>, area: Rect, model: &Model) {
    let x = canvas.text(area.x + 1, area.y, area.width, Role::Heading, "turned away at the door, not kept");
    let Some(status) = model.program() else {
        let says = if model.travel.shown.is_some() { "on no record: unknown of earlier moments" } else { "…" };
        canvas.text(x + 2, area.y, area.width, Role::Faint, says);
        return;
    };
    let totals: Vec<String> =
        status.turned_away_total.iter().map(|(status, count)| format!("{count}×{status}")).collect();
    let says = if totals.is_empty() { "none since the start".to_owned() } else { totals.join("  ") };
    canvas.text(x + 2, area.y, area.width, Role::Faint, &says);
    let columns = door_columns(when::width(status.turned_away.iter().map(|one| one.at), model.now));
    for (one, y) in status.turned_away.iter().zip(area.top() + 1..area.bottom()) {
        let cells = [
            (when::time(one.at, model.now), Role::Faint),
            (one.status.to_string(), Role::Held),
            (one.from.clone(), Role::Plain),
            (model.privacy.text(&one.message), Role::Plain),
        ];
        table::row(canvas, Rect { y, height: 1, ..area }, &columns, &cells, Mark::None);
    }
}
