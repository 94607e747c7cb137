//! The memory behind the real writer: every batch goes through its thread, and what it answers is what the world hears.
//!
//! The writer must answer only what is kept. When the program dies at [`Moment::Decided`] the ledger takes nothing, and every
//! answer but a refusal is a lie that the promises find out.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use futures_util::future::join_all;
use willcall::config::Clock;
use willcall::domain::Timestamp;
use willcall::domain::delivery::Delivery;
use willcall::domain::ids::{DeliveryId, Digest, Seq};
use willcall::domain::query::{Answer, Query, Status};
use willcall::domain::record::Record;
use willcall::domain::retry::RetryPolicy;
use willcall::domain::ticket::Lane;
use willcall::engine::handle::{Desk, DeskError};
use willcall::engine::ledger::{Ledger, LedgerError, Memory};
use willcall::engine::{Archive, Dispatch, Engine};
use willcall::ingest::submission::{Intake, Submission};

use crate::decision::{Decision, Said};
use crate::ground::{Ground, Written};
use crate::network::Moment;

#[derive(Default)]
pub struct Wired(Memory);

/// The memory while the writer has it.
struct Lent {
    memory: Memory,
    back: Arc<Mutex<Memory>>,
    /// Nothing can be kept any more.
    dead: bool,
    /// Says that the first batch is being decided, and waits until others may follow.
    gate: Option<(SyncSender<()>, Receiver<()>)>,
}

impl Drop for Lent {
    fn drop(&mut self) {
        *self.back.lock().unwrap() = std::mem::take(&mut self.memory);
    }
}

struct Nothing;

impl Archive for Nothing {
    fn answer(&self, _: &Query, _: Timestamp) -> Result<Answer, LedgerError> {
        Err(LedgerError::failing("nobody asks"))
    }
}

impl Ground for Wired {
    fn new() -> Self {
        Self::default()
    }

    fn write(
        &mut self,
        policy: &RetryPolicy,
        now: Timestamp,
        decisions: &[Decision],
        death: Option<Moment>,
    ) -> Written {
        let before = self.0.last();
        let back = Arc::new(Mutex::new(Memory::default()));
        let (at_gate, reached) = sync_channel(1);
        let (open, gate) = sync_channel(1);
        let ledger = Lent {
            memory: std::mem::take(&mut self.0),
            back: Arc::clone(&back),
            dead: death == Some(Moment::Decided),
            gate: Some((at_gate, gate)),
        };
        let status = || -> Status { panic!("nobody asks") };
        let (engine, writer) = Engine::start(ledger, Nothing, policy.clone(), Clock::Fixed(now), status).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let said = runtime.block_on(async {
            // While the writer is busy with a post that asks for nothing, all others gather: they become one batch.
            let mut nothing = pin!(engine.claim(0, "simulation"));
            let mut all = pin!(join_all(decisions.iter().map(|decision| post(&engine, decision))));
            poll_fn(|context| Poll::Ready(nothing.as_mut().poll(context).is_ready())).await;
            reached.recv().unwrap();
            let early = poll_fn(|context| Poll::Ready(all.as_mut().poll(context))).await;
            open.send(()).unwrap();
            match early {
                Poll::Ready(said) => said,
                Poll::Pending => all.await,
            }
        });
        drop(engine);
        writer.join().unwrap();
        self.0 = std::mem::take(&mut *back.lock().unwrap());
        Written { said, records: self.0.records()[before.0 as usize..].to_vec() }
    }

    fn keep(&mut self, records: Vec<Record>, death: Option<Moment>) {
        self.0.keep(records, death);
    }

    fn die(&mut self, store_lost: bool) {
        self.0.die(store_lost);
    }

    fn rebuilds(&mut self) -> Result<(), String> {
        self.0.rebuilds()
    }
}

