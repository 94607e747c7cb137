//! Those who look all the while: lists, searches, timelines, details, the overview; and the command line.

use std::sync::atomic::Ordering;
use std::time::Duration;

use willcall::domain::delivery::Stage;
use willcall::domain::ids::{DeliveryId, Seq, TicketId};
use willcall::domain::query::{Answer, Cursor, DeliveryQuery, EventQuery, Query, Window};

use crate::Shared;
use crate::door::Door;
use crate::support::program::{WILLCALL, command, output_within};

/// A kind of question, and the pause after each answer.
type Kind = (&'static str, Duration, fn(&Shared, &mut fastrand::Rng) -> Query);

/// One thread each.
pub const KINDS: [Kind; 8] = [
    ("overview", Duration::from_millis(250), |_, _| Query::Overview { rows: 20, late_after: None }),
    ("events", Duration::from_millis(100), |_, random| {
        let limit = if random.u8(..10) == 0 { 1000 } else { 50 };
        events(Window { cursor: some_place(random), ..Window::newest(limit) }, random.bool().then_some("ticket"))
    }),
    ("events, search", Duration::from_millis(500), |shared, random| {
        let filter = match random.u8(..3) {
            0 => "nobody-ever".to_owned(),
            1 => "carlos 57.5".to_owned(),
            _ => shared.sent.some_ticket(random),
        };
        events(Window { filter, ..Window::newest(50) }, None)
    }),
    ("deliveries by state", Duration::from_millis(100), |_, random| {
        let stages = [vec![Stage::Pending, Stage::InFlight], vec![Stage::Failed, Stage::Held], vec![Stage::Delivered]];
        deliveries(stages[random.usize(..stages.len())].clone(), String::new())
    }),
    ("deliveries, search", Duration::from_millis(500), |shared, random| {
        deliveries(Vec::new(), shared.sent.some_ticket(random))
    }),
    ("timeline", Duration::from_millis(50), |shared, random| Query::Ticket(TicketId(shared.sent.some_ticket(random)))),
    ("event or delivery", Duration::from_millis(50), |shared, random| {
        let seq = Seq(random.u64(1..=shared.sent.last.load(Ordering::Relaxed).max(1)));
        if random.bool() { Query::Event(seq) } else { Query::Delivery(DeliveryId(seq)) }
    }),
    ("shows, quarantine", Duration::from_millis(250), |_, random| {
        let window = Window::newest(100);
        if random.bool() { Query::Shows(window) } else { Query::Quarantine(window) }
    }),
];

/// How slow verbs are called among the latencies.
const VERBS: &str = "verb in a process";

/// How long a list takes is the promise; how long a whole verb may take is this, start of the process and all.
const VERB: Duration = Duration::from_secs(20);

fn events(window: Window, family: Option<&str>) -> Query {
    Query::Events(EventQuery { family: family.map(str::to_owned), show: None, window })
}

fn deliveries(stages: Vec<Stage>, filter: String) -> Query {
    Query::Deliveries(DeliveryQuery {
        stages,
        kind: None,
        overdue: None,
        window: Window { filter, ..Window::newest(50) },
    })
}

fn some_place(random: &mut fastrand::Rng) -> Cursor {
    match random.u8(..8) {
        0 => Cursor::Oldest,
        1 => Cursor::Above(Seq(random.u64(1..1000))),
        2 => Cursor::From(Seq(random.u64(1..1000))),
        _ => Cursor::Newest,
    }
}

/// Asks questions of one kind until the readers go.
pub fn ask(shared: &Shared, (name, pause, question): Kind, seed: u64) -> Result<(), String> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut door = Door::to(&shared.data);
    while !shared.readers_go.after(pause) {
        let query = question(shared, &mut random);
        let answer = shared.latencies.take(name, || door.ask(query)).map_err(|error| format!("{name}: {error}"))?;
        if let Answer::Overview(overview) = answer {
            shared.sent.last.store(overview.last.0, Ordering::Relaxed);
        }
    }
    Ok(())
}

/// Runs verbs, each in a process of its own, until the readers go.
pub fn run_verbs(shared: &Shared, seed: u64) -> Result<(), String> {
    let mut random = fastrand::Rng::with_seed(seed);
    while !shared.readers_go.after(Duration::from_secs(3)) {
        let ticket = shared.sent.some_ticket(&mut random);
        // A search for words reads all that is stored, and takes as long: the limit is for what an index finds.
        let of_ticket = format!("ticket={ticket}");
        let verbs: [&[&str]; 3] = [
            &["ticket", &ticket],
            &["events", "list", "--filter", &of_ticket],
            &["deliveries", "list", "--state", "held"],
        ];
        let verb = verbs[random.usize(..verbs.len())];
        let mut process = command(std::path::Path::new(WILLCALL), &shared.data);
        process.args(verb).arg("--data-dir").arg(&shared.data);
        let output = shared.latencies.take(VERBS, || output_within(VERB, process));
        let stderr = String::from_utf8_lossy(&output.stderr);
        // A ticket that was just sold may not have been posted yet.
        let is_known = verb[0] == "ticket";
        if !output.status.success() && !is_known {
            return Err(format!("{verb:?}: {stderr}"));
        }
    }
    Ok(())
}
