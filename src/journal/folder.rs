//! The data folder: where things are in it, how much room there is, and who holds it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::Standing;
use super::disk::{Disk, RealDisk};
use crate::domain::ids::Seq;
use crate::domain::query;

/// A data folder that this process holds alone, until the value is dropped.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    /// The lock lives as long as the open file.
    _lock: File,
}

/// Why a data folder cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Another process holds it.
    #[error(
        "the data folder {path} is in use by {holder}: ask that one (`willcall events list` and the like do so by themselves), stop it, or give another folder with --data-dir",
        path = .path.display(), holder = .pid.map_or("another process".to_owned(), |pid| format!("process {pid}"))
    )]
    Taken {
        /// The folder.
        path: PathBuf,
        /// Its holder, as far as it has written that down.
        pid: Option<u32>,
    },
    /// The file system refuses.
    #[error("cannot use the data folder {path}: {source}", path = .path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// Its reason.
        source: io::Error,
    },
}

impl DataFolder {
    /// Takes the folder at `path`, created for its owner alone if there is none.
    ///
    /// # Errors
    /// When another process holds it or the file system refuses.
    pub fn take(path: &Path) -> Result<Self, FolderError> {
        let io = |source| FolderError::Io { path: path.to_owned(), source };
        RealDisk.create_folder(path).map_err(io)?;
        let mut lock = open_private(&path.join("lock")).map_err(io)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let pid = lock.read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok());
                return Err(FolderError::Taken { path: path.to_owned(), pid });
            }
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        lock.set_len(0).and_then(|()| lock.rewind()).map_err(io)?;
        writeln!(lock, "{}", std::process::id()).map_err(io)?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the journal's segments are.
    pub fn journal(&self) -> PathBuf {
        self.path.join(JOURNAL)
    }

    /// Where the store is of a journal that has lost so much. Each such journal has a store of its own, so that one takes the
    /// other's place by what the journal says of itself alone.
    pub fn store(&self, standing: Standing) -> PathBuf {
        store_in(&self.path, standing)
    }

    /// Where earlier moments are folded while somebody looks at them.
    pub fn past(&self) -> PathBuf {
        self.path.join("past.scratch")
    }
}

/// The folder of the journal's segments.
const JOURNAL: &str = "journal";

/// The folder of a store, and what precedes the last dropped and the last blanked record in its name.
const STORE: &str = "store";
const AFTER: &str = ".after-";
const BLANKED: &str = ".blanked-";

/// See [`DataFolder::store`].
pub fn store_in(data: &Path, standing: Standing) -> PathBuf {
    let part = |before: &str, seq: Seq| if seq == Seq(0) { String::new() } else { format!("{before}{seq}") };
    data.join(format!("{STORE}{}{}", part(AFTER, standing.dropped), part(BLANKED, standing.blanked)))
}

/// Every store there is, in use or left over. Those moved aside are none.
///
/// # Errors
/// When the file system refuses.
pub fn stores_in(data: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let names = RealDisk.names(data).map_err(|source| FolderError::Io { path: data.to_owned(), source })?;
    let is_store =
        |name: &String| name.strip_prefix(STORE).is_some_and(|rest| after(after(rest, AFTER), BLANKED).is_empty());
    Ok(names.into_iter().filter(is_store).map(|name| data.join(name)).collect())
}

/// What recovery has kept aside for whoever wants to know: damaged stores, and ends that were cut off the journal.
///
/// # Errors
/// When the file system refuses.
pub fn aside_in(data: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let mut aside = Vec::new();
    for (folder, part) in [(data.to_owned(), ".damaged-"), (data.join(JOURNAL), ".torn-")] {
        let names = RealDisk.names(&folder).map_err(|source| FolderError::Io { path: folder.clone(), source })?;
        aside.extend(names.iter().filter(|name| name.contains(part)).map(|name| folder.join(name)));
    }
    Ok(aside)
}

/// What follows in a name after such a part of it, or all of it where there is none.
fn after<'a>(name: &'a str, part: &str) -> &'a str {
    let rest = name.strip_prefix(part).map(|rest| rest.trim_start_matches(|one: char| one.is_ascii_digit()));
    rest.unwrap_or(name)
}

/// The folder in a data folder in which records that are dropped are folded one last time.
pub const LEAVING: &str = "leaving.scratch";

/// The room left for `folder`; none where the system does not say. What root alone may use is not room.
pub fn room(folder: &Path) -> Option<query::Disk> {
    let room = rustix::fs::statvfs(folder).ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(room.f_frsize);
    Some(query::Disk { free: bytes(room.f_bavail), size: bytes(room.f_blocks) })
}

/// Opens or creates a file that only its owner can read.
fn open_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_second_taker_is_told_who_holds_it() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("data");
        let held = DataFolder::take(&path).unwrap();
        let error = DataFolder::take(&path).unwrap_err().to_string();
        assert!(error.contains(&format!("process {}", std::process::id())) && error.contains("--data-dir"), "{error}");
        drop(held);
        DataFolder::take(&path).unwrap();
    }

    #[test]
    fn only_the_owner_can_look_inside() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("new/data");
        let _held = DataFolder::take(&path).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&path.join("lock"))), (0o700, 0o600));
    }
}
