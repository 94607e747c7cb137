//! Why a verb failed, and the exit status that says so to scripts.

use std::io;
use std::path::PathBuf;

use crate::config::{ConfigError, Origin};
use crate::control::ControlError;
use crate::domain::filter::Problem;
use crate::engine::DeskError;
use crate::engine::local::OpenError;
use crate::journal::FolderError;
use crate::ui::preferences::PreferenceError;

/// Why a verb failed.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The settings are wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The dashboard's keys or colours are wrong.
    #[error(transparent)]
    Preferences(#[from] PreferenceError),
    /// The server on this data folder cannot be talked to.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// The ledger has no such thing, or does not do it.
    #[error(transparent)]
    Desk(#[from] DeskError),
    /// The data folder cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The ledger cannot be read or written.
    #[error(transparent)]
    Ledger(#[from] crate::engine::ledger::LedgerError),
    /// What was to be printed cannot be.
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
    /// A file cannot be read or written.
    #[error("cannot {what} {path}: {source}", path = path.display())]
    File {
        /// As in `read`.
        what: &'static str,
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The program cannot start its machinery.
    #[error("cannot start: {0}")]
    Runtime(io::Error),
    /// Anything else that was tried and failed.
    #[error("{0}")]
    Failed(String),
    /// What was typed is no filter.
    #[error("--filter: {problem}")]
    Filter {
        /// Why, and where.
        problem: Problem,
        /// What was typed.
        typed: String,
    },
    /// What was typed makes no sense, as only the verb itself can tell.
    #[error("{0}")]
    Usage(String),
}

impl CliError {
    /// 1 failed or refused, 2 wrong usage.
    pub fn status(&self) -> u8 {
        match self {
            Self::Usage(_)
            | Self::Filter { .. }
            | Self::Preferences(_)
            | Self::Config(ConfigError::WrongValue { at: Origin::Flag(_), .. }) => 2,
            _ => 1,
        }
    }

    /// `typed` is no filter.
    pub fn filter(problem: Problem, typed: &str) -> Self {
        Self::Filter { problem, typed: typed.to_owned() }
    }

    /// Lines that show where the mistake is.
    pub fn marked(&self) -> Vec<String> {
        match self {
            Self::Filter { problem, typed } => problem.marked(typed).lines().map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    }

    /// Another process holds the data folder.
    pub fn is_taken(&self) -> bool {
        matches!(self, Self::Open(OpenError::Folder(FolderError::Taken { .. })))
    }

    /// The reader of the output went away, as `head` does: no failure.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// A way to say what was done to which file.
pub(super) fn file(what: &'static str, path: &std::path::Path) -> impl FnOnce(io::Error) -> CliError {
    move |source| CliError::File { what, path: path.to_owned(), source }
}
