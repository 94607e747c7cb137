//! The listener over real sockets, with a pretend ledger behind it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use super::door::Door;
use super::serve;
use super::submission::{Ailment, Intake, NotKept, Receipt, Submission};
use crate::config::{Settings, Surroundings, load};
use crate::domain::ids::Seq;
use crate::domain::query::TurnedAway;

const WEBHOOK: &str = r#"{"family":"ticket","action":"ticket.updated","data":{"id":"1"}}"#;

/// Keeps in memory, or does not.
#[derive(Clone)]
struct Ledger {
    kept: Arc<Mutex<Vec<Submission>>>,
    mood: watch::Sender<Mood>,
    waiting: watch::Sender<usize>,
}

#[derive(Debug, Clone, PartialEq)]
enum Mood {
    Well,
    Not(NotKept),
    /// Answers nothing until it is in another mood.
    Slow,
}

impl Intake for Ledger {
    async fn submit(&self, submission: Submission) -> Result<Receipt, NotKept> {
        self.waiting.send_modify(|waiting| *waiting += 1);
        let mood = self.mood.subscribe().wait_for(|mood| *mood != Mood::Slow).await.unwrap().clone();
        if let Mood::Not(error) = mood {
            return Err(error);
        }
        let mut kept = self.kept.lock().unwrap();
        let print = |one: &Submission| match one {
            Submission::Webhook(prepared) => Some(prepared.received.print),
            Submission::Rejected { .. } => None,
        };
        let first = kept.iter().position(|other| print(other).is_some() && print(other) == print(&submission));
        kept.push(submission);
        Ok(Receipt { seq: Seq(kept.len() as u64), duplicate_of: first.map(|at| Seq(at as u64 + 1)) })
    }

    fn unwell(&self) -> Option<Ailment> {
        match &*self.mood.borrow() {
            Mood::Not(_) => Some(Ailment::Failing),
            Mood::Well | Mood::Slow => None,
        }
    }
}

/// A listener on a port of its own.
struct Running {
    address: std::net::SocketAddr,
    ledger: Ledger,
    door: Door,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
}

fn settings(variables: &[(&str, &str)]) -> Settings {
    let variables: BTreeMap<_, _> =
        variables.iter().map(|(name, value)| (format!("WILLCALL_{name}"), (*value).to_owned())).collect();
    let here = Surroundings { variables, config_home: None, data_home: Some("/nowhere".into()) };
    let loaded = load(&here, None, &[]).unwrap();
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    loaded.settings
}

async fn run(variables: &[(&str, &str)]) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let ledger = Ledger { kept: Arc::default(), mood: watch::Sender::new(Mood::Well), waiting: watch::Sender::new(0) };
    let (stop, stopped) = oneshot::channel::<()>();
    let door = Door::default();
    let settings = settings(variables);
    let clock = settings.clock;
    let server = tokio::spawn(serve(listener, settings, ledger.clone(), clock, door.clone(), async {
        let _ = stopped.await;
    }));
    Running { address, ledger, door, stop: Some(stop), server }
}

impl Running {
    async fn connect(&self) -> Client {
        Client(TcpStream::connect(self.address).await.unwrap(), Vec::new())
    }

    async fn say(&self, request: impl AsRef<[u8]>) -> Answer {
        let mut client = self.connect().await;
        client.send(request).await;
        client.answer().await.expect("no answer")
    }

    async fn post(&self, headers: &str, body: impl AsRef<[u8]>) -> Answer {
        self.say(post("/webhooks/menta", headers, body)).await
    }

    fn set(&self, mood: Mood) {
        self.ledger.mood.send_replace(mood);
    }

    fn kept(&self) -> Vec<Submission> {
        self.ledger.kept.lock().unwrap().clone()
    }

    async fn until_waiting(&self, count: usize) {
        self.ledger.waiting.subscribe().wait_for(|waiting| *waiting >= count).await.unwrap();
    }
}

