//! A target that is a shell command: one run an attempt, the request as JSON on its standard input.
//!
//! It may ignore its input, close it early, talk without end, leave children behind or hang: none of that fails or hangs
//! an attempt. Nothing of a payload gets into its arguments or its environment.

use std::process::{ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::timeout;

use super::answer::{self, Beginning};
use super::target::{Stopwatch, TargetError, bare_answer};
use crate::config::clock::Clock;
use crate::domain::record::Answer;
use crate::domain::request;
use crate::domain::retry::Outcome;
use crate::engine::Assignment;

/// How long output may still come after the command itself has ended: what it wrote is in the pipe already, and a child
/// it left behind would hold the pipe open for good.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// A command of the operator's.
pub struct CommandTarget {
    line: String,
    timeout: Duration,
    clock: Clock,
}

impl CommandTarget {
    /// Runs `line` by `/bin/sh -c`.
    ///
    /// # Errors
    /// When it is blank.
    pub fn new(line: &str, timeout: Duration, clock: Clock) -> Result<Self, TargetError> {
        if line.trim().is_empty() {
            return Err(TargetError::NoCommand);
        }
        Ok(Self { line: line.to_owned(), timeout, clock })
    }

    pub(super) fn name(&self) -> &str {
        &self.line
    }

    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    pub(super) async fn attempt(&self, assignment: &Assignment) -> (Answer, Vec<u8>) {
        let request = match request::body(&assignment.delivery, assignment.attempt, &assignment.body) {
            Ok(request) => request,
            // Nothing went out: a retry must not look like one after the target's own no.
            Err(sentence) => return (bare_answer(Outcome::Deferred, sentence), Vec::new()),
        };
        let watch = Stopwatch::start(self.clock);
        let child = match self.start(assignment) {
            Ok(child) => child,
            Err(error) => {
                let text = answer::line("the command could not be started", Some(&error.to_string()));
                return (bare_answer(Outcome::Deferred, text), Vec::new());
            }
        };
        let said = Mutex::new(Beginning::default());
        let ended = timeout(self.timeout, converse(child, &request, &said)).await;
        let said = said.into_inner().unwrap_or_else(PoisonError::into_inner);
        let answer = match ended {
            Ok(Ok(status)) => judged(status, &said.bytes),
            Ok(Err(error)) => {
                let text = answer::line("the command's end was not seen", Some(&error.to_string()));
                bare_answer(Outcome::Unknown, text)
            }
            Err(_) => {
                let text = format!("not done within {}, killed", humantime::format_duration(self.timeout));
                bare_answer(Outcome::Unknown, text)
            }
        };
        (Answer { latency_ms: watch.millis(), truncated: said.truncated, ..answer }, said.bytes)
    }

    fn start(&self, assignment: &Assignment) -> std::io::Result<Child> {
        shell(&self.line)
            .env("WILLCALL_DELIVERY", assignment.delivery.id.to_string())
            .env("WILLCALL_ATTEMPT", assignment.attempt.to_string())
            .env("IDEMPOTENCY_KEY", &assignment.key)
            .spawn()
    }
}

/// Runs `line` by `/bin/sh -c` once, with `input` on its standard input; killed with all that it started when it takes
/// longer than `limit`.
///
/// # Errors
/// A sentence that says why it did not end with exit status 0.
pub async fn run_once(line: &str, input: &[u8], limit: Duration) -> Result<(), String> {
    let child = shell(line).spawn().map_err(|error| format!("it could not be started: {error}"))?;
    let said = Mutex::new(Beginning::default());
    let ended = timeout(limit, converse(child, input, &said)).await;
    let said = said.into_inner().unwrap_or_else(PoisonError::into_inner);
    match ended {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(judged(status, &said.bytes).text),
        Ok(Err(error)) => Err(format!("its end was not seen: {error}")),
        Err(_) => Err(format!("not done within {}, killed", humantime::format_duration(limit))),
    }
}

fn shell(line: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command
        .arg("-c")
        .arg(line)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    command
}

/// Kills the command and all that it started when dropped before its end was seen.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            // It may be gone already.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

/// Feeds the command and listens until it ends. Dropping this kills it.
async fn converse(mut child: Child, request: &[u8], said: &Mutex<Beginning>) -> std::io::Result<ExitStatus> {
    let mut group = Group(child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)));
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let talk = async { tokio::join!(feed(stdin, request), listen(stdout, said), listen(stderr, said)) };
    tokio::pin!(talk);
    let (status, silent) = tokio::select! {
        status = child.wait() => (status, false),
        _ = &mut talk => (child.wait().await, true),
    };
    // From here on the process id may be another's.
    group.0 = None;
    if !silent {
        let _ = timeout(LAST_WORDS, talk).await;
    }
    status
}

async fn feed(stdin: Option<ChildStdin>, request: &[u8]) {
    if let Some(mut stdin) = stdin {
        // A command need not read its input: a closed pipe is no failure.
        let _ = stdin.write_all(request).await;
    }
}

/// Reads to the end, so that the command never waits for a reader; keeps the beginning.
async fn listen(source: Option<impl AsyncRead + Unpin>, said: &Mutex<Beginning>) {
    let Some(mut source) = source else { return };
    let mut chunk = vec![0; 8 * 1024];
    while let Ok(read @ 1..) = source.read(&mut chunk).await {
        said.lock().unwrap_or_else(PoisonError::into_inner).push(&chunk[..read]);
    }
}

