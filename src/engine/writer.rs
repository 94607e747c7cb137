//! The one writer: a thread that takes what has been posted, decides it as a batch, makes the batch durable, and only then
//! answers.
//!
//! While one batch is being synced the next gathers in the queue (group commit). A full queue is an answer, too: who posts
//! is told to come back, so memory stays bounded.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::{oneshot, watch};

use super::batch::Batch;
use super::dispatch::Claimed;
use super::handle::DeskError;
use super::ledger::{Ledger, LedgerError};
use crate::config::clock::Clock;
use crate::domain::Timestamp;
use crate::domain::ids::DeliveryId;
use crate::domain::query::{Done, Order};
use crate::domain::record::Answer;
use crate::domain::retry::{JUMP, RetryPolicy};
use crate::ingest::submission::{NotKept, Prepared, Receipt, Submission};

/// Posts that may wait.
const QUEUE: usize = 1024;

/// Bytes of bodies that may wait with them; a single longer one may, alone.
const QUEUE_BYTES: usize = 128 << 20;

/// Posts decided together at the most.
const BATCH: usize = 256;

/// How long a batch with ends of attempts waits for the claim that follows them, which would have to wait for a whole
/// `fdatasync` otherwise: a fraction of one.
const CLAIM_FOLLOWS: Duration = Duration::from_micros(60);

/// How often the ledger is looked after when nobody posts.
const PROBE: Duration = Duration::from_secs(1);

const STOPPED: &str = "the writer has stopped; restart willcall";
const FAILED: &str = "the writer failed over this; the log says where";

/// Something for the writer to decide, and where the answer goes.
#[allow(clippy::large_enum_variant)] // moved once, from sender to writer
pub(super) enum Post {
    Submit(Submission, oneshot::Sender<Result<Receipt, NotKept>>),
    Order(Order, oneshot::Sender<Result<Done, DeskError>>),
    Claim {
        limit: usize,
        target: String,
        reply: oneshot::Sender<Result<Claimed, NotKept>>,
    },
    Finish {
        delivery: DeliveryId,
        attempt: u32,
        answer: Answer,
        body: Vec<u8>,
        reply: oneshot::Sender<Result<(), NotKept>>,
    },
}

/// How the writer is, as everybody may ask.
#[derive(Debug, Clone, Default)]
pub(super) struct Pulse {
    /// Why nothing can be kept now.
    pub(super) unwell: Option<LedgerError>,
    /// When a record was last made durable.
    pub(super) last_durable: Option<Timestamp>,
    /// Since when the batch at hand waits for the disk.
    pub(super) writing_since: Option<Timestamp>,
}

/// The way to the writer. Cheap to clone; when the last is dropped, the writer ends.
#[derive(Clone)]
pub(super) struct Desk {
    posts: SyncSender<Post>,
    waiting: Arc<AtomicUsize>,
    pulse: Arc<Mutex<Pulse>>,
    changes: watch::Receiver<u64>,
}

impl Desk {
    pub(super) fn pulse(&self) -> Pulse {
        self.pulse.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.clone()
    }

    /// Posts and waits for the answer.
    pub(super) async fn post<T, E: From<NotKept>>(
        &self,
        post: impl FnOnce(oneshot::Sender<Result<T, E>>) -> Post,
    ) -> Result<T, E> {
        let (reply, answer) = oneshot::channel();
        let post = post(reply);
        let bytes = post.bytes();
        let before = self.waiting.fetch_add(bytes, Ordering::Relaxed);
        if before > 0 && before + bytes > QUEUE_BYTES {
            self.waiting.fetch_sub(bytes, Ordering::Relaxed);
            return Err(NotKept::Busy.into());
        }
        let sent = self.posts.try_send(post);
        if sent.is_err() {
            self.waiting.fetch_sub(bytes, Ordering::Relaxed);
        }
        match sent {
            Ok(()) => answer.await.unwrap_or_else(|_| Err(NotKept::failing(FAILED).into())),
            Err(TrySendError::Full(_)) => Err(NotKept::Busy.into()),
            Err(TrySendError::Disconnected(_)) => Err(stopped().into()),
        }
    }
}

fn stopped() -> NotKept {
    NotKept::failing(STOPPED)
}

