//! The figures: a row a cut, and what must be nought.

use std::fmt;

use crate::control::Control;
use crate::load::After;

/// What one cut left. `acknowledged` and `kept` are counted from the beginning of the data folder.
pub struct Cut {
    pub acknowledged: usize,
    pub kept: usize,
    /// Answers that came while the power was going, to requests sent before.
    pub in_the_moment: usize,
    /// Those of them that are not kept.
    pub swallowed: usize,
    pub after: After,
    /// Torn ends of the journal, set aside.
    pub torn: usize,
    pub store_made_anew: bool,
    /// Calls that reached the platform.
    pub calls: usize,
    /// Those of them that are not on record.
    pub unrecorded: usize,
    pub control: Control,
}

/// All cuts so far.
pub struct Report {
    seed: u64,
    cuts: Vec<Cut>,
}

impl Report {
    pub fn new(seed: u64) -> Self {
        Self { seed, cuts: Vec::new() }
    }

    /// One more.
    ///
    /// # Panics
    /// When it broke the promise; the cuts so far are shown.
    #[track_caller]
    pub fn add(&mut self, cut: Cut) {
        let broken =
            cut.acknowledged != cut.kept || cut.after.acknowledged > 0 || cut.unrecorded > 0 || cut.control.lost > 0;
        self.cuts.push(cut);
        assert!(!broken, "the last cut broke the promise\n{self}");
        assert!(self.cuts.iter().all(|cut| cut.acknowledged > 0), "the load was none\n{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "     acknowledged                after the cut         ends  calls of the target")?;
        writeln!(f, "cut           all   kept   lost   acknowledged  refused  torn   all  not on record  store")?;
        for (number, cut) in self.cuts.iter().enumerate() {
            writeln!(
                f,
                "{:>3}{:>14}{:>7}{:>7}{:>15}{:>9}{:>6}{:>6}{:>15}  {}",
                number + 1,
                cut.acknowledged,
                cut.kept,
                cut.acknowledged - cut.kept,
                cut.after.acknowledged,
                cut.after.refused,
                cut.torn,
                cut.calls,
                cut.unrecorded,
                if cut.store_made_anew { "made anew" } else { "caught up" },
            )?;
        }
        let all = |of: fn(&Cut) -> usize| self.cuts.iter().map(of).sum::<usize>();
        let lost = all(|cut| cut.acknowledged - cut.kept);
        let (moment, swallowed) = (all(|cut| cut.in_the_moment), all(|cut| cut.swallowed));
        let (after, torn) = (all(|cut| cut.after.acknowledged), all(|cut| cut.torn));
        let control = |of: fn(&Control) -> usize| self.cuts.iter().map(|cut| of(&cut.control)).sum::<usize>();
        writeln!(
            f,
            "a program that only writes and syncs: {} told to be synced, {} of them lost; {} in the very moment ({} of them not kept)",
            control(|one| one.before),
            control(|one| one.lost),
            control(|one| one.in_the_moment),
            control(|one| one.swallowed),
        )?;
        write!(
            f,
            "{} cuts (seed {}): {lost} lost, {moment} answered in the very moment ({swallowed} of them not kept), {after} acknowledged after the cut, {torn} torn ends; `verify` clean after each",
            self.cuts.len(),
            self.seed,
        )
    }
}
