//! Looking back: state, keys, screen.

use chrono::TimeDelta;

use super::acting::Table;
use super::ledger::{Ledger, ago, delivery, now};
use super::rig::Rig;
use super::{SIZES, walk};
use crate::domain::delivery::{Failure, Kind, State};
use crate::domain::ids::Seq;
use crate::domain::moment::Seek;
use crate::domain::privacy::Privacy;
use crate::domain::query::{Query, Status};
use crate::engine::DeskError;
use crate::ui::action::{Action, Group, TABLE};
use crate::ui::dialog::Dialog;
use crate::ui::effect::Effect;
use crate::ui::keymap::Chord;
use crate::ui::model::Slot;
use crate::ui::update::Message;

// Event `seq` of the busy ledger came (400 - seq) * 17 s ago.

fn table() -> Table {
    Table::new(Ledger::busy())
}

/// The last record that is shown; none: the present.
fn shown(table: &Table) -> Option<u64> {
    table.model.travel.moment().map(|moment| moment.last.0)
}

fn first_line(table: &mut Table) -> String {
    table.screen().lines().next().unwrap_or_default().to_owned()
}

#[test]
fn keys_go_back_and_forth_by_record_and_by_minute_and_esc_returns() {
    let mut table = table();
    for (keys, last, header) in [
        ("[", Some(400), "AS OF 14:03:22"),
        ("[", Some(399), "AS OF 14:03:05"),
        ("[ [", Some(397), "AS OF 14:02:31"),
        ("]", Some(398), "AS OF 14:02:48"),
        // Nothing came just then: the clock alone goes.
        ("{", Some(394), "AS OF 14:01:48"),
        ("{", Some(390), "AS OF 14:00:48"),
        ("}", Some(394), "AS OF 14:01:48"),
        ("esc", None, "14:03:22"),
        ("{", Some(396), "AS OF 14:02:22"),
        ("esc", None, "→ http://127.0.0.1:9000/deliveries"),
    ] {
        table.keys(1000, keys);
        assert_eq!(shown(&table), last, "after {keys}");
        let line = first_line(&mut table);
        assert!(line.contains(header) && line.contains("AS OF") == last.is_some(), "after {keys}: {line}");
    }
}

#[test]
fn keys_that_come_faster_than_answers_lead_as_far() {
    let mut table = table();
    let mut asked = table.only(Message::Key(Chord::parse("[").unwrap()));
    for key in ["[", "[", "{", "[", "]"] {
        assert!(table.only(Message::Key(Chord::parse(key).unwrap())).is_empty());
    }
    let mut arrivals = 0;
    while let [effect] = &asked[..] {
        let answer = match effect {
            Effect::Ask { slot: Slot::Moment, query } => table.answer(Slot::Moment, query.clone()),
            Effect::Recall { slot: Slot::Arrival, moment, query } => {
                arrivals += 1;
                table.recall(Slot::Arrival, *moment, query.clone())
            }
            _ => break,
        };
        asked = table.only(answer);
    }
    // 400, 399, 398, then the last a minute before, and there and back again.
    assert_eq!((shown(&table), arrivals), (Some(394), 1));
    // A step that leads nowhere stops the rest.
    table.keys(1000, "esc");
    let first = table.only(Message::Key(Chord::parse("[").unwrap()));
    table.only(Message::Key(Chord::parse("]").unwrap()));
    table.only(Message::Key(Chord::parse("[").unwrap()));
    table.settle(first);
    assert_eq!(shown(&table), Some(400));
    assert!(table.toasted("nothing later is on record: `Esc` returns to now"), "{:?}", table.model.toasts);
}

#[test]
fn everything_is_as_of_then_in_every_view_and_size() {
    for size in SIZES {
        for (place, then, later) in [
            ("1", vec!["stored 300"], vec!["stored 400"]),
            ("2", vec![" 300 ", "stored 300"], vec![" 301 "]),
            ("3", vec!["> d-295", "✓ delivered"], vec!["d-301", "d-302"]),
            ("3 enter", vec!["d-295"], vec![]),
            ("4", vec!["> d-285"], vec!["d-325"]),
            ("6", vec!["unknown of earlier moments", "Nothing of this kind was on record then"], vec![]),
        ] {
            let mut table = table();
            table.model.size = size;
            table.keys(1000, "@").text(1000, "1700s⏎").keys(1000, place);
            assert_eq!(shown(&table), Some(300), "{place} at {size:?}");
            let screen = table.screen();
            for part in then.iter().chain(&["AS OF 13:35:02", "nothing can be changed here"]) {
                assert!(screen.contains(part), "{part} in {place} at {size:?}\n{screen}");
            }
            for part in later {
                assert!(!screen.contains(part), "{part} in {place} at {size:?}\n{screen}");
            }
            assert!(!screen.contains("127.0.0.1:8787") && !screen.contains("3×401"), "the door of today\n{screen}");
        }
    }
}

