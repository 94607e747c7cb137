//! KEEP. Records <-> append-only segment files: the truth, from which everything else can be made again.
//!
//! # On disk
//!
//! `<data>/journal/<first seq, 20 digits>.wcj`, one file a *segment*. A segment is a header line and then one *frame* a
//! record, without anything between them. Numbers are zero-padded, so every line has a fixed length, and bodies stand
//! there byte for byte: `grep -a` and `less` work on it.
//!
//! ```text
//! willcall-journal 2 first=00000000000000000001 previous=00000000000000000000:00000000000000000000 salt=91c1… crc=77ab12cd
//! wcr2 00000000000000000001 000000 0000000190 0000000812 5f0c3a11   magic, seq, place, head length, body length, crc32 (hex)
//! {"at":1782036000000,"fact":{"received":{…}}}                      record::Head as one JSON line
//! {"message": …}                                                    the exact body bytes, of any content, then a newline
//! ```
//!
//! - The crc covers the segment's salt, the frame line up to the crc, head and body. The salt is random and never leaves
//!   the folder: a sender cannot put bytes into a body that would pass for a frame.
//! - `place` is how many records of the same batch stand before it, so that any frame names the first of its batch.
//! - `previous` names the segment before (its first seq) and the length at which it ends; zeros in the first segment.
//!
//! # Invariants
//!
//! 1. Sequence numbers run from 1 without gaps, across segments.
//! 2. A batch is one write and one `fdatasync`, and is acknowledged when that has returned. The next one is written after that.
//! 3. A segment is written to only by the process that has begun it, and never again once something has failed in it or a
//!    later one was tried. A new one is durable (header synced, folder synced) before its first frame.
//! 4. A segment ends where the header of the next one says; what stands behind (a cut that a power failure undid) is no
//!    part of the journal.
//! 5. After a failed write or `fdatasync` nothing is acknowledged before what was acknowledged in that segment is read again
//!    and proved, the rest is cut off and a new segment begun, whose salt the remains do not bear. A second `fdatasync` of
//!    the same pages is never believed: Linux marks them clean after the first failure, and goes on showing what the disk
//!    does not have.
//! 6. Nothing is destroyed in recovery: bytes cut off at start-up stay beside the segment, in `*.torn-<offset>`.
//! 7. Where segments were dropped on purpose (retention), a `base` says up to which record, and what those records had come
//!    to; it is durable before the first of them is removed. Numbers go on, and whatever is made from the journal begins there.
//!
//! 8. An old segment may be compressed: `<first seq>.wcj.zst`, made as `compressed.next`, proved to give the same bytes back and
//!    synced, takes the place of the plain one, which is removed when the new name is durable. Places are those in the plain
//!    file, which `zstd -dc` gives back. Where there are both, the plain one counts. The last segment is never compressed.
//! 9. What names people in old records may be blanked: a file `blanked` says which records, and from the moment it is in
//!    place they are read so. Then each of their segments is written anew in the way of invariant 8. Every frame keeps its
//!    place and length: blanks follow a head that became shorter.
//!
//! # What opening does
//!
//! The chain of segments is checked by headers and lengths, the last segment frame by frame, and nothing is cut before all
//! of it is judged. The next batch then begins a new segment.
//!
//! Bad bytes in the last segment are the *torn* end of a batch that was never acknowledged when every sound frame behind
//! them belongs to the batch of the first bad one: a crash leaves a batch cut short, and a power cut one with holes. They
//! are cut off from the first bad frame on, with a `Warning`. A sound frame of a later batch proves that the bad bytes were
//! good once, for invariant 2: that is *damage*, as are bad bytes anywhere else; an error that names file and offset, at
//! opening for the last segment, at reading for the earlier ones. Damage within the very last batch looks like a torn end;
//! it is told apart by whoever follows the journal, who knows a record that surely was acknowledged.
//!
//! Whole frames beyond that known record may be the page cache's alone (invariant 5, and a process that was killed before it
//! had healed). They are believed only after their bytes were written again, in place, and synced.
//!
//! | file | idea |
//! | --- | --- |
//! | `frame` | one record as bytes and back; pure |
//! | `segment` | header, file name, and the frames of one file in order |
//! | `disk` | what is asked of a file system, and the real one; tests have one that fails |
//! | `sealed` | small files of which all is believed or nothing; pure |
//! | `base` | where a journal begins whose first segments were dropped; pure |
//! | `blanked` | what of it is blanked, as a file says it; pure |
//! | `trim` | `Trim`: dropping segments |
//! | `blocks` | a segment in compressed blocks, read as the plain one |
//! | `press` | `Press`: compressing segments, and writing anew those of which something is blanked |
//! | `shelf` | the folder of the segments, and what is done there durably |
//! | `recovery` | what opening does |
//! | `writer` | `Journal`: appending |
//! | `reader` | `Reader`: one record by its location, or all from a number on |
//! | `folder` | the data folder and who holds it |

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::domain::ids::Seq;

use blocks::Bad;

mod base;
mod blanked;
mod blocks;
mod disk;
pub mod folder;
pub mod frame;
mod press;
pub mod reader;
pub mod recovery;
mod sealed;
pub mod segment;
mod shelf;
mod trim;
pub mod writer;

#[cfg(test)]
mod tests;

pub use base::Base;
pub use folder::{DataFolder, FolderError};
pub use frame::Flaw;
pub use press::{Blanked, Press, Pressed};
pub use reader::{Reader, Scan};
pub use recovery::Warning;
pub use trim::{Cut, Standing, Trim, standing};
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
    #[error("{path} is damaged at byte {offset}: {flaw}; put a sound copy of this file in its place, or, to take webhooks meanwhile, start with another `--data-dir`", path = .path.display())]
    Damaged {
        /// The segment.
        path: PathBuf,
        /// Where the bad frame begins.
        offset: u64,
        /// What is wrong.
        flaw: Flaw,
    },
    /// A segment of another format.
    #[error(
        "{path} is of journal format {found}, this version of willcall reads and writes format {} only: start the version that wrote it, or give another folder with --data-dir",
        segment::FORMAT, path = .path.display()
    )]
    OtherFormat {
        /// The segment.
        path: PathBuf,
        /// Its format.
        found: u64,
    },
    /// Sequence numbers are missing between two segments or before the first.
    #[error("record {first} and those after it are missing in {folder}: put the missing segment file back", folder = .folder.display())]
    Missing {
        /// The journal's folder.
        folder: PathBuf,
        /// The first missing record.
        first: Seq,
    },
    /// What dropped records had come to cannot be told.
    #[error(
        "{path} is no base of a journal ({flaw}), and the records it stands for have been dropped: put a sound copy of this file in its place",
        path = .path.display()
    )]
    NoBase {
        /// The base.
        path: PathBuf,
        /// What is wrong with it.
        flaw: &'static str,
    },
    /// What is blanked cannot be told, nor who blanked people were.
    #[error(
        "{path} does not say what of the journal is blanked ({flaw}): put a sound copy of this file in its place, or remove it and nobody who was blanked is known again",
        path = .path.display()
    )]
    NoBlanking {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        flaw: &'static str,
    },
    /// A record that retention has dropped.
    #[error("record {seq} was dropped by retention: the journal begins after record {through}")]
    Dropped {
        /// The record.
        seq: Seq,
        /// The last that was dropped.
        through: Seq,
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
        move |source| match source.downcast() {
            Ok(Bad { path, offset, flaw }) => Self::Damaged { path, offset, flaw },
            Err(source) => Self::Io { doing, path, source },
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", segment::name(self.segment), self.offset)
    }
}
