//! The thread that brings the store up to the journal, while the writer decides and syncs the next batch; and the place
//! where everybody finds the store.
//!
//! sled writes and syncs anew for every batch it is given, and rows that a batch shares are written once: so what is handed
//! over gathers for a moment, and goes at once when somebody waits for it.
//!
//! What is handed over is durable and has been answered. Should the store refuse it, it stays here, in order, until a store
//! takes it; the writer asks for that ([`Applier::ready`]) before it decides anything further. A store that errs, at writing
//! or, as whoever asks it tells, at reading, is mended by this thread: nobody has it meanwhile, and all are told why.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::ledger::LedgerError;
use super::mending::{Patience, Workshop, being_mended};
use crate::domain::ids::Seq;
use crate::domain::record::Record;
use crate::journal::Location;
use crate::store::{Store, StoreError};

/// How long what is handed over gathers when nobody waits for it.
const GATHERING: Duration = Duration::from_millis(50);

/// Bytes in the journal of what is enough to be applied at once.
const ENOUGH: u64 = 1 << 20;

/// Bytes in the journal of what may wait for the store: a bound for memory, and for how far the store is behind.
const MOST_WAITING: u64 = 8 << 20;

/// How long the store may take over a few batches. sled can hang, and its lock is the whole process's.
const HANGING: Duration = Duration::from_secs(30);

/// Records with their places, as they came from the journal.
pub(super) type Kept = Vec<(Record, Location)>;

/// The way to the thread. When it is dropped, everything handed over has been tried, and the store is closed.
#[derive(Debug)]
pub(super) struct Applier {
    line: Line,
    thread: Option<JoinHandle<()>>,
}

/// The store as it stands and how far it has come, for whoever reads it.
#[derive(Debug, Clone)]
pub(super) struct Line(Arc<(Mutex<State>, Condvar)>);

#[derive(Debug)]
struct State {
    /// `None` while it is being mended.
    store: Option<Store>,
    /// Counts the stores, so that an error of one is not taken for one of the next.
    generation: u64,
    waiting: VecDeque<Kept>,
    /// Bytes in the journal of that.
    waiting_bytes: u64,
    /// When the first of it goes, whether or not it is enough.
    go_at: Option<Instant>,
    /// Somebody waits for it.
    wanted: bool,
    /// The last record in the store.
    applied: Seq,
    /// The last record handed over.
    handed: Seq,
    /// What the store has erred with, until it is mended.
    fault: Option<StoreError>,
    /// That it must wait for that has been said.
    told: bool,
    /// Why the store takes nothing now.
    trouble: Option<LedgerError>,
    closing: bool,
}

/// What the thread does next.
enum Task {
    Apply(Store, Kept),
    Mend(StoreError),
    End,
}

impl Applier {
    /// Starts the thread on a store that is up to the journal, at `applied`.
    ///
    /// # Errors
    /// When no thread can be had.
    pub(super) fn start(store: Store, applied: Seq, workshop: Workshop, patience: Patience) -> std::io::Result<Self> {
        let state = State {
            store: Some(store),
            generation: 0,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            go_at: None,
            wanted: false,
            applied,
            handed: applied,
            fault: None,
            told: false,
            trouble: None,
            closing: false,
        };
        let line = Line(Arc::new((Mutex::new(state), Condvar::new())));
        let own = line.clone();
        let run = move || own.run(&workshop, patience);
        let thread = std::thread::Builder::new().name("store".to_owned()).spawn(run)?;
        Ok(Self { line, thread: Some(thread) })
    }

    pub(super) fn line(&self) -> &Line {
        &self.line
    }

    /// Hands a batch over.
    pub(super) fn hand(&self, batch: Kept) {
        let Some((newest, _)) = batch.last() else { return };
        let bytes = bytes(&batch);
        let mut state = self.line.state();
        state.handed = newest.seq;
        state.waiting.push_back(batch);
        state.waiting_bytes += bytes;
        let first = state.go_at.is_none();
        state.go_at.get_or_insert_with(|| Instant::now() + GATHERING);
        if first || state.waiting_bytes >= ENOUGH {
            self.line.wake();
        }
    }

