//! Any tree can be written and read back, is judged as a plain reading of it would, and no text does harm.

use proptest::prelude::*;

use super::expression::{Condition, Test, Text};
use super::field::{Comparison, Kind, Known, Value};
use super::fields::{FIELDS, field};
use super::parse::{MOST_BYTES, MOST_DEEP};
use super::*;
use crate::domain::delivery::{Delivery, State};
use crate::domain::ids::{DeliveryId, Seq};
use crate::domain::query::{Brief, EventRow};

fn now() -> Timestamp {
    "2026-11-22T14:30:00Z".parse().unwrap()
}

fn event(seq: u64, ticket: &str, amount: &str) -> EventRow {
    EventRow {
        seq: Seq(seq),
        received_at: now() - chrono::Duration::minutes(seq as i64),
        family: if seq.is_multiple_of(2) { "ticket" } else { "notifyMe" }.into(),
        action: "ticket.updated".into(),
        kind: None,
        ticket: Some(ticket.into()),
        duplicate_of: seq.is_multiple_of(3).then_some(Seq(1)),
        drift: (seq % 4) as u16,
        brief: Brief { from: Some("Joe@x.org".into()), amount: Some(amount.into()), ..Brief::default() },
    }
}

fn delivery(id: u64, kind: crate::domain::delivery::Kind) -> Delivery {
    let due = now() + chrono::Duration::minutes(id as i64 - 5);
    Delivery { attempts: id as u32, ..Delivery::new(DeliveryId(Seq(id)), kind, State::Pending { due }, now()) }
}

const BODY: &[u8] =
    br#"{"family":"ticket","action":"ticket.updated","data":{"order":"order-77","note":"a \"b\" (c)"}}"#;

fn wants(text: &str, row: &EventRow) -> bool {
    let filter = Filter::parse(List::Events, text).unwrap_or_else(|problem| panic!("{text}: {problem}"));
    filter.judge(row, Some(BODY), now()).expect("with a body nothing is open")
}

#[test]
fn the_language_means_what_people_expect() {
    let row = event(6, "127471-2", "12345678901234567890123.10");
    for text in [
        "",
        "  ",
        "joe@X.org",
        "joe family:ticket",
        "absent OR joe",
        "absent other OR joe ticket",
        "family:TICKET",
        "-family:listing",
        "-(absent OR other)",
        "--joe",
        "order-77",
        "body:order-77",
        r#""a \"b\" (c)""#,
        "ticket:127471",
        "ticket=127471-2",
        "from=JOE@x.org",
        "seller:joe",
        "person:joe",
        "amount>12345678901234567890123.09",
        "amount=12345678901234567890123.1",
        "amount<12345678901234567890123.11",
        "drift>=2",
        "duplicate:yes",
        "reversal:no",
        "age<10m age>5m",
        "at>=14:00 at:2026-11-22",
        "at=14:24",
        "seq:6",
        "-to:joe",
    ] {
        assert!(wants(text, &row), "{text}");
    }
    for text in [
        "absent",
        "-joe",
        "joe absent OR other",
        "(joe OR absent) other",
        "-(joe OR absent)",
        "ticket=127471",
        "amount>12345678901234567890123.10",
        "to:joe",
        "age<5m",
        "at<14:00",
        "at>14:24",
        "family:tick",
        // A field's name in the payload is not what it says.
        "body:note",
    ] {
        assert!(!wants(text, &row), "{text}");
    }
    let nothing = EventRow { brief: Brief::default(), ..row };
    assert!(!wants("amount<5", &nothing) && !wants("amount>=5", &nothing) && wants("-amount>=5", &nothing));
    assert!(!wants(
        "amount>0",
        &EventRow { brief: Brief { amount: Some("ten".into()), ..Brief::default() }, ..nothing }
    ));
}

