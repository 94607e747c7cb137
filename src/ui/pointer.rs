//! What the mouse can mean. A click chooses, a second one on what is chosen opens; an order is never given by it.

use super::form::Focus;
use super::menu::Is;
use super::model::{Pane, View};
use crate::domain::ids::Seq;

/// Something on the screen that can be clicked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spot {
    /// A tab.
    View(View),
    /// A family of the feed; none: all.
    Family(Option<String>),
    /// A pane of the overview, beside its rows.
    Pane(Pane),
    /// A row of such a pane, by its place.
    PaneRow(Pane, Seq),
    /// A row of the list in sight, by its place.
    Row(Seq),
    /// A line of the detail to which the cursor can go.
    Line(usize),
    /// An answer to the question on the screen.
    Answer(Focus),
    /// A line of the open menu.
    Menu(Is),
}

/// What the mouse did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pointer {
    /// Its left button was pressed on something.
    Click(Spot),
    /// Its wheel was turned, by so many rows down, over something or over nothing.
    Wheel(isize, Option<Spot>),
}

/// Rows that one notch of the wheel moves by.
pub const NOTCH: isize = 3;
