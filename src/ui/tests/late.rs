//! What is late and what is wrong, as the reader meets it: keys, screen, bell.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;
use ratatui::style::{Color, Modifier};

use super::ledger::{FakeDesk, Ledger, ago, delivery, now};
use super::rig::{Rig, text_of};
use super::{SIZES, style_of, walk};
use crate::domain::Timestamp;
use crate::domain::delivery::{Failure, Kind, State};
use crate::domain::lateness::LateAfter;
use crate::domain::query::{Attempts, Disk, Query, Status, TurnedAway};
use crate::engine::Desk;
use crate::ui::effect::Effect;
use crate::ui::keymap::Chord;
use crate::ui::layout::Size;
use crate::ui::model::{Model, Slot};
use crate::ui::theme::Theme;
use crate::ui::update::{self, Message, update};
use crate::ui::view;

/// A dashboard whose time is the test's.
struct Watch {
    model: Model,
    desk: FakeDesk,
    now: Timestamp,
    rung: Vec<(i64, String)>,
}

impl Watch {
    fn new(ledger: Ledger, size: Size) -> Self {
        let mut model = Model::new("ana".into(), now(), size);
        model.rings = true;
        let mut watch = Self { model, desk: FakeDesk::new(ledger), now: now(), rung: Vec::new() };
        let effects = update::open(&mut watch.model);
        watch.settle(effects);
        watch
    }

    fn tell(&mut self, message: Message) {
        let effects = update(&mut self.model, message, self.now);
        self.settle(effects);
    }

    fn settle(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Ask { slot, query } => {
                    let answer = futures_util::FutureExt::now_or_never(self.desk.ask(query.clone())).expect("ready");
                    self.tell(Message::Answered { slot, query: Box::new(query), answer });
                }
                Effect::Status => {
                    let status = futures_util::FutureExt::now_or_never(self.desk.status()).expect("ready");
                    self.tell(Message::Told(Box::new(status)));
                }
                Effect::Ring(says) => self.rung.push(((self.now - now()).num_seconds(), says)),
                _ => {}
            }
        }
    }

    fn key(&mut self, key: &str) {
        self.tell(Message::Key(Chord::parse(key).expect("a key")));
    }

    /// Seconds go by, each with its tick.
    fn wait(&mut self, seconds: i64) {
        for _ in 0..seconds {
            self.now += TimeDelta::seconds(1);
            self.desk.ledger.lock().unwrap().now = self.now;
            self.tell(Message::Tick);
        }
    }

    fn change(&mut self, change: impl FnOnce(&mut Ledger)) {
        self.desk.change(change);
        self.tell(Message::Changed);
        self.wait(1);
    }

    fn status(&mut self, change: impl FnOnce(&mut Status)) {
        self.change(|ledger| change(&mut ledger.status));
    }

    /// One that has just failed.
    fn fails(&mut self, id: u64) {
        self.change(|ledger| {
            let state = State::Failed { why: Failure::Refused };
            ledger.deliveries.push(delivery(id, Kind::Transfer, "t", state, 1));
        });
    }

    fn screen(&self) -> String {
        let (width, height) = self.model.size;
        let mut buffer = ratatui::buffer::Buffer::empty(ratatui::layout::Rect::new(0, 0, width, height));
        view::draw(&mut buffer, &self.model, Theme::default());
        text_of(&buffer)
    }
}

fn failing(status: &mut Status) {
    status.attempts = Attempts { made: 20, failed: 14, why: Some("connection refused".into()) };
}

fn well(status: &mut Status) {
    status.attempts = Attempts { made: 20, failed: 3, why: None };
}

#[tokio::test]
async fn what_is_late_is_said_by_word_sign_and_colour_at_every_size() {
    for size in SIZES {
        let mut rig = Rig::start(Ledger::busy(), size);
        rig.see(&["▲ 4 overdue", "1h ▲ overdue", "5m ▲ overdue", "4m △ due soon", "2m  "]).await;
        let cells = rig.cells();
        let overdue = style_of(&cells, "▲ 4 overdue");
        assert_eq!((overdue.fg, overdue.add_modifier), (Some(Color::Red), Modifier::BOLD));
        assert_eq!(style_of(&cells, "m △ due soon").fg, Some(Color::Yellow));
        let text = walk(&mut rig, &[("3", &["deliveries: all states", "5m ▲ overdue", "17s", "in 1m"])]).await;
        // The newest stay on top, and what is settled is not judged.
        assert!(text.contains("> d-399") && text.contains("✓ delivered"), "{text}");
        assert!(!text.lines().any(|line| line.contains("✓ delivered") && line.contains('▲')), "{text}");
    }
}

