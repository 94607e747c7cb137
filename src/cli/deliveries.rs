//! `deliveries`: list them, see one with all that was done about it, and steer it.

use std::io::Write;

use clap::{Args, Subcommand, ValueEnum};

use super::arguments::{Format, Listing, OptionalReason, Output, Reason};
use super::door::{Door, door, not_found, unexpected};
use super::page;
use super::{CliError, json};
use crate::config::Settings;
use crate::domain::Timestamp;
use crate::domain::delivery::{Kind, Stage};
use crate::domain::filter;
use crate::domain::ids::DeliveryId;
use crate::domain::query::{Answer, Command, DeliveryQuery, Query};

/// What to do with deliveries.
#[derive(Debug, Subcommand)]
#[allow(missing_docs)]
pub enum Verb {
    /// The newest deliveries
    #[command(after_help = filter::document::help(filter::List::Deliveries))]
    List(List),
    /// One delivery with its attempts and everything that was done about it
    Get(Get),
    /// Send a failed one again, release a held one, or bring a waiting one forward
    Retry(Softly),
    /// Say that it was done by hand
    MarkDelivered(Firmly),
    /// Say that it shall not be done
    Cancel(Firmly),
    /// Take the last mark-delivered or cancel back
    Undo(Softly),
}

/// For the help.
pub const EXAMPLES: &str = "\
Examples:
  willcall deliveries list --state failed,held
  willcall deliveries list --filter 'attempts>=3 age>1h -to:@example.com'
  willcall deliveries get d-41
  willcall deliveries retry d-41 --reason 'target is back'
  willcall deliveries mark-delivered d-41 --reason 'handed over at the window'
  willcall deliveries list --format json | jq -r 'select(.state == \"held\") | .reason'";

/// `deliveries list`
#[derive(Debug, Args)]
#[allow(missing_docs)]
pub struct List {
    /// Only in these states: pending, in_flight, delivered, failed, held, cancelled
    #[arg(long, value_name = "STATE", value_delimiter = ',')]
    pub state: Vec<Stage>,
    /// Only these
    #[arg(long)]
    pub kind: Option<Direction>,
    #[command(flatten)]
    pub listing: Listing,
}

/// Which way the ticket goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Direction {
    /// To the buyer
    Transfer,
    /// Back to the seller
    Return,
}

impl From<Direction> for Kind {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Transfer => Self::Transfer,
            Direction::Return => Self::Return,
        }
    }
}

/// `deliveries get`
#[derive(Debug, Args)]
#[allow(missing_docs)]
pub struct Get {
    /// The delivery's id, as in d-41
    pub id: DeliveryId,
    #[command(flatten)]
    pub output: Output,
}

/// An order that needs no reason.
#[derive(Debug, Args)]
#[allow(missing_docs)]
pub struct Softly {
    /// The delivery's id, as in d-41
    pub id: DeliveryId,
    #[command(flatten)]
    pub reason: OptionalReason,
    #[command(flatten)]
    pub output: Output,
}

/// An order that needs a reason.
#[derive(Debug, Args)]
#[allow(missing_docs)]
pub struct Firmly {
    /// The delivery's id, as in d-41
    pub id: DeliveryId,
    #[command(flatten)]
    pub reason: Reason,
    #[command(flatten)]
    pub output: Output,
}

/// Does it.
///
/// # Errors
/// When the ledger does not answer, has no such delivery, or refuses.
pub async fn run(verb: Verb, settings: &Settings, out: &mut dyn Write) -> Result<(), CliError> {
    let now = settings.clock.now();
    if let Verb::List(options) = &verb {
        // A filter that is none is said so before anything is opened.
        options.listing.selection.walk(filter::List::Deliveries, now)?;
    }
    let door = door(settings).await?;
    match verb {
        Verb::List(options) => list(options, &door, now, out).await,
        Verb::Get(options) => get(&options, &door, out).await,
        Verb::Retry(Softly { id, reason, output }) => {
            order(Command::Retry(id), &reason.reason, &output, &door, out).await
        }
        Verb::MarkDelivered(Firmly { id, reason, output }) => {
            order(Command::MarkDelivered(id), &reason.reason, &output, &door, out).await
        }
        Verb::Cancel(Firmly { id, reason, output }) => {
            order(Command::Cancel(id), &reason.reason, &output, &door, out).await
        }
        Verb::Undo(Softly { id, reason, output }) => {
            order(Command::Undo(id), &reason.reason, &output, &door, out).await
        }
    }
}

async fn list(options: List, door: &Door, now: Timestamp, out: &mut dyn Write) -> Result<(), CliError> {
    let Listing { selection, output } = options.listing;
    let privacy = page::privacy(output.reveal);
    door.reveal("deliveries", output.reveal && output.format == Format::Table).await?;
    let question = |window| {
        Query::Deliveries(DeliveryQuery {
            stages: options.state.clone(),
            kind: options.kind.map(Kind::from),
            overdue: None,
            window,
        })
    };
    let page = |answer| match answer {
        Answer::Deliveries(page) => Some(page),
        _ => None,
    };
    let mut table = page::deliveries();
    let end = door
        .list(
            selection.walk(filter::List::Deliveries, now)?,
            question,
            page,
            |row| row.id.0,
            async |row| {
                match output.format {
                    Format::Table => table.row(page::delivery(&row, privacy)),
                    Format::Json => json::line(out, &json::Delivery::from(&row))?,
                }
                Ok(())
            },
        )
        .await;
    table.write(out)?;
    end
}

async fn get(options: &Get, door: &Door, out: &mut dyn Write) -> Result<(), CliError> {
    let Answer::Delivery(found) = door.ask(Query::Delivery(options.id)).await? else { return Err(unexpected()) };
    let detail = found.ok_or_else(|| not_found(format!("delivery {}", options.id)))?;
    match options.output.format {
        Format::Json => json::line(out, &json::FullDelivery::from(&*detail))?,
        Format::Table => {
            door.reveal(&format!("delivery {}", options.id), options.output.reveal).await?;
            page::delivery_in_full(out, &detail.delivery, page::privacy(options.output.reveal))?;
            writeln!(out)?;
            page::history(&detail.history, page::privacy(options.output.reveal)).write(out)?;
        }
    }
    Ok(())
}

async fn order(command: Command, why: &str, output: &Output, door: &Door, out: &mut dyn Write) -> Result<(), CliError> {
    let done = door.act(command, why).await?;
    match (output.format, &done.delivery) {
        (Format::Json, _) => json::line(out, &json::Ordered::from(&done))?,
        (Format::Table, Some(delivery)) => {
            door.reveal(&format!("delivery {}", delivery.id), output.reveal).await?;
            let mut table = page::deliveries();
            table.row(page::delivery(delivery, page::privacy(output.reveal)));
            table.write(out)?;
        }
        (Format::Table, None) => writeln!(out, "done, on record as {}", done.seq)?,
    }
    Ok(())
}
