use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap as Headers, Response as Reply, Uri};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::super::testing::assignment;
use super::*;

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(200);
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What a server was sent.
type Seen = Arc<Mutex<Vec<(Uri, Headers, Bytes)>>>;

/// A real server that answers every POST by `reply`.
async fn server(reply: impl Fn() -> Reply<Body> + Clone + Send + Sync + 'static) -> (SocketAddr, Seen) {
    let seen = Seen::default();
    let log = seen.clone();
    let app =
        axum::Router::new().fallback(axum::routing::post(async move |uri: Uri, headers: Headers, body: Bytes| {
            log.lock().unwrap().push((uri, headers, body));
            reply()
        }));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (address, seen)
}

/// A server that treats its one connection as `treat` does.
async fn raw<F: Future<Output = ()> + Send>(treat: impl FnOnce(TcpStream) -> F + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { treat(listener.accept().await.unwrap().0).await });
    address
}

async fn read_request(stream: &mut TcpStream) {
    let mut head = Vec::new();
    while !head.ends_with(b"}}}") {
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await.unwrap();
        assert_ne!(read, 0, "the request ended early");
        head.extend_from_slice(&chunk[..read]);
    }
}

fn reset(stream: TcpStream) {
    stream.set_zero_linger().unwrap();
}

fn target(url: &str, timeout: Duration) -> HttpTarget {
    HttpTarget::new(url, None, timeout, Clock::System).unwrap()
}

async fn call(address: SocketAddr, timeout: Duration) -> (Answer, Vec<u8>) {
    target(&format!("http://{address}/deliver"), timeout).attempt(&assignment()).await
}

fn reply(status: u16, headers: &[(&str, &str)], body: impl Into<Body>) -> Reply<Body> {
    let mut reply = Reply::builder().status(status);
    for (name, value) in headers {
        reply = reply.header(*name, *value);
    }
    reply.body(body.into()).unwrap()
}

#[tokio::test]
async fn the_call_carries_what_the_contract_says() {
    let (address, seen) = server(|| reply(200, &[("x-request-id", "7"), ("set-cookie", "s=1")], "thanks")).await;
    let now = chrono::DateTime::from_timestamp(1_614_265_330, 0).unwrap();
    let url = format!("http://user:pass@{address}/deliver?token=t");
    let target = HttpTarget::new(&url, SigningKey::parse(SECRET), LONG, Clock::Fixed(now)).unwrap();
    let (answer, body) = target.attempt(&assignment()).await;

    let (uri, headers, sent) = seen.lock().unwrap().pop().unwrap();
    let key = assignment().key;
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    assert_eq!(uri.to_string(), "/deliver?token=t");
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("user-agent"), OWN_NAME);
    assert_eq!((header("idempotency-key"), header("webhook-id")), (key.clone(), key.clone()));
    assert_eq!(sent, request::body(&assignment().delivery, 1, &assignment().body).unwrap());
    let signed = signature::headers(&SigningKey::parse(SECRET).unwrap(), &key, now, &sent);
    for (name, value) in signed {
        assert_eq!(header(name), value);
    }

    assert_eq!((answer.outcome, answer.status, answer.text.as_str()), (Outcome::Accepted, Some(200), "200 OK"));
    assert_eq!((body.as_slice(), answer.truncated), (b"thanks".as_slice(), false));
    let kept = format!("{:?}{:?}{}", answer.request_headers, answer.response_headers, target.name());
    for secret in [&header("webhook-signature"), &header("authorization"), "pass", "token", "s=1"] {
        assert!(!kept.contains(secret), "{secret} in {kept}");
    }
    for shown in [&key, "webhook-timestamp", "x-request-id", "application/json", "authorization"] {
        assert!(kept.contains(shown), "no {shown} in {kept}");
    }
    assert_eq!(target.name(), format!("http://{address}/deliver?…"));
}

