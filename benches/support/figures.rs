//! Percentiles, processor time, memory, bytes on disk.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// Of sorted `values`, the one that `share` of them do not exceed.
pub(crate) fn percentile(values: &[Duration], share: f64) -> Duration {
    let place = (values.len() as f64 * share).ceil() as usize;
    values.get(place.saturating_sub(1)).copied().unwrap_or_default()
}

/// The middle one.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Processor time of this process so far, the calling thread's left out: that is the load generator's.
pub(crate) fn server_time() -> Duration {
    let read = |clock| {
        let time = clock_gettime(clock);
        Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
    };
    read(ClockId::ProcessCPUTime).saturating_sub(read(ClockId::ThreadCPUTime))
}

/// Milliseconds, as tables show them.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Resident memory of a process in MiB, now and at its highest.
pub(crate) fn resident(process: i32) -> (u64, u64) {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    (field("VmRSS:").unwrap_or_default() / 1024, field("VmHWM:").unwrap_or_default() / 1024)
}

/// Bytes that the files below a folder take, as the file system counts them.
pub(crate) fn bytes_on_disk(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let sizes = entries.flatten().map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => bytes_on_disk(&entry.path()),
        Ok(metadata) => metadata.blocks() * 512,
        Err(_) => 0,
    });
    sizes.sum()
}

/// The median of some appends of a kilobyte, each followed by its own `fdatasync`: what no ledger can do without.
pub(crate) fn one_sync(folder: &Path) -> Duration {
    let path = folder.join("sync");
    let mut file = fs::File::create(&path).expect("the folder can be written");
    file.write_all(&vec![0; 512 * 1024]).and_then(|()| file.sync_all()).expect("the folder can be written");
    let mut times: Vec<Duration> = (0..300)
        .map(|number| {
            let begin = Instant::now();
            file.write_all_at(&[1; 1024], 512 * 1024 + number * 1024).expect("the folder can be written");
            file.sync_data().expect("the folder can be written");
            begin.elapsed()
        })
        .collect();
    times.sort();
    drop(fs::remove_file(path));
    percentile(&times, 0.5)
}
