//! A platform that accepts everything and notes when each delivery came and how many were there at once; and a client that
//! does nothing but call it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use tokio::net::TcpListener;

/// What the platform saw. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Target {
    address: SocketAddr,
    seen: Arc<Seen>,
}

struct Seen {
    delay: Duration,
    now: AtomicUsize,
    most: AtomicUsize,
    calls: Mutex<Vec<(Instant, u64)>>,
}

impl Target {
    /// One that takes `delay` over each.
    pub(crate) async fn start(delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound port has an address");
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let seen = Arc::new(Seen { delay, now, most, calls: Mutex::default() });
        let router = axum::Router::new().route("/deliveries", post(take)).with_state(Arc::clone(&seen));
        tokio::spawn(async move { axum::serve(listener, router).await.expect("loopback does not end") });
        Self { address, seen }
    }

    /// What to give as `deliver.to`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/deliveries", self.address)
    }

    /// How many calls there were.
    pub(crate) fn count(&self) -> usize {
        self.calls().len()
    }

    /// When each delivery came, by its number, and how many were there at once at the most; then it forgets.
    pub(crate) fn take(&self) -> (Vec<(Instant, u64)>, usize) {
        (std::mem::take(&mut *self.calls()), self.seen.most.swap(0, Ordering::Relaxed))
    }

    fn calls(&self) -> std::sync::MutexGuard<'_, Vec<(Instant, u64)>> {
        self.seen.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn take(State(seen): State<Arc<Seen>>, body: Bytes) -> StatusCode {
    let at = Instant::now();
    let there = seen.now.fetch_add(1, Ordering::Relaxed) + 1;
    seen.most.fetch_max(there, Ordering::Relaxed);
    if seen.delay > Duration::ZERO {
        tokio::time::sleep(seen.delay).await;
    }
    seen.calls.lock().unwrap_or_else(PoisonError::into_inner).push((at, number(&body)));
    seen.now.fetch_sub(1, Ordering::Relaxed);
    StatusCode::OK
}

/// Of `{"delivery":"d-41", …`, 41. A search in the text, as the platform is to take little time.
fn number(body: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(&body[..body.len().min(60)]);
    let digits =
        text.split_once("\"d-").map(|(_, rest)| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or_default()
}

/// Calls `target` `count` times with `body`, `concurrency` at once: the least that a client can do.
pub(crate) async fn call(target: &Target, count: usize, concurrency: usize, body: Vec<u8>) {
    willcall::delivery::http::install_tls_provider();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().expect("a client");
    let (url, body, left) = (target.url(), Bytes::from(body), Arc::new(AtomicUsize::new(count)));
    let callers: Vec<_> = (0..concurrency)
        .map(|_| {
            let (client, url, body, left) = (client.clone(), url.clone(), body.clone(), Arc::clone(&left));
            tokio::spawn(async move {
                while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                    let request = client.post(&url).header("content-type", "application/json").body(body.clone());
                    let answer = request.send().await.expect("the target answers");
                    answer.bytes().await.expect("the target answers");
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.expect("a caller does not panic");
    }
}