fn post(path: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut request =
        format!("POST {path} HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    request.extend(body);
    request
}

struct Client(TcpStream, Vec<u8>);

#[derive(Debug, Clone, PartialEq)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    /// Of an error; checks that it has the form of one.
    fn code(&self) -> String {
        assert!(self.head.contains("content-type: application/json"), "{self:?}");
        let value: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        assert!(value["error"]["message"].as_str().is_some_and(|message| !message.is_empty()), "{value}");
        value["error"]["code"].as_str().unwrap().to_owned()
    }
}

impl Client {
    async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }

    /// The next answer; `None` when the connection is closed first.
    async fn answer(&mut self) -> Option<Answer> {
        loop {
            if let Some(end) = self.1.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = String::from_utf8(self.1[..end].to_vec()).unwrap().to_lowercase();
                let length = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: "))
                    .map_or(0, |digits| digits.parse::<usize>().unwrap());
                if self.1.len() >= end + 4 + length {
                    let body = String::from_utf8(self.1[end + 4..end + 4 + length].to_vec()).unwrap();
                    self.1.drain(..end + 4 + length);
                    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
                    return Some(Answer { status, head, body });
                }
            }
            let mut buffer = [0; 4096];
            match self.0.read(&mut buffer).await {
                Ok(0) | Err(_) => return None,
                Ok(count) => self.1.extend(&buffer[..count]),
            }
        }
    }
}

