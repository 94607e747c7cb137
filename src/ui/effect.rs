//! What an update wants done outside, and the runner that does it and reports back.

use tokio::sync::mpsc::UnboundedSender;

use super::held_back::HELD_BACK;
use super::model::Slot;
use super::update::Message;
use crate::domain::query::{Order, Query};
use crate::engine::Handle;

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

/// Starts what the ledger has to do with; the answer comes as a message. Gives back what is for the screen to do.
///
/// The channel is bounded in effect: the update never has two questions of one kind under way.
pub fn perform(effect: Effect, handle: &Handle, messages: &UnboundedSender<Message>) -> Option<Effect> {
    let (handle, messages) = (handle.clone(), messages.clone());
    // A closed channel means that the dashboard has gone: nobody is left to tell.
    match effect {
        Effect::Ask { slot, query } => drop(tokio::spawn(async move {
            let answer = handle.ask(query.clone()).await;
            let _ = messages.send(Message::Answered { slot, query: Box::new(query), answer });
        })),
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
