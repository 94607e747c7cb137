//! What is posted to the writer, and what it says to it.

use willcall::domain::ids::{DeliveryId, Seq};
use willcall::domain::query::{Done, Order};
use willcall::domain::record::{Answer, Fact, Record};
use willcall::engine::batch::Batch;
use willcall::engine::dispatch::{Assignment, Claimed};
use willcall::engine::handle::DeskError;
use willcall::engine::ledger::Ledger;
use willcall::ingest::submission::{Prepared, Receipt, Submission};

use crate::menta::Form;
use crate::operator::What;

/// A post on its way into a batch.
pub enum Decision {
    Webhook { deed: usize, form: Form, prepared: Box<Prepared> },
    Rubbish(Submission),
    Claim(usize),
    Finish { assignment: Box<Assignment>, answer: Answer, said: String },
    Order { order: Order, what: What },
}

/// What is said to it.
pub enum Said {
    Kept(Receipt),
    Claimed(Claimed),
    Finished,
    Ordered(Box<Result<Done, DeskError>>),
}

impl Decision {
    pub fn decide(&self, batch: &mut Batch<'_, impl Ledger>) -> Said {
        match self {
            Self::Webhook { prepared, .. } => {
                Said::Kept(batch.submit(Submission::Webhook(Prepared::clone(prepared))).unwrap())
            }
            Self::Rubbish(submission) => Said::Kept(batch.submit(submission.clone()).unwrap()),
            Self::Claim(limit) => Said::Claimed(batch.claim(*limit, "simulation").unwrap()),
            Self::Finish { assignment, answer, .. } => {
                batch.finish(assignment.delivery.id, assignment.attempt, answer.clone(), Vec::new()).unwrap();
                Said::Finished
            }
            Self::Order { order, .. } => Said::Ordered(Box::new(batch.order(order))),
        }
    }

    /// What remains of what was said if only the records up to `kept` are there, the last of `all`; none if nothing does.
    pub fn remains(&self, said: Said, all: &[Record], kept: Seq) -> Option<Said> {
        let there = |seq: Seq| seq <= kept;
        match said {
            Said::Kept(receipt) => there(receipt.seq).then_some(said),
            Said::Claimed(mut claimed) => {
                let some = !claimed.assignments.is_empty();
                claimed.assignments.retain(|one| {
                    let starts =
                        |fact: &Fact| matches!(fact, Fact::AttemptStarted(start) if start.delivery == one.delivery.id);
                    all.iter().any(|record| there(record.seq) && starts(&record.head.fact))
                });
                (!some || !claimed.assignments.is_empty()).then_some(Said::Claimed(claimed))
            }
            Said::Finished => {
                let Self::Finish { assignment, .. } = self else { return Some(said) };
                let ends =
                    |fact: &Fact| matches!(fact, Fact::AttemptFinished(end) if end.delivery == assignment.delivery.id);
                all.iter().find(|record| ends(&record.head.fact)).is_none_or(|record| there(record.seq)).then_some(said)
            }
            Said::Ordered(ref result) => match &**result {
                Ok(done) => there(done.seq).then_some(said),
                Err(_) => Some(said),
            },
        }
    }
}

/// The delivery's name in a scenario file.
pub fn name(id: DeliveryId) -> String {
    format!("e{}", id.0)
}
