//! What dropped records had come to: drawn up as lines of the journal's base, and laid down as the first rows of a store.
//!
//! The lines are in the words of the domain, not in those of rows: they outlive every format of the store. They hold all of
//! families, shows and subscriptions, and of the deliveries those whose ticket is still spoken of in the records that stay,
//! with what was said of it last. Tickets of which nothing was heard since are forgotten.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::domain::blanking::Blanking;
use crate::domain::delivery::{Delivery, Kind, Stage};
use crate::domain::ids::{Digest, Seq};
use crate::domain::record::Fact;
use crate::domain::show::{Show, Wish};
use crate::domain::ticket::Lane;
use crate::journal::{Base, Reader};

use super::anew;
use super::changes::Changes;
use super::fold::Fold;
use super::index::Index;
use super::keys::{self, Table, Topic};
use super::notes::Mention;
use super::rows::{Family, Totals};
use super::{Store, StoreError, caught};

/// Entries written together: each batch of sled locks every other store of the process out.
const TOGETHER: usize = 200;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::large_enum_variant)] // there is one at a time
pub enum Entry {
    /// Counts of a family.
    Family(Family),
    /// A show.
    Show(Show),
    /// A subscription.
    Wish {
        /// Names it.
        subscription: Digest,
        /// What it asks for.
        wish: Wish,
    },
    /// A delivery.
    Delivery(Delivery),
    /// The latest event about something, which was no repetition.
    Said {
        /// In whose timeline.
        lane: Digest,
        /// About what.
        subject: Digest,
        /// The event.
        seq: Seq,
        /// Names what it said.
        print: Digest,
    },
}

impl Store {
    /// What all records up to its last one have come to, as far as `present`, which has lived longer, or any record yet to
    /// come can refer to it. `None` when `going_on` says no.
    pub(super) fn draw_up(
        &self,
        present: &Self,
        journal: &Reader,
        going_on: &dyn Fn() -> bool,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let mut lines = Lines(Vec::new());
        let rows = &self.rows;
        for key in rows.keys_of(&[Table::Family as u8]) {
            rows.json(&key?)?.into_iter().try_for_each(|family| lines.add(&Entry::Family(family)))?;
        }
        for key in rows.keys_of(&[Table::Show as u8]) {
            rows.json(&key?)?.into_iter().try_for_each(|show| lines.add(&Entry::Show(show)))?;
        }
        for key in rows.keys_of(&[Table::Wish as u8]) {
            let key = key?;
            let subscription = key.get(1..).and_then(|digest| digest.try_into().ok()).map(Digest);
            let subscription = subscription.ok_or_else(|| StoreError::Row(keys::meaning(&key)))?;
            rows.json(&key)?.into_iter().try_for_each(|wish| lines.add(&Entry::Wish { subscription, wish }))?;
        }
        let Some(lanes) = self.lanes_spoken_of(present, going_on)? else { return Ok(None) };
        let earlier = self.said_earlier()?;
        for lane in lanes {
            if !going_on() {
                return Ok(None);
            }
            let mentions = self.mentions(&lane)?;
            for delivery in self.mentioned(&mentions)? {
                lines.add(&Entry::Delivery(delivery))?;
            }
            for (subject, (seq, print)) in self.said(&mentions, &earlier, journal)? {
                // Of what has no ticket something later may have been said elsewhere: then this must not pass for the latest.
                if self.latest_among(&mentions, &subject)? == Some((seq, print)) {
                    lines.add(&Entry::Said { lane: lane.0, subject, seq, print })?;
                }
            }
        }
        Ok(Some(lines.0))
    }

    /// The lanes with deliveries in this store of which `present` has heard since.
    fn lanes_spoken_of(
        &self,
        present: &Self,
        going_on: &dyn Fn() -> bool,
    ) -> Result<Option<BTreeSet<Lane>>, StoreError> {
        let applied = self.applied()?;
        let since =
            |topic: Topic| Index::new(&present.rows, vec![topic.prefix()], Seq(0)).newer(applied).next().transpose();
        let mut lanes = BTreeSet::new();
        for (stage, kind) in Stage::ALL.into_iter().flat_map(|stage| Kind::ALL.map(|kind| (stage, kind))) {
            for id in self.rows.numbers(&keys::stage(stage, kind), Seq(0), Seq(u64::MAX)) {
                if !going_on() {
                    return Ok(None);
                }
                let Some(one) = self.deliveries(std::iter::once(id))?.pop() else { continue };
                let lane = Lane::of_delivery(one.ticket.as_ref(), one.id);
                if !lanes.contains(&lane)
                    && (since(keys::timeline(&lane))?.is_some() || since(keys::history(one.id))?.is_some())
                {
                    lanes.insert(lane);
                }
            }
        }
        Ok(Some(lanes))
    }