#[test]
fn a_delivery_is_judged_without_its_body_where_that_does() {
    let row = delivery(3, crate::domain::delivery::Kind::Return);
    let judged = |text: &str| Filter::parse(List::Deliveries, text).unwrap().judge(&row, None, now());
    for (text, wanted) in [
        ("kind:return", Some(true)),
        ("id:d-3 attempts>=3", Some(true)),
        ("id>D-3", Some(false)),
        ("due<0s", Some(true)),
        ("due<1m -due<-3m", Some(true)),
        ("order-77", None),
        ("-order-77", None),
        ("order-77 kind:transfer", Some(false)),
        ("kind:transfer order-77", Some(false)),
        ("order-77 OR kind:return", Some(true)),
        ("amount>5 OR kind:transfer", None),
        ("pending", Some(true)),
    ] {
        assert_eq!(judged(text), wanted, "{text}");
    }
    let whole = |text: &str| Filter::parse(List::Deliveries, text).unwrap().judge(&row, Some(BODY), now());
    assert_eq!((whole("order-77"), whole("-order-77"), whole("amount>5")), (Some(true), Some(false), Some(false)));
}

#[test]
fn a_mistake_has_a_place_and_a_sentence() {
    for (list, text, place, says, unfinished) in [
        (
            List::Deliveries,
            "joe sate:failed",
            "sate",
            "no field `sate`: did you mean `state`? As a text: \"sate:failed\"",
            false,
        ),
        (List::Events, "foo:bar", "foo", "no field `foo`; to look for the text itself, quote it: \"foo:bar\"", false),
        (List::Events, "amount>abc", "abc", "`amount>abc`: a number is wanted after `>`, as in `amount>500`", false),
        (List::Events, "attempts>3", "attempts", "events have no `attempts`: it is a field of deliveries", false),
        (
            List::Deliveries,
            "state:faild x",
            "faild",
            "one of pending, in_flight, delivered, failed, held, cancelled is wanted after `:`: did you mean `failed`?",
            false,
        ),
        (List::Deliveries, "state:fai", "fai", "one of pending", true),
        (List::Deliveries, "state<failed", "<", "it takes `:` `=`, as in `state:failed`", false),
        (List::Deliveries, "age:10m", ":", "it takes `<` `<=` `>` `>=`, as in `age<10m`", false),
        (List::Deliveries, "age<1", "1", "a span of time like 90s, 10m, 2h or 3d is wanted after `<`", true),
        (List::Deliveries, "age<x", "x", "a span of time", false),
        (
            List::Events,
            "ticket: x",
            ":",
            "`ticket:`: an id or a part of it is wanted right behind it, as in `ticket:127471`",
            false,
        ),
        (List::Events, "ticket:", ":", "wanted right behind it", true),
        (List::Events, "a \"b", "\"b", "the quote is not closed", true),
        (List::Events, "a \"\"", "\"\"", "nothing between the quotes", false),
        (List::Events, "from:\"", "\"", "the quote is not closed", true),
        (List::Events, "(a OR (b)", "(", "the group is not closed", true),
        (List::Events, "a) b", ")", "no group is open here", false),
        (List::Events, "a ()", ")", "nothing in the group", false),
        (List::Events, "a OR", "OR", "`OR` stands between two conditions", true),
        (List::Events, "OR a", "OR", "`OR` stands between two conditions", false),
        (List::Events, "(a OR ) b", "OR", "`OR` stands between two conditions", false),
        (List::Events, "a OR OR b", "OR", "`OR` stands between two conditions", false),
        (List::Events, "a -", "-", "`-` stands right before what is not wanted", true),
        (List::Events, "- a", "-", "`-` stands right before what is not wanted", false),
        (List::Events, "-OR", "OR", "`OR` stands", false),
    ] {
        let problem = Filter::parse(list, text).expect_err(text);
        assert_eq!(&text[problem.at.clone()], place, "{text}: {problem}");
        assert!(problem.to_string().contains(says), "{text}: {problem}");
        assert_eq!(problem.is_unfinished(), unfinished, "{text}");
    }
    let deep = format!("{}x{}", "(".repeat(MOST_DEEP + 1), ")".repeat(MOST_DEEP + 1));
    assert!(matches!(Filter::parse(List::Events, &deep).unwrap_err().wrong, Wrong::TooDeep { .. }));
    assert!(matches!(Filter::parse(List::Events, &"-".repeat(1000)).unwrap_err().wrong, Wrong::LonelyMinus { .. }));
    assert!(matches!(
        Filter::parse(List::Events, &"x".repeat(MOST_BYTES + 1)).unwrap_err().wrong,
        Wrong::TooLong { .. }
    ));
    let problem = Filter::parse(List::Events, "Zoë\u{1b} foo:bar").unwrap_err();
    assert_eq!(problem.marked("Zoë\u{1b} foo:bar"), "Zoë\\u001b foo:bar\n          ^^^");
}

