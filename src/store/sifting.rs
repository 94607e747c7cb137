//! Bodies looked at many at once and unread, for one word of a filter: most stretches of a journal do not have it anywhere,
//! and then none of the records in them is read.

use std::cell::RefCell;
use std::ops::RangeInclusive;

use crate::domain::filter::Sieve;
use crate::domain::ids::Seq;
use crate::journal::Reader;

use super::{Store, StoreError};

/// Records of a stretch, where their bytes allow: enough that finding its ends costs little, few enough that its bytes stay
/// near the processor.
const STRETCH: u64 = 256;

/// Its bytes.
const MOST_BYTES: u64 = 1 << 20;

/// With more hits than this, each record of a stretch is read.
const MOST_HITS: usize = 32;

/// A sieve on its way through the journal.
#[derive(Debug)]
pub struct Sifting<'a> {
    store: &'a Store,
    journal: &'a Reader,
    sieve: Option<Sieve>,
    stretch: RefCell<Stretch>,
    /// The bytes of the last stretch: room for those of the next.
    bytes: RefCell<Vec<u8>>,
}

/// What is known of some records one after the other.
#[derive(Debug)]
struct Stretch {
    records: RangeInclusive<u64>,
    /// Those that must be read, ascending; none: all.
    hits: Option<Vec<u64>>,
}

impl<'a> Sifting<'a> {
    /// Through `journal`, whose records' places are in `store`. Without a sieve nothing is passed over.
    pub fn new(store: &'a Store, journal: &'a Reader, sieve: Option<Sieve>) -> Self {
        let nothing = Stretch { records: RangeInclusive::new(1, 0), hits: None };
        Self { store, journal, sieve, stretch: RefCell::new(nothing), bytes: RefCell::default() }
    }

    /// Whether nothing that is wanted stands in the body of record `seq`. What cannot be read is not passed over: whoever
    /// reads it says why.
    pub fn passes_over(&self, seq: Seq) -> bool {
        let Some(sieve) = &self.sieve else { return false };
        let mut stretch = self.stretch.borrow_mut();
        if !stretch.records.contains(&seq.0) {
            let upward = seq.0 > *stretch.records.end() && !stretch.records.is_empty();
            let alone = Stretch { records: seq.0..=seq.0, hits: None };
            *stretch = self.look(sieve, seq, upward).ok().flatten().unwrap_or(alone);
        }
        stretch.hits.as_ref().is_some_and(|hits| hits.binary_search(&seq.0).is_err())
    }

    /// The sieve, if there is one.
    pub fn sieve(&self) -> Option<&Sieve> {
        self.sieve.as_ref()
    }

    /// Looks through the stretch that ends with `seq`, or begins with it.
    fn look(&self, sieve: &Sieve, seq: Seq, upward: bool) -> Result<Option<Stretch>, StoreError> {
        let mut length = STRETCH;
        loop {
            let (from, to) = match upward {
                true => (seq.0, seq.0.saturating_add(length - 1)),
                false => (seq.0.saturating_sub(length - 1).max(1), seq.0),
            };
            let ends = self.store.place(Seq(from))?.zip(self.store.place(Seq(to))?);
            if let Some((first, last)) = ends.map(|(first, last)| (first.location, last.location))
                && first.segment == last.segment
            {
                let end = last.offset + u64::from(last.length);
                if end.saturating_sub(first.offset) <= MOST_BYTES {
                    let mut bytes = self.bytes.borrow_mut();
                    self.journal.raw(first.segment, first.offset, end, &mut bytes)?;
                    let hits = self.records_at(sieve.hits(&bytes), first.offset, from..=to)?;
                    return Ok(Some(Stretch { records: from..=to, hits }));
                }
            }
            if length == 1 {
                return Ok(None);
            }
            length /= 4;
        }
    }

    /// The records in whose frames the hits are; none where these are many.
    fn records_at(
        &self,
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
        found.sort_unstable();
        found.dedup();
        Ok(Some(found))
    }
}
