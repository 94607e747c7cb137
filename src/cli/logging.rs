//! Log lines: for people, or one JSON object a line. Never coloured; `RUST_LOG` narrows or widens them.

use std::fs::OpenOptions;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Mutex;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::LogFormat;

/// Where lines go while the dashboard has the terminal, in the data folder.
pub const LOG_FILE: &str = "willcall.log";

/// A log file longer than this is begun anew.
const LOG_BYTES: u64 = 8 << 20;

/// Logs to stderr. A second call changes nothing.
pub fn to_stderr(format: LogFormat) {
    start(format, std::io::stderr);
}

/// Logs to a file that only its owner can read; to nowhere, if it cannot be had: the dashboard says what matters.
pub fn to_file(format: LogFormat, path: &Path) {
    // The ledger makes its folder, as private, only later.
    if let Some(folder) = path.parent() {
        let _ = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    }
    let long = std::fs::metadata(path).is_ok_and(|file| file.len() > LOG_BYTES);
    let file = OpenOptions::new().create(true).write(true).append(!long).truncate(long).mode(0o600).open(path);
    if let Ok(file) = file {
        start(format, Mutex::new(file));
    }
}

fn start(format: LogFormat, writer: impl for<'a> MakeWriter<'a> + Send + Sync + 'static) {
    let filter = EnvFilter::builder().with_default_directive(tracing::Level::INFO.into()).from_env_lossy();
    // A line that cannot be written must not end what it tells of.
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_ansi(false)
        .log_internal_errors(false);
    let _ = match format {
        LogFormat::Text => lines.with_target(false).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
}
