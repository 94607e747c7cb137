//! What keys may not do by accident: state, keys with the time between them, what was ordered.

use std::time::Duration;

use super::ledger::{FakeDesk, Ledger, delivery, now};
use super::rig::text_of;
use crate::domain::delivery::{Delivery, Failure, Kind, State, Undo};
use crate::domain::ids::{DeliveryId, Seq};
use crate::domain::moment::Moment;
use crate::domain::query::{Command, Done, Order, Query};
use crate::engine::Desk;
use crate::ui::dialog::Dialog;
use crate::ui::effect::Effect;
use crate::ui::keymap::Chord;
use crate::ui::model::{Model, Pane, Slot, View};
use crate::ui::pace::Present;
use crate::ui::theme::Theme;
use crate::ui::update::{self, Message, update};
use crate::ui::view;

/// A dashboard on a ledger, with a time of its own.
pub(super) struct Table {
    pub(super) model: Model,
    pub(super) desk: FakeDesk,
    uptime: Duration,
    pub(super) acts: Vec<Order>,
    /// Those of them to which nothing has come back yet, and what each is about.
    pub(super) under_way: Vec<(Order, String)>,
    /// Orders that can be called back.
    waits: Vec<u64>,
    pub(super) copies: Vec<String>,
    pub(super) looked_away: usize,
}

/// Milliseconds between the keys of somebody who types.
const TYPING: u64 = 120;

impl Table {
    pub(super) fn new(ledger: Ledger) -> Self {
        let mut table = Self {
            model: Model::new("ana".into(), now(), (120, 36)),
            desk: FakeDesk::new(ledger),
            uptime: Duration::from_secs(60),
            acts: Vec::new(),
            under_way: Vec::new(),
            waits: Vec::new(),
            copies: Vec::new(),
            looked_away: 0,
        };
        let effects = update::open(&mut table.model);
        table.settle(effects);
        table.wait(5000);
        table
    }

    pub(super) fn wait(&mut self, milliseconds: u64) {
        self.uptime += Duration::from_millis(milliseconds);
    }

    pub(super) fn tell(&mut self, message: Message) {
        let effects = self.only(message);
        self.settle(effects);
    }

    /// What a message wants done, which is left to the caller.
    pub(super) fn only(&mut self, message: Message) -> Vec<Effect> {
        update(&mut self.model, message, Present { now: now(), uptime: Some(self.uptime) })
    }

    /// What the desk says to a question.
    pub(super) fn answer(&self, slot: Slot, query: Query) -> Message {
        let answer = futures_util::FutureExt::now_or_never(self.desk.ask(query.clone())).expect("ready");
        Message::Answered { slot, query: Box::new(query), answer }
    }

    /// What it says as of an earlier moment.
    pub(super) fn recall(&self, slot: Slot, moment: Moment, query: Query) -> Message {
        let hindsight = self.desk.look_back().expect("one can look back");
        let recalled = futures_util::FutureExt::now_or_never(hindsight.ask(query.clone(), moment)).expect("ready");
        Message::Recalled { slot, moment, query: Box::new(query), recalled }
    }

