//! Finding something to do or to go to by typing a part of its name: the palette, with all there is, and the help, with what
//! keys do and signs mean. Both are lines with a cursor on one of them, and Enter does what that line says.
//!
//! What is offered is made anew from the state whenever it is wanted, so that a line never says what is no longer so; the
//! cursor is tied to what its line is, not to where it stands. Nothing here knows how it is drawn or done.

mod help;
mod lacking;
mod matching;
mod offers;
mod palette;
mod sought;

use std::collections::VecDeque;

use tui_input::Input;

use super::action::Action;
use super::columns::Column;
use super::document::Span;
use super::layout;
use super::model::{Model, View};
use super::subject::Subject;
use crate::domain::Timestamp;
use crate::domain::query::{Answer, Query};

pub use help::rows as help;
pub use lacking::lacking;
use sought::Sought;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Everything that can be done or gone to.
    Palette,
    /// What keys do and signs mean.
    Help,
}

/// Something that is done by Enter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Does {
    /// What a key does.
    Action(Action),
    /// Goes to the feed of a family; none: of all.
    Family(Option<String>),
    /// Goes to a list of deliveries, with that choice of states.
    Choice(View, usize),
    /// Sorts the list in sight.
    Sort(Column),
    /// Hides a column of it, or shows it again.
    Column(Column),
    /// Opens a detail.
    Open(Subject),
    /// Goes to a list, with only the rows that this filter wants.
    Find(View, String),
    /// Shows the dashboard as it stood then, as it was typed.
    At(String),
}

/// What a line is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Is {
    /// A heading or a blank: the cursor does not rest on it.
    Margin,
    /// Something to be read.
    Text(String),
    /// Something to be done.
    Offer(Does),
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What it is.
    pub is: Is,
    /// What it says, from left to right.
    pub spans: Vec<Span>,
    /// The keys that do the same, where they stand apart.
    pub keys: String,
}

impl Row {
    /// All that it says.
    pub fn text(&self) -> String {
        self.spans.iter().map(|span| span.text.as_str()).collect()
    }
}

/// An open menu.
#[derive(Debug, Clone)]
pub struct Menu {
    /// Which one.
    pub kind: Kind,
    /// What is typed.
    pub typed: Input,
    /// What it may name in the ledger.
    pub sought: Sought,
    /// What an order would have been about when it was opened.
    pub over: Option<Subject>,
    /// Enter was pressed before it was known whether there is what was typed.
    pub insisted: bool,
    on: Option<Is>,
    top: usize,
}

impl Menu {
    /// Nothing is typed yet.
    pub fn new(kind: Kind, over: Option<Subject>) -> Self {
        let (typed, sought) = (Input::default(), Sought::default());
        Self { kind, typed, sought, over, insisted: false, on: None, top: 0 }
    }

    /// The palette, with what comes before the names of orders, or of columns, typed already.
    pub fn of_columns(sort: bool) -> Self {
        let typed = if sort { offers::SORT_BY } else { offers::COLUMN };
        let mut menu = Self::new(Kind::Palette, None);
        menu.typed = Input::new(typed.to_owned());
        menu
    }

    /// Something else is typed: the cursor is on the first line again.
    pub fn typed(&mut self) {
        (self.on, self.top, self.insisted) = (None, 0, false);
        self.seek();
    }

    /// What is typed is looked for in the ledger, as that is now.
    pub fn seek(&mut self) {
        if self.kind == Kind::Palette {
            self.sought = Sought::new(self.typed.value());
        }
    }

    /// What is to be asked next.
    pub fn query(&self) -> Option<&Query> {
        self.sought.query()
    }

    /// Takes the answer to its question in; no answer: there is no such thing.
    pub fn take(&mut self, query: &Query, answer: Option<Answer>, now: Timestamp) {
        self.sought.take(query, answer, now);
    }

    /// It is not known yet what Enter would do.
    pub fn is_unsure(&self) -> bool {
        self.on.is_none() && !self.sought.is_sure()
    }

    /// The line under the cursor: the first on which it can rest, until the reader has chosen one.
    pub fn at(&self, rows: &[Row]) -> Option<usize> {
        let first = || rows.iter().position(|row| row.is != Is::Margin);
        self.on.as_ref().and_then(|on| rows.iter().position(|row| row.is == *on)).or_else(first)
    }

    /// The first line on a screen of so many rows.
    pub fn top(&self, rows: &[Row], height: usize) -> usize {
        let Some(at) = self.at(rows) else { return 0 };
        // What stands above the first one is a heading.
        if rows[..at].iter().all(|row| row.is == Is::Margin) && at < height {
            return 0;
        }
        let top = self.top.clamp((at + 1).saturating_sub(height), at);
        top.min(rows.len().saturating_sub(height).max((at + 1).saturating_sub(height)))
    }

    /// Moves the cursor over so many lines on which it can rest.
    pub fn step(&mut self, by: isize, rows: &[Row], height: usize) {
        let places: Vec<usize> = (0..rows.len()).filter(|at| rows[*at].is != Is::Margin).collect();
        let here = self.at(rows).and_then(|at| places.iter().position(|place| *place == at)).unwrap_or(0);
        let there = here.saturating_add_signed(by).min(places.len().saturating_sub(1));
        if let Some(at) = places.get(there) {
            self.choose(rows[*at].is.clone(), rows, height);
        }
    }

    /// Puts the cursor on a line.
    pub fn choose(&mut self, is: Is, rows: &[Row], height: usize) {
        self.top = self.top(rows, height);
        (self.on, self.insisted) = (Some(is), false);
        self.top = self.top(rows, height);
    }
}

/// What was done from the palette, the last first.
#[derive(Debug, Clone, Default)]
pub struct Recent(VecDeque<Does>);

/// So many are offered again before all others.
const MOST_RECENT: usize = 5;

impl Recent {
    /// It was done. What names somebody is not offered again to whoever opens the palette next.
    pub fn remember(&mut self, does: &Does) {
        if matches!(does, Does::Action(_) | Does::Family(_) | Does::Choice(..) | Does::Sort(_)) {
            self.0.retain(|one| one != does);
            self.0.push_front(does.clone());
            self.0.truncate(MOST_RECENT);
        }
    }

    /// How long ago, among these; none where it was not.
    pub fn rank(&self, does: &Does) -> Option<usize> {
        self.0.iter().position(|one| one == does)
    }
}

impl Model {
    /// The lines of the open menu.
    pub fn menu_rows(&self) -> Vec<Row> {
        match &self.menu {
            None => Vec::new(),
            Some(menu) => match menu.kind {
                Kind::Palette => palette::rows(self, menu),
                Kind::Help => help::rows(&self.keys, menu.typed.value()),
            },
        }
    }

    /// How many of them are on the screen.
    pub fn menu_height(&self) -> usize {
        let whole = self.menu.as_ref().is_some_and(|menu| menu.kind == Kind::Help);
        usize::from(layout::menu_rows(self.size, whole))
    }
}
