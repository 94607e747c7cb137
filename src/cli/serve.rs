//! `serve`: listener and deliveries without a dashboard; plain lines on stderr.

use std::time::Duration;

use super::CliError;
use super::logging;
use super::program::{CATCHING_UP, Program};
use super::progress::ProgressLine;
use super::signals::Signals;
use crate::config::Loaded;
use crate::engine::Handle;
use crate::store::Progress;

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
    let mut line = ProgressLine::new(CATCHING_UP);
    let mut program = start(&loaded, move |progress| line.show(progress)).await?;
    let opened = async {
        let soon = tokio::time::timeout(SOON, program.opened()).await;
        if let Ok(opened) = soon {
            return opened;
        }
        tracing::info!("the ledger is being opened; until it is, {} answers 503", program.url());
        program.opened().await
    };
    let signal = tokio::select! {
        opened = opened => {
            opened?;
            None
        }
        signal = signals.next() => Some(signal),
    };
    if let Some(signal) = signal {
        tracing::info!("{signal}: stopped while the ledger was being opened; the next start goes on");
        program.stop().await;
        return Ok(());
    }
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

/// What is opened sooner needs no word about it. Short enough that there is a first frame within 300 ms of the start.
pub(super) const SOON: Duration = Duration::from_millis(150);

/// Starts everything; the ledger is still being opened then.
pub(super) async fn start(
    loaded: &Loaded,
    progress: impl FnMut(Progress) + Send + 'static,
) -> Result<Program, CliError> {
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    Program::start(&loaded.settings, progress).await
}
