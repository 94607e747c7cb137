//! Both ends over a real socket, with a desk of paper behind it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use super::wire::{MOST_REQUEST, Message, PROTOCOL};
use super::*;
use crate::domain::Timestamp;
use crate::domain::ids::{DeliveryId, Seq};
use crate::domain::moment::{Moment, Recalled};
use crate::domain::query::{Answer, Command, Cursor, Done, Order, Page, Query, Status, Window};
use crate::engine::handle::{Desk, DeskError, Handle, Hindsight, Pending};

#[derive(Default)]
struct Paper {
    orders: Mutex<Vec<Order>>,
    asked: AtomicUsize,
    looked_back: AtomicUsize,
    tick: watch::Sender<u64>,
}

impl Desk for Arc<Paper> {
    fn ask(&self, query: Query) -> Pending<'_, Result<Answer, DeskError>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            match query {
                Query::Event(_) => Ok(Answer::Event(None)),
                Query::Quarantine(window) => {
                    Ok(Answer::Quarantine(Page { newer: window.limit, older: true, ..Page::default() }))
                }
                _ => Err(DeskError::NotFound("no such thing".into())),
            }
        })
    }

    fn act(&self, order: Order) -> Pending<'_, Result<Done, DeskError>> {
        Box::pin(async move {
            if order.why.is_empty() {
                return Err(DeskError::Refused("no reason".into()));
            }
            self.orders.lock().unwrap().push(order);
            Ok(Done { seq: Seq(9), delivery: None, event: None })
        })
    }

    fn status(&self) -> Pending<'_, Result<Status, DeskError>> {
        Box::pin(async {
            Ok(Status {
                path: "/webhooks/menta".into(),
                target: "by hand".into(),
                data_dir: "/data".into(),
                turned_away_total: [(401, 2)].into(),
                ..Status::starting(Timestamp::UNIX_EPOCH)
            })
        })
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.tick.subscribe()
    }

    fn look_back(&self) -> Result<Arc<dyn Hindsight>, DeskError> {
        self.looked_back.fetch_add(1, Ordering::SeqCst);
        Ok(Arc::new(Memory))
    }
}

struct Server {
    paper: Arc<Paper>,
    path: PathBuf,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
    _folder: tempfile::TempDir,
}

fn server() -> Server {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(SOCKET_NAME);
    let paper = Arc::new(Paper::default());
    let (stop, stopped) = oneshot::channel::<()>();
    let socket = Socket::bind(&path).unwrap();
    let running = tokio::spawn(serve(socket, Handle::new(Arc::clone(&paper)), async {
        let _ = stopped.await;
    }));
    Server { paper, path, stop, running, _folder: folder }
}

async fn attached(server: &Server) -> Handle {
    Handle::new(Remote::connect(&server.path).await.unwrap())
}

fn order(why: &str) -> Order {
    Order { who: "root (uid 0)".into(), why: why.into(), command: Command::Retry(DeliveryId(Seq(4))) }
}

/// A client that says what it likes.
struct Raw {
    stream: BufReader<UnixStream>,
}

impl Raw {
    async fn connect(server: &Server) -> Self {
        let mut raw = Self { stream: BufReader::new(UnixStream::connect(&server.path).await.unwrap()) };
        let hello = raw.line().await.unwrap();
        assert_eq!(
            serde_json::from_str::<Message>(&hello).unwrap(),
            Message::Hello { protocol: PROTOCOL, version: env!("CARGO_PKG_VERSION").into() }
        );
        raw
    }

    async fn say(&mut self, bytes: &[u8]) {
        // The server may have hung up already, which is what the test then finds.
        let _ = self.stream.write_all(bytes).await;
    }

    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.stream.read_line(&mut line).await {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(line.trim_end().to_owned()),
        }
    }
}

