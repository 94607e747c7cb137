use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::domain::documentation::{self, Drift};
use crate::domain::payload::{Payload, Reversal, TicketUpdated};
use crate::domain::webhook::Webhook;

const OPENED: Timestamp = Timestamp::UNIX_EPOCH;

/// What the requests say, in order.
#[derive(Default)]
struct Read {
    actions: BTreeSet<String>,
    updates: Vec<TicketUpdated>,
    unreadable: usize,
    drifted: usize,
    undocumented: usize,
    without_envelope: usize,
    repeated: usize,
}

fn read(steps: &[Step]) -> Read {
    let mut read = Read::default();
    let mut last = BTreeMap::new();
    for step in steps {
        let Ok(webhook) = Webhook::parse(&step.body) else {
            read.unreadable += 1;
            continue;
        };
        match documentation::drift(&webhook).as_slice() {
            [] => {}
            [Drift::Undocumented { .. }] => read.undocumented += 1,
            _ => read.drifted += 1,
        }
        let payload = Payload::of(&webhook);
        let print = webhook.print();
        read.repeated += usize::from(last.insert(payload.subject(&webhook), print) == Some(print));
        read.without_envelope += usize::from(webhook.message.len() == step.body.len());
        read.actions.insert(webhook.action.clone());
        if let Payload::TicketUpdated(update) = payload {
            read.updates.push(*update);
        }
    }
    read
}

fn total(steps: &[Step]) -> Duration {
    steps.iter().map(|step| step.after).sum()
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    assert_eq!(script(3, OPENED), script(3, OPENED));
    assert_ne!(script(3, OPENED), script(4, OPENED));
    let opening = script(3, OPENED);
    assert_eq!(endless(3, OPENED).take(opening.len()).collect::<Vec<_>>(), opening);
}

#[test]
fn the_opening_shows_everything_within_ten_seconds() {
    for seed in 0..50 {
        let steps = script(seed, OPENED);
        // The last answers and returns need their moment too.
        assert!(total(&steps) < Duration::from_millis(8_500), "{:?}", total(&steps));
        let read = read(&steps);
        for action in documentation::ACTIONS.iter().map(|one| one.action).chain(["waitlist.moved"]) {
            assert!(read.actions.contains(action), "seed {seed}: no {action}");
        }
        assert_eq!((read.unreadable, read.undocumented, read.without_envelope), (1, 1, 1), "seed {seed}");
        assert_eq!(read.repeated, 1, "seed {seed}: duplicates");
        assert_eq!(read.drifted, 2, "seed {seed}: an extra field and a missing buyer");

        let sales =
            |manner| read.updates.iter().filter(|one| is_sale(one) && Manner::of(ticket(one)) == manner).count();
        for manner in [
            Manner::Prompt,
            Manner::Slow,
            Manner::Busy,
            Manner::BreaksBefore,
            Manner::BreaksAfter,
            Manner::Silent,
            Manner::Locked,
            Manner::Reissued,
        ] {
            assert!(sales(manner) > 0, "seed {seed}: no sale meets {manner:?}");
        }
    }
}

fn ticket(update: &TicketUpdated) -> &str {
    update.ticket.as_ref().unwrap().as_str()
}

fn is_sale(update: &TicketUpdated) -> bool {
    update.reversal == Reversal::Sale
}

#[test]
fn the_opening_has_a_reversal_of_each_kind() {
    let updates = read(&script(1, OPENED)).updates;
    let mut kinds = BTreeSet::new();
    for (place, reversal) in updates.iter().enumerate().filter(|(_, one)| !is_sale(one)) {
        let is_its_sale = |one: &TicketUpdated| is_sale(one) && one.order.resale == reversal.order.resale;
        let before = &updates[..place];
        let Some(sale) = before.iter().position(is_its_sale) else {
            let comes_late = updates[place..].iter().any(is_its_sale);
            kinds.insert(if comes_late { "before its sale" } else { "never seen" });
            continue;
        };
        let sold_on = before[sale + 1..]
            .iter()
            .any(|one| one.ticket == reversal.ticket && one.order.resale != reversal.order.resale);
        kinds.insert(match Manner::of(ticket(reversal)) {
            _ if sold_on => "sold on",
            Manner::Prompt => "delivered",
            Manner::Busy => "surely not done",
            Manner::BreaksAfter => "may have been done",
            other => panic!("a reversal meets {other:?}"),
        });
    }
    let all = ["before its sale", "delivered", "may have been done", "never seen", "sold on", "surely not done"];
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), all);
}

#[test]
fn ordinary_days_are_lively_and_readable() {
    let steps: Vec<Step> = endless(5, OPENED).take(2_000).collect();
    let rate = steps.len() as f64 / total(&steps).as_secs_f64();
    assert!((1.0..=3.0).contains(&rate), "{rate} a second");
    let read = read(&steps);
    let share = |part: usize, of: usize| part as f64 / of as f64;
    assert!(share(read.unreadable, steps.len()) < 0.02);
    assert!((0.01..0.1).contains(&share(read.repeated, steps.len())), "{} repetitions", read.repeated);
    let reversals = read.updates.iter().filter(|one| !is_sale(one)).count();
    assert!((0.02..0.2).contains(&share(reversals, read.updates.len())), "{reversals} reversals");
}

#[test]
fn sellers_sell_what_they_have() {
    // The opening leaves contradictions behind on purpose; the days after it should not.
    let opening = script(5, OPENED).len();
    let steps: Vec<Step> = endless(5, OPENED).skip(opening).take(2_000).collect();
    let (mut owners, mut sellers, mut again) = (BTreeMap::new(), BTreeSet::new(), 0);
    for update in read(&steps).updates {
        let key = ticket(&update).to_owned();
        let (buyer, seller) = (update.new_owner.unwrap_or("nobody".into()).0, update.old_owner.unwrap().0);
        let sale = update.reversal == Reversal::Sale;
        let (from, to) = if sale { (seller, buyer) } else { (buyer, seller) };
        if let Some(owner) = owners.insert(key.clone(), to.clone()) {
            again += 1;
            assert!(owner == from || owner == to, "{from} sold {key}, which {owner} has");
        }
        if sale {
            // An older sale come late looks the same, and is held.
            assert!(!sellers.contains(&(key.clone(), to)), "{key} was bought back");
            sellers.insert((key, from));
        }
    }
    assert!(again > 100, "{again} tickets changed hands again");
}

#[test]
fn amounts_are_written_as_menta_writes_them() {
    use super::super::payloads::Money;
    for (money, text) in [(5_750, "57.5"), (9_027_500, "90275"), (10_381_625, "103816.25"), (0, "0")] {
        assert_eq!(serde_json::to_string(&Money(money)).unwrap(), text);
    }
}
