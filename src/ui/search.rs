//! How far the search in a list has come, and what it asks next.
//!
//! A search goes down from the newest row in slices, one question at a time, until it has [`ENOUGH`] rows or somebody stops
//! it. Beside that it keeps up with what changes: new rows above are looked at as they come; the rows in sight, whose state
//! may change, are asked for anew. An answer speaks for the stretch of the list that it looked at, and for nothing else.

use crate::domain::ids::Seq;
use crate::domain::query::{Cursor, Searched};

/// Rows that are found before the search rests; more are shown as `1,000+`.
pub const ENOUGH: usize = 1000;

/// A list in which no more rows than this were looked at is simply searched anew when something has changed.
const QUICK: u64 = 1000;

/// How far a search has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Search {
    /// Rows looked at on the way down.
    pub looked: u64,
    /// Rows still to be looked at.
    pub left: u64,
    /// Somebody has stopped it.
    pub stopped: bool,
    reach: Reach,
    /// New rows may stand above.
    above: bool,
    /// The rows in sight may have changed.
    sight: Sight,
    /// The last question was about changes: the next one goes on down.
    changes_had_their_turn: bool,
}

/// What a search asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// For rows from there.
    Rows(Cursor),
    /// For the rows in sight, as they stand.
    Sight,
}

/// How far down a search has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Reach {
    /// Nothing has been looked at.
    #[default]
    Nothing,
    /// From `newest` down to the row before `next`; the end has been reached where there is none.
    Down { newest: Seq, next: Option<Seq> },
}

/// What is known of the rows in sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Sight {
    #[default]
    Fresh,
    /// Something has changed: asked for anew with the next second.
    Stale,
    /// To be asked for anew.
    Due,
}

impl Search {
    /// An answer has come.
    pub fn has_begun(&self) -> bool {
        self.reach != Reach::Nothing
    }

    /// Where the search goes on; none when it has come to the end, or has not begun.
    pub fn next(&self) -> Option<Seq> {
        match self.reach {
            Reach::Nothing => None,
            Reach::Down { next, .. } => next,
        }
    }

    /// It is on its way down, with so many rows found and so many wanted.
    pub fn runs(&self, found: usize, wanted: usize) -> bool {
        !self.stopped && found < wanted && (!self.has_begun() || self.next().is_some())
    }

    /// Something has changed.
    pub fn changed(&mut self) {
        self.above = true;
        if self.sight == Sight::Fresh || self.is_quick() {
            self.sight = if self.is_quick() { Sight::Due } else { Sight::Stale };
        }
    }

    fn is_quick(&self) -> bool {
        self.next().is_none() && self.looked < QUICK
    }

    /// A second has gone by.
    pub fn second(&mut self) {
        if self.sight == Sight::Stale {
            self.sight = Sight::Due;
        }
    }

    /// What is in sight is to be asked for anew.
    pub fn renew(&mut self) {
        (self.above, self.sight) = (true, Sight::Due);
    }

    /// What is to be asked, with so many rows found and wanted.
    pub fn question(&self, found: usize, wanted: usize) -> Option<Ask> {
        let Reach::Down { newest, next } = self.reach else { return Some(Ask::Rows(Cursor::Newest)) };
        let down = next.filter(|_| self.runs(found, wanted)).map(|next| Ask::Rows(Cursor::From(next)));
        let change = match self.sight {
            Sight::Due if self.is_quick() => Some(Ask::Rows(Cursor::Newest)),
            Sight::Due if found > 0 => Some(Ask::Sight),
            _ if self.above => Some(Ask::Rows(Cursor::Above(newest))),
            _ => None,
        };
        if self.changes_had_their_turn { down.or(change) } else { change.or(down) }
    }

    /// The rows in sight are known as they stand.
    pub fn saw(&mut self) {
        self.sight = Sight::Fresh;
        self.changes_had_their_turn = true;
    }

