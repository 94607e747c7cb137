//! What `verify` says of each kind of row that is not what the journal makes of it.

use super::*;

use std::collections::BTreeMap;

use crate::store::keys::NoteKey;
use crate::store::notes::{self, Mention};

/// Changes the notes of the newest records.
fn renote<T>(changes: &mut changes::Changes<'_>, change: impl FnOnce(&mut BTreeMap<NoteKey, Mention>) -> T) {
    let row = changes.get(&keys::recent(0, 0)).unwrap().unwrap();
    let mut notes = notes::all(&row);
    change(&mut notes);
    let mut row = Vec::new();
    notes.iter().for_each(|(key, mention)| notes::write(&mut row, key, mention));
    changes.put(keys::recent(0, 0), row);
}

type Tamper = fn(&mut changes::Changes<'_>);

fn one() -> Delivery {
    delivery(1, Some("t"), pending(5))
}

fn subject() -> crate::domain::ids::Digest {
    let Fact::Received(received) = received(&wish("s", "7", "ACTIVE", 2)) else { panic!() };
    received.subject
}

fn show() -> crate::store::keys::Key {
    keys::show(&keys::show_digest(&"7".into()))
}

const TAMPERS: [(Tamper, &str); 23] = [
    (
        |changes| changes.remove(keys::record(Seq(1)).0),
        "missing from the store: the places of records 1 to 32 in the journal",
    ),
    (
        |changes| {
            let (key, _) = keys::record(Seq(1));
            let mut places = changes.get(&key).unwrap().unwrap();
            places[2 * rows::PLACE_BYTES - 1] ^= 1;
            changes.put(key, places);
        },
        "the place of record 2 in the journal: the journal says 00000000000000000001.wcj at byte ",
    ),
    (
        |changes| changes.mark(&keys::due(at(9)), Seq(1), true).unwrap(),
        "in the store, and not from the journal: delivery d-1 among those due at 2023-11-14 22:13:29.000 UTC",
    ),
    (
        |changes| changes.mark(&keys::due(at(5)), Seq(1), false).unwrap(),
        "missing from the store: delivery d-1 among those due at 2023-11-14 22:13:25.000 UTC",
    ),
    (
        |changes| changes.put_json(keys::delivery(one().id), &delivery(1, Some("u"), pending(5))).unwrap(),
        "delivery d-1, `ticket`: the journal says something, the store says something else",
    ),
    (
        |changes| {
            let held = State::Held { why: Hold::Unmatched };
            changes.put_json(keys::delivery(one().id), &delivery(1, Some("t"), held)).unwrap();
        },
        "delivery d-1, `state`: the journal says pending, the store says held",
    ),
    (
        |changes| changes.put_json(keys::delivery(one().id), &Delivery { attempts: 3, ..one() }).unwrap(),
        "delivery d-1, `attempts`: the journal says nothing, the store says 3",
    ),
    (
        |changes| changes.put_json(keys::delivery(one().id), &Delivery { to: Some("eve@x".into()), ..one() }).unwrap(),
        "delivery d-1, `to`: the journal says something, the store says something else",
    ),
    (|changes| changes.remove(keys::delivery(one().id)), "missing from the store: delivery d-1"),
    (
        |changes| changes.mark(&keys::stage(Stage::Pending, Kind::Transfer), Seq(1), false).unwrap(),
        "missing from the store: delivery d-1 among the transfers that are pending",
    ),
    (
        |changes| changes.mark(&keys::events("ticket"), Seq(1), false).unwrap(),
        "missing from the store: event 1 among those of family `ticket`",
    ),
    (
        |changes| changes.mark(&keys::naming(&"7".into()), Seq(2), false).unwrap(),
        "missing from the store: event 2 among those that name show 7",
    ),
    (
        |changes| changes.mark(&keys::naming(&"7".into()), Seq(3), true).unwrap(),
        "in the store, and not from the journal: event 3 among those that name show 7",
    ),
    (
        |changes| renote(changes, |notes| notes.insert(keys::history(one().id).at(Seq(2)), Mention::default())),
        "in the store, and not from the journal: record 2 in the history of delivery d-1",
    ),
    (
        |changes| {
            let said = Mention { delivery: None, said: Some((subject(), subject())) };
            renote(changes, |notes| notes.insert(keys::latest(&subject()).at(Seq(2)), said));
        },
        "event 2 among those about its subject: the journal says it is no delivery, of print ",
    ),
    (
        |changes| renote(changes, |notes| notes.remove(&keys::timeline(&Lane::of(&"t".into())).at(Seq(1)))),
        "missing from the store: record 1 in the timeline of its ticket",
    ),
    (
        |changes| {
            let said = Some((subject(), subject()));
            let mention = Mention { delivery: Some(true), said };
            renote(changes, |notes| notes.insert(keys::timeline(&Lane::of(&"t".into())).at(Seq(1)), mention));
        },
        "record 1 in the timeline of its ticket: the journal says it is a delivery, too, of print ",
    ),
    (
        |changes| changes.remove(keys::at(&keys::quarantine(false), Seq(3))),
        "missing from the store: request 3 among those in quarantine",
    ),
    (
        |changes| changes.remove(keys::at(&keys::show_order(), Seq(2))),
        "missing from the store: the show of event 2 in the order of shows",
    ),
    (
        |changes| {
            let mut row = changes.json::<serde_json::Value>(&show()).unwrap().unwrap();
            row["tickets_wanted"] = 5.into();
            changes.put_json(show(), &row).unwrap();
        },
        "show 7, `tickets_wanted`: the journal says 2, the store says 5",
    ),
    (
        |changes| {
            let mut row = changes.json::<serde_json::Value>(&keys::family("notifyMe")).unwrap().unwrap();
            row["total"] = 5.into();
            changes.put_json(keys::family("notifyMe"), &row).unwrap();
        },
        "the counts of family `notifyMe`, `total`: the journal says 1, the store says 5",
    ),
    (
        |changes| {
            let mut row = changes.json::<serde_json::Value>(&keys::totals()).unwrap().unwrap();
            row["quarantined"] = 5.into();
            changes.put_json(keys::totals(), &row).unwrap();
        },
        "the totals, `quarantined`: the journal says 1, the store says 5",
    ),
    (
        |changes| changes.put(keys::chunk(&keys::delivery(one().id), 1, 0), b"x".to_vec()),
        "in the store, and not from the journal: part of a long value: delivery, record 1",
    ),
];

#[test]
fn a_difference_from_the_journal_is_named() {
    let mut ledger = Ledger::new();
    let record = ledger.next(received(&sale("t", 1)), sale("t", 1).as_bytes(), vec![one()]);
    ledger.apply(&[record]);
    ledger.event(&wish("s", "7", "ACTIVE", 2));
    let rejected = Rejected { from: "x".into(), code: "not_json".into(), message: "no".into(), content_type: None };
    let record = ledger.next(Fact::Rejected(rejected), b"no", vec![]);
    ledger.apply(&[record]);
    assert_eq!(ledger.verify().difference, None);
    for (tamper, said) in TAMPERS {
        let mut changes = changes::Changes::new(&ledger.store().rows);
        tamper(&mut changes);
        changes.commit().unwrap();
        let difference = ledger.verify().difference.unwrap_or_else(|| panic!("{said}: nothing is said")).to_string();
        assert!(difference.starts_with(said), "{difference} for {said}");
        ledger.store = None;
        ledger.store = Some(rebuild(&ledger.folder(), CACHE, &ledger.reader(), &mut |_| {}).unwrap());
        assert_eq!(ledger.verify().difference, None);
    }
}
