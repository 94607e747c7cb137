//! The notes of the newest records, in the order in which they came. Those about one topic are found from the last to the first.

use std::collections::HashMap;

use super::{Mention, RUN, merged};
use crate::domain::ids::Seq;
use crate::store::keys::{NoteKey, Topic};

/// Some notes.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    notes: Vec<Link>,
    /// By [`Topic::number`], one more than the place of the last one.
    last: HashMap<u64, u32>,
}

#[derive(Debug)]
struct Link {
    key: NoteKey,
    mention: Mention,
    /// One more than the place of the one before, of the same topic number; 0 when there is none.
    before: u32,
}

impl Gathered {
    pub(super) fn len(&self) -> usize {
        self.notes.len()
    }

    pub(super) fn add(&mut self, key: NoteKey, mention: Mention) {
        if self.notes.is_empty() {
            // What most runs come to: twice as much, or a copy, would be megabytes.
            self.notes.reserve(RUN as usize * 5 / 4);
            self.last.reserve(RUN as usize);
        }
        // A run has no more notes than u32 can count: each comes from a record of its own bytes.
        let place = self.notes.len() as u32 + 1;
        let before = self.last.insert(key.topic().number(), place).unwrap_or_default();
        self.notes.push(Link { key, mention, before });
    }

    /// What was said last about a topic, of which the numbers ascend as they come.
    pub(super) fn last(&self, topic: &Topic) -> Option<(Seq, Mention)> {
        self.links(topic).next().map(|link| (link.key.seq(), link.mention))
    }

    /// What is said about a topic with numbers from `from` to `to`, both included.
    pub(super) fn about(&self, topic: &Topic, from: Seq, to: Seq) -> Vec<(Seq, Mention)> {
        let within = self.links(topic).filter(|link| (from..=to).contains(&link.key.seq()));
        let mut found: Vec<(Seq, Mention)> = within.map(|link| (link.key.seq(), link.mention)).collect();
        found.reverse();
        merged(found)
    }

    /// Those about a topic, the last first.
    fn links(&self, topic: &Topic) -> impl Iterator<Item = &Link> {
        let at = |place: u32| (place as usize).checked_sub(1).and_then(|place| self.notes.get(place));
        let last = self.last.get(&topic.number()).and_then(|place| at(*place));
        let all = std::iter::successors(last, move |link| at(link.before));
        let topic = *topic;
        all.filter(move |link| link.key.topic() == topic)
    }

    /// All, with `more` that came later, in order.
    pub(super) fn sorted(&self, more: &[(NoteKey, Mention)]) -> Vec<(NoteKey, Mention)> {
        let all = self.notes.iter().map(|link| (link.key, link.mention));
        merged(all.chain(more.iter().copied()).collect())
    }
}
