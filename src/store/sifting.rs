//! Bodies looked at many at once and unread, for one word of a filter: most stretches of a journal do not have it anywhere,
//! and then none of the records in them is read.
//!
//! A search goes one way. Each time it comes to what was not looked at yet, some stretches from there on are looked at
//! together: one at first, as where much is found more would be looked at in vain, and each time twice as many.

use std::cell::RefCell;
use std::ops::RangeInclusive;
use std::sync::Mutex;
use std::time::Duration;

use crate::domain::filter::Sieve;
use crate::domain::ids::Seq;
use crate::journal::Reader;

use super::abreast::abreast;
use super::{Store, StoreError, caught};

/// Records of a stretch: enough that finding its ends costs little, few enough that its bytes stay near the processor.
const STRETCH: u64 = if cfg!(test) { 8 } else { 256 };

/// What is read of it at once.
const MOST_BYTES: u64 = 1 << 20;

/// With more hits than this among what is read at once, each record of that is read.
const MOST_HITS: usize = 32;

/// Stretches that are looked at together, at the most: the threads for them are begun anew each time.
const MOST_TOGETHER: usize = 32;

/// Where reading is slow, it is not so many: whoever waits for the first rows is to be able to stop.
const MOST_TIME: Duration = Duration::from_millis(20);

/// A sieve on its way through the journal.
#[derive(Debug)]
pub struct Sifting<'a> {
    bodies: Bodies<'a>,
    sieve: Option<Sieve>,
    known: RefCell<Known>,
    /// The bytes that were read last: room for the next ones.
    rooms: Mutex<Vec<Vec<u8>>>,
}

/// The journal, and where its records are.
#[derive(Debug, Clone, Copy)]
struct Bodies<'a> {
    store: &'a Store,
    journal: &'a Reader,
}

/// What is known of some records one after the other.
#[derive(Debug)]
struct Known {
    records: RangeInclusive<u64>,
    /// Those that must be read, ascending.
    hits: Vec<u64>,
    /// Stretches that were looked at together.
    together: usize,
}

impl<'a> Sifting<'a> {
    /// Through `journal`, whose records' places are in `store`. Without a sieve nothing is passed over.
    pub fn new(store: &'a Store, journal: &'a Reader, sieve: Option<Sieve>) -> Self {
        let nothing = Known { records: RangeInclusive::new(1, 0), hits: Vec::new(), together: 0 };
        Self { bodies: Bodies { store, journal }, sieve, known: RefCell::new(nothing), rooms: Mutex::default() }
    }

    /// The record up to which, from `seq` on upward or downward, nothing that is wanted stands in any body; `None` where that
    /// of `seq` must be read. What cannot be read is not passed over: whoever reads it says why.
    pub fn passes_over(&self, seq: Seq, upward: bool) -> Option<Seq> {
        let sieve = self.sieve.as_ref()?;
        let mut known = self.known.borrow_mut();
        if !known.records.contains(&seq.0) {
            *known = self.bodies.look(sieve, seq.0, upward, &known, &self.rooms);
        }
        known.passes_over(seq.0, upward).map(Seq)
    }

    /// The sieve, if there is one.
    pub fn sieve(&self) -> Option<&Sieve> {
        self.sieve.as_ref()
    }
}

