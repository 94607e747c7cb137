//! The JSON that scripts read: one object a line. These shapes are a contract; the records' own JSON is not.

use std::io::{self, Write};

use chrono::SecondsFormat;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::domain::Timestamp;
use crate::domain::delivery;
use crate::domain::documentation::Drift;
use crate::domain::ids::{DeliveryId, Seq};
use crate::domain::query::{DeliveryDetail, Done, EventDetail, RejectedDetail, RejectedRow, Timeline};
use crate::domain::record::{Fact, OperatorAction, Record, bytes};
use crate::domain::retry::Outcome;
use crate::domain::text::visible;

/// Writes `value` as one line. What could act on a terminal stands in it as JSON's own escapes.
///
/// # Errors
/// When it cannot be written.
pub fn line(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_string(value)?;
    writeln!(out, "{}", visible(&text))
}

fn moment<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&at.to_rfc3339_opts(SecondsFormat::Millis, true))
}

fn maybe_moment<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => moment(at, serializer),
        None => serializer.serialize_none(),
    }
}

/// A delivery in a list.
#[derive(Debug, Serialize)]
pub struct Delivery<'a> {
    id: DeliveryId,
    kind: delivery::Kind,
    ticket: Option<&'a str>,
    resale: Option<&'a str>,
    from: Option<&'a str>,
    to: Option<&'a str>,
    state: &'static str,
    reason: Option<String>,
    attempts: u32,
    #[serde(serialize_with = "maybe_moment")]
    next_attempt_at: Option<Timestamp>,
    #[serde(serialize_with = "moment")]
    created_at: Timestamp,
    #[serde(serialize_with = "moment")]
    updated_at: Timestamp,
}

impl<'a> From<&'a delivery::Delivery> for Delivery<'a> {
    fn from(one: &'a delivery::Delivery) -> Self {
        Self {
            id: one.id,
            kind: one.kind,
            ticket: one.ticket.as_ref().map(|ticket| ticket.as_str()),
            resale: one.resale.as_ref().map(|resale| resale.as_str()),
            from: one.from.as_ref().and_then(|person| person.address()),
            to: one.to.as_ref().and_then(|person| person.address()),
            state: one.stage().name(),
            reason: one.reason(),
            attempts: one.attempts,
            next_attempt_at: one.due(),
            created_at: one.created_at,
            updated_at: one.updated_at,
        }
    }
}

/// `deliveries get`.
#[derive(Debug, Serialize)]
pub struct FullDelivery<'a> {
    #[serde(flatten)]
    delivery: Delivery<'a>,
    key: String,
    history: Vec<Entry<'a>>,
}

impl<'a> From<&'a DeliveryDetail> for FullDelivery<'a> {
    fn from(detail: &'a DeliveryDetail) -> Self {
        let about = Some(detail.delivery.id);
        Self {
            delivery: Delivery::from(&detail.delivery),
            key: detail.delivery.idempotency_key(),
            history: detail.history.iter().map(|record| Entry::of(record, about)).collect(),
        }
    }
}

/// `ticket`.
#[derive(Debug, Serialize)]
pub struct Ticket<'a> {
    ticket: &'a str,
    deliveries: Vec<Delivery<'a>>,
    history: Vec<Entry<'a>>,
    /// Older records exist than those here.
    truncated: bool,
    dropped: bool,
}

impl<'a> From<&'a Timeline> for Ticket<'a> {
    fn from(timeline: &'a Timeline) -> Self {
        Self {
            ticket: timeline.ticket.as_str(),
            deliveries: timeline.deliveries.iter().map(Delivery::from).collect(),
            history: timeline.records.iter().map(|record| Entry::of(record, None)).collect(),
            truncated: timeline.truncated,
            dropped: timeline.dropped,
        }
    }
}

/// One thing that happened. What does not apply to it is absent.
#[derive(Debug, Serialize)]
pub struct Entry<'a> {
    seq: Seq,
    #[serde(serialize_with = "moment")]
    at: Timestamp,
    what: &'static str,
    /// The state of the delivery after it, in a delivery's history.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<DeliveryId>,
    #[serde(flatten)]
    more: More<'a>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum More<'a> {
    Received {
        family: &'a str,
        action: &'a str,
        #[serde(rename = "type")]
        kind: Option<&'a str>,
        duplicate_of: Option<Seq>,
        body: Body<'a>,
    },
    Rejected {
        message: &'a str,
        body: Body<'a>,
    },
    Started {
        attempt: u32,
        key: &'a str,
        target: &'a str,
    },
    Finished {
        attempt: u32,
        outcome: Outcome,
        status: Option<i32>,
        latency_ms: u64,
        text: &'a str,
        request_headers: &'a [(String, String)],
        response_headers: &'a [(String, String)],
        retry_after: Option<u32>,
        answer: Body<'a>,
        truncated: bool,
    },
    Acted {
        who: &'a str,
        why: &'a str,
        /// Of a request sent again: what it was and what it became.
        #[serde(skip_serializing_if = "Option::is_none")]
        rejected: Option<Seq>,
        #[serde(skip_serializing_if = "Option::is_none")]
        event: Option<Seq>,
    },
}

