//! The power goes, as really as one machine allows: what the program has answered 2xx is on the disk.
//!
//! The data folder lies on an ext4 in a file. While 16 connections post sales and a platform takes deliveries, the file
//! system is shut down without its own journal being written (`EXT4_IOC_SHUTDOWN`): whatever has not been synced is gone.
//! Then the program is killed, the disk mounted again, and the program started on what is there.
//!
//! | file | idea |
//! | --- | --- |
//! | `disk` | the disk, and its power |
//! | `load` | 16 connections and what they were answered |
//! | `control` | a program that only writes and syncs, beside it on the same disk |
//! | `report` | the figures |
//!
//! It needs root, loop devices and `mkfs.ext4`, so it runs only when asked to:
//! `WILLCALL_POWER_CUTS=7 cargo test --release --test power_cut -- --nocapture`. `WILLCALL_POWER_SEED` sets another seed.
//!
//! A shut-down file system is not quite a machine without power: an `fdatasync` that is under way while it is shut down may
//! return success for what was not written, and the answer still leaves. Answers that come from the moment on in which the
//! file system is told to shut down are therefore counted apart; to a request sent afterwards there must be none. The control
//! shows how often the kernel does so to the simplest of programs.
//!
//! What this does not show: a disk that loses what it has said was flushed.
#![allow(unreachable_pub)] // `pub` here means: for the other files of this test

#[path = "../support/mod.rs"]
mod support;

mod control;
mod disk;
mod load;
mod report;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::Value;

use control::{Running, Told};
use disk::Disk;
use load::{Acknowledged, After, Load};
use report::{Cut, Report};
use support::platform::{Platform, Reply};
use support::program::Program;

/// Every data folder lives through so many cuts: the first finds it new, the others find it recovered.
const CUTS_OF_A_FOLDER: usize = 3;

/// The program goes before the disk that it writes to.
struct Machine {
    program: Program,
    disk: Disk,
}

#[test]
#[allow(clippy::print_stdout)] // why it did not run, or the figures
fn what_was_acknowledged_is_there_after_every_power_cut() {
    let Some(cuts) = number("WILLCALL_POWER_CUTS") else {
        println!("no power was cut: WILLCALL_POWER_CUTS is not set");
        return;
    };
    match Disk::make() {
        Ok(disk) => println!("{}", cut_again_and_again(disk, cuts)),
        Err(why) => println!("no power was cut: {why}"),
    }
}

fn number(variable: &str) -> Option<usize> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

fn cut_again_and_again(disk: Disk, cuts: usize) -> Report {
    let seed = number("WILLCALL_POWER_SEED").unwrap_or(20_260_301) as u64;
    let mut random = fastrand::Rng::with_seed(seed);
    let platform = Platform::start(|_, before| match before % 9 {
        0 => Reply::status(500),
        1 => Reply::Reset,
        _ => Reply::status(200).after(Duration::from_millis(3)),
    });
    let retry = ["20ms"; 100].join(",");
    let environment = [
        ("WILLCALL_DELIVER_RETRY", retry.as_str()),
        ("WILLCALL_DELIVER_JITTER_PERCENT", "0"),
        // Segments are begun all the time, so that cuts hit their names in the folder too.
        ("WILLCALL_SEGMENT_SIZE", "100000"),
    ];
    let mut machine = Machine { program: Program::at_rest(&environment), disk };
    let (mut load, mut report) = (Load::new(), Report::new(seed));
    for cut in 0..cuts {
        let folder = cut / CUTS_OF_A_FOLDER;
        if cut % CUTS_OF_A_FOLDER == 0 {
            machine.program.keep_data_in(machine.disk.path().join(format!("data-{folder}")));
            load = Load::new();
        }
        // Delivery ids begin anew in each folder: its calls are told by their path.
        machine.program.deliver_to(&format!("{}/{folder}", platform.url()));
        let (enough, pause) = (random.usize(30..600), Duration::from_micros(random.u64(..3000)));
        let (after, told) = cut_once(&mut machine, &mut load, enough, pause);
        report.add(look_again(&mut machine, &mut load, (after, told), &platform, &folder.to_string()));
    }
    report
}

/// Starts the program and cuts the power `pause` after there were `enough` answers.
fn cut_once(machine: &mut Machine, load: &mut Load, enough: usize, pause: Duration) -> (After, Told) {
    machine.program.start();
    let (disk, begun) = (&machine.disk, Arc::new(OnceLock::new()));
    let control = Running::start(&disk.path(), Arc::clone(&begun));
    let place = (machine.program.address(), machine.program.path());
    // The moment is random, also within what happens after an answer.
    let after = load.until(place, (enough, pause), &begun, || disk.cut());
    machine.program.kill();
    (after, control.stop())
}

/// Gives the power back, starts the program, and looks at what is there.
fn look_again(
    machine: &mut Machine,
    load: &mut Load,
    (after, told): (After, Told),
    platform: &Platform,
    folder: &str,
) -> Cut {
    let program = &mut machine.program;
    machine.disk.mount_again();
    let control = told.look();
    let torn_before = torn(program);
    program.start();
    let store_made_anew = program.log().contains("the store was unusable");
    load.post_one(program.address(), program.path());
    program.stop();
    program.verify();

    let records = program.records();
    let received = received(&records);
    let is_kept = |one: &&Acknowledged| received.get(&one.seq) == Some(&one.body.as_str());
    let before: Vec<_> = load.acknowledged().iter().filter(|one| !one.in_the_moment).collect();
    let kept = before.iter().copied().filter(is_kept).count();
    let in_the_moment: Vec<_> = load.of_this_cut().iter().filter(|one| one.in_the_moment).collect();
    let swallowed = in_the_moment.len() - in_the_moment.iter().copied().filter(is_kept).count();
    let (calls, unrecorded) = calls(&records, platform, folder);
    let (acknowledged, torn) = (before.len(), torn(program) - torn_before);
    Cut {
        acknowledged,
        kept,
        in_the_moment: in_the_moment.len(),
        swallowed,
        after,
        torn,
        store_made_anew,
        calls,
        unrecorded,
        control,
    }
}

/// Number and body of everything received.
fn received(records: &[Value]) -> HashMap<u64, &str> {
    let received = records.iter().filter(|record| record["head"]["fact"]["received"].is_object());
    received.map(|one| (one["seq"].as_u64().unwrap(), one["body"].as_str().unwrap())).collect()
}

/// How many calls reached the platform, and how many of them are not on record: nobody would know of these.
fn calls(records: &[Value], platform: &Platform, folder: &str) -> (usize, usize) {
    let started = records.iter().map(|record| &record["head"]["fact"]["attempt_started"]);
    let started = started.filter_map(|one| Some((one["delivery"].as_str()?, one["attempt"].as_u64()?)));
    let started: HashSet<_> = started.collect();
    let calls = platform.calls();
    let calls = calls.iter().filter(|call| call.path.rsplit('/').next() == Some(folder)).map(|call| &call.body);
    let known = calls.clone().filter_map(|call| Some((call["delivery"].as_str()?, call["attempt"].as_u64()?)));
    let recorded = known.filter(|call| started.contains(call)).count();
    let all = calls.count();
    (all, all - recorded)
}

/// How many torn ends were set aside.
fn torn(program: &Program) -> usize {
    // There is no such folder when the first cut came before it was synced.
    let names = std::fs::read_dir(program.data().join("journal")).into_iter().flatten().flatten();
    names.filter(|entry| entry.file_name().to_string_lossy().contains(".torn-")).count()
}
