//! What is counted, and what must be nought.

use std::fmt;

/// Of one life, or of several.
#[derive(Debug, Clone, Copy, Default)]
pub struct Figures {
    /// Under load, and while starting.
    pub kills: [usize; 2],
    pub sales: usize,
    pub reversed: usize,
    pub acknowledged: usize,
    pub refused: usize,
    pub kept: usize,
    pub lost: usize,
    pub deliveries: usize,
    pub calls: usize,
    /// Starts that found attempts under way.
    pub under_way: usize,
    /// Torn ends of the journal that were set aside.
    pub torn: usize,
    /// `verify` said so often that all is well.
    pub verified: usize,
    /// Calls for a ticket while another was under way.
    pub at_once: usize,
    /// Calls that the journal knows nothing of, or not under that key.
    pub unrecorded: usize,
    /// Deliveries with several keys, and keys of several deliveries.
    pub ambiguous_keys: usize,
    /// Transfers started after their reversal was on record.
    pub after_reversal: usize,
    /// Tickets with the wrong person, once all is quiet.
    pub misplaced: usize,
}

impl Figures {
    pub fn add(&mut self, other: &Self) {
        self.kills = [self.kills[0] + other.kills[0], self.kills[1] + other.kills[1]];
        self.sales += other.sales;
        self.reversed += other.reversed;
        self.acknowledged += other.acknowledged;
        self.refused += other.refused;
        self.kept += other.kept;
        self.lost += other.lost;
        self.deliveries += other.deliveries;
        self.calls += other.calls;
        self.under_way += other.under_way;
        self.torn += other.torn;
        self.verified += other.verified;
        self.at_once += other.at_once;
        self.unrecorded += other.unrecorded;
        self.ambiguous_keys += other.ambiguous_keys;
        self.after_reversal += other.after_reversal;
        self.misplaced += other.misplaced;
    }

    /// What must be nought is; and there was a load at all.
    ///
    /// # Panics
    /// When it is not so.
    #[track_caller]
    pub fn check(&self, rounds: usize) {
        let wrong =
            [self.lost, self.at_once, self.unrecorded, self.ambiguous_keys, self.after_reversal, self.misplaced];
        assert_eq!(wrong, [0; 6], "{self}");
        assert!(self.acknowledged >= rounds * 10 && self.calls > 0 && self.reversed > 0, "the load was none: {self}");
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [under_load, starting] = self.kills;
        writeln!(f, "{under_load} kills under load, {starting} while starting")?;
        writeln!(f, "  {} sales, {} reversed; {} webhooks refused", self.sales, self.reversed, self.refused)?;
        writeln!(f, "  {} acknowledged, {} kept, {} lost", self.acknowledged, self.kept, self.lost)?;
        writeln!(f, "  {} deliveries, {} calls of the target", self.deliveries, self.calls)?;
        writeln!(f, "  {} calls at once for one ticket, {} not on record", self.at_once, self.unrecorded)?;
        writeln!(f, "  {} idempotency keys not of one delivery alone", self.ambiguous_keys)?;
        writeln!(f, "  {} transfers begun after their reversal", self.after_reversal)?;
        writeln!(f, "  {} tickets with the wrong person", self.misplaced)?;
        writeln!(f, "  {} starts found attempts under way, {} torn ends set aside", self.under_way, self.torn)?;
        write!(f, "  verify clean {} times", self.verified)
    }
}
