//! Retention: what is old enough, and waits for nothing, is dropped, and its room given back.
//!
//! ```text
//! plan       how far the journal may be dropped: age, bytes, and whatever is open
//! draw up    what the records up to there have come to -> `base.next`
//! succeed    a store from that and the records that stay, in a folder of its own, while the old one serves
//! take over  on the writer's thread, between two batches: nothing is being decided from what goes
//! sweep      the dropped segments and the old store are removed
//! ```
//!
//! The rename of `base.next` is the one moment that counts: it says where the journal begins and, as a store's folder is named
//! by that, which store is in use. Killed before it, the next start removes what was begun; after it, what was to go.
//!
//! A thread of its own does all but the taking over, once an hour, and then compresses what is old and stays. Whatever fails, or
//! comes between, is tried again an hour later.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use chrono::TimeDelta;

use super::applier::Line;
use super::compression::Compression;
use super::ledger::LedgerError;
use crate::config::clock::Clock;
use crate::config::{Retention, Settings};
use crate::domain::Timestamp;
use crate::domain::ids::{DeliveryId, Seq};
use crate::journal::{Base, Cut, FolderError, JournalError, Press, Reader, Trim, folder};
use crate::store::successor::{self, Successor};
use crate::store::{self, Store, StoreError};

/// The first look, so that a start has the machine to itself.
const FIRST: Duration = Duration::from_secs(180);

/// How often it is said what keeps records from being dropped.
const SAID: Duration = Duration::from_secs(24 * 3600);

/// A successor that is no further behind takes over: the writer waits while it catches up.
const NEARLY: u64 = 200;

/// How long it may take to come so near.
const CATCHING_UP: Duration = Duration::from_secs(3600);

/// How long somebody who asked the old store may take.
const ASKING: Duration = Duration::from_secs(60);

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

/// A store that could take over, and what for.
#[derive(Debug)]
struct Offer {
    successor: Successor,
    base: Base,
    trim: Arc<Trim>,
    answer: Sender<Result<Store, Declined>>,
}

