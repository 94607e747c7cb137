//! The journal, read from outside, against what was answered and what the platform saw.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::figures::Figures;
use crate::platform::Seen;
use crate::sender::Sender;

/// What the records say.
#[derive(Default)]
pub struct Evidence {
    /// Number and body of everything received.
    received: HashMap<u64, String>,
    /// The key of each attempt.
    started: HashMap<(String, u64), String>,
    /// Transfers whose attempt was begun when their reversal stood on record already.
    after_reversal: usize,
}

impl Evidence {
    /// Of these records, oldest first.
    pub fn of(records: Vec<Value>) -> Self {
        let mut evidence = Self::default();
        let mut reversed = HashSet::new();
        for mut record in records {
            let seq = record["seq"].as_u64().unwrap();
            let fact = &record["head"]["fact"];
            if let Some(started) = fact["attempt_started"].as_object() {
                let of = |key: &str| started[key].as_str().unwrap().to_owned();
                evidence.started.insert((of("delivery"), started["attempt"].as_u64().unwrap()), of("key"));
                let delivery = &record["head"]["deliveries"][0];
                let is_late = delivery["kind"] == "transfer" && reversed.contains(delivery["resale"].as_str().unwrap());
                evidence.after_reversal += usize::from(is_late);
            } else if fact["received"].is_object() {
                let Value::String(body) = record["body"].take() else { panic!("a body that is no text: {record}") };
                let webhook: Value = serde_json::from_str(&body).unwrap();
                let data = &webhook["message"]["data"];
                if data["reversal"] == true {
                    reversed.insert(data["metadata"]["order"]["resaleId"].as_str().unwrap().to_owned());
                }
                evidence.received.insert(seq, body);
            }
        }
        evidence
    }

    /// Puts into `figures` what can be said at any time.
    pub fn judge(&self, senders: &[Sender], seen: &Seen, figures: &mut Figures) {
        let acknowledged = || senders.iter().flat_map(|sender| &sender.kept);
        figures.acknowledged = acknowledged().count();
        figures.lost = acknowledged().filter(|(seq, body)| self.received.get(seq) != Some(body)).count();
        figures.kept = figures.acknowledged - figures.lost;
        figures.refused = senders.iter().map(|sender| sender.refused).sum();
        figures.sales = senders.iter().map(|sender| sender.sold).sum();
        figures.calls = seen.calls;
        figures.at_once = seen.at_once;
        figures.after_reversal = self.after_reversal;

        let is_recorded = |(attempt, keys): &(&(String, u64), &HashSet<String>)| {
            self.started.get(*attempt).is_some_and(|key| keys.iter().all(|seen| seen == key))
        };
        figures.unrecorded = seen.attempts.iter().filter(|attempt| !is_recorded(attempt)).count();
        let pairs: HashSet<(&str, &str)> =
            self.started.iter().map(|((delivery, _), key)| (delivery.as_str(), key.as_str())).collect();
        let deliveries: HashSet<&str> = pairs.iter().map(|(delivery, _)| *delivery).collect();
        let keys: HashSet<&str> = pairs.iter().map(|(_, key)| *key).collect();
        figures.ambiguous_keys = 2 * pairs.len() - deliveries.len() - keys.len();
    }
}
