//! Records are dropped: what stays, and what whatever comes next is decided from, is as if they were still there.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use super::model::lived_in;
use super::*;
use crate::domain::ids::TicketId;
use crate::domain::moment::{Seek, Subject};
use crate::journal::{Base, Cut, Standing};
use crate::store::past::Past;
use crate::store::successor::{self, Obstacle, Successor};

/// The drop up to `cut`, all but the taking over.
fn succeed(ledger: &Ledger, present: &Store, cut: Cut) -> (Successor, Base) {
    let (reader, scratch) = (ledger.reader(), ledger.temp.path().join("scratch"));
    let drawn_up = successor::draw_up(present, &reader, cut.through, &scratch, &|| true).unwrap();
    let (lines, known) = drawn_up.unwrap();
    assert!(!scratch.exists());
    let base = ledger.journal.trim().prepare(cut.through, lines).unwrap();
    (Successor::begin(&folder(ledger, cut), CACHE, &reader, &base, known).unwrap(), base)
}

fn folder(ledger: &Ledger, cut: Cut) -> PathBuf {
    crate::journal::folder::store_in(ledger.temp.path(), Standing { dropped: cut.through, blanked: Seq(0) })
}

/// The store itself: that it may take over is asked elsewhere.
fn dropped(ledger: &Ledger, present: &Store, cut: Cut) -> Store {
    let (mut successor, base) = succeed(ledger, present, cut);
    while successor.advance(present, &ledger.reader()).unwrap() {}
    assert_eq!(successor.behind(&ledger.reader()).unwrap(), 0);
    let open = open_ones(present).iter().find(|one| one.id.0 <= cut.through).map(|one| one.id);
    match successor.take_over(present).unwrap() {
        Ok(_) => assert_eq!(open, None),
        Err(obstacle) => assert!(matches!(obstacle, Obstacle::Open(id) if id <= cut.through && open.is_some())),
    }
    drop(successor);
    let trim = ledger.journal.trim();
    trim.adopt(&base).unwrap();
    assert_eq!(trim.sweep().unwrap(), cut.bytes);
    Store::open(&folder(ledger, cut), CACHE).unwrap()
}

/// The deliveries that wait for something, oldest first.
fn open_ones(store: &Store) -> Vec<Delivery> {
    let unsettled = Stage::ALL.into_iter().filter(|stage| !stage.settled());
    let prefixes = unsettled.flat_map(|stage| Kind::ALL.map(|kind| keys::stage(stage, kind)));
    let ids = Index::new(&store.rows, prefixes.collect(), Seq(0)).newer(Seq(0));
    ids.map(|id| store.delivery(DeliveryId(id.unwrap())).unwrap().unwrap()).collect()
}

/// The lanes that a record is about.
fn lanes(record: &Record) -> impl Iterator<Item = Lane> {
    let changed = record.head.deliveries.iter().map(|one| Lane::of_delivery(one.ticket.as_ref(), one.id));
    changed.chain(record.head.fact.ticket().map(Lane::of)).collect::<Vec<_>>().into_iter()
}

fn check(ledger: &Ledger, model: &Model, old: &Store, new: &Store, cut: Cut) {
    let (reader, through) = (ledger.reader(), cut.through);
    let verified = verify(new, &reader, &ledger.temp.path().join("verify"), &mut |_| {}).unwrap();
    assert_eq!((verified.difference, verified.applied), (None, ledger.journal.last()));
    let spoken_of: BTreeSet<Lane> =
        model.records.iter().filter(|record| record.seq > through).flat_map(lanes).collect();
    for one in model.deliveries.values() {
        let lane = Lane::of_delivery(one.ticket.as_ref(), one.id);
        let expected = if spoken_of.contains(&lane) { old.lane(&lane).unwrap() } else { Vec::new() };
        assert_eq!(new.lane(&lane).unwrap(), expected);
    }
    for record in &model.records {
        let Fact::Received(received) = &record.head.fact else { continue };
        // Said in a lane of which deliveries were kept, or since; nothing that was said before the latest passes for it.
        let latest = |store: &Store| match &received.ticket {
            Some(ticket) => store.latest_among(&store.mentions(&Lane::of(ticket)).unwrap(), &received.subject),
            None => store.latest(&received.subject),
        };
        let (latest, kept) = (latest(old).unwrap(), latest(new).unwrap());
        let is_kept = |lane: Lane| {
            spoken_of.contains(&lane) && new.lane(&lane).unwrap().first().is_some_and(|one| one.id.0 <= through)
        };
        let said = latest.map(|(seq, _)| &model.records[seq.0 as usize - 1]);
        let stays = said.is_some_and(|said| said.seq > through || lanes(said).any(is_kept));
        assert_eq!(kept, latest.filter(|_| stays), "{record:?}");
    }
    for seq in 0..=ledger.journal.last().0 + 1 {
        let place = |store: &Store| store.location(Seq(seq)).unwrap();
        assert_eq!(place(new), place(old).filter(|_| Seq(seq) > through));
    }
    for moment in [-1, 1, through.0 as i64, through.0 as i64 + 1, 1_000] {
        assert_eq!(new.last_before(at(moment)).unwrap(), old.last_before(at(moment)).unwrap().max(through));
    }
    if old.earliest_open().unwrap().is_none_or(|(_, first)| first > through) {
        assert_eq!(open_ones(new), open_ones(old));
    }
    assert_eq!(
        reader.scan(Seq(1)).map(|item| item.unwrap().0).collect::<Vec<_>>(),
        model.records[through.0 as usize..]
    );
}

