//! A data folder that is removed at the end.

use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// A folder of its own below the system's temporary one, removed when this is dropped.
#[derive(Debug)]
pub struct ThrowAway(PathBuf);

impl ThrowAway {
    /// Creates it, readable by its owner only.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn create() -> io::Result<Self> {
        loop {
            let name = format!("willcall-demo-{:08x}", fastrand::u32(..));
            let path = std::env::temp_dir().join(name);
            match std::fs::DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for ThrowAway {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(folder = %self.0.display(), %error, "the demo's data folder could not be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_private_and_goes_with_all_that_is_in_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let (one, other) = (ThrowAway::create().unwrap(), ThrowAway::create().unwrap());
        assert_ne!(one.path(), other.path());
        assert_eq!(std::fs::metadata(one.path()).unwrap().permissions().mode() & 0o777, 0o700);
        std::fs::write(one.path().join("journal"), "x").unwrap();
        let path = one.path().to_owned();
        drop(one);
        assert!(!path.exists() && other.path().exists());
    }
}
