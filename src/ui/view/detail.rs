//! An open detail: breadcrumbs and the lines of its document in sight.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use crate::ui::detail::Detail;
use crate::ui::document::Span;
use crate::ui::model::Model;
use crate::ui::pointer::Spot;
use crate::ui::text;
use crate::ui::theme::Role;

pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model, detail: &Detail) {
    let lines = &detail.document.lines;
    let height = usize::from(area.height.saturating_sub(1)).max(1);
    let mut end = area.right().saturating_sub(1);
    if lines.len() > height {
        let percent = (detail.scroll + height).min(lines.len()) * 100 / lines.len();
        let says = format!("line {} of {}, {percent} %", detail.scroll + 1, lines.len());
        end = canvas.text_before(end, area.y, 40, Role::Faint, &says).saturating_sub(2);
    }
    let here = text::visible(&detail.subject.to_string());
    let before = model.details.iter().rev().skip(1).rev().map(|one| one.subject.to_string());
    let path: Vec<String> = std::iter::once(model.view.name().to_owned()).chain(before).collect();
    // Where one is can be read to the last; where one came from is cut.
    let x = area.x + 1;
    let room = usize::from(end.saturating_sub(x)).saturating_sub(text::width(&here) + 3);
    let x = canvas.text(x, area.y, end.saturating_sub(x), Role::Faint, &text::tail(&path.join(" › "), room));
    let x = canvas.text(x, area.y, end.saturating_sub(x), Role::Faint, if room > 0 { " › " } else { "" });
    canvas.text(x, area.y, end.saturating_sub(x), Role::Brand, &here);
    if lines.is_empty() {
        let says = if detail.missing { "There is no such thing in the ledger." } else { "Loading…" };
        canvas.text(area.x + 2, area.y + 2, area.width, Role::Plain, says);
        return;
    }
    for ((index, line), y) in lines.iter().enumerate().skip(detail.scroll).zip(area.y + 1..area.bottom()) {
        let cells = area.width.saturating_sub(2);
        if line.link.is_some() {
            canvas.spot(Rect { y, height: 1, ..area }, Spot::Line(index));
        }
        if detail.link == Some(index) {
            canvas.text(area.x, y, 1, Role::Plain, ">");
            // As in the tables: reversed, a colour of its own would stand out as a background.
            let plain = line.spans.iter().map(|span| Span { role: Role::Plain, ..span.clone() });
            canvas.spans(area.x + 1, y, cells, &plain.collect::<Vec<_>>());
            canvas.tint(Rect { y, height: 1, ..area }, Role::Selected);
        } else {
            canvas.spans(area.x + 1, y, cells, &line.spans);
        }
    }
}
