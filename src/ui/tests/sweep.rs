//! Every screen at every size with the worst rows one can be sent: nothing panics, and no raw control reaches a cell.

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;

use super::ledger::{FakeDesk, Ledger, delivery, event, now};
use super::rig::text_of;
use crate::config::ThemeName;
use crate::domain::delivery::{Hold, Kind, State};
use crate::domain::ids::{Person, ShowId, TicketId};
use crate::domain::privacy::Privacy;
use crate::domain::query::{Attempts, Brief};
use crate::domain::show::Show;
use crate::engine::{Desk, DeskError};
use crate::ui::colour::Depth;
use crate::ui::dialog::{Ask, Dialog, LeaveDialog, OrderDialog};
use crate::ui::effect::Effect;
use crate::ui::keymap::Chord;
use crate::ui::model::{Model, View};
use crate::ui::palette;
use crate::ui::subject::Subject;
use crate::ui::theme::Theme;
use crate::ui::update::{self, Message, update};
use crate::ui::view;

fn hostile() -> Vec<String> {
    let mut texts: Vec<String> = [
        "\u{1b}[31mred\u{1b}[2J\u{7}",
        "a\r\nb\tc\u{0}\u{7f}\u{9b}31m",
        "\u{202e}txet\u{2066}x\u{2069}",
        "שלום مرحبا",
        "王小明王小明王小明王小明",
        "\u{301}\u{301}e\u{301}\u{301}\u{301}\u{301}\u{301}",
        "👩\u{200d}👩\u{200d}👧\u{fe0f}🇦🇷🇦",
        "\u{200b}\u{feff}\u{2028}\u{2029}\u{ad}",
        "",
        " ",
        "ᄀ\u{1160}\u{11a8}\u{3164}",
    ]
    .map(str::to_owned)
    .into();
    texts.push("x".repeat(10_000));
    texts.push("王".repeat(10_000));
    texts.push(format!("a{}", "\u{301}".repeat(10_000)));
    texts.push("j@".repeat(2_000));
    texts
}

fn hostile_ledger() -> Ledger {
    let mut ledger = Ledger::busy();
    ledger.status.path = "/\u{1b}[31m".into();
    ledger.status.unwell = Some("bad\u{1b}]0;x\u{7}".into());
    ledger.status.attempts =
        Attempts { made: 20, failed: 20, why: Some(hostile().concat().chars().take(200).collect()) };
    ledger.usual = Some(u32::MAX);
    for (index, text) in hostile().into_iter().enumerate() {
        let seq = 500 + index as u64;
        let person = || Some(Person(text.clone()));
        let brief = Brief {
            from: person(),
            to: person(),
            amount: Some(text.clone()),
            buyer_pays: Some(text.clone()),
            show: Some(text.clone()),
            reversal: false,
            wrong_sums: false,
            note: Some(text.clone()),
        };
        let json = serde_json::json!({"family": "ticket", "action": "ticket.updated", "data": {
            text.clone(): text.clone(), "id": text, "newOwnerEmail": text, "list": [text, {text.clone(): 1}]}});
        let family = if index % 2 == 0 { "ticket" } else { text.as_str() };
        let mut one = event(seq, family, &text, 5, brief, json.to_string().into_bytes());
        one.0.ticket = Some(TicketId(text.clone()));
        ledger.events.push(one);
        let mut one =
            delivery(seq, Kind::Transfer, &text, State::Held { why: Hold::Missing { field: text.clone() } }, -99);
        one.from = person();
        one.to = person();
        ledger.deliveries.push(one);
        ledger.shows.push(Show {
            last: crate::domain::ids::Seq(seq),
            event: Some(text.clone()),
            ..Show::new(ShowId(text.clone()))
        });
        let (mut row, _) = ledger.rejected[0].clone();
        row.seq = crate::domain::ids::Seq(seq);
        row.rejected.message = text.clone();
        row.rejected.from = text.clone();
        ledger.rejected.push((row, text.into_bytes()));
    }
    ledger
}

/// Lets the desk answer everything that is asked.
fn settle(model: &mut Model, desk: &FakeDesk, effects: Vec<Effect>) {
    let mut effects: std::collections::VecDeque<Effect> = effects.into();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    while let Some(effect) = effects.pop_front() {
        let message = match effect {
            Effect::Ask { slot, query } => {
                let answer = runtime.block_on(desk.ask(query.clone()));
                Message::Answered { slot, query: Box::new(query), answer }
            }
            Effect::Recall { slot, moment, query } => {
                let recalled = runtime.block_on(desk.look_back().unwrap().ask(query.clone(), moment));
                Message::Recalled { slot, moment, query: Box::new(query), recalled }
            }
            Effect::Status => Message::Told(Box::new(runtime.block_on(desk.status()))),
            _ => continue,
        };
        effects.extend(update(model, message, now()));
    }
}

