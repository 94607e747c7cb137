//! `export`: all records as JSON lines, oldest first. The records' own JSON, so that nothing is lost.

use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;

use super::arguments::ExportOptions;
use super::{CliError, error, json};
use crate::config::Settings;
use crate::domain::record::Record;
use crate::engine::local;

/// Records, oldest first, or why the next cannot be read.
type Records = Box<dyn Iterator<Item = Result<Record, CliError>>>;

/// Does it.
///
/// # Errors
/// When the journal cannot be read or the records cannot be written.
pub fn run(options: &ExportOptions, settings: &Settings, out: &mut dyn Write) -> Result<(), CliError> {
    let Some(path) = &options.output else {
        return write(records(settings)?, out);
    };
    let records = records(settings)?;
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = file.map_err(error::file("create", path))?;
    write(records, &mut file)?;
    file.sync_all().map_err(error::file("write", path))
}

fn records(settings: &Settings) -> Result<Records, CliError> {
    let records = local::records(settings).map_err(CliError::from)?;
    Ok(Box::new(records.map(|record| record.map_err(CliError::from))))
}

fn write(records: Records, out: &mut dyn Write) -> Result<(), CliError> {
    let mut out = BufWriter::new(out);
    for record in records {
        json::line(&mut out, &record?)?;
    }
    Ok(out.flush()?)
}
