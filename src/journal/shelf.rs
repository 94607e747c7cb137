//! The folder of the segments on its disk, and what is done there durably. Knows names and headers, no frames.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::domain::blanking::Blanking;
use crate::domain::ids::Seq;

use super::JournalError;
use super::base::{self, Base};
use super::blanked;
use super::blocks::Blocks;
use super::disk::{self, Disk, File};
use super::segment::{self, Header};

/// The file in which the next compressed segment comes to be.
pub(super) const NEXT_COMPRESSED: &str = "compressed.next";

/// Where the segments are. Clones are the same place.
#[derive(Debug, Clone)]
pub(super) struct Shelf {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
}

impl Shelf {
    /// The folder at that path.
    pub(super) fn new(disk: Arc<dyn Disk>, folder: &Path) -> Self {
        Self { disk, folder: folder.to_owned() }
    }

    /// The folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The path of the segment that begins with `first`, where it is not compressed.
    pub(super) fn path(&self, first: Seq) -> PathBuf {
        self.folder.join(segment::name(first))
    }

    /// Creates the folder, unless it exists; durable in either case.
    pub(super) fn create(&self) -> Result<(), JournalError> {
        let create = || {
            self.disk.create_folder(&self.folder)?;
            self.disk.sync_folder(disk::above(&self.folder))
        };
        create().map_err(JournalError::io("create", &self.folder))
    }

    /// The first sequence numbers of the segments, ascending.
    pub(super) fn firsts(&self) -> Result<Vec<Seq>, JournalError> {
        let names = self.names()?;
        let mut firsts: Vec<Seq> = names.iter().filter_map(|name| segment::first_of(name)).collect();
        firsts.sort_unstable();
        firsts.dedup();
        Ok(firsts)
    }

    /// The first sequence numbers of those that are not compressed.
    pub(super) fn plain(&self) -> Result<BTreeSet<Seq>, JournalError> {
        Ok(self.names()?.iter().filter_map(|name| segment::plain_first_of(name)).collect())
    }