#[tokio::test]
async fn a_status_decides_and_its_words_are_kept() {
    for (status, outcome, text) in [
        (204, Outcome::Accepted, "204 No Content"),
        (422, Outcome::Refused, "422: ticket locked"),
        (500, Outcome::Unknown, "500: ticket locked"),
        (599, Outcome::Unknown, "599: ticket locked"),
    ] {
        let (address, _) = server(move || {
            reply(status, &[], if status == 204 { "" } else { r#"{"error":{"message":"ticket \u001b[2Jlocked"}}"# })
        })
        .await;
        let (answer, _) = call(address, LONG).await;
        let text = text.replace("ticket locked", "ticket [2Jlocked");
        assert_eq!((answer.outcome, answer.status, answer.text), (outcome, Some(i32::from(status)), text));
    }
}

#[tokio::test]
async fn a_wish_for_delay_is_kept() {
    let (address, _) = server(|| reply(429, &[("retry-after", "7")], "slow down")).await;
    let (answer, _) = call(address, LONG).await;
    assert_eq!((answer.outcome, answer.retry_after), (Outcome::Deferred, Some(7)));
    let (address, _) = server(|| reply(503, &[("retry-after", "-7")], "")).await;
    let (answer, _) = call(address, LONG).await;
    assert_eq!((answer.outcome, answer.retry_after), (Outcome::Unknown, None));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let (elsewhere, seen) = server(|| reply(200, &[], "")).await;
    for status in [301, 303, 307, 308] {
        let (address, _) = server(move || reply(status, &[("location", &format!("http://{elsewhere}/"))], "")).await;
        let (answer, _) = call(address, LONG).await;
        assert_eq!((answer.outcome, answer.status), (Outcome::Refused, Some(i32::from(status))));
    }
    assert!(seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_enormous_answer_is_cut() {
    let (address, _) = server(|| {
        let chunk = Bytes::from(vec![b'x'; 1 << 20]);
        let chunks = futures_util::stream::iter((0..100).map(move |_| Ok::<_, std::io::Error>(chunk.clone())));
        reply(200, &[], Body::from_stream(chunks))
    })
    .await;
    let (answer, body) = call(address, LONG).await;
    assert_eq!((answer.outcome, answer.truncated, body.len()), (Outcome::Accepted, true, 64 * 1024));
}

#[tokio::test]
async fn an_answer_that_never_ends_is_cut_by_the_timeout_and_its_status_counts() {
    let address = raw(async |mut stream: TcpStream| {
        read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\ndone").await.unwrap();
        std::future::pending().await
    })
    .await;
    let (answer, body) = call(address, SHORT).await;
    assert_eq!((answer.outcome, answer.truncated, body.as_slice()), (Outcome::Accepted, true, b"done".as_slice()));
}

#[tokio::test]
async fn a_connection_never_made_did_nothing() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let (answer, _) = call(closed, LONG).await;
    assert_eq!(answer.outcome, Outcome::Deferred);
    assert!(answer.text.starts_with("no connection: Connection refused"), "{}", answer.text);
    assert!(answer.status.is_none() && !answer.request_headers.is_empty());

    // The name is reserved never to exist.
    let (answer, _) = target("http://nobody.invalid/", LONG).attempt(&assignment()).await;
    assert_eq!(answer.outcome, Outcome::Deferred, "{}", answer.text);
}

#[tokio::test]
async fn tls_that_is_not_made_did_nothing() {
    // TLS spoken to a port that speaks plain HTTP, and to one that says nothing at all.
    let client = |address: SocketAddr, timeout| {
        // With the machine's own certificate authorities this test would need a machine that has some.
        let client = builder(timeout).no_proxy().tls_certs_only([]).build().unwrap();
        let url = Url::parse(&format!("https://{address}/")).unwrap();
        HttpTarget { client, url, ..target(&format!("http://{address}/"), timeout) }
    };
    let (plain, seen) = server(|| reply(200, &[], "")).await;
    let (answer, _) = client(plain, LONG).attempt(&assignment()).await;
    assert_eq!(answer.outcome, Outcome::Deferred, "{}", answer.text);
    assert!(seen.lock().unwrap().is_empty());

    let silent = raw(async |_stream| std::future::pending().await).await;
    let (answer, _) = client(silent, SHORT).attempt(&assignment()).await;
    assert_eq!(answer.outcome, Outcome::Deferred, "{}", answer.text);
}

#[tokio::test]
async fn after_a_connection_only_an_answer_tells() {
    let before_reading = raw(async |stream| reset(stream)).await;
    let after_reading = raw(async |mut stream: TcpStream| {
        read_request(&mut stream).await;
        reset(stream);
    })
    .await;
    let garbage = raw(async |mut stream: TcpStream| {
        read_request(&mut stream).await;
        stream.write_all(b"\x00\x01 no such protocol\r\n\r\n").await.unwrap();
    })
    .await;
    let half_a_head = raw(async |mut stream: TcpStream| {
        read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-le").await.unwrap();
    })
    .await;
    for address in [before_reading, after_reading, garbage, half_a_head] {
        let (answer, _) = call(address, LONG).await;
        assert_eq!((answer.outcome, answer.status), (Outcome::Unknown, None), "{}", answer.text);
        assert!(answer.text.starts_with("connection lost before an answer: "), "{}", answer.text);
    }

    let silent = raw(async |mut stream: TcpStream| {
        read_request(&mut stream).await;
        std::future::pending().await
    })
    .await;
    let (answer, _) = call(silent, SHORT).await;
    assert_eq!((answer.outcome, answer.text.as_str()), (Outcome::Unknown, "no answer within 200ms"));
}

#[tokio::test]
async fn an_answer_dripped_for_ever_ends_at_the_timeout() {
    let address = raw(async |mut stream: TcpStream| {
        read_request(&mut stream).await;
        while stream.write_all(b"H").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let (answer, _) = call(address, SHORT).await;
    assert_eq!((answer.outcome, answer.status), (Outcome::Unknown, None), "{}", answer.text);
}

#[tokio::test]
async fn a_kept_message_that_is_unreadable_is_not_sent() {
    let (address, seen) = server(|| reply(200, &[], "")).await;
    let broken = Assignment { body: b"[".to_vec(), ..assignment() };
    let (answer, _) = target(&format!("http://{address}/"), LONG).attempt(&broken).await;
    assert_eq!(answer.outcome, Outcome::Deferred);
    assert!(seen.lock().unwrap().is_empty());
}

#[test]
fn what_cannot_be_called_is_refused_without_showing_passwords() {
    for url in ["ftp://u:pass@host/?k=token", "http://u:pass@?k=token", "host:99999999/?k=token", ""] {
        let error = HttpTarget::new(url, None, LONG, Clock::System).err().unwrap();
        let text = error.to_string();
        assert!(matches!(error, TargetError::Url { .. }), "{text}");
        assert!(!text.contains("pass") && !text.contains("token"), "{text}");
    }
}

#[test]
fn only_loopback_is_local() {
    for (url, expected) in [
        ("http://localhost:1/", true),
        ("http://127.0.0.9/", true),
        ("http://[::1]:8/", true),
        ("http://10.0.0.1/", false),
        ("https://tickets.example.com/", false),
    ] {
        assert_eq!(local(&Url::parse(url).unwrap()), expected, "{url}");
    }
}
