//! `rebuild`: builds the store anew from the journal, which is the truth and is not touched.

use std::io::{self, IsTerminal, Write};

use super::CliError;
use crate::config::Settings;

/// Does it.
///
/// # Errors
/// When a server holds the folder, or the journal cannot be read.
pub fn run(settings: &Settings, out: &mut dyn Write) -> Result<(), CliError> {
    let mut progress = Progress::new();
    let records = replay(settings, &mut |done, all| progress.show(done, all))?;
    progress.end();
    Ok(writeln!(out, "store rebuilt from {records} records")?)
}

fn replay(settings: &Settings, progress: &mut dyn FnMut(u64, u64)) -> Result<u64, CliError> {
    // WIRING: the journal is replayed into an empty store here; `progress` takes records done and records in all.
    progress(0, 0);
    Err(CliError::Failed(format!("nothing can rebuild {} yet", settings.data_dir.display())))
}

/// A line on the terminal that counts; nothing where nobody watches.
struct Progress {
    watched: bool,
    shown: Option<u64>,
}

impl Progress {
    fn new() -> Self {
        Self { watched: io::stderr().is_terminal(), shown: None }
    }

    fn show(&mut self, done: u64, all: u64) {
        let percent = (done * 100).checked_div(all).unwrap_or(100);
        if self.watched && self.shown != Some(percent) {
            self.shown = Some(percent);
            let filled = usize::try_from(percent / 5).unwrap_or(20);
            let _ =
                write!(io::stderr(), "\r[{:<20}] {percent:>3} %  {done} of {all} records", "#".repeat(filled.min(20)));
        }
    }

    fn end(&self) {
        if self.shown.is_some() {
            let _ = writeln!(io::stderr());
        }
    }
}
