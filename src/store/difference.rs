//! What differs between two stores, in the field's words: which delivery, event or index, what the journal says of it, and
//! what the store says. No personal data: of people it says only that they differ.

use std::fmt;

use serde_json::Value;

use crate::domain::Timestamp;
use crate::domain::delivery::{Kind, Stage};
use crate::domain::ids::{DeliveryId, Digest, Seq};

use super::keys::{self, NoteKey, Table};
use super::marks::{self, Marks};
use super::notes::{self, Mention};
use super::pack::SHARED;
use super::rows::{PLACE_BYTES, Place};
use super::tree::Rows;
use super::{StoreError, caught};

/// Something of the store that is not what the journal makes of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// The store lacks it.
    #[error("missing from the store: {0}")]
    Missing(String),
    /// The store has it, the journal does not say so.
    #[error("in the store, and not from the journal: {0}")]
    Extra(String),
    /// The two say different things of it.
    #[error("{what}: the journal says {journal}, the store says {store}")]
    Differs {
        /// Of what.
        what: String,
        /// What the journal makes of it.
        journal: String,
        /// What stands in the store.
        store: String,
    },
}

/// How many rows of `store` are as in `fresh`, which the journal has just made, and the first that is not.
///
/// # Errors
/// When one of them cannot be read.
pub(super) fn first(store: &Rows, fresh: &Rows) -> Result<(u64, Option<Difference>), StoreError> {
    caught(|| {
        let (mut ours, mut theirs) = (store.values(), fresh.values());
        let mut alike = 0;
        let (key, is_extra) = loop {
            match (ours.next().transpose()?, theirs.next().transpose()?) {
                (None, None) => return Ok((alike, None)),
                (Some(one), Some(other)) if one == other => alike += 1,
                (Some((key, _)), Some((other, _))) if key > other => break (other, false),
                (Some((key, _)), _) => break (key, true),
                (None, Some((key, _))) => break (key, false),
            }
        };
        let difference = match keys::owner(&key) {
            None => named(store, fresh, &key)?,
            // A chunk says nothing; the value it is of does, if that is another.
            Some(owner) if store.get(owner).ok() != fresh.get(owner).ok() => {
                let packed = (0..SHARED as u8).filter_map(|place| keys::unpacked(owner, place));
                let other = packed.into_iter().find(|key| store.get(key).ok() != fresh.get(key).ok());
                named(store, fresh, other.as_deref().unwrap_or(owner))?
            }
            Some(_) if is_extra => Difference::Extra(keys::meaning(&key)),
            Some(_) => Difference::Missing(keys::meaning(&key)),
        };
        Ok((alike, Some(difference)))
    })
}

fn named(store: &Rows, fresh: &Rows, key: &[u8]) -> Result<Difference, StoreError> {
    let value = |rows: &Rows| rows.get(key);
    let (in_store, by_journal) = match (value(store), value(fresh)?) {
        (Ok(in_store), by_journal) => (in_store, by_journal),
        // One whose parts do not fit together.
        (Err(StoreError::Row(what)), _) => {
            return Ok(differs(what, "something whole", "something of which parts are missing"));
        }
        (Err(error), _) => return Err(error),
    };
    let table = keys::table(key);
    if table.is_some_and(Table::is_marks) {
        return Ok(marked(fresh, key, &in_store.unwrap_or_default(), &by_journal.unwrap_or_default()));
    }
    if matches!(table, Some(Table::Run | Table::Recent)) {
        return Ok(noted(fresh, key, &in_store.unwrap_or_default(), &by_journal.unwrap_or_default()));
    }
    let what = || entry(fresh, key);
    Ok(match (in_store, by_journal) {
        (None, _) => Difference::Missing(what()),
        (Some(_), None) => Difference::Extra(what()),
        (Some(ours), Some(theirs)) => match table {
            Some(Table::Record) => places(key, &ours, &theirs),
            Some(Table::Quarantine) => differs(what(), event(&theirs), event(&ours)),
            Some(Table::Totals | Table::Family | Table::Delivery | Table::Show | Table::Wish) => {
                fields(&what(), &ours, &theirs)
            }
            _ => differs(what(), "one thing", "another"),
        },
    })
}

