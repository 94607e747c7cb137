//! What was recorded after a record, for whoever follows along.

use crate::domain::ids::Seq;
use crate::domain::record::Record;
use crate::store::StoreError;

use super::Sources;

impl Sources<'_> {
    pub(super) fn records(&self, after: Seq, limit: usize) -> Result<Vec<Record>, StoreError> {
        let bare = |record: Record| Record { body: Vec::new(), ..record };
        // Behind what was dropped numbers have no gaps: the first that is missing is the first that is yet to come.
        let after = after.max(self.store.dropped()?);
        let following = (after.0.saturating_add(1)..).map_while(|seq| self.record(Seq(seq)).transpose());
        following.take(limit).map(|record| Ok(bare(record?))).collect()
    }
}
