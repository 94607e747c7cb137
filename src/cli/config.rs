//! `config show`, `config path`.

use std::io::{self, Write};

use clap::Subcommand;

use super::CliError;
use super::dashboard::preferences;
use super::settings::{Place, Serving};
use crate::domain::text::visible;

/// What to say of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum Verb {
    /// Every setting and where it comes from, as TOML; secrets are masked
    Show,
    /// The configuration file that is read, whether it exists or not
    Path,
}

/// Does it.
///
/// # Errors
/// When the settings are wrong, or there is no home to look for a file in.
pub fn run(verb: &Verb, place: &Place, serving: &Serving, out: &mut dyn Write) -> Result<(), CliError> {
    let loaded = place.load(serving)?;
    for warning in &loaded.warnings {
        let _ = writeln!(io::stderr(), "willcall: {}", visible(warning));
    }
    match verb {
        Verb::Show => {
            let text = loaded.shown() + &preferences(&loaded)?.shown(&loaded.entries);
            for line in text.lines() {
                writeln!(out, "{}", visible(line))?;
            }
        }
        Verb::Path => match &loaded.file {
            Some(path) => writeln!(out, "{}", path.display())?,
            None => return Err(CliError::Failed("there is no home folder to look in: use --config".to_owned())),
        },
    }
    Ok(())
}
