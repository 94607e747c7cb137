//! An earlier moment is what a store would say that has lived no longer, however one has come there.

use std::time::Duration;

use super::*;
use crate::domain::lateness::LateAfter;
use crate::domain::moment::{Found, Moment, Seek, Subject};
use crate::store::past::{Measure, Past};

/// Everything that can be asked.
fn questions(last: u64) -> Vec<Query> {
    let late_after = LateAfter { transfer: Duration::from_secs(5), undoing: Duration::from_secs(9) };
    let window = |cursor, filter: &str| Window { cursor, filter: filter.into(), ..Window::newest(5) };
    let windows = [
        window(Cursor::Newest, ""),
        window(Cursor::Oldest, ""),
        window(Cursor::From(Seq(last / 2)), ""),
        window(Cursor::Above(Seq(last / 3)), ""),
        window(Cursor::Newest, "-show-1"),
        Window { since: Some(at(last as i64 / 2)), ..Window::newest(50) },
        Window { only: vec![Seq(last), Seq(1), Seq(last + 1)], ..Window::newest(9) },
    ];
    let events = |family: Option<&str>, show: Option<&str>, window: &Window| {
        Query::Events(EventQuery { family: family.map(Into::into), show: show.map(Into::into), window: window.clone() })
    };
    let deliveries = |stages: &[Stage], kind, overdue, window: &Window| {
        Query::Deliveries(DeliveryQuery { stages: stages.to_vec(), kind, overdue, window: window.clone() })
    };
    let mut all = vec![
        Query::Overview { rows: 0, late_after: None },
        Query::Overview { rows: 20, late_after: Some(late_after) },
        Query::Records { after: Seq(0), limit: 100 },
        Query::Records { after: Seq(last / 2), limit: 3 },
        Query::Needed { after: Seq(0), limit: 3 },
        Query::Moment(Seek::Clock(at(last as i64 / 2))),
        Query::Moment(Seek::After(Seq(last / 2), Subject::Anything)),
    ];
    for window in &windows {
        all.extend([
            events(None, None, window),
            events(Some("ticket"), None, window),
            events(None, Some("show-1"), window),
            deliveries(&[], None, None, window),
            deliveries(&[Stage::Pending, Stage::Held], Some(Kind::Return), None, window),
            deliveries(&[], None, Some(late_after), window),
            Query::Shows(window.clone()),
            Query::Quarantine(window.clone()),
        ]);
    }
    let lately = window(Cursor::Newest, "age<20s");
    all.extend([events(None, None, &lately), deliveries(&[], None, None, &lately)]);
    for ticket in 0..4 {
        all.push(Query::Ticket(format!("ticket-{ticket}").as_str().into()));
    }
    for seq in [1, last / 2, last, last + 1] {
        all.extend([Query::Event(Seq(seq)), Query::Rejected(Seq(seq)), Query::Delivery(DeliveryId(Seq(seq)))]);
    }
    all
}

/// A store that has lived up to record `last`.
fn lived_to(ledger: &Ledger, last: u64) -> Store {
    let store = Store::open(&ledger.temp.path().join(format!("lived-{last}")), CACHE).unwrap();
    let records = ledger.reader().scan(Seq(1)).take(last as usize);
    records.for_each(|record| store.apply(&[record.unwrap()]).unwrap());
    store
}

fn check(ledger: &Ledger, past: &Past, last: u64) {
    let (lived, now) = (lived_to(ledger, last), at(last as i64));
    let (_, difference) = difference::first(&past.store().unwrap().rows, &lived.rows).unwrap();
    assert_eq!(difference, None, "as of {last}");
    for query in questions(last) {
        let wanted = lived.answer(&ledger.reader(), &query, now).unwrap();
        assert_eq!(past.answer(&ledger.reader(), &query, now).unwrap(), wanted, "as of {last}: {query:?}");
    }
}

fn go(ledger: &Ledger, past: &mut Past, to: u64) -> usize {
    let mut asked = 1;
    // Without any time it still goes on, piece by piece.
    while past.go(&ledger.reader(), Seq(to), Duration::ZERO).unwrap().is_some() {
        asked += 1;
    }
    assert_eq!(past.at(), Seq(to));
    asked
}

