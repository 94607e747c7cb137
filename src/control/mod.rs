//! REMOTE. The same door over a Unix socket: for the command line and for attached consoles.
//!
//! `<data folder>/control.sock`, mode 0600. Both sides speak lines of JSON:
//!
//! ```text
//! server: {"hello":{"protocol":1,"version":"0.1.0"}}
//! client: {"id":1,"want":{"ask":{"event":41}}}
//! server: {"reply":{"id":1,"result":{"Ok":{"answer":{"event":null}}}}}
//! client: {"id":2,"want":"watch"}
//! server: {"reply":{"id":2,"result":{"Ok":"watching"}}}
//! server: {"changed":{"last":42}}
//! ```
//!
//! Requests of one connection are answered in their order; connections do not wait for each other. No line is longer than
//! [`wire::MOST_REQUEST`] and [`wire::MOST_REPLY`]; who sends a longer one is told so and cut off. Whoever a client says it
//! acts for, the server adds the user id that the kernel vouches for.
//!
//! | file | idea |
//! | --- | --- |
//! | [`wire`] | what is said, as types |
//! | `lines` | lines of bounded length |
//! | [`identity`] | a name and the user id behind it |
//! | [`socket`] | the socket file: made, found stale, taken away |
//! | [`server`] | answers |
//! | [`remote`] | asks |

pub mod identity;
mod lines;
pub mod remote;
pub mod server;
pub mod socket;
pub mod wire;

#[cfg(test)]
mod tests;

pub use remote::Remote;
pub use server::serve;
pub use socket::Socket;

use std::io;
use std::path::PathBuf;

/// The socket's name in the data folder.
pub const SOCKET_NAME: &str = "control.sock";

/// Why there is no conversation.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The system allows only short names for sockets.
    #[error("{path} is too long for a socket, {most} bytes at most: choose a data folder with a shorter path")]
    PathTooLong {
        /// The socket.
        path: PathBuf,
        /// The most bytes.
        most: usize,
    },
    /// Another server answers there.
    #[error("another server answers on {0}: stop it first, or choose another data folder")]
    Occupied(PathBuf),
    /// There is something else in the socket's place.
    #[error("{0} is not a socket: move it away")]
    NotASocket(PathBuf),
    /// Nobody listens.
    #[error("no server answers on {0}")]
    Absent(PathBuf),
    /// The other side is of another version.
    #[error(
        "the server on {path} is willcall {version} and speaks protocol {theirs}, this one {ours}: use the same version"
    )]
    OtherProtocol {
        /// The socket.
        path: PathBuf,
        /// The server's version.
        version: String,
        /// The server's protocol.
        theirs: u32,
        /// This program's.
        ours: u32,
    },
    /// What answers there is no willcall, or too busy a one.
    #[error("no greeting from the server on {path}: {why}")]
    NoGreeting {
        /// The socket.
        path: PathBuf,
        /// What came instead.
        why: String,
    },
    /// The system refused.
    #[error("cannot {what} {path}: {source}")]
    Io {
        /// As in `bind`.
        what: &'static str,
        /// The socket.
        path: PathBuf,
        /// Its reason.
        source: io::Error,
    },
}
