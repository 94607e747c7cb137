//! What menta sends: an opening that shows everything there is within ten seconds, then endless ordinary days.
//!
//! Pure: the same seed and the same opening moment give the same bytes.

use std::collections::VecDeque;
use std::time::Duration;

use super::manner::Manner;
use super::payloads::{self, Deal};
use super::world::World;
use crate::domain::Timestamp;

/// One request to be posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// How long after the one before.
    pub after: Duration,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// The exact bytes.
    pub body: Vec<u8>,
}

impl Step {
    fn json(millis: u64, body: String) -> Self {
        Self { after: Duration::from_millis(millis), content_type: "application/json", body: body.into() }
    }
}

/// The opening.
pub fn script(seed: u64, opened: Timestamp) -> Vec<Step> {
    opening(&mut World::new(seed, opened)).into()
}

/// The opening, and then traffic without end.
pub fn endless(seed: u64, opened: Timestamp) -> impl Iterator<Item = Step> + Send {
    let mut world = World::new(seed, opened);
    let mut coming = opening(&mut world);
    std::iter::from_fn(move || {
        while coming.is_empty() {
            coming.extend(something(&mut world));
        }
        coming.pop_front()
    })
}

fn sold(deal: &Deal) -> String {
    payloads::ticket_updated(deal, false)
}

fn reversed(deal: &Deal) -> String {
    payloads::ticket_updated(deal, true)
}

/// Each line is what a spectator should see.
fn opening(world: &mut World) -> VecDeque<Step> {
    let mut steps = VecDeque::new();
    let mut post = |world: &mut World, millis: u64, body: String| {
        let step = Step::json(millis, body);
        world.pass(step.after);
        steps.push_back(step);
    };

    // Two tickets offered together, a wish, and a sale that is delivered at once.
    for offer in world.offer(2) {
        post(world, 100, payloads::listing("listing.created", &offer));
    }
    let wish = world.wish();
    post(world, 200, payloads::notify_me(&wish));
    let happy = world.sale(Some(Manner::Prompt));
    post(world, 200, sold(&happy));

    // Refused: fails. Broken: is tried again. Done, but said to have failed: may have been done.
    let locked = world.sale(Some(Manner::Locked));
    post(world, 250, sold(&locked));
    let broken = world.sale(Some(Manner::BreaksBefore));
    post(world, 250, sold(&broken));
    let unsure = world.sale(Some(Manner::BreaksAfter));
    post(world, 250, sold(&unsure));

    // Put off by the platform, and reversed before anything was done: nothing to undo.
    let busy = world.sale(Some(Manner::Busy));
    post(world, 250, sold(&busy));
    post(world, 500, reversed(&busy));

    // Reversed while nobody knows whether it was done, before the second attempt tells: sent back.
    post(world, 200, reversed(&unsure));

    // The first sale again, word for word: a duplicate.
    post(world, 200, sold(&happy));

    // A ticket that goes from hand to hand.
    let first = world.sale(Some(Manner::Prompt));
    post(world, 250, sold(&first));
    let second = world.sale_after(&first);
    post(world, 400, sold(&second));

    // A request that is no webhook: quarantine.
    post(world, 200, NOT_AN_ENVELOPE.to_owned());

    // Reversed, but never seen: held. Its like, whose sale comes late, below.
    let stranger = world.sale(Some(Manner::Prompt));
    post(world, 250, reversed(&stranger));
    let late = world.sale(Some(Manner::Prompt));
    post(world, 250, reversed(&late));

    // Delivered, and reversed: sent back. The ticket that was sold on: held.
    post(world, 300, reversed(&happy));
    post(world, 300, reversed(&first));

    // menta sends what it does not document, in an older shape, without a buyer, and of a family nobody knows.
    let deal = world.sale(Some(Manner::Prompt));
    post(world, 250, drifted(&sold(&deal)));
    let deal = world.sale(Some(Manner::Slow));
    post(world, 200, bare(&sold(&deal)));
    let nameless = world.sale(Some(Manner::Prompt));
    post(world, 250, without_buyer(&nameless));
    let show = world.show();
    post(world, 200, payloads::waitlist(show, 12));

    // The rest of the families, a new price, a ticket given away at the counter, and silence.
    post(world, 200, payloads::unlock(show, &[]));
    if let Some(offer) = world.reprice() {
        post(world, 200, payloads::listing("listing.updated", &offer));
    }
    post(world, 200, payloads::payouts(show));
    let deal = world.sale(Some(Manner::Reissued));
    post(world, 200, sold(&deal));
    let deal = world.sale(Some(Manner::Silent));
    post(world, 200, sold(&deal));
    if let Some(offer) = world.withdraw() {
        post(world, 200, payloads::listing("listing.deleted", &offer));
    }
    post(world, 300, sold(&late));

    // The market does not go on with what is undone, or what a person has still to settle.
    for deal in [&happy, &stranger, &late, &second, &nameless] {
        world.undone(deal);
    }
    steps
}