fn scratch(ledger: &Ledger) -> std::path::PathBuf {
    ledger.temp.path().join("past")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn as_of_a_record_it_answers_as_one_that_has_lived_to_it(
        steps in steps(), places in prop::collection::vec(any::<prop::sample::Index>(), 1..6), remembered in 0_u64..40, bytes in 0_usize..40_000,
    ) {
        let (ledger, model) = lived_through(steps);
        let measure = Measure { piece: 4, remembered_piece: 3, remembered, bytes };
        let mut past = Past::begin_with(&scratch(&ledger), measure).unwrap();
        for place in places {
            let last = place.index(model.records.len() + 1) as u64;
            go(&ledger, &mut past, last);
            check(&ledger, &past, last);
        }
    }

    #[test]
    fn moments_are_found_as_in_a_plain_list(steps in steps(), from in 0_u64..70, seconds in -3_i64..70) {
        let (ledger, model) = lived_through(steps);
        let find = |seek| match ledger.ask(Query::Moment(seek)) {
            Answer::Moment(found) => found,
            other => panic!("{other:?}"),
        };
        // A record's moment is the second of its number.
        let clock = find(Seek::Clock(at(seconds))).unwrap();
        let last = seconds.clamp(0, model.records.len() as i64) as u64;
        prop_assert_eq!(clock.moment, Moment { last: Seq(last), at: at(seconds) });
        prop_assert_eq!(clock.record.map(|record| record.seq.0), Some(last).filter(|last| *last > 0));
        let ticket = |one: &&Record| one.head.fact.ticket() == Some(&"ticket-1".into());
        let id = DeliveryId(Seq(1));
        let delivery = |one: &&Record| {
            one.seq == id.0 || one.head.fact.delivery() == Some(id) || one.head.deliveries.iter().any(|other| other.id == id)
        };
        let all = model.records.iter();
        let lists: [(Subject, Vec<Seq>); 3] = [
            (Subject::Anything, all.clone().map(|one| one.seq).collect()),
            (Subject::Ticket("ticket-1".into()), all.clone().filter(ticket).map(|one| one.seq).collect()),
            (Subject::Delivery(id), all.filter(delivery).map(|one| one.seq).collect()),
        ];
        for (subject, numbers) in lists {
            let seq = |found: Option<Found>| found.map(|found| found.moment.last).filter(|last| *last > Seq(0));
            let before = numbers.iter().rev().find(|seq| **seq < Seq(from)).copied();
            prop_assert_eq!(seq(find(Seek::Before(Seq(from), subject.clone()))), before, "before {} of {:?}", from, subject);
            let after = numbers.iter().find(|seq| **seq > Seq(from)).copied();
            prop_assert_eq!(seq(find(Seek::After(Seq(from), subject.clone()))), after, "after {} of {:?}", from, subject);
        }
    }
}

#[test]
fn a_step_passes_over_reveals_and_the_first_leads_to_an_empty_ledger() {
    let mut ledger = Ledger::new();
    let reveal = |ledger: &mut Ledger| {
        let action = OperatorAction::Reveal { what: "deliveries".into() };
        let acted = OperatorActed { who: "ana".into(), why: String::new(), action, ticket: None };
        let record = ledger.next(Fact::OperatorActed(acted), b"", vec![]);
        ledger.apply(&[record]);
    };
    ledger.event(&sale("t", 1));
    reveal(&mut ledger);
    ledger.event(&sale("t", 2));
    reveal(&mut ledger);
    let find = |seek| match ledger.ask(Query::Moment(seek)) {
        Answer::Moment(found) => found.map(|found| (found.moment.last.0, found.moment.at)),
        other => panic!("{other:?}"),
    };
    let before = |seq| find(Seek::Before(Seq(seq), Subject::Anything));
    assert_eq!(before(u64::MAX), Some((3, at(3))));
    assert_eq!(before(3), Some((1, at(1))));
    assert_eq!(before(1), Some((0, at(1) - chrono::Duration::milliseconds(1))));
    assert_eq!(before(0), None);
    let after = |seq| find(Seek::After(Seq(seq), Subject::Anything));
    assert_eq!((after(0), after(1), after(3)), (Some((1, at(1))), Some((3, at(3))), None));
}

#[test]
fn a_journal_that_grows_is_followed_and_its_folder_goes_with_it() {
    let mut ledger = Ledger::new();
    for seq in 1..=5 {
        ledger.event(&sale("t", seq));
    }
    let folder = scratch(&ledger);
    // What a killed program has left there.
    std::fs::create_dir_all(folder.join("blobs")).unwrap();
    std::fs::write(folder.join("db"), b"half").unwrap();
    let mut past = Past::begin(&folder).unwrap();
    assert_eq!(go(&ledger, &mut past, 3), 1);
    for seq in 6..=9 {
        ledger.event(&sale("t", seq));
    }
    go(&ledger, &mut past, 4);
    go(&ledger, &mut past, 9);
    check(&ledger, &past, 9);
    let beyond = past.go(&ledger.reader(), Seq(10), Duration::MAX).unwrap_err();
    assert!(beyond.to_string().contains("the journal ends at record 9"), "{beyond}");
    drop(past);
    assert!(!folder.exists());
    assert_eq!(ledger.verify().difference, None, "the store of the present was touched");
}
