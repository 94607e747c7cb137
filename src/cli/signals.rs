//! The signals that ask a server to stop: SIGTERM, SIGINT, SIGHUP.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::CliError;

/// Takes the signals from when it is made; until then they end the process as usual.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    /// Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn take() -> Result<Self, CliError> {
        let take = |kind| signal(kind).map_err(CliError::Runtime);
        Ok(Self {
            terminate: take(SignalKind::terminate())?,
            interrupt: take(SignalKind::interrupt())?,
            hang_up: take(SignalKind::hangup())?,
        })
    }

    /// Waits for the next one and names it. A second one means: at once.
    pub async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.hang_up.recv() => "SIGHUP",
        }
    }
}
