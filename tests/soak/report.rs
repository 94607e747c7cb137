//! The figures of a run, and what they must not be.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use willcall::domain::delivery::{Kind, Stage};

use crate::STALL;
use crate::gauges::{Gauges, median};
use crate::latency::Times;
use crate::plan::Plan;

/// Files and threads the program may have open: a few segments and connections, the runtime's pool.
const MOST_FILES: usize = 200;
const MOST_THREADS: usize = 120;

/// Bytes of memory that sled keeps of the pages a webhook needs, however small its cache: it holds the table of all pages.
const PAGES_OF_A_WEBHOOK: u64 = 200;

type Gauge = fn(&Gauges) -> u64;

/// How the deliveries ended.
#[derive(Debug, Default)]
pub struct Endings {
    counts: BTreeMap<(&'static str, &'static str), usize>,
    open: usize,
    /// Acknowledged sales without a delivery.
    pub missing: usize,
    /// Sales with more than one transfer.
    pub twice: usize,
    /// Delivered by the target, which knows nothing of it.
    pub not_done: usize,
}

impl Endings {
    pub fn count(&mut self, kind: Kind, stage: Stage) {
        *self.counts.entry((kind.name(), stage.name())).or_default() += 1;
        self.open += usize::from(!matches!(stage, Stage::Delivered | Stage::Cancelled));
    }
}

/// Everything that was measured.
pub struct Report {
    pub plan: Plan,
    /// Once a second.
    pub run: Vec<Gauges>,
    pub latencies: BTreeMap<&'static str, Times>,
    /// Sales.
    pub acknowledged: usize,
    /// Webhooks that were told to come back.
    pub refused: usize,
    pub endings: Endings,
    pub manners: BTreeMap<&'static str, usize>,
    pub verified: Result<String, String>,
}

impl Report {
    /// What is not as it must be.
    pub fn broken(&self) -> Vec<String> {
        let mut broken = Vec::new();
        let mut must = |holds: bool, what: String| broken.extend((!holds).then_some(what));
        for (kind, times) in &self.latencies {
            must(times.worst() <= STALL, format!("{kind}: an answer took {:.1?}", times.worst()));
        }
        let endings = &self.endings;
        must(endings.open == 0, format!("{} deliveries are still open", endings.open));
        must(endings.missing == 0, format!("{} acknowledged sales have no delivery", endings.missing));
        must(endings.twice == 0, format!("{} sales have several transfers", endings.twice));
        must(endings.not_done == 0, format!("the target knows nothing of {} deliveries", endings.not_done));
        must(self.acknowledged > 0, "the load was none".to_owned());
        if let Err(why) = &self.verified {
            must(false, format!("verify: {why}"));
        }
        let most = |gauge: fn(&Gauges) -> usize| self.run.iter().map(gauge).max().unwrap_or_default();
        must(most(|one| one.files) <= MOST_FILES, format!("{} open files", most(|one| one.files)));
        must(most(|one| one.threads) <= MOST_THREADS, format!("{} threads", most(|one| one.threads)));
        broken.extend(self.grown());
        broken
    }

    /// What the last quarter of a long run has more of than the third, beyond a tenth and what the store must know of each
    /// page it has written. The first half is for warming up: the cache fills, the runtime's threads come.
    fn grown(&self) -> Vec<String> {
        if !self.plan.is_long {
            return Vec::new();
        }
        let third_and_last = |gauge: Gauge| {
            let of = |part| median(&self.run, part, gauge);
            (of(0.5..0.75), of(0.75..1.0))
        };
        let webhooks = third_and_last(|one| one.webhooks as u64);
        let pages = PAGES_OF_A_WEBHOOK * (webhooks.1 - webhooks.0);
        let gauges: [(&str, u64, Gauge); 5] = [
            ("bytes of memory", pages, |one| one.memory),
            ("open files", 10, |one| one.files as u64),
            ("threads", 10, |one| one.threads as u64),
            ("bytes of journal a webhook", 100, |one| one.journal / one.webhooks.max(1) as u64),
            ("bytes of store a webhook", 100, |one| one.store / one.webhooks.max(1) as u64),
        ];
        let grown = gauges.into_iter().filter_map(|(name, grace, gauge)| {
            let (third, last) = third_and_last(gauge);
            let has_grown = last > third + third / 10 + grace;
            has_grown.then(|| format!("{name} have grown from {third} to {last} in a quarter of the run"))
        });
        grown.collect()
    }
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1000.0)
}

