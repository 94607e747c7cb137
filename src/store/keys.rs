//! The tables and their keys. Pure.

use std::fmt;

use crate::domain::Timestamp;
use crate::domain::delivery::{Kind, Stage};
use crate::domain::ids::{DeliveryId, Digest, Seq, ShowId, SubscriptionId};
use crate::domain::ticket::Lane;

use super::marks::BLOCK;
use super::notes::RUN;
use super::pack::SHARED;

/// A key.
pub type Key = Vec<u8>;

/// What a key's first byte says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Table {
    /// `a` -> totals, with the last record applied.
    Totals = b'a',
    /// `c` family digest 16 -> its name and counts.
    Family = b'c',
    /// `d` id 8 -> the delivery as it stands. Stored as `d`; the number of [`SHARED`] ids 8; 0 -> a [`Pack`](super::pack::Pack).
    Delivery = b'd',
    /// `e` show digest, first 8 bytes; block 8 -> marks. Events that name a show.
    Naming = b'e',
    /// `f` family digest, first 4 bytes; block 8 -> marks. Events of a family.
    Event = b'f',
    /// `h` id 8; eight zeros; seq 8 -> nothing. Records about a delivery, but for the one of its own number. A [note](super::notes).
    History = b'h',
    /// `i` which run 9; the key of its last note 25 -> sorted [notes](super::notes).
    Run = b'i',
    /// `j` number of the run to which they will belong 8; number 4 -> [notes](super::notes) of the newest records, as they came.
    Recent = b'j',
    /// `k` which run 9; number 4 -> a part of its filter.
    Filter = b'k',
    /// `l` subject 16; seq 8 -> subject and print. Events about it that are no repetition; the latest counts. A [note](super::notes).
    Latest = b'l',
    /// `n` seq 8; id 8 -> nothing. Records by which a delivery came to need a person, other than by a person's action.
    Needed = b'n',
    /// `o` seq 8 of the show's last event -> the show's digest.
    ShowOrder = b'o',
    /// `p` show digest 16 -> the show.
    Show = b'p',
    /// `q` due, milliseconds 8; block of ids 8 -> marks. Deliveries that wait for their time with nothing in front.
    Due = b'q',
    /// `r` the number of [`PLACES`] records 8 -> where each is, and when it was.
    Record = b'r',
    /// `s` stage 1; kind 1; block of ids 8 -> marks. Deliveries by state.
    Stage = b's',
    /// `t` lane 16; seq 8 -> a [`Mention`](super::notes::Mention). Records about a ticket, and its deliveries. A [note](super::notes).
    Timeline = b't',
    /// `w` subscription digest 16 -> what it asks for.
    Wish = b'w',
    /// `x` 0 or 1 for sent again; seq 8 -> nothing, or the event it became. Rejected requests.
    Quarantine = b'x',
    /// `+` the key of a long value; its crc 4; number 4 -> a chunk of it.
    Chunk = b'+',
}

