//! The built program as a script sees it: output, exit status, and what reaches the server behind the control socket.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use tokio::sync::{oneshot, watch};
use willcall::control::{SOCKET_NAME, Socket, serve};
use willcall::domain::Timestamp;
use willcall::domain::delivery::{Delivery, Failure, Kind, Stage, State};
use willcall::domain::ids::{DeliveryId, Seq};
use willcall::domain::query::{
    Answer, Brief, Command as Ordered, Cursor, DeliveryDetail, Done, EventDetail, EventRow, Order, Page, Query,
    Searched, Status,
};
use willcall::engine::handle::{Desk, DeskError, Handle, Pending};

fn willcall(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_willcall"))
        .args(arguments)
        .env_clear()
        .env("HOME", folder)
        .env("USER", "ana")
        .env("WILLCALL_DATA_DIR", folder)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Status, what was printed, what was said on stderr.
fn said(output: &Output) -> (i32, String, String) {
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

/// A desk that knows a little and remembers what it was asked.
#[derive(Clone, Default)]
struct Paper {
    orders: Arc<Mutex<Vec<Order>>>,
    questions: Arc<Mutex<Vec<Query>>>,
}

fn delivery(seq: u64) -> Delivery {
    Delivery {
        ticket: Some("127471-2".into()),
        resale: None,
        from: Some("joe@gmail.com".into()),
        to: Some("susana\u{1b}[31m@hotmail.com".into()),
        attempts: 1,
        tries: 1,
        ..Delivery::new(
            DeliveryId(Seq(seq)),
            Kind::Transfer,
            State::Failed { why: Failure::Refused },
            Timestamp::UNIX_EPOCH,
        )
    }
}

fn row(seq: u64) -> EventRow {
    EventRow {
        seq: Seq(seq),
        received_at: Timestamp::UNIX_EPOCH,
        family: "ticket".into(),
        action: "ticket.updated".into(),
        kind: Some("USER_TRANSFER".into()),
        ticket: Some("127471-2".into()),
        duplicate_of: None,
        drift: 0,
        brief: Brief { from: Some("joe@gmail.com".into()), amount: Some("57.50".into()), ..Brief::default() },
    }
}

impl Desk for Paper {
    fn ask(&self, query: Query) -> Pending<'_, Result<Answer, DeskError>> {
        self.questions.lock().unwrap().push(query.clone());
        Box::pin(async move {
            Ok(match query {
                // 1,200 deliveries, numbered down to 1.
                Query::Deliveries(query) => {
                    let newest = match query.window.cursor {
                        Cursor::From(seq) => seq.0,
                        _ => 1200,
                    };
                    let oldest = newest.saturating_sub(query.window.limit as u64);
                    let rows = (oldest + 1..=newest).rev().map(delivery).collect();
                    Answer::Deliveries(Page { rows, older: oldest > 0, ..Page::default() })
                }
                Query::Delivery(id) if id.0 == Seq(4) => {
                    let detail = DeliveryDetail { delivery: delivery(4), history: Vec::new(), body: Vec::new() };
                    Answer::Delivery(Some(Box::new(detail)))
                }
                Query::Delivery(_) => Answer::Delivery(None),
                // The first half of a search finds nothing.
                Query::Events(query) if !query.window.filter.is_empty() => {
                    let (rows, next) = match query.window.cursor {
                        Cursor::From(Seq(700)) => (vec![row(41)], None),
                        _ => (Vec::new(), Some(Seq(700))),
                    };
                    let searched = Some(Searched { looked: 5000, newest: None, next, left: next.map_or(0, |_| 700) });
                    Answer::Events(Page { rows, newer: 0, older: next.is_some(), searched })
                }
                Query::Events(_) => Answer::Events(Page { rows: vec![row(41)], ..Page::default() }),
                Query::Event(seq) => Answer::Event(Some(Box::new(EventDetail {
                    row: row(seq.0),
                    from: "127.0.0.1:5".into(),
                    body: br#"{"family":"ticket", "newOwnerEmail":"susana@hotmail.com","n":57.50}"#.to_vec(),
                    drift: Vec::new(),
                    deliveries: vec![delivery(seq.0)],
                }))),
                _ => return Err(DeskError::Failed("the store is unwell".into())),
            })
        })
    }

    fn act(&self, order: Order) -> Pending<'_, Result<Done, DeskError>> {
        Box::pin(async move {
            self.orders.lock().unwrap().push(order.clone());
            match order.command {
                Ordered::Undo(id) => Err(DeskError::Refused(format!("nothing was done to {id} that could be undone"))),
                Ordered::Reveal { .. } => Ok(Done { seq: Seq(8), delivery: None, event: None }),
                Ordered::Resend(_) => Ok(Done { seq: Seq(8), delivery: None, event: Some(Seq(9)) }),
                _ => Ok(Done { seq: Seq(9), delivery: Some(delivery(4)), event: None }),
            }
        })
    }

    fn status(&self) -> Pending<'_, Result<Status, DeskError>> {
        Box::pin(async { Err(DeskError::Failed("not asked here".into())) })
    }

    fn changes(&self) -> watch::Receiver<u64> {
        watch::channel(0).1
    }
}

