//! A dashboard that only looks: state, every key there is, what was ordered; and what of it is offered.

use super::acting::Table;
use super::ledger::Ledger;
use crate::domain::privacy::Privacy;
use crate::ui::action::{Action, TABLE, key_name};
use crate::ui::dialog::Dialog;
use crate::ui::menu;

fn looking() -> Table {
    let mut table = Table::new(Ledger::busy());
    table.model.keys = table.model.keys.clone().only_looking();
    table
}

fn recording() -> impl Iterator<Item = Action> {
    TABLE.iter().map(|entry| entry.action).filter(|action| action.records())
}

#[test]
fn no_key_puts_anything_on_record() {
    assert_eq!(recording().count(), 10);
    for place in ["1", "2", "3", "4", "5", "6", "1 enter", "2 enter", "3 enter", "3 t", "4 enter", "6 enter"] {
        for key in TABLE.iter().flat_map(|entry| entry.keys) {
            let mut table = looking();
            table.keys(1000, place).keys(1000, key);
            let asks = matches!(table.model.dialog, Some(Dialog::Order(_)));
            assert!(!asks, "{key} in {place} asks:\n{}", table.screen());
            // And what a question would take for its answer.
            table.keys(1000, "tab tab enter y enter");
            assert!(table.acts.is_empty(), "{key} in {place}: {:?}", table.acts);
            assert_eq!(table.model.privacy, Privacy::Masked, "{key} in {place}");
        }
    }
}

#[test]
fn what_is_not_there_is_said() {
    for action in recording() {
        let key = action.entry().keys[0];
        let mut table = looking();
        table.keys(1000, "3").keys(1000, key);
        assert!(table.toasted("this dashboard is read-only"), "{key}");
    }
}

#[test]
fn it_is_said_in_the_header_and_offered_nowhere() {
    for size in [(60, 15), (80, 24), (120, 36), (200, 60)] {
        for place in ["1", "2", "3", "4", "5", "6", "1 enter", "3 enter", "3 t", "6 enter"] {
            let mut table = looking();
            table.model.size = size;
            table.keys(1000, place);
            let screen = table.screen();
            assert!(screen.lines().next().is_some_and(|line| line.contains(" READ-ONLY ")), "{screen}");
            let footer = screen.lines().last().unwrap_or_default();
            for action in recording() {
                let entry = action.entry();
                let hint = format!("{} {}", key_name(entry.keys[0]), entry.hint);
                assert!(!footer.contains(&hint), "{hint} at {place}: {footer}");
                assert!(!screen.contains(&format!("`{}`", entry.keys[0])), "{hint} at {place}: {screen}");
            }
        }
    }
    let table = looking();
    let help: String = menu::help(&table.model.keys, "").iter().map(|row| row.text() + "\n").collect();
    assert!(!help.contains("Acting") && !help.contains("`m`") && help.contains("Moving"), "{help}");
    for action in recording() {
        assert!(!help.contains(action.entry().help), "{help}");
    }
}

#[test]
fn where_staff_deliver_no_key_is_named_for_it() {
    let mut ledger = Ledger::busy();
    ledger.status.target = "by hand".into();
    let mut table = Table::new(ledger);
    table.model.keys = table.model.keys.clone().only_looking();
    let screen = table.screen();
    assert!(screen.contains("by staff") && !screen.contains("when done"), "{screen}");
    table.keys(1000, "3 enter");
    let screen = table.screen();
    assert!(screen.contains("staff deliver it") && !screen.contains("when done"), "{screen}");
}
