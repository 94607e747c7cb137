//! A store being made from the beginning of the journal: one piece of it is read, one folded and one written at the same time.
//!
//! Nobody else looks at such a store, so rows go into it one by one, and what a piece came to need not be there before the
//! next is folded. Its totals say that it is unfinished until all is there: one that was left so is as good as none.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

use crate::domain::ids::Seq;
use crate::domain::record::Record;
use crate::journal::{Location, Scan};

use super::changes::{Changes, Passing};
use super::fold::Fold;
use super::rows::{Totals, UNFINISHED};
use super::tree::Writes;
use super::{Store, StoreError, caught, keys, panicked};

/// Records that are read, folded and written together.
pub(super) type Piece = Vec<(Record, Location)>;

/// A store being made.
#[derive(Debug)]
pub(super) struct Anew {
    store: Store,
    totals: Totals,
    passing: Option<Arc<Passing>>,
    writer: Writer,
}

impl Anew {
    /// Goes on from what a base says, or from nothing.
    pub(super) fn begin(store: &Store) -> Result<Self, StoreError> {
        let totals = store.totals()?.unwrap_or_default();
        say_unfinished(store, &totals)?;
        Ok(Self { store: store.clone(), totals, passing: None, writer: Writer::start(store.clone())? })
    }

    /// Folds a piece, and hands over what it came to.
    pub(super) fn apply(&mut self, piece: &Piece) -> Result<(), StoreError> {
        let changes = Changes::after(&self.store.rows, self.totals.applied, self.passing.clone());
        let mut fold = Fold::begin(changes, self.totals.clone());
        piece.iter().try_for_each(|(record, location)| fold.next(record, *location))?;
        let (changes, totals) = fold.finish()?;
        let (writes, passing) = changes.into_passing()?;
        self.writer.hand(writes)?;
        (self.totals, self.passing) = (totals, Some(Arc::new(passing)));
        Ok(())
    }

    /// Waits until all is there, and says so in the totals.
    pub(super) fn finish(mut self) -> Result<(), StoreError> {
        self.writer.end()?;
        caught(|| {
            self.store.rows.flush()?;
            let mut changes = Changes::new(&self.store.rows);
            changes.put_json(keys::totals(), &self.totals)?;
            changes.commit()
        })
    }
}

/// What is in the store from now on is as good as nothing, until its totals are written again.
pub(super) fn say_unfinished(store: &Store, totals: &Totals) -> Result<(), StoreError> {
    let mut changes = Changes::new(&store.rows);
    changes.put_json(keys::totals(), &Totals { format: UNFINISHED, ..totals.clone() })?;
    changes.commit()
}

/// The thread that writes one piece while the next is folded.
#[derive(Debug)]
struct Writer {
    way: Option<SyncSender<Writes>>,
    thread: Option<JoinHandle<Result<(), StoreError>>>,
}

impl Writer {
    fn start(store: Store) -> Result<Self, StoreError> {
        // What is handed over next is taken once the last is written.
        let (way, pieces) = sync_channel::<Writes>(0);
        let write = move || caught(|| pieces.iter().try_for_each(|writes| store.rows.write_singly(writes)));
        let thread = Builder::new().name("store-anew".to_owned()).spawn(write).map_err(no_thread)?;
        Ok(Self { way: Some(way), thread: Some(thread) })
    }

    fn hand(&mut self, writes: Writes) -> Result<(), StoreError> {
        match self.way.as_ref().map(|way| way.send(writes)) {
            Some(Ok(())) => Ok(()),
            // It takes no more because it has met an error, and what was handed over is lost.
            _ => self.end().and_then(|()| Err(has_ended())),
        }
    }

    /// Whether all went well.
    fn end(&mut self) -> Result<(), StoreError> {
        drop(self.way.take());
        let thread = self.thread.take().ok_or_else(has_ended)?;
        thread.join().unwrap_or_else(|panic| Err(panicked(&*panic)))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Whoever has not asked by now has met another error.
        let _ = self.end();
    }
}

/// The thread that reads the journal, a piece ahead of what is applied.
#[derive(Debug)]
pub(super) struct Ahead {
    pieces: Option<Receiver<Result<Piece, StoreError>>>,
    thread: Option<JoinHandle<()>>,
}

impl Ahead {
    /// Reads pieces of at most so many records and bytes.
    pub(super) fn start(mut records: Scan, most_records: usize, most_bytes: u64) -> Result<Self, StoreError> {
        let (way, pieces) = sync_channel(1);
        let read = move || {
            while let Some(piece) = next_piece(&mut records, most_records, most_bytes).transpose() {
                // The other end is closed by whoever wants no more.
                if way.send(piece).is_err() {
                    break;
                }
            }
        };
        let thread = Builder::new().name("journal-ahead".to_owned()).spawn(read).map_err(no_thread)?;
        Ok(Self { pieces: Some(pieces), thread: Some(thread) })
    }

    /// The next piece; `None` at the end.
    pub(super) fn next(&mut self) -> Option<Result<Piece, StoreError>> {
        if let Ok(piece) = self.pieces.as_ref()?.recv() {
            return Some(piece);
        }
        // It has come to the end, unless it panicked: then what follows is missing.
        let panic = self.thread.take()?.join().err()?;
        Some(Err(panicked(&*panic)))
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        drop(self.pieces.take());
        if let Some(thread) = self.thread.take() {
            // It reads, and returns what it meets.
            let _ = thread.join();
        }
    }
}

fn next_piece(records: &mut Scan, most_records: usize, most_bytes: u64) -> Result<Option<Piece>, StoreError> {
    let (mut piece, mut bytes) = (Piece::new(), 0);
    while piece.len() < most_records
        && bytes < most_bytes
        && let Some(item) = records.next()
    {
        let (record, location) = item?;
        bytes += u64::from(location.length);
        piece.push((record, location));
    }
    Ok((!piece.is_empty()).then_some(piece))
}

fn no_thread(source: std::io::Error) -> StoreError {
    StoreError::Io { doing: "have a thread for", path: "the store".into(), source }
}

fn has_ended() -> StoreError {
    StoreError::Unfit("the thread that writes it has ended before".to_owned())
}

/// The last record of a piece.
pub(super) fn last(piece: &Piece) -> Option<Seq> {
    piece.last().map(|(record, _)| record.seq)
}
