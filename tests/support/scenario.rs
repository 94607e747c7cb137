//! Plays a scenario file: webhooks, clock steps, the target's answers, operators' orders and crashes -> the states they must
//! lead to. `fixtures/scenarios/README.md` has the words. Knows no folder.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Deserialize;
use willcall::domain::Timestamp;
use willcall::domain::delivery::{Delivery, Evidence, State};
use willcall::domain::ids::{DeliveryId, Person};
use willcall::domain::query::{Command, Order};
use willcall::domain::record::{Answer, Rejected};
use willcall::domain::retry::{Outcome, RetryPolicy};
use willcall::engine::batch::Batch;
use willcall::engine::ledger::{Ledger, Memory};
use willcall::ingest::submission::{Prepared, Submission};

/// The moment at which every scenario begins.
pub const BEGINNING: &str = "2026-03-20T22:50:00Z";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    about: String,
    /// Of the schedule's delays only the first ones.
    retries: Option<usize>,
    step: Vec<Step>,
}

/// One thing that happens, and what must hold after it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    /// The writer decides it in one batch with the step before.
    #[serde(default)]
    together: bool,
    sale: Option<Sale>,
    reversal: Option<Sale>,
    webhook: Option<Webhook>,
    clock: Option<String>,
    attempts: Option<Vec<String>>,
    start: Option<Vec<String>>,
    /// The most that `start` takes at once.
    limit: Option<usize>,
    finish: Option<BTreeMap<String, String>>,
    /// Calls that reach the target, though nobody learns of it.
    #[serde(default)]
    reached: Vec<String>,
    crash: Option<bool>,
    operator: Option<Operator>,
    #[serde(default)]
    expect: BTreeMap<String, String>,
    #[serde(default)]
    people: BTreeMap<String, String>,
    #[serde(default)]
    owner: BTreeMap<String, String>,
}

/// A `ticket.updated`, in short.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sale {
    #[serde(rename = "as")]
    name: Option<String>,
    #[serde(default = "first_ticket")]
    ticket: String,
    resale: Option<String>,
    from: Option<String>,
    to: Option<String>,
    /// Full name in `metadata.nominal`.
    nominal: Option<String>,
    /// The answer the sender gets; stored when not said.
    answer: Option<String>,
}

fn first_ticket() -> String {
    "T1".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Webhook {
    #[serde(rename = "as")]
    name: Option<String>,
    body: String,
    answer: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Operator {
    retry: Option<String>,
    mark_delivered: Option<String>,
    cancel: Option<String>,
    undo: Option<String>,
    #[serde(default)]
    why: String,
    /// Part of the sentence it is refused with.
    refused: Option<String>,
}

/// Plays a scenario file.
///
/// # Errors
/// When it cannot be read, and when after a step something is not as it says.
pub fn play(text: &str) -> Result<(), String> {
    let scenario: Scenario = toml::from_str(text).map_err(|error| error.to_string())?;
    if scenario.about.trim().is_empty() {
        return Err("it does not say what it is about".to_owned());
    }
    let mut world = World { now: BEGINNING.parse().unwrap(), ..World::default() };
    world.policy.delays.truncate(scenario.retries.unwrap_or(usize::MAX));
    let mut number = 0;
    for steps in scenario.step.chunk_by(|_, next| next.together) {
        number += steps.len();
        let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| world.steps(steps)));
        if let Err(panic) = played {
            let said = panic.downcast_ref::<String>().cloned();
            let said = said.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
            return Err(format!("step {number}: {}", said.unwrap_or_default()));
        }
    }
    Ok(())
}

