//! No command: listener and dashboard in one process; without a terminal, or with `--plain`, a server with plain lines.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use super::logging::{self, LOG_FILE};
use super::program::Program;
use super::signals::Signals;
use super::{CliError, plain, remembered, serve};
use crate::config::{Alert, Loaded};
use crate::control::identity;
use crate::ui::colour::Announced;
use crate::ui::preferences::{PreferenceError, Preferences};
use crate::ui::{self, Ring};

/// How long the dashboard may take to leave its terminal.
const STUCK: Duration = Duration::from_secs(5);

/// Serves, and shows it, until its user quits or a signal asks it to stop. `started` hears of it once webhooks are taken.
///
/// # Errors
/// As [`serve::run`], and when the terminal cannot be used.
pub async fn run(loaded: Loaded, plain: bool, started: impl FnOnce(&Program)) -> Result<(), CliError> {
    if plain {
        return serve::run_beside(loaded, started, plain::follow).await;
    }
    if let Some(why) = no_dashboard() {
        let _ = writeln!(io::stderr(), "willcall: {why}: serving without the dashboard, as with --plain");
        return serve::run_beside(loaded, started, plain::follow).await;
    }
    let settings = &loaded.settings;
    // Lines on stderr would be drawn over.
    logging::to_file(settings.log_format, &settings.data_dir.join(LOG_FILE));
    let mut preferences = preferences(&loaded)?;
    if settings.read_only {
        preferences.keys = preferences.keys.only_looking();
    }
    let mut program = serve::start(&loaded, |_| {}).await?;
    if let Ok(opened) = tokio::time::timeout(serve::SOON, program.opened()).await {
        opened?;
    }
    let options = ui::Options {
        who: identity::own(&settings.operator),
        clock: settings.clock,
        preferences,
        remembered: remembered::read(&settings.data_dir),
        tmux: !variable("TMUX").is_empty(),
        ring: ring(&settings.alert),
    };
    let mut signals = Signals::take()?;
    let watch = tokio::spawn(end_without_terminal(Signals::take()?));
    let (handle, mut failed) = (program.handle(), None);
    let over = async {
        tokio::select! {
            _ = signals.next() => {}
            // The dashboard shows how far that is.
            error = opening(&mut program, started) => failed = Some(error),
        }
    };
    let shown = ui::run(handle, options, over).await;
    watch.abort();
    if let Ok(ended) = &shown {
        remembered::write(&settings.data_dir, &ended.remembered);
        for what in &ended.not_given {
            let says = format!("not done, because the dashboard was left first: {what}");
            tracing::warn!("{says}");
            let _ = writeln!(io::stderr(), "willcall: {says}");
        }
    }
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

/// A terminal that reads nothing, as that of a connection that hangs, holds up whoever draws on it, for ever perhaps. After a
/// signal the process ends all the same: soon, or at once after another. To the ledger it is as if it were killed. For as long as
/// the dashboard is shown.
async fn end_without_terminal(mut signals: Signals) {
    let name = signals.next().await;
    tokio::select! {
        () = tokio::time::sleep(STUCK) => {}
        _ = signals.next() => {}
    }
    tracing::warn!("the terminal takes no output: ended by {name} without it; attempts under way count as unknown");
    std::process::exit(1);
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

/// What the dashboard's terminal is to do; a command is run by the program, with or without a dashboard.
fn ring(alert: &Alert) -> Ring {
    match alert {
        Alert::Off | Alert::Command(_) => Ring::Off,
        Alert::Bell => Ring::Bell,
        Alert::Notify => Ring::Notify,
    }
}

/// Why there can be no dashboard here, if there can be none.
fn no_dashboard() -> Option<&'static str> {
    if !(io::stdout().is_terminal() && io::stdin().is_terminal()) {
        return Some("no terminal");
    }
    terminal().dumb().then_some("a terminal that cannot be drawn on (TERM=dumb)")
}

/// How its reader wants the dashboard, on this terminal.
///
/// # Errors
/// When the file's keys or colours cannot be followed.
pub fn preferences(loaded: &Loaded) -> Result<Preferences, PreferenceError> {
    Preferences::read(loaded.settings.theme, loaded.settings.mouse, &loaded.entries, &terminal())
}

/// What the environment says of the terminal.
fn terminal() -> Announced {
    Announced {
        no_color: !variable("NO_COLOR").is_empty(),
        term: variable("TERM"),
        colorterm: variable("COLORTERM"),
        colorfgbg: variable("COLORFGBG"),
    }
}

fn variable(name: &str) -> String {
    std::env::var_os(name).map_or(String::new(), |value| value.to_string_lossy().into_owned())
}
