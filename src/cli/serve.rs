//! `serve`: listener and deliveries without a dashboard; plain lines on stderr.

use super::CliError;
use super::logging;
use super::signals::Signals;
use crate::config::Loaded;

/// Serves until a signal asks it to stop.
///
/// # Errors
/// When it cannot start, or what it has kept cannot be kept any longer.
pub async fn run(loaded: Loaded) -> Result<(), CliError> {
    logging::start(loaded.settings.log_format);
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let mut signals = Signals::take()?;
    // WIRING: journal, store, engine, listener, worker and control socket start here, before the wait.
    let signal = signals.next().await;
    tracing::info!("{signal}: stopping");
    // WIRING: and stop here, in the opposite order.
    Ok(())
}
