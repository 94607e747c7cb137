//! Ages three lines high, to be read from across the room.

use super::canvas::Canvas;
use crate::ui::theme::Role;

/// Lines of a big text.
pub(super) const HEIGHT: u16 = 3;

fn glyph(character: char) -> [&'static str; 3] {
    match character {
        '0' => ["█▀█", "█ █", "▀▀▀"],
        '1' => ["▀█ ", " █ ", "▀▀▀"],
        '2' => ["▀▀█", "█▀▀", "▀▀▀"],
        '3' => ["▀▀█", " ▀█", "▀▀▀"],
        '4' => ["█ █", "▀▀█", "  ▀"],
        '5' => ["█▀▀", "▀▀█", "▀▀▀"],
        '6' => ["█▀▀", "█▀█", "▀▀▀"],
        '7' => ["▀▀█", "  █", "  ▀"],
        '8' => ["█▀█", "█▀█", "▀▀▀"],
        '9' => ["█▀█", "▀▀█", "▀▀▀"],
        'd' => ["  █", "█▀█", "▀▀▀"],
        'h' => ["█  ", "█▀█", "▀ ▀"],
        'm' => ["     ", "█▀█▀█", "▀ ▀ ▀"],
        // Five lines of dots, as an `S` needs, would make it a `5`.
        's' => ["  ", "  ", "s "],
        _ => ["   ", "   ", "   "],
    }
}

/// Draws `text`; the column after it.
pub(super) fn draw(canvas: &mut Canvas<'_>, x: u16, y: u16, cells: u16, role: Role, text: &str) -> u16 {
    let glyphs: Vec<[&str; 3]> = text.chars().map(glyph).collect();
    let end = x.saturating_add(cells);
    (0..HEIGHT).fold(x, |_, line| {
        glyphs.iter().fold(x, |x, glyph| {
            canvas.text(x, y + line, end.saturating_sub(x), role, glyph[usize::from(line)]).saturating_add(1)
        })
    })
}
