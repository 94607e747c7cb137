//! The pictures of the README: the real program in a pseudo-terminal, against those on record in `screenshots/`.
//!
//! `UPDATE_SCREENSHOTS=1 cargo test --test screenshots` puts new ones on record, as SVG and PNG.
//!
//! The same picture must come out on every machine and every day. So the clock stands still, the program runs in a folder it
//! knows by a relative name, webhooks come one after the other and the next only when nothing is on its way any more. What
//! is left (two ports) is masked.

mod support;

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use support::grid::{Grid, Mask};
use support::platform::{Platform, Reply};
use support::program::{WILLCALL, output_of};
use support::terminal::{LIMIT, Terminal};
use support::{http, picture, program, terminal};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/screenshots");

/// What makes time stand still.
const STILL: [(&str, &str); 1] = [("WILLCALL_CLOCK", "2026-03-20T22:50:00Z")];

/// Where the listener and the platform seem to be in the pictures.
const SHOWN_PORTS: [&str; 2] = ["18787", "19090"];

/// When nothing has been drawn for so long, the screen is taken as it is.
const QUIET: Duration = Duration::from_millis(1500);

const ENTER: &str = "\r";

/// One picture: how large, which keys lead to it, and the text that must show after each of them and not before.
struct Picture {
    name: &'static str,
    size: (u16, u16),
    steps: &'static [(&'static str, &'static str)],
}

const WIDE: (u16, u16) = (120, 36);
const SMALL: (u16, u16) = (80, 24);

const PICTURES: [Picture; 8] = [
    Picture { name: "overview", size: WIDE, steps: &[] },
    Picture { name: "feed-ticket", size: WIDE, steps: &[("2", "ticket or show")] },
    Picture { name: "deliveries", size: WIDE, steps: &[("3", "deliveries: ")] },
    Picture { name: "confirm", size: WIDE, steps: &[("3", "deliveries: "), ("d", "Yes, ")] },
    Picture { name: "delivery", size: WIDE, steps: &[("3", "deliveries: "), (ENTER, "attempts")] },
    Picture { name: "timeline", size: WIDE, steps: &[("3", "deliveries: "), ("t", "timeline, oldest first")] },
    Picture { name: "help", size: WIDE, steps: &[("?", "j k scroll")] },
    Picture { name: "small", size: SMALL, steps: &[] },
];

#[test]
#[ignore = "needs the dashboard"]
fn the_pictures_show_what_the_program_shows() {
    let renew = std::env::var_os("UPDATE_SCREENSHOTS").is_some();
    let wrong: Vec<_> = PICTURES.iter().filter_map(|picture| picture.take(renew).err()).collect();
    let hint = "if this is meant: UPDATE_SCREENSHOTS=1 cargo test --test screenshots";
    assert!(wrong.is_empty(), "\n{}\n\n{hint}", wrong.join("\n\n"));
}

