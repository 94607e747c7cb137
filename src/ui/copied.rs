//! What was copied, as it is shown until the reader goes on: a terminal may refuse what it is sent, and does not say so.

use super::text;

/// A text that was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// What it is, as in `the value`.
    pub what: String,
    /// What the reader should know about it.
    pub notes: Vec<String>,
    /// It was sent to the terminal; else it is too long for that.
    pub sent: bool,
    /// As it was sent.
    pub text: String,
    /// Lines above the screen.
    pub scroll: usize,
}

/// Lines that are shown; nobody selects more with a mouse.
const MOST_LINES: usize = 4000;

impl Copied {
    /// Its lines in so many cells, fit to be drawn.
    pub fn lines(&self, cells: usize) -> Vec<String> {
        let mut lines = Vec::new();
        for line in self.text.split('\n') {
            // Broken where a terminal would break it, so that nothing is missing from what is selected.
            lines.extend(text::chop(&text::visible(line), cells).into_iter().map(str::to_owned));
            if lines.len() >= MOST_LINES {
                break;
            }
        }
        lines.truncate(MOST_LINES);
        lines
    }
}
