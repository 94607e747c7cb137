//! Writing old segments anew, each into a compressed file of blocks that then takes its place: as they are, or blanked. Who
//! decides which are old, and what is blanked, is elsewhere.

use std::collections::BTreeSet;

use super::blocks::{BLOCK, Writing};
use super::disk;
use super::frame::{self, Flaw};
use super::segment::Frames;
use super::shelf::Shelf;
use super::{JournalError, Reader, recovery};
use crate::domain::blanking::Blanking;
use crate::domain::ids::Seq;
use crate::domain::ticket::Lane;

/// Compresses and blanks segments. There is one for a journal, and nothing else may drop segments meanwhile.
#[derive(Debug)]
pub struct Press {
    shelf: Shelf,
    reader: Reader,
}

/// Bytes of segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pressed {
    /// As they were.
    pub plain: u64,
    /// As they are now.
    pub compressed: u64,
}

/// What blanking a segment has left as it was.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Blanked {
    /// The open lanes that records of it are about.
    pub open: BTreeSet<Lane>,
    /// Records that would have become longer. Whoever reads them gets them blanked all the same.
    pub unfit: u64,
}

/// What becomes of a frame, whose segment has that salt.
type Change<'a> = &'a mut dyn FnMut(&[u8], u64) -> Result<Option<Vec<u8>>, Flaw>;

/// Bytes of which the crc is told, to compare two of them.
const PIECE: usize = BLOCK;

impl Press {
    pub(super) fn new(shelf: Shelf, reader: Reader) -> Self {
        Self { shelf, reader }
    }

