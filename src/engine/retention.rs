//! Retention: what is old enough, and waits for nothing, is dropped, and its room given back.
//!
//! ```text
//! plan       how far the journal may be dropped: age, bytes, and whatever is open
//! draw up    what the records up to there have come to -> `base.next`
//! succeed    a store from that and the records that stay takes over: see [`succession`](super::succession)
//! sweep      the dropped segments and the old store are removed
//! ```
//!
//! The rename of `base.next` is the one moment that counts: it says where the journal begins and, as a store's folder is named
//! by that, which store is in use. Killed before it, the next start removes what was begun; after it, what was to go.
//!
//! A thread of its own does all but the taking over, once an hour; what stays it then blanks and compresses where that is old
//! enough. Whatever fails, or comes between, is tried again an hour later.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use chrono::TimeDelta;

use super::applier::Line;
use super::blanking::Blanker;
use super::compression::Compression;
use super::succession::{Declined, Offer, Succession, bytes_in};
use crate::config::clock::Clock;
use crate::config::{Retention, Settings};
use crate::domain::Timestamp;
use crate::domain::ids::{DeliveryId, Seq};
use crate::journal::{Cut, Press, Reader, Standing, Trim, folder};
use crate::store::Store;
use crate::store::successor::{self, Successor};

/// The first look, so that a start has the machine to itself.
const FIRST: Duration = Duration::from_secs(180);

/// How often it is said what keeps records from being dropped.
const SAID: Duration = Duration::from_secs(24 * 3600);

/// The thread, and what it offers the writer.
#[derive(Debug)]
pub(super) struct Retaining {
    offers: Option<Receiver<Offer>>,
    ending: Arc<AtomicBool>,
    /// Dropped to wake it.
    wake: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What keeps old records from being dropped, for whoever asks. Shared and cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct HeldUp(Arc<Mutex<Option<String>>>);

impl HeldUp {
    /// As of the last look.
    pub(super) fn why(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, why: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }
}

impl Retaining {
    /// Starts the thread on the ledger in `data`.
    ///
    /// # Errors
    /// When no thread can be had.
    pub(super) fn start(
        settings: &Settings,
        data: &Path,
        (trim, press): (Trim, Press),
        journal: Reader,
        line: Line,
        held_up: HeldUp,
    ) -> std::io::Result<Self> {
        let retention = settings.retention;
        let (offer, offers) = channel();
        let (wake, asleep) = channel();
        let ending = Arc::new(AtomicBool::new(false));
        let (trim, press) = (Arc::new(trim), Arc::new(press));
        let succession = Succession {
            data: data.to_owned(),
            cache_bytes: settings.store_cache,
            journal,
            line,
            trim,
            offer,
            ending: Arc::clone(&ending),
        };
        let compression =
            Compression { after: retention.compress_after, data: data.to_owned(), press: Arc::clone(&press) };
        let blanker = Blanker { after: retention.personal_data, press };
        let work = Work { retention, clock: settings.clock, compression, blanker, succession, held_up, said: None };
        let thread = std::thread::Builder::new().name("retention".to_owned()).spawn(move || work.run(&asleep))?;
        Ok(Self { offers: Some(offers), ending, wake: Some(wake), thread: Some(thread) })
    }

    /// Lets a store take over that is offered; says whether one was. For the writer, while it decides nothing.
    pub(super) fn take_over(&self, line: &Line, journal: &Reader) -> bool {
        let offer = self.offers.as_ref().and_then(|offers| offers.try_recv().ok());
        offer.map(|offer| offer.take(line, journal)).is_some()
    }
}

impl Drop for Retaining {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::Relaxed);
        drop((self.wake.take(), self.offers.take()));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the thread works with.
struct Work {
    retention: Retention,
    clock: Clock,
    compression: Compression,
    blanker: Blanker,
    succession: Succession,
    held_up: HeldUp,
    /// When it was last said what is in the way.
    said: Option<Instant>,
}

/// What a look has found.
#[derive(Debug, Default)]
struct Plan {
    /// Up to which record the journal is to be dropped, where it is not yet.
    through: Option<Seq>,
    /// The delivery that keeps more from being dropped, and the first record it needs.
    open: Option<(DeliveryId, Seq)>,
}

fn held_up_by(open: DeliveryId, first: Seq) -> String {
    format!(
        "records from {first} on are older than they need be and are kept, because {open} is open: settle it, and they are \
         dropped"
    )
}

impl Work {
    fn run(mut self, asleep: &Receiver<()>) {
        let mut pause = self.retention.every.min(FIRST);
        while matches!(asleep.recv_timeout(pause), Err(RecvTimeoutError::Timeout)) {
            pause = self.retention.every;
            if let Some(reason) = said(self.look()) {
                tracing::warn!("nothing is dropped this time: {reason}");
                self.held_up.set(Some(format!("what is old was not dropped: {reason}. It is tried again by itself")));
            }
            // Of what stays.
            if let Some(reason) = said(self.blanker.look(&self.succession, self.clock.now())) {
                tracing::warn!("old personal data is not blanked, or not all of it, this time: {reason}");
                self.held_up
                    .set(Some(format!("old personal data was not blanked: {reason}. It is tried again by itself")));
            }
            let going_on = || self.succession.is_going_on();
            if let Err(error) = self.compression.look(&self.succession.line, self.clock.now(), &going_on) {
                tracing::warn!("no more of the journal is compressed this time: {}", error.reason);
            }
        }
    }

