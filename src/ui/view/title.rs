//! The line above a list: what it is, how it is narrowed, how many newer rows there are.

use ratatui::layout::{Position, Rect};

use super::canvas::Canvas;
use super::table::MARK;
use crate::domain::query::MOST_COUNTED;
use crate::ui::action::Action;
use crate::ui::list::{List, Row, Scroll};
use crate::ui::model::Model;
use crate::ui::theme::Role;
use crate::ui::{text, when};

/// Draws the line; where the cursor stands while a filter is typed, and what is below.
pub(super) fn draw<R: Row>(
    canvas: &mut Canvas<'_>,
    area: Rect,
    name: &str,
    list: &List<R>,
    model: &Model,
) -> (Option<Position>, Rect) {
    let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let height = usize::from(below.height.saturating_sub(1)).max(1);
    let newer = list.newer(height);
    let mut end = area.right().saturating_sub(1);
    if newer > 0 {
        let shown = if newer >= MOST_COUNTED { format!("{}+", MOST_COUNTED - 1) } else { newer.to_string() };
        let says = format!(" +{shown} newer: {} ", model.keys.named(Action::Top));
        end = canvas.text_before(end, area.y, area.width, Role::Badge, &says).saturating_sub(1);
    }
    let mut x = canvas.text(area.x + 1, area.y, area.width, Role::Heading, name);
    let says = marked(list, height, model);
    if !says.is_empty() {
        x = canvas.text(x + 2, area.y, end.saturating_sub(x + 2), Role::Key, &says);
    }
    if let Some(sort) = list.sorted() {
        let known = list.page.rows.len() as u64;
        let more = if list.page.older { format!(", the newest {} of more", when::count(known)) } else { String::new() };
        let says = format!("by {} {}{more}", sort.column.entry().name, sort.sign());
        x = canvas.text(x + 2, area.y, end.saturating_sub(x + 2), Role::Key, &says);
    }
    let line = list.narrowing.input.value();
    let mut cursor = None;
    if model.narrowing || !line.is_empty() {
        let found = found(list, height, model);
        x = canvas.text(x + 2, area.y, 1, Role::Key, "/");
        let whole = end.saturating_sub(x);
        let kept = u16::try_from(text::width(&found) + 4).unwrap_or(whole);
        let room = whole.saturating_sub(kept).max(whole / 2).max(8);
        let scroll = list.narrowing.input.visual_scroll(usize::from(room) - 1);
        let shown: String = line.chars().skip(scroll).collect();
        let start = x;
        x = canvas.text(x, area.y, room, Role::Plain, &shown);
        if model.narrowing {
            let before: String = line.chars().take(list.narrowing.input.cursor()).skip(scroll).collect();
            let at = start + u16::try_from(text::width(&text::visible(&before))).unwrap_or(0).min(room);
            cursor = Some(Position { x: at, y: area.y });
            x = x.max(at + 1);
        }
        canvas.text(x + 2, area.y, end.saturating_sub(x + 2), Role::Faint, &found);
    }
    (cursor, below)
}

/// How many rows are marked, and how many of these are not on the screen; how far the marking of others is.
fn marked<R: Row>(list: &List<R>, height: usize, model: &Model) -> String {
    let (top, cursor) = (list.indices(height).map_or(0, |(top, _)| top), list.cursor_place());
    let on_screen = || list.shown().skip(top).take(height);
    let in_sight = on_screen().filter(|row| list.marks.rows().contains(&row.place())).count();
    let hidden = list.marks.len() - in_sight;
    let mut parts = Vec::new();
    if !list.marks.is_empty() {
        let count = when::count(list.marks.len() as u64);
        let hidden = if hidden > 0 { format!(", {} out of sight", when::count(hidden as u64)) } else { String::new() };
        parts.push(format!("{MARK} {count} marked{hidden}"));
    }
    if let Some(gathering) = model.gathering.as_ref().filter(|one| one.view == model.view) {
        let found = when::count(gathering.found as u64);
        parts.push(format!("marking: {found} so far, {} stops", model.keys.named(Action::Back)));
    }
    if let Some((newest, oldest)) = list.marks.range_to(cursor) {
        let held = list.between((newest, oldest)).map_or("many".to_owned(), |rows| when::count(rows.len() as u64));
        parts.push(format!("range of {held}: {} marks it", model.keys.named(Action::MarkRange)));
    }
    parts.join(" · ")
}

/// How many rows were found, and how far the search for them has come.
fn found<R: Row>(list: &List<R>, height: usize, model: &Model) -> String {
    let known = list.page.rows.len() as u64;
    if list.narrowing.filter().is_empty() || !list.loaded {
        return if list.loaded { String::new() } else { "looking…".to_owned() };
    }
    let search = &list.search;
    let way = format!("{} of {}", when::count(search.looked), when::count(search.looked + search.left));
    match (search.next(), list.searches(height)) {
        (None, _) => format!("{} found", when::count(known)),
        (Some(_), true) => format!("{} found · searched {way} · {} stops", when::count(known), model.way_back()),
        (Some(_), false) if search.stopped => {
            let narrow = model.keys.named(Action::Narrow);
            format!("{} found · stopped at {way} · {narrow} Enter goes on", when::count(known))
        }
        (Some(_), false) => format!("{}+ found", when::count(known)),
    }
}

/// Nothing more is on its way.
pub(super) fn is_settled<R: Row>(list: &List<R>, height: usize) -> bool {
    list.loaded && !list.searches(height)
}

/// What is said where a list has no rows; `otherwise` where it is not narrowed.
pub(super) fn empty<R: Row>(canvas: &mut Canvas<'_>, area: Rect, list: &List<R>, model: &Model, otherwise: &[&str]) {
    let narrowed = !list.narrowing.filter().is_empty();
    match (list.loaded, narrowed) {
        (false, _) => say(canvas, area, &["Loading…"]),
        (true, true) if !is_settled(list, usize::from(area.height)) => say(canvas, area, &["None found so far."]),
        (true, true) => {
            say(canvas, area, &[&format!("No row fits this filter. {} shows all again.", model.way_back())]);
        }
        (true, false) if model.travel.shown.is_some() => {
            say(canvas, area, &["Nothing of this kind was on record then."])
        }
        (true, false) => say(canvas, area, otherwise),
    }
}

/// Some lines where rows would be.
pub(super) fn say(canvas: &mut Canvas<'_>, area: Rect, lines: &[&str]) {
    for (line, y) in lines.iter().zip(area.y + 1..area.bottom()) {
        canvas.text(area.x + 2, y, area.width.saturating_sub(3), Role::Plain, line);
    }
}
