//! Filters as they are typed: state, keys, what is then on the screen.

use super::acting::Table;
use super::ledger::{Ledger, delivery};
use crate::domain::delivery::{Kind, State};
use crate::ui::action::TABLE;
use crate::ui::effect::Effect;
use crate::ui::keymap::Chord;
use crate::ui::model::{Slot, View};
use crate::ui::update::Message;

/// Milliseconds between the keys of somebody who types.
const TYPING: u64 = 120;

/// A table with the box open above all deliveries.
fn box_open() -> Table {
    let mut table = Table::new(Ledger::busy());
    table.keys(1000, "3 /");
    table
}

/// A ledger of many deliveries, every 100th of them to `zoe`, of which 50 are looked at for an answer.
fn long() -> Ledger {
    let mut ledger = Ledger::empty();
    ledger.most_looked = 50;
    for id in 1..=1000 {
        let mut one = delivery(id, Kind::Transfer, "t", State::InFlight { attempt: 1 }, 9);
        if id % 100 == 1 {
            one.to = Some("zoe@x.org".into());
        }
        ledger.deliveries.push(one);
    }
    ledger
}

/// Lets the desk answer one question of a list; the question that follows from it.
fn answer_one(table: &mut Table, effects: Vec<Effect>) -> Vec<Effect> {
    let mut asked = effects.into_iter().filter_map(|effect| match effect {
        Effect::Ask { slot: slot @ Slot::List(_), query } => Some((slot, query)),
        _ => None,
    });
    let (slot, query) = asked.next().expect("a question");
    assert!(asked.next().is_none(), "one question at a time");
    let answer = table.answer(slot, query);
    table.only(answer)
}

#[test]
fn a_filter_narrows_the_list_as_it_is_typed() {
    let mut table = box_open();
    table.text(TYPING, "state:failed attempts>10 -(kind:return OR id:d-390)");
    let screen = table.screen();
    assert!(screen.contains("> d-55") && screen.contains("1 found") && !screen.contains("d-390 "), "{screen}");
    table.keys(1000, "enter r");
    assert!(table.screen().contains("retry transfer d-55?"), "{}", table.screen());
    table.keys(1000, "esc esc");
    assert!(table.screen().contains("> d-399"), "{}", table.screen());
    // What stands only in the payload is found, too.
    table.keys(1000, "2 /").text(TYPING, "014027000012345678");
    let screen = table.screen();
    assert!(!screen.contains(" 0 found") && screen.contains(" found"), "{screen}");
    table.keys(1000, "enter 3 /").text(TYPING, "amount>12345678901234567890123.09 state:failed");
    assert!(!table.screen().contains(" 0 found"), "{}", table.screen());
    table.keys(1000, "ctrl-u").text(TYPING, "amount>12345678901234567890123.10 state:failed");
    assert!(table.screen().contains(" 0 found"), "{}", table.screen());
}

#[test]
fn a_mistake_is_shown_below_the_box_and_cannot_be_kept() {
    let mut table = box_open();
    table.text(TYPING, "d-390 ");
    let before = table.screen();
    table.text(TYPING, "sate:failed");
    let screen = table.screen();
    let line = screen.lines().position(|line| line.contains("/d-390 sate:failed")).expect("the box");
    let (boxed, marked) = (screen.lines().nth(line).unwrap(), screen.lines().nth(line + 1).unwrap());
    let column = |line: &str, part: &str| line.find(part).map(|at| line[..at].chars().count());
    assert_eq!(column(boxed, "sate"), column(marked, "^^^^"), "{screen}");
    assert!(marked.contains("✗ no field `sate`: did you mean `state`?"), "{screen}");
    assert!(before.contains("d-390     transfer"), "{before}");
    table.keys(1000, "enter x q");
    assert!(table.model.narrowing && table.acts.is_empty() && table.model.dialog.is_none());
    table.keys(1000, "ctrl-u").text(TYPING, "state:fa");
    assert!(table.screen().contains("… `state:fa`: one of pending"), "not yet a mistake: {}", table.screen());
    table.keys(1000, "enter");
    assert!(table.screen().contains("✗ `state:fa`") && table.model.narrowing, "{}", table.screen());
    table.text(TYPING, "iled").keys(1000, "enter");
    assert!(!table.model.narrowing && table.screen().contains("2 found"), "{}", table.screen());
}

#[test]
fn tab_offers_fields_and_their_values() {
    let mut table = box_open();
    table.text(TYPING, "st").keys(1000, "tab");
    assert!(table.screen().contains("/state:"), "{}", table.screen());
    table.keys(1000, "tab tab");
    let screen = table.screen();
    assert!(screen.contains("/state:in_flight") && screen.contains("Tab pending  in_flight  delivered"), "{screen}");
    assert!(screen.contains("1 found"), "the list follows: {screen}");
    table.keys(1000, "backtab");
    assert!(table.screen().contains("/state:pending"));
    table.text(TYPING, "k").keys(1000, "tab tab");
    assert!(table.screen().contains("/state:pending kind:transfer") && !table.screen().contains("Tab pending"));
    // At 80 columns the chosen one is in sight as well.
    table.tell(Message::Resized((80, 24)));
    table.keys(1000, "ctrl-u backtab");
    let screen = table.screen();
    assert!(screen.contains("/body:") && screen.contains("  body:"), "{screen}");
}

