//! The load: 16 connections that post sales, each another one, and remember what they were answered.

use std::net::SocketAddr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::support::http;
use crate::support::webhooks::sale;

const CONNECTIONS: usize = 16;

/// What was answered to requests sent after the cut.
#[derive(Debug, Default, Clone, Copy)]
pub struct After {
    /// 2xx. Each is a lie.
    pub acknowledged: usize,
    /// Anything else.
    pub refused: usize,
}

/// An answer 2xx.
pub struct Acknowledged {
    pub seq: u64,
    pub body: String,
    /// It came while the power was going. Of a machine without power nobody would have heard it.
    pub in_the_moment: bool,
}

/// Everything posted into one data folder.
#[derive(Default)]
pub struct Load {
    posted: usize,
    acknowledged: Vec<Acknowledged>,
    before_this_cut: usize,
}

/// What one connection was answered.
#[derive(Default)]
struct Answers {
    acknowledged: Vec<Acknowledged>,
    after: After,
}

impl Load {
    pub fn new() -> Self {
        Self::default()
    }

    /// What was acknowledged.
    pub fn acknowledged(&self) -> &[Acknowledged] {
        &self.acknowledged
    }

    /// What was acknowledged since the cut before.
    pub fn of_this_cut(&self) -> &[Acknowledged] {
        &self.acknowledged[self.before_this_cut..]
    }

    /// Posts until there were `enough` answers and a `pause` more, then lets `cut` cut the power, which sets `begun`, and posts
    /// on until each connection has heard once more.
    pub fn until(
        &mut self,
        (address, path): (SocketAddr, &str),
        (enough, pause): (usize, Duration),
        begun: &OnceLock<Instant>,
        cut: impl FnOnce(),
    ) -> After {
        let (answered, heard_after) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let (next, over) = (AtomicUsize::new(self.posted), OnceLock::new());
        let cut_at = OnceLock::<Instant>::new();
        let post_on = || {
            let mut answers = Answers::default();
            while over.get().is_none() {
                let body = body(next.fetch_add(1, Ordering::SeqCst));
                let sent = Instant::now();
                let answer = http::request(address, "POST", path, &[], body.as_bytes());
                let heard = Instant::now();
                let in_the_moment = begun.get().is_some_and(|begun| heard >= *begun);
                let is_after = cut_at.get().is_some_and(|cut| sent > *cut);
                let seq =
                    answer.ok().filter(|answer| answer.status == 200).and_then(|answer| answer.json()["seq"].as_u64());
                match (seq, is_after) {
                    (Some(_), true) => answers.after.acknowledged += 1,
                    (None, true) => answers.after.refused += 1,
                    _ => {}
                }
                answers.acknowledged.extend(seq.map(|seq| Acknowledged { seq, body, in_the_moment }));
                answered.fetch_add(1, Ordering::SeqCst);
                heard_after.fetch_add(usize::from(is_after), Ordering::SeqCst);
            }
            answers
        };
        let wait_for = |count: &AtomicUsize, enough, limit| {
            let deadline = Instant::now() + limit;
            while count.load(Ordering::SeqCst) < enough && Instant::now() < deadline {
                std::thread::sleep(Duration::from_micros(200));
            }
        };
        let all: Vec<Answers> = std::thread::scope(|scope| {
            let posting: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(post_on)).collect();
            wait_for(&answered, enough, Duration::from_secs(20));
            std::thread::sleep(pause);
            begun.set(Instant::now()).expect("one cut");
            cut();
            cut_at.set(Instant::now()).expect("one cut");
            wait_for(&heard_after, 4 * CONNECTIONS, Duration::from_secs(5));
            over.set(()).expect("one end");
            posting.into_iter().map(|one| one.join().unwrap()).collect()
        });
        self.posted = next.into_inner();
        self.before_this_cut = self.acknowledged.len();
        let mut after = After::default();
        for answers in all {
            after.acknowledged += answers.after.acknowledged;
            after.refused += answers.after.refused;
            self.acknowledged.extend(answers.acknowledged);
        }
        after
    }

    /// Posts one more, which must be kept.
    #[track_caller]
    pub fn post_one(&mut self, address: SocketAddr, path: &str) {
        let body = body(self.posted);
        self.posted += 1;
        let answer = http::post(address, path, &[], &body);
        assert_eq!(answer.status, 200, "{}", answer.body);
        let seq = answer.json()["seq"].as_u64().unwrap();
        self.acknowledged.push(Acknowledged { seq, body, in_the_moment: false });
    }
}

fn body(number: usize) -> String {
    let ticket = format!("t-{number}");
    sale(&ticket, &ticket)
}
