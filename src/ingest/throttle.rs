//! Who has failed to authenticate too often. Only failures are counted and only failures are answered differently: behind
//! a reverse proxy all senders share one address, and a stranger's noise must not keep menta out.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const WINDOW: Duration = Duration::from_secs(60);
const FAILURES_ALLOWED: u32 = 20;
/// Bounds the memory: about 64 bytes each.
const ADDRESSES: usize = 4096;

/// Counts failures by address, in windows of a minute.
#[derive(Debug, Default)]
pub struct Throttle(Mutex<HashMap<IpAddr, Failures>>);

#[derive(Debug, Clone, Copy)]
struct Failures {
    since: Instant,
    count: u32,
}

impl Throttle {
    /// Counts a failure. When there are too many: how long until they are forgiven.
    pub fn failed(&self, from: IpAddr, now: Instant) -> Option<Duration> {
        let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let address = network(from);
        if map.len() >= ADDRESSES && !map.contains_key(&address) {
            map.retain(|_, failures| now.duration_since(failures.since) < WINDOW);
            if map.len() >= ADDRESSES
                && let Some(oldest) = map.iter().min_by_key(|(_, failures)| failures.since).map(|(address, _)| *address)
            {
                map.remove(&oldest);
            }
        }
        let failures = map.entry(address).or_insert(Failures { since: now, count: 0 });
        if now.duration_since(failures.since) >= WINDOW {
            *failures = Failures { since: now, count: 0 };
        }
        failures.count = failures.count.saturating_add(1);
        (failures.count > FAILURES_ALLOWED).then(|| WINDOW.saturating_sub(now.duration_since(failures.since)))
    }
}

/// Who has one IPv6 address has the /64 around it.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: u32) -> IpAddr {
        IpAddr::V4(number.into())
    }

    #[test]
    fn the_twenty_first_failure_of_a_minute_is_too_many_and_the_next_minute_forgives() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        assert!((0..20).all(|_| throttle.failed(address(1), start).is_none()));
        let later = start + Duration::from_secs(20);
        assert_eq!(throttle.failed(address(1), later), Some(Duration::from_secs(40)));
        assert_eq!(throttle.failed(address(2), later), None);
        assert_eq!(throttle.failed(address(1), start + WINDOW), None);
    }

    #[test]
    fn neighbours_in_a_64_are_one_sender() {
        let throttle = Throttle::default();
        let refused = (0_u128..21).filter_map(|host| throttle.failed(Ipv6Addr::from_bits(host).into(), Instant::now()));
        assert_eq!(refused.count(), 1);
    }

    #[test]
    fn the_memory_is_bounded() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        for number in 0..10_000 {
            throttle.failed(address(number), start);
        }
        assert_eq!(throttle.0.lock().unwrap().len(), ADDRESSES);
    }
}
