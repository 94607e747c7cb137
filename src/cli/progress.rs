//! A line on the terminal that counts what was done, how fast, and how long the rest will take; nothing where nobody
//! watches.

use std::io::{self, IsTerminal, Write};
use std::time::Instant;

use crate::store::Progress;

/// The line. Ended, if it was begun, when it is dropped.
#[derive(Debug)]
pub struct ProgressLine {
    what: &'static str,
    watched: bool,
    began: Instant,
    shown: Option<u8>,
}

impl ProgressLine {
    /// A line for `what`, as in `rebuilding the store`.
    pub fn new(what: &'static str) -> Self {
        Self { what, watched: io::stderr().is_terminal(), began: Instant::now(), shown: None }
    }

    /// Counts; writes once a per cent.
    pub fn show(&mut self, progress: Progress) {
        let percent = progress.percent();
        // What is done in a moment needs no line.
        if self.watched && self.shown != Some(percent) && self.began.elapsed().as_millis() > 300 {
            self.shown = Some(percent);
            let rate = progress.done.0 as f64 / self.began.elapsed().as_secs_f64();
            let left = progress.of.0.saturating_sub(progress.done.0) as f64 / rate.max(1.0);
            let bar = "█".repeat(usize::from(percent / 5));
            let _ = write!(
                io::stderr(),
                "\r{}: [{bar:░<20}] {percent:>3} %  {} of {} records, {rate:.0}/s, {left:.0} s left ",
                self.what,
                progress.done,
                progress.of
            );
        }
    }

    /// Takes the line off the screen, so that something else can be written there.
    pub fn clear(&mut self) {
        if self.shown.take().is_some() {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        if self.shown.is_some() {
            let _ = writeln!(io::stderr());
        }
    }
}
