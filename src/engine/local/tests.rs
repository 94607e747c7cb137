use super::*;
use crate::config::{Surroundings, load};
use crate::domain::record;
use crate::domain::retry::Outcome;
use crate::engine::ledger::Memory;
use crate::ingest::submission::{Ailment, Prepared, Submission};
use std::path::{Path, PathBuf};
use std::time::Instant;

fn settings(folder: &Path) -> Settings {
    let values = [("WILLCALL_DATA_DIR", folder.display().to_string()), ("WILLCALL_STORE_CACHE", "1MiB".to_owned())];
    let variables = values.map(|(name, value)| (name.to_owned(), value)).into();
    let here = Surroundings { variables, config_home: None, data_home: None };
    load(&here, None, &[]).unwrap().settings
}

fn open(folder: &Path) -> LocalLedger {
    LocalLedger::open(&settings(folder), &mut |_| {}).unwrap().0
}

fn webhook(random: &mut fastrand::Rng) -> Submission {
    let (ticket, resale, reversal) = (random.u8(..3), random.u8(..4), random.u8(..4) == 0);
    let body = format!(
        r#"{{"family":"ticket","action":"ticket.updated","data":{{"id":"{ticket}","oldOwnerEmail":"a","newOwnerEmail":"b{resale}","reversal":{reversal},"metadata":{{"order":{{"resaleId":"{resale}"}}}}}}}}"#
    );
    Submission::Webhook(Prepared::read("test".to_owned(), body.into_bytes()).unwrap())
}

fn answer(outcome: Outcome) -> record::Answer {
    record::Answer {
        outcome,
        text: "later".to_owned(),
        status: Some(503),
        request_headers: Vec::new(),
        response_headers: Vec::new(),
        retry_after: None,
        latency_ms: 1,
        truncated: false,
    }
}

/// One batch of a made-up history; the same for the same `random`.
fn decide(ledger: &mut impl Ledger, mut random: fastrand::Rng, now: Timestamp) -> Vec<Record> {
    let policy = RetryPolicy::default();
    assert_eq!(ledger.ready(), Ok(()));
    let mut batch = Batch::new(&*ledger, &policy, now);
    for _ in 0..random.u8(1..4) {
        batch.submit(webhook(&mut random)).unwrap();
    }
    if random.u8(..3) == 0 {
        batch.claim(2, "target").unwrap();
    }
    // Some of these are under way.
    for back in 0..random.u64(..12) {
        let outcome = *random.choice(&[Outcome::Accepted, Outcome::Deferred, Outcome::Unknown]).unwrap();
        let id = DeliveryId(Seq(ledger.last().0.saturating_sub(back)));
        batch.finish(id, random.u32(1..3), answer(outcome), Vec::new()).unwrap();
    }
    let records = batch.into_records();
    ledger.commit(records.clone()).unwrap();
    records
}

#[test]
fn deciding_does_not_see_how_far_behind_the_store_is() {
    let folder = tempfile::tempdir().unwrap();
    let (mut local, mut memory) = (open(folder.path()), Memory::default());
    let archive = local.archive();
    let mut random = fastrand::Rng::with_seed(7);
    for step in 0..400 {
        let (seed, now) = (random.fork(), Timestamp::UNIX_EPOCH + chrono::Duration::seconds(step));
        let decided = decide(&mut local, seed.clone(), now);
        assert_eq!(decided, decide(&mut memory, seed, now));
        if step % 10 == 0 {
            let last = decided.last().unwrap().seq;
            let Answer::Overview(overview) =
                archive.answer(&Query::Overview { rows: 1, late_after: None }, now).unwrap()
            else {
                panic!()
            };
            assert_eq!(overview.last, last, "who was answered cannot see what was kept");
        }
    }
    drop((local, archive));
    let store = Store::open(&folder.path().join("store"), 1 << 20).unwrap();
    assert_eq!(store.applied().unwrap(), memory.last(), "closing left something behind");
}

/// Some hundred sales, more than a cache of 1 MiB holds, in a ledger that was opened afresh.
fn full_of_sales(folder: &Path) -> LocalLedger {
    let mut ledger = open(folder);
    for ticket in 0..6 {
        keep(&mut ledger, (0..100).map(|number| sale(ticket * 100 + number)).collect()).unwrap();
    }
    drop(ledger);
    open(folder)
}

fn sale(number: u32) -> Submission {
    sale_of(&format!("{number}-{}", "t".repeat(3500)), number)
}

fn sale_of(ticket: &str, number: u32) -> Submission {
    let body = format!(
        r#"{{"family":"ticket","action":"ticket.updated","data":{{"id":"{ticket}","oldOwnerEmail":"a","newOwnerEmail":"b","metadata":{{"order":{{"resaleId":"{number}"}}}}}}}}"#
    );
    Submission::Webhook(Prepared::read("test".to_owned(), body.into_bytes()).unwrap())
}

