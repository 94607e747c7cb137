//! A world in which a history takes place: menta, the ledger, the platform and a clock of its own. Plays step by step, checks
//! the promises after each, and writes down what happened in the words of a scenario file.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use willcall::domain::Timestamp;
use willcall::domain::delivery::{Delivery, Stage};
use willcall::domain::ids::{DeliveryId, Digest, Seq};
use willcall::domain::query::{Done, Order};
use willcall::domain::record::{Answer, Fact, Record, Rejected};
use willcall::domain::retry::{Outcome, RetryPolicy};
use willcall::engine::batch::Batch;
use willcall::engine::dispatch::{Assignment, Claimed};
use willcall::engine::handle::DeskError;
use willcall::ingest::submission::{Prepared, Receipt, Submission};

use crate::ground::Ground;
use crate::menta::{Form, Menta, Ticket, Update, Words};
use crate::network::{Death, History, Moment, Post, Step};
use crate::operator::{Given, What};
use crate::platform::{Manner, Place, Platform};
use crate::promises::{self, Arrival, Broken, Rest, promise};
use crate::report::Tally;

/// Rounds of "let time pass, try what is due" after which it must be quiet.
const ROUNDS: usize = 400;

pub struct World<'t, G> {
    pub ledger: G,
    pub menta: Menta,
    pub platform: Platform,
    pub now: Timestamp,
    /// Calls under way.
    pub flying: Vec<Assignment>,
    /// Events that were kept, whether or not menta learnt of it.
    pub arrivals: Vec<Arrival>,
    /// What was answered with 2xx, or put into the quarantine, and its bytes.
    pub acknowledged: Vec<(Seq, Vec<u8>)>,
    /// Orders that were carried out.
    pub given: Vec<Given>,
    /// All records folded, by the plainest fold there is.
    pub deliveries: BTreeMap<DeliveryId, Delivery>,
    /// Tickets about which a person has decided.
    pub overridden: BTreeSet<String>,
    /// Tickets of which an older buyer was named after a newer one.
    pub unordered: BTreeSet<Ticket>,
    /// Buyer and name of each sale as they were said last.
    pub last_said: HashMap<usize, (&'static str, String)>,
    /// The steps as a scenario file has them.
    pub trace: Vec<String>,
    pub tally: &'t mut Tally,
    policy: RetryPolicy,
    forms: BTreeMap<usize, Form>,
    newest_said: HashMap<usize, usize>,
    unacknowledged: BTreeSet<usize>,
    /// Deliveries as they stood when an order about them was decided, by the order's number.
    before_order: HashMap<(Seq, DeliveryId), Delivery>,
    by_hand: HashMap<DeliveryId, (Option<Place>, bool)>,
    calls: HashMap<DeliveryId, Call>,
    keys: HashMap<String, DeliveryId>,
    refused_and_retried: HashSet<DeliveryId>,
}

/// The last call made for a delivery.
struct Call {
    key: String,
    event: Seq,
    content: (String, String, Digest),
}

/// A post on its way into a batch.
enum Decision {
    Webhook { deed: usize, form: Form, prepared: Box<Prepared> },
    Rubbish(Submission),
    Claim(usize),
    Finish { assignment: Box<Assignment>, answer: Answer, said: String },
    Order { order: Order, what: What, id: DeliveryId },
}

/// What the batch said to it.
enum Said {
    Kept(Receipt),
    Claimed(Claimed),
    Finished,
    Ordered(Box<Result<Done, DeskError>>),
}

