//! Orders about many: state, keys, what was ordered, and what is said of each.

use super::acting::Table;
use super::ledger::{Ledger, delivery};
use super::marking::{evening, marked, on, refused};
use super::rig::Rig;
use crate::domain::delivery::{Kind, State, Undo};
use crate::domain::ids::{DeliveryId, Seq};
use crate::domain::query::Command;
use crate::ui::dialog::Dialog;
use crate::ui::subject::Subject;
use crate::ui::update::Message;

/// Milliseconds between keys of somebody who looks.
const CALM: u64 = 1000;

fn ids(table: &Table) -> Vec<u64> {
    table.acts.iter().filter_map(|order| order.command.place()).map(|place| place.0).collect()
}

fn asks(table: &Table) -> bool {
    matches!(table.model.dialog, Some(Dialog::Many(_)))
}

#[test]
fn the_question_says_who_is_eligible_and_why_the_others_are_not() {
    let mut deliveries = evening(6);
    deliveries.push(delivery(7, Kind::Transfer, "T-7", State::InFlight { attempt: 3 }, 60));
    deliveries.push(delivery(8, Kind::Transfer, "T-8", State::InFlight { attempt: 1 }, 60));
    deliveries.push(delivery(
        9,
        Kind::Transfer,
        "T-9",
        State::Delivered { by: crate::domain::delivery::Hand::Target },
        60,
    ));
    let mut table = on(deliveries);
    table.keys(CALM, "A r");
    let screen = table.screen();
    for part in [
        "retry 3 deliveries?",
        "3 of 9 marked can be:",
        "3  ✗ FAILED  refused: 422: ticket … locked  d-1 d-3 …",
        "6 cannot, and stay as they are:",
        "3  it is due already: it goes out",
        "2  attempt … of it is under way: wait for its end  d-7 d-8",
        "1  it is delivered already  d-9",
        "It is sent to the target again, under a new idempotency key",
        "Of 3 an attempt may have moved the ticket",
        "for 3 s after Yes, `u` calls them back",
        "  No, leave them       Yes, retry 3",
        "▸ reason",
    ] {
        assert!(screen.contains(part), "{part}\n{screen}");
    }
    assert!(!screen.contains("how many"), "{screen}");
}

#[test]
fn nothing_is_done_without_yes_and_the_marks_stay() {
    for keys in ["esc", "enter enter", "tab tab tab enter esc", "n o enter enter"] {
        let mut table = on(evening(6));
        table.keys(CALM, "A r").keys(CALM, keys);
        assert!(table.acts.is_empty() && table.model.dialog.is_none(), "{keys}: {:?}", table.acts);
        assert!(table.toasted("nothing done: 6 deliveries stay marked"), "{keys}: {:?}", table.model.toasts);
        table.over();
        assert!(table.acts.is_empty() && marked(&table).len() == 6, "{keys}");
    }
}

#[test]
fn a_reason_is_asked_for_where_one_is_needed_and_stands_on_each_record() {
    let mut table = on(evening(6));
    table.keys(CALM, "A x tab tab enter");
    assert!(table.acts.is_empty() && asks(&table), "Yes without a reason");
    assert!(table.screen().contains("a reason is needed"), "{}", table.screen());
    table.text(120, "the show is off").keys(CALM, "enter tab enter");
    assert_eq!(ids(&table), [1, 2, 3, 4, 5, 6], "the oldest first");
    for order in &table.acts {
        assert_eq!((order.who.as_str(), order.why.as_str()), ("ana", "the show is off"));
        assert!(matches!(order.command, Command::Cancel(_)));
    }
    assert!(table.model.deliveries.marks.is_empty());
}

#[test]
fn above_twenty_the_number_is_typed() {
    for (count, counted) in [(40, false), (42, true)] {
        let mut table = on(evening(count));
        let failed = count as usize / 2;
        table.keys(CALM, "s s s A r");
        assert_eq!(table.screen().contains("how many"), counted, "{}", table.screen());
        table.text(120, "fixed").keys(CALM, "enter");
        if counted {
            for wrong in ["", "20", "42", "x"] {
                table.text(120, wrong).keys(CALM, "enter tab enter");
                assert!(asks(&table), "{wrong}");
                assert!(table.screen().contains("type how many they are"), "{}", table.screen());
                table.keys(CALM, "ctrl-u");
            }
            table.text(120, "21").keys(CALM, "enter");
        }
        table.keys(CALM, "tab enter");
        table.over();
        table.carry_all_out();
        assert_eq!(table.acts.len(), failed);
    }
}

