//! The terminal and its manners: taken over on entry, given back on every way out.
//!
//! `ratatui::restore` undoes only raw mode and the alternate screen, and its panic hook acts for any thread: a worker's
//! panic would take raw mode from a live dashboard. Here only a panic of the dashboard's own task gives the terminal back;
//! what other threads say is kept until the screen is left.

use std::io::{self, Stdout, Write, stdout};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};

use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::style::{Attribute, SetAttribute, force_color_output};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use crossterm::{cursor, execute, queue};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::layout::Size;
use super::model::Model;
use super::mouse::{GiveMouseBack, TakeMouse, WheelAsArrows};
use super::theme::Theme;
use super::view;

/// Where the dashboard is drawn.
pub trait Screen {
    /// Columns and rows.
    ///
    /// # Errors
    /// When the terminal does not say.
    fn size(&self) -> io::Result<Size>;

    /// Draws the state.
    ///
    /// # Errors
    /// When the terminal cannot be written to.
    fn draw(&mut self, model: &Model, theme: Theme) -> io::Result<()>;

    /// Forgets what was drawn, so that the next frame draws every cell.
    ///
    /// # Errors
    /// When the terminal cannot be written to.
    fn forget(&mut self) -> io::Result<()>;

    /// Writes a control sequence that draws nothing.
    ///
    /// # Errors
    /// When the terminal cannot be written to.
    fn tell(&mut self, sequence: &str) -> io::Result<()>;

    /// Stops the process as Ctrl-Z does, and comes back when it goes on.
    ///
    /// # Errors
    /// When the terminal cannot be written to.
    fn suspend(&mut self) -> io::Result<()>;

    /// Takes the mouse from the terminal, or gives it back.
    ///
    /// # Errors
    /// When the terminal cannot be written to.
    fn take_mouse(&mut self, on: bool) -> io::Result<()>;

    /// Takes the terminal over anew, after somebody else had it.
    ///
    /// # Errors
    /// When the terminal cannot be written to.
    fn resume(&mut self) -> io::Result<()>;
}

/// The terminal this process was started in, for as long as this value lives.
pub struct OwnTerminal {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    mouse: bool,
    /// What stands on the screen; none: that is not known.
    shown: Option<(Buffer, Option<Position>)>,
}

/// The terminal is ours.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// What other threads' panics said meanwhile.
static UNSAID: Mutex<Vec<String>> = Mutex::new(Vec::new());

tokio::task_local! {
    /// Set while the dashboard's own task runs.
    static OWN_TASK: ();
}

/// Runs the dashboard's task so that its panics are known as its own.
pub(super) async fn as_own_task<F: Future>(task: F) -> F::Output {
    OWN_TASK.scope((), task).await
}

impl OwnTerminal {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// When there is no terminal, or it cannot be set up.
    pub fn enter() -> io::Result<Self> {
        // The theme resolves NO_COLOR. crossterm 0.29 writes `ESC[;m` in place of a colour then, which resets the
        // attributes as well: the selection would vanish.
        force_color_output(true);
        hook_panics();
        let terminal = Terminal::new(CrosstermBackend::new(stdout()))?;
        let own = Self { terminal, mouse: false, shown: None };
        take()?;
        Ok(own)
    }
}

impl OwnTerminal {
    /// Writes what differs from what stands there; where that is not known, everything.
    fn put(&mut self, whole: Rect, wanted: &Buffer, cursor: Option<Position>) -> io::Result<()> {
        if self.shown.is_none() {
            // Not `Terminal::clear`: it asks the terminal where the cursor is and waits for an answer that the key reader
            // may take away.
            self.terminal.resize(whole)?;
        }
        self.terminal.draw(|frame| {
            // Between the two the size may have changed once more: what is told of that draws again.
            copy(wanted, frame.buffer_mut());
            if let Some(cursor) = cursor {
                frame.set_cursor_position(cursor);
            }
        })?;
        Ok(())
    }
}

impl Screen for OwnTerminal {
    fn size(&self) -> io::Result<Size> {
        let size = self.terminal.size()?;
        Ok((size.width, size.height))
    }

    fn draw(&mut self, model: &Model, theme: Theme) -> io::Result<()> {
        let size = self.terminal.size()?;
        let whole = Rect::from((Position::ORIGIN, size));
        let mut wanted = Buffer::empty(whole);
        let cursor = view::draw(&mut wanted, model, theme);
        if self.shown.as_ref().is_some_and(|shown| shown.0 == wanted && shown.1 == cursor) {
            return Ok(());
        }
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        let drawn = self.put(whole, &wanted, cursor);
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        self.shown = drawn.is_ok().then_some((wanted, cursor));
        drawn
    }

    fn forget(&mut self) -> io::Result<()> {
        self.shown = None;
        Ok(())
    }

    fn take_mouse(&mut self, on: bool) -> io::Result<()> {
        self.mouse = on;
        if on { execute!(stdout(), TakeMouse) } else { execute!(stdout(), GiveMouseBack) }
    }

    fn tell(&mut self, sequence: &str) -> io::Result<()> {
        let terminal = self.terminal.backend_mut();
        terminal.write_all(sequence.as_bytes())?;
        Write::flush(terminal)
    }

    fn suspend(&mut self) -> io::Result<()> {
        give_back();
        forget_keys();
        // As the shell would: the whole job stops, here, until it is continued.
        rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)?;
        forget_keys();
        self.resume()
    }

    fn resume(&mut self) -> io::Result<()> {
        take()?;
        if self.mouse {
            self.take_mouse(true)?;
        }
        self.forget()
    }
}

/// Copies the cells that both have.
fn copy(from: &Buffer, to: &mut Buffer) {
    if from.area == to.area {
        to.content.clone_from(&from.content);
        return;
    }
    let both = from.area.intersection(to.area);
    for at in both.positions() {
        to[at].clone_from(&from[at]);
    }
}

/// Keys that were pressed before the process stopped, or meant for the shell meanwhile, are not for the dashboard. Where
/// they cannot be thrown away there is no terminal, and none to throw away.
fn forget_keys() {
    let _ = rustix::termios::tcflush(io::stdin(), rustix::termios::QueueSelector::IFlush);
}

impl Drop for OwnTerminal {
    fn drop(&mut self) {
        give_back();
    }
}

fn take() -> io::Result<()> {
    TAKEN.store(true, Ordering::SeqCst);
    let taken = enable_raw_mode()
        .and_then(|()| execute!(stdout(), EnterAlternateScreen, WheelAsArrows, EnableBracketedPaste, cursor::Hide));
    if taken.is_err() {
        give_back();
    }
    taken
}

/// Gives the terminal back if it was taken. What fails on the way out is left: there is nobody to tell.
fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let _ = execute!(
        stdout(),
        EndSynchronizedUpdate,
        SetAttribute(Attribute::Reset),
        GiveMouseBack,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        cursor::Show
    );
    let _ = disable_raw_mode();
    let unsaid = std::mem::take(&mut *UNSAID.lock().unwrap_or_else(PoisonError::into_inner));
    let mut stderr = io::stderr().lock();
    for one in unsaid {
        let _ = writeln!(stderr, "{one}");
    }
}

fn hook_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let own = OWN_TASK.try_with(|()| ()).is_ok();
            if own {
                give_back();
            }
            if own || !TAKEN.load(Ordering::SeqCst) {
                before(panic);
            } else {
                tracing::error!("{panic}");
                UNSAID.lock().unwrap_or_else(PoisonError::into_inner).push(panic.to_string());
            }
        }));
    });
}
