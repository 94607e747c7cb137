//! The pictures of the README: the real program in a pseudo-terminal, against those on record in `screenshots/`.
//!
//! `UPDATE_SCREENSHOTS=1 cargo test --test screenshots` puts new ones on record, as SVG and PNG.
//!
//! The same picture must come out on every machine and every day. So the clock stands still at each moment of the evening,
//! the program runs in a folder it knows by a relative name, webhooks come one after the other and the next only when nothing
//! is on its way any more. What is left (two ports) is masked.

mod support;

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use serde_json::{Value, json};
use tempfile::TempDir;

use support::grid::{Grid, Mask};
use support::platform::{Platform, Reply};
use support::program::{WILLCALL, output_of};
use support::terminal::{LIMIT, Terminal};
use support::{http, picture, program, terminal};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/screenshots");

/// What makes time stand still.
const CLOCK: &str = "WILLCALL_CLOCK";

/// When somebody looks.
const NOW: &str = "2026-03-20T22:50:00Z";

/// Where the listener and the platform seem to be in the pictures.
const SHOWN_PORTS: [&str; 2] = ["18787", "19090"];

/// When nothing has been drawn for so long, the screen is taken as it is.
const QUIET: Duration = Duration::from_millis(1500);

const ENTER: &str = "\r";

/// One picture: how large, which keys lead to it, and the text that must show after each of them and not before; no text
/// where the next one tells.
struct Picture {
    name: &'static str,
    size: (u16, u16),
    coloured: bool,
    steps: &'static [(&'static str, &'static str)],
}

const WIDE: (u16, u16) = (120, 36);
const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (200, 60);

/// From the overview to the failed deliveries.
const TO_FAILED: [(&str, &str); 2] = [("3", "deliveries: all"), ("sss", "deliveries: failed")];

const PICTURES: [Picture; 14] = [
    Picture { name: "overview", size: WIDE, coloured: true, steps: &[] },
    Picture {
        name: "feed-ticket",
        size: WIDE,
        coloured: true,
        steps: &[("2", "all 27"), ("ll", "8  updated"), ("j", "PAUSED")],
    },
    Picture { name: "deliveries", size: WIDE, coloured: true, steps: &[("3", "deliveries: all")] },
    Picture {
        name: "confirm",
        size: WIDE,
        coloured: true,
        steps: &[TO_FAILED[0], TO_FAILED[1], ("dhanded over at the gate", "over at the gate")],
    },
    Picture {
        name: "many",
        size: WIDE,
        coloured: true,
        steps: &[
            ("3", "deliveries: all"),
            ("A", "deliveries marked"),
            ("x", "marked can be:"),
            ("the show is off", "show is off"),
        ],
    },
    Picture { name: "delivery", size: WIDE, coloured: true, steps: &[TO_FAILED[0], TO_FAILED[1], (ENTER, "history")] },
    Picture {
        name: "timeline",
        size: WIDE,
        coloured: true,
        steps: &[
            ("3", "deliveries: all"),
            ("/TEATRO", "/TEATRO   2 found"),
            (ENTER, ""),
            ("t", "timeline, oldest first"),
        ],
    },
    Picture { name: "help", size: WIDE, coloured: true, steps: &[("?", "Esc closes")] },
    Picture { name: "small", size: SMALL, coloured: true, steps: &[] },
    Picture { name: "palette", size: WIDE, coloured: true, steps: &[(":", "do or go to"), ("re", " found")] },
    Picture {
        name: "palette-no-color",
        size: SMALL,
        coloured: false,
        steps: &[("3", "deliveries: all"), (":", "do or go to"), ("mdel", " found")],
    },
    Picture {
        name: "help-no-color",
        size: SMALL,
        coloured: false,
        steps: &[("?", "Esc closes"), ("overdue", " found")],
    },
    Picture {
        name: "large",
        size: LARGE,
        coloured: true,
        steps: &[TO_FAILED[0], ("sss", "delivery d-50"), ("j", "delivery d-36")],
    },
    Picture {
        name: "large-no-color",
        size: LARGE,
        coloured: false,
        steps: &[("3", "deliveries: all"), ("S", "do or go to"), ("age\r", "delivery d-18"), ("j", "delivery d-11")],
    },
];