    /// Opens a segment for reading, as it was before it was compressed; says which file that is. Where there are both, the plain
    /// one counts.
    pub(super) fn open(&self, first: Seq) -> Result<(PathBuf, Box<dyn File>), JournalError> {
        let path = self.path(first);
        let absent = match self.disk.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => error,
            file => return Ok((path.clone(), file.map_err(JournalError::io("open", &path))?)),
        };
        let compressed = self.compressed_path(first);
        match self.disk.open(&compressed) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(JournalError::io("open", &path)(absent)),
            file => {
                let file = file.and_then(|file| Blocks::open(file, &compressed));
                let file: Box<dyn File> = Box::new(file.map_err(JournalError::io("open", &compressed))?);
                Ok((compressed, file))
            }
        }
    }

    /// Opens a segment for reading and writing.
    pub(super) fn open_to_write(&self, first: Seq) -> Result<Box<dyn File>, JournalError> {
        let path = self.path(first);
        self.disk.open_to_write(&path).map_err(JournalError::io("open", &path))
    }

    /// The length of a segment, as it was before it was compressed.
    pub(super) fn length(&self, first: Seq) -> Result<u64, JournalError> {
        let (path, file) = self.open(first)?;
        file.length().map_err(JournalError::io("read", &path))
    }

    /// The bytes that a segment has on the disk.
    pub(super) fn bytes(&self, first: Seq) -> Result<u64, JournalError> {
        let bytes = |path: PathBuf| match self.disk.open(&path).and_then(|file| file.length()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            length => length.map_err(JournalError::io("read", &path)),
        };
        Ok(bytes(self.path(first))? + bytes(self.compressed_path(first))?)
    }

    /// Begins a compressed segment, in place of whatever a failed beginning left.
    pub(super) fn begin_compressed(&self) -> Result<(PathBuf, Box<dyn File>), JournalError> {
        self.remove_next_compressed()?;
        let path = self.folder.join(NEXT_COMPRESSED);
        let file = self.disk.create(&path).map_err(JournalError::io("create", &path))?;
        Ok((path, file))
    }

    /// What was written there, as it was before it was compressed.
    pub(super) fn next_compressed(&self) -> Result<(PathBuf, Blocks), JournalError> {
        let path = self.folder.join(NEXT_COMPRESSED);
        let file = self.disk.open(&path).and_then(|file| Blocks::open(file, &path));
        Ok((path.clone(), file.map_err(JournalError::io("open", &path))?))
    }

    /// Gives what was written and synced there its name beside the plain segment, durably.
    pub(super) fn put_compressed(&self, first: Seq) -> Result<(), JournalError> {
        let next = self.folder.join(NEXT_COMPRESSED);
        self.disk
            .rename(&next, &self.compressed_path(first))
            .and_then(|()| self.disk.sync_folder(&self.folder))
            .map_err(JournalError::io("rename", &next))
    }

    /// Removes what was begun.
    pub(super) fn remove_next_compressed(&self) -> Result<(), JournalError> {
        self.remove_if_there(&self.folder.join(NEXT_COMPRESSED))
    }

    /// Removes a segment of which there is a compressed one.
    pub(super) fn remove_plain(&self, first: Seq) -> Result<(), JournalError> {
        self.remove_if_there(&self.path(first))
    }

    fn compressed_path(&self, first: Seq) -> PathBuf {
        self.folder.join(segment::compressed_name(first))
    }

    /// Begins the segment of that header, durable with its name when this returns, in place of whatever a failed beginning
    /// left under that name.
    pub(super) fn begin(&self, header: Header) -> Result<Box<dyn File>, JournalError> {
        let path = self.path(header.first);
        let begin = || {
            // Not the same file again: a name whose folder could not be synced would count as synced the next time.
            match self.disk.remove(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            self.create_durably(&path, header.encode().as_bytes())
        };
        begin().map_err(JournalError::io("begin", &path))
    }

    /// Where the journal begins, if segments were dropped.
    pub(super) fn base(&self) -> Result<Option<Base>, JournalError> {
        let path = self.folder.join(base::NAME);
        let bytes = self.whole(&path)?;
        bytes.map(|bytes| Base::decode(&bytes)).transpose().map_err(|flaw| JournalError::NoBase { path, flaw })
    }

    /// What of the journal is blanked, if anything is.
    pub(super) fn blanking(&self) -> Result<Option<Blanking>, JournalError> {
        let path = self.folder.join(blanked::NAME);
        let bytes = self.whole(&path)?;
        bytes.map(|bytes| blanked::decode(&bytes)).transpose().map_err(|flaw| JournalError::NoBlanking { path, flaw })
    }

    /// The bytes of a small file, if there is one.
    fn whole(&self, path: &Path) -> Result<Option<Vec<u8>>, JournalError> {
        let file = match self.disk.open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(JournalError::io("open", path))?,
        };
        let mut bytes = vec![0; file.length().map_err(JournalError::io("read", path))? as usize];
        disk::read_exact(&*file, &mut bytes, 0).map_err(JournalError::io("read", path))?;
        Ok(Some(bytes))
    }

    /// Writes the base that may be put in place next, durably.
    pub(super) fn write_base(&self, next: &Base) -> Result<(), JournalError> {
        self.write_next(base::NEXT, &next.encode())
    }

    /// Puts the base that was written in the place of the one before. Not yet durable.
    pub(super) fn put_base(&self) -> Result<(), JournalError> {
        self.put_next(base::NEXT, base::NAME)
    }

    /// Removes a base that was written and not put in place.
    pub(super) fn remove_next_base(&self) -> Result<(), JournalError> {
        self.remove_if_there(&self.folder.join(base::NEXT))
    }

    /// Writes what may be blanked next, durably.
    pub(super) fn write_blanking(&self, next: &Blanking) -> Result<(), JournalError> {
        let bytes = blanked::encode(next).map_err(io::Error::from);
        let bytes = bytes.map_err(JournalError::io("write", &self.folder.join(blanked::NEXT)))?;
        self.write_next(blanked::NEXT, &bytes)
    }

    /// Puts what was written in the place of what was blanked before. Not yet durable.
    pub(super) fn put_blanking(&self) -> Result<(), JournalError> {
        self.put_next(blanked::NEXT, blanked::NAME)
    }

    /// Removes what was written and not put in place.
    pub(super) fn remove_next_blanking(&self) -> Result<(), JournalError> {
        self.remove_if_there(&self.folder.join(blanked::NEXT))
    }

    fn write_next(&self, name: &str, bytes: &[u8]) -> Result<(), JournalError> {
        let path = self.folder.join(name);
        self.remove_if_there(&path)?;
        self.create_durably(&path, bytes).map(drop).map_err(JournalError::io("write", &path))
    }

    fn put_next(&self, next: &str, name: &str) -> Result<(), JournalError> {
        let (next, path) = (self.folder.join(next), self.folder.join(name));
        self.disk.rename(&next, &path).map_err(JournalError::io("rename", &next))
    }

    /// Removes a segment, compressed or not.
    pub(super) fn remove(&self, first: Seq) -> Result<(), JournalError> {
        self.remove_if_there(&self.path(first))?;
        self.remove_if_there(&self.compressed_path(first))
    }

    /// Makes the names in the folder durable.
    pub(super) fn sync(&self) -> Result<(), JournalError> {
        self.disk.sync_folder(&self.folder).map_err(JournalError::io("sync", &self.folder))
    }

    fn remove_if_there(&self, path: &Path) -> Result<(), JournalError> {
        match self.disk.remove(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(JournalError::io("remove", path)(error)),
            _ => Ok(()),
        }
    }

    /// Cuts a segment to `length`, durably.
    pub(super) fn cut(&self, first: Seq, length: u64) -> Result<(), JournalError> {
        let file = self.open_to_write(first)?;
        file.set_length(length).and_then(|()| file.sync_all()).map_err(JournalError::io("cut", &self.path(first)))
    }

    /// Keeps what stood in a segment from `offset` on in a file beside it; says where.
    pub(super) fn keep_beside(&self, first: Seq, offset: u64, bytes: &[u8]) -> Result<PathBuf, JournalError> {
        let path = self.unused(first, offset)?;
        match self.create_durably(&path, bytes) {
            Ok(_) => Ok(path),
            Err(source) => {
                // The next attempt chooses another name, and a disk that is full has no room for half files.
                let _ = self.disk.remove(&path);
                Err(JournalError::Io { doing: "write", path, source })
            }
        }
    }

    /// Moves a segment aside that has no sound header; says where it is now.
    pub(super) fn move_aside(&self, first: Seq) -> Result<PathBuf, JournalError> {
        let (path, aside) = (self.path(first), self.unused(first, 0)?);
        self.disk
            .rename(&path, &aside)
            .and_then(|()| self.disk.sync_folder(&self.folder))
            .map_err(JournalError::io("rename", &path))?;
        Ok(aside)
    }

    fn create_durably(&self, path: &Path, content: &[u8]) -> io::Result<Box<dyn File>> {
        let file = self.disk.create(path)?;
        disk::write_all(&*file, content, 0)?;
        file.sync_all()?;
        self.disk.sync_folder(&self.folder)?;
        Ok(file)
    }

    /// A path for what is cut off a segment, numbered until there is no file of that name.
    fn unused(&self, first: Seq, offset: u64) -> Result<PathBuf, JournalError> {
        let taken = self.names()?;
        let base = format!("{}.torn-{offset}", segment::name(first));
        let numbered = (2_u64..).map(|number| format!("{base}-{number}"));
        let mut candidates = std::iter::once(base.clone()).chain(numbered);
        Ok(self.folder.join(candidates.find(|name| !taken.contains(name)).unwrap_or(base)))
    }

    fn names(&self) -> Result<Vec<String>, JournalError> {
        self.disk.names(&self.folder).map_err(JournalError::io("read", &self.folder))
    }
}
