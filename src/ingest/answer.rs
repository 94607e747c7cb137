//! Every answer of the listener: status, code, sentence. No sentence holds text of a payload or the reason of an inner fault.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use axum::http::{Response, StatusCode};
use serde_json::json;

use super::submission::{Ailment, NotKept, Receipt};

/// Why a request is not answered 2xx.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It could not become an event; it is in the quarantine.
    Quarantined {
        /// `not_json` or `not_an_envelope`.
        code: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// The body ended early or its framing is broken.
    BrokenOff,
    /// It did not show who it is from.
    Unauthorized,
    /// No such path.
    NotFound {
        /// It is like that of the webhooks, without the secret: for staff alone.
        lacks_secret: bool,
    },
    /// Another method than this.
    MethodNotAllowed {
        /// What the path takes.
        allow: &'static str,
    },
    /// The body did not come in time.
    TooSlow,
    /// The body is longer than `limit` bytes.
    TooLarge {
        /// What is allowed.
        limit: usize,
    },
    /// Too many failed to authenticate from this address.
    Throttled {
        /// For how many seconds.
        seconds: u64,
    },
    /// Too many wait to be kept.
    Busy,
    /// Nothing can be kept now, or it was not confirmed in time.
    Unwell(Ailment),
}

impl From<NotKept> for Refusal {
    fn from(error: NotKept) -> Self {
        match error {
            NotKept::Busy => Self::Busy,
            NotKept::Unwell { ailment, .. } => Self::Unwell(ailment),
        }
    }
}

impl Refusal {
    /// The table: status, code, sentence.
    pub fn parts(&self) -> (StatusCode, &'static str, Cow<'_, str>) {
        let (status, code, message) = match self {
            Self::Quarantined { code, message } => (StatusCode::BAD_REQUEST, *code, message.as_str()),
            Self::BrokenOff => (StatusCode::BAD_REQUEST, "broken_off", "the body could not be read to its end"),
            Self::Unauthorized => {
                (StatusCode::UNAUTHORIZED, "unauthorized", "the request does not show that it is from a known sender")
            }
            Self::NotFound { .. } => (StatusCode::NOT_FOUND, "not_found", "webhooks are not taken at this path"),
            Self::MethodNotAllowed { allow } => {
                let message = format!("this path takes {allow} only").into();
                return (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message);
            }
            Self::TooSlow => (StatusCode::REQUEST_TIMEOUT, "too_slow", "the body did not come in time"),
            Self::TooLarge { limit } => {
                let message = format!("the body is longer than {limit} bytes").into();
                return (StatusCode::PAYLOAD_TOO_LARGE, "too_large", message);
            }
            Self::Throttled { .. } => (
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_failures",
                "too many requests from this address did not show who they are from",
            ),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy", "too many requests are waiting to be kept"),
            Self::Unwell(ailment) => {
                let message = format!("events cannot be kept now: {ailment}; send it again later").into();
                return (StatusCode::SERVICE_UNAVAILABLE, "unwell", message);
            }
        };
        (status, code, message.into())
    }

    /// Whether the request is on record all the same.
    pub fn is_kept(&self) -> bool {
        matches!(self, Self::Quarantined { .. })
    }

    fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Self::MethodNotAllowed { allow } => Some((ALLOW, HeaderValue::from_static(allow))),
            Self::Throttled { seconds } => Some((RETRY_AFTER, (*seconds).into())),
            Self::Busy => Some((RETRY_AFTER, 1.into())),
            // What is under way is soon over; the rest waits for somebody.
            Self::Unwell(Ailment::Opening { .. } | Ailment::Mending { .. }) => Some((RETRY_AFTER, 5.into())),
            Self::Unwell(Ailment::DiskFull | Ailment::Failing) => Some((RETRY_AFTER, 30.into())),
            // What remains of the body is not worth reading.
            Self::TooSlow | Self::TooLarge { .. } | Self::BrokenOff => {
                Some((CONNECTION, HeaderValue::from_static("close")))
            }
            Self::Quarantined { .. } | Self::Unauthorized | Self::NotFound { .. } => None,
        }
    }

    /// As it goes out.
    pub fn response(&self) -> Response<Body> {
        let (status, code, message) = self.parts();
        let mut response = json_response(status, json!({"error": {"code": code, "message": message}}).to_string());
        response.headers_mut().extend(self.header());
        response
    }
}

/// What is kept is answered with its number.
pub fn kept(receipt: Receipt) -> Response<Body> {
    let seq = receipt.seq;
    let json = match receipt.duplicate_of {
        None => format!(r#"{{"status":"stored","seq":{seq}}}"#),
        Some(first) => format!(r#"{{"status":"duplicate","seq":{seq},"duplicate_of":{first}}}"#),
    };
    json_response(StatusCode::OK, json)
}

/// `json` as an answer.
pub fn json_response(status: StatusCode, json: String) -> Response<Body> {
    let mut response = Response::new(Body::from(json));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
