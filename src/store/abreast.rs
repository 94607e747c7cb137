//! One piece of work after the other, by as many threads as there are processors, for a question that somebody waits for.
//! Knows nothing of the work.
//!
//! A dashboard may ask several such questions at once: of all of them together there are never more threads than
//! processors, but for those that ask. What takes events in and delivers is not crowded out for longer than one question.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread::{self, Builder};
use std::time::{Duration, Instant};

/// Threads that may help at a time: who asks works as well. Asked once, as the answer costs reading files.
static SPARE: LazyLock<usize> =
    LazyLock::new(|| thread::available_parallelism().map_or(0, |all| NonZero::get(all) - 1));

/// Threads that help now.
static HELPING: AtomicUsize = AtomicUsize::new(0);

/// What `work` makes of 0, 1, 2 and so on, all before `count`, in that order. After `most` none is begun any more, but for
/// the first: what comes back may then be shorter. Each thread takes one of `rooms` for what it needs, and leaves it there
/// for the next time.
pub(super) fn abreast<R: Default + Send, T: Send>(
    count: usize,
    most: Duration,
    rooms: &Mutex<Vec<R>>,
    work: impl Fn(usize, &mut R) -> T + Sync,
) -> Vec<T> {
    let rooms = || rooms.lock().unwrap_or_else(PoisonError::into_inner);
    let (began, next, made) = (Instant::now(), AtomicUsize::new(0), Mutex::new(Vec::with_capacity(count)));
    let go = || {
        let mut room = rooms().pop().unwrap_or_default();
        while next.load(Ordering::Relaxed) == 0 || began.elapsed() < most {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                break;
            }
            let one = work(number, &mut room);
            made.lock().unwrap_or_else(PoisonError::into_inner).push((number, one));
        }
        rooms().push(room);
    };
    let helpers = Helpers::at_most(count.saturating_sub(1));
    thread::scope(|scope| {
        for _ in 0..helpers.0 {
            // Where there is no thread to be had, the others do its part.
            let _ = Builder::new().name("search".to_owned()).spawn_scoped(scope, go);
        }
        go();
    });
    // Whatever was begun was finished: no number is missing between two others.
    let mut made = made.into_inner().unwrap_or_else(PoisonError::into_inner);
    made.sort_unstable_by_key(|(number, _)| *number);
    made.into_iter().map(|(_, one)| one).collect()
}

/// Some of the threads that may help, until it is dropped.
struct Helpers(usize);

impl Helpers {
    fn at_most(wanted: usize) -> Self {
        let mut taken = 0;
        let take = |helping: usize| {
            taken = wanted.min(SPARE.saturating_sub(helping));
            Some(helping + taken)
        };
        // It always says how many.
        let _ = HELPING.fetch_update(Ordering::AcqRel, Ordering::Acquire, take);
        Self(taken)
    }
}

impl Drop for Helpers {
    fn drop(&mut self) {
        HELPING.fetch_sub(self.0, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_comes_in_order_whichever_thread_made_it() {
        for count in [0, 1, 2, 97] {
            let slow_first = |number: usize, _: &mut ()| {
                thread::sleep(Duration::from_micros(if number.is_multiple_of(7) { 900 } else { 20 }));
                number * 3
            };
            let all: Vec<usize> = (0..count).map(|number| number * 3).collect();
            assert_eq!(abreast(count, Duration::MAX, &Mutex::default(), slow_first), all);
        }
    }

    #[test]
    fn when_the_time_is_over_what_was_begun_is_there_without_gaps_and_the_first_in_any_case() {
        let slow = |number: usize, _: &mut ()| {
            thread::sleep(Duration::from_millis(2));
            number
        };
        assert_eq!(abreast(50, Duration::ZERO, &Mutex::default(), slow)[..1], [0]);
        let some = abreast(5000, Duration::from_millis(20), &Mutex::default(), slow);
        assert!(!some.is_empty() && some.len() < 5000, "{}", some.len());
        assert!(some.iter().copied().eq(0..some.len()));
    }

    #[test]
    fn there_are_never_more_helpers_than_processors_whoever_asks() {
        let (at_work, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = |_: usize, _: &mut ()| {
            most.fetch_max(at_work.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            thread::sleep(Duration::from_micros(300));
            at_work.fetch_sub(1, Ordering::SeqCst);
        };
        let rooms = Mutex::default();
        let ask = || abreast(40, Duration::MAX, &rooms, work).len();
        thread::scope(|scope| (0..5).for_each(|_| drop(scope.spawn(ask))));
        let most = most.into_inner();
        assert!((1..=5 + *SPARE).contains(&most), "{most} at once, {} spare processors", *SPARE);
    }
}
