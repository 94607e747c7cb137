//! `serve`: listener and deliveries without a dashboard; plain lines on stderr.

use super::CliError;
use super::logging;
use super::program::Program;
use super::progress::ProgressLine;
use super::signals::Signals;
use crate::config::Loaded;
use crate::engine::Handle;

/// Serves until a signal asks it to stop. `started` hears of it once webhooks are taken.
///
/// # Errors
/// When it cannot start.
pub async fn run(loaded: Loaded, started: impl FnOnce(&Program)) -> Result<(), CliError> {
    run_beside(loaded, started, |_| std::future::pending()).await
}

/// The same, with something beside it that looks on, and with whose end serving ends too.
pub(super) async fn run_beside<F: Future<Output = Result<(), CliError>>>(
    loaded: Loaded,
    started: impl FnOnce(&Program),
    beside: impl FnOnce(Handle) -> F,
) -> Result<(), CliError> {
    logging::to_stderr(loaded.settings.log_format);
    let mut signals = Signals::take()?;
    let program = start(&loaded).await?;
    tracing::info!("listening on {}, data in {}", program.url(), loaded.settings.data_dir.display());
    started(&program);
    let mut result = Ok(());
    let why = tokio::select! {
        signal = signals.next() => signal,
        ended = beside(program.handle()) => {
            result = ended;
            "no reader any more"
        }
        () = program.broken() => {
            return Err(CliError::Failed("the ledger has stopped; the log says why, and a new start goes on".to_owned()));
        }
    };
    tracing::info!("{why}: stopping; what is under way is finished first, a second signal ends at once");
    tokio::select! {
        () = program.stop() => tracing::info!("stopped"),
        again = signals.next() => {
            tracing::warn!("{again}: stopped at once; attempts under way are unknown at the next start");
        }
    }
    result
}

/// Starts everything, and says on the terminal how far it is when that takes long.
pub(super) async fn start(loaded: &Loaded) -> Result<Program, CliError> {
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let mut line = ProgressLine::new("bringing the store up to the journal");
    Program::start(&loaded.settings, &mut |progress| line.show(progress)).await
}
