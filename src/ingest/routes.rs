//! One request -> one answer. Knows nothing of connections.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, ORIGIN};
use axum::http::{HeaderMap, HeaderName, Method, Request, Response, StatusCode};
use axum::routing::any;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Body as _;

use super::answer::{self, Refusal};
use super::auth::{self, Verdict, Way};
use super::door::Door;
use super::submission::{Intake, NotKept, Prepared, Submission};
use super::throttle::Throttle;
use crate::config::secret::MASK;
use crate::config::{Clock, Method as AuthMethod, Settings};
use crate::domain::query::TurnedAway;
use crate::domain::record::Rejected;

/// Who has sent the request; an extension of it.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// What answering needs.
pub struct Listener<I> {
    /// How.
    pub settings: Settings,
    /// Where to.
    pub intake: I,
    /// When.
    pub clock: Clock,
    /// What is turned away.
    pub door: Door,
    /// Who has failed too often.
    pub throttle: Throttle,
}

type Shared<I> = State<Arc<Listener<I>>>;

/// The paths and what answers there.
pub fn router<I: Intake>(listener: Arc<Listener<I>>) -> Router {
    Router::new()
        .route("/healthz", any(alive))
        .route("/readyz", any(ready::<I>))
        .fallback(webhook::<I>)
        .with_state(listener)
}

/// A path as it may be logged: an address may hold a secret, also one that is no longer, or not quite, ours.
pub fn loggable<'a>(settings: &'a Settings, path: &'a str) -> std::borrow::Cow<'a, str> {
    let has_secrets = settings.auth.methods.iter().any(|method| matches!(method, AuthMethod::Path(_)));
    if path == settings.path || matches!(path, "/healthz" | "/readyz") {
        return path.into();
    }
    if has_secrets {
        // Of an address that is nearly ours any part may be the secret; only what is configured is known not to be.
        let ours = auth::parent_of(&settings.path).unwrap_or_default();
        return match auth::parent_of(path) == Some(ours) {
            true => format!("{ours}/{MASK}").into(),
            false => MASK.into(),
        };
    }
    path.chars().take(100).flat_map(char::escape_debug).collect::<String>().into()
}

const READ: &str = "GET, HEAD";

fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