#[test]
fn a_few_are_under_way_at_once_and_of_one_ticket_one() {
    let mut deliveries = evening(100);
    for one in deliveries.iter_mut().filter(|one| one.id.0.0 <= 10) {
        one.ticket = Some("same".into());
    }
    let mut table = on(deliveries);
    table.keys(CALM, "A x").text(120, "off").keys(CALM, "tab").text(120, "100").keys(CALM, "enter tab enter");
    let mut most = 0;
    while !table.under_way.is_empty() {
        let places: Vec<u64> =
            table.under_way.iter().filter_map(|(order, _)| order.command.place()).map(|place| place.0).collect();
        assert!(places.iter().filter(|place| **place <= 10).count() <= 1, "{places:?}");
        most = most.max(places.len());
        table.carry_out();
    }
    assert_eq!(most, 16);
    let given = ids(&table);
    assert_eq!(given.iter().filter(|id| **id <= 10).copied().collect::<Vec<_>>(), (1..=10).collect::<Vec<_>>());
    let mut all = given;
    all.sort_unstable();
    assert_eq!(all, (1..=100).collect::<Vec<_>>());
}

#[test]
fn each_has_its_result_and_failures_are_grouped_by_cause() {
    let mut table = on(evening(12));
    table.desk_mut(|ledger| ledger.refused = vec![(3, "is behind d-1"), (5, "is behind d-4"), (7, "is held")]);
    table.keys(CALM, "A d").text(120, "at the gate").keys(CALM, "enter tab enter");
    table.tell(Message::Tick);
    assert!(table.screen().contains("12 still to come") || table.screen().contains("0 still to come"));
    table.carry_all_out();
    let screen = table.screen();
    for part in [
        "› results",
        "mark delivered: 12 deliveries",
        "each has come to its end",
        "ordered       9",
        "refused       3",
        "ana: at the gate",
        "2 × ✗ not done: it is behind …",
        "1 × ✗ not done: it is held",
        "transfer d-3",
        "d-5 is behind d-4",
        "9 × ✓ delivered  marked delivered by ana: at the gate",
    ] {
        assert!(screen.contains(part), "{part}\n{screen}");
    }
    assert!(table.toasted("✗ mark delivered: 9 of 12 deliveries ordered, 3 refused"), "{:?}", table.model.toasts);
    // One key marks a group again, in its list; another opens what became of them once more.
    table.keys(CALM, "a");
    assert_eq!(marked(&table), [3, 5]);
    table.keys(CALM, "e j j j j enter");
    assert_eq!(table.model.detail().map(|detail| detail.subject.clone()), Some(Subject::Delivery(DeliveryId(Seq(7)))));
}

#[test]
fn what_failed_again_is_grouped_by_what_the_platform_said() {
    let mut table = on(evening(76));
    table.keys(CALM, "s s s A r").text(120, "fixed").keys(CALM, "enter").text(120, "38").keys(CALM, "enter tab enter");
    table.over();
    table.carry_all_out();
    assert!(table.screen().contains("38 × ○ pending"), "{}", table.screen());
    table.change(|ledger| {
        for one in ledger.deliveries.iter_mut().filter(|one| one.id.0.0 % 2 == 1) {
            let id = one.id.0.0;
            *one = match id {
                1 => delivery(
                    1,
                    Kind::Transfer,
                    "T-1",
                    State::Delivered { by: crate::domain::delivery::Hand::Target },
                    60,
                ),
                _ => refused(id, &format!("T-{id}"), &format!("422: ticket T-{id} locked")),
            };
        }
    });
    let screen = table.screen();
    assert!(screen.contains("37 × ✗ FAILED  refused: 422: ticket … locked"), "{screen}");
    table.keys(CALM, "a");
    assert_eq!(marked(&table), (3..=75).step_by(2).collect::<Vec<_>>());
}

