//! Below the box in which a filter is typed: what is wrong with it and where, or what could be typed next.

use ratatui::layout::{Position, Rect};

use super::canvas::Canvas;
use crate::domain::filter::Problem;
use crate::ui::model::Model;
use crate::ui::narrowing::{Narrowing, Offer};
use crate::ui::text;
use crate::ui::theme::Role;

/// Draws it, in front of whatever stands there. `cursor`: where that of the box is.
pub(super) fn draw(canvas: &mut Canvas<'_>, body: Rect, model: &Model, cursor: Position) {
    let Some(narrowing) = model.seen_list().map(|list| list.narrowed()).filter(|_| model.narrowing) else { return };
    let below = Rect { y: cursor.y + 1, height: body.bottom().saturating_sub(cursor.y + 1), ..body };
    match (&narrowing.offer, &narrowing.problem) {
        _ if below.height == 0 => {}
        (Some(offer), _) => candidates(canvas, Rect { height: 1, ..below }, offer),
        (None, Some(problem)) => mistake(canvas, below, narrowing, problem, cursor.x),
        (None, None) => {}
    }
}

fn candidates(canvas: &mut Canvas<'_>, area: Rect, offer: &Offer) {
    canvas.clear(area);
    let width =
        |candidate: &str| u16::try_from(text::width(candidate.trim_end())).unwrap_or(u16::MAX).saturating_add(2);
    let start = canvas.text(area.x + 1, area.y, area.width, Role::Key, "Tab") + 1;
    // The one that was chosen is always in sight.
    let room = area.right().saturating_sub(start);
    let mut first = 0;
    let needed = |first: usize| offer.candidates[first..=offer.chosen].iter().map(|one| width(one)).sum::<u16>();
    while first < offer.chosen && needed(first) > room {
        first += 1;
    }
    let mut x = start;
    for (index, candidate) in offer.candidates.iter().enumerate().skip(first) {
        if x + width(candidate) > area.right() {
            canvas.text(x, area.y, area.right().saturating_sub(x), Role::Faint, "…");
            break;
        }
        let end = canvas.text(x, area.y, area.width, Role::Plain, candidate.trim_end());
        if index == offer.chosen {
            canvas.tint(Rect { x, width: end - x, ..area }, Role::Selected);
        }
        x = end + 2;
    }
}

/// Signs below what is wrong, and the sentence beside them or, where there is no room, below.
fn mistake(canvas: &mut Canvas<'_>, area: Rect, narrowing: &Narrowing, problem: &Problem, cursor: u16) {
    let line = narrowing.input.value();
    let at = |byte: usize| text::width(&text::visible(line.get(..byte).unwrap_or(line)));
    let typed: String = line.chars().take(narrowing.input.cursor()).collect();
    let origin = i64::from(cursor) - at(typed.len()) as i64;
    let column = |byte: usize| {
        let column = (origin + at(byte) as i64).clamp(i64::from(area.x) + 1, i64::from(area.right().max(1)) - 1);
        u16::try_from(column).unwrap_or(area.x)
    };
    let (begin, end) = (column(problem.at.start), column(problem.at.end));
    let unfinished = problem.is_unfinished() && !narrowing.insisted;
    let (role, sign) = if unfinished { (Role::Faint, "…") } else { (Role::Bad, "✗") };
    let says = text::visible(&format!("{sign} {problem}"));
    canvas.clear(Rect { height: 1, ..area });
    let after = canvas.text(begin, area.y, area.width, role, &"^".repeat(usize::from((end - begin).max(1))));
    if usize::from(area.right().saturating_sub(after + 2)) >= text::width(&says) {
        canvas.text(after + 1, area.y, area.width, role, &says);
        return;
    }
    let lines = text::wrap(&says, usize::from(area.width.saturating_sub(2)));
    for (piece, y) in lines.iter().zip(area.y + 1..area.bottom()) {
        canvas.clear(Rect { y, height: 1, ..area });
        canvas.text(area.x + 1, y, area.width, role, piece);
    }
}
