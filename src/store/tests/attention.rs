//! What is late, what came to need a person, what grows: as a plain list would have it.

use std::time::Duration;

use super::*;
use crate::domain::lateness::{LateAfter, Lateness, lateness};
use crate::domain::query::Needed;

const LATE_AFTER: LateAfter = LateAfter { transfer: Duration::from_secs(10), undoing: Duration::from_secs(25) };

fn ask(ledger: &Ledger, query: &Query, now: i64) -> Answer {
    ledger.store().answer(&ledger.reader(), query, at(now)).unwrap()
}

fn overview(ledger: &Ledger, late_after: Option<LateAfter>, now: i64) -> Overview {
    let Answer::Overview(overview) = ask(ledger, &Query::Overview { rows: 0, late_after }, now) else { panic!() };
    *overview
}

/// By the record: what came to need a person then.
fn came_to_need(model: &Model) -> Vec<(Seq, DeliveryId)> {
    let mut stages = std::collections::BTreeMap::new();
    let mut all = Vec::new();
    for record in &model.records {
        for one in &record.head.deliveries {
            let before = stages.insert(one.id, one.stage());
            let needs = matches!(one.stage(), Stage::Failed | Stage::Held) && before != Some(one.stage());
            if needs && !matches!(record.head.fact, Fact::OperatorActed(_)) {
                all.push((record.seq, one.id));
            }
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn overdue_is_what_lateness_calls_so(steps in steps(), now in 0_i64..90, limit in 1_usize..6) {
        let (ledger, model) = lived_through(steps);
        let is_overdue = |one: &&Delivery| matches!(lateness(one, &LATE_AFTER, at(now)), Some(Lateness::Overdue { .. }));
        let overdue: Vec<Seq> = model.deliveries.values().rev().filter(is_overdue).map(|one| one.id.0).collect();
        prop_assert_eq!(overview(&ledger, Some(LATE_AFTER), now).overdue, overdue.len() as u64);
        prop_assert_eq!(overview(&ledger, None, now).overdue, 0);
        // Nothing becomes overdue before it is said to, and then something does.
        let next = overview(&ledger, Some(LATE_AFTER), now).next_overdue;
        let later = |moment: Timestamp| model.deliveries.values().filter(|one| {
            matches!(lateness(one, &LATE_AFTER, moment), Some(Lateness::Overdue { .. }))
        }).count();
        let (until, after) = match next {
            Some(next) => (later(next), later(next + chrono::TimeDelta::milliseconds(1))),
            None => (later(at(100_000)), usize::MAX),
        };
        prop_assert!(until == overdue.len() && after > until, "{until} until {next:?}, {after} after, {} now", overdue.len());
        for cursor in [Cursor::Newest, Cursor::Oldest, Cursor::From(Seq(7)), Cursor::Above(Seq(7))] {
            let window = Window { cursor, ..Window::newest(limit) };
            let stages = vec![Stage::Pending, Stage::InFlight, Stage::Failed, Stage::Held];
            let query = DeliveryQuery { stages, kind: None, overdue: Some(LATE_AFTER), window: window.clone() };
            let Answer::Deliveries(page) = ask(&ledger, &Query::Deliveries(query), now) else { panic!() };
            check_page(&page, |one| one.id.0, &overdue, &window);
        }
    }

    #[test]
    fn every_delivery_that_came_to_need_a_person_is_told(steps in steps(), after in 0_u64..50, limit in 0_usize..5) {
        let (ledger, model) = lived_through(steps);
        let mut ids: Vec<DeliveryId> = Vec::new();
        for (seq, id) in came_to_need(&model) {
            let still = matches!(model.deliveries[&id].stage(), Stage::Failed | Stage::Held);
            if seq.0 > after && still && !ids.contains(&id) {
                ids.push(id);
            }
        }
        let Answer::Needed(needed) = ask(&ledger, &Query::Needed { after: Seq(after), limit }, 0) else { panic!() };
        let rows = ids.iter().take(limit).map(|id| model.deliveries[id].clone()).collect();
        let last = Seq(model.records.len() as u64);
        prop_assert_eq!(needed, Needed { after: Seq(after), rows, count: ids.len(), last });
    }
}

#[test]
fn a_quarantine_is_counted_by_the_last_minutes() {
    let mut ledger = Ledger::new();
    for _ in 0..3 {
        let (code, message) = ("not_json".to_owned(), "not JSON".to_owned());
        let rejected = Rejected { from: "test".into(), code, message, content_type: None };
        let record = ledger.next(Fact::Rejected(rejected), b"{", vec![]);
        ledger.apply(&[record]);
    }
    let lately = |now| overview(&ledger, None, now).rejected_lately;
    assert_eq!((lately(3), lately(601), lately(602), lately(603), lately(604)), (3, 3, 2, 1, 0));
}