impl From<NotKept> for DeskError {
    fn from(error: NotKept) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<LedgerError> for NotKept {
    fn from(error: LedgerError) -> Self {
        Self::Unwell { ailment: error.ailment, reason: error.reason }
    }
}

/// Starts the writer. It ends, with everything posted decided, when the last [`Desk`] is dropped.
///
/// # Errors
/// When no thread can be had.
pub(super) fn start(
    ledger: impl Ledger + Send + 'static,
    policy: RetryPolicy,
    clock: Clock,
) -> std::io::Result<(Desk, JoinHandle<()>)> {
    let (posts, inbox) = sync_channel(QUEUE);
    let pulse = Arc::new(Mutex::new(Pulse::default()));
    let (tick, changes) = watch::channel(ledger.last().0);
    let waiting = Arc::new(AtomicUsize::new(0));
    let writer = Writer {
        ledger,
        policy,
        clock,
        pulse: Arc::clone(&pulse),
        waiting: Arc::clone(&waiting),
        tick,
        seen: None,
        busy: false,
    };
    let last_word = LastWord(Arc::clone(&pulse));
    let thread = std::thread::Builder::new().name("writer".to_owned()).spawn(move || {
        writer.run(&inbox);
        drop(last_word);
    })?;
    Ok((Desk { posts, waiting, pulse, changes }, thread))
}

struct Writer<L> {
    ledger: L,
    policy: RetryPolicy,
    clock: Clock,
    pulse: Arc<Mutex<Pulse>>,
    waiting: Arc<AtomicUsize>,
    tick: watch::Sender<u64>,
    /// What the clock said last; `None` until the ledger has been told.
    seen: Option<Timestamp>,
    /// The last batch had more than one post.
    busy: bool,
}

/// Attempts have ended, and nobody has claimed what may be started instead.
fn frees_without_claiming(posts: &[Post]) -> bool {
    let has = |wanted: fn(&Post) -> bool| posts.iter().any(wanted);
    has(|post| matches!(post, Post::Finish { .. })) && !has(|post| matches!(post, Post::Claim { .. }))
}

/// Says that the writer has stopped, however it came to that: a listener without a writer must not look ready.
struct LastWord(Arc<Mutex<Pulse>>);

impl Drop for LastWord {
    fn drop(&mut self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).unwell = Some(LedgerError::failing(STOPPED));
    }
}

/// Sends the answer to a post once its batch is durable, or says why it is not.
type Reply = Box<dyn FnOnce(Result<(), NotKept>)>;

impl<L: Ledger> Writer<L> {
    fn run(mut self, inbox: &Receiver<Post>) {
        loop {
            let first = match inbox.recv_timeout(PROBE) {
                Ok(post) => post,
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {
                    // Also when all is well: who looks would otherwise not hear of a fault before the next event comes.
                    let ready = self.ledger.ready();
                    self.note(ready.err());
                    self.look_at_the_clock();
                    continue;
                }
            };
            let mut posts = vec![first];
            posts.extend(inbox.try_iter().take(BATCH - 1));
            // Where one batch had company the next will: whoever is about to post gets the chance, while there are any.
            let mut before = if self.busy { 0 } else { posts.len() };
            while before < posts.len() && posts.len() < BATCH {
                before = posts.len();
                std::thread::yield_now();
                posts.extend(inbox.try_iter().take(BATCH - before));
            }
            let begin = Instant::now();
            while frees_without_claiming(&posts) && posts.len() < BATCH {
                let rest = CLAIM_FOLLOWS.saturating_sub(begin.elapsed());
                match inbox.recv_timeout(rest) {
                    Ok(post) => posts.push(post),
                    Err(_) => break,
                }
            }
            self.busy = posts.len() > 1;
            self.waiting.fetch_sub(posts.iter().map(Post::bytes).sum(), Ordering::Relaxed);
            self.decide(posts);
        }
    }

    fn decide(&mut self, posts: Vec<Post>) {
        if let Err(error) = self.ledger.ready() {
            self.note(Some(error.clone()));
            for post in posts {
                post.refuse(&error);
            }
            return;
        }
        let now = self.look_at_the_clock();
        // Deciding is pure: should it panic, nothing has happened yet, and only those who wait for this batch hear of it.
        let decided = std::panic::catch_unwind(AssertUnwindSafe(|| {
            let mut batch = Batch::new(&self.ledger, &self.policy, now);
            let replies: Vec<Reply> = posts.into_iter().map(|post| post.decide(&mut batch)).collect();
            (batch.into_records(), replies)
        }));
        let Ok((records, replies)) = decided else { return };
        let durable = match records.is_empty() {
            true => Ok(()),
            false => {
                self.pulse().writing_since = Some(now);
                let durable = self.ledger.commit(records).inspect(|()| self.pulse().last_durable = Some(now));
                self.pulse().writing_since = None;
                durable
            }
        };
        self.note(durable.clone().err());
        for reply in replies {
            reply(durable.clone().map_err(NotKept::from));
        }
        let last = self.ledger.last().0;
        self.tick.send_if_modified(|seen| std::mem::replace(seen, last) != last);
    }