#[test]
fn a_retry_of_many_is_held_back_too() {
    let mut table = on(evening(6));
    table.keys(CALM, "A r tab tab enter");
    let screen = table.screen();
    assert!(screen.contains("3 deliveries are sent again in 3 s: `u` calls them back"), "{screen}");
    assert!(screen.contains("not yet: `u` calls them back"), "{screen}");
    table.keys(50, "u");
    assert!(table.toasted("3 deliveries called back: nothing was sent"), "{:?}", table.model.toasts);
    assert!(table.screen().contains("3 × – called back"), "{}", table.screen());
    table.over();
    assert!(table.acts.is_empty());
    // It can be done again.
    table.keys(CALM, "esc A r tab tab enter");
    table.over();
    table.carry_all_out();
    assert_eq!(ids(&table), [1, 3, 5]);
}

#[test]
fn the_rest_is_called_back_while_they_are_given() {
    let mut table = on(evening(60));
    table.keys(CALM, "A x").text(120, "off").keys(CALM, "enter").text(120, "60").keys(CALM, "enter tab enter");
    table.carry_out();
    table.keys(CALM, "esc");
    assert!(
        table.screen().contains("cancel: 1 of 60 deliveries ordered: `u` calls the rest back"),
        "{}",
        table.screen()
    );
    // Nor is one of these by itself.
    table.keys(CALM, "x");
    assert!(table.model.dialog.is_none() && table.toasted("transfer d-60 is among the orders still to come"));
    // Others are not asked about meanwhile.
    table.keys(CALM, "A x");
    assert!(!asks(&table) && table.toasted("is still under way"), "{:?}", table.model.toasts);
    table.keys(CALM, "u");
    table.carry_all_out();
    assert_eq!(table.acts.len(), 17);
    assert!(table.toasted("43 deliveries called back; what was ordered before stays so"), "{:?}", table.model.toasts);
    table.keys(CALM, "e");
    let screen = table.screen();
    assert!(screen.contains("43 × – called back") && screen.contains("17 × – cancelled"), "{screen}");
}

#[test]
fn only_what_is_marked_counts_and_not_the_row_under_the_cursor() {
    let mut table = on(evening(9));
    table.keys(CALM, "j j j j j j space k k k");
    table.keys(CALM, "r tab tab enter");
    table.over();
    assert_eq!(ids(&table), [3]);
    // Without marks it is that row.
    table.keys(CALM, "esc");
    table.carry_all_out();
    assert!(marked(&table).is_empty());
    table.keys(CALM, "j x");
    assert!(matches!(&table.model.dialog, Some(Dialog::Order(_))), "{:?}", table.model.dialog);
}

#[test]
fn marked_requests_are_sent_again_and_nothing_else() {
    let mut table = Table::new(Ledger::busy());
    table.keys(CALM, "6 A");
    for key in ["d", "x", "u"] {
        table.keys(CALM, key);
        assert!(table.model.dialog.is_none() && table.toasted("requests can only be sent again"), "{key}");
    }
    table.keys(CALM, "r");
    let screen = table.screen();
    assert!(screen.contains("send again") && screen.contains("requests?"), "{screen}");
    table.keys(CALM, "tab tab enter");
    table.over();
    table.carry_all_out();
    assert!(!table.acts.is_empty() && table.acts.iter().all(|order| matches!(order.command, Command::Resend(_))));
    assert!(table.screen().contains("as event 9001"), "{}", table.screen());
}

#[test]
fn where_none_is_eligible_that_is_said_and_nothing_can_be_done() {
    let mut table = on(evening(6));
    table.keys(CALM, "A u");
    let screen = table.screen();
    assert!(screen.contains("none of 6 deliveries can be taken back"), "{screen}");
    assert!(
        screen.contains("6 (d-1 …): nothing to take back") && !screen.contains("▸ reason") && !screen.contains("Yes"),
        "{screen}"
    );
    table.keys(CALM, "tab y x");
    table.tell(Message::Paste("y".into()));
    assert!(asks(&table) && table.screen().contains("none of 6"), "it wants no answer");
    table.keys(CALM, "enter");
    assert!(!asks(&table) && table.acts.is_empty() && table.toasted("6 deliveries stay marked"));
}

