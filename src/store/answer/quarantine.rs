//! Requests that could not become events.

use crate::domain::ids::Seq;
use crate::domain::query::{Page, RejectedDetail, RejectedRow, Window};
use crate::domain::record::Fact;
use crate::store::paging::{self, List};
use crate::store::{StoreError, keys};

use super::{Sources, words};

impl Sources<'_> {
    pub(super) fn quarantine(&self, window: &Window) -> Result<Page<RejectedRow>, StoreError> {
        let index = self.index(vec![keys::quarantine(false), keys::quarantine(true)], window)?;
        paging::page(&Quarantine(*self), &index, window)
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

struct Quarantine<'a>(Sources<'a>);

impl List for Quarantine<'_> {
    type Row = RejectedRow;

    fn row(&self, seq: Seq) -> Result<Option<RejectedRow>, StoreError> {
        Ok(self.0.rejected_row(seq)?.map(|(row, _)| row))
    }

    fn text(&self, row: &RejectedRow) -> String {
        words([
            Some(row.seq.to_string().as_str()),
            Some(&row.rejected.from),
            Some(&row.rejected.code),
            Some(&row.rejected.message),
            row.rejected.content_type.as_deref(),
            row.resent_as.map(|seq| seq.to_string()).as_deref(),
        ])
    }
}