fn differs(what: String, journal: impl fmt::Display, store: impl fmt::Display) -> Difference {
    Difference::Differs { what, journal: journal.to_string(), store: store.to_string() }
}

/// What a row is about.
fn entry(fresh: &Rows, key: &[u8]) -> String {
    let seq = keys::seq_of(key);
    let id = || key.get(1..9).map_or(DeliveryId(Seq(0)), |id| DeliveryId(keys::seq_of(id)));
    match keys::table(key) {
        Some(Table::Totals) => "the totals".to_owned(),
        Some(Table::Delivery) => format!("delivery {}", DeliveryId(seq)),
        Some(Table::History) => format!("record {seq} in the history of delivery {}", id()),
        Some(Table::ShowOrder) => format!("the show of event {seq} in the order of shows"),
        Some(Table::Timeline) => format!("record {seq} in the timeline of its ticket"),
        Some(Table::Quarantine) if key.get(1) == Some(&0) => format!("request {seq} among those in quarantine"),
        Some(Table::Quarantine) => format!("request {seq} among those that were sent again"),
        Some(Table::Record) => {
            let first = seq.0.saturating_mul(keys::PLACES) + 1;
            format!("the places of records {first} to {} in the journal", first + keys::PLACES - 1)
        }
        Some(Table::Latest) => format!("event {seq} among those about its subject"),
        Some(Table::Family) => match name_of(fresh, key) {
            Some(name) => format!("the counts of family `{name}`"),
            None => keys::meaning(key),
        },
        Some(Table::Show) => match field(fresh, key, "show") {
            Some(show) => format!("show {show}"),
            None => keys::meaning(key),
        },
        Some(Table::Wish) => match field(fresh, key, "show") {
            Some(show) => format!("a subscription to show {show}"),
            None => keys::meaning(key),
        },
        _ => keys::meaning(key),
    }
}

fn field(rows: &Rows, key: &[u8], name: &str) -> Option<String> {
    let row = rows.json::<Value>(key).ok()??;
    row.get(name)?.as_str().map(str::to_owned)
}

fn name_of(rows: &Rows, key: &[u8]) -> Option<String> {
    field(rows, key, "name")
}

/// The first number that is marked in one of two rows only.
fn marked(fresh: &Rows, key: &[u8], ours: &[u8], theirs: &[u8]) -> Difference {
    let block = keys::seq_of(key).0;
    let numbers = |row: &[u8]| Marks::decode(row).unwrap_or_default().numbers(block);
    let (ours, theirs) = (numbers(ours), numbers(theirs));
    let entry = |seq: &Seq| mark(fresh, key, *seq);
    if let Some(seq) = theirs.iter().find(|seq| !ours.contains(seq)) {
        return Difference::Missing(entry(seq));
    }
    match ours.iter().find(|seq| !theirs.contains(seq)) {
        Some(seq) => Difference::Extra(entry(seq)),
        None => differs(keys::meaning(key), "some marks", "something that is no marks"),
    }
}