#[test]
fn what_looks_odd_can_be_looked_for_as_it_is() {
    for text in [
        "joe+x@gmail.com",
        "12:30",
        "192.0.2.1:4000",
        "127471-2",
        "d-41",
        "a@b:c",
        ":x",
        "<b>",
        "½",
        "a/b?c&d",
        "\\",
        "東京",
    ] {
        let filter = Filter::parse(List::Events, text).unwrap();
        assert_eq!((filter.0, text.to_string()), (Expression::Text(Text::new(text.into())), text.into()));
    }
}

#[test]
fn tab_offers_what_could_stand_there() {
    let offered = |list, text: &str| {
        complete(list, text, text.len()).map_or((0, String::new()), |one| (one.start, one.candidates.join("|")))
    };
    assert_eq!(offered(List::Deliveries, "joe st"), (4, "state:".into()));
    assert_eq!(
        offered(List::Deliveries, "-(state:"),
        (8, "pending |in_flight |delivered |failed |held |cancelled ".into())
    );
    assert_eq!(offered(List::Deliveries, "state:de"), (6, "delivered ".into()));
    assert_eq!(offered(List::Events, "a"), (0, "action:|amount>|age<|at>=".into()));
    assert_eq!(offered(List::Events, "sel"), (0, "from:".into()));
    assert_eq!(offered(List::Events, "family=n"), (7, "notifyMe ".into()));
    assert_eq!(
        complete(List::Events, "", 0).unwrap().candidates.len(),
        FIELDS.iter().filter(|one| one.is_of(List::Events)).count()
    );
    for (text, cursor) in [("\"st", 3), ("state:failed", 12), ("zz", 2), ("é", 1), ("a", 9)] {
        assert_eq!(complete(List::Events, text, cursor), None, "{text}");
    }
}

#[test]
fn bounds_are_those_of_every_wanted_row() {
    let of = |list, text: &str| Filter::parse(list, text).unwrap().bounds(now());
    let states =
        |text: &str| of(List::Deliveries, text).one_of(Known::Stage).map(|all| all.iter().cloned().collect::<Vec<_>>());
    assert_eq!(states("state:failed"), Some(vec!["failed".into()]));
    assert_eq!(states("state:failed OR state:held"), Some(vec!["failed".into(), "held".into()]));
    assert_eq!(states("state:failed OR joe"), None);
    assert_eq!(states("joe (state:failed OR state:held) -state:held state:held"), Some(vec!["held".into()]));
    assert_eq!(states("-state:failed"), None);
    assert_eq!(states("state:failed state:held"), Some(vec![]));
    let one = of(List::Events, "seq>100 seq<=200");
    assert_eq!((one.lowest, one.highest), (Seq(100), Seq(201)));
    let one = of(List::Events, "seq>100 OR age<10m");
    assert_eq!((one.lowest, one.since), (Seq(0), Timestamp::MIN_UTC));
    let one = of(List::Events, "age<10m age>=99999999w");
    assert_eq!((one.since, one.until), (now() - chrono::Duration::minutes(10), Timestamp::MIN_UTC));
    assert_eq!(of(List::Events, "ticket:x -seq>5"), Bounds::NONE);
}