/// Decides and keeps what can be decided; says how many were.
fn keep(ledger: &mut LocalLedger, submissions: Vec<Submission>) -> Result<usize, LedgerError> {
    ledger.ready()?;
    let policy = RetryPolicy::default();
    let mut batch = Batch::new(&*ledger, &policy, Timestamp::UNIX_EPOCH);
    let decided = submissions.into_iter().filter_map(|one| batch.submit(one).ok()).count();
    let records = batch.into_records();
    assert_eq!(records.len(), decided, "what could not be decided is on record");
    if !records.is_empty() {
        ledger.commit(records)?;
    }
    Ok(decided)
}

fn until<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let limit = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < limit, "it did not come about in 30 s");
        std::thread::yield_now();
    }
}

/// Every byte of sled's file turned, as far as it has been written.
fn ruin(folder: &Path) {
    use std::io::Write as _;
    let path = folder.join("store/db");
    let bytes: Vec<u8> = std::fs::read(&path).unwrap().iter().map(|byte| !byte).collect();
    std::fs::OpenOptions::new().write(true).open(path).unwrap().write_all(&bytes).unwrap();
}

fn set_aside(folder: &Path) -> Vec<PathBuf> {
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("store.damaged-")).collect()
}

fn overview(archive: &LocalArchive) -> Result<Seq, LedgerError> {
    match archive.answer(&Query::Overview { rows: 1, late_after: None }, Timestamp::UNIX_EPOCH)? {
        Answer::Overview(overview) => Ok(overview.last),
        other => panic!("{other:?}"),
    }
}

fn every_delivery(archive: &LocalArchive) -> Result<(), LedgerError> {
    (1..=600).try_for_each(|id| {
        let query = Query::Delivery(DeliveryId(Seq(id)));
        let answer = archive.answer(&query, Timestamp::UNIX_EPOCH)?;
        assert!(matches!(answer, Answer::Delivery(Some(_))), "{id}: {answer:?}");
        Ok(())
    })
}

#[test]
fn damage_that_is_met_by_a_question_is_mended_while_everybody_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = full_of_sales(folder.path());
    let archive = ledger.archive();
    ruin(folder.path());
    let met = every_delivery(&archive).unwrap_err();
    assert!(matches!(met.ailment, Ailment::Mending { .. }), "{met}");
    assert!(met.reason.starts_with("the store is being made anew from the journal"), "{met}");
    // Whoever asks meanwhile is told the same, and then has an answer from the new one.
    until(|| match every_delivery(&archive) {
        Ok(()) => Some(()),
        Err(told) => {
            assert!(told.passes() && told.reason.starts_with("the store is being made anew"), "{told}");
            None
        }
    });
    assert_eq!(ledger.ready(), Ok(()));
    assert_eq!(keep(&mut ledger, vec![sale(600)]), Ok(1));
    assert_eq!(overview(&archive), Ok(Seq(601)));
    assert_eq!(set_aside(folder.path()).len(), 1);
    drop((ledger, archive));
    assert_eq!(open(folder.path()).applier.line().applied(), Seq(601));
    assert_eq!(set_aside(folder.path()).len(), 1, "the one made anew is sound");
}

#[test]
fn what_cannot_be_decided_is_not_kept_and_what_was_kept_meanwhile_is_not_lost() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = full_of_sales(folder.path());
    let archive = ledger.archive();
    ruin(folder.path());
    let mut kept = 600;
    // Sales that are known, so that deciding reads rows that are damaged; and each time one that is new.
    for number in 0..600 {
        kept += keep(&mut ledger, vec![sale(number), sale(1000 + number)]).unwrap_or_default();
    }
    let decided = until(|| keep(&mut ledger, vec![sale(5000)]).ok().filter(|decided| *decided == 1));
    kept += decided;
    assert_eq!(until(|| overview(&archive).ok()), Seq(kept as u64));
    assert_eq!(set_aside(folder.path()).len(), 1);
    drop((ledger, archive));
    let settings = settings(folder.path());
    let verified = verify(&settings, &mut |_| {}).unwrap();
    assert_eq!((verified.difference, verified.applied), (None, Seq(kept as u64)));
}

#[test]
fn a_store_that_errs_again_soon_is_left_alone_a_while_and_then_mended_again() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = full_of_sales(folder.path());
    let archive = ledger.archive();
    let mut moments = Vec::new();
    for times in 1..=3 {
        ledger.applier.line().ask(|store| store.spoil(DeliveryId(Seq(7)))).unwrap();
        let told = every_delivery(&archive).unwrap_err();
        assert!(told.reason.contains("the store is damaged at delivery, record 7"), "{told}");
        until(|| (set_aside(folder.path()).len() == times && every_delivery(&archive).is_ok()).then_some(()));
        moments.push(Instant::now());
    }
    assert!(moments[1] - moments[0] >= FIRST_PAUSE && moments[2] - moments[1] >= 2 * FIRST_PAUSE);
}