/// Something for the writer to decide.
enum Post<'s> {
    Arrives { name: Option<&'s String>, body: String, answer: Option<&'s String> },
    Starts { names: &'s [String], limit: usize },
    Ends { name: &'s str, said: &'s str },
    Orders(&'s Operator),
}

impl Step {
    fn arrivals(&self) -> Vec<Post<'_>> {
        let mut posts = Vec::new();
        for (sale, reversal) in [(&self.sale, false), (&self.reversal, true)] {
            posts.extend(sale.as_ref().map(|sale| Post::Arrives {
                name: sale.name.as_ref(),
                body: body(sale, reversal),
                answer: sale.answer.as_ref(),
            }));
        }
        posts.extend(self.webhook.as_ref().map(|webhook| Post::Arrives {
            name: webhook.name.as_ref(),
            body: webhook.body.clone(),
            answer: webhook.answer.as_ref(),
        }));
        posts
    }

    fn calls(&self) -> Vec<Post<'_>> {
        let limit = self.limit.unwrap_or(100);
        let starts = self.start.iter().map(|names| Post::Starts { names, limit });
        starts.chain(self.finish.iter().flatten().map(|(name, said)| Post::Ends { name, said })).collect()
    }

    fn orders(&self) -> Option<Post<'_>> {
        self.operator.as_ref().map(Post::Orders)
    }
}

/// Where a scenario takes place.
#[derive(Default)]
struct World {
    ledger: Memory,
    now: Timestamp,
    policy: RetryPolicy,
    names: HashMap<String, DeliveryId>,
    owners: BTreeMap<String, String>,
    /// The idempotency keys under which the platform has moved a ticket: it does so once.
    done: HashSet<String>,
}

impl World {
    /// One step, or several that are decided in one batch.
    fn steps(&mut self, steps: &[Step]) {
        if let [step] = steps {
            for post in step.arrivals() {
                self.write(&[post]);
            }
            self.pass(step);
            for post in step.calls() {
                self.write(&[post]);
            }
            self.crash(step);
            if let Some(post) = step.orders() {
                self.write(&[post]);
            }
        } else {
            let posts = |step| Step::arrivals(step).into_iter().chain(step.calls()).chain(step.orders());
            let posts: Vec<Post<'_>> = steps.iter().flat_map(posts).collect();
            self.write(&posts);
        }
        for step in steps {
            self.check(step);
        }
        self.promises();
    }

