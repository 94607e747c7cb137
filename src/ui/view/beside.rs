//! What the row under the cursor says, at the right of its list.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use crate::domain::privacy::Privacy;
use crate::ui::action::Action;
use crate::ui::layout;
use crate::ui::list::Scroll;
use crate::ui::model::Model;
use crate::ui::pointer::Spot;
use crate::ui::text;
use crate::ui::theme::Role;

/// Draws it; where the list has its place.
pub(super) fn draw(canvas: &mut Canvas<'_>, body: Rect, model: &Model) -> Rect {
    let list = Rect { width: layout::list_columns(body.width), ..body };
    let area = Rect { x: list.right() + 2, width: body.width.saturating_sub(list.width + 2), ..body };
    for y in body.top()..body.bottom() {
        canvas.text(list.right(), y, 1, Role::Border, "│");
    }
    let Some(detail) = &model.beside else { return list };
    if let Some(place) = model.seen_list().and_then(Scroll::cursor_place) {
        canvas.spot(area, Spot::Row(place));
    }
    let masked = if model.privacy == Privacy::Revealed { "stays masked; " } else { "" };
    let opens = format!("{masked}{} opens it", model.keys.named(Action::Open));
    let end = canvas.text_before(area.right() - 1, area.y, area.width, Role::Faint, &opens).saturating_sub(2);
    let name = text::visible(&detail.subject.to_string());
    canvas.text(area.x, area.y, end.saturating_sub(area.x), Role::Brand, &name);
    if detail.missing {
        canvas.text(area.x, area.y + 2, area.width, Role::Plain, "There is no such thing in the ledger.");
    }
    let lines = &detail.document.lines;
    let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    for (line, y) in lines.iter().zip(below.top()..below.bottom()) {
        canvas.spans(below.x, y, below.width, &line.spans);
    }
    let rest = lines.len().saturating_sub(usize::from(below.height));
    if rest > 0 {
        let y = below.bottom() - 1;
        canvas.clear(Rect { y, height: 1, ..below });
        canvas.text(below.x, y, below.width, Role::Faint, &format!("… {} more lines", rest + 1));
    }
    list
}
