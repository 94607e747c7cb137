//! The door of the ledger, as the delivery worker sees it.

use std::future::Future;

use tokio::sync::watch;

use crate::domain::Timestamp;
use crate::domain::delivery::Delivery;
use crate::domain::ids::DeliveryId;
use crate::domain::record::Answer;
use crate::ingest::submission::NotKept;

/// One attempt to be made. That it starts is on record already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The delivery, in flight.
    pub delivery: Delivery,
    /// The attempt's number, from 1.
    pub attempt: u32,
    /// `Idempotency-Key`.
    pub key: String,
    /// The exact bytes of the webhook whose message is to be sent.
    pub body: Vec<u8>,
}

/// Work handed out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claimed {
    /// Attempts to be made now.
    pub assignments: Vec<Assignment>,
    /// When the next one that was not handed out falls due; `None` when none waits for its time.
    pub next_due: Option<Timestamp>,
}

/// Hands out due work and takes the outcomes.
pub trait Dispatch: Clone + Send + Sync + 'static {
    /// Starts attempts of at most `limit` due deliveries: each is durably on record as in flight when this answers.
    /// `target` is what the record will name as the target.
    fn claim(&self, limit: usize, target: &str) -> impl Future<Output = Result<Claimed, NotKept>> + Send;

    /// Puts the end of an attempt on record. `body` is the target's answer, at most 64 KiB.
    fn finish(
        &self,
        delivery: DeliveryId,
        attempt: u32,
        answer: Answer,
        body: Vec<u8>,
    ) -> impl Future<Output = Result<(), NotKept>> + Send;

    /// Ticks whenever something has changed, so that there may be new work.
    fn changes(&self) -> watch::Receiver<u64>;
}