/// What the writer says; nothing if it says that it could not keep it.
async fn post(engine: &Engine, decision: &Decision) -> Option<Said> {
    match decision {
        Decision::Webhook { prepared, .. } => {
            let receipt = engine.submit(Submission::Webhook((**prepared).clone())).await;
            receipt.ok().map(Said::Kept)
        }
        Decision::Rubbish(submission) => engine.submit(submission.clone()).await.ok().map(Said::Kept),
        Decision::Claim(limit) => engine.claim(*limit, "simulation").await.ok().map(Said::Claimed),
        Decision::Finish { assignment, answer, .. } => {
            let finished = engine.finish(assignment.delivery.id, assignment.attempt, answer.clone(), Vec::new());
            finished.await.ok().map(|()| Said::Finished)
        }
        Decision::Order { order, .. } => match engine.act(order.clone()).await {
            Err(DeskError::Failed(_)) => None,
            result => Some(Said::Ordered(Box::new(result))),
        },
    }
}

impl Ledger for Lent {
    fn last(&self) -> Seq {
        self.memory.last()
    }

    fn lane(&self, lane: Lane) -> Result<Vec<Delivery>, LedgerError> {
        self.memory.lane(lane)
    }

    fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, LedgerError> {
        self.memory.delivery(id)
    }

    fn latest(&self, lane: Option<Lane>, subject: Digest) -> Result<Option<(Seq, Digest)>, LedgerError> {
        self.memory.latest(lane, subject)
    }

    fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Delivery>, LedgerError> {
        self.memory.due(now, limit)
    }

    fn next_due(&self, now: Timestamp) -> Result<Option<Timestamp>, LedgerError> {
        self.memory.next_due(now)
    }

    fn in_flight(&self) -> Result<Vec<Delivery>, LedgerError> {
        self.memory.in_flight()
    }

    fn record(&self, seq: Seq) -> Result<Option<Record>, LedgerError> {
        self.memory.record(seq)
    }

    fn resent(&self, rejected: Seq) -> Result<Option<Seq>, LedgerError> {
        self.memory.resent(rejected)
    }

    fn ready(&mut self) -> Result<(), LedgerError> {
        if let Some((at_gate, gate)) = self.gate.take() {
            // Whoever waited for it may have gone: then there is nothing to wait for either.
            let _ = at_gate.send(());
            let _ = gate.recv();
        }
        Ok(())
    }

    fn commit(&mut self, records: Vec<Record>) -> Result<(), LedgerError> {
        match self.dead {
            true => Err(LedgerError::failing("the program dies")),
            false => self.memory.commit(records),
        }
    }
}

/// Every question the world itself asks is asked of the memory.
impl Ledger for Wired {
    fn last(&self) -> Seq {
        self.0.last()
    }

    fn lane(&self, lane: Lane) -> Result<Vec<Delivery>, LedgerError> {
        self.0.lane(lane)
    }

    fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, LedgerError> {
        self.0.delivery(id)
    }

    fn latest(&self, lane: Option<Lane>, subject: Digest) -> Result<Option<(Seq, Digest)>, LedgerError> {
        self.0.latest(lane, subject)
    }

    fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Delivery>, LedgerError> {
        self.0.due(now, limit)
    }

    fn next_due(&self, now: Timestamp) -> Result<Option<Timestamp>, LedgerError> {
        self.0.next_due(now)
    }

    fn in_flight(&self) -> Result<Vec<Delivery>, LedgerError> {
        self.0.in_flight()
    }

    fn record(&self, seq: Seq) -> Result<Option<Record>, LedgerError> {
        self.0.record(seq)
    }

    fn resent(&self, rejected: Seq) -> Result<Option<Seq>, LedgerError> {
        self.0.resent(rejected)
    }

    fn ready(&mut self) -> Result<(), LedgerError> {
        self.0.ready()
    }

    fn commit(&mut self, records: Vec<Record>) -> Result<(), LedgerError> {
        self.0.commit(records)
    }
}