/// Runs `test` while a server with a desk of paper listens in its folder.
fn with_server(test: impl FnOnce(&Path, &Paper)) {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let paper = Paper::default();
    let (stop, stopped) = oneshot::channel::<()>();
    let socket = runtime.block_on(async { Socket::bind(&folder.path().join(SOCKET_NAME)).unwrap() });
    let running = runtime.spawn(serve(socket, Handle::new(paper.clone()), async {
        let _ = stopped.await;
    }));
    test(folder.path(), &paper);
    let _ = stop.send(());
    runtime.block_on(running).unwrap();
}

#[test]
fn wrong_usage_is_status_2_and_says_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, says) in [
        (&["nonsense"][..], "unrecognized subcommand 'nonsense'"),
        (&["deliveries", "cancel", "d-4"], "--reason <TEXT>"),
        (&["deliveries", "mark-delivered", "d-4", "--reason", "  "], "say in a few words why"),
        (&["quarantine", "resend", "4"], "--reason <TEXT>"),
        (&["deliveries", "get", "forty"], "`forty` is not a delivery id like d-41"),
        (&["deliveries", "list", "--state", "lost"], "no state `lost`: it is one of pending, in_flight"),
        (&["events", "get", "d-4"], "`d-4` is not a sequence number like 41"),
        (&["events", "list", "--since", "yesterday"], "give a time span like 15m"),
        (&["events", "list", "--limit", "many"], "--limit <N>"),
        (&["events", "list", "--format", "yaml"], "[possible values: table, json]"),
        (
            &["events", "list", "--filter", "amount>abc"],
            "a number is wanted after `>`, as in `amount>500`\n  amount>abc\n         ^^^\n",
        ),
        (&["deliveries", "list", "--filter", "-sate:held"], "no field `sate`: did you mean `state`?"),
        (&["quarantine", "list", "--filter", "a OR"], "quote it: \"OR\"\n  a OR\n    ^^\n"),
        (&["events", "list", "--filter", "attempts>3"], "events have no `attempts`: it is a field of deliveries"),
        (&["send"], "<PATH>"),
        (&["send", "x", "--rate", "0"], "a number of requests a second"),
        (&["send", "x", "--header", "secret"], "give it as 'Name: value'"),
        (&["--listen", "127.0.0.1:0", "events", "list"], "--listen is for the server"),
        (&["serve", "--listen", "here"], "`listen` wants an address and a port"),
        (&["completions", "cobol"], "invalid value 'cobol'"),
    ] {
        let (status, out, err) = said(&willcall(folder.path(), arguments));
        assert_eq!((status, out.as_str()), (2, ""), "{arguments:?}: {err}");
        assert!(err.contains(says), "{arguments:?}: {err}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "wrong usage opened a ledger");
}

#[test]
fn a_search_goes_on_to_the_end_of_the_list() {
    with_server(|folder, paper| {
        let arguments = ["events", "list", "--search", "a:b", "--filter", "amount>50 OR -joe", "--limit", "3"];
        let (status, out, err) = said(&willcall(folder, &arguments));
        assert_eq!((status, err.as_str()), (0, ""));
        assert!(out.contains("127471-2"), "{out}");
        let asked: Vec<(Cursor, String)> = paper
            .questions
            .lock()
            .unwrap()
            .iter()
            .map(|query| match query {
                Query::Events(query) => (query.window.cursor, query.window.filter.clone()),
                other => panic!("{other:?}"),
            })
            .collect();
        let filter = "\"a:b\" (amount>50 OR -joe)".to_owned();
        assert_eq!(asked, [(Cursor::Newest, filter.clone()), (Cursor::From(Seq(700)), filter)]);
    });
}

#[test]
fn every_verb_has_a_help_without_colours() {
    let folder = tempfile::tempdir().unwrap();
    for verb in [
        "",
        "serve",
        "demo",
        "send",
        "events list",
        "events get",
        "deliveries list",
        "deliveries get",
        "deliveries retry",
        "deliveries mark-delivered",
        "deliveries cancel",
        "deliveries undo",
        "ticket",
        "quarantine list",
        "quarantine get",
        "quarantine resend",
        "verify",
        "rebuild",
        "export",
        "config show",
        "config path",
        "completions",
        "man",
    ] {
        let arguments: Vec<&str> = verb.split_whitespace().chain(["--help"]).collect();
        let (status, out, err) = said(&willcall(folder.path(), &arguments));
        assert_eq!((status, err.as_str()), (0, ""), "{verb}");
        assert!(out.contains(&format!("Usage: willcall {verb}").trim_end().to_owned()), "{out}");
        assert!(!out.contains('\u{1b}'), "{out}");
    }
}

#[test]
fn completions_and_manual_name_every_command() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let (status, out, _) = said(&willcall(folder.path(), &["completions", shell]));
        assert_eq!(status, 0);
        assert!(out.contains("mark-delivered") && out.contains("quarantine"), "{shell}");
    }
    let (status, out, _) = said(&willcall(folder.path(), &["man"]));
    assert_eq!(status, 0);
    assert!(out.contains(".TH willcall 1") && out.contains("deliveries"), "{out}");
    let pages = folder.path().join("man");
    assert_eq!(willcall(folder.path(), &["man", pages.to_str().unwrap()]).status.code(), Some(0));
    assert!(pages.join("willcall-deliveries-list.1").exists());
}