    /// The segments that are not compressed and have no record after `through`, oldest first. The last one never is among them.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn plain(&self, through: Seq) -> Result<Vec<Seq>, JournalError> {
        let (dropped, through) = (self.reader.dropped(), through.min(self.reader.last()));
        let (firsts, plain) = (self.shelf.firsts()?, self.shelf.plain()?);
        let closed = firsts.windows(2).filter(|pair| pair[0] > dropped && pair[1] <= through.next());
        // The next one must have a record for its header to be believed.
        let closed = closed.filter(|pair| pair[1] <= self.reader.last());
        Ok(closed.map(|pair| pair[0]).filter(|first| plain.contains(first)).collect())
    }

    /// The closed segments with a record up to `through`, oldest first.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn closed(&self, through: Seq) -> Result<Vec<Seq>, JournalError> {
        let (dropped, last, firsts) = (self.reader.dropped(), self.reader.last(), self.shelf.firsts()?);
        let closed = firsts.windows(2).filter(|pair| pair[0] > dropped && pair[1] <= last && pair[0] <= through);
        Ok(closed.map(|pair| pair[0]).collect())
    }

    /// Those whose files may still have what is blanked: the ones it says, and plain ones. Blanking leaves none plain, but a
    /// removal that could not be synced may be undone by a power cut.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn to_blank(&self, blanking: &Blanking) -> Result<BTreeSet<Seq>, JournalError> {
        let closed = self.closed(blanking.through)?.into_iter().filter(|first| blanking.to_do.contains(first));
        Ok(closed.chain(self.plain(blanking.through)?).collect())
    }

    /// Compresses one of the plain ones. Every record can be read at its place before, meanwhile and afterwards.
    ///
    /// A crash at any time leaves the plain file, or the compressed one, durable and whole, or both: then the plain one counts,
    /// and the other is made anew the next time. A sync that failed once is not asked again (invariant 5).
    ///
    /// `going_on` is asked after each block, and may take its time: `None` when it says no, and all is as it was.
    ///
    /// # Errors
    /// When the segment is damaged, which is then left as it is, or the file system refuses.
    pub fn press(&self, first: Seq, going_on: &mut dyn FnMut() -> bool) -> Result<Option<Pressed>, JournalError> {
        self.renew(first, &mut |_, _| Ok(None), going_on)
    }

    /// Blanks one of the closed ones, in the same way; compressed or not before, it is compressed then.
    ///
    /// # Errors
    /// As [`press`](Self::press).
    pub fn blank(
        &self,
        first: Seq,
        blanking: &Blanking,
        going_on: &mut dyn FnMut() -> bool,
    ) -> Result<Option<Blanked>, JournalError> {
        let mut blanked = Blanked::default();
        let mut change = |frame: &[u8], salt: u64| {
            if frame::Line::parse(frame)?.seq > blanking.through {
                return Ok(None);
            }
            let mut open = None;
            let changed = frame::changed(frame, salt, |record| open = blanking.apply(record))?;
            blanked.unfit += u64::from(changed.is_none());
            blanked.open.extend(open);
            Ok(changed)
        };
        let renewed = self.renew(first, &mut change, going_on)?;
        Ok(renewed.map(|_| blanked))
    }

    fn renew(
        &self,
        first: Seq,
        change: Change<'_>,
        going_on: &mut dyn FnMut() -> bool,
    ) -> Result<Option<Pressed>, JournalError> {
        let pressed = self
            .write(first, change, going_on)
            .and_then(|pressed| pressed.map(|pressed| self.shelf.put_compressed(first).map(|()| pressed)).transpose());
        if !matches!(pressed, Ok(Some(_))) {
            // The next attempt tries again, and a disk that is full has no room for half files.
            let _ = self.shelf.remove_next_compressed();
            return pressed;
        }
        self.shelf.remove_plain(first)?;
        // Only who has it open keeps the room of the file before taken.
        self.reader.close(first);
        pressed
    }

    fn write(
        &self,
        first: Seq,
        change: Change<'_>,
        going_on: &mut dyn FnMut() -> bool,
    ) -> Result<Option<Pressed>, JournalError> {
        let (path, end) = (self.shelf.path(first), self.end_of(first)?);
        let mut frames = Frames::open(&self.shelf, first, Some(end))?;
        let (next, file) = self.shelf.begin_compressed()?;
        let refused = |error| JournalError::io("write", &next)(error);
        let mut writing = Writing::begin(&*file).map_err(refused)?;
        let (header, salt) = (frames.header().encode(), frames.header().salt);
        // By itself: opening reads the headers of all segments.
        writing.block(header.as_bytes()).map_err(refused)?;
        let (mut block, mut crc) = (Vec::with_capacity(2 * BLOCK), crc32fast::Hasher::new());
        crc.update(header.as_bytes());
        while let Some(location) = frames.advance()? {
            let damaged = |flaw| JournalError::Damaged { path: path.clone(), offset: location.offset, flaw };
            let changed = change(frames.bytes(), salt).map_err(damaged)?;
            let frame = changed.as_deref().unwrap_or(frames.bytes());
            if block.len() + frame.len() > BLOCK {
                writing.block(&block).map_err(refused)?;
                block.clear();
                if !going_on() {
                    return Ok(None);
                }
            }
            block.extend_from_slice(frame);
            crc.update(frame);
        }
        writing.block(&block).map_err(refused)?;
        if frames.offset() != end {
            let flaw = Flaw::Length { expected: end, found: frames.offset() };
            return Err(JournalError::Damaged { path, offset: frames.offset(), flaw });
        }
        let compressed = writing.finish().map_err(refused)?;
        let proved = self.prove(end, crc.finalize(), going_on)?;
        Ok(proved.then_some(Pressed { plain: end, compressed }))
    }

    /// What was written gives back what it was made from: soon there is nothing else. Says whether that was seen to the end.
    fn prove(&self, length: u64, crc: u32, going_on: &mut dyn FnMut() -> bool) -> Result<bool, JournalError> {
        let (path, file) = self.shelf.next_compressed()?;
        let (mut at, mut found, mut bytes) = (0, crc32fast::Hasher::new(), vec![0; PIECE]);
        while at < length {
            let piece = &mut bytes[..PIECE.min((length - at) as usize)];
            disk::read_exact(&file, piece, at).map_err(JournalError::io("read", &path))?;
            found.update(piece);
            at += piece.len() as u64;
            if !going_on() {
                return Ok(false);
            }
        }
        match found.finalize() == crc {
            true => Ok(true),
            false => Err(JournalError::Damaged { path, offset: 0, flaw: Flaw::Block }),
        }
    }

    /// Where the segment ends, as the header of the next one says.
    fn end_of(&self, first: Seq) -> Result<u64, JournalError> {
        let next = self.shelf.firsts()?.into_iter().find(|next| *next > first);
        let previous = next.map(|next| recovery::header(&self.shelf, next)).transpose()?.and_then(|next| next.previous);
        match previous.filter(|(previous, _)| *previous == first) {
            Some((_, end)) => Ok(end),
            None => Err(JournalError::Missing { folder: self.shelf.folder().to_owned(), first: first.next() }),
        }
    }
}
