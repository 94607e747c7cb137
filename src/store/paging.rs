//! Some rows of a list, and the search in it. What a page costs depends on its length, not on the list's; a search loses its
//! [`Patience`] soon and then answers with what it found and how far it came.

use std::time::{Duration, Instant};

use crate::domain::ids::Seq;
use crate::domain::query::{Cursor, MOST_COUNTED, Page, Searched, Window};

use super::StoreError;
use super::index::Index;

/// How much is looked at for one page. Who waits for it is to see the first rows at once, and be able to stop.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// The most rows that are read.
    pub rows: usize,
    /// Then it ends with the row it is at: some rows are slow, a payload may have 256 KiB.
    pub time: Duration,
}

impl Patience {
    /// For a question of somebody who waits.
    pub const USUAL: Self = Self { rows: 5000, time: Self::time(100) };

    /// What a test sees does not depend on how busy its machine is.
    const fn time(milliseconds: u64) -> Duration {
        Duration::from_millis(if cfg!(test) { 1000 * milliseconds } else { milliseconds })
    }
}

/// The most rows of a page, whatever is asked for: a page is held in memory.
pub const MOST_ROWS: usize = 10_000;

/// The rows of a list, read by their number.
pub trait List {
    /// A row.
    type Row;

    /// The row of that number; `None` when it is not, or no longer, in the list.
    ///
    /// # Errors
    /// When it cannot be read.
    fn row(&self, seq: Seq) -> Result<Option<Self::Row>, StoreError>;

    /// Rows must be looked at: the index alone does not say which are wanted.
    fn searches(&self) -> bool;

    /// The number up to which, from `seq` on upward or downward, no row is wanted, as can be said without reading them; `None`
    /// where that of `seq` may be.
    fn passes_over(&self, _seq: Seq, _upward: bool) -> Option<Seq> {
        None
    }

    /// Whether the row is wanted.
    ///
    /// # Errors
    /// When what that depends on cannot be read.
    fn wants(&self, row: &Self::Row) -> Result<bool, StoreError>;
}

/// The rows of `list` that `window` asks for; `index` has the list's numbers.
///
/// # Errors
/// When a row cannot be read.
pub fn page<L: List>(
    list: &L,
    index: &Index<'_>,
    window: &Window,
    patience: Patience,
) -> Result<Page<L::Row>, StoreError> {
    let limit = window.limit.min(MOST_ROWS);
    if !window.only.is_empty() {
        let mut only = window.only.clone();
        only.sort_unstable();
        only.dedup();
        let Found { rows, looked, newest, next } = collect(list, only.into_iter().rev().map(Ok), limit)?;
        let rows = rows.into_iter().map(|(_, row)| row).collect();
        return Ok(Page {
            rows,
            newer: 0,
            older: next.is_some(),
            searched: Some(Searched { looked, newest, next, left: 0 }),
        });
    }
    if list.searches() {
        return search(list, index, window.cursor, limit, patience);
    }
    let count = |numbers: &mut dyn Iterator<Item = Result<Seq, StoreError>>, most: usize| {
        numbers.take(most).try_fold(0, |count, seq| seq.map(|_| count + 1))
    };
    let mut page = Page::default();
    match window.cursor {
        Cursor::Newest | Cursor::From(_) => {
            let from = if let Cursor::From(seq) = window.cursor { seq } else { Seq(u64::MAX) };
            let mut found = collect(list, index.older(from), limit + 1)?.rows;
            page.older = found.len() > limit;
            found.truncate(limit);
            page.newer = count(&mut index.newer(from), MOST_COUNTED)?;
            page.rows = found.into_iter().map(|(_, row)| row).collect();
        }
        Cursor::Above(_) | Cursor::Oldest => {
            let above = if let Cursor::Above(seq) = window.cursor { seq } else { Seq(0) };
            let found = collect(list, index.newer(above), limit)?.rows;
            page.newer = count(&mut index.newer(found.last().map_or(above, |(seq, _)| *seq)), MOST_COUNTED)?;
            page.older = count(&mut index.older(above), 1)? > 0;
            page.rows = found.into_iter().rev().map(|(_, row)| row).collect();
        }
    }
    Ok(page)
}

