//! From a history that breaks a promise to the shortest one that still breaks the same promise, by leaving steps out (delta
//! debugging), and from that to a scenario file.

use crate::ground::Ground;
use crate::network::{History, MANY, Post, Step};
use crate::platform::Manner;
use crate::promises::Broken;
use crate::report::Tally;
use crate::world::World;

/// What came of playing a history.
pub struct Played {
    pub broken: Option<Broken>,
    retries: usize,
    /// The steps of a scenario file.
    pub trace: String,
}

/// Plays it; a panic of the program counts as a broken promise.
pub fn play<G: Ground>(history: &History, tally: &mut Tally) -> Played {
    let mut world = World::<G>::new(tally, history.retries);
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| world.play(history)));
    let broken = match outcome {
        Ok(outcome) => outcome.err(),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
            Some(Broken { promise: "0 no panic", how: text.unwrap_or_default() })
        }
    };
    let trace = world.trace.told(broken.is_some(), &world.deliveries, &world.platform);
    Played { broken, retries: history.retries, trace }
}

/// The shortest history found for which `fails` is still true.
pub fn minimised(history: History, fails: impl Fn(&History) -> bool) -> History {
    let mut best = history;
    loop {
        let before = best.clone();
        let mut size = best.steps.len().div_ceil(2).max(1);
        loop {
            let mut from = 0;
            while from < best.steps.len() {
                let mut shorter = best.clone();
                shorter.steps.drain(from..(from + size).min(best.steps.len()));
                if fails(&shorter) { best = shorter } else { from += size }
            }
            if size == 1 {
                break;
            }
            size = size.div_ceil(2);
        }
        for place in 0..best.steps.len() {
            for simpler in simpler(&best.steps[place]) {
                let mut tried = best.clone();
                tried.steps.splice(place..=place, simpler);
                if fails(&tried) {
                    best = tried;
                    break;
                }
            }
        }
        let calm = History { ending: Manner::Accepts, ..best.clone() };
        if fails(&calm) {
            best = calm;
        }
        if best.steps == before.steps && best.ending == before.ending {
            return best;
        }
    }
}

/// The same step with less in it.
fn simpler(step: &Step) -> Vec<Vec<Step>> {
    match step {
        Step::Writes { posts, death } => {
            let alone = |post: &Post| {
                let post = match post {
                    Post::Claims { .. } => Post::Claims { limit: 100 },
                    other => other.clone(),
                };
                Step::Writes { posts: vec![post], death: None }
            };
            let apart: Vec<Step> = posts.iter().map(alone).collect();
            let mut less = Vec::new();
            if apart != [step.clone()] {
                less.push(apart);
            }
            if let (Some((_, death)), true) = (death, posts.len() <= 1) {
                less.push(vec![Step::Dies(*death)]);
            }
            less
        }
        Step::Dies(death) if death.again => {
            let mut once = *death;
            once.again = false;
            vec![vec![Step::Dies(once)]]
        }
        _ => Vec::new(),
    }
}

/// As a file for `fixtures/scenarios`.
pub fn scenario(about: &str, played: &Played) -> String {
    let retries = match played.retries {
        MANY => String::new(),
        few => format!("retries = {few}\n"),
    };
    format!("about = {}\n{retries}\n{}", toml::Value::from(about), played.trace)
}
