//! One line of the journal: what happened, and what this program decided it means.
//!
//! A record carries its decisions (the deliveries as they stand after it), not only its cause. Replaying the journal is
//! therefore a plain fold that cannot decide otherwise than the program that lived through it, even a later version with
//! other rules.

use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::delivery::Delivery;
use super::ids::{DeliveryId, Digest, Seq, TicketId};
use super::retry::Outcome;

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its place in the journal.
    pub seq: Seq,
    /// What happened and what it means: everything but the bytes.
    pub head: Head,
    /// The exact bytes: of a webhook, of a rejected request, or of a target's answer. Empty for the rest.
    #[serde(with = "bytes")]
    pub body: Vec<u8>,
}

/// A record without its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// When.
    #[serde(with = "chrono::serde::ts_milliseconds")]
    pub at: Timestamp,
    /// What happened.
    pub fact: Fact,
    /// Every delivery that it changed, as it stands after.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deliveries: Vec<Delivery>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// A webhook came in and could be read. The body is what was sent.
    Received(Received),
    /// A request came in that could not become an event. The body is what was sent.
    Rejected(Rejected),
    /// An attempt is about to go out.
    AttemptStarted(AttemptStarted),
    /// An attempt has ended, or its end was lost. The body is the target's answer, up to 64 KiB.
    AttemptFinished(AttemptFinished),
    /// A person did something.
    OperatorActed(OperatorActed),
}

/// A webhook that could be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// Sender's address, as the socket knew it; `quarantine` for a request sent again from there.
    pub from: String,
    /// As in `ticket`.
    pub family: String,
    /// As in `ticket.updated`.
    pub action: String,
    /// As in `USER_TRANSFER`.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The ticket it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
    /// Names the thing it is about.
    pub subject: Digest,
    /// Names all that it says.
    pub print: Digest,
    /// The event it repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate_of: Option<Seq>,
    /// How many differences from the documentation.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub drift: u16,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_zero(number: &u16) -> bool {
    *number == 0
}

/// A request that could not become an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// Sender's address.
    pub from: String,
    /// The `code` it was answered with.
    pub code: String,
    /// The sentence it was answered with.
    pub message: String,
    /// `Content-Type`, at most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
}

/// An attempt is about to go out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptStarted {
    /// Of which delivery.
    pub delivery: DeliveryId,
    /// The ticket, so that the timeline finds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
    /// From 1.
    pub attempt: u32,
    /// `Idempotency-Key`.
    pub key: String,
    /// URL or command.
    pub target: String,
}

/// An attempt has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptFinished {
    /// Of which delivery.
    pub delivery: DeliveryId,
    /// The ticket, so that the timeline finds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
    /// From 1.
    pub attempt: u32,
    /// What happened out there.
    #[serde(flatten)]
    pub answer: Answer,
}

/// What a target answered, or what happened instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// What it means.
    pub outcome: Outcome,
    /// In a line, as in `422 Unprocessable Entity` or `connection refused`.
    pub text: String,
    /// HTTP status or exit code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<i32>,
    /// Headers that were sent, secrets left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub request_headers: Vec<(String, String)>,
    /// Headers that came back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub response_headers: Vec<(String, String)>,
    /// The target's wish for a delay, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
    /// From sending to the end of the answer, in milliseconds.
    pub latency_ms: u64,
    /// The answer was longer than what is kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
}

/// A person did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorActed {
    /// Who, as in `ana (uid 1000)`.
    pub who: String,
    /// The reason given.
    pub why: String,
    /// What.
    pub action: OperatorAction,
    /// The ticket concerned, so that the timeline finds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
}

/// What a person did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperatorAction {
    /// Sends it again, or releases what is held.
    Retry(DeliveryId),
    /// It was done by hand.
    MarkDelivered(DeliveryId),
    /// It shall not be done.
    Cancel(DeliveryId),
    /// Takes the last mark-delivered or cancel back.
    Undo(DeliveryId),
    /// A quarantined request was sent again.
    Resend {
        /// The rejected request.
        rejected: Seq,
        /// The event it became.
        event: Seq,
    },
    /// Personal data was made visible.
    Reveal {
        /// Where, as in `event 41` or `deliveries`.
        what: String,
    },
}

impl OperatorAction {
    /// As people read it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Retry(_) => "retry",
            Self::MarkDelivered(_) => "mark delivered",
            Self::Cancel(_) => "cancel",
            Self::Undo(_) => "undo",
            Self::Resend { .. } => "send again",
            Self::Reveal { .. } => "reveal",
        }
    }

    /// The delivery concerned.
    pub fn delivery(&self) -> Option<DeliveryId> {
        match self {
            Self::Retry(id) | Self::MarkDelivered(id) | Self::Cancel(id) | Self::Undo(id) => Some(*id),
            Self::Resend { .. } | Self::Reveal { .. } => None,
        }
    }
}

impl Fact {
    /// The ticket this is about: what puts the record into that ticket's timeline.
    pub fn ticket(&self) -> Option<&TicketId> {
        match self {
            Self::Received(fact) => fact.ticket.as_ref(),
            Self::Rejected(_) => None,
            Self::AttemptStarted(fact) => fact.ticket.as_ref(),
            Self::AttemptFinished(fact) => fact.ticket.as_ref(),
            Self::OperatorActed(fact) => fact.ticket.as_ref(),
        }
    }

    /// The delivery whose history this belongs to, beside those it changed.
    pub fn delivery(&self) -> Option<DeliveryId> {
        match self {
            Self::AttemptStarted(fact) => Some(fact.delivery),
            Self::AttemptFinished(fact) => Some(fact.delivery),
            Self::OperatorActed(fact) => fact.action.delivery(),
            Self::Received(_) | Self::Rejected(_) => None,
        }
    }
}

/// Bytes in JSON: as text where they are UTF-8, as `{"base64": …}` where they are not, so that nothing is lost.
pub mod bytes {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Form<'a> {
        Text(std::borrow::Cow<'a, str>),
        Base64 { base64: String },
    }

    /// See the module.
    ///
    /// # Errors
    /// As the serializer's.
    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Form::Text(text.into()),
            Err(_) => Form::Base64 { base64: STANDARD.encode(bytes) },
        }
        .serialize(serializer)
    }

    /// See the module.
    ///
    /// # Errors
    /// When it is neither a text nor base64.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        match Form::deserialize(deserializer)? {
            Form::Text(text) => Ok(text.into_owned().into_bytes()),
            Form::Base64 { base64 } => STANDARD.decode(base64).map_err(de::Error::custom),
        }
    }
}
