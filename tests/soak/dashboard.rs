//! Somebody at the dashboard: goes from view to view, narrows, opens and closes, and must see each within the limit.

use std::time::{Duration, Instant};

use crate::support::grid::Grid;
use crate::support::terminal::Terminal;
use crate::{STALL, Shared};

/// What tells that keys have worked.
enum Sign {
    Shows(&'static str),
    Gone(&'static str),
}

use Sign::{Gone, Shows};

const STEPS: [(&str, Sign); 10] = [
    ("2", Shows("ticket or show")),
    ("/carlos", Shows("/carlos")),
    // A search that still runs is stopped first.
    ("\x1b", Gone("Esc stops")),
    ("\x1b", Gone("/carlos")),
    ("3", Shows("deliveries: all")),
    ("\r", Gone("deliveries: all")),
    ("\x1b", Shows("deliveries: all")),
    ("5", Shows("the last to change first")),
    ("6", Shows("sent again")),
    ("1", Shows("payouts by show")),
];

impl Sign {
    fn is_on(&self, screen: &Grid) -> bool {
        match self {
            Shows(text) => screen.find(text).is_some(),
            Gone(text) => screen.find(text).is_none(),
        }
    }
}

/// Presses keys until the readers go.
pub fn sit(shared: &Shared, terminal: &mut Terminal) -> Result<(), String> {
    loop {
        for (keys, sign) in &STEPS {
            if shared.readers_go.after(Duration::from_millis(300)) {
                return Ok(());
            }
            if matches!(sign, Gone(_)) && sign.is_on(&terminal.screen()) {
                // An Esc for nothing would be read together with the next key by a program that is short of time: as Alt.
                continue;
            }
            let pressed = Instant::now();
            terminal.send(keys);
            if terminal.try_for(STALL, |screen| sign.is_on(screen)).is_none() {
                let screen = terminal.screen().to_text();
                return Err(format!("the dashboard did nothing for {STALL:?} after {keys:?} was pressed:\n{screen}"));
            }
            shared.latencies.add("key to screen", pressed.elapsed());
        }
        // A screen that looks alive and is not: its clock stands still.
        let now = clock(&terminal.screen());
        if terminal.try_for(STALL, |screen| clock(screen) != now).is_none() {
            return Err(format!("the dashboard's clock has stood at {now:?} for {STALL:?}"));
        }
    }
}

/// The time in the corner.
fn clock(grid: &Grid) -> String {
    let first = grid.to_text().lines().next().unwrap_or_default().trim_end().to_owned();
    first.rsplit(' ').next().unwrap_or_default().to_owned()
}
