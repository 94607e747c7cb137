//! A ledger made of rows, and the desk that answers from it.

use std::sync::{Arc, Mutex};

use chrono::{TimeDelta, TimeZone, Utc};
use tokio::sync::watch;

use super::past;
use crate::domain::Timestamp;
use crate::domain::delivery::{
    Cancellation, Delivery, Evidence, Failure, Hand, Hold, Kind, LastAttempt, Stage, State, Undo,
};
use crate::domain::documentation::{self, FAMILIES};
use crate::domain::filter::{self, Filter};
use crate::domain::ids::{DeliveryId, Digest, Person, Seq, ShowId, TicketId};
use crate::domain::lateness::{LateAfter, Lateness, lateness};
use crate::domain::moment::Moment;
use crate::domain::query::{
    Answer, Brief, Command, Cursor, DeliveryDetail, Done, EventDetail, EventRow, FamilyCount, Needed, Order, Overview,
    Page, Query, RejectedDetail, RejectedRow, Searched, Status, Timeline, TurnedAway, Window,
};
use crate::domain::record::{
    self, AttemptFinished, AttemptStarted, Fact, Head, OperatorActed, OperatorAction, Received, Record, Rejected,
};
use crate::domain::retry::Outcome;
use crate::domain::show::Show;
use crate::domain::webhook::Webhook;
use crate::engine::{Desk, DeskError, Hindsight, handle::Pending};
use crate::ui::list::Row;

/// Personal values in the rows: none may be seen unless revealed.
pub(super) const SECRETS: [&str; 6] =
    ["joe@gmail.com", "susana.kann@hotmail.com", "Susana Kann", "1307009", "014027000012345678", "+5491155501234"];

/// The present in all tests.
pub(in crate::ui) fn now() -> Timestamp {
    Utc.with_ymd_and_hms(2026, 11, 22, 14, 3, 22).unwrap()
}

pub(super) fn ago(seconds: i64) -> Timestamp {
    now() - TimeDelta::seconds(seconds)
}

