//! The whole program: every stage started in the order of the data's way, and stopped in that order too, so that what was
//! taken in is kept and what was sent out is on record.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::progress::ProgressLine;
use super::{CliError, alerts, signals};
use crate::config::{self, Method, Settings};
use crate::control::{self, Remote, SOCKET_NAME, Socket};
use crate::delivery::command::CommandTarget;
use crate::delivery::http::HttpTarget;
use crate::delivery::{Target, TargetError, worker};
use crate::domain::ids::Seq;
use crate::domain::query::Status;
use crate::engine::ledger::Ledger as _;
use crate::engine::local::{LocalLedger, OpenError};
use crate::engine::{Engine, Entrance, Handle, Opener, entrance};
use crate::ingest::door::Door;
use crate::ingest::server;
use crate::journal::{DataFolder, folder};
use crate::store::Progress;

/// Listener, ledger, delivery worker and control socket, running.
pub struct Program {
    entrance: Entrance,
    address: SocketAddr,
    path: String,
    stop: watch::Sender<bool>,
    listener: JoinHandle<()>,
    control: Option<JoinHandle<()>>,
    opening: Opening,
}

/// The ledger behind the entrance.
enum Opening {
    UnderWay(JoinHandle<Result<Opened, CliError>>),
    Done(Opened),
    Failed,
}

/// What works on an open ledger.
struct Tasks {
    worker: JoinHandle<()>,
    alerts: JoinHandle<()>,
}

struct Opened {
    writer: thread::JoinHandle<()>,
    tasks: Tasks,
}

impl Program {
    /// Listens, and begins to open the ledger, which can take long: until it is open, senders are answered 503 and whoever
    /// asks is told how far it is. `progress` hears of a store that is being made anew.
    ///
    /// # Errors
    /// When the address is taken or the data folder is held by another process.
    pub async fn start(settings: &Settings, progress: impl FnMut(Progress) + Send + 'static) -> Result<Self, CliError> {
        let target = target(settings).map_err(|error| CliError::Failed(error.to_string()))?;
        take_all_files();
        keep_to_itself()?;
        let folder = take_patiently(settings).await?;
        let listener = TcpListener::bind(settings.listen).await.map_err(|error| {
            let at = settings.listen;
            CliError::Failed(format!("cannot listen on {at}: {error}; give another address with --listen"))
        })?;
        let address = listener.local_addr().map_err(CliError::Runtime)?;
        let door = Door::default();
        let status = status(settings, Some(address), door.clone());
        let (entrance, opener) = entrance(status.clone());
        let (stop, stopping) = watch::channel(false);
        let until_stop = || {
            let mut stopping = stopping.clone();
            async move { drop(stopping.wait_for(|stop| *stop).await) }
        };
        let control = match Socket::bind(&settings.data_dir.join(SOCKET_NAME)) {
            Ok(socket) => Some(tokio::spawn(control::serve(socket, Handle::new(entrance.clone()), until_stop()))),
            Err(error) => {
                tracing::warn!("no control socket, so other commands cannot reach this server: {error}");
                None
            }
        };
        let (clock, concurrency, alert) = (settings.clock, settings.deliver.concurrency, settings.alert.clone());
        let serving = server::serve(listener, settings.clone(), entrance.clone(), clock, door, until_stop());
        let begin = {
            let (worker_stop, alerts_stop) = (until_stop(), until_stop());
            move |engine: &Engine, stood: Seq| Tasks {
                worker: tokio::spawn(worker::run(engine.clone(), target, concurrency, clock, worker_stop)),
                alerts: tokio::spawn(alerts::run(Handle::new(engine.clone()), alert, stood, clock, alerts_stop)),
            }
        };
        Ok(Self {
            entrance,
            address,
            path: shown_path(settings),
            stop,
            listener: tokio::spawn(serving),
            control,
            opening: Opening::UnderWay(tokio::spawn(open_behind(
                opener,
                folder,
                settings.clone(),
                progress,
                status,
                begin,
            ))),
        })
    }

