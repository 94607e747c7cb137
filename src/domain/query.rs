//! What can be asked of the ledger and ordered from it, and what comes back.
//!
//! These types cross the control socket as JSON, so that the command line and an attached console ask exactly what the
//! dashboard asks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::delivery::{Delivery, Kind, Stage};
use super::documentation::Drift;
use super::ids::{DeliveryId, Person, Seq, ShowId, TicketId};
use super::record::{Record, Rejected};
use super::show::Show;

/// A question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Query {
    /// Counts, rates and what needs a person. `rows`: the most rows of each list.
    Overview {
        /// The most rows of each list.
        rows: usize,
    },
    /// Events, newest first.
    Events(EventQuery),
    /// One event with its body.
    Event(Seq),
    /// Deliveries, newest first.
    Deliveries(DeliveryQuery),
    /// One delivery with all that was done about it.
    Delivery(DeliveryId),
    /// All that is known of one ticket.
    Ticket(TicketId),
    /// Shows with payouts, unlocks or demand; the last to change first.
    Shows(Window),
    /// Requests that could not become events, newest first.
    Quarantine(Window),
    /// One such request with its bytes.
    Rejected(Seq),
    /// What was recorded after this record, oldest first, without the bytes.
    Records {
        /// The last one that is known.
        after: Seq,
        /// The most records.
        limit: usize,
    },
}

/// The rows of a list that are wanted. Lists run from the newest to the oldest; a row's place is its sequence number
/// (for shows: that of their last event).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Where to start.
    pub cursor: Cursor,
    /// The most rows.
    pub limit: usize,
    /// Only rows in which each of these words occurs somewhere, letter case aside. Empty: all.
    #[serde(default)]
    pub words: Vec<String>,
    /// Only rows at or after this moment.
    #[serde(default)]
    pub since: Option<Timestamp>,
}

impl Window {
    /// The newest `limit` rows.
    pub fn newest(limit: usize) -> Self {
        Self { cursor: Cursor::Newest, limit, words: Vec::new(), since: None }
    }
}

/// A place in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cursor {
    /// From the newest on.
    Newest,
    /// From this row on, or the next older one if it is not in the list.
    From(Seq),
    /// The rows just newer than this one: the page above it.
    Above(Seq),
    /// The last page.
    Oldest,
}

/// Which events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventQuery {
    /// Only of this family.
    #[serde(default)]
    pub family: Option<String>,
    /// Only those whose documented fields name this show: unlocks, demand and payouts.
    #[serde(default)]
    pub show: Option<ShowId>,
    /// Which rows.
    pub window: Window,
}

/// Which deliveries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryQuery {
    /// Only in these states; empty: all.
    #[serde(default)]
    pub stages: Vec<Stage>,
    /// Only transfers, or only returns.
    #[serde(default)]
    pub kind: Option<Kind>,
    /// Which rows.
    pub window: Window,
}

/// Some rows of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// Newest first.
    pub rows: Vec<T>,
    /// How many rows of the list are newer than the first here, counted up to [`MOST_COUNTED`].
    pub newer: usize,
    /// There are older rows.
    pub older: bool,
    /// The search for words stopped after this many rows without having seen all; a narrower question sees more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub searched: Option<usize>,
}

/// Rows above a page are counted up to here; more are shown as `999+`.
pub const MOST_COUNTED: usize = 1000;

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), newer: 0, older: false, searched: None }
    }
}

/// An event in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRow {
    /// Its number.
    pub seq: Seq,
    /// When it came.
    pub received_at: Timestamp,
    /// As in `ticket`.
    pub family: String,
    /// As in `ticket.updated`.
    pub action: String,
    /// As in `USER_TRANSFER`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The ticket it is about.
    pub ticket: Option<TicketId>,
    /// The event it repeats.
    pub duplicate_of: Option<Seq>,
    /// How many differences from the documentation.
    pub drift: u16,
    /// The gist of the payload.
    pub brief: Brief,
}

/// The gist of a payload, for a line in a feed. All texts are as sent: untrusted, and the people unmasked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brief {
    /// Seller, or who asks.
    pub from: Option<Person>,
    /// Buyer.
    pub to: Option<Person>,
    /// The price: paid by the buyer, asked by the seller.
    pub amount: Option<String>,
    /// What the buyer of a listed ticket pays, fees included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer_pays: Option<String>,
    /// The show.
    pub show: Option<String>,
    /// It takes a sale back.
    #[serde(default)]
    pub reversal: bool,
    /// Anything else worth a word, as in `2 tickets, ACTIVE`.
    pub note: Option<String>,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventDetail {
    /// Its line.
    pub row: EventRow,
    /// Sender's address.
    pub from: String,
    /// The exact bytes.
    #[serde(with = "super::record::bytes")]
    pub body: Vec<u8>,
    /// How it differs from its documentation.
    pub drift: Vec<Drift>,
    /// The deliveries it created or changed, as they stand now.
    pub deliveries: Vec<Delivery>,
}

/// One delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryDetail {
    /// As it stands.
    pub delivery: Delivery,
    /// Every record about it, oldest first: webhooks that changed it, attempts, operators' actions.
    pub history: Vec<Record>,
    /// The exact bytes of the webhook that is (or was) sent.
    #[serde(with = "super::record::bytes")]
    pub body: Vec<u8>,
}

