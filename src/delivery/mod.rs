//! OUT. Due work -> target -> outcome. The only place with an HTTP client.
//!
//! | file | idea |
//! | --- | --- |
//! | `target` | what carries a delivery out, and that an attempt always ends in an answer |
//! | `signature` | Standard Webhooks: how a target knows that it was us |
//! | `http` | a target behind a URL |
//! | `command` | a target that is a shell command |
//! | `answer` | what of a target's words is kept, and in what form |
//! | `worker` | claims due work, runs attempts side by side, reports every one |
//!
//! Nothing here decides what an outcome means for a delivery: that is `domain::decide`, behind the engine's door.

pub mod target;

mod signature;

pub mod command;
pub mod http;

mod answer;

pub mod worker;

pub use target::{Target, TargetError};

#[cfg(test)]
pub(crate) mod testing;
