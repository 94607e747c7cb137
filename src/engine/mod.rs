//! DECIDE. One writer: submissions, attempt outcomes and operators' orders -> records -> journal -> store -> change tick.

pub mod handle;

pub use handle::Handle;