#[tokio::test]
async fn questions_orders_and_errors_go_through() {
    let server = server();
    let handle = attached(&server).await;
    assert_eq!(handle.ask(Query::Event(Seq(1))).await, Ok(Answer::Event(None)));
    let window =
        Window { cursor: Cursor::Above(Seq(3)), limit: 7, filter: "\"a b\"".into(), since: None, only: vec![Seq(9)] };
    let Ok(Answer::Quarantine(page)) = handle.ask(Query::Quarantine(window)).await else { panic!() };
    assert_eq!((page.newer, page.older), (7, true));
    assert_eq!(
        handle.ask(Query::Overview { rows: 1, late_after: None }).await,
        Err(DeskError::NotFound("no such thing".into()))
    );
    assert_eq!(handle.act(order("")).await, Err(DeskError::Refused("no reason".into())));
    assert_eq!(handle.act(order("it was lost")).await.unwrap().seq, Seq(9));
    assert_eq!(handle.status().await.unwrap().turned_away_total, [(401, 2)].into());
}

#[tokio::test]
async fn the_kernel_vouches_for_who_it_was() {
    let server = server();
    attached(&server).await.act(order("it was lost")).await.unwrap();
    let uid = rustix::process::getuid().as_raw();
    assert_eq!(server.paper.orders.lock().unwrap()[0].who, format!("root uid 0 (uid {uid})"));
}

#[tokio::test]
async fn two_clients_do_not_wait_for_each_other_and_both_see_changes() {
    let server = server();
    // The first one asks and never reads its answers.
    let mut idle = Raw::connect(&server).await;
    idle.say(b"{\"id\":1,\"want\":{\"ask\":{\"event\":1}}}\n").await;
    let (one, other) = (attached(&server).await, attached(&server).await);
    let (mut seen, mut seen_too) = (one.changes(), other.changes());
    assert_eq!(one.ask(Query::Event(Seq(1))).await, Ok(Answer::Event(None)));
    server.paper.tick.send_replace(42);
    seen.wait_for(|last| *last == 42).await.unwrap();
    seen_too.wait_for(|last| *last == 42).await.unwrap();
    assert_eq!(other.ask(Query::Event(Seq(1))).await, Ok(Answer::Event(None)));
}

#[tokio::test]
async fn many_questions_at_once_get_their_own_answers() {
    let server = server();
    let handle = attached(&server).await;
    let asking = (0..100_usize).map(|limit| {
        let handle = handle.clone();
        async move {
            match handle.ask(Query::Quarantine(Window::newest(limit))).await {
                Ok(Answer::Quarantine(page)) => assert_eq!(page.newer, limit),
                other => panic!("{other:?}"),
            }
        }
    });
    futures_util::future::join_all(asking).await;
    assert_eq!(server.paper.asked.load(Ordering::SeqCst), 100);
}

