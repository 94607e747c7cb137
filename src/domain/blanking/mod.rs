//! Blanking: what names a person in an old record goes; what happened, and to which ticket, stays.
//!
//! Nothing becomes longer by it, and a body keeps its length: a record stays where it is in the journal. It can be done to a
//! record any number of times.
//!
//! A delivery's people become **stand-ins**: codes under a key that only the journal has, each as long as the address allows.
//! Whoever has an address can tell whether a stand-in is that person's, and nobody can read the address off it. So when a
//! later webhook names the same people again, the ticket's history is understood as if it had never been blanked
//! ([`Blanking::recognise`]); and where it does not name them, a delivery that would need them is held.
//!
//! | file | idea |
//! | --- | --- |
//! | `mod` | which records are blanked, stand-ins, and a record's head |
//! | `body` | a body of any form |

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::delivery::{Cancellation, Delivery, Hand, Hold, State};
use super::ids::{DeliveryId, Person, Seq};
use super::json::Json;
use super::personal;
use super::record::{Fact, OperatorAction, Record};
use super::signature::hmac_sha256;
use super::ticket::Lane;

mod body;

/// Digits of a code, five bits each: 80 bits where the address is long enough.
const DIGITS: usize = 16;

/// An address has at least so many bytes. What is shorter names nobody, and its code would be too short to tell people apart.
const SHORTEST: usize = 6;

/// What is said of people in a payload that was blanked.
pub const SAID: &str = "blanked: older than `retention.personal_data_days`";

/// Which records are blanked, and how people are known again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blanking {
    /// The last record.
    pub through: Seq,
    /// The lanes that had an open delivery when this was decided: nothing of theirs is blanked by it.
    pub open: BTreeSet<Lane>,
    /// The key of the codes.
    pub key: Key,
    /// The segments, by their first records, whose files still have what is blanked.
    pub to_do: BTreeSet<Seq>,
    /// The segments in which something of open lanes was left as it was, and which lanes.
    pub left: BTreeMap<Seq, BTreeSet<Lane>>,
}

/// The key of the codes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Key(#[serde(with = "hexadecimal")] [u8; 16]);

impl Key {
    /// A key of these bytes.
    pub fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

mod hexadecimal {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::domain::ids::Digest;

    pub(super) fn serialize<S: Serializer>(bytes: &[u8; 16], serializer: S) -> Result<S::Ok, S::Error> {
        Digest(*bytes).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 16], D::Error> {
        Digest::deserialize(deserializer).map(|digest| digest.0)
    }
}

impl Blanking {
    /// Whether what record `seq` says of that lane is blanked; without a lane, whether it is unless it is about an open one.
    pub fn covers(&self, seq: Seq, lane: Option<&Lane>) -> bool {
        seq <= self.through && lane.is_none_or(|lane| !self.open.contains(lane))
    }

    /// Blanks the record if it is one of these. Otherwise says which open lane it is about, where that is why.
    pub fn apply(&self, record: &mut Record) -> Option<Lane> {
        if record.seq > self.through {
            return None;
        }
        let open = lanes(record).find(|lane| self.open.contains(lane));
        if open.is_none() {
            self.blank(record);
        }
        open
    }

    fn blank(&self, record: &mut Record) {
        let Record { head, body, .. } = record;
        match &mut head.fact {
            Fact::Received(_) | Fact::AttemptStarted(_) => {}
            Fact::Rejected(rejected) => blank_text(&mut rejected.message),
            Fact::AttemptFinished(finished) => {
                blank_text(&mut finished.answer.text);
                finished.answer.response_headers.iter_mut().for_each(|(_, value)| blank_text(value));
            }
            Fact::OperatorActed(acted) => {
                blank_text(&mut acted.why);
                if let OperatorAction::Reveal { what } = &mut acted.action {
                    blank_text(what);
                }
            }
        }
        let is_webhook = matches!(head.fact, Fact::Received(_));
        body::blank(body, if is_webhook { body::Texts::Known } else { body::Texts::Unknown });
        head.deliveries.iter_mut().for_each(|delivery| self.blank_delivery(delivery));
    }

