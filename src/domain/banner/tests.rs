//! Each rule with the facts just before it, at it, and after its cause has gone.

use super::*;
use chrono::TimeDelta;

use crate::domain::query::{Attempts, Disk, TurnedAway};

fn now() -> Timestamp {
    Timestamp::from_timestamp(1_000_000, 0).unwrap()
}

fn ago(seconds: i64) -> Timestamp {
    now() - TimeDelta::seconds(seconds)
}

fn well() -> (Status, Overview) {
    let status = Status {
        disk: Some(Disk { free: 40 << 30, size: 50 << 30 }),
        last_durable: Some(ago(2)),
        data_dir: "/data".into(),
        ..Status::starting(ago(86_400))
    };
    (status, Overview::default())
}

fn up(change: impl FnOnce(&mut Status, &mut Overview)) -> Vec<Banner> {
    let (mut status, mut overview) = well();
    change(&mut status, &mut overview);
    banners(&Facts { now: now(), trouble: None, status: Some(&status), overview: Some(&overview) })
}

fn concerns(change: impl FnOnce(&mut Status, &mut Overview)) -> Vec<Concern> {
    up(change).into_iter().map(|banner| banner.concern).collect()
}

fn turned_away(count: usize, status: u16, seconds: i64) -> Vec<TurnedAway> {
    let one = TurnedAway { at: ago(seconds), from: "192.0.2.7:4000".into(), status, message: String::new() };
    vec![one; count]
}

fn family(silent_for: i64, usual: Option<u32>) -> FamilyCount {
    FamilyCount { total: 900, last_at: Some(ago(silent_for)), usual, ..FamilyCount::default() }
}

#[test]
fn nothing_is_said_while_all_is_well_or_nothing_is_known() {
    assert_eq!(concerns(|_, _| {}), []);
    assert_eq!(banners(&Facts { now: now(), trouble: None, status: None, overview: None }), []);
    assert_eq!(concerns(|status, _| status.disk = None), []);
}

#[test]
fn each_comes_at_its_threshold_and_not_before() {
    let disk = |free, size| move |status: &mut Status, _: &mut Overview| status.disk = Some(Disk { free, size });
    assert_eq!(concerns(disk(1 << 30, 50 << 30)), []);
    assert_eq!(concerns(disk((1 << 30) - 1, 50 << 30)), [Concern::DiskNearlyFull]);
    assert_eq!(concerns(disk(300 << 20, 4 << 30)), [], "a small disk is not always nearly full");
    assert_eq!(concerns(disk((64 << 20) - 1, 4 << 30)), [Concern::DiskFull]);

    let writing = |seconds| move |status: &mut Status, _: &mut Overview| status.writing_since = Some(ago(seconds));
    assert_eq!(concerns(writing(4)), []);
    assert_eq!(concerns(writing(5)), [Concern::DiskStuck]);
    assert_eq!(concerns(writing(-30)), [], "a clock was set back");

    let tried = |made, failed| {
        move |status: &mut Status, _: &mut Overview| status.attempts = Attempts { made, failed, why: None }
    };
    assert_eq!(concerns(tried(20, 10)), []);
    assert_eq!(concerns(tried(20, 11)), [Concern::TargetFailing]);
    assert_eq!(concerns(tried(5, 5)), [], "one stubborn ticket");
    assert_eq!(concerns(tried(6, 6)), [Concern::TargetFailing]);

    let away = |count, code, seconds| {
        move |status: &mut Status, _: &mut Overview| status.turned_away = turned_away(count, code, seconds)
    };
    assert_eq!(concerns(away(4, 401, 5)), []);
    assert_eq!(concerns(away(5, 401, 5)), [Concern::BadSecrets]);
    assert_eq!(concerns(away(50, 404, 5)), [], "a scanner");
    let astray = |status: &mut Status, _: &mut Overview| {
        status.turned_away = turned_away(5, 404, 5);
        status.turned_away.iter_mut().for_each(|one| one.message = TurnedAway::LACKS_SECRET.to_owned());
    };
    assert_eq!(concerns(astray), [Concern::BadSecrets], "the secret is a part of the path");
    assert_eq!(concerns(away(50, 401, 601)), [], "that was earlier");

    let rejected = |count| move |_: &mut Status, overview: &mut Overview| overview.rejected_lately = count;
    assert_eq!((concerns(rejected(4)), concerns(rejected(5))), (vec![], vec![Concern::QuarantineGrows]));

    let silent = |seconds, usual| {
        move |_: &mut Status, overview: &mut Overview| {
            overview.families.insert("ticket".into(), family(seconds, usual));
        }
    };
    let held_up = |why: Option<&str>| {
        let why = why.map(str::to_owned);
        move |status: &mut Status, _: &mut Overview| status.retention_held_up = why
    };
    assert_eq!(
        (concerns(held_up(None)), concerns(held_up(Some("d-1 is open")))),
        (vec![], vec![Concern::RetentionHeldUp])
    );

    let ticket = || vec![Concern::Silent(vec!["ticket".into()])];
    assert_eq!(concerns(silent(3600, None)), []);
    assert_eq!(concerns(silent(3600, Some(11))), []);
    assert_eq!(concerns(silent(599, Some(500))), []);
    assert_eq!(concerns(silent(600, Some(12))), ticket());
}

