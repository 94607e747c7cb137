//! Blanking, carried out: once all records of a journal file are old enough, what names people in them is blanked, but for
//! tickets with an open delivery.
//!
//! ```text
//! decide    up to which record, and whose tickets are left -> `blanked.next`
//! succeed   a store from the records as they are read then takes over: see [`succession`](super::succession)
//! renew     the files that still have what is blanked are written anew, one after the other
//! ```
//!
//! The rename of `blanked.next` is the one moment that counts: from then on nobody reads what is blanked. Killed after it, the
//! next look goes on writing files anew; the file `blanked` says which are left.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;

use super::compression::gently;
use super::succession::{Declined, Succession};
use crate::domain::Timestamp;
use crate::domain::blanking::{Blanking, Key};
use crate::domain::ids::Seq;
use crate::journal::{Blanked, Cut, FolderError, JournalError, Press, Standing, folder};
use crate::store::successor::Successor;
use crate::store::{self, Store};

/// What blanks.
#[derive(Debug)]
pub(super) struct Blanker {
    /// From which age on; `None`: nothing more.
    pub(super) after: Option<TimeDelta>,
    pub(super) press: Arc<Press>,
}

impl Blanker {
    /// Blanks all that is old enough at `now`, and first what was not finished before.
    pub(super) fn look(&self, succession: &Succession, now: Timestamp) -> Result<(), Declined> {
        if let Some(begun) = succession.journal.blanking()
            && !self.press.to_blank(&begun)?.is_empty()
        {
            succession.trim.confirm_blanking(&begun)?;
            succession.remove_others()?;
            self.renew(succession, &begun)?;
        }
        if let Some(after) = self.after.and_then(|after| after.to_std().ok())
            && let Err(error) = remove_aside(succession, after)
        {
            tracing::warn!("what recovery has kept aside stays, with the personal data in it: {error}");
        }
        let Some(next) = self.next(succession, now)?.map(Arc::new) else { return Ok(()) };
        let began = Instant::now();
        let standing = Standing { blanked: next.through, ..succession.journal.standing() };
        let old = succession.succeed(standing, |folder| {
            succession.trim.prepare_blanking(&next)?;
            let (cache_bytes, journal) = (succession.cache_bytes, &succession.journal);
            let successor = Successor::blanked(folder, cache_bytes, journal, Arc::clone(&next))?;
            let (trim, next) = (Arc::clone(&succession.trim), Arc::clone(&next));
            Ok((successor, Box::new(move || trim.adopt_blanking(&next))))
        })?;
        succession.trim.confirm_blanking(&next)?;
        succession.remove(old)?;
        let seconds = began.elapsed().as_secs_f64();
        tracing::info!("nobody reads personal data in records up to {} any more, after {seconds:.1} s", next.through);
        self.renew(succession, &next)
    }

    /// What is to be blanked now; `None` when nothing is.
    fn next(&self, succession: &Succession, now: Timestamp) -> Result<Option<Blanking>, Declined> {
        let Some(after) = self.after else { return Ok(None) };
        let Succession { line, trim, journal, .. } = succession;
        let moment = now.checked_sub_signed(after).unwrap_or(Timestamp::MIN_UTC);
        let cuts = trim.cuts()?;
        let through = line.ask_settled(|store| Cut::last_old(&cuts, |seq| store.is_before(seq, moment)))?;
        let before = journal.blanking();
        if through <= before.as_ref().map_or(Seq(0), |before| before.through) {
            return Ok(None);
        }
        let open = line.ask_settled(Store::open_lanes)?;
        let closed = self.press.closed(through)?;
        Ok(Some(match before.as_deref() {
            None => {
                let (key, to_do) = (new_key()?, closed.into_iter().collect());
                Blanking { through, open, key, to_do, left: Default::default() }
            }
            Some(before) => {
                let was_left = |first: &Seq| before.left.get(first);
                let is_due =
                    |first: &Seq| *first > before.through || was_left(first).is_some_and(|left| !left.is_subset(&open));
                let to_do = closed.iter().copied().filter(is_due).collect();
                let still = closed.iter().filter(|first| !is_due(first));
                let left = still.filter_map(|first| Some((*first, was_left(first)?.clone()))).collect();
                Blanking { through, open, key: before.key.clone(), to_do, left }
            }
        }))
    }

    /// Writes the files anew that are to be, and what the journal's dropped records had come to.
    fn renew(&self, succession: &Succession, blanking: &Blanking) -> Result<(), Declined> {
        let Succession { trim, journal, .. } = succession;
        let mut done = Blanking { to_do: BTreeSet::new(), ..blanking.clone() };
        let (began, mut files, mut damaged) = (Instant::now(), 0, None);
        for first in self.press.to_blank(blanking)? {
            match self.press.blank(first, blanking, &mut gently(&|| succession.is_going_on())) {
                Ok(Some(Blanked { open, unfit })) => {
                    files += 1;
                    if unfit > 0 {
                        tracing::warn!(
                            "{unfit} records from {first} on are read blanked, and stay as they were in their file"
                        );
                    }
                    done.left.extend((!open.is_empty()).then_some((first, open)));
                }
                Ok(None) => return Err(Declined::Ending),
                Err(error @ JournalError::Damaged { .. }) => {
                    done.to_do.insert(first);
                    damaged = Some(error);
                }
                Err(error) => return Err(error.into()),
            }
        }
        if let Some(base) = journal.base()?
            && let Some(lines) = store::base::blanked(&base, blanking)?
        {
            trim.reword(lines)?;
        }
        trim.confirm_blanking(&done)?;
        let seconds = began.elapsed().as_secs_f64();
        tracing::info!(
            "personal data up to record {} was blanked in {files} journal files in {seconds:.1} s",
            done.through
        );
        damaged.map_or(Ok(()), |error| Err(error.into()))
    }
}

/// What recovery has kept aside has all that was blanked since, and goes when it is as old.
fn remove_aside(succession: &Succession, after: Duration) -> Result<(), Declined> {
    for path in folder::aside_in(&succession.data)? {
        let found =
            path.metadata().and_then(|found| Ok((found.is_dir(), found.modified()?.elapsed().unwrap_or_default())));
        let refused = |source| FolderError::Io { path: path.clone(), source };
        let (is_folder, age) = found.map_err(refused)?;
        if age > after {
            let removed = if is_folder { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
            removed.map_err(refused)?;
            tracing::info!(
                "{} was kept aside and is removed: its personal data is as old as what is blanked",
                path.display()
            );
        }
    }
    Ok(())
}

fn new_key() -> Result<Key, Declined> {
    let mut bytes = [0; 16];
    // So few bytes come whole.
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty()).map_err(Declined::NoKey)?;
    Ok(Key::new(bytes))
}
