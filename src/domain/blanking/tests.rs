use proptest::prelude::*;

use super::*;
use crate::domain::decide;
use crate::domain::delivery::{Kind, Stage};
use crate::domain::json::Json;
use crate::domain::payload::Payload;
use crate::domain::personal::Says;
use crate::domain::query::Command;
use crate::domain::record::{Answer, AttemptFinished, Head, OperatorActed, Received, Rejected};
use crate::domain::retry::{Outcome, RetryPolicy};
use crate::domain::ticket::Ticket;
use crate::domain::webhook::Webhook;
use crate::domain::{Timestamp, ids::Digest};

fn blanking() -> Blanking {
    let (open, left) = (BTreeSet::new(), BTreeMap::new());
    Blanking { through: Seq(u64::MAX), open, key: Key::new([7; 16]), to_do: BTreeSet::new(), left }
}

fn blanked_body(body: &[u8], texts: body::Texts) -> Vec<u8> {
    let mut blanked = body.to_vec();
    body::blank(&mut blanked, texts);
    blanked
}

fn text(body: &str) -> String {
    String::from_utf8(blanked_body(body.as_bytes(), body::Texts::Known)).unwrap()
}

#[test]
fn a_webhook_keeps_all_but_its_people() {
    let body = r#"{"message": {"family":"ticket", "data":{"id":"5102000123","newOwnerEmail":"susana@hotmail.com","reversal":false,
        "metadata":{"nominal":{"fullName":"Susana \"K\" Kánn","identificationNumber":13070091,"identificationType":"DNI","age":7,"telefono":"7",
        "addresses":[{"street":"Main 1","no":12},null,true]},"note":"as joe@gmail.com said","caf\u00e9":"call joe\u0040x.org",
        "joe@x.org":1.50}}}}"#;
    let expected = r#"{"message": {"family":"ticket", "data":{"id":"5102000123","newOwnerEmail":"******************","reversal":false,
        "metadata":{"nominal":{"fullName":"******************","identificationNumber":0.000000,"identificationType":"DNI","age":0,"telefono":"*",
        "addresses":[{"street":"******","no":-0},null,true]},"note":"as ************* said","caf\u00e9":"*******************",
        "*********":1.50}}}}"#;
    assert_eq!(text(body), expected);
    assert!(Json::parse(expected.as_bytes()).is_ok());
    assert_eq!(text("\u{feff}{\"email\":\"a@b.co\"}"), "\u{feff}{\"email\":\"******\"}");
}

#[test]
fn of_a_body_that_is_no_json_nothing_can_be_read_any_more() {
    assert_eq!(text("{\"email\": \"joe\" 12"), "{\"*****\": \"***\" **");
    assert_eq!(blanked_body(b"<b>J\xf6rg</b>\n", body::Texts::Unknown), b"<*>****</*>\n");
    let answer =
        blanked_body(br#"{"said":"+5491155501234 is unknown","id":549115,"dni":5491155501234}"#, body::Texts::Unknown);
    assert_eq!(
        String::from_utf8(answer).unwrap(),
        r#"{"said":"************** is unknown","id":549115,"dni":0.00000000000}"#
    );
}

fn json() -> impl Strategy<Value = String> {
    let texts = prop_oneof!["[ -~é\n]{0,12}", Just("joe@gmail.com".to_owned()), "[0-9]{1,12}"];
    let leaf = prop_oneof![
        texts.clone().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<f32>().prop_map(|number| serde_json::json!(number)),
        any::<bool>().prop_map(serde_json::Value::from),
        Just(serde_json::Value::Null),
    ];
    let names = prop_oneof![texts, "(userEmail|fullName|bank_account|bank_account_type|userForm|seller|id|data)"];
    let value = leaf.prop_recursive(4, 24, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
            prop::collection::hash_map(names.clone(), inner, 0..5)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    });
    (value, any::<bool>()).prop_map(|(value, pretty)| match pretty {
        true => serde_json::to_string_pretty(&value).unwrap(),
        false => value.to_string(),
    })
}

/// No text or number under a personal name, and no address anywhere, has a letter or digit left.
fn nobody_is_named(json: &Json, personal: bool) -> bool {
    let below = |name: &str| match personal::says(name) {
        Says::Personal(_) | Says::AboutPerson => true,
        Says::Harmless => false,
        Says::Nothing => personal,
    };
    match json {
        Json::Object(members) => {
            members.iter().all(|(name, value)| !name.contains('@') && nobody_is_named(value, below(name)))
        }
        Json::Array(values) => values.iter().all(|value| nobody_is_named(value, personal)),
        Json::String(text) => !personal && !text.contains('@') || text.bytes().all(|byte| byte == b'*'),
        Json::Number(number) => !personal || number.bytes().all(|byte| matches!(byte, b'0' | b'.' | b'-')),
        Json::Null | Json::Bool(_) => true,
    }
}