/// The rows of a ledger.
#[derive(Debug, Clone)]
pub(super) struct Ledger {
    pub(super) events: Vec<(EventRow, Vec<u8>)>,
    pub(super) deliveries: Vec<Delivery>,
    pub(super) shows: Vec<Show>,
    pub(super) rejected: Vec<(RejectedRow, Vec<u8>)>,
    pub(super) status: Status,
    pub(super) orders: Vec<Order>,
    pub(super) refusal: Option<DeskError>,
    /// Deliveries about which every order is refused, and why.
    pub(super) refused: Vec<(u64, &'static str)>,
    pub(super) asked: Vec<Query>,
    pub(super) rejected_lately: u64,
    pub(super) usual: Option<u32>,
    /// By what it judges what is overdue.
    pub(super) now: Timestamp,
    /// Rows that a search looks at for an answer.
    pub(super) most_looked: usize,
    /// How far the folding of an earlier moment is said to be before it is there, the next one last.
    pub(super) folding: Vec<u8>,
    /// What was asked as of which moment.
    pub(super) recalled: Vec<(Query, Moment)>,
}

pub(in crate::ui) fn delivery(id: u64, kind: Kind, ticket: &str, state: State, age: i64) -> Delivery {
    let (seller, buyer) = (Person::from("joe@gmail.com"), Person::from("susana.kann@hotmail.com"));
    let (from, to) = if kind == Kind::Transfer { (seller, buyer) } else { (buyer, seller) };
    Delivery {
        id: DeliveryId(Seq(id)),
        kind,
        ticket: Some(TicketId(ticket.into())),
        resale: Some("65f1c0ffee".into()),
        from: Some(from),
        to: Some(to),
        event: Seq(id),
        personal: Digest::of(&[]),
        evidence: match state {
            State::Delivered { .. } => Evidence::Done,
            State::Failed { .. } => Evidence::Unknown,
            _ => Evidence::NotDone,
        },
        attempts: match state {
            State::Failed { .. } => 11,
            State::Delivered { .. } | State::InFlight { .. } => 1,
            _ => 0,
        },
        state,
        tries: 0,
        key_epoch: 0,
        last: None,
        amendment: None,
        superseded: Vec::new(),
        counterpart: None,
        released: false,
        said_again: false,
        illegible: false,
        behind: None,
        undo: None,
        created_at: ago(age),
        updated_at: ago(age / 2),
    }
}

pub(super) fn sale(ticket: &str, reversal: bool) -> Vec<u8> {
    format!(
        r#"{{"message":{{"family":"ticket","action":"ticket.updated","type":"USER_TRANSFER","data":{{"id":"{ticket}","newOwnerEmail":"susana.kann@hotmail.com","oldOwnerEmail":"joe@gmail.com","reversal":{reversal},"currency":"ARS","metadata":{{"nominal":{{"fullName":"Susana Kann","identificationType":"DNI","identificationNumber":1307009}},"payer":{{"fullName":"Susana Kann","identificationType":"DNI","identification":"1307009"}},"seller":{{"fullName":"Joe","bank_account":"014027000012345678","phone":"+5491155501234"}},"order":{{"resaleId":"65f1c0ffee","grossResalePaidAmount":12345678901234567890123.10,"sellerFee":0.15}}}}}}}}}}"#
    )
    .into_bytes()
}

pub(super) fn event(
    seq: u64,
    family: &str,
    action: &str,
    age: i64,
    brief: Brief,
    body: Vec<u8>,
) -> (EventRow, Vec<u8>) {
    let drift = Webhook::parse(&body).map_or(0, |webhook| documentation::drift(&webhook).len() as u16);
    let row = EventRow {
        seq: Seq(seq),
        received_at: ago(age),
        family: family.into(),
        action: format!("{family}.{action}"),
        kind: (family == "ticket").then(|| "USER_TRANSFER".into()),
        ticket: (family == "ticket" || family == "listing").then(|| TicketId(format!("5102{seq:04}"))),
        duplicate_of: None,
        drift,
        brief,
    };
    (row, body)
}

impl Ledger {
    /// Nothing came yet.
    pub(super) fn empty() -> Self {
        Self {
            events: Vec::new(),
            deliveries: Vec::new(),
            shows: Vec::new(),
            rejected: Vec::new(),
            status: Status {
                listen: Some("127.0.0.1:8787".into()),
                path: "/webhooks/menta".into(),
                target: "http://127.0.0.1:9000/deliveries".into(),
                data_dir: "/var/lib/willcall".into(),
                last_durable: Some(ago(2)),
                ..Status::starting(ago(86_400))
            },
            orders: Vec::new(),
            refusal: None,
            refused: Vec::new(),
            asked: Vec::new(),
            rejected_lately: 0,
            now: now(),
            usual: None,
            most_looked: 5000,
            folding: Vec::new(),
            recalled: Vec::new(),
        }
    }

