//! A program in a pseudo-terminal, and what its screen shows. Everything waited for has a limit.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub use portable_pty::{CommandBuilder, ExitStatus};
use portable_pty::{MasterPty, PtySize, native_pty_system};
use rustix::process::kill_process;
pub use rustix::process::{Pid, Signal};

use super::grid::Grid;
use super::watched::Watched;

/// Ample for a debug build on a busy machine; a test that is well never waits for it.
pub const LIMIT: Duration = Duration::from_secs(30);

/// A program running in a terminal. Killed when dropped.
pub struct Terminal {
    pid: Pid,
    master: Box<dyn MasterPty + Send>,
    keyboard: Box<dyn Write + Send>,
    watched: Arc<Watched<State>>,
    reading: Arc<Mutex<()>>,
}

struct State {
    parser: vt100::Parser,
    bytes: usize,
    clears: usize,
    exit: Option<ExitStatus>,
    silent: bool,
}

/// `program` in an environment that is the same everywhere: nothing of the caller's but `PATH`.
pub fn command(program: impl AsRef<Path>) -> CommandBuilder {
    let mut command = CommandBuilder::new(program.as_ref());
    command.env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("TERM", "xterm-256color");
    command.env("COLORTERM", "truecolor");
    command.env("LANG", "C.UTF-8");
    command
}

