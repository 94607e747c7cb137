//! sled: opening, values of any length, one atomic batch. Knows keys as bytes only.

use std::fs::{self, DirBuilder};
use std::ops::Deref;
use std::os::unix::fs::DirBuilderExt;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::mpsc::channel;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::domain::ids::{DeliveryId, Seq};

use super::StoreError;
use super::keys::{self, Key, Table, Topic};
use super::marks::{self, Marks};
use super::notes::{Note, Notes};
use super::pack::Pack;

/// sled puts longer values into files of their own, which are never synced and leak.
const MOST_INLINE: usize = 4095;

/// First byte of a stored value: the value follows.
const INLINE: u8 = 0;
/// First byte of a stored value: its crc and the number of its chunks follow.
const CHUNKED: u8 = 1;

/// How often sled's own thread syncs and collects garbage. It syncs whether or not there is anything new, which is most of
/// what an idle program costs; what it has not synced when the power goes is folded from the journal again.
const FLUSH_EVERY_MS: u64 = 1000;

/// How long closing may take. A sled whose own threads have panicked over damage waits for them for ever.
const CLOSING: Duration = Duration::from_secs(5);

/// The rows on disk. Closed when the last clone is dropped.
#[derive(Debug, Clone)]
pub struct Rows(pub(super) Arc<Open>);

/// sled, and what of its rows is in memory.
#[derive(Debug)]
pub(super) struct Open {
    db: Option<sled::Db>,
    /// What of the notes is in memory; `None` until it is asked for.
    pub(super) notes: RwLock<Option<Notes>>,
}

impl Deref for Open {
    type Target = sled::Tree;

    fn deref(&self) -> &sled::Tree {
        // Taken out by `drop` alone.
        self.db.as_ref().unwrap_or_else(|| unreachable!())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let db = self.db.take();
        let (closed, waiting) = channel();
        let closing = std::thread::Builder::new().name("store-closing".to_owned()).spawn(move || {
            // What it panics over is damage, which the next opening meets again.
            let _ = std::panic::catch_unwind(AssertUnwindSafe(|| drop(db)));
            let _ = closed.send(());
        });
        if closing.is_ok() && waiting.recv_timeout(CLOSING).is_err() {
            tracing::warn!("the store does not close; it is left behind");
        }
    }
}

impl Rows {
    /// Opens or creates them.
    ///
    /// # Errors
    /// When sled cannot.
    pub fn open(folder: &Path, cache_bytes: u64) -> Result<Self, StoreError> {
        let create = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        create.map_err(StoreError::io("create", folder))?;
        remove_half_written_snapshots(folder)?;
        let config = sled::Config::new().path(folder).cache_capacity(cache_bytes).flush_every_ms(Some(FLUSH_EVERY_MS));
        // A store that was just closed lets go of its lock a little later (sled issues 1234, 1289).
        for _ in 0..20 {
            match config.open() {
                Err(error) if is_locked(&error) => std::thread::sleep(Duration::from_millis(50)),
                other => return Ok(Self(Arc::new(Open { db: Some(other?), notes: RwLock::default() }))),
            }
        }
        Err(StoreError::InUse(folder.to_owned()))
    }