impl Table {
    const ALL: [(Self, &'static str); 20] = [
        (Self::Totals, "totals"),
        (Self::Family, "counts of a family"),
        (Self::Delivery, "delivery"),
        (Self::Naming, "show index"),
        (Self::Event, "family index"),
        (Self::History, "history of a delivery"),
        (Self::Run, "notes of many records"),
        (Self::Recent, "notes of the newest records"),
        (Self::Filter, "filter of notes"),
        (Self::Latest, "latest event about a subject"),
        (Self::Needed, "delivery that needs a person"),
        (Self::ShowOrder, "order of shows"),
        (Self::Show, "show"),
        (Self::Due, "due delivery"),
        (Self::Record, "places of records"),
        (Self::Stage, "state index"),
        (Self::Timeline, "timeline of a ticket"),
        (Self::Wish, "subscription"),
        (Self::Quarantine, "quarantine"),
        (Self::Chunk, "part of a long value"),
    ];

    /// True when the rows are [`Marks`](super::marks::Marks).
    pub fn is_marks(self) -> bool {
        matches!(self, Self::Naming | Self::Event | Self::Stage | Self::Due)
    }

    /// True when the keys have no rows of their own: see [`notes`](super::notes).
    pub fn is_noted(self) -> bool {
        matches!(self, Self::History | Self::Latest | Self::Timeline)
    }

    /// True when a value may be long and may be replaced by another.
    pub fn is_long_lived(self) -> bool {
        matches!(self, Self::Delivery | Self::Show | Self::Wish | Self::Family)
    }
}

/// The table of a key.
pub fn table(key: &[u8]) -> Option<Table> {
    let first = *key.first()?;
    Table::ALL.into_iter().map(|(table, _)| table).find(|table| *table as u8 == first)
}

/// What a key stands for, in words, as in `delivery of record 41`.
pub fn meaning(key: &[u8]) -> String {
    let name = key.first().and_then(|first| Table::ALL.iter().find(|(table, _)| *table as u8 == *first));
    let Some((table, name)) = name else { return format!("an unknown row {key:02x?}") };
    match table {
        Table::Totals | Table::Recent => (*name).to_owned(),
        Table::Run | Table::Filter => match key.get(1..10).and_then(|id| Some(RunId(id.try_into().ok()?))) {
            Some(run) => format!("{name}, {run}"),
            None => (*name).to_owned(),
        },
        Table::Chunk => format!("{name}: {}", meaning(owner(key).unwrap_or_default())),
        Table::Family | Table::Show | Table::Wish => {
            let digits: String = key[1..].iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{name} {digits}")
        }
        Table::Delivery if unpacked(key, 0).is_some() => {
            format!("deliveries, from record {} on", unpacked(key, 0).map_or(Seq(0), |first| seq_of(&first)))
        }
        Table::Record => format!("{name}, from record {} on", seq_of(key).0.saturating_mul(PLACES) + 1),
        Table::Naming | Table::Event | Table::Stage | Table::Due => {
            format!("{name}, from record {} on", seq_of(key).0.saturating_mul(BLOCK))
        }
        _ => format!("{name}, record {}", seq_of(key)),
    }
}

/// The key of the long value of which this is the key of a chunk.
pub fn owner(key: &[u8]) -> Option<&[u8]> {
    key.strip_prefix(&[Table::Chunk as u8])?.split_last_chunk::<8>().map(|(owner, _)| owner)
}

/// The key of the row in which the value of `key` stands with its neighbours', and its place there; `None` when it has a row
/// of its own.
pub fn packed(key: &[u8]) -> Option<(Key, u8)> {
    let id: &[u8; 8] = key.strip_prefix(&[Table::Delivery as u8])?.try_into().ok()?;
    let id = u64::from_be_bytes(*id);
    Some((pack(DeliveryId(Seq(id))), (id % SHARED) as u8))
}

/// The key of the row in which a delivery stands.
pub fn pack(id: DeliveryId) -> Key {
    join(Table::Delivery, &[&(id.0.0 / SHARED).to_be_bytes(), &[0]])
}

/// The key of the value at `place` in the row of that key; `None` when it is no row of several values.
pub fn unpacked(row: &[u8], place: u8) -> Option<Key> {
    let number = row.strip_prefix(&[Table::Delivery as u8])?.strip_suffix(&[0])?;
    let number = u64::from_be_bytes(number.try_into().ok()?);
    Some(delivery(DeliveryId(Seq(number.saturating_mul(SHARED) + u64::from(place)))))
}

/// The number in which a key ends.
pub fn seq_of(key: &[u8]) -> Seq {
    Seq(key.last_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes)))
}

fn join(table: Table, parts: &[&[u8]]) -> Key {
    let mut key = Vec::with_capacity(1 + parts.iter().map(|part| part.len()).sum::<usize>());
    key.push(table as u8);
    parts.iter().for_each(|part| key.extend_from_slice(part));
    key
}

/// `prefix` followed by `seq`.
pub fn at(prefix: &[u8], seq: Seq) -> Key {
    [prefix, &seq.0.to_be_bytes()].concat()
}

/// See [`Table::Totals`].
pub fn totals() -> Key {
    join(Table::Totals, &[])
}

/// Records whose places share a row.
pub const PLACES: u64 = 32;

