//! `events list`, `events get`: webhooks as they were received.

use std::io::Write;

use clap::{Args, Subcommand};

use super::arguments::{Format, Listing, Output};
use super::door::{Door, door, not_found, unexpected};
use super::page;
use super::{CliError, json};
use crate::config::Settings;
use crate::domain::Timestamp;
use crate::domain::filter;
use crate::domain::ids::Seq;
use crate::domain::query::{Answer, EventDetail, EventQuery, Query};

/// What to do with events.
#[derive(Debug, Subcommand)]
#[allow(missing_docs)]
pub enum Verb {
    /// The newest events
    #[command(after_help = format!("{}\n{EXAMPLES}", filter::document::help(filter::List::Events)))]
    List(List),
    /// One event with its body and how it differs from the documentation
    Get(Get),
}

const EXAMPLES: &str = "\
Examples:
  willcall events list --family ticket --since 2h
  willcall events list --search 'joe@gmail.com' --reveal
  willcall events list --filter 'amount>500 (drift>0 OR duplicate:yes) -family:listing'
  willcall events list --format json | jq 'select(.drift != []) | {seq, drift}'";

/// `events list`
#[derive(Debug, Args)]
#[allow(missing_docs)]
pub struct List {
    /// Only of this family: listing, ticket, event, notifyMe, payouts, or another that menta sends
    #[arg(long, value_name = "NAME")]
    pub family: Option<String>,
    #[command(flatten)]
    pub listing: Listing,
}

/// `events get`
#[derive(Debug, Args)]
#[allow(missing_docs)]
pub struct Get {
    /// The event's number
    pub seq: Seq,
    #[command(flatten)]
    pub output: Output,
}

/// Does it.
///
/// # Errors
/// When the ledger does not answer or has no such event.
pub async fn run(verb: Verb, settings: &Settings, out: &mut dyn Write) -> Result<(), CliError> {
    let now = settings.clock.now();
    if let Verb::List(options) = &verb {
        // A filter that is none is said so before anything is opened.
        options.listing.selection.walk(filter::List::Events, now)?;
    }
    let door = door(settings).await?;
    match verb {
        Verb::List(options) => list(options, &door, now, out).await,
        Verb::Get(options) => get(&options, &door, out).await,
    }
}

async fn list(options: List, door: &Door, now: Timestamp, out: &mut dyn Write) -> Result<(), CliError> {
    let Listing { selection, output } = options.listing;
    let privacy = page::privacy(output.reveal);
    door.reveal("events", output.reveal && output.format == Format::Table).await?;
    let question = |window| Query::Events(EventQuery { family: options.family.clone(), show: None, window });
    let page = |answer| match answer {
        Answer::Events(page) => Some(page),
        _ => None,
    };
    let mut table = page::events();
    let end = door
        .list(
            selection.walk(filter::List::Events, now)?,
            question,
            page,
            |row| row.seq,
            async |row| {
                match output.format {
                    Format::Table => table.row(page::event(&row, privacy)),
                    // A line carries the body and what differs in it, which a row of a list does not.
                    Format::Json => json::line(out, &json::Event::from(&*detail(row.seq, door).await?))?,
                }
                Ok(())
            },
        )
        .await;
    table.write(out)?;
    end
}

async fn detail(seq: Seq, door: &Door) -> Result<Box<EventDetail>, CliError> {
    match door.ask(Query::Event(seq)).await? {
        Answer::Event(Some(detail)) => Ok(detail),
        Answer::Event(None) => Err(not_found(format!("event {seq}"))),
        _ => Err(unexpected()),
    }
}

async fn get(options: &Get, door: &Door, out: &mut dyn Write) -> Result<(), CliError> {
    let detail = detail(options.seq, door).await?;
    match options.output.format {
        Format::Json => json::line(out, &json::Event::from(&*detail))?,
        Format::Table => {
            door.reveal(&format!("event {}", options.seq), options.output.reveal).await?;
            page::event_in_full(out, &detail, page::privacy(options.output.reveal))?;
        }
    }
    Ok(())
}
