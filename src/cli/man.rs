//! `man`: the manual page, or the pages of all commands.

use std::io::Write;
use std::path::Path;

use super::{CliError, error};

/// Does it.
///
/// # Errors
/// When it cannot be written.
pub fn run(folder: Option<&Path>, command: clap::Command, out: &mut dyn Write) -> Result<(), CliError> {
    match folder {
        Some(folder) => {
            std::fs::create_dir_all(folder).map_err(error::file("create", folder))?;
            clap_mangen::generate_to(command, folder).map_err(error::file("write to", folder))
        }
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(command).render(&mut page)?;
            Ok(out.write_all(&page)?)
        }
    }
}
