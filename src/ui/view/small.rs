//! The card that says that the terminal is too small.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use crate::ui::action::Action;
use crate::ui::dialog::Dialog;
use crate::ui::layout::SMALLEST;
use crate::ui::model::Model;
use crate::ui::theme::Role;

pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model) {
    let leaving = matches!(model.dialog, Some(Dialog::Leave(_)));
    let way_out = match (leaving, model.keys.hint(Action::Quit).or(model.keys.hint(Action::Interrupt))) {
        (true, _) => "listener stops too: y quits, n stays".to_owned(),
        (false, key) => format!("{} quits", key.unwrap_or_default()),
    };
    let lines = [
        ("willcall", Role::Brand),
        ("too small to draw", Role::Heading),
        (&*format!("needs {}x{}", SMALLEST.0, SMALLEST.1), Role::Plain),
        (&*format!("has {}x{}", area.width, area.height), Role::Plain),
        ("events are kept all the same", Role::Faint),
        (&*way_out, if leaving { Role::Bad } else { Role::Faint }),
    ];
    let top = area.y + area.height.saturating_sub(lines.len() as u16) / 2;
    for ((line, role), y) in lines.iter().zip(top..area.bottom()) {
        let x = area.x + area.width.saturating_sub(line.chars().count() as u16) / 2;
        canvas.text(x, y, area.width, *role, line);
    }
}
