//! Reading what is open: state, keys, what is then on the screen and in the clipboard.

use proptest::prelude::*;

use super::acting::Table;
use super::ledger::{Ledger, SECRETS, event};
use crate::domain::ids::Seq;
use crate::domain::privacy::Privacy;
use crate::domain::query::{Brief, EventDetail};
use crate::domain::record::Fact;
use crate::ui::document::{Data, Document, Joint, Line, Setting};
use crate::ui::exhibit::Pair;
use crate::ui::folds::{Fold, Folds, Path};
use crate::ui::keymap::Keymap;
use crate::ui::update::Message;

/// A payload with room for everything: repeated names, odd characters, depth, a long value.
const ODD: &str = r#"{"family":"ticket","action":"ticket.updated","type":"USER_TRANSFER","data":{
    "id":"5102-王小明","newOwnerEmail":"susana.kann@hotmail.com","oldOwnerEmail":"joe@gmail.com","reversal":false,
    "note":"it's $HOME","note":"again","list":[1,[2,{"deep":"needle"}],{}],
    "metadata":{"payer":{},"seller":{},"order":{"resaleId":"r","grossResalePaidAmount":110,
    "grossResalePaidAmountWithoutBuyerFee":100.00,"buyerFee":0.09,"buyerFeeAmount":9}}}}"#;

/// The newest event is a sale with this body, and open.
fn reading(body: &[u8]) -> Table {
    let mut ledger = Ledger::busy();
    ledger.events.push(event(500, "ticket", "updated", 1, Brief::default(), body.to_vec()));
    let mut table = Table::new(ledger);
    table.keys(1000, "2 enter");
    assert!(table.screen().contains("event 500"), "{}", table.screen());
    table
}

/// Goes to the first line with `text`.
fn go_to(table: &mut Table, text: &str) {
    table.keys(1000, "g");
    let lines = &table.model.detail().expect("a detail").document.lines;
    let at = lines.iter().position(|line| line.text().contains(text)).unwrap_or_else(|| panic!("no line with {text}"));
    for _ in 0..at {
        table.keys(1000, "j");
    }
}

fn line_under_cursor(table: &Table) -> String {
    let detail = table.model.detail().expect("a detail");
    detail.document.lines[detail.cursor].text()
}

fn texts(table: &Table) -> Vec<String> {
    table.model.detail().expect("a detail").document.lines.iter().map(|line| line.text()).collect()
}

fn reveal(table: &mut Table) {
    table.model.privacy = Privacy::Revealed;
    let size = table.model.size;
    table.tell(Message::Resized(size));
}

#[test]
fn parts_fold_and_unfold_where_the_cursor_is() {
    let mut table = reading(ODD.as_bytes());
    let open = texts(&table);
    go_to(&mut table, "\"order\": {");
    table.keys(1000, "z");
    assert_eq!(line_under_cursor(&table).trim(), "▸ \"order\": {… 5 members}");
    assert_eq!(texts(&table).len(), open.len() - 6);
    table.keys(1000, "enter");
    assert_eq!(texts(&table), open);
    // On a value, what is around it.
    go_to(&mut table, "\"buyerFee\": ");
    table.keys(1000, "z");
    assert!(line_under_cursor(&table).contains("\"order\": {… 5 members}"));
    table.keys(1000, "j z");
    assert!(line_under_cursor(&table).contains("\"metadata\": {… 3 members}"), "{}", line_under_cursor(&table));
    table.keys(1000, "Z");
    assert_eq!(texts(&table), open);
    // All but the outermost, so that something is left to read.
    table.keys(1000, "Z");
    let folded = texts(&table);
    assert!(
        folded.iter().any(|line| line.contains("\"id\"")) && folded.iter().any(|line| line.contains("[… 3 elements]"))
    );
    assert!(!folded.iter().any(|line| line.contains("needle")));
    table.keys(1000, "g z");
    assert!(table.toasted("nothing folds here"));
}

#[test]
fn of_two_parts_with_one_name_one_is_folded() {
    let twice = r#"{"family":"x","action":"y","data":{"a":{"n":1},"a":{"n":2}}}"#;
    let mut table = reading(twice.as_bytes());
    go_to(&mut table, "\"a\": {");
    table.keys(1000, "z");
    let shown = texts(&table).join("\n");
    assert!(
        shown.contains("\"a\": {… 1 member}") && shown.contains("\"n\": 2") && !shown.contains("\"n\": 1"),
        "{shown}"
    );
}

