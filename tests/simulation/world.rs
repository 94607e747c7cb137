//! A world in which a history takes place: menta, the ledger, the platform and a clock of its own. Plays step by step, checks
//! the promises after each, and writes down what happened in the words of a scenario file.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use willcall::domain::Timestamp;
use willcall::domain::delivery::{Delivery, Stage};
use willcall::domain::ids::{DeliveryId, Digest, Seq};
use willcall::domain::query::{Done, Order};
use willcall::domain::record::{Fact, OperatorAction, Record, Rejected};
use willcall::domain::retry::{Outcome, RetryPolicy};
use willcall::engine::batch::Batch;
use willcall::engine::dispatch::{Assignment, Claimed};
use willcall::engine::handle::DeskError;
use willcall::ingest::submission::{Prepared, Receipt, Submission};

use crate::decision::{Decision, Said, name};

use crate::ground::Ground;
use crate::menta::{Form, Menta, Ticket, Update, Words};
use crate::network::{Among, Death, History, Moment, Post, Step};
use crate::operator::{Given, What};
use crate::platform::{Manner, Place, Platform};
use crate::promises::{self, Arrival, Broken, Rest, promise};
use crate::report::Tally;
use crate::scenario::BEGINNING;
use crate::trace::Trace;

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
    /// What was last ordered of a delivery.
    pub last_order: HashMap<DeliveryId, What>,
    pub trace: Trace,
    pub tally: &'t mut Tally,
    policy: RetryPolicy,
    forms: BTreeMap<usize, Form>,
    newest_said: HashMap<usize, usize>,
    /// All versions of each sale that were said.
    heard: HashMap<usize, HashSet<(&'static str, String)>>,
    unacknowledged: BTreeSet<usize>,
    /// Deliveries as they stood when an order about them was decided, by the order's number.
    before_order: HashMap<(Seq, DeliveryId), Delivery>,
    by_hand: HashMap<DeliveryId, (Option<Place>, bool)>,
    /// What made it impossible to undo the last order about a delivery.
    followed_by: HashMap<DeliveryId, &'static str>,
    /// Attempts put on record by the batch in which the program dies: nobody made the call.
    uncalled: HashSet<DeliveryId>,
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

impl<'t, G: Ground> World<'t, G> {
    pub fn new(tally: &'t mut Tally, retries: usize) -> Self {
        let mut policy = RetryPolicy::default();
        policy.delays.truncate(retries);
        Self {
            ledger: G::new(),
            menta: Menta::default(),
            platform: Platform::default(),
            now: BEGINNING.parse().unwrap(),
            flying: Vec::new(),
            arrivals: Vec::new(),
            acknowledged: Vec::new(),
            given: Vec::new(),
            deliveries: BTreeMap::new(),
            overridden: BTreeSet::new(),
            unordered: BTreeSet::new(),
            last_said: HashMap::new(),
            last_order: HashMap::new(),
            trace: Trace::default(),
            tally,
            policy,
            forms: BTreeMap::new(),
            newest_said: HashMap::new(),
            heard: HashMap::new(),
            unacknowledged: BTreeSet::new(),
            before_order: HashMap::new(),
            by_hand: HashMap::new(),
            followed_by: HashMap::new(),
            uncalled: HashSet::new(),
            calls: HashMap::new(),
            keys: HashMap::new(),
            refused_and_retried: HashSet::new(),
        }
    }

    /// The words of a deed, if they are about a sale.
    pub fn update(&self, deed: usize) -> Option<&Update> {
        self.menta.update(deed)
    }

    /// Plays a whole history and what must follow when nothing more comes.
    pub fn play(&mut self, history: &History) -> Result<(), Broken> {
        for step in &history.steps {
            self.step(step)?;
        }
        self.say_what_was_lost()?;
        self.calm_down(history.ending)?;
        self.check_rest()?;
        self.trace.rests(&self.deliveries, &self.platform);
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
                    for remark in self.menta.remarks(*number, deed) {
                        self.tally.count("menta", remark);
                    }
                    self.forms.insert(*number, *form);
                    self.trace.remark(&format!("menta: {sentence}"));
                }
            }
            Step::Passes { seconds } => self.pass(chrono::Duration::seconds(i64::from(*seconds))),
            Step::Writes { posts, death } => self.write(posts, *death)?,
            Step::Dies(death) => self.die(*death)?,
        }
        promises::between(self)?;
        promises::kept(self)?;
        promises::accounted(self)?;
        promises::same_as_folded(self)
    }

    fn pass(&mut self, span: chrono::Duration) {
        self.now += span;
        self.trace.step(&format!("clock = \"{}s\"", span.num_seconds()));
    }

    fn write(&mut self, posts: &[Post], death: Option<(Moment, Death)>) -> Result<(), Broken> {
        let decisions: Vec<Decision> = posts.iter().filter_map(|post| self.prepare(post)).collect();
        let moment = death.map(|(moment, _)| moment);
        let (dies, alone) = (moment.is_some_and(|moment| moment != Moment::Decided), decisions.len() == 1);
        if decisions.len() > 1 {
            self.tally.count("writer", "batch of several");
            self.trace.batch_begins();
        }
        let written = self.ledger.write(&self.policy, self.now, &decisions, moment);
        let mut outcome = self.fold(written.records);
        for (decision, said) in decisions.into_iter().zip(written.said) {
            match said {
                Some(said) => outcome = outcome.and(self.follow(decision, said, dies, alone)),
                None => self.lost(decision),
            }
        }
        self.trace.batch_ends();
        outcome?;
        match death {
            None => Ok(()),
            Some((moment, death)) => {
                self.tally.count("death", moment.name());
                self.die(death)
            }
        }
    }

    /// The program dies before anything of it is kept.
    fn lost(&mut self, decision: Decision) {
        match decision {
            Decision::Webhook { deed, .. } => {
                self.trace.remark("an event is not acknowledged");
                self.unacknowledged.insert(deed);
            }
            Decision::Finish { assignment, answer, said } => {
                self.tally.count("death", "between call and outcome on record");
                self.trace.remark(&format!("the target says {said}, but that is lost"));
                if answer.outcome == Outcome::Accepted || said == "lost" {
                    self.trace.reaches(assignment.delivery.id);
                }
            }
            Decision::Rubbish(_) | Decision::Claim(_) | Decision::Order { .. } => {}
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
            Post::Orders { pick, among, what } => {
                let decided =
                    |id: &DeliveryId| matches!(self.last_order.get(id), Some(What::MarkDelivered | What::Cancel));
                let among: Vec<&Delivery> = self
                    .deliveries
                    .values()
                    .filter(|one| match among {
                        Among::All => true,
                        Among::Open => !one.stage().settled(),
                        Among::Decided => decided(&one.id),
                    })
                    .collect();
                let id = among[pick.checked_rem(among.len())?].id;
                let why = format!("reason {pick}");
                let order = Order { who: "ana".to_owned(), why, command: what.command(id) };
                Decision::Order { order, what: *what }
            }
        })
    }

    /// Takes over what is on record now. What a record must not do is said at the end.
    fn fold(&mut self, records: Vec<Record>) -> Result<(), Broken> {
        let mut outcome = Ok(());
        for record in records {
            for after in &record.head.deliveries {
                let before = self.deliveries.get(&after.id);
                outcome = outcome.and(promises::moves(&record, before, after));
                if let (Fact::OperatorActed(_), Some(before)) = (&record.head.fact, before) {
                    self.before_order.insert((record.seq, after.id), before.clone());
                }
                if before.is_some_and(|before| before.undo.is_some()) && after.undo.is_none() {
                    self.followed_by.insert(after.id, what_follows(&record.head.fact, after.id));
                }
                self.tally.moved(before, after);
                self.deliveries.insert(after.id, after.clone());
            }
        }
        outcome
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
                self.trace.step("webhook = { body = \"rubbish\", answer = \"not_json\" }");
                if let Submission::Rejected { body, .. } = submission {
                    self.acknowledged.push((receipt.seq, body));
                }
            }
            (Decision::Claim(limit), Said::Claimed(claimed)) => self.started(limit, claimed, dies, alone)?,
            (Decision::Finish { assignment, answer, said }, _) => {
                self.tally.ended(answer.outcome);
                self.trace.step(&format!("finish = {{ {} = \"{said}\" }}", name(assignment.delivery.id)));
            }
            (Decision::Order { order, what }, Said::Ordered(result)) => self.ordered(order, what, *result),
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
                let overtaken_by = *newest;
                let older = deed < overtaken_by;
                *newest = deed.max(*newest);
                // Words without buyer or seller set the order of versions too, but are none that could be sent.
                if form.sound() {
                    let version = (update.to, update.nominal.clone());
                    let heard = !self.heard.entry(update.sale).or_default().insert(version.clone());
                    match (older, heard) {
                        // The ledger can know that this was said before the newer words: they are not forgotten for it.
                        (true, true) => self.tally.count("arrived", "older words again, after newer ones"),
                        (older, _) => {
                            let before = self.last_said.insert(update.sale, version);
                            if older {
                                self.tally.count("arrived", "older words for the first time, after newer ones");
                            }
                            // What overtook them may name no seller, and was not sent; it was said all the same.
                            let overtook = self.menta.update(overtaken_by).is_some_and(|newer| newer.to != update.to);
                            if older && (overtook || before.is_none_or(|before| before.0 != update.to)) {
                                self.unordered.insert(update.ticket);
                            }
                        }
                    }
                }
            }
        }
        self.arrivals.push(Arrival { seq: receipt.seq, deed, form, duplicate_of: receipt.duplicate_of });
        self.trace.step(&line);
    }

    fn started(&mut self, limit: usize, claimed: Claimed, dies: bool, alone: bool) -> Result<(), Broken> {
        let mut names: Vec<DeliveryId> = claimed.assignments.iter().map(|one| one.delivery.id).collect();
        names.sort_unstable();
        if !names.is_empty() {
            // A death in the middle of the write may have left fewer on record than were taken.
            self.trace.started(&names, if dies { names.len() } else { limit });
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
        if dies && !names.is_empty() {
            self.tally.count("death", "between attempt on record and call");
            self.uncalled.extend(&names);
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
            if let Some(OperatorAction::Undo(id)) = crate::operator::action(&order.command) {
                let why = self.followed_by.get(&id).copied().unwrap_or("never marked delivered or cancelled");
                self.tally.count("undo refused", why);
            }
            return;
        };
        let id = after.id;
        self.last_order.insert(id, what);
        let before = self.before_order.remove(&(seq, id)).unwrap_or_else(|| after.clone());
        self.tally.count("order", what.name());
        let line = format!("operator = {{ {} = \"{}\", why = \"{}\" }}", what.name(), name(id), order.why);
        self.trace.step(&line);
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
                self.trace.moved_by_hand(&ticket);
                self.followed_by.remove(&id);
                // What a person says they did, they did.
                if let Some(to) = &after.to {
                    self.platform.put(&ticket, Place { owner: to.0.clone(), message: None });
                }
                self.by_hand.insert(id, (Some(place), overridden));
            }
            What::Cancel => {
                self.by_hand.insert(id, (None, overridden));
                self.followed_by.remove(&id);
            }
            What::Undo => {
                if let Some((place, overridden)) = self.by_hand.remove(&id) {
                    self.tally.count("undone", if place.is_some() { "mark_delivered" } else { "cancel" });
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
            let done = death.done >> (place % 8) & 1 == 1 && !self.uncalled.contains(&assignment.delivery.id);
            self.tally.count("death", if done { "call under way, done" } else { "call under way, not done" });
            if done {
                self.platform.call(&assignment, Manner::SilentAfterwards);
                self.trace.reaches(assignment.delivery.id);
            }
        }
        self.uncalled.clear();
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
        self.ledger.ready().unwrap();
        self.ledger.commit(records.clone()).unwrap();
        self.trace.crash();
        self.fold(records)?;
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
            let post = Post::Orders { pick: place.unwrap_or_default(), among: Among::Open, what: What::Cancel };
            self.write(&[post], None)?;
            promises::between(self)?;
            self.calm_down(Manner::Accepts)?;
            promise("3 stuck", self.deliveries[&open].stage().settled(), || format!("{open} cannot be settled"))?;
        }
        Err(Broken { promise: "3 stuck", how: "there is always something left to settle".to_owned() })
    }
}

/// What came after an order so that it cannot be undone.
fn what_follows(fact: &Fact, id: DeliveryId) -> &'static str {
    match fact {
        Fact::Received(_) => "a webhook has followed",
        Fact::AttemptStarted(_) => "an attempt has started",
        Fact::AttemptFinished(_) => "an attempt has ended",
        Fact::OperatorActed(acted) if acted.action == OperatorAction::Undo(id) => "undone already",
        Fact::OperatorActed(_) | Fact::Rejected(_) => "another order has followed",
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
