//! Cells to draw on. All text passes [`text::fit`]; what lies outside is not drawn.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::ui::document::Span;
use crate::ui::pointer::Spot;
use crate::ui::text;
use crate::ui::theme::{Role, Theme};

/// Cells and the look of roles.
pub(super) struct Canvas<'a> {
    pub(super) buffer: &'a mut Buffer,
    pub(super) theme: Theme,
    /// What can be clicked where, or that nothing can be; what was drawn later lies above.
    pub(super) spots: Vec<(Rect, Option<Spot>)>,
}

impl Canvas<'_> {
    /// A click in `area` means `spot`.
    pub(super) fn spot(&mut self, area: Rect, spot: Spot) {
        self.spots.push((area, Some(spot)));
    }

    /// Draws `foreign` in at most `cells`; the column after it.
    pub(super) fn text(&mut self, x: u16, y: u16, cells: u16, role: Role, foreign: &str) -> u16 {
        let area = self.buffer.area;
        let cells = cells.min(area.right().saturating_sub(x));
        if cells == 0 || y < area.y || y >= area.bottom() || x < area.x {
            return x;
        }
        let fitted = text::fit(foreign, usize::from(cells));
        self.buffer.set_stringn(x, y, &fitted, usize::from(cells), self.theme.style(role)).0
    }

    /// Draws `foreign` so that it ends before column `right`, and where it starts.
    pub(super) fn text_before(&mut self, right: u16, y: u16, cells: u16, role: Role, foreign: &str) -> u16 {
        let fitted = text::fit(foreign, usize::from(cells));
        let start = right.saturating_sub(u16::try_from(text::width(&fitted)).unwrap_or(u16::MAX));
        self.text(start, y, cells, role, &fitted);
        start
    }

    /// Draws spans one after the other in at most `cells`.
    pub(super) fn spans(&mut self, x: u16, y: u16, cells: u16, spans: &[Span]) -> u16 {
        let end = x.saturating_add(cells);
        spans.iter().fold(x, |x, span| self.text(x, y, end.saturating_sub(x), span.role, &span.text))
    }

    /// Draws spans in `area` without their first `shift` cells.
    pub(super) fn shifted(&mut self, area: Rect, shift: usize, spans: &[Span]) {
        let mut shift = shift;
        let mut x = area.x;
        for span in spans {
            let (text, left) = text::skip(&span.text, shift);
            shift = left;
            x = self.text(x, area.y, area.right().saturating_sub(x), span.role, &text);
        }
    }

    /// Makes `area` stand out as something that was looked for: underlined and bold, and where the reader is at it, not
    /// reversed as the line around it.
    pub(super) fn mark(&mut self, area: Rect, current: bool) {
        let mut style = Style::new().add_modifier(Modifier::UNDERLINED | Modifier::BOLD);
        if current {
            style = style.remove_modifier(Modifier::REVERSED);
        }
        self.buffer.set_style(area.intersection(self.buffer.area), style);
    }

    /// Gives what is drawn in `area` the look of `role` besides its own.
    pub(super) fn tint(&mut self, area: Rect, role: Role) {
        let style = self.theme.style(role);
        self.buffer.set_style(area.intersection(self.buffer.area), style);
    }

    /// Empties `area`.
    pub(super) fn clear(&mut self, area: Rect) {
        let area = area.intersection(self.buffer.area);
        self.spots.push((area, None));
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                self.buffer[(x, y)].reset();
            }
        }
        // Half of a wide character may be left at the edge.
        if area.left() > self.buffer.area.left() {
            for y in area.top()..area.bottom() {
                let before = &mut self.buffer[(area.left() - 1, y)];
                if text::width(before.symbol()) > 1 {
                    before.set_symbol(" ");
                }
            }
        }
    }

    /// A box with a title and a note at its right; what is inside.
    pub(super) fn frame(&mut self, area: Rect, role: Role, title: &[Span], note: &str) -> Rect {
        let area = area.intersection(self.buffer.area);
        if area.width < 2 || area.height < 2 {
            return Rect { width: 0, height: 0, ..area };
        }
        let (left, right, top, bottom) = (area.left(), area.right() - 1, area.top(), area.bottom() - 1);
        let across = "─".repeat(usize::from(area.width - 2));
        self.text(left, top, area.width, role, &format!("┌{across}┐"));
        self.text(left, bottom, area.width, role, &format!("└{across}┘"));
        for y in top + 1..bottom {
            self.text(left, y, 1, role, "│");
            self.text(right, y, 1, role, "│");
        }
        let room = area.width - 2;
        let after = self.spans(left + 1, top, room, title);
        if !note.is_empty() && right > after + 2 {
            self.text_before(right, top, right - after - 1, Role::Faint, &format!(" {note} "));
        }
        Rect { x: left + 1, y: top + 1, width: area.width - 2, height: area.height - 2 }
    }

    /// Takes the bold out of `area`, so that what lies above it stands out.
    pub(super) fn fade(&mut self, area: Rect) {
        let style = self.theme.style(Role::Faint).remove_modifier(Modifier::BOLD | Modifier::REVERSED);
        self.buffer.set_style(area.intersection(self.buffer.area), style);
    }
}
