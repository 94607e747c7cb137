//! Answers what comes over the control socket. Knows the ledger only by its door.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::identity::signed;
use super::lines::{LineError, Lines, line};
use super::socket::Socket;
use super::wire::{Given, MOST_REPLY, MOST_REQUEST, Message, PROTOCOL, Request, Want};
use crate::domain::moment::Moment;
use crate::domain::query::{Order, Query};
use crate::engine::{DeskError, Handle, Hindsight};

/// The most clients at once; one more is turned away.
pub const MOST_CLIENTS: usize = 64;

/// How long a conversation may go on after the stop, so that an answer under way arrives.
const GRACE: Duration = Duration::from_secs(2);

/// Answers until `shutdown`, then lets the requests under way finish.
pub async fn serve(socket: Socket, handle: Handle, shutdown: impl Future<Output = ()>) {
    let (stop, stopped) = watch::channel(());
    let mut conversations = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            accepted = socket.accept() => match accepted {
                Ok(stream) if conversations.len() >= MOST_CLIENTS => turn_away(&stream),
                Ok(stream) => {
                    conversations.spawn(converse(stream, handle.clone(), stopped.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "the control socket takes no connection; trying again");
                    // Out of file handles, say: not worth a full core.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            Some(_) = conversations.join_next() => {}
            () = &mut shutdown => break,
        }
    }
    drop((stop, socket));
    let _ = tokio::time::timeout(GRACE, async { while conversations.join_next().await.is_some() {} }).await;
}

fn turn_away(stream: &UnixStream) {
    let busy = DeskError::Failed(format!("{MOST_CLIENTS} consoles are attached already"));
    if let Some(bytes) = line(&Message::Reply { id: None, result: Err(busy) }, MOST_REPLY) {
        let _ = stream.try_write(&bytes);
    }
}

/// One client, from hello to its end. That it went away is no news.
async fn converse(stream: UnixStream, handle: Handle, mut stop: watch::Receiver<()>) {
    let Ok(credentials) = stream.peer_cred() else { return };
    let (reader, mut writer) = stream.into_split();
    let mut lines = Lines::new(reader, MOST_REQUEST);
    let mut told = Told::default();
    let mut message = Message::Hello { protocol: PROTOCOL, version: env!("CARGO_PKG_VERSION").to_owned() };
    loop {
        if writer.write_all(&encoded(&message)).await.is_err() {
            return;
        }
        message = tokio::select! {
            received = lines.next() => match received {
                Ok(Some(bytes)) => answered(&bytes, &handle, credentials.uid(), &mut told).await,
                Ok(None) | Err(LineError::Io(_)) => return,
                Err(error @ LineError::TooLong { .. }) => {
                    let _ = writer.write_all(&encoded(&unreadable(&error))).await;
                    return;
                }
            },
            last = next_change(&mut told.changes) => Message::Changed { last },
            _ = stop.changed() => return,
        };
    }
}

/// What one client is told beside answers.
#[derive(Default)]
struct Told {
    changes: Option<watch::Receiver<u64>>,
    /// Where it has looked back; given up with the connection.
    hindsight: Option<Arc<dyn Hindsight>>,
}

async fn answered(request: &[u8], handle: &Handle, uid: u32, told: &mut Told) -> Message {
    let Request { id, want } = match serde_json::from_slice(request) {
        Ok(request) => request,
        Err(error) => return unreadable(&error),
    };
    let result = match want {
        Want::Ask(query) => handle.ask(query).await.map(|answer| Given::Answer(Box::new(answer))),
        Want::Recall(query, moment) => recalled(query, moment, handle, told).await,
        Want::Act(order) => {
            let order = Order { who: signed(&order.who, uid), ..order };
            handle.act(order).await.map(|done| Given::Done(Box::new(done)))
        }
        Want::Status => handle.status().await.map(|status| Given::Status(Box::new(status))),
        Want::Watch => {
            let mut news = handle.changes();
            // The client cannot know what it has missed: the first line tells it where things stand.
            news.mark_changed();
            told.changes = Some(news);
            Ok(Given::Watching)
        }
    };
    Message::Reply { id: Some(id), result }
}

async fn recalled(query: Query, moment: Moment, handle: &Handle, told: &mut Told) -> Result<Given, DeskError> {
    let hindsight = match &told.hindsight {
        Some(hindsight) => hindsight,
        None => told.hindsight.insert(handle.look_back()?),
    };
    hindsight.ask(query, moment).await.map(|recalled| Given::Recalled(Box::new(recalled)))
}

fn unreadable(error: &impl std::fmt::Display) -> Message {
    Message::Reply { id: None, result: Err(DeskError::Failed(format!("not a request: {error}"))) }
}

fn encoded(message: &Message) -> Vec<u8> {
    line(message, MOST_REPLY)
        .or_else(|| {
            let Message::Reply { id, .. } = message else { return None };
            let why = format!("the answer is longer than {} MiB: ask for less", MOST_REPLY >> 20);
            line(&Message::Reply { id: *id, result: Err(DeskError::Failed(why)) }, MOST_REPLY)
        })
        .unwrap_or_default()
}

/// Waits for ever when nobody watches, or when nothing can change any more.
async fn next_change(changes: &mut Option<watch::Receiver<u64>>) -> u64 {
    if let Some(news) = changes
        && news.changed().await.is_ok()
    {
        return *news.borrow_and_update();
    }
    std::future::pending().await
}
