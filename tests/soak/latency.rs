//! How long answers take, by kind of question.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Every answer's time, from many threads.
#[derive(Default)]
pub struct Latencies(Mutex<BTreeMap<&'static str, Times>>);

/// The times of one kind.
#[derive(Default, Clone)]
pub struct Times {
    micros: Vec<u32>,
    /// Where the running minute began.
    minute: usize,
}

impl Latencies {
    /// Does something and takes its time.
    pub fn take<T>(&self, kind: &'static str, what: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let result = what();
        self.add(kind, started.elapsed());
        result
    }

    /// One more answer of that kind.
    pub fn add(&self, kind: &'static str, time: Duration) {
        let micros = u32::try_from(time.as_micros()).unwrap_or(u32::MAX);
        self.0.lock().unwrap().entry(kind).or_default().micros.push(micros);
    }

    /// All so far, by kind.
    pub fn all(&self) -> BTreeMap<&'static str, Times> {
        self.0.lock().unwrap().clone()
    }

    /// The slowest answer to a webhook and to anybody else since this was last asked.
    pub fn worst_lately(&self, webhooks: &str) -> (Duration, Duration) {
        let mut worst = (Duration::ZERO, Duration::ZERO);
        for (kind, times) in &mut *self.0.lock().unwrap() {
            let slowest = times.micros[times.minute..].iter().max().copied().unwrap_or_default();
            let place = if *kind == webhooks { &mut worst.0 } else { &mut worst.1 };
            *place = (*place).max(Duration::from_micros(slowest.into()));
            times.minute = times.micros.len();
        }
        worst
    }
}

impl Times {
    /// How many.
    pub fn count(&self) -> usize {
        self.micros.len()
    }

    /// So many percent took no longer.
    pub fn percentile(&self, percent: usize) -> Duration {
        let mut sorted = self.micros.clone();
        sorted.sort_unstable();
        let place = (sorted.len() * percent).div_ceil(100).max(1) - 1;
        Duration::from_micros(sorted.get(place).copied().unwrap_or_default().into())
    }

    /// The slowest.
    pub fn worst(&self) -> Duration {
        self.percentile(100)
    }
}
