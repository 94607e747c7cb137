use std::path::Path;

use proptest::prelude::*;

use super::index::Index;
use super::paging::{List, Patience};
use super::*;
use crate::domain::Timestamp;
use crate::domain::delivery::{Cancellation, Delivery, Failure, Hand, Hold, Kind, Stage, State};
use crate::domain::ids::DeliveryId;
use crate::domain::query::{
    Answer, Cursor, DeliveryQuery, EventQuery, MOST_TIMELINE, Overview, Page, Query, Searched, Timeline, Window,
};
use crate::domain::record::{AttemptStarted, Fact, Head, OperatorActed, OperatorAction, Rejected};
use crate::domain::ticket::Lane;
use crate::ingest::submission::Prepared;
use crate::journal::{Journal, Options, Reader};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
}

mod attention;
mod blanked;
mod damage;
mod differences;
mod model;
mod past;
mod retention;
mod searching;

use model::{Model, lived_through, steps};

/// A journal and a store in memory where there is such a place; records go through both.
struct Ledger {
    store: Option<Store>,
    journal: Journal,
    temp: tempfile::TempDir,
}

impl Ledger {
    fn new() -> Self {
        Self::with_segments(20_000)
    }

    fn with_segments(segment_bytes: u64) -> Self {
        let temp = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let (journal, _) =
            Journal::open(&temp.path().join("journal"), Options { segment_bytes, trial_bytes: 1 << 20 }, Seq(0))
                .unwrap();
        let store = Some(Store::open(&temp.path().join("store"), CACHE).unwrap());
        Self { store, journal, temp }
    }

    fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    fn folder(&self) -> std::path::PathBuf {
        self.temp.path().join("store")
    }

    fn reader(&self) -> Reader {
        self.journal.reader()
    }

    fn keep(&mut self, records: &[Record]) -> Vec<(Record, Location)> {
        let locations = self.journal.append(records).unwrap();
        records.iter().cloned().zip(locations).collect()
    }

    fn apply(&mut self, records: &[Record]) {
        let kept = self.keep(records);
        self.store().apply(&kept).unwrap();
    }

    /// The next record.
    fn next(&self, fact: Fact, body: &[u8], deliveries: Vec<Delivery>) -> Record {
        let seq = self.journal.last().next();
        Record { seq, head: Head { at: at(seq.0 as i64), fact, deliveries }, body: body.to_vec() }
    }

    fn event(&mut self, body: &str) -> Seq {
        let record = self.next(received(body), body.as_bytes(), Vec::new());
        self.apply(std::slice::from_ref(&record));
        record.seq
    }

    fn reopen(&mut self) {
        self.store = None;
        self.store = Some(Store::open(&self.folder(), CACHE).unwrap());
    }

    fn ask(&self, query: Query) -> Answer {
        self.store().answer(&self.reader(), &query, at(1_000_000)).unwrap()
    }

    fn overview(&self) -> Overview {
        match self.ask(Query::Overview { rows: 5, late_after: None }) {
            Answer::Overview(overview) => *overview,
            other => panic!("{other:?}"),
        }
    }

    fn verify(&self) -> Verified {
        verify(self.store(), &self.reader(), &self.temp.path().join("scratch"), &mut |_| {}).unwrap()
    }

    /// What a start makes of the store that is there.
    fn bring_up(&self) -> (Store, Option<Repaired>) {
        let opened = Store::open(&self.folder(), CACHE);
        bring_up(opened, &self.folder(), CACHE, &self.reader(), at(0), &mut |_| {}).unwrap()
    }

    /// What is in the data folder.
    fn beside(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.temp.path()).unwrap();
        let mut names: Vec<String> = names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort_unstable();
        names
    }

    fn blobs(&self) -> usize {
        std::fs::read_dir(self.folder().join("blobs")).map_or(0, Iterator::count)
    }
}

const CACHE: u64 = 4 << 20;

fn received(body: &str) -> Fact {
    Fact::Received(Prepared::read("test".into(), body.as_bytes().to_vec()).unwrap().received)
}

fn delivery(id: u64, ticket: Option<&str>, state: State) -> Delivery {
    let kind = if id.is_multiple_of(3) { Kind::Return } else { Kind::Transfer };
    Delivery {
        ticket: ticket.map(Into::into),
        resale: None,
        from: Some("seller@x".into()),
        to: Some("buyer@x".into()),
        ..Delivery::new(DeliveryId(Seq(id)), kind, state, at(id as i64))
    }
}