fn mark(fresh: &Rows, key: &[u8], seq: Seq) -> String {
    let delivery = DeliveryId(seq);
    match keys::table(key) {
        Some(Table::Event) => {
            let families = fresh.keys_of(&keys::families_of_events(key)).flatten();
            let name = families.filter_map(|family| name_of(fresh, &family)).next().unwrap_or_default();
            format!("event {seq} among those of family `{name}`")
        }
        Some(Table::Naming) => {
            let shows = fresh.keys_of(&keys::shows_of_naming(key)).flatten();
            let name = shows.filter_map(|show| field(fresh, &show, "show")).next().unwrap_or_default();
            format!("event {seq} among those that name show {name}")
        }
        Some(Table::Due) => {
            let due = keys::due_of(key).unwrap_or(Timestamp::UNIX_EPOCH);
            format!("delivery {delivery} among those due at {}", due.format("%Y-%m-%d %H:%M:%S%.3f UTC"))
        }
        Some(Table::Stage) => {
            let stage = Stage::ALL.into_iter().find(|stage| Some(&(*stage as u8)) == key.get(1));
            let kind = if key.get(2) == Some(&0) { Kind::Transfer } else { Kind::Return };
            let kinds = format!("{kind:?}s").to_lowercase();
            format!("delivery {delivery} among the {kinds} that are {}", stage.map_or("in no state", Stage::name))
        }
        _ => marks::key(key, seq).iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

/// The first record whose place is another.
fn places(key: &[u8], ours: &[u8], theirs: &[u8]) -> Difference {
    let first = keys::seq_of(key).0.saturating_mul(keys::PLACES) + 1;
    let place = |row: &[u8], number: usize| {
        let bytes = row.get(number * PLACE_BYTES..(number + 1) * PLACE_BYTES);
        bytes.and_then(Place::decode)
    };
    let said = |place: Option<Place>| match place {
        Some(Place { location, at }) => format!("{location}, {} bytes, of moment {at}", location.length),
        None => "nowhere".to_owned(),
    };
    let numbers = 0..keys::PLACES as usize;
    let number = numbers.into_iter().find(|number| place(ours, *number) != place(theirs, *number)).unwrap_or_default();
    let what = format!("the place of record {} in the journal", first + number as u64);
    differs(what, said(place(theirs, number)), said(place(ours, number)))
}

fn beginning(print: &Digest) -> String {
    format!("{:.8}…", print.to_string())
}

fn event(row: &[u8]) -> String {
    match row.is_empty() {
        true => "no event".to_owned(),
        false => format!("event {}", keys::seq_of(row)),
    }
}

/// The first note that stands in one of two rows only, or says something else there.
fn noted(fresh: &Rows, key: &[u8], ours: &[u8], theirs: &[u8]) -> Difference {
    let (ours, theirs) = (notes::all(ours), notes::all(theirs));
    let entry = |note: &NoteKey| entry(fresh, &note.0);
    if let Some(note) = theirs.keys().find(|note| !ours.contains_key(note)) {
        return Difference::Missing(entry(note));
    }
    if let Some(note) = ours.keys().find(|note| !theirs.contains_key(note)) {
        return Difference::Extra(entry(note));
    }
    match theirs.iter().find(|(note, mention)| ours.get(note) != Some(mention)) {
        Some((note, theirs)) => differs(entry(note), mention(theirs), ours.get(note).map(mention).unwrap_or_default()),
        None => differs(keys::meaning(key), "some notes", "something that is none"),
    }
}

fn mention(Mention { delivery, said }: &Mention) -> String {
    let delivery = match delivery {
        None => "it is no delivery",
        Some(true) => "it is a delivery, too",
        Some(false) => "it is no delivery any more",
    };
    said.map_or(delivery.to_owned(), |(_, print)| format!("{delivery}, of print {}", beginning(&print)))
}

/// Fields that name nobody and hold no text from outside.
const SHOWN: [&str; 25] = [
    "kind",
    "event",
    "attempts",
    "tries",
    "key_epoch",
    "counterpart",
    "released",
    "said_again",
    "illegible",
    "behind",
    "created_at",
    "updated_at",
    "applied",
    "events",
    "quarantined",
    "deliveries",
    "total",
    "last_at",
    "payouts",
    "unlocks",
    "subscriptions",
    "tickets_wanted",
    "tickets",
    "minute",
    "format",
];

/// The first field in which two rows of JSON differ.
fn fields(what: &str, ours: &[u8], theirs: &[u8]) -> Difference {
    let read = |row: &[u8]| serde_json::from_slice::<Value>(row).unwrap_or_default();
    let (ours, theirs) = (read(ours), read(theirs));
    let names = theirs.as_object().into_iter().chain(ours.as_object()).flat_map(serde_json::Map::keys);
    let Some(name) = names.into_iter().find(|name| ours.get(name) != theirs.get(name)) else {
        return differs(what.to_owned(), "one thing", "something that cannot be read");
    };
    let what = format!("{what}, `{name}`");
    let said = |row: &Value| match row.get(name) {
        None => "nothing".to_owned(),
        // The state's name; what stands with it may quote a target.
        Some(state) if name == "state" => state["is"].as_str().unwrap_or_default().to_owned(),
        Some(value) if SHOWN.contains(&name.as_str()) => value.to_string(),
        Some(_) => "something".to_owned(),
    };
    match (said(&theirs), said(&ours)) {
        (journal, store) if journal == store => differs(what, journal, "something else"),
        (journal, store) => differs(what, journal, store),
    }
}
