//! Claims due work, runs attempts side by side, reports every one.
//!
//! It wakes when something has changed, when the next delivery falls due, and when a slot gets free; it never polls. A slot
//! is free as soon as the report of its attempt has been posted: the ledger takes that report and the next claim together,
//! so that what is on record as under way never exceeds the limit, and none waits for the disk twice.
//! While the process lives no outcome is lost: a report the ledger cannot take is made again until it can.

use std::future::{Future, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::Target;
use super::target::bare_answer;
use crate::config::clock::Clock;
use crate::domain::Timestamp;
use crate::domain::ids::DeliveryId;
use crate::domain::record::Answer;
use crate::domain::retry::Outcome;
use crate::engine::{Assignment, Claimed, Dispatch};
use crate::ingest::submission::NotKept;

/// On shutdown, attempts may still take as long as they ever may, and this.
const GRACE: Duration = Duration::from_secs(1);

/// After that, how long the last reports may take. One that is not taken by then becomes what a crash makes of it.
const LAST_REPORTS: Duration = Duration::from_secs(5);

/// The first and the longest pause after the ledger took or gave nothing.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// Bounds of one sleep until the next delivery is due. The lower keeps a due time that just passed from spinning; after
/// the upper the wall clock is read again, because sleeping neither sees it set nor counts a suspended machine's time.
const SLEEP: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(60));

/// Carries deliveries out by `target`, at most `concurrency` at once, until `shutdown`.
///
/// Then it claims no more, waits for what is under way, and reports the rest as unknown. Without a target it claims
/// nothing at all.
pub async fn run(
    dispatch: impl Dispatch,
    target: Option<Target>,
    concurrency: usize,
    clock: Clock,
    shutdown: impl Future<Output = ()>,
) {
    let Some(target) = target.map(Arc::new) else { return shutdown.await };
    let concurrency = concurrency.max(1);
    let (slots, (stop, stopped)) = (Arc::new(Semaphore::new(concurrency)), watch::channel(false));
    let mut running = JoinSet::new();
    let mut changes = dispatch.changes();
    let mut refusals = 0;
    tokio::pin!(shutdown);
    loop {
        while running.try_join_next().is_some() {}
        // Reports that the ledger does not take pile up no higher than this.
        let reports = (2 * concurrency).saturating_sub(running.len());
        let pause = match slots.available_permits().min(reports) {
            0 if reports == 0 => Pause::UntilReported,
            0 => Pause::UntilFree,
            free => {
                // Seen before the claim, so that a change during it is a new one.
                changes.borrow_and_update();
                match dispatch.claim(free, target.name()).await {
                    Ok(claimed) => {
                        refusals = 0;
                        for assignment in claimed.assignments {
                            let dispatch = Slotted::new(dispatch.clone(), &slots);
                            running.spawn(carry_out(dispatch, target.clone(), assignment, stopped.clone()));
                        }
                        Pause::UntilChange(claimed.next_due.and_then(|due| wait(due, clock)))
                    }
                    Err(error) => {
                        if refusals == 0 {
                            tracing::warn!(%error, "no deliveries can be claimed; trying again");
                        }
                        refusals += 1;
                        Pause::For(backoff(refusals))
                    }
                }
            }
        };
        let unwell = matches!(pause, Pause::For(_));
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(_) = running.join_next(), if !unwell => {}
            () = pause.over(&mut changes, &slots) => {}
        }
    }
    finish_up(running, stop, target.timeout() + GRACE).await;
}

/// What to wait for before claiming again.
enum Pause {
    /// No slot is free: only the end of an attempt matters.
    UntilFree,
    /// The ledger has not taken the last reports: only that matters.
    UntilReported,
    /// There is nothing to do now, but there may be after a change, or after this long.
    UntilChange(Option<Duration>),
    /// The ledger is unwell: changes do not matter.
    For(Duration),
}

impl Pause {
    async fn over(self, changes: &mut watch::Receiver<u64>, slots: &Semaphore) {
        match self {
            Self::UntilFree => drop(slots.acquire().await),
            Self::UntilReported => std::future::pending().await,
            Self::For(pause) => sleep(pause).await,
            Self::UntilChange(pause) => {
                let due = async {
                    match pause {
                        Some(pause) => sleep(pause).await,
                        None => std::future::pending().await,
                    }
                };
                let changed = async {
                    // A ledger that is gone changes no more.
                    if changes.changed().await.is_err() {
                        std::future::pending::<()>().await;
                    }
                };
                tokio::select! { () = due => {}, () = changed => {} }
            }
        }
    }
}

