//! A list that is longer than the screen and grows at its top.
//!
//! It holds a stretch of about three screens. While it follows, the newest row is on top and under the cursor. Paused, the
//! top row and the selected row are tied to the places of their rows, so that what comes in moves nothing; the stretch is
//! fetched anew from its own first row, and extended before the cursor reaches its ends.
//!
//! Narrowed by a filter, it holds all that its search has found so far instead; sorted, the newest thousand. The order in which
//! rows are shown may then be another than that in which they are held.

use std::cmp::Ordering;

use super::columns::Sort;
use super::marks::Marks;
use super::narrowing::Narrowing;
use super::search::{Ask, ENOUGH, Search};
use crate::domain::delivery::Delivery;
use crate::domain::filter;
use crate::domain::ids::Seq;
use crate::domain::query::{Cursor, EventRow, Page, RejectedRow, Searched, Window};
use crate::domain::show::Show;

/// Something that has a place in a list.
pub trait Row {
    /// Its list, as filters know it.
    const LIST: filter::List;

    /// Its place: the higher, the newer.
    fn place(&self) -> Seq;

    /// Which of two is first in a sorted list, where such rows can be sorted.
    fn compare(&self, _other: &Self, _sort: Sort) -> Ordering {
        Ordering::Equal
    }
}

impl Row for EventRow {
    const LIST: filter::List = filter::List::Events;

    fn place(&self) -> Seq {
        self.seq
    }
}

impl Row for Delivery {
    const LIST: filter::List = filter::List::Deliveries;

    fn place(&self) -> Seq {
        self.id.0
    }

    fn compare(&self, other: &Self, sort: Sort) -> Ordering {
        sort.compare(self, other)
    }
}

impl Row for Show {
    const LIST: filter::List = filter::List::Shows;

    fn place(&self) -> Seq {
        self.last
    }
}

impl Row for RejectedRow {
    const LIST: filter::List = filter::List::Quarantine;

    fn place(&self) -> Seq {
        self.seq
    }
}

/// Where the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Hold {
    /// On the newest row, whichever that is.
    #[default]
    Following,
    /// On a row that stays where it is.
    Paused {
        /// The first row of the stretch that is fetched.
        anchor: Seq,
        /// The first row on the screen.
        top: Seq,
        /// The row under the cursor.
        selected: Seq,
    },
}

/// What is to be fetched next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Want {
    /// The stretch as it is held.
    #[default]
    Stretch,
    /// The rows above it.
    Above,
    /// The end of the list.
    Oldest,
}

/// A list and where the reader is in it.
#[derive(Debug, Clone)]
pub struct List<R> {
    /// The stretch that is held.
    pub page: Page<R>,
    /// An answer has come since the list or its narrowing was chosen.
    pub loaded: bool,
    /// Where the reader is.
    pub hold: Hold,
    /// What rows are wanted.
    pub narrowing: Narrowing,
    /// How far the search for them has come.
    pub search: Search,
    /// Which rows are marked.
    pub marks: Marks,
    want: Want,
    sort: Option<Sort>,
    /// Where the rows that are held are shown, from top to bottom; none: as they are held.
    order: Option<Vec<usize>>,
}

impl<R> Default for List<R> {
    fn default() -> Self {
        Self {
            page: Page::default(),
            loaded: false,
            hold: Hold::default(),
            narrowing: Narrowing::default(),
            search: Search::default(),
            marks: Marks::default(),
            want: Want::default(),
            sort: None,
            order: None,
        }
    }
}