    /// What it says. When it was set back, and at the start, the ledger is told.
    fn look_at_the_clock(&mut self) -> Timestamp {
        let now = self.clock.now();
        if self.seen.is_some_and(|seen| now + JUMP >= seen) {
            self.seen = Some(now);
            return now;
        }
        match self.ledger.clock_was_set(now) {
            Ok(ahead) => {
                self.seen = Some(now);
                if ahead > 0 {
                    tracing::warn!(
                        "the clock was set back: {ahead} deliveries do not wait for the time it had run ahead"
                    );
                    // Who waits for the next one due waits for the wrong moment.
                    self.tick.send_modify(|_| {});
                }
            }
            // Looked for again a moment later.
            Err(error) => tracing::debug!("what a clock that ran ahead has scheduled cannot be looked for: {error}"),
        }
        now
    }

    fn pulse(&self) -> MutexGuard<'_, Pulse> {
        self.pulse.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, error: Option<LedgerError>) {
        let mut pulse = self.pulse();
        match (&pulse.unwell, &error) {
            (None, Some(error)) => tracing::error!("nothing can be kept: {error}"),
            (Some(_), None) => tracing::info!("records are kept again"),
            _ => {}
        }
        let changed = pulse.unwell != error;
        pulse.unwell = error;
        drop(pulse);
        if changed {
            self.tick.send_modify(|_| {});
        }
    }
}

impl Post {
    /// What it costs to let it wait.
    fn bytes(&self) -> usize {
        match self {
            Self::Submit(Submission::Webhook(Prepared { body, .. }) | Submission::Rejected { body, .. }, _) => {
                body.len()
            }
            Self::Finish { body, .. } => body.len(),
            Self::Order(..) | Self::Claim { .. } => 0,
        }
    }

    fn decide<L: Ledger>(self, batch: &mut Batch<'_, L>) -> Reply {
        // A caller that has gone away needs no answer; what it posted is kept all the same.
        match self {
            Self::Submit(submission, reply) => {
                let receipt = batch.submit(submission);
                Box::new(move |durable| drop(reply.send(durable.and_then(|()| Ok(receipt?)))))
            }
            Self::Order(order, reply) => {
                let done = batch.order(&order);
                Box::new(move |durable| drop(reply.send(durable.map_err(DeskError::from).and(done))))
            }
            Self::Claim { limit, target, reply } => {
                let claimed = batch.claim(limit, &target);
                Box::new(move |durable| drop(reply.send(durable.and_then(|()| Ok(claimed?)))))
            }
            Self::Finish { delivery, attempt, answer, body, reply } => {
                let finished = batch.finish(delivery, attempt, answer, body);
                Box::new(move |durable| drop(reply.send(durable.and_then(|()| Ok(finished?)))))
            }
        }
    }