    /// There are other clones of it.
    pub fn is_shared(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    /// True when there is no row at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of a key.
    ///
    /// # Errors
    /// When sled cannot read it, or a part of it is missing.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match keys::packed(key) {
            Some((row, place)) => Ok(self.pack(&row)?.take(place)),
            None => self.row(key),
        }
    }

    /// What shares the row of that key.
    ///
    /// # Errors
    /// When sled cannot read it, or it is no such row.
    pub fn pack(&self, key: &[u8]) -> Result<Pack, StoreError> {
        match self.row(key)? {
            Some(row) => Pack::decode(&row).ok_or_else(|| StoreError::Row(keys::meaning(key))),
            None => Ok(Pack::default()),
        }
    }

    fn row(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        // A long value may be replaced between its first row and its chunks; then the first row has changed too.
        let mut before = None;
        loop {
            let Some(row) = self.0.get(key)? else { return Ok(None) };
            if let Some(value) = self.assemble(key, &row)? {
                return Ok(Some(value));
            }
            if before.as_ref() == Some(&row) {
                return Err(StoreError::Row(keys::meaning(key)));
            }
            before = Some(row);
        }
    }

    fn assemble(&self, key: &[u8], row: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let Some((crc, count)) = chunks(row) else {
            return Ok(row.split_first().filter(|(tag, _)| **tag == INLINE).map(|(_, value)| value.to_vec()));
        };
        let mut value = Vec::new();
        for number in 0..count {
            match self.0.get(keys::chunk(key, crc, number))? {
                Some(chunk) => value.extend_from_slice(&chunk),
                None => return Ok(None),
            }
        }
        Ok((crc32fast::hash(&value) == crc).then_some(value))
    }

    /// The value of a row, read as JSON.
    ///
    /// # Errors
    /// When sled cannot read it, or it is not such JSON.
    pub fn json<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>, StoreError> {
        self.get(key)?.map(|value| parse(key, &value)).transpose()
    }

    /// The numbers from `from` to `to`, both included, in the index whose keys begin with `prefix`.
    pub fn numbers(
        &self,
        prefix: &[u8],
        from: Seq,
        to: Seq,
    ) -> Box<dyn DoubleEndedIterator<Item = Result<Seq, StoreError>>> {
        if let Some(topic) = Topic::of(prefix) {
            return match self.notes(&topic, from, to) {
                Ok(notes) => Box::new(notes.into_iter().map(|(seq, _)| Ok(seq))),
                Err(error) => Box::new(std::iter::once(Err(error))),
            };
        }
        if !keys::table(prefix).is_some_and(Table::is_marks) {
            let keys = self.keys(keys::at(prefix, from), keys::at(prefix, to));
            return Box::new(keys.map(|key| Ok(keys::seq_of(&key?))));
        }
        let numbers = self.marked(marks::key(prefix, from), marks::key(prefix, to));
        Box::new(numbers.filter(move |seq| seq.as_ref().map_or(true, |seq| (from..=to).contains(seq))))
    }

    /// How many numbers from `from` to `to`, both included, are in the index whose keys begin with `prefix`.
    ///
    /// # Errors
    /// When sled cannot read it.
    pub fn count(&self, prefix: &[u8], from: Seq, to: Seq) -> Result<usize, StoreError> {
        if !keys::table(prefix).is_some_and(Table::is_marks) {
            return self.numbers(prefix, from, to).try_fold(0, |count, seq| seq.map(|_| count + 1));
        }
        self.marks(prefix, from, to).try_fold(0, |count, row| Ok(count + row?.1.count()))
    }

    /// Of the rows of an index of marks, each with the number in which its key ends, what is between `from` and `to`, both
    /// included.
    pub fn marks(
        &self,
        prefix: &[u8],
        from: Seq,
        to: Seq,
    ) -> impl Iterator<Item = Result<(u64, Marks), StoreError>> + use<> {
        // A range that ends before it begins would be a panic in sled.
        let rows = (from <= to).then(|| self.0.range(marks::key(prefix, from)..=marks::key(prefix, to)));
        rows.into_iter().flatten().map(move |row| {
            let (key, value) = row?;
            let (block, marks) = (keys::seq_of(&key).0, value.strip_prefix(&[INLINE]).and_then(Marks::decode));
            let marks = marks.ok_or_else(|| StoreError::Row(keys::meaning(&key)))?;
            Ok((block, marks.within(block, from, to)))
        })
    }

    /// The numbers marked in the rows from `from` to `to`, both included.
    pub fn marked(&self, from: Key, to: Key) -> impl DoubleEndedIterator<Item = Result<Seq, StoreError>> + use<> {
        self.0.range(from..=to).flat_map(|row| match row.map_err(StoreError::from).and_then(|row| marks_of(&row)) {
            Ok(numbers) => numbers.into_iter().map(Ok).collect::<Vec<_>>(),
            Err(error) => vec![Err(error)],
        })
    }

    /// The keys from `from` to `to`, both included.
    pub fn keys(&self, from: Key, to: Key) -> impl DoubleEndedIterator<Item = Result<sled::IVec, StoreError>> + use<> {
        // Any prefix of `to` that sorts behind it would be no key of ours.
        self.0.range(from..=to).keys().map(|key| key.map_err(StoreError::from))
    }

    /// The keys that begin with `prefix`.
    pub fn keys_of(&self, prefix: &[u8]) -> impl DoubleEndedIterator<Item = Result<sled::IVec, StoreError>> + use<> {
        self.0.scan_prefix(prefix).keys().map(|key| key.map_err(StoreError::from))
    }

    /// Crc and number of the chunks of a row's value, if it is chunked.
    ///
    /// # Errors
    /// When sled cannot read it.
    pub fn chunks(&self, key: &[u8]) -> Result<Option<(u32, u32)>, StoreError> {
        Ok(self.0.get(key)?.as_deref().and_then(chunks))
    }

    /// Puts changed rows back as they stood before. What was changed since then must have been put back already.
    ///
    /// # Errors
    /// When sled cannot.
    pub fn revoke(&self, before: Before) -> Result<(), StoreError> {
        let put_back = self.put_singly(before.0);
        self.forget_notes();
        put_back
    }

    /// Writes them one by one, for a store that nobody else looks at and that goes when something fails. A batch of sled locks
    /// every other store of the process out: this one must not hold up that of the present.
    ///
    /// # Errors
    /// When sled cannot.
    pub fn write_singly(&self, writes: Writes) -> Result<(), StoreError> {
        let (rows, prepared) = self.prepare(writes)?;
        self.put_singly(rows)?;
        self.adopt(prepared);
        Ok(())
    }

    /// The same; says how the rows stood before.
    ///
    /// # Errors
    /// When sled cannot.
    pub fn write_revocably(&self, writes: Writes) -> Result<Before, StoreError> {
        let (rows, prepared) = self.prepare(writes)?;
        let stands = |key: &Key| Ok::<_, StoreError>(self.0.get(key)?.map(|value| value.to_vec()));
        let before = rows.iter().map(|(key, _)| Ok((key.clone(), stands(key)?))).collect::<Result<_, StoreError>>()?;
        self.put_singly(rows)?;
        self.adopt(prepared);
        Ok(Before(before))
    }

    /// Writes them in one atomic batch.
    ///
    /// # Errors
    /// When sled cannot.
    pub fn write(&self, writes: Writes) -> Result<(), StoreError> {
        let (rows, prepared) = self.prepare(writes)?;
        let mut batch = sled::Batch::default();
        for (key, value) in rows {
            match value {
                None => batch.remove(key),
                Some(value) => batch.insert(key, value),
            }
        }
        self.0.apply_batch(batch)?;
        self.adopt(prepared);
        Ok(())
    }

    fn put_singly(&self, rows: Changed) -> Result<(), StoreError> {
        for (key, value) in rows {
            match value {
                None => drop(self.0.remove(key)?),
                Some(value) => drop(self.0.insert(key, value)?),
            }
        }
        Ok(())
    }

    /// Waits until all that was written is with the kernel.
    ///
    /// # Errors
    /// When sled cannot.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.0.flush()?;
        Ok(())
    }

    /// The deliveries from `from` to `to`, both included, each as JSON.
    pub fn deliveries(&self, from: Seq, to: Seq) -> impl Iterator<Item = Result<(Seq, Vec<u8>), StoreError>> + use<> {
        let rows = self.clone();
        let key = |seq: Seq| keys::pack(DeliveryId(seq));
        let packs = self.0.range(key(from)..=key(to)).map(move |row| {
            let (key, value) = row?;
            let pack = match value.strip_prefix(&[INLINE]) {
                Some(value) => Pack::decode(value).ok_or_else(|| StoreError::Row(keys::meaning(&key)))?,
                None => rows.pack(&key)?,
            };
            let first = keys::unpacked(&key, 0).map_or(Seq(0), |first| keys::seq_of(&first));
            Ok((first, pack))
        });
        let values = packs.flat_map(|pack: Result<_, StoreError>| match pack {
            Ok((first, pack)) => {
                pack.into_values().map(|(place, json)| Ok((Seq(first.0 + u64::from(place)), json))).collect()
            }
            Err(error) => vec![Err(error)],
        });
        values.filter(move |value| value.as_ref().map_or(true, |(seq, _)| (from..=to).contains(seq)))
    }

    /// Every row as it is stored, by key.
    pub fn stored(&self) -> impl Iterator<Item = Result<(sled::IVec, sled::IVec), StoreError>> + use<> {
        self.0.iter().map(|row| row.map_err(StoreError::from))
    }

    /// Every value by its key, as it is stored; those that share a row one by one.
    pub fn values(&self) -> impl Iterator<Item = Result<(Key, Vec<u8>), StoreError>> + use<> {
        let rows = self.clone();
        self.stored().flat_map(move |row| match row {
            Ok((key, value)) => match keys::unpacked(&key, 0) {
                None => vec![Ok((key.to_vec(), value.to_vec()))],
                Some(first) => match rows.pack(&key) {
                    Ok(pack) => {
                        let key_at = |place| keys::unpacked(&key, place).unwrap_or_default();
                        pack.into_values().map(|(place, value)| Ok((key_at(place), value))).collect()
                    }
                    // What it is can be asked under the first of its keys.
                    Err(StoreError::Row(_)) => vec![Ok((first, value.to_vec()))],
                    Err(error) => vec![Err(error)],
                },
            },
            Err(error) => vec![Err(error)],
        })
    }
}

