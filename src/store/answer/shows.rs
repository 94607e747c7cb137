//! Shows with payouts, unlocks or demand, the last to change first.

use crate::domain::Timestamp;
use crate::domain::filter::{self, Filter};
use crate::domain::ids::{Digest, Seq};
use crate::domain::query::{Page, Window};
use crate::domain::show::Show;
use crate::store::paging::{self, List, Patience};
use crate::store::{Store, StoreError, keys};

use super::Sources;

impl Sources<'_> {
    pub(super) fn shows(&self, window: &Window) -> Result<Page<Show>, StoreError> {
        let filter = Filter::parse(filter::List::Shows, &window.filter)?;
        let index = self.index(vec![keys::show_order()], window, &filter.bounds(self.now))?;
        paging::page(&Shows { store: self.store, filter, now: self.now }, &index, window, Patience::USUAL)
    }
}

struct Shows<'a> {
    store: &'a Store,
    filter: Filter,
    now: Timestamp,
}

impl List for Shows<'_> {
    type Row = Show;

    fn row(&self, seq: Seq) -> Result<Option<Show>, StoreError> {
        let key = keys::at(&keys::show_order(), seq);
        let Some(row) = self.store.rows.get(&key)? else { return Ok(None) };
        let digest = row.try_into().map_err(|_| StoreError::Row(keys::meaning(&key)))?;
        self.store.rows.json(&keys::show(&Digest(digest)))
    }

    fn searches(&self) -> bool {
        !self.filter.is_empty()
    }

    fn wants(&self, row: &Show) -> Result<bool, StoreError> {
        Ok(self.filter.judge(row, None, self.now).unwrap_or(false))
    }
}