impl<'t, G: Ground> World<'t, G> {
    pub fn new(tally: &'t mut Tally) -> Self {
        Self {
            ledger: G::new(),
            menta: Menta::default(),
            platform: Platform::default(),
            now: "2026-03-20T22:50:00Z".parse().unwrap(),
            flying: Vec::new(),
            arrivals: Vec::new(),
            acknowledged: Vec::new(),
            given: Vec::new(),
            deliveries: BTreeMap::new(),
            overridden: BTreeSet::new(),
            unordered: BTreeSet::new(),
            last_said: HashMap::new(),
            trace: Vec::new(),
            tally,
            policy: RetryPolicy::default(),
            forms: BTreeMap::new(),
            newest_said: HashMap::new(),
            unacknowledged: BTreeSet::new(),
            before_order: HashMap::new(),
            by_hand: HashMap::new(),
            calls: HashMap::new(),
            keys: HashMap::new(),
            refused_and_retried: HashSet::new(),
        }
    }

    /// The words of a deed, if they are about a sale.
    pub fn update(&self, deed: usize) -> Option<&Update> {
        match self.menta.words.get(&deed)? {
            Words::Update(update) => Some(update),
            Words::Listing { .. } => None,
        }
    }

    /// Plays a whole history and what must follow when nothing more comes.
    pub fn play(&mut self, history: &History) -> Result<(), Broken> {
        for step in &history.steps {
            self.step(step)?;
        }
        self.say_what_was_lost()?;
        self.calm_down(history.ending)?;
        self.check_rest()?;
        self.settle_by_hand()?;
        promises::kept(self)?;
        promises::accounted(self)?;
        promises::same_as_folded(self)?;
        self.ledger.rebuilds().map_err(|how| Broken { promise: "5 rebuild", how })?;
        promises::same_as_folded(self)
    }

    fn step(&mut self, step: &Step) -> Result<(), Broken> {
        match step {
            Step::Menta { number, deed, form } => {
                if let Some(sentence) = self.menta.act(*number, deed) {
                    self.tally.count("menta", deed_name(deed));
                    self.forms.insert(*number, *form);
                    self.trace.push(format!("# menta: {sentence}"));
                }
            }
            Step::Passes { seconds } => self.pass(chrono::Duration::seconds(i64::from(*seconds))),
            Step::Writes { posts, death } => self.write(posts, *death)?,
            Step::Dies(death) => self.die(*death)?,
        }
        promises::between(self)
    }

    fn pass(&mut self, span: chrono::Duration) {
        self.now += span;
        self.note(format!("clock = \"{}s\"", span.num_seconds()));
    }

    fn note(&mut self, line: String) {
        self.trace.push(format!("[[step]]\n{line}"));
    }

    fn write(&mut self, posts: &[Post], death: Option<(Moment, Death)>) -> Result<(), Broken> {
        let decisions: Vec<Decision> = posts.iter().filter_map(|post| self.prepare(post)).collect();
        if decisions.len() > 1 {
            self.tally.count("writer", "batch of several");
        }
        let mut batch = Batch::new(&self.ledger, &self.policy, self.now);
        let said: Vec<Said> = decisions.iter().map(|decision| decision.decide(&mut batch)).collect();
        let records = batch.into_records();
        if let Some((Moment::BeforeKept, death)) = death {
            self.tally.count("death", "before a batch is kept");
            for decision in decisions {
                match decision {
                    Decision::Webhook { deed, .. } => {
                        self.trace.push("# an event is not acknowledged".to_owned());
                        self.unacknowledged.insert(deed);
                    }
                    Decision::Finish { said, .. } => {
                        self.trace.push(format!("# the target says {said}, but that is lost"));
                    }
                    _ => {}
                }
            }
            return self.die(death);
        }
        if let Err(broken) = self.keep(records) {
            for decision in &decisions {
                self.trace.push(format!("# and then: {}", decision.in_words(&self.menta)));
            }
            return Err(broken);
        }
        let (dies, alone) = (death.is_some(), decisions.len() == 1);
        for (decision, said) in decisions.into_iter().zip(said) {
            self.follow(decision, said, dies, alone)?;
        }
        match death {
            None => Ok(()),
            Some((_, death)) => {
                self.tally.count("death", "after a batch is kept");
                self.die(death)
            }
        }
    }