#[test]
fn the_line_can_be_edited_and_earlier_ones_come_again() {
    let mut table = box_open();
    table.text(TYPING, "51020390").keys(1000, "enter /").keys(1000, "ctrl-u").text(TYPING, "zzz 51020391");
    table.keys(1000, "home right right right ctrl-w");
    assert_eq!(table.model.deliveries.narrowing.filter(), "51020391");
    table.keys(1000, "enter / up up up");
    assert_eq!(table.model.deliveries.narrowing.filter(), "51020390");
    table.keys(1000, "down");
    assert_eq!(table.model.deliveries.narrowing.filter(), "51020391");
    table.keys(1000, "down");
    assert!(table.model.deliveries.narrowing.is_empty() && table.screen().contains("> d-399"));
    table.keys(1000, "esc 6 / up");
    assert!(table.model.quarantine.narrowing.is_empty(), "other lists have their own");
}

#[test]
fn nothing_typed_into_the_box_acts() {
    let mut table = box_open();
    for entry in TABLE {
        for key in entry.keys.iter().filter(|key| key.chars().count() == 1) {
            table.keys(1000, key);
        }
    }
    table.keys(1000, "space ctrl-z ctrl-l ctrl-d");
    table.tell(Message::Paste("x d r\ny".into()));
    assert!(table.acts.is_empty() && table.model.dialog.is_none() && table.model.menu.is_none());
    assert!(table.model.narrowing && table.model.view == View::Deliveries && table.model.details.is_empty());
}

#[test]
fn a_long_search_shows_its_first_rows_at_once_and_can_be_stopped() {
    let mut table = Table::new(long());
    table.keys(1000, "3 /");
    table.text(TYPING, "zo");
    // The last letter, and what follows of it step by step.
    let mut effects = table.only(Message::Key(Chord::parse("e").unwrap()));
    effects = answer_one(&mut table, effects);
    assert!(table.screen().contains("0 found · searched 50 of 1,000 · Esc stops"), "{}", table.screen());
    effects = answer_one(&mut table, effects);
    let screen = table.screen();
    assert!(screen.contains("> d-901") && screen.contains("1 found · searched 100 of 1,000"), "{screen}");
    let late = answer_one(&mut table, effects);
    table.only(Message::Key(Chord::parse("esc").unwrap()));
    assert!(table.screen().contains("stopped at 150 of 1,000"), "{}", table.screen());
    // The answer that was on its way is taken in, and nothing more is asked.
    assert!(answer_one(&mut table, late).is_empty());
    assert!(table.screen().contains("stopped at 200 of 1,000") && table.model.narrowing);
    // Enter goes on.
    table.keys(1000, "enter");
    let screen = table.screen();
    assert!(screen.contains("10 found") && screen.contains("d-1 ") && !screen.contains("searched"), "{screen}");
    table.keys(1000, "esc");
    assert!(table.screen().contains("> d-1000"), "{}", table.screen());
}

#[test]
fn what_changes_is_seen_in_a_narrowed_list_that_stays_where_it_is() {
    let mut table = Table::new(long());
    table.keys(1000, "3 /").text(TYPING, "zoe state:in_flight").keys(1000, "enter j j");
    assert!(table.screen().contains("> d-701"), "{}", table.screen());
    table.change(|ledger| {
        for id in 1001..=1203 {
            let mut one = ledger.deliveries[0].clone();
            one.id = crate::domain::ids::DeliveryId(crate::domain::ids::Seq(id));
            if id % 100 != 1 {
                one.to = None;
            }
            ledger.deliveries.push(one);
        }
    });
    let screen = table.screen();
    assert!(screen.contains("> d-701") && screen.contains("+3 newer") && screen.contains("13 found"), "{screen}");
    // A row that no longer fits goes, at the latest with the next second.
    table.change(|ledger| {
        ledger.change(801, |one| one.state = State::Held { why: crate::domain::delivery::Hold::Unmatched })
    });
    table.tell(Message::Tick);
    let screen = table.screen();
    assert!(screen.contains("> d-701") && !screen.contains("d-801") && screen.contains("12 found"), "{screen}");
    table.keys(1000, "g");
    assert!(table.screen().contains("> d-1201"), "{}", table.screen());
}

#[test]
fn many_rows_are_counted_up_to_a_thousand_and_more_come_as_one_goes_on() {
    let mut ledger = long();
    ledger.most_looked = 5000;
    let last = ledger.deliveries[0].clone();
    ledger.deliveries.extend((1001..=3000).map(|id| {
        let id = crate::domain::ids::DeliveryId(crate::domain::ids::Seq(id));
        crate::domain::delivery::Delivery { id, ..last.clone() }
    }));
    let mut table = Table::new(ledger);
    table.keys(1000, "3 /").text(TYPING, "kind:transfer").keys(1000, "enter");
    assert!(table.screen().contains("+ found") && !table.screen().contains("searched"), "{}", table.screen());
    for _ in 0..9 {
        table.keys(1000, "G");
        table.keys(1000, "j");
    }
    let screen = table.screen();
    assert!(screen.contains("3,000 found") && screen.contains("> d-1 "), "{screen}");
}
