//! How long and how much: from the environment, or short.

use std::time::Duration;

use crate::target;

/// What a run is to be.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub length: Duration,
    /// Webhooks a second.
    pub rate: f64,
    pub seed: u64,
    /// Long enough to tell growth from warming up.
    pub is_long: bool,
}

impl Plan {
    /// `WILLCALL_SOAK_MINUTES`, `WILLCALL_SOAK_RATE`, `WILLCALL_SOAK_SEED`; without the first it is short.
    pub fn from_environment() -> Self {
        let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<f64>().expect("a number"));
        let minutes = number("WILLCALL_SOAK_MINUTES");
        Self {
            length: minutes.map_or(Duration::from_secs(10), |minutes| Duration::from_secs_f64(minutes * 60.0)),
            rate: number("WILLCALL_SOAK_RATE").unwrap_or(if minutes.is_some() { 200.0 } else { 40.0 }),
            seed: number("WILLCALL_SOAK_SEED").map_or(20_260_301, |seed| seed as u64),
            is_long: minutes.is_some_and(|minutes| minutes >= 2.0),
        }
    }

    /// The program's settings: everything ends soon, and the store's cache is full early, so that what grows afterwards is
    /// growth.
    pub fn settings(&self) -> [(&'static str, String); 5] {
        // Short waits first; long enough in all that a bad day does not use them up.
        let retry = [vec!["50ms"; 4], vec!["200ms"; 4], vec!["1s"; 12]].concat().join(",");
        [
            ("WILLCALL_DELIVER_RETRY", retry),
            ("WILLCALL_DELIVER_TIMEOUT", format!("{}ms", target::TIMEOUT.as_millis())),
            ("WILLCALL_STORE_CACHE", (8 << 20).to_string()),
            ("WILLCALL_SEGMENT_SIZE", (16 << 20).to_string()),
            ("WILLCALL_OPERATOR", "soak".to_owned()),
        ]
    }
}
