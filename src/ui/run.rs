//! The loop: keys, signals, the ledger's change ticks and answers, and the second's tick, one at a time; a frame when
//! something has changed, at most 30 a second.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use crossterm::event::{Event, EventStream, KeyEventKind, MouseButton, MouseEventKind};
use futures_util::{Stream, StreamExt, stream};
use ratatui::layout::Position;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};

use super::clipboard;
use super::effect::{self, Doors, Effect};
use super::layout;
use super::model::Model;
use super::pace::Present;
use super::pointer::{NOTCH, Pointer};
use super::preferences::Preferences;
use super::remembered::Remembered;
use super::resizing::Resizing;
use super::ring::Ring;
use super::terminal::{OwnTerminal, Screen, as_own_task};

use super::update::{self, Message, update};
use super::view;
use crate::config::clock::Clock;
use crate::domain::query::Status;
use crate::engine::{DeskError, Handle};

/// How the dashboard is to be run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Who sits here, for the record, as in `ana (uid 1000)`.
    pub who: String,
    /// What time it is.
    pub clock: Clock,
    /// How who sits here wants it.
    pub preferences: Preferences,
    /// How it was left.
    pub remembered: Remembered,
    /// How new failures and holds ring.
    pub ring: Ring,
    /// `TMUX` is set: what is for the terminal has to be handed through.
    pub tmux: bool,
}

/// The dashboard has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Why.
    pub exit: Exit,
    /// As it was left.
    pub remembered: Remembered,
    /// Orders that were confirmed, and not given any more, as in `retry of transfer d-41`.
    pub not_given: Vec<String>,
}

/// Why the dashboard has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Somebody quit.
    Quit,
    /// The caller's `shutdown` came.
    Shutdown,
    /// The terminal has gone.
    TerminalGone,
}

