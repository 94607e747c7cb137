//! The ledger: of the server that runs on the data folder, or opened here when none does.

use std::time::Duration;

use crate::config::Settings;
use crate::control::{ControlError, Remote, SOCKET_NAME, identity};
use crate::domain::ids::Seq;
use crate::domain::query::{Answer, Command, Done, Order, Page, Query, Window};
use crate::engine::{DeskError, Handle};

use super::progress::ProgressLine;
use super::selection::Walk;
use super::{CliError, program};

/// A door and the name orders go through it under.
#[derive(Clone)]
pub struct Door {
    handle: Handle,
    who: String,
}

/// A server that is just starting holds the folder before it listens on its socket: how long, and how often, it is asked
/// again.
const STARTING: (Duration, u32) = (Duration::from_millis(100), 50);

/// The door to the ledger of the data folder.
///
/// # Errors
/// When the server that runs there cannot be talked to, or there is none and the folder cannot be opened.
pub async fn door(settings: &Settings) -> Result<Door, CliError> {
    let (pause, mut times) = STARTING;
    loop {
        match open(settings).await {
            Err(error) if error.is_taken() && times > 0 => {
                times -= 1;
                tokio::time::sleep(pause).await;
            }
            result => return result,
        }
    }
}

async fn open(settings: &Settings) -> Result<Door, CliError> {
    match Remote::connect(&settings.data_dir.join(SOCKET_NAME)).await {
        // The server adds the user id to the name.
        Ok(remote) => Ok(Door { handle: Handle::new(remote), who: settings.operator.clone() }),
        // Where no server can listen for the path's length, none does.
        Err(ControlError::Absent(_) | ControlError::PathTooLong { .. }) => {
            let (handle, _) = program::ledger_alone(settings)?;
            Ok(Door { handle, who: identity::own(&settings.operator) })
        }
        Err(error) => Err(error.into()),
    }
}

impl Door {
    /// A door for orders by `who`.
    pub fn new(handle: Handle, who: String) -> Self {
        Self { handle, who }
    }

    /// Asks.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn ask(&self, query: Query) -> Result<Answer, CliError> {
        Ok(self.handle.ask(query).await?)
    }

    /// Hands every row of a list that was selected to `show`, the newest first.
    ///
    /// # Errors
    /// When there is no answer, or a row cannot be shown; what could be had is shown by then.
    pub async fn list<Row>(
        &self,
        mut walk: Walk,
        question: impl Fn(Window) -> Query,
        page: fn(Answer) -> Option<Page<Row>>,
        place: fn(&Row) -> Seq,
        mut show: impl AsyncFnMut(Row) -> Result<(), CliError>,
    ) -> Result<(), CliError> {
        let mut line = ProgressLine::new("searching");
        while let Some(window) = walk.piece() {
            let page = page(self.ask(question(window)).await?).ok_or_else(unexpected)?;
            let progress = walk.took(&page, place);
            if !page.rows.is_empty() {
                line.clear();
            }
            for row in page.rows {
                show(row).await?;
            }
            if let Some(progress) = progress {
                line.show(progress);
            }
        }
        line.clear();
        Ok(())
    }

    /// Orders.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn act(&self, command: Command, why: &str) -> Result<Done, CliError> {
        Ok(self.handle.act(Order { who: self.who.clone(), why: why.to_owned(), command }).await?)
    }

    /// Puts on record that personal data of `what` is about to be shown, if it is.
    ///
    /// # Errors
    /// When that cannot be recorded: then nothing is to be shown.
    pub async fn reveal(&self, what: &str, wanted: bool) -> Result<(), CliError> {
        if wanted {
            self.act(Command::Reveal { what: what.to_owned() }, "").await?;
        }
        Ok(())
    }
}

/// The answer to another question than was asked: a server of this protocol gives none.
pub fn unexpected() -> CliError {
    CliError::Desk(DeskError::Failed("the ledger has answered another question".to_owned()))
}

/// Nothing of that name.
pub fn not_found(what: impl std::fmt::Display) -> CliError {
    CliError::Desk(DeskError::NotFound(format!("there is no {what}")))
}
