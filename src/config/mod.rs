//! SETTINGS. File, environment and flags into one checked value.

pub mod clock;
