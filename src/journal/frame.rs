//! One record as bytes and back. Pure: knows neither files nor which frame should come next.

use crate::domain::ids::Seq;
use crate::domain::record::{Head, Record};

use super::JournalError;

/// The most bytes of a head, and of a body.
pub const MAX_PART: usize = 256 << 20;

/// Every frame begins with this.
pub const MAGIC: &[u8] = b"wcr2 ";

/// `wcr2 <seq 20> <place 6> <head 10> <body 10> <crc 8>\n`
pub const LINE: usize = 64;

/// The part of the line that the crc covers: all before it.
const COVERED: usize = 55;

/// The last place in a batch that six digits can name. Records behind it say the same: they seem to belong to a later
/// batch, and a hole before them looks like damage, never like a torn end.
const LAST_PLACE: u64 = 999_999;

/// What is wrong with bytes that should be a frame or a header.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// The file ends within it.
    #[error("the file ends within a frame")]
    Incomplete,
    /// The line is not one of the format.
    #[error("not a frame")]
    NotAFrame,
    /// The checksum does not fit.
    #[error("the checksum does not fit")]
    Checksum,
    /// A sound frame in a wrong place.
    #[error("record {found} stands where {expected} belongs")]
    OutOfOrder {
        /// What belongs there.
        expected: Seq,
        /// What stands there.
        found: Seq,
    },
    /// The bytes are those that were written, but mean nothing to this version.
    #[error("the head cannot be read: {0}")]
    Head(String),
    /// The segment's first line is wrong.
    #[error("not the header of a journal segment of this version")]
    Header,
    /// A block of a compressed segment is not as it was written.
    #[error("a compressed block is not as it was written")]
    Block,
    /// A compressed segment does not say where its blocks are.
    #[error("the list of its compressed blocks is not as it was written")]
    Table,
    /// An earlier segment has lost or gained bytes.
    #[error("the file has {found} bytes, the next segment says {expected}")]
    Length {
        /// As the next segment's header says.
        expected: u64,
        /// As it is.
        found: u64,
    },
}

/// A frame's first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// The record.
    pub seq: Seq,
    /// How many records of its batch stand before it.
    place: u64,
    head: usize,
    body: usize,
    crc: u32,
}

impl Line {
    /// Reads the first [`LINE`] bytes of `bytes`.
    ///
    /// # Errors
    /// When they are too few or no frame line.
    pub fn parse(bytes: &[u8]) -> Result<Self, Flaw> {
        let line = bytes.get(..LINE).ok_or(Flaw::Incomplete)?;
        let spaced = [25, 32, 43, 54].iter().all(|at| line[*at] == b' ') && line[63] == b'\n';
        if !line.starts_with(MAGIC) || !spaced {
            return Err(Flaw::NotAFrame);
        }
        let length = |digits| decimal(digits).and_then(|number| usize::try_from(number).ok());
        let numbers = (decimal(&line[5..25]), decimal(&line[26..32]), length(&line[33..43]), length(&line[44..54]));
        match (numbers, hexadecimal(&line[55..63])) {
            ((Some(seq), Some(place), Some(head), Some(body)), Some(crc)) if head <= MAX_PART && body <= MAX_PART => {
                Ok(Self { seq: Seq(seq), place, head, body, crc: crc as u32 })
            }
            _ => Err(Flaw::NotAFrame),
        }
    }

    /// The first record of its batch.
    pub fn batch(&self) -> Seq {
        Seq(self.seq.0.saturating_sub(self.place))
    }

    /// The length of the whole frame.
    pub fn frame(&self) -> usize {
        LINE + self.head + 1 + self.body + 1
    }
}

