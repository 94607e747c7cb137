//! Webhooks: the documented samples, each about another ticket, listing or show; alone, or as requests ready to be written
//! to a socket.

use std::sync::atomic::{AtomicU64, Ordering};

use hmac::{Hmac, KeyInit, Mac};
use willcall::domain::json::Json;

const SALE: &str = include_str!("../../fixtures/events/ticket/ticket.updated.json");
const REVERSAL: &str = include_str!("../../fixtures/events/ticket/ticket.updated.reversal.json");
const LISTING: &str = include_str!("../../fixtures/events/listing/listing.created.json");
const PAYOUT: &str = include_str!("../../fixtures/events/payouts/payouts.delivered.json");
const WISH: &str = include_str!("../../fixtures/events/notifyMe/notifyMe.created.updated.json");

/// The most digits of an id that are replaced.
const DIGITS: usize = 12;

/// What the samples say of the ticket that is listed.
pub(crate) const LISTED: &str = "5102";

/// The header and the secret of signed requests.
pub(crate) const SIGNATURE_HEADER: &str = "X-Signature";
pub(crate) const SECRET: &str = "the benchmark signs with this secret";

/// No two webhooks of one run have a number in common.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// A body without blanks, with places for a number.
#[derive(Clone)]
pub(crate) struct Sample {
    body: Vec<u8>,
    places: Vec<(usize, usize)>,
}

impl Sample {
    /// `ticket.updated`, each about another ticket.
    pub(crate) fn sale() -> Self {
        Self::of(SALE, &["ef1234567890", "36e085e472"])
    }

    /// The reversal of a sale that nobody has seen.
    pub(crate) fn reversal() -> Self {
        Self::of(REVERSAL, &["ef1234567890", "36e085e472"])
    }

    /// `listing.created`, each about another listing, of ten thousand tickets.
    pub(crate) fn listing() -> Self {
        Self::of(LISTING, &[LISTED, "e08587g2"])
    }

    /// The same, all of the ticket [`LISTED`].
    pub(crate) fn listing_again() -> Self {
        Self::of(LISTING, &["e08587g2"])
    }

    /// `payouts.delivered`, of a million shows.
    pub(crate) fn payout() -> Self {
        Self::of(PAYOUT, &["239616"])
    }

    /// `notifyMe.created.updated`, each another subscription, to ten thousand shows.
    pub(crate) fn wish() -> Self {
        Self::of(WISH, &["dc5c9418", "7322"])
    }

    /// `text` with a number in place of the end of each of these.
    fn of(text: &str, ids: &[&str]) -> Self {
        let body = Json::parse(text.as_bytes()).expect("the fixture is JSON").to_string();
        let place = |id: &&str| (body.find(id).expect("the fixture has the ids of the documentation"), id.len());
        Self { places: ids.iter().map(place).collect(), body: body.into_bytes() }
    }

    /// Its length in bytes.
    pub(crate) fn length(&self) -> usize {
        self.body.len()
    }

    /// The body of the next one.
    pub(crate) fn next(&mut self) -> &[u8] {
        let digits = format!("{:0DIGITS$}", NEXT.fetch_add(1, Ordering::Relaxed));
        for &(at, length) in &self.places {
            self.body[at..at + length].copy_from_slice(&digits.as_bytes()[DIGITS - length..]);
        }
        &self.body
    }
}

/// Whole requests. Signing costs as much as checking does, so signed ones are made before the clock starts.
pub(crate) struct Requests {
    sale: Sample,
    head: String,
    signed: Option<Vec<Vec<u8>>>,
}

impl Requests {
    pub(crate) fn unsigned(path: &str) -> Self {
        let sale = Sample::sale();
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
