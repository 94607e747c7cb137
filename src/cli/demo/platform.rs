//! A ticketing platform on loopback: it keeps owners honestly, does nothing twice for one key, and behaves badly on
//! purpose. It knows nothing of this program but the contract of the call.

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::manner::{Manner, SILENCE, SLOW};
use crate::domain::ids::{Person, TicketId};

const PATH: &str = "/tickets/owners";

/// A running platform.
#[derive(Debug)]
pub struct Platform {
    address: SocketAddr,
    books: Books,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

impl Platform {
    /// Starts it on a free port of the loopback interface.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let books = Books::default();
        let app = Router::new().route(PATH, post(transfer)).with_state(books.clone());
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(async move {
            tokio::select! {
                served = async { axum::serve(listener, app).await } => {
                    if let Err(error) = served {
                        tracing::warn!(%error, "the pretend platform has ended");
                    }
                }
                _ = stopped => {}
            }
        });
        Ok(Self { address, books, stop, server })
    }

    /// What deliveries are sent to.
    pub fn url(&self) -> String {
        format!("http://{}{PATH}", self.address)
    }

    /// Who has `ticket`; `None` before anything was heard of it.
    pub fn owner(&self, ticket: &TicketId) -> Option<Person> {
        self.books.open().owners.get(ticket.as_str()).cloned()
    }

    /// Stops it; calls under way are cut off.
    pub async fn stop(self) {
        drop(self.stop);
        // It ends when told so; a panic in it is of no interest any more.
        let _ = self.server.await;
    }
}

#[derive(Debug, Clone, Default)]
struct Books(Arc<Mutex<Ledger>>);

impl Books {
    fn open(&self) -> MutexGuard<'_, Ledger> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Default)]
struct Ledger {
    owners: HashMap<String, Person>,
    /// Keys of what was done.
    done: HashSet<String>,
    /// How often each ticket was asked for.
    asked: HashMap<String, u32>,
}

/// What is read of a call.
#[derive(Debug, Clone, Deserialize)]
struct Call {
    ticket: TicketId,
    from: Person,
    to: Person,
}

#[derive(Debug, PartialEq, Eq)]
struct Reply {
    after: Duration,
    status: StatusCode,
    retry_after: Option<&'static str>,
    message: &'static str,
}

impl Reply {
    fn now(status: StatusCode, message: &'static str) -> Self {
        Self { after: Duration::ZERO, status, retry_after: None, message }
    }
}

impl Ledger {
    fn take(&mut self, key: &str, call: &Call) -> Reply {
        if self.done.contains(key) {
            return Reply::now(StatusCode::OK, "done before");
        }
        let asked = self.asked.entry(call.ticket.0.clone()).or_default();
        *asked += 1;
        let asked = *asked;
        match Manner::of(call.ticket.as_str()) {
            Manner::Slow => Reply { after: SLOW, ..self.move_ticket(key, call) },
            Manner::Busy if asked == 1 => Reply {
                retry_after: Some("3"),
                ..Reply::now(StatusCode::TOO_MANY_REQUESTS, "too many transfers at once")
            },
            Manner::BreaksBefore if asked <= 2 => {
                Reply::now(StatusCode::INTERNAL_SERVER_ERROR, "the ticket service does not answer")
            }
            Manner::BreaksAfter if asked == 1 => {
                self.move_ticket(key, call);
                Reply::now(StatusCode::INTERNAL_SERVER_ERROR, "the confirmation could not be written")
            }
            Manner::Silent if asked == 1 => Reply { after: SILENCE, ..self.move_ticket(key, call) },
            Manner::Locked if asked <= 2 => {
                Reply::now(StatusCode::UNPROCESSABLE_ENTITY, "the ticket is locked by the venue")
            }
            Manner::Reissued => {
                self.owners.entry(call.ticket.0.clone()).or_insert_with(|| "counter@platform.example".into());
                self.move_ticket(key, call)
            }
            _ => self.move_ticket(key, call),
        }
    }

