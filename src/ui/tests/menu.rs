//! Finding something to do or to go to: state, what is typed, what is then on the screen.

use super::acting::Table;
use super::ledger::{Ledger, now};
use crate::domain::delivery::Stage;
use crate::domain::ids::{DeliveryId, Seq, TicketId};
use crate::ui::action::{Action, TABLE};
use crate::ui::dialog::Dialog;
use crate::ui::effect::Effect;
use crate::ui::keymap::Chord;
use crate::ui::menu::{Does, Is, Kind};
use crate::ui::model::{CHOICES, Slot, View};
use crate::ui::pointer::{Pointer, Spot};
use crate::ui::subject::Subject;
use crate::ui::update::Message;

/// The palette, with this typed into it.
fn typed(keys: &str, text: &str) -> Table {
    let mut table = Table::new(Ledger::busy());
    table.keys(1000, keys).keys(1000, ":").text(120, text);
    table
}

/// What Enter would do.
fn first(table: &Table) -> Option<Does> {
    let rows = table.model.menu_rows();
    match table.model.menu.as_ref()?.at(&rows).map(|at| rows[at].is.clone()) {
        Some(Is::Offer(does)) => Some(does),
        _ => None,
    }
}

fn offers(table: &Table) -> Vec<Does> {
    let offers = table.model.menu_rows().into_iter().filter_map(|row| match row.is {
        Is::Offer(does) => Some(does),
        _ => None,
    });
    offers.collect()
}

fn open(table: &Table) -> Option<Subject> {
    table.model.detail().map(|detail| detail.subject.clone())
}

#[test]
fn every_action_every_view_and_every_choice_of_states_is_offered() {
    let table = typed("1", "");
    let offers = offers(&table);
    for action in TABLE.iter().map(|entry| entry.action).filter(|action| *action != Action::Palette) {
        assert!(offers.contains(&Does::Action(action)), "{action:?}");
    }
    for family in table.model.families() {
        assert!(offers.contains(&Does::Family(family.clone())), "{family:?}");
    }
    for choice in 0..CHOICES.len() {
        assert!(offers.contains(&Does::Choice(View::Deliveries, choice)));
    }
    let screen = typed("1", "cancel").screen();
    let line = screen.lines().find(|line| line.contains("> cancel")).unwrap_or_else(|| panic!("{screen}"));
    assert!(line.contains("cancel the delivery") && line.contains(" x │"), "the key is shown: {line}");
}

#[test]
fn enter_does_what_the_key_does() {
    let mut table = typed("3 s", "mark del⏎");
    assert!(table.model.menu.is_none());
    let asks = matches!(&table.model.dialog, Some(Dialog::Order(one)) if one.ask.verb() == "mark delivered");
    assert!(asks, "{}", table.screen());
    for (text, view) in [("quar", View::Quarantine), ("rev", View::Reversals), ("payo", View::Payouts)] {
        assert_eq!(typed("1", &format!("{text}⏎")).model.view, view, "{text}");
    }
    let table = typed("1", "feed: noti⏎");
    assert_eq!((table.model.view, table.model.family.as_deref()), (View::Feed, Some("notifyMe")));
    let mut table = typed("1", "deliveries: failed⏎");
    let failed = |table: &Table| table.model.deliveries.page.rows.iter().all(|one| one.stage() == Stage::Failed);
    assert!(table.model.view == View::Deliveries && failed(&table), "{}", table.screen());
    assert!(table.screen().contains("deliveries: failed"));
}

#[test]
fn an_order_by_the_palette_passes_the_same_gates_as_by_a_key() {
    // Nothing chosen: said before, and when it is tried.
    let mut table = typed("5", "retry");
    assert!(table.screen().contains("needs a delivery or a quarantined request"), "{}", table.screen());
    table.keys(1000, "enter");
    assert!(table.toasted("retry needs a delivery") && table.model.dialog.is_none());
    // Read-only and the past: not offered at all.
    for past in [false, true] {
        let mut table = Table::new(Ledger::busy());
        if past {
            table.keys(1000, "3 [");
            assert!(table.model.travel.shown.is_some());
        } else {
            table.model.keys = table.model.keys.clone().only_looking();
        }
        table.keys(1000, "3 :");
        let recording = |does: &Does| matches!(does, Does::Action(action) if action.records());
        assert!(!offers(&table).iter().any(recording));
        table.text(120, "cancel the delivery⏎");
        assert!(table.model.dialog.is_none() && table.acts.is_empty());
    }
    // The row under it has become another one meanwhile.
    let mut table = typed("3", "cancel");
    table.change(|ledger| {
        let mut new = ledger.deliveries.last().cloned().expect("some");
        new.id = DeliveryId(Seq(450));
        ledger.deliveries.push(new);
    });
    table.keys(1000, "enter");
    assert!(table.model.dialog.is_none() && table.toasted("the list has moved"));
    table.keys(1000, "x");
    assert!(table.model.dialog.is_some());
}