#[tokio::test]
async fn garbage_is_answered_and_the_next_request_too() {
    let server = server();
    let mut raw = Raw::connect(&server).await;
    for garbage in ["hello\n", "\n", "{}\n", "{\"id\":1,\"want\":\"everything\"}\n", "\u{0}\u{7f}\n"] {
        raw.say(garbage.as_bytes()).await;
        let line = raw.line().await.unwrap();
        assert!(line.contains("not a request") && line.contains("\"id\":null"), "{line}");
    }
    raw.say(b"\xff\xfe\n").await;
    assert!(raw.line().await.unwrap().contains("not a request"));
    raw.say(b"{\"id\":7,\"want\":{\"ask\":{\"event\":1}}}\n").await;
    assert_eq!(raw.line().await.unwrap(), r#"{"reply":{"id":7,"result":{"Ok":{"answer":{"event":null}}}}}"#);
}

#[tokio::test]
async fn an_endless_line_is_cut_off() {
    let server = server();
    let mut raw = Raw::connect(&server).await;
    raw.say(&vec![b'x'; MOST_REQUEST + 32 * 1024]).await;
    let mut rest = String::new();
    // Closing with unread bytes may reset the connection before the sentence is read; that it ends is what counts.
    let _ = raw.stream.read_to_string(&mut rest).await;
    assert!(rest.is_empty() || rest.contains("not a request: a line of more than 65536 bytes"), "{rest}");
    assert_eq!(attached(&server).await.ask(Query::Event(Seq(1))).await, Ok(Answer::Event(None)));
}

#[tokio::test]
async fn a_reason_too_long_is_refused_before_it_is_sent() {
    let server = server();
    let refused = attached(&server).await.act(order(&"x".repeat(MOST_REQUEST))).await;
    assert!(matches!(refused, Err(DeskError::Refused(why)) if why.contains("shorten the reason")));
    assert!(server.paper.orders.lock().unwrap().is_empty());
}

#[tokio::test]
async fn when_the_server_stops_clients_are_told() {
    let server = server();
    let handle = attached(&server).await;
    let mut changes = handle.changes();
    handle.ask(Query::Event(Seq(1))).await.unwrap();
    server.stop.send(()).unwrap();
    server.running.await.unwrap();
    assert!(!server.path.exists());
    while changes.changed().await.is_ok() {}
    let error = handle.ask(Query::Event(Seq(1))).await.unwrap_err();
    assert_eq!(error, DeskError::Failed("the server has closed the connection".into()));
    assert!(matches!(Remote::connect(&server.path).await, Err(ControlError::Absent(_))));
}

#[tokio::test]
async fn one_client_too_many_is_told_so() {
    let server = server();
    let mut all = Vec::new();
    for _ in 0..super::server::MOST_CLIENTS {
        all.push(Raw::connect(&server).await);
    }
    let error = Remote::connect(&server.path).await.unwrap_err().to_string();
    assert!(error.contains("64 consoles are attached already"), "{error}");
}

#[tokio::test]
async fn a_server_of_another_protocol_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(SOCKET_NAME);
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let greeting = |text: &'static [u8]| {
        let accept = listener.accept();
        async move { accept.await.unwrap().0.write_all(text).await.unwrap() }
    };
    let hello = b"{\"hello\":{\"protocol\":2,\"version\":\"9.0.0\"}}\n";
    let (error, ()) = tokio::join!(Remote::connect(&path), greeting(hello));
    let error = error.unwrap_err().to_string();
    assert!(error.contains("willcall 9.0.0 and speaks protocol 2, this one 1"), "{error}");
    let (error, ()) = tokio::join!(Remote::connect(&path), greeting(b"220 smtp ready\r\n"));
    assert!(error.unwrap_err().to_string().contains("an unknown language"));
    let (error, ()) = tokio::join!(Remote::connect(&path), greeting(b""));
    assert!(error.unwrap_err().to_string().contains("it hung up"));
}

struct Memory;

impl Hindsight for Memory {
    fn ask(&self, query: Query, moment: Moment) -> Pending<'_, Result<Recalled<Answer>, DeskError>> {
        Box::pin(async move {
            match query {
                Query::Event(seq) if seq > moment.last => Ok(Recalled::Answer(Answer::Event(None))),
                _ => Ok(Recalled::Folding(34)),
            }
        })
    }
}

#[tokio::test]
async fn earlier_moments_are_seen_through_the_socket_each_client_on_its_own() {
    let server = server();
    let look = attached(&server).await.look_back().unwrap();
    let other = attached(&server).await.look_back().unwrap();
    let moment = Moment { last: Seq(5), at: Timestamp::UNIX_EPOCH };
    assert_eq!(look.ask(Query::Event(Seq(5)), moment).await, Ok(Recalled::Folding(34)));
    assert_eq!(look.ask(Query::Event(Seq(6)), moment).await, Ok(Recalled::Answer(Answer::Event(None))));
    other.ask(Query::Event(Seq(6)), moment).await.unwrap();
    assert_eq!(server.paper.looked_back.load(Ordering::SeqCst), 2);
}
