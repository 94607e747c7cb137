//! The traffic: several connections, each at its share of a steady rate, with everything menta may send and some rubbish.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Shared;
use crate::support::http;
use crate::support::webhooks::{reversal, sale};

/// How the answers to webhooks are called among the latencies.
pub const WEBHOOKS: &str = "webhooks";

/// Connections.
pub const CONNECTIONS: usize = 8;

/// What all connections have sent so far, for those who look things up.
#[derive(Default)]
pub struct Sent {
    sales: [AtomicUsize; CONNECTIONS],
    pub webhooks: AtomicUsize,
    pub refused: AtomicUsize,
    /// The last record anybody was told of.
    pub last: AtomicU64,
}

impl Sent {
    /// A ticket that has been sold.
    pub fn some_ticket(&self, random: &mut fastrand::Rng) -> String {
        let connection = random.usize(..CONNECTIONS);
        let sold = self.sales[connection].load(Ordering::Relaxed);
        // Mostly of late, as staff ask.
        let ago = if random.u8(..4) > 0 { random.usize(..=sold.min(50)) } else { random.usize(..=sold) };
        ticket(connection, sold.saturating_sub(ago))
    }
}

fn ticket(connection: usize, sale: usize) -> String {
    format!("t-{connection}-{sale}")
}

/// One webhook to be sent.
enum Webhook {
    Sale(usize),
    /// Exactly as before.
    Again(usize),
    /// The buyer's name is another one now.
    Corrected(usize),
    Reversed(usize),
    Other(Value),
    Rubbish(&'static Rubbish),
}

/// What is no webhook.
struct Rubbish {
    /// When it goes elsewhere.
    path: Option<&'static str>,
    bytes: &'static [u8],
    /// What it must be answered with.
    status: u16,
}

const RUBBISH: [Rubbish; 4] = [
    Rubbish { path: None, bytes: b"{\"family\": \"ticket\",", status: 400 },
    Rubbish { path: None, bytes: b"\xff\xfe not text \x1b[2J", status: 400 },
    Rubbish { path: None, bytes: b"[1, 2, 3]", status: 400 },
    Rubbish { path: Some("/wp-login.php"), bytes: b"{}", status: 404 },
];

/// One connection.
pub struct Sender {
    number: usize,
    random: fastrand::Rng,
    sold: usize,
    /// Sales that were acknowledged, by number.
    pub acknowledged: Vec<bool>,
}

impl Sender {
    /// That of this number.
    pub fn new(number: usize, seed: u64) -> Self {
        let random = fastrand::Rng::with_seed(seed.wrapping_mul(31).wrapping_add(number as u64));
        Self { number, random, sold: 0, acknowledged: Vec::new() }
    }

    /// The tickets that were sold and acknowledged.
    pub fn tickets(&self) -> impl Iterator<Item = String> {
        let sales = self.acknowledged.iter().enumerate().filter(|(_, acknowledged)| **acknowledged);
        sales.map(|(sale, _)| ticket(self.number, sale))
    }

    /// Sends its share of `rate` a second until the traffic ends.
    pub fn send(&mut self, shared: &Shared, address: SocketAddr, path: &str, rate: f64) -> Result<(), String> {
        let pause = Duration::from_secs_f64(CONNECTIONS as f64 / rate);
        let mut due = Instant::now() + pause.mul_f64(self.random.f64());
        while !shared.traffic_ends.after(due.saturating_duration_since(Instant::now())) {
            self.send_one(shared, address, path)?;
            due += pause;
        }
        Ok(())
    }

    fn send_one(&mut self, shared: &Shared, address: SocketAddr, path: &str) -> Result<(), String> {
        let webhook = self.next();
        let (path, body, wanted) = match &webhook {
            Webhook::Sale(of) | Webhook::Again(of) => (path, self.sale(*of).into_bytes(), 200),
            Webhook::Corrected(of) => (path, self.sale(*of).replace("Carlos Lopez", "Carlos López").into_bytes(), 200),
            Webhook::Reversed(of) => {
                let ticket = ticket(self.number, *of);
                (path, reversal(&ticket, &ticket).into_bytes(), 200)
            }
            Webhook::Other(value) => (path, value.to_string().into_bytes(), 200),
            Webhook::Rubbish(rubbish) => (rubbish.path.unwrap_or(path), rubbish.bytes.to_vec(), rubbish.status),
        };
        let answer = shared.latencies.take(WEBHOOKS, || http::request(address, "POST", path, &[], &body));
        let answer = answer.map_err(|error| format!("a webhook got no answer: {error}"))?;
        shared.sent.webhooks.fetch_add(1, Ordering::Relaxed);
        match answer.status {
            // Told to come back: nothing was promised.
            429 | 503 => _ = shared.sent.refused.fetch_add(1, Ordering::Relaxed),
            status if status != wanted => {
                return Err(format!("a webhook was answered {status}, not {wanted}: {}", answer.body));
            }
            _ => {}
        }
        if let (Webhook::Sale(of) | Webhook::Again(of) | Webhook::Corrected(of), 200) = (&webhook, answer.status) {
            self.acknowledged[*of] = true;
            shared.sent.sales[self.number].store(self.sold, Ordering::Relaxed);
        }
        Ok(())
    }

    fn sale(&self, of: usize) -> String {
        let ticket = ticket(self.number, of);
        sale(&ticket, &ticket)
    }

    fn next(&mut self) -> Webhook {
        let earlier = |random: &mut fastrand::Rng, sold: usize| sold - 1 - random.usize(..sold.min(2000));
        match self.random.u8(..100) {
            kind @ 60..85 if self.sold > 0 => {
                let of = earlier(&mut self.random, self.sold);
                match kind {
                    60..70 => Webhook::Again(of),
                    70..75 => Webhook::Corrected(of),
                    _ => Webhook::Reversed(of),
                }
            }
            85..96 => Webhook::Other(self.other()),
            96.. => Webhook::Rubbish(&RUBBISH[self.random.usize(..RUBBISH.len())]),
            _ => {
                self.sold += 1;
                self.acknowledged.push(false);
                Webhook::Sale(self.sold - 1)
            }
        }
    }

    fn other(&mut self) -> Value {
        let (id, show) = (self.random.u32(..), self.random.u8(..40).to_string());
        let price = self.random.u16(10..2000);
        let (action, data) = match self.random.u8(..5) {
            0 => (
                "listing.created",
                json!({"ticketId": format!("l-{id}"), "listingId": id.to_string(), "listingPrice": price}),
            ),
            1 => ("payouts.delivered", json!({"showId": show, "eventId": show, "amount": price})),
            2 => ("event.unlock", json!({"showId": show, "eventId": show, "excludedEmailTicketIds": []})),
            3 => (
                "notifyMe.created.updated",
                json!({"id": id.to_string(), "showId": show, "userEmail": "pedro@example.com"}),
            ),
            _ => ("seatmap.changed", json!({"show": show, "rows": vec![id; 20]})),
        };
        let family = action.split('.').next();
        json!({"message": {"family": family, "action": action, "data": data}})
    }
}