/// A value that a field takes, as typed.
fn value(kind: Kind) -> BoxedStrategy<String> {
    match kind {
        Kind::Text | Kind::Id | Kind::Name(_) => prop_oneof!["[ -~]{1,8}", "\\PC{1,4}", Just("joe".into())].boxed(),
        Kind::Choice(known) => prop::sample::select(known).prop_map(str::to_owned).boxed(),
        Kind::Number => prop_oneof!["-?[0-9]{1,3}", "[0-9]{1,20}\\.[0-9]{1,3}", "[0-9]e-?[0-9]{1,3}"].boxed(),
        Kind::Delivery => "(d-)?[0-9]{1,3}".boxed(),
        Kind::Span => "-?[0-9]{1,3}[smhdw]".boxed(),
        Kind::Moment => prop_oneof!["2026-11-2[0-9]", "1[0-9]:[0-5][0-9]", "2026-11-22T14:[0-5][0-9]:0[0-9]Z"].boxed(),
    }
}

fn term(list: List) -> BoxedStrategy<Expression> {
    let fields: Vec<&'static super::field::Field> = FIELDS.iter().filter(|field| field.is_of(list)).collect();
    let condition = prop::sample::select(fields).prop_flat_map(|field| {
        let comparison = prop::sample::select(field.kind.comparisons());
        (comparison, value(field.kind)).prop_map(move |(comparison, typed)| {
            let test = Test::of(field.kind, comparison, &typed).unwrap_or_else(|| panic!("{}: {typed}", field.name));
            Expression::Condition(Condition { field, comparison, typed, test })
        })
    });
    let text =
        prop_oneof!["[ -~]{1,8}", "\\PC{1,4}", Just("OR".to_owned()), Just("-x".to_owned()), Just("joe".to_owned())];
    prop_oneof![3 => condition, 2 => text.prop_map(|typed| Expression::Text(Text::new(typed)))].boxed()
}

fn tree(list: List) -> BoxedStrategy<Expression> {
    term(list)
        .prop_recursive(4, 24, 4, |part| {
            prop_oneof![
                prop::collection::vec(part.clone(), 2..4).prop_map(Expression::All),
                prop::collection::vec(part.clone(), 2..4).prop_map(Expression::Any),
                part.prop_map(|one| Expression::Not(Box::new(one))),
            ]
        })
        .boxed()
}

/// As simple as can be: every part is judged, the body always at hand.
fn plainly<R: Row>(tree: &Expression, row: &R) -> bool {
    match tree {
        Expression::All(parts) => !parts.iter().any(|part| !plainly(part, row)),
        Expression::Any(parts) => parts.iter().any(|part| plainly(part, row)),
        Expression::Not(one) => !plainly(one, row),
        Expression::Text(text) => {
            let all = format!("{}\n{}", row.text(), super::field::said(BODY));
            all.to_lowercase().contains(&text.typed.to_lowercase())
        }
        Expression::Condition(one) => {
            let values = match R::read(one.field).unwrap() {
                super::field::Read::Row(read) => read(row, now()),
                super::field::Read::Body(read) => read(BODY),
            };
            values.iter().any(|value| plain_value(one, value))
        }
    }
}

fn plain_value(one: &Condition, value: &Value<'_>) -> bool {
    let order = match value {
        Value::Text(text) => {
            return match (one.field.kind, one.comparison) {
                (Kind::Text | Kind::Id, Comparison::Has) => text.to_lowercase().contains(&one.typed.to_lowercase()),
                (Kind::Id, _) => *text == one.typed,
                _ => text.to_lowercase() == one.typed.to_lowercase(),
            };
        }
        Value::Number(number) => {
            number.cmp(&crate::domain::decimal::Decimal::parse(one.typed.trim_start_matches("d-")).unwrap())
        }
        Value::Span(span) => span.cmp(&time::span(&one.typed).unwrap()),
        Value::Moment(moment) => {
            let (from, until) = time::Stretch::parse(&one.typed).unwrap().bounds(now());
            return match one.comparison {
                Comparison::Has | Comparison::Is => from <= *moment && *moment < until,
                Comparison::Less => *moment < from,
                Comparison::AtMost => *moment < until,
                Comparison::More => *moment >= until,
                Comparison::AtLeast => *moment >= from,
            };
        }
    };
    match one.comparison {
        Comparison::Has | Comparison::Is => order.is_eq(),
        Comparison::Less => order.is_lt(),
        Comparison::AtMost => order.is_le(),
        Comparison::More => order.is_gt(),
        Comparison::AtLeast => order.is_ge(),
    }
}