/// The part of a list that does not depend on what its rows are.
pub trait Scroll {
    /// Moves the cursor by `rows`; true when more rows must be fetched for it.
    fn step(&mut self, rows: isize, height: usize) -> bool;
    /// Moves the cursor to the row of that place, or where it would be; as [`Scroll::step`]. None when it is there already.
    fn step_to(&mut self, place: Seq, height: usize) -> Option<bool>;
    /// Goes to the newest row and follows it.
    fn follow(&mut self);
    /// Goes to the oldest row; in a search to the oldest that was found.
    fn oldest(&mut self, height: usize);
    /// Holds still, or follows again.
    fn pause(&mut self);
    /// Starts anew, with other rows to come.
    fn restart(&mut self);
    /// Shows the rows in another order; none: as they came.
    fn sort(&mut self, sort: Option<Sort>);
    /// The order in which they are shown; none: as they came.
    fn sorted(&self) -> Option<Sort>;
    /// What rows are wanted.
    fn narrowing(&mut self) -> &mut Narrowing;
    /// What rows are wanted, to be read.
    fn narrowed(&self) -> &Narrowing;
    /// The list, as filters know it.
    fn kind(&self) -> filter::List;
    /// How far the search has come.
    fn search(&mut self) -> &mut Search;
    /// The search is on its way.
    fn searches(&self, height: usize) -> bool;
    /// It holds still.
    fn paused(&self) -> bool;
    /// Which rows are marked.
    fn marks(&mut self) -> &mut Marks;
    /// Which rows are marked, to be read.
    fn marked(&self) -> &Marks;
    /// The place of the row under the cursor.
    fn cursor_place(&self) -> Option<Seq>;
    /// The places from the first to the second, where all of these are held.
    fn between(&self, range: (Seq, Seq)) -> Option<Vec<Seq>>;
}

impl<R: Row> List<R> {
    /// The window to ask for, with `height` rows on the screen; none while a search needs nothing.
    pub fn window(&self, height: usize) -> Option<Window> {
        let filter = self.narrowing.filter().to_owned();
        if filter.is_empty() && self.sort.is_some() {
            return Some(Window::newest(ENOUGH));
        }
        if filter.is_empty() {
            return Some(Window { cursor: self.cursor(), ..Window::newest(height.max(10) * 3) });
        }
        Some(match self.search.question(self.page.rows.len(), self.enough(height))? {
            Ask::Rows(cursor) => {
                // The first rows come at once; then as many as are wanted.
                let limit = if self.search.has_begun() { ENOUGH } else { height.max(10) * 3 };
                Window { cursor, filter, ..Window::newest(limit) }
            }
            Ask::Sight => {
                let top = self.indices(height).map_or(0, |(top, _)| top);
                let only: Vec<Seq> = self.shown().skip(top).take(height).map(Row::place).collect();
                Window { filter, only, ..Window::newest(height) }
            }
        })
    }

    /// What is held is of another moment: it is asked for anew, from where the reader is. Until that has come it is kept only
    /// for who is looking at it.
    pub fn renew(&mut self, in_sight: bool) {
        let stopped = self.search.stopped;
        (self.want, self.search) = (Want::Stretch, Search::default());
        self.search.stopped = stopped;
        if !in_sight {
            (self.page, self.loaded) = (Page::default(), false);
        }
    }

    fn cursor(&self) -> Cursor {
        match (self.want, self.hold, self.page.rows.first()) {
            (Want::Oldest, ..) => Cursor::Oldest,
            (Want::Above, _, Some(first)) => Cursor::Above(first.place()),
            (_, Hold::Paused { anchor, .. }, _) => Cursor::From(anchor),
            (_, Hold::Following, _) => Cursor::Newest,
        }
    }

    /// Rows for which a search goes on by itself: more where the reader is near the last of them.
    fn enough(&self, height: usize) -> usize {
        ENOUGH.max(self.indices(height).map_or(0, |(_, selected)| selected + 3 * height.max(10)))
    }

    /// Takes the answer to `window` in, unless it answers what is no longer asked.
    pub fn accept(&mut self, window: &Window, page: Page<R>, height: usize) {
        let before = self.indices(height);
        self.take(window, page, height);
        self.arrange(before);
    }

    fn take(&mut self, window: &Window, page: Page<R>, height: usize) {
        if window.filter != self.narrowing.filter() {
            return;
        }
        if let (false, Some(searched)) = (window.filter.is_empty(), page.searched) {
            self.found(window, searched, page.rows);
            return;
        }
        let asked = self
            .window(height)
            .map(|asked| if self.sort.is_some() { asked } else { Window { limit: window.limit, ..asked } });
        if asked.as_ref() != Some(window) {
            return;
        }
        self.loaded = true;
        match window.cursor {
            Cursor::Newest => self.page = page,
            Cursor::From(_) => {
                self.page = page;
                self.tie(height);
            }
            Cursor::Above(_) => self.extend(page, height),
            Cursor::Oldest => {
                self.page = page;
                self.want = Want::Stretch;
                self.at_the_end(height);
            }
        }
    }

