//! The platform: slow, broken or silent now and then, by the number of the call; and what it saw.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::platform::{Call, Platform, Reply};

/// What the platform saw. A process of the program is told by the path it was given.
#[derive(Default)]
pub struct Seen {
    under_way: HashSet<(String, String)>,
    /// The keys of each attempt, as in `(d-4, 1)`.
    pub attempts: HashMap<(String, u64), HashSet<String>>,
    /// Who was given a ticket last.
    pub owners: HashMap<String, String>,
    done: HashSet<String>,
    /// Calls.
    pub calls: usize,
    /// Calls that came while another for the same ticket was under way.
    pub at_once: usize,
}

impl Seen {
    fn begin(&mut self, call: &Call) -> (String, String) {
        let of = |key: &str| call.body[key].as_str().unwrap_or_default().to_owned();
        let lane = (call.path.clone(), of("ticket"));
        if !self.under_way.insert(lane.clone()) {
            self.at_once += 1;
        }
        let key = call.headers.get("idempotency-key").unwrap_or_default().to_owned();
        self.attempts
            .entry((of("delivery"), call.body["attempt"].as_u64().unwrap_or_default()))
            .or_default()
            .insert(key);
        self.calls += 1;
        lane
    }

    /// Hands the ticket over, once for each idempotency key.
    fn hand_over(&mut self, call: &Call) {
        let of = |key: &str| call.body[key].as_str().unwrap_or_default().to_owned();
        if self.done.insert(call.headers.get("idempotency-key").unwrap_or_default().to_owned()) {
            self.owners.insert(of("ticket"), of("to"));
        }
    }
}

/// Starts it.
pub fn platform(seen: &Arc<Mutex<Seen>>, seed: u64) -> Platform {
    let seen = Arc::clone(seen);
    Platform::forgetful(move |call, before| {
        let mut random = fastrand::Rng::with_seed(seed ^ (before as u64).wrapping_mul(0x9e37_79b9));
        let lane = seen.lock().unwrap().begin(call);
        std::thread::sleep(Duration::from_micros(random.u64(..8000)));
        let mut seen = seen.lock().unwrap();
        let reply = match random.u8(..16) {
            0 => Reply::status(500),
            1 => Reply::status(503).with_header("retry-after", "0"),
            2 => Reply::Reset,
            // Done, and yet it says otherwise, or nothing.
            3 => {
                seen.hand_over(call);
                Reply::status(500)
            }
            4 => {
                seen.hand_over(call);
                Reply::Reset
            }
            _ => {
                seen.hand_over(call);
                Reply::status(200)
            }
        };
        seen.under_way.remove(&lane);
        reply
    })
}