fn pending(due: i64) -> State {
    State::Pending { due: at(due) }
}

fn sale(ticket: &str, resale: u64) -> String {
    format!(
        r#"{{"family":"ticket","action":"ticket.updated","data":{{"id":"{ticket}","oldOwnerEmail":"Ana@x",
        "newOwnerEmail":"ben@x","metadata":{{"order":{{"resaleId":"r{resale}","grossResalePaidAmount":12.50}}}}}}}}"#
    )
}

fn wish(subscription: &str, show: &str, status: &str, tickets: u32) -> String {
    format!(
        r#"{{"family":"notifyMe","action":"notifyMe.created.updated","data":{{"id":"{subscription}","showId":"{show}",
        "status":"{status}","ticketQuantity":{tickets}}}}}"#
    )
}

fn check_points(ledger: &Ledger, model: &Model) {
    let store = ledger.store();
    for (id, one) in &model.deliveries {
        assert_eq!(store.delivery(*id).unwrap().as_ref(), Some(one));
        let lane = Lane::of_delivery(one.ticket.as_ref(), *id);
        let same = |other: &&Delivery| Lane::of_delivery(other.ticket.as_ref(), other.id) == lane;
        let expected: Vec<Delivery> = model.deliveries.values().filter(same).cloned().collect();
        assert_eq!(store.lane(&lane).unwrap(), expected);
    }
    let mut due: Vec<(Timestamp, DeliveryId)> =
        model.deliveries.values().filter_map(|one| one.due().map(|due| (due, one.id))).collect();
    due.sort();
    for now in [-1, 250, 500] {
        let first = due.iter().map(|(moment, _)| *moment).find(|moment| *moment > at(now));
        assert_eq!(store.next_due(at(now)).unwrap(), first, "after {now}");
    }
    for (now, limit) in [(250, 3), (250, 100), (500, 100), (-1, 100)] {
        let expected: Vec<DeliveryId> =
            due.iter().filter(|(moment, _)| *moment <= at(now)).map(|(_, id)| *id).take(limit).collect();
        let found: Vec<DeliveryId> = store.due(at(now), limit).unwrap().iter().map(|one| one.id).collect();
        assert_eq!(found, expected);
    }
    for record in &model.records {
        let Fact::Received(received) = &record.head.fact else { continue };
        if Lane::has_subject(received) {
            continue;
        }
        let said = model.records.iter().rev().find_map(|record| match &record.head.fact {
            Fact::Received(one) if one.duplicate_of.is_none() && one.subject == received.subject => {
                Some((record.seq, one.print))
            }
            _ => None,
        });
        assert_eq!(store.latest(&received.subject).unwrap(), said);
    }
    let flying: Vec<&Delivery> = model.deliveries.values().filter(|one| one.stage() == Stage::InFlight).collect();
    assert_eq!(store.in_flight().unwrap().iter().collect::<Vec<_>>(), flying);
}

fn check_overview(ledger: &Ledger, model: &Model) {
    let overview = ledger.overview();
    for (kind, stage, count) in &overview.counts {
        let expected = model.deliveries.values().filter(|one| one.kind == *kind && one.stage() == *stage).count();
        assert_eq!(*count, expected as u64, "{kind:?} {stage:?}");
    }
    let oldest = model.deliveries.values().find(|one| one.kind == Kind::Transfer && !one.stage().settled());
    assert_eq!(overview.oldest_undelivered.as_ref(), oldest);
    assert_eq!(overview.quarantined, model.waiting.len() as u64);
    let newest: Vec<Seq> = model.waiting.iter().rev().take(5).copied().collect();
    assert_eq!(overview.rejected.iter().map(|row| row.seq).collect::<Vec<_>>(), newest);
    assert_eq!(overview.last, Seq(model.records.len() as u64));
    for show in &overview.shows {
        let wishes: Vec<u64> =
            model.wishes.values().filter(|(id, tickets)| *id == show.show.0 && *tickets > 0).map(|(_, n)| *n).collect();
        assert_eq!((show.subscriptions, show.tickets_wanted), (wishes.len() as u64, wishes.iter().sum()));
        assert_eq!(model.seen.get(&show.show.0), Some(&show.last));
    }
    assert_eq!(overview.shows.len(), model.seen.len());
    assert!(overview.shows.is_sorted_by(|one, other| one.last > other.last));
}