    fn prepare(&mut self, post: &Post) -> Option<Decision> {
        Some(match post {
            Post::Arrives { deed, form } => {
                let form = form.unwrap_or(*self.forms.get(deed)?);
                let body = self.menta.words.get(deed)?.body(form).into_bytes();
                let prepared = Box::new(Prepared::read("127.0.0.1:1".to_owned(), body).unwrap());
                Decision::Webhook { deed: *deed, form, prepared }
            }
            Post::Rubbish => Decision::Rubbish(Submission::Rejected {
                rejected: Rejected {
                    from: "127.0.0.1:1".to_owned(),
                    code: "not_json".to_owned(),
                    message: "rubbish".to_owned(),
                    content_type: None,
                },
                body: b"rubbish".to_vec(),
            }),
            Post::Claims { limit } => Decision::Claim(*limit),
            Post::Lands { pick, manner } => {
                let pick = pick.checked_rem(self.flying.len())?;
                let assignment = Box::new(self.flying.remove(pick));
                let called = self.platform.call(&assignment, *manner);
                self.tally.count("answer", manner_name(*manner));
                if called.moved {
                    self.tally.count("platform", "moved a ticket");
                }
                Decision::Finish { assignment, answer: called.answer, said: called.said }
            }
            Post::Orders { pick, open, what } => {
                let among: Vec<&Delivery> =
                    self.deliveries.values().filter(|one| !open || !one.stage().settled()).collect();
                let id = among[pick.checked_rem(among.len())?].id;
                let why = format!("reason {pick}");
                let order = Order { who: "ana".to_owned(), why, command: what.command(id) };
                Decision::Order { order, what: *what, id }
            }
        })
    }

    /// Commits, and folds.
    fn keep(&mut self, records: Vec<Record>) -> Result<(), Broken> {
        for record in &records {
            for after in &record.head.deliveries {
                let before = self.deliveries.get(&after.id);
                promises::moves(record, before, after)?;
                if let (Fact::OperatorActed(_), Some(before)) = (&record.head.fact, before) {
                    self.before_order.insert((record.seq, after.id), before.clone());
                }
                self.tally.moved(before, after);
                self.deliveries.insert(after.id, after.clone());
            }
        }
        self.ledger.ready().unwrap();
        self.ledger.commit(records).unwrap();
        Ok(())
    }

    /// What a kept decision means for the world outside. `dies`: the program does not come to say it.
    fn follow(&mut self, decision: Decision, said: Said, dies: bool, alone: bool) -> Result<(), Broken> {
        match (decision, said) {
            (Decision::Webhook { deed, form, prepared }, Said::Kept(receipt)) => {
                self.arrived(deed, form, receipt);
                if dies {
                    self.unacknowledged.insert(deed);
                } else {
                    self.unacknowledged.remove(&deed);
                    self.acknowledged.push((receipt.seq, prepared.body));
                }
            }
            (Decision::Rubbish(submission), Said::Kept(receipt)) => {
                self.tally.count("arrived", "rubbish");
                self.trace.push("# rubbish".to_owned());
                if let Submission::Rejected { body, .. } = submission {
                    self.acknowledged.push((receipt.seq, body));
                }
            }
            (Decision::Claim(_), Said::Claimed(claimed)) => self.started(claimed, dies, alone)?,
            (Decision::Finish { assignment, answer, said }, _) => {
                self.tally.ended(answer.outcome);
                self.note(format!("finish = {{ {} = \"{said}\" }}", name(assignment.delivery.id)));
            }
            (Decision::Order { order, what, .. }, Said::Ordered(result)) => self.ordered(order, what, *result),
            _ => {}
        }
        Ok(())
    }

