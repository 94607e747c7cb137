//! KEEP. Records <-> append-only segment files: the truth, from which everything else can be made again.
//!
//! # On disk
//!
//! `<data>/journal/<first seq, 20 digits>.wcj`, one file a *segment*. A segment is a header line and then one *frame* a
//! record, without anything between them. Numbers are zero-padded, so every line has a fixed length, and bodies stand
//! there byte for byte: `grep -a` and `less` work on it.
//!
//! ```text
//! willcall-journal 1 first=00000000000000000001 previous=00000000000000000000:00000000000000000000 salt=91c1… crc=77ab12cd
//! wcr1 00000000000000000001 0000000190 0000000812 5f0c3a11      magic, seq, head length, body length, crc32 (hex)
//! {"at":1782036000000,"fact":{"received":{…}}}                  record::Head as one JSON line
//! {"message": …}                                                the exact body bytes, of any content, then a newline
//! ```
//!
//! - The crc covers the segment's salt, the frame line up to the crc, head and body. The salt is random and never leaves
//!   the folder: a sender cannot put bytes into a body that would pass for a frame.
//! - `previous` names the segment before (its first seq) and its length in bytes; zeros in the first segment.
//!
//! # Invariants
//!
//! 1. Sequence numbers run from 1 without gaps, across segments.
//! 2. A batch is one write and one `fdatasync`. It counts when that has returned, all of it or nothing.
//! 3. A segment is never written to again once a later one exists, and a new one is durable (header synced, folder
//!    synced) before its first frame.
//! 4. After a failed write or `fdatasync` nothing that follows the last acknowledged byte counts, and a second
//!    `fdatasync` of the same pages is not believed (Linux marks them clean after the first failure): what was
//!    acknowledged is read again and proved, the rest is cut off, and a new segment begun.
//! 5. Nothing is destroyed in recovery: bytes cut off at start-up stay beside the segment, in `*.torn-<offset>`.
//!
//! # What opening does
//!
//! The chain of segments is checked by headers and lengths, the last segment frame by frame. Bad bytes at the end of the
//! last segment with no good frame behind them are a torn tail: cut, with a `Warning`. Bad bytes anywhere else are
//! damage: an error that names file and offset, at opening for the last segment, at reading for the earlier ones.
//! A power cut that leaves a hole *within* its last, never acknowledged batch looks like damage and is named as such.
//!
//! | file | idea |
//! | --- | --- |
//! | `frame` | one record as bytes and back; pure |
//! | `segment` | header, file name, and the frames of one file in order |
//! | `disk` | every call that changes a file or folder |
//! | `recovery` | what opening does |
//! | `writer` | `Journal`: appending |
//! | `reader` | `Reader`: one record by its location, or all from a number on |
//! | `folder` | the data folder and who holds it |

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::domain::ids::Seq;

mod disk;
pub mod folder;
pub mod frame;
pub mod reader;
pub mod recovery;
pub mod segment;
pub mod writer;

#[cfg(test)]
mod tests;

pub use folder::{DataFolder, FolderError};
pub use frame::Flaw;
pub use reader::{Reader, Scan};
pub use recovery::Warning;
pub use writer::{Journal, Options};

/// Where a record's frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Location {
    /// The segment, by its first sequence number.
    #[serde(rename = "s")]
    pub segment: Seq,
    /// Where the frame begins in the file.
    #[serde(rename = "o")]
    pub offset: u64,
    /// The frame's length in bytes.
    #[serde(rename = "l")]
    pub length: u32,
}

/// Why the journal cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file system refuses.
    #[error("cannot {doing} {path}: {source}", path = .path.display())]
    Io {
        /// As in `read`.
        doing: &'static str,
        /// What.
        path: PathBuf,
        /// Its reason.
        source: io::Error,
    },
    /// Bytes that were acknowledged are not what they were.
    #[error("{path} is damaged at byte {offset}: {flaw}; put a sound copy of this file in its place", path = .path.display())]
    Damaged {
        /// The segment.
        path: PathBuf,
        /// Where the bad frame begins.
        offset: u64,
        /// What is wrong.
        flaw: Flaw,
    },
    /// Sequence numbers are missing between two segments or before the first.
    #[error("record {first} and those after it are missing in {folder}: put the missing segment file back", folder = .folder.display())]
    Missing {
        /// The journal's folder.
        folder: PathBuf,
        /// The first missing record.
        first: Seq,
    },
    /// The journal ends before a record that surely was acknowledged.
    #[error(
        "records are lost: the journal in {folder} ends at record {last}, the store has seen record {known}; put the missing files back, or accept the loss with `willcall rebuild`",
        folder = .folder.display()
    )]
    Lost {
        /// The journal's folder.
        folder: PathBuf,
        /// Its last record.
        last: Seq,
        /// A later one, which was acknowledged.
        known: Seq,
    },
    /// A batch that does not continue the journal.
    #[error("record {given} cannot be appended: the next one is {expected}")]
    OutOfOrder {
        /// The number that must come next.
        expected: Seq,
        /// The number that came.
        given: Seq,
    },
    /// A record that does not fit into a frame.
    #[error("record {seq} cannot be appended: it is longer than {} MiB", frame::MAX_PART >> 20)]
    TooLong {
        /// The record.
        seq: Seq,
    },
    /// A record whose head cannot be written as JSON.
    #[error("record {seq} cannot be appended: {reason}")]
    Unwritable {
        /// The record.
        seq: Seq,
        /// What serde_json says.
        reason: String,
    },
}

impl JournalError {
    fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", segment::name(self.segment), self.offset)
    }
}