fn admits(bounds: &Bounds, place: Seq, came: Timestamp, known: &[(Known, &str)]) -> bool {
    (bounds.lowest..=bounds.highest).contains(&place)
        && (bounds.since..=bounds.until).contains(&came)
        && known.iter().all(|(known, text)| bounds.one_of(*known).is_none_or(|all| all.contains(*text)))
}

proptest! {
    #[test]
    fn a_tree_that_is_written_is_read_back(list in prop::sample::select(&List::ALL), seed in any::<prop::sample::Index>()) {
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        // The list chooses the fields, so the tree is made here.
        for _ in 0..seed.index(20) + 1 {
            let tree = tree(list).new_tree(&mut runner).unwrap().current();
            let written = tree.to_string();
            if written.len() <= MOST_BYTES {
                prop_assert_eq!(Filter::parse(list, &written), Ok(Filter(tree)), "{}", written);
            }
        }
    }

    #[test]
    fn events_are_judged_as_a_plain_reading_would(tree in tree(List::Events), seq in 0_u64..20, amount in "[0-9]{1,3}(\\.[0-9])?") {
        let row = event(seq, "127471-2", &amount);
        let wanted = plainly(&tree, &row);
        prop_assert_eq!(judge::judge(&tree, &row, Some(BODY), now()), Some(wanted));
        prop_assert!(judge::judge(&tree, &row, None, now()).is_none_or(|early| early == wanted));
        let family = row.family.to_lowercase();
        let known = [(Known::Family, family.as_str()), (Known::Ticket, "127471-2")];
        prop_assert!(!wanted || admits(&Bounds::of(&tree, now()), row.seq, row.received_at, &known), "{}", tree);
    }

    #[test]
    fn deliveries_are_judged_as_a_plain_reading_would(tree in tree(List::Deliveries), id in 0_u64..20, back in any::<bool>()) {
        let kind = if back { crate::domain::delivery::Kind::Return } else { crate::domain::delivery::Kind::Transfer };
        let row = delivery(id, kind);
        let wanted = plainly(&tree, &row);
        prop_assert_eq!(judge::judge(&tree, &row, Some(BODY), now()), Some(wanted));
        prop_assert!(judge::judge(&tree, &row, None, now()).is_none_or(|early| early == wanted));
        let known = [(Known::Stage, "pending"), (Known::Kind, kind.name())];
        prop_assert!(!wanted || admits(&Bounds::of(&tree, now()), row.id.0, row.created_at, &known), "{}", tree);
    }

    #[test]
    fn no_text_does_harm(text in prop_oneof![any::<String>(), "[-()\" :<>=\\\\OR a-z0-9é\u{300}]{0,60}"], cursor in 0_usize..70) {
        for list in List::ALL {
            complete(list, &text, cursor);
            match Filter::parse(list, &text) {
                Ok(filter) => {
                    let again = filter.to_string();
                    prop_assert_eq!(Filter::parse(list, &again), Ok(filter));
                }
                Err(problem) => {
                    prop_assert!(text.get(problem.at.clone()).is_some(), "{:?}", problem);
                    prop_assert!(!problem.to_string().is_empty() && problem.marked(&text).contains('^'));
                }
            }
        }
    }

    #[test]
    fn what_tab_offers_fits_behind_what_is_typed(text in "[-( ]{0,2}[a-z]{0,3}(:[a-z]{0,2})?") {
        for list in List::ALL {
            let Some(Completion { start, candidates }) = complete(list, &text, text.len()) else { continue };
            for candidate in candidates {
                prop_assert!(text.is_char_boundary(start));
                let typed = format!("{}{}", &text[..start], candidate);
                if let Err(problem) = Filter::parse(list, &typed) {
                    prop_assert!(!matches!(problem.wrong, Wrong::NoField { .. } | Wrong::OtherList { .. } | Wrong::WrongValue { .. }), "{}", typed);
                }
            }
        }
    }
}

#[test]
fn every_field_has_a_name_that_finds_it() {
    assert!(FIELDS.iter().all(|one| field(&one.name.to_uppercase()) == Some(one)));
}
