//! `willcall serve` as a process on a data folder of its own: started, asked, stopped, killed, started again.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

pub use rustix::process::{Pid, Signal};

use rustix::process::kill_process;
use tempfile::TempDir;

use super::http::{self, Response};
use super::watched::Watched;

const LIMIT: Duration = Duration::from_secs(30);

/// The program under test.
pub const WILLCALL: &str = env!("CARGO_BIN_EXE_willcall");

/// A folder and how to start a server on it. The folder goes when this goes.
pub struct Program {
    // Goes first, so that nobody writes into the folder while it is removed.
    running: Option<Running>,
    folder: TempDir,
    program: PathBuf,
    data: PathBuf,
    /// `serve`, or none for the program without a verb.
    verb: Option<&'static str>,
    arguments: Vec<String>,
    environment: HashMap<String, String>,
}

/// A server that runs. Killed when dropped.
struct Running {
    pid: Pid,
    address: SocketAddr,
    path: String,
    watched: Arc<Watched<State>>,
}

#[derive(Default)]
struct State {
    log: String,
    silent: bool,
    exit: Option<ExitStatus>,
}

impl Program {
    /// Starts a server with these arguments behind `serve --listen 127.0.0.1:0 --data-dir …` and waits until it listens.
    #[track_caller]
    pub fn serve(arguments: &[&str]) -> Self {
        Self::serve_with(Path::new(WILLCALL), arguments, &[])
    }

    /// The same with another program in its place and more environment.
    #[track_caller]
    pub fn serve_with(program: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut this = Self::at_rest(environment);
        program.clone_into(&mut this.program);
        this.arguments = arguments.iter().map(ToString::to_string).collect();
        this.start();
        this
    }

    /// The program under test with more environment, not started.
    #[track_caller]
    pub fn at_rest(environment: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        Self {
            running: None,
            data: folder.path().join("data"),
            folder,
            program: PathBuf::from(WILLCALL),
            verb: Some("serve"),
            arguments: Vec::new(),
            environment: environment.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
        }
    }

    /// The program under test with more environment.
    #[track_caller]
    pub fn serve_in(environment: &[(&str, &str)], arguments: &[&str]) -> Self {
        Self::serve_with(Path::new(WILLCALL), arguments, environment)
    }

