//! State -> cells. Pure: every file draws one region or screen from `&Model`, and builds only the rows that fit.

mod big;
mod canvas;
mod deliveries;
mod detail;
mod dialog;
mod feed;
mod footer;
mod header;
mod help;
mod overview;
mod payouts;
mod quarantine;
mod small;
mod table;
mod title;
mod toasts;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::layout;
use super::model::{Model, View};
use super::theme::Theme;
use canvas::Canvas;

/// Draws everything. The answer is where the cursor of a typed line stands.
pub fn draw(buffer: &mut Buffer, model: &Model, theme: Theme) -> Option<Position> {
    let whole = buffer.area;
    let mut canvas = Canvas { buffer, theme };
    if !layout::usable((whole.width, whole.height)) {
        small::draw(&mut canvas, whole, model);
        return None;
    }
    let header_rows = layout::header_rows(model.alarm().is_some());
    let header = Rect { height: header_rows, ..whole };
    let body = Rect {
        y: whole.y + header_rows,
        height: whole.height.saturating_sub(header_rows + layout::FOOTER_ROWS),
        ..whole
    };
    let footer = Rect { y: whole.bottom() - layout::FOOTER_ROWS, height: layout::FOOTER_ROWS, ..whole };
    header::draw(&mut canvas, header, model);
    let mut cursor = match (model.detail(), model.view) {
        (Some(detail), _) => {
            detail::draw(&mut canvas, body, model, detail);
            None
        }
        (None, View::Overview) => {
            overview::draw(&mut canvas, body, model);
            None
        }
        (None, View::Feed) => feed::draw(&mut canvas, body, model),
        (None, View::Deliveries | View::Reversals) => deliveries::draw(&mut canvas, body, model),
        (None, View::Payouts) => payouts::draw(&mut canvas, body, model),
        (None, View::Quarantine) => quarantine::draw(&mut canvas, body, model),
    };
    footer::draw(&mut canvas, footer, model);
    toasts::draw(&mut canvas, body, model);
    if let Some(dialog) = &model.dialog {
        cursor = dialog::draw(&mut canvas, whole, model, dialog);
    }
    if let Some(scroll) = model.help {
        help::draw(&mut canvas, whole, &model.keys, scroll);
        cursor = None;
    }
    cursor
}
