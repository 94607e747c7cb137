//! Made-up histories, and what the store should know after them, kept the plain way.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

/// What may happen next, in a made-up history.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Sale { ticket: u8, state: State, behind: bool },
    Ticketless(State),
    Wish { subscription: u8, show: u8, tickets: u32 },
    Payouts { show: u8 },
    Unlock { show: u8 },
    Other { family: u8 },
    Repeat,
    Rejected,
    Attempt { which: prop::sample::Index },
    Change { which: prop::sample::Index, state: State, behind: bool },
    Resend { which: prop::sample::Index },
    Reopen,
}

pub(super) fn states() -> impl Strategy<Value = State> {
    prop_oneof![
        4 => (0_i64..500).prop_map(pending),
        2 => Just(State::InFlight { attempt: 1 }),
        2 => Just(State::Delivered { by: Hand::Target }),
        1 => Just(State::Failed { why: Failure::UsedUp }),
        1 => Just(State::Held { why: Hold::Unmatched }),
        1 => Just(State::Cancelled { why: Cancellation::Operator { who: "ana".into(), why: "x".repeat(5000) } }),
    ]
}

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let which = any::<prop::sample::Index>;
    let step = prop_oneof![
        4 => (0_u8..4, states(), any::<bool>()).prop_map(|(ticket, state, behind)| Step::Sale { ticket, state, behind }),
        1 => states().prop_map(Step::Ticketless),
        3 => (0_u8..4, 0_u8..3, 0_u32..4).prop_map(|(subscription, show, tickets)| Step::Wish { subscription, show, tickets }),
        1 => (0_u8..3).prop_map(|show| Step::Payouts { show }),
        1 => (0_u8..3).prop_map(|show| Step::Unlock { show }),
        1 => (0_u8..3).prop_map(|family| Step::Other { family }),
        1 => Just(Step::Repeat),
        2 => Just(Step::Rejected),
        2 => which().prop_map(|which| Step::Attempt { which }),
        4 => (which(), states(), any::<bool>()).prop_map(|(which, state, behind)| Step::Change { which, state, behind }),
        1 => which().prop_map(|which| Step::Resend { which }),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 1..60)
}

/// What the store should know, kept the plain way.
#[derive(Default)]
pub(super) struct Model {
    pub(super) records: Vec<Record>,
    pub(super) deliveries: BTreeMap<DeliveryId, Delivery>,
    pub(super) wishes: BTreeMap<String, (String, u64)>,
    pub(super) seen: BTreeMap<String, Seq>,
    pub(super) waiting: BTreeSet<Seq>,
    pub(super) rejected: BTreeSet<Seq>,
}