    /// From the next start on, this is in its environment, in place of what was there by that name.
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.insert(name.to_owned(), value.to_owned());
    }

    /// From the next start on, it delivers there.
    pub fn deliver_to(&mut self, url: &str) {
        self.set("WILLCALL_DELIVER_TO", url);
    }

    /// From the next start on, it is started without a verb.
    pub fn without_verb(&mut self) {
        self.verb = None;
    }

    /// From the next start on, it keeps its data there. Whoever says so removes it.
    pub fn keep_data_in(&mut self, data: PathBuf) {
        self.data = data;
    }

    /// Where it keeps its data.
    pub fn data(&self) -> PathBuf {
        self.data.clone()
    }

    /// Its process id.
    #[track_caller]
    pub fn pid(&self) -> Pid {
        self.running().pid
    }

    /// Where it listens.
    #[track_caller]
    pub fn address(&self) -> SocketAddr {
        self.running().address
    }

    /// The path webhooks go to.
    #[track_caller]
    pub fn path(&self) -> &str {
        &self.running().path
    }

    /// What it has written to stderr since it was last started.
    #[track_caller]
    pub fn log(&self) -> String {
        self.running().watched.read(|state| state.log.clone())
    }

    /// Waits until stderr has said `text`.
    #[track_caller]
    pub fn wait_for_log(&self, text: &str) {
        let said = self.running().watched.wait(LIMIT, |state| state.log.contains(text).then_some(()));
        said.unwrap_or_else(|| panic!("waited {LIMIT:?} for {text:?}; stderr:\n{}", self.log()));
    }

    /// Posts a webhook.
    #[track_caller]
    pub fn post(&self, body: &str) -> Response {
        self.post_to(self.path(), &[], body)
    }

    /// Posts anything anywhere.
    #[track_caller]
    pub fn post_to(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
        http::post(self.address(), path, headers, body)
    }

    /// Gets anything.
    #[track_caller]
    pub fn get(&self, path: &str) -> Response {
        http::get(self.address(), path)
    }

    /// Runs another verb on the same data folder, as from a second terminal, and waits for its end.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> Output {
        let mut command = self.command();
        command.args(arguments).arg("--data-dir").arg(self.data());
        output_of(command)
    }

    /// Asks it to stop (SIGTERM) and waits until it has.
    #[track_caller]
    pub fn stop(&mut self) -> ExitStatus {
        self.end(Signal::TERM)
    }

    /// Kills it, as `kill -9` does.
    #[track_caller]
    pub fn kill(&mut self) -> ExitStatus {
        self.end(Signal::KILL)
    }

    /// Sends it a signal, and does not wait.
    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("the server to be there");
    }

    /// Waits until it has ended.
    #[track_caller]
    pub fn wait_for_exit(&mut self) -> ExitStatus {
        let running = self.running.take().expect("a server that runs");
        let exit = running.watched.wait(LIMIT, |state| state.exit);
        exit.unwrap_or_else(|| panic!("it did not end within {LIMIT:?}"))
    }

    /// Starts it again on the same folder, after [`stop`](Self::stop) or [`kill`](Self::kill).
    #[track_caller]
    pub fn start(&mut self) {
        self.start_until("listening on ");
    }

    /// The same, and waits only until it says that it is opening its ledger.
    #[track_caller]
    pub fn start_opening(&mut self) {
        self.start_until("the ledger is being opened; until it is, ");
    }

    #[track_caller]
    fn start_until(&mut self, said: &'static str) {
        let (pid, watched) = self.spawn();
        let listening = watched.wait(LIMIT, |state| match place_after(said, &state.log) {
            Some(place) => Some(Some(place)),
            None => (state.silent && state.exit.is_some()).then_some(None),
        });
        let Some(Some((address, path))) = listening else {
            let _ = kill_process(pid, Signal::KILL);
            panic!("the server did not say where it listens; stderr:\n{}", watched.read(|state| state.log.clone()));
        };
        self.running = Some(Running { pid, address, path, watched });
    }

    /// Starts it and kills it after `moment`, wherever it is by then.
    #[track_caller]
    pub fn start_and_kill(&mut self, moment: Duration) {
        let (pid, watched) = self.spawn();
        watched.wait(moment, |state| state.exit);
        // It may have ended by itself; then there is nothing left to kill.
        let _ = kill_process(pid, Signal::KILL);
        watched.wait(LIMIT, |state| state.exit).expect("it to end");
    }

    #[track_caller]
    fn spawn(&self) -> (Pid, Arc<Watched<State>>) {
        assert!(self.running.is_none(), "it runs already");
        let mut command = self.command();
        command.args(self.verb).args(["--listen", "127.0.0.1:0", "--data-dir"]).arg(self.data()).args(&self.arguments);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program to start");
        let pid = pid_of(child.id());
        let watched = Arc::new(Watched::new(State::default()));
        let (errors, log) = (child.stderr.take(), Arc::clone(&watched));
        std::thread::spawn(move || {
            for line in errors.into_iter().flat_map(|errors| BufReader::new(errors).lines()).map_while(Result::ok) {
                log.change(|state| state.log.extend([line.as_str(), "\n"]));
            }
            log.change(|state| state.silent = true);
        });
        let end = Arc::clone(&watched);
        std::thread::spawn(move || {
            let exit = child.wait().expect("the program's exit status");
            end.change(|state| state.exit = Some(exit));
        });
        (pid, watched)
    }

    fn command(&self) -> Command {
        let mut command = command(&self.program, self.folder.path());
        command.envs(&self.environment);
        command
    }

    #[track_caller]
    fn running(&self) -> &Running {
        self.running.as_ref().expect("a server that runs")
    }

    #[track_caller]
    fn end(&mut self, signal: Signal) -> ExitStatus {
        self.signal(signal);
        self.wait_for_exit()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.watched.read(|state| state.exit.is_none()) {
            // It may end in this very moment by itself; then there is nothing left to kill.
            let _ = kill_process(self.pid, Signal::KILL);
            self.watched.wait(LIMIT, |state| state.exit);
        }
    }
}

/// A command in `folder`, which is its home too, with nothing of the caller's environment but `PATH`.
pub fn command(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("LANG", "C.UTF-8");
    command.env("HOME", folder).current_dir(folder);
    command
}

/// Runs a command to its end and takes what it says.
#[track_caller]
pub fn output_of(command: Command) -> Output {
    output_within(LIMIT, command)
}

/// The same, for what may take longer.
#[track_caller]
pub fn output_within(limit: Duration, mut command: Command) -> Output {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program to start");
    let (out, err) = (read_aside(child.stdout.take()), read_aside(child.stderr.take()));
    let pid = pid_of(child.id());
    let ended = Arc::new(Watched::new(None));
    let end = Arc::clone(&ended);
    std::thread::spawn(move || {
        let status = child.wait().ok();
        end.change(|ended| *ended = status);
    });
    let Some(status) = ended.wait(limit, |status| *status) else {
        let _ = kill_process(pid, Signal::KILL);
        panic!("{command:?} did not end within {limit:?}");
    };
    let taken = |bytes: std::thread::JoinHandle<Vec<u8>>| bytes.join().unwrap_or_default();
    Output { status, stdout: taken(out), stderr: taken(err) }
}

/// Finds `http://ADDRESS:PORT/path` after what was `said` in a log, plain or JSON.
fn place_after(said: &str, log: &str) -> Option<(SocketAddr, String)> {
    // Only whole lines: the end of one may not have come yet.
    let (log, _) = log.rsplit_once('\n')?;
    let place = log.split_once(said)?.1.strip_prefix("http://")?;
    let place = place.split(|character: char| character.is_whitespace() || matches!(character, ',' | '"')).next()?;
    let (address, path) = place.split_once('/')?;
    Some((address.parse().ok()?, format!("/{path}")))
}

fn read_aside(source: Option<impl Read + Send + 'static>) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut source) = source {
            let _ = source.read_to_end(&mut bytes);
        }
        bytes
    })
}

#[track_caller]
fn pid_of(id: u32) -> Pid {
    Pid::from_raw(id.cast_signed()).expect("a process id")
}
