//! `rebuild`: builds the store anew from the journal, which is the truth and is not touched.

use std::io::Write;

use super::CliError;
use super::progress::ProgressLine;
use crate::config::Settings;
use crate::engine::local;

/// Does it.
///
/// # Errors
/// When a server holds the folder, or the journal cannot be read.
pub fn run(settings: &Settings, out: &mut dyn Write) -> Result<(), CliError> {
    let mut line = ProgressLine::new("rebuilding the store");
    let records = local::rebuild(settings, &mut |progress| line.show(progress))?;
    drop(line);
    Ok(writeln!(out, "store rebuilt from {records} records")?)
}
