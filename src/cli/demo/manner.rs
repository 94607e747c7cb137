//! How the pretend platform behaves about a ticket. It follows from the ticket's id, so that the same traffic gives the
//! same show, and the script can pick a ticket for what it wants to show.

use std::time::Duration;

use crate::domain::ids::Digest;

/// A way to behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// Does it at once.
    Prompt,
    /// Takes its time.
    Slow,
    /// Limits the rate at first: 429 with `Retry-After`.
    Busy,
    /// Breaks at first, before it does anything: 500.
    BreaksBefore,
    /// Does it, then breaks: 500 for what was done.
    BreaksAfter,
    /// Does it, and is silent for longer than anybody waits.
    Silent,
    /// Refuses until it was asked three times: 422.
    Locked,
    /// Has given the ticket to somebody else at its own counter, which menta does not know: 409.
    Reissued,
}

/// Of a hundred tickets, how many meet which manner.
const SHARES: [(u8, Manner); 8] = [
    (72, Manner::Prompt),
    (10, Manner::Slow),
    (5, Manner::Busy),
    (4, Manner::BreaksBefore),
    (4, Manner::BreaksAfter),
    (2, Manner::Silent),
    (2, Manner::Locked),
    (1, Manner::Reissued),
];

/// How long [`Manner::Slow`] takes.
pub(super) const SLOW: Duration = Duration::from_millis(1500);

/// How long [`Manner::Silent`] is silent.
pub(super) const SILENCE: Duration = Duration::from_secs(8);

impl Manner {
    /// The manner that `ticket` meets.
    pub(super) fn of(ticket: &str) -> Self {
        let digest = Digest::of(&[b"manner", ticket.as_bytes()]).0;
        let mut place = (u16::from_be_bytes([digest[0], digest[1]]) % 100) as u8;
        for (share, manner) in SHARES {
            match place.checked_sub(share) {
                Some(rest) => place = rest,
                None => return manner,
            }
        }
        Self::Prompt
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_make_a_hundred_and_each_manner_is_met() {
        assert_eq!(SHARES.iter().map(|(share, _)| u32::from(*share)).sum::<u32>(), 100);
        for (share, manner) in SHARES {
            let met = (0..10_000).filter(|number| Manner::of(&format!("t-{number}")) == manner).count();
            let expected = usize::from(share) * 100;
            assert!((expected / 2..expected * 2).contains(&met), "{manner:?}: {met}");
        }
    }
}
