//! What can be set side by side with another of its sort: an event, or an attempt.

use crate::domain::comparison::{Comparison, compare};
use crate::domain::delivery::Delivery;
use crate::domain::ids::{DeliveryId, Seq};
use crate::domain::json::Json;
use crate::domain::record::{Fact, Record};
use crate::domain::webhook::Webhook;

/// A sort of things that can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// A webhook.
    Event,
    /// A call to the target, with its answer.
    Attempt,
}

impl Sort {
    /// As in `another event`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Attempt => "attempt",
        }
    }
}

/// Something to be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exhibit {
    /// What it is.
    pub sort: Sort,
    /// The record it comes from; of an attempt, its beginning.
    pub seq: Seq,
    /// As in `event 41` or `attempt 2 of d-41`.
    pub name: String,
    /// What it says.
    pub tree: Json<'static>,
}

/// Two of a sort, the earlier one left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The earlier one.
    pub left: Exhibit,
    /// The later one.
    pub right: Exhibit,
    /// How they differ.
    pub comparison: Comparison,
}

impl Pair {
    /// Sets the two side by side.
    pub fn of(one: Exhibit, other: Exhibit) -> Self {
        let (left, right) = if one.seq <= other.seq { (one, other) } else { (other, one) };
        let comparison = compare(&left.tree, &right.tree);
        Self { left, right, comparison }
    }
}

/// The event `seq` with these bytes.
pub fn event(seq: Seq, body: &[u8]) -> Option<Exhibit> {
    let tree = Webhook::parse(body).ok()?.tree.into_owned();
    Some(Exhibit { sort: Sort::Event, seq, name: format!("event {seq}"), tree })
}

/// What the record `seq` among `records` is about.
pub fn of_record(records: &[Record], seq: Seq) -> Option<Exhibit> {
    let record = records.iter().find(|one| one.seq == seq)?;
    match &record.head.fact {
        Fact::Received(_) => event(seq, &record.body),
        _ => {
            let (delivery, attempt) = attempt_of(record)?;
            attempt_among(records, delivery, attempt)
        }
    }
}

/// The last attempt among `records`.
pub fn last_attempt(records: &[Record]) -> Option<Exhibit> {
    let (delivery, attempt) = records.iter().rev().find_map(attempt_of)?;
    attempt_among(records, delivery, attempt)
}

/// Of the records before `exhibit`, the last that is of the same kind: an attempt of the same delivery, or an event of the
/// same action.
pub fn before(records: &[Record], exhibit: &Exhibit) -> Option<Exhibit> {
    let own = records.iter().find(|one| one.seq == exhibit.seq)?;
    let like = |other: &&Record| match (&own.head.fact, &other.head.fact) {
        (Fact::Received(own), Fact::Received(other)) => own.action == other.action && own.family == other.family,
        (Fact::AttemptStarted(own), Fact::AttemptStarted(other)) => own.delivery == other.delivery,
        _ => false,
    };
    let earlier = records.iter().filter(|one| one.seq < exhibit.seq).filter(like).max_by_key(|one| one.seq)?;
    of_record(records, earlier.seq)
}

/// The delivery and the number of the attempt that a record is about.
pub fn attempt_of(record: &Record) -> Option<(DeliveryId, u32)> {
    match &record.head.fact {
        Fact::AttemptStarted(fact) => Some((fact.delivery, fact.attempt)),
        Fact::AttemptFinished(fact) => Some((fact.delivery, fact.attempt)),
        _ => None,
    }
}

/// What was said and answered, as one value.
fn attempt_among(records: &[Record], delivery: DeliveryId, attempt: u32) -> Option<Exhibit> {
    let of = |record: &&Record| attempt_of(record) == Some((delivery, attempt));
    let mut members = Vec::new();
    let mut first = None;
    for record in records.iter().filter(of) {
        first = first.or(Some(record.seq));
        let mut put = |name: &'static str, value: Json<'static>| members.push((name.into(), value));
        match &record.head.fact {
            Fact::AttemptStarted(fact) => {
                put("attempt", number(fact.attempt));
                put("target", Json::String(fact.target.clone().into()));
                put("key", Json::String(fact.key.clone().into()));
                let started = record.head.at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
                put("started", Json::String(started.into()));
                // As it stood when the attempt went out: it may have been amended since.
                if let Some(delivery) = record.head.deliveries.iter().find(|one| one.id == delivery) {
                    put("delivery", people(delivery));
                }
            }
            Fact::AttemptFinished(fact) => {
                let answer = &fact.answer;
                put("outcome", serde_json::to_string(&answer.outcome).map_or(Json::Null, literal));
                put("answer", Json::String(answer.text.clone().into()));
                put("status", answer.status.map_or(Json::Null, number));
                put("retry_after", answer.retry_after.map_or(Json::Null, number));
                put("latency_ms", number(answer.latency_ms));
                put("request_headers", headers(&answer.request_headers));
                put("response_headers", headers(&answer.response_headers));
                put("body", Json::parse(&record.body).map_or_else(|_| text(&record.body), Json::into_owned));
            }
            _ => {}
        }
    }
    let name = format!("attempt {attempt} of {delivery}");
    Some(Exhibit { sort: Sort::Attempt, seq: first?, name, tree: Json::Object(members) })
}

fn people(delivery: &Delivery) -> Json<'static> {
    let person = |one: Option<&crate::domain::ids::Person>| {
        one.and_then(|one| one.address()).map_or(Json::Null, |one| Json::String(one.to_owned().into()))
    };
    Json::Object(vec![
        ("fromEmail".into(), person(delivery.from.as_ref())),
        ("toEmail".into(), person(delivery.to.as_ref())),
        ("event".into(), Json::String(delivery.event.to_string().into())),
    ])
}

fn number(value: impl ToString) -> Json<'static> {
    Json::Number(value.to_string().into())
}

fn literal(json: String) -> Json<'static> {
    Json::parse(json.as_bytes()).map_or(Json::Null, Json::into_owned)
}

fn text(body: &[u8]) -> Json<'static> {
    Json::String(String::from_utf8_lossy(body).into_owned().into())
}

fn headers(headers: &[(String, String)]) -> Json<'static> {
    Json::Object(
        headers.iter().map(|(name, value)| (name.clone().into(), Json::String(value.clone().into()))).collect(),
    )
}
