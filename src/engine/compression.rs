//! Compression: journal files of which every record is old enough are compressed, one after the other, while the program goes
//! on. Which thread does so, and when it looks, is [`retention`](super::retention)'s.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;

use super::applier::Line;
use super::ledger::LedgerError;
use crate::domain::Timestamp;
use crate::journal::{JournalError, Press, Pressed, folder};

/// After each block three times as long as it took: the processor is for those who wait.
const RESTS: u32 = 3;

/// The longest rest, so that it ends soon when all is to end.
const LONGEST_REST: Duration = Duration::from_millis(100);

/// A compressed file stands beside the plain one for a moment. Where a disk is nearly full, room comes by this, too.
const ENOUGH: u64 = 512 << 20;

/// What compresses.
#[derive(Debug)]
pub(super) struct Compression {
    /// From which age on.
    pub(super) after: TimeDelta,
    /// The data folder.
    pub(super) data: PathBuf,
    pub(super) press: Arc<Press>,
}

impl Compression {
    /// Compresses all that is old enough at `now`, until `going_on` says no. A file that is damaged stays as it is.
    pub(super) fn look(&self, line: &Line, now: Timestamp, going_on: &dyn Fn() -> bool) -> Result<(), LedgerError> {
        let old = now.checked_sub_signed(self.after).unwrap_or(Timestamp::MIN_UTC);
        let through = line.ask_settled(|store| store.last_before(old))?;
        let (began, mut files, mut sum) = (Instant::now(), 0, Pressed::default());
        for first in self.press.plain(through)? {
            if !going_on() || !self.has_room() {
                break;
            }
            match self.press.press(first, &mut gently(going_on)) {
                Ok(None) => break,
                Ok(Some(Pressed { plain, compressed })) => {
                    (files, sum) =
                        (files + 1, Pressed { plain: sum.plain + plain, compressed: sum.compressed + compressed });
                }
                Err(error @ JournalError::Damaged { .. }) => {
                    tracing::warn!("a journal file is not compressed: {error}")
                }
                Err(other) => return Err(other.into()),
            }
        }
        if files > 0 {
            tracing::info!(
                "{files} journal files were compressed in {:.1} s: {} KiB became {} KiB",
                began.elapsed().as_secs_f64(),
                sum.plain >> 10,
                sum.compressed >> 10
            );
        }
        Ok(())
    }

    /// Events that come in need what is left more than this does.
    fn has_room(&self) -> bool {
        folder::room(&self.data).is_none_or(|disk| !disk.is_nearly_full() || disk.free > ENOUGH)
    }
}

/// Rests before it says whether to go on.
pub(super) fn gently(going_on: &dyn Fn() -> bool) -> impl FnMut() -> bool {
    let mut since = Instant::now();
    move || {
        std::thread::sleep((since.elapsed() * RESTS).min(LONGEST_REST));
        since = Instant::now();
        going_on()
    }
}
