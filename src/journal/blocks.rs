//! A segment in compressed blocks: how such a file is written, and how it is read as if it were the plain one. Knows bytes and
//! their places, no frames.
//!
//! ```text
//! block block …         each a zstd frame of its own, with its length and a checksum
//! crc of what follows   a frame that zstd skips
//! table                 as in zstd's seekable format, skipped too: both lengths of every block, then their number
//! ```
//!
//! `zstd -dc` gives back the plain file. Whoever reads at a place decompresses the one block in which that is.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::CParameter;

use super::disk::{self, File};
use super::frame::Flaw;

/// Plain bytes of a block: who reads one record waits 0.2 to 0.5 ms for them. Of the ticket sample half as many would take 5 %
/// more room.
pub(super) const BLOCK: usize = 128 << 10;

/// Zstd's own default. Of the ticket sample level 9 would save 3 % more at the most, and take five times as long.
const LEVEL: i32 = 3;

/// Skippable frames: one that holds a crc, and the table of the seekable format with its own ending.
const CRC_FRAME: u32 = 0x184D_2A51;
const TABLE_FRAME: u32 = 0x184D_2A5E;
const TABLE_ENDS: u32 = 0x8F92_EAB1;

/// Of a skippable frame: magic and length.
const PREAMBLE: usize = 8;
/// The number of blocks, a byte of flags and the ending.
const FOOTER: usize = 9;
/// Both lengths of a block.
const ENTRY: usize = 8;
/// The frame with the crc.
const CRC: usize = PREAMBLE + 4;

/// What is wrong with a compressed file, on its way through [`io::Error`].
#[derive(Debug, thiserror::Error)]
#[error("{path} at byte {offset}: {flaw}", path = .path.display())]
pub(super) struct Bad {
    pub(super) path: PathBuf,
    pub(super) offset: u64,
    pub(super) flaw: Flaw,
}

/// Writes such a file.
pub(super) struct Writing<'a> {
    file: &'a dyn File,
    compressor: Compressor<'static>,
    at: u64,
    lengths: Vec<(u32, u32)>,
}

impl<'a> Writing<'a> {
    /// Into an empty file.
    pub(super) fn begin(file: &'a dyn File) -> io::Result<Self> {
        let mut compressor = Compressor::new(LEVEL)?;
        compressor.set_parameter(CParameter::ChecksumFlag(true))?;
        Ok(Self { file, compressor, at: 0, lengths: Vec::new() })
    }

    /// One block; nothing makes none.
    pub(super) fn block(&mut self, plain: &[u8]) -> io::Result<()> {
        if plain.is_empty() {
            return Ok(());
        }
        let compressed = self.compressor.compress(plain)?;
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).map_err(|_| io::ErrorKind::FileTooLarge);
        self.lengths.push((length(&compressed)?, length(plain)?));
        disk::write_all(self.file, &compressed, self.at)?;
        self.at += compressed.len() as u64;
        Ok(())
    }

    /// The table, and all of it durable; says how many bytes the file has.
    pub(super) fn finish(self) -> io::Result<u64> {
        let content = self.lengths.len() * ENTRY + FOOTER;
        let mut table = Vec::with_capacity(PREAMBLE + content);
        table.extend_from_slice(&TABLE_FRAME.to_le_bytes());
        table.extend_from_slice(&(content as u32).to_le_bytes());
        for (compressed, plain) in &self.lengths {
            table.extend_from_slice(&compressed.to_le_bytes());
            table.extend_from_slice(&plain.to_le_bytes());
        }
        table.extend_from_slice(&(self.lengths.len() as u32).to_le_bytes());
        table.push(0);
        table.extend_from_slice(&TABLE_ENDS.to_le_bytes());
        let mut end = Vec::with_capacity(CRC + table.len());
        end.extend_from_slice(&CRC_FRAME.to_le_bytes());
        end.extend_from_slice(&4_u32.to_le_bytes());
        end.extend_from_slice(&crc32fast::hash(&table).to_le_bytes());
        end.append(&mut table);
        disk::write_all(self.file, &end, self.at)?;
        self.file.sync_all()?;
        Ok(self.at + end.len() as u64)
    }
}

/// Those at rest. Making one asks the processor what it can do, which on a virtual one takes as long as decompressing (it was
/// 40 % of a test that reads), and one for each open file would be 160 KiB each.
static IDLE: Mutex<Vec<Decompressor<'static>>> = Mutex::new(Vec::new());

/// Such a file, read as the plain one.
#[derive(Debug)]
pub(super) struct Blocks {
    path: PathBuf,
    file: Box<dyn File>,
    /// Ascending, without gaps.
    blocks: Vec<Block>,
    /// Plain bytes of all.
    length: u64,
    /// The block that was read last, and its bytes: who reads in order reads each once.
    last: Mutex<Option<(usize, Arc<Vec<u8>>)>>,
}

