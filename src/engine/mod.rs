//! DECIDE. One writer: submissions, attempt outcomes and operators' orders -> records -> journal -> store -> change tick.
//!
//! | file | idea |
//! | --- | --- |
//! | [`ledger`] | what has been decided so far, as the writer sees it |
//! | [`batch`] | some decisions that become durable together |
//! | `writer` | the thread that decides, keeps, and then answers |
//! | [`local`] | the ledger of journal and store |
//! | `applier` | the thread that brings the store up to the journal, and where everybody finds it |
//! | `mending` | a store that errs while the program runs: when it is mended, how, what is said meanwhile |
//! | `retention` | what is old enough is dropped, and its room given back |
//! | `blanking` | what names people in old records that stay is blanked |
//! | `succession` | the store that takes over when something is dropped or blanked |
//! | `compression` | what is old and stays is compressed |
//! | `ahead` | what a clock that ran ahead has scheduled |
//! | `recent` | what was decided and is not yet in the store |
//! | `under_way` | the lanes in which an attempt is under way |
//! | [`dispatch`] | the door for the delivery worker |
//! | `tried` | how the last attempts went |
//! | `past` | earlier moments, folded for those who look back |
//! | [`handle`] | the door for whoever looks and steers |
//! | `entrance` | the door that is there before the ledger is |

use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::watch;

use crate::config::clock::Clock;
use crate::domain::Timestamp;
use crate::domain::ids::DeliveryId;
use crate::domain::moment::{Moment, Recalled};
use crate::domain::query::{Answer, Done, Order, Query, Status};
use crate::domain::record;
use crate::domain::retry::RetryPolicy;
use crate::ingest::submission::{Ailment, Intake, NotKept, Receipt, Submission};

mod ahead;
mod applier;
pub mod batch;
mod blanking;
mod compression;
pub mod dispatch;
pub mod entrance;
pub mod handle;
pub mod ledger;
pub mod local;
mod mending;
mod past;
mod recent;
mod retention;
mod succession;
mod tried;
mod under_way;
mod writer;

pub use dispatch::{Assignment, Claimed, Dispatch};
pub use entrance::{Entrance, Opener, entrance};
pub use handle::{Desk, DeskError, Handle, Hindsight};

use handle::Pending;
use ledger::{Ledger, LedgerError};
use tried::Tried;
use writer::Post;

/// Answers questions from what has been kept, from any thread.
pub trait Archive: Send + Sync + 'static {
    /// The answer to `query`, as things stand at `now`.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    fn answer(&self, query: &Query, now: Timestamp) -> Result<Answer, LedgerError>;

    /// A look at earlier moments.
    ///
    /// # Errors
    /// When it cannot be had.
    fn look_back(&self) -> Result<Box<dyn Retrospect>, DeskError> {
        Err(DeskError::Refused("this ledger does not know its earlier moments".to_owned()))
    }

    /// What keeps old records from being dropped; none when nothing does.
    fn retention_held_up(&self) -> Option<String> {
        None
    }
}

/// Answers questions as of earlier moments.
pub trait Retrospect: Send {
    /// The answer to `query` as of `moment`, or how far the folding is.
    ///
    /// # Errors
    /// When that moment cannot be seen.
    fn answer(&mut self, query: &Query, moment: Moment) -> Result<Recalled<Answer>, DeskError>;
}

/// The running ledger. Cheap to clone; the writer ends when the last clone is dropped.
#[derive(Clone)]
pub struct Engine {
    writer: writer::Desk,
    archive: Arc<dyn Archive>,
    clock: Clock,
    tried: Tried,
    status: Arc<dyn Fn() -> Status + Send + Sync>,
}

impl Engine {
    /// Starts the writer on `ledger`. `status` tells how the rest of the program is; what the writer knows better is
    /// filled in. Join the thread after the last clone is gone: then everything posted is on record.
    ///
    /// # Errors
    /// When no thread can be had.
    pub fn start(
        ledger: impl Ledger + Send + 'static,
        archive: impl Archive,
        policy: RetryPolicy,
        clock: Clock,
        status: impl Fn() -> Status + Send + Sync + 'static,
    ) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (writer, thread) = writer::start(ledger, policy, clock)?;
        let (archive, status) = (Arc::new(archive), Arc::new(status));
        Ok((Self { writer, archive, clock, tried: Tried::default(), status }, thread))
    }
}

impl Intake for Engine {
    async fn submit(&self, submission: Submission) -> Result<Receipt, NotKept> {
        self.writer.post(|reply| Post::Submit(submission, reply)).await
    }

    fn unwell(&self) -> Option<Ailment> {
        self.writer.pulse().unwell.map(|error| error.ailment)
    }
}

impl Dispatch for Engine {
    async fn claim(&self, limit: usize, target: &str) -> Result<Claimed, NotKept> {
        let target = target.to_owned();
        self.writer.post(|reply| Post::Claim { limit, target, reply }).await
    }

    async fn finish(
        &self,
        delivery: DeliveryId,
        attempt: u32,
        answer: record::Answer,
        body: Vec<u8>,
    ) -> Result<(), NotKept> {
        let (ended, at) = (answer.clone(), self.clock.now());
        self.writer.post(|reply| Post::Finish { delivery, attempt, answer, body, reply }).await?;
        // Once: who cannot report it yet reports it again.
        self.tried.note(&ended, at);
        Ok(())
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.writer.changes()
    }
}

impl Desk for Engine {
    fn ask(&self, query: Query) -> Pending<'_, Result<Answer, DeskError>> {
        let (archive, now) = (Arc::clone(&self.archive), self.clock.now());
        Box::pin(async move {
            // Reading a store is file work: it must not hold up the listener's threads.
            let answer = tokio::task::spawn_blocking(move || archive.answer(&query, now)).await;
            Ok(answer.map_err(|error| DeskError::Failed(error.to_string()))??)
        })
    }

    fn act(&self, order: Order) -> Pending<'_, Result<Done, DeskError>> {
        Box::pin(self.writer.post(|reply| Post::Order(order, reply)))
    }

    fn status(&self) -> Pending<'_, Result<Status, DeskError>> {
        let pulse = self.writer.pulse();
        let status = Status {
            unwell: pulse.unwell.map(|error| error.reason),
            last_durable: pulse.last_durable,
            writing_since: pulse.writing_since,
            attempts: self.tried.sum(self.clock.now()),
            retention_held_up: self.archive.retention_held_up(),
            ..(self.status)()
        };
        Box::pin(std::future::ready(Ok(status)))
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.writer.changes()
    }

    fn look_back(&self) -> Result<Arc<dyn Hindsight>, DeskError> {
        Ok(Arc::new(past::Aside::new(self.archive.look_back()?)))
    }
}