#[test]
fn words_are_found_also_where_they_are_folded() {
    let mut table = reading(ODD.as_bytes());
    table.keys(1000, "Z /").text(120, "NEEDLE");
    let screen = table.screen();
    assert!(screen.contains("/NEEDLE ") && screen.contains("1 of 1") && screen.contains("Enter keep"), "{screen}");
    assert!(line_under_cursor(&table).contains("needle"));
    // What was folded for other reasons stays so.
    assert!(texts(&table).iter().any(|line| line.contains("\"metadata\": {… 3 members}")));
    table.keys(1000, "esc");
    assert_eq!(table.model.detail().unwrap().cursor, 0, "back to where it was begun");
    assert!(!texts(&table).iter().any(|line| line.contains("needle")));
    table.keys(1000, "/").text(120, "needle").keys(1000, "enter esc");
    assert!(line_under_cursor(&table).contains("needle"), "what is under the cursor stays open");
    table.keys(1000, "esc");
    assert!(table.model.details.is_empty());
}

#[test]
fn hits_are_counted_and_gone_through() {
    let mut table = reading(ODD.as_bytes());
    table.keys(1000, "/").text(120, "buyerfee");
    assert!(table.screen().contains("1 of 3"), "{}", table.screen());
    let first = table.model.detail().unwrap().cursor;
    table.keys(1000, "enter n");
    assert!(table.screen().contains("2 of 3"));
    table.keys(1000, "N N");
    assert!(table.screen().contains("3 of 3"), "round the ends: {}", table.screen());
    table.keys(1000, "n");
    assert_eq!(table.model.detail().unwrap().cursor, first);
    // Underlined and bold, not coloured; the one that the reader is at not reversed on the reversed line.
    let buffer = {
        let monochrome =
            crate::ui::palette::theme(crate::config::ThemeName::Monochrome, crate::ui::colour::Depth::True);
        let mut buffer = ratatui::buffer::Buffer::empty(ratatui::layout::Rect::new(0, 0, 120, 36));
        crate::ui::view::draw(&mut buffer, &table.model, monochrome);
        buffer
    };
    use ratatui::style::Modifier;
    let marked = |cell: &&ratatui::buffer::Cell| cell.modifier.contains(Modifier::UNDERLINED | Modifier::BOLD);
    assert_eq!(buffer.content().iter().filter(marked).count(), 3 * "buyerfee".len());
    table.keys(1000, "/").text(120, "zzz");
    assert!(table.screen().contains("not found"));
    // Typed letters are no keys, and a pasted text is typed.
    table.tell(Message::Paste("x".into()));
    assert!(table.screen().contains("/zzzx"));
    table.keys(1000, "esc n");
    assert!(table.toasted("nothing is looked for"));
}

#[test]
fn what_is_masked_is_not_found() {
    let mut table = reading(ODD.as_bytes());
    table.keys(1000, "/").text(120, "susana.kann");
    assert!(table.screen().contains("not found"), "{}", table.screen());
    table.keys(1000, "esc");
    reveal(&mut table);
    table.keys(1000, "/").text(120, "susana.kann@hotmail.com\"");
    assert!(table.screen().contains("1 of 1"), "{}", table.screen());
}

