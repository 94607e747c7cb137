//! What is read beside a list on a large screen: state, keys, what is then on the screen.

use super::acting::Table;
use super::ledger::Ledger;
use crate::domain::ids::{DeliveryId, Seq};
use crate::domain::privacy::Privacy;
use crate::domain::query::Query;
use crate::ui::keymap::Chord;
use crate::ui::model::{Slot, View};
use crate::ui::pointer::{Pointer, Spot};
use crate::ui::subject::Subject;
use crate::ui::update::Message;

fn large(keys: &str) -> Table {
    let mut table = Table::new(Ledger::busy());
    table.tell(Message::Resized((200, 60)));
    table.keys(1000, keys);
    table
}

fn beside(table: &Table) -> Option<Subject> {
    table.model.beside.as_ref().map(|detail| detail.subject.clone())
}

/// The right part of the screen.
fn right(table: &mut Table) -> String {
    let screen = table.screen();
    screen.lines().filter_map(|line| line.split_once('│').map(|(_, right)| format!("{right}\n"))).collect()
}

#[test]
fn every_list_has_its_row_read_beside_it_where_there_is_room() {
    for (keys, says) in [
        ("2", &["event 400", "payload"][..]),
        ("3", &["delivery d-399", "history", "message"]),
        ("4", &["delivery d-365", "the ticket goes back to its seller"]),
        ("5", &["show 81004"]),
        ("6", &["quarantine 403", "not UTF-8"]),
    ] {
        let mut table = large(keys);
        let text = right(&mut table);
        for part in says {
            assert!(text.contains(part), "{part} beside {keys}\n{text}");
        }
        assert!(table.screen().lines().any(|line| line.starts_with('>')), "{}", table.screen());
        for size in [(120, 36), (80, 24), (159, 60), (200, 39)] {
            table.tell(Message::Resized(size));
            assert!(beside(&table).is_none(), "{size:?}");
        }
    }
    assert!(beside(&large("1")).is_none() && beside(&large("3 enter")).is_none());
}

#[test]
fn it_follows_the_cursor_and_what_changes() {
    let mut table = large("3 j j");
    assert_eq!(beside(&table), Some(Subject::Delivery(DeliveryId(Seq(397)))));
    table.keys(1000, "s");
    assert_eq!(beside(&table), Some(Subject::Delivery(DeliveryId(Seq(390)))));
    assert!(right(&mut table).contains("✗ FAILED"));
    table
        .change(|ledger| ledger.change(390, |one| one.state = crate::domain::delivery::State::InFlight { attempt: 3 }));
    table.keys(1000, "s s s s s s s /").text(120, "51020390");
    assert!(right(&mut table).contains("transfer d-390  » in flight"), "{}", table.screen());
    // And opens at once, with what is known already.
    table.keys(1000, "enter");
    let _ = table.only(Message::Key(Chord::parse("enter").unwrap()));
    assert!(table.model.detail().is_some_and(|detail| detail.data.is_some()));
}

#[test]
fn an_answer_that_comes_too_late_is_not_shown_as_another_rows() {
    let mut table = large("3");
    let asked = table.only(Message::Key(Chord::parse("j").unwrap()));
    table.keys(1000, "j");
    let late = table.answer(Slot::Beside, Query::Delivery(DeliveryId(Seq(398))));
    drop(asked);
    table.tell(late);
    assert_eq!(beside(&table), Some(Subject::Delivery(DeliveryId(Seq(397)))));
    assert!(right(&mut table).contains("transfer d-397"), "the right one is asked for: {}", table.screen());
}

#[test]
fn what_is_revealed_in_a_list_is_not_revealed_beside_it() {
    let mut table = large("3 m");
    table.carry_all_out();
    assert_eq!(table.model.privacy, Privacy::Revealed);
    table.keys(1000, "j");
    let (screen, right) = (table.screen(), right(&mut table));
    assert!(screen.contains("susana.kann@") && !right.contains("susana.kann"), "{screen}");
    assert_eq!(table.acts.len(), 1);
}

#[test]
fn while_nothing_changes_it_is_not_asked_for() {
    let mut table = large("3");
    table.tell(Message::Tick);
    let before = table.asked().len();
    for _ in 0..20 {
        table.tell(Message::Tick);
    }
    assert_eq!(table.asked().len(), before);
}

#[test]
fn a_click_on_it_opens_it() {
    let mut table = large("3 j");
    assert_eq!(table.model.view, View::Deliveries);
    let place = table.model.seen_list().and_then(crate::ui::list::Scroll::cursor_place).unwrap();
    table.tell(Message::Pointed(Pointer::Click(Spot::Row(place))));
    assert_eq!(table.model.detail().map(|detail| detail.subject.clone()), Some(Subject::Delivery(DeliveryId(place))));
}