impl Picture {
    fn take(&self, renew: bool) -> Result<(), String> {
        let mut window = Window::open(self.size);
        an_evening_at_the_box_office(&window);
        for (keys, marker) in self.steps {
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

/// What is in the pictures. The last thing waited for is on the overview, so every picture starts from the same screen.
fn an_evening_at_the_box_office(window: &Window) {
    window.post(&listing("listing.created", "listing-1", "127471-2", 57.5));
    window.post(&listing("listing.updated", "listing-1", "127471-2", 55.0));
    let sold = sale("127471-2", "resale-1", false);
    window.post(&sold);
    window.post(&sold);
    window.post(&sale("127471-2", "resale-1", true));
    window.post(&sale("98002-7", "resale-2", false));
    window.post(&sale(REFUSED_TICKET, "resale-3", false));
    window.post(&sale(UNAVAILABLE_TICKET, "resale-4", false));
    window.post(&json!({"family": "seatmap", "action": "seatmap.changed", "data": {"showId": "show-1"}}));
    window.post_rejected("{\"family\": \"ticket\"");
    window.terminal.wait_for("seatmap");
}

/// A ticket the platform does not know.
const REFUSED_TICKET: &str = "55310-1";
/// A ticket the platform has no time for now.
const UNAVAILABLE_TICKET: &str = "70044-9";

fn listing(action: &str, listing: &str, ticket: &str, price: f64) -> Value {
    json!({"message": {"family": "listing", "action": action, "data": {
        "listingId": listing, "ticketId": ticket, "showId": "show-1", "price": price, "currency": "USD",
    }}})
}

fn sale(ticket: &str, resale: &str, reversal: bool) -> Value {
    json!({"family": "ticket", "action": "ticket.updated", "data": {
        "id": ticket,
        "newOwnerEmail": "susana@example.com",
        "oldOwnerEmail": "joe@example.com",
        "reversal": reversal,
        "metadata": {
            "nominal": {"fullName": "Susana Kann", "identificationNumber": "1307009", "identificationType": "DNI"},
            "payer": {"fullName": "Susana Kann", "identificationNumber": "1307009", "identificationType": "DNI"},
            "seller": {"identification": "9282712", "identificationType": "CC"},
            "order": {
                "resaleId": resale,
                "grossResalePaidAmount": 57.5,
                "grossResalePaidAmountWithoutBuyerFee": 50.0,
                "buyerFee": 0.15,
                "buyerFeeAmount": 7.5,
            },
        },
    }})
}

/// The dashboard, the platform behind it and the folder it keeps its data in.
struct Window {
    terminal: Terminal,
    listener: SocketAddr,
    platform: Platform,
    folder: TempDir,
}

impl Window {
    fn open((columns, rows): (u16, u16)) -> Self {
        let platform = Platform::start(|call, _| match call.body["ticket"].as_str() {
            Some(REFUSED_TICKET) => Reply::status(422),
            Some(UNAVAILABLE_TICKET) => Reply::status(503),
            _ => Reply::status(200),
        });
        let folder = TempDir::new().expect("a temporary folder");
        let listener = SocketAddr::from(([127, 0, 0, 1], http::free_port()));
        let mut command = terminal::command(WILLCALL);
        command.cwd(folder.path());
        command.env("HOME", folder.path());
        STILL.iter().for_each(|(name, value)| command.env(name, value));
        command.args(["--listen", &listener.to_string(), "--data-dir", "data", "--deliver-to", &platform.url()]);
        let terminal = Terminal::start(command, columns, rows);
        http::wait_for_listener(listener);
        Self { terminal, listener, platform, folder }
    }

    /// Posts a webhook that must be kept, and waits until nothing is on its way to the platform.
    fn post(&self, webhook: &Value) {
        let response = http::post(self.listener, "/webhooks/menta", &[], &webhook.to_string());
        assert_eq!(response.status, 200, "{}", response.body);
        self.wait_until_quiet();
    }

    /// Posts what must end in the quarantine.
    fn post_rejected(&self, body: &str) {
        assert_eq!(http::post(self.listener, "/webhooks/menta", &[], body).status, 400);
    }

    fn wait_until_quiet(&self) {
        let deadline = Instant::now() + LIMIT;
        loop {
            let mut list = program::command(Path::new(WILLCALL), self.folder.path());
            list.args(["deliveries", "list", "--format", "json", "--data-dir", "data"]).envs(STILL);
            let output = output_of(list);
            assert!(output.status.success(), "deliveries list: {}", String::from_utf8_lossy(&output.stderr));
            let text = String::from_utf8(output.stdout).expect("text");
            let deliveries: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
            if !deliveries.iter().any(is_on_its_way) {
                return;
            }
            assert!(Instant::now() < deadline, "deliveries are still on their way:\n{text}");
        }
    }

    fn masks(&self) -> Vec<Mask> {
        let ports = [self.listener.port(), self.platform.address().port()].map(|port| port.to_string());
        let mask = |(find, show): (String, &str)| Mask::Text { find, show: show.to_owned() };
        ports.into_iter().zip(SHOWN_PORTS).map(mask).collect()
    }
}

/// Whether a delivery will still move while the clock stands: it is being tried, or nothing keeps it from its first attempt.
fn is_on_its_way(delivery: &Value) -> bool {
    let untried = match &delivery["attempts"] {
        Value::Array(attempts) => attempts.is_empty(),
        attempts => attempts.as_u64() == Some(0),
    };
    match delivery["state"].as_str() {
        Some("in_flight") => true,
        Some("pending") => untried && !delivery["reason"].as_str().is_some_and(|reason| reason.starts_with("behind")),
        _ => false,
    }
}