    fn arrived(&mut self, deed: usize, form: Form, receipt: Receipt) {
        let answer = if receipt.duplicate_of.is_some() { "duplicate" } else { "stored" };
        self.tally.count("arrived", form_name(form));
        self.tally.count("answered", answer);
        let Some(words) = self.menta.words.get(&deed) else { return };
        let line = words.step(form, &format!("e{}", receipt.seq), answer);
        if let Words::Update(update) = words {
            self.tally.count("arrived", if update.reversal { "reversal" } else { "sale" });
            if !update.reversal {
                let newest = self.newest_said.entry(update.sale).or_insert(deed);
                let older = deed < *newest;
                *newest = deed.max(*newest);
                // Words without buyer or seller set the order of versions too, but are none that could be sent.
                if form.sound() {
                    let before = self.last_said.insert(update.sale, (update.to, update.nominal.clone()));
                    if older {
                        self.tally.count("arrived", "older words after newer ones");
                        if before.is_none_or(|before| before.0 != update.to) {
                            self.unordered.insert(update.ticket);
                        }
                    }
                }
            }
        }
        self.arrivals.push(Arrival { seq: receipt.seq, deed, form, duplicate_of: receipt.duplicate_of });
        self.note(line);
    }

    fn started(&mut self, claimed: Claimed, dies: bool, alone: bool) -> Result<(), Broken> {
        let mut names: Vec<DeliveryId> = claimed.assignments.iter().map(|one| one.delivery.id).collect();
        names.sort_unstable();
        let quoted: Vec<String> = names.iter().map(|id| format!("\"{}\"", name(*id))).collect();
        if !names.is_empty() {
            self.note(format!("start = [{}]", quoted.join(", ")));
        }
        for assignment in claimed.assignments {
            promises::may_start(self, &assignment)?;
            promises::no_stranger(self, &assignment)?;
            self.same_key(&assignment)?;
            let kept = self.ledger.record(assignment.delivery.event).unwrap();
            promise("1", kept.is_some_and(|kept| kept.body == assignment.body), || {
                format!("{} is sent with another message", assignment.delivery.id)
            })?;
            self.tally.count("started", assignment.delivery.kind.name());
            self.flying.push(assignment);
        }
        if dies {
            self.tally.count("death", "between claim and call");
        }
        if names.is_empty() && alone {
            // Decided together with other posts, it does not see their times; the tick of the batch wakes the worker.
            let later = self.deliveries.values().filter_map(Delivery::due).min();
            promise("3 woken", claimed.next_due == later, || {
                format!("the worker is told to come back at {:?}, not {later:?}", claimed.next_due)
            })?;
        }
        Ok(())
    }

    /// One key for all automatic attempts; a new one for new words and after a definite refusal that a person retries.
    fn same_key(&mut self, assignment: &Assignment) -> Result<(), Broken> {
        let delivery = &assignment.delivery;
        let text = |one: &Option<_>| one.as_ref().map_or(String::new(), ToString::to_string);
        let call = Call {
            key: assignment.key.clone(),
            event: delivery.event,
            content: (text(&delivery.from), text(&delivery.to), delivery.personal),
        };
        let id = delivery.id;
        let owner = *self.keys.entry(call.key.clone()).or_insert(id);
        promise("2 key", owner == id, || format!("{id} is sent under the key of {owner}"))?;
        let fresh = self.refused_and_retried.remove(&id);
        if let Some(last) = self.calls.get(&id) {
            let same_words = last.content == call.content;
            promise("2 key", fresh || last.event != call.event || last.key == call.key, || {
                format!("{id} is sent again under another key")
            })?;
            promise("2 key", (same_words && !fresh) || last.key != call.key, || {
                format!("{id} has other words, or was refused, and is sent again under the same key")
            })?;
        }
        self.calls.insert(id, call);
        Ok(())
    }