/// sled passes the lock's `WouldBlock` on as `ErrorKind::Other` with its text.
fn is_locked(error: &sled::Error) -> bool {
    matches!(error, sled::Error::Io(error) if error.to_string().contains("could not acquire lock"))
}

/// sled takes a half-written snapshot for the newest one and then cannot open (issue 1527); without it, it can.
fn remove_half_written_snapshots(folder: &Path) -> Result<(), StoreError> {
    for entry in fs::read_dir(folder).map_err(StoreError::io("read", folder))? {
        let path = entry.map_err(StoreError::io("read", folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            fs::remove_file(&path).map_err(StoreError::io("remove", &path))?;
        }
    }
    Ok(())
}

/// Crc and number of the chunks, if the value is chunked.
fn chunks(row: &[u8]) -> Option<(u32, u32)> {
    let (crc, count) = row.strip_prefix(&[CHUNKED])?.split_first_chunk()?;
    Some((u32::from_be_bytes(*crc), u32::from_be_bytes(count.try_into().ok()?)))
}

/// Of a row whose value is never cut.
pub(super) fn value_of<'a>(key: &[u8], row: &'a [u8]) -> Result<&'a [u8], StoreError> {
    row.strip_prefix(&[INLINE]).ok_or_else(|| StoreError::Row(keys::meaning(key)))
}

