//! FIND. sled: everything derived from records, ready to be asked. The only place that knows sled.
//!
//! The store holds no bodies. It is a set of indexes over the journal (like Bitcask's): where each record is, which
//! records belong to a family, a ticket, a delivery; and what the records add up to, deliveries, shows and counts. It can
//! be thrown away at any time and made again from the journal, with the same answers.
//!
//! # Keys
//!
//! One sled tree, because a sled batch is atomic within one tree only. The first byte of a key is its `keys::Table`,
//! where each is described; numbers are big-endian, so that keys sort as numbers do. Few and short keys: sled's write cost
//! grows with their number (it copies a page for each). What ascends with the sequence number is therefore kept many to a
//! row, deliveries are [packed](pack), and what has keys in no order, as the timelines of tickets, is [noted](notes) in sorted runs:
//! an event has no row of its own. sled also keeps some 50 bytes in memory for each row that there is.
//!
//! # Invariants
//!
//! 1. The store after record *n* is a pure fold of the records 1 to *n*, whatever the batches they came in; where the first
//!    of them were dropped, of the journal's base and the records after it.
//! 2. A batch of records is one sled batch, in which the number of the last one stands too: the store never holds half of
//!    a record, and knows how far it has come. One that is being made from the beginning says that it is unfinished instead,
//!    until all is there, and is begun anew when it was left so.
//! 3. No value is longer than 4 KiB: sled puts long ones into `blobs/`, which are never synced and leak. Longer ones (a
//!    ticket id of 200 KiB is legal) are cut into chunks.
//! 4. One thread writes. `flush_async` is never called (it deadlocks), sled's own flusher stays on (it collects garbage).
//!
//! sled loses acknowledged writes in a power cut and may then open empty without an error: it starts behind the journal
//! and catches up.
//!
//! | file | idea |
//! | --- | --- |
//! | `keys` | the tables and their keys |
//! | `rows` | what stands in the rows |
//! | `marks` | sets of numbers, many to a row |
//! | `pack` | values of neighbouring keys, some to a row |
//! | `notes` | what is said about tickets, deliveries and subjects, in sorted runs |
//! | `tree` | sled: opening, values of any length, one atomic batch |
//! | `noted` | the notes of a store, in memory and in its rows |
//! | `changes` | what is to change in the rows, and how they will stand then |
//! | `fold` | one record -> what changes |
//! | `point` | single rows that the writer and the workers need |
//! | `index` | sequence numbers in an index, merged, in either direction |
//! | `paging` | some rows of a list, and the search in it |
//! | `sifting` | what a search can pass over unread |
//! | `abreast` | one piece of work after the other, by several threads |
//! | `answer` | a question -> its answer |
//! | `difference` | what differs between two stores, in words |
//! | `past` | the store as it stood after an earlier record |
//! | `base` | what dropped records had come to, as lines of the journal's base, and as the first rows of a store |
//! | `successor` | the store that takes over when records are dropped |
//! | `anew` | making a store from the beginning, read, folded and written at the same time |
//! | `repair` | catching up, replacing a store that is damaged or another version's, rebuilding, verifying |

use std::any::Any;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::domain::filter::Problem;
use crate::domain::ids::Seq;
use crate::domain::record::Record;
use crate::journal::{JournalError, Location};

mod abreast;
mod anew;
pub mod answer;
pub mod base;
pub mod changes;
pub mod difference;
pub mod fold;
pub mod index;
pub mod keys;
pub mod marks;
mod noted;
pub mod notes;
pub mod pack;
pub mod paging;
pub mod past;
pub mod point;
pub mod repair;
pub mod rows;
pub mod sifting;
pub mod successor;
pub mod tree;

#[cfg(test)]
mod tests;

pub use difference::Difference;
pub use past::Past;
pub use repair::{CatchUp, Progress, Repaired, Verified};
pub use repair::{bring_up, has_room, move_aside, rebuild, remove, verify};
pub use successor::Successor;

use changes::Changes;
use fold::Fold;
use rows::Written;
use tree::{Before, Rows};

