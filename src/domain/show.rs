//! Payouts, unlocks and demand of one show, joined: what the payouts view has in a row.

use serde::{Deserialize, Serialize};

use super::ids::{Seq, ShowId};

/// One show as the webhooks tell it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Show {
    /// The show.
    pub show: ShowId,
    /// The event named with it last.
    pub event: Option<String>,
    /// `payouts.delivered` seen.
    pub payouts: u64,
    /// The last of them.
    pub last_payout: Option<Seq>,
    /// `event.unlock` seen.
    pub unlocks: u64,
    /// The last of them.
    pub last_unlock: Option<Seq>,
    /// Subscriptions whose last word is `ACTIVE`.
    pub subscriptions: u64,
    /// Tickets they ask for together; quantities that are no whole number count one.
    pub tickets_wanted: u64,
    /// The last event of any kind about this show.
    pub last: Seq,
}

/// What one subscription asks for, as its last webhook said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// For which show.
    pub show: ShowId,
    /// 0 when it is not active.
    pub tickets: u64,
}

impl Show {
    /// A show of which nothing is known.
    pub fn new(show: ShowId) -> Self {
        Self {
            show,
            event: None,
            payouts: 0,
            last_payout: None,
            unlocks: 0,
            last_unlock: None,
            subscriptions: 0,
            tickets_wanted: 0,
            last: Seq(0),
        }
    }

    /// `payouts.delivered` came.
    pub fn paid_out(&mut self, event: Option<String>, seq: Seq) {
        self.payouts += 1;
        self.last_payout = Some(seq);
        self.seen(event, seq);
    }

    /// `event.unlock` came.
    pub fn unlocked(&mut self, event: Option<String>, seq: Seq) {
        self.unlocks += 1;
        self.last_unlock = Some(seq);
        self.seen(event, seq);
    }

    /// A subscription that asked for `before` tickets now asks for `now` (0: not active).
    pub fn wished(&mut self, before: u64, now: u64, event: Option<String>, seq: Seq) {
        self.subscriptions = self.subscriptions.saturating_sub(u64::from(before > 0)) + u64::from(now > 0);
        self.tickets_wanted = self.tickets_wanted.saturating_sub(before).saturating_add(now);
        self.seen(event, seq);
    }

    /// A subscription that asked for `before` tickets now asks for another show. That event is about the other show.
    pub fn lost_wish(&mut self, before: u64) {
        self.subscriptions = self.subscriptions.saturating_sub(u64::from(before > 0));
        self.tickets_wanted = self.tickets_wanted.saturating_sub(before);
    }

    fn seen(&mut self, event: Option<String>, seq: Seq) {
        self.event = event.or_else(|| self.event.take());
        self.last = seq;
    }
}

impl Wish {
    /// The tickets a subscription asks for: 0 unless `status` is `ACTIVE`; a quantity that is no whole number counts one.
    pub fn tickets(status: Option<&str>, quantity: Option<&str>) -> u64 {
        if status != Some("ACTIVE") {
            return 0;
        }
        quantity.and_then(|text| text.parse::<u32>().ok()).map_or(1, u64::from).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demand_follows_the_last_word_of_each_subscription() {
        let mut show = Show::new("7322".into());
        show.wished(0, Wish::tickets(Some("ACTIVE"), Some("2")), None, Seq(1));
        show.wished(0, Wish::tickets(Some("ACTIVE"), Some("1.5")), None, Seq(2));
        assert_eq!((show.subscriptions, show.tickets_wanted), (2, 3));
        show.wished(2, Wish::tickets(Some("CANCELLED"), Some("2")), None, Seq(3));
        assert_eq!((show.subscriptions, show.tickets_wanted, show.last), (1, 1, Seq(3)));
    }
}