    /// Moves a ticket, if it is with whom it should be. One never heard of is with whoever is said to have it.
    fn move_ticket(&mut self, key: &str, call: &Call) -> Reply {
        let owner = self.owners.entry(call.ticket.0.clone()).or_insert_with(|| call.from.clone());
        if *owner != call.from && *owner != call.to {
            return Reply::now(StatusCode::CONFLICT, "the ticket belongs to somebody else");
        }
        *owner = call.to.clone();
        self.done.insert(key.to_owned());
        Reply::now(StatusCode::OK, "done")
    }
}

async fn transfer(State(books): State<Books>, headers: HeaderMap, body: Bytes) -> Response {
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok());
    let reply = match (key, serde_json::from_slice(&body)) {
        (None, _) => Reply::now(StatusCode::BAD_REQUEST, "no idempotency key"),
        (_, Err(_)) => Reply::now(StatusCode::BAD_REQUEST, "no ticket, or nobody to move it between"),
        (Some(key), Ok(call)) => books.open().take(key, &call),
    };
    tokio::time::sleep(reply.after).await;
    let sort = if reply.status.is_success() { "status" } else { "error" };
    let body = serde_json::json!({ sort: reply.message }).to_string();
    let mut response = (reply.status, [("content-type", "application/json")], body).into_response();
    if let Some(seconds) = reply.retry_after {
        response.headers_mut().insert("retry-after", axum::http::HeaderValue::from_static(seconds));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::clock::Clock;
    use crate::delivery::Target;
    use crate::delivery::http::HttpTarget;
    use crate::delivery::testing::assignment;
    use crate::domain::retry::Outcome;

    fn ticket(manner: Manner) -> TicketId {
        let names = (0..).map(|number| format!("t-{number}"));
        TicketId(names.into_iter().find(|name| Manner::of(name) == manner).unwrap())
    }

    fn call(ticket: &TicketId, from: &str, to: &str) -> Call {
        Call { ticket: ticket.clone(), from: from.into(), to: to.into() }
    }

    #[test]
    fn a_ticket_moves_only_from_whoever_has_it() {
        let (mut ledger, ticket) = (Ledger::default(), ticket(Manner::Prompt));
        assert_eq!(ledger.take("k1", &call(&ticket, "a", "b")).status, 200);
        assert_eq!(ledger.take("k2", &call(&ticket, "a", "c")).status, 409);
        assert_eq!(ledger.take("k3", &call(&ticket, "b", "c")).status, 200);
        assert_eq!(ledger.owners[ticket.as_str()], "c".into());
    }

    #[test]
    fn one_key_is_done_once() {
        let (mut ledger, ticket) = (Ledger::default(), ticket(Manner::Prompt));
        ledger.take("sale", &call(&ticket, "a", "b"));
        ledger.take("back", &call(&ticket, "b", "a"));
        assert_eq!(ledger.take("sale", &call(&ticket, "a", "b")).message, "done before");
        assert_eq!(ledger.owners[ticket.as_str()], "a".into());
    }

    #[test]
    fn bad_manners_never_lie_about_owners() {
        for (manner, statuses, moved_at) in [
            (Manner::Busy, [429, 200, 200].as_slice(), 2),
            (Manner::BreaksBefore, &[500, 500, 200], 3),
            (Manner::BreaksAfter, &[500, 200], 1),
            (Manner::Silent, &[200, 200], 1),
            (Manner::Locked, &[422, 422, 200], 3),
            (Manner::Reissued, &[409, 409], 99),
        ] {
            let (mut ledger, ticket) = (Ledger::default(), ticket(manner));
            for (number, status) in (1..).zip(statuses) {
                assert_eq!(ledger.take("k", &call(&ticket, "a", "b")).status, *status, "{manner:?} {number}");
                let moved = ledger.owners.get(ticket.as_str()) == Some(&"b".into());
                assert_eq!(moved, number >= moved_at, "{manner:?} {number}");
            }
        }
    }

    #[tokio::test]
    async fn it_understands_the_calls_of_deliveries() {
        let platform = Platform::start().await.unwrap();
        let target = HttpTarget::new(&platform.url(), None, super::super::TIMEOUT, Clock::System).unwrap();
        let mut assignment = assignment();
        assignment.delivery.ticket = Some(ticket(Manner::Prompt));
        let (answer, _) = Target::Http(target).attempt(&assignment).await;
        assert_eq!(answer.outcome, Outcome::Accepted, "{}", answer.text);
        assert_eq!(platform.owner(&ticket(Manner::Prompt)), assignment.delivery.to);
        platform.stop().await;
    }

    #[tokio::test]
    async fn it_answers_over_http_and_stops() {
        crate::delivery::http::install_tls_provider();
        let platform = Platform::start().await.unwrap();
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        let ticket = ticket(Manner::Prompt);
        let body = format!(r#"{{"ticket":"{ticket}","from":"a","to":"b","more":1}}"#);
        let post = |body: &str| client.post(platform.url()).body(body.to_owned());
        assert_eq!(post(&body).send().await.unwrap().status(), 400);
        assert_eq!(post("{}").header("idempotency-key", "k").send().await.unwrap().status(), 400);
        let done = post(&body).header("idempotency-key", "k").send().await.unwrap();
        assert_eq!((done.status().as_u16(), done.text().await.unwrap().as_str()), (200, r#"{"status":"done"}"#));
        assert_eq!(platform.owner(&ticket), Some("b".into()));
        let url = platform.url();
        platform.stop().await;
        assert!(client.post(url).send().await.unwrap_err().is_connect());
    }
}
