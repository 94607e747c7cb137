//! The contract, letter by letter.

use super::*;
use crate::domain::delivery::{Delivery as Domain, Evidence, Hand, Hold, Kind, LastAttempt, State};
use crate::domain::ids::{Digest, TicketId};
use crate::domain::query::{Brief, EventRow};
use crate::domain::record::{Answer, AttemptFinished, AttemptStarted, Head, OperatorActed, Received};

fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + chrono::Duration::milliseconds(1000 * seconds + 250)
}

fn sale() -> Domain {
    Domain {
        id: DeliveryId(Seq(4)),
        kind: Kind::Transfer,
        ticket: Some("127471-2".into()),
        resale: Some("689a3a0bc68bd2502ce21b15".into()),
        from: Some("joe@gmail.com".into()),
        to: Some("susana@hotmail.com".into()),
        event: Seq(4),
        personal: Digest::of(&[]),
        state: State::Pending { due: at(65) },
        evidence: Evidence::Unknown,
        attempts: 1,
        tries: 1,
        key_epoch: 0,
        last: Some(LastAttempt { outcome: Outcome::Unknown, text: "503 Service Unavailable".into() }),
        amendment: None,
        superseded: Vec::new(),
        counterpart: None,
        released: false,
        said_again: false,
        illegible: false,
        behind: None,
        undo: None,
        created_at: at(0),
        updated_at: at(60),
    }
}

fn record(seq: u64, fact: Fact, deliveries: Vec<Domain>, body: &[u8]) -> Record {
    let head = Head { at: at(i64::try_from(seq).unwrap()), fact, deliveries };
    Record { seq: Seq(seq), head, body: body.to_vec() }
}

