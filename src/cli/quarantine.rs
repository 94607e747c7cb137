//! `quarantine`: requests that could not become events; read them, and send them again.

use std::io::Write;

use clap::{Args, Subcommand};

use super::arguments::{Format, Listing, Output, Reason};
use super::door::{Door, door, not_found, unexpected};
use super::page;
use super::{CliError, json};
use crate::config::Settings;
use crate::domain::Timestamp;
use crate::domain::filter;
use crate::domain::ids::Seq;
use crate::domain::query::{Answer, Command, Query};

/// What to do with the quarantine.
#[derive(Debug, Subcommand)]
#[allow(missing_docs)]
pub enum Verb {
    /// The newest requests
    #[command(after_help = filter::document::help(filter::List::Quarantine))]
    List(Listing),
    /// One request with its bytes
    Get(Get),
    /// Send one through the parser again, as after an upgrade
    #[command(after_help = "Example:\n  willcall quarantine resend 17 --reason 'parser fixed in 0.2'")]
    Resend(Resend),
}

/// `quarantine get`
#[derive(Debug, Args)]
#[allow(missing_docs)]
pub struct Get {
    /// The request's number
    pub seq: Seq,
    #[command(flatten)]
    pub output: Output,
}

/// `quarantine resend`
#[derive(Debug, Args)]
#[allow(missing_docs)]
pub struct Resend {
    /// The request's number
    pub seq: Seq,
    #[command(flatten)]
    pub reason: Reason,
    /// For people or for scripts
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

/// Does it.
///
/// # Errors
/// When the ledger does not answer, has no such request, or refuses.
pub async fn run(verb: Verb, settings: &Settings, out: &mut dyn Write) -> Result<(), CliError> {
    let now = settings.clock.now();
    if let Verb::List(listing) = &verb {
        // A filter that is none is said so before anything is opened.
        listing.selection.walk(filter::List::Quarantine, now)?;
    }
    let door = door(settings).await?;
    match verb {
        Verb::List(listing) => list(&listing, &door, now, out).await,
        Verb::Get(options) => get(&options, &door, out).await,
        Verb::Resend(options) => resend(&options, &door, out).await,
    }
}

async fn list(listing: &Listing, door: &Door, now: Timestamp, out: &mut dyn Write) -> Result<(), CliError> {
    let page = |answer| match answer {
        Answer::Quarantine(page) => Some(page),
        _ => None,
    };
    let output = &listing.output;
    let privacy = page::privacy(output.reveal);
    door.reveal("quarantine", output.reveal && output.format == Format::Table).await?;
    let mut table = page::quarantine();
    let end = door
        .list(
            listing.selection.walk(filter::List::Quarantine, now)?,
            Query::Quarantine,
            page,
            |row| row.seq,
            async |row| {
                match output.format {
                    Format::Table => table.row(page::rejected(&row, privacy)),
                    Format::Json => json::line(out, &json::Rejected::from(&row))?,
                }
                Ok(())
            },
        )
        .await;
    table.write(out)?;
    end
}

async fn get(options: &Get, door: &Door, out: &mut dyn Write) -> Result<(), CliError> {
    let Answer::Rejected(found) = door.ask(Query::Rejected(options.seq)).await? else { return Err(unexpected()) };
    let detail = found.ok_or_else(|| not_found(format!("request {} in quarantine", options.seq)))?;
    match options.output.format {
        Format::Json => json::line(out, &json::Rejected::from(&*detail))?,
        Format::Table => {
            door.reveal(&format!("quarantine {}", options.seq), options.output.reveal).await?;
            page::rejected_in_full(out, &detail, page::privacy(options.output.reveal))?;
        }
    }
    Ok(())
}

async fn resend(options: &Resend, door: &Door, out: &mut dyn Write) -> Result<(), CliError> {
    let done = door.act(Command::Resend(options.seq), &options.reason.reason).await?;
    match (options.format, done.event) {
        (Format::Json, _) => json::line(out, &json::Ordered::from(&done))?,
        (Format::Table, Some(event)) => writeln!(out, "request {} is now event {event}", options.seq)?,
        (Format::Table, None) => writeln!(out, "done, on record as {}", done.seq)?,
    }
    Ok(())
}