impl Bodies<'_> {
    /// Looks at the stretches from `seq` on.
    fn look(self, sieve: &Sieve, seq: u64, upward: bool, before: &Known, rooms: &Mutex<Vec<Vec<u8>>>) -> Known {
        let last = self.journal.last().0.max(seq);
        let end = if upward { before.records.end() } else { before.records.start() };
        let goes_on = !before.records.is_empty() && end.abs_diff(seq) <= STRETCH;
        let together = if goes_on { MOST_TOGETHER.min(2 * before.together) } else { 1 };
        let left = if upward { last - seq + 1 } else { seq }.div_ceil(STRETCH);
        let stretch = |number: usize| match (upward, number as u64 * STRETCH) {
            (true, away) => seq + away..=last.min(seq + away + STRETCH - 1),
            (false, away) => (seq - away).saturating_sub(STRETCH - 1).max(1)..=seq - away,
        };
        let together = together.min(usize::try_from(left).unwrap_or(MOST_TOGETHER)).max(1);
        let mut hits = abreast(together, MOST_TIME, rooms, |number, bytes: &mut Vec<u8>| {
            (stretch(number), self.hits(sieve, stretch(number), bytes))
        });
        if !upward {
            hits.reverse();
        }
        let from = hits.first().map_or(seq, |(records, _)| *records.start());
        let to = hits.last().map_or(seq, |(records, _)| *records.end());
        Known { records: from..=to, hits: hits.into_iter().flat_map(|(_, hits)| hits).collect(), together }
    }

    /// Those of some records that must be read, ascending.
    fn hits(self, sieve: &Sieve, records: RangeInclusive<u64>, bytes: &mut Vec<u8>) -> Vec<u64> {
        let Ok(mut hits) = caught(|| self.hits_in_bytes(sieve, records.clone(), bytes)) else {
            return records.collect();
        };
        if sieve.is_of_digits() {
            hits.extend(records.filter(|number| sieve.is_of_number(*number)));
        }
        hits.sort_unstable();
        hits.dedup();
        hits
    }

    fn hits_in_bytes(
        self,
        sieve: &Sieve,
        records: RangeInclusive<u64>,
        bytes: &mut Vec<u8>,
    ) -> Result<Vec<u64>, StoreError> {
        let (mut hits, mut from, mut length) = (Vec::new(), *records.start(), STRETCH);
        while from <= *records.end() {
            let to = from.saturating_add(length - 1).min(*records.end());
            let ends = (self.store.place(Seq(from))?, self.store.place(Seq(to))?);
            let (first, last) = match ends {
                (Some(first), Some(last)) => (first.location, last.location),
                // Dropped, or not yet there.
                (None, None) => {
                    hits.extend(from..=to);
                    from = to.saturating_add(1);
                    continue;
                }
                _ => {
                    length = length.div_ceil(4);
                    continue;
                }
            };
            let end = last.offset + u64::from(last.length);
            if from < to && (first.segment != last.segment || end.saturating_sub(first.offset) > MOST_BYTES) {
                length = length.div_ceil(4);
                continue;
            }
            self.journal.raw(first.segment, first.offset, end, bytes)?;
            match self.records_at(sieve.hits(bytes), first.offset, from..=to)? {
                Some(some) => hits.extend(some),
                None => hits.extend(from..=to),
            }
            from = to.saturating_add(1);
            length = STRETCH.min(4 * length);
        }
        Ok(hits)
    }

    /// The records in whose frames the hits are; none where these are many.
    fn records_at(
        self,
        hits: impl Iterator<Item = usize>,
        base: u64,
        records: RangeInclusive<u64>,
    ) -> Result<Option<Vec<u64>>, StoreError> {
        let mut found = Vec::new();
        for hit in hits {
            if found.len() == MOST_HITS {
                return Ok(None);
            }
            let at = base + hit as u64;
            let (mut low, mut high) = (*records.start(), *records.end());
            while low < high {
                let middle = low + (high - low).div_ceil(2);
                match self.store.place(Seq(middle))? {
                    Some(place) if place.location.offset <= at => low = middle,
                    _ => high = middle - 1,
                }
            }
            found.push(low);
        }
        Ok(Some(found))
    }
}

impl Known {
    /// See [`Sifting::passes_over`].
    fn passes_over(&self, seq: u64, upward: bool) -> Option<u64> {
        if !self.records.contains(&seq) {
            return None;
        }
        let behind = self.hits.partition_point(|hit| *hit < seq);
        match self.hits.get(behind) {
            Some(hit) if *hit == seq => None,
            Some(hit) if upward => Some(hit - 1),
            None if upward => Some(*self.records.end()),
            _ => Some(behind.checked_sub(1).map_or(*self.records.start(), |before| self.hits[before] + 1)),
        }
    }
}