    fn refuse(self, error: &LedgerError) {
        let not_kept = || NotKept::from(error.clone());
        match self {
            Self::Submit(_, reply) => drop(reply.send(Err(not_kept()))),
            Self::Order(_, reply) => drop(reply.send(Err(not_kept().into()))),
            Self::Claim { reply, .. } => drop(reply.send(Err(not_kept()))),
            Self::Finish { reply, .. } => drop(reply.send(Err(not_kept()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::delivery::Delivery;
    use crate::domain::ids::{Digest, Seq};
    use crate::domain::record::Record;
    use crate::domain::ticket::Lane;
    use crate::engine::ledger::Memory;
    use crate::ingest::submission::Ailment;
    use std::sync::atomic::AtomicBool;

    /// A memory whose disk can be full.
    struct Disk {
        memory: Memory,
        full: Arc<AtomicBool>,
        commits: Arc<AtomicUsize>,
        /// Looking at ticket 13 panics.
        cursed: bool,
        /// This record cannot be read.
        unreadable: Option<(Seq, LedgerError)>,
        /// Nor can this lane.
        torn: Option<Lane>,
    }

    impl Ledger for Disk {
        fn last(&self) -> Seq {
            self.memory.last()
        }
        fn lane(&self, lane: Lane) -> Result<Vec<Delivery>, LedgerError> {
            assert!(!self.cursed || lane != Lane::of(&"13".into()), "ticket 13");
            if self.torn == Some(lane) {
                return Err(LedgerError::failing("a damaged row"));
            }
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
            match &self.unreadable {
                Some((unreadable, error)) if *unreadable == seq => Err(error.clone()),
                _ => self.memory.record(seq),
            }
        }
        fn resent(&self, rejected: Seq) -> Result<Option<Seq>, LedgerError> {
            self.memory.resent(rejected)
        }
        fn ready(&mut self) -> Result<(), LedgerError> {
            match self.full.load(Ordering::SeqCst) {
                true => Err(LedgerError::failing("no space left on device")),
                false => Ok(()),
            }
        }
        fn commit(&mut self, records: Vec<Record>) -> Result<(), LedgerError> {
            self.commits.fetch_add(1, Ordering::SeqCst);
            self.ready()?;
            self.memory.commit(records)
        }
    }

    fn sale(n: usize) -> Submission {
        let body = format!(
            r#"{{"family":"ticket","action":"ticket.updated","data":{{"id":"{n}","newOwnerEmail":"b","oldOwnerEmail":"a","metadata":{{"order":{{"resaleId":"{n}"}}}}}}}}"#
        );
        Submission::Webhook(Prepared::read("test".to_owned(), body.into_bytes()).unwrap())
    }

    fn disk() -> (Disk, Arc<AtomicBool>, Arc<AtomicUsize>) {
        let (full, commits) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        (
            Disk {
                memory: Memory::default(),
                full: Arc::clone(&full),
                commits: Arc::clone(&commits),
                cursed: false,
                unreadable: None,
                torn: None,
            },
            full,
            commits,
        )
    }

    #[tokio::test]
    async fn a_full_disk_refuses_and_heals_without_a_restart() {
        let (disk, full, _) = disk();
        let (desk, thread) = start(disk, RetryPolicy::default(), Clock::System).unwrap();
        let submit = async |n| desk.post(|reply| Post::Submit(sale(n), reply)).await;
        assert_eq!(submit(1).await, Ok(Receipt { seq: Seq(1), duplicate_of: None }));
        full.store(true, Ordering::SeqCst);
        assert!(matches!(submit(2).await, Err(NotKept::Unwell { .. })));
        assert!(desk.pulse().unwell.is_some());
        let mut changes = desk.changes();
        changes.mark_unchanged();
        full.store(false, Ordering::SeqCst);
        // Nobody posts: the writer finds out by itself.
        changes.changed().await.unwrap();
        assert_eq!(desk.pulse().unwell, None);
        assert_eq!(submit(2).await, Ok(Receipt { seq: Seq(2), duplicate_of: None }), "what was refused took no number");
        drop(desk);
        thread.join().unwrap();
    }

    #[tokio::test]
    async fn what_is_posted_together_is_synced_together_and_answered_one_by_one() {
        let (disk, _, commits) = disk();
        let (desk, thread) = start(disk, RetryPolicy::default(), Clock::System).unwrap();
        let posts = (0..200).map(|n| desk.post(move |reply| Post::Submit(sale(n), reply)));
        let receipts: Vec<Result<Receipt, NotKept>> = futures_util::future::join_all(posts).await;
        let mut seqs: Vec<u64> = receipts.into_iter().map(|receipt| receipt.unwrap().seq.0).collect();
        seqs.sort_unstable();
        assert_eq!(seqs, (1..=200).collect::<Vec<_>>());
        assert!(commits.load(Ordering::SeqCst) < 200, "each had a sync of its own");
        drop(desk);
        thread.join().unwrap();
    }

    #[tokio::test]
    async fn a_panic_while_deciding_costs_its_batch_and_no_more() {
        let (mut disk, _, _) = disk();
        disk.cursed = true;
        let (desk, thread) = start(disk, RetryPolicy::default(), Clock::System).unwrap();
        let submit = async |n| desk.post(|reply| Post::Submit(sale(n), reply)).await;
        let failed: Result<Receipt, NotKept> = submit(13).await;
        assert_eq!(failed, Err(NotKept::failing(FAILED)));
        assert_eq!(submit(1).await, Ok(Receipt { seq: Seq(1), duplicate_of: None }));
        assert!(desk.pulse().last_durable.is_some() && desk.pulse().unwell.is_none());
        let pulse = Arc::clone(&desk.pulse);
        drop(desk);
        thread.join().unwrap();
        assert_eq!(pulse.lock().unwrap().unwell, Some(LedgerError::failing(STOPPED)), "a stopped writer looks well");
    }

    #[tokio::test]
    async fn a_webhook_that_cannot_be_read_any_more_keeps_no_other_from_going_out() {
        let (mut disk, _, _) = disk();
        disk.unreadable = Some((Seq(2), LedgerError::failing("a bad sector")));
        let (desk, _thread) = start(disk, RetryPolicy::default(), Clock::System).unwrap();
        for n in 1..=3 {
            desk.post(|reply| Post::Submit(sale(n), reply)).await.map_err(|error: NotKept| error).unwrap();
        }
        let claimed: Result<Claimed, NotKept> =
            desk.post(|reply| Post::Claim { limit: 9, target: "t".to_owned(), reply }).await;
        let bodies: Vec<bool> = claimed.unwrap().assignments.iter().map(|one| one.body.is_empty()).collect();
        assert_eq!(bodies, [false, true, false], "each that is on record as started was handed out");
    }

    #[tokio::test]
    async fn a_webhook_that_cannot_be_read_while_the_store_is_mended_goes_out_later_and_not_without_its_bytes() {
        let (mut disk, _, _) = disk();
        let ailment = Ailment::Mending { percent: None };
        disk.unreadable = Some((Seq(2), LedgerError { ailment, reason: "made anew".to_owned() }));
        let (desk, _thread) = start(disk, RetryPolicy::default(), Clock::System).unwrap();
        for n in 1..=3 {
            desk.post(|reply| Post::Submit(sale(n), reply)).await.map_err(|error: NotKept| error).unwrap();
        }
        let claimed: Result<Claimed, NotKept> =
            desk.post(|reply| Post::Claim { limit: 9, target: "t".to_owned(), reply }).await;
        let claimed = claimed.unwrap();
        let started: Vec<u64> = claimed.assignments.iter().map(|one| one.delivery.id.0.0).collect();
        assert_eq!(started, [1, 3]);
        assert!(claimed.next_due.is_some(), "nobody comes back for it");
    }

    #[tokio::test]
    async fn a_ticket_of_which_a_row_cannot_be_read_goes_out_later() {
        let (mut disk, _, _) = disk();
        let policy = RetryPolicy::default();
        let mut batch = Batch::new(&disk, &policy, Clock::System.now());
        batch.submit(sale(1)).unwrap();
        let records = batch.into_records();
        disk.commit(records).unwrap();
        disk.torn = Some(Lane::of(&"1".into()));
        let (desk, _thread) = start(disk, policy, Clock::System).unwrap();
        let claimed: Result<Claimed, NotKept> =
            desk.post(|reply| Post::Claim { limit: 9, target: "t".to_owned(), reply }).await;
        let claimed = claimed.unwrap();
        assert!(claimed.assignments.is_empty());
        assert!(claimed.next_due.is_some(), "nobody comes back for it");
    }

    #[tokio::test]
    async fn a_request_that_two_people_send_again_at_once_is_sent_once() {
        let (mut disk, _, _) = disk();
        let policy = RetryPolicy::default();
        let now = Clock::System.now();
        let Submission::Webhook(Prepared { body, .. }) = sale(1) else { unreachable!() };
        let (from, code, message) = ("menta".to_owned(), "too_early".to_owned(), "not yet".to_owned());
        let rejected = crate::domain::record::Rejected { from, code, message, content_type: None };
        let mut batch = Batch::new(&disk, &policy, now);
        let rejected = batch.submit(Submission::Rejected { rejected, body }).unwrap().seq;
        let records = batch.into_records();
        disk.commit(records).unwrap();
        let order = |who: &str| {
            let command = crate::domain::query::Command::Resend(rejected);
            Order { who: who.to_owned(), why: "it was mended".to_owned(), command }
        };
        let mut batch = Batch::new(&disk, &policy, now);
        let done = batch.order(&order("ana")).unwrap();
        assert_eq!(done.event, Some(Seq(2)));
        assert_eq!(done.delivery.map(|one| one.id), Some(DeliveryId(Seq(2))));
        assert!(matches!(batch.order(&order("bo")), Err(DeskError::Refused(why)) if why.contains("it is event 2")));
        assert_eq!(batch.into_records().len(), 2);
    }

    #[tokio::test]
    async fn a_queue_that_is_full_says_so() {
        let (posts, inbox) = sync_channel(1);
        let (_tick, changes) = watch::channel(0);
        let desk = Desk { posts, waiting: Arc::default(), pulse: Arc::default(), changes };
        let (reply, _kept) = oneshot::channel();
        desk.posts.try_send(Post::Submit(sale(1), reply)).unwrap();
        assert_eq!(desk.post::<Receipt, NotKept>(|reply| Post::Submit(sale(2), reply)).await, Err(NotKept::Busy));
        drop(inbox);
        assert!(matches!(
            desk.post::<Receipt, NotKept>(|reply| Post::Submit(sale(2), reply)).await,
            Err(NotKept::Unwell { .. })
        ));
    }
}
