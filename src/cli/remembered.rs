//! The file in which the dashboard is found again as it was left: `dashboard.json` in the data folder, beside what it shows,
//! so that whoever names a data folder finds nothing elsewhere. Without it, or where it makes no sense, all is as at first.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

use crate::ui::remembered::Remembered;

/// Its name.
const FILE: &str = "dashboard.json";

/// While it is written.
const DRAFT: &str = "dashboard.json.new";

/// A longer one is not from here.
const LONGEST: u64 = 64 << 10;

/// As it was left on this data folder; a file that cannot be read is said in the log.
pub fn read(folder: &Path) -> Remembered {
    match find(&folder.join(FILE)) {
        Ok(remembered) => remembered,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Remembered::default(),
        Err(error) => {
            tracing::warn!("{FILE} is ignored, the dashboard opens as at first: {error}");
            Remembered::default()
        }
    }
}

fn find(path: &Path) -> io::Result<Remembered> {
    // A pipe by that name must not hang the start.
    let flags = OFlags::NONBLOCK | OFlags::NOFOLLOW;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut bytes = Vec::new();
    file.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(serde_json::from_slice(&bytes)?)
}

/// Keeps it for the next start. What cannot be kept is said in the log.
pub fn write(folder: &Path, remembered: &Remembered) {
    if let Err(error) = replace(folder, remembered) {
        tracing::warn!("{FILE} cannot be written, the dashboard will open as before: {error}");
    }
}

/// A power cut may lose it: that costs a keystroke, and is not worth waiting for a disk.
fn replace(folder: &Path, remembered: &Remembered) -> io::Result<()> {
    let draft = folder.join(DRAFT);
    // Left behind by a process that was killed; or not ours, and then it is not written through.
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(&serde_json::to_vec(remembered)?)?;
    fs::rename(&draft, folder.join(FILE))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn remembered(view: &str) -> Remembered {
        serde_json::from_value(serde_json::json!({ "view": view })).unwrap()
    }

    #[test]
    fn what_is_written_is_read_and_is_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()), Remembered::default());
        for view in ["feed", "deliveries"] {
            write(folder.path(), &remembered(view));
            assert_eq!(read(folder.path()), remembered(view));
        }
        let mode = fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!((mode & 0o777, fs::read_dir(folder.path()).unwrap().count()), (0o600, 1));
    }

    #[test]
    fn whatever_lies_there_instead_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        for bytes in [&b"\xff\xfe"[..], b"", b"[7]", b"{\"view\":", &[b'x'; 100_000]] {
            fs::write(&path, bytes).unwrap();
            assert_eq!(read(folder.path()), Remembered::default());
        }
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert_eq!(read(folder.path()), Remembered::default());
        write(folder.path(), &remembered("feed"));
        fs::remove_dir(&path).unwrap();
        let private = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, private, 0).unwrap();
        assert_eq!(read(folder.path()), Remembered::default());
    }

    #[test]
    fn a_link_laid_there_is_not_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let other = folder.path().join("other");
        fs::write(&other, "as it was").unwrap();
        for name in [FILE, DRAFT] {
            std::os::unix::fs::symlink(&other, folder.path().join(name)).unwrap();
        }
        write(folder.path(), &remembered("feed"));
        assert_eq!(fs::read_to_string(&other).unwrap(), "as it was");
        assert_eq!(read(folder.path()), remembered("feed"));
    }
}
