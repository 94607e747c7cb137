//! Requests: the documented `ticket.updated` sample, each about another ticket, ready to be written to a socket.

use std::sync::atomic::{AtomicU64, Ordering};

use hmac::{Hmac, KeyInit, Mac};
use willcall::domain::json::Json;

const SAMPLE: &str = include_str!("../../fixtures/events/ticket/ticket.updated.json");
/// Digits at the end of the sample's ticket id and resale id that are replaced by the sale's number.
const DIGITS: usize = 12;
const TICKET: &str = "ef1234567890";
const RESALE: &str = "36e085e472";

/// The header and the secret of signed requests.
pub(crate) const SIGNATURE_HEADER: &str = "X-Signature";
pub(crate) const SECRET: &str = "the benchmark signs with this secret";

/// No two sales of one run have a number in common.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// The body of the sample, with places for a number.
#[derive(Clone)]
pub(crate) struct Sale {
    body: Vec<u8>,
    places: [(usize, usize); 2],
}

impl Sale {
    pub(crate) fn sample() -> Self {
        let body = Json::parse(SAMPLE.as_bytes()).expect("the fixture is JSON").to_string();
        let place = |id: &str| (body.find(id).expect("the fixture has the ids of the documentation"), id.len());
        Self { places: [place(TICKET), place(RESALE)], body: body.into_bytes() }
    }

    /// The body of the next sale.
    pub(crate) fn next(&mut self) -> &[u8] {
        let digits = format!("{:0DIGITS$}", NEXT.fetch_add(1, Ordering::Relaxed));
        for (at, length) in self.places {
            self.body[at..at + length].copy_from_slice(&digits.as_bytes()[DIGITS - length..]);
        }
        &self.body
    }
}

/// Whole requests. Signing costs as much as checking does, so signed ones are made before the clock starts.
pub(crate) struct Requests {
    sale: Sale,
    head: String,
    signed: Option<Vec<Vec<u8>>>,
}

impl Requests {
    pub(crate) fn unsigned(path: &str) -> Self {
        let sale = Sale::sample();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n",
            sale.body.len()
        );
        Self { sale, head, signed: None }
    }

    pub(crate) fn signed(path: &str, count: usize) -> Self {
        let mut requests = Self::unsigned(path);
        requests.signed = Some((0..count).map(|_| requests.sign_next()).collect());
        requests
    }

    /// Puts the next request into `out`.
    pub(crate) fn next(&mut self, out: &mut Vec<u8>) {
        out.clear();
        match &mut self.signed {
            None => {
                out.extend_from_slice(self.head.as_bytes());
                out.extend_from_slice(b"\r\n");
                out.extend_from_slice(self.sale.next());
            }
            Some(signed) => match signed.pop() {
                Some(request) => *out = request,
                None => *out = self.sign_next(),
            },
        }
    }

    fn sign_next(&mut self) -> Vec<u8> {
        let body = self.sale.next();
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).expect("any length is a key");
        mac.update(body);
        let signature: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let mut request = format!("{}{SIGNATURE_HEADER}: {signature}\r\n\r\n", self.head).into_bytes();
        request.extend_from_slice(body);
        request
    }
}
