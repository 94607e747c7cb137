//! The real program from end to end: webhooks over HTTP, a platform that is a server of its own, staff at the command line.
//!
//! | file | idea |
//! | --- | --- |
//! | [`path`] | every documented webhook on its whole way, and after `kill -9` |
//! | [`reversals`] | a sale taken back before, during and after its delivery |
//! | [`staff`] | retry, mark delivered, cancel, undo, quarantine |
//! | [`targets`] | a command, or nobody |
//! | [`running`] | starting, stopping, and one process a data folder |
//! | [`senders`] | who may send webhooks |
//! | [`records`] | rebuild and export |
//! | [`retention`] | what is old and settled goes, and its room comes back |
//! | [`alerts`] | new failures told to a command |
//! | [`damage`] | torn, damaged and full disks |

#[path = "../support/mod.rs"]
mod support;

mod alerts;
mod damage;
mod path;
mod records;
mod retention;
mod reversals;
mod running;
mod senders;
mod staff;
mod targets;

/// The values of `key`, in order.
fn each<'a>(key: &str, objects: &'a [serde_json::Value]) -> Vec<&'a str> {
    objects.iter().map(|one| one[key].as_str().unwrap_or("-")).collect()
}
