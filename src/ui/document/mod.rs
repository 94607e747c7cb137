//! What a detail says, line by line, in roles rather than colours.
//!
//! A document is written once when its data, the width or the privacy changes, not with every frame; the state can then
//! scroll by lines and go from link to link without knowing how anything is drawn.

mod comparison;
mod delivery;
mod event;
mod history;
mod payload;
mod rejected;
mod results;
mod show;
mod timeline;
mod tree;

use super::batch::Batch;
use super::exhibit::Pair;
use super::folds::{Fold, Folds, Path};
use super::keymap::Keymap;
use super::subject::Subject;
use super::text;
use super::theme::Role;
use crate::domain::Timestamp;
use crate::domain::ids::Seq;
use crate::domain::privacy::Privacy;
use crate::domain::query::{DeliveryDetail, EventDetail, EventRow, Page, RejectedDetail, Timeline};
use crate::domain::show::Show;

pub use delivery::paid;
pub use event::gist;
pub use results::group;
pub use tree::{at, copied};

/// The data of a detail.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // each is the answer about the subject of its name
pub enum Data {
    Event(Box<EventDetail>),
    Delivery(Box<DeliveryDetail>),
    Ticket(Box<Timeline>),
    /// Its events once they have come.
    Show(Box<Show>, Option<Page<EventRow>>),
    Rejected(Box<RejectedDetail>),
    Comparison(Box<Pair>),
    Results(Box<Batch>),
}

/// Some text of one role; visible already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// What it says.
    pub text: String,
    /// What it means.
    pub role: Role,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// From left to right.
    pub spans: Vec<Span>,
    /// What Enter opens here.
    pub link: Option<Subject>,
    /// What it was written from.
    pub source: Option<Source>,
    /// The part that begins here, where one can be folded.
    pub fold: Option<Fold>,
    /// How it goes on from the line above.
    pub joint: Joint,
    /// The whole value of which it shows all or a part.
    pub value: Option<String>,
}

/// What a line was written from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A part of the payload, or of a comparison.
    Part(Path),
    /// A record of a history.
    Record(Seq),
}

/// How a line goes on from the one above.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Joint {
    /// It does not.
    #[default]
    Own,
    /// Its first span is a margin; what comes then follows at once.
    Tight,
    /// The same, after a blank.
    Blank,
}

impl Joint {
    fn before(piece: &text::Piece) -> Self {
        if piece.after_blank { Self::Blank } else { Self::Tight }
    }
}

impl Line {
    /// The path of the part it shows.
    pub fn path(&self) -> Option<&Path> {
        match &self.source {
            Some(Source::Part(path)) => Some(path),
            _ => None,
        }
    }

    /// Enter opens something here, and the line is the first that says so.
    pub fn begins_link(&self) -> bool {
        self.link.is_some() && self.joint == Joint::Own
    }

    /// The record it is about.
    pub fn record(&self) -> Option<Seq> {
        match self.source {
            Some(Source::Record(seq)) => Some(seq),
            _ => None,
        }
    }

    /// All that it says.
    pub fn text(&self) -> String {
        self.spans.iter().map(|span| span.text.as_str()).collect()
    }
}

/// Lines.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document {
    /// From top to bottom.
    pub lines: Vec<Line>,
}

/// For whom and when a document is written.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Cells of a line.
    pub width: u16,
    /// Whether personal data may be seen.
    pub privacy: Privacy,
    /// The present.
    pub now: Timestamp,
    /// Staff carry deliveries out, there is no target.
    pub by_hand: bool,
}