/// The line of a minute.
pub fn minute(run: &[Gauges], (webhook, reader): (Duration, Duration)) -> String {
    let now = run.last().copied().unwrap_or_default();
    let before = run.len().checked_sub(60).map_or(Gauges::default(), |before| run[before]);
    let rate = (now.webhooks - before.webhooks) as f64 / (now.at - before.at).as_secs_f64().max(1.0);
    format!(
        "{:>3} min {:>8} webhooks, {rate:.0}/s; memory {:.0} MiB, {} files, {} threads; journal {:.0} MiB, store {:.0} MiB; \
         slowest answer: webhook {} ms, reader {} ms",
        now.at.as_secs().div_ceil(60),
        now.webhooks,
        mebibytes(now.memory),
        now.files,
        now.threads,
        mebibytes(now.journal),
        mebibytes(now.store),
        milliseconds(webhook),
        milliseconds(reader),
    )
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.run.last().copied().unwrap_or_default();
        let seconds = last.at.as_secs_f64();
        writeln!(
            f,
            "\n{} webhooks in {seconds:.0} s, {:.0}/s of {:.0} wanted (seed {}); {} told to come back; {} sales acknowledged",
            last.webhooks,
            last.webhooks as f64 / seconds.max(1.0),
            self.plan.rate,
            self.plan.seed,
            self.refused,
            self.acknowledged,
        )?;
        writeln!(f, "\n{:<24}{:>10}{:>10}{:>10}{:>10}", "answers, ms", "count", "median", "99 %", "worst")?;
        for (kind, times) in &self.latencies {
            let [median, most, worst] = [50, 99, 100].map(|percent| milliseconds(times.percentile(percent)));
            writeln!(f, "{kind:<24}{:>10}{median:>10}{most:>10}{worst:>10}", times.count())?;
        }
        writeln!(f, "\n{:<24}{:>10}{:>10}{:>10}{:>10}", "median of the quarter", "first", "second", "third", "last")?;
        let quarters = [0.0..0.25, 0.25..0.5, 0.5..0.75, 0.75..1.0];
        let mut row = |name: &str, gauge: &dyn Fn(&Gauges) -> f64, digits: usize| {
            write!(f, "{name:<24}")?;
            for quarter in &quarters {
                let value = median(&self.run, quarter.clone(), |one| (gauge(one) * 100.0) as u64) as f64 / 100.0;
                write!(f, "{value:>10.digits$}")?;
            }
            writeln!(f)
        };
        row("memory, MiB", &|one| mebibytes(one.memory), 1)?;
        row("open files", &|one| one.files as f64, 0)?;
        row("threads", &|one| one.threads as f64, 0)?;
        row("journal, bytes/webhook", &|one| one.journal as f64 / one.webhooks.max(1) as f64, 0)?;
        row("store, bytes/webhook", &|one| one.store as f64 / one.webhooks.max(1) as f64, 0)?;
        writeln!(f, "\nthe platform: {:?}", self.manners)?;
        writeln!(f, "deliveries: {:?}", self.endings)?;
        match &self.verified {
            Ok(said) => write!(f, "verify: {said}"),
            Err(why) => write!(f, "verify: {why}"),
        }
    }
}

/// The verdict itself, on runs made up.
mod tests {
    use super::*;

    /// Half an hour in which memory grows by `growth` bytes a webhook after it has warmed up.
    fn run(growth: u64) -> Report {
        let at = |second: u64| {
            let webhooks = second * 200;
            let (warm, later) = (webhooks.min(60_000), webhooks.saturating_sub(60_000));
            Gauges {
                at: Duration::from_secs(second),
                webhooks: usize::try_from(webhooks).unwrap(),
                memory: (60 << 20) + warm * 1000 + later * growth,
                files: 50,
                threads: 24,
                journal: webhooks * 2000,
                store: webhooks * 2000,
            }
        };
        Report {
            plan: Plan { length: Duration::from_secs(1800), rate: 200.0, seed: 0, is_long: true },
            run: (0..1800).map(at).collect(),
            latencies: BTreeMap::new(),
            acknowledged: 1,
            refused: 0,
            endings: Endings::default(),
            manners: BTreeMap::new(),
            verified: Ok(String::new()),
        }
    }

    #[test]
    fn growth_is_told_from_warming_up() {
        assert_eq!(run(0).broken(), Vec::<String>::new());
        assert_eq!(run(PAGES_OF_A_WEBHOOK).broken(), Vec::<String>::new());
        let broken = run(2000).broken();
        assert!(matches!(&broken[..], [one] if one.starts_with("bytes of memory have grown")), "{broken:?}");

        let mut files = run(0);
        (0..).zip(&mut files.run).for_each(|(second, one)| one.files = 50 + second / 20);
        let broken = files.broken();
        assert!(matches!(&broken[..], [one] if one.starts_with("open files have grown")), "{broken:?}");
    }

    #[test]
    fn an_answer_that_took_too_long_and_a_sale_that_did_not_end_are_named() {
        let latencies = crate::latency::Latencies::default();
        latencies.add("timeline", STALL + Duration::from_millis(100));
        let mut endings = Endings { missing: 1, ..Endings::default() };
        endings.count(Kind::Transfer, Stage::Failed);
        let broken = Report { latencies: latencies.all(), endings, ..run(0) }.broken();
        let wanted =
            ["timeline: an answer took 10.1s", "1 deliveries are still open", "1 acknowledged sales have no delivery"];
        assert_eq!(broken, wanted);
    }
}
