//! The control socket, asked from threads: what staff's other windows use.

use std::path::{Path, PathBuf};

use tokio::runtime::{Builder, Runtime};
use willcall::control::Remote;
use willcall::domain::query::{Answer, Command, Order, Query};
use willcall::engine::Desk;

/// A connection, made anew every so often.
pub struct Door {
    runtime: Runtime,
    socket: PathBuf,
    remote: Option<Remote>,
    asked: usize,
}

/// After so many questions somebody closes the window and opens another.
const QUESTIONS: usize = 100;

impl Door {
    /// To the program that keeps its data there.
    pub fn to(data: &Path) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { runtime, socket: data.join(willcall::control::SOCKET_NAME), remote: None, asked: 0 }
    }

    /// Asks.
    pub fn ask(&mut self, query: Query) -> Result<Answer, String> {
        self.connect()?;
        let (remote, what) = (self.remote.as_ref().expect("connected"), format!("{query:?}"));
        self.runtime.block_on(remote.ask(query)).map_err(|error| format!("{what}: {error}"))
    }

    /// Orders; the reason when it is refused. What was true when one looked may have changed by then.
    pub fn order(&mut self, why: &str, command: Command) -> Result<Result<(), String>, String> {
        self.connect()?;
        let order = Order { who: "soak".to_owned(), why: why.to_owned(), command };
        match self.runtime.block_on(self.remote.as_ref().expect("connected").act(order)) {
            Ok(_) => Ok(Ok(())),
            Err(willcall::engine::DeskError::Refused(why)) => Ok(Err(why)),
            Err(error) => Err(error.to_string()),
        }
    }

    fn connect(&mut self) -> Result<(), String> {
        if self.asked.is_multiple_of(QUESTIONS) || self.remote.is_none() {
            self.remote = None;
            let remote = self.runtime.block_on(Remote::connect(&self.socket)).map_err(|error| error.to_string())?;
            self.remote = Some(remote);
        }
        self.asked += 1;
        Ok(())
    }
}