/// What a page should be, from the whole list, newest first.
fn expected(list: &[Seq], window: &Window) -> (Vec<Seq>, usize, bool) {
    let (begin, end) = match window.cursor {
        Cursor::Newest => (0, window.limit),
        Cursor::From(seq) => {
            let begin = list.iter().filter(|one| **one > seq).count();
            (begin, begin + window.limit)
        }
        Cursor::Above(seq) => {
            let end = list.iter().filter(|one| **one > seq).count();
            (end.saturating_sub(window.limit), end)
        }
        Cursor::Oldest => (list.len().saturating_sub(window.limit), list.len()),
    };
    let end = end.min(list.len());
    (list[begin..end].to_vec(), begin, end < list.len())
}

fn check_page<T>(page: &Page<T>, seq: impl Fn(&T) -> Seq, list: &[Seq], window: &Window) {
    let found: Vec<Seq> = page.rows.iter().map(seq).collect();
    assert_eq!((found, page.newer, page.older), expected(list, window), "{window:?}");
    assert_eq!(page.searched, None);
}

fn check_pages(ledger: &Ledger, model: &Model, cursor: Cursor, limit: usize, since: Option<i64>) {
    let since = since.map(at);
    let recent = |seq: &Seq| since.is_none_or(|since| model.records[seq.0 as usize - 1].head.at >= since);
    let window = Window { cursor, since, ..Window::newest(limit) };
    for family in [None, Some("ticket"), Some("new-1")] {
        let of_family = |record: &&Record| match &record.head.fact {
            Fact::Received(received) => family.is_none_or(|family| family == received.family),
            _ => false,
        };
        let list: Vec<Seq> = model.records.iter().filter(of_family).map(|one| one.seq).filter(recent).rev().collect();
        let query = EventQuery { family: family.map(str::to_owned), show: None, window: window.clone() };
        let Answer::Events(page) = ledger.ask(Query::Events(query)) else { panic!() };
        check_page(&page, |row| row.seq, &list, &window);
    }
    for stages in [vec![], vec![Stage::Pending, Stage::Held]] {
        for kind in [None, Some(Kind::Return)] {
            let fits = |one: &&Delivery| {
                (stages.is_empty() || stages.contains(&one.stage())) && kind.is_none_or(|kind| kind == one.kind)
            };
            let all = model.deliveries.values().filter(fits).map(|one| one.id.0);
            let list: Vec<Seq> = all.filter(recent).rev().collect();
            let query = DeliveryQuery { stages: stages.clone(), kind, overdue: None, window: window.clone() };
            let Answer::Deliveries(page) = ledger.ask(Query::Deliveries(query)) else { panic!() };
            check_page(&page, |row| row.id.0, &list, &window);
        }
    }
    let list: Vec<Seq> = model.rejected.iter().copied().filter(recent).rev().collect();
    let Answer::Quarantine(page) = ledger.ask(Query::Quarantine(window.clone())) else { panic!() };
    check_page(&page, |row| row.seq, &list, &window);
    let mut list: Vec<Seq> = model.seen.values().copied().filter(recent).collect();
    list.sort_by(|one, other| other.cmp(one));
    let Answer::Shows(page) = ledger.ask(Query::Shows(window.clone())) else { panic!() };
    check_page(&page, |row| row.last, &list, &window);
}

