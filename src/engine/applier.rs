//! The thread that brings the store up to the journal, while the writer decides and syncs the next batch.
//!
//! What is handed over is durable and has been answered. Should the store refuse it, it stays here, in order, until the
//! store takes it; the writer asks for that ([`Applier::ready`]) before it decides anything further.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crate::domain::ids::Seq;
use crate::domain::record::Record;
use crate::journal::Location;
use crate::store::Store;

use super::ledger::LedgerError;

/// Batches that may wait for the store: enough to keep both threads busy, few enough that the store is never far behind.
const WAITING: usize = 4;

/// Records with their places, as they came from the journal.
pub(super) type Kept = Vec<(Record, Location)>;

/// The way to the thread. When it is dropped, everything handed over has been tried.
#[derive(Debug)]
pub(super) struct Applier {
    line: Line,
    thread: Option<JoinHandle<()>>,
}

/// How far the store has come, for whoever reads it.
#[derive(Debug, Clone)]
pub(super) struct Line(Arc<(Mutex<State>, Condvar)>);

#[derive(Debug)]
struct State {
    waiting: VecDeque<Kept>,
    /// The last record in the store.
    applied: Seq,
    /// The last record handed over.
    handed: Seq,
    /// Why the store does not take the first of those that wait.
    refused: Option<LedgerError>,
    closing: bool,
}

impl Applier {
    /// Starts the thread on a store that is up to the journal, at `applied`.
    ///
    /// # Errors
    /// When no thread can be had.
    pub(super) fn start(store: Store, applied: Seq) -> std::io::Result<Self> {
        let state = State { waiting: VecDeque::new(), applied, handed: applied, refused: None, closing: false };
        let line = Line(Arc::new((Mutex::new(state), Condvar::new())));
        let own = line.clone();
        let thread = std::thread::Builder::new().name("store".to_owned()).spawn(move || own.run(&store))?;
        Ok(Self { line, thread: Some(thread) })
    }

    pub(super) fn line(&self) -> Line {
        self.line.clone()
    }

    /// Hands a batch over.
    pub(super) fn hand(&self, batch: Kept) {
        let Some((newest, _)) = batch.last() else { return };
        let mut state = self.line.state();
        state.handed = newest.seq;
        state.waiting.push_back(batch);
        self.line.wake();
    }

    /// Waits until there is room for another batch. A store that has refused one is asked again.
    ///
    /// # Errors
    /// When it refuses still.
    pub(super) fn ready(&self) -> Result<(), LedgerError> {
        let mut state = self.line.state();
        let again = state.refused.take().is_some();
        if again {
            self.line.wake();
        }
        let state = self.line.wait(state, |state| {
            let enough = if again { state.applied == state.handed } else { state.waiting.len() < WAITING };
            enough || state.refused.is_some()
        });
        state.refused.clone().map_or(Ok(()), Err)
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

impl Line {
    /// Waits until the store has all that was handed over before this call. One that refuses is not waited for: it is asked
    /// as it stands.
    pub(super) fn settle(&self) {
        let state = self.state();
        let until = state.handed;
        drop(self.wait(state, |state| state.applied >= until || state.refused.is_some()));
    }

    /// The last record in the store.
    pub(super) fn applied(&self) -> Seq {
        self.state().applied
    }

    fn run(&self, store: &Store) {
        loop {
            let idle = |state: &State| state.waiting.is_empty() || state.refused.is_some();
            let mut state = self.wait(self.state(), |state| state.closing || !idle(state));
            if idle(&state) {
                return;
            }
            // All that wait go as one: rows they share are written once. They stay in the line until the store has them.
            let batch: Kept = state.waiting.drain(..).flatten().collect();
            drop(state);
            let outcome = store.apply(&batch);
            let mut state = self.state();
            match outcome {
                Ok(()) => state.applied = batch.last().map_or(state.applied, |(record, _)| record.seq),
                Err(error) => {
                    tracing::error!("the store does not take what the journal has kept: {error}");
                    state.waiting.push_front(batch);
                    state.refused = Some(error.into());
                }
            }
            self.wake();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&'a self, state: MutexGuard<'a, State>, enough: impl Fn(&State) -> bool) -> MutexGuard<'a, State> {
        self.0.1.wait_while(state, |state| !enough(state)).unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        self.0.1.notify_all();
    }
}
