//! What was copied: its lines from edge to edge without a frame, so that they can be selected with the mouse as they are.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use crate::ui::action::Action;
use crate::ui::clipboard;
use crate::ui::copied::Copied;
use crate::ui::model::Model;
use crate::ui::text;
use crate::ui::theme::Role;
use crate::ui::when;

/// At the bottom of `body`, as high as it takes.
pub(super) fn draw(canvas: &mut Canvas<'_>, body: Rect, model: &Model, copied: &Copied) {
    let cells = usize::from(body.width);
    let lines = copied.lines(cells);
    let (role, head) = match copied.sent {
        true => (Role::Good, format!("✓ copied {}, {}", copied.what, when::size(copied.text.len()))),
        false => (Role::Held, format!("! not copied: {}, {}, is too long", copied.what, when::size(copied.text.len()))),
    };
    let mouse = if model.mouse { "Shift and the mouse" } else { "the mouse" };
    let hint = match copied.sent {
        true => {
            format!("it was sent to the terminal's clipboard. Should it not arrive there, select it here with {mouse}.")
        }
        false => format!(
            "terminals take at most {}. It can be selected here with {mouse}.",
            when::size(clipboard::MOST_BYTES)
        ),
    };
    let says: Vec<(String, Role)> = copied
        .notes
        .iter()
        .map(|note| (format!("! {note}"), Role::Held))
        .chain([(hint, Role::Faint)])
        .flat_map(|(says, role)| {
            text::wrap(&text::visible(&says), cells.saturating_sub(2)).into_iter().map(move |line| (line, role))
        })
        .collect();
    let rows = (lines.len() + says.len() + 4).min(usize::from(body.height));
    let height = rows as u16;
    let area = Rect { y: body.bottom() - height, height, ..body };
    canvas.clear(area);
    canvas.text(area.x, area.y, area.width, Role::Focus, &"─".repeat(cells));
    let shown = rows.saturating_sub(says.len() + 3);
    let end = area.right().saturating_sub(1);
    let last = (copied.scroll + shown).min(lines.len());
    let [up, down, back] = [Action::Up, Action::Down, Action::Back].map(|action| model.keys.named(action));
    let progress = if lines.len() > shown {
        format!("lines {}–{last} of {}  {up} {down} scroll  {back} closes", copied.scroll + 1, lines.len())
    } else {
        format!("{back} closes")
    };
    let end = canvas.text_before(end, area.y + 1, area.width / 2, Role::Faint, &progress);
    canvas.text(area.x + 1, area.y + 1, end.saturating_sub(area.x + 3), role, &head);
    let mut y = area.y + 2;
    for (line, role) in &says {
        canvas.text(area.x + 1, y, area.width.saturating_sub(2), *role, line);
        y += 1;
    }
    canvas.text(area.x, y, area.width, Role::Border, &"─".repeat(cells));
    for (line, y) in lines.iter().skip(copied.scroll).zip(y + 1..area.bottom()) {
        canvas.text(area.x, y, area.width, Role::Plain, line);
    }
}
