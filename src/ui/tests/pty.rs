//! The real terminal's manners, in a pseudo-terminal: this test binary runs itself as the program.

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};

use super::ledger::{FakeDesk, Ledger, now};
use crate::config::ThemeName;
use crate::config::clock::Clock;
use crate::engine::Handle;
use crate::ui::colour::Announced;
use crate::ui::preferences::Preferences;
use crate::ui::remembered::Remembered;
use crate::ui::ring::Ring;
use crate::ui::run::{Options, run};

const PATIENCE: Duration = Duration::from_secs(20);

/// What the child is to do, in its environment.
const SCRIPT: &str = "WILLCALL_TEST_PTY_CHILD";

/// The program: only with [`SCRIPT`] set.
#[test]
fn child() {
    let Ok(script) = std::env::var(SCRIPT) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let variable = |name| std::env::var(name).unwrap_or_default();
    let terminal =
        Announced { no_color: !variable("NO_COLOR").is_empty(), term: variable("TERM"), ..Announced::default() };
    let options = Options {
        who: "ana".into(),
        clock: Clock::Fixed(now()),
        preferences: Preferences::read(ThemeName::Auto, false, &[], &terminal).unwrap(),
        remembered: Remembered::default(),
        tmux: !variable("TMUX").is_empty(),
        ring: Ring::Off,
    };
    let exit = runtime.block_on(async {
        // Taken before the first frame is seen: no signal comes too early.
        let take = |of: Signal| signal(SignalKind::from_raw(of.as_raw())).unwrap();
        let (mut terminate, mut hang_up, mut misfortune) = (take(Signal::TERM), take(Signal::HUP), take(Signal::USR1));
        let shutdown = async {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = hang_up.recv() => {}
                _ = misfortune.recv() => match script.as_str() {
                    "panic" => panic!("the dashboard itself"),
                    _ => {
                        let _ = tokio::spawn(async { panic!("a worker far away") }).await;
                        std::future::pending::<()>().await;
                    }
                },
            }
        };
        let ledger = if script == "busy" { Ledger::busy() } else { Ledger::empty() };
        run(Handle::new(FakeDesk::new(ledger)), options, shutdown).await
    });
    // Anything but a panic leaves by here; the number says how.
    std::process::exit(match exit {
        Ok(ended) => 40 + ended.exit as i32,
        Err(_) => 39,
    });
}

struct Program {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    bytes: Vec<u8>,
    screen: vt100::Parser,
}

impl Program {
    fn start(script: &str, no_color: bool) -> Self {
        Self::start_with(script, no_color.then_some(("NO_COLOR", "1")))
    }

    /// With one variable more in its environment.
    fn start_with(script: &str, variable: Option<(&str, &str)>) -> Self {
        let pty = native_pty_system().openpty(PtySize { rows: 24, cols: 80, ..PtySize::default() }).unwrap();
        let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
        command.args(["--exact", "ui::tests::pty::child", "--nocapture"]);
        command.env(SCRIPT, script);
        command.env("TERM", "xterm-256color");
        command.env("RUST_BACKTRACE", "0");
        command.env_remove("NO_COLOR");
        command.env_remove("TMUX");
        if let Some((name, value)) = variable {
            command.env(name, value);
        }
        let child = pty.slave.spawn_command(command).unwrap();
        drop(pty.slave);
        let mut reader = pty.master.try_clone_reader().unwrap();
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(length @ 1..) = reader.read(&mut chunk) {
                if sender.send(chunk[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        let keys = pty.master.take_writer().unwrap();
        Self { child, master: pty.master, keys, output, bytes: Vec::new(), screen: vt100::Parser::default() }
    }

    fn until(&mut self, what: &str, so: impl Fn(&Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !so(self) {
            let left = end.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => {
                    self.screen.process(&bytes);
                    self.bytes.extend(bytes);
                }
                Err(_) => panic!("never {what}:\n{}", self.screen.screen().contents()),
            }
        }
    }

    fn see(&mut self, text: &str) {
        self.until(text, |one| one.screen.screen().contents().contains(text));
    }

    fn press(&mut self, keys: &[u8]) {
        self.keys.write_all(keys).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits for the end and says with which status; the terminal is as it was.
    fn end(mut self) -> (u32, String) {
        self.until("gave the terminal back", |one| {
            !one.screen.screen().alternate_screen()
                && !one.screen.screen().hide_cursor()
                && !one.screen.screen().bracketed_paste()
                && !one.bytes.is_empty()
        });
        let status = self.child.wait().unwrap();
        while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(200)) {
            self.screen.process(&bytes);
            self.bytes.extend(bytes);
        }
        if let Some(settings) = self.master.get_termios() {
            let cooked = format!("{:?}", settings.local_flags);
            assert!(cooked.contains("ICANON") && cooked.contains("ECHO"), "{cooked}");
        }
        (status.exit_code(), self.screen.screen().contents())
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.process_id().unwrap()).unwrap();
        rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), signal).unwrap();
    }
}

#[test]
fn the_terminal_is_given_back_after_quit_and_signals() {
    let mut program = Program::start("wait", false);
    program.see("stored 0");
    assert!(program.screen.screen().alternate_screen());
    program.press(b"q");
    assert_eq!(program.end().0, 40);
    for signal in [Signal::TERM, Signal::HUP] {
        let mut program = Program::start("wait", false);
        program.see("stored 0");
        program.signal(signal);
        assert_eq!(program.end().0, 41);
    }
}

