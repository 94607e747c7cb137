//! Manners: the reader's own keys and colours, the mouse, a terminal that changes its size.

use std::path::Path;
use std::time::{Duration, Instant};

use crossterm::event::{Event, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::style::Color;

use super::ledger::Ledger;
use super::rig::Rig;
use super::{SIZES, style_of};
use crate::config::{ThemeName, file};
use crate::ui::colour::Announced;
use crate::ui::preferences::Preferences;
use crate::ui::remembered::Remembered;
use crate::ui::run::Exit;

fn own(text: &str) -> Preferences {
    let entries = file::parse(Path::new("willcall.toml"), text).unwrap().entries;
    let terminal = Announced { term: "xterm-256color".into(), ..Announced::default() };
    Preferences::read(ThemeName::Auto, false, &entries, &terminal).unwrap()
}

#[tokio::test]
async fn own_keys_work_and_are_shown_and_the_usual_do_nothing_any_more() {
    let keys = "[keys]\nretry = \"f5\"\nquit = []\ndeliveries = \"D\"\nhelp = \"H\"\nback = [\"E\"]\nundo = []";
    let mut rig = Rig::start_as(Ledger::busy(), (120, 44), own(keys), Remembered::default());
    let screen = rig.see(&["stored 400", "F5 retry", "H help", "Ctrl-c quit", "D deliveries", "2 feed"]).await;
    assert!(!screen.contains("r retry") && !screen.contains("q quit"), "{screen}");
    rig.press("3 q r");
    rig.press("D");
    rig.see(&["deliveries: all states"]).await;
    rig.press(&format!("H pgdn {}", "down ".repeat(24)));
    let help = rig.see(&["F5            send the delivery", "no key        quit; asks"]).await;
    assert!(help.contains("no key        call a retry back"), "{help}");
    rig.press("H");
    rig.until("the help to go", |text| !text.contains("send the delivery")).await;
    rig.press("f5");
    rig.see(&["retry transfer d-399?"]).await;
    // In a question, Esc always leaves it.
    rig.press("esc");
    rig.see(&["nothing done"]).await;
    rig.press("ctrl-c ctrl-c");
    assert_eq!(rig.exit().await, Exit::Quit);
}

#[tokio::test]
async fn own_colours_are_those_of_the_cells() {
    let mut rig =
        Rig::start_as(Ledger::busy(), (120, 36), own("theme.colors.failed = \"#00ff00\""), Remembered::default());
    rig.see(&["✗ FAILED  d-55"]).await;
    assert_eq!(style_of(&rig.cells(), "✗ FAILED  d-55").fg, Some(Color::Indexed(46)));
}

/// The column and row of a text on the screen.
fn place_of(screen: &str, text: &str) -> (u16, u16) {
    let found = screen.lines().enumerate().find_map(|(row, line)| Some((line.split_once(text)?.0, row)));
    let (before, row) = found.unwrap_or_else(|| panic!("no {text:?} on\n{screen}"));
    (crate::ui::text::width(before) as u16, row as u16)
}

fn mouse(kind: MouseEventKind, (column, row): (u16, u16)) -> Event {
    Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE })
}

const PRESS: MouseEventKind = MouseEventKind::Down(MouseButton::Left);

#[tokio::test]
async fn a_click_chooses_and_a_second_one_opens() {
    for size in SIZES {
        let mut rig = Rig::start(Ledger::busy(), size);
        let screen = rig.see(&["stored 400"]).await;
        rig.send(mouse(PRESS, place_of(&screen, "3 deliveries")));
        let screen = rig.see(&["deliveries: all states", "> d-399"]).await;
        rig.send(mouse(PRESS, place_of(&screen, "d-389")));
        let screen = rig.see(&["> d-389", "PAUSED"]).await;
        rig.send(mouse(PRESS, place_of(&screen, "d-389")));
        let screen = rig.see(&["deliveries › delivery d-389", "51020389"]).await;
        // What a detail names is chosen and opened likewise.
        let ticket = place_of(&screen, "51020389");
        rig.send(mouse(PRESS, ticket));
        rig.send(mouse(PRESS, ticket));
        rig.see(&["› ticket 51020389"]).await;
        // Where there is nothing, nothing happens.
        rig.send(mouse(PRESS, (size.0 - 1, size.1 - 1)));
        rig.send(mouse(MouseEventKind::Moved, (3, 1)));
        rig.press("1");
        rig.see(&["needs a hand"]).await;
    }
}

#[tokio::test]
async fn a_click_keeps_the_filter_that_was_being_typed() {
    let mut rig = Rig::start(Ledger::busy(), (120, 36));
    rig.see(&["stored 400"]).await;
    rig.press("3 / s t a t e :");
    let screen = rig.see(&["/state:", "^"]).await;
    // What is no filter yet must be mended first.
    rig.send(mouse(PRESS, place_of(&screen, "2 feed")));
    rig.press("h e l d");
    let screen = rig.see(&["/state:held", "d-29", "Enter keep"]).await;
    rig.send(mouse(PRESS, place_of(&screen, "d-29")));
    let screen = rig.until("the list with its filter", |text| !text.contains("Enter keep")).await;
    rig.send(mouse(PRESS, place_of(&screen, "d-29")));
    rig.see(&["deliveries › delivery d-29"]).await;
}

#[tokio::test]
async fn panes_and_families_are_chosen_by_clicks() {
    let mut rig = Rig::start(Ledger::busy(), (120, 36));
    let screen = rig.see(&["stored 400", "open: 8"]).await;
    rig.send(mouse(PRESS, place_of(&screen, "open: 8")));
    rig.see(&["▸open: 8"]).await;
    rig.send(mouse(PRESS, place_of(&screen, "d-55")));
    let screen = rig.see(&["▸needs a hand", "> ✗ FAILED  d-55"]).await;
    rig.send(mouse(PRESS, place_of(&screen, "2 feed")));
    let screen = rig.see(&["notifyMe 50"]).await;
    rig.send(mouse(PRESS, place_of(&screen, "notifyMe 50")));
    rig.until("the feed of notifyMe", |text| !text.contains("ticket.updated")).await;
}