    /// Waits until there is room for another batch.
    ///
    /// # Errors
    /// When the store takes nothing now.
    pub(super) fn ready(&self) -> Result<(), LedgerError> {
        self.line.wait_for_store(|state| state.waiting_bytes < MOST_WAITING)?.trouble.clone().map_or(Ok(()), Err)
    }
}

impl Drop for Applier {
    fn drop(&mut self) {
        self.line.state().closing = true;
        self.line.wake();
        if let Some(thread) = self.thread.take() {
            // It does not panic: the store catches what sled throws. What it did not take, the next start applies.
            let _ = thread.join();
        }
    }
}

impl State {
    fn is_to_go(&self, now: Instant) -> bool {
        let is_time = || self.wanted || self.closing || self.go_at.is_none_or(|at| at <= now);
        !self.waiting.is_empty() && (self.waiting_bytes >= ENOUGH || is_time())
    }
}

fn bytes(batch: &Kept) -> u64 {
    batch.iter().map(|(_, location)| u64::from(location.length)).sum()
}

impl Line {
    /// Asks the store as it stands. Should it err with damage, it is mended.
    ///
    /// # Errors
    /// When the store is away or cannot answer.
    pub(super) fn ask<T>(&self, question: impl FnOnce(&Store) -> Result<T, StoreError>) -> Result<T, LedgerError> {
        let (store, generation) = {
            let state = self.state();
            let away = || state.trouble.clone().unwrap_or_else(|| LedgerError::failing("the ledger is closed"));
            (state.store.clone().ok_or_else(away)?, state.generation)
        };
        question(&store).map_err(|fault| self.met(fault, generation))
    }

    /// The same, once the store has all that was handed over before this call. One that takes nothing is asked as it stands.
    ///
    /// # Errors
    /// As [`Line::ask`].
    pub(super) fn ask_settled<T>(
        &self,
        question: impl FnOnce(&Store) -> Result<T, StoreError>,
    ) -> Result<T, LedgerError> {
        let until = self.state().handed;
        drop(self.wait_for_store(|state| state.applied >= until)?);
        self.ask(question)
    }

    /// The same; one that takes nothing is not asked.
    ///
    /// # Errors
    /// As [`Line::ask`], and when the store takes nothing now.
    pub(super) fn ask_whole<T>(
        &self,
        question: impl FnOnce(&Store) -> Result<T, StoreError>,
    ) -> Result<T, LedgerError> {
        let until = self.state().handed;
        self.wait_for_store(|state| state.applied >= until)?.trouble.clone().map_or(Ok(()), Err)?;
        self.ask(question)
    }

    /// Puts another store, which has all that was handed over, in the place of this one, once `adopt` has let the journal begin
    /// as it does; hands the old one back, or `None` where that is being mended. For whoever hands records over.
    pub(super) fn exchange<E>(&self, store: Store, adopt: impl FnOnce() -> Result<(), E>) -> Result<Option<Store>, E> {
        let mut state = self.state();
        let well = state.applied == state.handed && state.fault.is_none() && state.trouble.is_none();
        if !well || state.store.is_none() {
            return Ok(None);
        }
        adopt()?;
        state.generation += 1;
        Ok(state.store.replace(store))
    }

    /// The last record in the store.
    pub(super) fn applied(&self) -> Seq {
        self.state().applied
    }

    fn met(&self, fault: StoreError, generation: u64) -> LedgerError {
        if !fault.is_damage() {
            return fault.into();
        }
        let told = being_mended(&fault, None);
        let mut state = self.state();
        if state.generation == generation && state.fault.is_none() {
            tracing::error!("{fault}");
            state.fault = Some(fault);
            self.wake();
        }
        told
    }

    fn run(&self, workshop: &Workshop, mut patience: Patience) {
        loop {
            match self.task(&patience) {
                Task::End => break,
                Task::Apply(store, batch) => self.apply(&store, batch),
                Task::Mend(fault) => self.mend(workshop, &mut patience, fault),
            }
        }
        // Closed here, before the data folder is given back.
        let closed = self.state().store.take();
        drop(closed);
    }