/// See [`Table::Record`]: the key, and which of its places is that of `seq`.
pub fn record(seq: Seq) -> (Key, usize) {
    let before = seq.0.saturating_sub(1);
    (join(Table::Record, &[&(before / PLACES).to_be_bytes()]), (before % PLACES) as usize)
}

fn family_digest(family: &str) -> Digest {
    Digest::of(&[family.as_bytes()])
}

/// See [`Table::Family`].
pub fn family(family: &str) -> Key {
    join(Table::Family, &[&family_digest(family).0])
}

/// Prefix of [`Table::Event`].
pub fn events(family: &str) -> Key {
    join(Table::Event, &[&family_digest(family).0[..4]])
}

/// Prefix of [`Table::Event`] for the family whose key of [`Table::Family`] is given.
pub fn events_of_family(key: &[u8]) -> Key {
    join(Table::Event, &[key.get(1..5).unwrap_or_default()])
}

/// Prefix of [`Table::Family`] for the families whose key of [`Table::Event`] is given.
pub fn families_of_events(key: &[u8]) -> Key {
    join(Table::Family, &[key.get(1..5).unwrap_or_default()])
}

/// See [`Table::Latest`].
pub fn latest(subject: &Digest) -> Topic {
    Topic::new(Table::Latest, &subject.0)
}

/// See [`Table::Delivery`].
pub fn delivery(id: DeliveryId) -> Key {
    join(Table::Delivery, &[&id.0.0.to_be_bytes()])
}

/// See [`Table::Timeline`].
pub fn timeline(lane: &Lane) -> Topic {
    Topic::new(Table::Timeline, &lane.0.0)
}

/// See [`Table::History`].
pub fn history(id: DeliveryId) -> Topic {
    Topic::new(Table::History, &(u128::from(id.0.0) << 64).to_be_bytes())
}

/// What notes are about: how their keys begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Topic(pub [u8; 17]);

impl Topic {
    fn new(table: Table, name: &[u8; 16]) -> Self {
        let mut topic = [table as u8; 17];
        topic[1..].copy_from_slice(name);
        Self(topic)
    }

    /// `None` when notes do not begin so.
    pub fn of(prefix: &[u8]) -> Option<Self> {
        let is_noted = table(prefix).is_some_and(Table::is_noted);
        Some(Self(prefix.try_into().ok()?)).filter(|_| is_noted)
    }

    /// As the prefix of an index.
    pub fn prefix(&self) -> Key {
        self.0.to_vec()
    }

    /// The key of the note with that number.
    pub fn at(&self, seq: Seq) -> NoteKey {
        let mut key = [0; 25];
        key[..17].copy_from_slice(&self.0);
        key[17..].copy_from_slice(&seq.0.to_be_bytes());
        NoteKey(key)
    }

    /// Stands for it in filters. Its name is a digest or a number.
    pub fn number(&self) -> u64 {
        let name = self.0[1..].first_chunk().map_or(0, |name| u64::from_be_bytes(*name));
        name ^ u64::from(self.0[0]).rotate_right(8)
    }
}

/// The key of a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NoteKey(pub [u8; 25]);

impl NoteKey {
    /// What it is about.
    pub fn topic(&self) -> Topic {
        Topic(self.0.first_chunk().copied().unwrap_or_default())
    }

    /// Its number.
    pub fn seq(&self) -> Seq {
        seq_of(&self.0)
    }
}

/// Which run of notes: of what dropped records had come to, or of records; and which of these. Older ones sort before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunId(pub [u8; 9]);

impl RunId {
    /// The one of what dropped records had come to.
    pub fn laid(number: u64) -> Self {
        Self::new(0, number)
    }

    /// The one of [`RUN`] records.
    pub fn of_records(number: u64) -> Self {
        Self::new(1, number)
    }

    fn new(origin: u8, number: u64) -> Self {
        let mut id = [origin; 9];
        id[1..].copy_from_slice(&number.to_be_bytes());
        Self(id)
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = seq_of(&self.0).0;
        match self.0[0] {
            0 => write!(f, "part {} of the base's", number + 1),
            _ => write!(f, "from record {} on", number.saturating_mul(RUN) + 1),
        }
    }
}