    /// The last row under the cursor.
    fn at_the_end(&mut self, height: usize) {
        let length = self.page.rows.len();
        let row = |index: usize| self.row(index);
        self.hold = match (row(0), row(length.saturating_sub(height.max(1))), row(length.saturating_sub(1))) {
            (Some(first), Some(top), Some(last)) => {
                Hold::Paused { anchor: first.place(), top: top.place(), selected: last.place() }
            }
            _ => Hold::Following,
        };
    }

    /// Puts what a search has found into its place; what else was held there is no longer so.
    fn found(&mut self, window: &Window, searched: Searched, found: Vec<R>) {
        if !self.search.has_begun() {
            self.page.rows.clear();
        }
        let rows = &mut self.page.rows;
        if window.only.is_empty() {
            let (lower, upper) = self.search.took(window.cursor, searched);
            let begin = rows.partition_point(|row| row.place() > upper);
            let end = rows.partition_point(|row| row.place() > lower);
            rows.splice(begin..end.max(begin), found);
        } else {
            self.search.saw();
            rows.retain(|row| !window.only.contains(&row.place()));
            rows.extend(found);
            rows.sort_by_key(|row| std::cmp::Reverse(row.place()));
        }
        if self.hold == Hold::Following && rows.len() > 2 * ENOUGH {
            self.search.forgot(rows[ENOUGH].place());
            rows.truncate(ENOUGH);
        }
        (self.loaded, self.page.newer, self.page.older) = (true, 0, self.search.next().is_some());
        if self.page.rows.is_empty() {
            self.hold = Hold::Following;
        }
    }

    /// Ties top and cursor to rows that are there, when theirs have gone.
    fn tie(&mut self, height: usize) {
        let Hold::Paused { anchor, .. } = self.hold else { return };
        match self.indices(height) {
            Some((top, selected)) => {
                let place = |index: usize| self.page.rows[index].place();
                self.hold = Hold::Paused { anchor, top: place(top), selected: place(selected) };
            }
            None if self.page.newer > 0 => self.want = Want::Oldest,
            None => self.hold = Hold::Following,
        }
    }

    fn extend(&mut self, above: Page<R>, height: usize) {
        self.want = Want::Stretch;
        self.page.newer = above.newer;
        let mut rows = above.rows;
        rows.append(&mut self.page.rows);
        let most = height.max(10) * 4;
        if rows.len() > most {
            rows.truncate(most);
            self.page.older = true;
        }
        self.page.rows = rows;
        if let (Hold::Paused { anchor, .. }, Some(first)) = (&mut self.hold, self.page.rows.first()) {
            *anchor = first.place();
        }
    }

    /// Shows what is held in its order. A row that has gone leaves top and cursor where it was.
    fn arrange(&mut self, before: Option<(usize, usize)>) {
        let Some(sort) = self.sort else {
            self.order = None;
            return;
        };
        let rows = &self.page.rows;
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by(|one, other| rows[*one].compare(&rows[*other], sort));
        self.order = Some(order);
        let Hold::Paused { anchor, top, selected } = self.hold else { return };
        let Some((old_top, old_selected)) = before else { return };
        let held = |place: Seq, old: usize| {
            let is_there = self.shown().any(|row| row.place() == place);
            let there = || self.row(old.min(self.page.rows.len().saturating_sub(1))).map_or(place, Row::place);
            if is_there { place } else { there() }
        };
        self.hold = Hold::Paused { anchor, top: held(top, old_top), selected: held(selected, old_selected) };
    }

    /// The row that is shown there.
    pub fn row(&self, index: usize) -> Option<&R> {
        let index = self.order.as_ref().map_or(Some(index), |order| order.get(index).copied())?;
        self.page.rows.get(index)
    }

