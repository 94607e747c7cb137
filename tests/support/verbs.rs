//! The program's other verbs, as a script uses them: exit status, lines of JSON, and what is on stderr.

use std::process::Output;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::program::Program;

const LIMIT: Duration = Duration::from_secs(30);

impl Program {
    /// Runs a verb that must succeed, and gives what it printed.
    #[track_caller]
    pub fn printed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", said(&output));
        text(output.stdout)
    }

    /// Runs a verb that must fail or be refused, and gives the reason on stderr.
    #[track_caller]
    pub fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", said(&output));
        text(output.stderr)
    }

    /// Runs a verb that prints an object a line.
    #[track_caller]
    pub fn objects(&self, arguments: &[&str]) -> Vec<Value> {
        let lines = self.printed(&[arguments, &["--format", "json"]].concat());
        lines.lines().map(json).collect()
    }

    /// All deliveries, newest first.
    #[track_caller]
    pub fn deliveries(&self) -> Vec<Value> {
        self.objects(&["deliveries", "list", "--limit", "100000"])
    }

    /// One delivery with its history.
    #[track_caller]
    pub fn delivery(&self, id: &str) -> Value {
        self.objects(&["deliveries", "get", id]).remove(0)
    }

    /// Waits until a delivery is in `state`.
    #[track_caller]
    pub fn wait_for_state(&self, id: &str, state: &str) -> Value {
        self.wait_until(|this| {
            let delivery = this.delivery(id);
            if delivery["state"] == state { Ok(delivery) } else { Err(delivery.to_string()) }
        })
    }

    /// Asks again and again until `look` finds what it wants; what it says otherwise is quoted when that takes too long.
    #[track_caller]
    pub fn wait_until<T>(&self, look: impl Fn(&Self) -> Result<T, String>) -> T {
        let deadline = Instant::now() + LIMIT;
        loop {
            match look(self) {
                Ok(found) => return found,
                Err(instead) => assert!(Instant::now() < deadline, "waited {LIMIT:?}, and still {instead}"),
            }
            // The program has no way to tell a script that something has changed.
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Checks journal and store, after the server has ended.
    #[track_caller]
    pub fn verify(&self) {
        let printed = self.printed(&["verify"]);
        assert!(printed.ends_with("both whole, and they agree\n"), "{printed}");
    }

    /// Every record, oldest first.
    #[track_caller]
    pub fn records(&self) -> Vec<Value> {
        self.printed(&["export"]).lines().map(json).collect()
    }
}

/// Both outputs, for the message of a test that fails.
pub fn said(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[track_caller]
fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("text")
}

#[track_caller]
fn json(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line:?}"))
}