impl<'a> Entry<'a> {
    fn of(record: &'a Record, about: Option<DeliveryId>) -> Self {
        let body = Body(&record.body);
        let (what, more) = match &record.head.fact {
            Fact::Received(fact) => {
                let kind = fact.kind.as_deref();
                let (family, action, duplicate_of) = (&fact.family, &fact.action, fact.duplicate_of);
                ("received", More::Received { family, action, kind, duplicate_of, body })
            }
            Fact::Rejected(fact) => ("rejected", More::Rejected { message: &fact.message, body }),
            Fact::AttemptStarted(fact) => {
                ("attempt_started", More::Started { attempt: fact.attempt, key: &fact.key, target: &fact.target })
            }
            Fact::AttemptFinished(fact) => {
                let answer = &fact.answer;
                let more = More::Finished {
                    attempt: fact.attempt,
                    outcome: answer.outcome,
                    status: answer.status,
                    latency_ms: answer.latency_ms,
                    text: &answer.text,
                    request_headers: &answer.request_headers,
                    response_headers: &answer.response_headers,
                    retry_after: answer.retry_after,
                    answer: body,
                    truncated: answer.truncated,
                };
                ("attempt_finished", more)
            }
            Fact::OperatorActed(fact) => {
                let (rejected, event) = match &fact.action {
                    OperatorAction::Resend { rejected, event } => (Some(*rejected), Some(*event)),
                    _ => (None, None),
                };
                (name(&fact.action), More::Acted { who: &fact.who, why: &fact.why, rejected, event })
            }
        };
        let state = about.and_then(|id| record.head.deliveries.iter().find(|one| one.id == id));
        Self {
            seq: record.seq,
            at: record.head.at,
            what,
            state: state.map(|one| one.stage().name()),
            delivery: record.head.fact.delivery(),
            more,
        }
    }
}

fn name(action: &OperatorAction) -> &'static str {
    match action {
        OperatorAction::Retry(_) => "retry",
        OperatorAction::MarkDelivered(_) => "mark_delivered",
        OperatorAction::Cancel(_) => "cancel",
        OperatorAction::Undo(_) => "undo",
        OperatorAction::Resend { .. } => "resend",
        OperatorAction::Reveal { .. } => "reveal",
    }
}

/// An event.
#[derive(Debug, Serialize)]
pub struct Event<'a> {
    seq: Seq,
    #[serde(serialize_with = "moment")]
    received_at: Timestamp,
    family: &'a str,
    action: &'a str,
    #[serde(rename = "type")]
    kind: Option<&'a str>,
    ticket: Option<&'a str>,
    duplicate_of: Option<Seq>,
    drift: &'a [Drift],
    body: Body<'a>,
}

impl<'a> From<&'a EventDetail> for Event<'a> {
    fn from(detail: &'a EventDetail) -> Self {
        let row = &detail.row;
        Self {
            seq: row.seq,
            received_at: row.received_at,
            family: &row.family,
            action: &row.action,
            kind: row.kind.as_deref(),
            ticket: row.ticket.as_ref().map(|ticket| ticket.as_str()),
            duplicate_of: row.duplicate_of,
            drift: &detail.drift,
            body: Body(&detail.body),
        }
    }
}

/// A request in quarantine; `get` adds the body.
#[derive(Debug, Serialize)]
pub struct Rejected<'a> {
    seq: Seq,
    #[serde(serialize_with = "moment")]
    received_at: Timestamp,
    from: &'a str,
    code: &'a str,
    message: &'a str,
    content_type: Option<&'a str>,
    size: usize,
    resent_as: Option<Seq>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Body<'a>>,
}

impl<'a> From<&'a RejectedRow> for Rejected<'a> {
    fn from(row: &'a RejectedRow) -> Self {
        Self {
            seq: row.seq,
            received_at: row.received_at,
            from: &row.rejected.from,
            code: &row.rejected.code,
            message: &row.rejected.message,
            content_type: row.rejected.content_type.as_deref(),
            size: row.size,
            resent_as: row.resent_as,
            body: None,
        }
    }
}

impl<'a> From<&'a RejectedDetail> for Rejected<'a> {
    fn from(detail: &'a RejectedDetail) -> Self {
        Self { body: Some(Body(&detail.body)), ..Self::from(&detail.row) }
    }
}

/// What an order came to.
#[derive(Debug, Serialize)]
pub struct Ordered<'a> {
    seq: Seq,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<Delivery<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<Seq>,
}

impl<'a> From<&'a Done> for Ordered<'a> {
    fn from(done: &'a Done) -> Self {
        Self { seq: done.seq, delivery: done.delivery.as_ref().map(Delivery::from), event: done.event }
    }
}

/// A body: the JSON value it is, digit for digit; else its text; else `{"base64": …}`.
#[derive(Debug)]
struct Body<'a>(&'a [u8]);

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // A byte order mark is taken for none, as the listener does.
        let sent = self.0.strip_prefix("\u{feff}".as_bytes()).unwrap_or(self.0);
        match serde_json::from_slice::<&RawValue>(sent).map(|json| RawValue::from_string(compact(json.get()))) {
            Ok(Ok(value)) => value.serialize(serializer),
            _ => bytes::serialize(self.0, serializer),
        }
    }
}

/// JSON without the blanks between its tokens, so that it stands in one line.
fn compact(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let (mut quoted, mut escaped) = (false, false);
    for one in json.chars() {
        if quoted {
            quoted = escaped || one != '"';
            escaped = !escaped && one == '\\';
        } else if matches!(one, ' ' | '\t' | '\r' | '\n') {
            continue;
        } else {
            quoted = one == '"';
        }
        out.push(one);
    }
    out
}

#[cfg(test)]
mod tests;
