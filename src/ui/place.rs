//! A line of a document by what it shows, so that it is found again however many lines come or go above it.

use super::document::{Document, Line, Source};
use super::subject::Subject;

/// A line of a document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    line: usize,
    source: Option<Source>,
    link: Option<Subject>,
    /// Lines of the same above it.
    nth: usize,
}

impl Place {
    /// The line of that number.
    pub fn of(document: &Document, line: usize) -> Self {
        let mut place = Self { line, source: None, link: None, nth: 0 };
        if let Some(here) = document.lines.get(line) {
            (place.source, place.link) = (here.source.clone(), here.link.clone());
            place.nth = document.lines[..line].iter().filter(|one| place.is(one)).count();
        }
        place
    }

    fn is(&self, line: &Line) -> bool {
        line.source == self.source && line.link == self.link
    }

    /// Where it is now: the line itself, the part that it is folded away in, or the line of its number.
    pub fn in_document(mut self, document: &Document) -> usize {
        let lines = &document.lines;
        while self.source.is_some() || self.link.is_some() {
            let mut same = lines.iter().enumerate().filter(|(_, line)| self.is(line)).map(|(at, _)| at);
            if let Some(at) = same.clone().nth(self.nth).or_else(|| same.next_back()) {
                return at;
            }
            // Folded away: what it is in is there.
            let Some(Source::Part(path)) = &mut self.source else { break };
            if path.pop().is_none() {
                break;
            }
            (self.nth, self.link) = (0, None);
        }
        self.line.min(lines.len().saturating_sub(1))
    }
}
