//! What can be asked of the ledger and ordered from it, and what comes back.
//!
//! These types cross the control socket as JSON, so that the command line and an attached console ask exactly what the
//! dashboard asks.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::delivery::{Delivery, Kind, Stage};
use super::documentation::Drift;
use super::ids::{DeliveryId, Person, Seq, ShowId, TicketId};
use super::lateness::LateAfter;
use super::moment::{Found, Seek};
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
        /// By what deliveries are overdue; none: they are not counted.
        #[serde(default)]
        late_after: Option<LateAfter>,
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
    /// Deliveries that came to need a person after a record, other than by a person's own action, and still do.
    Needed {
        /// The record.
        after: Seq,
        /// The most rows.
        limit: usize,
    },
    /// Which record was the last at an earlier moment.
    Moment(Seek),
}

/// The rows of a list that are wanted. Lists run from the newest to the oldest; a row's place is its sequence number
/// (for shows: that of their last event).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Where to start.
    pub cursor: Cursor,
    /// The most rows.
    pub limit: usize,
    /// Only rows that this [filter](super::filter) wants, as it was typed. Empty: all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub filter: String,
    /// Only rows at or after this moment.
    #[serde(default)]
    pub since: Option<Timestamp>,
    /// Only these rows, if they are still wanted, wherever the cursor is: for who holds them and wants to know how they
    /// stand. Empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<Seq>,
}

impl Window {
    /// The newest `limit` rows.
    pub fn newest(limit: usize) -> Self {
        Self { cursor: Cursor::Newest, limit, filter: String::new(), since: None, only: Vec::new() }
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
    /// Only those that are overdue by this.
    #[serde(default)]
    pub overdue: Option<LateAfter>,
    /// Which rows.
    pub window: Window,
}

/// Some rows of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// Newest first.
    pub rows: Vec<T>,
    /// How many rows of the list are newer than the first here, counted up to [`MOST_COUNTED`]; 0 in a search.
    pub newer: usize,
    /// There are older rows; in a search: there may be.
    pub older: bool,
    /// How far the search came; none where the list's index alone says which rows are wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub searched: Option<Searched>,
}

/// How far a search came for one page. It looks at some thousand rows and then answers, so that nobody waits long for the
/// first hits; who wants more asks on from [`Cursor::From`] `next`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Searched {
    /// Rows looked at.
    pub looked: usize,
    /// The newest of them.
    pub newest: Option<Seq>,
    /// The first row that was not looked at, in the direction of the window; none when the list has ended.
    pub next: Option<Seq>,
    /// How many rows there are from that one on; for pages that go upwards 0.
    pub left: usize,
}

/// Rows above a page are counted up to here; more are shown as `999+`.
pub const MOST_COUNTED: usize = 1000;

/// The last minutes, for what may be growing.
pub const LATELY: TimeDelta = TimeDelta::minutes(10);

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
    /// Its amounts do not add up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub wrong_sums: bool,
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
    /// There were older records, which retention has dropped.
    #[serde(default)]
    pub dropped: bool,
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
    /// How many of them came in the time of [`LATELY`], counted up to [`MOST_COUNTED`].
    #[serde(default)]
    pub rejected_lately: u64,
    /// Deliveries that are overdue, each kind counted up to [`MOST_COUNTED`].
    #[serde(default)]
    pub overdue: u64,
    /// The moment after which one more is, should nothing change until then.
    #[serde(default)]
    pub next_overdue: Option<Timestamp>,
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

    /// How many deliveries are of that kind.
    pub fn count_of(&self, kind: Kind) -> u64 {
        self.counts.iter().filter(|(of, ..)| *of == kind).map(|(.., count)| count).sum()
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
    /// How many usually come in a time like that since the last: see [`super::silence`].
    #[serde(default)]
    pub usual: Option<u32>,
}

/// Deliveries that came to need a person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Needed {
    /// After this record.
    pub after: Seq,
    /// The first of them, by that record.
    pub rows: Vec<Delivery>,
    /// How many there are, counted up to [`MOST_COUNTED`].
    pub count: usize,
    /// Up to this record.
    pub last: Seq,
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
    Needed(Needed),
    Moment(Option<Found>),
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

impl Command {
    /// The number of the event or request that it is about.
    pub fn place(&self) -> Option<Seq> {
        match self {
            Self::Retry(id) | Self::MarkDelivered(id) | Self::Cancel(id) | Self::Undo(id) => Some(id.0),
            Self::Resend(seq) => Some(*seq),
            Self::Reveal { .. } => None,
        }
    }
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
    /// By what deliveries are overdue.
    #[serde(default)]
    pub late_after: LateAfter,
    /// Since when what is being kept waits for the disk; none while nothing does.
    #[serde(default)]
    pub writing_since: Option<Timestamp>,
    /// The room for the data folder; none where the system does not say.
    #[serde(default)]
    pub disk: Option<Disk>,
    /// How the last attempts of this run went.
    #[serde(default)]
    pub attempts: Attempts,
    /// What keeps old records from being dropped as the settings say; none when nothing does.
    #[serde(default)]
    pub retention_held_up: Option<String>,
}

impl Status {
    /// Of a program of which nothing else is known yet.
    pub fn starting(started_at: Timestamp) -> Self {
        Self {
            listen: None,
            path: String::new(),
            target: String::new(),
            data_dir: String::new(),
            started_at,
            last_durable: None,
            unwell: None,
            turned_away: Vec::new(),
            turned_away_total: BTreeMap::new(),
            late_after: LateAfter::default(),
            writing_since: None,
            disk: None,
            attempts: Attempts::default(),
            retention_held_up: None,
        }
    }
}

/// A file system, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// What this user may still write.
    pub free: u64,
    /// All of it.
    pub size: u64,
}

/// Less than this, or than a twentieth of the disk, is little.
const LITTLE_ROOM: u64 = 1 << 30;

impl Disk {
    /// What is left should be kept for new events.
    pub fn is_nearly_full(self) -> bool {
        self.free < LITTLE_ROOM.min(self.size / 20)
    }
}

/// How the last attempts went.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempts {
    /// How many are counted here.
    pub made: u32,
    /// How many of them were not accepted.
    pub failed: u32,
    /// What the last of these got, as in `connection refused`: the target's words.
    pub why: Option<String>,
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

impl TurnedAway {
    /// What is said of one that came to the webhooks' path with another last segment than a secret.
    pub const LACKS_SECRET: &str = "the last segment of its path is none of the secrets";

    /// It came without what shows that it is from a known sender.
    pub fn lacks_secret(&self) -> bool {
        self.status == 401 || self.message == Self::LACKS_SECRET
    }
}
