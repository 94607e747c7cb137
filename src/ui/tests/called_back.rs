//! A retry that can be called back: state, keys and the seconds between them, what was ordered.

use super::acting::Table;
use super::ledger::Ledger;
use super::rig::Rig;
use crate::domain::ids::{DeliveryId, Seq};
use crate::domain::query::Command;
use crate::ui::run::Exit;

/// A failed delivery under the cursor of the deliveries, whose retry was just confirmed.
fn confirmed() -> Table {
    let mut table = Table::new(Ledger::busy());
    table.keys(1000, "3 s");
    table.wait(5000);
    table.keys(1000, "r tab tab enter");
    assert!(table.acts.is_empty() && table.model.dialog.is_none());
    table
}

const RETRY: Command = Command::Retry(DeliveryId(Seq(390)));

#[test]
fn within_three_seconds_a_retry_is_called_back() {
    let mut table = confirmed();
    assert!(table.screen().contains("transfer d-390 is sent again in 3 s: `u` calls it back"), "{}", table.screen());
    table.wait(1500);
    assert!(table.screen_at_once().contains("in 2 s"), "{}", table.screen());
    // From anywhere, and however fast.
    table.keys(1000, "2").keys(50, "u");
    assert!(table.toasted("transfer d-390 was called back: it was not sent"), "{:?}", table.model.toasts);
    assert!(!table.screen().contains("is sent again"));
    table.over();
    assert!(table.acts.is_empty(), "{:?}", table.acts);
}

#[test]
fn after_three_seconds_it_is_given_once() {
    let mut table = confirmed();
    table.over();
    assert!(matches!(&table.acts[..], [one] if one.command == RETRY && one.why == "retry"), "{:?}", table.acts);
    assert!(!table.screen().contains("calls it back"));
    table.over();
    table.keys(1000, "u");
    assert_eq!(table.acts.len(), 1);
    assert!(table.toasted("there is nothing to take back"), "{:?}", table.model.toasts);
}

#[test]
fn of_several_the_last_is_called_back_first() {
    let mut table = confirmed();
    table.keys(500, "j");
    table.keys(500, "r tab tab enter");
    table.keys(500, "u");
    table.over();
    assert!(matches!(&table.acts[..], [one] if one.command == RETRY), "{:?}", table.acts);
}

#[test]
fn what_is_about_to_be_sent_is_not_asked_about_again() {
    let mut table = confirmed();
    for key in ["r", "d", "x"] {
        table.keys(400, key);
        assert!(table.model.dialog.is_none() && table.toasted("is about to be sent again"), "{key}");
        table.model.toasts.clear();
    }
}

#[test]
fn what_takes_something_back_or_settles_it_does_not_wait() {
    let mut table = Table::new(Ledger::busy());
    table.keys(1000, "3 s");
    table.wait(5000);
    table.keys(1000, "d").text(120, "at the gate").keys(1000, "enter tab enter");
    assert!(matches!(&table.acts[..], [one] if matches!(one.command, Command::MarkDelivered(_))), "{:?}", table.acts);
}

#[test]
fn a_quarantined_request_can_be_called_back_too() {
    let mut table = Table::new(Ledger::busy());
    table.keys(1000, "6");
    table.wait(5000);
    table.keys(1000, "r tab tab enter");
    assert!(table.screen().contains("request 403 is sent again in 3 s"), "{}", table.screen());
    table.keys(1000, "u");
    table.over();
    assert!(table.acts.is_empty());
}

#[test]
fn it_does_not_wait_for_whoever_suspends() {
    let mut table = confirmed();
    table.keys(1000, "ctrl-z y");
    assert!(table.toasted("transfer d-390 was not sent again"), "{:?}", table.model.toasts);
    table.over();
    assert!(table.acts.is_empty());
}

#[tokio::test]
async fn whoever_leaves_first_is_told_what_was_not_sent() {
    let mut rig = Rig::start(Ledger::busy(), (120, 36));
    rig.see(&["needs a hand: 3"]).await;
    rig.press("j j r tab tab enter");
    rig.see(&["transfer d-390 is sent again in 3 s"]).await;
    rig.press("q");
    rig.see(&["Not done any more: retry of transfer d-390."]).await;
    rig.press("y");
    let desk = rig.desk.clone();
    let ended = rig.ended().await;
    assert_eq!((ended.exit, ended.not_given), (Exit::Quit, vec!["retry of transfer d-390".to_owned()]));
    assert!(desk.ledger.lock().unwrap().orders.is_empty());
}

#[tokio::test]
async fn the_loop_gives_it_when_its_time_is_over() {
    let mut rig = Rig::start(Ledger::busy(), (120, 36));
    rig.see(&["needs a hand: 3"]).await;
    let begun = std::time::Instant::now();
    rig.press("j j r tab tab enter");
    rig.see(&["✓ transfer d-390 is now ○ pending"]).await;
    assert!(begun.elapsed() >= std::time::Duration::from_secs(3), "{:?}", begun.elapsed());
    assert_eq!(rig.desk.ledger.lock().unwrap().orders.len(), 1);
}
