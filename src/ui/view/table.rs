//! Rows in columns. Columns that have no room leave; what is left over goes to those that stretch.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use crate::ui::text;
use crate::ui::theme::Role;

/// A column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    title: &'static str,
    width: u16,
    share: u16,
    fit: Fit,
    from: u16,
    /// It takes no more room than what stands in it.
    snug: bool,
}

/// How a content finds its place in a column that is not as wide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// Texts: to the left, cut at the end.
    Left,
    /// Numbers: to the right.
    Right,
    /// Ids, which begin alike and differ at the end: to the left, cut in the middle.
    Middle,
}

/// A column of fixed width.
pub(super) const fn fixed(title: &'static str, width: u16) -> Column {
    Column { title, width, share: 0, fit: Fit::Left, from: 0, snug: false }
}

/// A column that stretches: at least `width`, and `share` parts of what is left over.
pub(super) const fn stretch(title: &'static str, width: u16, share: u16) -> Column {
    Column { title, width, share, fit: Fit::Left, from: 0, snug: false }
}

impl Column {
    /// Numbers: to the right.
    pub(super) const fn number(self) -> Self {
        Self { fit: Fit::Right, ..self }
    }

    /// Ids: cut in the middle, because they differ at the end.
    pub(super) const fn middle(self) -> Self {
        Self { fit: Fit::Middle, ..self }
    }

    /// As wide as what stands in it, up to its width.
    pub(super) const fn snug(self) -> Self {
        Self { snug: true, ..self }
    }

    /// Only where the table has this many cells or more.
    pub(super) const fn from(self, from: u16) -> Self {
        Self { from, ..self }
    }
}

/// A cell.
pub(super) type Cell = (String, Role);

/// How a row stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// Not at all.
    None,
    /// Under the cursor.
    Selected,
}

/// The sign of a marked row.
pub(super) const MARK: &str = "*";

/// Below this many cells, every one counts.
const NARROW: u16 = 48;

/// Cells between columns.
fn gap(total: u16) -> u16 {
    if total < NARROW { 1 } else { 2 }
}

/// Cells before the first column, for the cursor's marker.
fn margin(total: u16) -> u16 {
    gap(total)
}

/// The width of each column in `total` cells; 0: it is not shown.
fn widths(columns: &[Column], total: u16) -> Vec<u16> {
    let shown = |column: &Column| total >= column.from;
    let used: u16 =
        margin(total) + columns.iter().filter(|one| shown(one)).map(|one| one.width + gap(total)).sum::<u16>();
    let mut shares: u16 = columns.iter().filter(|one| shown(one)).map(|one| one.share).sum();
    let mut spare = (total + gap(total)).saturating_sub(used);
    let mut width = |column: &Column| {
        if !shown(column) {
            return 0;
        }
        // Of what is left over and not yet given away, so that nothing is lost to rounding.
        let extra = if column.share == 0 { 0 } else { spare * column.share / shares };
        spare -= extra;
        shares -= column.share;
        column.width + extra
    };
    columns.iter().map(&mut width).collect()
}

/// The columns with room for `rows`: those that are snug give back what none of these needs.
pub(super) fn around(columns: &[Column], rows: &[Vec<Cell>]) -> Vec<Column> {
    let fitted = |(place, column): (usize, &Column)| {
        let column = *column;
        let widest = rows.iter().filter_map(|row| row.get(place)).map(|(content, _)| text::width(content));
        match widest.max() {
            Some(widest) if column.snug => {
                let needed = widest.max(text::width(column.title)) as u16;
                Column { width: needed.min(column.width), ..column }
            }
            _ => column,
        }
    };
    columns.iter().enumerate().map(fitted).collect()
}

/// Column heads in the first line of `area`; what is below.
pub(super) fn heads(canvas: &mut Canvas<'_>, area: Rect, columns: &[Column]) -> Rect {
    if area.height == 0 {
        return area;
    }
    let titles: Vec<Cell> = columns.iter().map(|column| (column.title.to_owned(), Role::Faint)).collect();
    row(canvas, Rect { height: 1, ..area }, columns, &titles, Mark::None);
    Rect { y: area.y + 1, height: area.height - 1, ..area }
}

/// The sign of the order in the head of the column by which rows are sorted.
pub(super) fn sorted(canvas: &mut Canvas<'_>, heads: Rect, columns: &[Column], place: usize, sign: &str) {
    let widths = widths(columns, heads.width);
    let (Some(column), Some(width)) = (columns.get(place), widths.get(place).filter(|width| **width > 0)) else {
        return;
    };
    let before = widths[..place].iter().filter(|width| **width > 0).map(|width| width + gap(heads.width)).sum::<u16>();
    let x = heads.x + margin(heads.width) + before;
    // Behind the name; behind the column where that stands at its right.
    let name = if column.fit == Fit::Right { *width } else { (text::width(column.title) as u16).min(*width) };
    canvas.text(x + name, heads.y, 1, Role::Key, sign);
}

/// The sign of a marked row, beside the cursor's.
pub(super) fn mark(canvas: &mut Canvas<'_>, line: Rect, mark: Mark) {
    let role = if mark == Mark::Selected { Role::Plain } else { Role::Key };
    canvas.text(line.x + 1, line.y, 1, role, MARK);
}

/// One row in the first line of `area`.
pub(super) fn row(canvas: &mut Canvas<'_>, area: Rect, columns: &[Column], cells: &[Cell], mark: Mark) {
    let line = Rect { height: 1, ..area };
    if mark == Mark::Selected {
        canvas.text(area.x, area.y, area.width, Role::Plain, ">");
    }
    let mut x = area.x + margin(area.width);
    for ((column, width), (content, role)) in columns.iter().zip(widths(columns, area.width)).zip(cells) {
        if width == 0 {
            continue;
        }
        let room = width.min(area.right().saturating_sub(x));
        let role = if mark == Mark::Selected { Role::Plain } else { *role };
        let shown = match column.fit {
            Fit::Left => content.clone(),
            Fit::Right => text::right(content, usize::from(room)),
            Fit::Middle => text::middle(content, usize::from(room)),
        };
        canvas.text(x, area.y, room, role, &shown);
        x += width + gap(area.width);
    }
    if mark == Mark::Selected {
        canvas.tint(line, Role::Selected);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snug_column_is_as_wide_as_what_is_in_sight() {
        let columns = [fixed("age", 14).snug(), stretch("reason", 5, 1)];
        let row = |age: &str| vec![(age.to_owned(), Role::Plain), ("locked".to_owned(), Role::Plain)];
        let width = |rows: &[Vec<Cell>]| around(&columns, rows)[0].width;
        assert_eq!(width(&[row("31m"), row(" 5s ago")]), 7);
        assert_eq!(width(&[row("31m ▲ overdue"), row("5s")]), 13);
        assert_eq!((width(&[row("1s")]), width(&[row(&"9".repeat(40))]), width(&[])), (3, 14, 14));
    }

    #[test]
    fn columns_share_what_is_left_over() {
        let columns = [fixed("a", 4), stretch("b", 5, 1), stretch("c", 5, 3), fixed("d", 10).from(60)];
        assert_eq!(widths(&columns, 50), [4, 12, 28, 0]);
        assert_eq!(widths(&columns, 63).iter().sum::<u16>(), 63 - 2 - 3 * 2);
        assert_eq!(widths(&columns, 10), [4, 5, 5, 0]);
    }
}