#[test]
fn the_pictures_show_what_the_program_shows() {
    let renew = std::env::var_os("UPDATE_SCREENSHOTS").is_some();
    let wrong: Vec<_> = PICTURES.iter().filter_map(|picture| picture.take(renew).err()).collect();
    let hint = "if this is meant: UPDATE_SCREENSHOTS=1 cargo test --test screenshots";
    assert!(wrong.is_empty(), "\n{}\n\n{hint}", wrong.join("\n\n"));
}

impl Picture {
    fn take(&self, renew: bool) -> Result<(), String> {
        let mut window = Window::open(self.size, self.coloured);
        window.terminal.wait_for(LAST_SEEN);
        for (keys, marker) in self.steps {
            if marker.is_empty() {
                window.terminal.send(keys);
                continue;
            }
            let shown = window.terminal.screen().find(marker).is_some();
            assert!(
                !shown,
                "{}: {marker:?} shows before {keys:?} is pressed, so it can't tell that they worked",
                self.name
            );
            window.terminal.send(keys);
            window.terminal.wait_for(marker);
        }
        let masks = window.masks();
        let masked = |grid: &Grid| grid.clone().masked(&masks);
        // The text may be there before the rest of its frame is.
        let is_on_record = |grid: &Grid| !renew && picture::matches(Path::new(FOLDER), self.name, &masked(grid));
        let grid = window.terminal.settle(QUIET, is_on_record);
        picture::check(Path::new(FOLDER), self.name, &masked(&grid), renew)
    }
}

/// What every first screen has once the whole evening is on it.
const LAST_SEEN: &str = "needs a hand: 5";