fn search<L: List>(
    list: &L,
    index: &Index<'_>,
    cursor: Cursor,
    limit: usize,
    patience: Patience,
) -> Result<Page<L::Row>, StoreError> {
    let (from, upward) = match cursor {
        Cursor::Newest => (Seq(u64::MAX), false),
        Cursor::From(seq) => (seq, false),
        Cursor::Above(seq) => (Seq(seq.0.saturating_add(1)), true),
        Cursor::Oldest => (Seq(0), true),
    };
    let Found { rows, looked, newest, next } = find(list, index, from, upward, limit, patience)?;
    let left = match next {
        Some(next) if !upward => index.count(next)?,
        _ => 0,
    };
    let older = match cursor {
        Cursor::Above(seq) => index.older(seq).next().transpose()?.is_some(),
        Cursor::Oldest => false,
        Cursor::Newest | Cursor::From(_) => next.is_some(),
    };
    let mut rows: Vec<L::Row> = rows.into_iter().map(|(_, row)| row).collect();
    if upward {
        rows.reverse();
    }
    Ok(Page { rows, newer: 0, older, searched: Some(Searched { looked, newest, next, left }) })
}

struct Found<R> {
    rows: Vec<(Seq, R)>,
    looked: usize,
    newest: Option<Seq>,
    /// The first number that was not looked at.
    next: Option<Seq>,
}

/// At most `most` rows in the order of `numbers`.
fn collect<L: List>(
    list: &L,
    numbers: impl Iterator<Item = Result<Seq, StoreError>>,
    most: usize,
) -> Result<Found<L::Row>, StoreError> {
    let mut found = Found { rows: Vec::new(), looked: 0, newest: None, next: None };
    for seq in numbers {
        let seq = seq?;
        if found.rows.len() == most {
            found.next = Some(seq);
            break;
        }
        found.look(list, seq)?;
    }
    Ok(found)
}

/// At most `most` rows of those whose numbers are in `index` from `from` on upward or downward.
fn find<L: List>(
    list: &L,
    index: &Index<'_>,
    from: Seq,
    upward: bool,
    most: usize,
    patience: Patience,
) -> Result<Found<L::Row>, StoreError> {
    let (began, mut read) = (Instant::now(), 0);
    let mut found = Found { rows: Vec::new(), looked: 0, newest: None, next: None };
    let mut numbers = index.walk(from, upward);
    while let Some(seq) = numbers.next().transpose()? {
        // One row at least, so that whoever asks on comes to the end.
        let enough = read >= patience.rows || (found.looked > 0 && began.elapsed() >= patience.time);
        if found.rows.len() == most || enough {
            found.next = Some(seq);
            break;
        }
        let Some(last) = list.passes_over(seq, upward) else {
            read += 1;
            found.look(list, seq)?;
            continue;
        };
        let (lowest, highest) = (seq.min(last), seq.max(last));
        found.looked += index.between(lowest, highest)?;
        found.newest = found.newest.max(index.walk(highest, false).next().transpose()?);
        numbers = match upward {
            true => index.walk(Seq(last.0.saturating_add(1)), true),
            // No number is 0.
            false => index.walk(Seq(last.0.saturating_sub(1)), false),
        };
    }
    Ok(found)
}

impl<R> Found<R> {
    fn look<L: List<Row = R>>(&mut self, list: &L, seq: Seq) -> Result<(), StoreError> {
        self.looked += 1;
        self.newest = self.newest.max(Some(seq));
        if let Some(row) = list.row(seq)?
            && list.wants(&row)?
        {
            self.rows.push((seq, row));
        }
        Ok(())
    }
}
