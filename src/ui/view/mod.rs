//! State -> cells. Pure: every file draws one region or screen from `&Model`, and builds only the rows that fit.

mod beside;
mod big;
mod canvas;
mod copied;
mod deliveries;
mod detail;
mod dialog;
mod feed;
mod footer;
mod header;
mod hint;
mod many;
mod menu;
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
use super::pointer::Spot;
use super::theme::Theme;
use canvas::Canvas;

/// Draws everything. The answer is where the cursor of a typed line stands.
pub fn draw(buffer: &mut Buffer, model: &Model, theme: Theme) -> Option<Position> {
    paint(&mut Canvas { buffer, theme, spots: Vec::new() }, model)
}

/// What a click there means: drawn once more, since what is where is known only by drawing it.
pub fn spot(model: &Model, at: Position) -> Option<Spot> {
    let mut buffer = Buffer::empty(Rect { x: 0, y: 0, width: model.size.0, height: model.size.1 });
    let mut canvas = Canvas { buffer: &mut buffer, theme: Theme::default(), spots: Vec::new() };
    paint(&mut canvas, model);
    let spots = canvas.spots;
    spots.into_iter().rev().find(|(area, _)| area.contains(at)).and_then(|(_, spot)| spot)
}

fn paint(canvas: &mut Canvas<'_>, model: &Model) -> Option<Position> {
    let whole = canvas.buffer.area;
    if !layout::usable((whole.width, whole.height)) {
        small::draw(canvas, whole, model);
        return None;
    }
    let banners = model.banner_lines();
    let header_rows = layout::header_rows(banners.len() as u16);
    let header = Rect { height: header_rows, ..whole };
    let body = Rect {
        y: whole.y + header_rows,
        height: whole.height.saturating_sub(header_rows + layout::FOOTER_ROWS),
        ..whole
    };
    let footer = Rect { y: whole.bottom() - layout::FOOTER_ROWS, height: layout::FOOTER_ROWS, ..whole };
    header::draw(canvas, header, model, &banners);
    let list = if model.splits() { beside::draw(canvas, body, model) } else { body };
    let mut cursor = match (model.detail(), model.view) {
        (Some(detail), _) => detail::draw(canvas, body, model, detail),
        (None, View::Overview) => {
            overview::draw(canvas, body, model);
            None
        }
        (None, View::Feed) => feed::draw(canvas, list, model),
        (None, View::Deliveries | View::Reversals) => deliveries::draw(canvas, list, model),
        (None, View::Payouts) => payouts::draw(canvas, list, model),
        (None, View::Quarantine) => quarantine::draw(canvas, list, model),
    };
    if let Some(cursor) = cursor {
        hint::draw(canvas, list, model, cursor);
    }
    footer::draw(canvas, footer, model);
    toasts::draw(canvas, body, model);
    if let Some(copied) = &model.copied {
        copied::draw(canvas, body, model, copied);
        cursor = None;
    }
    if let Some(dialog) = &model.dialog {
        canvas.spots.clear();
        cursor = dialog::draw(canvas, whole, model, dialog);
    }
    if let Some(menu) = &model.menu {
        canvas.spots.clear();
        cursor = Some(menu::draw(canvas, whole, model, menu));
    }
    cursor
}
