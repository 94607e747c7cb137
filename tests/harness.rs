//! The harness itself, proved on stand-ins: a shell script in a terminal, a screen made by hand, a platform called directly.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use support::grid::{Color, Grid, Mask, Style};
use support::platform::{Platform, Reply};
use support::program::Program;
use support::terminal::{Signal, Terminal, command};
use support::{http, picture, png, svg};

fn shell(script: &str) -> support::terminal::CommandBuilder {
    let mut shell = command("/bin/sh");
    shell.args(["-c", script]);
    shell
}

#[test]
fn a_terminal_shows_text_with_its_style_and_takes_keys() {
    let mut terminal =
        Terminal::start(shell(r"printf '\033[1;38;5;9mred\033[0m ready\n'; read line; echo got:$line; exit 3"), 30, 5);
    let grid = terminal.wait_for("ready");
    let cell = grid.cell(0, 0).unwrap();
    assert_eq!((cell.text.as_str(), cell.style.bold, cell.style.fg), ("r", true, Color::Idx(9)));
    assert_eq!(grid.cell(0, 4).unwrap().style, Style::default());

    terminal.send("ticket\r");
    terminal.wait_for("got:ticket");
    assert_eq!(terminal.wait_for_exit().exit_code(), 3);
}

#[test]
fn a_terminal_has_the_same_environment_everywhere() {
    let script = "echo $TERM/$COLORTERM/$LANG/${NO_COLOR-none}/${TMUX-none}/${HOME-none}; stty size";
    let terminal = Terminal::start(shell(script), 70, 4);
    terminal.wait_for("xterm-256color/truecolor/C.UTF-8/none/none/none");
    terminal.wait_for("4 70");
}

#[test]
fn a_terminal_can_be_resized_and_signalled() {
    let script = "trap 'stty size' WINCH; trap 'echo bye; exit 0' TERM; echo up; while :; do read line; done";
    let mut terminal = Terminal::start(shell(script), 40, 6);
    terminal.wait_for("up");
    terminal.resize(50, 8);
    assert_eq!(terminal.wait_for("8 50").columns(), 50);
    terminal.signal(Signal::TERM);
    assert!(terminal.wait_for_exit().success());
    terminal.wait_for("bye");
}

#[test]
fn waiting_for_what_can_no_longer_come_fails_at_once_and_shows_the_screen() {
    let terminal = Terminal::start(shell("echo something else"), 40, 4);
    let failure = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| terminal.wait_for("never shown")));
    let message = *failure.unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("never shown") && message.contains("something else"), "{message}");
}

#[test]
fn a_screen_settles_when_it_is_as_wanted_or_when_nothing_more_comes() {
    let mut terminal = Terminal::start(shell("echo one; read line; echo two; read line"), 40, 6);
    terminal.wait_for("one");
    let quiet = Duration::from_millis(50);
    assert!(terminal.settle(quiet, |grid| grid.find("two").is_some()).find("one").is_some());
    terminal.send("\r");
    assert!(terminal.settle(Duration::from_secs(20), |grid| grid.find("two").is_some()).find("two").is_some());
}

#[test]
fn wide_and_combining_characters_keep_their_columns() {
    let terminal = Terminal::start(shell("printf '券x e\\314\\201y\\n'"), 20, 2);
    let grid = terminal.wait_for("y");
    assert_eq!(grid.find("x"), Some((0, 2)));
    assert_eq!(grid.cell(0, 4).unwrap().text, "e\u{301}");
    assert!(svg::draw(&grid, "wide").contains("<text x=\"0 18\" y=\"14\""), "x stands in the third column");
}

#[test]
fn masks_cover_what_differs_from_run_to_run() {
    let grid = Grid::from_lines(40, &["on 127.0.0.1:45123 key 7f3a-99", "│ key 12 │ 127.0.0.1:45123"]);
    let port = Mask::Text { find: "45123".to_owned(), show: "18787".to_owned() };
    let grid = grid.masked(&[port, Mask::After { label: "key ", show: '7' }]);
    assert_eq!(grid.to_text(), "on 127.0.0.1:18787 key 7777777\n│ key 77 │ 127.0.0.1:18787\n");
}

/// Blocks, lines and every style the pictures have to show.
fn stand_in() -> Grid {
    let lines = [
        "╭─ ▁▂▃▄▅▆▇█ ─╮ ┌─┬─┐",
        "│ dé • <&> … │ ├─┼─┤",
        "╰─ ░▒▓ ▏▌▐ ──╯ └─┴─┘",
        "✓ ✗ ● ○ ▲ ▼ ⚠ → ┏━━┓",
        "plain loud faint link",
    ];
    let mut grid = Grid::from_lines(24, &lines);
    grid.restyle(1, 2..4, Style { bg: Color::Idx(4), ..Style::default() });
    grid.restyle(3, 0..1, Style { fg: Color::Rgb(0, 255, 0), inverse: true, ..Style::default() });
    grid.restyle(4, 6..10, Style { bold: true, fg: Color::Idx(208), ..Style::default() });
    grid.restyle(4, 11..16, Style { dim: true, ..Style::default() });
    grid.restyle(4, 17..21, Style { underline: true, italic: true, ..Style::default() });
    grid
}