/// See [`Table::Run`].
pub fn run(id: &RunId, last: &NoteKey) -> Key {
    join(Table::Run, &[&id.0, &last.0])
}

/// Behind the keys of all rows of that run.
pub fn run_end(id: &RunId) -> Key {
    join(Table::Run, &[&id.0, &[u8::MAX; 25]])
}

/// Prefix of [`Table::Run`] for all runs of what dropped records had come to.
pub fn runs_laid() -> Key {
    join(Table::Run, &[&[0]])
}

/// The run of which this is the key of a filter's row.
pub fn filter_of(key: &[u8]) -> Option<RunId> {
    let (id, _) = key.strip_prefix(&[Table::Filter as u8])?.split_first_chunk()?;
    Some(RunId(*id))
}

/// See [`Table::Filter`].
pub fn filter(id: &RunId, number: u32) -> Key {
    join(Table::Filter, &[&id.0, &number.to_be_bytes()])
}

/// See [`Table::Recent`].
pub fn recent(run: u64, number: u32) -> Key {
    join(Table::Recent, &[&run.to_be_bytes(), &number.to_be_bytes()])
}

/// The numbers of the run and of the row in a key of [`Table::Recent`].
pub fn recent_of(key: &[u8]) -> Option<(u64, u32)> {
    let (run, number) = key.strip_prefix(&[Table::Recent as u8])?.split_first_chunk()?;
    Some((u64::from_be_bytes(*run), u32::from_be_bytes(number.try_into().ok()?)))
}

/// See [`Table::Needed`].
pub fn needed(at: Seq, id: DeliveryId) -> Key {
    join(Table::Needed, &[&at.0.to_be_bytes(), &id.0.0.to_be_bytes()])
}

/// Prefix of [`Table::Stage`].
pub fn stage(stage: Stage, kind: Kind) -> Key {
    let kind = match kind {
        Kind::Transfer => 0,
        Kind::Return => 1,
    };
    join(Table::Stage, &[&[stage as u8, kind]])
}

/// Prefix of [`Table::Due`]. The sign bit is turned so that moments before 1970 sort before those after.
pub fn due(due: Timestamp) -> Key {
    join(Table::Due, &[&(due.timestamp_millis().cast_unsigned() ^ (1 << 63)).to_be_bytes()])
}

/// The moment in a key of [`Table::Due`].
pub fn due_of(key: &[u8]) -> Option<Timestamp> {
    let millis = u64::from_be_bytes(*key.get(1..)?.first_chunk()?);
    Timestamp::from_timestamp_millis((millis ^ (1 << 63)).cast_signed())
}

/// Names a show.
pub fn show_digest(show: &ShowId) -> Digest {
    Digest::of(&[show.0.as_bytes()])
}

/// Prefix of [`Table::Naming`].
pub fn naming(show: &ShowId) -> Key {
    join(Table::Naming, &[&show_digest(show).0[..8]])
}

/// Prefix of [`Table::Show`] for the shows whose key of [`Table::Naming`] is given.
pub fn shows_of_naming(key: &[u8]) -> Key {
    join(Table::Show, &[key.get(1..9).unwrap_or_default()])
}

/// See [`Table::Show`].
pub fn show(digest: &Digest) -> Key {
    join(Table::Show, &[&digest.0])
}

/// Prefix of [`Table::ShowOrder`].
pub fn show_order() -> Key {
    join(Table::ShowOrder, &[])
}

/// See [`Table::Wish`].
pub fn wish(subscription: &SubscriptionId) -> Key {
    wish_of(&Digest::of(&[subscription.0.as_bytes()]))
}

/// The same, by the subscription's digest.
pub fn wish_of(subscription: &Digest) -> Key {
    join(Table::Wish, &[&subscription.0])
}

/// Prefix of [`Table::Quarantine`].
pub fn quarantine(sent_again: bool) -> Key {
    join(Table::Quarantine, &[&[u8::from(sent_again)]])
}

/// See [`Table::Chunk`].
pub fn chunk(key: &[u8], crc: u32, number: u32) -> Key {
    join(Table::Chunk, &[key, &crc.to_be_bytes(), &number.to_be_bytes()])
}