#[tokio::test]
async fn the_loop_gives_them_all_and_whoever_leaves_is_told_of_the_rest() {
    let mut rig = Rig::start(Ledger { deliveries: evening(60), ..Ledger::empty() }, (120, 36));
    rig.press("3");
    rig.see(&["> d-60"]).await;
    rig.press("A");
    rig.see(&["60 deliveries marked"]).await;
    rig.press("x");
    rig.see(&["cancel 60 deliveries?"]).await;
    rig.write("off");
    rig.press("enter");
    rig.write("60");
    rig.press("enter tab enter");
    rig.see(&["60 × – cancelled", "each has come to its end"]).await;
    assert_eq!(rig.desk.ledger.lock().unwrap().orders.len(), 60);
    // What still can be called back is not given.
    let mut rig = Rig::start(Ledger { deliveries: evening(6), ..Ledger::empty() }, (120, 36));
    rig.press("3");
    rig.see(&["> d-6"]).await;
    rig.press("A");
    rig.see(&["6 deliveries marked"]).await;
    rig.press("r");
    rig.see(&["retry 3 deliveries?"]).await;
    rig.press("tab tab enter q");
    rig.see(&["Not done any more: retry of 3 deliveries."]).await;
    rig.press("y");
    let desk = rig.desk.clone();
    assert_eq!(rig.ended().await.not_given, ["retry of 3 deliveries"]);
    assert!(desk.ledger.lock().unwrap().orders.is_empty());
}

#[test]
fn what_was_done_to_many_is_taken_back_for_many() {
    let mut deliveries = evening(6);
    for one in &mut deliveries {
        let before = one.clone();
        one.state = State::Cancelled {
            why: crate::domain::delivery::Cancellation::Operator { who: "ana".into(), why: "off".into() },
        };
        one.undo = Some(Box::new(Undo { action: Seq(900), before: vec![before] }));
    }
    deliveries[0].undo = None;
    let mut table = on(deliveries);
    table.keys(CALM, "A u");
    let screen = table.screen();
    for part in
        ["undo 5 deliveries?", "5 of 6 marked can be", "It becomes", "1  it is not taken back: something has followed"]
    {
        assert!(screen.contains(part), "{part}\n{screen}");
    }
    table.keys(CALM, "tab tab enter");
    table.carry_all_out();
    assert_eq!(ids(&table), [2, 3, 4, 5, 6]);
    assert!(table.acts.iter().all(|order| matches!(order.command, Command::Undo(_)) && order.why == "undo"));
}

#[test]
fn an_order_on_a_row_of_the_results_is_about_that_row() {
    let mut table = on(evening(4));
    table.keys(CALM, "A x").text(120, "off").keys(CALM, "enter tab enter");
    table.carry_all_out();
    table.keys(CALM, "j j");
    assert_eq!(table.model.chosen_delivery().map(|one| one.id.0.0), Some(2));
    table.keys(CALM, "enter");
    assert_eq!(table.model.detail().map(|detail| detail.subject.clone()), Some(Subject::Delivery(DeliveryId(Seq(2)))));
}

#[test]
fn a_group_is_folded_where_it_would_hide_the_others() {
    let mut table = on(evening(40));
    table.desk_mut(|ledger| ledger.refused = vec![(3, "is held")]);
    table.keys(CALM, "A x").text(120, "off").keys(CALM, "enter").text(120, "40").keys(CALM, "enter tab enter");
    table.carry_all_out();
    let screen = table.screen();
    assert!(screen.contains(">▾ 1 × ✗ not done: it is held") && screen.contains("▸ 39 × – cancelled"), "{screen}");
    assert!(!screen.contains("transfer d-4 "), "{screen}");
    table.keys(CALM, "j j enter");
    assert!(table.screen().contains("▾ 39 × – cancelled") && table.screen().contains("transfer d-4 "));
    // From within as well.
    table.keys(CALM, "j j z");
    assert!(table.screen().contains(">▸ 39 × – cancelled"), "{}", table.screen());
}

#[test]
fn the_question_fits_where_there_is_little_room() {
    for size in [(60, 15), (80, 24)] {
        let mut table = on(evening(50));
        table.tell(Message::Resized(size));
        table.keys(CALM, "A x");
        let screen = table.screen();
        for part in ["cancel 50 deliveries?", "▸ reason", "how many", "No, leave them", "Yes, cancel 50"] {
            assert!(screen.contains(part), "{part} at {size:?}\n{screen}");
        }
        // As does the one about one.
        table.keys(CALM, "esc esc x");
        let screen = table.screen();
        for part in ["cancel transfer d-50?", "▸ reason", "No, leave it", "Yes, cancel"] {
            assert!(screen.contains(part), "{part} at {size:?}\n{screen}");
        }
    }
}
