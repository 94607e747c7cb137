//! A search answers what filtering all rows in memory would, whatever the indexes make of it.

use proptest::prelude::*;

use super::*;
use crate::domain::filter::{self, Filter, Row};
use crate::domain::query::EventRow;
use crate::store::sifting::Sifting;

/// When the questions are asked: some of the made-up records are older than a minute, some are not.
const NOW: i64 = 75;

fn now() -> Timestamp {
    at(NOW)
}

/// Conditions of which each is known to some index, or to none.
fn condition() -> impl Strategy<Value = String> {
    let time = (0_i64..80).prop_map(|second| at(second).to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
    let sign = prop::sample::select(&["<", "<=", ">", ">="]);
    prop_oneof![
        prop::sample::select(&[
            "state:pending",
            "state:failed",
            "state:held",
            "kind:return",
            "kind:transfer",
            "family:ticket",
            "family:NEW-1",
            "family:nothing",
            "ticket=ticket-1",
            "ticket=TICKET-1",
            "ticket:ticket-",
            "from:seller",
            "attempts>=1",
            "duplicate:yes",
            "reversal:no",
            "show=show-1",
            "show-1",
            "ticket-1",
            "ACTIVE",
            "not_json",
            "resent:no",
            "body:show-2",
            "amount>0",
            "behind:d-1",
            "tickets>1",
        ])
        .prop_map(str::to_owned),
        (sign.clone(), 0_u64..70).prop_map(|(sign, number)| format!("seq{sign}{number}")),
        (0_u64..70).prop_map(|number| format!("seq={number}")),
        (sign.clone(), 0_u64..70).prop_map(|(sign, number)| format!("id{sign}{number}")),
        (sign.clone(), 0_i64..80).prop_map(|(sign, age)| format!("age{sign}{age}s")),
        (sign, time.clone()).prop_map(|(sign, time)| format!("at{sign}{time}")),
        time.prop_map(|time| format!("at:{time}")),
    ]
}

fn filters() -> impl Strategy<Value = String> {
    condition().prop_recursive(3, 8, 3, |part| {
        prop_oneof![
            prop::collection::vec(part.clone(), 1..4).prop_map(|parts| parts.join(" ")),
            prop::collection::vec(part.clone(), 1..4).prop_map(|parts| format!("({})", parts.join(" OR "))),
            part.prop_map(|one| format!("-({one})")),
        ]
    })
}

/// All rows of a list, page by page.
fn walk<T>(limit: usize, place: impl Fn(&T) -> Seq, ask: impl Fn(Window) -> Page<T>, filter: &str) -> Vec<T> {
    let (mut rows, mut window) = (Vec::new(), Window { filter: filter.to_owned(), ..Window::newest(limit) });
    loop {
        let page = ask(window.clone());
        assert!(page.rows.len() <= limit);
        let (last, next) = (page.rows.last().map(&place), page.searched.and_then(|searched| searched.next));
        let next = if filter.is_empty() { last.filter(|_| page.older).map(|last| Seq(last.0 - 1)) } else { next };
        rows.extend(page.rows);
        match next {
            Some(next) => {
                assert!(last.is_none_or(|last| next < last), "a row could come twice");
                window.cursor = Cursor::From(next);
            }
            None => return rows,
        }
    }
}

/// All rows of a search.
fn walk_on<T>(limit: usize, place: impl Fn(&T) -> Seq, ask: impl Fn(Window) -> Page<T>) -> Vec<T> {
    let (mut rows, mut window) = (Vec::new(), Window::newest(limit));
    loop {
        let page = ask(window.clone());
        let searched = page.searched.unwrap();
        assert!(page.rows.iter().all(|row| searched.next.is_none_or(|next| next < place(row))));
        rows.extend(page.rows);
        let Some(next) = searched.next else { return rows };
        window.cursor = Cursor::From(next);
    }
}

fn wanted<R: Row>(filter: &str, row: &R, body: &[u8]) -> bool {
    // A filter of another list wants nothing that this test asks for.
    Filter::parse(R::LIST, filter).is_ok_and(|filter| filter.judge(row, Some(body), now()).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_search_finds_what_filtering_all_rows_would(
        steps in steps(), all in prop::collection::vec(filters(), 20), limit in 1_usize..9,
    ) {
        let (ledger, model) = lived_through(steps);
        let ask = |query: Query| ledger.store().answer(&ledger.reader(), &query, now()).unwrap();
        let body = |seq: Seq| model.records[seq.0 as usize - 1].body.as_slice();
        let events = |window| match ask(Query::Events(EventQuery { family: None, show: None, window })) {
            Answer::Events(page) => page,
            other => panic!("{other:?}"),
        };
        let rows: Vec<EventRow> = walk(100, |row| row.seq, events, "");
        for filter in &all {
            if Filter::parse(filter::List::Events, filter).is_ok() {
                let found = walk(limit, |row| row.seq, events, filter);
                let plain: Vec<EventRow> = rows.iter().filter(|row| wanted(filter, *row, body(row.seq))).cloned().collect();
                prop_assert_eq!(found, plain, "{}", filter);
            }
            // The same of one show's, of one family's, and of both.
            if Filter::parse(filter::List::Events, filter).is_ok() {
                for (family, show) in [(None, Some("show-1")), (Some("notifyMe"), Some("show-0")), (Some("payouts"), None)] {
                    let (family, show) = (family.map(str::to_owned), show.map(str::to_owned));
                    let ask = |window| match ask(Query::Events(EventQuery { family: family.clone(), show: show.as_deref().map(Into::into), window })) {
                        Answer::Events(page) => page,
                        other => panic!("{other:?}"),
                    };
                    // Without a filter as well: of a show it is a search, and says how it goes on.
                    for filter in [filter.as_str(), ""].into_iter().filter(|filter| !filter.is_empty() || show.is_some()) {
                        let of_both = |row: &&EventRow| {
                            family.as_ref().is_none_or(|family| *family == row.family)
                                && (show.is_none() || show == row.brief.show)
                                && wanted(filter, *row, body(row.seq))
                        };
                        let page = |window: Window| ask(Window { filter: filter.to_owned(), ..window });
                        let found = walk_on(limit, |row: &EventRow| row.seq, page);
                        let plain: Vec<EventRow> = rows.iter().filter(of_both).cloned().collect();
                        prop_assert_eq!(found, plain, "{} of {:?} {:?}", filter, family, show);
                    }
                }
            }
            if Filter::parse(filter::List::Deliveries, filter).is_ok() {
                let ask = |window| match ask(Query::Deliveries(DeliveryQuery { stages: vec![], kind: None, overdue: None, window })) {
                    Answer::Deliveries(page) => page,
                    other => panic!("{other:?}"),
                };
                let found = walk(limit, |row| row.id.0, ask, filter);
                let all = model.deliveries.values().rev();
                let plain: Vec<Delivery> = all.filter(|row| wanted(filter, *row, body(row.event))).cloned().collect();
                prop_assert_eq!(&found, &plain, "{}", filter);
                // Held rows, and some that are not there.
                let only: Vec<Seq> = (0..80).step_by(3).map(Seq).collect();
                let still = ask(Window { only: only.clone(), filter: filter.clone(), ..Window::newest(99) }).rows;
                let plain: Vec<Delivery> = plain.into_iter().filter(|row| only.contains(&row.id.0)).collect();
                prop_assert_eq!(still, plain, "{}", filter);
            }
            if Filter::parse(filter::List::Quarantine, filter).is_ok() {
                let ask = |window| match ask(Query::Quarantine(window)) {
                    Answer::Quarantine(page) => page,
                    other => panic!("{other:?}"),
                };
                let every = walk(100, |row| row.seq, ask, "");
                let found = walk(limit, |row| row.seq, ask, filter);
                let plain: Vec<_> = every.into_iter().filter(|row| wanted(filter, row, body(row.seq))).collect();
                prop_assert_eq!(found, plain, "{}", filter);
            }
            if Filter::parse(filter::List::Shows, filter).is_ok() {
                let ask = |window| match ask(Query::Shows(window)) {
                    Answer::Shows(page) => page,
                    other => panic!("{other:?}"),
                };
                let every = walk(100, |row| row.last, ask, "");
                let found = walk(limit, |row| row.last, ask, filter);
                let plain: Vec<_> = every.into_iter().filter(|row| wanted(filter, row, b"")).collect();
                prop_assert_eq!(found, plain, "{}", filter);
            }
        }
    }
}

#[test]
fn an_id_that_stands_only_in_the_payload_finds_its_delivery() {
    let mut ledger = Ledger::new();
    let body = r#"{"family":"ticket","action":"ticket.updated","data":{"id":"t","metadata":{"order":{"orderNumber":"ORD-77","grossResalePaidAmount":12345678901234567890123.10}}}}"#;
    let record = ledger.next(received(body), body.as_bytes(), vec![delivery(1, Some("t"), pending(0))]);
    ledger.apply(&[record]);
    for (filter, found) in [
        ("ord-77", 1),
        ("body:ord-77 state:pending", 1),
        ("-ord-77", 0),
        ("amount>12345678901234567890123.09", 1),
        ("amount>12345678901234567890123.10", 0),
    ] {
        let window = Window { filter: filter.into(), ..Window::newest(5) };
        let Answer::Deliveries(page) =
            ledger.ask(Query::Deliveries(DeliveryQuery { stages: vec![], kind: None, overdue: None, window }))
        else {
            panic!()
        };
        assert_eq!(page.rows.len(), found, "{filter}");
    }
}

#[test]
fn a_delivery_is_found_by_the_body_that_is_sent_and_by_its_reason_and_by_no_other() {
    let mut ledger = Ledger::new();
    let body = |word: &str| sale(&format!("ticket-{word}"), 1);
    let first = ledger.next(received(&body("gnu")), body("gnu").as_bytes(), vec![delivery(1, Some("t"), pending(0))]);
    ledger.apply(&[first]);
    for number in 2..40_u64 {
        let word = if number == 30 { "okapi" } else { "x" };
        let amended = Delivery { event: Seq(30), ..delivery(1, Some("t"), pending(0)) };
        let by = Hand::Operator { who: "ana".into(), why: "a quagga".into() };
        let changed = match number {
            30 => amended,
            31 => delivery(31, Some("u"), State::Delivered { by }),
            32 => delivery(32, Some("v"), State::Failed { why: Failure::UsedUp }),
            _ => delivery(number, Some(&format!("w{number}")), pending(0)),
        };
        let record = ledger.next(received(&body(word)), body(word).as_bytes(), vec![changed]);
        ledger.apply(&[record]);
    }
    for (filter, found) in [
        ("okapi", vec![1]),
        ("gnu", vec![]),
        ("quagga", vec![31]),
        // Of the sentence, not of what stands in the row.
        ("attempts used", vec![32]),
        ("marked", vec![31]),
        ("d-31", vec![31]),
        ("coelacanth", vec![]),
    ] {
        let ask = |window| match ledger.ask(Query::Deliveries(DeliveryQuery {
            stages: vec![],
            kind: None,
            overdue: None,
            window,
        })) {
            Answer::Deliveries(page) => page,
            other => panic!("{other:?}"),
        };
        let rows = walk(2, |row: &Delivery| row.id.0, ask, filter);
        assert_eq!(rows.iter().map(|row| row.id.0.0).collect::<Vec<_>>(), found, "{filter}");
    }
}

/// More events than are looked at together, some of which spell what they say in other ways.
fn spelled_in_many_ways() -> (Ledger, Vec<EventRow>) {
    let mut ledger = Ledger::new();
    let odd = [
        include_str!("../../../fixtures/events/ticket/ticket.updated.reversal.json"),
        include_str!("../../../fixtures/events/listing/listing.created.json"),
        include_str!("../../../fixtures/events/event/event.unlock.json"),
        include_str!("../../../fixtures/events/notifyMe/notifyMe.created.updated.json"),
        include_str!("../../../fixtures/events/payouts/payouts.delivered.json"),
        r#"{"family":"x","action":"y","data":{"id":"Jos\u00e9","path":"a\/b-c","name":"\u0051UETZAL"}}"#,
        "{\"family\":\"x\",\"action\":\"y\",\"data\":{\"id\":\"\u{212a}ELVIN\",\"city\":\"\u{130}stanbul-9\"}}",
        r#"{"family":"ticket","action":"ticket.updated","data":{"id":77.50,"newOwnerEmail":"JOE@Gmail.com","reversal":"maybe"}}"#,
        r#"{"family":"event","action":"event.unlock","data":{"eventId":"e","excludedEmailTicketIds":["5","6"]}}"#,
    ];
    for number in 0..700 {
        match odd.get(number / 50).filter(|_| number % 50 == 7) {
            Some(body) => ledger.event(body),
            None => ledger.event(&sale(&format!("plain-{number}"), number as u64)),
        };
    }
    let query = Query::Events(EventQuery { family: None, show: None, window: Window::newest(1000) });
    let Answer::Events(page) = ledger.ask(query) else { panic!() };
    (ledger, page.rows)
}

#[test]
fn a_word_is_found_however_its_payload_spells_it() {
    let (ledger, rows) = spelled_in_many_ways();
    let body = |seq| match ledger.ask(Query::Event(seq)) {
        Answer::Event(Some(event)) => event.body,
        other => panic!("{other:?}"),
    };
    let events = |window| match ledger.ask(Query::Events(EventQuery { family: None, show: None, window })) {
        Answer::Events(page) => page,
        other => panic!("{other:?}"),
    };
    for row in rows.iter().filter(|row| row.ticket.as_ref().is_none_or(|ticket| !ticket.as_str().starts_with("plain")))
    {
        let says = format!("{}\n{}", row.text(), filter::field::said(&body(row.seq)));
        for word in says.lines().flat_map(|line| [line].into_iter().chain(line.split(' '))) {
            let typed = format!("\"{}\"", word.replace('"', ""));
            if Filter::parse(filter::List::Events, &typed)
                .is_ok_and(|filter| filter.judge(row, Some(&body(row.seq)), now()) == Some(true))
            {
                let found = walk(1000, |row| row.seq, events, &typed);
                assert!(found.iter().any(|one| one.seq == row.seq), "{typed} in event {}", row.seq);
            }
        }
    }
}

#[test]
fn what_does_not_have_the_word_is_passed_over_unread() {
    let (ledger, rows) = spelled_in_many_ways();
    let (store, reader) = (ledger.store(), ledger.reader());
    let passed = |typed: &str, upward: bool| {
        let sieve = Filter::parse(filter::List::Events, typed).unwrap().sieve();
        let sifting = Sifting::new(store, &reader, sieve);
        let mut numbers: Vec<Seq> = rows.iter().map(|row| row.seq).collect();
        if upward {
            numbers.reverse();
        }
        numbers.into_iter().filter(|seq| sifting.passes_over(*seq, upward).is_some()).count()
    };
    for upward in [false, true] {
        // The one with escapes is always read.
        assert_eq!(passed("coelacanth", upward), 699);
        assert_eq!(passed("plain-13 coelacanth", upward), 699);
        assert_eq!(passed("PLAIN-133", upward), 697);
        // The Kelvin sign may be a letter of it, as the dotted I of the one before.
        assert_eq!(passed("coelakanth", upward), 698);
        // Of these nothing is known.
        for open in ["", "ab", "ticket", "coelacanth OR state", "-coelacanth", "drift>0"] {
            assert_eq!(passed(open, upward), 0, "{open}");
        }
    }
}

/// The numbers that a search in events finds, page by page, and how many rows were looked at.
fn walk_either_way(
    ledger: &Ledger,
    filter: &str,
    family: Option<&str>,
    limit: usize,
    upward: bool,
) -> (Vec<Seq>, usize) {
    let (mut rows, mut looked) = (Vec::new(), 0);
    let mut cursor = if upward { Cursor::Oldest } else { Cursor::Newest };
    loop {
        let window = Window { cursor, filter: filter.to_owned(), ..Window::newest(limit) };
        let query = Query::Events(EventQuery { family: family.map(str::to_owned), show: None, window });
        let Answer::Events(page) = ledger.ask(query) else { panic!() };
        let mut found: Vec<Seq> = page.rows.iter().map(|row| row.seq).collect();
        if upward {
            found.reverse();
        }
        rows.extend(found);
        let searched = page.searched.unwrap();
        looked += searched.looked;
        match searched.next {
            Some(next) if upward => cursor = Cursor::Above(Seq(next.0 - 1)),
            Some(next) => cursor = Cursor::From(next),
            None => return (rows, looked),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Files of the journal, and within them stretches, of all lengths; some files compressed.
    #[test]
    fn a_word_is_found_wherever_it_stands_and_each_row_is_counted_once(
        events in prop::collection::vec((0_usize..12, 0_usize..600, any::<bool>()), 1..160),
        segment_bytes in prop::sample::select(&[2_000_u64, 9_000, 40_000]),
        pressed in 0_usize..4,
        limit in 1_usize..6,
    ) {
        // As it is spelled, and what it says.
        const WORDS: [(&str, &str); 4] =
            [("okapi", "okapi"), ("OKAPI-9", "okapi-9"), ("77-31", "77-31"), ("\\u006fkapi", "okapi")];
        let mut ledger = Ledger::with_segments(segment_bytes);
        let mut list = Vec::new();
        for (word, filling, is_known) in events {
            let (spelled, says) = WORDS.get(word).copied().unwrap_or(("gnu", "gnu"));
            let (family, filling) = (if is_known { "ticket" } else { "x" }, "z".repeat(filling));
            let body = format!(r#"{{"family":"{family}","action":"y","data":{{"filling":"{filling}","a":"{spelled}"}}}}"#);
            list.push((ledger.event(&body), says, family));
        }
        let press = ledger.journal.press();
        for first in press.plain(ledger.journal.last()).unwrap().into_iter().take(pressed) {
            press.press(first, &mut || true).unwrap();
        }
        for family in [None, Some("x")] {
            let list: Vec<_> = list.iter().filter(|(.., one)| family.is_none_or(|family| family == *one)).collect();
            for filter in ["okapi", "OKAPI-9", "77-3", "101", "quagga"] {
                let has = |seq: Seq, says: &str| says.contains(&filter.to_lowercase()) || seq.to_string().contains(filter);
                let mut wanted: Vec<Seq> =
                    list.iter().filter(|(seq, says, _)| has(*seq, says)).map(|(seq, ..)| *seq).collect();
                let upward = walk_either_way(&ledger, filter, family, limit, true);
                prop_assert_eq!(upward, (wanted.clone(), list.len()), "{} upward", filter);
                wanted.reverse();
                let downward = walk_either_way(&ledger, filter, family, limit, false);
                prop_assert_eq!(downward, (wanted, list.len()), "{}", filter);
            }
        }
    }
}

#[test]
fn a_search_without_time_ends_soon_and_goes_on_where_it_ended() {
    let mut ledger = Ledger::new();
    for number in 0..300 {
        ledger.event(&sale(&format!("plain-{number}"), number));
    }
    let (reader, mut found) = (ledger.reader(), Vec::new());
    let filter = Filter::parse(filter::List::Events, "plain-123").unwrap();
    let sifting = Sifting::new(ledger.store(), &reader, filter.sieve());
    struct Bodies<'a>(Sifting<'a>);
    impl List for Bodies<'_> {
        type Row = Seq;
        fn row(&self, seq: Seq) -> Result<Option<Seq>, StoreError> {
            Ok(Some(seq))
        }
        fn searches(&self) -> bool {
            true
        }
        fn passes_over(&self, seq: Seq, upward: bool) -> Option<Seq> {
            self.0.passes_over(seq, upward)
        }
        fn wants(&self, _: &Seq) -> Result<bool, StoreError> {
            Ok(true)
        }
    }
    let (list, index) = (Bodies(sifting), Index::new(&ledger.store().rows, vec![keys::events("ticket")], Seq(0)));
    let hurried = Patience { time: std::time::Duration::ZERO, ..Patience::USUAL };
    let (mut window, mut answers, mut looked) = (Window::newest(5), 0, 0);
    loop {
        let page = paging::page(&list, &index, &window, hurried).unwrap();
        let searched = page.searched.unwrap();
        found.extend(page.rows);
        (answers, looked) = (answers + 1, looked + searched.looked);
        let Some(next) = searched.next else { break };
        assert_eq!(searched.left as u64, next.0, "as many as are older");
        window.cursor = Cursor::From(next);
    }
    assert_eq!((found, looked), (vec![Seq(124)], 300));
    assert!(answers > 5, "{answers} answers: each ends before all was looked at");
}

#[test]
fn a_text_that_is_no_filter_is_refused_and_harms_nothing() {
    let ledger = Ledger::new();
    let query = Query::Quarantine(Window { filter: "foo:bar".into(), ..Window::newest(5) });
    let error = ledger.store().answer(&ledger.reader(), &query, now()).unwrap_err();
    assert!(error.to_string().contains("no field `foo`") && !error.is_damage(), "{error}");
}
