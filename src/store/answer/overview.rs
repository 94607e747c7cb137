//! What the first screen shows: counts, rates, and the first rows of each list.

use std::collections::BTreeMap;

use crate::domain::Timestamp;
use crate::domain::delivery::{Delivery, Kind, Stage};
use crate::domain::documentation;
use crate::domain::ids::Seq;
use crate::domain::lateness::LateAfter;
use crate::domain::query::{
    DeliveryQuery, EventQuery, FamilyCount, LATELY, MOST_COUNTED, Overview, RejectedRow, Window,
};
use crate::store::index::Index;
use crate::store::paging::MOST_ROWS;
use crate::store::{StoreError, keys, rows};

use super::{Sources, deliveries};

/// Families beside the documented ones; a sender can name as many as it likes.
const MOST_OTHER_FAMILIES: usize = 100;

impl Sources<'_> {
    pub(super) fn overview(&self, most: usize, late_after: Option<&LateAfter>) -> Result<Overview, StoreError> {
        let totals = self.store.totals()?.unwrap_or_default();
        let window = Window::newest(most);
        let mut overview = Overview {
            families: self.family_counts(self.now)?,
            attention: self.oldest(&[Stage::Failed, Stage::Held], None, most)?,
            open: self.oldest(&[Stage::Pending, Stage::InFlight], None, most)?,
            returns: self
                .deliveries(&DeliveryQuery {
                    stages: Vec::new(),
                    kind: Some(Kind::Return),
                    overdue: None,
                    window: window.clone(),
                })?
                .rows,
            shows: self.shows(&window)?.rows,
            quarantined: totals.quarantined,
            rejected: self.waiting_rejected(most)?,
            rejected_lately: self.rejected_lately()?,
            overdue: late_after.map_or(Ok(0), |late_after| self.count_overdue(late_after))?,
            next_overdue: late_after.map_or(Ok(None), |late_after| self.next_overdue(late_after))?,
            events: totals.events,
            last: totals.applied,
            ..Overview::default()
        };
        let unsettled: Vec<Stage> = Stage::ALL.into_iter().filter(|stage| !stage.settled()).collect();
        overview.oldest_undelivered = self.oldest(&unsettled, Some(Kind::Transfer), 1)?.pop();
        for kind in Kind::ALL {
            let counts = Stage::ALL.map(|stage| (kind, stage, totals.deliveries[rows::slot(kind, stage)]));
            overview.counts.extend(counts);
        }
        for family in documented() {
            let query = EventQuery { family: Some(family.to_owned()), show: None, window: window.clone() };
            overview.feeds.insert(family.to_owned(), self.events(&query)?.rows);
        }
        Ok(overview)
    }

    fn family_counts(&self, now: Timestamp) -> Result<BTreeMap<String, FamilyCount>, StoreError> {
        let count = |family: &rows::Family| FamilyCount {
            total: family.total,
            last_at: (family.total > 0).then_some(family.last_at),
            per_minute: family.per_minute(now),
            usual: family.usual(now),
        };
        let mut counts = BTreeMap::new();
        for name in documented() {
            let family = self.store.rows.json(&keys::family(name))?.unwrap_or_else(|| rows::Family::new(name));
            counts.insert(name.to_owned(), count(&family));
        }
        for family in self.families(MOST_OTHER_FAMILIES)? {
            counts.entry(family.name.clone()).or_insert_with(|| count(&family));
        }
        Ok(counts)
    }

    /// The oldest deliveries in any of `stages`, oldest first.
    fn oldest(&self, stages: &[Stage], kind: Option<Kind>, most: usize) -> Result<Vec<Delivery>, StoreError> {
        let index = Index::new(&self.store.rows, deliveries::prefixes(stages, kind), Seq(0));
        self.store.deliveries(index.newer(Seq(0)).take(most.min(MOST_ROWS)))
    }

    fn rejected_lately(&self) -> Result<u64, StoreError> {
        let lowest = self.store.first_since(self.now - LATELY)?;
        let index = Index::new(&self.store.rows, vec![keys::quarantine(false)], lowest);
        index.older(Seq(u64::MAX)).take(MOST_COUNTED).try_fold(0, |count, seq| seq.map(|_| count + 1))
    }

    fn waiting_rejected(&self, most: usize) -> Result<Vec<RejectedRow>, StoreError> {
        let index = Index::new(&self.store.rows, vec![keys::quarantine(false)], Seq(0));
        let rows = index.older(Seq(u64::MAX)).take(most.min(MOST_ROWS));
        rows.filter_map(|seq| seq.and_then(|seq| self.rejected_row(seq)).transpose())
            .map(|row| row.map(|(row, _)| row))
            .collect()
    }
}

/// The documented families, each once.
fn documented() -> Vec<&'static str> {
    let mut families: Vec<&str> = documentation::ACTIONS.iter().map(|action| action.family).collect();
    families.dedup();
    families
}
