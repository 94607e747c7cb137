//! What is to be known for a few seconds: at the right end of the body's last lines.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use crate::ui::model::Model;
use crate::ui::text;

pub(super) fn draw(canvas: &mut Canvas<'_>, body: Rect, model: &Model) {
    let most = usize::from(body.width.saturating_sub(6));
    let mut y = body.bottom();
    for toast in model.toasts.iter().rev() {
        let lines = text::wrap(&text::visible(&toast.text), most.min(90));
        let width = lines.iter().map(|line| text::width(line)).max().unwrap_or(0) as u16 + 4;
        let height = lines.len() as u16 + 2;
        if y < body.y + height {
            return;
        }
        y -= height;
        let area = Rect { x: body.right().saturating_sub(width + 1), y, width, height };
        canvas.clear(area);
        let inside = canvas.frame(area, toast.role, &[], "");
        for (line, y) in lines.iter().zip(inside.top()..inside.bottom()) {
            canvas.text(inside.x + 1, y, inside.width, toast.role, line);
        }
    }
}
