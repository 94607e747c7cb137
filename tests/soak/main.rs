//! A long run: the real program with its dashboard, under everything at once, and what it takes of the machine.
//!
//! menta sends at a steady rate, the platform has a bad day, staff settle what gets stuck, and all the while lists, searches,
//! timelines and the dashboard read what is being written. It fails when an answer takes more than [`STALL`], when a sale
//! does not end, when memory, files, threads or the store grow with time, and when `verify` finds anything.
//!
//! | file | idea |
//! | --- | --- |
//! | `plan` | how long and how much |
//! | `traffic` | what menta sends |
//! | `target` | the platform on a bad day |
//! | `operator` | staff at the control socket |
//! | `readers`, `door` | those who only look |
//! | `dashboard` | somebody at the screen |
//! | `latency`, `gauges` | how long answers take; what the program takes |
//! | `report` | the figures, and what they must not be |
//!
//! `WILLCALL_SOAK_MINUTES=30 cargo test --release --test soak -- --nocapture`; `WILLCALL_SOAK_RATE` sets the webhooks a
//! second. Without the variable it runs for seconds.
#![allow(unreachable_pub)] // `pub` here means: for the other files of this test

#[path = "../support/mod.rs"]
mod support;

mod dashboard;
mod door;
mod gauges;
mod latency;
mod operator;
mod plan;
mod readers;
mod report;
mod target;
mod traffic;

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use willcall::domain::delivery::{Delivery, Hand, Kind, Stage, State};
use willcall::domain::ids::Seq;
use willcall::domain::query::{Answer, Cursor, DeliveryQuery, Overview, Query, Window};

use door::Door;
use gauges::Gauges;
use latency::Latencies;
use plan::Plan;
use report::{Endings, Report};
use support::http;
use support::program::{WILLCALL, command, output_within};
use support::terminal::{self, Signal, Terminal};
use support::watched::Watched;
use target::Books;
use traffic::{Sender, Sent};

/// Nobody waits longer for an answer, or something is stuck.
const STALL: Duration = Duration::from_secs(10);

/// Once the traffic has ended, so long may it take until one more delivery has.
const NEXT_END: Duration = Duration::from_secs(60);

const PATH: &str = "/webhooks/menta";

/// What all threads of the run know.
#[derive(Default)]
struct Shared {
    data: PathBuf,
    sent: Sent,
    latencies: Latencies,
    traffic_ends: Moment,
    readers_go: Moment,
    troubles: Mutex<Vec<String>>,
}

/// Something that happens once.
#[derive(Default)]
struct Moment(Watched<bool>);

impl Moment {
    fn come(&self) {
        self.0.change(|come| *come = true);
    }

    /// Waits for it so long at the most; true when it has come.
    fn after(&self, pause: Duration) -> bool {
        self.0.wait(pause, |come| come.then_some(())).is_some()
    }

    fn is_now(&self) -> bool {
        self.0.read(|come| *come)
    }
}

impl Shared {
    /// The end of one thread's work. The first trouble ends the run.
    fn note(&self, outcome: Result<(), String>) {
        if let Err(trouble) = outcome {
            self.troubles.lock().unwrap().push(trouble);
            self.traffic_ends.come();
            self.readers_go.come();
        }
    }

    fn is_well(&self) -> bool {
        self.troubles.lock().unwrap().is_empty()
    }
}

#[test]
#[allow(clippy::print_stdout)] // the figures
fn nothing_grows_and_nothing_stalls() {
    let plan = Plan::from_environment();
    let home = TempDir::new().expect("a temporary folder");
    let shared = Shared { data: home.path().join("data"), ..Shared::default() };
    let books = Arc::new(Mutex::new(Books::default()));
    let platform = target::start(&books, plan.seed);
    let mut program = started(&plan, &shared.data, home.path(), &platform.url());
    let address = SocketAddr::from(([127, 0, 0, 1], program.port));
    let mut senders: Vec<Sender> = (0..traffic::CONNECTIONS).map(|number| Sender::new(number, plan.seed)).collect();

    let (pid, begun) = (program.terminal.pid(), Instant::now());
    let run = std::thread::scope(|scope| {
        let share = &shared;
        let seeds = (1..).map(|number| plan.seed.wrapping_add(number));
        for sender in &mut senders {
            scope.spawn(move || share.note(sender.send(share, address, PATH, plan.rate)));
        }
        for (kind, seed) in readers::KINDS.into_iter().zip(seeds) {
            scope.spawn(move || share.note(readers::ask(share, kind, seed)));
        }
        scope.spawn(move || share.note(readers::run_verbs(share, plan.seed)));
        scope.spawn(move || share.note(operator::work(share, plan.seed)));
        let terminal = &mut program.terminal;
        scope.spawn(move || share.note(dashboard::sit(share, terminal)));

        let run = watch(share, plan, begun, || {
            Gauges::read(pid, &share.data, begun.elapsed(), share.sent.webhooks.load(Ordering::Relaxed))
        });
        share.traffic_ends.come();
        share.note(all_ended(share));
        share.readers_go.come();
        run
    });

    let acknowledged: HashSet<String> = senders.iter().flat_map(Sender::tickets).collect();
    let endings = endings(&shared, &acknowledged, &books.lock().unwrap());
    program.terminal.signal(Signal::TERM);
    let left = program.terminal.wait_for_exit().success();
    let verified = verified(&shared.data, home.path(), plan.length);
    let troubles = shared.troubles.into_inner().unwrap();
    let report = Report {
        plan,
        run,
        latencies: shared.latencies.all(),
        acknowledged: acknowledged.len(),
        refused: shared.sent.refused.load(Ordering::Relaxed),
        endings,
        manners: books.lock().unwrap().manners.clone(),
        verified,
    };
    println!("{report}");
    assert_eq!(troubles, Vec::<String>::new());
    assert!(left, "the program did not end well");
    assert_eq!(report.broken(), Vec::<String>::new());
}

