//! What an update wants done outside, and the runner that does it and reports back.

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;

use super::held_back::HELD_BACK;
use super::model::Slot;
use super::update::Message;
use crate::domain::moment::Moment;
use crate::domain::query::{Order, Query};
use crate::engine::{DeskError, Handle, Hindsight};

/// Something to be done outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Ask the ledger.
    Ask {
        /// What for.
        slot: Slot,
        /// What.
        query: Query,
    },
    /// Ask the ledger as of an earlier moment.
    Recall {
        /// What for.
        slot: Slot,
        /// When.
        moment: Moment,
        /// What.
        query: Query,
    },
    /// Give up what was folded for earlier moments.
    LookAway,
    /// Ask how the program is.
    Status,
    /// Have an order carried out.
    Act {
        /// What.
        order: Order,
        /// What it is about, as toasts name it.
        about: String,
    },
    /// Tell when the time is over in which the order of this number can be called back.
    Wait(u64),
    /// Call the reader: something needs a person.
    Ring(String),
    /// Leave the dashboard.
    Quit,
    /// Suspend the process.
    Suspend,
    /// Draw the whole screen anew.
    Redraw,
    /// Take the mouse from the terminal, or give it back.
    Mouse(bool),
    /// Put a text into the terminal's clipboard.
    Copy(String),
}

/// The ways to the ledger: as it is, and as it was.
pub struct Doors {
    handle: Handle,
    hindsight: Option<Arc<dyn Hindsight>>,
}

impl Doors {
    /// Through `handle`.
    pub fn new(handle: Handle) -> Self {
        Self { handle, hindsight: None }
    }

    fn look_back(&mut self) -> Result<Arc<dyn Hindsight>, DeskError> {
        let hindsight = match self.hindsight.take() {
            Some(hindsight) => hindsight,
            None => self.handle.look_back()?,
        };
        Ok(Arc::clone(self.hindsight.insert(hindsight)))
    }
}

/// Starts what the ledger has to do with; the answer comes as a message. Gives back what is for the screen to do.
///
/// The channel is bounded in effect: the update never has two questions of one kind under way.
pub fn perform(effect: Effect, doors: &mut Doors, messages: &UnboundedSender<Message>) -> Option<Effect> {
    let (handle, messages) = (doors.handle.clone(), messages.clone());
    // A closed channel means that the dashboard has gone: nobody is left to tell.
    match effect {
        Effect::Ask { slot, query } => drop(tokio::spawn(async move {
            let answer = handle.ask(query.clone()).await;
            let _ = messages.send(Message::Answered { slot, query: Box::new(query), answer });
        })),
        Effect::Recall { slot, moment, query } => {
            let hindsight = doors.look_back();
            drop(tokio::spawn(async move {
                let recalled = match hindsight {
                    Ok(hindsight) => hindsight.ask(query.clone(), moment).await,
                    Err(error) => Err(error),
                };
                let _ = messages.send(Message::Recalled { slot, moment, query: Box::new(query), recalled });
            }));
        }
        Effect::LookAway => doors.hindsight = None,
        Effect::Status => drop(tokio::spawn(async move {
            let _ = messages.send(Message::Told(Box::new(handle.status().await)));
        })),
        Effect::Act { order, about } => drop(tokio::spawn(async move {
            let command = order.command.clone();
            let done = Box::new(handle.act(order).await);
            let _ = messages.send(Message::Acted { command, about, done });
        })),
        Effect::Wait(number) => drop(tokio::spawn(async move {
            tokio::time::sleep(HELD_BACK).await;
            let _ = messages.send(Message::Due(number));
        })),
        screen => return Some(screen),
    }
    None
}
