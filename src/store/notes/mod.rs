//! Notes: what records say about a ticket, a delivery or a subject, each a few bytes under a key in no order. A row for each
//! would cost sled a page copied at every write, and 50 bytes of memory for as long as it is there. So those of the newest
//! records gather in memory, with some rows beside them for the next start. The notes of every [`RUN`] records become a run:
//! sorted, many to a row, never changed again, and with a filter that mostly knows what it has nothing about. Pure.
//!
//! A run is written bit by bit while the next one gathers, so that nobody waits for it. Runs, and the bits of a run, end at
//! fixed records: the rows are the same whatever the batches the records came in.
//!
//! | file | idea |
//! | --- | --- |
//! | `run` | a sorted run: its rows and its filter |
//! | `gathered` | the notes that are in no run yet |
//! | `memory` | what is in memory, and what records change in it and in the rows |

use std::collections::BTreeMap;

use crate::domain::ids::{Digest, Seq};

use super::keys::{Key, NoteKey};

mod gathered;
mod memory;
mod run;

pub use memory::{Notes, Prepared};
pub use run::Run;

/// Records whose notes become a run. More are more memory, fewer are more runs to ask.
pub const RUN: u64 = if cfg!(test) { 16 } else { 1 << 16 };

/// Values by key, the last of a key counts; none: to be removed. None is longer than 4 KiB.
pub type Rows = Vec<(Key, Option<Vec<u8>>)>;

/// What a note says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mention {
    /// The number is that of a delivery, too, or is not any more.
    pub delivery: Option<bool>,
    /// Subject and print of an event that is no repetition.
    pub said: Option<(Digest, Digest)>,
}

impl Mention {
    /// It is the number of a delivery, too.
    pub fn is_delivery(&self) -> bool {
        self.delivery == Some(true)
    }

    /// These, and what `later` says under the same key.
    #[must_use]
    pub fn and(self, later: Self) -> Self {
        Self { delivery: later.delivery.or(self.delivery), said: later.said.or(self.said) }
    }
}

/// A note as a record made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Note {
    /// The record; 0 for what dropped records had come to.
    pub by: Seq,
    /// About what, and with which number.
    pub key: NoteKey,
    /// What it says.
    pub mention: Mention,
}

/// Says of [`Note::mention`] what follows in the row.
mod flags {
    pub(super) const IS_DELIVERY: u8 = 1;
    pub(super) const IS_NO_DELIVERY: u8 = 2;
    pub(super) const SAID: u8 = 4;
}

/// Adds a note to a row.
pub fn write(row: &mut Vec<u8>, key: &NoteKey, mention: &Mention) {
    let delivery = match mention.delivery {
        None => 0,
        Some(true) => flags::IS_DELIVERY,
        Some(false) => flags::IS_NO_DELIVERY,
    };
    row.extend_from_slice(&key.0);
    row.push(delivery | if mention.said.is_some() { flags::SAID } else { 0 });
    if let Some((subject, print)) = &mention.said {
        row.extend_from_slice(&subject.0);
        row.extend_from_slice(&print.0);
    }
}

/// The notes of a row, in the order in which they stand there; what is no note ends it with `None`.
pub fn read(mut row: &[u8]) -> impl Iterator<Item = Option<(NoteKey, Mention)>> {
    std::iter::from_fn(move || {
        if row.is_empty() {
            return None;
        }
        let note = split_first(row);
        row = note.map_or(&[], |(_, _, rest)| rest);
        Some(note.map(|(key, mention, _)| (key, mention)))
    })
}

/// What the notes of a row come to, up to what is none.
pub fn all(row: &[u8]) -> BTreeMap<NoteKey, Mention> {
    let mut notes = BTreeMap::new();
    for (key, mention) in read(row).map_while(|note| note) {
        let all: &mut Mention = notes.entry(key).or_default();
        *all = all.and(mention);
    }
    notes
}

fn split_first(row: &[u8]) -> Option<(NoteKey, Mention, &[u8])> {
    let (key, rest) = row.split_first_chunk()?;
    let (flags, mut rest) = rest.split_first()?;
    let delivery = match flags & (flags::IS_DELIVERY | flags::IS_NO_DELIVERY) {
        0 => None,
        flags::IS_DELIVERY => Some(true),
        flags::IS_NO_DELIVERY => Some(false),
        _ => return None,
    };
    let mut said = None;
    if flags & flags::SAID != 0 {
        let (subject, after) = rest.split_first_chunk()?;
        let (print, after) = after.split_first_chunk()?;
        said = Some((Digest(*subject), Digest(*print)));
        rest = after;
    }
    (*flags < 8).then_some((NoteKey(*key), Mention { delivery, said }, rest))
}

/// Several notes of the same key as one, in ascending order; of two, the later one must stand later.
pub fn merged<K: Copy + Ord>(mut notes: Vec<(K, Mention)>) -> Vec<(K, Mention)> {
    notes.sort_by_key(|(key, _)| *key);
    notes.dedup_by(|(later_key, later), (key, earlier)| {
        let same = later_key == key;
        if same {
            *earlier = earlier.and(*later);
        }
        same
    });
    notes
}

#[cfg(test)]
mod tests;