    /// A busy evening.
    pub(super) fn busy() -> Self {
        let mut ledger = Self::empty();
        let someone = || Some(Person::from("joe@gmail.com"));
        for seq in 1..=400_u64 {
            let age = (400 - seq as i64) * 17;
            let listing = br#"{"family":"listing","action":"listing.created","type":"SINGLE","data":{}}"#.to_vec();
            let amount = Some(format!("{}.50", 40 + seq % 90));
            ledger.events.push(match seq % 8 {
                0 => event(
                    seq,
                    "payouts",
                    "delivered",
                    age,
                    Brief { show: Some("239616".into()), ..Brief::default() },
                    br#"{"family":"payouts","action":"payouts.delivered","data":{"showId":"239616","eventId":"7"}}"#
                        .to_vec(),
                ),
                1 | 4 => event(
                    seq,
                    "listing",
                    "created",
                    age,
                    Brief { from: someone(), amount, ..Brief::default() },
                    listing,
                ),
                2 => event(
                    seq,
                    "notifyMe",
                    "created.updated",
                    age,
                    Brief {
                        from: someone(),
                        show: Some("239616".into()),
                        note: Some("2 tickets, ACTIVE".into()),
                        ..Brief::default()
                    },
                    b"{}".to_vec(),
                ),
                3 => event(
                    seq,
                    "event",
                    "unlock",
                    age,
                    Brief { show: Some("239616".into()), ..Brief::default() },
                    b"{}".to_vec(),
                ),
                _ => {
                    let brief = Brief {
                        from: someone(),
                        to: Some("susana.kann@hotmail.com".into()),
                        amount,
                        reversal: seq % 40 == 5,
                        ..Brief::default()
                    };
                    event(seq, "ticket", "updated", age, brief, sale(&format!("5102{seq:04}"), seq % 40 == 5))
                }
            });
            if seq % 8 >= 5 {
                let kind = if seq % 40 == 5 { Kind::Return } else { Kind::Transfer };
                let state = match seq {
                    0..=380 => State::Delivered { by: Hand::Target },
                    _ => State::Pending { due: now() + TimeDelta::seconds(seq as i64 - 300) },
                };
                ledger.deliveries.push(delivery(seq, kind, &format!("5102{seq:04}"), state, age));
            }
        }
        ledger.events[10].0.duplicate_of = Some(Seq(3));
        ledger.change(29, |one| one.state = State::Held { why: Hold::SoldBefore { sold: DeliveryId(Seq(21)) } });
        ledger.change(55, |one| {
            one.state = State::Failed { why: Failure::UsedUp };
            one.evidence = Evidence::Unknown;
            one.attempts = 11;
            one.last = Some(LastAttempt {
                outcome: Outcome::Unknown,
                text: "503 Service Unavailable for joe@gmail.com".into(),
            });
        });
        ledger.change(390, |one| {
            one.state = State::Failed { why: Failure::Refused };
            one.last = Some(LastAttempt { outcome: Outcome::Refused, text: "422 Unprocessable Entity".into() });
        });
        ledger.change(391, |one| one.state = State::InFlight { attempt: 2 });
        ledger.change(397, |one| one.behind = Some(DeliveryId(Seq(390))));
        ledger.change(85, |one| {
            one.kind = Kind::Return;
            let sale = DeliveryId(Seq(77));
            one.state = State::Cancelled { why: Cancellation::NothingToUndo { sale } };
        });
        ledger.change(62, |one| {
            let before = Delivery { undo: None, state: State::Failed { why: Failure::Refused }, ..one.clone() };
            one.state = State::Delivered {
                by: Hand::Operator { who: "ana (uid 1000)".into(), why: "handed over at the gate".into() },
            };
            one.undo = Some(Box::new(Undo { action: Seq(63), before: vec![before] }));
        });
        for (index, show) in ["239616", "7322", "81004"].iter().enumerate() {
            let mut one = Show::new((*show).into());
            one.wished(0, 2 + index as u64, Some("7".into()), Seq(300 + index as u64));
            if index != 1 {
                one.paid_out(Some("7".into()), Seq(310 + index as u64));
            }
            one.unlocked(None, Seq(320 + index as u64));
            ledger.shows.push(one);
        }
        for (seq, code, message, body) in [
            (
                401,
                "not_json",
                "not JSON: expected value at line 1 column 1",
                b"joe@gmail.com called +5491155501234".to_vec(),
            ),
            (
                402,
                "not_an_envelope",
                "no `family`: an envelope needs `family` and `action`",
                br#"{"fullName":"Susana Kann"}"#.to_vec(),
            ),
            (403, "not_json", "not UTF-8 from byte 0 on", vec![0xff, 0xfe, 0x00, 0x1b, b'a']),
        ] {
            let rejected = Rejected {
                from: "203.0.113.9:50412".into(),
                code: code.into(),
                message: message.into(),
                content_type: None,
            };
            let row = RejectedRow { seq: Seq(seq), received_at: ago(60), rejected, size: body.len(), resent_as: None };
            ledger.rejected.push((row, body));
        }
        ledger.status.turned_away_total.insert(401, 3);
        ledger.status.turned_away = vec![TurnedAway {
            at: ago(90),
            from: "198.51.100.4:4040".into(),
            status: 401,
            message: "no valid secret".into(),
        }];
        ledger
    }