/// All that is known of one ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    /// The ticket.
    pub ticket: TicketId,
    /// Its deliveries as they stand, oldest first.
    pub deliveries: Vec<Delivery>,
    /// Every record about it, oldest first, across families; bodies of webhooks and answers included.
    pub records: Vec<Record>,
    /// Older records exist than the [`MOST_TIMELINE`] shown.
    pub truncated: bool,
}

/// The most records in a timeline; the newest are kept.
pub const MOST_TIMELINE: usize = 500;

/// A request that could not become an event, in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedRow {
    /// Its number.
    pub seq: Seq,
    /// When it came.
    pub received_at: Timestamp,
    /// From whom and why.
    pub rejected: Rejected,
    /// Its length in bytes.
    pub size: usize,
    /// The event it became when it was sent again.
    pub resent_as: Option<Seq>,
}

/// One such request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedDetail {
    /// Its line.
    pub row: RejectedRow,
    /// The exact bytes.
    #[serde(with = "super::record::bytes")]
    pub body: Vec<u8>,
}

/// What the first screen shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// Events of each family, the documented five always among them.
    pub families: BTreeMap<String, FamilyCount>,
    /// The newest events of each documented family.
    pub feeds: BTreeMap<String, Vec<EventRow>>,
    /// How many deliveries there are of each kind and state.
    pub counts: Vec<(Kind, Stage, u64)>,
    /// Failed and held deliveries, oldest first.
    pub attention: Vec<Delivery>,
    /// Pending and in-flight deliveries, oldest first.
    pub open: Vec<Delivery>,
    /// Returns, newest first.
    pub returns: Vec<Delivery>,
    /// Shows, the last to change first.
    pub shows: Vec<Show>,
    /// The oldest transfer that is neither delivered nor cancelled.
    pub oldest_undelivered: Option<Delivery>,
    /// Requests in quarantine that were not sent again.
    pub quarantined: u64,
    /// The newest of them.
    pub rejected: Vec<RejectedRow>,
    /// Events in all.
    pub events: u64,
    /// The last record.
    pub last: Seq,
}

impl Overview {
    /// How many deliveries are in one of `stages`.
    pub fn count(&self, stages: &[Stage]) -> u64 {
        self.counts.iter().filter(|(_, stage, _)| stages.contains(stage)).map(|(_, _, count)| count).sum()
    }
}

/// Events of one family.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FamilyCount {
    /// Ever.
    pub total: u64,
    /// When the last came.
    pub last_at: Option<Timestamp>,
    /// In each of the last 60 minutes, the running one last.
    pub per_minute: Vec<u32>,
}

/// What comes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // each is the answer to the question of its name
pub enum Answer {
    Overview(Box<Overview>),
    Events(Page<EventRow>),
    Event(Option<Box<EventDetail>>),
    Deliveries(Page<Delivery>),
    Delivery(Option<Box<DeliveryDetail>>),
    Ticket(Box<Timeline>),
    Shows(Page<Show>),
    Quarantine(Page<RejectedRow>),
    Rejected(Option<Box<RejectedDetail>>),
    Records(Vec<Record>),
}

/// Something a person wants done, with their name and reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Who, as in `ana (uid 1000)`.
    pub who: String,
    /// Why. Required for everything but a reveal.
    pub why: String,
    /// What.
    pub command: Command,
}

/// What a person can have done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Sends a failed delivery again, releases a held one, or brings a waiting one forward.
    Retry(DeliveryId),
    /// It was done by hand.
    MarkDelivered(DeliveryId),
    /// It shall not be done.
    Cancel(DeliveryId),
    /// Takes the last mark-delivered or cancel of a delivery back.
    Undo(DeliveryId),
    /// Sends a quarantined request again, through the parser as it is now.
    Resend(Seq),
    /// Puts on record that personal data was made visible.
    Reveal {
        /// Where, as in `event 41` or `deliveries`.
        what: String,
    },
}

/// An order was carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// The record of it.
    pub seq: Seq,
    /// The delivery as it stands after.
    pub delivery: Option<Delivery>,
    /// The event that a resend gave.
    pub event: Option<Seq>,
}

/// How the program is, for the header of the dashboard and for `readyz`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Where the listener is bound, as in `127.0.0.1:8787`; none when there is none.
    pub listen: Option<String>,
    /// The path for webhooks, secrets masked.
    pub path: String,
    /// Where deliveries go, in words; `by hand` when there is no target.
    pub target: String,
    /// The data folder.
    pub data_dir: String,
    /// Since when.
    pub started_at: Timestamp,
    /// The last time a record was made durable.
    pub last_durable: Option<Timestamp>,
    /// Why no event would be kept now; none when one would.
    pub unwell: Option<String>,
    /// Requests that were turned away at the door without being kept (401, 404, 405, 413, 429, 503), newest first, at most 100.
    pub turned_away: Vec<TurnedAway>,
    /// How many in all since the start, by status.
    pub turned_away_total: BTreeMap<u16, u64>,
}

/// A request that was answered with an error and not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnedAway {
    /// When.
    pub at: Timestamp,
    /// Sender's address.
    pub from: String,
    /// The status it was answered with.
    pub status: u16,
    /// The sentence it was answered with.
    pub message: String,
}
