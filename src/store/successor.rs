//! The store that takes over when records are dropped or blanked: made from what the dropped ones had come to and from the
//! records that stay, while the one before goes on serving.
//!
//! sled never gives back what a file has taken, and old pages stay in it until their place is used again: a store without
//! those rows has to be another one.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::blanking::Blanking;
use crate::domain::delivery::{Kind, Stage};
use crate::domain::ids::Seq;
use crate::domain::record::Record;
use crate::domain::ticket::Lane;
use crate::journal::{Base, Location, Reader};

use super::past::Past;
use super::{Store, StoreError, caught, keys, repair};

/// Records applied together: each batch of sled locks every other store of the process out.
const PIECE: usize = 200;

/// A store that can take the place of one that has more.
#[derive(Debug)]
pub struct Successor {
    store: Store,
    loss: Loss,
    /// Why it can take no place.
    obstacle: Option<Obstacle>,
}

/// What it has no more.
#[derive(Debug)]
enum Loss {
    /// Records.
    Dropped {
        /// The last of them.
        through: Seq,
        /// The last record there was when it was said what of them is still needed.
        known: Seq,
    },
    /// What named people in records.
    Blanked(Arc<Blanking>),
}

/// Why what was to be dropped must stay for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    /// Something came meanwhile about a ticket that would have been forgotten.
    #[error("record {0} is about a ticket that was to be dropped")]
    SpokenOf(Seq),
    /// A delivery is open again.
    #[error("delivery d-{0} is open again")]
    Open(Seq),
}

/// What the records up to `through` have come to, in the words of a base, and the last record there was when that was said;
/// `None` when `going_on` says no. `scratch` is a folder that may be created, and is removed again.
///
/// # Errors
/// When journal or store cannot be read, or the scratch folder not be written.
pub fn draw_up(
    present: &Store,
    journal: &Reader,
    through: Seq,
    scratch: &Path,
    going_on: &dyn Fn() -> bool,
) -> Result<Option<(Vec<u8>, Seq)>, StoreError> {
    let mut past = Past::begin(scratch)?;
    while past.go(journal, through, Duration::from_millis(100))?.is_some() {
        if !going_on() {
            return Ok(None);
        }
    }
    caught(|| {
        let known = present.applied()?;
        Ok(past.store()?.draw_up(present, journal, going_on)?.map(|lines| (lines, known)))
    })
}

impl Successor {
    /// In `folder`, which is made anew, from a base whose lines were drawn up when `known` was the last record.
    ///
    /// # Errors
    /// When the base means nothing, or the store cannot be written.
    pub fn begin(
        folder: &Path,
        cache_bytes: u64,
        journal: &Reader,
        base: &Base,
        known: Seq,
    ) -> Result<Self, StoreError> {
        repair::remove(folder)?;
        let store = Store::open(folder, cache_bytes)?;
        caught(|| store.lay(base, journal.blanking().as_deref()))?;
        Ok(Self { store, loss: Loss::Dropped { through: base.through, known }, obstacle: None })
    }

    /// In `folder`, which is made anew, as `journal` is with that blanked.
    ///
    /// # Errors
    /// When the journal's base cannot be read, or the store not be written.
    pub fn blanked(
        folder: &Path,
        cache_bytes: u64,
        journal: &Reader,
        blanking: Arc<Blanking>,
    ) -> Result<Self, StoreError> {
        repair::remove(folder)?;
        let store = Store::open(folder, cache_bytes)?;
        store.begin_as(&journal.under(Arc::clone(&blanking)))?;
        Ok(Self { store, loss: Loss::Blanked(blanking), obstacle: None })
    }

    /// How many records it is behind the journal.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn behind(&self, journal: &Reader) -> Result<u64, StoreError> {
        Ok(journal.last().0.saturating_sub(self.store.applied()?.0))
    }

    /// Applies some more of the journal; says whether there was any.
    ///
    /// # Errors
    /// When the journal cannot be read, or it cannot be written.
    pub fn advance(&mut self, present: &Store, journal: &Reader) -> Result<bool, StoreError> {
        let journal = match &self.loss {
            Loss::Dropped { .. } => journal.clone(),
            Loss::Blanked(blanking) => journal.under(Arc::clone(blanking)),
        };
        let records = journal.scan(self.store.applied()?.next()).take(PIECE);
        let piece: Vec<(Record, Location)> = records.collect::<Result<_, _>>()?;
        if let Loss::Dropped { through, known } = self.loss {
            for (record, _) in piece.iter().filter(|(record, _)| record.seq > known) {
                if self.obstacle.is_none() && self.lacks(record, through, present)? {
                    self.obstacle = Some(Obstacle::SpokenOf(record.seq));
                }
            }
        }
        self.store.apply(&piece)?;
        Ok(!piece.is_empty())
    }

    /// The store, once it is up to the journal.
    ///
    /// # Errors
    /// Why it must not take the place of `present`.
    pub fn take_over(&self, present: &Store) -> Result<Result<Store, Obstacle>, StoreError> {
        if let Some(obstacle) = self.obstacle {
            return Ok(Err(obstacle));
        }
        let open = match &self.loss {
            Loss::Dropped { through, .. } => open_among_dropped(present, *through)?,
            Loss::Blanked(blanking) => open_among_blanked(present, blanking)?,
        };
        Ok(open.map_or_else(|| Ok(self.store.clone()), |id| Err(Obstacle::Open(id))))
    }

    /// The record is about a ticket of which this store lacks a delivery.
    fn lacks(&self, record: &Record, through: Seq, present: &Store) -> Result<bool, StoreError> {
        let changed = record.head.deliveries.iter().map(|one| Lane::of_delivery(one.ticket.as_ref(), one.id));
        for lane in changed.chain(record.head.fact.ticket().map(Lane::of)) {
            for one in present.lane(&lane)?.iter().filter(|one| one.id.0 <= through) {
                if self.store.delivery(one.id)?.is_none() {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// A delivery that waits for something and whose record would go.
fn open_among_dropped(present: &Store, through: Seq) -> Result<Option<Seq>, StoreError> {
    for stage in Stage::ALL.into_iter().filter(|stage| !stage.settled()) {
        for kind in Kind::ALL {
            let mut ids = present.rows.numbers(&keys::stage(stage, kind), Seq(0), through);
            if let Some(id) = caught(|| ids.next().transpose())? {
                return Ok(Some(id));
            }
        }
    }
    Ok(None)
}

/// A delivery that waits for something again and whose webhook would be blanked.
fn open_among_blanked(present: &Store, blanking: &Blanking) -> Result<Option<Seq>, StoreError> {
    caught(|| {
        let mut found = None;
        present.each_open(|one| {
            let lane = Lane::of_delivery(one.ticket.as_ref(), one.id);
            found = found.or_else(|| blanking.covers(one.event, Some(&lane)).then_some(one.id.0));
            Ok(())
        })?;
        Ok(found)
    })
}
