//! DECIDE. One writer: submissions, attempt outcomes and operators' orders -> records -> journal -> store -> change tick.

pub mod batch;
pub mod dispatch;
pub mod handle;
pub mod ledger;

pub use dispatch::{Assignment, Claimed, Dispatch};
pub use handle::{Desk, DeskError, Handle};
