//! A screen as cells: what stands where, in which colours. Knows nothing of how it came about or how it is drawn.

use std::ops::Range;

pub use vt100::Color;

/// How a cell is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    /// Foreground.
    pub fg: Color,
    /// Background.
    pub bg: Color,
    /// Bold.
    pub bold: bool,
    /// Faint.
    pub dim: bool,
    /// Italic.
    pub italic: bool,
    /// Underlined.
    pub underline: bool,
    /// Foreground and background exchanged.
    pub inverse: bool,
}

/// One position of the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// A character with what combines with it; empty for the second half of a wide one.
    pub text: String,
    /// How it is written.
    pub style: Style,
}

/// A screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    columns: usize,
    cells: Vec<Cell>,
}

/// Something that differs from run to run, and what is put in its place, cell for cell.
#[derive(Debug, Clone)]
pub enum Mask {
    /// This very text. `show` must be as wide.
    Text {
        /// What is looked for.
        find: String,
        /// What stands there instead.
        show: String,
    },
    /// The letters, digits and dashes right after `label`: each becomes `show`.
    After {
        /// What stands before it.
        label: &'static str,
        /// What every character becomes.
        show: char,
    },
}

impl Grid {
    /// A copy of a terminal's screen.
    pub fn of(screen: &vt100::Screen) -> Self {
        let (rows, columns) = screen.size();
        let positions = (0..rows.get()).flat_map(|row| (0..columns.get()).map(move |column| (row, column)));
        let cells =
            positions.map(|(row, column)| screen.cell(row, column).map_or_else(Cell::blank, Cell::of)).collect();
        Self { columns: columns.get().into(), cells }
    }

    /// A screen with these plain lines.
    pub fn from_lines(columns: usize, lines: &[&str]) -> Self {
        let cells = lines.iter().flat_map(|line| {
            let characters = line.chars().map(|character| Cell { text: character.to_string(), ..Cell::blank() });
            characters.chain(std::iter::repeat_with(Cell::blank)).take(columns)
        });
        Self { columns, cells: cells.collect() }
    }

    /// How wide it is.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Its rows, from the top.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[Cell]> {
        self.cells.chunks(self.columns)
    }

    /// The cell there, if there is one.
    pub fn cell(&self, row: usize, column: usize) -> Option<&Cell> {
        self.rows().nth(row)?.get(column)
    }

    /// What can be read, row by row, without trailing blanks.
    pub fn to_text(&self) -> String {
        let rows = self.rows().map(|row| row.iter().map(|cell| cell.text.as_str()).collect::<String>());
        rows.map(|row| row.trim_end().to_owned() + "\n").collect()
    }

    /// Where `text` first stands: row and column.
    pub fn find(&self, text: &str) -> Option<(usize, usize)> {
        let width = text.chars().count();
        self.rows().enumerate().find_map(|(row, cells)| Some((row, spans(cells, text).next()?))).filter(|_| width > 0)
    }

    /// Changes cells by position; made for stand-ins.
    pub fn restyle(&mut self, row: usize, columns: Range<usize>, style: Style) {
        let start = row * self.columns;
        self.cells[start + columns.start..start + columns.end].iter_mut().for_each(|cell| cell.style = style);
    }

    /// The same screen with `masks` put over what they name. Widths and colours stay as they are.
    #[must_use]
    pub fn masked(mut self, masks: &[Mask]) -> Self {
        for row in self.cells.chunks_mut(self.columns) {
            for mask in masks {
                mask.cover(row);
            }
        }
        self
    }
}

impl Mask {
    fn cover(&self, row: &mut [Cell]) {
        match self {
            Self::Text { find, show } => {
                assert_eq!(
                    find.chars().count(),
                    show.chars().count(),
                    "a mask must be as wide as what it covers: {self:?}"
                );
                for start in spans(row, find).collect::<Vec<_>>() {
                    for (cell, character) in row[start..].iter_mut().zip(show.chars()) {
                        cell.text = character.to_string();
                    }
                }
            }
            Self::After { label, show } => {
                for start in spans(row, label).collect::<Vec<_>>() {
                    let value = row[start + label.chars().count()..].iter_mut();
                    value.take_while(|cell| cell.is_part_of_a_value()).for_each(|cell| cell.text = show.to_string());
                }
            }
        }
    }
}

impl Cell {
    fn blank() -> Self {
        Self { text: " ".to_owned(), style: Style::default() }
    }

    fn of(cell: &vt100::Cell) -> Self {
        let text = match cell.contents() {
            "" if !cell.is_wide_continuation() => " ",
            text => text,
        };
        let style = Style {
            fg: cell.fgcolor(),
            bg: cell.bgcolor(),
            bold: cell.bold(),
            dim: cell.dim(),
            italic: cell.italic(),
            underline: cell.underline(),
            inverse: cell.inverse(),
        };
        Self { text: text.to_owned(), style }
    }

    fn is_part_of_a_value(&self) -> bool {
        self.text.chars().all(|character| character.is_ascii_alphanumeric() || character == '-')
    }
}

/// The columns at which `text` starts in `row`.
fn spans<'a>(row: &'a [Cell], text: &'a str) -> impl Iterator<Item = usize> + 'a {
    (0..row.len()).filter(move |start| {
        let mut rest = text;
        // The second half of a wide character is empty and would match anything.
        if row[*start].text.is_empty() {
            return false;
        }
        for cell in &row[*start..] {
            match rest.strip_prefix(cell.text.as_str()) {
                Some("") => return true,
                Some(left) => rest = left,
                None => return false,
            }
        }
        false
    })
}
