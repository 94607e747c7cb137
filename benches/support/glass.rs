//! The program in a pseudo-terminal, watched frame by frame: when each came, and up to which event it shows them.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use portable_pty::{MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

use super::terminal::CommandBuilder;

/// What a frame begins with: a synchronized update.
const FRAME: &[u8] = b"\x1b[?2026h";

/// A frame that has come in full.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    /// When the last of it was read.
    pub(crate) at: Instant,
    /// What its header says is stored.
    pub(crate) stored: u64,
    /// The number of the newest row; none where there is no list.
    pub(crate) newest: Option<u64>,
}

/// A program on a screen of 120x36. Killed when dropped.
pub(crate) struct Glass {
    pid: Pid,
    keyboard: Box<dyn Write + Send>,
    frames: Arc<Mutex<Vec<Frame>>>,
    _master: Box<dyn MasterPty + Send>,
}

impl Glass {
    pub(crate) fn start(command: CommandBuilder) -> Self {
        let size = PtySize { rows: 36, cols: 120, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let mut child = pair.slave.spawn_command(command).expect("the program to start");
        drop(pair.slave);
        let pid = child.process_id().and_then(|pid| Pid::from_raw(pid.cast_signed())).expect("a process id");
        let mut output = pair.master.try_clone_reader().expect("the terminal's output");
        let keyboard = pair.master.take_writer().expect("the terminal's input");
        let frames = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&frames);
        std::thread::spawn(move || {
            let length = |cells| NonZeroU16::new(cells).expect("a terminal has cells");
            let mut parser = vt100::Parser::new(length(36), length(120), 0);
            let mut chunk = vec![0; 1 << 16];
            while let Ok(count @ 1..) = output.read(&mut chunk) {
                let at = Instant::now();
                let begun = chunk[..count].windows(FRAME.len()).filter(|bytes| *bytes == FRAME).count();
                parser.process(&chunk[..count]);
                let Some(stored) = stored(parser.screen()) else { continue };
                let frame = Frame { at, stored, newest: newest(parser.screen()) };
                let mut frames = seen.lock().unwrap_or_else(PoisonError::into_inner);
                match frames.last_mut() {
                    // The rest of one that was cut in two.
                    Some(last) if begun == 0 => *last = frame,
                    _ => frames.push(frame),
                }
            }
            child.wait()
        });
        Self { pid, keyboard, frames, _master: pair.master }
    }

    /// The program's process id.
    pub(crate) fn pid(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// Presses keys.
    pub(crate) fn send(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).and_then(|()| self.keyboard.flush()).expect("the keys to arrive");
    }

    /// The frames so far that had a count.
    pub(crate) fn frames(&self) -> Vec<Frame> {
        self.frames.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Glass {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = kill_process(self.pid, Signal::KILL);
    }
}

/// The number in the header's `stored 1,234`.
fn stored(screen: &vt100::Screen) -> Option<u64> {
    let header = screen.rows(0, 120).next()?;
    let (_, number) = header.split_once("stored ")?;
    let digits: String = number.chars().take_while(|one| *one != ' ').filter(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// The number of the first row of a feed or of the deliveries.
fn newest(screen: &vt100::Screen) -> Option<u64> {
    let is_head = |row: &str| ["time", "id"].contains(&row.split_whitespace().next().unwrap_or_default());
    let row = screen.rows(0, 120).skip_while(|row| !is_head(row)).nth(1)?;
    row.split_whitespace().find_map(|word| word.strip_prefix("d-").unwrap_or(word).parse().ok())
}
