//! Marks: state, keys, which rows are then marked and what is said of them.

use super::acting::Table;
use super::ledger::{Ledger, delivery, now};
use crate::domain::delivery::{Delivery, Failure, Kind, LastAttempt, State};
use crate::domain::ids::Seq;
use crate::domain::query::Query;
use crate::domain::retry::Outcome;
use crate::ui::effect::Effect;
use crate::ui::keymap::Chord;
use crate::ui::marks::MOST_MARKED;
use crate::ui::model::Slot;
use crate::ui::update::Message;

/// Milliseconds between keys of somebody who looks.
const CALM: u64 = 1000;

/// A failed delivery, refused by the platform with that text.
pub(super) fn refused(id: u64, ticket: &str, text: &str) -> Delivery {
    let last = Some(LastAttempt { outcome: Outcome::Refused, text: text.into() });
    Delivery { last, ..delivery(id, Kind::Transfer, ticket, State::Failed { why: Failure::Refused }, 3600) }
}

/// A table on these deliveries, with the list of them in sight.
pub(super) fn on(deliveries: Vec<Delivery>) -> Table {
    let mut table = Table::new(Ledger { deliveries, ..Ledger::empty() });
    table.keys(CALM, "3");
    table.wait(5000);
    table
}

/// So many deliveries, the odd ones failed.
pub(super) fn evening(count: u64) -> Vec<Delivery> {
    let one = |id| match id % 2 {
        1 => refused(id, &format!("T-{id}"), &format!("422: ticket T-{id} locked")),
        _ => delivery(id, Kind::Transfer, &format!("T-{id}"), State::Pending { due: now() }, 60),
    };
    (1..=count).map(one).collect()
}

pub(super) fn marked(table: &Table) -> Vec<u64> {
    table.model.marks().expect("a list of such rows").rows().iter().map(|place| place.0).collect()
}

#[test]
fn a_row_is_marked_and_the_mark_taken_away() {
    let mut table = on(evening(10));
    table.keys(CALM, "space space");
    assert_eq!(marked(&table), [9, 10]);
    let screen = table.screen();
    assert!(screen.contains(" *d-10 ") && screen.contains(" *d-9 ") && screen.contains("> d-8"), "{screen}");
    assert!(screen.contains("deliveries: all states  * 2 marked") && !screen.contains("out of sight"), "{screen}");
    table.keys(CALM, "k k space");
    assert_eq!(marked(&table), [9]);
    assert!(table.screen().contains(">*d-9"), "{}", table.screen());
}

#[test]
fn marks_outlast_what_comes_in_and_what_is_filtered() {
    let mut table = on(evening(40));
    table.keys(CALM, "space j space");
    table.change(|ledger| {
        for id in 41..=60 {
            ledger.deliveries.push(delivery(id, Kind::Transfer, "new", State::Pending { due: now() }, 1));
        }
    });
    assert_eq!(marked(&table), [38, 40]);
    assert!(table.screen().contains("* 2 marked") && table.screen().contains("+20 newer"), "{}", table.screen());
    // What is filtered out, or of other states, stays marked as well.
    table.keys(CALM, "/").text(120, "T-37").keys(CALM, "enter space");
    assert_eq!(marked(&table), [37, 38, 40]);
    assert!(table.screen().contains("* 3 marked, 2 out of sight"), "{}", table.screen());
    // Leaving the box where the filter is typed takes no mark away.
    table.keys(CALM, "/ esc s");
    assert_eq!(marked(&table), [37, 38, 40]);
    assert!(table.screen().contains("needs a hand  * 3 marked, 2 out of sight"), "{}", table.screen());
    // In another list, other rows are marked.
    table.keys(CALM, "4");
    assert!(marked(&table).is_empty());
    table.keys(CALM, "3");
    assert_eq!(marked(&table).len(), 3);
}

