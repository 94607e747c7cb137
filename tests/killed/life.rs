//! One data folder, from its first start to the rest after its last kill.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::evidence::Evidence;
use crate::figures::Figures;
use crate::platform::{Seen, platform};
use crate::sender::Sender;
use crate::support::program::Program;
use crate::support::webhooks::reversal;

const CONNECTIONS: usize = 16;

/// Every such round has a kill while the program starts.
const START_UP: usize = 3;

/// Lives through so many rounds.
///
/// # Panics
/// When a round breaks a promise.
pub fn live(rounds: usize, seed: u64) -> Figures {
    let seen = Arc::new(Mutex::new(Seen::default()));
    let platform = platform(&seen, seed);
    let mut random = fastrand::Rng::with_seed(seed);
    let mut senders: Vec<Sender> = (0..CONNECTIONS).map(|number| Sender::new(number, seed)).collect();
    let mut figures = Figures::default();

    let retry = ["20ms"; 100].join(",");
    let environment = [
        ("WILLCALL_DELIVER_RETRY", retry.as_str()),
        ("WILLCALL_DELIVER_JITTER_PERCENT", "0"),
        // Several segments, so that kills hit their beginnings too.
        ("WILLCALL_SEGMENT_SIZE", "100000"),
    ];
    let mut program = Program::at_rest(&environment);
    let mut start = Duration::from_millis(100);
    for round in 1..=rounds {
        // A process of the program is told by the path it was given.
        program.deliver_to(&format!("{}/{round}", platform.url()));
        if round.is_multiple_of(START_UP) {
            program.start_and_kill(start.mul_f64(random.f64()));
            figures.kills[1] += 1;
        }
        let started = Instant::now();
        program.start();
        start = started.elapsed();
        figures.under_way += usize::from(program.log().contains("were under way when willcall stopped last"));
        let (enough, pause) = (random.usize(10..200), Duration::from_micros(random.u64(..3000)));
        kill_under_load(&mut program, &mut senders, enough, pause);
        figures.kills[0] += 1;
        look(&program, &senders, &seen, &mut figures);
        assert_eq!((figures.lost, figures.unrecorded), (0, 0), "round {round}, seed {seed}: {figures}");
    }

    program.deliver_to(&format!("{}/last", platform.url()));
    program.start();
    let (address, path) = (program.address(), program.path().to_owned());
    for sender in &mut senders {
        while !sender.unsure.is_empty() {
            assert!(sender.post(address, &path), "the program is gone");
        }
    }
    figures.deliveries = at_rest(&program);
    program.stop();
    look(&program, &senders, &seen, &mut figures);
    figures.torn = torn(&program);
    look_at_owners(&senders, &seen.lock().unwrap(), &mut figures);
    figures
}

/// Posts until there were `enough` answers, and kills the program `pause` later.
fn kill_under_load(program: &mut Program, senders: &mut [Sender], enough: usize, pause: Duration) {
    let answers = AtomicUsize::new(0);
    let (address, path) = (program.address(), program.path().to_owned());
    std::thread::scope(|scope| {
        for sender in senders {
            let (path, answers) = (&path, &answers);
            scope.spawn(move || sender.post_on(address, path, answers));
        }
        let limit = Instant::now() + Duration::from_secs(20);
        while answers.load(Ordering::SeqCst) < enough && Instant::now() < limit {
            std::thread::sleep(Duration::from_micros(100));
        }
        // The moment is random, also within what happens after an answer.
        std::thread::sleep(pause);
        program.kill();
    });
}

/// Reads what is on the disk while nobody writes.
fn look(program: &Program, senders: &[Sender], seen: &Arc<Mutex<Seen>>, figures: &mut Figures) {
    program.verify();
    figures.verified += 1;
    Evidence::of(program.records()).judge(senders, &seen.lock().unwrap(), figures);
}

/// Waits until every delivery is delivered or cancelled, and counts them.
fn at_rest(program: &Program) -> usize {
    program.wait_until(|program| {
        let open = ["deliveries", "list", "--limit", "5", "--state", "pending,in_flight,failed,held"];
        let open = program.objects(&open);
        if open.is_empty() { Ok(program.deliveries().len()) } else { Err(format!("{open:#?}")) }
    })
}

fn torn(program: &Program) -> usize {
    let names = std::fs::read_dir(program.data().join("journal")).expect("the journal").flatten();
    names.filter(|entry| entry.file_name().to_string_lossy().contains(".torn-")).count()
}

fn look_at_owners(senders: &[Sender], seen: &Seen, figures: &mut Figures) {
    let tickets = senders.iter().flat_map(|sender| (0..sender.sold).map(move |sale| (sender, sender.ticket(sale))));
    for (sender, ticket) in tickets {
        let is_buyers = seen.owners.get(&ticket).is_some_and(|owner| owner == "carlos@example.com");
        // One that was reversed may never have left its seller.
        let is_back = sender.first.contains_key(&reversal(&ticket, &ticket));
        figures.reversed += usize::from(is_back);
        figures.misplaced += usize::from(is_buyers == is_back);
    }
}
