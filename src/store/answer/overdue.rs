//! Deliveries that are overdue: the unsettled ones of before a moment. Ids ascend with time, so the indexes say it.

use chrono::TimeDelta;

use super::{Sources, deliveries};
use crate::domain::Timestamp;
use crate::domain::delivery::Kind;
use crate::domain::ids::Seq;
use crate::domain::lateness::LateAfter;
use crate::domain::query::MOST_COUNTED;
use crate::store::StoreError;
use crate::store::index::Index;

impl Sources<'_> {
    /// The first record from which on none of this kind is overdue.
    pub(super) fn overdue_before(&self, late_after: &LateAfter, kind: Kind) -> Result<Seq, StoreError> {
        let allowed = TimeDelta::from_std(late_after.of(kind)).ok();
        match allowed.and_then(|allowed| self.now.checked_sub_signed(allowed)) {
            Some(moment) => self.store.first_since(moment),
            None => Ok(Seq(0)),
        }
    }

    /// The moment after which one more delivery is overdue, unless it is settled before.
    pub(super) fn next_overdue(&self, late_after: &LateAfter) -> Result<Option<Timestamp>, StoreError> {
        let mut next = None;
        for kind in Kind::ALL {
            let prefixes = deliveries::prefixes(&deliveries::unsettled(&[]), Some(kind));
            let index = Index::new(&self.store.rows, prefixes, self.overdue_before(late_after, kind)?);
            let first = self.store.deliveries(index.newer(Seq(0)).take(1))?.pop();
            let allowed = TimeDelta::from_std(late_after.of(kind)).ok();
            let at = first.zip(allowed).and_then(|(first, allowed)| first.created_at.checked_add_signed(allowed));
            next = next.into_iter().chain(at).min();
        }
        Ok(next)
    }

    /// How many deliveries are overdue.
    pub(super) fn count_overdue(&self, late_after: &LateAfter) -> Result<u64, StoreError> {
        let unsettled = deliveries::unsettled(&[]);
        Kind::ALL.into_iter().try_fold(0, |sum, kind| {
            let prefixes = deliveries::prefixes(&unsettled, Some(kind));
            let index = Index::new(&self.store.rows, prefixes, Seq(0)).before(self.overdue_before(late_after, kind)?);
            let numbers = index.newer(Seq(0)).take(MOST_COUNTED);
            numbers.into_iter().try_fold(sum, |count, seq| seq.map(|_| count + 1))
        })
    }
}