#[test]
fn a_range_goes_from_where_it_was_begun_to_the_cursor() {
    let mut table = on(evening(40));
    table.keys(CALM, "j v j j");
    assert!(marked(&table).is_empty());
    let screen = table.screen();
    assert!(screen.contains("range of 3: v marks it") && screen.contains(" *d-39") && screen.contains(">*d-37"));
    // What comes in moves none of it.
    table
        .change(|ledger| ledger.deliveries.push(delivery(41, Kind::Transfer, "new", State::Pending { due: now() }, 1)));
    table.keys(CALM, "v");
    assert_eq!(marked(&table), [37, 38, 39]);
    // Upwards as well, and let go of.
    table.keys(CALM, "j j v k space");
    assert_eq!(marked(&table), [35, 36, 37, 38, 39]);
    table.keys(CALM, "v j j esc");
    assert_eq!(marked(&table).len(), 5);
    assert!(!table.screen().contains("range of"));
}

#[test]
fn a_range_is_whole_where_its_rows_were_not_held() {
    let mut table = on(evening(500));
    table.keys(CALM, "j v G");
    assert!(table.screen().contains("range of many"), "{}", table.screen());
    table.keys(CALM, "v");
    assert_eq!(marked(&table), (1..=499).collect::<Vec<_>>());
    table.keys(CALM, "esc G k k v g j j v");
    assert_eq!(marked(&table), (3..=498).collect::<Vec<_>>());
}

#[test]
fn all_that_fit_are_asked_for_page_by_page() {
    let mut table = on(evening(2500));
    table.keys(CALM, "A");
    assert_eq!(marked(&table).len(), 2500);
    assert!(table.toasted("2,500 deliveries marked"), "{:?}", table.model.toasts);
    let asked = table.asked();
    let pages = asked.iter().filter(|query| matches!(query, Query::Deliveries(one) if one.window.limit == 1000));
    assert_eq!(pages.count(), 3);
    table.keys(CALM, "esc s s s A");
    assert_eq!(marked(&table), (1..=2500).filter(|id| id % 2 == 1).collect::<Vec<_>>());
    table.keys(CALM, "esc /").text(120, "T-12 OR T-77").keys(CALM, "enter A");
    let of = |id: &u64| id % 2 == 1 && (id.to_string().starts_with("12") || id.to_string().starts_with("77"));
    assert_eq!(marked(&table), (1..=2500).filter(of).collect::<Vec<_>>());
}

#[test]
fn there_is_an_end_to_it_that_is_said() {
    let mut table = on(evening(MOST_MARKED as u64 + 500));
    table.keys(CALM, "A");
    let rows = marked(&table);
    assert_eq!((rows.len(), rows.last()), (MOST_MARKED, Some(&(MOST_MARKED as u64 + 500))));
    assert!(table.toasted("10,000 rows are marked, and no more can be: do these first"), "{:?}", table.model.toasts);
    assert!(table.screen().contains("* 10,000 marked"));
}

#[test]
fn marking_is_stopped_by_esc_and_goes_on_whatever_is_looked_at() {
    let mut table = on(evening(2500));
    let press = |table: &mut Table, key| table.only(Message::Key(Chord::parse(key).unwrap()));
    let first = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::Ask { slot: Slot::Gathering, query } => Some(query.clone()),
            _ => None,
        })
    };
    let effects = press(&mut table, "A");
    let query = first(&effects).expect("the first page is asked for");
    let answer = table.answer(Slot::Gathering, query.clone());
    let effects = table.only(answer);
    let next = first(&effects).expect("and the second");
    assert!(table.screen().contains("* 1,000 marked") && table.screen().contains("marking: 1,000 so far, Esc stops"));
    table.keys(CALM, "r");
    assert!(table.model.dialog.is_none() && table.toasted("rows are still being marked"));
    table.keys(CALM, "esc");
    assert!(table.toasted("marking was stopped: 1,000 were found"), "{:?}", table.model.toasts);
    // What is on its way then changes nothing.
    let late = table.answer(Slot::Gathering, next);
    table.tell(late);
    assert_eq!(marked(&table).len(), 1000);
    // Looked away, it goes on.
    table.keys(CALM, "esc");
    let effects = press(&mut table, "A");
    table.keys(CALM, "2");
    table.settle(effects);
    table.keys(CALM, "3");
    assert_eq!(marked(&table).len(), 2500);
}

