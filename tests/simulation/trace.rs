//! What happened, in the words of a scenario file.

use std::collections::{BTreeMap, BTreeSet};

use willcall::domain::delivery::Delivery;
use willcall::domain::ids::{DeliveryId, Person};

use crate::decision::name;
use crate::platform::Platform;

#[derive(Debug, Default)]
pub struct Trace {
    lines: Vec<String>,
    /// Lines up to the moment when all was quiet and no person had cleared up yet, with how things stood then.
    at_rest: Option<String>,
    /// Within a batch: what comes next belongs to the same.
    together: Option<bool>,
    /// Calls that reached the target and whose end is not on record.
    reached: Vec<String>,
    /// Tickets that a person moved by hand.
    by_hand: BTreeSet<String>,
}

impl Trace {
    pub fn remark(&mut self, sentence: &str) {
        self.lines.push(format!("# {sentence}"));
    }

    pub fn step(&mut self, line: &str) {
        let together = if self.together == Some(true) { "together = true\n" } else { "" };
        self.together = self.together.map(|_| true);
        self.lines.push(format!("[[step]]\n{together}{line}"));
    }

    /// What follows is one batch, until it ends.
    pub fn batch_begins(&mut self) {
        self.together = Some(false);
    }

    pub fn batch_ends(&mut self) {
        self.together = None;
    }

    pub fn started(&mut self, started: &[DeliveryId], limit: usize) {
        let names: Vec<String> = started.iter().map(|id| format!("\"{}\"", name(*id))).collect();
        let limit = if limit < 100 { format!("\nlimit = {limit}") } else { String::new() };
        self.step(&format!("start = [{}]{limit}", names.join(", ")));
    }

    /// A call did its work at the target, and its end will never be on record.
    pub fn reaches(&mut self, id: DeliveryId) {
        self.reached.push(name(id));
    }

    pub fn crash(&mut self) {
        let reached: Vec<String> = self.reached.drain(..).map(|name| format!("\"{name}\"")).collect();
        match reached.is_empty() {
            true => self.step("crash = true"),
            false => self.step(&format!("reached = [{}]\ncrash = true", reached.join(", "))),
        }
    }

    pub fn moved_by_hand(&mut self, ticket: &str) {
        self.by_hand.insert(ticket.to_owned());
    }

    /// All is quiet.
    pub fn rests(&mut self, deliveries: &BTreeMap<DeliveryId, Delivery>, platform: &Platform) {
        self.at_rest = Some(self.file(deliveries, platform));
    }

    /// The whole story if it is `broken`, else what happened before a person cleared up; and where it led.
    pub fn told(&self, broken: bool, deliveries: &BTreeMap<DeliveryId, Delivery>, platform: &Platform) -> String {
        match &self.at_rest {
            Some(at_rest) if !broken => at_rest.clone(),
            _ => self.file(deliveries, platform),
        }
    }

    fn file(&self, deliveries: &BTreeMap<DeliveryId, Delivery>, platform: &Platform) -> String {
        let mut text = self.lines.join("\n");
        if !self.lines.iter().any(|line| line.starts_with("[[step]]")) {
            return format!("step = []\n{text}\n");
        }
        let shown = |one: &Option<Person>| one.as_ref().map_or("-".to_owned(), |one| one.0.clone());
        let stands = |one: &Delivery| match one.reason() {
            Some(reason) => format!("{}: {reason}", one.stage().name()),
            None => one.stage().name().to_owned(),
        };
        let people = |one: &Delivery| format!("{} -> {}", shown(&one.from), shown(&one.to));
        let of_all = |say: &dyn Fn(&Delivery) -> String| -> Vec<(String, String)> {
            deliveries.values().map(|one| (name(one.id), say(one))).collect()
        };
        let places = platform.moved().filter(|(ticket, _)| !self.by_hand.contains(*ticket));
        let owners = places.map(|(ticket, place)| (ticket.clone(), place.owner.clone())).collect();
        text.push_str("\n# Where this leads today:\n");
        for (key, values) in [("expect", of_all(&stands)), ("people", of_all(&people)), ("owner", owners)] {
            let values: Vec<String> =
                values.into_iter().map(|(name, value)| format!("{name} = {}", toml::Value::from(value))).collect();
            if !values.is_empty() {
                text.push_str(&format!("{key} = {{ {} }}\n", values.join(", ")));
            }
        }
        text
    }
}