#[test]
fn a_picture_keeps_the_text_the_colours_and_the_columns() {
    let drawn = svg::draw(&stand_in(), "stand-in");
    assert_eq!(svg::text_of(&drawn).unwrap(), stand_in().to_text());
    assert!(drawn.contains(r##"<rect x="18" y="18" width="18" height="18" fill="#6fa8f5"/>"##), "{drawn}");
    assert!(
        drawn.contains(r##"<text x="54 63 72 81" y="86" fill="#ff8700" font-weight="bold">loud</text>"##),
        "{drawn}"
    );
    assert!(drawn.contains("&lt;&amp;&gt;"));
}

#[test]
fn a_picture_is_rendered_alike_with_the_fonts_at_hand() {
    let drawn = svg::draw(&stand_in(), "stand-in");
    let png = png::render(&drawn);
    assert!(png.starts_with(b"\x89PNG"));
    assert_eq!(png, png::render(&drawn));
    // A letter that could not be drawn would leave nothing behind.
    assert_ne!(png, png::render(&drawn.replace(">loud<", "><")));
}

#[test]
fn a_picture_that_no_longer_matches_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let check = |grid: &Grid, renew| picture::check(folder.path(), "stand-in", grid, renew);
    let first = check(&stand_in(), false).unwrap_err();
    assert!(first.contains("no such picture yet") && first.contains("faint link"), "{first}");

    check(&stand_in(), true).unwrap();
    assert!(folder.path().join("stand-in.png").exists());
    check(&stand_in(), false).unwrap();

    let other_text = stand_in().masked(&[Mask::Text { find: "faint".to_owned(), show: "feint".to_owned() }]);
    let difference = check(&other_text, false).unwrap_err();
    assert!(difference.contains("row   5  - plain loud faint link\n         + plain loud feint link"), "{difference}");

    let mut other_colour = stand_in();
    other_colour.restyle(4, 0..1, Style { fg: Color::Idx(1), ..Style::default() });
    let difference = check(&other_colour, false).unwrap_err();
    assert!(difference.contains("the text is the same") && difference.contains("#f07178"), "{difference}");
}

#[test]
fn the_platform_answers_in_turn_and_keeps_what_it_was_sent() {
    let replies = [Reply::status(503).with_header("retry-after", "7"), Reply::Reset, Reply::status(200)];
    let platform = Platform::in_turn(replies);
    let call = |key| {
        let headers = [("Idempotency-Key", key)];
        http::request(platform.address(), "POST", "/deliveries", &headers, br#"{"ticket":"127471-2"}"#)
    };
    let refused = call("a").unwrap();
    assert_eq!((refused.status, refused.headers.get("Retry-After")), (503, Some("7")));
    assert_eq!(call("b").unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(call("c").unwrap().status, 200);
    assert_eq!(call("d").unwrap().status, 200);

    let calls = platform.wait_for_calls(4);
    let keys: Vec<_> = calls.iter().filter_map(|call| call.headers.get("idempotency-key")).collect();
    assert_eq!(keys, ["a", "b", "c", "d"]);
    assert!(calls.iter().all(|call| call.path == "/deliveries" && call.body["ticket"] == "127471-2"));
}

#[test]
fn a_slow_platform_does_not_outlive_its_test() {
    let platform = Platform::start(|_, _| Reply::status(200).after(Duration::from_secs(600)));
    let address = platform.address();
    let caller = std::thread::spawn(move || http::request(address, "POST", "/", &[], b"{}").is_err());
    platform.wait_for_calls(1);
    drop(platform);
    assert!(caller.join().unwrap(), "the call is ended without an answer");
}

/// A script that behaves like a server as far as starting, logging and stopping go.
fn pretend_server(folder: &tempfile::TempDir, listening: &str) -> PathBuf {
    let path = folder.path().join("pretend");
    let script = format!(
        "#!/bin/sh\ncase $1 in serve) ;; *) echo \"verb $*\"; exit 2;; esac\necho start >> \"$HOME/starts\"\n\
         trap 'exit 0' TERM\n{listening}\nwhile :; do sleep 0.05; done\n"
    );
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    path
}

#[test]
fn a_server_is_found_stopped_killed_and_started_again_on_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let platform = Platform::accepting();
    let said = format!("echo 'INFO listening on http://{}/webhooks/menta' >&2", platform.address());
    let mut program = Program::serve_with(&pretend_server(&folder, &said), &[], &[]);
    assert_eq!((program.address(), program.path()), (platform.address(), "/webhooks/menta"));
    assert_eq!(program.post("{}").status, 200);
    assert_eq!(platform.wait_for_calls(1)[0].path, "/webhooks/menta");

    let listed = program.run(&["deliveries", "list"]);
    assert_eq!(listed.status.code(), Some(2));
    assert!(String::from_utf8(listed.stdout).unwrap().starts_with("verb deliveries list --data-dir "));

    assert!(program.stop().success());
    program.start();
    assert_eq!(program.kill().code(), None);
    program.start();
    let starts = fs::read_to_string(program.data().with_file_name("starts")).unwrap();
    assert_eq!(starts.lines().count(), 3);
}

#[test]
fn a_server_that_does_not_start_is_quoted() {
    let folder = tempfile::tempdir().unwrap();
    let server = pretend_server(&folder, "echo 'willcall: the folder is in use by 4711' >&2; exit 1");
    let failure = std::panic::catch_unwind(|| Program::serve_with(&server, &[], &[])).err().unwrap();
    let message = failure.downcast::<String>().unwrap();
    assert!(message.contains("in use by 4711"), "{message}");
}
