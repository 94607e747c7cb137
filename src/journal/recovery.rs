//! What opening does: checks the chain of segments, proves the last one, cuts a torn tail. Decides nothing else.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use crate::domain::ids::Seq;

use super::frame::{self, Flaw};
use super::segment::{self, Frames, HEADER, Header};
use super::{JournalError, disk};

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

/// The last segment, proved.
#[derive(Debug)]
pub struct Proved {
    /// Its header.
    pub header: Header,
    /// Where its last frame ends.
    pub end: u64,
    /// The last record.
    pub last: Seq,
}

/// The first sequence numbers of the segments in `folder`, ascending.
///
/// # Errors
/// When the folder cannot be read.
pub fn segments(folder: &Path) -> Result<Vec<Seq>, JournalError> {
    let names = disk::names(folder).map_err(JournalError::io("read", folder))?;
    let mut firsts: Vec<Seq> = names.iter().filter_map(|name| segment::first_of(name)).collect();
    firsts.sort_unstable();
    Ok(firsts)
}

/// Brings the segments in `folder` into order; `None` when there is none. `known` was acknowledged: if the journal ends
/// before it, records are lost, and nothing is changed.
///
/// # Errors
/// When something is damaged, missing or lost.
pub fn recover(folder: &Path, known: Seq) -> Result<(Option<Proved>, Vec<Warning>), JournalError> {
    let mut firsts = segments(folder)?;
    let mut warnings = Vec::new();
    if let Some(&last) = firsts.last()
        && let Some(warning) = set_unborn_aside(folder, last)?
    {
        warnings.push(warning);
        firsts.pop();
    }
    check_chain(folder, &firsts)?;
    let Some(&last) = firsts.last() else {
        return if known == Seq(0) { Ok((None, warnings)) } else { Err(lost(folder, Seq(0), known)) };
    };
    let (proved, warning) = prove_last(folder, last, known)?;
    warnings.extend(warning);
    Ok((Some(proved), warnings))
}

/// True for a segment without a sound header: a crash while it was begun leaves it so, and surely without a frame.
///
/// # Errors
/// When the file system refuses.
pub fn is_unborn(folder: &Path, first: Seq) -> Result<bool, JournalError> {
    let path = folder.join(segment::name(first));
    let bytes = fs::metadata(&path).map_err(JournalError::io("read", &path))?.len();
    if bytes > HEADER as u64 {
        return Ok(false);
    }
    let content = fs::read(&path).map_err(JournalError::io("read", &path))?;
    Ok(Header::parse(&content).is_none_or(|header| header.first != first))
}

fn set_unborn_aside(folder: &Path, first: Seq) -> Result<Option<Warning>, JournalError> {
    if !is_unborn(folder, first)? {
        return Ok(None);
    }
    let path = folder.join(segment::name(first));
    let bytes = fs::metadata(&path).map_err(JournalError::io("read", &path))?.len();
    let kept_in = disk::unused(&path, ".torn-0");
    disk::rename(&path, &kept_in).map_err(JournalError::io("rename", &path))?;
    Ok(Some(Warning { path, offset: 0, bytes, kept_in }))
}

fn check_chain(folder: &Path, firsts: &[Seq]) -> Result<(), JournalError> {
    let mut before: Option<Seq> = None;
    for &first in firsts {
        let path = folder.join(segment::name(first));
        let mut file = fs::File::open(&path).map_err(JournalError::io("open", &path))?;
        let header = segment::header(&mut file, &path, first)?;
        let missing = |first| Err(JournalError::Missing { folder: folder.to_owned(), first });
        match (before, header.previous) {
            (None, None) if first == Seq(1) => {}
            (None, None) => return missing(Seq(1)),
            (Some(before), Some((previous, expected))) if before == previous => {
                let path = folder.join(segment::name(before));
                let found = fs::metadata(&path).map_err(JournalError::io("read", &path))?.len();
                if found != expected {
                    let flaw = Flaw::Length { expected, found };
                    return Err(JournalError::Damaged { path, offset: found.min(expected), flaw });
                }
            }
            (_, Some((previous, _))) => return missing(previous),
            (Some(_), None) => {
                return Err(JournalError::Damaged { path, offset: 0, flaw: Flaw::Header });
            }
        }
        before = Some(first);
    }
    Ok(())
}

fn lost(folder: &Path, last: Seq, known: Seq) -> JournalError {
    JournalError::Lost { folder: folder.to_owned(), last, known }
}

/// The last whole record of the last segment, without changing anything.
///
/// # Errors
/// When bad bytes are followed by a sound frame, which no torn end is, or the file system refuses.
pub fn last_whole(folder: &Path, first: Seq) -> Result<Seq, JournalError> {
    let mut frames = Frames::open(folder, first, None)?;
    let error = first_flaw(&mut frames);
    let last = Seq(frames.expected().0 - 1);
    match error {
        None => Ok(last),
        Some(JournalError::Damaged { path, offset, flaw }) => match torn_tail(&path, frames.header(), last, offset)? {
            Some(_) => Ok(last),
            None => Err(JournalError::Damaged { path, offset, flaw }),
        },
        Some(other) => Err(other),
    }
}

fn first_flaw(frames: &mut Frames) -> Option<JournalError> {
    loop {
        match frames.advance() {
            Ok(Some(_)) => {}
            Ok(None) => return None,
            Err(error) => return Some(error),
        }
    }
}

fn prove_last(folder: &Path, first: Seq, known: Seq) -> Result<(Proved, Option<Warning>), JournalError> {
    let mut frames = Frames::open(folder, first, None)?;
    let header = frames.header();
    let error = first_flaw(&mut frames);
    let end = frames.offset();
    let last = Seq(frames.expected().0 - 1);
    if last < known {
        return Err(error.unwrap_or_else(|| lost(folder, last, known)));
    }
    let warning = match error {
        None => None,
        Some(JournalError::Damaged { path, offset, flaw }) => {
            Some(cut_tail(&path, header, last, offset)?.ok_or(JournalError::Damaged { path, offset, flaw })?)
        }
        Some(other) => return Err(other),
    };
    Ok((Proved { header, end, last }, warning))
}

/// What follows the record `last`, unless a sound frame is in it.
fn torn_tail(path: &Path, header: Header, last: Seq, offset: u64) -> Result<Option<Vec<u8>>, JournalError> {
    let mut tail = fs::read(path).map_err(JournalError::io("read", path))?;
    tail.drain(..usize::try_from(offset).unwrap_or(usize::MAX).min(tail.len()));
    Ok((!frame::any_sound_after(last, &tail, header.salt)).then_some(tail))
}

/// Cuts what follows the record `last`, unless a sound frame is in it.
fn cut_tail(path: &Path, header: Header, last: Seq, offset: u64) -> Result<Option<Warning>, JournalError> {
    let Some(tail) = torn_tail(path, header, last, offset)? else { return Ok(None) };
    let kept_in = disk::unused(path, &format!(".torn-{offset}"));
    disk::create_durably(&kept_in, &tail).map_err(JournalError::io("write", &kept_in))?;
    disk::cut(path, offset).map_err(JournalError::io("cut", path))?;
    Ok(Some(Warning { path: path.to_owned(), offset, bytes: tail.len() as u64, kept_in }))
}
