//! `rebuild`: builds the store anew from the journal, which is the truth; of it nothing but a torn end is cut.

use std::io::{self, Write};

use super::CliError;
use super::program::existing;
use super::progress::ProgressLine;
use crate::config::Settings;
use crate::domain::text::visible;
use crate::engine::local;

/// Does it.
///
/// # Errors
/// When a server holds the folder, or the journal cannot be read.
pub fn run(settings: &Settings, out: &mut dyn Write) -> Result<(), CliError> {
    let mut line = ProgressLine::new("rebuilding the store");
    let (records, opening) = local::rebuild(existing(settings)?, &mut |progress| line.show(progress))?;
    drop(line);
    for warning in opening.warnings {
        writeln!(io::stderr(), "willcall: {}", visible(&warning))?;
    }
    Ok(writeln!(out, "store rebuilt from {records} records")?)
}
