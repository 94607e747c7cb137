//! `--plain`: a line on stdout for everything that is recorded, for screen readers and pipes. No control codes, no signs that
//! must be seen; personal data masked.

use std::io::{self, Write};

use super::page::time;
use super::table::shortened;
use super::{CliError, door};
use crate::domain::delivery::Delivery;
use crate::domain::ids::Seq;
use crate::domain::privacy::Privacy;
use crate::domain::query::{Answer, Query};
use crate::domain::record::{Fact, OperatorActed, Received, Record};
use crate::engine::Handle;

/// Records that are asked for at once.
const PIECE: usize = 200;

/// Cells that one foreign text has at most.
const WIDEST: usize = 200;

/// Says what is recorded from now on, until its reader or the ledger has gone.
///
/// # Errors
/// When nothing can be written any more.
pub async fn follow(handle: Handle) -> Result<(), CliError> {
    let mut changes = handle.changes();
    let mut after = Seq(*changes.borrow_and_update());
    while changes.changed().await.is_ok() {
        changes.borrow_and_update();
        while let Some(records) = following(&handle, after).await {
            let lines: Vec<String> = records.iter().flat_map(lines).collect();
            // A reader that reads no further must not hold up the listener's threads.
            tokio::task::spawn_blocking(move || say(&lines)).await.map_err(io::Error::other)??;
            after = records.last().map_or(after, |record| record.seq);
        }
    }
    // Whoever serves knows why.
    std::future::pending().await
}

async fn following(handle: &Handle, after: Seq) -> Option<Vec<Record>> {
    match handle.ask(Query::Records { after, limit: PIECE }).await {
        Ok(Answer::Records(records)) => Some(records).filter(|records| !records.is_empty()),
        Ok(_) => {
            tracing::error!("no lines: {}", door::unexpected());
            None
        }
        Err(error) => {
            tracing::warn!("no lines until the next change: {error}");
            None
        }
    }
}

fn say(lines: &[String]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in lines {
        writeln!(out, "{line}")?;
        out.flush()?;
    }
    Ok(())
}

/// What a record says: what happened, where that is no attempt, and each delivery as it stands after.
fn lines(record: &Record) -> Vec<String> {
    let at = time(record.head.at);
    let happened = happened(record).into_iter();
    happened.chain(record.head.deliveries.iter().map(delivery)).map(|line| format!("{at} {line}")).collect()
}

fn happened(record: &Record) -> Option<String> {
    let seq = record.seq;
    match &record.head.fact {
        Fact::Received(received) => Some(event(seq, received)),
        Fact::Rejected(rejected) => {
            let why = masked(&rejected.message);
            Some(format!("request {seq}: not an event, from {}, {why}", fit(&rejected.from)))
        }
        Fact::AttemptStarted(_) | Fact::AttemptFinished(_) => None,
        Fact::OperatorActed(OperatorActed { who, why, action, .. }) => {
            let about = action.delivery().map_or(String::new(), |id| format!(" {id}"));
            let why = if why.is_empty() { String::new() } else { format!(", {}", masked(why)) };
            Some(format!("operator {}: {}{about}{why}", fit(who), action.name()))
        }
    }
}

fn event(seq: Seq, received: &Received) -> String {
    let mut line = format!("event {seq}: {}", masked(&received.action));
    if let Some(ticket) = &received.ticket {
        line += &format!(", ticket {}", fit(ticket.as_str()));
    }
    if let Some(first) = received.duplicate_of {
        line += &format!(", repeats event {first}");
    }
    if received.drift > 0 {
        line += &format!(", differs from its documentation {} times", received.drift);
    }
    line
}

fn delivery(one: &Delivery) -> String {
    let mut line = format!("{} {}: {}", one.kind.name(), one.id, one.stage().name().replace('_', " "));
    if let Some(ticket) = &one.ticket {
        line += &format!(", ticket {}", fit(ticket.as_str()));
    }
    for (word, person) in [("from", &one.from), ("to", &one.to)] {
        if let Some(person) = person {
            line += &format!(", {word} {}", fit(&Privacy::Masked.person(person)));
        }
    }
    if let Some(reason) = one.reason() {
        line += &format!(", {}", masked(&reason));
    }
    line
}

fn masked(text: &str) -> String {
    fit(&Privacy::Masked.text(text))
}

fn fit(text: &str) -> String {
    shortened(text, WIDEST)
}
