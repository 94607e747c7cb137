//! What is to change in the rows, and how they will stand then.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::ids::Seq;

use super::StoreError;
use super::keys::{self, Key, Topic};
use super::marks::{self, Marks};
use super::notes::{Mention, Note};
use super::pack::Pack;
use super::tree::{self, Before, Changed, Rows, Writes};

/// Values by key; none: removed.
type Values = BTreeMap<Key, Option<Vec<u8>>>;

/// Rows to be written together, and the rows on disk as they would be after.
#[derive(Debug)]
pub struct Changes<'a> {
    rows: &'a Rows,
    passing: Option<Arc<Passing>>,
    /// No delivery of a later number is in the rows.
    latest: Seq,
    changed: Values,
    notes: Vec<Note>,
    through: Option<Seq>,
}

/// Changes on their way into the rows.
#[derive(Debug)]
pub struct Passing {
    values: Values,
    packs: BTreeMap<Key, Pack>,
}

impl<'a> Changes<'a> {
    /// Nothing changed yet.
    pub fn new(rows: &'a Rows) -> Self {
        Self { rows, passing: None, latest: Seq(u64::MAX), changed: BTreeMap::new(), notes: Vec::new(), through: None }
    }

    /// The same on rows that have no record after `latest`, and into which others are still on their way.
    pub fn after(rows: &'a Rows, latest: Seq, passing: Option<Arc<Passing>>) -> Self {
        Self { latest, passing, ..Self::new(rows) }
    }