fn judged(status: ExitStatus, said: &[u8]) -> Answer {
    use std::os::unix::process::ExitStatusExt as _;
    let outcome = Outcome::of_exit(status.code());
    let how = match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit {code}"),
        (None, Some(signal)) => format!("killed by signal {signal}"),
        (None, None) => "ended without an exit status".to_owned(),
    };
    let words = if outcome == Outcome::Accepted { None } else { answer::words(said) };
    Answer { status: status.code(), ..bare_answer(outcome, answer::line(&how, words.as_deref())) }
}

#[cfg(test)]
mod tests {
    use super::super::testing::assignment;
    use super::*;

    async fn run(line: &str) -> (Answer, String) {
        run_within(line, Duration::from_secs(20)).await
    }

    async fn run_within(line: &str, limit: Duration) -> (Answer, String) {
        let target = CommandTarget::new(line, limit, Clock::System).unwrap();
        let (answer, said) = target.attempt(&assignment()).await;
        (answer, String::from_utf8(said).unwrap())
    }

    #[tokio::test]
    async fn exits_mean_what_the_contract_says() {
        for (line, outcome, status, text) in [
            ("true", Outcome::Accepted, Some(0), "exit 0"),
            ("echo 'ticket locked' >&2; exit 65", Outcome::Refused, Some(65), "exit 65: ticket locked"),
            ("exit 75", Outcome::Deferred, Some(75), "exit 75"),
            ("exit 1", Outcome::Unknown, Some(1), "exit 1"),
            ("kill -9 $$", Outcome::Unknown, None, "killed by signal 9"),
        ] {
            let (answer, _) = run(line).await;
            assert_eq!((answer.outcome, answer.status, answer.text.as_str()), (outcome, status, text), "{line}");
        }
    }

    #[tokio::test]
    async fn the_request_is_on_its_input_and_its_names_in_its_environment() {
        let (answer, said) = run(r#"echo "$WILLCALL_DELIVERY $WILLCALL_ATTEMPT $IDEMPOTENCY_KEY"; cat"#).await;
        let of = assignment();
        let request = String::from_utf8(request::body(&of.delivery, of.attempt, &of.body).unwrap()).unwrap();
        assert_eq!(answer.outcome, Outcome::Accepted);
        assert_eq!(said, format!("d-41 1 {}\n{request}", assignment().key));
    }

    #[tokio::test]
    async fn a_command_need_not_read_its_input() {
        // Larger than a pipe's buffer, so that writing it would block.
        let filler = "x".repeat(1 << 20);
        let body = format!(r#"{{"family":"ticket","action":"ticket.updated","data":"{filler}"}}"#);
        let assignment = Assignment { body: body.into(), ..assignment() };
        for line in ["exit 0", "exec 0<&-; echo done"] {
            let target = CommandTarget::new(line, Duration::from_secs(20), Clock::System).unwrap();
            assert_eq!(target.attempt(&assignment).await.0.outcome, Outcome::Accepted, "{line}");
        }
    }

    #[tokio::test]
    async fn endless_talk_is_cut_and_does_not_block() {
        let (answer, said) = run("head -c 1000000 /dev/zero | tr '\\0' x; exit 65").await;
        assert_eq!((answer.outcome, answer.truncated, said.len()), (Outcome::Refused, true, 64 * 1024));
        assert!(answer.text.chars().count() <= 200);
    }

    #[tokio::test]
    async fn a_command_that_hangs_is_killed_with_its_children() {
        // The child, not the shell, holds the pipe: reading it to the end shows that both are gone.
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let (heard, hearing) = tokio::sync::oneshot::channel();
        // A thread of its own: the runtime would wait for one of its pool, and hang where it should fail.
        std::thread::spawn({
            let pipe = pipe.clone();
            move || heard.send(std::fs::read_to_string(pipe).unwrap())
        });
        let line = format!("(echo started; exec sleep 1000) > '{}' & wait", pipe.display());
        let (answer, _) = run_within(&line, Duration::from_millis(300)).await;
        assert_eq!((answer.outcome, answer.text.as_str()), (Outcome::Unknown, "not done within 300ms, killed"));
        let heard = timeout(Duration::from_secs(5), hearing).await.expect("the child outlived it").unwrap();
        assert_eq!(heard, "started\n");
    }

    #[tokio::test]
    async fn a_child_left_behind_does_not_hold_the_attempt() {
        let (answer, said) = run_within("sleep 3 & echo done", Duration::from_secs(2)).await;
        assert_eq!((answer.outcome, said.as_str()), (Outcome::Accepted, "done\n"));
    }

    #[tokio::test]
    async fn a_command_that_cannot_start_did_nothing() {
        let (answer, _) = run("\0").await;
        assert_eq!(answer.outcome, Outcome::Deferred);
        assert!(answer.text.starts_with("the command could not be started: "), "{}", answer.text);
    }

    #[tokio::test]
    async fn what_is_run_once_gets_its_input_and_its_end_is_said() {
        let run = async |line, limit| run_once(line, b"{\"count\":1}\n", limit).await;
        let limit = Duration::from_secs(20);
        assert_eq!(run(r#"read line; [ "$line" = '{"count":1}' ]"#, limit).await, Ok(()));
        assert_eq!(run("echo 'no pager' >&2; exit 3", limit).await, Err("exit 3: no pager".into()));
        assert_eq!(run("sleep 1000", Duration::from_millis(50)).await, Err("not done within 50ms, killed".into()));
        assert!(run("\0", limit).await.unwrap_err().starts_with("it could not be started: "));
    }

    #[test]
    fn a_blank_command_is_refused() {
        assert!(matches!(CommandTarget::new("  ", Duration::from_secs(1), Clock::System), Err(TargetError::NoCommand)));
    }
}
