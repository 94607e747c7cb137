//! An open detail: breadcrumbs or the words looked for, and the lines of its document in sight.

use ratatui::layout::{Position, Rect};

use super::canvas::Canvas;
use crate::domain::lateness::{self, Lateness};
use crate::ui::detail::Detail;
use crate::ui::document::{Data, Line, Span};
use crate::ui::finding::Finding;
use crate::ui::model::Model;
use crate::ui::pointer::Spot;
use crate::ui::theme::Role;
use crate::ui::{text, when, words};

/// How long somebody has waited for the delivery, or did.
fn wait(model: &Model, detail: &Detail) -> Option<(String, Role)> {
    let Some(Data::Delivery(detail)) = &detail.data else { return None };
    let delivery = &detail.delivery;
    let (verb, until, lateness) = match model.lateness(delivery) {
        Some(lateness) => ("waits", model.now, lateness),
        None => {
            let settled = lateness::settled_at(delivery.id, &detail.history)?;
            let took = lateness::between(delivery.created_at, settled);
            ("took", settled, lateness::judge(took, model.late_after().of(delivery.kind)))
        }
    };
    let (says, role) = match (verb, lateness) {
        // What has come to pass is not due any more.
        ("took", Lateness::ComingDue { .. }) => (String::new(), Role::Plain),
        (_, lateness) => words::long_lateness(lateness),
    };
    let waited = when::long_age(until - delivery.created_at);
    Some((format!("{verb} {waited} {says}").trim_end().to_owned(), role))
}

/// Draws it; where the cursor stands while words are typed.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model, detail: &Detail) -> Option<Position> {
    let lines = &detail.document.lines;
    let height = usize::from(area.height.saturating_sub(1)).max(1);
    let mut end = area.right().saturating_sub(1);
    let mut cursor = None;
    if let Some(search) = &detail.search {
        (end, cursor) = looked_for(canvas, area, end, search);
    } else if lines.len() > height {
        let percent = (detail.scroll + height).min(lines.len()) * 100 / lines.len();
        let says = format!("line {} of {}, {percent} %", detail.cursor + 1, lines.len());
        end = canvas.text_before(end, area.y, 40, Role::Faint, &says).saturating_sub(2);
    }
    if let Some((says, role)) = wait(model, detail) {
        end = canvas.text_before(end, area.y, 60, role, &says).saturating_sub(2);
    }
    if !detail.wrap {
        let says = format!(" < column {} > ", detail.shift + 1);
        end = canvas.text_before(end, area.y, 30, Role::Badge, &says).saturating_sub(2);
    }
    breadcrumbs(canvas, area, end, model, detail);
    if lines.is_empty() {
        let says = match (detail.missing, &model.travel.shown) {
            (false, _) => "Loading…",
            (true, None) => "There is no such thing in the ledger.",
            (true, Some(_)) => "There was no such thing in the ledger then.",
        };
        canvas.text(area.x + 2, area.y + 2, area.width, Role::Plain, says);
        return cursor;
    }
    for ((index, line), y) in lines.iter().enumerate().skip(detail.scroll).zip(area.y + 1..area.bottom()) {
        let row = Rect { y, height: 1, ..area };
        let here = detail.cursor == index;
        let inside = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..row };
        if let Some(place) = detail.place_of(index) {
            canvas.spot(row, Spot::Line(place));
        }
        if here {
            canvas.text(area.x, y, 1, Role::Plain, ">");
            // As in the tables: reversed, a colour of its own would stand out as a background.
            let plain = line.spans.iter().map(|span| Span { role: Role::Plain, ..span.clone() });
            canvas.shifted(inside, detail.shift, &plain.collect::<Vec<_>>());
            canvas.tint(row, Role::Selected);
        } else {
            canvas.shifted(inside, detail.shift, &line.spans);
        }
        if let Some(search) = &detail.search {
            hits(canvas, inside, detail, search, (index, line));
        }
    }
    cursor
}

fn breadcrumbs(canvas: &mut Canvas<'_>, area: Rect, end: u16, model: &Model, detail: &Detail) {
    let here = text::visible(&detail.subject.to_string());
    let before = model.details.iter().rev().skip(1).rev().map(|one| one.subject.to_string());
    let path: Vec<String> = std::iter::once(model.view.name().to_owned()).chain(before).collect();
    // Where one is can be read to the last; where one came from is cut.
    let x = area.x + 1;
    let room = usize::from(end.saturating_sub(x)).saturating_sub(text::width(&here) + 3);
    let x = canvas.text(x, area.y, end.saturating_sub(x), Role::Faint, &text::tail(&path.join(" › "), room));
    let x = canvas.text(x, area.y, end.saturating_sub(x), Role::Faint, if room > 0 { " › " } else { "" });
    canvas.text(x, area.y, end.saturating_sub(x), Role::Brand, &here);
}

/// The words looked for and how often they are there, at the right; where that begins, and where the next letter goes.
fn looked_for(canvas: &mut Canvas<'_>, area: Rect, end: u16, search: &Finding) -> (u16, Option<Position>) {
    let count = search.count();
    let role = if search.hits.is_empty() { Role::Bad } else { Role::Heading };
    let end = canvas.text_before(end, area.y, 24, role, &count).saturating_sub(2);
    let room = usize::from(area.width / 3).max(8);
    let words = search.words.value();
    let scroll = search.words.visual_scroll(room.saturating_sub(1));
    let shown = text::fit(&words.chars().skip(scroll).collect::<String>(), room);
    // A cell for the cursor behind the last letter.
    let start = end.saturating_sub(text::width(&shown) as u16 + 2).max(area.x);
    canvas.text(start, area.y, 1, Role::Key, "/");
    canvas.text(start + 1, area.y, end.saturating_sub(start + 1), Role::Plain, &shown);
    let before: String = words.chars().take(search.words.cursor()).skip(scroll).collect();
    let at = start + 1 + text::width(&text::visible(&before)) as u16;
    let cursor = search.typing.then_some(Position { x: at.min(area.right().saturating_sub(1)), y: area.y });
    (start.saturating_sub(2), cursor)
}

/// Marks what was found on a line.
fn hits(canvas: &mut Canvas<'_>, inside: Rect, detail: &Detail, search: &Finding, (index, line): (usize, &Line)) {
    let mut on = search.on(index).peekable();
    if on.peek().is_none() {
        return;
    }
    let said = line.text();
    for (bytes, current) in on {
        let (Some(before), Some(found)) = (said.get(..bytes.start), said.get(bytes)) else { continue };
        let start = text::width(before);
        let end = (start + text::width(found)).saturating_sub(detail.shift).min(usize::from(inside.width));
        let start = start.saturating_sub(detail.shift);
        if start < end {
            let area = Rect { x: inside.x + start as u16, width: (end - start) as u16, ..inside };
            canvas.mark(area, current);
        }
    }
}
