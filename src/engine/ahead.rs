//! Deliveries whose schedule was written by a clock that ran ahead and has been set back: their due times lie too far in
//! the future, so they are taken as due after the wait they were given, counted from when that was noticed.
//!
//! Nothing of it is on record: a start notices it again, and the attempt itself writes a sound time.

use std::collections::BTreeMap;

use crate::domain::Timestamp;
use crate::domain::delivery::Delivery;
use crate::domain::ids::DeliveryId;
use crate::domain::retry::wait_ahead;

/// When each of them is due.
#[derive(Debug, Default)]
pub(super) struct Ahead(BTreeMap<DeliveryId, Timestamp>);

impl Ahead {
    /// Those of `waiting` that a clock which now says `now` cannot have scheduled.
    pub(super) fn among(waiting: &[Delivery], now: Timestamp) -> Self {
        let wait = |one: &Delivery| wait_ahead(one.due()?, one.updated_at, now);
        Self(waiting.iter().filter_map(|one| Some((one.id, now + wait(one)?))).collect())
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whatever changes has a sound time.
    pub(super) fn changed(&mut self, deliveries: &[Delivery]) {
        for one in deliveries {
            self.0.remove(&one.id);
        }
    }

    /// Those that are due at `now`.
    pub(super) fn due(&self, now: Timestamp) -> impl Iterator<Item = DeliveryId> {
        self.0.iter().filter(move |(_, due)| **due <= now).map(|(id, _)| *id)
    }

    /// When the first that is not due at `now` falls due.
    pub(super) fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        self.0.values().filter(|due| **due > now).min().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::delivery::{Kind, State};
    use crate::domain::ids::Seq;
    use chrono::Duration;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + Duration::seconds(seconds)
    }

    #[test]
    fn what_a_clock_that_ran_ahead_has_scheduled_waits_as_long_as_it_was_told_and_no_longer() {
        let pending = |id, written: i64, wait: i64| {
            let state = State::Pending { due: at(written + wait) };
            Delivery::new(DeliveryId(Seq(id)), Kind::Transfer, state, at(written))
        };
        // Within a minute no clock is said to have been wrong.
        let waiting = [pending(1, 7200, 30), pending(2, 7200, 0), pending(3, 60, 300), pending(4, -10, 300)];
        let mut ahead = Ahead::among(&waiting, at(0));
        assert_eq!(ahead.len(), 2);
        let due = |ahead: &Ahead, now| ahead.due(at(now)).map(|id| id.0.0).collect::<Vec<_>>();
        assert_eq!((due(&ahead, 0), due(&ahead, 29), due(&ahead, 30)), (vec![2], vec![2], vec![1, 2]));
        assert_eq!((ahead.next_due(at(0)), ahead.next_due(at(30))), (Some(at(30)), None));
        ahead.changed(&waiting[..1]);
        assert_eq!(due(&ahead, 30), [2]);
    }
}
