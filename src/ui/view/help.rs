//! The help, over everything else.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use crate::ui::action::Action;
use crate::ui::document::{self, Span};
use crate::ui::keymap::Keymap;
use crate::ui::theme::Role;

pub(super) fn draw(canvas: &mut Canvas<'_>, whole: Rect, keys: &Keymap, scroll: usize) {
    let width = whole.width.min(92);
    let document = document::help(keys);
    let height = whole.height.saturating_sub(4).min(document.lines.len() as u16 + 2);
    let area = Rect { x: whole.x + (whole.width - width) / 2, y: whole.y + 2, width, height };
    canvas.fade(whole);
    canvas.clear(area);
    let title = [Span { text: " keys ".into(), role: Role::Brand }];
    let note = match (keys.hint(Action::Down), keys.hint(Action::Up), keys.hint(Action::Back)) {
        (Some(down), Some(up), Some(back)) => format!("{down} {up} scroll, {back} closes"),
        _ => String::new(),
    };
    let inside = canvas.frame(area, Role::Focus, &title, &note);
    let shown = usize::from(inside.height);
    let scroll = scroll.min(document.lines.len().saturating_sub(shown));
    for (line, y) in document.lines.iter().skip(scroll).zip(inside.top()..inside.bottom()) {
        canvas.spans(inside.x + 1, y, inside.width.saturating_sub(2), &line.spans);
    }
    let rest = document.lines.len().saturating_sub(scroll + shown);
    if rest > 0 {
        let says = format!(" {rest} more lines ");
        canvas.text_before(area.right() - 2, area.bottom() - 1, 20, Role::Faint, &says);
    }
}