    pub(super) fn change(&mut self, id: u64, change: impl FnOnce(&mut Delivery)) {
        change(self.deliveries.iter_mut().find(|one| one.id.0.0 == id).expect("such a delivery"));
    }

    fn find(&self, id: DeliveryId) -> Option<&Delivery> {
        self.deliveries.iter().find(|one| one.id == id)
    }

    fn body(&self, seq: Seq) -> Vec<u8> {
        self.events.iter().find(|(row, _)| row.seq == seq).map(|(_, body)| body.clone()).unwrap_or_default()
    }

    fn history(&self, one: &Delivery) -> Vec<Record> {
        let head = |fact, deliveries: &[&Delivery]| Head {
            at: one.created_at,
            fact,
            deliveries: deliveries.iter().map(|one| (*one).clone()).collect(),
        };
        let received = Received {
            from: "192.0.2.1:4000".into(),
            family: "ticket".into(),
            action: "ticket.updated".into(),
            kind: None,
            ticket: one.ticket.clone(),
            subject: Digest::of(&[]),
            print: Digest::of(&[]),
            duplicate_of: None,
            drift: 0,
        };
        let started = AttemptStarted {
            delivery: one.id,
            ticket: one.ticket.clone(),
            attempt: 1,
            key: one.idempotency_key(),
            target: "http://127.0.0.1:9000/deliveries".into(),
        };
        let finished = AttemptFinished {
            delivery: one.id,
            ticket: one.ticket.clone(),
            attempt: 1,
            answer: record::Answer {
                outcome: Outcome::Refused,
                text: "422 Unprocessable Entity".into(),
                status: Some(422),
                request_headers: vec![("Idempotency-Key".into(), one.idempotency_key())],
                response_headers: vec![("Content-Type".into(), "application/json".into())],
                retry_after: None,
                latency_ms: 120,
                truncated: false,
            },
        };
        let acted = OperatorActed {
            who: "ana (uid 1000)".into(),
            why: "handed over at the gate".into(),
            action: OperatorAction::MarkDelivered(one.id),
            ticket: one.ticket.clone(),
        };
        let seq = one.id.0.0;
        vec![
            Record { seq: Seq(seq), head: head(Fact::Received(received), &[one]), body: self.body(one.event) },
            Record { seq: Seq(seq + 1000), head: head(Fact::AttemptStarted(started), &[]), body: Vec::new() },
            Record {
                seq: Seq(seq + 1001),
                head: head(Fact::AttemptFinished(finished), &[one]),
                body: br#"{"error":"unknown owner","email":"joe@gmail.com"}"#.to_vec(),
            },
            Record { seq: Seq(seq + 1002), head: head(Fact::OperatorActed(acted), &[]), body: Vec::new() },
        ]
    }

    fn next_overdue(&self, late_after: &LateAfter) -> Option<Timestamp> {
        let waiting = self.deliveries.iter().filter(|one| !one.stage().settled());
        let limits = waiting.map(|one| one.created_at + late_after.of(one.kind));
        limits.filter(|limit| *limit >= self.now).min()
    }

