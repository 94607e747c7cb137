//! Work owed to a person: a **transfer** (a sold ticket to its new owner) or a **return** (a reversed sale undone).
//!
//! ```text
//! pending --due--> in_flight --accepted--> delivered
//!    ^               |  |--- refused (definite, permanent) or attempts used up --> failed
//!    |---- later ----|                                                            |
//!    |<---------------------------- operator: retry ------------------------------|
//! held  (a person must decide: why is shown)      cancelled (reversed first, nothing to undo, or dismissed with a reason)
//! ```
//!
//! Beside its state a delivery carries its **evidence**: what is known of the world outside. A cancelled delivery whose
//! attempt timed out may still have moved the ticket; the evidence says so, the state does not.

use serde::{Deserialize, Serialize};

pub use hold::Hold;

use super::Timestamp;
use super::ids::{DeliveryId, Digest, Person, ResaleId, Seq, TicketId};
use super::retry::Outcome;

mod hold;

/// Which way the ticket goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// To the buyer.
    Transfer,
    /// Back to the seller.
    Return,
}

impl Kind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Transfer, Self::Return];

    /// As it is written in JSON and on the screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Transfer => "transfer",
            Self::Return => "return",
        }
    }
}

/// A delivery as it stands after some record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Its id: the event that created it.
    pub id: DeliveryId,
    /// Transfer or return.
    pub kind: Kind,
    /// The ticket. None only when the webhook named none; such a delivery is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
    /// The resale, where menta named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resale: Option<ResaleId>,
    /// Who has the ticket before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Person>,
    /// Who shall have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Person>,
    /// The event whose message is sent: the one that created the delivery, or the last amendment.
    pub event: Seq,
    /// Names the personal data of that message.
    pub personal: Digest,
    /// Where it stands.
    pub state: State,
    /// What is known of the world outside.
    #[serde(default, skip_serializing_if = "is_default")]
    pub evidence: Evidence,
    /// Attempts started, ever.
    #[serde(default, skip_serializing_if = "is_default")]
    pub attempts: u32,
    /// Attempts started since it became pending, or since an operator asked for a retry: the place in the schedule.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tries: u32,
    /// Counts idempotency keys: see [`Delivery::idempotency_key`].
    #[serde(default, skip_serializing_if = "is_default")]
    pub key_epoch: u32,
    /// How the last attempt ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<LastAttempt>,
    /// A later webhook about the same sale with other people or personal data, waiting for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amendment: Option<Amendment>,
    /// Earlier versions of the sale, which amendments have replaced: see [`Amendment::version`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub superseded: Vec<Digest>,
    /// The other half: a transfer's return, or the transfer a return undoes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counterpart: Option<DeliveryId>,
    /// A person said "send it all the same": the order of owners is not questioned again.
    #[serde(default, skip_serializing_if = "is_default")]
    pub released: bool,
    /// Its webhook, which has no resale id, came more than once: repeated, or sold again with the reversal yet to come.
    #[serde(default, skip_serializing_if = "is_default")]
    pub said_again: bool,
    /// Its webhook does not say surely whether it is a sale or a reversal, and nobody has: for whatever else comes it is neither.
    #[serde(default, skip_serializing_if = "is_default")]
    pub illegible: bool,
    /// The unsettled delivery of the same ticket that must be settled first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behind: Option<DeliveryId>,
    /// What `undo` would restore, while nothing has followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Box<Undo>>,
    /// When the webhook came.
    #[serde(with = "chrono::serde::ts_milliseconds")]
    pub created_at: Timestamp,
    /// When anything here last changed.
    #[serde(with = "chrono::serde::ts_milliseconds")]
    pub updated_at: Timestamp,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Where a delivery stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum State {
    /// Waiting for its time, or for the delivery it is behind.
    Pending {
        /// Not to be attempted before.
        #[serde(with = "chrono::serde::ts_milliseconds")]
        due: Timestamp,
    },
    /// An attempt is under way.
    InFlight {
        /// Its number, from 1.
        attempt: u32,
    },
    /// The ticket is where it belongs.
    Delivered {
        /// Who saw to it.
        by: Hand,
    },
    /// Not done, and nothing more happens by itself.
    Failed {
        /// Why.
        why: Failure,
    },
    /// A person must decide.
    Held {
        /// Why.
        why: Hold,
    },
    /// Not to be done any more.
    Cancelled {
        /// Why.
        why: Cancellation,
    },
}

/// A state without its data: for lists, counts and filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// See [`State::Pending`].
    Pending,
    /// See [`State::InFlight`].
    InFlight,
    /// See [`State::Delivered`].
    Delivered,
    /// See [`State::Failed`].
    Failed,
    /// See [`State::Held`].
    Held,
    /// See [`State::Cancelled`].
    Cancelled,
}

