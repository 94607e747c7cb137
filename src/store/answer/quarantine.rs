//! Requests that could not become events.

use crate::domain::filter::{self, Filter};
use crate::domain::ids::Seq;
use crate::domain::query::{Page, RejectedDetail, RejectedRow, Window};
use crate::domain::record::Fact;
use crate::store::paging::{self, List, Patience};
use crate::store::{StoreError, keys};

use super::Sources;

impl Sources<'_> {
    pub(super) fn quarantine(&self, window: &Window) -> Result<Page<RejectedRow>, StoreError> {
        let filter = Filter::parse(filter::List::Quarantine, &window.filter)?;
        let prefixes = vec![keys::quarantine(false), keys::quarantine(true)];
        let index = self.index(prefixes, window, &filter.bounds(self.now))?;
        let Page { rows, newer, older, searched } =
            paging::page(&Quarantine { sources: *self, filter }, &index, window, Patience::USUAL)?;
        Ok(Page { rows: rows.into_iter().map(|(row, _)| row).collect(), newer, older, searched })
    }

    pub(super) fn rejected(&self, seq: Seq) -> Result<Option<RejectedDetail>, StoreError> {
        Ok(self.rejected_row(seq)?.map(|(row, body)| RejectedDetail { row, body }))
    }

    pub(super) fn rejected_row(&self, seq: Seq) -> Result<Option<(RejectedRow, Vec<u8>)>, StoreError> {
        let Some(resent_as) = self.store.resent_as(seq)? else { return Ok(None) };
        let Some(record) = self.record(seq)? else { return Ok(None) };
        let Fact::Rejected(rejected) = record.head.fact else { return Ok(None) };
        let row = RejectedRow { seq, received_at: record.head.at, rejected, size: record.body.len(), resent_as };
        Ok(Some((row, record.body)))
    }
}

struct Quarantine<'a> {
    sources: Sources<'a>,
    filter: Filter,
}

impl List for Quarantine<'_> {
    type Row = (RejectedRow, Vec<u8>);

    fn row(&self, seq: Seq) -> Result<Option<Self::Row>, StoreError> {
        self.sources.rejected_row(seq)
    }

    fn searches(&self) -> bool {
        !self.filter.is_empty()
    }

    fn wants(&self, (row, body): &Self::Row) -> Result<bool, StoreError> {
        Ok(self.filter.judge(row, Some(body), self.sources.now).unwrap_or(false))
    }
}