/// What came in, and when.
fn evening() -> [(&'static str, Vec<Value>); 6] {
    let bare = |family: &str, action: &str, data: Value| json!({"message": {"family": family, "action": action, "data": data}});
    let show = |show: &str, event: &str| json!({"showId": show, "eventId": event});
    let unlock =
        |one: &str| bare("event", "event.unlock", json!({"eventId": one, "showId": one, "excludedEmailTicketIds": []}));
    let wish = |id: &str, one: &str, who: &str, tickets: u32| {
        bare(
            "notifyMe",
            "notifyMe.created.updated",
            json!({
                "id": id, "showId": one, "eventId": one, "userEmail": who, "status": "ACTIVE", "ticketQuantity": tickets,
                "ticketOptionSelections": [{"ticketOptionId": "36790", "priceLimit": 13799}],
                "createdAt": "2026-03-20T21:49:41.338Z", "updatedAt": "2026-03-20T21:49:41.338Z",
            }),
        )
    };
    let renamed = |mut webhook: Value| {
        webhook["message"]["data"]["metadata"]["nominal"]["fullName"] = "Rosa Maria Vidal".into();
        webhook
    };
    let mut hasty = sale("ARENA-C3-118", "r-7801", "hugo.paz@example.com", "ines.rey@example.com", 81.3);
    hasty["message"]["data"]["metadata"]["order"]["currency"] = "MXN".into();
    let mut dear = sale("BUSY-F5-220", "r-7793", "nora.paz@example.com", "otto.mann@example.com", 1000.0);
    dear["message"]["data"]["metadata"]["order"]["grossResalePaidAmount"] = 1250.into();
    [
        (
            "22:02",
            vec![
                unlock("8544"),
                listing("listing.created", "ARENA-A1-007", "joe.hill@example.com", 1500),
                listing("listing.created", "ARENA-A1-008", "joe.hill@example.com", 1500),
                listing("listing.created", "TEATRO-P2-041", "rosa.vidal@example.com", 820),
                wish("n-1", "8544", "pedro.sanchez@example.com", 2),
                wish("n-2", "8544", "lena.ortiz@example.com", 4),
                bare("payouts", "payouts.delivered", show("239616", "12746")),
                sale("ARENA-A1-007", "r-7790", "joe.hill@example.com", "susana.kann@example.com", 1500.0),
            ],
        ),
        (
            "22:19",
            vec![
                sale("LOCKED-B2-014", "r-7791", "ana.gil@example.com", "carlos.lopez@example.com", 2000.0),
                listing("listing.updated", "TEATRO-P2-041", "rosa.vidal@example.com", 790),
                sale("TEATRO-P2-041", "r-7792", "rosa.vidal@example.com", "emil.koch@example.com", 790.0),
                dear,
            ],
        ),
        (
            "22:31",
            vec![
                reversal("TEATRO-P2-041", "r-7792", "rosa.vidal@example.com", "emil.koch@example.com"),
                reversal("ARENA-D9-301", "r-7650", "vera.luna@example.com", "ivan.rios@example.com"),
                sale("LOCKED-B2-014", "r-7795", "carlos.lopez@example.com", "mia.weber@example.com", 2300.0),
                wish("n-3", "7322", "ida.blum@example.com", 1),
                listing("listing.deleted", "ARENA-A1-008", "joe.hill@example.com", 1500),
            ],
        ),
        (
            "22:40",
            vec![
                sale("ARENA-B7-055", "r-7796", "luis.mora@example.com", "rosa.vidal@example.com", 560.0),
                renamed(sale("ARENA-B7-055", "r-7796", "luis.mora@example.com", "rosa.vidal@example.com", 560.0)),
                sale("LOCKED-K1-002", "r-7797", "omar.diaz@example.com", "eva.roth@example.com", 420.0),
                bare("payouts", "payouts.delivered", show("7322", "7322")),
            ],
        ),
        (
            "22:48",
            vec![
                sale("ARENA-C3-117", "r-7800", "hugo.paz@example.com", "ines.rey@example.com", 81.3),
                sale("ARENA-C3-117", "r-7800", "hugo.paz@example.com", "ines.rey@example.com", 81.3),
                hasty,
                json!({"family": "seatmap", "action": "seatmap.changed", "data": {"showId": "8544"}}),
                sale("LOCKED-K1-009", "r-7802", "omar.diaz@example.com", "tom.berg@example.com", 420.0),
            ],
        ),
        ("22:49", vec![sale("ARENA-A1-019", "r-7803", "joe.hill@example.com", "lia.conti@example.com", 1500.0)]),
    ]
}

fn listing(action: &str, ticket: &str, seller: &str, price: u32) -> Value {
    json!({"message": {"family": "listing", "action": action, "type": "SINGLE", "data": {
        "ticketId": ticket, "sellerEmail": seller, "listingId": format!("l-{ticket}"), "listingPrice": price,
        "listingFinalPrice": price * 115 / 100, "groupId": "g-11",
        "listingPayout": {"type": "LOCAL_FIAT_AUTOMATIC", "data": {
            "paymentMethod": "emoneyout-mxn_012",
            "userForm": {"beneficiary_name": "Joe", "bank_account": "014027000012345678"},
        }},
    }}})
}

/// Amounts add up: fees are 15 % of the price.
fn sale(ticket: &str, resale: &str, from: &str, to: &str, price: f64) -> Value {
    let amount = |cents: f64| if cents % 100.0 == 0.0 { json!((cents / 100.0) as u64) } else { json!(cents / 100.0) };
    let (price, fee) = ((price * 100.0).round(), (price * 15.0).round());
    let person =
        json!({"fullName": "Susana Kann", "identificationType": "DNI", "identification": "30567890", "email": to});
    json!({"message": {"family": "ticket", "action": "ticket.updated", "type": "USER_TRANSFER", "data": {
        "id": ticket, "newOwnerEmail": to, "oldOwnerEmail": from, "reversal": false,
        "metadata": {
            "nominal": person, "payer": person,
            "seller": {"fullName": "Joe Hill", "identification": "28901234", "identificationType": "DNI"},
            "order": {
                "resaleId": resale, "grossResalePaidAmount": amount(price + fee),
                "grossResalePaidAmountWithoutBuyerFee": amount(price), "sellerFee": 0.15, "sellerFeeAmount": amount(fee),
                "buyerFee": 0.15, "buyerFeeAmount": amount(fee),
            },
        },
    }}})
}

fn reversal(ticket: &str, resale: &str, from: &str, to: &str) -> Value {
    let mut webhook = sale(ticket, resale, from, to, 790.0);
    webhook["message"]["data"]["reversal"] = true.into();
    webhook
}

/// The evening as it stands on disk, and the platform it was delivered to.
struct Evening {
    folder: TempDir,
    platform: Platform,
}

impl Evening {
    /// Lived through once, by a server without dashboard that is restarted for each moment.
    fn get() -> &'static Self {
        static EVENING: OnceLock<Evening> = OnceLock::new();
        EVENING.get_or_init(|| {
            let platform = Platform::start(|call, _| match call.body["ticket"].as_str() {
                Some(ticket) if ticket.starts_with("LOCKED") => Reply::status(422).saying("ticket locked by the gate"),
                Some(ticket) if ticket.starts_with("BUSY") => Reply::status(503),
                _ => Reply::status(200),
            });
            let folder = TempDir::new().expect("a temporary folder");
            for (moment, webhooks) in evening() {
                let clock = format!("2026-03-20T{moment}:00Z");
                let listener = SocketAddr::from(([127, 0, 0, 1], http::free_port()));
                let mut server = program::command(Path::new(WILLCALL), folder.path());
                server.args(["serve", "--listen", &listener.to_string(), "--data-dir", "data"]);
                server.args(["--deliver-to", &platform.url()]).env(CLOCK, &clock);
                let mut server = server.stderr(Stdio::null()).spawn().expect("the program starts");
                http::wait_for_listener(listener);
                wait_until_quiet(folder.path(), &clock);
                for webhook in &webhooks {
                    let response = http::post(listener, "/webhooks/menta", &[], &webhook.to_string());
                    assert_eq!(response.status, 200, "{}", response.body);
                    wait_until_quiet(folder.path(), &clock);
                }
                if moment == "22:48" {
                    assert_eq!(http::post(listener, "/webhooks/menta", &[], "{\"family\": \"ticket\"").status, 400);
                }
                let pid = Pid::from_child(&server);
                kill_process(pid, Signal::TERM).expect("it runs");
                assert!(server.wait().expect("it ends").success());
            }
            Self { folder, platform }
        })
    }
}

