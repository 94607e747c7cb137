//! What opening does: checks the chain of segments, proves the last one and makes it durable, cuts a torn end off, removes
//! what was dropped. Decides nothing else, and changes nothing before all is judged.

use std::fmt;
use std::path::PathBuf;

use crate::domain::ids::Seq;

use super::JournalError;
use super::base::Base;
use super::disk::{self, Reading};
use super::frame::{self, Flaw};
use super::segment::{self, Frames, HEADER, Header};
use super::shelf::Shelf;

/// Something was cut off at start-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The segment.
    pub path: PathBuf,
    /// From where on.
    pub offset: u64,
    /// How many bytes.
    pub bytes: u64,
    /// Where they are now.
    pub kept_in: PathBuf,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} bytes from byte {} on were never acknowledged (torn by a crash) and were cut off; they are in {}",
            self.path.display(),
            self.bytes,
            self.offset,
            self.kept_in.display()
        )
    }
}

/// Where the journal ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct End {
    /// The last segment that has a record, and where its last frame ends; `None` when none has.
    pub(super) segment: Option<(Seq, u64)>,
    /// The last record.
    pub(super) last: Seq,
    /// The last record that was dropped; 0 when none was.
    pub(super) base: Seq,
}

/// Brings the segments into order; says where the journal ends. Every record up to there is durable. `known` was acknowledged:
/// if the journal ends before it, records are lost, and nothing is changed.
pub(super) fn recover(shelf: &Shelf, known: Seq) -> Result<(End, Vec<Warning>), JournalError> {
    let found = find(shelf)?;
    check_chain(shelf, &found)?;
    let Found { base, dropped, firsts, unborn } = found;
    let (mut end, torn) = match firsts.last() {
        Some(&first) => {
            let judged = judge_durably(shelf, first, known)?;
            (judged.end(), judged.torn.map(|torn| (first, judged.offset, torn)))
        }
        None => (End::default(), None),
    };
    end.base = base.as_ref().map_or(Seq(0), |base| base.through);
    if end.last < known {
        return Err(match torn {
            Some((first, offset, Torn { flaw, .. })) => JournalError::Damaged { path: shelf.path(first), offset, flaw },
            None => JournalError::Lost { folder: shelf.folder().to_owned(), last: end.last, known },
        });
    }
    let mut warnings = Vec::new();
    if let Some((first, bytes)) = unborn {
        let kept_in = shelf.move_aside(first)?;
        warnings.push(Warning { path: shelf.path(first), offset: 0, bytes, kept_in });
    }
    if let Some((first, offset, Torn { bytes, .. })) = torn {
        let kept_in = shelf.keep_beside(first, offset, &bytes)?;
        shelf.cut(first, offset)?;
        warnings.push(Warning { path: shelf.path(first), offset, bytes: bytes.len() as u64, kept_in });
    }
    shelf.remove_next_base()?;
    shelf.remove_next_blanking()?;
    shelf.remove_next_compressed()?;
    if let Some(base) = base.filter(|_| !dropped.is_empty()) {
        // The name it has may be the page cache's alone: after a sync of the folder that failed, a later one says nothing. A new
        // file under that name can be synced.
        shelf.write_base(&base)?;
        shelf.put_base()?;
        sweep(shelf, &dropped)?;
    }
    Ok((end, warnings))
}

/// Removes segments that the base stands for, once it is durable where it was put. What is left of them after a failure goes
/// the next time.
pub(super) fn sweep(shelf: &Shelf, dropped: &[Seq]) -> Result<(), JournalError> {
    shelf.sync()?;
    dropped.iter().try_for_each(|first| shelf.remove(*first))
}

/// The last dropped and the last whole record, without changing anything; 0 when there is none. Whatever follows is being
/// written, or torn.
pub(super) fn extent(shelf: &Shelf) -> Result<(Seq, Seq), JournalError> {
    let Found { base, firsts, .. } = find(shelf)?;
    let last = match firsts.last() {
        Some(&first) => judge(shelf, first, |_, _, _| Ok(()))?.last,
        None => Seq(0),
    };
    Ok((base.map_or(Seq(0), |base| base.through), last))
}

/// What stands on the shelf.
#[derive(Debug)]
struct Found {
    /// Where the journal begins, if segments were dropped.
    base: Option<Base>,
    /// Segments that the base stands for and that have not been removed yet.
    dropped: Vec<Seq>,
    /// The segments.
    firsts: Vec<Seq>,
    /// A last one that is none, and its length: a crash while a segment was begun leaves a file without a sound header, and
    /// surely without a frame.
    unborn: Option<(Seq, u64)>,
}

impl Found {
    /// The record that comes first.
    fn begin(&self) -> Seq {
        self.base.as_ref().map_or(Seq(1), |base| base.through.next())
    }
}

