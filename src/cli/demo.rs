//! `demo`: a throw-away data folder, a pretend platform and live traffic.

use super::CliError;
use super::settings::Serving;

/// Runs the demonstration; the same `seed` gives the same traffic.
///
/// # Errors
/// When it cannot start.
pub async fn run(seed: Option<u64>, serving: Serving) -> Result<(), CliError> {
    // WIRING: replaced by the demonstration itself.
    let _ = (seed, serving);
    Err(CliError::Failed("there is no demonstration in this build".to_owned()))
}