#[test]
fn a_time_in_which_nobody_listened_is_no_silence() {
    let started = |seconds| {
        move |status: &mut Status, overview: &mut Overview| {
            status.started_at = ago(seconds);
            overview.families.insert("ticket".into(), family(8 * 3600, Some(500)));
        }
    };
    assert_eq!(concerns(started(900)), []);
    assert_eq!(concerns(started(4 * 3600)).len(), 1);
}

#[test]
fn the_gravest_comes_first() {
    let all = concerns(|status, overview| {
        status.unwell = Some("the disk is full: free space".into());
        status.disk = Some(Disk { free: 0, size: 50 << 30 });
        status.writing_since = Some(ago(60));
        status.attempts = Attempts { made: 20, failed: 20, why: None };
        status.turned_away = turned_away(9, 401, 9);
        overview.rejected_lately = 9;
        overview.families.insert("ticket".into(), family(3600, Some(60)));
        status.retention_held_up = Some("d-1 is open".into());
    });
    assert_eq!(all.len(), RULES.len() - 1, "a disk is full or nearly full");
    assert!(all.is_sorted());
    assert_eq!(all[0], Concern::Unwell);
    assert!(all.iter().all(|one| one.may_be_put_away() == (*one != Concern::Unwell)));
    assert_eq!(all.iter().filter(|one| one.is_grave()).count(), 3);
}

#[test]
fn each_says_what_it_means_and_what_to_do() {
    let said = |change: fn(&mut Status, &mut Overview)| up(change).remove(0).says;
    assert_eq!(
        said(|status, _| status.disk = Some(Disk { free: 12 << 20, size: 50 << 30 })),
        "12 MiB left for /data: soon no webhook can be kept. Free space there now"
    );
    assert_eq!(
        said(|status, _| status.attempts = Attempts { made: 20, failed: 14, why: Some("connection refused".into()) }),
        "14 of the last 20 attempts failed: see that it runs and takes them; most are tried again by themselves. The last got “connection refused”"
    );
    let silent = said(|_, overview| {
        overview.families.insert("listing".into(), family(42 * 60, Some(35)));
        overview.families.insert("ticket".into(), family(3 * 3600, Some(120)));
    });
    assert!(
        silent.starts_with("no listing for 42 min, 35 are usual by now; no ticket for 3 h, 120 are usual by now. See"),
        "{silent}"
    );
    let stuck = said(|status, _| status.writing_since = Some(ago(12)));
    assert!(stuck.starts_with("nothing was made durable for 12 s, webhooks wait"), "{stuck}");
}

#[test]
fn a_ledger_that_does_not_answer_is_unwell_whatever_else_is_known() {
    let facts = Facts { now: now(), trouble: Some("the socket is gone"), status: None, overview: None };
    assert_eq!(banners(&facts), [Banner { concern: Concern::Unwell, says: "the socket is gone".into() }]);
}