#[test]
fn ages_and_lateness_are_those_of_then() {
    let mut ledger = Ledger::empty();
    ledger.deliveries = vec![delivery(1, Kind::Transfer, "t", State::Pending { due: now() }, 20 * 60)];
    let mut table = Table::new(ledger);
    table.keys(1000, "3");
    assert!(table.screen().contains("20m ▲ overdue"));
    // Deliveries of the fake ledger stand with the number of an event.
    table.change(|ledger| {
        let brief = crate::domain::query::Brief::default();
        ledger.events = vec![super::ledger::event(1, "ticket", "updated", 20 * 60, brief, Vec::new())];
    });
    for (typed, age) in [("16m", "4m △ due soon"), ("14m", "6m ▲ overdue"), ("18m", "2m")] {
        table.keys(1000, "@").text(1000, &format!("{typed}⏎"));
        let screen = table.screen();
        assert!(screen.contains(age), "{typed}: {age}\n{screen}");
    }
    assert!(!table.screen().contains("overdue") && !table.screen().contains("due soon"), "{}", table.screen());
}

#[test]
fn nothing_can_be_changed_there_and_nothing_rings() {
    for entry in TABLE.iter().filter(|entry| entry.action.records()) {
        let key = entry.keys[0];
        let mut table = table();
        table.model.rings = true;
        table.keys(1000, "3 [ [").keys(1000, key);
        assert!(table.toasted("nothing can be changed here; `Esc` returns to now"), "{key}: {:?}", table.model.toasts);
        assert!(table.model.dialog.is_none() && table.acts.is_empty(), "{key}");
        let effects = table.only(Message::Tick);
        assert!(!effects.iter().any(|effect| matches!(effect, Effect::Ring(_))), "{effects:?}");
        // And back in the present it can.
        table.keys(1000, "esc 1 3 j").wait(5000);
        table.keys(1000, key);
        let asks = table.model.dialog.is_some() || !table.acts.is_empty();
        assert!(asks || key == "u" || entry.group == Group::Marking, "{key}");
    }
    let mut table = table();
    table.keys(1000, "3 [");
    let screen = table.screen();
    let footer = screen.lines().last().unwrap();
    for part in ["[ earlier", "] later", "{ -1 min", "} +1 min"] {
        assert!(footer.contains(part), "{part}: {footer}");
    }
    assert!(!footer.contains("retry") && !footer.contains("reveal"), "{footer}");
}

#[test]
fn what_can_still_be_called_back_keeps_one_here() {
    let mut table = table();
    table.keys(1000, "3 r").wait(5000);
    table.keys(1000, "tab tab enter");
    let waiting: Vec<u64> = table.model.held_back.waiting().iter().map(|one| one.number).collect();
    table.keys(1000, "[");
    assert!(table.toasted("d-399 can still be called back: look back when it is sent"), "{:?}", table.model.toasts);
    assert_eq!((shown(&table), waiting.len()), (None, 1));
    table.tell(Message::Due(waiting[0]));
    table.keys(1000, "[");
    assert_eq!((shown(&table), table.acts.len()), (Some(400), 1));
}

#[test]
fn what_happens_meanwhile_is_not_shown_before_the_return() {
    let mut table = table();
    table.keys(1000, "3 [ [");
    let before = table.screen();
    table.change(|ledger| ledger.deliveries.push(delivery(401, Kind::Transfer, "t", State::Pending { due: now() }, 1)));
    table.tell(Message::Tick);
    assert_eq!(table.screen(), before);
    table.keys(1000, "esc");
    assert!(table.screen().contains("> d-401"), "{}", table.screen());
}

#[test]
fn in_a_delivery_or_ticket_a_step_goes_by_its_own_records() {
    let mut table = table();
    table.keys(1000, "3 j j enter");
    assert_eq!(table.model.place(), "delivery d-397");
    table.keys(1000, "[");
    assert_eq!(shown(&table), Some(397));
    table.keys(1000, "[");
    assert!(table.toasted("nothing earlier of d-397 is on record"), "{:?}", table.model.toasts);
    table.keys(1000, "t");
    let seeks = |table: &Table| -> Vec<Seek> {
        let ledger = table.desk.ledger.lock().unwrap();
        ledger
            .asked
            .iter()
            .filter_map(|query| if let Query::Moment(seek) = query { Some(seek.clone()) } else { None })
            .collect()
    };
    table.keys(1000, "]");
    let last = seeks(&table).pop().unwrap();
    let ticket = crate::domain::moment::Subject::Ticket("51020397".into());
    assert_eq!(last, Seek::After(Seq(397), ticket));
    assert!(table.toasted("nothing later of this ticket is on record: `Esc` returns to now"));
    // Esc closes what is open first, and says so.
    assert!(table.screen().contains("Esc closes this, then returns"), "{}", table.screen());
    table.keys(1000, "esc esc");
    assert_eq!((shown(&table), table.model.details.len()), (Some(397), 0));
    table.keys(1000, "esc");
    assert_eq!(shown(&table), None);
}

