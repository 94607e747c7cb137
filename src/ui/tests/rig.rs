//! The real loop, on a screen of cells and with scripted keys.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crossterm::event::{Event, KeyEvent};
use futures_util::stream;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::ledger::{FakeDesk, Ledger, now};
use crate::config::clock::Clock;
use crate::engine::Handle;
use crate::ui::keymap::Chord;
use crate::ui::layout::Size;
use crate::ui::model::Model;
use crate::ui::preferences::Preferences;
use crate::ui::remembered::Remembered;
use crate::ui::ring::Ring;
use crate::ui::run::{Ended, Exit, Options, UiError, drive};
use crate::ui::terminal::Screen;
use crate::ui::text::width;
use crate::ui::theme::Theme;
use crate::ui::view;

/// Text of the cells, line by line.
pub(super) fn text_of(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in buffer.area.top()..buffer.area.bottom() {
        let mut skip = 0;
        for x in buffer.area.left()..buffer.area.right() {
            let symbol = buffer[(x, y)].symbol();
            if skip == 0 {
                out.push_str(symbol);
                skip = width(symbol).max(1);
            }
            skip -= 1;
        }
        out.push('\n');
    }
    out
}

struct CellScreen {
    terminal: Terminal<TestBackend>,
    shown: watch::Sender<Buffer>,
    rung: watch::Sender<Vec<String>>,
    frames: Arc<AtomicU64>,
    mouse: watch::Sender<bool>,
}

fn never<T>(result: Result<T, std::convert::Infallible>) -> T {
    match result {
        Ok(value) => value,
    }
}

impl Screen for CellScreen {
    fn size(&self) -> io::Result<Size> {
        let size = never(self.terminal.size());
        Ok((size.width, size.height))
    }

    fn draw(&mut self, model: &Model, theme: Theme) -> io::Result<()> {
        self.terminal.backend_mut().resize(model.size.0, model.size.1);
        never(self.terminal.draw(|frame| {
            if let Some(at) = view::draw(frame.buffer_mut(), model, theme) {
                frame.set_cursor_position(at);
            }
        }));
        self.frames.fetch_add(1, Ordering::SeqCst);
        self.shown.send_replace(self.terminal.backend().buffer().clone());
        Ok(())
    }

    fn forget(&mut self) -> io::Result<()> {
        never(self.terminal.clear());
        Ok(())
    }

    fn tell(&mut self, sequence: &str) -> io::Result<()> {
        self.rung.send_modify(|rung| rung.push(sequence.to_owned()));
        Ok(())
    }

    fn suspend(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn take_mouse(&mut self, on: bool) -> io::Result<()> {
        self.mouse.send_replace(on);
        Ok(())
    }

    fn resume(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The real loop, with scripted keys.
pub(super) struct Rig {
    pub(super) desk: FakeDesk,
    keys: mpsc::UnboundedSender<Event>,
    screen: watch::Receiver<Buffer>,
    pub(super) rung: watch::Receiver<Vec<String>>,
    pub(super) mouse: watch::Receiver<bool>,
    frames: Arc<AtomicU64>,
    task: JoinHandle<Result<Ended, UiError>>,
}

/// Longer than anything here takes, so that a failing test says what it saw.
const PATIENCE: Duration = Duration::from_secs(10);

impl Rig {
    pub(super) fn start(ledger: Ledger, size: Size) -> Self {
        Self::start_as(ledger, size, Preferences::default(), Remembered::default())
    }

    /// The loop as its reader wants it.
    pub(super) fn start_as(ledger: Ledger, size: Size, preferences: Preferences, remembered: Remembered) -> Self {
        let desk = FakeDesk::new(ledger);
        let (keys, events) = mpsc::unbounded_channel();
        let (shown, screen) = watch::channel(Buffer::empty(Rect::new(0, 0, size.0, size.1)));
        let (rung, rings) = watch::channel(Vec::new());
        let handle = Handle::new(desk.clone());
        let (taken, mouse) = watch::channel(false);
        let frames = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&frames);
        let task = tokio::spawn(async move {
            let terminal = never(Terminal::new(TestBackend::new(size.0, size.1)));
            let mut screen = CellScreen { terminal, shown, rung, frames: counted, mouse: taken };
            let input = stream::unfold(events, |mut events: mpsc::UnboundedReceiver<Event>| async move {
                events.recv().await.map(|event| (Ok(event), events))
            });
            let (who, clock) = ("ana (uid 1000)".into(), Clock::Fixed(now()));
            let options = Options { who, clock, preferences, remembered, tmux: false, ring: Ring::Bell };
            drive(&handle, options, &mut screen, input, stream::pending(), std::future::pending::<()>()).await
        });
        Self { desk, keys, screen, rung: rings, mouse, frames, task }
    }

    /// Presses keys, named as in the action table and parted by blanks.
    pub(super) fn press(&self, keys: &str) {
        for key in keys.split_whitespace() {
            let chord = Chord::parse(key).unwrap_or_else(|| panic!("no key {key}"));
            self.send(Event::Key(KeyEvent::new(chord.code, chord.modifiers)));
        }
    }

    pub(super) fn send(&self, event: Event) {
        self.keys.send(event).expect("the loop runs");
    }

    /// Types a text.
    pub(super) fn write(&self, text: &str) {
        for character in text.chars() {
            self.send(Event::Key(KeyEvent::from(crossterm::event::KeyCode::Char(character))));
        }
    }

    /// Waits until the screen is so.
    pub(super) async fn until(&mut self, what: &str, so: impl Fn(&str) -> bool) -> String {
        let seen = tokio::time::timeout(PATIENCE, self.screen.wait_for(|buffer| so(&text_of(buffer)))).await;
        let seen = seen.ok().and_then(Result::ok).map(|buffer| text_of(&buffer));
        if let Some(seen) = seen {
            return seen;
        }
        let last = text_of(&self.screen.borrow());
        panic!("never saw {what}; last:\n{last}");
    }

    /// Waits until all of these are on the screen.
    pub(super) async fn see(&mut self, all: &[&str]) -> String {
        self.until(&format!("{all:?}"), |text| all.iter().all(|one| text.contains(one))).await
    }

    /// How often it has drawn.
    pub(super) fn frames(&self) -> u64 {
        self.frames.load(Ordering::SeqCst)
    }

    /// The cells as they are now.
    pub(super) fn cells(&self) -> Buffer {
        self.screen.borrow().clone()
    }

    /// Waits until the loop has ended.
    pub(super) async fn exit(self) -> Exit {
        self.ended().await.exit
    }

    /// The same, and as what it is remembered.
    pub(super) async fn ended(self) -> Ended {
        tokio::time::timeout(PATIENCE, self.task).await.expect("the loop ends").expect("no panic").expect("no error")
    }
}