/// The program with its dashboard.
struct Running {
    terminal: Terminal,
    port: u16,
}

fn started(plan: &Plan, data: &Path, home: &Path, target: &str) -> Running {
    let port = http::free_port();
    let mut program = terminal::command(WILLCALL);
    program.cwd(home);
    program.env("HOME", home);
    program.args(["--listen", &format!("127.0.0.1:{port}"), "--deliver-to", target, "--data-dir"]);
    program.arg(data);
    for (name, value) in plan.settings() {
        program.env(name, value);
    }
    let terminal = Terminal::start(program, 120, 40);
    http::wait_for_listener(SocketAddr::from(([127, 0, 0, 1], port)));
    terminal.wait_for("payouts by show");
    Running { terminal, port }
}

/// Looks once a second until the time is over or something is wrong, and says how it goes once a minute.
#[allow(clippy::print_stdout)]
fn watch(shared: &Shared, plan: Plan, begun: Instant, read: impl Fn() -> Gauges) -> Vec<Gauges> {
    let mut run = vec![read()];
    while begun.elapsed() < plan.length && !shared.traffic_ends.after(Duration::from_secs(1)) {
        run.push(read());
        if run.len().is_multiple_of(60) {
            println!("{}", report::minute(&run, shared.latencies.worst_lately(traffic::WEBHOOKS)));
        }
    }
    run
}

fn overview(door: &mut Door) -> Result<Box<Overview>, String> {
    match door.ask(Query::Overview { rows: 5, late_after: None })? {
        Answer::Overview(overview) => Ok(overview),
        other => Err(format!("asked for the overview, got {other:?}")),
    }
}

/// Waits until no delivery is open any more. What has piled up on a busy machine may take its time, as long as it gets less.
fn all_ended(shared: &Shared) -> Result<(), String> {
    let mut door = Door::to(&shared.data);
    let (mut least, mut deadline) = (u64::MAX, Instant::now() + NEXT_END);
    while shared.is_well() {
        let overview = overview(&mut door)?;
        let open = overview.count(&[Stage::Pending, Stage::InFlight, Stage::Failed, Stage::Held]);
        if open == 0 {
            break;
        }
        if open < least {
            (least, deadline) = (open, Instant::now() + NEXT_END);
        }
        if Instant::now() > deadline {
            return Err(format!(
                "{open} deliveries are open and for {NEXT_END:?} none has ended: {:#?}",
                overview.open
            ));
        }
        // The platform and staff need their time.
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

/// How every delivery has ended, against what was acknowledged and what the platform has done.
fn endings(shared: &Shared, acknowledged: &HashSet<String>, books: &Books) -> Endings {
    let mut door = Door::to(&shared.data);
    let (mut endings, mut sales, mut cursor) = (Endings::default(), HashSet::new(), Cursor::Newest);
    loop {
        let window = Window { cursor, ..Window::newest(2000) };
        let query = Query::Deliveries(DeliveryQuery { stages: Vec::new(), kind: None, overdue: None, window });
        // A program that does not answer is told of elsewhere.
        let Ok(Answer::Deliveries(page)) = door.ask(query) else { break };
        for one in &page.rows {
            endings.count(one.kind, one.stage());
            let ticket = one.ticket.as_ref().map_or("", |ticket| ticket.as_str());
            if one.kind == Kind::Transfer {
                endings.twice += usize::from(!sales.insert(ticket.to_owned()));
            }
            endings.not_done += usize::from(says_the_target_did_it(one) && !is_done(one, ticket, books));
        }
        let Some(oldest) = page.rows.last().filter(|_| page.older) else { break };
        cursor = Cursor::From(Seq(oldest.id.0.0 - 1));
    }
    endings.missing = acknowledged.iter().filter(|ticket| !sales.contains(*ticket)).count();
    endings
}

fn says_the_target_did_it(delivery: &Delivery) -> bool {
    matches!(delivery.state, State::Delivered { by: Hand::Target })
}

fn is_done(delivery: &Delivery, ticket: &str, books: &Books) -> bool {
    let to = delivery.to.as_ref().map_or("", |person| person.as_str());
    books.has(&delivery.idempotency_key(), ticket, to)
}

/// What `verify` says, or why it is not clean.
fn verified(data: &Path, home: &Path, length: Duration) -> Result<String, String> {
    let mut verify = command(Path::new(WILLCALL), home);
    verify.arg("verify").arg("--data-dir").arg(data);
    let output = output_within(length + Duration::from_secs(60), verify);
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() { Ok(said(&output.stdout)) } else { Err(said(&output.stderr)) }
}