    pub(super) fn settle(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Ask { slot, query } => {
                    let answer = self.answer(slot, query);
                    self.tell(answer);
                }
                Effect::Status => {
                    let status = futures_util::FutureExt::now_or_never(self.desk.status()).expect("ready");
                    self.tell(Message::Told(Box::new(status)));
                }
                Effect::Act { order, about } => {
                    self.acts.push(order.clone());
                    self.under_way.push((order, about));
                }
                Effect::Wait(number) => self.waits.push(number),
                Effect::Copy(text) => self.copies.push(text),
                Effect::Recall { slot, moment, query } => {
                    let recalled = self.recall(slot, moment, query);
                    self.tell(recalled);
                }
                Effect::LookAway => self.looked_away += 1,
                Effect::Quit | Effect::Suspend | Effect::Redraw | Effect::Mouse(_) | Effect::Ring(_) => {}
            }
        }
    }

    /// The desk carries the oldest order out that is under way.
    pub(super) fn carry_out(&mut self) {
        let (order, about) = self.under_way.remove(0);
        let command = order.command.clone();
        let done = Box::new(futures_util::FutureExt::now_or_never(self.desk.act(order)).expect("ready"));
        self.tell(Message::Acted { command, about, done });
    }

    /// The same until none is under way.
    pub(super) fn carry_all_out(&mut self) {
        while !self.under_way.is_empty() {
            self.carry_out();
        }
    }

    /// The time is over in which orders can be called back.
    pub(super) fn over(&mut self) {
        self.wait(3000);
        for number in self.waits.clone() {
            self.tell(Message::Due(number));
        }
    }

    /// Keys as named in the action table, so many milliseconds apart.
    pub(super) fn keys(&mut self, apart: u64, keys: &str) -> &mut Self {
        for key in keys.split_whitespace() {
            self.wait(apart);
            self.tell(Message::Key(Chord::parse(key).expect("a key")));
        }
        self
    }

    /// A text typed as plain keys; `⏎` is Enter.
    pub(super) fn text(&mut self, apart: u64, text: &str) -> &mut Self {
        for character in text.chars() {
            let key = match character {
                '⏎' => "enter".to_owned(),
                ' ' => "space".to_owned(),
                one => one.to_string(),
            };
            self.keys(apart, &key);
        }
        self
    }

    /// Changes the ledger without a word.
    pub(super) fn desk_mut(&mut self, change: impl FnOnce(&mut Ledger)) {
        change(&mut self.desk.ledger.lock().unwrap());
    }

    pub(super) fn change(&mut self, change: impl FnOnce(&mut Ledger)) {
        self.desk.change(change);
        self.tell(Message::Changed);
    }

    pub(super) fn asked(&self) -> Vec<Query> {
        self.desk.ledger.lock().unwrap().asked.clone()
    }

    pub(super) fn screen(&mut self) -> String {
        let mut buffer =
            ratatui::buffer::Buffer::empty(ratatui::layout::Rect::new(0, 0, self.model.size.0, self.model.size.1));
        view::draw(&mut buffer, &self.model, Theme::default());
        text_of(&buffer)
    }

    /// The same once a second has told the time.
    pub(super) fn screen_at_once(&mut self) -> String {
        self.tell(Message::Tick);
        self.screen()
    }

    fn asked_about(&self) -> Option<DeliveryId> {
        match &self.model.dialog {
            Some(Dialog::Order(dialog)) => dialog.ask.id(),
            _ => None,
        }
    }

    pub(super) fn toasted(&self, text: &str) -> bool {
        self.model.toasts.iter().any(|toast| toast.text.contains(text))
    }
}

/// A table with the failed delivery under the cursor of the overview.
fn on_the_failed() -> Table {
    let mut table = Table::new(Ledger::busy());
    table.keys(1000, "3 s");
    assert_eq!(table.model.chosen_delivery().map(|one| one.id), Some(DeliveryId(Seq(390))));
    table.wait(5000);
    table
}

#[test]
fn a_reason_typed_after_enter_cancels_nothing() {
    for apart in [0, 30, TYPING, 350, 1000] {
        let mut table = on_the_failed();
        table.keys(apart, "r enter").text(apart, "fixed⏎⏎");
        assert!(table.acts.is_empty(), "{apart}: {:?}", table.acts);
        assert!(table.toasted("nothing done"), "{apart}");
        // Nor when typing goes on.
        table.text(apart, "fixed⏎⏎");
        assert!(table.acts.is_empty(), "{apart}: {:?}", table.acts);
    }
}

#[test]
fn a_command_typed_into_the_list_does_nothing() {
    for text in ["deliveries cancel d-59⏎", "retry d-390⏎y⏎", "x⏎y⏎yes⏎", "undo⏎yes⏎", "query the deliveries⏎⏎"]
    {
        for apart in [0, 30, TYPING, 250] {
            for view in ["1", "3", "4", "6"] {
                let mut table = on_the_failed();
                table.keys(1000, view);
                table.wait(5000);
                table.text(apart, text).text(apart, text);
                assert!(table.acts.is_empty(), "{text} {apart} in {view}: {:?}", table.acts);
            }
        }
    }
}

#[test]
fn who_means_it_can_act() {
    let mut table = on_the_failed();
    table.keys(1000, "x").text(TYPING, "sold at the door, really").keys(TYPING, "enter tab enter");
    assert!(matches!(&table.acts[..], [one] if one.why == "sold at the door, really"), "{:?}", table.acts);
    let mut table = on_the_failed();
    table.keys(1000, "r enter y enter");
    table.over();
    assert!(matches!(&table.acts[..], [one] if matches!(one.command, Command::Retry(_))), "{:?}", table.acts);
}

