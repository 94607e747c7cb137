//! Runs every file of `fixtures/scenarios`: webhooks, clock steps, the target's answers, operators' orders and crashes
//! -> the states they must lead to. To add a scenario, add a file; `fixtures/scenarios/README.md` has the words.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use serde::Deserialize;
use willcall::domain::Timestamp;
use willcall::domain::delivery::{Delivery, Evidence, State};
use willcall::domain::ids::DeliveryId;
use willcall::domain::query::{Command, Order};
use willcall::domain::record::Answer;
use willcall::domain::retry::{Outcome, RetryPolicy};
use willcall::engine::batch::Batch;
use willcall::engine::ledger::{Ledger, Memory};
use willcall::ingest::submission::{Prepared, Submission};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    about: String,
    step: Vec<Step>,
}

/// One thing that happens, and what must hold after it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    sale: Option<Sale>,
    reversal: Option<Sale>,
    webhook: Option<Webhook>,
    clock: Option<String>,
    attempts: Option<Vec<String>>,
    start: Option<Vec<String>>,
    finish: Option<BTreeMap<String, String>>,
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

struct World {
    ledger: Memory,
    policy: RetryPolicy,
    now: Timestamp,
    names: HashMap<String, DeliveryId>,
    owners: BTreeMap<String, String>,
}

impl World {
    fn new() -> Self {
        Self {
            ledger: Memory::default(),
            policy: RetryPolicy::default(),
            now: "2026-03-20T22:50:00Z".parse().unwrap(),
            names: HashMap::new(),
            owners: BTreeMap::new(),
        }
    }

