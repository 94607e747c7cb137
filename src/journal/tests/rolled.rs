//! A journal of some segments, on a disk that fails as planned: for what is done to closed segments.

use super::platter::{FaultyDisk, Plan};
use super::*;

pub(super) const FOLDER: &str = "/data/journal";
pub(super) const OPTIONS: Options = Options { segment_bytes: 850, trial_bytes: 600 };

pub(super) fn open_on(disk: &FaultyDisk) -> Result<Journal, JournalError> {
    Journal::open_on(Arc::new(disk.clone()), Path::new(FOLDER), OPTIONS, Seq(0)).map(|(journal, _)| journal)
}

/// Fourteen records in four segments, on a disk that has them.
pub(super) fn full(seed: u64) -> (FaultyDisk, Journal) {
    let disk = FaultyDisk::new(seed, if seed.is_multiple_of(2) { 64 } else { 512 });
    let mut journal = open_on(&disk).unwrap();
    for batch in 0..7 {
        journal.append(&records(2 * batch + 1..=2 * batch + 2)).unwrap();
    }
    disk.plan(Plan::Never);
    (disk, journal)
}

pub(super) fn names(disk: &FaultyDisk) -> Vec<String> {
    let mut names = disk::Disk::names(disk, Path::new(FOLDER)).unwrap();
    names.sort();
    names
}
