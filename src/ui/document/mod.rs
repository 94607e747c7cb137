//! What a detail says, line by line, in roles rather than colours.
//!
//! A document is written once when its data, the width or the privacy changes, not with every frame; the state can then
//! scroll by lines and go from link to link without knowing how anything is drawn.

mod delivery;
mod event;
mod help;
mod history;
mod payload;
mod rejected;
mod show;
mod timeline;

use super::keymap::Keymap;
use super::subject::Subject;
use super::text;
use super::theme::Role;
use crate::domain::Timestamp;
use crate::domain::privacy::Privacy;
use crate::domain::query::{DeliveryDetail, EventDetail, EventRow, Page, RejectedDetail, Timeline};
use crate::domain::show::Show;

pub use delivery::paid;
pub use event::gist;
pub use help::help;

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
}

/// Lines.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document {
    /// From top to bottom.
    pub lines: Vec<Line>,
}

/// Writes `data` as lines of `width` cells. `keys`: those that its texts name. `by_hand`: staff carry deliveries out, there is no target.
pub fn write(data: &Data, width: u16, keys: &Keymap, privacy: Privacy, now: Timestamp, by_hand: bool) -> Document {
    let mut writer =
        Writer { keys, width: usize::from(width).max(20), privacy, now, by_hand, document: Document::default() };
    match data {
        Data::Event(detail) => event::write(&mut writer, detail),
        Data::Delivery(detail) => delivery::write(&mut writer, detail),
        Data::Ticket(timeline) => timeline::write(&mut writer, timeline),
        Data::Show(show, events) => show::write(&mut writer, show, events.as_ref()),
        Data::Rejected(detail) => rejected::write(&mut writer, detail),
    }
    writer.document
}

/// `text` as a span; what is not plainly visible is escaped.
pub(super) fn span(role: Role, text: impl AsRef<str>) -> Span {
    Span { text: text::visible(text.as_ref()), role }
}

struct Writer<'k> {
    width: usize,
    /// What texts name to be pressed.
    keys: &'k Keymap,
    privacy: Privacy,
    now: Timestamp,
    by_hand: bool,
    document: Document,
}

/// Cells of the labels of facts.
const LABEL: usize = 14;

impl Writer<'_> {
    fn push(&mut self, spans: Vec<Span>, link: Option<Subject>) {
        self.document.lines.push(Line { spans, link });
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

    /// A label and what belongs to it, on as many lines as it takes.
    fn fact(&mut self, label: &str, role: Role, value: &str) {
        self.linked(label, role, value, None);
    }

    fn linked(&mut self, label: &str, role: Role, value: &str, link: Option<Subject>) {
        let mut label = text::left(label, LABEL);
        for piece in text::wrap(&text::visible(value), self.width.saturating_sub(LABEL + 2)) {
            self.push(vec![span(Role::Faint, format!("  {label}")), Span { text: piece, role }], link.clone());
            label = " ".repeat(LABEL);
        }
    }

    /// Lines of foreign text, indented, at most `most` of them. False when there were more.
    fn block(&mut self, role: Role, indent: usize, foreign: &str, most: usize) -> bool {
        let mut left = most;
        for line in foreign.split('\n') {
            let line = line.strip_suffix('\r').unwrap_or(line);
            for piece in text::wrap(&text::visible(line), self.width.saturating_sub(indent)) {
                if left == 0 {
                    return false;
                }
                left -= 1;
                self.push(vec![Span { text: format!("{}{piece}", " ".repeat(indent)), role }], None);
            }
        }
        true
    }
}