fn check_details(ledger: &Ledger, model: &Model) {
    for one in model.deliveries.values() {
        let Answer::Delivery(Some(detail)) = ledger.ask(Query::Delivery(one.id)) else { panic!() };
        let about = |record: &&Record| {
            record.head.deliveries.iter().any(|other| other.id == one.id) || record.head.fact.delivery() == Some(one.id)
        };
        let history: Vec<Record> = model.records.iter().filter(about).cloned().collect();
        assert_eq!((&detail.delivery, &detail.history), (one, &history));
        assert_eq!(detail.body, model.records[one.event.0 as usize - 1].body);
    }
    let Answer::Ticket(timeline) = ledger.ask(Query::Ticket("ticket-1".into())) else { panic!() };
    let about = |record: &&Record| record.head.fact.ticket() == Some(&"ticket-1".into());
    let records: Vec<Record> = model.records.iter().filter(about).cloned().collect();
    let deliveries = model.deliveries.values().filter(|one| one.ticket == Some("ticket-1".into())).cloned().collect();
    assert_eq!(
        *timeline,
        Timeline { ticket: "ticket-1".into(), deliveries, records, truncated: false, dropped: false }
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_store_that_lived_through_it_equals_one_made_from_the_journal(steps in steps()) {
        let (ledger, model) = lived_through(steps);
        let verified = ledger.verify();
        prop_assert_eq!(verified.difference, None);
        prop_assert_eq!(verified.applied, Seq(model.records.len() as u64));
        check_points(&ledger, &model);
        check_overview(&ledger, &model);
        check_details(&ledger, &model);
        prop_assert_eq!(ledger.blobs(), 0);
    }

    #[test]
    fn pages_are_those_of_a_plain_list(
        steps in steps(), place in 0_u64..70, limit in 0_usize..8, since in prop::option::of(0_i64..70),
    ) {
        let (ledger, model) = lived_through(steps);
        for cursor in [Cursor::Newest, Cursor::Oldest, Cursor::From(Seq(place)), Cursor::Above(Seq(place))] {
            check_pages(&ledger, &model, cursor, limit, since);
        }
    }
}

#[test]
fn a_ticket_id_of_200_kib_is_cut_into_chunks_and_leaves_none_behind() {
    let mut ledger = Ledger::new();
    let long = "t".repeat(200 << 10);
    let one = delivery(1, Some(&long), pending(5));
    let record = ledger.next(received(&sale(&long, 1)), sale(&long, 1).as_bytes(), vec![one.clone()]);
    ledger.apply(&[record]);
    assert_eq!(ledger.store().delivery(one.id).unwrap(), Some(one.clone()));
    assert!(ledger.store().rows.stored().all(|row| row.unwrap().1.len() <= 4096));
    for ticket in [&long[..100 << 10], "short"] {
        let one = Delivery { ticket: Some(ticket.into()), ..one.clone() };
        let action = OperatorAction::Retry(one.id);
        let acted = OperatorActed { who: "ana".into(), why: "x".into(), action, ticket: None };
        let record = ledger.next(Fact::OperatorActed(acted), b"", vec![one.clone()]);
        ledger.apply(&[record]);
        assert_eq!(ledger.store().delivery(one.id).unwrap(), Some(one));
        assert_eq!(ledger.verify().difference, None);
    }
    assert_eq!(ledger.store().rows.keys_of(b"+").count(), 0);
    assert_eq!(ledger.blobs(), 0);
}

#[test]
fn a_long_value_is_read_whole_while_it_is_replaced() {
    let ledger = Ledger::new();
    let key = keys::delivery(DeliveryId(Seq(1)));
    let write = |number: u32| {
        let mut changes = changes::Changes::new(&ledger.store().rows);
        changes.put(key.clone(), number.to_be_bytes().repeat(10_000));
        changes.commit().unwrap();
    };
    write(0);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| (1..100).for_each(write));
        while !writer.is_finished() {
            let value = ledger.store().rows.get(&key).unwrap().unwrap();
            assert!(value.len() == 40_000 && value.chunks(4).all(|part| part == &value[..4]));
        }
    });
}

#[test]
fn a_delivery_stands_as_its_history_says_while_it_changes() {
    let mut ledger = Ledger::new();
    let body = r#"{"family":"x","action":"x.y"}"#;
    let mut kept = Vec::new();
    for change in 0..100 {
        let changed = delivery(1, Some("t"), State::Pending { due: at(change) });
        let record = ledger.next(received(body), body.as_bytes(), vec![changed]);
        kept.extend(ledger.keep(&[record]));
    }
    ledger.store().apply(&kept[..1]).unwrap();
    std::thread::scope(|scope| {
        let store = ledger.store();
        let writer = scope.spawn(|| kept[1..].chunks(1).for_each(|one| store.apply(one).unwrap()));
        while !writer.is_finished() {
            let Answer::Delivery(Some(detail)) = ledger.ask(Query::Delivery(DeliveryId(Seq(1)))) else { panic!() };
            assert_eq!(detail.delivery, detail.history.last().unwrap().head.deliveries[0]);
        }
    });
}

#[test]
fn merged_indexes_run_both_ways_and_name_each_number_once() {
    let ledger = Ledger::new();
    let rows = &ledger.store().rows;
    let mut changes = changes::Changes::new(rows);
    for (prefix, seq) in [(b"s1", 1), (b"s2", 2), (b"s1", 3), (b"s2", 3), (b"s2", 5), (b"s1", 9), (b"s3", 4)] {
        changes.mark(prefix, Seq(seq), true).unwrap();
    }
    changes.commit().unwrap();
    let index = Index::new(rows, vec![b"s1".to_vec(), b"s2".to_vec()], Seq(2));
    let numbers = |merged: index::Merged| merged.map(|seq| seq.unwrap().0).collect::<Vec<_>>();
    assert_eq!(numbers(index.older(Seq(5))), [5, 3, 2]);
    assert_eq!(numbers(index.newer(Seq(0))), [2, 3, 5, 9]);
    assert_eq!(numbers(index.older(Seq(1))), [0; 0]);
}

