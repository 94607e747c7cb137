//! The palette and the help, over everything else: what is typed, and the lines that fit it.

use ratatui::layout::{Position, Rect};

use super::canvas::Canvas;
use crate::ui::document::{Span, span};
use crate::ui::layout;
use crate::ui::menu::{Is, Kind, Menu, Row};
use crate::ui::model::Model;
use crate::ui::pointer::Spot;
use crate::ui::text;
use crate::ui::theme::Role;

/// The most cells across.
const WIDEST: u16 = 100;

pub(super) fn draw(canvas: &mut Canvas<'_>, whole: Rect, model: &Model, menu: &Menu) -> Position {
    let (title, sign, hint) = match menu.kind {
        Kind::Palette => (" do or go to ", ":", "an action, a view, a ticket, an e-mail, d-41, at 21:40"),
        Kind::Help => (" keys ", "/", "type to find a key, a field or a sign"),
    };
    let (rows, height) = (model.menu_rows(), model.menu_height());
    let width = whole.width.saturating_sub(4).min(WIDEST);
    let area = Rect {
        x: whole.x + (whole.width - width) / 2,
        y: whole.y + layout::MENU_TOP,
        width,
        height: height as u16 + layout::MENU_MARGINS,
    };
    canvas.fade(whole);
    canvas.clear(area);
    let inside = canvas.frame(area, Role::Focus, &[span(Role::Brand, title)], "↑ ↓ choose, Enter does it, Esc closes");
    let inside = Rect { x: inside.x + 1, width: inside.width.saturating_sub(2), ..inside };
    let cursor = prompt(canvas, inside, menu, sign, hint, &count(menu, &rows));
    let top = menu.top(&rows, height);
    let at = menu.at(&rows);
    let below = Rect { y: inside.y + 1, height: inside.height.saturating_sub(1), ..inside };
    for ((index, row), y) in rows.iter().enumerate().skip(top).zip(below.top()..below.bottom()) {
        line(canvas, Rect { y, height: 1, ..below }, row, at == Some(index));
    }
    if rows.is_empty() {
        canvas.text(below.x, below.y + 1, below.width, Role::Plain, "Nothing of that name here. Esc closes.");
    }
    let rest = rows.len().saturating_sub(top + height);
    if rest > 0 {
        canvas.text_before(area.right() - 2, area.bottom() - 1, 20, Role::Faint, &format!(" {rest} more lines "));
    }
    cursor
}

/// How many lines fit what is typed, and whether more may come.
fn count(menu: &Menu, rows: &[Row]) -> String {
    let lines = rows.iter().filter(|row| row.is != Is::Margin).count();
    match (menu.typed.value().is_empty(), menu.query().is_some()) {
        (true, _) => String::new(),
        (false, true) => "looking…".to_owned(),
        (false, false) => format!("{lines} found"),
    }
}

/// The line that is typed into; where its cursor stands.
fn prompt(canvas: &mut Canvas<'_>, inside: Rect, menu: &Menu, sign: &str, hint: &str, count: &str) -> Position {
    let (x, y) = (canvas.text(inside.x, inside.y, 2, Role::Key, sign) + 1, inside.y);
    let end = canvas.text_before(inside.right(), y, 12, Role::Faint, count);
    let room = end.saturating_sub(x + 1).max(1);
    let typed = menu.typed.value();
    if typed.is_empty() {
        canvas.text(x + 1, y, inside.right().saturating_sub(x + 1), Role::Faint, hint);
    }
    let scroll = menu.typed.visual_scroll(usize::from(room.saturating_sub(1)));
    canvas.text(x, y, room, Role::Plain, &typed.chars().skip(scroll).collect::<String>());
    let before: String = typed.chars().take(menu.typed.cursor()).skip(scroll).collect();
    let at = u16::try_from(text::width(&text::visible(&before))).unwrap_or(0).min(room.saturating_sub(1));
    Position { x: x + at, y }
}

fn line(canvas: &mut Canvas<'_>, area: Rect, row: &Row, here: bool) {
    let plain = |span: &Span| Span { role: Role::Plain, ..span.clone() };
    let spans: Vec<Span> = if here { row.spans.iter().map(plain).collect() } else { row.spans.clone() };
    let role = if here { Role::Plain } else { Role::Key };
    let end = canvas.text_before(area.right(), area.y, 24, role, &row.keys);
    let end = if row.keys.is_empty() { end } else { end.saturating_sub(2) };
    canvas.spans(area.x, area.y, end.saturating_sub(area.x), &spans);
    if here {
        canvas.text(area.x, area.y, 1, Role::Plain, ">");
        canvas.tint(area, Role::Selected);
    }
    if row.is != Is::Margin {
        canvas.spot(area, Spot::Menu(row.is.clone()));
    }
}