/// Why the dashboard could not go on.
#[derive(Debug, thiserror::Error)]
pub enum UiError {
    /// The terminal cannot be used.
    #[error("the terminal cannot be used: {0}: run `willcall serve` for a server without dashboard")]
    Terminal(#[from] io::Error),
}

/// The shortest time between two frames.
const FRAME: Duration = Duration::from_millis(33);

/// The shortest time between two refreshes because of changes: as often as there is a frame to show them.
const REFRESH: Duration = FRAME;

/// So long before a frame can be drawn, what is new is asked for: later it would be a frame late, earlier it would be old.
const LEAD: Duration = Duration::from_millis(5);

/// Shows the dashboard on this process's terminal until somebody quits or `shutdown` comes.
///
/// The signals that end a process are the caller's to turn into `shutdown`: without that they leave the terminal as it is.
///
/// # Errors
/// When there is no terminal that can be used.
pub async fn run(handle: Handle, options: Options, shutdown: impl Future) -> Result<Ended, UiError> {
    let mut screen = OwnTerminal::enter()?;
    let continued = signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?;
    let continued = stream::unfold(continued, async |mut signal| signal.recv().await.map(|()| ((), signal)));
    as_own_task(drive(&handle, options, &mut screen, EventStream::new(), continued, shutdown)).await
}

/// The loop, on any screen and any input. `continued` tells that the process was stopped: whoever ran meanwhile may have
/// changed the terminal.
///
/// # Errors
/// When the screen cannot be drawn on.
pub async fn drive(
    handle: &Handle,
    options: Options,
    screen: &mut impl Screen,
    input: impl Stream<Item = io::Result<Event>>,
    continued: impl Stream<Item = ()>,
    shutdown: impl Future,
) -> Result<Ended, UiError> {
    let Options { who, clock, preferences: Preferences { keys, theme, mouse }, remembered, ring, tmux } = options;
    let (mut input, mut continued, mut shutdown) = (pin!(input.fuse()), pin!(continued.fuse()), pin!(shutdown));
    let (sender, mut messages) = unbounded_channel();
    let (mut changes, mut doors) = (handle.changes(), Doors::new(handle.clone()));
    let mut ledger_lives = true;
    let mut second = interval_at(Instant::now() + Duration::from_secs(1), Duration::from_secs(1));
    second.set_missed_tick_behavior(MissedTickBehavior::Delay);

    let mut model = Model::new(who, clock.now(), screen.size()?);
    model.keys = keys;
    model.mouse = mouse;
    model.rings = ring != Ring::Off;
    remembered.put_back(&mut model);
    let mut effects = update::open(&mut model);
    let mut dirty = true;
    let opened = Instant::now();
    let mut next_frame = opened;
    let mut next_refresh = Instant::now();
    let mut stale = false;
    let mut resizing: Option<Resizing> = None;
    if model.mouse {
        screen.take_mouse(true)?;
    }
    loop {
        for effect in std::mem::take(&mut effects) {
            match effect::perform(effect, &mut doors, &sender) {
                Some(Effect::Quit) => return Ok(ended(Exit::Quit, &model)),
                Some(Effect::Suspend) => {
                    screen.suspend()?;
                    forget_keys(&mut input).await;
                    dirty = true;
                }
                Some(Effect::Mouse(on)) => screen.take_mouse(on)?,
                Some(Effect::Ring(says)) => {
                    if let Some(sequence) = ring.sequence(&says, tmux) {
                        screen.tell(&sequence)?;
                    }
                }
                Some(Effect::Redraw) => {
                    screen.forget()?;
                    dirty = true;
                }
                Some(Effect::Copy(text)) => screen.tell(&clipboard::sequence(&text, tmux))?,
                _ => {}
            }
        }
        if dirty && resizing.is_none() && Instant::now() >= next_frame {
            screen.draw(&model, theme)?;
            dirty = false;
            next_frame = Instant::now() + FRAME;
        }
        // Keys before data: a flood of changes must not make the dashboard deaf.
        let message = tokio::select! {
            biased;
            _ = &mut shutdown => return Ok(ended(Exit::Shutdown, &model)),
            Some(()) = continued.next() => {
                screen.resume()?;
                Some(Message::Resized(screen.size()?))
            }
            event = input.next() => match event {
                Some(Ok(Event::Resize(columns, rows))) => {
                    resizing = Some(Resizing::told(resizing, (columns, rows), Instant::now()));
                    None
                }
                Some(Ok(event)) => message(event, &model),
                Some(Err(error)) => return Err(error.into()),
                None => return Ok(ended(Exit::TerminalGone, &model)),
            },
            Some(message) = messages.recv() => Some(message),
            change = changes.changed(), if ledger_lives && !stale => {
                ledger_lives = change.is_ok();
                stale = ledger_lives;
                None
            }
            () = sleep_until(next_refresh.max(next_frame - LEAD)), if stale => {
                stale = false;
                next_refresh = Instant::now() + REFRESH;
                Some(Message::Changed)
            }
            () = rest(resizing), if resizing.is_some() => {
                // Whatever the terminal made of the cells meanwhile: also where the size is again what it was.
                screen.forget()?;
                resizing.take().map(|resizing| Message::Resized(resizing.size()))
            }
            _ = second.tick() => Some(Message::Tick),
            () = sleep_until(next_frame), if dirty && resizing.is_none() => None,
        };
        if let Some(message) = message {
            // A change shows with the answers it is asked for, which a frame before them would hold up. The card of a too small
            // terminal shows nothing that a change or a second could alter. Told the same as a second ago, nothing differs: a
            // frame for that would be half of what an idle dashboard costs.
            dirty |= match &message {
                Message::Changed => false,
                Message::Resized(_) | Message::Key(_) => true,
                Message::Told(status) => layout::usable(model.size) && !answers_the_same(&model, status),
                _ => layout::usable(model.size),
            };
            effects = update(&mut model, message, present(clock, opened));
        }
    }
}

/// Keys that were read already, but from before the terminal was away, are dropped. Its size is asked for when it is back.
async fn forget_keys(input: &mut (impl Stream<Item = io::Result<Event>> + Unpin)) {
    // With the loop's own waker: crossterm's stream remembers the first that polls it, until the next key.
    poll_fn(|context| {
        while let Poll::Ready(Some(Ok(_))) = input.poll_next_unpin(context) {}
        Poll::Ready(())
    })
    .await;
}

/// The room on the disk is never the same twice, and what it means is shown with the next second.
fn answers_the_same(model: &Model, told: &Result<Status, DeskError>) -> bool {
    let but_for_the_disk = |status: &Status| Status { disk: None, ..status.clone() };
    match (&model.status, told) {
        (Some(before), Ok(now)) => but_for_the_disk(before) == but_for_the_disk(now),
        _ => false,
    }
}

/// Where the clock stands still, for pictures and tests, so does the time between keys.
fn present(clock: Clock, opened: Instant) -> Present {
    let uptime = (clock == Clock::System).then(|| opened.elapsed());
    Present { now: clock.now(), uptime }
}

fn ended(exit: Exit, model: &Model) -> Ended {
    let not_given = model.not_given();
    Ended { exit, remembered: Remembered::of(model), not_given }
}

async fn rest(resizing: Option<Resizing>) {
    if let Some(resizing) = resizing {
        sleep_until(resizing.due()).await;
    }
}

fn message(event: Event, model: &Model) -> Option<Message> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => Some(Message::Key(key.into())),
        Event::Paste(text) => Some(Message::Paste(text)),
        Event::Mouse(mouse) => {
            let spot = || view::spot(model, Position { x: mouse.column, y: mouse.row });
            match mouse.kind {
                MouseEventKind::Down(MouseButton::Left) => spot().map(Pointer::Click).map(Message::Pointed),
                MouseEventKind::ScrollUp => Some(Message::Pointed(Pointer::Wheel(-NOTCH, spot()))),
                MouseEventKind::ScrollDown => Some(Message::Pointed(Pointer::Wheel(NOTCH, spot()))),
                _ => None,
            }
        }
        _ => None,
    }
}