/// Waits until nothing will move any more while the clock stands.
fn wait_until_quiet(folder: &Path, now: &str) {
    let deadline = Instant::now() + LIMIT;
    loop {
        let mut list = program::command(Path::new(WILLCALL), folder);
        list.args(["deliveries", "list", "--format", "json", "--data-dir", "data"]);
        let output = output_of(list);
        if !output.status.success() {
            // The ledger is still being opened.
            assert!(Instant::now() < deadline, "deliveries list: {}", String::from_utf8_lossy(&output.stderr));
            continue;
        }
        let text = String::from_utf8(output.stdout).expect("text");
        let mut deliveries = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        if !deliveries.any(|delivery| is_on_its_way(&delivery, now)) {
            return;
        }
        assert!(Instant::now() < deadline, "deliveries are still on their way:\n{text}");
    }
}

/// Whether a delivery will still move while the clock stands: it is being tried, or nothing keeps it from being so.
fn is_on_its_way(delivery: &Value, now: &str) -> bool {
    let waits = delivery["reason"].as_str().is_some_and(|reason| reason.starts_with("behind"));
    match delivery["state"].as_str() {
        Some("in_flight") => true,
        Some("pending") => !waits && delivery["next_attempt_at"].as_str() <= Some(now),
        _ => false,
    }
}

/// The dashboard on a copy of the evening's folder.
struct Window {
    terminal: Terminal,
    listener: SocketAddr,
    _folder: TempDir,
}

impl Window {
    fn open((columns, rows): (u16, u16), coloured: bool) -> Self {
        let evening = Evening::get();
        let folder = TempDir::new().expect("a temporary folder");
        copy(&evening.folder.path().join("data"), &folder.path().join("data"));
        let listener = SocketAddr::from(([127, 0, 0, 1], http::free_port()));
        let mut command = terminal::command(WILLCALL);
        command.cwd(folder.path());
        command.env("HOME", folder.path());
        command.env("USER", "ana");
        command.env(CLOCK, NOW);
        if !coloured {
            command.env("NO_COLOR", "1");
        }
        command.args(["--listen", &listener.to_string(), "--data-dir", "data"]);
        command.args(["--deliver-to", &evening.platform.url()]);
        let terminal = Terminal::start(command, columns, rows);
        http::wait_for_listener(listener);
        wait_until_quiet(folder.path(), NOW);
        Self { terminal, listener, _folder: folder }
    }

    fn masks(&self) -> Vec<Mask> {
        let ports = [self.listener.port(), Evening::get().platform.address().port()].map(|port| port.to_string());
        let mask = |(find, show): (String, &str)| Mask::Text { find, show: show.to_owned() };
        ports.into_iter().zip(SHOWN_PORTS).map(mask).collect()
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry")) {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        match entry.file_type().expect("a type") {
            kind if kind.is_dir() => copy(&from, &to),
            _ => drop(std::fs::copy(from, to).expect("a copy")),
        }
    }
}