#[tokio::test]
async fn one_key_shows_only_what_is_overdue() {
    let mut rig = Rig::start(Ledger::busy(), (120, 36));
    rig.see(&["▲ 4 overdue"]).await;
    let text = walk(&mut rig, &[("o", &["deliveries: overdue", "> d-382", "d-381", "d-55", "d-29"])]).await;
    assert!(!text.contains("d-383") && !text.contains("✓ delivered"), "{text}");
    walk(&mut rig, &[("o", &["deliveries: all states", "> d-399"])]).await;
    walk(&mut rig, &[("4", &["returns: all states"]), ("o", &["None among *overdue*"])]).await;
    walk(&mut rig, &[("esc", &["> d-365"])]).await;
    // From a detail it leads back to the list.
    walk(&mut rig, &[("enter", &["history"]), ("o", &["deliveries: overdue", "> d-382"])]).await;
}

#[test]
fn time_alone_makes_a_delivery_overdue_in_the_list() {
    let mut ledger = Ledger::empty();
    ledger.status.late_after = LateAfter { transfer: Duration::from_secs(100), undoing: Duration::from_secs(200) };
    let pending = || State::Pending { due: now() };
    ledger.deliveries =
        vec![delivery(1, Kind::Transfer, "t", pending(), 101), delivery(2, Kind::Transfer, "u", pending(), 60)];
    let mut watch = Watch::new(ledger, (80, 24));
    watch.wait(1);
    watch.key("o");
    assert!(watch.screen().contains("> d-1 ") && !watch.screen().contains("d-2 "), "{}", watch.screen());
    watch.wait(39);
    assert!(!watch.screen().contains("d-2 "), "{}", watch.screen());
    watch.wait(1);
    assert!(watch.screen().contains("d-2 ") && watch.screen().contains("▲ 2 overdue"), "{}", watch.screen());
}

#[tokio::test]
async fn a_detail_says_by_how_much() {
    let mut ledger = Ledger::busy();
    ledger.change(399, |one| one.created_at = ago(17 * 60 + 12));
    let mut rig = Rig::start(ledger, (80, 24));
    rig.see(&["stored 400"]).await;
    walk(&mut rig, &[("3", &["> d-399"]), ("enter", &["waits 17m12s ▲ overdue by 12m12s"])]).await;
    walk(&mut rig, &[("esc", &["> d-399"]), ("j enter", &["d-398", "waits 34s"])]).await;
}

#[test]
fn banners_come_and_go_with_their_causes() {
    let mut watch = Watch::new(Ledger::busy(), (120, 36));
    watch.wait(1);
    assert!(!watch.screen().contains("TARGET FAILING"));
    let rows = watch.model.body_rows();
    watch.status(failing);
    let text = watch.screen();
    assert!(text.contains("! TARGET FAILING: 14 of the last 20 attempts failed"), "{text}");
    assert!(text.contains("“connection refused”") && text.contains("b hides"), "{text}");
    assert!(watch.model.body_rows() < rows);
    for view in ["2", "3", "4", "5", "6", "enter"] {
        watch.key(view);
        assert!(watch.screen().contains("TARGET FAILING"), "{view}: {}", watch.screen());
    }
    watch.wait(10);
    watch.status(well);
    assert!(!watch.screen().contains("TARGET FAILING"), "{}", watch.screen());
    assert_eq!(watch.model.body_rows(), rows);
}

