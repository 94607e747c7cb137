//! An open detail: its data, the document written from it, and where the reader is.

use super::document::{self, Data, Document, Line, Setting};
use super::finding::{self, Finding};
use super::folds::{Folds, Path};
use super::keymap::Keymap;
use super::place::Place;
use super::subject::Subject;
use crate::domain::delivery::Delivery;
use crate::domain::ids::{DeliveryId, Seq, TicketId};

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
    /// The line under the cursor.
    pub cursor: usize,
    /// What does not fit in a line goes on below.
    pub wrap: bool,
    /// Cells that are scrolled out at the left, where it does not.
    pub shift: usize,
    /// What is folded.
    pub folds: Folds,
    /// What is looked for.
    pub search: Option<Finding>,
}

/// Cells that one key scrolls sideways.
const SIDEWAYS: usize = 8;

impl Detail {
    /// A detail about `subject`, yet without data.
    pub fn new(subject: Subject) -> Self {
        Self {
            subject,
            data: None,
            missing: false,
            document: Document::default(),
            scroll: 0,
            cursor: 0,
            wrap: true,
            shift: 0,
            folds: Folds::default(),
            search: None,
        }
    }

    /// There is no such thing, or none yet at the moment that is shown.
    pub fn vanish(&mut self) {
        (self.missing, self.data, self.document) = (true, None, Document::default());
        (self.cursor, self.scroll) = (0, 0);
    }

    /// Writes the document anew. The cursor stays on what it was on, and that where it was on the screen.
    pub fn write(&mut self, height: usize, keys: &Keymap, setting: Setting) {
        let Some(data) = &self.data else { return };
        let first = self.document.lines.is_empty();
        let place = Place::of(&self.document, self.cursor);
        let mut above = self.cursor.saturating_sub(self.scroll);
        if let Some(search) = &self.search {
            // In the document as it is when all is open.
            let whole = document::write(data, keys, setting, &Folds::all(true), self.wrap);
            let hits = finding::find(&whole, search.words.value());
            let paths: Vec<Path> = hits.iter().filter_map(|hit| whole.lines[hit.line()].path().cloned()).collect();
            self.folds.need(paths.iter());
        }
        self.document = document::write(data, keys, setting, &self.folds, self.wrap);
        self.cursor = place.in_document(&self.document);
        if first && self.subject.is_a_list() {
            self.cursor = self.first_link().unwrap_or(0);
            above = self.cursor;
        }
        // What is read of results is what became of the first group.
        if first && self.subject == Subject::Results {
            self.cursor = self.document.lines.iter().position(|line| line.fold.is_some()).unwrap_or(0);
            above = self.cursor;
        }
        if let Some(search) = &mut self.search {
            search.hits = finding::find(&self.document, search.words.value());
            search.at = nearest(search, self.cursor);
        }
        self.scroll = self.cursor.saturating_sub(above).min(self.most_scrolled(height));
        self.show_cursor(height);
    }

    fn first_link(&self) -> Option<usize> {
        self.document.lines.iter().position(Line::begins_link)
    }

    fn most_scrolled(&self, height: usize) -> usize {
        self.document.lines.len().saturating_sub(height)
    }

    fn last_line(&self) -> usize {
        self.document.lines.len().saturating_sub(1)
    }

    /// Scrolls as little as it takes to have the cursor on the screen.
    fn show_cursor(&mut self, height: usize) {
        self.scroll = self.scroll.min(self.cursor).max((self.cursor + 1).saturating_sub(height));
    }

    /// Moves by lines, or in a list by rows.
    pub fn step(&mut self, by: isize, height: usize) {
        if self.subject.is_a_list() {
            for _ in 0..by.unsigned_abs().min(self.document.lines.len()) {
                self.next_link(by > 0, height, false);
            }
            return;
        }
        self.cursor = self.cursor.saturating_add_signed(by).min(self.last_line());
        if by.unsigned_abs() > 1 {
            self.scroll = self.scroll.saturating_add_signed(by).min(self.most_scrolled(height));
        }
        self.show_cursor(height);
    }

    /// The line to which the cursor goes when this one is chosen: in a list that of a row.
    pub fn place_of(&self, line: usize) -> Option<usize> {
        let lines = self.document.lines.get(..=line)?;
        if !self.subject.is_a_list() {
            return Some(line);
        }
        lines[line].link.as_ref()?;
        lines.iter().rposition(Line::begins_link)
    }

    /// Goes to a line.
    pub fn go_to(&mut self, line: usize, height: usize) {
        self.cursor = line.min(self.last_line());
        self.show_cursor(height);
    }

    /// Goes to the link after or before, round the ends when `round`.
    pub fn next_link(&mut self, forward: bool, height: usize, round: bool) {
        let here = self.cursor;
        let links = self.document.lines.iter().enumerate().filter(|(_, line)| line.begins_link());
        let mut links = links.map(|(at, _)| at);
        let found = match forward {
            true => links.clone().find(|at| *at > here).or_else(|| links.next().filter(|_| round)),
            false => links.clone().rfind(|at| *at < here).or_else(|| links.next_back().filter(|_| round)),
        };
        let Some(at) = found else {
            // Nothing further to choose: what lies beyond the last link can still be read.
            self.scroll = match forward {
                true => (self.scroll + 1).min(self.most_scrolled(height)),
                false => self.scroll.saturating_sub(1),
            };
            return;
        };
        self.cursor = at;
        self.show_cursor(height);
    }

