//! New failures and holds, told to the log and to the command that staff have set: with a dashboard or without.
//!
//! Nothing is asked while nothing changes. What may ring, and when, is [`Bell`]'s to decide.

use std::time::Duration;

use crate::config::{Alert, Clock};
use crate::delivery::command;
use crate::domain::alert::{self, Bell, MOST_NAMED};
use crate::domain::ids::Seq;
use crate::domain::query::{Answer, Query};
use crate::engine::Handle;

/// A command that takes longer is killed.
const LIMIT: Duration = Duration::from_secs(30);

/// The shortest time between two questions.
const REST: Duration = Duration::from_millis(500);

/// Alerts until `stop`. What needed a person by the record `stood` is old.
pub(super) async fn run(handle: Handle, how: Alert, stood: Seq, clock: Clock, stop: impl Future) {
    tokio::select! {
        () = listen(&handle, &how, stood, clock) => {}
        _ = stop => {}
    }
}

/// Ends when the ledger has gone.
async fn listen(handle: &Handle, how: &Alert, stood: Seq, clock: Clock) {
    if *how == Alert::Off {
        return;
    }
    let mut bell = Bell::new(stood);
    let mut changes = handle.changes();
    loop {
        let last = Seq(*changes.borrow_and_update());
        let now = clock.now();
        if let Some(after) = bell.asks(last, now) {
            let answer = handle.ask(Query::Needed { after, limit: MOST_NAMED }).await;
            // A ledger that does not answer says so elsewhere, and is asked again.
            if let Ok(Answer::Needed(needed)) = answer
                && let Some(alert) = bell.ring(&needed, now)
            {
                tell(how, &alert).await;
            }
        }
        tokio::time::sleep(REST).await;
        // What came while it had to be silent is asked for when it need not be any more.
        let waiting = Seq(*changes.borrow()) > bell.heard();
        let rest = bell.rest(clock.now()).to_std().unwrap_or_default();
        tokio::select! {
            change = changes.changed() => if change.is_err() { return },
            () = tokio::time::sleep(rest), if waiting => {}
        }
    }
}

async fn tell(how: &Alert, alert: &alert::Alert) {
    tracing::warn!("{}", alert.line());
    let Alert::Command(line) = how else { return };
    let told = match serde_json::to_string(alert) {
        Ok(json) => command::run_once(line, format!("{json}\n").as_bytes(), LIMIT).await,
        Err(error) => Err(error.to_string()),
    };
    if let Err(why) = told {
        tracing::error!("the alert was not passed on by `alert.command`: {why}");
    }
}