#[test]
fn a_banner_that_was_put_away_comes_back_when_its_cause_comes_anew() {
    let mut watch = Watch::new(Ledger::busy(), (80, 24));
    watch.status(failing);
    watch.status(|status| status.unwell = Some("the disk is full: free space".into()));
    let text = watch.screen();
    assert!(text.find("UNWELL") < text.find("TARGET FAILING"), "{text}");
    watch.key("b");
    watch.wait(300);
    watch.key("b");
    let text = watch.screen();
    assert!(!text.contains("TARGET FAILING") && text.contains("✗ UNWELL: the disk is full"), "{text}");
    watch.status(well);
    watch.wait(61);
    watch.status(failing);
    assert!(watch.screen().contains("TARGET FAILING"), "{}", watch.screen());
}

#[test]
fn each_kind_of_trouble_reaches_the_screen() {
    let mut watch = Watch::new(Ledger::busy(), (200, 60));
    watch.change(|ledger| {
        ledger.status.disk = Some(Disk { free: 300 << 20, size: 50 << 30 });
        ledger.status.writing_since = Some(ago(30));
        let away = TurnedAway { at: ago(5), from: "192.0.2.7:4000".into(), status: 401, message: "no".into() };
        ledger.status.turned_away = vec![away; 12];
        ledger.rejected_lately = 7;
        ledger.usual = Some(900);
        ledger.events.retain(|(row, _)| row.family != "listing" || row.received_at < ago(2520));
        failing(&mut ledger.status);
    });
    let text = watch.screen();
    for part in [
        "✗ DISK STUCK: nothing was made durable for",
        "! DISK NEARLY FULL: 300 MiB of 50.0 GiB left for /var/lib/willcall",
        "! TARGET FAILING: 14 of",
        "! BAD SECRETS: 12 requests without a valid secret in 10 min, the last from 192.0.2.7:4000",
        "! QUARANTINE GROWS: 7 requests in 10 min",
        "! SILENT: no listing for 42 min, 900 are usual by now",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn the_smallest_overview_stays_useful_under_two_banners() {
    let mut watch = Watch::new(Ledger::busy(), (80, 24));
    watch.change(|ledger| {
        failing(&mut ledger.status);
        ledger.rejected_lately = 7;
    });
    let text = watch.screen();
    for part in ["TARGET FAILING", "QUARANTINE GROWS", "▲ 4 overdue", "d-29", "d-55", "d-390", "d-381", "5m ▲ overdue"]
    {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn new_failures_ring_once_a_minute_and_old_ones_never() {
    let mut watch = Watch::new(Ledger::busy(), (80, 24));
    watch.wait(120);
    assert_eq!(watch.rung, [], "what stood at the start rang");
    watch.fails(501);
    watch.fails(502);
    watch.fails(503);
    watch.wait(30);
    assert_eq!(watch.rung, [(120, "1 delivery needs a person: d-501 failed".to_owned())]);
    watch.wait(60);
    assert_eq!(watch.rung[1..], [(180, "2 deliveries need a person: d-502 failed, d-503 failed".to_owned())]);
    watch.wait(300);
    assert_eq!(watch.rung.len(), 2);
}

#[tokio::test]
async fn a_ring_reaches_the_terminal() {
    let mut rig = Rig::start(Ledger::busy(), (80, 24));
    rig.see(&["stored 400"]).await;
    rig.desk.change(|ledger| {
        let state = State::Failed { why: Failure::Refused };
        ledger.deliveries.push(delivery(501, Kind::Transfer, "t", state, 1));
    });
    let rung = tokio::time::timeout(Duration::from_secs(10), rig.rung.wait_for(|rung| !rung.is_empty())).await;
    assert_eq!(*rung.expect("it rings").unwrap(), ["\u{7}"]);
}

#[test]
fn nothing_is_asked_twice_over_while_nothing_changes() {
    let mut watch = Watch::new(Ledger::busy(), (120, 36));
    watch.wait(5);
    watch.desk.ledger.lock().unwrap().asked.clear();
    watch.wait(60);
    let mut asked = BTreeMap::new();
    for query in &watch.desk.ledger.lock().unwrap().asked {
        let what = match query {
            Query::Overview { .. } => "overview",
            Query::Needed { .. } => "needed",
            _ => "other",
        };
        *asked.entry(what).or_insert(0) += 1;
    }
    // With the minute, and when the one that is due soon has become overdue.
    assert_eq!(asked, BTreeMap::from([("overview", 2)]));
    assert!(!watch.model.asking.contains_key(&Slot::Needed));
}