/// What is asked of the present as of its last record, and of what was dropped.
fn ask(ledger: &Ledger, old: &Store, new: &Store, cut: Cut) {
    let (reader, through) = (ledger.reader(), cut.through);
    let answer = |store: &Store, query: &Query| store.answer(&reader, query, at(1_000_000));
    for seq in 1..=through.0 {
        let error = answer(new, &Query::Event(Seq(seq))).unwrap_err();
        assert!(!error.is_damage() && error.to_string().contains("dropped by retention"), "{error}");
    }
    let Answer::Records(records) = answer(new, &Query::Records { after: Seq(0), limit: 1 }).unwrap() else { panic!() };
    assert_eq!(records[0].seq, through.next());
    for query in [
        Query::Overview { rows: 20, late_after: None },
        Query::Moment(Seek::Clock(at(3))),
        Query::Moment(Seek::Before(through.next(), Subject::Anything)),
        Query::Moment(Seek::After(Seq(0), Subject::Ticket("ticket-1".into()))),
        Query::Moment(Seek::After(Seq(0), Subject::Delivery(DeliveryId(Seq(1))))),
        Query::Needed { after: Seq(0), limit: 9 },
        Query::Quarantine(Window::newest(99)),
        Query::Events(EventQuery { family: None, show: None, window: Window::newest(99) }),
    ] {
        answer(new, &query).unwrap_or_else(|error| panic!("{query:?}: {error}"));
    }
    for ticket in 0..4 {
        let ticket: TicketId = format!("ticket-{ticket}").as_str().into();
        let Answer::Ticket(timeline) = answer(new, &Query::Ticket(ticket.clone())).unwrap() else { panic!() };
        assert!(timeline.records.iter().all(|record| record.seq > through));
        assert!(timeline.records.is_empty() || timeline.deliveries == old.lane(&Lane::of(&ticket)).unwrap());
        assert_eq!(timeline.dropped, timeline.deliveries.iter().any(|one| one.id.0 <= through));
        let after = Query::Moment(Seek::After(Seq(0), Subject::Ticket(ticket)));
        let Answer::Moment(found) = answer(new, &after).unwrap() else { panic!() };
        assert_eq!(found.map(|found| found.moment.last), timeline.records.first().map(|record| record.seq));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_is_dropped_what_stays_is_what_it_was(
        steps in steps(), more in steps(), first in any::<prop::sample::Index>(), second in any::<prop::sample::Index>(),
    ) {
        let (ledger, model) = lived_in(Ledger::with_segments(4_000), steps.into_iter().chain(more).collect());
        let cuts = ledger.journal.trim().cuts().unwrap();
        prop_assume!(!cuts.is_empty());
        let cut = cuts[first.index(cuts.len())];
        let store = dropped(&ledger, ledger.store(), cut);
        check(&ledger, &model, ledger.store(), &store, cut);
        ask(&ledger, ledger.store(), &store, cut);
        // Once more, from where that begins.
        let cuts = ledger.journal.trim().cuts().unwrap();
        if !cuts.is_empty() {
            let cut = cuts[second.index(cuts.len())];
            let later = dropped(&ledger, &store, cut);
            check(&ledger, &model, ledger.store(), &later, cut);
        }
    }
}

/// Some sales, delivered, a segment each.
fn delivered(tickets: u64) -> Ledger {
    let mut ledger = Ledger::with_segments(1);
    for ticket in 0..tickets {
        let body = sale(&format!("ticket-{ticket}"), 1);
        let one = delivery(ticket + 1, Some(&format!("ticket-{ticket}")), State::Delivered { by: Hand::Target });
        let record = ledger.next(received(&body), body.as_bytes(), vec![one]);
        ledger.apply(&[record]);
    }
    ledger
}

fn changed(ledger: &Ledger, id: u64, state: State) -> Record {
    let one = Delivery { state, ..ledger.store().delivery(DeliveryId(Seq(id))).unwrap().unwrap() };
    let action = OperatorAction::Undo(one.id);
    let acted = OperatorActed { who: "ana".into(), why: "x".into(), action, ticket: one.ticket.clone() };
    ledger.next(Fact::OperatorActed(acted), b"", vec![one])
}

#[test]
fn what_comes_meanwhile_about_a_ticket_that_would_go_keeps_it() {
    let mut ledger = delivered(6);
    let cut = ledger.journal.trim().cuts().unwrap()[3];
    let (mut successor, _) = succeed(&ledger, &ledger.store().clone(), cut);
    while successor.advance(ledger.store(), &ledger.reader()).unwrap() {}
    assert!(successor.take_over(ledger.store()).unwrap().is_ok());
    let again = sale("ticket-2", 1);
    let record = ledger.next(received(&again), again.as_bytes(), vec![]);
    ledger.apply(&[record]);
    while successor.advance(ledger.store(), &ledger.reader()).unwrap() {}
    assert_eq!(successor.take_over(ledger.store()).unwrap().unwrap_err(), Obstacle::SpokenOf(Seq(7)));
}

#[test]
fn a_delivery_that_is_open_again_meanwhile_keeps_its_record() {
    let mut ledger = delivered(6);
    // Spoken of since, so it would be carried on; its webhook would go all the same.
    let record =
        changed(&ledger, 2, State::Cancelled { why: Cancellation::Operator { who: "ana".into(), why: "x".into() } });
    ledger.apply(&[record]);
    let cut = ledger.journal.trim().cuts().unwrap()[3];
    let (mut successor, _) = succeed(&ledger, &ledger.store().clone(), cut);
    let record = changed(&ledger, 2, pending(5));
    ledger.apply(&[record]);
    while successor.advance(ledger.store(), &ledger.reader()).unwrap() {}
    assert_eq!(successor.take_over(ledger.store()).unwrap().unwrap_err(), Obstacle::Open(Seq(2)));
    assert_eq!(ledger.store().earliest_open().unwrap(), Some((DeliveryId(Seq(2)), Seq(2))));
}

#[test]
fn the_past_begins_where_the_journal_does() {
    let mut ledger = delivered(9);
    let cut = ledger.journal.trim().cuts().unwrap()[3];
    let mut past = Past::begin(&ledger.temp.path().join("past")).unwrap();
    let go = |ledger: &Ledger, past: &mut Past, to| past.go(&ledger.reader(), Seq(to), Duration::MAX);
    assert!(go(&ledger, &mut past, 2).unwrap().is_none());
    let present = ledger.store().clone();
    let new = dropped(&ledger, &present, cut);
    ledger.store = Some(new);
    let error = go(&ledger, &mut past, 3).unwrap_err();
    assert!(matches!(error, StoreError::Dropped { seq: Seq(3), .. }), "{error}");
    for to in [9, 4, 7, 4, 5, 9] {
        assert!(go(&ledger, &mut past, to).unwrap().is_none());
        assert_eq!((past.at(), past.store().unwrap().applied().unwrap()), (Seq(to), Seq(to)));
    }
    assert_eq!(difference::first(&past.store().unwrap().rows, &ledger.store().rows).unwrap().1, None);
}

#[test]
fn a_store_that_begins_elsewhere_than_its_journal_is_made_anew() {
    let ledger = delivered(6);
    let cut = ledger.journal.trim().cuts().unwrap()[3];
    drop(dropped(&ledger, ledger.store(), cut));
    let error = ledger.store().catch_up(&ledger.reader(), &mut |_| {}).unwrap_err();
    assert!(error.is_damage() && error.to_string().contains("begins after record"), "{error}");
    let anew = rebuild(&ledger.temp.path().join("anew"), CACHE, &ledger.reader(), &mut |_| {}).unwrap();
    let verified = verify(&anew, &ledger.reader(), &ledger.temp.path().join("verify"), &mut |_| {}).unwrap();
    assert_eq!((verified.difference, anew.dropped().unwrap()), (None, cut.through));
}
