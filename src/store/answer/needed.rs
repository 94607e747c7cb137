//! Deliveries that came to need a person after some record.

use std::collections::BTreeSet;

use super::Sources;
use crate::domain::delivery::Stage;
use crate::domain::ids::{DeliveryId, Seq};
use crate::domain::query::{MOST_COUNTED, Needed};
use crate::store::paging::MOST_ROWS;
use crate::store::{StoreError, keys};

impl Sources<'_> {
    pub(super) fn needed(&self, after: Seq, limit: usize) -> Result<Needed, StoreError> {
        // Read before the rows: what is folded meanwhile comes with the next question.
        let last = self.store.totals()?.unwrap_or_default().applied;
        let mut needed = Needed { after, last, ..Needed::default() };
        let from = keys::needed(Seq(after.0.saturating_add(1)), DeliveryId(Seq(0)));
        let to = keys::needed(last, DeliveryId(Seq(u64::MAX)));
        if from > to {
            return Ok(needed);
        }
        let mut seen = BTreeSet::new();
        for key in self.store.rows.keys(from, to) {
            let id = DeliveryId(keys::seq_of(&key?));
            if needed.count >= MOST_COUNTED {
                break;
            }
            let delivery = self.store.delivery(id)?.filter(|one| matches!(one.stage(), Stage::Failed | Stage::Held));
            let Some(delivery) = delivery.filter(|_| seen.insert(id)) else { continue };
            needed.count += 1;
            if needed.rows.len() < limit.min(MOST_ROWS) {
                needed.rows.push(delivery);
            }
        }
        Ok(needed)
    }
}