/// Why nothing is dropped this time.
#[derive(Debug, thiserror::Error)]
enum Declined {
    #[error("{0}")]
    Obstacle(#[from] successor::Obstacle),
    #[error("{0}")]
    Ledger(#[from] LedgerError),
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("{0}")]
    Journal(#[from] JournalError),
    #[error("{0}")]
    Folder(#[from] FolderError),
    #[error("{free} MiB are left on the disk, and the new store may need {needed} beside the old one: free space")]
    LittleRoom { free: u64, needed: u64 },
    #[error("records come faster than the new store takes them")]
    Behind,
    #[error("the store is being mended")]
    Mending,
    #[error("willcall ends")]
    Ending,
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
        let work = Work {
            retention,
            clock: settings.clock,
            cache_bytes: settings.store_cache,
            data: data.to_owned(),
            compression: Compression { after: retention.compress_after, data: data.to_owned(), press },
            trim: Arc::new(trim),
            journal,
            line,
            offer,
            ending: Arc::clone(&ending),
            held_up,
            said: None,
        };
        let thread = std::thread::Builder::new().name("retention".to_owned()).spawn(move || work.run(&asleep))?;
        Ok(Self { offers: Some(offers), ending, wake: Some(wake), thread: Some(thread) })
    }

    /// Lets a store take over that is offered. For the writer, while it decides nothing.
    pub(super) fn take_over(&self, line: &Line, journal: &Reader) {
        let Some(offer) = self.offers.as_ref().and_then(|offers| offers.try_recv().ok()) else { return };
        let Offer { successor, base, trim, answer } = offer;
        // Who offered it may have ended.
        let _ = answer.send(take_over(successor, &base, &trim, line, journal));
    }
}

fn take_over(
    mut successor: Successor,
    base: &Base,
    trim: &Trim,
    line: &Line,
    journal: &Reader,
) -> Result<Store, Declined> {
    // What the successor errs with is no fault of the store that is asked.
    let present = line.ask_settled(|store| Ok(store.clone()))?;
    while successor.advance(&present, journal)? {}
    let store = successor.take_over(&present)??;
    line.exchange(store, || trim.adopt(base))?.ok_or(Declined::Mending)
}

/// Removes what retention has begun and not finished before a crash, or finished and not removed, in a data folder whose
/// ledger is being opened.
pub(super) fn tidy(data: &Path, journal: &Reader) {
    let tidied = others(data, journal).and_then(|others| {
        Ok(others.iter().chain([&data.join(folder::LEAVING)]).try_for_each(|folder| store::remove(folder))?)
    });
    if let Err(error) = tidied {
        tracing::warn!("what retention has left behind cannot be removed: {error}; the next start tries again");
    }
}

/// Every store but the one in use.
fn others(data: &Path, journal: &Reader) -> Result<Vec<PathBuf>, Declined> {
    let current = folder::store_in(data, journal.dropped());
    Ok(folder::stores_in(data)?.into_iter().filter(|folder| *folder != current).collect())
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
    cache_bytes: u64,
    data: PathBuf,
    compression: Compression,
    trim: Arc<Trim>,
    journal: Reader,
    line: Line,
    offer: Sender<Offer>,
    ending: Arc<AtomicBool>,
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
            match self.look() {
                Ok(()) | Err(Declined::Ending) => {}
                Err(reason) => {
                    tracing::warn!("nothing is dropped this time: {reason}");
                    self.held_up
                        .set(Some(format!("what is old was not dropped: {reason}. It is tried again by itself")));
                }
            }
            // Of what stays.
            let going_on = || !self.ending.load(Ordering::Relaxed);
            if let Err(error) = self.compression.look(&self.line, self.clock.now(), &going_on) {
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
        let Some(through) = plan.through else { return Ok(()) };
        let folder = folder::store_in(&self.data, through);
        let dropped = self.drop_through(through, &folder);
        if dropped.is_err() && self.journal.dropped() != through {
            // What the file system refuses here the next start tries again.
            let _ = self.trim.forgo();
            let _ = store::remove(&folder);
        }
        dropped
    }

    fn plan(&self) -> Result<Plan, Declined> {
        if self.retention.age.is_none() && self.retention.max_bytes.is_none() {
            return Ok(Plan::default());
        }
        let (cuts, now) = (self.trim.cuts()?, self.clock.now());
        let before = |age: TimeDelta| now.checked_sub_signed(age).unwrap_or(Timestamp::MIN_UTC);
        let floor = self.line.ask_settled(|store| store.last_before(before(least())))?;
        let mut wanted = Seq(0);
        if let Some(age) = self.retention.age {
            let old = self.line.ask_settled(|store| store.last_before(before(age.max(least()))))?;
            wanted = wanted.max(last_cut(&cuts, old));
        }
        if let Some(max_bytes) = self.retention.max_bytes {
            let journal = self.trim.bytes()?;
            let store = bytes_in(&folder::store_in(&self.data, self.journal.dropped()));
            let sizes = Sizes { journal, store, records: (self.journal.dropped().next(), self.journal.last()) };
            wanted = wanted.max(last_cut(&cuts, floor).min(sizes.cut_to_fit(&cuts, max_bytes)));
        }
        if wanted == Seq(0) {
            return Ok(Plan::default());
        }
        let open = self.line.ask_settled(Store::earliest_open)?;
        let open = open.filter(|(_, first)| *first <= wanted);
        let through = open.map_or(wanted, |(_, first)| last_cut(&cuts, Seq(first.0.saturating_sub(1))));
        Ok(Plan { through: (through > self.journal.dropped()).then_some(through), open })
    }

    /// Once a day.
    fn say(&mut self, open: DeliveryId, first: Seq) {
        if self.said.is_none_or(|said| said.elapsed() >= SAID) {
            self.said = Some(Instant::now());
            tracing::warn!("{} (`willcall deliveries get {open}`)", held_up_by(open, first));
        }
    }

    fn drop_through(&self, through: Seq, folder: &Path) -> Result<(), Declined> {
        let (began, going_on) = (Instant::now(), || !self.ending.load(Ordering::Relaxed));
        self.has_room()?;
        let scratch = self.data.join(folder::LEAVING);
        let present = self.line.ask_settled(|store| Ok(store.clone()))?;
        let drawn_up = successor::draw_up(&present, &self.journal, through, &scratch, &going_on)?;
        let (lines, known) = drawn_up.ok_or(Declined::Ending)?;
        let base = self.trim.prepare(through, lines)?;
        let mut successor = Successor::begin(folder, self.cache_bytes, &base, known)?;
        self.catch_up(&mut successor, &present)?;
        drop(present);
        let (answer, answered) = channel();
        let offer = Offer { successor, base, trim: Arc::clone(&self.trim), answer };
        self.offer.send(offer).map_err(|_| Declined::Ending)?;
        let old = answered.recv().map_err(|_| Declined::Ending)??;
        let journal = self.trim.sweep()?;
        let old_folder = self.remove(old)?;
        tracing::info!(
            "records up to {through} were dropped in {:.1} s: {} MiB of the journal, {} MiB of the store",
            began.elapsed().as_secs_f64(),
            journal >> 20,
            old_folder.saturating_sub(bytes_in(folder)) >> 20
        );
        Ok(())
    }

    /// What goes is folded once more, and what stays, beside the store there is; new events need room meanwhile.
    fn has_room(&self) -> Result<(), Declined> {
        let needed = 2 * bytes_in(&folder::store_in(&self.data, self.journal.dropped()));
        match folder::room(&self.data) {
            Some(disk) if disk.is_nearly_full() || disk.free < needed => {
                Err(Declined::LittleRoom { free: disk.free >> 20, needed: needed >> 20 })
            }
            _ => Ok(()),
        }
    }

    fn catch_up(&self, successor: &mut Successor, present: &Store) -> Result<(), Declined> {
        let since = Instant::now();
        while successor.behind(&self.journal)? > NEARLY {
            if self.ending.load(Ordering::Relaxed) {
                return Err(Declined::Ending);
            }
            if since.elapsed() > CATCHING_UP {
                return Err(Declined::Behind);
            }
            let (stood, began) = (self.journal.last(), Instant::now());
            successor.advance(present, &self.journal)?;
            // Where events are coming in, they go first.
            if self.journal.last() != stood {
                std::thread::sleep(began.elapsed());
            }
        }
        Ok(())
    }

    /// Closes the store that is not used any more, and removes it; says how many bytes it had.
    fn remove(&self, old: Store) -> Result<u64, Declined> {
        let began = Instant::now();
        while old.is_shared() && began.elapsed() < ASKING && !self.ending.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(50));
        }
        drop(old);
        let others = others(&self.data, &self.journal)?;
        let bytes = others.iter().map(|folder| bytes_in(folder)).sum();
        others.iter().try_for_each(|folder| store::remove(folder))?;
        Ok(bytes)
    }
}

fn least() -> TimeDelta {
    TimeDelta::try_days(Retention::LEAST_DAYS.into()).unwrap_or_default()
}

/// The last cut that drops nothing after `limit`; 0 when there is none.
fn last_cut(cuts: &[Cut], limit: Seq) -> Seq {
    cuts.iter().rev().find(|cut| cut.through <= limit).map_or(Seq(0), |cut| cut.through)
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

/// Bytes of the files in a folder; of a file that goes meanwhile, none.
fn bytes_in(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => bytes_in(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
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
        let last = |limit| last_cut(&cuts, Seq(limit)).0;
        assert_eq!((last(9), last(10), last(29), last(99)), (0, 10, 20, 40));
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