    fn overview(&self, rows: usize, late_after: Option<&LateAfter>) -> Overview {
        let newest = |keep: &dyn Fn(&&Delivery) -> bool| -> Vec<Delivery> {
            self.deliveries.iter().rev().filter(keep).take(rows).cloned().collect()
        };
        let oldest = |stages: &[Stage]| -> Vec<Delivery> {
            self.deliveries.iter().filter(|one| stages.contains(&one.stage())).take(rows).cloned().collect()
        };
        let mut overview = Overview {
            attention: oldest(&[Stage::Failed, Stage::Held]),
            open: oldest(&[Stage::Pending, Stage::InFlight]),
            returns: newest(&|one| one.kind == Kind::Return),
            shows: self.shows.iter().rev().take(rows).cloned().collect(),
            oldest_undelivered: self
                .deliveries
                .iter()
                .find(|one| one.kind == Kind::Transfer && !one.stage().settled())
                .cloned(),
            quarantined: self.rejected.iter().filter(|(row, _)| row.resent_as.is_none()).count() as u64,
            rejected: self.rejected.iter().rev().take(rows).map(|(row, _)| row.clone()).collect(),
            overdue: late_after.map_or(0, |late_after| {
                self.deliveries.iter().filter(|one| is_overdue(one, late_after, self.now)).count() as u64
            }),
            next_overdue: late_after.and_then(|late_after| self.next_overdue(late_after)),
            rejected_lately: self.rejected_lately,
            events: self.events.len() as u64,
            last: self.last(),
            ..Overview::default()
        };
        for kind in Kind::ALL {
            for stage in Stage::ALL {
                let count = self.deliveries.iter().filter(|one| one.kind == kind && one.stage() == stage).count();
                overview.counts.push((kind, stage, count as u64));
            }
        }
        for family in FAMILIES.into_iter().chain(self.events.iter().map(|(row, _)| row.family.as_str())) {
            if overview.families.contains_key(family) {
                continue;
            }
            let of = || self.events.iter().rev().map(|(row, _)| row).filter(|row| row.family == family);
            let count = FamilyCount {
                total: of().count() as u64,
                last_at: of().next().map(|row| row.received_at),
                usual: self.usual,
                per_minute: (0..60).map(|minute| (minute * 7 + family.len() as u32) % 11).collect(),
            };
            overview.families.insert(family.to_owned(), count);
            overview.feeds.insert(family.to_owned(), of().take(rows).cloned().collect());
        }
        overview
    }

    fn last(&self) -> Seq {
        let deliveries = self.deliveries.iter().map(|one| one.id.0);
        deliveries.chain([Seq(self.events.len() as u64)]).max().unwrap_or(Seq(0))
    }