#[test]
fn config_says_what_is_set_and_by_what() {
    let folder = tempfile::tempdir().unwrap();
    let (status, out, _) = said(&willcall(folder.path(), &["config", "show", "--data-dir", "/tmp/elsewhere"]));
    assert_eq!(status, 0);
    assert!(out.contains("data_dir = \"/tmp/elsewhere\"  # --data-dir\n"), "{out}");
    assert!(out.contains("operator = \"ana\""), "{out}");
    let (status, out, _) = said(&willcall(folder.path(), &["config", "path"]));
    assert_eq!((status, out), (0, format!("{}/.config/willcall/willcall.toml\n", folder.path().display())));
    let (status, _, err) = said(&willcall(folder.path(), &["config", "show", "--config", "/nowhere.toml"]));
    assert_eq!(status, 1);
    assert!(err.starts_with("willcall: cannot read the configuration /nowhere.toml"), "{err}");
}

#[test]
fn keys_and_colours_that_cannot_be_followed_are_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("willcall.toml");
    let path = file.to_str().unwrap();
    for (wrong, says) in [
        ("[keys]\nretry = \"d\"", ":2:1: `keys.retry`: d already is a key of `keys.mark_delivered` (default);"),
        ("[keys]\nrety = \"r\"", ":2:1: unknown action `rety` in `keys`; did you mean `retry`?"),
        ("keys.retry = \"hyper-r\"", ":1:6: `keys.retry` wants a key or a list of keys"),
        ("theme.colors.fail = \"red\"", ":1:14: unknown part `fail` in `theme.colors`"),
        ("theme.colors.failed = \"rot\"", ":1:14: `theme.colors.failed` wants a colour such as"),
    ] {
        std::fs::write(&file, wrong).unwrap();
        for arguments in [&["--config", path][..], &["serve", "--config", path], &["config", "show", "--config", path]]
        {
            let (status, out, err) = said(&willcall(folder.path(), arguments));
            assert_eq!((status, out.as_str()), (2, ""), "{arguments:?}: {err}");
            assert!(err.starts_with(&format!("willcall: {path}{says}")), "{err}");
        }
    }
    std::fs::write(&file, "theme.name = \"blue\"").unwrap();
    let (status, _, err) = said(&willcall(folder.path(), &["config", "show", "--config", path]));
    assert_eq!(status, 1);
    assert!(err.contains("`theme.name` wants \"auto\", \"dark\", \"light\", \"high-contrast\" or"), "{err}");
    let own = "[keys]\nretry = [\"r\", \"f5\"]\n[theme]\nname = \"light\"\ncolors.failed = \"ansi:1\"";
    std::fs::write(&file, own).unwrap();
    let (status, out, _) = said(&willcall(folder.path(), &["config", "show", "--config", path]));
    assert_eq!(status, 0);
    assert!(out.contains(&format!("keys.retry = [\"r\", \"f5\"]  # {path}:2:1\n")), "{out}");
    assert!(out.contains("keys.undo = [\"u\"]  # default\n"), "{out}");
    assert!(out.contains(&format!("theme.name = \"light\"  # {path}:4:1\n")), "{out}");
    assert!(out.contains(&format!("theme.colors.failed = \"ansi:1\"  # {path}:5:8\n")), "{out}");
}

