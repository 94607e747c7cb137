//! Records are blanked: the store that takes over is the one before with stand-ins in the place of people, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::model::lived_in;
use super::retention::{changed, delivered};
use super::*;
use crate::domain::blanking::{Blanking, Key};
use crate::journal::Standing;
use crate::store::base;
use crate::store::successor::{Obstacle, Successor};

/// What is blanked up to there, with what is open now.
fn blanking(present: &Store, through: Seq) -> Arc<Blanking> {
    let (open, key) = (present.open_lanes().unwrap(), Key::new([3; 16]));
    Arc::new(Blanking { through, open, key, to_do: BTreeSet::new(), left: BTreeMap::new() })
}

fn begun(ledger: &Ledger, blanking: &Arc<Blanking>) -> Successor {
    Successor::blanked(&folder(ledger, blanking), CACHE, &ledger.reader(), Arc::clone(blanking)).unwrap()
}

fn folder(ledger: &Ledger, blanking: &Blanking) -> PathBuf {
    let standing = Standing { blanked: blanking.through, ..ledger.reader().standing() };
    crate::journal::folder::store_in(ledger.temp.path(), standing)
}

/// All of it, the files of the journal aside.
fn blank(ledger: &Ledger, present: &Store, through: Seq) -> (Store, Arc<Blanking>) {
    let (blanking, trim) = (blanking(present, through), ledger.journal.trim());
    trim.prepare_blanking(&blanking).unwrap();
    let mut successor = begun(ledger, &blanking);
    while successor.advance(present, &ledger.reader()).unwrap() {}
    let store = successor.take_over(present).unwrap().unwrap();
    trim.adopt_blanking(&blanking).unwrap();
    (store, blanking)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_is_blanked_nothing_else_changes(
        steps in model::steps(), more in model::steps(), places in prop::collection::vec(any::<prop::sample::Index>(), 3),
        drops in any::<bool>(),
    ) {
        let (ledger, model) = lived_in(Ledger::with_segments(4_000), steps.into_iter().chain(more).collect());
        let mut present = ledger.store().clone();
        let mut places = places.into_iter();
        let mut cut = |ledger: &Ledger| {
            let cuts = ledger.journal.trim().cuts().unwrap();
            places.next().filter(|_| !cuts.is_empty()).map(|place| cuts[place.index(cuts.len())])
        };
        // Some may have been dropped before, and be known by a base alone.
        if let Some(cut) = cut(&ledger).filter(|_| drops) {
            present = super::retention::dropped(&ledger, &present, cut);
        }
        let mut last_said: BTreeMap<DeliveryId, Seq> = BTreeMap::new();
        for record in &model.records {
            last_said.extend(record.head.deliveries.iter().map(|one| (one.id, record.seq)));
        }
        let mut through = Seq(0);
        while let Some(cut) = cut(&ledger) {
            through = through.max(cut.through);
            let (new, blanking) = blank(&ledger, &present, through);
            let reader = ledger.reader();
            let verified = verify(&new, &reader, &ledger.temp.path().join("verify"), &mut |_| {}).unwrap();
            prop_assert_eq!((verified.difference, verified.applied), (None, ledger.journal.last()));
            for (id, said) in &last_said {
                let mut expected = present.delivery(*id).unwrap();
                if let Some(one) = expected.as_mut().filter(|one| blanking.covers(*said, Some(&lane(one)))) {
                    blanking.blank_delivery(one);
                }
                prop_assert_eq!(new.delivery(*id).unwrap(), expected);
            }
            for seq in 0..=ledger.journal.last().0 + 1 {
                prop_assert_eq!(new.location(Seq(seq)).unwrap(), present.location(Seq(seq)).unwrap());
            }
            if let Some(base) = reader.base().unwrap() {
                let reworded = base::blanked(&base, &blanking).unwrap();
                let mut again = base.clone();
                again.lines = reworded.unwrap_or(again.lines);
                prop_assert_eq!(base::blanked(&again, &blanking).unwrap(), None);
            }
            present = new;
        }
    }
}

fn lane(one: &Delivery) -> Lane {
    Lane::of_delivery(one.ticket.as_ref(), one.id)
}

#[test]
fn a_delivery_that_is_open_again_meanwhile_is_not_blanked() {
    let mut ledger = delivered(6);
    let through = ledger.journal.trim().cuts().unwrap()[3].through;
    let blanking = blanking(ledger.store(), through);
    let mut successor = begun(&ledger, &blanking);
    let record = changed(&ledger, 2, pending(5));
    ledger.apply(&[record]);
    while successor.advance(ledger.store(), &ledger.reader()).unwrap() {}
    assert_eq!(successor.take_over(ledger.store()).unwrap().unwrap_err(), Obstacle::Open(Seq(2)));
    assert_eq!(ledger.store().open_lanes().unwrap(), [Lane::of(&"ticket-1".into())].into());
}