    /// What was said last about each subject in a timeline.
    fn said(
        &self,
        mentions: &[(Seq, Mention)],
        earlier: &BTreeMap<Seq, (Digest, Digest)>,
        journal: &Reader,
    ) -> Result<BTreeMap<Digest, (Seq, Digest)>, StoreError> {
        let mut said = BTreeMap::new();
        for (seq, mention) in mentions {
            if let Some((subject, print)) = mention.said.or_else(|| earlier.get(seq).copied()) {
                said.insert(subject, (*seq, print));
                continue;
            }
            let Some(place) = self.place(*seq)? else { continue };
            let record = journal.read(place.location)?;
            if let Fact::Received(received) = &record.head.fact
                && received.duplicate_of.is_none()
            {
                said.insert(received.subject, (record.seq, received.print));
            }
        }
        Ok(said)
    }

    /// What the base on which this store began says was said last, by event.
    fn said_earlier(&self) -> Result<BTreeMap<Seq, (Digest, Digest)>, StoreError> {
        let dropped = self.totals()?.unwrap_or_default().dropped;
        let mut said = BTreeMap::new();
        if dropped == Seq(0) {
            return Ok(said);
        }
        for note in self.rows.notes_laid() {
            let (key, mention) = note?;
            said.extend(mention.said.map(|said| (key.seq(), said)));
        }
        Ok(said)
    }

    /// Begins where the journal does. Changes nothing where it has begun.
    ///
    /// # Errors
    /// When it has begun elsewhere, or the base cannot be read or laid down.
    pub fn begin_as(&self, journal: &Reader) -> Result<(), StoreError> {
        caught(|| match (self.totals()?, journal.dropped()) {
            (Some(Totals { dropped, .. }), begin) if dropped == begin => Ok(()),
            (Some(Totals { dropped, .. }), begin) => {
                Err(StoreError::Unfit(format!("it begins after record {dropped}, the journal after record {begin}")))
            }
            (None, Seq(0)) => Ok(()),
            (None, _) => journal.base()?.map_or(Ok(()), |base| self.lay(&base, journal.blanking().as_deref())),
        })
    }

    /// Lays a base down in a store without rows, blanked where it is.
    pub(super) fn lay(&self, base: &Base, blanking: Option<&Blanking>) -> Result<(), StoreError> {
        anew::say_unfinished(self, &Totals::default())?;
        let mut fold = Fold::begin(Changes::new(&self.rows), Totals::default());
        for (number, entry) in entries(base) {
            let mut entry = entry?;
            if let Some(blanking) = blanking {
                entry.blank(base.through, blanking);
            }
            fold.lay(&entry)?;
            if number % TOGETHER == 0 {
                fold.write_laid()?;
            }
        }
        fold.begins_after(base.through);
        fold.end()?.commit()
    }
}

/// The lines of a base with what is blanked blanked; `None` when they say so already.
///
/// # Errors
/// When a line means nothing.
pub fn blanked(base: &Base, blanking: &Blanking) -> Result<Option<Vec<u8>>, StoreError> {
    let mut lines = Lines(Vec::with_capacity(base.lines.len()));
    for (_, entry) in entries(base) {
        let mut entry = entry?;
        entry.blank(base.through, blanking);
        lines.add(&entry)?;
    }
    Ok((lines.0 != base.lines).then_some(lines.0))
}

/// What the lines say, with their numbers.
fn entries(base: &Base) -> impl Iterator<Item = (usize, Result<Entry, StoreError>)> {
    let lines = base.lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    (1..).zip(lines).map(|(number, line)| {
        let unlaid = |error: serde_json::Error| StoreError::Unlaid { line: number, reason: error.to_string() };
        (number, serde_json::from_slice(line).map_err(unlaid))
    })
}

impl Entry {
    /// All that a base says is older than its last dropped record.
    fn blank(&mut self, dropped: Seq, blanking: &Blanking) {
        if let Self::Delivery(delivery) = self
            && blanking.covers(dropped, Some(&Lane::of_delivery(delivery.ticket.as_ref(), delivery.id)))
        {
            blanking.blank_delivery(delivery);
        }
    }
}

/// Lines being written.
struct Lines(Vec<u8>);

impl Lines {
    fn add(&mut self, entry: &Entry) -> Result<(), StoreError> {
        serde_json::to_writer(&mut self.0, entry)
            .map_err(|error| StoreError::Row(format!("something the base needs ({error})")))?;
        self.0.push(b'\n');
        Ok(())
    }
}