impl Terminal {
    /// Starts `command` on a screen of that size.
    #[track_caller]
    pub fn start(command: CommandBuilder, columns: u16, rows: u16) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).expect("a pseudo-terminal");
        let mut child = pair.slave.spawn_command(command).expect("the program to start");
        drop(pair.slave);
        let pid = child.process_id().and_then(|pid| Pid::from_raw(pid.cast_signed())).expect("a process id");
        let mut output = pair.master.try_clone_reader().expect("the terminal's output");
        let keyboard = pair.master.take_writer().expect("the terminal's input");

        let parser = vt100::Parser::new(positive(rows), positive(columns), 0);
        let watched = Arc::new(Watched::new(State { parser, bytes: 0, clears: 0, exit: None, silent: false }));
        let screen = Arc::clone(&watched);
        let reading = Arc::new(Mutex::new(()));
        let may_read = Arc::clone(&reading);
        std::thread::spawn(move || {
            let mut chunk = [0; 8192];
            // Linux ends a terminal's output with EIO, others with end of file: either way there is no more.
            while let Ok(length @ 1..) = output.read(&mut chunk) {
                drop(may_read.lock());
                screen.change(|state| {
                    state.bytes += length;
                    // One that is cut in two by the end of a chunk is not counted.
                    state.clears += chunk[..length].windows(4).filter(|bytes| bytes == b"\x1b[2J").count();
                    state.parser.process(&chunk[..length]);
                });
            }
            screen.change(|state| state.silent = true);
        });
        let end = Arc::clone(&watched);
        std::thread::spawn(move || {
            let exit = child.wait().expect("the program's exit status");
            end.change(|state| state.exit = Some(exit));
        });
        Self { pid, master: pair.master, keyboard, watched, reading }
    }

    /// The program's process id.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// The screen as it is now.
    pub fn screen(&self) -> Grid {
        self.watched.read(|state| Grid::of(state.parser.screen()))
    }

    /// True while the program shows the alternate screen, as full-screen programs do.
    pub fn is_full_screen(&self) -> bool {
        self.watched.read(|state| state.parser.screen().alternate_screen())
    }

    /// True while clicks are for the program.
    pub fn takes_mouse(&self) -> bool {
        self.watched.read(|state| state.parser.screen().mouse_protocol_mode() != vt100::MouseProtocolMode::None)
    }

    /// How many bytes it has written.
    pub fn bytes(&self) -> usize {
        self.watched.read(|state| state.bytes)
    }

    /// How often it has cleared the whole screen.
    pub fn clears(&self) -> usize {
        self.watched.read(|state| state.clears)
    }

    /// True while the cursor is hidden.
    pub fn hides_cursor(&self) -> bool {
        self.watched.read(|state| state.parser.screen().hide_cursor())
    }

    /// Presses keys: the bytes a terminal would send.
    #[track_caller]
    pub fn send(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).and_then(|()| self.keyboard.flush()).expect("the keys to arrive");
    }

    /// Gives the terminal another size.
    #[track_caller]
    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.watched.change(|state| state.parser.set_size(positive(rows), positive(columns)));
        self.master.resize(size(columns, rows)).expect("the terminal to take its new size");
    }

    /// Waits until `text` stands somewhere on the screen, within one row.
    #[track_caller]
    pub fn wait_for(&self, text: &str) -> Grid {
        self.wait_until(&format!("{text:?} on the screen"), |grid| grid.find(text).is_some())
    }

    /// Waits until `text` stands nowhere on the screen.
    #[track_caller]
    pub fn wait_until_gone(&self, text: &str) -> Grid {
        self.wait_until(&format!("{text:?} to leave the screen"), |grid| grid.find(text).is_none())
    }

    /// Waits until the screen is as wanted, looking after every chunk of output.
    #[track_caller]
    pub fn wait_until(&self, wanted: &str, is_so: impl Fn(&Grid) -> bool) -> Grid {
        let found = self.watched.wait(LIMIT, |state| {
            let grid = Grid::of(state.parser.screen());
            match is_so(&grid) {
                true => Some(Ok(grid)),
                // After the last output nothing can change any more: say so at once.
                false if state.silent => Some(Err("the program closed its terminal")),
                false => None,
            }
        });
        match found {
            Some(Ok(grid)) => grid,
            Some(Err(why)) => panic!("waited for {wanted}, but {why}:\n{}", self.screen().to_text()),
            None => panic!("waited {LIMIT:?} for {wanted}; the screen is:\n{}", self.screen().to_text()),
        }
    }

    /// The screen as soon as it is as wanted; `None` when it does not come to that within `limit`.
    pub fn try_for(&self, limit: Duration, is_so: impl Fn(&Grid) -> bool) -> Option<Grid> {
        self.watched.wait(limit, |state| Some(Grid::of(state.parser.screen())).filter(&is_so))
    }

    /// The screen once it is as wanted; or, when it does not come to that, once it has not changed for `quiet`.
    pub fn settle(&self, quiet: Duration, is_so: impl Fn(&Grid) -> bool) -> Grid {
        let deadline = Instant::now() + LIMIT;
        let mut seen: Option<Grid> = None;
        while Instant::now() < deadline {
            let news = self.watched.wait(quiet, |state| {
                let grid = Grid::of(state.parser.screen());
                (seen.as_ref() != Some(&grid)).then_some(grid)
            });
            match news {
                Some(grid) if is_so(&grid) => return grid,
                Some(grid) => seen = Some(grid),
                None => break,
            }
        }
        self.screen()
    }

    /// Sends a signal to the program.
    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid, signal).expect("the program to be there");
    }

    /// While this is locked nothing is read of what the program writes.
    pub fn reading(&self) -> Arc<Mutex<()>> {
        Arc::clone(&self.reading)
    }

    /// Waits until the program has ended, whether or not what it wrote has been taken in.
    #[track_caller]
    pub fn wait_for_end(&self) -> ExitStatus {
        let exit = self.watched.wait(LIMIT, |state| state.exit.clone());
        exit.unwrap_or_else(|| panic!("waited {LIMIT:?} for the program to end"))
    }

    /// Waits until the program has ended and all it wrote has been taken in.
    #[track_caller]
    pub fn wait_for_exit(&self) -> ExitStatus {
        let exit = self.watched.wait(LIMIT, |state| state.exit.clone().filter(|_| state.silent));
        exit.unwrap_or_else(|| panic!("waited {LIMIT:?} for the program to end:\n{}", self.screen().to_text()))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if self.watched.read(|state| state.exit.is_none()) {
            // It may end in this very moment by itself; then there is nothing left to kill.
            let _ = kill_process(self.pid, Signal::KILL);
            self.watched.wait(LIMIT, |state| state.exit.as_ref().map(drop));
        }
    }
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

fn positive(length: u16) -> NonZeroU16 {
    NonZeroU16::new(length).expect("a terminal of at least one cell")
}
