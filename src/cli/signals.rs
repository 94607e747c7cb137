//! The signals that ask a server to stop: SIGTERM, SIGINT, SIGHUP; and the one that must not end it.

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

/// Makes a write beyond the file size limit (`ulimit -f`) an error, as on a full disk, where it would end the process.
///
/// # Errors
/// When the system refuses.
pub fn outlive_file_size_limit() -> Result<(), CliError> {
    // Dropping it does not bring the default back.
    let kind = SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw());
    signal(kind).map(drop).map_err(CliError::Runtime)
}