    /// Decides all of it in one batch, and keeps that.
    fn write(&mut self, posts: &[Post<'_>]) {
        self.decide(|world, ledger, batch| posts.iter().for_each(|post| world.post(ledger, batch, post)));
    }

    fn decide(&mut self, decision: impl FnOnce(&mut Self, &Memory, &mut Batch<'_, Memory>)) {
        let (mut ledger, policy) = (std::mem::take(&mut self.ledger), self.policy.clone());
        let mut batch = Batch::new(&ledger, &policy, self.now);
        decision(self, &ledger, &mut batch);
        let records = batch.into_records();
        ledger.commit(records).unwrap();
        self.ledger = ledger;
    }

    fn post(&mut self, ledger: &Memory, batch: &mut Batch<'_, Memory>, post: &Post<'_>) {
        match post {
            Post::Arrives { name, body, answer } => {
                let (said, id) = receive(batch, body);
                assert_eq!(answer.map_or("stored", String::as_str), said, "{body}");
                self.names.extend(name.map(|name| (name.clone(), id)));
            }
            Post::Starts { names, limit } => {
                let started: Vec<_> = start(batch, *limit).into_iter().map(|(id, _)| id).collect();
                let wanted: Vec<_> = names.iter().map(|name| self.named(name)).collect();
                assert_eq!(started, wanted, "what was started");
            }
            Post::Ends { name, said } => {
                let id = self.named(name);
                let delivery = ledger.delivery(id).unwrap().unwrap_or_else(|| panic!("`{name}` created no delivery"));
                let State::InFlight { attempt } = delivery.state else { panic!("`{name}` is not in flight") };
                self.finish(batch, &delivery, attempt, said);
            }
            Post::Orders(operator) => self.order(batch, operator),
        }
    }

    fn named(&self, name: &str) -> DeliveryId {
        *self.names.get(name).unwrap_or_else(|| panic!("no step is named `{name}`"))
    }

    fn delivery(&self, name: &str) -> Delivery {
        let id = self.named(name);
        self.ledger.delivery(id).unwrap().unwrap_or_else(|| panic!("`{name}` created no delivery"))
    }

    /// The call of an attempt does its work at the platform, unless it was done under the same key before.
    fn carry_out(&mut self, delivery: &Delivery) {
        if let (Some(ticket), Some(to)) = (&delivery.ticket, &delivery.to)
            && self.done.insert(delivery.idempotency_key())
        {
            self.owners.insert(ticket.0.clone(), to.0.clone());
        }
    }

    fn finish(&mut self, batch: &mut Batch<'_, Memory>, delivery: &Delivery, attempt: u32, said: &str) {
        let (code, rest) = said.split_once(' ').unwrap_or((said, ""));
        let (outcome, status, done) = match code {
            "reset" => (Outcome::Deferred, None, false),
            "timeout" => (Outcome::Unknown, None, false),
            "lost" => (Outcome::Unknown, None, true),
            _ => {
                let status: u16 = code.parse().unwrap_or_else(|_| panic!("no answer `{said}`"));
                let outcome = Outcome::of_status(status);
                (outcome, Some(i32::from(status)), outcome == Outcome::Accepted)
            }
        };
        if done {
            self.carry_out(delivery);
        }
        let retry_after = rest.strip_prefix("after ").map(|seconds| seconds.parse().unwrap());
        let answer = Answer {
            outcome,
            text: said.to_owned(),
            status,
            request_headers: Vec::new(),
            response_headers: Vec::new(),
            retry_after,
            latency_ms: 1,
            truncated: false,
        };
        batch.finish(delivery.id, attempt, answer, Vec::new()).unwrap();
    }

    /// Time passes, and everything due is attempted.
    fn pass(&mut self, step: &Step) {
        if let Some(clock) = &step.clock {
            let span = humantime::parse_duration(clock).unwrap();
            self.now += chrono::Duration::from_std(span).unwrap();
        }
        let Some(answers) = &step.attempts else { return };
        // Answering may make the next of a ticket due: go on until nothing is.
        let mut answers = answers.iter();
        loop {
            let mut started = Vec::new();
            self.decide(|_, _, batch| started = start(batch, 100));
            if started.is_empty() {
                break;
            }
            for (id, attempt) in started {
                let said = answers.next().unwrap_or_else(|| panic!("an attempt of {id} that no answer was given for"));
                let delivery = self.ledger.delivery(id).unwrap().unwrap();
                self.decide(|world, _, batch| world.finish(batch, &delivery, attempt, said));
            }
        }
        assert_eq!(answers.next(), None, "an answer that no attempt asked for");
    }

    fn crash(&mut self, step: &Step) {
        for name in &step.reached {
            self.carry_out(&self.delivery(name));
        }
        if step.crash == Some(true) {
            self.decide(|_, _, batch| {
                batch.recover().unwrap();
            });
        }
    }

    fn order(&self, batch: &mut Batch<'_, Memory>, operator: &Operator) {
        let command = match operator {
            Operator { retry: Some(name), .. } => Command::Retry(self.named(name)),
            Operator { mark_delivered: Some(name), .. } => Command::MarkDelivered(self.named(name)),
            Operator { cancel: Some(name), .. } => Command::Cancel(self.named(name)),
            Operator { undo: Some(name), .. } => Command::Undo(self.named(name)),
            _ => panic!("an operator step without a command"),
        };
        let order = Order { who: "ana".to_owned(), why: operator.why.clone(), command };
        match (&operator.refused, batch.order(&order)) {
            (None, Ok(_)) => {}
            (Some(wanted), Err(error)) => {
                let said = error.to_string();
                assert!(said.contains(wanted), "refused with `{said}`, not with `{wanted}`");
            }
            (None, Err(error)) => panic!("refused: {error}"),
            (Some(wanted), Ok(_)) => panic!("carried out, though it should be refused with `{wanted}`"),
        }
    }

    fn check(&self, step: &Step) {
        for (name, wanted) in &step.expect {
            let delivery = self.delivery(name);
            let (state, fragment) = wanted.split_once(": ").unwrap_or((wanted, ""));
            let reason = delivery.reason().unwrap_or_default();
            assert_eq!(delivery.stage().name(), state, "state of `{name}` ({reason})");
            let fragment = self
                .names
                .iter()
                .fold(fragment.to_owned(), |text, (name, id)| text.replace(&format!("<{name}>"), &id.to_string()));
            assert!(reason.contains(&fragment), "reason of `{name}`: `{reason}` has no `{fragment}`");
        }
        for (name, wanted) in &step.people {
            let delivery = self.delivery(name);
            let shown = |one: &Option<Person>| one.as_ref().map_or("-".to_owned(), |one| one.0.clone());
            assert_eq!(&format!("{} -> {}", shown(&delivery.from), shown(&delivery.to)), wanted, "people of `{name}`");
        }
        for (ticket, owner) in &step.owner {
            assert_eq!(self.owners.get(ticket), Some(owner), "the platform's owner of {ticket}");
        }
    }

    /// What must hold after every step of every scenario.
    fn promises(&self) {
        for delivery in self.ledger.deliveries() {
            if let State::Delivered { .. } = delivery.state {
                assert_eq!(delivery.evidence, Evidence::Done, "{} is delivered without evidence", delivery.id);
            }
            if let Some(front) = delivery.behind {
                let front = self.ledger.delivery(front).unwrap().expect("who is waited for is there");
                let in_front = front.id < delivery.id || matches!(front.state, State::InFlight { .. });
                assert!(!front.stage().settled() && in_front, "{} waits for {}", delivery.id, front.id);
            }
        }
        let mut tickets: Vec<_> = self.ledger.in_flight().unwrap().into_iter().map(|one| one.ticket).collect();
        tickets.sort_unstable();
        assert!(tickets.windows(2).all(|pair| pair[0] != pair[1]), "two attempts of one ticket at once: {tickets:?}");
        let mut replayed = Memory::default();
        replayed.commit(self.ledger.records().to_vec()).unwrap();
        assert!(replayed.deliveries().eq(self.ledger.deliveries()), "replaying the records gives something else");
    }
}

/// The answer to a webhook, and the delivery it may have created.
fn receive(batch: &mut Batch<'_, Memory>, body: &str) -> (&'static str, DeliveryId) {
    let from = "127.0.0.1:1".to_owned();
    let (submission, refused) = match Prepared::read(from.clone(), body.as_bytes().to_vec()) {
        Ok(prepared) => (Submission::Webhook(prepared), None),
        Err((error, body)) => {
            let (code, message) = (error.code(), error.to_string());
            let rejected = Rejected { from, code: code.to_owned(), message, content_type: None };
            (Submission::Rejected { rejected, body }, Some(code))
        }
    };
    let receipt = batch.submit(submission).unwrap();
    let kept = if receipt.duplicate_of.is_some() { "duplicate" } else { "stored" };
    (refused.unwrap_or(kept), DeliveryId(receipt.seq))
}

/// Starts what is due, and says what that was, by number.
fn start(batch: &mut Batch<'_, Memory>, limit: usize) -> Vec<(DeliveryId, u32)> {
    let claimed = batch.claim(limit, "scenario").unwrap();
    let mut started: Vec<_> = claimed.assignments.iter().map(|one| (one.delivery.id, one.attempt)).collect();
    started.sort_unstable();
    started
}

fn body(sale: &Sale, reversal: bool) -> String {
    let mut data = serde_json::json!({ "id": sale.ticket, "reversal": reversal });
    let mut set = |key: &str, value: &Option<String>| {
        if let Some(value) = value {
            data[key] = value.as_str().into();
        }
    };
    set("newOwnerEmail", &sale.to);
    set("oldOwnerEmail", &sale.from);
    let nominal = sale.nominal.as_deref().or(sale.to.as_deref()).unwrap_or("nobody");
    data["metadata"]["nominal"]["fullName"] = nominal.into();
    data["metadata"]["order"]["grossResalePaidAmount"] = 57.5.into();
    if let Some(resale) = &sale.resale {
        data["metadata"]["order"]["resaleId"] = resale.as_str().into();
    }
    let message = serde_json::json!({
        "family": "ticket", "action": "ticket.updated", "type": "USER_TRANSFER", "data": data,
    });
    serde_json::json!({ "message": message }).to_string()
}
