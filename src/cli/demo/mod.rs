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

use self::folder::ThrowAway;
use self::platform::Platform;
use super::settings::{Place, Serving};
use super::{CliError, dashboard};
use crate::config::{Alert, Auth, Target};
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

/// Runs the demonstration until its user quits or a signal asks it to stop; the same `seed` gives the same traffic.
///
/// # Errors
/// When it cannot start.
pub async fn run(seed: Option<u64>, plain: bool, place: &Place, serving: Serving) -> Result<(), CliError> {
    let folder = ThrowAway::create().map_err(CliError::Runtime)?;
    let platform = Platform::start().await.map_err(CliError::Runtime)?;
    let mut loaded = place.load(&serving)?;
    let settings = &mut loaded.settings;
    settings.data_dir = folder.path().to_owned();
    settings.deliver.target = Target::Http { url: platform.url(), secret: None };
    settings.deliver.timeout = TIMEOUT;
    settings.deliver.retry = retry_policy();
    settings.auth = Auth::default();
    // Nobody is to be woken by what is made up.
    if let Alert::Command(_) = settings.alert {
        settings.alert = Alert::Off;
    }
    if !settings.listen.ip().is_loopback() {
        return Err(CliError::Usage("the demonstration listens on loopback only: leave --listen out".to_owned()));
    }
    if std::net::TcpListener::bind(settings.listen).is_err() {
        // A server of one's own may have the usual port; what is shown says which one it is.
        settings.listen.set_port(0);
    }
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let seed = seed.unwrap_or(SEED);
    let clock = loaded.settings.clock;
    let result = dashboard::run(loaded, plain, |program| {
        let to = program.url();
        tokio::spawn(async move {
            let until = async { drop(stopped.await) };
            match to.parse() {
                Ok(to) => {
                    if let Err(error) = traffic::traffic(to, seed, 1.0, clock, until).await {
                        tracing::error!("the demonstration's traffic has ended: {error}");
                    }
                }
                Err(error) => tracing::error!("the demonstration has no traffic: {to}: {error}"),
            }
        });
    })
    .await;
    drop(stop);
    platform.stop().await;
    result
}