    /// Waits until the ledger is open: from then on webhooks are taken and deliveries sent.
    ///
    /// # Errors
    /// When it cannot be opened, as when the journal is damaged.
    pub async fn opened(&mut self) -> Result<(), CliError> {
        if let Opening::UnderWay(opening) = &mut self.opening {
            let opened = opening.await.unwrap_or_else(|error| Err(CliError::Failed(format!("cannot start: {error}"))));
            match opened {
                Ok(opened) => self.opening = Opening::Done(opened),
                Err(error) => {
                    self.opening = Opening::Failed;
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// The door to its ledger.
    pub fn handle(&self) -> Handle {
        Handle::new(self.entrance.clone())
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
        self.entrance.closed().await;
    }

    /// Stops: no more is taken in or sent out, what is under way is finished or recorded, then the ledger is closed. One that
    /// is still being opened is left as it is: the next start goes on from there.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        // A task that panicked has said so already; what it held is closed below all the same.
        let _ = self.listener.await;
        let opened = match self.opening {
            Opening::Done(opened) => Some(opened),
            Opening::UnderWay(_) | Opening::Failed => None,
        };
        let writer = match opened {
            Some(Opened { writer, tasks }) => {
                let _ = tasks.worker.await;
                let _ = tasks.alerts.await;
                Some(writer)
            }
            None => None,
        };
        if let Some(control) = self.control {
            let _ = control.await;
        }
        drop(self.entrance);
        if let Some(writer) = writer {
            let _ = tokio::task::spawn_blocking(move || writer.join()).await;
        }
    }
}

/// Opens the ledger, starts what needs it, and lets those at the entrance in.
async fn open_behind(
    opener: Opener,
    folder: DataFolder,
    settings: Settings,
    mut progress: impl FnMut(Progress) + Send + 'static,
    status: impl Fn() -> Status + Send + Sync + 'static,
    begin: impl FnOnce(&Engine, Seq) -> Tasks,
) -> Result<Opened, CliError> {
    let opening = tokio::task::spawn_blocking(move || {
        let (mut ledger, stood) = open(folder, &settings, &mut |so_far| {
            opener.progress(so_far.percent());
            progress(so_far);
        })?;
        ledger.retain(&settings).map_err(CliError::Runtime)?;
        Ok((opener, stood, start_engine(ledger, &settings, status)?))
    });
    let (opener, stood, (engine, writer)) =
        opening.await.unwrap_or_else(|error| Err(CliError::Failed(format!("the ledger cannot be opened: {error}"))))?;
    let tasks = begin(&engine, stood);
    tokio::spawn(opener.open(engine));
    Ok(Opened { writer, tasks })
}

/// Takes as many open files as the system grants this user: each sender's connection is one.
fn take_all_files() {
    let limit = getrlimit(Resource::Nofile);
    // Without them there are fewer connections at once, and nothing else.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

/// What every process does before it writes into a data folder.
fn keep_to_itself() -> Result<(), CliError> {
    signals::outlive_file_size_limit()?;
    // sled creates its files as the umask lets it; all that is kept is for its owner alone.
    rustix::process::umask(Mode::from_raw_mode(0o077));
    Ok(())
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
    keep_to_itself()?;
    let folder = take(existing(settings)?)?;
    let mut line = ProgressLine::new(CATCHING_UP);
    let (ledger, _) = open(folder, settings, &mut |progress| line.show(progress))?;
    let (engine, writer) = start_engine(ledger, settings, status(settings, None, Door::default()))?;
    Ok((Handle::new(engine), writer))
}

/// What a line of progress says while a ledger is being opened.
pub const CATCHING_UP: &str = "bringing the store up to the journal";

/// How often, and how long in all, a server asks for a data folder that another process holds.
const PATIENCE: (Duration, u32) = (Duration::from_millis(50), 100);

/// A command that found no server holds the folder for a moment; another server holds it for good, and answers.
async fn take_patiently(settings: &Settings) -> Result<DataFolder, CliError> {
    let (pause, mut times) = PATIENCE;
    loop {
        match take(settings) {
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

fn take(settings: &Settings) -> Result<DataFolder, CliError> {
    Ok(DataFolder::take(&settings.data_dir).map_err(OpenError::from)?)
}

/// The ledger, and its last record before it was said what became of the attempts that were under way.
fn open(
    folder: DataFolder,
    settings: &Settings,
    progress: &mut dyn FnMut(Progress),
) -> Result<(LocalLedger, Seq), CliError> {
    let (mut ledger, opening) = LocalLedger::open_in(folder, settings, progress)?;
    for warning in opening.warnings {
        tracing::warn!("{warning}");
    }
    let stood = ledger.last();
    let lost = ledger.recover(&settings.deliver.retry, settings.clock.now())?;
    if lost > 0 {
        tracing::warn!("{lost} attempts were under way when willcall stopped last: their outcome is unknown");
    }
    Ok((ledger, stood))
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

fn status(settings: &Settings, address: Option<SocketAddr>, door: Door) -> impl Fn() -> Status + Clone + use<> {
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
    let data_dir = settings.data_dir.clone();
    move || Status {
        turned_away: door.turned_away(),
        turned_away_total: door.totals(),
        disk: folder::room(&data_dir),
        ..(*status).clone()
    }
}

/// The path of the listener; with secret path segments, the last one masked.
fn shown_path(settings: &Settings) -> String {
    let secret = settings.auth.methods.iter().any(|method| matches!(method, Method::Path(_)));
    match settings.path.rsplit_once('/') {
        Some((parent, _)) if secret => format!("{parent}/••••"),
        _ => settings.path.clone(),
    }
}