    fn look(&mut self) -> Result<(), Declined> {
        let plan = self.plan()?;
        self.held_up.set(plan.open.map(|(id, first)| held_up_by(id, first)));
        if let Some((id, first)) = plan.open {
            self.say(id, first);
        }
        plan.through.map_or(Ok(()), |through| self.drop_through(through))
    }

    fn plan(&self) -> Result<Plan, Declined> {
        if self.retention.age.is_none() && self.retention.max_bytes.is_none() {
            return Ok(Plan::default());
        }
        let Succession { trim, line, journal, .. } = &self.succession;
        let (cuts, now) = (trim.cuts()?, self.clock.now());
        let before = |age: TimeDelta| now.checked_sub_signed(age).unwrap_or(Timestamp::MIN_UTC);
        let older_than = |age| line.ask_settled(|store| Cut::last_old(&cuts, |seq| store.is_before(seq, before(age))));
        let mut wanted = Seq(0);
        if let Some(age) = self.retention.age {
            wanted = wanted.max(older_than(age.max(least()))?);
        }
        if let Some(max_bytes) = self.retention.max_bytes {
            let sizes = Sizes {
                journal: trim.bytes()?,
                store: bytes_in(&self.succession.present_folder()),
                records: (journal.dropped().next(), journal.last()),
            };
            wanted = wanted.max(older_than(least())?.min(sizes.cut_to_fit(&cuts, max_bytes)));
        }
        if wanted == Seq(0) {
            return Ok(Plan::default());
        }
        let open = line.ask_settled(Store::earliest_open)?;
        let open = open.filter(|(_, first)| *first <= wanted);
        let through = open.map_or(wanted, |(_, first)| Cut::last(&cuts, Seq(first.0.saturating_sub(1))));
        Ok(Plan { through: (through > journal.dropped()).then_some(through), open })
    }

    /// Once a day.
    fn say(&mut self, open: DeliveryId, first: Seq) {
        if self.said.is_none_or(|said| said.elapsed() >= SAID) {
            self.said = Some(Instant::now());
            tracing::warn!("{} (`willcall deliveries get {open}`)", held_up_by(open, first));
        }
    }

    fn drop_through(&self, through: Seq) -> Result<(), Declined> {
        let (began, succession) = (Instant::now(), &self.succession);
        let standing = Standing { dropped: through, ..succession.journal.standing() };
        let old = succession.succeed(standing, |folder| {
            let scratch = succession.data.join(folder::LEAVING);
            let present = succession.line.ask_settled(|store| Ok(store.clone()))?;
            let going_on = || succession.is_going_on();
            let drawn_up = successor::draw_up(&present, &succession.journal, through, &scratch, &going_on)?;
            let (lines, known) = drawn_up.ok_or(Declined::Ending)?;
            let base = succession.trim.prepare(through, lines)?;
            let successor = Successor::begin(folder, succession.cache_bytes, &succession.journal, &base, known)?;
            let trim = Arc::clone(&succession.trim);
            Ok((successor, Box::new(move || trim.adopt(&base))))
        })?;
        let journal = succession.trim.sweep()?;
        let old_folder = succession.remove(old)?;
        tracing::info!(
            "records up to {through} were dropped in {:.1} s: {} MiB of the journal, {} MiB of the store",
            began.elapsed().as_secs_f64(),
            journal >> 20,
            old_folder.saturating_sub(bytes_in(&succession.present_folder())) >> 20
        );
        Ok(())
    }
}

/// Why it was declined; ending needs no word.
fn said(outcome: Result<(), Declined>) -> Option<Declined> {
    outcome.err().filter(|reason| !matches!(reason, Declined::Ending))
}

fn least() -> TimeDelta {
    TimeDelta::try_days(Retention::LEAST_DAYS.into()).unwrap_or_default()
}

/// What there is on disk, and of which records.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    journal: u64,
    store: u64,
    /// The first and the last.
    records: (Seq, Seq),
}

