//! A target behind a URL: one POST an attempt.
//!
//! What matters for the outcome is whether the request can have reached the platform. A connection that was never made
//! (name, route, refusal, TLS) surely did nothing; from the moment there is one, only a status line tells.

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Client, ClientBuilder, Response, StatusCode, Url};

use super::answer::{self, Beginning, MASKED};
use super::signature;
use super::target::{Stopwatch, TargetError, bare_answer};
use crate::config::clock::Clock;
use crate::config::secret::SigningKey;
use crate::domain::record::Answer;
use crate::domain::request;
use crate::domain::retry::Outcome;
use crate::engine::Assignment;

const OWN_NAME: &str = concat!("willcall/", env!("CARGO_PKG_VERSION"));

/// Shorter than the 5 s after which common servers (Node's default) close an idle connection: a request that meets the
/// closing ends as unknown, though nothing was done.
const IDLE: Duration = Duration::from_secs(3);

/// A platform's endpoint.
pub struct HttpTarget {
    client: Client,
    url: Url,
    name: String,
    secret: Option<SigningKey>,
    timeout: Duration,
    clock: Clock,
}

/// Makes `ring` the process's TLS provider, once. Needed before any `reqwest` client is built.
pub fn install_tls_provider() {
    // An error says that there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

impl HttpTarget {
    /// An endpoint at `url`; calls are signed when there is a `secret`.
    ///
    /// # Errors
    /// When the URL is malformed, or a https URL is given and the machine has no certificate authorities.
    pub fn new(url: &str, secret: Option<SigningKey>, timeout: Duration, clock: Clock) -> Result<Self, TargetError> {
        let wrong = |url: &str, why: String| TargetError::Url { url: url.to_owned(), why };
        let url = Url::parse(url).map_err(|error| {
            let after_login = url.rsplit('@').next().unwrap_or_default();
            wrong(after_login.split('?').next().unwrap_or_default(), error.to_string())
        })?;
        let name = shown(&url);
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong(&name, format!("`{}` is not a scheme that can be called", url.scheme())));
        }
        let client = client(&url, timeout).map_err(|error| TargetError::Tls(root_cause(&error)))?;
        Ok(Self { client, url, name, secret, timeout, clock })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    pub(super) async fn attempt(&self, assignment: &Assignment) -> (Answer, Vec<u8>) {
        let body = match request::body(&assignment.delivery, assignment.attempt, &assignment.body) {
            Ok(body) => body,
            // Nothing went out: a retry must not look like one after the target's own no.
            Err(sentence) => return (bare_answer(Outcome::Deferred, sentence), Vec::new()),
        };
        let headers = self.headers(assignment, &body);
        let mut request = self.client.post(self.url.clone());
        for (name, value) in &headers {
            request = request.header(*name, value);
        }
        let watch = Stopwatch::start(self.clock);
        let (answer, kept) = match request.body(body).send().await {
            Ok(response) => self.read(response).await,
            Err(error) => (self.failure(&error), Vec::new()),
        };
        (Answer { request_headers: self.record(headers), latency_ms: watch.millis(), ..answer }, kept)
    }

    fn headers(&self, assignment: &Assignment, body: &[u8]) -> Vec<(&'static str, String)> {
        let mut headers = vec![
            ("content-type", "application/json".to_owned()),
            ("user-agent", OWN_NAME.to_owned()),
            ("idempotency-key", assignment.key.clone()),
        ];
        if let Some(secret) = &self.secret {
            headers.extend(signature::headers(secret, &assignment.key, self.clock.now(), body));
        }
        headers
    }

    /// The headers as they may be kept.
    fn record(&self, headers: Vec<(&'static str, String)>) -> Vec<(String, String)> {
        let login = !self.url.username().is_empty() || self.url.password().is_some();
        let masked = |(name, value): (&str, String)| match name {
            "webhook-signature" => (name.to_owned(), format!("v1,{MASKED}")),
            _ => (name.to_owned(), value),
        };
        let login = login.then(|| ("authorization".to_owned(), MASKED.to_owned()));
        headers.into_iter().map(masked).chain(login).collect()
    }

    /// The status line has come: it decides, however the rest ends.
    async fn read(&self, mut response: Response) -> (Answer, Vec<u8>) {
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let mut kept = Beginning::default();
        while !kept.truncated {
            match response.chunk().await {
                Ok(Some(chunk)) => kept.push(&chunk),
                Ok(None) => break,
                Err(_) => kept.truncated = true,
            }
        }
        let outcome = Outcome::of_status(status.as_u16());
        let words = if outcome == Outcome::Accepted { None } else { answer::words(&kept.bytes) };
        let answer = Answer {
            status: Some(i32::from(status.as_u16())),
            retry_after: self.retry_after(&headers),
            response_headers: answer::headers(headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()))),
            truncated: kept.truncated,
            ..bare_answer(outcome, answer::line(&status_line(status, words.is_some()), words.as_deref()))
        };
        (answer, kept.bytes)
    }

    fn retry_after(&self, headers: &HeaderMap) -> Option<u32> {
        answer::retry_after(headers.get(RETRY_AFTER)?.as_bytes(), self.clock.now())
    }

    fn failure(&self, error: &reqwest::Error) -> Answer {
        let (outcome, how) = if error.is_builder() {
            (Outcome::Deferred, "nothing was sent")
        } else if error.is_connect() {
            (Outcome::Deferred, "no connection")
        } else if error.is_timeout() {
            let how = format!("no answer within {}", humantime::format_duration(self.timeout));
            return bare_answer(Outcome::Unknown, how);
        } else {
            (Outcome::Unknown, "connection lost before an answer")
        };
        bare_answer(outcome, answer::line(how, Some(&root_cause(error))))
    }
}

fn client(url: &Url, timeout: Duration) -> reqwest::Result<Client> {
    let mut builder = builder(timeout);
    if local(url) {
        builder = builder.no_proxy();
    }
    if url.scheme() == "http" {
        // A container without certificate authorities, for which building a client would fail, can still call this.
        builder = builder.tls_certs_only([]);
    }
    builder.build()
}

fn builder(timeout: Duration) -> ClientBuilder {
    install_tls_provider();
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .timeout(timeout)
        // Well below the whole: a connection that is not made in time must be told from an answer that is not.
        .connect_timeout(timeout / 2)
        .pool_idle_timeout(IDLE)
}

/// Whether a proxy of the environment is out of the question.
fn local(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A URL as it may be shown: passwords stand before the host, tokens behind the question mark.
fn shown(url: &Url) -> String {
    let mut bare = url.clone();
    // Both fail only where there is no host, and then there is no login either.
    let _ = bare.set_username("");
    let _ = bare.set_password(None);
    bare.set_query(None);
    bare.set_fragment(None);
    if url.query().is_some() { format!("{bare}?…") } else { bare.to_string() }
}

/// The number, and its usual meaning where the target has no words of its own: a line in a list has little room.
fn status_line(status: StatusCode, explained: bool) -> String {
    match status.canonical_reason() {
        Some(reason) if !explained => format!("{} {reason}", status.as_u16()),
        _ => status.as_u16().to_string(),
    }
}

/// The innermost error: the outer ones only say that sending failed, and name the URL.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests;