#[test]
fn esc_lets_go_of_one_thing_after_the_other() {
    let mut table = on(evening(40));
    table.keys(CALM, "s s s space /").text(120, "T-3").keys(CALM, "enter v j esc");
    assert!(table.model.marks().is_some_and(|marks| !marks.ranges()));
    assert_eq!(table.model.deliveries.narrowing.filter(), "T-3");
    table.keys(CALM, "esc");
    assert_eq!((table.model.deliveries.narrowing.filter(), marked(&table).len()), ("", 1));
    table.keys(CALM, "esc");
    assert!(marked(&table).is_empty() && table.toasted("1 no longer marked"));
    assert_ne!(table.model.delivery_choice, 0);
    table.keys(CALM, "esc");
    assert_eq!(table.model.delivery_choice, 0);
}

#[test]
fn all_alike_are_marked_with_one_key() {
    let mut deliveries = evening(40);
    deliveries.push(refused(41, "T-41", "409: ticket T-41 sold"));
    deliveries.push(refused(42, "T-42", "422: ticket T-42 locked"));
    let mut table = on(deliveries);
    table.keys(CALM, "j a");
    assert_eq!(marked(&table), [41]);
    table.keys(CALM, "esc g a");
    let locked: Vec<u64> = (1..=40).filter(|id| id % 2 == 1).chain([42]).collect();
    assert_eq!(marked(&table), locked);
    assert!(table.toasted("21 deliveries marked: ✗ FAILED, refused: 422: ticket … locked"), "{:?}", table.model.toasts);
    // Only of what the list shows.
    table.keys(CALM, "esc /").text(120, "T-3 OR T-42").keys(CALM, "enter a");
    assert_eq!(marked(&table), [3, 31, 33, 35, 37, 39, 42]);
}

#[test]
fn what_no_order_can_be_about_is_not_marked() {
    for view in ["1", "2", "5", "3 enter"] {
        for key in ["space", "v", "A", "a"] {
            let mut table = on(evening(4));
            table.keys(CALM, view).keys(CALM, key);
            assert!(table.toasted("rows can be marked in deliveries, reversals and quarantine"), "{key} in {view}");
        }
    }
    let mut table = Table::new(Ledger::busy());
    table.keys(CALM, "6 space");
    assert_eq!(table.model.marks().map(|marks| marks.rows().contains(&Seq(403))), Some(true));
}

#[test]
fn marks_wait_in_the_present_for_whoever_looks_back() {
    let mut table = Table::new(Ledger::busy());
    table.keys(CALM, "3 space space");
    assert_eq!(marked(&table).len(), 2);
    table.keys(CALM, "[");
    assert!(table.model.travel.shown.is_some(), "{}", table.screen());
    let screen = table.screen();
    let footer = screen.lines().last().unwrap_or_default();
    assert!(!footer.contains("unmark") && !footer.contains("mark"), "{footer}");
    for key in ["space", "A", "x"] {
        table.keys(CALM, key);
        assert!(table.model.dialog.is_none() && marked(&table).len() == 2, "{key}");
    }
    table.keys(CALM, "esc");
    assert!(table.model.travel.shown.is_none());
    assert_eq!(marked(&table).len(), 2);
    table.keys(CALM, "r");
    assert!(table.model.dialog.is_some());
    table.keys(CALM, "esc");
    // What is under way keeps the reader here.
    let effects = table.only(Message::Key(Chord::parse("A").unwrap()));
    table.keys(CALM, "[");
    assert!(table.model.travel.shown.is_none() && table.toasted("rows are still being marked: look back when"));
    table.settle(effects);
}
