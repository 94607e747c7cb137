//! The box in which a filter is typed: the line, what is wrong with it, and what could be typed next. What is wanted of the
//! list follows the line as long as it can be understood.

use tui_input::Input;

use crate::domain::filter::{Completion, Filter, List, Problem, complete};

/// A filter as it is typed.
#[derive(Debug, Clone, Default)]
pub struct Narrowing {
    /// The line.
    pub input: Input,
    /// What is wrong with it.
    pub problem: Option<Problem>,
    /// Enter was pressed on what is wrong.
    pub insisted: bool,
    /// What could stand before the cursor, once it was asked for.
    pub offer: Option<Offer>,
    filter: String,
}

/// What could stand before the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// What could stand there.
    pub candidates: Vec<String>,
    /// The one that does.
    pub chosen: usize,
    before: String,
    after: String,
}

impl Narrowing {
    /// The last line that could be understood: what is wanted of the list.
    pub fn filter(&self) -> &str {
        &self.filter
    }

    /// Nothing is typed.
    pub fn is_empty(&self) -> bool {
        self.input.value().is_empty()
    }

    /// Nothing is typed any more.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Another line, the cursor at its end.
    pub fn set(&mut self, list: List, line: &str) -> bool {
        self.input = Input::new(line.to_owned());
        self.typed(list)
    }

    /// The line has changed; true when what is wanted of the list has, too.
    pub fn typed(&mut self, list: List) -> bool {
        (self.offer, self.insisted) = (None, false);
        self.read(list)
    }

    fn read(&mut self, list: List) -> bool {
        let line = self.input.value().trim();
        match Filter::parse(list, line) {
            Ok(_) => {
                self.problem = None;
                let changed = self.filter != line;
                line.clone_into(&mut self.filter);
                changed
            }
            Err(_) => {
                // With its blanks, so that the place is that in the line.
                self.problem = Filter::parse(list, self.input.value()).err();
                false
            }
        }
    }

    /// Puts the next (or previous) thing there that could stand before the cursor; true as for [`Narrowing::typed`].
    pub fn complete(&mut self, list: List, forward: bool) -> bool {
        let offer = match self.offer.take() {
            Some(offer) => {
                let count = offer.candidates.len();
                let chosen = (offer.chosen + if forward { 1 } else { count - 1 }) % count;
                Offer { chosen, ..offer }
            }
            None => {
                let line = self.input.value();
                let cursor = line.char_indices().nth(self.input.cursor()).map_or(line.len(), |(at, _)| at);
                let Some(Completion { start, candidates }) = complete(list, line, cursor) else { return false };
                let chosen = if forward { 0 } else { candidates.len() - 1 };
                Offer { chosen, before: line[..start].to_owned(), after: line[cursor..].to_owned(), candidates }
            }
        };
        let line = format!("{}{}{}", offer.before, offer.candidates[offer.chosen], offer.after);
        let cursor = line.chars().count() - offer.after.chars().count();
        self.input = Input::new(line).with_cursor(cursor);
        self.insisted = false;
        let changed = self.read(list);
        // A single one is simply put there: what is asked for next is what could stand behind it.
        self.offer = Some(offer).filter(|offer| offer.candidates.len() > 1);
        changed
    }
}

/// The filters of this run, for whoever wants one again.
#[derive(Debug, Clone, Default)]
pub struct Earlier {
    all: Vec<(List, String)>,
    /// How far back the reader has gone.
    back: usize,
}

/// Filters that are remembered.
const MOST_EARLIER: usize = 100;

impl Earlier {
    /// Remembers a filter that was kept; it is the first to come again.
    pub fn remember(&mut self, list: List, line: &str) {
        self.back = 0;
        if !line.is_empty() {
            let new = (list, line.to_owned());
            self.all.retain(|one| *one != new);
            self.all.push(new);
            let surplus = self.all.len().saturating_sub(MOST_EARLIER);
            self.all.drain(..surplus);
        }
    }

    /// The reader begins at the newest again.
    pub fn rewind(&mut self) {
        self.back = 0;
    }

    /// One earlier (or later) filter of that list; behind the newest stands an empty line.
    pub fn step(&mut self, list: List, back: bool) -> Option<&str> {
        let of_list: Vec<&str> =
            self.all.iter().rev().filter(|(one, _)| *one == list).map(|(_, line)| &**line).collect();
        let place = if back { self.back + 1 } else { self.back.checked_sub(1)? };
        if place > of_list.len() {
            return None;
        }
        self.back = place;
        Some(if place == 0 { "" } else { of_list[place - 1] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_follows_the_line_while_it_can_be_understood() {
        let mut narrowing = Narrowing::default();
        assert!(narrowing.set(List::Deliveries, " joe ") && narrowing.filter() == "joe");
        assert!(!narrowing.set(List::Deliveries, " joe sate:x"));
        assert_eq!(narrowing.problem.as_ref().map(|problem| problem.at.clone()), Some(5..9));
        assert_eq!(narrowing.filter(), "joe");
        assert!(!narrowing.set(List::Deliveries, "joe") && narrowing.problem.is_none());
    }

    #[test]
    fn tab_goes_round_and_keeps_what_stands_behind_the_cursor() {
        let mut narrowing = Narrowing { input: Input::new("é -a x".into()).with_cursor(4), ..Narrowing::default() };
        let mut lines = Vec::new();
        for forward in [true, true, false, false, true] {
            narrowing.complete(List::Deliveries, forward);
            lines.push((narrowing.input.value().to_owned(), narrowing.input.cursor()));
        }
        let line = |typed: &str| (format!("é -{typed} x"), 3 + typed.chars().count());
        assert_eq!(lines, ["amount>", "attempts>", "amount>", "at>=", "amount>"].map(line));
        let mut narrowing = Narrowing::default();
        narrowing.set(List::Deliveries, "st");
        assert!(!narrowing.complete(List::Deliveries, true));
        assert!(narrowing.input.value() == "state:" && narrowing.offer.is_none());
        assert!(narrowing.complete(List::Deliveries, true), "a whole condition is a filter");
        assert_eq!((narrowing.input.value(), narrowing.filter()), ("state:pending ", "state:pending"));
    }

    #[test]
    fn earlier_filters_come_again_list_by_list() {
        let mut earlier = Earlier::default();
        for (list, line) in [(List::Events, "a"), (List::Deliveries, "b"), (List::Events, "c"), (List::Events, "a")] {
            earlier.remember(list, line);
        }
        let mut step = |back| earlier.step(List::Events, back).map(str::to_owned);
        let went: Vec<Option<String>> = [true, true, true, false, false, false].into_iter().map(&mut step).collect();
        let went: Vec<Option<&str>> = went.iter().map(Option::as_deref).collect();
        assert_eq!(went, [Some("a"), Some("c"), None, Some("a"), Some(""), None]);
    }
}