fn press(model: &mut Model, desk: &FakeDesk, keys: &str) {
    for key in keys.split_whitespace() {
        let effects = update(model, Message::Key(Chord::parse(key).unwrap()), now());
        settle(model, desk, effects);
    }
}

/// A model for each screen there is.
fn screens(desk: &FakeDesk) -> Vec<(String, Model)> {
    let mut start = Model::new("ana\u{1b}[0m".into(), now(), (130, 50));
    let effects = update::open(&mut start);
    settle(&mut start, desk, effects);
    let mut screens = Vec::new();
    for (index, view) in View::ALL.into_iter().enumerate() {
        let mut model = start.clone();
        press(&mut model, desk, &(index + 1).to_string());
        screens.push((format!("{view:?}"), model.clone()));
        press(&mut model, desk, "G");
        press(&mut model, desk, "k k k enter");
        assert!(model.detail().is_some_and(|detail| detail.data.is_some()), "{view:?} opens a detail");
        screens.push((format!("{view:?} detail"), model.clone()));
        model.privacy = Privacy::Revealed;
        model.details.clear();
        model.toasts.clear();
        screens.push((format!("{view:?} revealed"), model));
    }
    for text in hostile() {
        let mut model = start.clone();
        press(&mut model, desk, "3");
        model.details.push(crate::ui::detail::Detail::new(Subject::Ticket(TicketId(text.clone()))));
        let effects = update(&mut model, Message::Changed, now());
        settle(&mut model, desk, effects);
        press(&mut model, desk, "G x");
        screens.push((format!("timeline {:.20}", text.escape_debug().to_string()), model));
    }
    screens.extend(read(&start, desk));
    screens.extend(many(&start, desk));
    let held = desk.ledger.lock().unwrap().deliveries.last().cloned().unwrap();
    for ask in [Ask::Retry(held.clone()), Ask::MarkDelivered(held.clone()), Ask::Cancel(held.clone()), Ask::Undo(held)]
    {
        let mut model = start.clone();
        let mut dialog = OrderDialog::new(ask);
        dialog.form.reason = tui_input::Input::new("王\u{1b}x".repeat(90));
        model.dialog = Some(Dialog::Order(Box::new(dialog)));
        screens.push(("order".into(), model));
    }
    let mut model = start.clone();
    model.dialog = Some(Dialog::Leave(LeaveDialog { quit: true, open: u64::MAX, yes: true }));
    screens.push(("leave".into(), model));
    screens.extend(menus(&start, desk));
    for keys in ["1 [", "2 [ [", "3 [ enter", "6 [", "@ a 1 0 m", "@ 1 0 m enter 3", "@ 2 0 2 0 - 0 1 - 0 1 enter"] {
        let mut model = start.clone();
        press(&mut model, desk, keys);
        screens.push((format!("looking back by {keys}"), model.clone()));
        model.travel.going.clone_from(&model.travel.shown);
        model.travel.folding = Some(100);
        screens.push((format!("on the way by {keys}"), model));
    }
    let mut model = start;
    press(&mut model, desk, "3 /");
    model.deliveries.narrowing.input = tui_input::Input::new("\u{202e}王".repeat(400));
    screens.push(("narrowing".into(), model.clone()));
    let list = crate::domain::filter::List::Deliveries;
    for line in ["\u{202e}王\u{1b} sate:\u{1b}x".to_owned(), format!("{} state:x", "王 ".repeat(60)), "(".into()] {
        model.deliveries.narrowing.set(list, &line);
        screens.push((format!("mistake {line:.20?}"), model.clone()));
    }
    for line in ["", "\u{202e}王 state:"] {
        model.deliveries.narrowing.set(list, line);
        model.deliveries.narrowing.complete(list, false);
        screens.push((format!("offer {line:.20?}"), model.clone()));
    }
    screens
}