#[test]
fn the_last_note_about_a_topic_is_found_in_whatever_row_and_run() {
    let ledger = Ledger::new();
    let rows = &ledger.store().rows;
    let topic = |number: u64| keys::history(DeliveryId(Seq(number)));
    for (first, last) in [(1, 40), (41, 41), (42, 70)] {
        let mut changes = changes::Changes::new(rows);
        for seq in first..=last {
            // Some fill several rows of a run, some stand in one run only, some in none.
            let about = (1..6).filter(|number| seq % number == 0 && seq < 12 * number);
            about.for_each(|number| changes.note(Seq(seq), &topic(number), Seq(seq), notes::Mention::default()));
        }
        changes.reach(Seq(last));
        changes.commit().unwrap();
    }
    for number in 0..7 {
        let all = rows.notes(&topic(number), Seq(0), Seq(u64::MAX)).unwrap();
        assert_eq!(all.len(), if (1..6).contains(&number) { 11 } else { 0 });
        assert_eq!(rows.last_note(&topic(number)).unwrap(), all.last().copied(), "{number}");
        let some = rows.notes(&topic(number), Seq(10), Seq(20)).unwrap();
        assert_eq!(some, all.into_iter().filter(|(seq, _)| (10..=20).contains(&seq.0)).collect::<Vec<_>>());
    }
}

#[test]
fn a_repetition_counts_as_an_event_and_changes_nothing_else() {
    let mut ledger = Ledger::new();
    let body = wish("s", "7", "ACTIVE", 2);
    let first = ledger.event(&body);
    let Fact::Received(mut again) = received(&body) else { panic!() };
    again.duplicate_of = Some(first);
    let record = ledger.next(Fact::Received(again.clone()), body.as_bytes(), vec![]);
    ledger.apply(&[record]);
    let overview = ledger.overview();
    assert_eq!((overview.events, overview.families["notifyMe"].total), (2, 2));
    assert_eq!((overview.shows[0].tickets_wanted, overview.shows[0].last), (2, first));
    assert_eq!(ledger.store().latest(&again.subject).unwrap(), Some((first, again.print)));
}