proptest! {
    #[test]
    fn json_stays_json_of_the_same_length_and_shape(json in json()) {
        for texts in [body::Texts::Known, body::Texts::Unknown] {
            let blanked = blanked_body(json.as_bytes(), texts);
            prop_assert_eq!(blanked.len(), json.len());
            let read = Json::parse(&blanked);
            prop_assert!(read.as_ref().is_ok_and(|read| nobody_is_named(read, false)), "{} -> {:?}", json, read);
            prop_assert_eq!(blanked_body(&blanked, texts), blanked, "again");
        }
    }

    #[test]
    fn of_anything_the_length_stays_and_blanking_it_again_changes_nothing(bytes: Vec<u8>, cut in 0_usize..40, json in json()) {
        let half = json.as_bytes()[..json.len().saturating_sub(cut)].to_vec();
        for bytes in [bytes, half] {
            for texts in [body::Texts::Known, body::Texts::Unknown] {
                let blanked = blanked_body(&bytes, texts);
                prop_assert_eq!(blanked.len(), bytes.len());
                prop_assert_eq!(&blanked_body(&blanked, texts), &blanked);
            }
        }
    }
}

#[test]
fn who_reads_sees_that_it_was_blanked() {
    let sale = r#"{"id":"1","newOwnerEmail":"a@x.org","metadata":{"nominal":{"fullName":"A B"}}}"#;
    let is_blanked = |body: &str| is_blanked(&Json::parse(body.as_bytes()).unwrap());
    assert!(is_blanked(&text(sale)) && !is_blanked(sale) && !is_blanked(r#"{"id":"***","userEmail":""}"#));
}

fn operator(why: &str) -> State {
    State::Delivered { by: Hand::Operator { who: "ana".to_owned(), why: why.to_owned() } }
}

/// A record of each sort, with people wherever there may be some.
fn records() -> Vec<Record> {
    let before = Delivery {
        ticket: Some("t".into()),
        from: Some("joe@gmail.com".into()),
        to: Some("Susana@hotmail.com".into()),
        ..Delivery::new(
            DeliveryId(Seq(1)),
            Kind::Transfer,
            State::Pending { due: Timestamp::UNIX_EPOCH },
            Timestamp::UNIX_EPOCH,
        )
    };
    let amendment = crate::domain::delivery::Amendment {
        event: Seq(2),
        from: Some("\"j\"@x.org".into()),
        to: Some("é@x.org".into()),
        personal: Digest([0; 16]),
        doubted_by: None,
    };
    let undo = crate::domain::delivery::Undo { action: Seq(3), before: vec![before.clone()] };
    let last = crate::domain::delivery::LastAttempt { outcome: Outcome::Unknown, text: "no joe@gmail.com".to_owned() };
    let delivery = Delivery {
        state: operator("joe@gmail.com came"),
        amendment: Some(amendment),
        undo: Some(Box::new(undo)),
        last: Some(last),
        ..before
    };
    let digest = Digest([0; 16]);
    let facts = [
        Fact::Received(Received {
            from: "127.0.0.1:9".to_owned(),
            family: "ticket".to_owned(),
            action: "ticket.updated".to_owned(),
            kind: None,
            ticket: Some("t".into()),
            subject: digest,
            print: digest,
            duplicate_of: None,
            drift: 0,
        }),
        Fact::Rejected(Rejected {
            from: "127.0.0.1:9".to_owned(),
            code: "not_json".to_owned(),
            message: "joe@gmail.com is no JSON".to_owned(),
            content_type: None,
        }),
        Fact::AttemptFinished(AttemptFinished {
            delivery: DeliveryId(Seq(1)),
            ticket: Some("t".into()),
            attempt: 1,
            answer: Answer {
                outcome: Outcome::Unknown,
                text: "joe@gmail.com".to_owned(),
                status: None,
                request_headers: Vec::new(),
                response_headers: vec![("x-who".to_owned(), "joe@gmail.com".to_owned())],
                retry_after: None,
                latency_ms: 1,
                truncated: false,
            },
        }),
        Fact::OperatorActed(OperatorActed {
            who: "ana".to_owned(),
            why: "joe@gmail.com called from +5491155501234".to_owned(),
            action: OperatorAction::MarkDelivered(DeliveryId(Seq(1))),
            ticket: Some("t".into()),
        }),
    ];
    let body = br#"{"email":"joe@gmail.com"}"#.to_vec();
    let record = |(seq, fact)| {
        let head = Head { at: Timestamp::UNIX_EPOCH, fact, deliveries: vec![delivery.clone()] };
        Record { seq: Seq(seq), head, body: body.clone() }
    };
    (1..).zip(facts).map(record).collect()
}

#[test]
fn no_record_names_anybody_becomes_longer_or_changes_twice() {
    for record in records() {
        let mut blanked = record.clone();
        assert_eq!(blanking().apply(&mut blanked), None);
        let text = |record: &Record| serde_json::to_string(&record.head).unwrap();
        assert!(text(&blanked).len() <= text(&record).len(), "{blanked:?}");
        let all = text(&blanked) + std::str::from_utf8(&blanked.body).unwrap();
        for name in ["joe", "gmail", "usana", "x.org", "54911"] {
            assert!(text(&record).contains(name) || name == "54911");
            assert!(!all.contains(name), "{name} in {all}");
        }
        assert!(all.contains("\"t\"") && (!all.contains("who") || all.contains("\"ana\"")));
        let once = blanked.clone();
        blanking().apply(&mut blanked);
        assert_eq!(blanked, once);
    }
}

#[test]
fn what_is_later_or_of_an_open_lane_stays() {
    let lane = Lane::of(&"t".into());
    for record in records() {
        let mut same = record.clone();
        assert_eq!(Blanking { through: Seq(record.seq.0 - 1), ..blanking() }.apply(&mut same), None);
        assert_eq!(same, record);
        assert_eq!(Blanking { open: [lane].into(), ..blanking() }.apply(&mut same), Some(lane));
        assert_eq!(same, record);
    }
    // A delivery without a ticket is alone with the records that are about it.
    let alone = Lane::of_delivery(None, DeliveryId(Seq(1)));
    let blanking = Blanking { open: [alone].into(), ..blanking() };
    let mut about_it = records().remove(3);
    about_it.head.deliveries.clear();
    for (of, left) in [(1, Some(alone)), (2, None)] {
        let Fact::OperatorActed(acted) = &mut about_it.head.fact else { panic!() };
        (acted.ticket, acted.action) = (None, OperatorAction::MarkDelivered(DeliveryId(Seq(of))));
        assert_eq!(blanking.apply(&mut about_it.clone()), left);
    }
}

#[test]
fn a_stand_in_is_known_again_by_the_address_alone() {
    let blanking = blanking();
    let stand_in = |address: &str| blanking.stand_in(&address.into());
    assert_eq!(stand_in("joe@gmail.com"), stand_in("JOE@gmail.com"));
    assert_ne!(stand_in("joe@gmail.com"), stand_in("jo@egmail.com"));
    assert_ne!(
        Blanking { key: Key::new([8; 16]), ..blanking.clone() }.stand_in(&"joe@gmail.com".into()),
        stand_in("joe@gmail.com")
    );
    assert!(!stand_in("joe@gmail.com").as_str().contains("joe") && stand_in("joe@gmail.com").address().is_none());
    for address in ["joe@gmail.com", " Joe@Gmail.com  ", "a@b.co", "a.very.long.address@of.a.very.long.company.example"]
    {
        let mut one = Delivery {
            from: Some(stand_in(address)),
            to: Some(stand_in("x@y.com")),
            ..records()[0].head.deliveries[0].clone()
        };
        let person = Person::from(address.trim().to_lowercase().as_str());
        blanking.recognise(&mut one, &[&"nobody@x.org".into(), &person]);
        assert_eq!((one.from, one.to), (Some(person), Some(stand_in("x@y.com"))));
    }
}

#[test]
fn nothing_that_is_sent_passes_for_a_stand_in() {
    let stand_in = blanking().stand_in(&"joe@gmail.com".into());
    for sent in [stand_in.as_str().to_owned(), format!(" {}", stand_in.as_str())] {
        assert_eq!(Person::sent(sent), None);
    }
    let stars = Person::sent("*****".to_owned()).unwrap();
    assert!(stars.is_blanked() && stars != stand_in);
}

/// What becomes of a ticket, with or without having been blanked.
#[derive(Debug, Clone, Default)]
struct World {
    ticket: Ticket,
    /// What was said last about each subject: digests, which are not blanked.
    latest: BTreeMap<Digest, Digest>,
    /// Blanks whenever nothing is open.
    blanks: bool,
}

#[derive(Debug, Clone)]
enum Step {
    Webhook { from: u8, to: u8, resale: Option<u8>, reversal: bool },
    Start,
    Finish(Outcome),
    Order(u8, u8),
}

fn step() -> impl Strategy<Value = Step> {
    let webhook = (0_u8..4, 0_u8..4, prop::option::weighted(0.7, 0_u8..4), prop::bool::weighted(0.3))
        .prop_map(|(from, to, resale, reversal)| Step::Webhook { from, to, resale, reversal });
    let outcome = prop_oneof![4 => Just(Outcome::Accepted), 1 => Just(Outcome::Refused), 1 => Just(Outcome::Deferred), 1 => Just(Outcome::Unknown)];
    prop_oneof![4 => webhook, 4 => Just(Step::Start), 4 => outcome.prop_map(Step::Finish), 2 => (any::<u8>(), 0_u8..3).prop_map(|(one, order)| Step::Order(one, order))]
}

const PEOPLE: [&str; 4] = ["joe@gmail.com", "susana@hotmail.com", "ana@x.org", "luis@x.org"];

impl World {
    /// What the ledger has is as it is: people are known again for one decision only.
    fn go(&mut self, step: &Step, seq: Seq) {
        let now = Timestamp::from_timestamp(seq.0 as i64 * 1_000_000, 0).unwrap();
        let mut ticket = self.ticket.clone();
        ticket.recognise(&blanking(), &[]);
        let changed = match step {
            Step::Webhook { from, to, resale, reversal } => {
                let (from, to) = (PEOPLE[*from as usize], PEOPLE[*to as usize]);
                let order = resale
                    .map_or(String::new(), |resale| format!(r#","metadata":{{"order":{{"resaleId":"r{resale}"}}}}"#));
                let body = format!(
                    r#"{{"family":"ticket","action":"ticket.updated","data":{{"id":"t","oldOwnerEmail":"{from}","newOwnerEmail":"{to}","reversal":{reversal}{order}}}}}"#
                );
                let webhook = Webhook::parse(body.as_bytes()).unwrap();
                let payload = Payload::of(&webhook);
                let (subject, print) = (payload.subject(&webhook), webhook.print());
                let Payload::TicketUpdated(update) = payload else { panic!() };
                ticket.recognise(&blanking(), &[&from.into(), &to.into()]);
                let is_repeated = self.latest.insert(subject, print) == Some(print);
                let repeated = is_repeated.then(|| decide::repeated(&ticket, &update, now)).flatten();
                repeated.unwrap_or_else(|| decide::ticket_updated(&ticket, &update, seq, now))
            }
            Step::Start => decide::start(&ticket, now, None).map(|started| started.changed).unwrap_or_default(),
            Step::Finish(outcome) => {
                let in_flight = ticket.deliveries().iter().find_map(|one| match one.state {
                    State::InFlight { attempt } => Some((one.id, attempt)),
                    _ => None,
                });
                let Some((one, attempt)) = in_flight else { return };
                let answer = Answer {
                    outcome: *outcome,
                    text: "said".to_owned(),
                    status: None,
                    request_headers: Vec::new(),
                    response_headers: Vec::new(),
                    retry_after: None,
                    latency_ms: 1,
                    truncated: false,
                };
                decide::finished(&ticket, one, attempt, &answer, &RetryPolicy::default(), now)
            }
            Step::Order(one, order) => {
                let deliveries = ticket.deliveries();
                let Some(one) = deliveries.get(*one as usize % deliveries.len().max(1)).map(|one| one.id) else {
                    return;
                };
                let command =
                    [Command::Retry(one), Command::MarkDelivered(one), Command::Cancel(one)][*order as usize].clone();
                decide::ordered(&ticket, &command, "ana", "so", seq, now).unwrap_or_default()
            }
        };
        self.ticket.apply(&changed);
        if self.blanks && self.ticket.deliveries().iter().all(|one| one.stage().settled()) {
            self.ticket = Ticket::new(blanked(&self.ticket));
        }
    }
}

fn blanked(ticket: &Ticket) -> Vec<Delivery> {
    let mut deliveries = ticket.deliveries().to_vec();
    deliveries.iter_mut().for_each(|one| blanking().blank_delivery(one));
    deliveries
}

fn lacks_an_address(ticket: &Ticket) -> bool {
    ticket.deliveries().iter().any(|one| !one.stage().settled() && one.has_blanked_people())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    /// The heart of it: blanked or not, the same is decided; unless an address is needed that nobody has named since.
    #[test]
    fn whatever_comes_later_is_decided_as_if_nothing_had_been_blanked(steps in prop::collection::vec(step(), 1..30)) {
        let (mut lived, mut forgot) = (World::default(), World { blanks: true, ..World::default() });
        for (seq, step) in (1..).zip(&steps) {
            lived.go(step, Seq(seq));
            forgot.go(step, Seq(seq));
            let open = forgot.ticket.deliveries().iter().filter(|one| matches!(one.stage(), Stage::Pending | Stage::InFlight));
            prop_assert!(open.clone().all(|one| one.behind.is_some() || !one.has_blanked_people()), "{:?}", forgot);
            if lacks_an_address(&forgot.ticket) {
                return Ok(());
            }
            prop_assert_eq!(blanked(&lived.ticket), blanked(&forgot.ticket));
        }
    }
}
