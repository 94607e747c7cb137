//! The line above a list: what it is, how it is narrowed, how many newer rows there are.

use ratatui::layout::{Position, Rect};

use super::canvas::Canvas;
use crate::domain::query::{MOST_COUNTED, Page};
use crate::ui::action::Action;
use crate::ui::keymap::Keymap;
use crate::ui::list::{List, Row};
use crate::ui::theme::Role;
use crate::ui::{text, when};

/// Draws the line; where the cursor stands while words are typed, and what is below.
pub(super) fn draw<R: Row>(
    canvas: &mut Canvas<'_>,
    area: Rect,
    name: &str,
    list: &List<R>,
    keys: &Keymap,
    narrowing: bool,
) -> (Option<Position>, Rect) {
    let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let height = usize::from(below.height.saturating_sub(1)).max(1);
    let newer = list.newer(height);
    let mut end = area.right().saturating_sub(1);
    if newer > 0 {
        let shown = if newer >= MOST_COUNTED { format!("{}+", MOST_COUNTED - 1) } else { newer.to_string() };
        end = canvas
            .text_before(
                end,
                area.y,
                area.width,
                Role::Badge,
                &format!(" +{shown} newer: {} ", keys.named(Action::Top)),
            )
            .saturating_sub(1);
    }
    let mut x = canvas.text(area.x + 1, area.y, area.width, Role::Heading, name);
    let words = list.words.value();
    let mut cursor = None;
    if narrowing || !words.is_empty() {
        x = canvas.text(x + 2, area.y, 1, Role::Key, "/");
        let room = (end.saturating_sub(x) / 2).max(8);
        let scroll = list.words.visual_scroll(usize::from(room) - 1);
        let shown: String = words.chars().skip(scroll).collect();
        let start = x;
        x = canvas.text(x, area.y, room, Role::Plain, &shown);
        if narrowing {
            let before: String = words.chars().take(list.words.cursor()).skip(scroll).collect();
            let at = start + u16::try_from(text::width(&text::visible(&before))).unwrap_or(0).min(room);
            cursor = Some(Position { x: at, y: area.y });
            x = x.max(at + 1);
        }
        let found = found(&list.page, list.loaded);
        x = canvas.text(x + 2, area.y, end.saturating_sub(x + 2), Role::Faint, &found);
    }
    if let (true, Some(searched)) = (x + 2 < end, list.page.searched) {
        let says = format!("searched newest {}", when::count(searched as u64));
        canvas.text(x + 2, area.y, end - x - 2, Role::Held, &says);
    }
    (cursor, below)
}

fn found<R>(page: &Page<R>, loaded: bool) -> String {
    let more = page.older || page.newer >= MOST_COUNTED;
    let known = (page.rows.len() + page.newer) as u64;
    match (loaded, known) {
        (false, _) => "looking…".to_owned(),
        (true, 1) if !more => "1 match".to_owned(),
        (true, _) => format!("{}{} matches", when::count(known), if more { "+" } else { "" }),
    }
}

/// What is said where a list has no rows.
pub(super) fn empty(canvas: &mut Canvas<'_>, area: Rect, loaded: bool, narrowed: bool, otherwise: &[&str]) {
    let narrowed_says = ["No row has these words. Esc shows all again."];
    let says: &[&str] = match (loaded, narrowed) {
        (false, _) => &["Loading…"],
        (true, true) => &narrowed_says,
        (true, false) => otherwise,
    };
    for (line, y) in says.iter().zip(area.y + 1..area.bottom()) {
        canvas.text(area.x + 2, y, area.width.saturating_sub(3), Role::Plain, line);
    }
}
