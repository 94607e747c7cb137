//! The door that is there before the ledger is: while it is being opened, which can take long, whoever comes is told how
//! far it is; afterwards everybody is let through.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::handle::{Desk, DeskError, Hindsight, Pending};
use super::ledger::LedgerError;
use super::{Engine, Intake};
use crate::domain::query::{Answer, Done, Order, Query, Status};
use crate::ingest::submission::{Ailment, NotKept, Receipt, Submission};

/// Cheap to clone; all clones open together.
#[derive(Clone)]
pub struct Entrance {
    behind: Arc<Mutex<Behind>>,
    status: Arc<dyn Fn() -> Status + Send + Sync>,
    changes: watch::Receiver<u64>,
}

enum Behind {
    Opening(Option<u8>),
    Open(Engine),
}

/// Tells those at the [`Entrance`] how far the opening is, and lets them in. When it is dropped without, nobody ever is.
pub struct Opener {
    behind: Arc<Mutex<Behind>>,
    tick: watch::Sender<u64>,
}

/// An entrance and who opens it. `status` tells how the rest of the program is.
pub fn entrance(status: impl Fn() -> Status + Send + Sync + 'static) -> (Entrance, Opener) {
    let behind = Arc::new(Mutex::new(Behind::Opening(None)));
    let (tick, changes) = watch::channel(0);
    (Entrance { behind: Arc::clone(&behind), status: Arc::new(status), changes }, Opener { behind, tick })
}

impl Opener {
    /// The store has this much of the journal.
    pub fn progress(&self, percent: u8) {
        let mut behind = lock(&self.behind);
        if matches!(*behind, Behind::Opening(before) if before != Some(percent)) {
            *behind = Behind::Opening(Some(percent));
            drop(behind);
            self.tick.send_modify(|_| {});
        }
    }

    /// Lets everybody through to `engine`. What it gives back passes the engine's changes on until it ends.
    pub fn open(self, engine: Engine) -> impl Future<Output = ()> + Send + use<> {
        let Self { behind, tick } = self;
        let mut changes = Desk::changes(&engine);
        *lock(&behind) = Behind::Open(engine);
        // The engine ends when nobody holds it any more.
        drop(behind);
        changes.mark_changed();
        async move {
            while changes.changed().await.is_ok() {
                tick.send_replace(*changes.borrow_and_update());
            }
        }
    }
}

impl Entrance {
    /// Waits until the ledger behind it has ended, or is known never to open.
    pub async fn closed(&self) {
        let mut changes = self.changes.clone();
        while changes.changed().await.is_ok() {}
    }

    fn engine(&self) -> Result<Engine, LedgerError> {
        match &*lock(&self.behind) {
            Behind::Open(engine) => Ok(engine.clone()),
            Behind::Opening(percent) => {
                let ailment = Ailment::Opening { percent: *percent };
                Err(LedgerError { ailment, reason: format!("{ailment}; events are not taken yet, ask again soon") })
            }
        }
    }
}

fn lock(behind: &Mutex<Behind>) -> MutexGuard<'_, Behind> {
    behind.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Intake for Entrance {
    async fn submit(&self, submission: Submission) -> Result<Receipt, NotKept> {
        self.engine()?.submit(submission).await
    }

    fn unwell(&self) -> Option<Ailment> {
        self.engine().map_or_else(|error| Some(error.ailment), |engine| engine.unwell())
    }
}

impl Desk for Entrance {
    fn ask(&self, query: Query) -> Pending<'_, Result<Answer, DeskError>> {
        Box::pin(async move { self.engine()?.ask(query).await })
    }

    fn act(&self, order: Order) -> Pending<'_, Result<Done, DeskError>> {
        Box::pin(async move { self.engine()?.act(order).await })
    }

    fn status(&self) -> Pending<'_, Result<Status, DeskError>> {
        Box::pin(async move {
            match self.engine() {
                Ok(engine) => Desk::status(&engine).await,
                Err(error) => Ok(Status { unwell: Some(error.reason), ..(self.status)() }),
            }
        })
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.clone()
    }

    fn look_back(&self) -> Result<Arc<dyn Hindsight>, DeskError> {
        self.engine()?.look_back()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::clock::Clock;
    use crate::domain::Timestamp;
    use crate::domain::retry::RetryPolicy;
    use crate::engine::Archive;
    use crate::engine::ledger::Memory;
    use crate::ingest::submission::Prepared;

    struct Nothing;

    impl Archive for Nothing {
        fn answer(&self, _: &Query, _: Timestamp) -> Result<Answer, LedgerError> {
            Err(LedgerError::failing("nothing is known"))
        }
    }

    fn status() -> Status {
        Status::starting(Timestamp::UNIX_EPOCH)
    }

    fn webhook() -> Submission {
        let body = br#"{"family":"ticket","action":"ticket.other","data":{}}"#.to_vec();
        Submission::Webhook(Prepared::read("test".to_owned(), body).unwrap())
    }

    #[tokio::test]
    async fn who_comes_too_early_is_told_how_far_it_is_and_then_let_in_until_the_engine_ends() {
        let (entrance, opener) = entrance(status);
        let mut changes = Desk::changes(&entrance);
        assert_eq!(entrance.unwell(), Some(Ailment::Opening { percent: None }));
        opener.progress(34);
        changes.changed().await.unwrap();
        let refused = entrance.submit(webhook()).await.unwrap_err();
        assert!(
            matches!(refused, NotKept::Unwell { ailment: Ailment::Opening { percent: Some(34) }, .. }),
            "{refused}"
        );
        let told = entrance.ask(Query::Overview { rows: 1, late_after: None }).await.unwrap_err().to_string();
        assert!(told.starts_with("the ledger is being opened: 34 %"), "{told}");
        assert_eq!(entrance.status().await.unwrap().unwell, Some(told));

        let (engine, writer) =
            Engine::start(Memory::default(), Nothing, RetryPolicy::default(), Clock::System, status).unwrap();
        let relay = tokio::spawn(opener.open(engine));
        assert_eq!(entrance.unwell(), None);
        assert_eq!(entrance.submit(webhook()).await.unwrap().seq.0, 1);
        while *changes.borrow_and_update() != 1 {
            changes.changed().await.unwrap();
        }
        drop(entrance);
        relay.await.unwrap();
        writer.join().unwrap();
        assert!(changes.changed().await.is_err(), "whoever waits hears of the end");
    }

    #[tokio::test]
    async fn one_that_is_never_opened_says_so() {
        let (entrance, opener) = entrance(status);
        drop(opener);
        entrance.closed().await;
    }
}