/// Digits only: no sign, no blank.
pub(super) fn decimal(digits: &[u8]) -> Option<u64> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Lower-case hexadecimal digits only.
pub(super) fn hexadecimal(digits: &[u8]) -> Option<u64> {
    if !digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// Appends the frame of `record`, which has `place` records of its batch before it, to `out` and returns its length.
///
/// # Errors
/// When it is too long or its head is no JSON.
pub fn encode(record: &Record, place: usize, salt: u64, out: &mut Vec<u8>) -> Result<u32, JournalError> {
    let head = serde_json::to_vec(&record.head)
        .map_err(|error| JournalError::Unwritable { seq: record.seq, reason: error.to_string() })?;
    if head.len() > MAX_PART || record.body.len() > MAX_PART {
        return Err(JournalError::TooLong { seq: record.seq });
    }
    let begin = out.len();
    put(record.seq, (place as u64).min(LAST_PLACE), &head, &record.body, salt, out);
    // Two parts of at most MAX_PART and a line are less than 4 GiB.
    Ok((out.len() - begin) as u32)
}

fn put(seq: Seq, place: u64, head: &[u8], body: &[u8], salt: u64, out: &mut Vec<u8>) {
    let begin = out.len();
    out.extend_from_slice(format!("wcr2 {:020} {place:06} {:010} {:010} ", seq.0, head.len(), body.len()).as_bytes());
    let crc = checksum(salt, &out[begin..], head, body);
    out.extend_from_slice(format!("{crc:08x}\n").as_bytes());
    out.extend_from_slice(head);
    out.push(b'\n');
    out.extend_from_slice(body);
    out.push(b'\n');
}

/// Proves that `bytes` are exactly one frame as it was written.
///
/// # Errors
/// When they are not.
pub fn prove(bytes: &[u8], salt: u64) -> Result<Line, Flaw> {
    let line = Line::parse(bytes)?;
    if bytes.len() < line.frame() {
        return Err(Flaw::Incomplete);
    }
    let (head, body) = parts(bytes, &line);
    let ended = bytes.len() == line.frame() && bytes[LINE + line.head] == b'\n' && bytes.last() == Some(&b'\n');
    if !ended || checksum(salt, &bytes[..COVERED], head, body) != line.crc {
        return Err(Flaw::Checksum);
    }
    Ok(line)
}

/// Reads a frame.
///
/// # Errors
/// When the bytes are no frame as it was written, or its head means nothing to this version.
pub fn decode(bytes: &[u8], salt: u64) -> Result<Record, Flaw> {
    let line = prove(bytes, salt)?;
    let (head, body) = parts(bytes, &line);
    let head: Head = serde_json::from_slice(head).map_err(|error| Flaw::Head(error.to_string()))?;
    Ok(Record { seq: line.seq, head, body: body.to_vec() })
}

/// A sound frame with its record changed, of the same length: blanks follow a head that has become shorter. `None` where the
/// head has become longer, or the body another length.
///
/// # Errors
/// As [`decode`].
pub fn changed(bytes: &[u8], salt: u64, change: impl FnOnce(&mut Record)) -> Result<Option<Vec<u8>>, Flaw> {
    let (line, mut record) = (Line::parse(bytes)?, decode(bytes, salt)?);
    change(&mut record);
    let mut head = serde_json::to_vec(&record.head).map_err(|error| Flaw::Head(error.to_string()))?;
    if head.len() > line.head || record.body.len() != line.body {
        return Ok(None);
    }
    head.resize(line.head, b' ');
    let mut out = Vec::with_capacity(bytes.len());
    put(line.seq, line.place, &head, &record.body, salt, &mut out);
    Ok(Some(out))
}

/// True when `bytes`, which should begin with the record after `last` and do not, are the remains of a batch that was never
/// acknowledged: every sound frame in them belongs to the batch of the record that is bad. A batch is written when the one
/// before it is durable, so one of a later batch proves that the bad bytes were good once.
pub fn are_torn(bytes: &[u8], last: Seq, salt: u64) -> bool {
    sound(bytes, salt).filter(|line| line.seq > last).all(|line| line.batch() <= last.next())
}

/// The lines of the sound frames that begin anywhere in `bytes`.
fn sound(bytes: &[u8], salt: u64) -> impl Iterator<Item = Line> {
    (0..bytes.len()).filter_map(move |begin| {
        let rest = &bytes[begin..];
        // Asked first: most bytes are ruled out by one comparison.
        let line = if rest.starts_with(MAGIC) { Line::parse(rest).ok()? } else { return None };
        prove(rest.get(..line.frame())?, salt).ok()
    })
}

fn parts<'a>(bytes: &'a [u8], line: &Line) -> (&'a [u8], &'a [u8]) {
    let head = LINE..LINE + line.head;
    let body = head.end + 1..head.end + 1 + line.body;
    (&bytes[head], &bytes[body])
}

fn checksum(salt: u64, line: &[u8], head: &[u8], body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&salt.to_be_bytes());
    hasher.update(line);
    hasher.update(head);
    hasher.update(body);
    hasher.finalize()
}
