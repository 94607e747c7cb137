//! `willcall demo`: a throw-away data folder, a pretend platform, and live traffic through the real HTTP door.
//!
//! | file | idea |
//! | --- | --- |
//! | `platform` | a ticketing platform on loopback that keeps owners honestly and behaves badly on purpose |
//! | `manner` | how it behaves, which follows from the ticket's id |
//! | `script` | what menta sends: an opening that shows everything, then endless ordinary days |
//! | `world` | who owns and offers what, so that traffic makes sense |
//! | `cast` | people, shows and venues, all invented |
//! | `payloads` | webhooks in the documented shapes |
//! | `traffic` | posts steps to a listener, as menta would |
//! | `folder` | a data folder that is removed at the end |

use std::time::Duration;

use crate::domain::retry::RetryPolicy;

pub mod folder;
pub mod platform;
pub mod script;
pub mod traffic;

mod cast;
mod manner;
mod payloads;
mod world;

/// The traffic that is shown unless another is asked for.
pub const SEED: u64 = 7;

/// Shorter than the platform's longest silence, so that a timeout is seen.
pub const TIMEOUT: Duration = Duration::from_secs(4);

/// A schedule by which things move while one watches: 2 s, 4 s, 8 s.
pub fn retry_policy() -> RetryPolicy {
    RetryPolicy { delays: [2, 4, 8].map(chrono::Duration::seconds).to_vec(), jitter_percent: 20 }
}
