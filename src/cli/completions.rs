//! `completions`: what a shell needs to complete these commands.

use std::io::Write;

use super::CliError;

/// Does it.
///
/// # Errors
/// When it cannot be written.
pub fn run(shell: clap_complete::Shell, mut command: clap::Command, out: &mut dyn Write) -> Result<(), CliError> {
    // Generated into memory: the generator panics on a pipe that breaks.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "willcall", &mut script);
    Ok(out.write_all(&script)?)
}