#[test]
fn what_is_in_the_ledger_is_gone_to_by_its_name() {
    let delivery = |seq| Subject::Delivery(DeliveryId(Seq(seq)));
    for (text, subject) in [
        ("d-399", delivery(399)),
        ("D-29", delivery(29)),
        ("51020390", Subject::Ticket(TicketId("51020390".into()))),
        ("400", Subject::Event(Seq(400))),
        ("403", Subject::Rejected(Seq(403))),
        ("5102039", delivery(399)),
    ] {
        let mut table = typed("1", text);
        assert!(table.screen().contains(&format!("> go to {subject}")), "{text}: {}", table.screen());
        table.keys(1000, "enter");
        assert_eq!(open(&table), Some(subject), "{text}");
    }
    let mut table = typed("1", "99999⏎");
    assert!(open(&table).is_none(), "there is none: {}", table.screen());
}

#[test]
fn somebodys_deliveries_are_found_by_the_address() {
    let mut table = typed("1", "susana.kann@hotmail.com");
    let screen = table.screen();
    assert!(screen.contains("> find in deliveries") && screen.contains("go to delivery d-399"), "{screen}");
    assert!(!screen.contains("joe@gmail.com"), "others stay masked: {screen}");
    table.keys(1000, "enter");
    assert_eq!(table.model.view, View::Deliveries);
    assert_eq!(table.model.deliveries.narrowing.filter(), "person:susana.kann@hotmail.com");
    assert!(table.screen().contains("> d-399"), "{}", table.screen());
    assert_eq!(typed("1", "@hotmail.com⏎").model.deliveries.narrowing.filter(), "person:@hotmail.com");
    // Where no action is called so, any words find rows.
    let mut table = typed("1", "state:failed⏎");
    assert_eq!(table.model.deliveries.narrowing.filter(), "state:failed");
    assert!(table.screen().contains("> d-390"), "{}", table.screen());
}

#[test]
fn an_id_typed_faster_than_the_ledger_answers_is_waited_for() {
    let mut table = Table::new(Ledger::busy());
    table.keys(1000, ":");
    let mut asked = Vec::new();
    for key in ["d", "-", "3", "9", "9", "enter"] {
        asked.extend(table.only(Message::Key(Chord::parse(key).unwrap())));
    }
    assert!(table.model.menu.as_ref().is_some_and(|menu| menu.insisted), "nothing else is done instead");
    assert_eq!(asked.len(), 1, "one question at a time: {asked:?}");
    table.settle(asked);
    assert_eq!(open(&table), Some(Subject::Delivery(DeliveryId(Seq(399)))));
}

#[test]
fn what_is_found_later_moves_no_line_away_from_under_the_cursor() {
    let mut table = Table::new(Ledger::busy());
    table.keys(1000, ":");
    // `4` is the key of a view; event 4 is found after that is offered.
    let asked = table.only(Message::Key(Chord::parse("4").unwrap()));
    table.keys(1000, "down");
    let chosen = first(&table);
    table.settle(asked);
    assert_eq!(offers(&table).first(), Some(&Does::Open(Subject::Event(Seq(4)))));
    assert!(chosen.is_some() && first(&table) == chosen, "{}", table.screen());
}

#[test]
fn a_time_is_gone_to_as_by_its_own_key() {
    let mut table = typed("1", "at 13:40");
    assert!(table.screen().contains("as it stood at 2026-") && table.screen().contains("13:40:00 UTC"));
    table.keys(1000, "enter");
    let at = table.model.travel.shown.as_ref().map(|found| found.moment.at);
    assert_eq!(at, Some(now().date_naive().and_hms_opt(13, 40, 0).unwrap().and_utc()));
    table.keys(1000, ":").text(120, "at now⏎");
    assert!(typed("1", "@13:40⏎").model.travel.shown.is_some());
    assert!(table.model.travel.shown.is_none());
    let mut table = typed("1", "at 2019-99⏎");
    assert!(table.model.travel.shown.is_none() && table.screen().contains("✗ no moment"), "{}", table.screen());
}

