//! Marked rows of a list, by their places: what is filtered, scrolled or comes in leaves them marked.

use std::collections::BTreeSet;

use crate::domain::ids::Seq;

/// The most rows that can be marked: an order is given about each one by itself.
pub const MOST_MARKED: usize = 10_000;

/// Those rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    rows: BTreeSet<Seq>,
    /// Where a range was begun that goes to the cursor.
    range: Option<Seq>,
}

impl Marks {
    /// Marks a row, or takes its mark away. False where there are too many.
    pub fn toggle(&mut self, place: Seq) -> bool {
        self.rows.remove(&place) || self.add([place])
    }

    /// Marks rows. False where not all could be.
    pub fn add(&mut self, places: impl IntoIterator<Item = Seq>) -> bool {
        for place in places {
            if self.rows.len() >= MOST_MARKED && !self.rows.contains(&place) {
                return false;
            }
            self.rows.insert(place);
        }
        true
    }

    /// No row is marked any more, and no range begun.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// How many are marked.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// None is marked.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The marked rows, oldest first.
    pub fn rows(&self) -> &BTreeSet<Seq> {
        &self.rows
    }

    /// The row is marked, or would be by the range to the row under the cursor.
    pub fn show(&self, place: Seq, cursor: Option<Seq>) -> bool {
        let in_range = self.range_to(cursor).is_some_and(|(newest, oldest)| (oldest..=newest).contains(&place));
        in_range || self.rows.contains(&place)
    }

    /// Begins a range.
    pub fn begin_range(&mut self, place: Seq) {
        self.range = Some(place);
    }

    /// A range was begun.
    pub fn ranges(&self) -> bool {
        self.range.is_some()
    }

    /// The newest and the oldest row of the range to the row under the cursor.
    pub fn range_to(&self, cursor: Option<Seq>) -> Option<(Seq, Seq)> {
        let (begun, cursor) = (self.range?, cursor?);
        Some((begun.max(cursor), begun.min(cursor)))
    }

    /// The range is no more. False when there was none.
    pub fn end_range(&mut self) -> bool {
        self.range.take().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_shown_before_it_is_marked() {
        let mut marks = Marks::default();
        marks.begin_range(Seq(5));
        let shown = |marks: &Marks, cursor| (1..9).filter(|one| marks.show(Seq(*one), Some(Seq(cursor)))).count();
        assert_eq!((shown(&marks, 3), shown(&marks, 7), shown(&marks, 5), marks.len()), (3, 3, 1, 0));
        assert_eq!(marks.range_to(Some(Seq(7))), Some((Seq(7), Seq(5))));
        assert!(marks.end_range() && !marks.end_range());
        assert_eq!(shown(&marks, 3), 0);
    }

    #[test]
    fn there_is_an_end_to_marking() {
        let mut marks = Marks::default();
        assert!(marks.add((0..MOST_MARKED as u64).map(Seq)));
        assert!(!marks.toggle(Seq(20_000)) && marks.toggle(Seq(3)) && marks.toggle(Seq(3)));
        assert!(marks.add([Seq(3)]) && !marks.add([Seq(3), Seq(20_000)]));
        assert_eq!(marks.len(), MOST_MARKED);
    }
}