    fn decide<T>(&mut self, decision: impl FnOnce(&mut Batch<'_, Memory>) -> T) -> T {
        let mut batch = Batch::new(&self.ledger, &self.policy, self.now);
        let result = decision(&mut batch);
        let records = batch.into_records();
        self.ledger.commit(records).unwrap();
        result
    }

    fn named(&self, name: &str) -> DeliveryId {
        *self.names.get(name).unwrap_or_else(|| panic!("no step is named `{name}`"))
    }

    fn delivery(&self, name: &str) -> Delivery {
        let id = self.named(name);
        self.ledger.delivery(id).unwrap().unwrap_or_else(|| panic!("`{name}` created no delivery"))
    }

    fn receive(&mut self, name: Option<&String>, body: &str, answer: Option<&String>) {
        let answer = answer.map_or("stored", String::as_str);
        let receipt = match Prepared::read("127.0.0.1:1".to_owned(), body.as_bytes().to_vec()) {
            Err((error, _)) => {
                assert_eq!(answer, error.code(), "{body}");
                return;
            }
            Ok(prepared) => self.decide(|batch| batch.submit(Submission::Webhook(prepared))).unwrap(),
        };
        assert_eq!(answer, if receipt.duplicate_of.is_some() { "duplicate" } else { "stored" }, "{body}");
        if let Some(name) = name {
            self.names.insert(name.clone(), DeliveryId(receipt.seq));
        }
    }

    fn finish(&mut self, id: DeliveryId, attempt: u32, said: &str) {
        let delivery = self.ledger.delivery(id).unwrap().unwrap();
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
        if let (true, Some(ticket), Some(to)) = (done, &delivery.ticket, &delivery.to) {
            self.owners.insert(ticket.0.clone(), to.0.clone());
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
        self.decide(|batch| batch.finish(id, attempt, answer, Vec::new())).unwrap();
    }

    fn start(&mut self) -> Vec<(DeliveryId, u32)> {
        let claimed = self.decide(|batch| batch.claim(100, "scenario")).unwrap();
        let mut started: Vec<_> = claimed.assignments.iter().map(|one| (one.delivery.id, one.attempt)).collect();
        started.sort_unstable();
        let mut tickets: Vec<_> = self.ledger.in_flight().unwrap().into_iter().map(|one| one.ticket).collect();
        tickets.sort_unstable();
        assert!(tickets.windows(2).all(|pair| pair[0] != pair[1]), "two attempts of one ticket at once: {tickets:?}");
        started
    }

    fn step(&mut self, step: &Step) {
        for (sale, reversal) in [(&step.sale, false), (&step.reversal, true)] {
            if let Some(sale) = sale {
                self.receive(sale.name.as_ref(), &body(sale, reversal), sale.answer.as_ref());
            }
        }
        if let Some(webhook) = &step.webhook {
            self.receive(webhook.name.as_ref(), &webhook.body, webhook.answer.as_ref());
        }
        if let Some(clock) = &step.clock {
            let span = humantime::parse_duration(clock).unwrap();
            self.now += chrono::Duration::from_std(span).unwrap();
        }
        if let Some(answers) = &step.attempts {
            // Answering may make the next of a ticket due: go on until nothing is.
            let mut answers = answers.iter();
            loop {
                let started = self.start();
                if started.is_empty() {
                    break;
                }
                for (id, attempt) in started {
                    let said =
                        answers.next().unwrap_or_else(|| panic!("an attempt of {id} that no answer was given for"));
                    self.finish(id, attempt, said);
                }
            }
            assert_eq!(answers.next(), None, "an answer that no attempt asked for");
        }
        if let Some(names) = &step.start {
            let started: Vec<_> = self.start().into_iter().map(|(id, _)| id).collect();
            let wanted: Vec<_> = names.iter().map(|name| self.named(name)).collect();
            assert_eq!(started, wanted, "what was started");
        }
        for (name, said) in step.finish.iter().flatten() {
            let State::InFlight { attempt } = self.delivery(name).state else { panic!("`{name}` is not in flight") };
            self.finish(self.named(name), attempt, said);
        }
        if step.crash == Some(true) {
            self.decide(|batch| batch.recover()).unwrap();
        }
        if let Some(operator) = &step.operator {
            self.order(operator);
        }
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
            let shown =
                |one: &Option<willcall::domain::ids::Person>| one.as_ref().map_or("-".to_owned(), |one| one.0.clone());
            assert_eq!(&format!("{} -> {}", shown(&delivery.from), shown(&delivery.to)), wanted, "people of `{name}`");
        }
        for (ticket, owner) in &step.owner {
            assert_eq!(self.owners.get(ticket), Some(owner), "the platform's owner of {ticket}");
        }
        self.promises();
    }

    fn order(&mut self, operator: &Operator) {
        let command = match operator {
            Operator { retry: Some(name), .. } => Command::Retry(self.named(name)),
            Operator { mark_delivered: Some(name), .. } => Command::MarkDelivered(self.named(name)),
            Operator { cancel: Some(name), .. } => Command::Cancel(self.named(name)),
            Operator { undo: Some(name), .. } => Command::Undo(self.named(name)),
            _ => panic!("an operator step without a command"),
        };
        let order = Order { who: "ana".to_owned(), why: operator.why.clone(), command };
        let result = self.decide(|batch| batch.order(&order));
        match (&operator.refused, result) {
            (None, Ok(_)) => {}
            (Some(wanted), Err(error)) => {
                let said = error.to_string();
                assert!(said.contains(wanted), "refused with `{said}`, not with `{wanted}`");
            }
            (None, Err(error)) => panic!("refused: {error}"),
            (Some(wanted), Ok(_)) => panic!("carried out, though it should be refused with `{wanted}`"),
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
                assert!(!front.stage().settled() && front.id < delivery.id, "{} waits for {}", delivery.id, front.id);
            }
        }
        let rebuilt = {
            let mut fresh = Memory::default();
            fresh.commit(self.ledger.records().to_vec()).unwrap();
            fresh
        };
        assert!(rebuilt.deliveries().eq(self.ledger.deliveries()), "replaying the records gives something else");
    }
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
    serde_json::json!({ "message": { "family": "ticket", "action": "ticket.updated", "type": "USER_TRANSFER", "data": data } })
        .to_string()
}

#[test]
fn every_scenario_leads_where_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scenarios");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    assert!(files.len() >= 20, "only {} scenarios found", files.len());
    let mut failures = Vec::new();
    for path in &files {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(path).unwrap();
        let scenario: Scenario = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!scenario.about.trim().is_empty(), "{name} does not say what it is about");
        let mut world = World::new();
        for (number, step) in scenario.step.iter().enumerate() {
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| world.step(step)));
            if let Err(panic) = outcome {
                let text = panic
                    .downcast_ref::<String>()
                    .cloned()
                    .or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
                failures.push(format!("{name}, step {}: {}", number + 1, text.unwrap_or_default()));
                break;
            }
        }
    }
    assert!(failures.is_empty(), "{} of {} scenarios fail:\n{}", failures.len(), files.len(), failures.join("\n"));
}
