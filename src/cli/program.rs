//! The whole program: every stage started in the order of the data's way, and stopped in that order too, so that what was
//! taken in is kept and what was sent out is on record.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::{CliError, alerts, signals};
use crate::config::{self, Method, Settings};
use crate::control::{self, Remote, SOCKET_NAME, Socket};
use crate::delivery::command::CommandTarget;
use crate::delivery::http::HttpTarget;
use crate::delivery::{Target, TargetError, worker};
use crate::domain::query::{Disk, Status};
use crate::engine::ledger::Ledger as _;
use crate::engine::local::LocalLedger;
use crate::engine::{Desk, Engine, Handle};
use crate::ingest::door::Door;
use crate::ingest::server;
use crate::store::Progress;

/// Listener, ledger, delivery worker and control socket, running.
pub struct Program {
    engine: Engine,
    writer: thread::JoinHandle<()>,
    address: SocketAddr,
    path: String,
    stop: watch::Sender<bool>,
    listener: JoinHandle<()>,
    worker: JoinHandle<()>,
    control: Option<JoinHandle<()>>,
    alerts: JoinHandle<()>,
}

impl Program {
    /// Starts everything. `progress` hears of a store that is being made anew.
    ///
    /// # Errors
    /// When the address is taken, the data folder is held by another process, or the journal is damaged.
    pub async fn start(settings: &Settings, progress: &mut dyn FnMut(Progress)) -> Result<Self, CliError> {
        let target = target(settings).map_err(|error| CliError::Failed(error.to_string()))?;
        take_all_files();
        let ledger = open_patiently(settings, progress).await?;
        let stood = ledger.last();
        // Only now: who is refused comes again at once, who hangs while a store is made anew does not.
        let listener = TcpListener::bind(settings.listen).await.map_err(|error| {
            let at = settings.listen;
            CliError::Failed(format!("cannot listen on {at}: {error}; give another address with --listen"))
        })?;
        let address = listener.local_addr().map_err(CliError::Runtime)?;
        let door = Door::default();
        let (engine, writer) = start_engine(ledger, settings, status(settings, Some(address), door.clone()))?;
        let (stop, stopping) = watch::channel(false);
        let until_stop = || {
            let mut stopping = stopping.clone();
            async move { drop(stopping.wait_for(|stop| *stop).await) }
        };
        let control = match Socket::bind(&settings.data_dir.join(SOCKET_NAME)) {
            Ok(socket) => Some(tokio::spawn(control::serve(socket, Handle::new(engine.clone()), until_stop()))),
            Err(error) => {
                tracing::warn!("no control socket, so other commands cannot reach this server: {error}");
                None
            }
        };
        let clock = settings.clock;
        let alerts = alerts::run(Handle::new(engine.clone()), settings.alert.clone(), stood, clock, until_stop());
        let listener = server::serve(listener, settings.clone(), engine.clone(), clock, door, until_stop());
        let worker = worker::run(engine.clone(), target, settings.deliver.concurrency, clock, until_stop());
        Ok(Self {
            engine,
            writer,
            address,
            path: shown_path(settings),
            stop,
            listener: tokio::spawn(listener),
            worker: tokio::spawn(worker),
            control,
            alerts: tokio::spawn(alerts),
        })
    }

    /// The door to its ledger.
    pub fn handle(&self) -> Handle {
        Handle::new(self.engine.clone())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where webhooks go, secrets masked.
    pub fn url(&self) -> String {
        format!("http://{}{}", self.address, self.path)
    }

    /// Waits until the ledger has stopped by itself, which it never should.
    pub async fn broken(&self) {
        let mut changes = Desk::changes(&self.engine);
        while changes.changed().await.is_ok() {}
    }

    /// Stops: no more is taken in or sent out, what is under way is finished or recorded, then the ledger is closed.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        // A task that panicked has said so already; what it held is closed below all the same.
        let _ = self.listener.await;
        let _ = self.worker.await;
        if let Some(control) = self.control {
            let _ = control.await;
        }
        let _ = self.alerts.await;
        drop(self.engine);
        let writer = self.writer;
        let _ = tokio::task::spawn_blocking(move || writer.join()).await;
    }
}