#[test]
fn a_table_masks_people_and_shows_control_characters() {
    with_server(|folder, paper| {
        let (status, out, _) = said(&willcall(folder, &["deliveries", "list", "--limit", "1"]));
        assert_eq!(status, 0);
        let lines: Vec<&str> = out.lines().collect();
        assert!(lines[0].starts_with("ID      KIND      STATE   TICKET"), "{out}");
        assert!(lines[1].starts_with("d-1200  transfer  failed  127471-2  j•••@gmail.com  s•••@hotmail.com"), "{out}");
        assert_eq!(lines.len(), 2);

        let (_, out, _) = said(&willcall(folder, &["deliveries", "list", "--limit", "1", "--reveal"]));
        assert!(out.contains("joe@gmail.com  susana\\u001b[31m@hotmail.com"), "{out}");
        let orders = paper.orders.lock().unwrap();
        let uid = rustix::process::getuid().as_raw();
        assert_eq!(orders.len(), 1, "only what was revealed is on record");
        assert_eq!(orders[0].command, Ordered::Reveal { what: "deliveries".into() });
        assert_eq!(orders[0].who, format!("ana (uid {uid})"));
    });
}

#[test]
fn a_long_list_is_complete_and_in_order() {
    with_server(|folder, paper| {
        let arguments = ["deliveries", "list", "--format", "json", "--limit", "5000", "--state", "failed,held"];
        let (status, out, _) = said(&willcall(folder, &arguments));
        assert_eq!(status, 0);
        let ids: Vec<String> = out
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_str().unwrap().to_owned())
            .collect();
        let expected: Vec<String> = (1..=1200).rev().map(|seq| format!("d-{seq}")).collect();
        assert_eq!(ids, expected);
        let Query::Deliveries(query) = &paper.questions.lock().unwrap()[0] else { panic!() };
        assert_eq!(query.stages, [Stage::Failed, Stage::Held]);
    });
}

#[test]
fn events_are_whole_in_json_and_masked_for_people() {
    with_server(|folder, _| {
        let (status, out, _) = said(&willcall(folder, &["events", "list", "--format", "json", "--family", "ticket"]));
        assert_eq!(status, 0);
        assert_eq!(
            out,
            "{\"seq\":41,\"received_at\":\"1970-01-01T00:00:00.000Z\",\"family\":\"ticket\",\"action\":\"ticket.updated\",\
             \"type\":\"USER_TRANSFER\",\"ticket\":\"127471-2\",\"duplicate_of\":null,\"drift\":[],\
             \"body\":{\"family\":\"ticket\",\"newOwnerEmail\":\"susana@hotmail.com\",\"n\":57.50}}\n"
        );
        let (_, got, _) = said(&willcall(folder, &["events", "get", "41", "--format", "json"]));
        assert_eq!(got, out);
        let (_, out, _) = said(&willcall(folder, &["events", "get", "41"]));
        assert!(out.contains("\"newOwnerEmail\": \"s•••@hotmail.com\"") && out.contains("\"n\": 57.50"), "{out}");
        assert!(!out.contains("susana"), "{out}");
    });
}

#[test]
fn orders_carry_name_and_reason_and_answer_with_the_delivery() {
    with_server(|folder, paper| {
        let arguments = ["deliveries", "mark-delivered", "4", "--reason", "at the window", "--format", "json"];
        let (status, out, _) = said(&willcall(folder, &arguments));
        assert_eq!(status, 0);
        assert!(out.starts_with("{\"seq\":9,\"delivery\":{\"id\":\"d-4\",\"kind\":\"transfer\""), "{out}");
        let (status, out, _) = said(&willcall(folder, &["quarantine", "resend", "3", "--reason", "parser fixed"]));
        assert_eq!((status, out.as_str()), (0, "request 3 is now event 9\n"));
        assert_eq!(willcall(folder, &["deliveries", "retry", "d-4"]).status.code(), Some(0));
        let orders = paper.orders.lock().unwrap();
        let whys: Vec<&str> = orders.iter().map(|order| order.why.as_str()).collect();
        assert_eq!(whys, ["at the window", "parser fixed", "no reason given"]);
        assert_eq!(orders[0].command, Ordered::MarkDelivered(DeliveryId(Seq(4))));
    });
}

