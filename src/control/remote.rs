//! The door to a ledger in another process. Stands wherever a [`Desk`] can stand.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot, watch};

use super::ControlError;
use super::lines::{Lines, line};
use super::socket::check_length;
use super::wire::{Given, MOST_REPLY, MOST_REQUEST, Message, PROTOCOL, Request, Want};
use crate::domain::moment::{Moment, Recalled};
use crate::domain::query::{Answer, Done, Order, Query, Status};
use crate::engine::handle::{Desk, DeskError, Hindsight, Pending};

/// How long to wait for the server's hello.
const GREETING: Duration = Duration::from_secs(5);

/// How long to wait for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

type Outcome = Result<Given, DeskError>;

/// Requests that wait for their reply, by number; `None` once the connection is gone.
type Waiting = Arc<Mutex<Option<HashMap<u64, oneshot::Sender<Outcome>>>>>;

/// A connection to a server's control socket. Closed when dropped.
#[derive(Debug)]
pub struct Remote {
    calls: Calls,
    changes: watch::Receiver<u64>,
}

/// The way to the server. Cheap to clone.
#[derive(Debug, Clone)]
struct Calls(mpsc::UnboundedSender<(Want, oneshot::Sender<Outcome>)>);

impl Remote {
    /// Connects to the server that listens on `path`.
    ///
    /// # Errors
    /// [`ControlError::Absent`] when nobody listens there; others when the two sides do not understand each other.
    pub async fn connect(path: &Path) -> Result<Self, ControlError> {
        check_length(path)?;
        let stream = UnixStream::connect(path).await.map_err(|source| match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => ControlError::Absent(path.to_owned()),
            _ => ControlError::Io { what: "connect to", path: path.to_owned(), source },
        })?;
        let (reader, writer) = stream.into_split();
        let mut lines = Lines::new(reader, MOST_REPLY);
        greeted(&mut lines, path).await?;

        let (calls, wanted) = mpsc::unbounded_channel();
        let (tick, changes) = watch::channel(0);
        let waiting: Waiting = Arc::new(Mutex::new(Some(HashMap::new())));
        tokio::spawn(speak(writer, wanted, Arc::clone(&waiting)));
        tokio::spawn(listen(lines, tick, waiting));
        Ok(Self { calls: Calls(calls), changes })
    }
}

impl Calls {
    async fn call(&self, want: Want) -> Outcome {
        let (reply, given) = oneshot::channel();
        let gone = || DeskError::Failed("the server has closed the connection".to_owned());
        self.0.send((want, reply)).map_err(|_| gone())?;
        match tokio::time::timeout(PATIENCE, given).await {
            Ok(outcome) => outcome.unwrap_or_else(|_| Err(gone())),
            Err(_) => Err(DeskError::Failed(format!("the server has not answered for {} s", PATIENCE.as_secs()))),
        }
    }
}

async fn greeted(lines: &mut Lines<OwnedReadHalf>, path: &Path) -> Result<(), ControlError> {
    let nothing = |why: String| ControlError::NoGreeting { path: path.to_owned(), why };
    let greeting = tokio::time::timeout(GREETING, lines.next())
        .await
        .map_err(|_| nothing(format!("silence for {} s", GREETING.as_secs())))?
        .map_err(|error| nothing(error.to_string()))?
        .ok_or_else(|| nothing("it hung up".to_owned()))?;
    match serde_json::from_slice(&greeting) {
        Ok(Message::Hello { protocol: PROTOCOL, .. }) => Ok(()),
        Ok(Message::Hello { protocol, version }) => {
            Err(ControlError::OtherProtocol { path: path.to_owned(), version, theirs: protocol, ours: PROTOCOL })
        }
        Ok(Message::Reply { result: Err(error), .. }) => Err(nothing(error.to_string())),
        Ok(_) | Err(_) => Err(nothing("an unknown language".to_owned())),
    }
}

/// Writes requests until nobody has any more.
async fn speak(
    mut writer: OwnedWriteHalf,
    mut wanted: mpsc::UnboundedReceiver<(Want, oneshot::Sender<Outcome>)>,
    waiting: Waiting,
) {
    let mut id = 0;
    while let Some((want, reply)) = wanted.recv().await {
        id += 1;
        let Some(bytes) = line(&Request { id, want }, MOST_REQUEST) else {
            let why = format!("the request is longer than {} KiB: shorten the reason", MOST_REQUEST >> 10);
            let _ = reply.send(Err(DeskError::Refused(why)));
            continue;
        };
        match waiting.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            Some(waiting) => {
                waiting.retain(|_, reply| !reply.is_closed());
                waiting.insert(id, reply);
            }
            None => return,
        }
        if writer.write_all(&bytes).await.is_err() {
            return;
        }
    }
}

/// Hands replies and changes on until the server is gone; then everybody who waits is told by their closed channel.
async fn listen(mut lines: Lines<OwnedReadHalf>, tick: watch::Sender<u64>, waiting: Waiting) {
    while let Ok(Some(bytes)) = lines.next().await {
        match serde_json::from_slice(&bytes) {
            Ok(Message::Reply { id: Some(id), result }) => {
                let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(reply) = waiting.as_mut().and_then(|waiting| waiting.remove(&id)) {
                    let _ = reply.send(result);
                }
            }
            Ok(Message::Changed { last }) => {
                tick.send_replace(last);
            }
            Ok(Message::Hello { .. } | Message::Reply { id: None, .. }) => {}
            Err(error) => {
                tracing::warn!(%error, "the server's line cannot be read; hanging up");
                break;
            }
        }
    }
    *waiting.lock().unwrap_or_else(PoisonError::into_inner) = None;
}

fn unexpected() -> DeskError {
    DeskError::Failed("the server has answered another question".to_owned())
}

impl Desk for Remote {
    fn ask(&self, query: Query) -> Pending<'_, Result<Answer, DeskError>> {
        Box::pin(async move {
            match self.calls.call(Want::Ask(query)).await? {
                Given::Answer(answer) => Ok(*answer),
                _ => Err(unexpected()),
            }
        })
    }

    fn act(&self, order: Order) -> Pending<'_, Result<Done, DeskError>> {
        Box::pin(async move {
            match self.calls.call(Want::Act(order)).await? {
                Given::Done(done) => Ok(*done),
                _ => Err(unexpected()),
            }
        })
    }

    fn status(&self) -> Pending<'_, Result<Status, DeskError>> {
        Box::pin(async move {
            match self.calls.call(Want::Status).await? {
                Given::Status(status) => Ok(*status),
                _ => Err(unexpected()),
            }
        })
    }

    /// Each call asks the server to tell of changes, which is no harm when it does so already.
    fn changes(&self) -> watch::Receiver<u64> {
        let (reply, _) = oneshot::channel();
        // When the connection is gone the receiver is closed, which says it all.
        let _ = self.calls.0.send((Want::Watch, reply));
        self.changes.clone()
    }

    fn look_back(&self) -> Result<Arc<dyn Hindsight>, DeskError> {
        Ok(Arc::new(self.calls.clone()))
    }
}

/// The server looks back for whoever is at the other end of the connection.
impl Hindsight for Calls {
    fn ask(&self, query: Query, moment: Moment) -> Pending<'_, Result<Recalled<Answer>, DeskError>> {
        Box::pin(async move {
            match self.call(Want::Recall(query, moment)).await? {
                Given::Recalled(recalled) => Ok(*recalled),
                _ => Err(unexpected()),
            }
        })
    }
}