    fn ordered(&mut self, order: Order, what: What, result: Result<Done, DeskError>) {
        let Ok(Done { seq, delivery: Some(after), .. }) = result else {
            self.tally.count("order refused", what.name());
            return;
        };
        let id = after.id;
        let before = self.before_order.remove(&(seq, id)).unwrap_or_else(|| after.clone());
        self.tally.count("order", what.name());
        self.note(format!("operator = {{ {} = \"{}\", why = \"{}\" }}", what.name(), name(id), order.why));
        self.given.push(Given { seq, order });
        let Some(ticket) = after.ticket.as_ref().map(|one| one.0.clone()) else { return };
        let overridden = self.overridden.contains(&ticket);
        match what {
            What::Retry => {
                let refused = before.last.as_ref().is_some_and(|last| last.outcome == Outcome::Refused);
                if before.stage() == Stage::Failed && refused {
                    self.refused_and_retried.insert(id);
                }
            }
            What::MarkDelivered => {
                let place = self.platform.place(&ticket);
                // What a person says they did, they did.
                if let Some(to) = &after.to {
                    self.platform.put(&ticket, Place { owner: to.0.clone(), message: None });
                }
                self.by_hand.insert(id, (Some(place), overridden));
            }
            What::Cancel => {
                self.by_hand.insert(id, (None, overridden));
            }
            What::Undo => {
                if let Some((place, overridden)) = self.by_hand.remove(&id) {
                    if let Some(place) = place {
                        self.platform.put(&ticket, place);
                    }
                    if !overridden {
                        self.overridden.remove(&ticket);
                    }
                }
            }
        }
        if what.overrides(&before) {
            self.overridden.insert(ticket);
        }
    }

    fn die(&mut self, death: Death) -> Result<(), Broken> {
        self.tally.count("death", "in all");
        for (place, assignment) in std::mem::take(&mut self.flying).into_iter().enumerate() {
            // It may have reached the platform, and nobody will know.
            let done = death.done >> (place % 8) & 1 == 1;
            self.tally.count("death", if done { "call under way, done" } else { "call under way, not done" });
            if done {
                self.platform.call(&assignment, Manner::SilentAfterwards);
                self.trace.push(format!("# {} reaches the target all the same", name(assignment.delivery.id)));
            }
        }
        if death.store_lost {
            self.tally.count("death", "store lost");
        }
        self.ledger.die(death.store_lost);
        if death.again {
            self.tally.count("death", "while coming back");
            Batch::new(&self.ledger, &self.policy, self.now).recover().unwrap();
            self.ledger.die(false);
        }
        let mut batch = Batch::new(&self.ledger, &self.policy, self.now);
        batch.recover().unwrap();
        let records = batch.into_records();
        self.keep(records)?;
        self.note("crash = true".to_owned());
        promises::kept(self)?;
        promises::accounted(self)?;
        promises::same_as_folded(self)?;
        promises::between(self)
    }

    /// menta sends again what it got no 2xx for, and what was lost on the way.
    fn say_what_was_lost(&mut self) -> Result<(), Broken> {
        for deed in self.menta.words.keys().copied().collect::<Vec<_>>() {
            if self.unacknowledged.contains(&deed) || !self.arrivals.iter().any(|one| one.deed == deed) {
                self.tally.count("arrived", "after all else");
                self.write(&[Post::Arrives { deed, form: None }], None)?;
                promises::between(self)?;
            }
        }
        Ok(())
    }

    /// Lets time pass and tries what is due until nothing is.
    fn calm_down(&mut self, manner: Manner) -> Result<(), Broken> {
        for _ in 0..ROUNDS {
            self.write(&[Post::Claims { limit: 100 }], None)?;
            if self.flying.is_empty() {
                let Some(due) = self.deliveries.values().filter_map(Delivery::due).min() else { return Ok(()) };
                let seconds = (due - self.now).num_seconds() + 1;
                self.pass(chrono::Duration::seconds(seconds));
            }
            while !self.flying.is_empty() {
                self.write(&[Post::Lands { pick: 0, manner }], None)?;
                promises::between(self)?;
            }
        }
        Err(Broken { promise: "4 quiet", how: "it never comes to rest".to_owned() })
    }

    fn check_rest(&mut self) -> Result<(), Broken> {
        let tickets: BTreeSet<Ticket> = self.menta.words.values().map(Words::ticket).collect();
        for ticket in tickets {
            let rest = promises::owner(self, ticket)?;
            self.tally.count(
                "at rest",
                match rest {
                    Rest::Open => "left for a person",
                    Rest::Overridden => "decided by a person",
                    Rest::Undecidable => "nobody can tell",
                    Rest::Right => "at menta's owner",
                },
            );
        }
        Ok(())
    }