/// How long until `due`; `None` is never, where the clock stands still.
fn wait(due: Timestamp, clock: Clock) -> Option<Duration> {
    match clock {
        Clock::Fixed(_) => None,
        Clock::System => Some((due - clock.now()).to_std().unwrap_or_default().clamp(SLEEP.0, SLEEP.1)),
    }
}

/// The pause after `refusals` in a row.
fn backoff(refusals: u32) -> Duration {
    BACKOFF.0.saturating_mul(1 << refusals.saturating_sub(1).min(10)).min(BACKOFF.1)
}

/// The way to the ledger for one attempt, and its slot.
#[derive(Clone)]
struct Slotted<D> {
    dispatch: D,
    slot: Arc<Mutex<Option<OwnedSemaphorePermit>>>,
}

impl<D> Slotted<D> {
    fn new(dispatch: D, slots: &Arc<Semaphore>) -> Self {
        // Those that are claimed have a slot each.
        Self { dispatch, slot: Arc::new(Mutex::new(Arc::clone(slots).try_acquire_owned().ok())) }
    }
}

impl<D: Dispatch> Dispatch for Slotted<D> {
    async fn claim(&self, limit: usize, target: &str) -> Result<Claimed, NotKept> {
        self.dispatch.claim(limit, target).await
    }

    async fn finish(&self, id: DeliveryId, attempt: u32, answer: Answer, body: Vec<u8>) -> Result<(), NotKept> {
        let mut posting = pin!(self.dispatch.finish(id, attempt, answer, body));
        let posted = poll_fn(|context| Poll::Ready(posting.as_mut().poll(context))).await;
        drop(self.slot.lock().unwrap_or_else(PoisonError::into_inner).take());
        match posted {
            Poll::Ready(reported) => reported,
            Poll::Pending => posting.await,
        }
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.dispatch.changes()
    }
}

/// One attempt and its report.
async fn carry_out(
    dispatch: impl Dispatch,
    target: Arc<Target>,
    assignment: Assignment,
    mut stopped: watch::Receiver<bool>,
) {
    // A panic must not leave a delivery in flight, and its ticket blocked, for as long as the process lives.
    let attempt = AssertUnwindSafe(target.attempt(&assignment)).catch_unwind();
    let unknown = |text: &str| (bare_answer(Outcome::Unknown, text.to_owned()), Vec::new());
    let (answer, body) = tokio::select! {
        ended = attempt => ended.unwrap_or_else(|_| unknown("the attempt broke off inside this program")),
        _ = stopped.wait_for(|stopped| *stopped) => unknown("stopped during the attempt"),
    };
    tracing::info!(
        delivery = %assignment.delivery.id,
        attempt = assignment.attempt,
        outcome = answer.outcome.name(),
        status = answer.status,
        latency_ms = answer.latency_ms,
        "attempt ended"
    );
    report(&dispatch, &assignment, answer, body).await;
}

/// Reports until the ledger has it.
async fn report(dispatch: &impl Dispatch, assignment: &Assignment, answer: Answer, body: Vec<u8>) {
    let id = assignment.delivery.id;
    for refusals in 1.. {
        let Err(error) = dispatch.finish(id, assignment.attempt, answer.clone(), body.clone()).await else { return };
        if refusals == 1 {
            tracing::warn!(delivery = %id, %error, "the end of an attempt cannot be kept yet; trying again");
        }
        sleep(backoff(refusals)).await;
    }
}

async fn finish_up(mut running: JoinSet<()>, stop: watch::Sender<bool>, patience: Duration) {
    let all_ended = async |running: &mut JoinSet<()>| while running.join_next().await.is_some() {};
    if timeout(patience, all_ended(&mut running)).await.is_ok() {
        return;
    }
    let _ = stop.send(true);
    if timeout(LAST_REPORTS, all_ended(&mut running)).await.is_err() {
        tracing::warn!(
            attempts = running.len(),
            "stopped without a report: they count as unknown after the next start"
        );
    }
}

#[cfg(test)]
mod tests;