async fn alive(method: Method) -> Response<Body> {
    if !is_read(&method) {
        return Refusal::MethodNotAllowed { allow: READ }.response();
    }
    answer::json_response(StatusCode::OK, r#"{"status":"alive"}"#.to_owned())
}

async fn ready<I: Intake>(State(listener): Shared<I>, method: Method) -> Response<Body> {
    if !is_read(&method) {
        return Refusal::MethodNotAllowed { allow: READ }.response();
    }
    match listener.intake.unwell() {
        None => answer::json_response(StatusCode::OK, r#"{"status":"ready"}"#.to_owned()),
        Some(ailment) => Refusal::Unwell(ailment).response(),
    }
}

async fn webhook<I: Intake>(State(listener): Shared<I>, request: Request<Body>) -> Response<Body> {
    // The server puts it there; a request without is nobody's.
    let from = request.extensions().get::<Peer>().map_or(IpAddr::from([0; 4]), |peer| peer.0);
    match listener.take(from, request).await {
        Ok(response) => response,
        Err(refusal) => {
            let (status, _, message) = refusal.parts();
            // Who asks is not told how near it was.
            let message = match refusal {
                Refusal::NotFound { lacks_secret: true } => TurnedAway::LACKS_SECRET.into(),
                _ => message,
            };
            if !refusal.is_kept() {
                listener.turned_away(from, status, &message);
            }
            refusal.response()
        }
    }
}

impl<I: Intake> Listener<I> {
    fn turned_away(&self, from: IpAddr, status: StatusCode, message: &str) {
        let (at, from, message) = (self.clock.now(), from.to_string(), message.to_owned());
        self.door.turn_away(TurnedAway { at, from, status: status.as_u16(), message });
    }

    /// A connection ended with `error`. What hyper could not read it has answered itself, without a body.
    pub fn broke_off(&self, from: IpAddr, error: &hyper::Error) {
        if error.is_parse_too_large() {
            let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
            self.turned_away(from, status, "the headers are too many or too long");
        } else if error.is_parse() {
            self.turned_away(from, StatusCode::BAD_REQUEST, "not HTTP/1.1; TLS must end at a reverse proxy in front");
        }
    }

    async fn take(&self, from: IpAddr, request: Request<Body>) -> Result<Response<Body>, Refusal> {
        let (head, body) = request.into_parts();
        let auth = &self.settings.auth;
        let (configured, path) = (&self.settings.path, head.uri.path());
        let way = auth::way(configured, auth, path).ok_or_else(|| Refusal::NotFound {
            lacks_secret: head.method == Method::POST && auth::lacks_secret(configured, auth, path),
        })?;
        if head.method != Method::POST {
            return Err(Refusal::MethodNotAllowed { allow: "POST" });
        }
        let verdict = auth::judge(auth, way, &head.headers, None, self.clock.now());
        // Without authentication any web page opened on this machine could post a sale to loopback: a browser says so.
        let from_a_page = head.headers.contains_key(ORIGIN) || head.headers.contains_key("sec-fetch-site");
        if verdict == Verdict::Refused || (auth.methods.is_empty() && from_a_page) {
            return Err(self.unauthorized(from));
        }
        let body = self.read(body).await?;
        if verdict == Verdict::NeedsBody {
            self.admit(from, way, &head.headers, &body)?;
        }
        self.keep(from, &head.headers, body).await
    }

    fn admit(&self, from: IpAddr, way: Way, headers: &HeaderMap, body: &[u8]) -> Result<(), Refusal> {
        match auth::judge(&self.settings.auth, way, headers, Some(body), self.clock.now()) {
            Verdict::Admitted => Ok(()),
            Verdict::Refused | Verdict::NeedsBody => Err(self.unauthorized(from)),
        }
    }

    fn unauthorized(&self, from: IpAddr) -> Refusal {
        match self.throttle.failed(from, Instant::now()) {
            None => Refusal::Unauthorized,
            Some(wait) => Refusal::Throttled { seconds: wait.as_secs().max(1) },
        }
    }

    async fn read(&self, body: Body) -> Result<Vec<u8>, Refusal> {
        let limit = self.settings.body_limit;
        // A `Content-Length` that says too much is enough.
        if body.size_hint().lower() > limit as u64 {
            return Err(Refusal::TooLarge { limit });
        }
        match tokio::time::timeout(self.settings.request_timeout, Limited::new(body, limit).collect()).await {
            Err(_) => Err(Refusal::TooSlow),
            Ok(Ok(collected)) => Ok(collected.to_bytes().into()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refusal::TooLarge { limit }),
            Ok(Err(_)) => Err(Refusal::BrokenOff),
        }
    }

    async fn keep(&self, from: IpAddr, headers: &HeaderMap, body: Vec<u8>) -> Result<Response<Body>, Refusal> {
        let (submission, rejected) = match Prepared::read(from.to_string(), body) {
            Ok(prepared) => (Submission::Webhook(prepared), None),
            Err((error, body)) => {
                let message = match text(headers, &CONTENT_ENCODING) {
                    Some(coding) if !coding.eq_ignore_ascii_case("identity") => {
                        "the body has a `Content-Encoding` and is not JSON as it stands: send it uncompressed"
                            .to_owned()
                    }
                    _ => error.to_string(),
                };
                let code = error.code();
                let content_type = text(headers, &CONTENT_TYPE);
                let rejected =
                    Rejected { from: from.to_string(), code: code.into(), message: message.clone(), content_type };
                (Submission::Rejected { rejected, body }, Some(Refusal::Quarantined { code, message }))
            }
        };
        // When the ledger does not confirm in time the sender must try again; should it be kept after all, that is a duplicate.
        let outcome = tokio::time::timeout(self.settings.request_timeout, self.intake.submit(submission)).await;
        let receipt = outcome.unwrap_or_else(|_| Err(NotKept::failing("not confirmed in time")));
        let receipt = receipt.inspect_err(|error| tracing::warn!(%error, "a request was not kept"))?;
        match rejected {
            None => Ok(answer::kept(receipt)),
            Some(refusal) => Err(refusal),
        }
    }
}

/// At most 100 characters of a header.
fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    Some(String::from_utf8_lossy(headers.get(name)?.as_bytes()).chars().take(100).collect())
}
