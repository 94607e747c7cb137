//! Every call that changes a file or a folder of the journal, and the one that reads at a place. Knows no format.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Creates a folder that only its owner can enter, unless it exists.
pub(super) fn create_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Opens or creates a file that only its owner can read.
pub(super) fn open_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// The names in a folder.
pub(super) fn names(folder: &Path) -> io::Result<Vec<String>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

/// Creates a file with `content`, over whatever had its name, durable with its name when this returns.
pub(super) fn create_durably(path: &Path, content: &[u8]) -> io::Result<File> {
    let mut file = open_private(path)?;
    file.set_len(0)?;
    file.write_all(content)?;
    file.sync_all()?;
    sync_parent(path)?;
    Ok(file)
}

/// One write and one `fdatasync`.
pub(super) fn append(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    file.write_all_at(bytes, at)?;
    file.sync_data()
}

/// Cuts a file to `length`, durably.
pub(super) fn cut(path: &Path, length: u64) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    file.set_len(length)?;
    file.sync_all()?;
    Ok(file)
}

/// Renames a file within its folder, durably.
pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    sync_parent(to)
}

/// `path` with `suffix`, numbered until there is no file of that name.
pub(super) fn unused(path: &Path, suffix: &str) -> PathBuf {
    let named = |name: String| path.with_file_name(name);
    let base = format!("{}{suffix}", path.file_name().unwrap_or_default().to_string_lossy());
    let first = named(base.clone());
    if !first.exists() {
        return first;
    }
    (2_u64..).map(|number| named(format!("{base}-{number}"))).find(|path| !path.exists()).unwrap_or(first)
}

fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