/// The cache with which a store is made anew: more save nothing. sled's own default is 1 GiB.
pub const CACHE_BYTES: u64 = 64 << 20;

/// Everything derived from records. Cheap to clone; clones read the same rows from any thread.
#[derive(Debug, Clone)]
pub struct Store {
    rows: Rows,
}

/// Why the store cannot be written or asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// sled says so.
    #[error("the store cannot be used: {0}")]
    Sled(#[from] sled::Error),
    /// sled, or what reads its rows, gave up.
    #[error("the store cannot be used: it panicked with `{0}`")]
    Panicked(String),
    /// A row means nothing.
    #[error("the store is damaged at {0}")]
    Row(String),
    /// It holds what the journal does not.
    #[error("the store does not fit: {0}")]
    Unfit(String),
    /// It was written by another version.
    #[error(
        "the store was written by {} version of willcall (format {found}, this is {})",
        if *found > rows::FORMAT { "a newer" } else { "another" }, rows::FORMAT
    )]
    OtherFormat {
        /// Its format.
        found: u32,
    },
    /// Another process, or an earlier value of this one, has it open.
    #[error("the store {path} is in use by another process: stop that one, or ask it", path = .0.display())]
    InUse(PathBuf),
    /// Records were left out.
    #[error("record {given} cannot be applied to the store: the next one is {expected}")]
    OutOfOrder {
        /// The number that must come next.
        expected: Seq,
        /// The number that came.
        given: Seq,
    },
    /// A line of the journal's base.
    #[error(
        "line {line} of the journal's base means nothing to this version of willcall ({reason}): start the version that wrote it"
    )]
    Unlaid {
        /// Which, from 1.
        line: usize,
        /// What serde_json says.
        reason: String,
    },
    /// Retention has dropped it.
    #[error("record {seq} was dropped by retention: the journal begins after record {through}")]
    Dropped {
        /// The record.
        seq: Seq,
        /// The last that was dropped.
        through: Seq,
    },
    /// What was asked for is no filter: who asks has read it before, and this version reads it otherwise.
    #[error("the filter is wrong: {0}")]
    Filter(#[from] Problem),
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The file system refuses.
    #[error("cannot {doing} {path}: {source}", path = .path.display())]
    Io {
        /// As in `create`.
        doing: &'static str,
        /// What.
        path: PathBuf,
        /// Its reason.
        source: std::io::Error,
    },
}

impl StoreError {
    /// A store made anew from the journal would not have this error.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Sled(sled::Error::Io(error)) => !is_of_the_disk(error.kind()),
            Self::Sled(_) | Self::Panicked(_) | Self::Row(_) | Self::Unfit(_) | Self::OtherFormat { .. } => true,
            Self::InUse(_)
            | Self::OutOfOrder { .. }
            | Self::Unlaid { .. }
            | Self::Dropped { .. }
            | Self::Filter(_)
            | Self::Journal(_)
            | Self::Io { .. } => false,
        }
    }

    /// The disk takes nothing. sled stays with its first failed write, so room alone does not mend an open store: it has
    /// to be opened again.
    pub fn is_refused_by_disk(&self) -> bool {
        self.refusal().is_some_and(is_of_the_disk)
    }

    /// The disk takes nothing because it is full.
    pub fn is_full_disk(&self) -> bool {
        self.refusal().is_some_and(is_full)
    }

    fn refusal(&self) -> Option<ErrorKind> {
        match self {
            Self::Sled(sled::Error::Io(error)) | Self::Io { source: error, .. } => Some(error.kind()),
            _ => None,
        }
    }

    /// It has record `seq` at a place where the journal has another one.
    pub fn elsewhere(seq: Seq, found: Seq) -> Self {
        Self::Unfit(format!("it has record {seq} where the journal has {found}"))
    }

    fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }
}