    pub(super) fn answer(&self, query: &Query) -> Result<Answer, DeskError> {
        let missing = || DeskError::NotFound("no such thing".into());
        Ok(match query {
            Query::Overview { rows, late_after } => {
                Answer::Overview(Box::new(self.overview(*rows, late_after.as_ref())))
            }
            Query::Events(query) => {
                let show = query.show.as_ref().map(ShowId::as_str);
                let of = self.events.iter().filter(|(row, _)| {
                    query.family.as_ref().is_none_or(|family| *family == row.family)
                        && (show.is_none() || row.brief.show.as_deref() == show)
                });
                Answer::Events(page(of.cloned().collect(), &query.window, self.most_looked))
            }
            Query::Event(seq) => {
                let (row, body) = self.events.iter().find(|(row, _)| row.seq == *seq).ok_or_else(missing)?;
                Answer::Event(Some(Box::new(EventDetail {
                    row: row.clone(),
                    from: "192.0.2.1:4000".into(),
                    drift: Webhook::parse(body).map_or(Vec::new(), |webhook| documentation::drift(&webhook)),
                    body: body.clone(),
                    deliveries: self.deliveries.iter().filter(|one| one.event == *seq).cloned().collect(),
                })))
            }
            Query::Deliveries(query) => {
                let fits = |one: &&Delivery| {
                    (query.stages.is_empty() || query.stages.contains(&one.stage()))
                        && query.kind.is_none_or(|kind| kind == one.kind)
                        && query.overdue.is_none_or(|late_after| is_overdue(one, &late_after, self.now))
                };
                let rows = self.deliveries.iter().filter(fits).map(|one| (one.clone(), self.body(one.event)));
                Answer::Deliveries(page(rows.collect(), &query.window, self.most_looked))
            }
            Query::Delivery(id) => {
                let one = self.find(*id).ok_or_else(missing)?;
                Answer::Delivery(Some(Box::new(DeliveryDetail {
                    delivery: one.clone(),
                    history: self.history(one),
                    body: self.body(one.event),
                })))
            }
            Query::Ticket(ticket) => {
                let of: Vec<Delivery> =
                    self.deliveries.iter().filter(|one| one.ticket.as_ref() == Some(ticket)).cloned().collect();
                let records = of.iter().flat_map(|one| self.history(one)).collect();
                Answer::Ticket(Box::new(Timeline {
                    ticket: ticket.clone(),
                    deliveries: of,
                    records,
                    truncated: false,
                    dropped: false,
                }))
            }
            Query::Shows(window) => {
                let rows = self.shows.iter().map(|show| (show.clone(), Vec::new()));
                Answer::Shows(page(rows.collect(), window, self.most_looked))
            }
            Query::Records { .. } => Answer::Records(Vec::new()),
            Query::Quarantine(window) => Answer::Quarantine(page(self.rejected.clone(), window, self.most_looked)),
            Query::Rejected(seq) => {
                let (row, body) = self.rejected.iter().find(|(row, _)| row.seq == *seq).ok_or_else(missing)?;
                Answer::Rejected(Some(Box::new(RejectedDetail { row: row.clone(), body: body.clone() })))
            }
            Query::Needed { after, limit } => {
                let new = || self.deliveries.iter().filter(|one| one.id.0 > *after && is_needed(one));
                Answer::Needed(Needed {
                    after: *after,
                    rows: new().take(*limit).cloned().collect(),
                    count: new().count(),
                    last: self.last(),
                })
            }
            Query::Moment(seek) => Answer::Moment(past::find(self, seek)),
        })
    }

