//! The real program, killed: what it has answered 2xx is there after every `kill -9`, and no ticket is handed out twice at once.
//!
//! Each round starts the program on the same folder, posts sales, repetitions and reversals from 16 connections, and kills it
//! with SIGKILL after a random number of answers. The platform is slow, broken or silent now and then, by the number of the
//! call. What was not answered is posted again in the next round, as menta does.
//!
//! `WILLCALL_KILL_ROUNDS=1000 cargo test --test killed -- --nocapture` runs longer; `WILLCALL_KILL_SEED` sets another seed.
#![allow(clippy::print_stdout)] // the figures

mod support;

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use support::http;
use support::platform::{Call, Platform, Reply};
use support::program::Program;
use support::webhooks::{reversal, sale};

const CONNECTIONS: usize = 16;

fn setting<T: FromStr>(name: &str, default: T) -> T {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// One connection's webhooks, through all rounds.
struct Sender {
    number: usize,
    random: fastrand::Rng,
    sold: usize,
    /// Posted, and not answered.
    unsure: Vec<String>,
    /// Answered 2xx: the number, and the body it was answered for.
    kept: Vec<(u64, String)>,
    /// The event that each body became, as the first answer said.
    first: HashMap<String, u64>,
    refused: usize,
}

impl Sender {
    fn new(number: usize, seed: u64) -> Self {
        let random = fastrand::Rng::with_seed(seed.wrapping_mul(31).wrapping_add(number as u64));
        let (unsure, kept, first) = (Vec::new(), Vec::new(), HashMap::new());
        Self { number, random, sold: 0, unsure, kept, first, refused: 0 }
    }

    /// What to post next: what was not answered, then a new sale, an earlier webhook again, or a sale's reversal.
    fn next(&mut self) -> String {
        if let Some(body) = self.unsure.pop() {
            return body;
        }
        match self.random.u8(..8) {
            0 | 1 if !self.kept.is_empty() => {
                let which = self.random.usize(..self.kept.len());
                self.kept[which].1.clone()
            }
            2 if self.sold > 0 => {
                let which = self.random.usize(..self.sold);
                let ticket = self.ticket(which);
                let sale = sale(&ticket, &ticket);
                if self.first.contains_key(&sale) { reversal(&ticket, &ticket) } else { sale }
            }
            _ => {
                self.sold += 1;
                let ticket = self.ticket(self.sold - 1);
                sale(&ticket, &ticket)
            }
        }
    }

    fn ticket(&self, sale: usize) -> String {
        format!("t-{}-{sale}", self.number)
    }

    /// Posts one webhook; false when the program is gone.
    fn post(&mut self, address: SocketAddr, path: &str) -> bool {
        let body = self.next();
        let Ok(answer) = http::request(address, "POST", path, &[], body.as_bytes()) else {
            self.unsure.push(body);
            return false;
        };
        let said = answer.json();
        match (answer.status, said["seq"].as_u64()) {
            (200, Some(seq)) => {
                // Its first posting may have been kept without an answer: then even the first answer names an original.
                let original = said["duplicate_of"].as_u64().unwrap_or(seq);
                assert_eq!(*self.first.entry(body.clone()).or_insert(original), original, "{body}");
                self.kept.push((seq, body));
            }
            _ => {
                self.refused += 1;
                self.unsure.push(body);
            }
        }
        true
    }

    /// Posts until the program is gone, and counts the answers.
    fn post_on(&mut self, address: SocketAddr, path: &str, answers: &AtomicUsize) {
        while self.post(address, path) {
            answers.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// What the platform saw. A process of the program is told by the path it was given.
#[derive(Default)]
struct Ledger {
    under_way: HashSet<(String, String)>,
    keys: HashMap<String, HashSet<String>>,
    owners: HashMap<String, String>,
    done: HashSet<String>,
    at_once: usize,
}

impl Ledger {
    fn begin(&mut self, call: &Call) -> (String, String) {
        let of = |key: &str| call.body[key].as_str().unwrap_or_default().to_owned();
        let lane = (call.path.clone(), of("ticket"));
        if !self.under_way.insert(lane.clone()) {
            self.at_once += 1;
        }
        let key = call.headers.get("idempotency-key").unwrap_or_default().to_owned();
        self.keys.entry(of("delivery")).or_default().insert(key);
        lane
    }

    /// Hands the ticket over, once for each idempotency key.
    fn hand_over(&mut self, call: &Call) {
        let of = |key: &str| call.body[key].as_str().unwrap_or_default().to_owned();
        if self.done.insert(call.headers.get("idempotency-key").unwrap_or_default().to_owned()) {
            self.owners.insert(of("ticket"), of("to"));
        }
    }
}

fn platform(ledger: &Arc<Mutex<Ledger>>, seed: u64) -> Platform {
    let ledger = Arc::clone(ledger);
    Platform::start(move |call, before| {
        let mut random = fastrand::Rng::with_seed(seed ^ (before as u64).wrapping_mul(0x9e37_79b9));
        let lane = ledger.lock().unwrap().begin(call);
        std::thread::sleep(Duration::from_micros(random.u64(..8000)));
        let mut ledger = ledger.lock().unwrap();
        let reply = match random.u8(..16) {
            0 => Reply::status(500),
            1 => Reply::status(503).with_header("retry-after", "0"),
            2 => Reply::Reset,
            // Done, and yet it says otherwise, or nothing.
            3 => {
                ledger.hand_over(call);
                Reply::status(500)
            }
            4 => {
                ledger.hand_over(call);
                Reply::Reset
            }
            _ => {
                ledger.hand_over(call);
                Reply::status(200)
            }
        };
        ledger.under_way.remove(&lane);
        reply
    })
}

/// Sequence number and body of everything received.
fn received(program: &Program) -> HashMap<u64, String> {
    let records = program.records().into_iter().filter(|record| record["head"]["fact"]["received"].is_object());
    records.map(|one| (one["seq"].as_u64().unwrap(), one["body"].as_str().unwrap().to_owned())).collect()
}

/// How many were answered 2xx and are not there.
fn lost(senders: &[Sender], received: &HashMap<u64, String>) -> usize {
    let kept = senders.iter().flat_map(|sender| &sender.kept);
    kept.filter(|(seq, body)| received.get(seq) != Some(body)).count()
}

#[test]
fn what_was_acknowledged_is_there_after_every_kill() {
    let rounds: usize = setting("WILLCALL_KILL_ROUNDS", 8);
    let seed: u64 = setting("WILLCALL_KILL_SEED", 20_260_301);
    let started = Instant::now();
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let platform = platform(&ledger, seed);
    let mut random = fastrand::Rng::with_seed(seed);
    let mut senders: Vec<Sender> = (0..CONNECTIONS).map(|number| Sender::new(number, seed)).collect();

    let retry = ["20ms"; 100].join(",");
    let environment = [
        ("WILLCALL_DELIVER_RETRY", retry.as_str()),
        ("WILLCALL_DELIVER_JITTER_PERCENT", "0"),
        // Several segments, so that kills hit their beginnings too.
        ("WILLCALL_SEGMENT_SIZE", "100000"),
    ];
    let process = |number: usize| format!("{}/{number}", platform.url());
    let mut program = Program::serve_in(&environment, &[]);
    program.kill();
    let mut under_way = 0;
    for round in 1..=rounds {
        program.deliver_to(&process(round));
        program.start();
        under_way += usize::from(program.log().contains("were under way when willcall stopped last"));
        let enough = random.usize(10..200);
        let pause = Duration::from_micros(random.u64(..3000));
        let answers = AtomicUsize::new(0);
        let (address, path) = (program.address(), program.path().to_owned());
        std::thread::scope(|scope| {
            let posting = senders.iter_mut().map(|sender| {
                let (path, answers) = (&path, &answers);
                scope.spawn(move || sender.post_on(address, path, answers))
            });
            let posting: Vec<_> = posting.collect();
            let limit = Instant::now() + Duration::from_secs(20);
            while answers.load(Ordering::SeqCst) < enough && Instant::now() < limit {
                std::thread::yield_now();
            }
            // The moment is random, also within what happens after an answer.
            std::thread::sleep(pause);
            program.kill();
            for one in posting {
                one.join().unwrap();
            }
        });
        let lost = lost(&senders, &received(&program));
        assert_eq!(lost, 0, "round {round}, seed {seed}");
    }

    program.deliver_to(&process(rounds + 1));
    program.start();
    let (address, path) = (program.address(), program.path().to_owned());
    for sender in &mut senders {
        while !sender.unsure.is_empty() {
            assert!(sender.post(address, &path), "the program is gone");
        }
    }
    let settled = |one: &Value| matches!(one["state"].as_str(), Some("delivered" | "cancelled"));
    let deliveries = program.wait_until(|program| {
        let open = ["deliveries", "list", "--limit", "5", "--state", "pending,in_flight,failed,held"];
        let open = program.objects(&open);
        if open.is_empty() { Ok(program.deliveries()) } else { Err(format!("{open:#?}")) }
    });
    assert!(deliveries.iter().all(settled));
    program.stop();
    program.verify();

    let received = received(&program);
    assert_eq!(lost(&senders, &received), 0);
    let acknowledged: usize = senders.iter().map(|sender| sender.kept.len()).sum();
    let refused: usize = senders.iter().map(|sender| sender.refused).sum();
    let ledger = ledger.lock().unwrap();
    let several = ledger.keys.iter().filter(|(_, keys)| keys.len() != 1).count();
    let tickets = senders.iter().flat_map(|sender| (0..sender.sold).map(move |sale| (sender, sender.ticket(sale))));
    let (mut sold, mut reversed, mut wrong) = (0, 0, Vec::new());
    for (sender, ticket) in tickets {
        let owner = ledger.owners.get(&ticket).map(String::as_str);
        let back = sender.first.contains_key(&reversal(&ticket, &ticket));
        // One that was reversed may never have left its seller.
        let right = if back { owner != Some("carlos@example.com") } else { owner == Some("carlos@example.com") };
        if !right {
            wrong.push((ticket, back));
        }
        sold += 1;
        reversed += usize::from(back);
    }
    let calls = platform.calls().len();
    println!(
        "{rounds} kills in {:.1?} (seed {seed}): {sold} sales, {reversed} reversed; {acknowledged} acknowledged, {refused} \
         refused, {} kept, 0 lost; {} deliveries, {calls} attempts seen, {} at once for one ticket, {several} with several \
         keys; {under_way} starts found attempts under way; {} tickets with the wrong person; verify clean",
        started.elapsed(),
        received.len(),
        deliveries.len(),
        ledger.at_once,
        wrong.len(),
    );
    assert_eq!((ledger.at_once, several), (0, 0));
    assert_eq!(wrong, []);
    assert!(acknowledged >= rounds * 10 && calls > 0 && reversed > 0, "the load was none");
}
