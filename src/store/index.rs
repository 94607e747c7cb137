//! Sequence numbers in one or several indexes, merged, in either direction. Reads no more rows than it yields numbers.

use std::collections::BTreeMap;

use crate::domain::ids::Seq;

use super::StoreError;
use super::keys::{self, Key, Table};
use super::marks::Marks;
use super::tree::Rows;

/// The numbers that stand behind any of some prefixes, of each those up to the highest that is wanted.
#[derive(Debug)]
pub struct Index<'a> {
    rows: &'a Rows,
    prefixes: Vec<(Key, Seq)>,
    lowest: Seq,
}

impl<'a> Index<'a> {
    /// The numbers from `lowest` on behind any of `prefixes`.
    pub fn new(rows: &'a Rows, prefixes: Vec<Key>, lowest: Seq) -> Self {
        Self { rows, prefixes: prefixes.into_iter().map(|prefix| (prefix, Seq(u64::MAX))).collect(), lowest }
    }

    /// Of these only the numbers before `end`.
    #[must_use]
    pub fn before(self, end: Seq) -> Self {
        self.up_to(Seq(end.0.saturating_sub(1)))
    }

    /// Of these only the numbers up to `highest`.
    #[must_use]
    pub fn up_to(self, highest: Seq) -> Self {
        let prefixes = self.prefixes.into_iter().map(|(prefix, last)| (prefix, last.min(highest))).collect();
        Self { prefixes, ..self }
    }

    /// These and those of `other`, from the lower of the two on.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.prefixes.extend(other.prefixes);
        Self { lowest: self.lowest.min(other.lowest), ..self }
    }

    /// From `from` on, itself included, upward or downward.
    pub fn walk(&self, from: Seq, upward: bool) -> Merged {
        match upward {
            true => {
                let ranges = self.ranges(self.lowest.max(from), Seq(u64::MAX));
                Merged::new(ranges.map(|numbers| Box::new(numbers) as Numbers).collect(), false)
            }
            false => {
                let ranges = self.ranges(self.lowest, from);
                Merged::new(ranges.map(|numbers| Box::new(numbers.rev()) as Numbers).collect(), true)
            }
        }
    }

    /// From `from` down.
    pub fn older(&self, from: Seq) -> Merged {
        self.walk(from, false)
    }

    /// From the one after `above` up.
    pub fn newer(&self, above: Seq) -> Merged {
        self.walk(Seq(above.0.saturating_add(1)), true)
    }

    /// How many there are from `from` to `to`, both included; one that is in two of the indexes counts once.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn between(&self, from: Seq, to: Seq) -> Result<usize, StoreError> {
        let from = from.max(self.lowest);
        if !self.prefixes.iter().all(|(prefix, _)| keys::table(prefix).is_some_and(Table::is_marks)) {
            let within = |seq: &Result<Seq, StoreError>| seq.as_ref().map_or(true, |seq| *seq <= to);
            return self.walk(from, true).take_while(within).try_fold(0, |count, seq| seq.map(|_| count + 1));
        }
        let mut blocks: BTreeMap<u64, Marks> = BTreeMap::new();
        for (prefix, last) in &self.prefixes {
            for row in self.rows.marks(prefix, from, to.min(*last)) {
                let (block, marks) = row?;
                let all = blocks.entry(block).or_default();
                *all = all.or(marks);
            }
        }
        Ok(blocks.into_values().map(Marks::count).sum())
    }

    /// How many there are from `from` down; one that is in two of the indexes counts twice.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn count(&self, from: Seq) -> Result<usize, StoreError> {
        let runs = self.prefixes.iter().map(|(prefix, last)| (prefix, from.min(*last)));
        let mut runs = runs.filter(|(_, to)| self.lowest <= *to);
        runs.try_fold(0, |count, (prefix, to)| Ok(count + self.rows.count(prefix, self.lowest, to)?))
    }

    fn ranges(&self, from: Seq, to: Seq) -> impl Iterator<Item = Range> {
        let runs = self.prefixes.iter().map(move |(prefix, last)| (prefix, to.min(*last)));
        // A range that ends before it begins would be a panic in sled.
        runs.filter(move |(_, to)| from <= *to).map(move |(prefix, to)| self.rows.numbers(prefix, from, to))
    }
}

type Numbers = Box<dyn Iterator<Item = Result<Seq, StoreError>>>;
type Range = Box<dyn DoubleEndedIterator<Item = Result<Seq, StoreError>>>;

/// Several sorted runs of numbers as one, each number once.
pub struct Merged {
    runs: Vec<(Option<Result<Seq, StoreError>>, Numbers)>,
    descending: bool,
    previous: Option<Seq>,
}

impl Merged {
    fn new(runs: Vec<Numbers>, descending: bool) -> Self {
        let runs = runs.into_iter().map(|mut run| (run.next(), run)).collect();
        Self { runs, descending, previous: None }
    }

    fn step(&mut self) -> Option<Result<Seq, StoreError>> {
        // An error comes first; sorting behind every number, it would be lost at the end of a page.
        let rank = |head: &Option<Result<Seq, StoreError>>| match head {
            None => None,
            Some(Err(_)) => Some(u64::MAX),
            Some(Ok(seq)) if self.descending => Some(seq.0),
            Some(Ok(seq)) => Some(u64::MAX - seq.0),
        };
        let best = self.runs.iter_mut().max_by_key(|(head, _)| rank(head))?;
        let next = best.1.next();
        std::mem::replace(&mut best.0, next)
    }
}

impl Iterator for Merged {
    type Item = Result<Seq, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.step()? {
                // A delivery that changed its state while this reads may stand in two runs.
                Ok(seq) if self.previous == Some(seq) => {}
                Ok(seq) => {
                    self.previous = Some(seq);
                    return Some(Ok(seq));
                }
                Err(error) => {
                    self.runs.clear();
                    return Some(Err(error));
                }
            }
        }
    }
}