#[test]
fn before_the_first_record_there_is_nothing_and_nothing_further() {
    let mut table = table();
    table.keys(1000, "@").text(1000, "2020-01-01⏎");
    assert_eq!(shown(&table), Some(0));
    let screen = table.screen();
    for part in ["AS OF 2020-01-01 00:00:00", "before the first record", "stored 0"] {
        assert!(screen.contains(part), "{part}\n{screen}");
    }
    table.keys(1000, "]");
    assert_eq!(shown(&table), Some(1));
    table.keys(1000, "[");
    assert_eq!(shown(&table), Some(0));
    table.change(|ledger| ledger.events.clear());
    table.keys(1000, "[");
    assert!(table.toasted("nothing earlier is on record"), "{:?}", table.model.toasts);
}

#[test]
fn a_thing_that_was_not_there_yet_is_said_so() {
    let mut table = table();
    table.keys(1000, "3 enter @").text(1000, "1700s⏎");
    let screen = table.screen();
    assert!(screen.contains("There was no such thing in the ledger then"), "{screen}");
    table.keys(1000, "esc esc enter");
    assert!(!table.screen().contains("no such thing"), "{}", table.screen());
}

#[test]
fn the_folding_is_told_and_can_be_stopped() {
    let mut table = table();
    table.desk.ledger.lock().unwrap().folding = vec![67, 34];
    // By hand, so that the way can be seen.
    let seek = table.only(Message::Key(Chord::parse("[").unwrap()));
    let [Effect::Ask { slot: Slot::Moment, query }] = &seek[..] else { panic!("{seek:?}") };
    let found = table.answer(Slot::Moment, query.clone());
    let mut effects = table.only(found);
    let mut percents = Vec::new();
    for _ in 0..2 {
        let [Effect::Recall { slot, moment, query }] = &effects[..] else { panic!("{effects:?}") };
        let recalled = table.recall(slot.clone(), *moment, query.clone());
        effects = table.only(recalled);
        percents.push(table.model.travel.folding);
        let screen = table.screen();
        assert!(screen.contains("▲ 4 overdue  stored 400  14:03:22"), "the present is shown until then\n{screen}");
        assert!(
            screen.contains("going to 14:03:22: folding the journal,") && screen.contains("%; Esc stops"),
            "{screen}"
        );
    }
    assert_eq!(percents, [Some(34), Some(67)]);
    // Until it is there nothing is changed by accident either.
    table.keys(1000, "3 r");
    assert!(table.toasted("nothing is changed on the way back; `Esc` stops"), "{:?}", table.model.toasts);
    table.keys(1000, "esc");
    assert!(!table.model.travel.looks_back() && !table.screen().contains("folding"));
    // What was asked before comes too late.
    let [Effect::Recall { slot, moment, query }] = &effects[..] else { panic!("{effects:?}") };
    let late = table.recall(slot.clone(), *moment, query.clone());
    table.tell(late);
    assert_eq!(shown(&table), None);
    table.keys(1000, "r").wait(5000);
    assert!(matches!(table.model.dialog, Some(Dialog::Order(_))), "and then it can be changed again");
}

#[test]
fn a_moment_that_cannot_be_shown_leaves_what_is_on_the_screen() {
    let mut table = table();
    let refuse = |table: &mut Table, says: Option<&str>| {
        let refusal = says.map(|says| DeskError::Failed(says.to_owned()));
        table.desk.ledger.lock().unwrap().refusal = refusal;
    };
    let full = "earlier moments cannot be shown: 12 MiB are left on the disk";
    refuse(&mut table, Some(full));
    table.keys(1000, "[");
    assert!(table.toasted(full), "{:?}", table.model.toasts);
    assert_eq!((shown(&table), table.model.keys.offers(Action::Retry)), (None, true));
    refuse(&mut table, None);
    table.keys(1000, "[ [");
    refuse(&mut table, Some(full));
    table.keys(1000, "[");
    assert_eq!(shown(&table), Some(399));
    assert!(!table.model.keys.offers(Action::Retry));
}

