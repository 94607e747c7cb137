//! One segment file: its name, its header, and its frames in order. Changes nothing on disk.

use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::domain::ids::Seq;
use crate::domain::record::Record;

use super::disk::Reading;
use super::frame::{self, Flaw, Line, decimal, hexadecimal};
use super::shelf::Shelf;
use super::{JournalError, Location};

/// The format that this version reads and writes.
pub const FORMAT: u64 = 2;

/// `willcall-journal 2 first=<20> previous=<20>:<20> salt=<16> crc=<8>\n`
pub const HEADER: usize = 132;

/// A segment's first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The first record in it.
    pub first: Seq,
    /// The segment before it and its length; `None` for the first of all.
    pub previous: Option<(Seq, u64)>,
    /// Mixed into the checksum of every frame.
    pub salt: u64,
}

impl Header {
    /// As it stands in the file.
    pub fn encode(&self) -> String {
        let (previous, length) = self.previous.map_or((0, 0), |(first, length)| (first.0, length));
        let covered = format!(
            "willcall-journal {FORMAT} first={:020} previous={previous:020}:{length:020} salt={:016x} ",
            self.first.0, self.salt
        );
        format!("{covered}crc={:08x}\n", crc32fast::hash(covered.as_bytes()))
    }

    /// Reads the first [`HEADER`] bytes of `bytes`; `None` when they are no header.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let line = bytes.get(..HEADER)?;
        let first = Seq(decimal(&line[25..45])?);
        let previous = (decimal(&line[55..75])?, decimal(&line[76..96])?);
        let header = Self {
            first,
            previous: (previous.0 > 0).then_some((Seq(previous.0), previous.1)),
            salt: hexadecimal(&line[102..118])?,
        };
        (header.encode().as_bytes() == line).then_some(header)
    }
}

/// The file name of the segment that begins with `first`.
pub fn name(first: Seq) -> String {
    format!("{:020}.wcj", first.0)
}

/// What follows the name of a segment when it is compressed.
const COMPRESSED: &str = ".zst";

/// The file name of the segment that begins with `first` when it is compressed.
pub fn compressed_name(first: Seq) -> String {
    name(first) + COMPRESSED
}

/// The first record of the segment of that file name, compressed or not; `None` for any other file.
pub fn first_of(name: &str) -> Option<Seq> {
    plain_first_of(name.strip_suffix(COMPRESSED).unwrap_or(name))
}

/// The same of one that is not compressed.
pub(super) fn plain_first_of(name: &str) -> Option<Seq> {
    let digits = name.strip_suffix(".wcj")?;
    (digits.len() == 20).then(|| decimal(digits.as_bytes()).map(Seq))?
}

/// Reads the header of the segment at `path`, which must be that of `first`.
pub(super) fn header(file: &mut impl Read, path: &Path, first: Seq) -> Result<Header, JournalError> {
    let mut bytes = Vec::with_capacity(HEADER);
    file.take(HEADER as u64).read_to_end(&mut bytes).map_err(JournalError::io("read", path))?;
    match (Header::parse(&bytes).filter(|header| header.first == first), format_of(&bytes)) {
        (Some(header), _) => Ok(header),
        (None, Some(found)) if found != FORMAT => Err(JournalError::OtherFormat { path: path.to_owned(), found }),
        (None, _) => Err(JournalError::Damaged { path: path.to_owned(), offset: 0, flaw: Flaw::Header }),
    }
}

/// The format that the first line of a segment names.
fn format_of(bytes: &[u8]) -> Option<u64> {
    let mut words = bytes.split(|byte| *byte == b' ');
    (words.next() == Some(b"willcall-journal")).then(|| words.next().filter(|word| !word.is_empty()))?.and_then(decimal)
}

/// The frames of one segment, in order, each proved. Holds one frame at a time.
#[derive(Debug)]
pub(super) struct Frames {
    path: PathBuf,
    input: BufReader<Reading>,
    header: Header,
    offset: u64,
    end: u64,
    expected: Seq,
    frame: Vec<u8>,
}