/// Takes as many open files as the system grants this user: each sender's connection is one.
fn take_all_files() {
    let limit = getrlimit(Resource::Nofile);
    // Without them there are fewer connections at once, and nothing else.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

/// A folder that holds a ledger. A command that only looks must not make one: it would say that all is well.
///
/// # Errors
/// When the data folder of `settings` has none.
pub fn existing(settings: &Settings) -> Result<&Settings, CliError> {
    match settings.data_dir.join("journal").is_dir() {
        true => Ok(settings),
        false => Err(CliError::Failed(format!(
            "there is no ledger in {}: name the server's folder with --data-dir; `willcall config show` says which one is configured",
            settings.data_dir.display()
        ))),
    }
}

/// The ledger alone, for a command that finds no server running.
///
/// # Errors
/// When another process holds the data folder, or the journal is damaged.
pub fn ledger_alone(settings: &Settings) -> Result<(Handle, thread::JoinHandle<()>), CliError> {
    let ledger = open(existing(settings)?, &mut |_| {})?;
    let (engine, writer) = start_engine(ledger, settings, status(settings, None, Door::default()))?;
    Ok((Handle::new(engine), writer))
}

/// How often, and how long in all, a server asks for a data folder that another process holds.
const PATIENCE: (Duration, u32) = (Duration::from_millis(50), 100);

/// A command that found no server holds the folder for a moment; another server holds it for good, and answers.
async fn open_patiently(settings: &Settings, progress: &mut dyn FnMut(Progress)) -> Result<LocalLedger, CliError> {
    let (pause, mut times) = PATIENCE;
    loop {
        match open(settings, progress) {
            Err(error) if error.is_taken() && times > 0 => {
                if Remote::connect(&settings.data_dir.join(SOCKET_NAME)).await.is_ok() {
                    return Err(error);
                }
                times -= 1;
                tokio::time::sleep(pause).await;
            }
            result => return result,
        }
    }
}

fn open(settings: &Settings, progress: &mut dyn FnMut(Progress)) -> Result<LocalLedger, CliError> {
    signals::outlive_file_size_limit()?;
    // sled creates its files as the umask lets it; all that is kept is for its owner alone.
    rustix::process::umask(Mode::from_raw_mode(0o077));
    let (mut ledger, opening) = LocalLedger::open(settings, progress)?;
    for warning in opening.warnings {
        tracing::warn!("{warning}");
    }
    let lost = ledger.recover(&settings.deliver.retry, settings.clock.now())?;
    if lost > 0 {
        tracing::warn!("{lost} attempts were under way when willcall stopped last: their outcome is unknown");
    }
    Ok(ledger)
}

fn start_engine(
    ledger: LocalLedger,
    settings: &Settings,
    status: impl Fn() -> Status + Send + Sync + 'static,
) -> Result<(Engine, thread::JoinHandle<()>), CliError> {
    let archive = ledger.archive();
    Engine::start(ledger, archive, settings.deliver.retry.clone(), settings.clock, status).map_err(CliError::Runtime)
}

fn target(settings: &Settings) -> Result<Option<Target>, TargetError> {
    let (timeout, clock) = (settings.deliver.timeout, settings.clock);
    Ok(match &settings.deliver.target {
        config::Target::ByHand => None,
        config::Target::Http { url, secret } => {
            Some(Target::Http(HttpTarget::new(url, secret.clone(), timeout, clock)?))
        }
        config::Target::Command(line) => Some(Target::Command(CommandTarget::new(line, timeout, clock)?)),
    })
}

fn status(settings: &Settings, address: Option<SocketAddr>, door: Door) -> impl Fn() -> Status + use<> {
    let status = Arc::new(Status {
        listen: address.map(|address| address.to_string()),
        path: shown_path(settings),
        target: match &settings.deliver.target {
            config::Target::ByHand => "by hand".to_owned(),
            config::Target::Http { url, .. } => url.split('?').next().unwrap_or_default().to_owned(),
            config::Target::Command(line) => line.clone(),
        },
        data_dir: settings.data_dir.display().to_string(),
        late_after: settings.late_after,
        ..Status::starting(settings.clock.now())
    });
    let folder = settings.data_dir.clone();
    move || Status {
        turned_away: door.turned_away(),
        turned_away_total: door.totals(),
        disk: disk(&folder),
        ..(*status).clone()
    }
}

/// The room left for `folder`. What root alone may use is not room.
fn disk(folder: &Path) -> Option<Disk> {
    let room = rustix::fs::statvfs(folder).ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(room.f_frsize);
    Some(Disk { free: bytes(room.f_bavail), size: bytes(room.f_blocks) })
}

/// The path of the listener; with secret path segments, the last one masked.
fn shown_path(settings: &Settings) -> String {
    let secret = settings.auth.methods.iter().any(|method| matches!(method, Method::Path(_)));
    match settings.path.rsplit_once('/') {
        Some((parent, _)) if secret => format!("{parent}/••••"),
        _ => settings.path.clone(),
    }
}
