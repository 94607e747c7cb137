//! Connections, and the time they may take. HTTP/1.1 only; TLS is the reverse proxy's.
//!
//! hyper is driven by hand because `axum::serve` gives it no timer, and without one its header-read timeout never acts:
//! a client that sends a byte a second would hold a connection for ever.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::process::Resource;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower::ServiceExt;

use super::door::Door;
use super::routes::{self, Listener, Peer};
use super::submission::Intake;
use super::throttle::Throttle;
use crate::config::{Clock, Settings};

/// Further ones wait in the kernel's queue. Fewer, where the system allows this process few files: the ledger needs some.
const CONNECTIONS: usize = 1024;

fn connections() -> usize {
    let files = rustix::process::getrlimit(Resource::Nofile).current;
    files.and_then(|files| usize::try_from(files / 2).ok()).map_or(CONNECTIONS, |half| half.clamp(1, CONNECTIONS))
}
/// Request line and headers.
const HEAD_BYTES: usize = 64 << 10;
/// For requests under way when the end comes.
const DRAIN: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 5 });
/// A connection older than this ends with the request under way: one that sends and never reads would stay for ever.
const AGE: Duration = Duration::from_secs(300);
/// For a client that is still sending to read why it was turned away.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 1 << 20;

/// Takes webhooks until `shutdown`, then lets requests under way finish for at most 5 seconds.
pub async fn serve<I: Intake>(
    listener: TcpListener,
    settings: Settings,
    intake: I,
    clock: Clock,
    door: Door,
    shutdown: impl Future<Output = ()>,
) {
    let state = Arc::new(Listener { settings, intake, clock, door, throttle: Throttle::default() });
    let router = routes::router(Arc::clone(&state));
    let slots = Arc::new(Semaphore::new(connections()));
    let (stop, stopping) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let (stream, peer, slot) = tokio::select! {
            () = &mut shutdown => break,
            Some(_) = connections.join_next() => continue,
            accepted = accept(&listener, &slots) => match accepted {
                Some(accepted) => accepted,
                None => continue,
            },
        };
        let (state, router, stopping) = (Arc::clone(&state), router.clone(), stopping.clone());
        connections.spawn(async move {
            converse(stream, peer.ip().to_canonical(), &state, router, stopping).await;
            drop(slot);
        });
    }
    drop(listener);
    stop.send_replace(true);
    if timeout(DRAIN, async { while connections.join_next().await.is_some() {} }).await.is_err() {
        tracing::warn!(connections = connections.len(), "requests under way were cut off");
        connections.shutdown().await;
    }
}

async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    // Never closed, so that there is always a slot in time.
    let slot = Arc::clone(slots).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, slot)),
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted");
            // Out of file descriptors, as a rule: some must be given back first.
            sleep(Duration::from_millis(100)).await;
            None
        }
    }
}

async fn converse<I: Intake>(
    stream: TcpStream,
    from: IpAddr,
    state: &Arc<Listener<I>>,
    router: Router,
    mut stopping: watch::Receiver<bool>,
) {
    let service = service_fn(|request: Request<Incoming>| -> Pin<Box<dyn Future<Output = _> + Send>> {
        Box::pin(answer(Arc::clone(state), router.clone(), from, request))
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(state.settings.header_timeout)
        .max_buf_size(HEAD_BYTES)
        // A client may close its half once it has sent everything, and still read the answer.
        .half_close(true)
        .serve_connection(TokioIo::new(stream), service);
    let stop = async {
        // An error in it means that the sender is gone: the server has ended.
        let _ = timeout(AGE, stopping.wait_for(|stop| *stop)).await;
    };
    // The most one request can take: its headers, its body, and keeping it.
    let one_request = state.settings.header_timeout + 2 * state.settings.request_timeout;
    let outcome = tokio::select! {
        outcome = poll_fn(|context| connection.poll_without_shutdown(context)) => outcome,
        () = stop => {
            Pin::new(&mut connection).graceful_shutdown();
            let rest = poll_fn(|context| connection.poll_without_shutdown(context));
            timeout(one_request, rest).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(%from, %error, "a connection broke off");
        state.broke_off(from, &error);
    }
    linger(connection.into_parts().io.into_inner()).await;
}

async fn answer<I: Intake>(
    state: Arc<Listener<I>>,
    router: Router,
    from: IpAddr,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let started = Instant::now();
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(Peer(from));
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let bytes = hyper::body::Body::size_hint(request.body()).exact();
    let response = router.oneshot(request).await?;
    let status = response.status();
    let ms = u64::try_from(started.elapsed().as_millis()).ok();
    let path = || routes::loggable(&state.settings, uri.path());
    if status.is_success() {
        // What was kept is in the ledger: a line for each would only hide the others.
        tracing::debug!(%from, %method, path = %path(), status = status.as_u16(), bytes, ms, "request");
    } else {
        let method: String = method.as_str().chars().take(20).collect();
        tracing::info!(%from, method, path = %path(), status = status.as_u16(), bytes, ms, "request");
    }
    Ok(response)
}

/// Closing a socket with unread bytes resets the connection, and the client loses the answer that says what was wrong.
/// So: say that nothing more comes, and read a little of what still does.
async fn linger(mut stream: TcpStream) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let _ = timeout(LINGER, async {
        let mut buffer = [0; 4096];
        let mut read = 0;
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            read += count;
            if read > LINGER_BYTES {
                break;
            }
        }
    })
    .await;
}
