//! The notes of a store: what of them is in memory goes with what stands in its rows.

use std::ops::Deref;
use std::sync::{PoisonError, RwLockReadGuard};

use crate::domain::ids::Seq;

use super::StoreError;
use super::keys::{self, NoteKey, RunId, Table, Topic};
use super::notes::{self, Mention, Notes, Prepared, Run};
use super::rows::Totals;
use super::tree::{self, Changed, Rows, Writes, value_of};

impl Rows {
    /// What was noted about a topic with numbers from `from` to `to`, both included, in ascending order.
    ///
    /// # Errors
    /// When sled cannot read it.
    pub fn notes(&self, topic: &Topic, from: Seq, to: Seq) -> Result<Vec<(Seq, Mention)>, StoreError> {
        let (recent, runs) = self.noted()?.about(topic, from, to);
        let mut found = Vec::new();
        for id in runs {
            self.notes_in(&id, topic, from, to, &mut found)?;
        }
        if found.is_empty() {
            return Ok(recent);
        }
        found.extend(recent);
        Ok(notes::merged(found))
    }

    fn notes_in(
        &self,
        id: &RunId,
        topic: &Topic,
        from: Seq,
        to: Seq,
        found: &mut Vec<(Seq, Mention)>,
    ) -> Result<(), StoreError> {
        let (low, high) = (topic.at(from), topic.at(to));
        // A row's key is that of its last note.
        for row in self.0.range(keys::run(id, &low)..=keys::run_end(id)) {
            let (key, row) = row?;
            for note in notes::read(value_of(&key, &row)?) {
                let (note, mention) = note.ok_or_else(|| StoreError::Row(keys::meaning(&key)))?;
                if note > high {
                    return Ok(());
                }
                if note >= low {
                    found.push((note.seq(), mention));
                }
            }
        }
        Ok(())
    }

    /// What was noted last about a topic, of which the numbers ascend as they come.
    ///
    /// # Errors
    /// When sled cannot read it.
    pub fn last_note(&self, topic: &Topic) -> Result<Option<(Seq, Mention)>, StoreError> {
        let (last, runs) = self.noted()?.last(topic);
        if last.is_some() {
            return Ok(last);
        }
        for id in runs.iter().rev() {
            let end = self.0.range(keys::run(id, &topic.at(Seq(u64::MAX)))..=keys::run_end(id)).next();
            let before = self.0.range(keys::run(id, &topic.at(Seq(0)))..keys::run(id, &topic.at(Seq(u64::MAX))));
            // Its last note is in the row that ends behind it, unless that begins behind it, too.
            for row in end.into_iter().chain(before.rev().take(1)) {
                let (key, row) = row?;
                let notes = notes::read(value_of(&key, &row)?).collect::<Option<Vec<_>>>();
                let notes = notes.ok_or_else(|| StoreError::Row(keys::meaning(&key)))?;
                if let Some((last, mention)) = notes.into_iter().rev().find(|(note, _)| note.topic() == *topic) {
                    return Ok(Some((last.seq(), mention)));
                }
            }
        }
        Ok(None)
    }

    /// Every note that dropped records had come to.
    pub fn notes_laid(&self) -> impl Iterator<Item = Result<(NoteKey, Mention), StoreError>> + use<> {
        self.0.scan_prefix(keys::runs_laid()).flat_map(|row| match row.map_err(StoreError::from).and_then(notes_of) {
            Ok(notes) => notes.into_iter().map(Ok).collect::<Vec<_>>(),
            Err(error) => vec![Err(error)],
        })
    }

    /// What of the notes is in memory.
    fn noted(&self) -> Result<Noted<'_>, StoreError> {
        loop {
            let noted = self.0.notes.read().unwrap_or_else(PoisonError::into_inner);
            if noted.is_some() {
                return Ok(Noted(noted));
            }
            drop(noted);
            let mut noted = self.0.notes.write().unwrap_or_else(PoisonError::into_inner);
            if noted.is_none() {
                *noted = Some(self.load_notes()?);
            }
        }
    }

    fn load_notes(&self) -> Result<Notes, StoreError> {
        let through = self.json::<Totals>(&keys::totals())?.map_or(Seq(0), |totals| totals.applied);
        let mut filters: Vec<(RunId, Vec<u8>)> = Vec::new();
        for row in self.0.scan_prefix([Table::Filter as u8]) {
            let (key, part) = row?;
            let id = keys::filter_of(&key).ok_or_else(|| StoreError::Row(keys::meaning(&key)))?;
            let part = value_of(&key, &part)?;
            match filters.last_mut().filter(|(last, _)| *last == id) {
                Some((_, filter)) => filter.extend_from_slice(part),
                None => filters.push((id, part.to_vec())),
            }
        }
        let no_filter = |id: &RunId| StoreError::Row(keys::meaning(&keys::filter(id, 0)));
        let runs = filters.iter().map(|(id, filter)| Run::read(*id, filter).ok_or_else(|| no_filter(id)));
        let runs = runs.collect::<Result<Vec<_>, _>>()?;
        let mut rows = Vec::new();
        for row in self.0.scan_prefix([Table::Recent as u8]) {
            let (key, row) = row?;
            let place = keys::recent_of(&key).ok_or_else(|| StoreError::Row(keys::meaning(&key)))?;
            rows.push((place, value_of(&key, &row)?.to_vec()));
        }
        Notes::load(through, runs, &rows).ok_or_else(|| StoreError::Row(keys::meaning(&[Table::Recent as u8])))
    }

    /// The rows with those of the notes, and what is to be [adopted](Self::adopt) when they are written.
    pub(super) fn prepare(&self, writes: Writes) -> Result<(Changed, Option<Prepared>), StoreError> {
        let Writes { rows: mut changed, notes, through } = writes;
        let Some(through) = through else { return Ok((changed, None)) };
        let mut rows = notes::Rows::new();
        let prepared = self.noted()?.prepare(&notes, through, &mut rows);
        for (key, value) in rows {
            match value {
                None => changed.push((key, None)),
                Some(value) => tree::insert(&mut changed, key, &value),
            }
        }
        Ok((changed, Some(prepared)))
    }

    /// Only now, so that whoever reads sees no notes that the rows beside them know nothing of.
    pub(super) fn adopt(&self, prepared: Option<Prepared>) {
        let Some(prepared) = prepared else { return };
        if let Some(noted) = self.0.notes.write().unwrap_or_else(PoisonError::into_inner).as_mut() {
            noted.adopt(prepared);
        }
    }

    /// They are read again when they are asked for.
    pub(super) fn forget_notes(&self) {
        self.0.notes.write().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// See [`Rows::noted`]: it is there.
struct Noted<'a>(RwLockReadGuard<'a, Option<Notes>>);

impl Deref for Noted<'_> {
    type Target = Notes;

    fn deref(&self) -> &Notes {
        // Looked at while it was locked.
        self.0.as_ref().unwrap_or_else(|| unreachable!())
    }
}

fn notes_of((key, row): (sled::IVec, sled::IVec)) -> Result<Vec<(NoteKey, Mention)>, StoreError> {
    let notes = notes::read(value_of(&key, &row)?).collect::<Option<_>>();
    notes.ok_or_else(|| StoreError::Row(keys::meaning(&key)))
}
