//! WORDS. The field's terms as types, and every decision as a plain function of values.
//!
//! Nothing here reads a clock, a file, the network or the environment: time, settings and stored state come in as
//! arguments. Read in this order:
//!
//! | file | idea |
//! | --- | --- |
//! | [`ids`] | sequence numbers, delivery ids, and the opaque ids of the platform and of menta |
//! | [`json`] | a JSON value that keeps every digit and every key as it was sent |
//! | [`decimal`] | numbers of any length, compared |
//! | [`exact`] | decimals that are added and multiplied |
//! | [`text`] | untrusted text made fit for a terminal |
//! | [`webhook`] | body bytes -> family, action, type and data, in any of the envelope shapes |
//! | [`documentation`] | menta's documented fields, one table, and the drift of a payload from it |
//! | [`personal`] | what counts as personal data and how it is masked |
//! | [`privacy`] | whether it may be seen |
//! | [`sums`] | amounts that do not add up |
//! | [`comparison`] | two JSON values side by side |
//! | [`payload`] | the seven documented actions as types |
//! | [`delivery`] | the state machine of work owed to a person |
//! | [`retry`] | the schedule of attempts and what an answer means |
//! | [`request`] | what a target is told |
//! | [`record`] | one line of the journal |
//! | [`blanking`] | what names a person in an old record goes |
//! | [`ticket`] | all deliveries of one ticket, in order: who may go next, who should own it |
//! | [`decide`] | webhook, outcome or operator command + ticket -> what changes |
//! | [`show`] | payouts, unlocks and demand of one show |
//! | [`brief`] | the gist of a payload, for a line in a list |
//! | [`unread`] | what a delivery's JSON says of it, unread |
//! | [`lateness`] | how long somebody has waited, against how long they should |
//! | [`silence`] | what is usual for a family at this time of day |
//! | [`moment`] | earlier moments of the ledger |
//! | [`query`] | what can be asked and ordered, and what comes back |
//! | [`filter`] | the language that says which rows of a list are wanted |
//! | [`banner`] | what is wrong as a whole, what it means and what to do |
//! | [`alert`] | when staff are called, and about what |
//! | [`signature`] | HMAC-SHA256, and what Standard Webhooks sign |

pub mod decimal;
pub mod exact;
pub mod ids;
pub mod json;
pub mod text;

pub mod webhook;

pub mod documentation;
pub mod personal;
pub mod privacy;

pub mod comparison;
pub mod sums;

pub mod payload;

pub mod delivery;
pub mod request;
pub mod retry;

pub mod blanking;
pub mod record;
pub mod ticket;

pub mod decide;
pub mod show;

pub mod unread;

pub mod lateness;
pub mod silence;

pub mod moment;
pub mod query;

pub mod filter;

pub mod alert;
pub mod banner;

pub mod signature;

pub mod brief;

/// A moment in UTC; stored and shown to the millisecond.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
