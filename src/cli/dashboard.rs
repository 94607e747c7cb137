//! No command: listener and dashboard in one process; without a terminal, a server with plain lines.

use std::io::{self, IsTerminal, Write};

use super::logging::{self, LOG_FILE};
use super::program::Program;
use super::signals::Signals;
use super::{CliError, serve};
use crate::config::{Alert, Loaded};
use crate::control::identity;
use crate::ui::{self, Ring};

/// Serves, and shows it, until its user quits or a signal asks it to stop. `started` hears of it once webhooks are taken.
///
/// # Errors
/// As [`serve::run`], and when the terminal cannot be used.
pub async fn run(loaded: Loaded, started: impl FnOnce(&Program)) -> Result<(), CliError> {
    if !(io::stdout().is_terminal() && io::stdin().is_terminal()) {
        let _ = writeln!(io::stderr(), "willcall: no terminal: serving without the dashboard");
        return serve::run(loaded, started).await;
    }
    let settings = &loaded.settings;
    // Lines on stderr would be drawn over.
    logging::to_file(settings.log_format, &settings.data_dir.join(LOG_FILE));
    let mut program = serve::start(&loaded, |_| {}).await?;
    if let Ok(opened) = tokio::time::timeout(serve::SOON, program.opened()).await {
        opened?;
    }
    let options = ui::Options {
        who: identity::own(&settings.operator),
        clock: settings.clock,
        no_color: is_set("NO_COLOR"),
        tmux: is_set("TMUX"),
        ring: ring(&settings.alert),
    };
    let mut signals = Signals::take()?;
    let (handle, mut failed) = (program.handle(), None);
    let over = async {
        tokio::select! {
            _ = signals.next() => {}
            // The dashboard shows how far that is.
            error = opening(&mut program, started) => failed = Some(error),
        }
    };
    let shown = ui::run(handle, options, over).await;
    if let Some(error) = failed {
        return Err(error);
    }
    let _ = writeln!(io::stderr(), "willcall: stopping; attempts under way are finished first (Ctrl-C ends at once)");
    tokio::select! {
        () = program.stop() => {}
        _ = signals.next() => {}
    }
    shown.map(drop).map_err(|error| CliError::Failed(error.to_string()))
}

/// Ends when the ledger cannot be opened, and not before.
async fn opening(program: &mut Program, started: impl FnOnce(&Program)) -> CliError {
    if let Err(error) = program.opened().await {
        return error;
    }
    tracing::info!("listening on {}", program.url());
    started(program);
    std::future::pending().await
}

fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty())
}

/// What the dashboard's terminal is to do; a command is run by the program, with or without a dashboard.
fn ring(alert: &Alert) -> Ring {
    match alert {
        Alert::Off | Alert::Command(_) => Ring::Off,
        Alert::Bell => Ring::Bell,
        Alert::Notify => Ring::Notify,
    }
}