/// Where a block begins in the file and in the plain bytes, and its lengths in both.
#[derive(Debug, Clone, Copy)]
struct Block {
    at: u64,
    compressed: u32,
    plain_at: u64,
    plain: u32,
}

impl Blocks {
    /// The file at `path`; its table is checked, its blocks are when they are read.
    pub(super) fn open(file: Box<dyn File>, path: &Path) -> io::Result<Self> {
        let mut opened = Self { path: path.to_owned(), file, blocks: Vec::new(), length: 0, last: Mutex::default() };
        let size = opened.file.length()?;
        let table = opened.table(size)?.ok_or_else(|| opened.bad(size, Flaw::Table))?;
        let mut at = 0;
        for entry in table.chunks_exact(ENTRY) {
            let (compressed, plain) = (number(entry, 0), number(entry, 4));
            opened.blocks.push(Block { at, compressed, plain_at: opened.length, plain });
            (at, opened.length) = (at + u64::from(compressed), opened.length + u64::from(plain));
        }
        let rest = (CRC + PREAMBLE + table.len() + FOOTER) as u64;
        if at + rest != size {
            return Err(opened.bad(at, Flaw::Table));
        }
        Ok(opened)
    }

    /// Both lengths of every block; `None` where they cannot be told.
    fn table(&self, size: u64) -> io::Result<Option<Vec<u8>>> {
        let Some(footer_at) = size.checked_sub(FOOTER as u64) else { return Ok(None) };
        let mut footer = [0; FOOTER];
        disk::read_exact(&*self.file, &mut footer, footer_at)?;
        let content = number(&footer, 0) as usize * ENTRY + FOOTER;
        let Some(at) = size.checked_sub((CRC + PREAMBLE + content) as u64) else { return Ok(None) };
        let mut end = vec![0; CRC + PREAMBLE + content];
        disk::read_exact(&*self.file, &mut end, at)?;
        let (crc, table) = end.split_at(CRC);
        let told = number(crc, 0) == CRC_FRAME && number(table, 0) == TABLE_FRAME && number(&footer, 5) == TABLE_ENDS;
        if !told || number(table, 4) as usize != content || number(crc, PREAMBLE) != crc32fast::hash(table) {
            return Ok(None);
        }
        Ok(Some(table[PREAMBLE..table.len() - FOOTER].to_vec()))
    }

    /// The bytes of that block.
    fn block(&self, number: usize) -> io::Result<Arc<Vec<u8>>> {
        if let Some((last, bytes)) = &*self.last.lock().unwrap_or_else(PoisonError::into_inner)
            && *last == number
        {
            return Ok(Arc::clone(bytes));
        }
        let block = self.blocks[number];
        let mut compressed = vec![0; block.compressed as usize];
        disk::read_exact(&*self.file, &mut compressed, block.at)?;
        let plain =
            Arc::new(decompress(&compressed, block.plain as usize)?.ok_or_else(|| self.bad(block.at, Flaw::Block))?);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((number, Arc::clone(&plain)));
        Ok(plain)
    }

    fn bad(&self, offset: u64, flaw: Flaw) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, Bad { path: self.path.clone(), offset, flaw })
    }
}

/// That many bytes; none where these are not what was compressed.
fn decompress(compressed: &[u8], length: usize) -> io::Result<Option<Vec<u8>>> {
    // Before there is memory for it: zstd makes 128 KiB of four bytes at the most.
    if length.div_ceil(128 << 10) > compressed.len() / 4 {
        return Ok(None);
    }
    let idle = || IDLE.lock().unwrap_or_else(PoisonError::into_inner);
    let taken = idle().pop();
    let mut decompressor = taken.map_or_else(Decompressor::new, Ok)?;
    let plain = decompressor.decompress(compressed, length).ok().filter(|plain| plain.len() == length);
    if plain.is_some() {
        idle().push(decompressor);
    }
    Ok(plain)
}

/// The little-endian number at a place; there must be one.
fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

impl File for Blocks {
    fn length(&self) -> io::Result<u64> {
        Ok(self.length)
    }

    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<usize> {
        if at >= self.length {
            return Ok(0);
        }
        let number = self.blocks.partition_point(|block| block.plain_at <= at) - 1;
        let plain = self.block(number)?;
        let from = &plain[(at - self.blocks[number].plain_at) as usize..];
        let length = from.len().min(bytes.len());
        bytes[..length].copy_from_slice(&from[..length]);
        Ok(length)
    }

    fn write_at(&self, _: &[u8], _: u64) -> io::Result<usize> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn set_length(&self, _: u64) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn sync_all(&self) -> io::Result<()> {
        Ok(())
    }
}