impl Stage {
    /// All, in the order of a delivery's life.
    pub const ALL: [Self; 6] =
        [Self::Pending, Self::InFlight, Self::Delivered, Self::Failed, Self::Held, Self::Cancelled];

    /// As it is written in JSON, flags and on the screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InFlight => "in_flight",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Held => "held",
            Self::Cancelled => "cancelled",
        }
    }

    /// Nobody waits for anything any more.
    pub fn settled(self) -> bool {
        matches!(self, Self::Delivered | Self::Cancelled)
    }
}

impl std::str::FromStr for Stage {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let folded = text.to_lowercase().replace('-', "_");
        Self::ALL.into_iter().find(|stage| stage.name() == folded).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|stage| stage.name()).collect();
            format!("no state `{text}`: it is one of {}", names.join(", "))
        })
    }
}

/// Who saw to a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hand {
    /// The target accepted it.
    Target,
    /// A person marked it delivered.
    Operator {
        /// Who.
        who: String,
        /// The reason given.
        why: String,
    },
}

/// Why a delivery failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The target refused for good.
    Refused,
    /// The schedule of attempts is used up.
    UsedUp,
}

/// Why a delivery is not to be done any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cancellation {
    /// A transfer whose sale was reversed.
    Reversed {
        /// The return.
        by: DeliveryId,
    },
    /// A return whose sale was never carried out.
    NothingToUndo {
        /// The sale.
        sale: DeliveryId,
    },
    /// A person dismissed it.
    Operator {
        /// Who.
        who: String,
        /// The reason given.
        why: String,
    },
}

/// What is known of the world outside. Later values say more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// Surely not done.
    #[default]
    NotDone,
    /// May have been done.
    Unknown,
    /// Done, by the target or by hand.
    Done,
}

/// How an attempt ended, in a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastAttempt {
    /// What is known.
    pub outcome: Outcome,
    /// As in `422 Unprocessable Entity` or `connection refused`; free of control characters, at most 200 of characters.
    pub text: String,
}

/// The people and personal data of a later webhook about the same sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amendment {
    /// The later event.
    pub event: Seq,
    /// Its seller.
    pub from: Option<Person>,
    /// Its buyer.
    pub to: Option<Person>,
    /// Names its personal data.
    pub personal: Digest,
    /// A still later event that says an earlier version again: a late repetition of that, or meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubted_by: Option<Seq>,
}

/// What an operator's action replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    /// The record of the action.
    pub action: Seq,
    /// Every delivery that the action changed, as it was before.
    pub before: Vec<Delivery>,
}

impl Amendment {
    /// Names its people and personal data, whichever event said them.
    pub fn version(&self) -> Digest {
        let folded = |one: &Option<Person>| one.as_ref().map_or(String::new(), |one| one.folded().collect());
        Digest::of(&[folded(&self.from).as_bytes(), folded(&self.to).as_bytes(), &self.personal.0])
    }
}

