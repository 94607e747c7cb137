//! Shows with payouts, unlocks or demand, the last to change first.

use crate::domain::ids::{Digest, Seq};
use crate::domain::query::{Page, Window};
use crate::domain::show::Show;
use crate::store::paging::{self, List};
use crate::store::{Store, StoreError, keys};

use super::{Sources, words};

impl Sources<'_> {
    pub(super) fn shows(&self, window: &Window) -> Result<Page<Show>, StoreError> {
        let index = self.index(vec![keys::show_order()], window)?;
        paging::page(&Shows(self.store), &index, window)
    }
}

struct Shows<'a>(&'a Store);

impl List for Shows<'_> {
    type Row = Show;

    fn row(&self, seq: Seq) -> Result<Option<Show>, StoreError> {
        let key = keys::at(&keys::show_order(), seq);
        let Some(row) = self.0.rows.get(&key)? else { return Ok(None) };
        let digest = row.try_into().map_err(|_| StoreError::Row(keys::meaning(&key)))?;
        self.0.rows.json(&keys::show(&Digest(digest)))
    }

    fn text(&self, row: &Show) -> String {
        words([Some(row.show.as_str()), row.event.as_deref(), Some(row.last.to_string().as_str())])
    }
}
