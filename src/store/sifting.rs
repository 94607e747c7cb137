//! Bodies, and deliveries as they stand, looked at many at once and unread, for one word of a filter: most stretches of a
//! journal do not have it anywhere, and then none of the records in them is read.
//!
//! A search goes one way. Each time it comes to what was not looked at yet, some stretches from there on are looked at
//! together: one at first, as where much is found more would be looked at in vain, and each time twice as many.

use std::cell::RefCell;
use std::ops::RangeInclusive;
use std::sync::Mutex;
use std::time::Duration;

use crate::domain::delivery::Delivery;
use crate::domain::filter::Sieve;
use crate::domain::ids::{DeliveryId, Seq};
use crate::domain::unread;
use crate::journal::Reader;

use super::abreast::abreast;
use super::{Store, StoreError, caught, keys, tree};

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
    sources: Sources<'a>,
    sieve: Option<Sieve>,
    known: RefCell<Known>,
    /// The same of a record elsewhere, whose body is that of a row here.
    elsewhere: RefCell<Known>,
    /// The bytes that were read last: room for the next ones.
    rooms: Mutex<Vec<Vec<u8>>>,
}

/// What is looked at.
#[derive(Debug, Clone, Copy)]
struct Sources<'a> {
    store: &'a Store,
    journal: &'a Reader,
    /// The rows are deliveries, of which more is said than stands in their bodies.
    of_deliveries: bool,
}

/// What is known of some records one after the other.
#[derive(Debug)]
struct Known {
    records: RangeInclusive<u64>,
    /// Those whose rows must be read, ascending.
    rows: Vec<u64>,
    /// Those whose bodies must be read, ascending; all of them are among the rows.
    bodies: Vec<u64>,
    /// Stretches that were looked at together.
    together: usize,
}

impl<'a> Sifting<'a> {
    /// Through `journal`, whose records' places are in `store`, for events. Without a sieve nothing is passed over.
    pub fn new(store: &'a Store, journal: &'a Reader, sieve: Option<Sieve>) -> Self {
        let nothing =
            || Known { records: RangeInclusive::new(1, 0), rows: Vec::new(), bodies: Vec::new(), together: 0 };
        Self {
            sources: Sources { store, journal, of_deliveries: false },
            sieve,
            known: RefCell::new(nothing()),
            elsewhere: RefCell::new(nothing()),
            rooms: Mutex::default(),
        }
    }

    /// The same for deliveries.
    #[must_use]
    pub fn of_deliveries(self) -> Self {
        Self { sources: Sources { of_deliveries: true, ..self.sources }, ..self }
    }

    /// The number up to which, from `seq` on upward or downward, no row is wanted; `None` where that of `seq` must be read. What
    /// cannot be read is not passed over: whoever reads it says why.
    pub fn passes_over(&self, seq: Seq, upward: bool) -> Option<Seq> {
        let sieve = self.sieve.as_ref()?;
        let mut known = self.known.borrow_mut();
        if !known.records.contains(&seq.0) {
            *known = self.sources.look(sieve, seq.0, upward, &known, &self.rooms);
        }
        known.passes_over(seq.0, upward).map(Seq)
    }

    /// Whether the body of record `seq` must be read, where the row that it is the body of must be.
    pub fn needs_body(&self, seq: Seq) -> bool {
        let Some(sieve) = &self.sieve else { return true };
        let known = self.known.borrow();
        if known.records.contains(&seq.0) {
            return known.bodies.binary_search(&seq.0).is_ok();
        }
        let mut elsewhere = self.elsewhere.borrow_mut();
        if !elsewhere.records.contains(&seq.0) {
            *elsewhere = self.sources.look(sieve, seq.0, false, &elsewhere, &self.rooms);
        }
        !elsewhere.records.contains(&seq.0) || elsewhere.bodies.binary_search(&seq.0).is_ok()
    }

    /// The sieve, if there is one.
    pub fn sieve(&self) -> Option<&Sieve> {
        self.sieve.as_ref()
    }
}

impl Sources<'_> {
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
        let mut looked = abreast(together, MOST_TIME, rooms, |number, bytes: &mut Vec<u8>| {
            (stretch(number), self.hits(sieve, stretch(number), bytes))
        });
        if !upward {
            looked.reverse();
        }
        let from = looked.first().map_or(seq, |(records, _)| *records.start());
        let to = looked.last().map_or(seq, |(records, _)| *records.end());
        let mut known = Known { records: from..=to, rows: Vec::new(), bodies: Vec::new(), together };
        for (_, (rows, bodies)) in looked {
            known.rows.extend(rows);
            known.bodies.extend(bodies);
        }
        known
    }

    /// Those of some records whose rows, and whose bodies, must be read, ascending.
    fn hits(self, sieve: &Sieve, records: RangeInclusive<u64>, bytes: &mut Vec<u8>) -> (Vec<u64>, Vec<u64>) {
        let sorted = |mut hits: Vec<u64>| {
            hits.sort_unstable();
            hits.dedup();
            hits
        };
        let all = |_| records.clone().collect();
        let bodies = sorted(caught(|| self.hits_in_bytes(sieve, records.clone(), bytes)).unwrap_or_else(all));
        let mut rows = bodies.clone();
        if self.of_deliveries {
            rows.extend(caught(|| self.deliveries_that_say(sieve, records.clone())).unwrap_or_else(all));
        } else if sieve.is_of_digits() {
            rows.extend(records.filter(|number| sieve.is_of_number(*number)));
        }
        (sorted(rows), bodies)
    }

    /// Those that have the word, or whose body is another record's.
    fn deliveries_that_say(self, sieve: &Sieve, ids: RangeInclusive<u64>) -> Result<Vec<u64>, StoreError> {
        let mut hits = Vec::new();
        for delivery in self.store.rows.deliveries(Seq(*ids.start()), Seq(*ids.end())) {
            let (id, json) = delivery?;
            let says = || {
                let delivery: Delivery = tree::parse(&keys::delivery(DeliveryId(id)), &json)?;
                Ok::<_, StoreError>(delivery.event != id || sieve.is_said_by(&delivery))
            };
            if sieve.hits(&json).next().is_some() || (!unread::says_no_more(&json) && says()?) {
                hits.push(id.0);
            }
        }
        Ok(hits)
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
        let behind = self.rows.partition_point(|hit| *hit < seq);
        match self.rows.get(behind) {
            Some(hit) if *hit == seq => None,
            Some(hit) if upward => Some(hit - 1),
            None if upward => Some(*self.records.end()),
            _ => Some(behind.checked_sub(1).map_or(*self.records.start(), |before| self.rows[before] + 1)),
        }
    }
}
