//! `ticket`: all that is known of one ticket id, joined across families.

use std::io::Write;

use super::arguments::{Format, TicketOptions};
use super::door::{door, not_found, unexpected};
use super::page;
use super::{CliError, json};
use crate::config::Settings;
use crate::domain::query::{Answer, MOST_TIMELINE, Query};

/// Does it.
///
/// # Errors
/// When the ledger does not answer or knows nothing of the ticket.
pub async fn run(options: TicketOptions, settings: &Settings, out: &mut dyn Write) -> Result<(), CliError> {
    let door = door(settings).await?;
    let TicketOptions { ticket, output } = options;
    let Answer::Ticket(timeline) = door.ask(Query::Ticket(ticket.clone())).await? else { return Err(unexpected()) };
    if timeline.records.is_empty() && timeline.deliveries.is_empty() {
        return Err(not_found(format!("ticket {ticket} in any webhook")));
    }
    match output.format {
        Format::Json => json::line(out, &json::Ticket::from(&*timeline))?,
        Format::Table => {
            door.reveal(&format!("ticket {ticket}"), output.reveal).await?;
            let mut table = page::deliveries();
            for one in &timeline.deliveries {
                table.row(page::delivery(one, page::privacy(output.reveal)));
            }
            table.write(out)?;
            if !timeline.deliveries.is_empty() {
                writeln!(out)?;
            }
            if timeline.truncated {
                writeln!(out, "the newest {MOST_TIMELINE} records; `willcall export` has all")?;
            }
            page::history(&timeline.records, page::privacy(output.reveal)).write(out)?;
        }
    }
    Ok(())
}