impl Store {
    /// Opens the store in `folder`, creating it if there is none.
    ///
    /// # Errors
    /// When it cannot be read, or was written by another version: see [`bring_up`].
    pub fn open(folder: &Path, cache_bytes: u64) -> Result<Self, StoreError> {
        caught(|| {
            let store = Self { rows: Rows::open(folder, cache_bytes)? };
            // Of another version's totals no more than this can be read.
            let written = store.rows.json::<Written>(&keys::totals())?;
            match written.map(|written| written.format) {
                Some(rows::FORMAT) => Ok(store),
                // Whoever was making it has ended.
                Some(rows::UNFINISHED) => {
                    drop(store);
                    remove(folder)?;
                    Ok(Self { rows: Rows::open(folder, cache_bytes)? })
                }
                Some(found) => Err(StoreError::OtherFormat { found }),
                None if !store.rows.is_empty() => Err(StoreError::Row("the row of totals, which is missing".into())),
                None => Ok(store),
            }
        })
    }

    /// Somebody else has it, too.
    pub fn is_shared(&self) -> bool {
        self.rows.is_shared()
    }

    /// The last record applied; 0 when there is none.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn applied(&self) -> Result<Seq, StoreError> {
        caught(|| Ok(self.totals()?.map_or(Seq(0), |totals| totals.applied)))
    }

    /// Applies records, all of them or none. Those applied before are passed over. Only one thread may do this.
    ///
    /// # Errors
    /// When they do not continue what was applied, or the store cannot be written.
    pub fn apply(&self, records: &[(Record, Location)]) -> Result<(), StoreError> {
        // No records leave no trace, not even in a store without rows.
        if records.is_empty() {
            return Ok(());
        }
        caught(|| self.folded(records)?.commit())
    }

    /// The same row by row: see [`Rows::write_singly`].
    fn apply_singly(&self, records: &[(Record, Location)]) -> Result<(), StoreError> {
        caught(|| self.folded(records)?.commit_singly())
    }

    /// The same; what comes back undoes it.
    fn apply_revocably(&self, records: &[(Record, Location)]) -> Result<Before, StoreError> {
        caught(|| self.folded(records)?.commit_revocably())
    }

    fn folded(&self, records: &[(Record, Location)]) -> Result<Changes<'_>, StoreError> {
        let totals = self.totals()?.unwrap_or_default();
        let mut fold = Fold::begin(Changes::after(&self.rows, totals.applied, None), totals);
        records.iter().try_for_each(|(record, location)| fold.next(record, *location))?;
        fold.end()
    }
}

#[cfg(test)]
impl Store {
    /// Puts nonsense where a delivery was.
    pub(crate) fn spoil(&self, id: crate::domain::ids::DeliveryId) -> Result<(), StoreError> {
        let mut changes = Changes::new(&self.rows);
        changes.put(keys::delivery(id), b"nonsense".to_vec());
        changes.commit()
    }

    /// Says of a record that it is where the one before it is.
    pub(crate) fn misplace(&self, seq: Seq) -> Result<(), StoreError> {
        let (key, number) = keys::record(seq);
        let mut places = self.rows.get(&key)?.unwrap_or_default();
        let before = (number - 1) * rows::PLACE_BYTES;
        places.copy_within(before..before + rows::PLACE_BYTES, before + rows::PLACE_BYTES);
        let mut changes = Changes::new(&self.rows);
        changes.put(key, places);
        changes.commit()
    }

    /// Takes the places of some records out.
    pub(crate) fn lose_place(&self, seq: Seq) -> Result<(), StoreError> {
        let mut changes = Changes::new(&self.rows);
        changes.remove(keys::record(seq).0);
        changes.commit()
    }
}

/// What would befall a new store as well.
fn is_of_the_disk(kind: ErrorKind) -> bool {
    is_full(kind) || matches!(kind, ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
}

fn is_full(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::FileTooLarge | ErrorKind::QuotaExceeded | ErrorKind::StorageFull)
}

/// sled reports some damage by panicking.
fn caught<T>(work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    // Nothing of ours is left half changed: every change is one sled batch.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(panicked(&*panic)))
}

fn panicked(panic: &(dyn Any + Send)) -> StoreError {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    StoreError::Panicked(text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default())
}