#[test]
fn a_moment_is_typed_and_what_is_none_is_told() {
    let mut table = table();
    table.keys(1000, "@").text(1000, "14:00");
    assert!(table.screen().contains("2026-11-22 14:00:00 UTC, 3m22s ago"), "{}", table.screen());
    table.keys(1000, "enter");
    assert_eq!((shown(&table), table.model.now), (Some(388), now() - TimeDelta::seconds(202)));
    table.keys(1000, "@").text(1000, "25:00⏎");
    assert!(table.screen().contains("✗ no moment: type one like"), "{}", table.screen());
    table.keys(1000, "ctrl-u").text(1000, "2026-11-23⏎");
    assert!(table.screen().contains("✗ that has not come yet"), "{}", table.screen());
    table.keys(1000, "esc");
    assert_eq!(shown(&table), Some(388), "Esc stays there");
    table.keys(1000, "@").text(1000, "now⏎");
    assert_eq!(shown(&table), None);
    table.tell(Message::Paste("x".into()));
    table.keys(1000, "@");
    table.tell(Message::Paste("10m".into()));
    table.keys(1000, "enter");
    assert_eq!(table.model.now, now() - TimeDelta::minutes(10));
}

#[test]
fn what_was_revealed_is_masked_and_filters_stay() {
    let mut table = table();
    table.keys(1000, "3 /").text(1000, "state:delivered⏎");
    table.model.privacy = Privacy::Revealed;
    table.keys(1000, "[ [");
    assert_eq!(table.model.privacy, Privacy::Masked);
    let screen = table.screen();
    assert!(
        screen.contains("state:delivered") && screen.contains("✓ delivered") && !screen.contains("○ pending"),
        "{screen}"
    );
    // Esc leads back first; what narrows the list is cleared in the present.
    table.keys(1000, "esc");
    assert_eq!((shown(&table), table.screen().contains("state:delivered")), (None, true));
}

#[test]
fn banners_are_those_of_then_but_for_what_is_grave_now() {
    let mut table = table();
    let status = |table: &mut Table, change: &dyn Fn(&mut Status)| {
        table.change(|ledger| change(&mut ledger.status));
        table.tell(Message::Tick);
    };
    status(&mut table, &|status| status.attempts = crate::domain::query::Attempts { made: 20, failed: 14, why: None });
    assert!(table.screen().contains("TARGET FAILING"));
    table.keys(1000, "[");
    assert!(!table.screen().contains("TARGET FAILING"), "{}", table.screen());
    status(&mut table, &|status| status.unwell = Some("the disk is full".into()));
    assert!(table.screen().contains("(now: ✗ UNWELL)"), "{}", table.screen());
    table.keys(1000, "esc");
    assert!(table.screen().contains("TARGET FAILING") && table.screen().contains("✗ UNWELL: the disk is full"));
}

#[test]
fn what_was_folded_is_given_up_some_time_after_the_return() {
    let mut table = table();
    table.keys(1000, "[ esc");
    table.model.travel.returned = Some(ago(299));
    table.tell(Message::Tick);
    assert_eq!(table.looked_away, 0);
    table.model.travel.returned = Some(ago(300));
    table.tell(Message::Tick);
    table.tell(Message::Tick);
    assert_eq!(table.looked_away, 1);
}

#[test]
fn leaving_is_asked_for_what_is_open_now() {
    let mut table = table();
    table.keys(1000, "@").text(1000, "2020-01-01⏎").keys(1000, "q");
    assert!(table.screen().contains("8 deliveries are open"), "{}", table.screen());
}

#[tokio::test]
async fn the_real_loop_looks_back_and_returns() {
    let mut ledger = Ledger::busy();
    ledger.folding = vec![90, 50, 10];
    let mut rig = Rig::start(ledger, (120, 36));
    rig.see(&["stored 400"]).await;
    let text = walk(
        &mut rig,
        &[
            ("[", &["AS OF 14:03:22 — nothing can be changed here; Esc returns", "record 400: retry d-400 by ana"]),
            ("[ [", &["AS OF 14:02:48", "record 398"]),
            ("3", &["> d-398"]),
            ("esc", &["> d-399", "● 127.0.0.1:8787/webhooks/menta"]),
        ],
    )
    .await;
    assert!(!text.contains("AS OF"), "{text}");
    let ledger = rig.desk.ledger.lock().unwrap();
    assert!(ledger.orders.is_empty() && !ledger.recalled.is_empty());
}

#[test]
fn a_failure_of_then_needs_a_hand_as_it_did() {
    let mut ledger = Ledger::busy();
    ledger.change(390, |one| one.state = State::Failed { why: Failure::Refused });
    let mut table = Table::new(ledger);
    assert!(table.screen().contains("d-390"));
    table.keys(1000, "@").text(1000, "200s⏎");
    let screen = table.screen();
    assert!(!screen.contains("d-390") && screen.contains("d-55"), "{screen}");
}
