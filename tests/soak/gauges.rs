//! What the program takes of the machine: memory, open files, threads, disk; and whether that grows.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::support::terminal::Pid;

/// At one moment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Gauges {
    /// Since the beginning.
    pub at: Duration,
    /// Webhooks answered so far.
    pub webhooks: usize,
    /// Resident memory, in bytes.
    pub memory: u64,
    pub files: usize,
    pub threads: usize,
    /// Bytes on disk.
    pub journal: u64,
    /// Bytes on disk.
    pub store: u64,
}

impl Gauges {
    /// Reads them.
    pub fn read(pid: Pid, data: &Path, at: Duration, webhooks: usize) -> Self {
        let process = format!("/proc/{}", pid.as_raw_nonzero());
        let status = fs::read_to_string(format!("{process}/status")).unwrap_or_default();
        let of = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
            line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0_u64)
        };
        Self {
            at,
            webhooks,
            memory: of("VmRSS") * 1024,
            files: fs::read_dir(format!("{process}/fd")).map_or(0, Iterator::count),
            threads: usize::try_from(of("Threads")).unwrap_or_default(),
            journal: bytes_in(&data.join("journal")),
            store: bytes_in(&data.join("store")),
        }
    }
}

/// Disk space of a folder. What is removed while one looks is not there.
fn bytes_in(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => bytes_in(&entry.path()),
        _ => entry.metadata().map_or(0, |metadata| metadata.len()),
    });
    sizes.sum()
}

/// The median of one gauge over a part of the run, as in `0.5..0.75`.
pub fn median(run: &[Gauges], part: std::ops::Range<f64>, gauge: impl Fn(&Gauges) -> u64) -> u64 {
    let end = run.last().map_or(Duration::ZERO, |last| last.at);
    let within = |at: Duration| (end.mul_f64(part.start)..=end.mul_f64(part.end)).contains(&at);
    let mut values: Vec<u64> = run.iter().filter(|one| within(one.at)).map(gauge).collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}