#[test]
fn a_store_that_says_another_place_of_a_webhook_gives_nobody_a_strangers_ticket() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = full_of_sales(folder.path());
    // What is recent is not looked for in the store.
    ledger.applier.line().ask_settled(|_| Ok(())).unwrap();
    ledger.ready().unwrap();
    ledger.applier.line().ask(|store| store.misplace(Seq(7))).unwrap();
    let told = ledger.record(Seq(7)).unwrap_err();
    assert!(told.reason.contains("it has record 7 where the journal has 6") && told.passes(), "{told}");
    let read = until(|| ledger.ready().ok().and_then(|()| ledger.record(Seq(7)).ok()));
    assert_eq!(read.map(|record| record.seq), Some(Seq(7)));
    // One without the places of the records before would take the next place for that of another record.
    ledger.applier.line().ask(|store| store.lose_place(ledger.last())).unwrap();
    assert_eq!(keep(&mut ledger, vec![sale(701)]), Ok(1));
    let last = ledger.last();
    until(|| (set_aside(folder.path()).len() == 2).then_some(()));
    let read = until(|| ledger.ready().ok().and_then(|()| ledger.record(last).ok()));
    assert_eq!(read.map(|record| record.seq), Some(last));
}

#[test]
fn a_store_that_cannot_be_made_anew_keeps_nothing_says_why_and_heals() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = full_of_sales(folder.path());
    let archive = ledger.archive();
    let journal = folder.path().join("journal");
    let away = folder.path().join("journal.away");
    std::fs::rename(&journal, &away).unwrap();
    ruin(folder.path());
    every_delivery(&archive).unwrap_err();
    let told = until(|| ledger.ready().err().filter(|error| error.reason.contains("cannot be mended")));
    assert!(told.reason.starts_with("the store cannot be mended, tried again in 1 s: "), "{told}");
    assert!(told.passes(), "a delivery whose webhook cannot be read now would be sent without it");
    assert_eq!(keep(&mut ledger, vec![sale(700)]), Err(told.clone()));
    assert_eq!(overview(&archive), Err(told));
    std::fs::rename(&away, &journal).unwrap();
    assert_eq!(until(|| keep(&mut ledger, vec![sale(700)]).ok()), 1);
    assert_eq!(overview(&archive), Ok(Seq(601)));
    assert_eq!(set_aside(folder.path()).len(), 1);
}

#[test]
fn after_a_clock_that_ran_ahead_was_set_back_deliveries_wait_as_long_as_they_were_told() {
    const YEAR: i64 = 365 * 86_400;
    // Ahead by more than they wait, and by less.
    for (ahead, wait) in [(YEAR, 30), (3600, 7200)] {
        wait_as_long_as_they_were_told(ahead, wait);
    }
}

fn wait_as_long_as_they_were_told(ahead: i64, wait: i64) {
    let folder = tempfile::tempdir().unwrap();
    let at = |seconds| Timestamp::UNIX_EPOCH + chrono::Duration::seconds(seconds);
    let policy = RetryPolicy { delays: vec![chrono::Duration::seconds(wait)], jitter_percent: 0 };
    let mut ledger = open(folder.path());
    let commit = |ledger: &mut LocalLedger, now, decide: &dyn Fn(&mut Batch<'_, LocalLedger>)| {
        ledger.ready().unwrap();
        let mut batch = Batch::new(&*ledger, &policy, now);
        decide(&mut batch);
        let records = batch.into_records();
        if !records.is_empty() {
            ledger.commit(records).unwrap();
        }
    };
    let claimed = |ledger: &mut LocalLedger, now| {
        let found = std::cell::Cell::new((0, None));
        commit(ledger, now, &|batch| {
            let claimed = batch.claim(9, "target").unwrap();
            found.set((claimed.assignments.len(), claimed.next_due));
        });
        found.get()
    };
    // One that waits for its second attempt, and one that nobody has started.
    let ahead = at(ahead);
    commit(&mut ledger, ahead, &|batch| {
        batch.submit(sale_of("1", 1)).unwrap();
    });
    assert_eq!(claimed(&mut ledger, ahead), (1, None));
    commit(&mut ledger, ahead, &|batch| {
        batch.finish(DeliveryId(Seq(1)), 1, answer(Outcome::Deferred), Vec::new()).unwrap();
        batch.submit(sale_of("2", 2)).unwrap();
    });
    assert_eq!(claimed(&mut ledger, at(0)).0, 0, "nobody has noticed");
    for restarted in [false, true] {
        if restarted {
            drop(ledger);
            ledger = open(folder.path());
        }
        assert_eq!(ledger.clock_was_set(at(0)), Ok(if restarted { 1 } else { 2 }));
        let first = if restarted { 0 } else { 1 };
        // It may be called earlier, for nothing.
        let called = |next: Option<Timestamp>| next.is_some_and(|next| next <= at(wait));
        let (started, next) = claimed(&mut ledger, at(0));
        assert!(started == first && called(next), "{started} {next:?}");
        let (started, next) = claimed(&mut ledger, at(wait - 1));
        assert!(started == 0 && called(next), "{started} {next:?}");
    }
    assert_eq!(claimed(&mut ledger, at(wait)).0, 1, "ahead by {ahead}, told to wait for {wait} s");
    assert_eq!(claimed(&mut ledger, at(wait + 1)).0, 0, "it was handed out twice");
}
