//! What can be typed. The texts here are the help, the manual page and the completions.

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use super::selection::{Selection, reason};
use super::settings::{Place, READ_ONLY, Serving};
use super::{config, deliveries, events, quarantine, send};
use crate::domain::ids::TicketId;

/// The window at a box office where a paid ticket waits for its new owner.
///
/// Takes menta's webhooks in, keeps every one, gets each resold ticket to the person it now belongs to (or back, when a
/// sale is reversed), and shows staff what is happening and what needs a hand. Without a command: listener and dashboard.
#[derive(Debug, Parser)]
#[command(name = "willcall", version, color = clap::ColorChoice::Never, after_help = EXAMPLES)]
pub struct Arguments {
    /// Where settings and data are.
    #[command(flatten)]
    pub place: Place,
    /// How to serve.
    #[command(flatten)]
    pub serving: Serving,
    /// A line on stdout for every event and every change of a delivery, instead of the dashboard: for screen readers and pipes
    #[arg(long)]
    pub plain: bool,
    /// What to do.
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

const EXAMPLES: &str = "\
Examples:
  willcall demo                                          see everything at work; needs nothing
  willcall --deliver-to http://127.0.0.1:9000/tickets    listen, deliver and watch
  willcall send fixtures/events/ticket                   post menta's documented samples to it
  willcall deliveries list --state failed,held           what needs a hand
  willcall deliveries retry d-41 --reason 'target fixed'

With a server running on the data folder, commands talk to it; without one they open the folder themselves.
Exit status: 0 done, 1 failed or refused (the reason is on stderr), 2 wrong usage.";

/// A subcommand.
#[derive(Debug, Subcommand)]
#[allow(missing_docs)] // the variants' help is their documentation
pub enum Verb {
    /// Listen and deliver without a dashboard; logs to stderr
    #[command(after_help = SERVE_EXAMPLES, mut_arg(READ_ONLY, |flag| flag.hide(true)))]
    Serve(ServeOptions),
    /// Show everything at work: a throw-away data folder, a pretend platform, live traffic
    Demo(DemoOptions),
    /// Post fixture files to a listener
    #[command(after_help = send::EXAMPLES)]
    Send(send::Options),
    /// Webhooks as they were received
    #[command(subcommand, visible_alias = "event")]
    Events(events::Verb),
    /// Tickets on their way to a person: list them, see one, steer it
    #[command(subcommand, visible_alias = "delivery", after_help = deliveries::EXAMPLES)]
    Deliveries(deliveries::Verb),
    /// All that is known of one ticket, across families
    Ticket(TicketOptions),
    /// Requests that could not become events
    #[command(subcommand)]
    Quarantine(quarantine::Verb),
    /// Check the journal, and the store against it
    Verify,
    /// Build the store anew from the journal
    ///
    /// The journal is the truth and is not touched. Stop the server first.
    Rebuild,
    /// Write all records out, one JSON object a line, oldest first
    #[command(after_help = "Example:\n  willcall export --output records.jsonl")]
    Export(ExportOptions),
    /// The settings and where they come from
    #[command(subcommand)]
    Config(config::Verb),
    /// Print completions for a shell
    #[command(
        after_help = "Example:\n  willcall completions bash > ~/.local/share/bash-completion/completions/willcall"
    )]
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    #[command(after_help = "Example:\n  willcall man | man -l -")]
    Man {
        /// Write the pages of all commands into this folder instead
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
    },
}

const SERVE_EXAMPLES: &str = "\
Examples:
  willcall serve --deliver-to http://127.0.0.1:9000/tickets
  willcall serve --deliver-cmd './deliver.sh' --log-format json
  WILLCALL_AUTH_PATH_SECRETS=$(openssl rand -hex 24) willcall serve --listen 0.0.0.0:8787

Without --deliver-to and --deliver-cmd, deliveries wait for staff to carry them out by hand.
SIGTERM and SIGINT stop it in good order: attempts under way finish or are on record as unknown.";

/// `serve`
#[derive(Debug, Args)]
#[allow(missing_docs)]
pub struct ServeOptions {
    #[command(flatten)]
    pub serving: Serving,
}

/// `demo`
#[derive(Debug, Args)]
#[allow(missing_docs)]
pub struct DemoOptions {
    /// The same number gives the same traffic
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Lines on stdout instead of the dashboard
    #[arg(long)]
    pub plain: bool,
    #[command(flatten)]
    pub serving: Serving,
}

/// `ticket`
#[derive(Debug, Args)]
#[allow(missing_docs)]
pub struct TicketOptions {
    /// The ticket's id, as your platform assigned it
    #[arg(value_name = "ID", value_parser = |text: &str| Ok::<_, std::convert::Infallible>(TicketId::from(text)))]
    pub ticket: TicketId,
    #[command(flatten)]
    pub output: Output,
}

/// `export`
#[derive(Debug, Args)]
#[allow(missing_docs)]
pub struct ExportOptions {
    /// Write into this new file, readable by you alone, instead of to stdout
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// How to print.
#[derive(Debug, Clone, Args)]
#[allow(missing_docs)]
pub struct Output {
    /// For people or for scripts; JSON is never masked
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Show personal data in tables, JSON always has it; that you did goes on record
    #[arg(long)]
    pub reveal: bool,
}

/// For whom to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Aligned columns, personal data masked
    Table,
    /// One JSON object a line, personal data as it was sent
    Json,
}

/// A list and how to print it.
#[derive(Debug, Clone, Args)]
#[allow(missing_docs)]
pub struct Listing {
    #[command(flatten)]
    pub selection: Selection,
    #[command(flatten)]
    pub output: Output,
}

/// A reason that may be left out.
#[derive(Debug, Clone, Args)]
#[allow(missing_docs)]
pub struct OptionalReason {
    /// Why; goes on record with your name
    #[arg(long, value_name = "TEXT", value_parser = reason, default_value = "no reason given")]
    pub reason: String,
}

/// A reason that must be given.
#[derive(Debug, Clone, Args)]
#[allow(missing_docs)]
pub struct Reason {
    /// Why; goes on record with your name
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    pub reason: String,
}

impl Arguments {
    /// Refuses flags that would be ignored.
    ///
    /// # Errors
    /// When flags for serving stand before a verb that does not serve.
    pub fn checked(self) -> Result<Self, clap::Error> {
        let serves = matches!(self.verb, None | Some(Verb::Serve(_) | Verb::Demo(_) | Verb::Config(_)));
        let shows = matches!(self.verb, None | Some(Verb::Demo(_)));
        let tells = shows || matches!(self.verb, Some(Verb::Config(_)));
        let headless = matches!(&self.verb, Some(Verb::Serve(options)) if options.serving.has(READ_ONLY));
        let read_only = self.serving.has(READ_ONLY) || headless;
        for (flag, useless) in [("plain", self.plain && !shows), (READ_ONLY, read_only && !tells)] {
            if useless {
                let says = format!("--{flag} is for the dashboard: this command shows none");
                return Err(Self::command().error(clap::error::ErrorKind::ArgumentConflict, says));
            }
        }
        match self.serving.pairs().first() {
            Some((flag, _)) if !serves => Err(Self::command().error(
                clap::error::ErrorKind::ArgumentConflict,
                format!("--{flag} is for the server: this command does not listen or deliver"),
            )),
            _ => Ok(self),
        }
    }
}