#[tokio::test]
async fn what_is_kept_is_answered_with_its_number() {
    let running = run(&[]).await;
    let first = running.post("", WEBHOOK).await;
    assert_eq!((first.status, first.body.as_str()), (200, r#"{"status":"stored","seq":1}"#));
    assert!(first.head.contains("content-type: application/json"));
    let again = running.post("", format!(" {WEBHOOK} ")).await;
    assert_eq!((again.status, again.body.as_str()), (200, r#"{"status":"duplicate","seq":2,"duplicate_of":1}"#));
    match &running.kept()[0] {
        Submission::Webhook(prepared) => {
            assert_eq!(prepared.body, WEBHOOK.as_bytes());
            assert_eq!(prepared.received.from, "127.0.0.1");
        }
        other => panic!("{other:?}"),
    }
    assert!(running.door.turned_away().is_empty());
}

#[tokio::test]
async fn what_is_no_event_is_kept_in_the_quarantine_and_answered_400() {
    let running = run(&[]).await;
    for (headers, body, code) in [
        ("Content-Type: text/plain\r\n", b"hello".as_slice(), "not_json"),
        ("", b"", "not_json"),
        ("", b"{\"family\":\"\xff\xfe\"}", "not_json"),
        ("Content-Encoding: gzip\r\n", b"\x1f\x8b\x08\x00secret", "not_json"),
        ("", b"[1]", "not_an_envelope"),
        ("", b"{\"family\":\"ticket\"}", "not_an_envelope"),
    ] {
        let answer = running.post(headers, body).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, code), "{answer:?}");
        match running.kept().last().unwrap() {
            Submission::Rejected { rejected, body: kept } => {
                assert_eq!(kept, body);
                assert_eq!(rejected.code, code);
                assert!(answer.body.contains(&serde_json::to_string(&rejected.message).unwrap()), "{rejected:?}");
                assert_eq!(rejected.content_type.is_some(), headers.contains("text/plain"));
                assert_eq!(rejected.message.contains("Content-Encoding"), headers.contains("gzip"));
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(running.door.turned_away().is_empty(), "these are kept");
    let deep = "[".repeat(100_000);
    assert_eq!(running.post("", deep).await.code(), "not_json");
}

#[tokio::test]
async fn plain_json_with_a_mistaken_content_encoding_is_taken() {
    let running = run(&[]).await;
    assert_eq!(running.post("Content-Encoding: utf-8\r\n", WEBHOOK).await.status, 200);
}

#[tokio::test]
async fn a_web_page_cannot_post_where_nobody_must_show_who_they_are() {
    let open = run(&[]).await;
    for sign in ["Origin: https://evil.example\r\n", "Sec-Fetch-Site: cross-site\r\n"] {
        assert_eq!(open.post(sign, WEBHOOK).await.status, 401, "{sign}");
    }
    assert!(open.kept().is_empty());
    let guarded = run(&SECRETS[..1]).await;
    let known = "Origin: null\r\nAuthorization: Bearer new-new-new-new-new\r\n";
    assert_eq!(guarded.post(known, WEBHOOK).await.status, 200);
}

#[tokio::test]
async fn what_cannot_be_kept_is_never_answered_2xx() {
    let running = run(&[]).await;
    for (mood, code) in [(NotKept::Busy, "busy"), (NotKept::failing("disk /secret/path is full"), "unwell")] {
        running.set(Mood::Not(mood));
        for body in [WEBHOOK, "not json"] {
            let answer = running.post("", body).await;
            assert_eq!((answer.status, answer.code().as_str()), (503, code));
            assert!(answer.head.contains("retry-after: "), "{answer:?}");
            assert!(!answer.body.contains("/secret/path"), "{answer:?}");
        }
    }
    let ready = running.say("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!((ready.status, ready.code().as_str()), (503, "unwell"));
    assert_eq!(running.say("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.status, 200);
    running.set(Mood::Well);
    assert_eq!(running.say("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n").await.status, 200);
    assert_eq!(running.door.totals(), BTreeMap::from([(503, 4)]));
}

#[tokio::test]
async fn a_ledger_that_does_not_confirm_in_time_is_unwell() {
    let running = run(&[("REQUEST_TIMEOUT", "100ms")]).await;
    running.set(Mood::Slow);
    assert_eq!(running.post("", WEBHOOK).await.code(), "unwell");
}

#[tokio::test]
async fn a_path_without_its_secret_is_told_to_staff_and_not_to_who_asks() {
    let secret = "0123456789abcdef0123456789abcdef";
    let running = run(&[("AUTH_PATH_SECRETS", secret)]).await;
    let old = running.say(post("/webhooks/fedcba9876543210fedcba9876543210", "", WEBHOOK)).await;
    let far = running.say(post("/elsewhere", "", WEBHOOK)).await;
    assert_eq!((old.status, old.code().as_str()), (404, "not_found"));
    assert_eq!(old.body, far.body);
    let lack: Vec<bool> = running.door.turned_away().iter().map(TurnedAway::lacks_secret).collect();
    assert_eq!(lack, [false, true]);
    assert_eq!(running.say(post(&format!("/webhooks/{secret}"), "", WEBHOOK)).await.status, 200);
}

#[tokio::test]
async fn other_paths_and_methods_are_turned_away() {
    let running = run(&[]).await;
    let nowhere = running.say(post("/webhooks/other?x=1", "", WEBHOOK)).await;
    assert_eq!((nowhere.status, nowhere.code().as_str()), (404, "not_found"));
    for method in ["GET", "PUT", "DELETE", "BREW"] {
        let answer = running.say(format!("{method} /webhooks/menta HTTP/1.1\r\nHost: x\r\n\r\n")).await;
        assert_eq!((answer.status, answer.code().as_str()), (405, "method_not_allowed"));
        assert!(answer.head.contains("allow: post"), "{answer:?}");
    }
    let mut client = running.connect().await;
    client.send("HEAD /webhooks/menta HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    let mut head = String::new();
    client.0.read_to_string(&mut head).await.unwrap();
    assert!(head.starts_with("HTTP/1.1 405") && head.ends_with("\r\n\r\n"), "{head}");
    assert_eq!(running.say(post("/healthz", "", "")).await.code(), "method_not_allowed");
    assert_eq!(running.door.totals(), BTreeMap::from([(404, 1), (405, 5)]));
    let newest = &running.door.turned_away()[0];
    assert_eq!((newest.status, newest.message.as_str()), (405, "this path takes POST only"));
    assert!(running.kept().is_empty());
}

const SECRETS: [(&str, &str); 2] =
    [("AUTH_BEARER_TOKENS", "old-old-old-old-old,new-new-new-new-new"), ("AUTH_HMAC_SECRETS", "key-key-key-key-key")];

#[tokio::test]
async fn who_does_not_show_who_they_are_is_answered_before_the_body_is_read() {
    let running = run(&SECRETS).await;
    let mut client = running.connect().await;
    client.send("POST /webhooks/menta HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n{").await;
    let answer = client.answer().await.unwrap();
    assert_eq!((answer.status, answer.code().as_str()), (401, "unauthorized"));
    let wrong = "Authorization: Bearer new-new-new-new-new\r\nX-Signature: 00ff\r\n";
    assert_eq!(running.post(wrong, WEBHOOK).await.status, 401);
    assert!(running.kept().is_empty());
}

#[tokio::test]
async fn too_many_failures_are_throttled_and_the_right_sender_never_is() {
    let running = run(&SECRETS[..1]).await;
    for _ in 0..20 {
        assert_eq!(running.post("Authorization: Bearer wrong\r\n", WEBHOOK).await.status, 401);
    }
    let answer = running.post("Authorization: Bearer wrong\r\n", WEBHOOK).await;
    assert_eq!((answer.status, answer.code().as_str()), (429, "too_many_failures"));
    assert!(answer.head.contains("retry-after: "), "{answer:?}");
    assert_eq!(running.post("Authorization: Bearer old-old-old-old-old\r\n", WEBHOOK).await.status, 200);
    assert_eq!(running.door.totals(), BTreeMap::from([(401, 20), (429, 1)]));
}

#[tokio::test]
async fn a_secret_path_is_the_only_one() {
    let running = run(&[("AUTH_PATH_SECRETS", "first-first-first,second-second-second")]).await;
    assert_eq!(running.say(post("/webhooks/first-first-first", "", WEBHOOK)).await.status, 200);
    assert_eq!(running.say(post("/webhooks/second-second-second?a=b", "", WEBHOOK)).await.status, 200);
    assert_eq!(running.say(post("/webhooks/menta", "", WEBHOOK)).await.code(), "not_found");
    assert_eq!(running.say(post("/webhooks/third-third-third", "", WEBHOOK)).await.code(), "not_found");
    assert!(!format!("{:?}", running.door.turned_away()).contains("third"));
}

#[test]
fn a_logged_path_shows_no_secret_and_moves_no_cursor() {
    use super::routes::loggable;
    let open = settings(&[]);
    assert_eq!(loggable(&open, "/webhooks/menta"), "/webhooks/menta");
    assert_eq!(loggable(&open, "/a\u{1b}[2J"), "/a\\u{1b}[2J");
    assert_eq!(loggable(&open, &"/a".repeat(1000)).len(), 100);
    let secret = settings(&[("AUTH_PATH_SECRETS", "first-first-first")]);
    assert_eq!(loggable(&secret, "/webhooks/first-first-first"), "/webhooks/••••");
    assert_eq!(loggable(&secret, "/webhook/first-first-first"), "••••");
    assert_eq!(loggable(&secret, "/webhooks/first-first-first/"), "••••");
    assert_eq!(loggable(&secret, "/first-first-first/menta"), "••••");
    assert_eq!(loggable(&secret, "/healthz"), "/healthz");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_by_its_length_and_while_it_is_read() {
    let running = run(&[("BODY_LIMIT", "100")]).await;
    let full = format!("{WEBHOOK}{}", " ".repeat(100 - WEBHOOK.len()));
    assert_eq!(running.post("", &full).await.status, 200);

    let mut client = running.connect().await;
    client.send("POST /webhooks/menta HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n\r\n").await;
    let answer = client.answer().await.unwrap();
    assert_eq!((answer.status, answer.code().as_str()), (413, "too_large"));

    let mut client = running.connect().await;
    client.send("POST /webhooks/menta HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    client.send(format!("33\r\n{}\r\n32\r\n{}\r\n", " ".repeat(0x33), " ".repeat(0x32))).await;
    assert_eq!(client.answer().await.unwrap().code(), "too_large");
    assert_eq!(running.door.totals(), BTreeMap::from([(413, 2)]));
}

#[tokio::test]
async fn a_client_that_sends_far_too_much_still_reads_why() {
    let running = run(&[("BODY_LIMIT", "100")]).await;
    let mut client = running.connect().await;
    client.send("POST /webhooks/menta HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n").await;
    client.0.readable().await.unwrap();
    for _ in 0..90 {
        client.send([b' '; 10_000]).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(client.answer().await.unwrap().code(), "too_large");
}

#[tokio::test]
async fn chunked_bodies_are_taken() {
    let running = run(&[]).await;
    let mut client = running.connect().await;
    client.send("POST /webhooks/menta HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    let (one, other) = WEBHOOK.split_at(10);
    client.send(format!("{:x}\r\n{one}\r\n{:x}\r\n{other}\r\n0\r\n\r\n", one.len(), other.len())).await;
    assert_eq!(client.answer().await.unwrap().status, 200);
}

/// Sends a byte every 20 ms until the other side has had enough; gives how long that took and what it said.
async fn dribble(running: &Running, head: &str) -> (Duration, Option<Answer>) {
    let mut client = running.connect().await;
    client.send(head).await;
    let started = Instant::now();
    let (mut reading, mut writing) = client.0.into_split();
    let dribbling = tokio::spawn(async move {
        while writing.write_all(b"a").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let mut said = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(10), reading.read_to_end(&mut said)).await;
    assert!(ended.is_ok(), "never cut off");
    let took = started.elapsed();
    dribbling.abort();
    let text = String::from_utf8(said).unwrap();
    let answer = text.split_once("\r\n\r\n").map(|(head, body)| Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head: head.to_lowercase(),
        body: body.to_owned(),
    });
    (took, answer)
}

#[tokio::test]
async fn a_client_that_dribbles_is_cut_off() {
    let running = run(&[("HEADER_TIMEOUT", "200ms"), ("REQUEST_TIMEOUT", "200ms")]).await;
    let (took, _) = dribble(&running, "POST /webhooks/menta HTTP/1.1\r\nX-Slow: ").await;
    assert!(took < Duration::from_secs(5), "{took:?}");
    let head = "POST /webhooks/menta HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n";
    let (took, answer) = dribble(&running, head).await;
    assert!(took < Duration::from_secs(5), "{took:?}");
    let answer = answer.unwrap();
    assert_eq!((answer.status, answer.code().as_str()), (408, "too_slow"));
    let chunked = "POST /webhooks/menta HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n";
    assert_eq!(dribble(&running, chunked).await.1.unwrap().status, 408);
    assert!(running.kept().is_empty());
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    let running = run(&[("HEADER_TIMEOUT", "200ms")]).await;
    let mut silent = running.connect().await;
    let mut after_one = running.connect().await;
    after_one.send(post("/webhooks/menta", "", WEBHOOK)).await;
    assert_eq!(after_one.answer().await.unwrap().status, 200);
    let both = async { (silent.answer().await, after_one.answer().await) };
    let (silent, after_one) = tokio::time::timeout(Duration::from_secs(5), both).await.expect("still open");
    assert!(silent.is_none_or(|answer| answer.status == 408));
    assert!(after_one.is_none_or(|answer| answer.status == 408));
}

#[tokio::test]
async fn a_body_that_breaks_off_is_not_kept() {
    let running = run(&[]).await;
    let mut client = running.connect().await;
    client.send("POST /webhooks/menta HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{\"family\"").await;
    client.0.shutdown().await.unwrap();
    let answer = client.answer().await;
    assert!(answer.is_none_or(|answer| answer.code() == "broken_off"));
    assert!(running.kept().is_empty());
}

#[tokio::test]
async fn a_client_that_closes_its_half_still_reads_the_answer() {
    let running = run(&[]).await;
    running.set(Mood::Slow);
    let mut client = running.connect().await;
    client.send(post("/webhooks/menta", "", WEBHOOK)).await;
    client.0.shutdown().await.unwrap();
    running.until_waiting(1).await;
    assert_eq!(running.say("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.status, 200);
    running.set(Mood::Well);
    assert_eq!(client.answer().await.unwrap().status, 200);
}

#[tokio::test]
async fn requests_follow_each_other_on_one_connection() {
    let running = run(&[]).await;
    let mut client = running.connect().await;
    let mut pipelined = post("/webhooks/menta", "", WEBHOOK);
    pipelined.extend(post("/webhooks/menta", "", "nonsense"));
    pipelined.extend(post("/nowhere", "", "x"));
    client.send(pipelined).await;
    for status in [200, 400, 404] {
        assert_eq!(client.answer().await.unwrap().status, status);
    }
    client.send(post("/webhooks/menta", "", WEBHOOK)).await;
    assert!(client.answer().await.unwrap().body.contains("duplicate"));
}

#[tokio::test]
async fn huge_headers_and_other_protocols_are_refused() {
    let running = run(&[]).await;
    let huge = format!("X-Big: {}\r\n", "a".repeat(200 << 10));
    assert_eq!(running.post(&huge, WEBHOOK).await.status, 431);
    let many = "X-Many: 1\r\n".repeat(200);
    assert_eq!(running.post(&many, WEBHOOK).await.status, 431);
    let mut client = running.connect().await;
    client.send("\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n").await;
    assert!(client.answer().await.is_none_or(|answer| answer.status == 400));
    assert_eq!(client.answer().await, None);
    assert_eq!(running.door.totals(), BTreeMap::from([(400, 1), (431, 2)]));
    assert!(running.door.turned_away()[0].message.contains("TLS"));
    assert_eq!(running.post("", WEBHOOK).await.status, 200, "and it still works");
}

#[tokio::test]
async fn sixty_four_clients_at_once_are_all_kept() {
    let running = Arc::new(run(&[]).await);
    let clients: Vec<_> = (0..64)
        .map(|number| {
            let running = Arc::clone(&running);
            tokio::spawn(async move {
                let mut client = running.connect().await;
                for turn in 0..5 {
                    let body = format!(r#"{{"family":"f","action":"a","data":[{number},{turn}]}}"#);
                    client.send(post("/webhooks/menta", "", body)).await;
                    let answer = client.answer().await.unwrap();
                    assert!(answer.body.contains("stored"), "{answer:?}");
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    assert_eq!(running.kept().len(), 320);
}

#[tokio::test]
async fn shutdown_lets_requests_under_way_finish_and_takes_no_more() {
    let mut running = run(&[]).await;
    running.set(Mood::Slow);
    let mut idle = running.connect().await;
    let mut client = running.connect().await;
    client.send(post("/webhooks/menta", "", WEBHOOK)).await;
    running.until_waiting(1).await;
    running.stop.take().unwrap().send(()).unwrap();
    while TcpStream::connect(running.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    running.set(Mood::Well);
    let last = client.answer().await.unwrap();
    assert_eq!((last.status, last.head.contains("connection: close")), (200, true), "{last:?}");
    assert_eq!(client.answer().await, None);
    assert_eq!(idle.answer().await, None);
    drop((client, idle));
    (&mut running.server).await.unwrap();
    assert_eq!(running.kept().len(), 1);
}

#[tokio::test]
async fn shutdown_does_not_wait_for_ever() {
    let mut running = run(&[("REQUEST_TIMEOUT", "1h")]).await;
    running.set(Mood::Slow);
    let mut client = running.connect().await;
    client.send(post("/webhooks/menta", "", WEBHOOK)).await;
    running.until_waiting(1).await;
    running.stop.take().unwrap().send(()).unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(20), &mut running.server).await;
    ended.expect("still waiting").unwrap();
    assert!(running.kept().is_empty());
}