/// Marks, the question before orders about all that are marked, and what became of them.
fn many(start: &Model, desk: &FakeDesk) -> Vec<(String, Model)> {
    let mut model = start.clone();
    press(&mut model, desk, "3 space space v j j j");
    let mut screens = vec![("marks".to_owned(), model.clone())];
    press(&mut model, desk, "v A d");
    screens.push(("many".to_owned(), model.clone()));
    let wanted = match &mut model.dialog {
        Some(Dialog::Many(dialog)) => dialog.form.count.as_ref().expect("so many must be counted").wanted,
        other => panic!("{other:?}"),
    };
    let digits = wanted.to_string().chars().map(|digit| format!("{digit} ")).collect::<String>();
    press(&mut model, desk, &format!("a enter {digits} enter tab"));
    let mut effects = update(&mut model, Message::Key(Chord::parse("enter").unwrap()), now());
    screens.push(("results under way".to_owned(), model.clone()));
    let mut texts = hostile().into_iter().cycle();
    while let Some(place) = effects.iter().position(|effect| matches!(effect, Effect::Act { .. })) {
        let Effect::Act { order, about } = effects.swap_remove(place) else { unreachable!() };
        let done = Box::new(Err(DeskError::Refused(texts.next().unwrap())));
        effects.extend(update(&mut model, Message::Acted { command: order.command, about, done }, now()));
    }
    press(&mut model, desk, "Z Z");
    screens.push(("results".to_owned(), model.clone()));
    press(&mut model, desk, "Z G");
    screens.push(("results, all open".to_owned(), model));
    screens
}

/// Palette and help: nothing typed, each kind of thing named, and the worst that can be typed.
fn menus(start: &Model, desk: &FakeDesk) -> Vec<(String, Model)> {
    let mut screens = Vec::new();
    for open in ["3 :", "3 S", "3 S down enter", "3 C down enter", "?", "6 enter ?"] {
        let mut model = start.clone();
        press(&mut model, desk, open);
        screens.push((open.to_owned(), model.clone()));
        press(&mut model, desk, "pgdn down up end");
        screens.push((format!("{open} below"), model));
    }
    let typed = ["d-500", "51020390", "j@", "at 21:40", "at x", "mark", "e"].map(str::to_owned);
    for typed in typed.into_iter().chain(hostile()) {
        // What is typed looks the same in both.
        for open in if typed.len() < 20 { &[":", "?"][..] } else { &[":"] } {
            let mut model = start.clone();
            press(&mut model, desk, open);
            let effects = update(&mut model, Message::Paste(typed.clone()), now());
            settle(&mut model, desk, effects);
            screens.push((format!("{open} {:.20}", typed.escape_debug().to_string()), model));
        }
    }
    screens
}

/// Events as they are read: folded, run out to the right, searched, copied, compared.
fn read(start: &Model, desk: &FakeDesk) -> Vec<(String, Model)> {
    let mut screens = Vec::new();
    let mut before = None;
    for (index, text) in hostile().into_iter().enumerate().step_by(3) {
        let mut open = start.clone();
        open.marked = before.take();
        let seq = crate::domain::ids::Seq(500 + index as u64);
        open.details.push(crate::ui::detail::Detail::new(Subject::Event(seq)));
        let effects = update(&mut open, Message::Changed, now());
        settle(&mut open, desk, effects);
        for keys in ["Z G", "w > > G k", "/ a backspace e", "G k k y", "Y", "c", "=", "= Z"] {
            let mut model = open.clone();
            press(&mut model, desk, keys);
            before = model.marked.clone().or(before);
            screens.push((format!("{keys} on {:.20}", text.escape_debug().to_string()), model));
        }
    }
    screens
}

fn check(name: &str, model: &Model, size: (u16, u16)) {
    check_in(name, model, size, Theme::default());
}

fn check_in(name: &str, model: &Model, size: (u16, u16), theme: Theme) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, size.0, size.1));
    view::draw(&mut buffer, model, theme);
    for cell in buffer.content() {
        let bad = |one: char| {
            one.is_control()
                || matches!(one, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fe0f}')
        };
        assert!(!cell.symbol().chars().any(bad), "{name} at {size:?}: {:?}", cell.symbol());
        assert!(cell.symbol().chars().count() < 24, "{name} at {size:?}: a pile of {}", cell.symbol().len());
    }
    // No half of a wide character: it fits its row, and nothing is drawn where it lies.
    for y in 0..size.1 {
        for x in 0..size.0 {
            let cells = crate::ui::text::width(buffer[(x, y)].symbol());
            assert!(cells <= usize::from(size.0 - x), "{name} at {size:?}: cut at the edge of row {y}");
            if cells == 2 {
                let beside = buffer[(x + 1, y)].symbol();
                assert!(beside.trim().is_empty(), "{name} at {size:?}: {beside:?} over half a character at {x}, {y}");
            }
        }
    }
    buffer
}

