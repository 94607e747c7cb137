//! What was turned away at the door without being kept, so that an integrating developer sees it. Holds no bodies.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::query::TurnedAway;

/// How many are remembered.
const REMEMBERED: usize = 100;

/// Shared and cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Door(Arc<Mutex<Memory>>);

#[derive(Debug, Default)]
struct Memory {
    newest_first: VecDeque<TurnedAway>,
    totals: BTreeMap<u16, u64>,
}

impl Door {
    /// Remembers one.
    pub fn turn_away(&self, one: TurnedAway) {
        let mut memory = self.memory();
        *memory.totals.entry(one.status).or_default() += 1;
        memory.newest_first.push_front(one);
        memory.newest_first.truncate(REMEMBERED);
    }

    /// The newest 100, newest first.
    pub fn turned_away(&self) -> Vec<TurnedAway> {
        self.memory().newest_first.iter().cloned().collect()
    }

    /// How many in all since the start, by status.
    pub fn totals(&self) -> BTreeMap<u16, u64> {
        self.memory().totals.clone()
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    #[test]
    fn the_newest_hundred_are_remembered_and_all_are_counted() {
        let door = Door::default();
        for number in 0..250 {
            let status = if number % 2 == 0 { 401 } else { 404 };
            let message = number.to_string();
            door.turn_away(TurnedAway { at: Timestamp::UNIX_EPOCH, from: "127.0.0.1".into(), status, message });
        }
        let newest = door.turned_away();
        assert_eq!((newest.len(), newest[0].message.as_str(), newest[99].message.as_str()), (100, "249", "150"));
        assert_eq!(door.totals(), BTreeMap::from([(401, 125), (404, 125)]));
    }
}