fn written(value: &impl Serialize) -> String {
    let mut out = Vec::new();
    line(&mut out, value).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_delivery_in_a_list() {
    assert_eq!(
        written(&Delivery::from(&sale())),
        "{\"id\":\"d-4\",\"kind\":\"transfer\",\"ticket\":\"127471-2\",\"resale\":\"689a3a0bc68bd2502ce21b15\",\
         \"from\":\"joe@gmail.com\",\"to\":\"susana@hotmail.com\",\"state\":\"pending\",\
         \"reason\":\"unknown: 503 Service Unavailable\",\"attempts\":1,\"next_attempt_at\":\"1970-01-01T00:01:05.250Z\",\
         \"created_at\":\"1970-01-01T00:00:00.250Z\",\"updated_at\":\"1970-01-01T00:01:00.250Z\"}\n"
    );
}

#[test]
fn every_field_is_there_even_when_nothing_is_known() {
    let why = Hold::Missing { field: "id".into() };
    let bare = Domain {
        kind: Kind::Return,
        ticket: None,
        resale: None,
        from: None,
        to: None,
        state: State::Held { why },
        attempts: 0,
        ..sale()
    };
    assert_eq!(
        written(&Delivery::from(&bare)),
        "{\"id\":\"d-4\",\"kind\":\"return\",\"ticket\":null,\"resale\":null,\"from\":null,\"to\":null,\"state\":\"held\",\
         \"reason\":\"the webhook has no `id`: deliver by hand and mark delivered, or cancel\",\"attempts\":0,\
         \"next_attempt_at\":null,\"created_at\":\"1970-01-01T00:00:00.250Z\",\"updated_at\":\"1970-01-01T00:01:00.250Z\"}\n"
    );
}

#[test]
fn a_delivery_in_full_has_its_history() {
    let received = Received {
        from: "127.0.0.1:5".into(),
        family: "ticket".into(),
        action: "ticket.updated".into(),
        kind: None,
        ticket: Some("127471-2".into()),
        subject: Digest::of(&[]),
        print: Digest::of(&[]),
        duplicate_of: None,
        drift: 0,
    };
    let started = AttemptStarted {
        delivery: DeliveryId(Seq(4)),
        ticket: None,
        attempt: 1,
        key: "wc-1".into(),
        target: "http://t/".into(),
    };
    let answer = Answer {
        outcome: Outcome::Unknown,
        text: "503 Service Unavailable".into(),
        status: Some(503),
        request_headers: vec![("idempotency-key".into(), "wc-1".into())],
        response_headers: vec![("retry-after".into(), "5".into())],
        retry_after: Some(5),
        latency_ms: 12,
        truncated: false,
    };
    let finished = AttemptFinished { delivery: DeliveryId(Seq(4)), ticket: None, attempt: 1, answer };
    let by = Hand::Operator { who: "ana (uid 1000)".into(), why: "at the window".into() };
    let delivered = Domain { state: State::Delivered { by }, ..sale() };
    let acted = OperatorActed {
        who: "ana (uid 1000)".into(),
        why: "at the window".into(),
        action: OperatorAction::MarkDelivered(DeliveryId(Seq(4))),
        ticket: None,
    };
    let detail = DeliveryDetail {
        delivery: delivered.clone(),
        history: vec![
            record(4, Fact::Received(received), vec![sale()], b"{ \"n\": 1.50 }"),
            record(5, Fact::AttemptStarted(started), vec![], b""),
            record(6, Fact::AttemptFinished(finished), vec![sale()], b"try later\x1b[2J"),
            record(7, Fact::OperatorActed(acted), vec![delivered], b""),
        ],
        body: Vec::new(),
    };
    let text = written(&FullDelivery::from(&detail));
    let (head, history) = text.split_once(",\"key\":").unwrap();
    assert!(head.ends_with("\"updated_at\":\"1970-01-01T00:01:00.250Z\""), "{head}");
    let (key, history) = history.split_once(",\"history\":").unwrap();
    assert_eq!(key, format!("\"{}\"", sale().idempotency_key()));
    assert_eq!(
        history,
        "[{\"seq\":4,\"at\":\"1970-01-01T00:00:04.250Z\",\"what\":\"received\",\"state\":\"pending\",\"family\":\"ticket\",\
         \"action\":\"ticket.updated\",\"type\":null,\"duplicate_of\":null,\"body\":{\"n\":1.50}},\
         {\"seq\":5,\"at\":\"1970-01-01T00:00:05.250Z\",\"what\":\"attempt_started\",\"delivery\":\"d-4\",\"attempt\":1,\
         \"key\":\"wc-1\",\"target\":\"http://t/\"},\
         {\"seq\":6,\"at\":\"1970-01-01T00:00:06.250Z\",\"what\":\"attempt_finished\",\"state\":\"pending\",\
         \"delivery\":\"d-4\",\"attempt\":1,\"outcome\":\"unknown\",\"status\":503,\"latency_ms\":12,\
         \"text\":\"503 Service Unavailable\",\"request_headers\":[[\"idempotency-key\",\"wc-1\"]],\
         \"response_headers\":[[\"retry-after\",\"5\"]],\"retry_after\":5,\"answer\":\"try later\\u001b[2J\",\
         \"truncated\":false},\
         {\"seq\":7,\"at\":\"1970-01-01T00:00:07.250Z\",\"what\":\"mark_delivered\",\"state\":\"delivered\",\
         \"delivery\":\"d-4\",\"who\":\"ana (uid 1000)\",\"why\":\"at the window\"}]}\n"
    );
}

#[test]
fn an_event_keeps_its_digits_and_its_repeated_keys() {
    let row = EventRow {
        seq: Seq(41),
        received_at: at(1),
        family: "payouts".into(),
        action: "payouts.delivered".into(),
        kind: None,
        ticket: None,
        duplicate_of: Some(Seq(40)),
        drift: 2,
        brief: Brief::default(),
    };
    let detail = EventDetail {
        row,
        from: "127.0.0.1:5".into(),
        body: "\u{feff}{ \"a\" : 12345678901234567890123.10,\r\n\t\"a\": \"x \\\" \\\\\", \"b\": \"\u{202e}\" }".into(),
        drift: vec![Drift::Missing { path: "data.eventId".into() }, Drift::Extra { path: "data.a".into() }],
        deliveries: Vec::new(),
    };
    assert_eq!(
        written(&Event::from(&detail)),
        "{\"seq\":41,\"received_at\":\"1970-01-01T00:00:01.250Z\",\"family\":\"payouts\",\"action\":\"payouts.delivered\",\
         \"type\":null,\"ticket\":null,\"duplicate_of\":40,\
         \"drift\":[{\"drift\":\"missing\",\"path\":\"data.eventId\"},{\"drift\":\"extra\",\"path\":\"data.a\"}],\
         \"body\":{\"a\":12345678901234567890123.10,\"a\":\"x \\\" \\\\\",\"b\":\"\\u202e\"}}\n"
    );
}

#[test]
fn a_rejected_request_shows_whatever_it_was() {
    let rejected = crate::domain::record::Rejected {
        from: "10.0.0.1:9".into(),
        code: "not_json".into(),
        message: "not JSON".into(),
        content_type: None,
    };
    let row = RejectedRow { seq: Seq(3), received_at: at(0), rejected, size: 3, resent_as: None };
    let head = "{\"seq\":3,\"received_at\":\"1970-01-01T00:00:00.250Z\",\"from\":\"10.0.0.1:9\",\"code\":\"not_json\",\
                \"message\":\"not JSON\",\"content_type\":null,\"size\":3,\"resent_as\":null";
    assert_eq!(written(&Rejected::from(&row)), format!("{head}}}\n"));
    for (body, shown) in [
        (&b"a=1"[..], "\"a=1\""),
        (b"", "\"\""),
        (b"\xff\x00", "{\"base64\":\"/wA=\"}"),
        (b"[1, 2", "\"[1, 2\""),
        (b"[1, 2]", "[1,2]"),
        (b"1 2", "\"1 2\""),
    ] {
        let detail = RejectedDetail { row: row.clone(), body: body.to_vec() };
        assert_eq!(written(&Rejected::from(&detail)), format!("{head},\"body\":{shown}}}\n"));
    }
}

#[test]
fn a_ticket_is_one_object() {
    let timeline = Timeline {
        ticket: TicketId::from("127471-2"),
        deliveries: vec![sale()],
        records: Vec::new(),
        truncated: false,
        dropped: true,
    };
    let text = written(&Ticket::from(&timeline));
    assert!(text.starts_with("{\"ticket\":\"127471-2\",\"deliveries\":[{\"id\":\"d-4\","), "{text}");
    assert!(text.ends_with("}],\"history\":[],\"truncated\":false,\"dropped\":true}\n"), "{text}");
}

#[test]
fn an_order_says_what_it_came_to() {
    let done = Done { seq: Seq(9), delivery: None, event: Some(Seq(10)) };
    assert_eq!(written(&Ordered::from(&done)), "{\"seq\":9,\"event\":10}\n");
}
