//! SHOW. The dashboard: state, and what is drawn of it, as plain functions of values; I/O at the edges.
//!
//! ```text
//! key, change tick, answer -> Message -> update(&mut Model) -> Effects -> the ledger's door -> Message …
//!                                              |
//!                                              '-> dirty -> view::draw(&Model), at most 30 times a second
//! ```
//!
//! | file | idea |
//! | --- | --- |
//! | `text`, `when`, `words`, `theme`, `gist` | what may be drawn, and how it reads and looks |
//! | `colour`, `palette` | one colour, and those of each theme |
//! | `action`, `keymap` | everything a key can do, in one table |
//! | `columns` | of the lists of deliveries, and what they can be sorted by |
//! | `menu` | the palette and the help: all of that, and all there is to go to, found by typing |
//! | `preferences` | the reader's own keys and colours |
//! | `needs` | what is in sight, as questions to the ledger |
//! | `layout`, `list`, `search`, `narrowing`, `subject`, `pace`, `banners`, `pointer`, `document`, `detail`, `travel`, `dialog`, `model`, `choosing` | the state |
//! | `folds`, `place`, `finding`, `exhibit` | reading: what is folded, where one is, what is looked for and compared |
//! | `curl`, `clipboard`, `copied` | what is copied, and how it gets into the terminal's clipboard |
//! | `marks`, `gathering`, `cause` | which rows are marked, and how: one by one, all that fit, all alike |
//! | `form`, `many`, `batch` | the question before an order, orders about many, and what became of each |
//! | `consequence`, `held_back` | what an order would do; orders that can still be called back |
//! | `remembered` | what is found again at the next start |
//! | `update`, `effect` | what changes it, and what that wants done outside |
//! | `view` | what is drawn of it |
//! | `ring` | what a terminal is sent to call its reader |
//! | `terminal`, `mouse`, `resizing`, `run` | the terminal's manners, and the loop |
//!
//! It knows the ledger only by its door and the domain's words.

pub mod colour;
pub mod gist;
pub mod layout;
pub mod palette;
pub mod text;
pub mod theme;
pub mod when;
pub mod words;

pub mod action;
pub mod keymap;
pub mod preferences;

pub mod subject;

pub mod pace;

pub mod banners;
pub mod exhibit;
pub mod folds;

pub mod document;

pub mod finding;
pub mod place;

pub mod detail;

pub mod clipboard;
pub mod copied;
pub mod curl;

pub mod batch;
pub mod cause;
pub mod columns;
pub mod consequence;
pub mod dialog;
pub mod form;
pub mod gathering;
pub mod held_back;
pub mod list;
pub mod many;
pub mod marks;
pub mod menu;
pub mod model;
pub mod narrowing;
pub mod pointer;
pub mod search;

pub mod travel;

mod choosing;
mod needs;
pub mod remembered;

pub mod update;

pub mod effect;

pub mod view;

mod mouse;
mod resizing;
pub mod ring;
pub mod terminal;

pub mod run;

pub use ring::Ring;
pub use run::{Ended, Exit, Options, UiError, run};

#[cfg(test)]
mod tests;
