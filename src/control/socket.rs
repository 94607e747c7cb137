//! The socket file: made for its owner alone, taken over when nobody answers on it, taken away at the end.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::SocketAddr;
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

use super::ControlError;

/// The most bytes of a socket's path: `sockaddr_un.sun_path` less its closing zero.
pub const MOST_PATH: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// A listening socket. Its file goes away with it.
#[derive(Debug)]
pub struct Socket {
    listener: UnixListener,
    path: PathBuf,
}

impl Socket {
    /// Listens on `path`. A socket file on which nobody answers is replaced. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When the path is too long, something else is there, or the system refuses.
    pub fn bind(path: &Path) -> Result<Self, ControlError> {
        check_length(path)?;
        let failed = |what| move |source| ControlError::Io { what, path: path.to_owned(), source };
        match fs::symlink_metadata(path) {
            Ok(metadata) if !metadata.file_type().is_socket() => return Err(ControlError::NotASocket(path.into())),
            Ok(_) => match std::os::unix::net::UnixStream::connect(path) {
                Ok(_) => return Err(ControlError::Occupied(path.into())),
                Err(_) => fs::remove_file(path).map_err(failed("replace"))?,
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed("look at")(error)),
        }
        let listener = UnixListener::bind(path).map_err(failed("bind"))?;
        // Between the two calls the folder's own 0700 keeps others out.
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(failed("protect"))?;
        Ok(Self { listener, path: path.to_owned() })
    }

    pub(super) async fn accept(&self) -> io::Result<UnixStream> {
        self.listener.accept().await.map(|(stream, _)| stream)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // A file that stays behind is found stale at the next start.
        let _ = fs::remove_file(&self.path);
    }
}

pub(super) fn check_length(path: &Path) -> Result<(), ControlError> {
    match SocketAddr::from_pathname(path) {
        Ok(_) => Ok(()),
        Err(_) => Err(ControlError::PathTooLong { path: path.to_owned(), most: MOST_PATH }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_file_is_its_owners_alone_and_goes_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        let socket = Socket::bind(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        drop(socket);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn only_a_stale_socket_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists(), "left behind as by a kill");
        let socket = Socket::bind(&path).unwrap();
        assert!(matches!(Socket::bind(&path), Err(ControlError::Occupied(_))));
        drop(socket);
        fs::write(&path, "notes").unwrap();
        assert!(matches!(Socket::bind(&path), Err(ControlError::NotASocket(_))));
        assert_eq!(fs::read(&path).unwrap(), b"notes");
    }

    #[tokio::test]
    async fn a_path_too_long_says_what_to_do() {
        let path = Path::new("/tmp").join("x".repeat(200));
        let error = Socket::bind(&path).unwrap_err().to_string();
        assert!(error.contains("107 bytes at most") || error.contains("103 bytes at most"), "{error}");
        assert!(error.contains("shorter path"), "{error}");
    }
}