impl Frames {
    /// The frames of the segment of `first`, up to byte `end` at most.
    pub(super) fn open(shelf: &Shelf, first: Seq, end: Option<u64>) -> Result<Self, JournalError> {
        let (path, file) = shelf.open(first)?;
        let length = file.length().map_err(JournalError::io("read", &path))?;
        let mut input = BufReader::with_capacity(256 << 10, Reading { file, at: 0 });
        let header = header(&mut input, &path, first)?;
        let end = end.map_or(length, |end| end.min(length));
        Ok(Self { path, input, header, offset: HEADER as u64, end, expected: first, frame: Vec::new() })
    }

    /// The segment's header.
    pub(super) fn header(&self) -> Header {
        self.header
    }

    /// Where the next frame begins.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The record that comes next.
    pub(super) fn expected(&self) -> Seq {
        self.expected
    }

    /// There is no further frame.
    pub(super) fn at_end(&self) -> bool {
        self.offset >= self.end
    }

    /// Goes to the frame of `seq`, or to the end if that comes first, without reading what lies between.
    pub(super) fn skip_to(&mut self, seq: Seq) -> Result<(), JournalError> {
        while self.expected < seq && self.offset < self.end {
            let line = self.line()?;
            self.input
                .seek_relative((line.frame() - frame::LINE) as i64)
                .map_err(JournalError::io("read", &self.path))?;
            self.pass(&line);
        }
        Ok(())
    }

    /// Reads and proves the next frame; `None` at the end.
    pub(super) fn advance(&mut self) -> Result<Option<Location>, JournalError> {
        if self.offset >= self.end {
            return Ok(None);
        }
        let line = self.line()?;
        self.frame.resize(line.frame(), 0);
        self.input.read_exact(&mut self.frame[frame::LINE..]).map_err(JournalError::io("read", &self.path))?;
        frame::prove(&self.frame, self.header.salt).map_err(|flaw| self.damaged(flaw))?;
        let location = Location { segment: self.header.first, offset: self.offset, length: line.frame() as u32 };
        self.pass(&line);
        Ok(Some(location))
    }

    /// What stands from the next frame on, up to where the file ended when it was opened: more may be written meanwhile.
    pub(super) fn rest(&mut self) -> Result<Vec<u8>, JournalError> {
        let mut bytes = Vec::new();
        self.input
            .seek(SeekFrom::Start(self.offset))
            .and_then(|_| (&mut self.input).take(self.end - self.offset).read_to_end(&mut bytes))
            .map_err(JournalError::io("read", &self.path))?;
        Ok(bytes)
    }

    /// The frame that was read last, byte for byte.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.frame
    }

    /// The record of the frame that was read last, which lies at `location`.
    pub(super) fn record(&self, location: Location) -> Result<Record, JournalError> {
        frame::decode(&self.frame, self.header.salt).map_err(|flaw| JournalError::Damaged {
            path: self.path.clone(),
            offset: location.offset,
            flaw,
        })
    }

    fn line(&mut self) -> Result<Line, JournalError> {
        let left = self.end - self.offset;
        if left < frame::LINE as u64 {
            return Err(self.damaged(Flaw::Incomplete));
        }
        self.frame.resize(frame::LINE, 0);
        self.input.read_exact(&mut self.frame).map_err(JournalError::io("read", &self.path))?;
        let line = Line::parse(&self.frame).map_err(|flaw| self.damaged(flaw))?;
        if line.frame() as u64 > left {
            return Err(self.damaged(Flaw::Incomplete));
        }
        if line.seq != self.expected {
            return Err(self.damaged(Flaw::OutOfOrder { expected: self.expected, found: line.seq }));
        }
        Ok(line)
    }

    fn pass(&mut self, line: &Line) {
        self.offset += line.frame() as u64;
        self.expected = line.seq.next();
    }

    fn damaged(&self, flaw: Flaw) -> JournalError {
        JournalError::Damaged { path: self.path.clone(), offset: self.offset, flaw }
    }
}