impl Model {
    fn record(&mut self, ledger: &Ledger, step: Step) -> Option<Record> {
        let seq = ledger.journal.last().next();
        let event = |body: String, deliveries| Some(ledger.next(received(&body), body.as_bytes(), deliveries));
        let behind = |yes: bool| yes.then_some(DeliveryId(Seq(1)));
        let record = match step {
            Step::Sale { ticket, state, behind: front } => {
                let ticket = format!("ticket-{ticket}");
                let one = Delivery { behind: behind(front), ..delivery(seq.0, Some(&ticket), state) };
                event(sale(&ticket, seq.0), vec![one])
            }
            Step::Ticketless(state) => {
                let body = r#"{"family":"ticket","action":"ticket.updated","data":{}}"#;
                event(body.to_owned(), vec![delivery(seq.0, None, state)])
            }
            Step::Wish { subscription, show, tickets } => {
                let (subscription, show) = (format!("s{subscription}"), format!("show-{show}"));
                let status = if tickets > 0 { "ACTIVE" } else { "CANCELLED" };
                let body = wish(&subscription, &show, status, tickets);
                self.wishes.insert(subscription, (show.clone(), u64::from(tickets)));
                self.seen.insert(show, seq);
                event(body, vec![])
            }
            Step::Payouts { show } => {
                let body =
                    format!(r#"{{"family":"payouts","action":"payouts.delivered","data":{{"showId":"show-{show}"}}}}"#);
                self.seen.insert(format!("show-{show}"), seq);
                event(body, vec![])
            }
            Step::Unlock { show } => {
                let body = format!(r#"{{"family":"event","action":"event.unlock","data":{{"showId":"show-{show}"}}}}"#);
                self.seen.insert(format!("show-{show}"), seq);
                event(body, vec![])
            }
            Step::Other { family } => {
                event(format!(r#"{{"family":"new-{family}","action":"x","data":{seq}}}"#), vec![])
            }
            Step::Repeat => {
                let original = self.records.iter().rev().find(|one| matches!(one.head.fact, Fact::Received(_)))?;
                let mut copy = Record { seq, ..original.clone() };
                copy.head.deliveries.clear();
                copy.head.at = at(seq.0 as i64);
                if let Fact::Received(received) = &mut copy.head.fact {
                    received.duplicate_of = received.duplicate_of.or(Some(original.seq));
                }
                Some(copy)
            }
            Step::Rejected => {
                let rejected = Rejected {
                    from: "test".into(),
                    code: "not_json".into(),
                    message: "not JSON".into(),
                    content_type: None,
                };
                self.waiting.insert(seq);
                self.rejected.insert(seq);
                Some(ledger.next(Fact::Rejected(rejected), b"\xff{", vec![]))
            }
            Step::Attempt { which } => {
                let mut one = self.pick(which)?;
                one.state = State::InFlight { attempt: one.attempts + 1 };
                one.attempts += 1;
                let started = AttemptStarted {
                    delivery: one.id,
                    ticket: one.ticket.clone(),
                    attempt: one.attempts,
                    key: one.idempotency_key(),
                    target: "test".into(),
                };
                Some(ledger.next(Fact::AttemptStarted(started), b"", vec![one]))
            }
            Step::Change { which, state, behind: front } => {
                let one = self.pick(which)?;
                let action = OperatorAction::Retry(one.id);
                let acted = OperatorActed { who: "ana".into(), why: "x".into(), action, ticket: one.ticket.clone() };
                let one = Delivery { state, behind: behind(front), ..one };
                Some(ledger.next(Fact::OperatorActed(acted), b"", vec![one]))
            }
            Step::Resend { which } => {
                let all: Vec<Seq> = self.rejected.iter().copied().collect();
                let rejected = *all.get(which.index(all.len().max(1)))?;
                self.waiting.remove(&rejected);
                let action = OperatorAction::Resend { rejected, event: Seq(1) };
                let acted = OperatorActed { who: "ana".into(), why: "fixed".into(), action, ticket: None };
                Some(ledger.next(Fact::OperatorActed(acted), b"", vec![]))
            }
            Step::Reopen => None,
        }?;
        for one in &record.head.deliveries {
            self.deliveries.insert(one.id, one.clone());
        }
        self.records.push(record.clone());
        Some(record)
    }

    fn pick(&self, which: prop::sample::Index) -> Option<Delivery> {
        let all: Vec<&Delivery> = self.deliveries.values().collect();
        all.get(which.index(all.len().max(1))).map(|one| (*one).clone())
    }
}

pub(super) fn lived_through(steps: Vec<Step>) -> (Ledger, Model) {
    lived_in(Ledger::new(), steps)
}

pub(super) fn lived_in(mut ledger: Ledger, steps: Vec<Step>) -> (Ledger, Model) {
    let mut model = Model::default();
    // Records are kept one by one and applied in batches of various lengths.
    let mut waiting = Vec::new();
    for (number, step) in steps.into_iter().enumerate() {
        if matches!(step, Step::Reopen) {
            ledger.reopen();
        } else if let Some(record) = model.record(&ledger, step) {
            waiting.extend(ledger.keep(&[record]));
        }
        if number % 5 < 3 {
            ledger.store().apply(&waiting).unwrap();
            // A replay of what was applied changes nothing.
            let surplus = waiting.len().saturating_sub(1);
            waiting.drain(..surplus);
        }
    }
    ledger.store().apply(&waiting).unwrap();
    (ledger, model)
}
