//! Pages of every list and timelines, each asked many times.

use std::time::{Duration, Instant};

use willcall::domain::delivery::{Kind, Stage};
use willcall::domain::ids::{Seq, TicketId};
use willcall::domain::lateness::LateAfter;
use willcall::domain::query::{Answer, Cursor, DeliveryQuery, EventQuery, Query, Window};

use super::Asked;
use super::support::figures::{milliseconds, percentile};
use super::support::samples::LISTED;

/// Rows of a page: three times those of a list on 120x36, which is what the dashboard asks for.
const ROWS: usize = 90;

/// Median and 99th percentile.
pub(crate) type Times = (Duration, Duration);

/// What is asked, told a place in the ledger that is another each time.
type Question = fn(Seq) -> Query;

const QUESTIONS: [(&str, Question); 20] = [
    ("overview", |_| Query::Overview { rows: 36, late_after: Some(LateAfter::default()) }),
    ("feed, top", |_| events(None, Cursor::Newest, "")),
    ("feed, anywhere", |at| events(None, Cursor::From(at), "")),
    ("feed, page above", |at| events(None, Cursor::Above(at), "")),
    ("feed, end", |_| events(None, Cursor::Oldest, "")),
    ("feed of a family, top", |_| events(Some("ticket"), Cursor::Newest, "")),
    ("feed of a rare family, anywhere", |at| events(Some("payouts"), Cursor::From(at), "")),
    ("feed, `family:ticket`", |_| events(None, Cursor::Newest, "family:ticket")),
    ("feed, `family:payouts`, anywhere", |at| events(None, Cursor::From(at), "family:payouts")),
    ("deliveries, top", |_| deliveries(&[], None, Cursor::Newest, "")),
    ("deliveries, anywhere", |at| deliveries(&[], None, Cursor::From(at), "")),
    ("deliveries, end", |_| deliveries(&[], None, Cursor::Oldest, "")),
    ("pending, anywhere", |at| deliveries(&[Stage::Pending], None, Cursor::From(at), "")),
    ("failed or held, anywhere", |at| deliveries(&[Stage::Failed, Stage::Held], None, Cursor::From(at), "")),
    ("deliveries, `state:delivered`", |_| deliveries(&[], None, Cursor::Newest, "state:delivered")),
    ("deliveries, `state:pending`, anywhere", |at| deliveries(&[], None, Cursor::From(at), "state:pending")),
    ("overdue", |_| {
        Query::Deliveries(DeliveryQuery {
            stages: Vec::new(),
            kind: None,
            overdue: Some(LateAfter::default()),
            window: Window::newest(ROWS),
        })
    }),
    ("returns", |_| deliveries(&[], Some(Kind::Return), Cursor::Newest, "")),
    ("shows, anywhere", |at| Query::Shows(Window { cursor: Cursor::From(at), ..Window::newest(ROWS) })),
    ("timeline of a ticket listed 600 times", |_| Query::Ticket(TicketId(LISTED.into()))),
];

fn events(family: Option<&str>, cursor: Cursor, filter: &str) -> Query {
    let window = Window { cursor, filter: filter.to_owned(), ..Window::newest(ROWS) };
    Query::Events(EventQuery { family: family.map(str::to_owned), show: None, window })
}

fn deliveries(stages: &[Stage], kind: Option<Kind>, cursor: Cursor, filter: &str) -> Query {
    let window = Window { cursor, filter: filter.to_owned(), ..Window::newest(ROWS) };
    Query::Deliveries(DeliveryQuery { stages: stages.to_vec(), kind, overdue: None, window })
}

/// The times of each question, and last those of the timelines of tickets that were sold once.
pub(crate) fn measure(asked: &Asked, times: usize) -> Vec<Times> {
    let mut places = Places { last: asked.last, drawn: 0 };
    let mut measured: Vec<Times> =
        QUESTIONS.iter().map(|(_, question)| of(asked, (0..times).map(|_| question(places.next())))).collect();
    let tickets: Vec<TicketId> = (0..times).filter_map(|_| ticket_at(asked, places.next())).collect();
    measured.push(of(asked, tickets.into_iter().map(Query::Ticket)));
    measured
}

/// The ticket of an event at that place or before.
fn ticket_at(asked: &Asked, at: Seq) -> Option<TicketId> {
    let filter = Window { cursor: Cursor::From(at), ..Window::newest(1) };
    let query = Query::Events(EventQuery { family: Some("ticket".to_owned()), show: None, window: filter });
    match asked.ask(&query) {
        Answer::Events(page) => page.rows.into_iter().next()?.ticket,
        _ => None,
    }
}

fn of(asked: &Asked, queries: impl Iterator<Item = Query>) -> Times {
    let mut times: Vec<Duration> = queries
        .map(|query| {
            let began = Instant::now();
            asked.ask(&query);
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    (percentile(&times, 0.5), percentile(&times, 0.99))
}

/// Places all over the ledger, the same in every run.
struct Places {
    last: u64,
    drawn: u64,
}

impl Places {
    fn next(&mut self) -> Seq {
        self.drawn = self.drawn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Seq(1 + (self.drawn >> 20) % self.last.max(1))
    }
}

/// The table; the ratio is that of the largest ledger to the smallest.
pub(crate) fn report(sizes: &[usize], measured: &[Vec<Times>]) {
    let heads: Vec<String> = sizes.iter().map(|size| format!("{size} stored, p50 / p99 ms")).collect();
    println!("| asked for {ROWS} rows | {} | ratio of p50 |", heads.join(" | "));
    println!("| --- |{} --- |", " --- |".repeat(sizes.len()));
    let names = QUESTIONS.iter().map(|(name, _)| *name).chain(["timeline of a ticket sold once"]);
    for (place, name) in names.enumerate() {
        let of_size = |times: &Vec<Times>| times[place];
        let cells: Vec<String> = measured
            .iter()
            .map(of_size)
            .map(|(median, worst)| format!("{:.2} / {:.2}", milliseconds(median), milliseconds(worst)))
            .collect();
        let median = |times: Option<&Vec<Times>>| times.map_or(0.0, |times| milliseconds(times[place].0));
        let ratio = median(measured.last()) / median(measured.first());
        println!("| {name} | {} | {ratio:.2} |", cells.join(" | "));
    }
}
