use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use tokio::sync::oneshot;

use super::super::command::CommandTarget;
use super::super::http::HttpTarget;
use super::super::testing::assignment;
use super::*;
use crate::domain::ids::{DeliveryId, Seq};
use crate::engine::Claimed;
use crate::ingest::submission::NotKept;

/// A ledger of assignments that are due, each with its moment.
#[derive(Clone)]
struct Ledger(Arc<Inner>);

struct Inner {
    state: Mutex<Books>,
    changes: watch::Sender<u64>,
    clock: Clock,
}

#[derive(Default)]
struct Books {
    waiting: VecDeque<(Timestamp, Assignment)>,
    finished: BTreeMap<DeliveryId, Answer>,
    out: usize,
    most_out: usize,
    claims: usize,
    /// Claims that will be turned away.
    unwell: usize,
    /// Reports that will be turned away.
    busy: usize,
}

impl Ledger {
    fn new(clock: Clock) -> Self {
        Self(Arc::new(Inner { state: Mutex::default(), changes: watch::Sender::new(0), clock }))
    }

    fn books<T>(&self, look: impl FnOnce(&mut Books) -> T) -> T {
        look(&mut self.0.state.lock().unwrap())
    }

    fn owe(&self, count: u64, due: Timestamp) {
        self.books(|books| {
            for number in 1..=count {
                let mut one = assignment();
                one.delivery.id = DeliveryId(Seq(number));
                books.waiting.push_back((due, one));
            }
        });
        self.tick();
    }

    fn tick(&self) {
        self.0.changes.send_modify(|seq| *seq += 1);
    }

    /// Waits for the books to be as `wanted`.
    async fn until(&self, wanted: impl Fn(&Books) -> bool) {
        let mut changes = self.changes();
        let reached = async {
            while !self.books(|books| wanted(books)) {
                changes.changed().await.unwrap();
            }
        };
        timeout(Duration::from_secs(20), reached).await.expect("the books never came to be as wanted");
    }
}

impl Dispatch for Ledger {
    async fn claim(&self, limit: usize, _target: &str) -> Result<Claimed, NotKept> {
        let claimed = self.books(|books| {
            books.claims += 1;
            if books.unwell > 0 {
                books.unwell -= 1;
                return Err(NotKept::failing("disk full"));
            }
            let now = self.0.clock.now();
            let mut claimed = Claimed::default();
            while claimed.assignments.len() < limit && books.waiting.front().is_some_and(|(due, _)| *due <= now) {
                claimed.assignments.extend(books.waiting.pop_front().map(|(_, one)| one));
            }
            claimed.next_due = books.waiting.front().map(|(due, _)| *due);
            books.out += claimed.assignments.len();
            books.most_out = books.most_out.max(books.out);
            Ok(claimed)
        })?;
        if !claimed.assignments.is_empty() {
            self.tick();
        }
        Ok(claimed)
    }

    async fn finish(&self, id: DeliveryId, _attempt: u32, answer: Answer, _body: Vec<u8>) -> Result<(), NotKept> {
        self.books(|books| {
            if books.busy > 0 {
                books.busy -= 1;
                return Err(NotKept::Busy);
            }
            books.out -= 1;
            assert!(books.finished.insert(id, answer).is_none(), "{id} was reported twice");
            Ok(())
        })?;
        self.tick();
        Ok(())
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }
}

/// A worker under way, and how to stop it.
struct Under {
    ledger: Ledger,
    stop: oneshot::Sender<()>,
    worker: tokio::task::JoinHandle<()>,
}

impl Under {
    fn start(ledger: &Ledger, target: Option<Target>, concurrency: usize) -> Self {
        let (stop, stopped) = oneshot::channel();
        let clock = ledger.0.clock;
        let worker = tokio::spawn(run(ledger.clone(), target, concurrency, clock, async { drop(stopped.await) }));
        Self { ledger: ledger.clone(), stop, worker }
    }

    async fn stop(self) {
        self.stop.send(()).unwrap();
        timeout(Duration::from_secs(20), self.worker).await.expect("the worker stops").unwrap();
        assert_eq!(self.ledger.books(|books| books.out), 0, "an attempt was not reported");
    }
}

fn shell(line: &str, limit: Duration) -> Option<Target> {
    CommandTarget::new(line, limit, Clock::System).ok().map(Target::Command)
}

const LONG: Duration = Duration::from_secs(20);

#[tokio::test]
async fn everything_due_is_carried_out_within_the_limit() {
    let ledger = Ledger::new(Clock::System);
    ledger.owe(20, Timestamp::UNIX_EPOCH);
    let under = Under::start(&ledger, shell("exit 65", LONG), 3);
    ledger.until(|books| books.finished.len() == 20).await;
    under.stop().await;
    ledger.books(|books| {
        assert_eq!(books.most_out, 3);
        assert!(books.finished.values().all(|answer| answer.outcome == Outcome::Refused));
    });
}

