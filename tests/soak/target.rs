//! The platform on a bad day: it keeps owners honestly and is idempotent by key, and yet refuses, defers, breaks and hangs.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::platform::{Call, Platform, Reply};

/// An attempt that takes longer ends as unknown: what the program is told, for those calls that hang.
pub const TIMEOUT: Duration = Duration::from_secs(1);

/// What the platform knows.
#[derive(Default)]
pub struct Books {
    /// Who was given a ticket, and under which key.
    done: HashMap<String, (String, String)>,
    /// How often it behaved how.
    pub manners: BTreeMap<&'static str, usize>,
}

impl Books {
    /// True when `ticket` went to `to` under `key`.
    pub fn has(&self, key: &str, ticket: &str, to: &str) -> bool {
        self.done.get(key).is_some_and(|done| (done.0.as_str(), done.1.as_str()) == (ticket, to))
    }

    fn enter(&mut self, call: &Call) {
        let of = |key: &str| call.body[key].as_str().unwrap_or_default().to_owned();
        self.done.entry(key(call)).or_insert_with(|| (of("ticket"), of("to")));
    }
}

fn key(call: &Call) -> String {
    call.headers.get("idempotency-key").unwrap_or_default().to_owned()
}

/// Starts it.
pub fn start(books: &Arc<Mutex<Books>>, seed: u64) -> Platform {
    let books = Arc::clone(books);
    Platform::forgetful(move |call, before| {
        let mut random = fastrand::Rng::with_seed(seed ^ (before as u64).wrapping_mul(0x9e37_79b9));
        let mut books = books.lock().unwrap();
        let is_done = books.done.contains_key(&key(call));
        let (manner, does_it, reply) = match random.u8(..100) {
            _ if is_done => ("said again that it was done", false, Reply::status(200)),
            0..5 => ("done, answered 500", true, Reply::status(500)),
            5..8 => ("done, then reset", true, Reply::Reset),
            8..10 => ("done, hung", true, Reply::status(200).after(TIMEOUT + Duration::from_millis(500))),
            10..14 => ("refused", false, Reply::status(422).saying(r#"{"error":"not today"}"#)),
            14..18 => ("deferred for a second", false, Reply::status(429).with_header("retry-after", "1")),
            18..22 => ("broken", false, Reply::status(503)),
            22..25 => ("reset", false, Reply::Reset),
            _ => ("done", true, Reply::status(200).after(Duration::from_millis(random.u64(..20)))),
        };
        if does_it {
            books.enter(call);
        }
        *books.manners.entry(manner).or_default() += 1;
        reply
    })
}
