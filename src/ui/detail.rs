//! An open detail: its data, the document written from it, and where the reader is.

use super::document::{self, Data, Document};
use super::keymap::Keymap;
use super::subject::Subject;
use crate::domain::Timestamp;
use crate::domain::delivery::Delivery;
use crate::domain::ids::{DeliveryId, Seq, TicketId};
use crate::domain::privacy::Privacy;

/// An open detail.
#[derive(Debug, Clone)]
pub struct Detail {
    /// What it is about.
    pub subject: Subject,
    /// Once it has come.
    pub data: Option<Data>,
    /// There is no such thing.
    pub missing: bool,
    /// Written from the data.
    pub document: Document,
    /// Lines above the screen.
    pub scroll: usize,
    /// The line of the link under the cursor.
    pub link: Option<usize>,
}

impl Detail {
    /// A detail about `subject`, yet without data.
    pub fn new(subject: Subject) -> Self {
        Self { subject, data: None, missing: false, document: Document::default(), scroll: 0, link: None }
    }

    /// Writes the document anew.
    pub fn write(
        &mut self,
        (width, height): (u16, usize),
        keys: &Keymap,
        privacy: Privacy,
        now: Timestamp,
        by_hand: bool,
    ) {
        let Some(data) = &self.data else { return };
        self.document = document::write(data, width, keys, privacy, now, by_hand);
        let lines = &self.document.lines;
        self.link = self.link.filter(|at| lines.get(*at).is_some_and(|line| line.link.is_some()));
        if self.link.is_none() && self.subject.is_a_list() {
            self.link = lines.iter().position(|line| line.link.is_some());
        }
        self.scroll = self.scroll.min(self.most_scrolled(height));
    }

    fn most_scrolled(&self, height: usize) -> usize {
        self.document.lines.len().saturating_sub(height)
    }

    /// Moves by lines, or in a list by rows.
    pub fn step(&mut self, by: isize, height: usize) {
        if self.subject.is_a_list() {
            for _ in 0..by.unsigned_abs().min(self.document.lines.len()) {
                self.next_link(by > 0, height, false);
            }
        } else {
            self.scroll = self.scroll.saturating_add_signed(by).min(self.most_scrolled(height));
        }
    }

    /// Goes to the link after or before, round the ends when `round`.
    pub fn next_link(&mut self, forward: bool, height: usize, round: bool) {
        let mut links =
            self.document.lines.iter().enumerate().filter(|(_, line)| line.link.is_some()).map(|(at, _)| at);
        let found = match (forward, self.link) {
            (true, Some(here)) => links.clone().find(|at| *at > here).or_else(|| links.next().filter(|_| round)),
            (true, None) => links.next(),
            (false, Some(here)) => links.clone().rfind(|at| *at < here).or_else(|| links.next_back().filter(|_| round)),
            (false, None) => links.next_back(),
        };
        let Some(at) = found else {
            // Nothing further to choose: what lies beyond the last link can still be read.
            self.scroll = match forward {
                true => (self.scroll + 1).min(self.most_scrolled(height)),
                false => self.scroll.saturating_sub(1),
            };
            return;
        };
        self.link = Some(at);
        if at < self.scroll {
            self.scroll = at;
        } else if at >= self.scroll + height {
            self.scroll = (at + 1).saturating_sub(height);
        }
    }

    /// To the first line.
    pub fn top(&mut self) {
        self.scroll = 0;
        if self.subject.is_a_list() {
            self.link = self.document.lines.iter().position(|line| line.link.is_some());
        }
    }

    /// To the last line.
    pub fn bottom(&mut self, height: usize) {
        self.scroll = self.most_scrolled(height);
        if self.subject.is_a_list() {
            self.link = self.document.lines.iter().rposition(|line| line.link.is_some());
        }
    }

    /// What Enter opens: the link under the cursor, or the first there is.
    pub fn target(&self) -> Option<&Subject> {
        let chosen = self.link.and_then(|at| self.document.lines.get(at)).and_then(|line| line.link.as_ref());
        chosen.or_else(|| self.document.lines.iter().find_map(|line| line.link.as_ref()))
    }

    fn chosen(&self) -> Option<&Subject> {
        self.document.lines.get(self.link?)?.link.as_ref()
    }

    /// The delivery that an order given here is about.
    pub fn delivery(&self) -> Option<&Delivery> {
        match self.data.as_ref()? {
            Data::Delivery(detail) => Some(&detail.delivery),
            Data::Event(detail) => {
                let chosen = |one: &&Delivery| self.chosen() == Some(&Subject::Delivery(one.id));
                detail.deliveries.iter().find(chosen).or(match detail.deliveries.as_slice() {
                    [only] => Some(only),
                    _ => None,
                })
            }
            Data::Ticket(timeline) => {
                let id = match self.chosen()? {
                    Subject::Delivery(id) => *id,
                    Subject::Event(seq) => changed_by(&timeline.records, *seq)?,
                    _ => return None,
                };
                timeline.deliveries.iter().find(|one| one.id == id)
            }
            Data::Show(..) | Data::Rejected(_) => None,
        }
    }

    /// The ticket this is about.
    pub fn ticket(&self) -> Option<&TicketId> {
        match self.data.as_ref()? {
            Data::Event(detail) => detail.row.ticket.as_ref(),
            Data::Delivery(detail) => detail.delivery.ticket.as_ref(),
            Data::Show(_, events) => match self.chosen()? {
                Subject::Event(seq) => events.as_ref()?.rows.iter().find(|row| row.seq == *seq)?.ticket.as_ref(),
                _ => None,
            },
            Data::Ticket(_) | Data::Rejected(_) => None,
        }
    }
}

fn changed_by(records: &[crate::domain::record::Record], seq: Seq) -> Option<DeliveryId> {
    records.iter().find(|record| record.seq == seq)?.head.deliveries.last().map(|delivery| delivery.id)
}
