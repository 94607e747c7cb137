//! The one place that asks what time it is.

use chrono::{SubsecRound, Utc};

use crate::domain::Timestamp;

/// A source of the present moment, handed to whoever needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Clock {
    /// The machine's.
    #[default]
    System,
    /// Stands still, so that pictures and tests come out alike.
    Fixed(Timestamp),
}

impl Clock {
    /// The present, to the millisecond.
    pub fn now(self) -> Timestamp {
        match self {
            #[allow(clippy::disallowed_methods)] // the one place
            Self::System => Utc::now().trunc_subsecs(3),
            Self::Fixed(moment) => moment,
        }
    }
}
