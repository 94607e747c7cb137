//! What is said over the control socket. Adding a variant needs no new protocol number; changing one does.

use serde::{Deserialize, Serialize};

use crate::domain::moment::{Moment, Recalled};
use crate::domain::query::{Answer, Done, Order, Query, Status};
use crate::engine::DeskError;

/// The number of this protocol.
pub const PROTOCOL: u32 = 1;

/// The longest request, in bytes. An order's reason is a few sentences.
pub const MOST_REQUEST: usize = 64 * 1024;

/// The longest reply, in bytes. A timeline of 500 webhooks of the default size limit is the largest there is.
pub const MOST_REPLY: usize = 256 * 1024 * 1024;

/// A line from the client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The client's number for it; the reply carries it.
    pub id: u64,
    /// What is wanted.
    pub want: Want,
}

/// What a client wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Want {
    /// An answer.
    Ask(Query),
    /// An answer as of an earlier moment.
    Recall(Query, Moment),
    /// Something done. `who` is a claim: the server adds the user id.
    Act(Order),
    /// How the program is.
    Status,
    /// A line whenever something has changed.
    Watch,
}

/// A line from the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// The first line.
    Hello {
        /// See [`PROTOCOL`].
        protocol: u32,
        /// The program's version.
        version: String,
    },
    /// The answer to a request.
    Reply {
        /// The request's number; none when it could not be read.
        id: Option<u64>,
        /// What became of it.
        result: Result<Given, DeskError>,
    },
    /// Something has changed. Several changes may come as one.
    Changed {
        /// The last record.
        last: u64,
    },
}

/// What a client is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Given {
    /// For [`Want::Ask`].
    Answer(Box<Answer>),
    /// For [`Want::Recall`].
    Recalled(Box<Recalled<Answer>>),
    /// For [`Want::Act`].
    Done(Box<Done>),
    /// For [`Want::Status`].
    Status(Box<Status>),
    /// For [`Want::Watch`].
    Watching,
}
