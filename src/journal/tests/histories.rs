//! Random histories on a disk that fails in every way [`platter`](super::platter) knows: what was acknowledged, or given back
//! at an opening, is there at every later one.

use super::platter::{FaultyDisk, Plan};
use super::*;

/// Unless `WILLCALL_JOURNAL_HISTORIES` says another number.
const HISTORIES: u64 = 2_000;

/// What the histories have come across, so that none of it goes untested by luck.
#[derive(Debug, Default)]
struct Seen {
    refused: u64,
    healed: u64,
    died: u64,
    failed_openings: u64,
    torn_ends: u64,
    kept_unacknowledged: u64,
    compressed: u64,
}

struct History {
    seed: u64,
    random: fastrand::Rng,
    disk: FaultyDisk,
    options: Options,
    journal: Option<Journal>,
    /// What was acknowledged, or given back by an opening: from record 1 on.
    promised: Vec<Record>,
    /// What was not, and may be there all the same: behind all that is promised, each whole.
    refused: Vec<Record>,
    written: u64,
}

impl History {
    fn new(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let sector = random.choice([16, 64, 512, 4096]).unwrap();
        let options = Options { segment_bytes: random.u64(400..3000), trial_bytes: random.usize(1..600) };
        let disk = FaultyDisk::new(random.u64(..), sector);
        let (promised, refused) = (Vec::new(), Vec::new());
        Self { seed, random, disk, options, journal: None, promised, refused, written: 0 }
    }

    fn run(&mut self, seen: &mut Seen) {
        self.open(seen);
        for _ in 0..self.random.u32(5..30) {
            match self.random.u8(..20) {
                0 => self.disk.kill(),
                1 => self.disk.cut_power(),
                2 => self.disk.start(),
                3 => self.disk.limit(self.disk.used() + self.random.usize(..800)),
                4 => self.disk.limit(usize::MAX),
                5 => self.disk.plan(Plan::Chance(self.random.f64() / 4.0)),
                6 => self.disk.plan(Plan::Never),
                7 => self.disk.forget(),
                8 => self.recover_in_place(seen),
                9 => self.journal = None,
                10 | 11 => self.compress(seen),
                _ => self.append(seen),
            }
            if self.disk.dead() || self.journal.is_none() {
                self.open(seen);
            }
        }
        self.disk.cut_power();
        self.open(seen);
    }

    fn append(&mut self, seen: &mut Seen) {
        let next = self.promised.len() as u64 + 1;
        let batch: Vec<Record> = (next..next + self.random.u64(1..5)).map(|seq| self.record(seq)).collect();
        let journal = self.journal.as_mut().unwrap();
        let was_unwell = journal.unwell();
        match journal.append(&batch) {
            Ok(locations) => {
                seen.healed += u64::from(was_unwell);
                assert!(!journal.unwell() && locations.len() == batch.len(), "seed {}", self.seed);
                self.promised.extend(batch);
            }
            Err(JournalError::Io { .. }) => {
                seen.refused += 1;
                assert!(journal.unwell(), "seed {}: not told that it failed", self.seed);
                self.refused.extend(batch);
            }
            Err(error) => panic!("seed {}: {error}", self.seed),
        }
        assert_eq!(journal.last(), Seq(self.promised.len() as u64), "seed {}", self.seed);
    }

    /// Compresses what can be.
    fn compress(&mut self, seen: &mut Seen) {
        let press = self.journal.as_ref().unwrap().press();
        let all = press.plain(Seq(u64::MAX)).and_then(|plain| {
            plain.into_iter().try_for_each(|first| {
                seen.compressed += u64::from(press.press(first, &mut || true)?.is_some());
                Ok(())
            })
        });
        match all {
            Ok(()) | Err(JournalError::Io { .. }) => {}
            Err(error) => panic!("seed {}: {error}", self.seed),
        }
    }

    fn record(&mut self, seq: u64) -> Record {
        self.written += 1;
        let mut body = format!("{} ", self.written).into_bytes();
        let longest = self.random.choice([1, 40, 700]).unwrap();
        body.extend((0..self.random.usize(..longest)).map(|_| self.random.u8(..)));
        record(seq, &body)
    }

