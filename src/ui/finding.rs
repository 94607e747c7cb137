//! Looking for words in a document: where they are, and which of them the reader is at.
//!
//! It searches what can be read, as it can be read: masked values are found by their masks. A text that goes on over
//! several lines is one text.

use std::ops::Range;

use tui_input::Input;

use super::document::{Document, Joint, Line};
use super::place::Place;

/// A search in an open detail.
#[derive(Debug, Clone, Default)]
pub struct Finding {
    /// What is looked for.
    pub words: Input,
    /// It is being typed.
    pub typing: bool,
    /// Where it was begun: the line under the cursor, and how many were above it on the screen.
    pub began: (Place, usize),
    /// Where it was found, from top to bottom.
    pub hits: Vec<Hit>,
    /// The one that the reader is at.
    pub at: usize,
}

/// A place where the words are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Lines, and the bytes of their texts.
    pub parts: Vec<(usize, Range<usize>)>,
}

impl Hit {
    /// The line on which it begins.
    pub fn line(&self) -> usize {
        self.parts.first().map_or(0, |(line, _)| *line)
    }
}

impl Finding {
    /// A search that begins at a line with so many above it on the screen.
    pub fn new(here: Place, above: usize) -> Self {
        Self { typing: true, began: (here, above), ..Self::default() }
    }

    /// As in `3 of 12`.
    pub fn count(&self) -> String {
        match (self.words.value().is_empty(), self.hits.len()) {
            (true, _) => String::new(),
            (false, 0) => "not found".to_owned(),
            (false, MOST_HITS..) => format!("{} of {MOST_HITS}+", self.at + 1),
            (false, all) => format!("{} of {all}", self.at + 1),
        }
    }

    /// The parts of hits on a line: which bytes, and whether the reader is at that hit.
    pub fn on(&self, line: usize) -> impl Iterator<Item = (Range<usize>, bool)> + '_ {
        // Hits are in the order of their lines; one that began above may reach down to here.
        let from = self.hits.partition_point(|hit| hit.parts.last().is_some_and(|(last, _)| *last < line));
        let here = self.hits[from..].iter().enumerate().take_while(move |(_, hit)| hit.line() <= line);
        here.flat_map(move |(index, hit)| {
            let of = hit.parts.iter().filter(move |(one, _)| *one == line);
            of.map(move |(_, bytes)| (bytes.clone(), from + index == self.at))
        })
    }
}

/// Hits that are counted.
const MOST_HITS: usize = 2000;

/// Where `words` are, letter case aside.
pub fn find(document: &Document, words: &str) -> Vec<Hit> {
    let words = folded(words);
    let mut hits = Vec::new();
    if words.is_empty() {
        return hits;
    }
    let lines = &document.lines;
    let mut start = 0;
    while start < lines.len() {
        let more = lines[start + 1..].iter().take_while(|line| line.joint != Joint::Own).count();
        let text = Text::of(&lines[start..=start + more], start);
        let mut from = 0;
        while hits.len() < MOST_HITS
            && let Some(at) = text.folded.get(from..).and_then(|rest| rest.find(&words))
        {
            let found = from + at..from + at + words.len();
            hits.push(text.hit(&found));
            from = found.end;
        }
        start += more + 1;
    }
    hits
}

fn folded(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// The text of lines that go on from one another.
#[derive(Default)]
struct Text {
    folded: String,
    lines: Vec<Stretch>,
}

/// What a line adds to the text.
struct Stretch {
    line: usize,
    /// Where it begins in the folded text.
    begins: usize,
    /// Bytes of the line that do not count.
    margin: usize,
    /// The rest of the line.
    said: String,
}

impl Text {
    fn of(lines: &[Line], first: usize) -> Self {
        let mut text = Self::default();
        for (index, line) in lines.iter().enumerate() {
            if line.joint == Joint::Blank {
                text.folded.push(' ');
            }
            let margin = match line.joint {
                Joint::Own => 0,
                Joint::Tight | Joint::Blank => line.spans.first().map_or(0, |span| span.text.len()),
            };
            let said = line.text().split_off(margin);
            let begins = text.folded.len();
            text.folded.push_str(&folded(&said));
            text.lines.push(Stretch { line: first + index, begins, margin, said });
        }
        text
    }

    /// The lines and bytes that a range of the folded text stands for.
    fn hit(&self, found: &Range<usize>) -> Hit {
        Hit { parts: self.lines.iter().filter_map(|one| Some((one.line, one.bytes(found)?))).collect() }
    }
}

impl Stretch {
    fn bytes(&self, found: &Range<usize>) -> Option<Range<usize>> {
        if self.said.is_ascii() {
            let inside = |at: usize| at.saturating_sub(self.begins).min(self.said.len()) + self.margin;
            let bytes = inside(found.start)..inside(found.end);
            return Some(bytes).filter(|bytes| !bytes.is_empty());
        }
        let mut at = self.begins;
        let mut bytes: Option<Range<usize>> = None;
        for (offset, one) in self.said.char_indices() {
            if at >= found.end {
                break;
            }
            // A letter's small form may be longer than the letter.
            at += one.to_lowercase().map(char::len_utf8).sum::<usize>();
            if at > found.start {
                let start = bytes.map_or(self.margin + offset, |bytes| bytes.start);
                bytes = Some(start..self.margin + offset + one.len_utf8());
            }
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::document::Span;
    use crate::ui::theme::Role;
    use proptest::prelude::*;

    fn line(joint: Joint, texts: &[&str]) -> Line {
        let spans = texts.iter().map(|text| Span { text: (*text).to_owned(), role: Role::Plain }).collect();
        Line { spans, joint, ..Line::default() }
    }

    fn found(document: &Document, words: &str) -> Vec<Vec<String>> {
        let cut = |hit: Hit| {
            hit.parts.into_iter().map(|(line, bytes)| document.lines[line].text()[bytes].to_owned()).collect()
        };
        find(document, words).into_iter().map(cut).collect()
    }

    #[test]
    fn letter_case_and_line_breaks_are_no_matter() {
        let lines = vec![
            line(Joint::Own, &["  \"name\": ", "\"Susana"]),
            line(Joint::Blank, &["          ", "Kann of Bue"]),
            line(Joint::Tight, &["          ", "nos Aires\","]),
            line(Joint::Own, &["KANN"]),
        ];
        let document = Document { lines };
        assert_eq!(found(&document, "kann"), [["Kann"], ["KANN"]]);
        assert_eq!(found(&document, "SUSANA kann"), [["Susana", "Kann"]]);
        assert_eq!(found(&document, "buenos"), [["Bue", "nos"]]);
        assert_eq!(found(&document, "aires\",kann"), Vec::<Vec<String>>::new());
        assert_eq!(find(&document, "").len(), 0);
    }

    #[test]
    fn a_letter_that_grows_when_small_is_cut_right() {
        let document = Document { lines: vec![line(Joint::Own, &["İİx王X"])] };
        assert_eq!(found(&document, "x"), [["x"], ["X"]]);
        assert_eq!(found(&document, "王x"), [["王X"]]);
    }

    proptest! {
        #[test]
        fn whatever_is_found_is_a_piece_of_the_text(text in "[aAİß王é ]{0,30}", words in "[aAİß王é ]{1,3}") {
            let document = Document { lines: vec![line(Joint::Own, &[&text])] };
            for hit in find(&document, &words) {
                for (line, bytes) in hit.parts {
                    prop_assert!(document.lines[line].text().get(bytes).is_some_and(|cut| !cut.is_empty()));
                }
            }
        }
    }
}