    /// Whatever is left for a person, a person can settle.
    fn settle_by_hand(&mut self) -> Result<(), Broken> {
        for _ in 0..ROUNDS {
            let Some(open) = self.deliveries.values().find(|one| !one.stage().settled()).map(|one| one.id) else {
                return Ok(());
            };
            let place = self.deliveries.values().filter(|one| !one.stage().settled()).position(|one| one.id == open);
            let post = Post::Orders { pick: place.unwrap_or_default(), open: true, what: What::Cancel };
            self.write(&[post], None)?;
            promises::between(self)?;
            self.calm_down(Manner::Accepts)?;
            promise("3 stuck", self.deliveries[&open].stage().settled(), || format!("{open} cannot be settled"))?;
        }
        Err(Broken { promise: "3 stuck", how: "there is always something left to settle".to_owned() })
    }
}

impl Decision {
    fn decide<G: Ground>(&self, batch: &mut Batch<'_, G>) -> Said {
        match self {
            Self::Webhook { prepared, .. } => {
                Said::Kept(batch.submit(Submission::Webhook(Prepared::clone(prepared))).unwrap())
            }
            Self::Rubbish(submission) => Said::Kept(batch.submit(submission.clone()).unwrap()),
            Self::Claim(limit) => Said::Claimed(batch.claim(*limit, "simulation").unwrap()),
            Self::Finish { assignment, answer, .. } => {
                batch.finish(assignment.delivery.id, assignment.attempt, answer.clone(), Vec::new()).unwrap();
                Said::Finished
            }
            Self::Order { order, .. } => Said::Ordered(Box::new(batch.order(order))),
        }
    }
}

impl Decision {
    fn in_words(&self, menta: &Menta) -> String {
        match self {
            Self::Webhook { deed, form, .. } => {
                menta.words.get(deed).map_or_else(String::new, |words| words.step(*form, "last", "stored"))
            }
            Self::Rubbish(_) => "rubbish".to_owned(),
            Self::Claim(_) => "start".to_owned(),
            Self::Finish { assignment, said, .. } => {
                format!("finish = {{ {} = \"{said}\" }}", name(assignment.delivery.id))
            }
            Self::Order { what, id, .. } => format!("operator = {{ {} = \"{}\" }}", what.name(), name(*id)),
        }
    }
}

fn name(id: DeliveryId) -> String {
    format!("e{}", id.0)
}

fn deed_name(deed: &crate::menta::Deed) -> &'static str {
    use crate::menta::Deed;
    match deed {
        Deed::Lists { .. } => "lists",
        Deed::Sells { resale: Some(_), .. } => "sells, with a resale id",
        Deed::Sells { resale: None, .. } => "sells, without one",
        Deed::Corrects { .. } => "corrects",
        Deed::Reverses { .. } => "reverses",
    }
}

fn form_name(form: Form) -> &'static str {
    match form {
        Form::Proper => "proper",
        Form::Respelled => "respelled",
        Form::NoTicket => "no id",
        Form::NoBuyer => "no newOwnerEmail",
        Form::NoSeller => "no oldOwnerEmail",
        Form::TextForBoolean => "reversal as a text",
        Form::KeyTwice => "a key twice",
    }
}

fn manner_name(manner: Manner) -> &'static str {
    match manner {
        Manner::Accepts => "200",
        Manner::Refuses => "422",
        Manner::Defers { seconds: None } => "429",
        Manner::Defers { seconds: Some(_) } => "429 with Retry-After",
        Manner::Unreachable => "unreachable",
        Manner::FailsAfterwards => "500, done",
        Manner::FailsBefore => "500, not done",
        Manner::SilentAfterwards => "silence, done",
        Manner::SilentBefore => "silence, not done",
    }
}