#[test]
fn a_wrapped_value_is_one_text() {
    let long = format!("{}NEEDLE{}", "x".repeat(90), "y".repeat(300));
    let body = format!(r#"{{"family":"x","action":"y","data":{{"long":"{long}"}}}}"#);
    let mut table = reading(body.as_bytes());
    for width in [60, 80, 97, 120, 121, 122, 123, 124, 200] {
        table.tell(Message::Resized((width, 24)));
        table.keys(1000, "/").text(120, "needle");
        assert!(table.screen().contains("1 of 1"), "{width}\n{}", table.screen());
        table.keys(1000, "esc");
    }
    table.tell(Message::Resized((80, 24)));
    table.keys(1000, "w");
    assert!(table.screen().contains("column 1") && !table.screen().contains("NEEDLE"), "{}", table.screen());
    table.keys(1000, "> > > > > > >");
    assert!(table.screen().contains("column 57") && table.screen().contains("NEEDLE"), "{}", table.screen());
    table.keys(1000, "< w >");
    assert!(!table.screen().contains("column 49") && table.toasted("values are wrapped"));
}

#[test]
fn a_value_is_copied_masked_unless_revealed() {
    let mut table = reading(ODD.as_bytes());
    go_to(&mut table, "newOwnerEmail");
    table.keys(1000, "y");
    assert_eq!(table.copies, ["s•••@hotmail.com"]);
    let screen = table.screen();
    assert!(screen.contains("copied the value") && screen.contains("personal data is masked: `m`"), "{screen}");
    // Keys that mean nothing to it close it and do what they do.
    table.keys(1000, "j");
    assert!(table.model.copied.is_some());
    table.keys(1000, "esc");
    assert!(table.model.copied.is_none() && table.model.detail().is_some());
    reveal(&mut table);
    table.keys(1000, "y");
    assert_eq!(table.copies[1], "susana.kann@hotmail.com");
    assert!(!table.screen().contains("is masked"));
    table.keys(1000, "z");
    assert!(table.model.copied.is_none());
    table.model.privacy = Privacy::Masked;
    let size = table.model.size;
    table.tell(Message::Resized(size));
    go_to(&mut table, "says ");
    table.keys(1000, "y");
    assert!(table.screen().contains("is masked: `m`"), "{}", table.screen());
    table.keys(1000, "esc");
    for (line, value) in [
        ("\"id\"", "5102-王小明"),
        ("grossResalePaidAmountWithoutBuyerFee", "100.00"),
        ("[", "[1,[2,{\"deep\":\"needle\"}],{}]"),
    ] {
        table.keys(1000, "Z Z");
        if !texts(&table).iter().any(|one| one.contains(line)) {
            table.keys(1000, "Z");
        }
        go_to(&mut table, line);
        table.keys(1000, "y esc");
        assert_eq!(table.copies.last().map(String::as_str), Some(value), "{line}");
    }
}

#[test]
fn a_payload_is_copied_byte_for_byte() {
    let mut table = reading(ODD.as_bytes());
    table.keys(1000, "Y esc");
    for secret in SECRETS {
        assert!(!table.copies[0].contains(secret), "{secret}");
    }
    reveal(&mut table);
    table.keys(1000, "Y");
    assert_eq!(table.copies[1], ODD);
    let mut table = Table::new(Ledger::busy());
    table.keys(1000, "6 enter");
    assert!(matches!(table.model.detail().unwrap().data, Some(Data::Rejected(_))));
    table.keys(1000, "Y");
    assert!(table.copies.is_empty() && table.toasted("not UTF-8 from byte 0 on"), "{:?}", table.model.toasts);
    table.keys(1000, "c");
    assert!(table.copies.is_empty());
}

#[test]
fn what_is_too_long_for_a_terminal_is_said_and_shown() {
    let body = format!(r#"{{"family":"x","action":"y","data":{{"long":"{}"}}}}"#, "王".repeat(40_000));
    let mut table = reading(body.as_bytes());
    table.keys(1000, "Y");
    let screen = table.screen();
    assert!(
        table.copies.is_empty() && screen.contains("not copied: event 500") && screen.contains("is too long"),
        "{screen}"
    );
    assert!(screen.contains("王王王"));
}

#[test]
fn hostile_text_is_shown_as_escapes() {
    let body = br#"{"family":"x","action":"y","data":{"a":"\u001b]52;c;eA==\u0007\u202e"}}"#;
    let mut table = reading(body);
    go_to(&mut table, "\"a\"");
    table.keys(1000, "y");
    assert_eq!(table.copies, ["\u{1b}]52;c;eA==\u{7}\u{202e}"]);
    let screen = table.screen();
    assert!(screen.contains("␛]52;c;eA==␇") && !screen.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{screen}");
}

#[test]
fn an_event_is_copied_as_the_command_that_sends_it() {
    let mut table = reading(ODD.as_bytes());
    table.keys(1000, "c");
    let command = table.copies[0].clone();
    assert!(command.starts_with("curl -sS -X POST 'http://127.0.0.1:8787/webhooks/menta'"), "{command}");
    for secret in SECRETS {
        assert!(!command.contains(secret), "{secret} in {command}");
    }
    assert!(table.screen().contains("personal data is masked"));
    table.keys(1000, "esc");
    reveal(&mut table);
    table.keys(1000, "c");
    let quoted = ODD.replace('\'', r"'\''");
    assert!(table.copies[1].ends_with(&format!("--data-raw '{quoted}'")), "{}", table.copies[1]);
}

#[test]
fn an_attempt_is_copied_as_the_command_that_makes_it() {
    let mut ledger = Ledger::busy();
    // Who is named by a phone number is masked too, though no field says what it is.
    ledger.change(390, |one| one.from = Some("+5491155501234".into()));
    let mut table = Table::new(ledger);
    table.keys(1000, "3 s enter c");
    let command = table.copies.pop().expect("a command");
    let key = format!("-H 'Idempotency-Key: {}'", table.model.chosen_delivery().unwrap().idempotency_key());
    for part in ["'http://127.0.0.1:9000/deliveries'", &key, r#""delivery":"d-390""#, r#""attempt":1,"#, "••••34"]
    {
        assert!(command.contains(part), "{part} in {command}");
    }
    for secret in SECRETS {
        assert!(!command.contains(secret), "{secret} in {command}");
    }
    table.keys(1000, "esc");
    reveal(&mut table);
    table.keys(1000, "c");
    let revealed = table.copies.pop().expect("a command");
    assert!(revealed.contains("+5491155501234") && revealed.contains("12345678901234567890123.10"), "{revealed}");
}

#[test]
fn two_events_are_set_side_by_side() {
    let once = ODD.replace("\"note\":\"again\",", "");
    let mut table = reading(once.as_bytes());
    table.keys(1000, "=");
    assert!(table.toasted("event 500 is marked"));
    let other = once
        .replace("\"reversal\":false", "\"reversal\":true")
        .replace("susana.kann", "susan")
        .replace("\"buyerFeeAmount\":9", "\"added\":{\"x\":1}");
    table.change(|ledger| {
        ledger.events.push(event(501, "ticket", "updated", 0, Brief::default(), other.into_bytes()));
    });
    table.keys(1000, "esc g enter");
    assert!(table.screen().contains("event 501"));
    for (width, two) in [(80, false), (120, true), (200, true)] {
        table.tell(Message::Resized((width, 36)));
        table.keys(1000, "=");
        table.model.toasts.clear();
        let screen = table.screen();
        for part in ["event 500 beside event 501", "4 differences"] {
            assert!(screen.contains(part), "{part}\n{screen}");
        }
        let line =
            |what: &str| screen.lines().find(|line| line.contains(what)).unwrap_or_else(|| panic!("{what}\n{screen}"));
        let sign = |what: &str| line(what)[1..].trim_start().chars().next();
        assert_eq!((sign("\"buyerFeeAmount\": 9"), sign("\"added\": {")), (Some('-'), Some('+')), "{screen}");
        assert_eq!(line("\"reversal\": false").contains("\"reversal\": true"), two, "{screen}");
        // They differ, though their masks are alike.
        assert!(line("newOwnerEmail").contains("s•••@hotmail.com") && sign("newOwnerEmail") == Some('~'), "{screen}");
        assert!(screen.contains("≠ masked"), "{screen}");
        assert!(screen.contains("3 the same"), "{screen}");
        for secret in SECRETS {
            assert!(!screen.contains(secret), "{secret}\n{screen}");
        }
        let border = |line: &&str| line.contains(" │ ");
        let columns: std::collections::BTreeSet<usize> = screen
            .lines()
            .filter(border)
            .map(|line| crate::ui::text::width(line.split(" │ ").next().unwrap()))
            .collect();
        assert_eq!(columns.len(), usize::from(two), "one column for all: {screen}");
        table.keys(1000, "esc esc g j enter = esc g enter");
        assert!(table.model.marked.is_some());
    }
}

#[test]
fn a_mark_is_taken_back_and_asks_for_its_like() {
    let mut table = reading(ODD.as_bytes());
    table.keys(1000, "= =");
    assert!(table.model.marked.is_none() && table.toasted("no longer marked"));
    table.keys(1000, "= esc 3 s enter =");
    assert!(table.toasted("attempt 1 of d-390 is marked"), "{:?}", table.model.toasts);
    table.keys(1000, "esc 6 enter =");
    assert!(table.toasted("nothing to compare here"));
}

#[test]
fn a_timeline_compares_with_what_came_before() {
    let mut table = Table::new(Ledger::busy());
    table.keys(1000, "3 s enter t");
    let mut timeline = match table.model.detail().and_then(|detail| detail.data.clone()) {
        Some(Data::Ticket(timeline)) => timeline,
        other => panic!("{other:?}"),
    };
    let (mut sold, mut tried) = (timeline.records[0].clone(), timeline.records[1..3].to_vec());
    sold.seq.0 += 5000;
    sold.body = String::from_utf8(sold.body).unwrap().replace("\"reversal\":false", "\"reversal\":true").into_bytes();
    for record in &mut tried {
        record.seq.0 += 6000;
        match &mut record.head.fact {
            Fact::AttemptStarted(fact) => fact.attempt = 2,
            Fact::AttemptFinished(fact) => {
                fact.attempt = 2;
                fact.answer.status = Some(503);
                fact.answer.text = "503 call +5491155501234".into();
            }
            _ => {}
        }
    }
    timeline.records.push(sold);
    timeline.records.extend(tried);
    let put = |table: &mut Table| {
        let setting = Setting { width: 120, privacy: Privacy::Masked, now: super::ledger::now(), by_hand: false };
        let detail = table.model.details.last_mut().unwrap();
        detail.data = Some(Data::Ticket(timeline.clone()));
        detail.write(30, &table.model.keys, setting);
    };
    put(&mut table);
    go_to_link(&mut table, "sale reversed");
    table.keys(1000, "-");
    let screen = table.screen();
    assert!(screen.contains("1 difference") && screen.contains(" ~ "), "{screen}");
    table.keys(1000, "esc");
    put(&mut table);
    table.keys(1000, "G -");
    let screen = table.screen();
    assert!(screen.contains("attempt 1 of d-390 beside attempt 2 of d-390"), "{screen}");
    assert!(
        screen.contains("\"status\": 422") && screen.contains("\"status\": 503") && screen.contains("••••34"),
        "{screen}"
    );
    assert!(!screen.contains("+549"), "{screen}");
    // The first of its kind has none before it.
    table.keys(1000, "esc g");
    go_to_link(&mut table, "sold ");
    table.keys(1000, "-");
    assert!(table.toasted("nothing of its kind before"), "{:?}", table.model.toasts);
}

/// Goes to the first link with `text`, in a list.
fn go_to_link(table: &mut Table, text: &str) {
    table.keys(1000, "g");
    for _ in 0..60 {
        if line_under_cursor(table).contains(text) {
            return;
        }
        table.keys(1000, "j");
    }
    panic!("never at {text}: {:?}", texts(table));
}

#[test]
fn amounts_that_do_not_add_up_are_pointed_out() {
    let mut table = reading(ODD.as_bytes());
    let screen = table.screen();
    assert!(screen.contains("≠ does not add up: amount paid 110.00 ≠ price 100.00 + buyer fee 9.00"), "{screen}");
    go_to(&mut table, "\"grossResalePaidAmount\"");
    assert!(line_under_cursor(&table).contains("≠ does not add up"));
    let mut table = reading(ODD.replace("110", "109").as_bytes());
    assert!(table.screen().contains("✓ they add up"), "{}", table.screen());
    table.change(|ledger| {
        let wrong = Brief { wrong_sums: true, ..Brief::default() };
        ledger.events.push(event(501, "ticket", "updated", 0, wrong, ODD.into()));
    });
    table.keys(1000, "esc g");
    assert!(table.screen().contains("≠ amounts"), "{}", table.screen());
}

#[test]
fn the_cursor_stays_on_its_line_when_lines_come_above_it() {
    let mut table = Table::new(Ledger::busy());
    table.keys(1000, "3 s enter");
    go_to(&mut table, "\"sellerFee\"");
    let before = line_under_cursor(&table);
    let top = table.model.detail().unwrap().cursor - table.model.detail().unwrap().scroll;
    // A reason that takes lines.
    table.change(|ledger| {
        ledger.change(390, |one| {
            one.last = Some(crate::domain::delivery::LastAttempt {
                outcome: crate::domain::retry::Outcome::Refused,
                text: "422 because ".repeat(40),
            });
        });
    });
    let detail = table.model.detail().unwrap();
    assert_eq!((line_under_cursor(&table), detail.cursor - detail.scroll), (before, top));
}

fn document(body: &[u8], width: u16, folds: &Folds) -> Document {
    let (row, body) = event(500, "x", "y", 1, Brief::default(), body.to_vec());
    let detail = EventDetail { row, from: "192.0.2.1:4000".into(), body, drift: Vec::new(), deliveries: Vec::new() };
    let setting = Setting { width, privacy: Privacy::Masked, now: super::ledger::now(), by_hand: false };
    crate::ui::document::write(&Data::Event(Box::new(detail)), &Keymap::default(), setting, folds, true)
}

fn compared(one: &[u8], other: &[u8], width: u16, folds: &Folds) -> Document {
    let exhibit = |seq: u64, body: &[u8]| crate::ui::exhibit::event(Seq(seq), body).expect("a webhook");
    let pair = Pair::of(exhibit(1, one), exhibit(2, other));
    let setting = Setting { width, privacy: Privacy::Masked, now: super::ledger::now(), by_hand: false };
    crate::ui::document::write(&Data::Comparison(Box::new(pair)), &Keymap::default(), setting, folds, true)
}

/// The parts of a document that fold, in its order.
fn parts(document: &Document) -> Vec<(Path, Fold)> {
    document.lines.iter().filter_map(|line| Some((line.path()?.clone(), line.fold?))).collect()
}

fn any_body() -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        (0_u32..2000).prop_map(|n| n.to_string()),
        ".{0,60}".prop_map(|text: String| serde_json::to_string(&text).expect("a string")),
        "[王é ]{50,200}".prop_map(|text: String| serde_json::to_string(&text).expect("a string")),
    ];
    let tree = leaf.prop_recursive(6, 40, 4, |inner| {
        let name = prop_oneof!["[ab]", "[王x]{30,150}"];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|all| format!("[{}]", all.join(","))),
            proptest::collection::vec((name, inner), 0..4).prop_map(|all| {
                let members: Vec<String> = all.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    });
    tree.prop_map(|data| format!(r#"{{"family":"x","action":"x.y","data":{data}}}"#).into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn folding_hides_what_is_inside_and_loses_nothing(body in any_body(), choice in any::<u64>()) {
        let whole = document(&body, 80, &Folds::default());
        let mut folds = Folds::default();
        let mut folded: Vec<Path> = Vec::new();
        for (index, (path, fold)) in parts(&whole).into_iter().enumerate() {
            if choice >> (index % 64) & 1 == 1 {
                folds.flip(&path, fold);
                folded.push(path);
            }
        }
        let shown = document(&body, 80, &folds);
        let hidden = |line: &Line| line.path().is_some_and(|path| {
            let end = line.fold.is_none() && line.joint == Joint::Own;
            let inside = |part: &Path| path.starts_with(part) && (path.len() > part.len() || end);
            folded.iter().any(inside)
        });
        // What stands for the part may need another line below a name that is too long for one.
        let goes_on = |line: &Line| line.joint != Joint::Own && line.path().is_some_and(|path| folded.contains(path));
        let left: Vec<&Line> = whole.lines.iter().filter(|line| !hidden(line) && !goes_on(line)).collect();
        let seen: Vec<&Line> = shown.lines.iter().filter(|line| !goes_on(line)).collect();
        prop_assert_eq!(left.len(), seen.len());
        for (one, other) in left.into_iter().zip(seen) {
            prop_assert_eq!(one.path(), other.path());
            let is_folded = other.path().is_some_and(|path| folded.contains(path));
            prop_assert!(is_folded || one.text() == other.text());
            prop_assert!(!is_folded || other.fold.is_none_or(|fold| !fold.open));
        }
        // Flipped back, it is as it was.
        for (path, _) in parts(&shown).into_iter().filter(|(_, fold)| !fold.open) {
            let fold = folds.at(&path, true);
            folds.flip(&path, fold);
        }
        folds = if parts(&document(&body, 80, &folds)).iter().all(|(_, fold)| fold.open) { folds } else { Folds::all(true) };
        prop_assert_eq!(document(&body, 80, &folds), whole);
    }

    #[test]
    fn nothing_runs_out_of_its_column(one in any_body(), other in any_body(), width in 20_u16..220) {
        let fits = |document: &Document| {
            document.lines.iter().all(|line| crate::ui::text::width(&line.text()) <= usize::from(width.max(22)) - 2)
        };
        prop_assert!(fits(&document(&one, width, &Folds::default())));
        for folds in [Folds::default(), Folds::all(true), Folds::all(false)] {
            let both = compared(&one, &other, width, &folds);
            prop_assert!(both.lines.iter().skip(2).all(|line| crate::ui::text::width(&line.text()) <= usize::from(width)));
            if width >= 100 {
                let before = |line: &Line| {
                    let spans = line.spans.iter().take_while(|span| span.text != " │ ");
                    spans.map(|span| crate::ui::text::width(&span.text)).sum::<usize>()
                };
                let rows = both.lines.iter().filter(|line| line.spans.iter().any(|span| span.text == " │ "));
                let columns: std::collections::BTreeSet<usize> = rows.map(before).collect();
                prop_assert!(columns.len() <= 1, "{columns:?}");
            }
        }
    }
}