#[tokio::test]
async fn attempts_run_side_by_side() {
    // Each waits until all four have come: one at a time would never end.
    let gate = Arc::new(tokio::sync::Barrier::new(4));
    let app = axum::Router::new().fallback(axum::routing::post(async move || {
        gate.wait().await;
    }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let ledger = Ledger::new(Clock::System);
    ledger.owe(4, Timestamp::UNIX_EPOCH);
    let target = HttpTarget::new(&url, None, LONG, Clock::System).ok().map(Target::Http);
    let under = Under::start(&ledger, target, 4);
    ledger
        .until(|books| books.finished.values().filter(|answer| answer.outcome == Outcome::Accepted).count() == 4)
        .await;
    under.stop().await;
}

#[tokio::test]
async fn it_wakes_on_a_change_and_when_something_falls_due() {
    let ledger = Ledger::new(Clock::System);
    let under = Under::start(&ledger, shell("true", LONG), 2);
    while ledger.books(|books| books.claims == 0) {
        tokio::task::yield_now().await;
    }
    ledger.owe(1, Clock::System.now() + chrono::Duration::milliseconds(150));
    ledger.until(|books| books.finished.len() == 1).await;
    let claims = ledger.books(|books| books.claims);
    assert!(claims < 10, "{claims} claims for one delivery: it polls");
    under.stop().await;
}

#[test]
fn with_a_clock_that_stands_still_nothing_ever_falls_due() {
    let now = Timestamp::UNIX_EPOCH;
    assert_eq!(wait(now + chrono::Duration::seconds(5), Clock::Fixed(now)), None);
    assert_eq!(wait(now, Clock::System), Some(SLEEP.0), "a due time that has passed must not spin");
    assert_eq!(wait(Clock::System.now() + chrono::Duration::days(9), Clock::System), Some(SLEEP.1));
}

#[tokio::test]
async fn an_unwell_ledger_is_left_in_peace_and_found_again_when_it_heals() {
    let ledger = Ledger::new(Clock::System);
    ledger.owe(1, Timestamp::UNIX_EPOCH);
    ledger.books(|books| books.unwell = 4);
    let started = std::time::Instant::now();
    let under = Under::start(&ledger, shell("true", LONG), 2);
    while ledger.books(|books| books.finished.is_empty()) {
        ledger.tick();
        sleep(Duration::from_millis(1)).await;
        assert!(started.elapsed() < LONG, "it never found the ledger again");
    }
    let pauses: Duration = (1..=4).map(backoff).sum();
    assert!(started.elapsed() >= pauses, "changes shortened the pauses");
    under.stop().await;
}

#[test]
fn pauses_grow_to_a_bound() {
    assert_eq!(backoff(1), BACKOFF.0);
    assert_eq!(backoff(2), 2 * BACKOFF.0);
    assert_eq!(backoff(u32::MAX), BACKOFF.1);
}

#[tokio::test]
async fn no_outcome_is_lost_while_the_ledger_is_unwell() {
    let ledger = Ledger::new(Clock::System);
    ledger.owe(2, Timestamp::UNIX_EPOCH);
    ledger.books(|books| books.busy = 5);
    let under = Under::start(&ledger, shell("exit 65", LONG), 2);
    ledger.until(|books| books.finished.len() == 2).await;
    under.stop().await;
    assert_eq!(ledger.books(|books| books.busy), 0);
    assert!(ledger.books(|books| books.finished.values().all(|answer| answer.outcome == Outcome::Refused)));
}

#[tokio::test]
async fn on_shutdown_what_is_under_way_ends_and_nothing_new_begins() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let ledger = Ledger::new(Clock::System);
    ledger.owe(3, Timestamp::UNIX_EPOCH);
    let under = Under::start(&ledger, shell(&format!("read line < '{}'", pipe.display()), LONG), 1);
    ledger.until(|books| books.out == 1).await;
    under.stop.send(()).unwrap();
    tokio::task::spawn_blocking(move || std::fs::write(pipe, "go\n").unwrap()).await.unwrap();
    timeout(LONG, under.worker).await.expect("the worker stops").unwrap();
    ledger.books(|books| {
        assert_eq!((books.finished.len(), books.waiting.len(), books.out), (1, 2, 0));
        assert!(books.finished.values().all(|answer| answer.outcome == Outcome::Accepted));
    });
}

#[tokio::test]
async fn what_does_not_end_after_shutdown_is_reported_as_unknown() {
    let ledger = Ledger::new(Clock::System);
    let target = Arc::new(shell("sleep 1000", LONG).unwrap());
    let (stop, stopped) = watch::channel(false);
    let mut running = JoinSet::new();
    ledger.books(|books| books.out = 1);
    running.spawn(carry_out(ledger.clone(), target, assignment(), stopped));
    finish_up(running, stop, Duration::from_millis(50)).await;
    ledger.books(|books| {
        let answer = &books.finished[&assignment().delivery.id];
        assert_eq!((answer.outcome, answer.text.as_str()), (Outcome::Unknown, "stopped during the attempt"));
    });
}

#[tokio::test]
async fn without_a_target_nothing_is_claimed() {
    let ledger = Ledger::new(Clock::System);
    ledger.owe(1, Timestamp::UNIX_EPOCH);
    let under = Under::start(&ledger, None, 4);
    for _ in 0..10 {
        ledger.tick();
        tokio::task::yield_now().await;
    }
    under.stop().await;
    assert_eq!(ledger.books(|books| books.claims), 0);
}
