//! Marking rows that are not held: asked of the ledger page by page, whatever is looked at meanwhile.

use super::cause::Cause;
use super::model::View;
use crate::domain::delivery::Delivery;
use crate::domain::ids::Seq;
use crate::domain::query::{Answer, Cursor, Page, Query, RejectedRow, Window};

/// Rows of a page.
const PAGE: usize = 1000;

/// Which rows are being marked, and how far that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gathering {
    /// In which list.
    pub view: View,
    /// Only rows that stand there for this.
    pub like: Option<Cause>,
    /// The last row that is wanted; none: to the end.
    until: Option<Seq>,
    /// What is asked next.
    query: Query,
    /// How many were found.
    pub found: usize,
}

/// What a page has brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gathered {
    /// The rows.
    pub places: Vec<Seq>,
    /// There may be more.
    pub more: bool,
}

/// The first page of all rows, or of those from the first place to the second.
pub fn window(filter: &str, range: Option<(Seq, Seq)>) -> Window {
    let cursor = range.map_or(Cursor::Newest, |(newest, _)| Cursor::From(newest));
    Window { cursor, filter: filter.to_owned(), ..Window::newest(PAGE) }
}

impl Gathering {
    /// The rows of `query`, which has a window from [`window`].
    pub fn new(view: View, query: Query, range: Option<(Seq, Seq)>, like: Option<Cause>) -> Self {
        Self { view, like, until: range.map(|(_, oldest)| oldest), query, found: 0 }
    }

    /// What is asked next.
    pub fn query(&self) -> &Query {
        &self.query
    }

    /// Takes the answer to its question in.
    pub fn take(&mut self, answer: Answer) -> Option<Gathered> {
        let like = self.like.clone();
        let fits = |cause: Cause| like.as_ref().is_none_or(|like| *like == cause);
        let (places, last, next) = match answer {
            Answer::Deliveries(page) => read(&page, |one: &Delivery| (one.id.0, fits(Cause::of(one)))),
            Answer::Quarantine(page) => read(&page, |row: &RejectedRow| (row.seq, fits(Cause::of_request(row)))),
            _ => return None,
        };
        let until = self.until.unwrap_or(Seq(0));
        let places: Vec<Seq> = places.into_iter().filter(|place| *place >= until).collect();
        self.found += places.len();
        let next = next.filter(|next| *next >= until && last.is_none_or(|last| last > until));
        if let Some(next) = next {
            let window = match &mut self.query {
                Query::Deliveries(query) => &mut query.window,
                Query::Quarantine(window) => window,
                _ => return None,
            };
            window.cursor = Cursor::From(next);
        }
        Some(Gathered { places, more: next.is_some() })
    }
}

/// The places of the rows that fit, that of the last row, and where the next page begins.
fn read<R>(page: &Page<R>, row: impl Fn(&R) -> (Seq, bool)) -> (Vec<Seq>, Option<Seq>, Option<Seq>) {
    let rows: Vec<(Seq, bool)> = page.rows.iter().map(row).collect();
    let last = rows.last().map(|(place, _)| *place);
    let next = match page.searched {
        Some(searched) => searched.next,
        None => last.filter(|_| page.older).map(|last| Seq(last.0.saturating_sub(1))),
    };
    (rows.into_iter().filter(|(_, fits)| *fits).map(|(place, _)| place).collect(), last, next)
}
