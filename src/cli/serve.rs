//! `serve`: listener and deliveries without a dashboard; plain lines on stderr.

use super::CliError;
use super::logging;
use super::program::Program;
use super::progress::ProgressLine;
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
    let mut line = ProgressLine::new("bringing the store up to the journal");
    let program = Program::start(&loaded.settings, &mut |progress| line.show(progress)).await?;
    drop(line);
    tracing::info!("listening on {}, data in {}", program.url(), loaded.settings.data_dir.display());
    let signal = signals.next().await;
    tracing::info!(
        "{signal}: stopping; requests and attempts under way are finished first, a second signal ends at once"
    );
    tokio::select! {
        () = program.stop() => tracing::info!("stopped"),
        again = signals.next() => tracing::warn!("{again}: stopped at once; attempts under way are unknown at the next start"),
    }
    Ok(())
}