#[test]
fn an_answer_right_after_the_question_waits_for_another_press() {
    let mut table = on_the_failed();
    table.keys(100, "r tab tab enter");
    assert!(table.acts.is_empty() && table.toasted("press again"), "{:?}", table.model.toasts);
    table.keys(400, "enter");
    table.over();
    assert_eq!(table.acts.len(), 1);
    let mut table = on_the_failed();
    table.keys(100, "q y");
    assert!(table.model.dialog.is_some());
}

fn undoable(id: u64) -> Delivery {
    let before = delivery(id, Kind::Transfer, "5", State::Failed { why: Failure::Refused }, 9);
    let mut after = before.clone();
    after.state = State::Delivered { by: crate::domain::delivery::Hand::Target };
    after.undo = Some(Box::new(Undo { action: Seq(900), before: vec![before] }));
    after
}

#[test]
fn while_it_is_said_an_action_can_be_taken_back_from_anywhere() {
    let mut table = on_the_failed();
    let done = Done { seq: Seq(900), delivery: Some(undoable(55)), event: None };
    let command = Command::MarkDelivered(DeliveryId(Seq(55)));
    table.tell(Message::Acted { command, about: "transfer d-55".into(), done: Box::new(Ok(done)) });
    assert!(table.screen().contains("`u` takes it back"), "{}", table.screen());
    table.keys(1000, "2 u");
    assert_eq!((table.model.view, table.asked_about()), (View::Feed, Some(DeliveryId(Seq(55)))));
    table.keys(1000, "esc");
    table.model.toasts.clear();
    table.keys(1000, "u");
    assert_eq!(table.asked_about(), None);
}

#[test]
fn a_row_that_has_just_arrived_under_the_cursor_is_not_acted_on() {
    let mut table = Table::new(Ledger::busy());
    table.keys(1000, "3");
    table.wait(5000);
    let arrives = |ledger: &mut Ledger| {
        ledger.deliveries.push(delivery(401, Kind::Transfer, "new", State::Pending { due: now() }, 0));
    };
    table.change(arrives);
    table.keys(200, "x");
    assert!(table.model.dialog.is_none() && table.toasted("the list has moved"), "{:?}", table.model.toasts);
    assert!(table.model.paused());
    // Held still, the next press is sure whatever else comes in.
    table.change(|ledger| {
        ledger.deliveries.push(delivery(402, Kind::Transfer, "newer", State::Pending { due: now() }, 0));
    });
    table.keys(400, "x");
    assert_eq!(table.asked_about(), Some(DeliveryId(Seq(401))));
    // A row one went to oneself is known.
    table.keys(1000, "esc j");
    table.keys(400, "x");
    assert_eq!(table.asked_about(), Some(DeliveryId(Seq(399))));
}

#[test]
fn a_pane_of_the_overview_is_held_too() {
    let mut table = Table::new(Ledger::busy());
    assert_eq!((table.model.pane, table.model.chosen_delivery().unwrap().id), (Pane::Attention, DeliveryId(Seq(29))));
    table.change(|ledger| {
        ledger.change(29, |one| one.state = State::Delivered { by: crate::domain::delivery::Hand::Target })
    });
    table.keys(100, "x");
    assert!(table.model.dialog.is_none() && table.toasted("the list has moved"));
    table.change(|ledger| ledger.change(29, |one| one.state = State::Failed { why: Failure::Refused }));
    table.keys(500, "x");
    assert_eq!(table.asked_about(), Some(DeliveryId(Seq(55))));
}

#[test]
fn the_choice_of_states_is_said_and_let_go() {
    let mut table = on_the_failed();
    table.keys(1000, "/").text(TYPING, "51020399").keys(1000, "enter");
    let screen = table.screen();
    assert!(screen.contains("None among *needs a hand* fits the filter") && screen.contains("`s`"), "{screen}");
    table.keys(1000, "esc");
    assert!(table.screen().contains("needs a hand"));
    table.keys(1000, "esc");
    assert!(table.screen().contains("deliveries: all states"));
    table.keys(1000, "s s /").text(TYPING, "zz").keys(1000, "enter 3");
    let screen = table.screen();
    assert!(screen.contains("deliveries: all states") && screen.contains("> d-399"), "{screen}");
}

#[test]
fn narrowing_from_the_overview_goes_back_there() {
    let mut table = Table::new(Ledger::busy());
    table.keys(1000, "/").text(TYPING, "51").keys(1000, "esc");
    assert_eq!(table.model.view, View::Overview);
    assert_eq!(table.model.deliveries.narrowing.input.value(), "");
    table.keys(1000, "/").text(TYPING, "51").keys(1000, "enter");
    assert_eq!(table.model.view, View::Deliveries);
    table.keys(1000, "p 1 p");
    assert!(table.toasted("the overview always follows"));
}