#[tokio::test]
async fn the_wheel_scrolls_what_is_under_it() {
    let mut rig = Rig::start(Ledger::busy(), (120, 36));
    let screen = rig.see(&["stored 400", "open: 8"]).await;
    rig.send(mouse(MouseEventKind::ScrollDown, place_of(&screen, "open: 8")));
    rig.until("the fourth of the open", |text| text.contains("▸open: 8") && !text.contains("> ! HELD")).await;
    rig.press("3");
    rig.see(&["> d-399"]).await;
    rig.send(mouse(MouseEventKind::ScrollDown, (10, 10)));
    rig.see(&["> d-391", "PAUSED"]).await;
    rig.send(mouse(MouseEventKind::ScrollUp, (10, 10)));
    rig.see(&["> d-399"]).await;
    rig.press("?");
    rig.see(&["Views", "more lines"]).await;
    for _ in 0..40 {
        rig.send(mouse(MouseEventKind::ScrollDown, (10, 10)));
    }
    rig.until("the end of the help", |text| !text.contains("more lines")).await;
}

#[tokio::test]
async fn no_click_gives_an_order() {
    let mut rig = Rig::start(Ledger::busy(), (120, 36));
    rig.see(&["stored 400"]).await;
    rig.press("3");
    rig.see(&["> d-399"]).await;
    rig.press("r");
    let screen = rig.see(&["retry transfer d-399?", "Yes, retry"]).await;
    for _ in 0..3 {
        rig.send(mouse(PRESS, place_of(&screen, "Yes, retry")));
    }
    let screen = rig.see(&["> Yes, retry <"]).await;
    // Nor does one beside the question answer it.
    rig.send(mouse(PRESS, (0, 1)));
    rig.send(mouse(MouseEventKind::ScrollDown, (0, 9)));
    rig.send(mouse(PRESS, place_of(&screen, "No, leave it")));
    rig.see(&["> No, leave it <"]).await;
    assert!(rig.desk.ledger.lock().unwrap().orders.is_empty());
}

#[tokio::test]
async fn the_mouse_is_taken_only_when_asked_for() {
    let mut rig = Rig::start(Ledger::busy(), (120, 36));
    rig.see(&["stored 400"]).await;
    assert!(!*rig.mouse.borrow());
    rig.press("ctrl-o");
    rig.see(&["Shift and the mouse selects text"]).await;
    assert!(*rig.mouse.borrow());
    rig.press("ctrl-o");
    rig.see(&["it selects text"]).await;
    assert!(!*rig.mouse.borrow());
    let mut rig = Rig::start_as(
        Ledger::busy(),
        (120, 36),
        Preferences { mouse: true, ..Preferences::default() },
        Remembered::default(),
    );
    rig.see(&["stored 400"]).await;
    assert!(*rig.mouse.borrow());
}

#[tokio::test]
async fn a_storm_of_sizes_is_drawn_once_at_the_last() {
    let mut rig = Rig::start(Ledger::busy(), (120, 36));
    rig.see(&["stored 400", "14:03:22"]).await;
    // The answers to what was asked at the start have been drawn.
    rig.press("?");
    rig.see(&["Views"]).await;
    let before = rig.frames();
    for step in 0..100 {
        rig.send(Event::Resize(60 + step, 20 + step % 20));
        // As somebody who drags the corner of a window: undelayed, one frame would do for all anyway.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    rig.until("the last size", |text| text.lines().count() == 39).await;
    // One; a busy machine may rest in between. Each size as it comes would be fifteen.
    assert!(rig.frames() - before <= 6, "{} frames", rig.frames() - before);
    assert_eq!(rig.cells().area.width, 159);
}

#[tokio::test]
async fn a_flood_of_keys_and_changes_is_drawn_at_most_thirty_times_a_second() {
    let mut rig = Rig::start(Ledger::busy(), (120, 36));
    rig.see(&["stored 400"]).await;
    let (before, start) = (rig.frames(), Instant::now());
    while start.elapsed() < Duration::from_millis(700) {
        for _ in 0..20 {
            rig.press("j k");
        }
        rig.desk.change(|_| {});
        tokio::task::yield_now().await;
    }
    rig.press("3");
    rig.see(&["deliveries: all states"]).await;
    let (frames, seconds) = (rig.frames() - before, start.elapsed().as_secs_f64());
    assert!(frames as f64 <= seconds * 30.4 + 2.0, "{frames} frames in {seconds} s");
    assert!(frames >= 3, "{frames} frames in {seconds} s: it must not be deaf either");
}

#[tokio::test]
async fn the_dashboard_is_found_as_it_was_left() {
    let mut rig = Rig::start(Ledger::busy(), (120, 36));
    rig.see(&["stored 400"]).await;
    rig.press("2 tab 4 s 3 s / j o e enter");
    rig.see(&["deliveries: needs a hand", "/joe"]).await;
    rig.press("ctrl-c ctrl-c");
    let left = rig.ended().await.remembered;
    let mut rig = Rig::start_as(Ledger::busy(), (120, 36), Preferences::default(), left);
    let screen = rig.see(&["deliveries: needs a hand", "> d-390"]).await;
    assert!(!screen.contains("joe"), "{screen}");
    rig.press("4");
    rig.see(&["returns: needs a hand"]).await;
    rig.press("2");
    rig.until("the family it was on", |text| text.contains("created") && !text.contains("unlock")).await;
}