#[test]
fn the_terminal_is_given_back_before_a_panic_speaks() {
    let mut program = Program::start("panic", false);
    program.see("stored 0");
    program.signal(Signal::USR1);
    let (status, said) = program.end();
    assert!(status != 40 && said.contains("the dashboard itself"), "{status}\n{said}");
}

#[test]
fn a_workers_panic_leaves_the_dashboard_alone_and_is_told_afterwards() {
    let mut program = Program::start("worker", false);
    program.see("stored 0");
    program.signal(Signal::USR1);
    program.press(b"3");
    program.see("deliveries: all states");
    assert!(program.screen.screen().alternate_screen());
    assert!(!program.screen.screen().contents().contains("far away"));
    program.press(b"q");
    let (status, said) = program.end();
    assert!(status == 40 && said.contains("a worker far away"), "{status}\n{said}");
}

#[test]
fn no_color_keeps_the_modifiers() {
    let mut program = Program::start("wait", true);
    program.see("stored 0");
    let text = String::from_utf8_lossy(&program.bytes).into_owned();
    assert!(text.contains("\u{1b}[7m") && !text.contains("\u{1b}[;m"), "{text:?}");
    // As a terminal understands it: the row of tabs has its reversed and bold cells, and none is coloured.
    let screen = program.screen.screen();
    let cells = (0..24).flat_map(|row| (0..80).filter_map(move |column| screen.cell(row, column)));
    let (mut reversed, mut bold) = (0, 0);
    for cell in cells {
        reversed += usize::from(cell.inverse());
        bold += usize::from(cell.bold());
        assert_eq!((cell.fgcolor(), cell.bgcolor()), (vt100::Color::Default, vt100::Color::Default));
    }
    assert!(reversed >= 10 && bold >= 8, "{reversed} {bold}");
    for colour in 30..=37 {
        assert!(!text.contains(&format!("[{colour}m")) && !text.contains("[38;5;"), "{text:?}");
    }
    program.press(b"q");
    assert_eq!(program.end().0, 40);
}

#[test]
fn nothing_is_written_where_nothing_has_changed() {
    let mut program = Program::start("wait", false);
    program.see("stored 0");
    // Until the answers to what was asked at the start have been drawn.
    while let Ok(bytes) = program.output.recv_timeout(Duration::from_millis(700)) {
        program.screen.process(&bytes);
    }
    // Three seconds go by, of a clock that stands still.
    let written = program.output.recv_timeout(Duration::from_millis(3100));
    assert!(written.is_err(), "{:?}", written.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()));
    program.press(b"q");
    assert_eq!(program.end().0, 40);
}

#[test]
fn a_frame_is_one_synchronized_update_and_no_question_is_put_to_the_terminal() {
    let mut program = Program::start("wait", false);
    program.see("stored 0");
    program.press(b"3");
    program.see("No delivery yet");
    program.press(b"q");
    let text = String::from_utf8_lossy(&program.bytes).into_owned();
    assert_eq!(program.end().0, 40);
    assert!(text.contains("\u{1b}[?2026h") && text.contains("\u{1b}[?2026l"), "{text:?}");
    // Where is the cursor, who are you, which colours: some terminals never answer.
    for question in ["\u{1b}[6n", "\u{1b}[c", "\u{1b}[0c", "\u{1b}]10;?", "\u{1b}]11;?", "\u{1b}[?u", "\u{1b}[>q"] {
        assert!(!text.contains(question), "{question:?} in {text:?}");
    }
}

#[test]
fn suspending_gives_the_terminal_back_and_takes_it_again() {
    let mut program = Program::start("wait", false);
    program.see("stored 0");
    program.press(b"\x1a");
    program.see("Suspending stops the listener too");
    program.press(b"y");
    let count = |one: &Program, what: &str| String::from_utf8_lossy(&one.bytes).matches(what).count();
    program.until("suspended", |one| count(one, "\u{1b}[?1049l") == 1);
    // Where no shell could continue it, the kernel does not stop it in the first place; going on must do no harm then.
    program.signal(Signal::CONT);
    program.until("back", |one| count(one, "\u{1b}[?1049h") >= 2);
    // What is typed before that is not for the dashboard.
    program.see("stored 0");
    program.press(b"3");
    program.see("No delivery yet");
    assert!(program.screen.screen().alternate_screen());
    program.press(b"q");
    assert_eq!(program.end().0, 40);
}

#[test]
fn what_is_copied_goes_to_the_terminal_as_osc_52_and_through_tmux() {
    for tmux in [false, true] {
        let mut program = Program::start_with("busy", tmux.then_some(("TMUX", "/tmp/tmux-0/default,1,0")));
        program.see("stored 400");
        program.press(b"3");
        program.see("> d-399");
        program.press(b"\r");
        program.see("transfer d-399");
        // To the line of the ticket.
        program.press(b"jy");
        program.see("copied the value");
        program.see("51020399");
        // "51020399" in base64.
        let plain = "\u{1b}]52;c;NTEwMjAzOTk=\u{7}";
        let through = "\u{1b}Ptmux;\u{1b}\u{1b}]52;c;NTEwMjAzOTk=\u{7}\u{1b}\\";
        program.until("sent the sequence", |one| String::from_utf8_lossy(&one.bytes).contains(plain));
        let sent = String::from_utf8_lossy(&program.bytes).into_owned();
        assert_eq!(sent.contains(through), tmux, "{sent:?}");
        assert_eq!(sent.matches("]52;").count(), 1 + usize::from(tmux));
        assert!(!program.screen.screen().contents().contains("52;c"), "{}", program.screen.screen().contents());
        program.press(b"\x03\x03");
        assert_eq!(program.end().0, 40);
    }
}