#[test]
fn what_is_open_already_is_gone_back_to() {
    let mut table = Table::new(Ledger::busy());
    table.keys(1000, "j j enter t");
    assert_eq!(table.model.details.len(), 2);
    for _ in 0..4 {
        table.keys(1000, "g enter");
        assert_eq!(table.model.details.len(), 1);
        table.keys(1000, "t");
        assert_eq!(table.model.details.len(), 2);
    }
    table.model.size = (60, 15);
    table
        .model
        .details
        .insert(0, crate::ui::detail::Detail::new(crate::ui::subject::Subject::Ticket("x".repeat(80).as_str().into())));
    assert!(table.screen().contains("› ticket 51020390"), "{}", table.screen());
}

#[test]
fn nothing_is_said_not_to_be_there_before_it_was_looked_for() {
    let mut table = Table::new(Ledger::busy());
    table.keys(1000, "5");
    table.wait(1000);
    // The question goes out, but no answer comes yet.
    let present = Present { now: now(), uptime: Some(table.uptime) };
    let waits = update(&mut table.model, Message::Key(Chord::parse("enter").unwrap()), present);
    let screen = table.screen();
    assert!(screen.contains("looking…") && !screen.contains("none found"), "{screen}");
    table.settle(waits);
    assert!(!table.screen().contains("looking…"), "{}", table.screen());
}

#[test]
fn suspending_is_not_quitting() {
    let mut table = Table::new(Ledger::busy());
    table.keys(1000, "ctrl-z");
    let screen = table.screen();
    assert!(screen.contains("after `fg`") && !screen.contains("next start"), "{screen}");
}

#[test]
fn a_small_overview_shows_what_needs_a_hand() {
    let mut table = Table::new(Ledger::busy());
    table.tell(Message::Resized((60, 15)));
    let screen = table.screen();
    for part in ["d-29", "d-55", "d-390", "open: 8"] {
        assert!(screen.contains(part), "{part}\n{screen}");
    }
    assert!(!table.model.panes().iter().any(|pane| matches!(pane, Pane::Family(_))));
    table.keys(1000, "tab G");
    let screen = table.screen();
    assert!(screen.contains("above"), "{screen}");
    table.tell(Message::Resized((80, 24)));
    assert!(table.screen().contains("notifyMe"));
}

#[test]
fn where_staff_deliver_nothing_is_said_to_be_sent() {
    let mut ledger = Ledger::busy();
    ledger.status.target = "by hand".into();
    let mut table = Table::new(ledger);
    for size in [(120, 36), (80, 24)] {
        table.tell(Message::Resized(size));
        assert!(table.screen().contains("by staff: `d` when done"), "{}", table.screen());
    }
    table.keys(1000, "3");
    let screen = table.screen();
    assert!(screen.contains("by hand") && !screen.contains(" in 1m"), "{screen}");
    table.keys(1000, "enter");
    let screen = table.screen();
    assert!(screen.contains("staff deliver it") && !screen.contains("the next"), "{screen}");
}

#[test]
fn prices_are_shown_whole_whatever_the_width() {
    let mut ledger = Ledger::busy();
    let brief = crate::domain::query::Brief {
        from: Some("joe@gmail.com".into()),
        amount: Some("12345678901234567890123.10".into()),
        buyer_pays: Some("1234567.25".into()),
        ..crate::domain::query::Brief::default()
    };
    ledger.events.push(super::ledger::event(500, "listing", "created", 1, brief, b"{}".to_vec()));
    let mut table = Table::new(ledger);
    table.keys(1000, "2");
    for width in [80, 90, 100, 120, 160, 200] {
        table.tell(Message::Resized((width, 24)));
        let screen = table.screen();
        assert!(screen.contains("12345678901234567890123.10") && !screen.contains("••••25"), "{width}\n{screen}");
        assert!(width < 90 || screen.contains("buyer pays 1234567.25"), "{width}\n{screen}");
    }
    // Prices as they usually are.
    table.change(|ledger| {
        let sold = ledger.events.last_mut().expect("some");
        sold.0.brief.amount = Some("1500.50".into());
    });
    table.tell(Message::Resized((80, 24)));
    table.keys(1000, "tab");
    let screen = table.screen();
    assert!(screen.contains("1500.50  buyer pays 1234567.25"), "{screen}");
}