    /// The value of a row after the changes.
    ///
    /// # Errors
    /// As [`Rows::get`].
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        if let Some(value) = self.changed.get(key) {
            return Ok(value.clone());
        }
        match keys::packed(key) {
            Some((row, place)) => Ok(self.pack(&row)?.take(place)),
            None => match self.passing.as_ref().and_then(|passing| passing.values.get(key)) {
                Some(value) => Ok(value.clone()),
                None => self.rows.get(key),
            },
        }
    }

    /// As it stands before the changes.
    fn pack(&self, row: &Key) -> Result<Pack, StoreError> {
        if let Some(pack) = self.passing.as_ref().and_then(|passing| passing.packs.get(row)) {
            return Ok(pack.clone());
        }
        match keys::unpacked(row, 0).is_some_and(|first| keys::seq_of(&first) > self.latest) {
            true => Ok(Pack::default()),
            false => self.rows.pack(row),
        }
    }

    /// The value of a row after the changes, read as JSON.
    ///
    /// # Errors
    /// As [`Rows::json`].
    pub fn json<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>, StoreError> {
        self.get(key)?.map(|value| tree::parse(key, &value)).transpose()
    }

    /// Sets a row.
    pub fn put(&mut self, key: Key, value: Vec<u8>) {
        self.changed.insert(key, Some(value));
    }

    /// Sets a row to a value as JSON.
    ///
    /// # Errors
    /// When the value cannot be written as JSON.
    pub fn put_json(&mut self, key: Key, value: &impl Serialize) -> Result<(), StoreError> {
        let json =
            serde_json::to_vec(value).map_err(|error| StoreError::Row(format!("{} ({error})", keys::meaning(&key))))?;
        self.put(key, json);
        Ok(())
    }

    /// Puts `seq` into the index of marks whose keys begin with `prefix`, or takes it out.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn mark(&mut self, prefix: &[u8], seq: Seq, marked: bool) -> Result<(), StoreError> {
        let key = marks::key(prefix, seq);
        let marks = match self.get(&key)? {
            Some(row) => Marks::decode(&row).ok_or_else(|| StoreError::Row(keys::meaning(&key)))?,
            None => Marks::default(),
        };
        self.changed.insert(key, marks.with(seq, marked).encode());
        Ok(())
    }

    /// Notes what the record `by`, which is no earlier one than that of the note before, says about a topic.
    pub fn note(&mut self, by: Seq, topic: &Topic, seq: Seq, mention: Mention) {
        let key = topic.at(seq);
        match self.notes.last_mut().filter(|last| (last.by, last.key) == (by, key)) {
            Some(last) => last.mention = last.mention.and(mention),
            None => self.notes.push(Note { by, key, mention }),
        }
    }

    /// All that the records up to `last` say is there then; 0 while a base is laid down.
    pub fn reach(&mut self, last: Seq) {
        self.through = Some(last);
    }

    /// Removes a row.
    pub fn remove(&mut self, key: Key) {
        self.changed.insert(key, None);
    }

    /// Writes all changes in one atomic batch.
    ///
    /// # Errors
    /// When sled cannot.
    pub fn commit(self) -> Result<(), StoreError> {
        let rows = self.rows;
        rows.write(self.into_passing()?.0)
    }

    /// Writes the changes so far, and goes on without them.
    ///
    /// # Errors
    /// When sled cannot.
    pub fn commit_so_far(&mut self) -> Result<(), StoreError> {
        std::mem::replace(self, Self::new(self.rows)).commit()
    }

    /// Writes them one by one: see [`Rows::write_singly`].
    ///
    /// # Errors
    /// When sled cannot.
    pub fn commit_singly(self) -> Result<(), StoreError> {
        let rows = self.rows;
        rows.write_singly(self.into_passing()?.0)
    }

    /// The same; what comes back undoes it.
    ///
    /// # Errors
    /// When sled cannot.
    pub fn commit_revocably(self) -> Result<Before, StoreError> {
        let rows = self.rows;
        rows.write_revocably(self.into_passing()?.0)
    }

    /// What is to be written, by whomever, and what it comes to meanwhile. Those that were passing must have been written first.
    ///
    /// # Errors
    /// When a row that changes in part cannot be read.
    pub fn into_passing(mut self) -> Result<(Writes, Passing), StoreError> {
        let (mut writes, mut packs, mut values) = (Changed::new(), BTreeMap::<Key, Pack>::new(), Values::new());
        for (key, value) in std::mem::take(&mut self.changed) {
            let Some((row, place)) = keys::packed(&key) else {
                self.replace(&mut writes, &key, value.as_deref())?;
                values.insert(key, value);
                continue;
            };
            match packs.entry(row) {
                Entry::Occupied(known) => known.into_mut().set(place, value),
                Entry::Vacant(free) => {
                    let mut pack = self.pack(free.key())?;
                    pack.set(place, value);
                    free.insert(pack);
                }
            }
        }
        for (key, pack) in &packs {
            self.replace(&mut writes, key, pack.encode().as_deref())?;
        }
        let writes = Writes { rows: writes, notes: self.notes, through: self.through };
        Ok((writes, Passing { values, packs }))
    }

    fn replace(&self, writes: &mut Changed, key: &Key, value: Option<&[u8]>) -> Result<(), StoreError> {
        if let Some((crc, count)) = self.chunks(key)? {
            writes.extend((0..count).map(|number| (keys::chunk(key, crc, number), None)));
        }
        match value {
            None => writes.push((key.clone(), None)),
            Some(value) => tree::insert(writes, key.clone(), value),
        }
        Ok(())
    }

    /// Of the value that is replaced.
    fn chunks(&self, key: &Key) -> Result<Option<(u32, u32)>, StoreError> {
        if !keys::table(key).is_some_and(keys::Table::is_long_lived) {
            return Ok(None);
        }
        if let Some(passing) = &self.passing {
            if let Some(value) = passing.values.get(key) {
                return Ok(value.as_deref().and_then(tree::cut));
            }
            if let Some(pack) = passing.packs.get(key) {
                return Ok(pack.encode().as_deref().and_then(tree::cut));
            }
        }
        match keys::unpacked(key, 0).is_some_and(|first| keys::seq_of(&first) > self.latest) {
            true => Ok(None),
            false => self.rows.chunks(key),
        }
    }
}