impl Sizes {
    /// The first cut after which what is left fits; the last when none is enough.
    fn cut_to_fit(self, cuts: &[Cut], max_bytes: u64) -> Seq {
        if self.journal.saturating_add(self.store) <= max_bytes {
            return Seq(0);
        }
        let enough = cuts.iter().find(|cut| self.after(**cut) <= u128::from(max_bytes));
        enough.or(cuts.last()).map_or(Seq(0), |cut| cut.through)
    }

    /// Bytes that would be left: of the store, as many as of the records. It has no fewer for those whose journal files are
    /// compressed.
    fn after(self, cut: Cut) -> u128 {
        let (first, last) = self.records;
        let all = u128::from(last.0.saturating_sub(first.0)) + 1;
        let left = u128::from(last.0.saturating_sub(cut.through.0)).min(all);
        u128::from(self.journal.saturating_sub(cut.bytes)) + (u128::from(self.store) * left).div_ceil(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_little_is_dropped_as_makes_it_fit_and_nothing_where_it_does() {
        let cuts: Vec<Cut> = (1..=4).map(|number| Cut { through: Seq(number * 10), bytes: number * 100 }).collect();
        // Fifty records in 500 bytes of journal and as many of store.
        let sizes = Sizes { journal: 500, store: 500, records: (Seq(1), Seq(50)) };
        let cut = |max_bytes| sizes.cut_to_fit(&cuts, max_bytes).0;
        assert_eq!((cut(1000), cut(999), cut(800), cut(799), cut(300), cut(1)), (0, 10, 10, 20, 40, 40));
        assert_eq!(sizes.cut_to_fit(&[], 1), Seq(0));
        let last = |limit| Cut::last(&cuts, Seq(limit)).0;
        assert_eq!((last(9), last(10), last(29), last(99)), (0, 10, 20, 40));
    }

    #[test]
    fn what_a_clock_that_was_wrong_calls_old_takes_nothing_young_before_it_along() {
        let cuts: Vec<Cut> = (1..=5).map(|number| Cut { through: Seq(number * 10), bytes: number * 100 }).collect();
        let last = |old: &[u64]| Cut::last_old(&cuts, |seq| Ok::<_, ()>(old.contains(&seq.0)));
        assert_eq!((last(&[]), last(&[10, 20]), last(&[10, 20, 40])), (Ok(Seq(0)), Ok(Seq(20)), Ok(Seq(20))));
        assert_eq!(last(&[20, 30, 40, 50]), Ok(Seq(0)));
        assert_eq!(Cut::last_old(&cuts, |_| Err("unreadable")), Err("unreadable"));
    }

    #[test]
    fn of_compressed_files_no_more_is_dropped_than_makes_journal_and_store_fit() {
        // The oldest forty of fifty records are compressed to a tenth: it is the store's room that comes back.
        let cuts: Vec<Cut> = (1..=4).map(|number| Cut { through: Seq(number * 10), bytes: number * 10 }).collect();
        let sizes = Sizes { journal: 140, store: 500, records: (Seq(1), Seq(50)) };
        let cut = |max_bytes| sizes.cut_to_fit(&cuts, max_bytes).0;
        assert_eq!((cut(640), cut(639), cut(530), cut(529), cut(200)), (0, 10, 10, 20, 40));
        // After some were dropped before.
        let (cuts, sizes) = (&cuts[2..], Sizes { journal: 120, store: 300, records: (Seq(21), Seq(50)) });
        let cut = |max_bytes| sizes.cut_to_fit(cuts, max_bytes).0;
        assert_eq!((cut(420), cut(419), cut(290), cut(289)), (0, 30, 30, 40));
    }
}