    /// The rows as they are shown.
    pub fn shown(&self) -> impl Iterator<Item = &R> {
        (0..self.page.rows.len()).filter_map(|index| self.row(index))
    }

    /// Where the row of that place is shown, or would be.
    fn index_of(&self, place: Seq) -> usize {
        let last = self.page.rows.len().saturating_sub(1);
        let sorted = || self.shown().position(|row| row.place() == place).unwrap_or(0);
        let index =
            if self.order.is_some() { sorted() } else { self.page.rows.partition_point(|row| row.place() > place) };
        index.min(last)
    }

    /// Where the first row on the screen and the row under the cursor are among those shown. `None` when there is none.
    pub fn indices(&self, height: usize) -> Option<(usize, usize)> {
        self.row(0)?;
        let Hold::Paused { top, selected, .. } = self.hold else { return Some((0, 0)) };
        let (top, selected) = (self.index_of(top), self.index_of(selected));
        Some((top.clamp((selected + 1).saturating_sub(height.max(1)), selected), selected))
    }

    /// The row under the cursor.
    pub fn selected(&self) -> Option<&R> {
        let (_, selected) = self.indices(usize::MAX)?;
        self.row(selected)
    }

    /// How many rows are newer than the first on the screen; [`crate::domain::query::MOST_COUNTED`] means that or more.
    pub fn newer(&self, height: usize) -> usize {
        if self.sort.is_some() {
            return 0;
        }
        self.page.newer + self.indices(height).map_or(0, |(top, _)| top)
    }
}

impl<R: Row> Scroll for List<R> {
    fn step(&mut self, rows: isize, height: usize) -> bool {
        let Some((top, selected)) = self.indices(height) else { return false };
        let length = self.page.rows.len();
        let target = selected.saturating_add_signed(rows).min(length - 1);
        let anchor = match self.hold {
            Hold::Following if target == 0 => return false,
            Hold::Following => self.page.rows.first().map_or(Seq(0), Row::place),
            Hold::Paused { anchor, .. } => anchor,
        };
        let top = top.clamp((target + 1).saturating_sub(height.max(1)), target);
        let place = |index: usize| self.row(index).map_or(Seq(0), Row::place);
        let mut hold = (anchor, place(top), place(target));
        if !self.narrowing.filter().is_empty() || self.sort.is_some() {
            self.hold = Hold::Paused { anchor, top: place(top), selected: place(target) };
            return self.searches(height);
        }
        let near_end = rows > 0 && self.page.older && target + height >= length;
        let near_start = rows < 0 && self.page.newer > 0 && top < height;
        if near_end {
            hold.0 = place(top.saturating_sub(height));
        }
        self.hold = Hold::Paused { anchor: hold.0, top: hold.1, selected: hold.2 };
        self.want = if near_start { Want::Above } else { Want::Stretch };
        near_end || near_start
    }

    fn step_to(&mut self, place: Seq, height: usize) -> Option<bool> {
        let (_, selected) = self.indices(height)?;
        let target = self.index_of(place);
        let by = isize::try_from(target).ok()? - isize::try_from(selected).ok()?;
        (by != 0).then(|| self.step(by, height))
    }

    fn follow(&mut self) {
        self.hold = Hold::Following;
        self.want = Want::Stretch;
    }

    fn oldest(&mut self, height: usize) {
        if self.narrowing.filter().is_empty() && self.sort.is_none() {
            self.want = Want::Oldest;
        } else {
            self.at_the_end(height);
        }
    }

    fn pause(&mut self) {
        match (self.hold, self.row(0)) {
            (Hold::Following, Some(first)) => {
                let place = first.place();
                self.hold = Hold::Paused { anchor: place, top: place, selected: place };
            }
            _ => self.follow(),
        }
    }

    fn restart(&mut self) {
        self.follow();
        self.marks.end_range();
        self.loaded = false;
        self.search = Search::default();
    }

