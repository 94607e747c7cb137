//! What is to be known for a few seconds: at the right end of the body's last lines.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use crate::ui::action::Action;
use crate::ui::model::Model;
use crate::ui::text;
use crate::ui::theme::Role;

pub(super) fn draw(canvas: &mut Canvas<'_>, body: Rect, model: &Model) {
    let most = usize::from(body.width.saturating_sub(6));
    let mut y = body.bottom();
    // What can be called back is lowest: nothing else there is as pressing.
    let said = held_back(model).chain(model.toasts.iter().rev().map(|toast| (toast.text.clone(), toast.role)));
    for (says, role) in said {
        let lines = text::wrap(&text::visible(&says), most.min(90));
        let width = lines.iter().map(|line| text::width(line)).max().unwrap_or(0) as u16 + 4;
        let height = lines.len() as u16 + 2;
        if y < body.y + height {
            return;
        }
        y -= height;
        let area = Rect { x: body.right().saturating_sub(width + 1), y, width, height };
        canvas.clear(area);
        let inside = canvas.frame(area, role, &[], "");
        for (line, y) in lines.iter().zip(inside.top()..inside.bottom()) {
            canvas.text(inside.x + 1, y, inside.width, role, line);
        }
    }
}

fn held_back(model: &Model) -> impl Iterator<Item = (String, Role)> {
    let key = model.keys.named(Action::Undo);
    model.held_back.waiting().iter().rev().map(move |one| {
        let seconds = one.seconds(model.pace.uptime());
        (format!("{} is sent again in {seconds} s: `{key}` calls it back", one.about), Role::Held)
    })
}