fn marks_of((key, value): &(sled::IVec, sled::IVec)) -> Result<Vec<Seq>, StoreError> {
    let marks = value.strip_prefix(&[INLINE]).and_then(Marks::decode);
    let marks = marks.ok_or_else(|| StoreError::Row(keys::meaning(key)))?;
    Ok(marks.numbers(keys::seq_of(key).0))
}

/// The value of a row, read as JSON.
///
/// # Errors
/// When it is not such JSON.
pub fn parse<T: DeserializeOwned>(key: &[u8], value: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(value).map_err(|error| StoreError::Row(format!("{} ({error})", keys::meaning(key))))
}

/// Rows as they are to be stored, the last of a key counts; none: to be removed.
pub type Changed = Vec<(Key, Option<Vec<u8>>)>;

/// What is to be written.
#[derive(Debug, Default)]
pub struct Writes {
    /// Rows.
    pub rows: Changed,
    /// Notes, in the order of the records that made them.
    pub notes: Vec<Note>,
    /// The last record there is then, 0 while a base is laid down; `None` when it stays the same, without notes.
    pub through: Option<Seq>,
}

/// How changed rows stood before.
#[derive(Debug)]
pub struct Before(Changed);

/// What a row costs in memory besides its bytes: two vectors.
const PER_ROW: usize = 2 * size_of::<Vec<u8>>();

impl Before {
    /// What it holds in memory.
    pub fn bytes(&self) -> usize {
        let row = |(key, value): &(Key, Option<Vec<u8>>)| PER_ROW + key.len() + value.as_ref().map_or(0, Vec::len);
        self.0.iter().map(row).sum()
    }
}

/// Crc and number of the chunks of a value, if it is cut into some.
pub fn cut(value: &[u8]) -> Option<(u32, u32)> {
    (value.len() > MOST_INLINE).then(|| (crc32fast::hash(value), value.len().div_ceil(MOST_INLINE) as u32))
}

/// Adds a row with its chunks.
pub fn insert(writes: &mut Changed, key: Key, value: &[u8]) {
    let Some((crc, count)) = cut(value) else {
        writes.push((key, Some([&[INLINE], value].concat())));
        return;
    };
    for (number, chunk) in (0..).zip(value.chunks(MOST_INLINE)) {
        writes.push((keys::chunk(&key, crc, number), Some(chunk.to_vec())));
    }
    writes.push((key, Some([&[CHUNKED], &crc.to_be_bytes()[..], &count.to_be_bytes()].concat())));
}