#[test]
fn a_show_joins_payouts_unlocks_and_demand_and_a_wish_can_move() {
    let mut ledger = Ledger::new();
    ledger.event(&wish("s", "7", "ACTIVE", 2));
    ledger.event(r#"{"family":"event","action":"event.unlock","data":{"showId":"7","eventId":"e"}}"#);
    ledger.event(r#"{"family":"payouts","action":"payouts.delivered","data":{"showId":"7"}}"#);
    ledger.event(&wish("s", "8", "ACTIVE", 3));
    let shows = ledger.overview().shows;
    assert_eq!((shows[0].show.0.as_str(), shows[0].tickets_wanted, shows[0].last), ("8", 3, Seq(4)));
    let seven = &shows[1];
    assert_eq!((seven.subscriptions, seven.tickets_wanted, seven.last), (0, 0, Seq(3)));
    assert_eq!((seven.payouts, seven.last_unlock, seven.event.as_deref()), (1, Some(Seq(2)), Some("e")));
}

#[test]
fn a_store_behind_the_journal_catches_up_and_a_gap_is_refused() {
    let mut ledger = Ledger::new();
    ledger.event(&sale("t", 1));
    let records: Vec<Record> = (2..6)
        .map(|seq| Record {
            seq: Seq(seq),
            ..ledger.next(received(&sale("t", seq)), sale("t", seq).as_bytes(), vec![])
        })
        .collect();
    let kept = ledger.keep(&records);
    assert!(matches!(
        ledger.store().apply(&kept[1..]),
        Err(StoreError::OutOfOrder { expected: Seq(2), given: Seq(3) })
    ));
    assert_eq!(ledger.store().applied().unwrap(), Seq(1));
    let mut told = Vec::new();
    ledger.store().catch_up(&ledger.reader(), &mut |progress| told.push(progress)).unwrap();
    assert_eq!(told, [Progress { done: Seq(5), of: Seq(5) }]);
    assert_eq!(ledger.verify().difference, None);
}

#[test]
fn a_store_that_was_killed_before_it_had_a_record_is_as_sound_as_one_behind() {
    let mut ledger = Ledger::new();
    let body = sale("t", 1);
    ledger.keep(&[ledger.next(received(&body), body.as_bytes(), vec![])]);
    let verified = ledger.verify();
    assert_eq!((verified.difference, verified.journal, verified.applied), (None, Seq(1), Seq(0)));
    ledger.store().catch_up(&ledger.reader(), &mut |_| {}).unwrap();
    assert_eq!(ledger.verify().applied, Seq(1));
}

#[test]
fn a_store_that_was_left_while_it_was_made_is_as_good_as_none() {
    let mut ledger = Ledger::new();
    let long = "t".repeat(20_000);
    for n in 0..40 {
        ledger.event(&sale(if n % 3 == 0 { &long } else { "t" }, n));
    }
    for steps in 0..9 {
        let folder = ledger.temp.path().join(format!("left-{steps}"));
        let store = Store::open(&folder, CACHE).unwrap();
        let done = store.catching_up(&ledger.reader()).unwrap().take(steps).map(Result::unwrap).last();
        let is_whole = steps > 6;
        assert_eq!(done.map_or(0, |done| done.done.0), [0, 7, 14, 21, 28, 35, 40, 40, 40][steps]);
        drop(store);
        let store = Store::open(&folder, CACHE).unwrap();
        assert_eq!((store.applied().unwrap(), store.rows.is_empty()), (Seq(if is_whole { 40 } else { 0 }), !is_whole));
        store.catch_up(&ledger.reader(), &mut |_| {}).unwrap();
        assert_eq!(difference::first(&ledger.store().rows, &store.rows).unwrap().1, None);
    }
}

#[test]
fn what_cannot_be_opened_is_moved_aside_and_made_anew() {
    let mut ledger = Ledger::new();
    ledger.event(&sale("t", 1));
    ledger.store = None;
    std::fs::write(ledger.folder().join("snap.0000000000000FFF"), b"").unwrap();
    let (store, repaired) = ledger.bring_up();
    let Some(Repaired::Damaged { moved_to: Some(moved), .. }) = repaired else { panic!("{repaired:?}") };
    assert!(moved.ends_with("store.damaged-20231114T221320") && moved.exists());
    ledger.store = Some(store);
    assert_eq!(ledger.verify().difference, None);
    ledger.reopen();
    assert_eq!(ledger.store().applied().unwrap(), Seq(1));
}

/// A closed store in another format: of its totals nothing else is as in this one's.
fn in_format(ledger: &mut Ledger, format: u32) {
    let mut changes = changes::Changes::new(&ledger.store().rows);
    changes.put_json(keys::totals(), &serde_json::json!({ "format": format, "whatever": [1, 2] })).unwrap();
    changes.commit().unwrap();
    ledger.store = None;
}

#[test]
fn a_store_of_another_version_is_made_anew_and_leaves_nothing_behind() {
    for (format, said) in [(3, "another version of willcall (format 3"), (99, "a newer version of willcall (format 99")]
    {
        let mut ledger = Ledger::new();
        for n in 1..30 {
            ledger.event(&sale("t", n));
        }
        in_format(&mut ledger, format);
        let (store, repaired) = ledger.bring_up();
        let repaired = repaired.unwrap();
        assert_eq!(repaired, Repaired::OtherFormat { found: format });
        let text = repaired.to_string();
        assert!(
            text.contains(said) && text.contains(&format!("this is {}): it was made anew", rows::FORMAT)),
            "{text}"
        );
        ledger.store = Some(store);
        assert_eq!(
            (ledger.verify().difference, ledger.beside()),
            (None, vec!["journal".to_owned(), "store".to_owned()])
        );
        ledger.store = None;
        assert_eq!(ledger.bring_up().1, None);
    }
}

#[test]
fn a_kill_while_another_version_s_store_is_replaced_costs_nothing() {
    // Before it was begun, after some pieces, when all was there and the other one not yet removed.
    for steps in [0, 1, 3, 9] {
        let mut ledger = Ledger::new();
        for n in 1..30 {
            ledger.event(&sale("t", n));
        }
        in_format(&mut ledger, 3);
        std::fs::rename(ledger.folder(), ledger.temp.path().join("store.superseded")).unwrap();
        if steps > 0 {
            let store = Store::open(&ledger.folder(), CACHE).unwrap();
            assert!(store.catching_up(&ledger.reader()).unwrap().take(steps).all(|piece| piece.is_ok()));
        }
        let (store, repaired) = ledger.bring_up();
        ledger.store = Some(store);
        assert_eq!((repaired, ledger.verify().difference, ledger.verify().applied), (None, None, Seq(29)));
        assert_eq!(ledger.beside(), ["journal", "store"], "{steps}");
    }
}

#[test]
fn after_an_error_nothing_more_is_caught_up_with() {
    let mut ledger = Ledger::new();
    for n in 1..400 {
        ledger.event(&sale("t", n));
    }
    let store = Store::open(&ledger.temp.path().join("anew"), CACHE).unwrap();
    let reader = ledger.reader();
    let mut pieces = store.catching_up(&reader).unwrap();
    assert!(pieces.next().unwrap().is_ok());
    // A file of the journal that can no longer be read.
    for entry in std::fs::read_dir(ledger.temp.path().join("journal")).unwrap() {
        std::fs::write(entry.unwrap().path(), b"nonsense").unwrap();
    }
    let ends: Vec<bool> = pieces.by_ref().map(|piece| piece.is_ok()).collect();
    assert!(ends.ends_with(&[false]) && ends.iter().filter(|ok| !**ok).count() == 1, "{ends:?}");
    drop(pieces);
    // What is there is of no use, and says so.
    assert!(store.catching_up(&reader).unwrap_err().is_damage());
    drop(store);
    assert!(Store::open(&ledger.temp.path().join("anew"), CACHE).unwrap().rows.is_empty());
}

/// sled may refuse such a file or take it for an empty one.
#[test]
fn a_store_of_nonsense_ends_up_sound() {
    for nonsense in [&b""[..], &[0; 9000], &[0x5a; 700_000]] {
        let mut ledger = Ledger::new();
        (1..40).for_each(|seq| {
            ledger.event(&sale("t", seq));
        });
        ledger.store = None;
        std::fs::write(ledger.folder().join("db"), nonsense).unwrap();
        let (store, _) = bring_up(
            Store::open(&ledger.folder(), CACHE),
            &ledger.folder(),
            CACHE,
            &ledger.reader(),
            at(0),
            &mut |_| {},
        )
        .unwrap();
        ledger.store = Some(store);
        assert_eq!(ledger.verify().difference, None);
    }
}

#[test]
fn a_store_in_use_is_not_taken_for_a_damaged_one() {
    let mut ledger = Ledger::new();
    ledger.event(&sale("t", 1));
    let error =
        bring_up(Store::open(&ledger.folder(), CACHE), &ledger.folder(), CACHE, &ledger.reader(), at(0), &mut |_| {})
            .unwrap_err();
    assert!(matches!(error, StoreError::InUse(_)), "{error}");
    assert_eq!(ledger.store().applied().unwrap(), Seq(1));
}

#[test]
fn a_snapshot_that_was_being_written_in_a_crash_is_no_hindrance() {
    let mut ledger = Ledger::new();
    ledger.event(&sale("t", 1));
    ledger.store = None;
    std::fs::write(ledger.folder().join("snap.0000000000000FFF.generating"), b"").unwrap();
    let (store, repaired) =
        bring_up(Store::open(&ledger.folder(), CACHE), &ledger.folder(), CACHE, &ledger.reader(), at(0), &mut |_| {})
            .unwrap();
    assert_eq!((store.applied().unwrap(), repaired), (Seq(1), None));
}

#[test]
fn a_search_ends_after_many_rows_and_says_so() {
    struct Numbers(u64);
    impl List for Numbers {
        type Row = Seq;
        fn row(&self, seq: Seq) -> Result<Option<Seq>, StoreError> {
            Ok(Some(seq))
        }
        fn searches(&self) -> bool {
            self.0 > 1
        }
        fn wants(&self, row: &Seq) -> Result<bool, StoreError> {
            Ok(row.0.is_multiple_of(self.0))
        }
    }
    let ledger = Ledger::new();
    let rows = &ledger.store().rows;
    let mut changes = changes::Changes::new(rows);
    const MOST_LOOKED: usize = 5000;
    let most = MOST_LOOKED as u64;
    let unhurried = Patience { rows: MOST_LOOKED, time: std::time::Duration::MAX };
    (1..=most + 10).for_each(|seq| changes.mark(b"f", Seq(seq), true).unwrap());
    changes.commit().unwrap();
    let index = Index::new(rows, vec![b"f".to_vec()], Seq(0));
    let find = |every, cursor| {
        let page = paging::page(&Numbers(every), &index, &Window { cursor, ..Window::newest(2) }, unhurried).unwrap();
        let Searched { looked, newest, next, left } = page.searched.unwrap();
        let numbers: Vec<u64> = page.rows.iter().map(|row| row.0).collect();
        (numbers, page.older, looked, newest.map(|seq| seq.0), next.map(|seq| seq.0), left)
    };
    // Nothing found, then the rest.
    let every = most + 11;
    assert_eq!(find(every, Cursor::Newest), (vec![], true, MOST_LOOKED, Some(most + 10), Some(10), 10));
    assert_eq!(find(every, Cursor::From(Seq(10))), (vec![], false, 10, Some(10), None, 0));
    // Enough found: it stops right there, though the next row is wanted as well.
    assert_eq!(find(5, Cursor::From(Seq(20))), (vec![20, 15], true, 6, Some(20), Some(14), 14));
    assert_eq!(find(5, Cursor::From(Seq(9))), (vec![5], false, 9, Some(9), None, 0));
    // Upwards.
    assert_eq!(find(5, Cursor::Above(Seq(7))), (vec![15, 10], true, 8, Some(15), Some(16), 0));
    assert_eq!(find(every, Cursor::Oldest), (vec![], false, MOST_LOOKED, Some(most), Some(most + 1), 0));
    assert_eq!(find(every, Cursor::Above(Seq(most))), (vec![], true, 10, Some(most + 10), None, 0));
    let page =
        paging::page(&Numbers(1), &index, &Window { cursor: Cursor::From(Seq(5)), ..Window::newest(3) }, unhurried)
            .unwrap();
    assert_eq!((page.rows.len(), page.newer, page.older, page.searched), (3, 1000, true, None));
    // Without any time it still goes on, row by row.
    let hurried = Patience { time: std::time::Duration::ZERO, ..unhurried };
    let page = paging::page(&Numbers(every), &index, &Window::newest(2), hurried).unwrap();
    assert_eq!(page.searched.map(|one| (one.looked, one.next)), Some((1, Some(Seq(most + 9)))));
}

#[test]
fn the_events_of_a_show_are_those_that_name_it_exactly() {
    let mut ledger = Ledger::new();
    ledger.event(&wish("s", "7", "ACTIVE", 2));
    ledger.event(r#"{"family":"event","action":"event.unlock","data":{"showId":"17","eventId":"7"}}"#);
    ledger.event(r#"{"family":"payouts","action":"payouts.delivered","data":{"showId":"7"}}"#);
    ledger.event(r#"{"family":"listing","action":"listing.created","data":{"showId":"7"}}"#);
    ledger.event(r#"{"family":"event","action":"event.unlock","data":{"showId":"7"}}"#);
    let ask = |family: Option<&str>, window: Window| {
        let query = EventQuery { family: family.map(str::to_owned), show: Some("7".into()), window };
        let Answer::Events(page) = ledger.ask(Query::Events(query)) else { panic!() };
        (page.rows.iter().map(|row| row.seq.0).collect::<Vec<_>>(), page.newer, page.older)
    };
    assert_eq!(ask(None, Window::newest(9)), (vec![5, 3, 1], 0, false));
    assert_eq!(ask(None, Window::newest(2)), (vec![5, 3], 0, true));
    assert_eq!(ask(None, Window { cursor: Cursor::From(Seq(4)), ..Window::newest(1) }), (vec![3], 0, true));
    assert_eq!(ask(Some("event"), Window::newest(9)), (vec![5], 0, false));
    assert_eq!(ask(None, Window { filter: "payouts".into(), ..Window::newest(9) }), (vec![3], 0, false));
}

#[test]
fn a_long_timeline_keeps_the_newest() {
    let mut ledger = Ledger::new();
    let most = MOST_TIMELINE as u64;
    let records: Vec<Record> = (1..=most + 1)
        .map(|seq| Record {
            seq: Seq(seq),
            ..ledger.next(received(&sale("t", seq)), sale("t", seq).as_bytes(), vec![])
        })
        .collect();
    ledger.apply(&records);
    let Answer::Ticket(timeline) = ledger.ask(Query::Ticket("t".into())) else { panic!() };
    assert!(timeline.truncated && timeline.records == records[1..]);
}
