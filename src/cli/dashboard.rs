//! No command: listener and dashboard in one process; without a terminal, a server with plain lines.

use std::io::{self, IsTerminal, Write};

use super::{CliError, serve};
use crate::config::Loaded;

/// Serves, and shows it, until its user quits or a signal asks it to stop.
///
/// # Errors
/// As [`serve::run`].
pub async fn run(loaded: Loaded) -> Result<(), CliError> {
    if !(io::stdout().is_terminal() && io::stdin().is_terminal()) {
        let _ = writeln!(io::stderr(), "willcall: no terminal: serving without the dashboard");
        return serve::run(loaded).await;
    }
    // WIRING: the same as in `serve`, with the dashboard in front of it.
    serve::run(loaded).await
}