impl Delivery {
    /// A delivery created by the event `id` at `now`, of which nothing else is known and with which nothing was done yet.
    pub fn new(id: DeliveryId, kind: Kind, state: State, now: Timestamp) -> Self {
        Self {
            id,
            kind,
            ticket: None,
            resale: None,
            from: None,
            to: None,
            event: id.0,
            personal: Digest::of(&[]),
            state,
            evidence: Evidence::NotDone,
            attempts: 0,
            tries: 0,
            key_epoch: 0,
            last: None,
            amendment: None,
            superseded: Vec::new(),
            counterpart: None,
            released: false,
            said_again: false,
            illegible: false,
            behind: None,
            undo: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// Its state without data.
    pub fn stage(&self) -> Stage {
        match self.state {
            State::Pending { .. } => Stage::Pending,
            State::InFlight { .. } => Stage::InFlight,
            State::Delivered { .. } => Stage::Delivered,
            State::Failed { .. } => Stage::Failed,
            State::Held { .. } => Stage::Held,
            State::Cancelled { .. } => Stage::Cancelled,
        }
    }

    /// Who has the ticket, or who shall have it, cannot be read any more: see [`blanking`](super::blanking).
    pub fn has_blanked_people(&self) -> bool {
        [&self.from, &self.to].into_iter().flatten().any(Person::is_blanked)
    }

    /// The delivery as `undo` would restore it.
    pub fn before_last_action(&self) -> Option<&Self> {
        self.undo.as_ref()?.before.iter().find(|before| before.id == self.id)
    }

    /// Holds it because of an amendment that came after it was sent, or may have been.
    pub(super) fn hold_amended(&mut self) {
        let delivered = match &self.state {
            State::Delivered { by } => Some(by.clone()),
            State::Held { why: Hold::AmendedAfterSent { delivered } } => delivered.clone(),
            _ if self.evidence == Evidence::Done => Some(Hand::Target),
            _ => None,
        };
        self.state = State::Held { why: Hold::AmendedAfterSent { delivered } };
    }

    /// When it may be attempted; `None` unless it is pending with nothing in front.
    pub fn due(&self) -> Option<Timestamp> {
        match self.state {
            State::Pending { due } if self.behind.is_none() => Some(due),
            _ => None,
        }
    }

    /// The same for all automatic attempts, so that a target which did the work and lost the answer does it once.
    ///
    /// It follows from the sale, not from this program's own numbers: a console that lost its data folder and gets the
    /// webhook again still repeats the key. A new `key_epoch` (an operator's retry after a definite refusal, or amended data)
    /// gives a new one.
    pub fn idempotency_key(&self) -> String {
        let text = |person: &Option<Person>| person.as_ref().map_or(String::new(), |one| one.folded().collect());
        let resale = self.resale.as_ref().map_or(String::new(), |one| one.0.clone());
        let ticket = self.ticket.as_ref().map_or(String::new(), |one| one.0.clone());
        let id = self.id.to_string();
        let (from, to) = (text(&self.from), text(&self.to));
        let parts: [&str; 5] = match &self.resale {
            Some(_) => [self.kind.name(), &ticket, "resale", &resale, ""],
            // Without a resale id the same people may do it again: then only our own number tells the two apart.
            None => [self.kind.name(), &ticket, &from, &to, &id],
        };
        let digest = Digest::of(&parts.map(str::as_bytes)).to_string();
        format!("wc-{digest}-{}", self.key_epoch)
    }

    /// The sentence that says why it stands where it stands; `None` when there is nothing to say.
    pub fn reason(&self) -> Option<String> {
        match &self.state {
            State::Pending { .. } => match (self.behind, &self.last) {
                (Some(front), _) => Some(format!("behind {front}")),
                (None, Some(last)) => Some(format!("{}: {}", last.outcome.name(), last.text)),
                (None, None) => None,
            },
            State::InFlight { attempt } => Some(format!("attempt {attempt} under way")),
            State::Delivered { by: Hand::Target } => None,
            State::Delivered { by: Hand::Operator { who, why } } => Some(format!("marked delivered by {who}: {why}")),
            State::Failed { why } => {
                let last = self.last.as_ref().map_or("no answer", |last| last.text.as_str());
                Some(match why {
                    Failure::Refused => format!("refused: {last}"),
                    Failure::UsedUp => format!("{} attempts used up, the last: {last}", self.attempts),
                })
            }
            State::Held { why } => Some(why.to_string()),
            State::Cancelled { why } => Some(match why {
                Cancellation::Reversed { by } => format!("sale reversed by {by}"),
                Cancellation::NothingToUndo { sale } => format!("nothing to undo: {sale} was not carried out"),
                Cancellation::Operator { who, why } => format!("cancelled by {who}: {why}"),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery() -> Delivery {
        Delivery {
            ticket: Some("t".into()),
            resale: Some("r".into()),
            from: Some("a@x".into()),
            to: Some("b@x".into()),
            ..Delivery::new(
                DeliveryId(Seq(1)),
                Kind::Transfer,
                State::Pending { due: Timestamp::UNIX_EPOCH },
                Timestamp::UNIX_EPOCH,
            )
        }
    }

    #[test]
    fn the_key_follows_from_the_sale() {
        let one = delivery();
        let renumbered = Delivery { id: DeliveryId(Seq(99)), ..delivery() };
        assert_eq!(one.idempotency_key(), renumbered.idempotency_key());
        let keys = [
            Delivery { kind: Kind::Return, ..delivery() },
            Delivery { resale: Some("s".into()), ..delivery() },
            Delivery { key_epoch: 1, ..delivery() },
            Delivery { resale: None, ..delivery() },
            Delivery { resale: None, id: DeliveryId(Seq(2)), ..delivery() },
        ];
        for (index, other) in keys.iter().enumerate() {
            assert_ne!(one.idempotency_key(), other.idempotency_key(), "{index}");
        }
        assert_ne!(keys[3].idempotency_key(), keys[4].idempotency_key());
    }

    #[test]
    fn a_delivery_keeps_all_through_its_json() {
        let mut before = delivery();
        before.state = State::Held { why: Hold::SoldBefore { sold: DeliveryId(Seq(7)) } };
        let one = Delivery { undo: Some(Box::new(Undo { action: Seq(3), before: vec![before] })), ..delivery() };
        let text = serde_json::to_string(&one).unwrap();
        assert_eq!(serde_json::from_str::<Delivery>(&text).unwrap(), one);
    }

    #[test]
    fn nothing_is_due_behind_another() {
        let blocked = Delivery { behind: Some(DeliveryId(Seq(7))), ..delivery() };
        assert_eq!((delivery().due(), blocked.due()), (Some(Timestamp::UNIX_EPOCH), None));
        assert_eq!(blocked.reason().as_deref(), Some("behind d-7"));
    }
}