    fn sort(&mut self, sort: Option<Sort>) {
        (self.sort, self.want) = (sort, Want::Stretch);
        self.marks.end_range();
        self.arrange(None);
        // Where the reader is is held by what is asked for then.
        if let Hold::Paused { anchor, selected, .. } = &mut self.hold {
            *anchor = *selected;
        }
    }

    fn sorted(&self) -> Option<Sort> {
        self.sort
    }

    fn narrowing(&mut self) -> &mut Narrowing {
        &mut self.narrowing
    }

    fn narrowed(&self) -> &Narrowing {
        &self.narrowing
    }

    fn kind(&self) -> filter::List {
        R::LIST
    }

    fn search(&mut self) -> &mut Search {
        &mut self.search
    }

    fn searches(&self, height: usize) -> bool {
        !self.narrowing.filter().is_empty() && self.search.runs(self.page.rows.len(), self.enough(height))
    }

    fn paused(&self) -> bool {
        matches!(self.hold, Hold::Paused { .. })
    }

    fn marks(&mut self) -> &mut Marks {
        &mut self.marks
    }

    fn marked(&self) -> &Marks {
        &self.marks
    }

    fn cursor_place(&self) -> Option<Seq> {
        self.selected().map(Row::place)
    }

    fn between(&self, (newest, oldest): (Seq, Seq)) -> Option<Vec<Seq>> {
        let rows = &self.page.rows;
        let index = |place: Seq| rows.iter().position(|row| row.place() == place);
        Some(rows.get(index(newest)?..=index(oldest)?)?.iter().map(Row::place).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Row for u64 {
        const LIST: filter::List = filter::List::Events;

        fn place(&self) -> Seq {
            Seq(*self)
        }
    }

    /// The rows `1..=newest`, as a ledger would answer.
    fn answer(list: &mut List<u64>, newest: u64, height: usize) {
        let window = list.window(height).unwrap();
        let all: Vec<u64> = (1..=newest).rev().collect();
        let start = match window.cursor {
            Cursor::Newest => 0,
            Cursor::From(seq) => all.iter().position(|row| *row <= seq.0).unwrap_or(all.len()),
            Cursor::Above(seq) => all.iter().position(|row| *row <= seq.0).unwrap().saturating_sub(window.limit),
            Cursor::Oldest => all.len().saturating_sub(window.limit),
        };
        let mut rows: Vec<u64> = all[start..].iter().copied().take(window.limit).collect();
        if let Cursor::Above(seq) = window.cursor {
            rows.retain(|row| *row > seq.0);
        }
        let older = rows.last().is_some_and(|last| *last > 1);
        list.accept(&window, Page { rows, newer: start, older, searched: None }, height);
    }

    fn shown(list: &List<u64>, height: usize) -> (u64, u64) {
        let (top, selected) = list.indices(height).unwrap();
        (list.page.rows[top], list.page.rows[selected])
    }

    #[test]
    fn a_paused_list_stays_where_it_is() {
        let mut list = List::default();
        answer(&mut list, 100, 10);
        list.step(2, 10);
        assert_eq!(shown(&list, 10), (100, 98));
        answer(&mut list, 237, 10);
        assert_eq!((shown(&list, 10), list.newer(10)), ((100, 98), 137));
        list.follow();
        answer(&mut list, 240, 10);
        assert_eq!((shown(&list, 10), list.paused()), ((240, 240), false));
    }

    #[test]
    fn every_row_can_be_reached_down_and_up() {
        let mut list = List::default();
        answer(&mut list, 500, 10);
        let mut seen = vec![shown(&list, 10).1];
        for step in [1, -1] {
            for _ in 0..500 {
                if list.step(step, 10) {
                    answer(&mut list, 500, 10);
                }
                let (top, selected) = shown(&list, 10);
                assert!(top >= selected && top - selected < 10, "{top} {selected}");
                seen.push(selected);
            }
        }
        let expected: Vec<u64> = (1..=500).rev().chain([1]).chain(2..=500).chain([500]).collect();
        assert_eq!(seen, expected);
    }

    #[test]
    fn the_oldest_page_ends_with_the_oldest_row() {
        let mut list = List::default();
        answer(&mut list, 500, 10);
        list.oldest(10);
        answer(&mut list, 500, 10);
        assert_eq!(shown(&list, 10), (10, 1));
        list.step(-10, 10);
        assert_eq!(shown(&list, 10), (11, 11));
    }

    #[test]
    fn a_row_that_goes_leaves_its_older_neighbour_selected() {
        let mut list = List::default();
        answer(&mut list, 5, 10);
        list.step(2, 10);
        let window = list.window(10).unwrap();
        list.accept(&window, Page { rows: vec![5, 4, 2, 1], newer: 0, older: false, searched: None }, 10);
        assert_eq!(shown(&list, 10).1, 2);
    }

    #[test]
    fn answers_to_what_is_no_longer_asked_are_dropped() {
        let mut list = List::<u64>::default();
        answer(&mut list, 5, 10);
        let stale = list.window(10).unwrap();
        list.narrowing.set(filter::List::Events, "joe");
        list.accept(&stale, Page { rows: vec![9], newer: 0, older: false, searched: None }, 10);
        assert_eq!(list.page.rows, [5, 4, 3, 2, 1]);
    }

    /// The rows of which the number is divisible by `every`, as a ledger would answer that looks at 100 rows a question.
    fn answer_search(list: &mut List<u64>, newest: u64, every: u64) -> bool {
        let Some(window) = list.window(10) else { return false };
        let all: Vec<u64> = match window.cursor {
            Cursor::Newest => (1..=newest).rev().collect(),
            Cursor::From(seq) => (1..=seq.0).rev().collect(),
            Cursor::Above(seq) => (seq.0 + 1..=newest).collect(),
            Cursor::Oldest => (1..=newest).collect(),
        };
        let upward = matches!(window.cursor, Cursor::Above(_));
        let (looked, rest) = all.split_at(all.len().min(100));
        let mut rows: Vec<u64> = looked.iter().copied().filter(|row| row.is_multiple_of(every)).collect();
        if upward {
            rows.reverse();
        }
        let searched = Some(Searched {
            looked: looked.len(),
            newest: looked.iter().max().map(|seq| Seq(*seq)),
            next: rest.first().map(|seq| Seq(*seq)),
            left: rest.len(),
        });
        list.accept(&window, Page { rows, newer: 0, older: !rest.is_empty(), searched }, 10);
        true
    }

    #[test]
    fn a_search_gathers_its_rows_while_the_reader_moves_among_them() {
        let mut list = List::default();
        answer(&mut list, 1000, 10);
        list.narrowing.set(filter::List::Events, "x");
        list.restart();
        answer_search(&mut list, 1000, 70);
        assert_eq!((list.page.rows.clone(), list.page.older), (vec![980, 910], true));
        list.step(1, 10);
        assert_eq!((shown(&list, 10), list.paused()), ((980, 910), true));
        while answer_search(&mut list, 1000, 70) {}
        let expected: Vec<u64> = (1..=14).rev().map(|one| one * 70).collect();
        assert_eq!((&list.page.rows, list.page.older, list.search.looked), (&expected, false, 1000));
        // New rows come above, and what is under the cursor stays.
        list.search.changed();
        while answer_search(&mut list, 1200, 70) {}
        assert_eq!(
            (list.page.rows.len(), list.page.rows[0], shown(&list, 10), list.newer(10)),
            (17, 1190, (980, 910), 3)
        );
        // A row that is no longer wanted goes when the rows in sight are asked for anew.
        list.search.renew();
        let window = list.window(10).unwrap();
        assert_eq!((&window.only[..2], window.only.len()), (&[Seq(980), Seq(910)][..], 10));
        let searched = Some(Searched { looked: 10, newest: Some(Seq(980)), next: None, left: 0 });
        let rows = window.only.iter().map(|seq| seq.0).filter(|row| *row != 910).collect();
        list.accept(&window, Page { rows, newer: 0, older: false, searched }, 10);
        assert_eq!((list.page.rows.len(), shown(&list, 10)), (16, (980, 840)));
        list.oldest(10);
        assert_eq!(shown(&list, 10).1, 70);
    }
}
