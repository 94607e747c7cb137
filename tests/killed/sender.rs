//! One connection: posts sales, repetitions and reversals, and remembers what it was answered.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::http;
use crate::support::webhooks::{reversal, sale};

/// One connection's webhooks, through all rounds.
pub struct Sender {
    number: usize,
    random: fastrand::Rng,
    pub sold: usize,
    /// Posted, and not answered.
    pub unsure: Vec<String>,
    /// Answered 2xx: the number, and the body it was answered for.
    pub kept: Vec<(u64, String)>,
    /// The event that each body became, as the first answer said.
    pub first: HashMap<String, u64>,
    pub refused: usize,
}

impl Sender {
    pub fn new(number: usize, seed: u64) -> Self {
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

    pub fn ticket(&self, sale: usize) -> String {
        format!("t-{}-{sale}", self.number)
    }

    /// Posts one webhook; false when the program is gone.
    pub fn post(&mut self, address: SocketAddr, path: &str) -> bool {
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
    pub fn post_on(&mut self, address: SocketAddr, path: &str, answers: &AtomicUsize) {
        while self.post(address, path) {
            answers.fetch_add(1, Ordering::SeqCst);
        }
    }
}
