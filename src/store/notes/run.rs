//! A run: the notes of many records, sorted. Of its rows only the filter is in memory.

use std::sync::Arc;

use xorf::{BinaryFuse16, BinaryFuse16Ref, DmaSerializable, Filter, FilterRef};

use super::{Mention, Rows};
use crate::store::keys::{self, NoteKey, RunId, Topic};

/// Bytes of a row of notes: one is read for each answer, and sled keeps 16 rows to a page.
const ROW_BYTES: usize = if cfg!(test) { 200 } else { 2048 };

/// Bytes of a row of a filter: no value may be longer than 4 KiB.
const FILTER_BYTES: usize = 4000;

/// A run, as far as it is in memory.
#[derive(Debug, Clone)]
pub struct Run {
    /// Which.
    pub id: RunId,
    /// Of what it has notes, as the crate writes it: 20 bytes that say how, and the fingerprints. Empty when it is not known.
    pub(super) filter: Arc<[u8]>,
}

impl Run {
    /// It may have notes about it. Wrong once in 65,000 times: there are many runs, and a row read for nothing costs more than
    /// all else of an answer.
    pub fn may_have(&self, topic: &Topic) -> bool {
        let filter = self.filter.split_at_checked(BinaryFuse16::DESCRIPTOR_LEN);
        let filter =
            filter.filter(|(_, prints)| prints.as_ptr().align_offset(BinaryFuse16Ref::FINGERPRINT_ALIGNMENT) == 0);
        filter.is_none_or(|(how, prints)| BinaryFuse16Ref::from_dma(how, prints).contains(&topic.number()))
    }

    /// As its filter's rows say; `None` when that is no filter.
    pub fn read(id: RunId, filter: &[u8]) -> Option<Self> {
        if !filter.is_empty() {
            let (how, prints) = filter.split_at_checked(BinaryFuse16::DESCRIPTOR_LEN)?;
            let number = |at: usize| Some(u32::from_le_bytes(*how.get(at..)?.first_chunk()?));
            let (length, mask, all) = (number(8)?, number(12)?, number(16)?);
            // As the crate takes it for granted.
            let fits = u64::from(all) + 2 * u64::from(length) <= prints.len() as u64 / 2;
            if !prints.len().is_multiple_of(2) || !length.is_power_of_two() || mask != length - 1 || !fits {
                return None;
            }
        }
        Some(Self { id, filter: filter.into() })
    }

    /// Which has these notes.
    pub(super) fn of(id: RunId, notes: &[(NoteKey, Mention)]) -> Self {
        let mut topics: Vec<u64> = notes.iter().map(|(key, _)| key.topic().number()).collect();
        topics.sort_unstable();
        topics.dedup();
        let mut bytes = Vec::new();
        // It fails once in as good as never; then the run is always asked.
        if let Ok(filter) = BinaryFuse16::try_from(&topics) {
            bytes.resize(BinaryFuse16::DESCRIPTOR_LEN, 0);
            filter.dma_copy_descriptor_to(&mut bytes);
            bytes.extend_from_slice(filter.dma_fingerprints());
        }
        Self { id, filter: bytes.into() }
    }

    /// Adds the rows of its filter, which say that it is whole.
    pub(super) fn write_filter(&self, rows: &mut Rows) {
        let parts = self.filter.chunks(FILTER_BYTES).map(<[u8]>::to_vec);
        // Without a filter it is a run all the same.
        let none = self.filter.is_empty().then(Vec::new);
        rows.extend((0..).zip(parts.chain(none)).map(|(number, part)| (keys::filter(&self.id, number), Some(part))));
    }
}

/// Adds rows of that run with these notes, which come in order.
pub(super) fn write_notes(id: &RunId, notes: &[(NoteKey, Mention)], rows: &mut Rows) {
    let mut row = Vec::new();
    for (place, (key, mention)) in notes.iter().enumerate() {
        super::write(&mut row, key, mention);
        if row.len() >= ROW_BYTES || place + 1 == notes.len() {
            rows.push((keys::run(id, key), Some(std::mem::take(&mut row))));
        }
    }
}
