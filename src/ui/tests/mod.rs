//! The dashboard as its reader meets it: state, keys, what is then on the screen.

mod acting;
mod beside;
mod called_back;
mod filtering;
mod late;
pub(super) mod ledger;
mod manners;
mod many;
mod marking;
mod menu;
mod past;
mod pty;
mod read_only;
mod reading;
mod rig;
mod sorting;
mod sweep;
mod travel;

use chrono::TimeDelta;
use crossterm::event::Event;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

use self::ledger::{FakeDesk, Ledger, SECRETS, ago, event, now};
use self::rig::Rig;
use super::layout::Size;
use super::run::Exit;
use crate::domain::delivery::{Amendment, Evidence, Failure, Hand, Hold, Kind, Stage, State};
use crate::domain::ids::{DeliveryId, Digest, Seq};
use crate::domain::query::{Brief, Command, Query};
use crate::engine::DeskError;

const SIZES: [Size; 3] = [(80, 24), (120, 36), (200, 60)];

/// Pressed one after the other, each once what the one before brought is there.
async fn walk(rig: &mut Rig, steps: &[(&str, &[&str])]) -> String {
    let mut last = String::new();
    for (keys, seen) in steps {
        rig.press(keys);
        last = rig.see(seen).await;
    }
    last
}

/// The style of the first cell of `text` on the screen.
fn style_of(buffer: &Buffer, text: &str) -> ratatui::style::Style {
    for y in 0..buffer.area.height {
        let cells: Vec<&str> = (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect();
        for x in 0..cells.len() {
            if cells[x..].concat().starts_with(text) {
                return buffer[(x as u16, y)].style();
            }
        }
    }
    panic!("no {text:?}");
}

#[tokio::test]
async fn the_overview_shows_what_needs_a_hand_first_at_every_size() {
    for size in SIZES {
        let mut rig = Rig::start(Ledger::busy(), size);
        let text =
            rig.see(&["needs a hand: 3", "open: 8", "stored 400", "14:03:22", "127.0.0.1:8787/webhooks/menta"]).await;
        let line =
            |what: &str| text.lines().position(|line| line.contains(what)).unwrap_or_else(|| panic!("{what}: {text}"));
        assert!(line("! HELD    d-29") < line("✗ FAILED  d-390"), "{text}");
        assert!(line("needs a hand") <= line("open: 8") && line("open: 8") < line("notifyMe"), "{text}");
        for part in ["> ! HELD", "behind", "listing", "ticket", "event", "notifyMe", "payouts", "? help", "q quit"] {
            if part != "behind" || size.0 > 150 {
                assert!(text.contains(part), "{part} at {size:?}\n{text}");
            }
        }
        if size.0 >= 120 {
            for part in [
                "oldest undelivered ticket",
                "▀█  █   █ █ █▀▀",
                "3 in quarantine",
                "3 turned away",
                "reversals",
                "✓ paid out",
                "7 ○ pending",
                "6/min",
            ] {
                assert!(text.contains(part), "{part} at {size:?}\n{text}");
            }
        } else {
            assert!(text.contains("oldest undelivered 1h45m d-29"), "{text}");
        }
        let cells = rig.cells();
        assert_eq!(style_of(&cells, "✗ FAILED  d-55").fg, Some(Color::Red));
        assert!(style_of(&cells, "> ! HELD").add_modifier.contains(Modifier::REVERSED));
        rig.press("ctrl-c ctrl-c");
        assert_eq!(rig.exit().await, Exit::Quit);
    }
}

#[tokio::test]
async fn every_view_shows_its_rows_at_every_size() {
    for size in SIZES {
        let mut rig = Rig::start(Ledger::busy(), size);
        rig.see(&["stored 400"]).await;
        walk(
            &mut rig,
            &[
                ("2", &["all 400", "notifyMe 50", "ticket.updated", "14:02:14", "j•••@gmail.com", "◂ drift"]),
                ("3", &["deliveries: all states", "> d-399", "○ pending", "» in flight", "✗ FAILED", "✓ delivered"]),
                ("4", &["returns: all states", "> d-365", "51020365"]),
                ("5", &["shows, the last to change first", "> 81004", "✓ paid out", "○ not yet"]),
                ("6", &["quarantine", "not UTF-8 from byte 0 on", "turned away at the door", "no valid secret"]),
            ],
        )
        .await;
    }
}

#[tokio::test]
async fn tab_goes_through_the_families_and_met_ones_are_among_them() {
    let mut ledger = Ledger::busy();
    ledger.events.push(event(500, "refunds", "made", 1, Brief::default(), b"{}".to_vec()));
    let mut rig = Rig::start(ledger, (120, 36));
    rig.see(&["stored 401"]).await;
    rig.press("2");
    rig.see(&["refunds.made"]).await;
    rig.press("tab l right");
    rig.until("the feed of event", |text| text.contains("unlock") && !text.contains("created")).await;
    rig.press("h h h h");
    rig.until("the family nobody documented", |text| {
        text.contains("> 14:03:21") && text.contains("made") && !text.contains("unlock")
    })
    .await;
}

#[tokio::test]
async fn a_list_that_was_left_stays_still_until_one_goes_back() {
    let mut rig = Rig::start(Ledger::busy(), (100, 24));
    rig.see(&["stored 400"]).await;
    walk(&mut rig, &[("3", &["> d-399"]), ("j j", &["> d-397", "PAUSED"])]).await;
    rig.desk.change(|ledger| {
        for seq in 401..=410 {
            let mut new = ledger.deliveries.last().cloned().expect("some");
            new.id = DeliveryId(Seq(seq));
            ledger.deliveries.push(new);
        }
    });
    let text = rig.see(&["+10 newer"]).await;
    assert!(text.contains("> d-397") && text.contains("\n  d-399") && !text.contains("d-410"), "{text}");
    let text = walk(&mut rig, &[("g", &["> d-410"])]).await;
    assert!(!text.contains("newer") && !text.contains("PAUSED"), "{text}");
    rig.press("p");
    rig.see(&["PAUSED"]).await;
    rig.press("p G");
    rig.see(&["> d-5 "]).await;
}

#[tokio::test]
async fn scrolling_loads_what_lies_beyond() {
    let mut rig = Rig::start(Ledger::busy(), (100, 24));
    rig.see(&["stored 400"]).await;
    walk(&mut rig, &[("2", &["all 400"])]).await;
    // More pages than were fetched at first.
    for page in 1..=8 {
        rig.press("pgdn");
        rig.see(&[&format!("> {}", (now() - TimeDelta::seconds(17 * 19 * page)).format("%H:%M:%S"))]).await;
    }
    rig.press("G");
    rig.see(&["listing.created", "12:10:19"]).await;
    rig.press("g");
    rig.see(&["> 14:03:22"]).await;
}

#[tokio::test]
async fn words_narrow_the_list_as_they_are_typed() {
    let mut rig = Rig::start(Ledger::busy(), (120, 36));
    rig.see(&["stored 400"]).await;
    walk(&mut rig, &[("3", &["> d-399"]), ("/", &["/"])]).await;
    rig.write("51020390 ");
    let text = rig.see(&["1 found", "> d-390"]).await;
    assert!(!text.contains("d-399"), "{text}");
    rig.write("q");
    rig.see(&["0 found", "No row fits this filter"]).await;
    walk(&mut rig, &[("backspace enter", &["> d-390"]), ("r", &["retry transfer d-390?"])]).await;
    rig.press("esc esc");
    rig.see(&["> d-399"]).await;
    // A pasted text is no row of keys.
    rig.press("/");
    rig.send(Event::Paste("51020398\r\n\u{1b}".into()));
    rig.see(&["/51020398", "> d-398"]).await;
    rig.press("esc /");
    // Nor are its lines glued together.
    rig.send(Event::Paste("51020398\rkind:transfer\n".into()));
    rig.see(&["/51020398 kind:transfer", "> d-398"]).await;
    rig.press("esc");
    rig.send(Event::Paste("x".into()));
    rig.press("?");
    rig.see(&["Moving"]).await;
    assert!(rig.desk.ledger.lock().unwrap().orders.is_empty());
}

#[tokio::test]
async fn states_choose_among_deliveries() {
    let mut rig = Rig::start(Ledger::busy(), (120, 36));
    rig.see(&["stored 400"]).await;
    let text = walk(&mut rig, &[("3", &["> d-399"]), ("s", &["needs a hand", "> d-390", "d-29"])]).await;
    assert!(!text.contains("pending"), "{text}");
    walk(&mut rig, &[("s", &["deliveries: open", "> d-399"]), ("s s s s", &["deliveries: cancelled", "> d-85"])]).await;
}

#[tokio::test]
async fn a_cancel_names_everything_and_wants_a_reason() {
    let mut ledger = Ledger::busy();
    ledger.change(390, |one| one.evidence = Evidence::Unknown);
    let mut rig = Rig::start(ledger, (120, 36));
    rig.see(&["stored 400"]).await;
    walk(&mut rig, &[("3 s", &["> d-390"])]).await;
    // The reason has the focus, and Enter goes on to the safe answer: another one leaves it.
    walk(
        &mut rig,
        &[("x", &["cancel transfer d-390?", "▸ reason", "  No, leave it"]), ("enter", &["> No, leave it <"])],
    )
    .await;
    rig.press("enter");
    rig.until("no dialog", |text| !text.contains("leave it") && text.contains("nothing done")).await;
    let text = walk(&mut rig, &[("x", &["12345678901234567890123.10"])]).await;
    for part in ["51020390", "j•••@gmail.com → s•••@hotmail.com", "422 Unprocessable", "An attempt may have"]
    {
        assert!(text.contains(part), "{part}\n{text}");
    }
    walk(&mut rig, &[("tab tab enter", &["a reason is needed"])]).await;
    rig.write("sold at the door jq");
    rig.press("enter");
    rig.see(&["> No, leave it <", "sold at the door jq"]).await;
    rig.press("tab");
    rig.see(&["> Yes, cancel <"]).await;
    assert!(rig.desk.ledger.lock().unwrap().orders.is_empty(), "a reason alone is no answer");
    rig.press("enter");
    rig.see(&["✓ transfer d-390 is now – cancelled"]).await;
    let orders = rig.desk.ledger.lock().unwrap().orders.clone();
    assert_eq!(orders.len(), 1);
    assert_eq!(orders[0].command, Command::Cancel(DeliveryId(Seq(390))));
    assert_eq!((orders[0].who.as_str(), orders[0].why.as_str()), ("ana (uid 1000)", "sold at the door jq"));
}

#[tokio::test]
async fn a_retry_needs_no_reason_and_a_refusal_is_told() {
    let mut rig = Rig::start(Ledger::busy(), (120, 36));
    rig.see(&["stored 400"]).await;
    rig.desk.change(|ledger| ledger.refusal = Some(DeskError::Refused("d-29 is behind d-7 (joe@gmail.com)".into())));
    walk(
        &mut rig,
        &[
            ("r", &["retry transfer d-29?", "It is released"]),
            ("enter right enter", &["✗ transfer d-29: d-29 is behind d-7 (j•••@gmail.com)"]),
        ],
    )
    .await;
    rig.desk.change(|ledger| ledger.refusal = None);
    walk(&mut rig, &[("esc r", &["retry transfer d-29?"]), ("tab tab enter", &["✓ transfer d-29 is now ○ pending"])])
        .await;
    let orders = rig.desk.ledger.lock().unwrap().orders.clone();
    assert_eq!(
        orders.last().map(|order| (order.why.clone(), order.command.clone())),
        Some(("retry".into(), Command::Retry(DeliveryId(Seq(29)))))
    );
}

#[tokio::test]
async fn a_settled_delivery_is_only_undone() {
    let mut rig = Rig::start(Ledger::busy(), (120, 36));
    rig.see(&["stored 400"]).await;
    walk(&mut rig, &[("3 /", &["Enter keep"])]).await;
    rig.write("51020062");
    walk(
        &mut rig,
        &[("enter", &["> d-62", "marked delivered by"]), ("d", &["transfer d-62 is ✓ delivered: `u` takes that back"])],
    )
    .await;
    walk(
        &mut rig,
        &[("u", &["undo transfer d-62?", "It becomes ✗ FAILED again"]), ("tab tab enter", &["is now ✗ FAILED"])],
    )
    .await;
}

#[tokio::test]
async fn quarantined_bytes_are_read_and_sent_again() {
    let mut rig = Rig::start(Ledger::busy(), (120, 36));
    rig.see(&["stored 400"]).await;
    walk(
        &mut rig,
        &[
            ("6", &["> 14:02:22"]),
            ("enter", &["not UTF-8", "`m` reveals them"]),
            ("m", &["REVEALED", "ff fe 00 1b 61", "....a"]),
        ],
    )
    .await;
    walk(
        &mut rig,
        &[("r", &["send again request 403?"]), ("tab tab enter", &["✓ request 403 sent again as event 9001"])],
    )
    .await;
}

#[tokio::test]
async fn an_event_shows_its_payload_with_the_drift_beside_the_fields() {
    let mut rig = Rig::start(Ledger::busy(), (120, 60));
    rig.see(&["stored 400"]).await;
    walk(&mut rig, &[("2 tab tab", &["> 14:03:05"])]).await;
    let text = walk(&mut rig, &[("enter", &["feed › event 399", "payload"])]).await;
    for part in [
        "\"currency\": \"ARS\",  ◂ extra: not documented",
        "\"identificationNumber\": \"••••09\"  ◂ a number, documented as string",
        "◂ \"buyerFee\" is documented and missing",
        "\"grossResalePaidAmount\": 12345678901234567890123.10",
        "◂ extra data.currency",
        "transfer d-399",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert_eq!(style_of(&rig.cells(), "\"currency\"").fg, Some(Color::Cyan));
    // Enter follows the link under the cursor; Esc goes back one by one.
    walk(
        &mut rig,
        &[
            ("tab tab enter", &["feed › event 399 › delivery d-399", "history"]),
            ("t", &["› ticket 51020399", "timeline, oldest first"]),
        ],
    )
    .await;
    walk(&mut rig, &[("esc", &["delivery d-399"]), ("esc", &["payload"]), ("esc", &["all 400"])]).await;
}

#[tokio::test]
async fn a_delivery_shows_its_attempts_and_who_did_what() {
    let mut rig = Rig::start(Ledger::busy(), (120, 60));
    rig.see(&["stored 400"]).await;
    let text = walk(&mut rig, &[("j j enter", &["overview › delivery d-390", "history"])]).await;
    for part in [
        "✗ refused (attempt 1)",
        "120 ms",
        "> Idempotency-Key: wc-",
        "< 422",
        "unknown owner",
        "by ana (uid 1000): handed over at the gate",
        "paid",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[tokio::test]
async fn a_selected_link_is_one_row_of_one_look() {
    let mut rig = Rig::start(Ledger::busy(), (120, 60));
    rig.see(&["stored 400"]).await;
    walk(&mut rig, &[("j j t", &["timeline, oldest first", ">  transfer d-390"])]).await;
    let cells = rig.cells();
    let row = (0..cells.area.height).find(|y| cells[(0, *y)].symbol() == ">").expect("a selected row");
    let styles = (0..cells.area.width).map(|x| cells[(x, row)].style());
    assert!(styles.clone().all(|style| Some(style) == styles.clone().next()), "{:?}", styles.collect::<Vec<_>>());
    assert!(cells[(0, row)].modifier.contains(Modifier::REVERSED));
}

#[tokio::test]
async fn the_question_names_the_new_people_of_a_change() {
    let mut ledger = Ledger::busy();
    ledger.change(29, |one| {
        let to = Some("new.owner@mail.org".into());
        let (event, from, personal) = (Seq(398), one.from.clone(), Digest::of(&[b"new"]));
        one.amendment = Some(Amendment { event, from, to, personal, doubted_by: None });
        one.state = State::Held { why: Hold::AmendedAfterSent { delivered: Some(Hand::Target) } };
        (one.evidence, one.attempts) = (Evidence::Done, 1);
    });
    let mut rig = Rig::start(ledger, (120, 36));
    rig.see(&["needs a hand: 3"]).await;
    walk(
        &mut rig,
        &[
            ("r", &["What menta says now (event 398) is sent", "j•••@gmail.com → n•••@mail.org"]),
            ("esc x", &["It counts as delivered to s•••@hotmail.com again", "(event 398, to", "is not sent"]),
        ],
    )
    .await;
}

#[tokio::test]
async fn the_first_screen_counts_what_is_out_of_sight_and_goes_to_it() {
    let mut ledger = Ledger::busy();
    for id in 1000..1090 {
        let failed = State::Failed { why: Failure::UsedUp };
        ledger.deliveries.push(ledger::delivery(id, Kind::Transfer, "t", failed, 60));
    }
    let mut rig = Rig::start(ledger, (120, 36));
    let text = rig.see(&["needs a hand: 93", "> "]).await;
    let left = |line: &&str| line.starts_with('│') && (line.contains("✗ FAILED  d-") || line.contains("! HELD    d-"));
    let shown = text.lines().filter(left).count();
    assert!(text.contains(&format!(" {} more ", 93 - shown)), "{shown} shown:\n{text}");
    // Each time as far as has been read.
    for _ in 0..200 {
        rig.press("G");
        if rig.see(&["above"]).await.contains("d-1089") {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the end is not gone to");
}

#[tokio::test]
async fn nothing_personal_is_seen_until_it_is_revealed_on_record() {
    let mut rig = Rig::start(Ledger::busy(), (200, 60));
    rig.see(&["stored 400"]).await;
    let mut screens = vec![rig.see(&["needs a hand: 3"]).await];
    for steps in [
        [("2 tab tab", "> 14:03:05"), ("enter", "payload"), ("esc", "all 400")],
        [("3 s", "> d-390"), ("x", "No, leave it"), ("esc", "needs a hand")],
        [("j", "> d-55"), ("enter", "history"), ("t", "timeline, oldest")],
        [("6", "> 14:02:22"), ("j enter", "quarantine 402"), ("esc", "turned away")],
        [("j", "401"), ("enter", "quarantine 401"), ("esc", "turned away")],
    ] {
        for (keys, seen) in steps {
            rig.press(keys);
            screens.push(rig.see(&[seen]).await);
        }
    }
    for (screen, secret) in screens.iter().flat_map(|screen| SECRETS.map(|secret| (screen, secret))) {
        assert!(!screen.contains(secret), "{secret} in\n{screen}");
    }
    assert!(rig.desk.ledger.lock().unwrap().orders.is_empty());
    walk(
        &mut rig,
        &[("3 enter", &["delivery d-"]), ("m", &["REVEALED", "joe@gmail.com", "Susana Kann", "014027000012345678"])],
    )
    .await;
    let orders = rig.desk.ledger.lock().unwrap().orders.clone();
    assert!(
        matches!(&orders[..], [one] if matches!(&one.command, Command::Reveal { what } if what.starts_with("delivery d-"))),
        "{orders:?}"
    );
    let text = walk(&mut rig, &[("esc", &["needs a hand"])]).await;
    assert!(!text.contains("REVEALED") && !text.contains("joe@gmail.com"), "{text}");
    // What cannot be put on record is not shown.
    rig.desk.change(|ledger| ledger.refusal = Some(DeskError::Failed("disk full".into())));
    let text = walk(&mut rig, &[("m", &["not revealed: disk full"])]).await;
    assert!(!text.contains("REVEALED"), "{text}");
}

#[tokio::test]
async fn quitting_asks_only_while_deliveries_are_open() {
    let mut rig = Rig::start(Ledger::busy(), (80, 24));
    rig.see(&["open: 8"]).await;
    walk(&mut rig, &[("q", &["8 deliveries are open", "The listener stops too"])]).await;
    rig.press("enter");
    rig.until("no dialog", |text| !text.contains("quit?")).await;
    rig.press("q y");
    assert_eq!(rig.exit().await, Exit::Quit);

    let mut rig = Rig::start(Ledger::empty(), (80, 24));
    rig.see(&["stored 0"]).await;
    rig.press("q");
    assert_eq!(rig.exit().await, Exit::Quit);
}

#[tokio::test]
async fn an_empty_ledger_says_what_to_do() {
    let mut rig = Rig::start(Ledger::empty(), (80, 24));
    rig.see(&["✓ every ticket is delivered", "✓ nothing has failed", "willcall send fixtures/events"]).await;
    walk(
        &mut rig,
        &[
            ("2", &["No event of this family has come yet", "willcall send", "curl -d"]),
            ("3", &["No delivery yet", "willcall send fixtures/events/ticket"]),
            ("s", &["None among *needs a hand*"]),
            ("4", &["No reversed sale yet"]),
            ("5", &["No show yet"]),
            ("6", &["✓ Every request that came in could be read", "none since the start"]),
        ],
    )
    .await;
}

#[tokio::test]
async fn an_unwell_program_says_so_in_words_and_red() {
    let mut ledger = Ledger::busy();
    ledger.status.unwell = Some("the disk is full: 3 GiB needed".into());
    let mut rig = Rig::start(ledger, (80, 24));
    rig.see(&["✗ UNWELL: the disk is full", "keeps nothing"]).await;
    let style = style_of(&rig.cells(), "✗ UNWELL");
    assert_eq!(style.fg, Some(Color::Red));
    assert!(style.add_modifier.contains(Modifier::REVERSED));
}

#[tokio::test]
async fn a_small_terminal_says_what_it_needs_and_orders_nothing() {
    let mut rig = Rig::start(Ledger::busy(), (80, 24));
    rig.see(&["open: 8"]).await;
    rig.send(Event::Resize(50, 12));
    rig.see(&["needs 60x15", "has 50x12"]).await;
    rig.press("x tab enter q");
    rig.see(&["y quits, n stays"]).await;
    rig.press("n");
    rig.send(Event::Resize(120, 36));
    let text = rig.see(&["oldest undelivered ticket", "14:03:22"]).await;
    assert!(!text.contains("cancel transfer"), "{text}");
    assert!(rig.desk.ledger.lock().unwrap().orders.is_empty());
}

#[tokio::test]
async fn help_lists_every_action_from_the_table() {
    let mut rig = Rig::start(Ledger::busy(), (100, 90));
    rig.see(&["stored 400"]).await;
    rig.press("?");
    let text = rig.see(&["Acting"]).await;
    for entry in super::action::TABLE {
        assert!(text.contains(entry.help), "{}\n{text}", entry.id);
    }
    rig.press("esc");
    rig.until("no help", |text| !text.contains("Acting")).await;
}

#[tokio::test]
async fn a_flood_of_changes_is_asked_about_in_moderation_and_ends_up_on_the_screen() {
    let mut rig = Rig::start(Ledger::busy(), (100, 24));
    rig.see(&["stored 400"]).await;
    walk(&mut rig, &[("2", &["all 400"])]).await;
    let before = rig.desk.ledger.lock().unwrap().asked.len();
    for seq in 401..=1400 {
        rig.desk
            .change(|ledger| ledger.events.push(event(seq, "payouts", "delivered", -1, Brief::default(), Vec::new())));
        if seq % 50 == 0 {
            tokio::task::yield_now().await;
        }
    }
    rig.see(&["1400"]).await;
    let asked = rig.desk.ledger.lock().unwrap().asked.len() - before;
    assert!(asked < 100, "{asked} questions");
}

#[tokio::test]
async fn a_state_that_changes_while_one_is_asked_is_seen_in_the_question() {
    let mut rig = Rig::start(Ledger::busy(), (120, 36));
    rig.see(&["stored 400"]).await;
    walk(&mut rig, &[("3 s", &["> d-390"]), ("x", &["cancel transfer d-390?", "✗ FAILED"])]).await;
    rig.desk.change(|ledger| ledger.change(390, |one| one.state = State::InFlight { attempt: 12 }));
    rig.see(&["cancel transfer d-390?", "» in flight", "attempt 12 under way"]).await;
    assert!(rig.desk.ledger.lock().unwrap().asked.contains(&Query::Delivery(DeliveryId(Seq(390)))));
}

#[test]
fn the_rows_of_the_tests_are_what_they_seem() {
    let ledger = Ledger::busy();
    assert_eq!(ledger.deliveries.iter().filter(|one| one.stage() == Stage::Failed).count(), 2);
    assert_eq!(ago(3600), now() - TimeDelta::hours(1));
    let _ = FakeDesk::new(ledger);
}