    /// To the first line.
    pub fn top(&mut self) {
        self.scroll = 0;
        self.cursor = if self.subject.is_a_list() { self.first_link().unwrap_or(0) } else { 0 };
    }

    /// To the last line.
    pub fn bottom(&mut self, height: usize) {
        self.scroll = self.most_scrolled(height);
        self.cursor = self.last_line();
        if self.subject.is_a_list() {
            let last = self.document.lines.iter().rposition(Line::begins_link);
            self.cursor = last.unwrap_or(self.cursor);
        }
    }

    /// Scrolls sideways, where lines run out of the screen.
    pub fn sideways(&mut self, right: bool) {
        self.shift = match right {
            true => self.shift.saturating_add(SIDEWAYS),
            false => self.shift.saturating_sub(SIDEWAYS),
        };
    }

    /// Goes to the hit `to` places further, round the ends.
    pub fn next_hit(&mut self, to: isize, height: usize) {
        let Some(search) = self.search.as_mut().filter(|search| !search.hits.is_empty()) else { return };
        let all = search.hits.len() as isize;
        search.at = (search.at as isize + to).rem_euclid(all) as usize;
        self.cursor = search.hits[search.at].line();
        self.show_cursor(height);
    }

    /// Begins to look for something.
    pub fn search(&mut self) {
        let above = self.cursor.saturating_sub(self.scroll);
        self.search = Some(Finding::new(Place::of(&self.document, self.cursor), above));
    }

    /// Other words are looked for: from where the search was begun.
    pub fn search_again(&mut self, height: usize, keys: &Keymap, setting: Setting) {
        self.folds.need(std::iter::empty());
        self.back_to_beginning(height);
        self.write(height, keys, setting);
        self.next_hit(0, height);
    }

    /// The search is over. What is under the cursor stays open.
    pub fn end_search(&mut self, stay: bool, height: usize, keys: &Keymap, setting: Setting) {
        if !stay {
            self.back_to_beginning(height);
        }
        self.search = None;
        let here = self.document.lines.get(self.cursor).and_then(|line| line.path()).cloned();
        self.folds.need(here.iter());
        self.write(height, keys, setting);
    }

    fn back_to_beginning(&mut self, height: usize) {
        let Some(search) = &self.search else { return };
        let (place, above) = &search.began;
        self.cursor = place.clone().in_document(&self.document);
        self.scroll = self.cursor.saturating_sub(*above).min(self.most_scrolled(height));
    }

    /// Opens or folds the part under the cursor, or the one around it.
    pub fn flip(&mut self) -> bool {
        let lines = &self.document.lines;
        let Some(path) = lines.get(self.cursor).and_then(|line| line.path()) else { return false };
        let head = |path: &[usize]| {
            lines.iter().position(|line| line.fold.is_some() && line.path().is_some_and(|one| one == path))
        };
        let ends = (0..=path.len()).rev();
        let Some((at, end)) = ends.filter_map(|end| Some((head(&path[..end])?, end))).next() else { return false };
        if let Some(fold) = lines[at].fold {
            let path = path[..end].to_vec();
            self.folds.flip(&path, fold);
            self.cursor = at;
        }
        true
    }

    /// Opens all, or folds all when nothing is folded.
    pub fn flip_all(&mut self) {
        let mut folds = self.document.lines.iter().filter_map(|line| line.fold);
        self.folds = match (folds.any(|fold| !fold.open), &self.data) {
            (true, _) => Folds::all(true),
            (false, Some(Data::Comparison(_))) => Folds::default(),
            (false, _) => Folds::all(false),
        };
    }

    /// What Enter opens: the link under the cursor, or outside of a payload the first there is.
    pub fn target(&self) -> Option<&Subject> {
        let line = self.document.lines.get(self.cursor)?;
        let first = || self.document.lines.iter().find_map(|line| line.link.as_ref());
        line.link.as_ref().or_else(|| first().filter(|_| line.path().is_none()))
    }

    /// A part begins under the cursor.
    pub fn on_a_fold(&self) -> bool {
        self.document.lines.get(self.cursor).is_some_and(|line| line.fold.is_some())
    }

    fn chosen(&self) -> Option<&Subject> {
        self.document.lines.get(self.cursor)?.link.as_ref()
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
            Data::Results(batch) => match self.chosen()? {
                Subject::Delivery(id) => batch.item(id.0)?.ask.delivery(),
                _ => None,
            },
            Data::Show(..) | Data::Rejected(_) | Data::Comparison(_) => None,
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
            Data::Results(_) => self.delivery()?.ticket.as_ref(),
            Data::Ticket(_) | Data::Rejected(_) | Data::Comparison(_) => None,
        }
    }
}

fn changed_by(records: &[crate::domain::record::Record], seq: Seq) -> Option<DeliveryId> {
    records.iter().find(|record| record.seq == seq)?.head.deliveries.last().map(|delivery| delivery.id)
}

/// The hit at or after the cursor; that which it was on, where the cursor still is on its line.
fn nearest(search: &Finding, cursor: usize) -> usize {
    match search.hits.get(search.at) {
        Some(hit) if hit.line() == cursor => search.at,
        _ => search.hits.iter().position(|hit| hit.line() >= cursor).unwrap_or(0),
    }
}