#[test]
fn what_is_refused_or_missing_is_status_1_with_the_reason() {
    with_server(|folder, _| {
        for (arguments, reason) in [
            (&["deliveries", "undo", "d-4"][..], "willcall: nothing was done to d-4 that could be undone\n"),
            (&["deliveries", "get", "d-5"], "willcall: there is no delivery d-5\n"),
            (&["quarantine", "list"], "willcall: the store is unwell\n"),
        ] {
            let (status, out, err) = said(&willcall(folder, arguments));
            assert_eq!((status, out.as_str(), err.as_str()), (1, "", reason), "{arguments:?}");
        }
    });
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    with_server(|folder, _| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_willcall"))
            .args(["deliveries", "list", "--limit", "1200", "--format", "json", "--data-dir"])
            .arg(folder)
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
    });
}

/// Takes `answers.len()` requests, one a connection, and gives head and body of each.
fn listener(answers: &'static [&'static str]) -> (String, std::thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/webhooks/menta", listener.local_addr().unwrap());
    let taken = std::thread::spawn(move || answers.iter().map(|answer| take(&listener, answer)).collect());
    (url, taken)
}

fn take(listener: &TcpListener, answer: &str) -> String {
    let mut stream = listener.accept().unwrap().0;
    let mut request = Vec::new();
    loop {
        let seen = text(&request);
        if let Some((head, body)) = seen.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                break;
            }
        }
        let mut chunk = [0; 4096];
        let count = stream.read(&mut chunk).unwrap();
        assert!(count > 0, "the request is cut: {}", text(&request));
        request.extend_from_slice(&chunk[..count]);
    }
    let length = answer.split_once("\r\n\r\n").map_or(0, |(_, body)| body.len());
    let (line, rest) = answer.split_once("\r\n").unwrap();
    write!(stream, "{line}\r\nContent-Length: {length}\r\nConnection: close\r\n{rest}").unwrap();
    text(&request)
}

#[test]
fn send_posts_fixtures_and_reports_each_answer() {
    let folder = tempfile::tempdir().unwrap();
    let sale = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/events/ticket/ticket.updated.json");
    let commented = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/events/ticket/ticket.updated.commented.jsonc");
    let (url, taken) = listener(&[
        "HTTP/1.1 200 OK\r\n\r\n{\"status\":\"stored\",\"seq\":1}",
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\nred\x1b[31m",
    ]);
    let arguments = ["send", sale, commented, "--to", &url, "--header", "Authorization: Bearer secret"];
    let (status, out, err) = said(&willcall(folder.path(), &arguments));
    let requests = taken.join().unwrap();
    assert_eq!((status, err.as_str()), (1, "willcall: 1 of 2 were not accepted\n"), "{out}");
    assert_eq!(out, format!("200 {sale} {{\"status\":\"stored\",\"seq\":1}}\n302 {commented} red\\u001b[31m\n"));
    let head = requests[0].to_lowercase();
    assert!(head.starts_with("post /webhooks/menta http/1.1\r\n"), "{head}");
    assert_eq!(head.matches("content-length:").count(), 1, "{head}");
    assert!(head.contains("content-type: application/json\r\n") && head.contains("authorization: bearer secret\r\n"));
    assert!(requests[0].ends_with(&std::fs::read_to_string(sale).unwrap()), "byte for byte");
    let body = requests[1].split_once("\r\n\r\n").unwrap().1;
    let sent: serde_json::Value = serde_json::from_str(body).expect("strict JSON");
    assert_eq!(sent["data"]["id"], "127471-2");
    assert!(body.contains("50.0") && !body.contains("//"), "{body}");
}

#[test]
fn send_posts_even_nothing_with_its_length() {
    let folder = tempfile::tempdir().unwrap();
    let empty = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/events/invalid/empty.json");
    let (url, taken) = listener(&["HTTP/1.1 400 Bad Request\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n"]);
    let (status, out, _) =
        said(&willcall(folder.path(), &["send", empty, "--to", &url, "--repeat", "2", "--rate", "1000"]));
    assert_eq!((status, out), (1, format!("400 {empty} \n400 {empty} \n")));
    assert!(taken.join().unwrap()[0].to_lowercase().contains("\r\ncontent-length: 0\r\n"));
}

#[test]
fn send_says_when_nobody_listens_or_nothing_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}/");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/events/ticket/ticket.updated.json");
    let (status, _, err) = said(&willcall(folder.path(), &["send", file, "--to", &url]));
    assert_eq!(status, 1);
    assert!(err.starts_with(&format!("willcall: cannot reach {url}: ")), "{err}");
    let (status, _, err) = said(&willcall(folder.path(), &["send", "/nowhere.json"]));
    assert_eq!(status, 1);
    assert!(err.contains("cannot read /nowhere.json"), "{err}");
    let (status, _, err) = said(&willcall(folder.path(), &["send", file, "--to", "not a url"]));
    assert_eq!(status, 2, "{err}");
}