    /// Takes note of an answer; what it speaks for: the rows above the first place, up to the second.
    pub fn took(&mut self, cursor: Cursor, searched: Searched) -> (Seq, Seq) {
        let Searched { looked, newest: top, next: rest, left } = searched;
        let Reach::Down { newest, next } = self.reach else {
            self.reach = Reach::Down { newest: top.unwrap_or(Seq(0)), next: rest };
            (self.looked, self.left) = (looked as u64, left as u64);
            return (rest.unwrap_or(Seq(0)), Seq(u64::MAX));
        };
        let newest = newest.max(top.unwrap_or(Seq(0)));
        let goes_on = matches!(cursor, Cursor::From(seq) if Some(seq) == next);
        self.changes_had_their_turn = !goes_on;
        match cursor {
            Cursor::Above(above) => {
                self.above = rest.is_some();
                self.reach = Reach::Down { newest, next };
                return (above, rest.map_or(Seq(u64::MAX), |rest| Seq(rest.0.saturating_sub(1))));
            }
            Cursor::From(_) if goes_on => {
                self.looked += looked as u64;
                self.left = left as u64;
                self.reach = Reach::Down { newest, next: rest };
            }
            Cursor::Newest | Cursor::From(_) | Cursor::Oldest => {
                self.sight = Sight::Fresh;
                self.above &= cursor != Cursor::Newest;
                // What it looked at below our own reach need not be looked at again.
                let next = next.and_then(|next| Some(next.min(rest?)));
                if next.is_none() {
                    self.left = 0;
                }
                self.reach = Reach::Down { newest, next };
            }
        }
        let upper = if let Cursor::From(seq) = cursor { seq } else { Seq(u64::MAX) };
        (rest.unwrap_or(Seq(0)), upper)
    }

    /// The rows from `dropped` on are no longer held: they would have to be looked for again.
    pub fn forgot(&mut self, dropped: Seq) {
        if let Reach::Down { next, .. } = &mut self.reach {
            *next = Some(dropped);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn searched(looked: usize, newest: u64, next: Option<u64>, left: usize) -> Searched {
        Searched { looked, newest: Some(Seq(newest)), next: next.map(Seq), left }
    }

    #[test]
    fn it_goes_down_to_the_end_and_rests() {
        let mut search = Search::default();
        assert_eq!(search.question(0, 9), Some(Ask::Rows(Cursor::Newest)));
        assert_eq!(search.took(Cursor::Newest, searched(100, 300, Some(200), 200)), (Seq(200), Seq(u64::MAX)));
        assert_eq!(search.question(0, 9), Some(Ask::Rows(Cursor::From(Seq(200)))));
        assert_eq!(search.question(9, 9), None, "enough was found");
        assert_eq!(search.took(Cursor::From(Seq(200)), searched(200, 200, None, 0)), (Seq(0), Seq(200)));
        assert_eq!((search.question(0, 9), search.looked, search.left), (None, 300, 0));
    }

    #[test]
    fn a_flood_of_changes_does_not_hold_it_up() {
        let mut search = Search::default();
        search.took(Cursor::Newest, searched(100, 300, Some(200), 200));
        let mut asked = Vec::new();
        for turn in 0..4 {
            search.changed();
            let Some(Ask::Rows(cursor)) = search.question(0, 9) else { panic!("{search:?}") };
            asked.push(cursor);
            search.took(
                cursor,
                match cursor {
                    Cursor::Above(_) => searched(1, 301 + turn, None, 0),
                    _ => searched(50, 200, Some(150 - turn * 10), 150),
                },
            );
        }
        let down = |seq| Cursor::From(Seq(seq));
        assert_eq!(asked, [Cursor::Above(Seq(300)), down(200), Cursor::Above(Seq(301)), down(140)]);
    }

    #[test]
    fn rows_in_sight_are_asked_for_once_a_second() {
        let mut search = Search::default();
        search.took(Cursor::Newest, searched(5000, 9000, None, 0));
        search.changed();
        assert_eq!(search.took(Cursor::Above(Seq(9000)), searched(1, 9001, None, 0)), (Seq(9000), Seq(u64::MAX)));
        assert_eq!(search.question(5, 9), None);
        search.second();
        assert_eq!((search.question(5, 9), search.question(0, 9)), (Some(Ask::Sight), None));
        search.saw();
        search.second();
        assert_eq!(search.question(5, 9), None);
    }

    #[test]
    fn what_is_stopped_stays_so_but_keeps_up() {
        let mut search = Search::default();
        search.took(Cursor::Newest, searched(100, 300, Some(200), 200));
        search.stopped = true;
        assert_eq!(search.question(0, 9), None);
        search.changed();
        assert_eq!(search.question(0, 9), Some(Ask::Rows(Cursor::Above(Seq(300)))));
    }
}
