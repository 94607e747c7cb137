//! Sequence numbers in one or several indexes, merged, in either direction. Reads no more rows than it yields numbers.

use crate::domain::ids::Seq;

use super::StoreError;
use super::keys::Key;
use super::tree::Rows;

/// The numbers that stand behind any of some prefixes.
#[derive(Debug)]
pub struct Index<'a> {
    rows: &'a Rows,
    prefixes: Vec<Key>,
    lowest: Seq,
    highest: Seq,
}

impl<'a> Index<'a> {
    /// The numbers from `lowest` on behind any of `prefixes`.
    pub fn new(rows: &'a Rows, prefixes: Vec<Key>, lowest: Seq) -> Self {
        Self { rows, prefixes, lowest, highest: Seq(u64::MAX) }
    }

    /// Only those before `end`.
    #[must_use]
    pub fn before(self, end: Seq) -> Self {
        Self { highest: Seq(end.0.saturating_sub(1)), ..self }
    }

    /// From `from` down.
    pub fn older(&self, from: Seq) -> Merged {
        let from = from.min(self.highest);
        let ranges = self
            .prefixes
            .iter()
            .filter(|_| from >= self.lowest)
            .map(|prefix| Box::new(self.rows.numbers(prefix, self.lowest, from).rev()) as Numbers);
        Merged::new(ranges.collect(), true)
    }

    /// From the one after `above` up.
    pub fn newer(&self, above: Seq) -> Merged {
        let from = self.lowest.max(Seq(above.0.saturating_add(1)));
        let ranges = self
            .prefixes
            .iter()
            .filter(|_| from <= self.highest)
            .map(|prefix| Box::new(self.rows.numbers(prefix, from, self.highest)) as Numbers);
        Merged::new(ranges.collect(), false)
    }
}

type Numbers = Box<dyn Iterator<Item = Result<Seq, StoreError>>>;

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