    fn task(&self, patience: &Patience) -> Task {
        let mut state = self.state();
        loop {
            let due = state.fault.as_ref().map(|fault| patience.due(fault));
            if state.closing && (state.trouble.is_some() || state.waiting.is_empty()) {
                return Task::End;
            }
            if due.is_some_and(|due| due <= Instant::now())
                && let Some(fault) = state.fault.take()
            {
                state.told = false;
                return Task::Mend(fault);
            }
            let now = Instant::now();
            if state.trouble.is_none()
                && state.is_to_go(now)
                && let Some(store) = state.store.clone()
            {
                (state.waiting_bytes, state.go_at, state.wanted) = (0, None, false);
                return Task::Apply(store, state.waiting.drain(..).flatten().collect());
            }
            // What cannot go waits for the store to be mended.
            let going = state.go_at.filter(|_| state.trouble.is_none());
            let next = due.into_iter().chain(going).min();
            let pause = next.map_or(HANGING, |next| next.saturating_duration_since(now));
            if let State { fault: Some(fault), told: told @ false, trouble, .. } = &mut *state {
                *told = true;
                let again = patience.relapse(fault, pause);
                tracing::error!("{again}");
                *trouble = trouble.take().map(|_| again);
            }
            state = self.0.1.wait_timeout(state, pause).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn apply(&self, store: &Store, batch: Kept) {
        let outcome = store.apply(&batch);
        let mut state = self.state();
        match outcome {
            Ok(()) => state.applied = batch.last().map_or(state.applied, |(record, _)| record.seq),
            Err(fault) => {
                tracing::error!("the store does not take what the journal has kept: {fault}");
                state.waiting_bytes += bytes(&batch);
                state.waiting.push_front(batch);
                state.go_at = Some(Instant::now());
                state.trouble = Some(being_mended(&fault, None));
                state.fault = Some(fault);
            }
        }
        self.wake();
    }

    fn mend(&self, workshop: &Workshop, patience: &mut Patience, fault: StoreError) {
        if let Err(full) = workshop.is_worth_it(&fault) {
            patience.tried(Instant::now());
            // Most of what is in the store can still be read: all that sled need not write for.
            self.fail(full);
            return;
        }
        let old = {
            let mut state = self.state();
            state.trouble = Some(being_mended(&fault, None));
            state.store.take()
        };
        self.wake();
        drop(old);
        let mended = workshop.mend(&fault, &mut |progress| {
            let mut state = self.state();
            state.trouble = Some(being_mended(&fault, Some(progress)));
            !state.closing
        });
        patience.tried(Instant::now());
        match mended.and_then(|mended| mended.map(|mended| Ok((mended.store.applied()?, mended))).transpose()) {
            // The end has come first.
            Ok(None) => {}
            Ok(Some((applied, mended))) => {
                tracing::warn!("{}", mended.said);
                let mut state = self.state();
                state.store = Some(mended.store);
                state.generation += 1;
                state.applied = applied;
                state.waiting.retain(|batch| batch.last().is_some_and(|(record, _)| record.seq > applied));
                state.waiting_bytes = state.waiting.iter().map(bytes).sum();
                state.go_at = (!state.waiting.is_empty()).then(Instant::now);
                (state.fault, state.trouble) = (None, None);
            }
            Err(fault) => self.fail(patience.failed(fault)),
        }
        self.wake();
    }

    fn fail(&self, (trouble, fault): (LedgerError, StoreError)) {
        let mut state = self.state();
        if state.trouble.as_ref() != Some(&trouble) {
            tracing::error!("{trouble}");
        }
        (state.trouble, state.fault, state.told) = (Some(trouble), Some(fault), true);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it is enough, or the store takes nothing.
    fn wait_for_store(&self, enough: impl Fn(&State) -> bool) -> Result<MutexGuard<'_, State>, LedgerError> {
        let going_on = |state: &mut State| !enough(state) && state.trouble.is_none();
        let mut state = self.state();
        if going_on(&mut state) {
            state.wanted = true;
            self.wake();
        }
        let (state, waited) =
            self.0.1.wait_timeout_while(state, HANGING, going_on).unwrap_or_else(PoisonError::into_inner);
        match waited.timed_out() {
            false => Ok(state),
            true => Err(LedgerError::failing(format!(
                "the store has not answered for {} s: restart willcall, which loses nothing",
                HANGING.as_secs()
            ))),
        }
    }

    fn wake(&self) {
        self.0.1.notify_all();
    }
}
