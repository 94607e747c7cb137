//! Text in columns, aligned by the cells that a terminal gives each character.

use std::io::{self, Write};

use unicode_width::UnicodeWidthChar;

use crate::domain::text::visible;

/// The widest cell but for the last of a row: an id of 200 KB shall not push everything else away.
const WIDEST: usize = 44;

/// The widest last cell.
const WIDEST_LAST: usize = 200;

/// Rows under a heading.
#[derive(Debug)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// No rows yet.
    pub fn new(heading: &[&str]) -> Self {
        Self { rows: vec![heading.iter().map(|&name| name.to_owned()).collect()] }
    }

    /// Adds a row; untrusted text is made fit for a terminal here.
    pub fn row(&mut self, cells: Vec<String>) {
        let last = cells.len().saturating_sub(1);
        let fit = |(index, cell): (usize, String)| shortened(&cell, if index == last { WIDEST_LAST } else { WIDEST });
        self.rows.push(cells.into_iter().enumerate().map(fit).collect());
    }

    /// Writes the rows; nothing at all when there is none under the heading.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.rows.len() == 1 {
            return Ok(());
        }
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|column| self.rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max().unwrap_or(0))
            .collect();
        for row in &self.rows {
            let mut line = String::new();
            for (cell, widest) in row.iter().zip(&widths) {
                line.push_str(cell);
                line.extend(std::iter::repeat_n(' ', widest - width(cell) + 2));
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// `text`, visible, in at most `most` cells.
pub fn shortened(text: &str, most: usize) -> String {
    // A character takes at least one cell once it is visible, or is a mark on one; so the rest cannot show.
    let head: String = text.chars().take(4 * most).collect();
    let shown = visible(&head);
    if head.len() == text.len() && width(&shown) <= most {
        return shown.into_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for one in shown.chars() {
        used += one.width().unwrap_or(0);
        if used >= most {
            break;
        }
        out.push(one);
    }
    out.push('…');
    out
}

fn width(text: &str) -> usize {
    text.chars().map(|one| one.width().unwrap_or(0)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(table: &Table) -> String {
        let mut out = Vec::new();
        table.write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_line_up_by_cells() {
        let mut table = Table::new(&["SHOW", "N"]);
        table.row(vec!["東京".into(), "1".into()]);
        table.row(vec!["Zoë".into(), "\u{1b}[2J".into()]);
        assert_eq!(written(&table), "SHOW  N\n東京  1\nZoë   \\u001b[2J\n");
    }

    #[test]
    fn a_huge_cell_stays_in_its_column() {
        let mut table = Table::new(&["ID", "STATE", "WHY"]);
        table.row(vec!["x".repeat(200_000), "held".into(), "y".repeat(200_000)]);
        assert!(written(&table).lines().all(|line| width(line) < 270));
        assert!(written(&table).contains("x…  held"));
    }

    #[test]
    fn no_rows_no_heading() {
        assert_eq!(written(&Table::new(&["ID"])), "");
    }
}