    fn act(&mut self, order: &Order) -> Result<Done, DeskError> {
        self.orders.push(order.clone());
        if let Some(refusal) = &self.refusal {
            return Err(refusal.clone());
        }
        let refused = self.refused.iter().find(|(id, _)| order.command.place() == Some(Seq(*id)));
        if let Some((id, why)) = refused {
            return Err(DeskError::Refused(format!("d-{id} {why}")));
        }
        let (who, why) = (order.who.clone(), order.why.clone());
        let state = match &order.command {
            Command::Retry(id) => Some((*id, State::Pending { due: now() })),
            Command::MarkDelivered(id) => Some((*id, State::Delivered { by: Hand::Operator { who, why } })),
            Command::Cancel(id) => Some((*id, State::Cancelled { why: Cancellation::Operator { who, why } })),
            Command::Undo(id) => Some((*id, State::Failed { why: Failure::Refused })),
            Command::Resend(_) | Command::Reveal { .. } => None,
        };
        let delivery = state.map(|(id, state)| {
            self.change(id.0.0, |one| one.state = state);
            self.find(id).cloned().expect("just changed")
        });
        Ok(Done { seq: Seq(9000), delivery, event: matches!(order.command, Command::Resend(_)).then_some(Seq(9001)) })
    }
}

fn is_overdue(delivery: &Delivery, late_after: &LateAfter, now: Timestamp) -> bool {
    matches!(lateness(delivery, late_after, now), Some(Lateness::Overdue { .. }))
}

fn is_needed(delivery: &Delivery) -> bool {
    matches!(delivery.stage(), Stage::Failed | Stage::Held)
}

/// The rows of a window, as the ledger promises them; of a search, which looks at so many rows for an answer.
fn page<R: Row + filter::Row + Clone>(mut rows: Vec<(R, Vec<u8>)>, window: &Window, most_looked: usize) -> Page<R> {
    rows.sort_by_key(|(row, _)| std::cmp::Reverse(row.place()));
    let filter = Filter::parse(<R as Row>::LIST, &window.filter).expect("a question is whole");
    if !window.only.is_empty() {
        rows.retain(|(row, body)| {
            window.only.contains(&row.place()) && filter.judge(row, Some(body), now()) == Some(true)
        });
        let searched = Some(Searched { looked: window.only.len(), newest: None, next: None, left: 0 });
        let rows = rows.into_iter().map(|(row, _)| row).collect();
        return Page { rows, newer: 0, older: false, searched };
    }
    let start = match window.cursor {
        Cursor::Newest => 0,
        Cursor::From(seq) => rows.partition_point(|(row, _)| row.place() > seq),
        Cursor::Above(seq) => {
            rows.truncate(rows.partition_point(|(row, _)| row.place() > seq));
            if filter.is_empty() { rows.len().saturating_sub(window.limit) } else { 0 }
        }
        Cursor::Oldest => rows.len().saturating_sub(window.limit),
    };
    let mut rest = rows.split_off(start);
    if filter.is_empty() {
        let older = rest.len() > window.limit || matches!(window.cursor, Cursor::Above(_));
        let rows = rest.into_iter().take(window.limit).map(|(row, _)| row).collect();
        return Page { rows, newer: start.min(1000), older, searched: None };
    }
    let upward = matches!(window.cursor, Cursor::Above(_));
    if upward {
        rest.reverse();
    }
    let (mut found, mut looked, mut next) = (Vec::new(), 0, None);
    let (places, total): (Vec<Seq>, _) = (rest.iter().map(|(row, _)| row.place()).collect(), rest.len());
    for (row, body) in rest {
        if found.len() == window.limit || looked == most_looked {
            next = Some(row.place());
            break;
        }
        looked += 1;
        if filter.judge(&row, Some(&body), now()).expect("its body is there") {
            found.push(row);
        }
    }
    if upward {
        found.reverse();
    }
    let left = if upward { 0 } else { total - looked };
    let searched = Some(Searched { looked, newest: places[..looked].iter().max().copied(), next, left });
    Page { rows: found, newer: 0, older: next.is_some(), searched }
}

/// A desk on a [`Ledger`].
#[derive(Clone)]
pub(super) struct FakeDesk {
    pub(super) ledger: Arc<Mutex<Ledger>>,
    ticks: Arc<watch::Sender<u64>>,
}

impl FakeDesk {
    pub(super) fn new(ledger: Ledger) -> Self {
        Self { ledger: Arc::new(Mutex::new(ledger)), ticks: Arc::new(watch::Sender::new(0)) }
    }

    /// Changes the ledger and says so.
    pub(super) fn change(&self, change: impl FnOnce(&mut Ledger)) {
        change(&mut self.ledger.lock().unwrap());
        self.ticks.send_modify(|tick| *tick += 1);
    }
}

impl Desk for FakeDesk {
    fn ask(&self, query: Query) -> Pending<'_, Result<Answer, DeskError>> {
        let mut ledger = self.ledger.lock().unwrap();
        let answer = ledger.answer(&query);
        ledger.asked.push(query);
        Box::pin(std::future::ready(answer))
    }

    fn act(&self, order: Order) -> Pending<'_, Result<Done, DeskError>> {
        let done = self.ledger.lock().unwrap().act(&order);
        self.ticks.send_modify(|tick| *tick += 1);
        Box::pin(std::future::ready(done))
    }

    fn status(&self) -> Pending<'_, Result<Status, DeskError>> {
        Box::pin(std::future::ready(Ok(self.ledger.lock().unwrap().status.clone())))
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.ticks.subscribe()
    }

    fn look_back(&self) -> Result<Arc<dyn Hindsight>, DeskError> {
        Ok(Arc::new(past::Past(Arc::clone(&self.ledger))))
    }
}
