//! Some rows of a list, and the search in it. What a page costs depends on its length, not on the list's; a search costs at
//! most [`MOST_SEARCHED`] rows.

use crate::domain::ids::Seq;
use crate::domain::query::{Cursor, MOST_COUNTED, Page, Window};

use super::StoreError;
use super::index::Index;

/// A search ends after this many rows.
pub const MOST_SEARCHED: usize = 20_000;

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

    /// All text of a row in which words are looked for.
    fn text(&self, row: &Self::Row) -> String;

    /// What a row must have besides the words; `None` when the index alone says which rows are wanted.
    fn filter(&self) -> Option<impl Fn(&Self::Row) -> bool> {
        None::<fn(&Self::Row) -> bool>
    }
}

/// The rows of `list` that `window` asks for; `index` has the list's numbers.
///
/// # Errors
/// When a row cannot be read.
pub fn page<L: List>(list: &L, index: &Index<'_>, window: &Window) -> Result<Page<L::Row>, StoreError> {
    let mut search = Search { list, words: folded(&window.words), looked: 0, stopped: false };
    let limit = window.limit.min(MOST_ROWS);
    let (found, newer, older) = match window.cursor {
        Cursor::Newest => {
            let (found, older) = search.downward(index, Seq(u64::MAX), limit)?;
            (found, 0, older)
        }
        Cursor::From(seq) => {
            let (found, older) = search.downward(index, seq, limit)?;
            let newer = search.count(index.newer(seq), MOST_COUNTED)?;
            (found, newer, older)
        }
        Cursor::Above(seq) => {
            let (found, newer) = search.upward(index, seq, limit)?;
            let older = search.count(index.older(seq), 1)? > 0;
            (found, newer, older)
        }
        Cursor::Oldest => {
            let (found, newer) = search.upward(index, Seq(0), limit)?;
            (found, newer, false)
        }
    };
    let searched = search.stopped.then_some(search.looked);
    Ok(Page { rows: found.into_iter().map(|(_, row)| row).collect(), newer, older, searched })
}

struct Search<'a, L> {
    list: &'a L,
    words: Vec<String>,
    looked: usize,
    stopped: bool,
}

type Found<R> = Vec<(Seq, R)>;

impl<L: List> Search<'_, L> {
    /// Rows from `from` down, and whether there are older ones.
    fn downward(&mut self, index: &Index<'_>, from: Seq, limit: usize) -> Result<(Found<L::Row>, bool), StoreError> {
        let mut found = self.collect(index.older(from), limit + 1)?;
        let older = found.len() > limit;
        found.truncate(limit);
        Ok((found, older))
    }

    /// The rows just above `above`, newest first, and how many are newer still.
    fn upward(&mut self, index: &Index<'_>, above: Seq, limit: usize) -> Result<(Found<L::Row>, usize), StoreError> {
        let mut found = self.collect(index.newer(above), limit)?;
        found.reverse();
        let newest = found.first().map_or(above, |(seq, _)| *seq);
        let newer = self.count(index.newer(newest), MOST_COUNTED)?;
        Ok((found, newer))
    }

    fn collect(
        &mut self,
        numbers: impl Iterator<Item = Result<Seq, StoreError>>,
        most: usize,
    ) -> Result<Found<L::Row>, StoreError> {
        let mut found = Vec::new();
        for seq in numbers {
            if found.len() == most || self.is_used_up() {
                break;
            }
            let seq = seq?;
            if let Some(row) = self.list.row(seq)?
                && self.fits(&row)
            {
                found.push((seq, row));
            }
        }
        Ok(found)
    }

    fn count(
        &mut self,
        numbers: impl Iterator<Item = Result<Seq, StoreError>>,
        most: usize,
    ) -> Result<usize, StoreError> {
        if self.searches() {
            return Ok(self.collect(numbers, most)?.len());
        }
        numbers.take(most).try_fold(0, |count, seq| seq.map(|_| count + 1))
    }

    fn searches(&self) -> bool {
        !self.words.is_empty() || self.list.filter().is_some()
    }

    fn is_used_up(&mut self) -> bool {
        self.stopped = self.looked >= MOST_SEARCHED;
        self.stopped
    }

    fn fits(&mut self, row: &L::Row) -> bool {
        if !self.searches() {
            return true;
        }
        self.looked += 1;
        if self.list.filter().is_some_and(|wanted| !wanted(row)) {
            return false;
        }
        let text = self.list.text(row).to_lowercase();
        self.words.iter().all(|word| text.contains(word))
    }
}

fn folded(words: &[String]) -> Vec<String> {
    words.iter().map(|word| word.trim().to_lowercase()).filter(|word| !word.is_empty()).collect()
}
