//! What the benches stand on.
//!
//! | file | idea |
//! | --- | --- |
//! | [`options`] | what may be said on the command line |
//! | [`figures`] | percentiles, processor time, memory, bytes on disk |
//! | [`samples`] | webhooks, each about something else |
//! | [`load`] | a load generator that takes little from the server it shares the machine with |
//! | [`ledger`] | settings, and ledgers that hold events already |
//! | [`glass`] | the program in a pseudo-terminal, watched frame by frame |
//! | [`target`] | a platform that counts what comes at once, and a client that does nothing but call it |
//! | [`terminal`] | the program in a pseudo-terminal, as the tests have it |

// Every bench takes in the whole of this and uses a part.
#![allow(dead_code, unreachable_pub)]

pub(crate) mod figures;
pub(crate) mod glass;
pub(crate) mod ledger;
pub(crate) mod load;
pub(crate) mod options;
pub(crate) mod samples;
pub(crate) mod target;

#[path = "../../tests/support/grid.rs"]
mod grid;
#[path = "../../tests/support/terminal.rs"]
pub(crate) mod terminal;
#[path = "../../tests/support/watched.rs"]
mod watched;

/// As in the program; what it is measured beside has it, too.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;