const NOT_AN_ENVELOPE: &str = r#"{"event":"ping","source":"menta-sandbox"}"#;

/// What happens next on an ordinary day: now and then two things on each other's heels.
fn something(world: &mut World) -> Vec<Step> {
    let wait = world.random.u64(300..900);
    world.pass(Duration::from_millis(wait));
    let bodies = match world.random.u16(..1000) {
        0..300 => {
            let offer = if world.random.bool() { world.withdraw() } else { None };
            let deal = match offer {
                Some(offer) => world.sale_of(offer),
                None => world.sale(None),
            };
            vec![sold(&deal)]
        }
        300..420 => match world.standing() {
            Some(deal) => vec![sold(&world.sale_after(&deal))],
            None => Vec::new(),
        },
        420..600 => {
            let count = [1, 1, 1, 2, 2, 4][world.random.usize(..6)];
            world.offer(count).iter().map(|offer| payloads::listing("listing.created", offer)).collect()
        }
        600..700 => world.reprice().map(|offer| payloads::listing("listing.updated", &offer)).into_iter().collect(),
        700..760 => world.withdraw().map(|offer| payloads::listing("listing.deleted", &offer)).into_iter().collect(),
        760..880 => vec![payloads::notify_me(&world.wish())],
        880..915 => match world.standing() {
            Some(deal) => {
                world.undone(&deal);
                vec![reversed(&deal)]
            }
            None => Vec::new(),
        },
        915..945 => {
            let deal = world.sale(None);
            vec![sold(&deal), sold(&deal)]
        }
        945..960 => {
            let show = world.show();
            let excluded: Vec<String> =
                world.owned.iter().filter(|deal| deal.show == show).take(2).map(|deal| deal.ticket.clone()).collect();
            vec![payloads::unlock(show, &excluded)]
        }
        960..978 => vec![payloads::payouts(world.show())],
        978..988 => vec![drifted(&sold(&world.sale(None)))],
        988..993 => {
            let position = world.random.u8(1..90);
            vec![payloads::waitlist(world.show(), position)]
        }
        993..997 => vec![bare(&sold(&world.sale(None)))],
        997..998 => {
            // A reversal of what was sold before this program was there.
            let deal = world.sale(None);
            world.undone(&deal);
            vec![reversed(&deal)]
        }
        _ => return vec![not_json(wait)],
    };
    bodies.into_iter().zip([wait, 150, 150, 150]).map(|(body, millis)| Step::json(millis, body)).collect()
}

/// A form, as a browser or a misled script would send it.
fn not_json(millis: u64) -> Step {
    Step {
        content_type: "application/x-www-form-urlencoded",
        ..Step::json(millis, "family=ticket&action=ticket.updated".to_owned())
    }
}

/// Something more than documented, and a fee that has become a text.
fn drifted(body: &str) -> String {
    body.replacen(r#""nominal":{"#, r#""nominal":{"phone":"+52 55 5010 0199","#, 1).replacen(
        r#""buyerFee":0.15"#,
        r#""buyerFee":"15%""#,
        1,
    )
}

/// The same without the envelope `message`.
fn bare(body: &str) -> String {
    body.strip_prefix(r#"{"message":"#).and_then(|rest| rest.strip_suffix('}')).unwrap_or(body).to_owned()
}

fn without_buyer(deal: &Deal) -> String {
    sold(deal).replacen(&format!(r#""newOwnerEmail":"{}","#, deal.buyer.email), "", 1)
}

#[cfg(test)]
mod tests;
