//! VERBS. One file a subcommand; nothing here decides anything about events or deliveries.
//!
//! | file | idea |
//! | --- | --- |
//! | [`arguments`] | what can be typed |
//! | [`settings`] | the flags of the table of keys |
//! | [`selection`] | which rows of a list: `--limit`, `--since`, `--search`, `--filter` |
//! | [`door`] | the ledger: of the running server, or opened here |
//! | [`error`] | why a verb failed, and the exit status |
//! | [`json`] | the JSON that scripts read |
//! | [`table`], [`page`] | the text that people read |
//! | [`plain`] | the lines of `--plain` |
//! | [`remembered`] | the file in which the dashboard is found again as it was left |
//! | `alerts` | new failures and holds, told to the log and a command |
//! | [`program`], [`progress`] | every stage, started and stopped; the line that counts meanwhile |
//! | [`logging`], [`signals`] | what every server process has |
//! | the rest | one verb each |

mod alerts;
pub mod arguments;
pub mod door;
pub mod error;
pub mod json;
pub mod logging;
pub mod page;
pub mod plain;
pub mod program;
pub mod progress;
pub mod remembered;
pub mod selection;
pub mod settings;
pub mod signals;
pub mod table;

pub mod completions;
pub mod config;
pub mod dashboard;
pub mod deliveries;
pub mod demo;
pub mod events;
pub mod export;
pub mod man;
pub mod quarantine;
pub mod rebuild;
pub mod send;
pub mod serve;
pub mod ticket;
pub mod verify;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory, Parser};

use arguments::{Arguments, Verb};
pub use error::CliError;

/// Parses `arguments` (the program's name first), does what they say, and gives the exit status: 0 done, 1 failed or
/// refused (the reason is on stderr), 2 wrong usage.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments).and_then(Arguments::checked) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version come this way too, with status 0. Nobody is left to tell if this cannot be written.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match carry_out(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "willcall: {}", crate::domain::text::visible(&error.to_string()));
            for line in error.marked() {
                let _ = writeln!(io::stderr(), "  {line}");
            }
            ExitCode::from(error.status())
        }
    }
}

/// Runs `work` to its end. A question that nobody waits for any more may still be searching; it is not waited for.
fn complete(work: impl Future<Output = Result<(), CliError>>) -> Result<(), CliError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(CliError::Runtime)?;
    let result = runtime.block_on(work);
    runtime.shutdown_timeout(Duration::from_secs(1));
    result
}

fn carry_out(arguments: Arguments) -> Result<(), CliError> {
    let out = &mut io::stdout();
    let Arguments { place, serving, plain, verb } = arguments;
    match verb {
        None => {
            let loaded = place.load(&serving)?;
            complete(dashboard::run(loaded, plain, |_| {}))
        }
        Some(Verb::Serve(options)) => {
            let loaded = place.load(&serving.or(options.serving))?;
            complete(serve::run(loaded, |_| {}))
        }
        Some(Verb::Demo(options)) => {
            complete(demo::run(options.seed, plain || options.plain, &place, serving.or(options.serving)))
        }
        Some(Verb::Send(options)) => complete(send::run(&options, &place.settings()?, out)),
        Some(Verb::Events(verb)) => complete(events::run(verb, &place.settings()?, out)),
        Some(Verb::Deliveries(verb)) => complete(deliveries::run(verb, &place.settings()?, out)),
        Some(Verb::Ticket(options)) => complete(ticket::run(options, &place.settings()?, out)),
        Some(Verb::Quarantine(verb)) => complete(quarantine::run(verb, &place.settings()?, out)),
        Some(Verb::Verify) => verify::run(&place.settings()?, out),
        Some(Verb::Rebuild) => rebuild::run(&place.settings()?, out),
        Some(Verb::Export(options)) => export::run(&options, &place.settings()?, out),
        Some(Verb::Config(verb)) => config::run(&verb, &place, &serving, out),
        Some(Verb::Completions { shell }) => completions::run(shell, Arguments::command(), out),
        Some(Verb::Man { folder }) => man::run(folder.as_deref(), Arguments::command(), out),
    }
}