fn find(shelf: &Shelf) -> Result<Found, JournalError> {
    let (base, mut dropped) = (shelf.base()?, shelf.firsts()?);
    let through = base.as_ref().map_or(Seq(0), |base| base.through);
    let firsts = dropped.split_off(dropped.partition_point(|first| *first <= through));
    let mut found = Found { base, dropped, firsts, unborn: None };
    if let Some(&last) = found.firsts.last() {
        let bytes = shelf.length(last)?;
        match header(shelf, last) {
            Err(JournalError::Damaged { .. }) if bytes <= HEADER as u64 => {
                found.firsts.pop();
                found.unborn = Some((last, bytes));
            }
            header => drop(header?),
        }
    }
    let begin = found.begin();
    if found.base.is_some() && found.firsts.first() != Some(&begin) {
        return Err(JournalError::Missing { folder: shelf.folder().to_owned(), first: begin });
    }
    Ok(found)
}

/// The header of the segment of `first`.
pub(super) fn header(shelf: &Shelf, first: Seq) -> Result<Header, JournalError> {
    let (path, file) = shelf.open(first)?;
    segment::header(&mut Reading { file, at: 0 }, &path, first)
}

fn check_chain(shelf: &Shelf, found: &Found) -> Result<(), JournalError> {
    let missing = |first| Err(JournalError::Missing { folder: shelf.folder().to_owned(), first });
    let (begin, previous_of_first) = (found.begin(), found.base.as_ref().map(|base| base.previous));
    let mut before: Option<Seq> = None;
    for &first in &found.firsts {
        match (before, header(shelf, first)?.previous) {
            (None, previous) if first == begin && previous == previous_of_first => {}
            (None, None) => return missing(begin),
            (Some(before), Some((previous, expected))) if before == previous => {
                let found = shelf.length(before)?;
                // What it has beyond is a cut that a power failure undid.
                if found < expected {
                    let flaw = Flaw::Length { expected, found };
                    return Err(JournalError::Damaged { path: shelf.path(before), offset: found, flaw });
                }
            }
            (_, Some((previous, _))) => return missing(previous),
            (Some(_), None) => {
                return Err(JournalError::Damaged { path: shelf.path(first), offset: 0, flaw: Flaw::Header });
            }
        }
        before = Some(first);
    }
    Ok(())
}

/// The last segment, frame by frame.
#[derive(Debug)]
struct Judged {
    header: Header,
    last: Seq,
    /// Where the last whole frame ends.
    offset: u64,
    torn: Option<Torn>,
}

/// What follows the last whole frame.
#[derive(Debug)]
struct Torn {
    flaw: Flaw,
    bytes: Vec<u8>,
}

impl Judged {
    fn end(&self) -> End {
        let empty = self.offset == HEADER as u64;
        let segment = if empty { self.header.previous } else { Some((self.header.first, self.offset)) };
        End { segment, last: self.last, base: Seq(0) }
    }
}

/// Proves every frame of a segment and hands it to `each` with its record and place. What follows them must be torn.
fn judge(
    shelf: &Shelf,
    first: Seq,
    mut each: impl FnMut(Seq, u64, &[u8]) -> Result<(), JournalError>,
) -> Result<Judged, JournalError> {
    let mut frames = Frames::open(shelf, first, None)?;
    let header = frames.header();
    let flaw = loop {
        let seq = frames.expected();
        match frames.advance() {
            Ok(Some(location)) => each(seq, location.offset, frames.bytes())?,
            Ok(None) => break None,
            Err(JournalError::Damaged { flaw, .. }) => break Some(flaw),
            Err(other) => return Err(other),
        }
    };
    let (last, offset) = (Seq(frames.expected().0 - 1), frames.offset());
    let torn = match flaw {
        None => None,
        Some(flaw) => {
            let bytes = frames.rest()?;
            if !frame::are_torn(&bytes, last, header.salt) {
                return Err(JournalError::Damaged { path: shelf.path(first), offset, flaw });
            }
            Some(Torn { flaw, bytes })
        }
    };
    Ok(Judged { header, last, offset, torn })
}

/// As [`judge`], and what is proved beyond `known` is durable when this returns.
///
/// A crash may leave whole frames that the disk does not have: after an `fdatasync` that failed the page cache keeps showing
/// them, and says to every later `fdatasync` that nothing is to be done. So the very bytes that were proved are written again
/// where they stand, which makes their pages dirty, and then synced: this `fdatasync` means something. Copying them into a new
/// segment would do too, but would move records whose places the store has; writing the same bytes over themselves can harm
/// nothing that a disk with whole sectors keeps.
fn judge_durably(shelf: &Shelf, first: Seq, known: Seq) -> Result<Judged, JournalError> {
    let path = shelf.path(first);
    // One that is compressed was durable before the plain one went.
    let (mut rewritten, plain) = (None, shelf.plain()?.contains(&first));
    let judged = judge(shelf, first, |seq, offset, bytes| {
        if seq <= known || !plain {
            return Ok(());
        }
        let file = match &rewritten {
            Some(file) => file,
            None => rewritten.insert(shelf.open_to_write(first)?),
        };
        disk::write_all(&**file, bytes, offset).map_err(JournalError::io("make durable", &path))
    })?;
    if let Some(file) = rewritten {
        file.sync_data().map_err(JournalError::io("make durable", &path))?;
    }
    Ok(judged)
}