/// Writes `data`. `keys`: those that its texts name. What does not fit in a line goes on below, unless `wrap` is off: then it
/// runs out of the screen.
pub fn write(data: &Data, keys: &Keymap, setting: Setting, folds: &Folds, wrap: bool) -> Document {
    let Setting { width, privacy, now, by_hand } = setting;
    // The column of the cursor and the last one are not written in.
    let width = usize::from(width).saturating_sub(2).max(20);
    let document = Document::default();
    let mut writer = Writer { keys, width, wrap, privacy, now, by_hand, folds, source: None, document };
    match data {
        Data::Event(detail) => event::write(&mut writer, detail),
        Data::Delivery(detail) => delivery::write(&mut writer, detail),
        Data::Ticket(timeline) => timeline::write(&mut writer, timeline),
        Data::Show(show, events) => show::write(&mut writer, show, events.as_ref()),
        Data::Rejected(detail) => rejected::write(&mut writer, detail),
        Data::Comparison(pair) => comparison::write(&mut writer, pair),
        Data::Results(batch) => results::write(&mut writer, batch),
    }
    writer.document
}

/// `text` as a span; what is not plainly visible is escaped.
pub(super) fn span(role: Role, text: impl AsRef<str>) -> Span {
    Span { text: text::visible(text.as_ref()), role }
}

struct Writer<'a> {
    width: usize,
    /// What texts name to be pressed.
    keys: &'a Keymap,
    wrap: bool,
    privacy: Privacy,
    now: Timestamp,
    by_hand: bool,
    folds: &'a Folds,
    /// What the lines that are being pushed are written from.
    source: Option<Source>,
    document: Document,
}

/// Cells of the labels of facts.
const LABEL: usize = 14;

impl Writer<'_> {
    fn push(&mut self, spans: Vec<Span>, link: Option<Subject>) {
        self.put(Line { spans, link, ..Line::default() });
    }

    fn put(&mut self, line: Line) {
        let source = line.source.or_else(|| self.source.clone());
        self.document.lines.push(Line { source, ..line });
    }

    fn blank(&mut self) {
        self.push(Vec::new(), None);
    }

    fn heading(&mut self, text: &str) {
        if !self.document.lines.is_empty() {
            self.blank();
        }
        self.push(vec![span(Role::Heading, text)], None);
    }

    /// `visible` in pieces of at most `cells`; in one, where nothing is wrapped.
    fn pieces(&self, visible: &str, cells: usize) -> Vec<text::Piece> {
        if self.wrap {
            return text::pieces(visible, cells);
        }
        vec![text::Piece { text: visible.to_owned(), after_blank: false }]
    }

    /// A label and what belongs to it, on as many lines as it takes.
    fn fact(&mut self, label: &str, role: Role, value: &str) {
        self.linked(label, role, value, None);
    }

    fn linked(&mut self, label: &str, role: Role, value: &str, link: Option<Subject>) {
        let mut label = text::left(label, LABEL);
        for (index, piece) in
            self.pieces(&text::visible(value), self.width.saturating_sub(LABEL + 2)).into_iter().enumerate()
        {
            let joint = if index == 0 { Joint::Own } else { Joint::before(&piece) };
            let spans = vec![span(Role::Faint, format!("  {label}")), Span { text: piece.text, role }];
            self.put(Line { spans, link: link.clone(), joint, value: Some(value.to_owned()), ..Line::default() });
            label = " ".repeat(LABEL);
        }
    }

    /// Lines of foreign text, indented, at most `most` of them. False when there were more.
    fn block(&mut self, role: Role, indent: usize, foreign: &str, most: usize) -> bool {
        let mut left = most;
        for line in foreign.split('\n') {
            let line = line.strip_suffix('\r').unwrap_or(line);
            let pieces = self.pieces(&text::visible(line), self.width.saturating_sub(indent));
            for (index, piece) in pieces.into_iter().enumerate() {
                if left == 0 {
                    return false;
                }
                left -= 1;
                let joint = if index == 0 { Joint::Own } else { Joint::before(&piece) };
                let spans = vec![span(Role::Plain, " ".repeat(indent)), Span { text: piece.text, role }];
                self.put(Line { spans, joint, value: Some(line.to_owned()), ..Line::default() });
            }
        }
        true
    }
}
