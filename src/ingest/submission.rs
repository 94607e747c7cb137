//! What the listener hands on: a parsed webhook or a rejected request, and the door it goes through.

use std::future::Future;

use crate::domain::documentation;
use crate::domain::ids::Seq;
use crate::domain::payload::{Payload, TicketUpdated};
use crate::domain::record::{Received, Rejected};
use crate::domain::webhook::{NotAWebhook, Webhook};

/// Something to be kept.
#[derive(Debug, Clone)]
pub enum Submission {
    /// A webhook that could be read.
    Webhook(Prepared),
    /// A request that could not become an event: it goes into the quarantine.
    Rejected {
        /// From whom and why.
        rejected: Rejected,
        /// The exact bytes.
        body: Vec<u8>,
    },
}

/// A webhook read as far as deciding needs it, so that the one writer does not parse.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// What will be on record; `duplicate_of` is the writer's to fill.
    pub received: Received,
    /// The sale or reversal, if it is one.
    pub update: Option<Box<TicketUpdated>>,
    /// The exact bytes.
    pub body: Vec<u8>,
}

impl Prepared {
    /// Reads a body sent by `from`.
    ///
    /// # Errors
    /// When it is no JSON object with a family and an action.
    pub fn read(from: String, body: Vec<u8>) -> Result<Self, (NotAWebhook, Vec<u8>)> {
        let (received, update) = {
            let webhook = match Webhook::parse(&body) {
                Ok(webhook) => webhook,
                Err(error) => return Err((error, body)),
            };
            let payload = Payload::of(&webhook);
            let received = Received {
                from,
                subject: payload.subject(&webhook),
                print: webhook.print(),
                ticket: payload.ticket().cloned(),
                drift: u16::try_from(documentation::drift(&webhook).len()).unwrap_or(u16::MAX),
                duplicate_of: None,
                family: webhook.family,
                action: webhook.action,
                kind: webhook.kind,
            };
            let update = match payload {
                Payload::TicketUpdated(update) => Some(update),
                _ => None,
            };
            (received, update)
        };
        Ok(Self { received, update, body })
    }
}

/// What became of a submission. When this is there, it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// Its number.
    pub seq: Seq,
    /// The event it repeats.
    pub duplicate_of: Option<Seq>,
}

/// Why a submission was not kept. The sender should try again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotKept {
    /// Too many wait already.
    #[error("too many requests are waiting to be kept")]
    Busy,
    /// Nothing can be kept now.
    #[error("events cannot be kept now: {reason}")]
    Unwell {
        /// What anybody may know of it.
        ailment: Ailment,
        /// The whole reason, for the operator.
        reason: String,
    },
}

impl NotKept {
    /// Nothing can be kept now, for a `reason` that is the operator's to know.
    pub fn failing(reason: impl Into<String>) -> Self {
        Self::Unwell { ailment: Ailment::Failing, reason: reason.into() }
    }
}

/// Why nothing can be kept now, in words for anybody: no path, no name, no text of an inner fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Ailment {
    /// The program has just started.
    #[error("the ledger is being opened{}", so_far(.percent))]
    Opening {
        /// How much of the journal the store has.
        percent: Option<u8>,
    },
    /// The store erred, and is being made anew or opened again.
    #[error("the store is being mended{}", so_far(.percent))]
    Mending {
        /// How much of the journal the store has.
        percent: Option<u8>,
    },
    /// The disk takes no more.
    #[error("the disk is full")]
    DiskFull,
    /// Anything else.
    #[error("the operator knows why")]
    Failing,
}

fn so_far(percent: &Option<u8>) -> String {
    percent.map_or(String::new(), |percent| format!(": {percent} %"))
}

/// The door of the ledger, as the listener sees it.
pub trait Intake: Clone + Send + Sync + 'static {
    /// Keeps a submission. Answers only when it is durable.
    fn submit(&self, submission: Submission) -> impl Future<Output = Result<Receipt, NotKept>> + Send;

    /// Why nothing would be kept now; `None` when it would.
    fn unwell(&self) -> Option<Ailment>;
}