    /// Puts stand-ins for the people of a delivery, and blanks what was said about them.
    pub fn blank_delivery(&self, delivery: &mut Delivery) {
        each_person(delivery, &mut |person| *person = self.stand_in(person));
        each_text(delivery, &mut blank_text);
    }

    fn stand_in(&self, person: &Person) -> Person {
        let length = person.as_str().trim().len();
        if person.is_blanked() || length < SHORTEST {
            return person.clone();
        }
        Person::blanked(&self.code(person)[..DIGITS.min(length - 1)])
    }

    fn code(&self, person: &Person) -> String {
        let folded: String = person.folded().collect();
        let code = hmac_sha256(&self.key.0, &[folded.as_bytes()]);
        code.iter()
            .take(DIGITS)
            .map(|byte| char::from(b"abcdefghijklmnopqrstuvwxyz234567"[usize::from(byte & 31)]))
            .collect()
    }

    /// Puts each of `people` back where a stand-in for them is.
    pub fn recognise(&self, delivery: &mut Delivery, people: &[&Person]) {
        let known: Vec<(String, &Person)> =
            people.iter().filter(|one| !one.is_blanked()).map(|one| (self.code(one), *one)).collect();
        each_person(delivery, &mut |person| {
            let Some(code) = person.code().filter(|code| code.len() + 1 >= SHORTEST) else { return };
            if let Some((_, one)) = known.iter().find(|(known, _)| known.starts_with(code)) {
                *person = (*one).clone();
            }
        });
    }
}

/// Whether what names people in a payload has been blanked.
pub fn is_blanked(payload: &Json) -> bool {
    let is_stars = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte == b'*');
    match payload {
        Json::Object(members) => members.iter().any(|(name, value)| match value {
            Json::String(text) => personal::field(name).is_some() && is_stars(text),
            value => is_blanked(value),
        }),
        Json::Array(values) => values.iter().any(is_blanked),
        _ => false,
    }
}

/// The lanes a record is about.
fn lanes(record: &Record) -> impl Iterator<Item = Lane> {
    let head = &record.head;
    // A delivery without a ticket is alone, whatever is said about it.
    let of_delivery = head.fact.delivery().filter(|_| head.fact.ticket().is_none()).or(Some(DeliveryId(record.seq)));
    let changed = head.deliveries.iter().map(|one| Lane::of_delivery(one.ticket.as_ref(), one.id));
    changed.chain(head.fact.ticket().map(Lane::of)).chain(of_delivery.map(|id| Lane::of_delivery(None, id)))
}

fn each_person(delivery: &mut Delivery, change: &mut dyn FnMut(&mut Person)) {
    delivery.from.iter_mut().chain(&mut delivery.to).for_each(&mut *change);
    if let Some(amendment) = &mut delivery.amendment {
        amendment.from.iter_mut().chain(&mut amendment.to).for_each(&mut *change);
    }
    if let Some(undo) = &mut delivery.undo {
        undo.before.iter_mut().for_each(|before| each_person(before, change));
    }
}

/// What people and targets have said in their own words.
fn each_text(delivery: &mut Delivery, change: &mut dyn FnMut(&mut String)) {
    match &mut delivery.state {
        State::Delivered { by: Hand::Operator { why, .. } }
        | State::Held { why: Hold::AmendedAfterSent { delivered: Some(Hand::Operator { why, .. }) } }
        | State::Held { why: Hold::ReversalUnclear { sent: why } }
        | State::Cancelled { why: Cancellation::Operator { why, .. } } => change(why),
        _ => {}
    }
    if let Some(last) = &mut delivery.last {
        change(&mut last.text);
    }
    if let Some(undo) = &mut delivery.undo {
        undo.before.iter_mut().for_each(|before| each_text(before, change));
    }
}

fn blank_text(text: &mut String) {
    *text = personal::blanked(text);
}

#[cfg(test)]
mod tests;