    /// The disk is sound again: nothing else must be done for the journal to go on.
    fn recover_in_place(&mut self, seen: &mut Seen) {
        self.disk.plan(Plan::Never);
        self.disk.limit(usize::MAX);
        let journal = self.journal.as_mut().unwrap();
        journal.ready().unwrap_or_else(|error| panic!("seed {}: {error}", self.seed));
        assert!(!journal.unwell(), "seed {}", self.seed);
        assert_eq!(all(journal), self.promised, "seed {}", self.seed);
        let refused = self.refused.len();
        self.append(seen);
        assert_eq!(self.refused.len(), refused, "seed {}: still refusing", self.seed);
    }

    /// Starts the program until it comes up; every failure to do so must be the disk's.
    fn open(&mut self, seen: &mut Seen) {
        if self.disk.dead() {
            seen.died += 1;
        }
        self.journal = None;
        let folder = Path::new("/data/journal");
        let mut attempts = self.random.choice([0_u8, 0, 0, 1, 3]).unwrap();
        loop {
            self.disk.start();
            let sound = attempts == 0;
            if sound {
                self.disk.limit(usize::MAX);
                if self.random.u8(..4) == 0 {
                    self.same_at_rest(folder);
                }
            } else {
                self.disk.plan(Plan::Chance(self.random.f64() / 8.0));
            }
            // The store has only what was acknowledged, and may have lost it.
            let known = match self.random.u8(..3) {
                0 => 0,
                1 => self.promised.len() as u64,
                _ => self.random.u64(..=self.promised.len() as u64),
            };
            match Journal::open_on(Arc::new(self.disk.clone()), folder, self.options, Seq(known)) {
                Ok((journal, warnings)) if !self.disk.dead() => {
                    self.disk.plan(Plan::Never);
                    seen.torn_ends += warnings.len() as u64;
                    let there = all(&journal);
                    self.accept(there, seen);
                    self.journal = Some(journal);
                    return;
                }
                Ok(_) => {}
                Err(JournalError::Io { .. }) if !sound => {}
                Err(error) => panic!("seed {}, known {known} of {}: {error}", self.seed, self.promised.len()),
            }
            seen.failed_openings += 1;
            match self.random.u8(..4) {
                0 => self.disk.kill(),
                1 => self.disk.cut_power(),
                _ => {}
            }
            attempts = attempts.saturating_sub(1);
        }
    }

    /// Reading without opening shows the same.
    fn same_at_rest(&self, folder: &Path) {
        let reader = match Reader::at_rest_on(Arc::new(self.disk.clone()), folder) {
            Ok(reader) => reader,
            Err(JournalError::Io { .. }) if self.promised.is_empty() => return,
            Err(error) => panic!("seed {}: {error}", self.seed),
        };
        let there: Vec<Record> = reader.scan(Seq(1)).map(|item| item.unwrap().0).collect();
        self.check(&there);
    }

    fn check(&self, there: &[Record]) {
        let (seed, promised) = (self.seed, self.promised.len());
        assert!(there.len() >= promised, "seed {seed}: {} of {promised} acknowledged records are there", there.len());
        assert!(there[..promised] == self.promised, "seed {seed}: not what was acknowledged");
        for record in &there[promised..] {
            assert!(self.refused.contains(record), "seed {seed}: record {} was never written", record.seq);
        }
    }

    fn accept(&mut self, there: Vec<Record>, seen: &mut Seen) {
        self.check(&there);
        seen.kept_unacknowledged += (there.len() - self.promised.len()) as u64;
        self.promised = there;
    }
}

#[test]
#[allow(clippy::print_stdout, reason = "the figures of a longer run")]
fn what_was_acknowledged_outlives_every_history_of_faults() {
    let wanted = std::env::var("WILLCALL_JOURNAL_HISTORIES").ok().map(|text| text.parse().expect("a number"));
    let histories = wanted.unwrap_or(HISTORIES);
    let mut seen = Seen::default();
    for seed in 0..histories {
        History::new(seed).run(&mut seen);
    }
    println!("{histories} histories: {seen:?}");
    let Seen { refused, healed, died, failed_openings, torn_ends, kept_unacknowledged, compressed } = seen;
    let counts = [refused, healed, died, failed_openings, torn_ends, kept_unacknowledged, compressed];
    assert!(counts.iter().all(|count| count * 100 > histories), "something hardly ever happened");
}