#[test]
fn what_was_done_last_is_offered_first_but_no_names() {
    let mut table = typed("1", "quarantine⏎");
    table.keys(1000, ":").text(120, "wrap⏎").keys(1000, ":").text(120, "joe@gmail.com⏎").keys(1000, ":");
    assert_eq!(offers(&table)[..2], [Does::Action(Action::Wrap), Does::Action(Action::Quarantine)]);
    assert!(!table.screen().contains("joe@"));
}

#[test]
fn the_help_is_searched_and_does_what_it_says() {
    let mut table = Table::new(Ledger::busy());
    table.keys(1000, "?");
    let all = table.model.menu_rows().len();
    table.text(120, "silence quarantine");
    assert!(table.screen().contains("Nothing of that name here"), "{}", table.screen());
    table.keys(1000, "ctrl-u").text(120, "turned away");
    table.keys(1000, "ctrl-u").text(120, "could not become");
    let screen = table.screen();
    assert!(table.model.menu_rows().len() < all && screen.contains("Views") && !screen.contains("Moving"), "{screen}");
    table.keys(1000, "enter");
    assert!(table.model.menu.is_none() && table.model.view == View::Quarantine);
    // A key finds its line, and what is only read does nothing.
    table.keys(1000, "?").text(120, "{");
    assert_eq!(first(&table), Some(Does::Action(Action::MinuteBack)));
    table.keys(1000, "ctrl-u").text(120, "overdue OR").keys(1000, "ctrl-u").text(120, "an attempt is under way⏎");
    assert!(table.model.menu.as_ref().is_some_and(|menu| menu.kind == Kind::Help));
    table.keys(1000, "esc ? ?");
    assert!(table.model.menu.is_none(), "the key that opens it closes it");
}

#[test]
fn keys_in_a_menu_are_letters_and_nothing_below_it_moves() {
    let mut table = Table::new(Ledger::busy());
    table.keys(1000, "3 j j");
    let under = table.model.chosen();
    for open in [":", "?"] {
        table.keys(1000, open);
        for key in
            TABLE.iter().flat_map(|entry| entry.keys).filter(|key| !["enter", "esc", "ctrl-c", "f1"].contains(key))
        {
            table.keys(1000, key);
        }
        table.tell(Message::Paste("x d r\ny".into()));
        assert!(table.model.menu.is_some() && table.acts.is_empty() && table.model.dialog.is_none());
        assert_eq!((table.model.chosen(), table.model.view), (under.clone(), View::Deliveries));
        table.keys(1000, "esc");
    }
}

#[test]
fn the_mouse_chooses_a_line_and_gives_no_order() {
    let click = |table: &mut Table, action| {
        table.tell(Message::Pointed(Pointer::Click(Spot::Menu(Is::Offer(Does::Action(action))))));
    };
    let mut table = typed("3", "");
    for _ in 0..2 {
        click(&mut table, Action::Quarantine);
    }
    assert!(table.model.menu.is_none() && table.model.view == View::Quarantine);
    let mut table = typed("3", "");
    for _ in 0..3 {
        click(&mut table, Action::Reveal);
    }
    assert!(table.model.menu.is_some() && table.acts.is_empty());
    assert_eq!(first(&table), Some(Does::Action(Action::Reveal)));
    table.tell(Message::Pointed(Pointer::Wheel(3, None)));
    assert_ne!(first(&table), Some(Does::Action(Action::Reveal)));
}

#[test]
fn what_the_ledger_cannot_say_is_told() {
    let mut table = Table::new(Ledger::busy());
    table.keys(1000, ":");
    let asked = table.only(Message::Key(Chord::parse("7").unwrap()));
    let [Effect::Ask { slot: Slot::Sought, query }] = asked.as_slice() else { panic!("{asked:?}") };
    let answer = Err(crate::engine::DeskError::Failed("the disk is gone".into()));
    table.tell(Message::Answered { slot: Slot::Sought, query: Box::new(query.clone()), answer });
    assert!(table.toasted("not looked for"));
}