/// Every third view with every kind of thing over it, for the themes: the look does not depend on which it is.
#[test]
fn every_theme_draws_the_same_cells_in_colours_of_its_own() {
    let desk = FakeDesk::new(hostile_ledger());
    for (name, model) in screens(&desk).into_iter().step_by(3) {
        for size in [(1, 1), (37, 9), (60, 15), (80, 24), (120, 36), (250, 80)] {
            let mut told = model.clone();
            told.size = size;
            if told.splits() {
                let effects = update(&mut told, Message::Resized(size), now());
                settle(&mut told, &desk, effects);
            }
            let plain = check_in(&name, &told, size, Theme::default());
            for theme in palette::every() {
                let buffer = check_in(&name, &told, size, theme);
                let told = |cell: &Cell| (cell.symbol().to_owned(), cell.bg, cell.modifier);
                let same = buffer.content().iter().zip(plain.content()).all(|(one, other)| told(one) == told(other));
                assert!(same, "{name} at {size:?} says or stresses something else in {theme:?}");
            }
        }
    }
}

#[test]
fn while_nothing_changes_the_ledger_is_not_asked() {
    let desk = FakeDesk::new(Ledger::busy());
    let mut model = Model::new("ana".into(), now(), (120, 36));
    let effects = update::open(&mut model);
    settle(&mut model, &desk, effects);
    let asked = |model: &mut Model, message, after| {
        let present = now() + chrono::TimeDelta::seconds(after);
        desk.ledger.lock().unwrap().now = present;
        let effects = update(model, message, present);
        let asked = effects.iter().filter(|effect| matches!(effect, Effect::Ask { .. })).count();
        settle(model, &desk, effects);
        asked
    };
    for view in ["1", "2", "3", "6"] {
        press(&mut model, &desk, view);
        // What the key has asked for is there; counts are asked once a minute, or after a change.
        asked(&mut model, Message::Tick, 60);
        for _ in 0..30 {
            assert_eq!(asked(&mut model, Message::Tick, 60), 0, "{view}");
        }
        assert_eq!(asked(&mut model, Message::Tick, 120), 1, "{view}");
        assert_eq!(asked(&mut model, Message::Changed, 120), 1, "{view}");
        assert_eq!(asked(&mut model, Message::Tick, 120), 1, "{view}");
    }
}

#[test]
fn every_screen_draws_at_every_size() {
    let desk = FakeDesk::new(hostile_ledger());
    for (name, model) in screens(&desk) {
        for width in (1..=130).step_by(43).chain([60, 80, 110]) {
            for height in (1..=50).step_by(16).chain([15, 24, 32]) {
                // Both after the loop was told of the size, and just before.
                check(&name, &model, (width, height));
            }
        }
        // Where a list has what its row says beside it, that is a screen of its own.
        let over = model.menu.is_some() || model.dialog.is_some() || !model.details.is_empty();
        let large = [(200, 60)].into_iter().filter(|_| !over);
        for size in [(1, 1), (60, 15), (80, 24), (110, 32)].into_iter().chain(large) {
            let mut told = model.clone();
            let effects = update(&mut told, Message::Resized(size), now());
            settle(&mut told, &desk, effects);
            check(&name, &told, size);
        }
    }
}

#[test]
fn any_keys_in_any_order_keep_the_state_sound() {
    let desk = FakeDesk::new(hostile_ledger());
    let mut model = Model::new("ana".into(), now(), (80, 24));
    let effects = update::open(&mut model);
    settle(&mut model, &desk, effects);
    let keys: Vec<&str> = crate::ui::action::TABLE
        .iter()
        .flat_map(|entry| entry.keys)
        .copied()
        .chain(["y", "n", "a", "backspace", "enter", "esc"])
        .collect();
    let mut random = 7_u64;
    for round in 0..600 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let key = keys[(random >> 33) as usize % keys.len()];
        press(&mut model, &desk, key);
        if round % 10 == 0 {
            check(key, &model, (80, 24));
        }
    }
}

#[test]
fn without_colour_the_selection_and_the_states_can_still_be_told() {
    let desk = FakeDesk::new(Ledger::busy());
    let mut model = Model::new("ana".into(), now(), (120, 36));
    let effects = update::open(&mut model);
    settle(&mut model, &desk, effects);
    let mut buffer = Buffer::empty(Rect::new(0, 0, 120, 36));
    view::draw(&mut buffer, &model, palette::theme(ThemeName::Monochrome, Depth::True));
    assert!(
        buffer
            .content()
            .iter()
            .all(|cell| cell.fg == ratatui::style::Color::Reset && cell.bg == ratatui::style::Color::Reset)
    );
    let reversed = |cell: &&ratatui::buffer::Cell| cell.modifier.contains(ratatui::style::Modifier::REVERSED);
    assert!(buffer.content().iter().filter(reversed).count() > 50);
    assert!(text_of(&buffer).contains("> ! HELD"));
}
