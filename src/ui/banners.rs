//! The banners on top of every view: which are up, which were put away, and how they break into lines.
//!
//! The content must not be pushed about: a banner that came stays for a while, and one that was put away comes back only
//! after its cause has been gone for longer. What is drawn is a line or two for each; what finds no room is counted.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::text;
use super::theme::Role;
use crate::domain::Timestamp;
use crate::domain::banner::{Banner, Concern};
use crate::domain::privacy::Privacy;

/// A banner that came stays for as long, so that it can be read.
const READ: TimeDelta = TimeDelta::seconds(10);

/// A cause that was gone for as long comes anew.
const EPISODE: TimeDelta = TimeDelta::seconds(60);

/// Cells around the key that puts a banner away, at its end.
pub const GAP: usize = 5;

/// Lines of one banner at the most.
const LINES: usize = 2;

/// All banners, up or put away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Banners {
    up: BTreeMap<Concern, Standing>,
    /// When the cause was last there.
    put_away: BTreeMap<Concern, Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Standing {
    banner: Banner,
    since: Timestamp,
}

/// A line on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// How it looks.
    pub role: Role,
    /// What it says.
    pub text: String,
    /// The last of the banner that would be put away next.
    pub ends_next: bool,
}

impl Banners {
    /// Takes in what is wrong now.
    pub fn take(&mut self, wrong: Vec<Banner>, now: Timestamp) {
        for (concern, last) in &mut self.put_away {
            if wrong.iter().any(|banner| banner.concern == *concern) {
                *last = now;
            }
        }
        // A clock that was set back ends an episode rather than making it last.
        let lasts = |since: Timestamp, span| (TimeDelta::zero()..span).contains(&(now - since));
        self.put_away.retain(|_, last| lasts(*last, EPISODE));
        self.up.retain(|concern, one| {
            let still = wrong.iter().any(|banner| banner.concern == *concern);
            still || (concern.may_be_put_away() && lasts(one.since, READ))
        });
        for banner in wrong.into_iter().filter(|banner| !self.put_away.contains_key(&banner.concern)) {
            let since = self.up.get(&banner.concern).map_or(now, |one| one.since);
            self.up.insert(banner.concern.clone(), Standing { banner, since });
        }
    }

    /// Puts the gravest away that may be, until its cause comes anew.
    pub fn put_away(&mut self, now: Timestamp) {
        if let Some(concern) = self.next().cloned() {
            self.up.remove(&concern);
            self.put_away.insert(concern, now);
        }
    }

    /// The one that would be put away next.
    pub fn next(&self) -> Option<&Concern> {
        self.up.keys().find(|concern| concern.may_be_put_away())
    }

    /// At most `most` lines of `cells`, in the last of the next to be put away `hint` cells fewer.
    pub fn lines(&self, most: usize, cells: usize, hint: usize, privacy: Privacy) -> Vec<Line> {
        let mut lines = Vec::new();
        for (index, Standing { banner, .. }) in self.up.values().enumerate() {
            let (after, room) = (self.up.len() - index - 1, most.saturating_sub(lines.len()));
            if room == 0 || (room == 1 && after > 0 && index > 0) {
                let says = format!(" and {} more", after + 1);
                lines.extend((room > 0).then_some(Line { role: Role::Badge, text: says, ends_next: false }));
                break;
            }
            let next = self.next() == Some(&banner.concern);
            let allowed = LINES.min(room - usize::from(after > 0 && room > 1));
            lines.extend(broken(banner, allowed, cells, if next { hint } else { 0 }, privacy));
            if let (true, Some(last)) = (next, lines.last_mut()) {
                last.ends_next = true;
            }
        }
        lines
    }
}

/// A banner in at most `allowed` lines; the last has `hint` cells fewer.
fn broken(banner: &Banner, allowed: usize, cells: usize, hint: usize, privacy: Privacy) -> Vec<Line> {
    let (sign, role) = if banner.concern.is_grave() { ("✗", Role::Alarm) } else { ("!", Role::Badge) };
    let whole = privacy.text(&format!("{sign} {}: {}", banner.concern.title(), banner.says));
    // A blank before and after.
    let cells = cells.saturating_sub(2).max(1);
    let short = cells.saturating_sub(hint).max(1);
    let all = text::fit(&whole, (allowed + 1) * cells);
    let mut texts: Vec<String> = match text::width(&all) <= short || allowed < 2 {
        true => vec![all],
        false => text::wrap(&all, cells),
    };
    if texts.len() > allowed.max(1) {
        let rest = texts.split_off(allowed.max(1) - 1).join(" ");
        texts.push(rest);
    }
    if let Some(last) = texts.last_mut() {
        *last = text::fit(last, short);
    }
    texts.into_iter().map(|text| Line { role, text: format!(" {text}"), ends_next: false }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_000_000 + seconds, 0).unwrap()
    }

    fn one(concern: Concern) -> Banner {
        let says =
            "14 of the last 20 attempts did not arrive. See that it runs and takes them; most are tried again".into();
        Banner { concern, says }
    }

    fn up(banners: &Banners) -> Vec<&Concern> {
        banners.up.keys().collect()
    }

    #[test]
    fn a_banner_goes_when_its_cause_has_gone_and_it_could_be_read() {
        let mut banners = Banners::default();
        banners.take(vec![one(Concern::TargetFailing), one(Concern::Unwell)], at(0));
        assert_eq!(up(&banners), [&Concern::Unwell, &Concern::TargetFailing]);
        banners.take(vec![], at(3));
        assert_eq!(up(&banners), [&Concern::TargetFailing], "well again is said at once");
        banners.take(vec![], at(10));
        assert!(up(&banners).is_empty());
        banners.take(vec![one(Concern::TargetFailing)], at(20));
        banners.take(vec![one(Concern::TargetFailing)], at(500));
        banners.take(vec![], at(501));
        assert!(up(&banners).is_empty(), "it was up for long enough");
    }

    #[test]
    fn put_away_it_stays_away_for_its_episode_and_comes_back_anew() {
        let mut banners = Banners::default();
        let wrong = || vec![one(Concern::TargetFailing)];
        banners.take(wrong(), at(0));
        banners.put_away(at(1));
        for seconds in [2, 500, 1000] {
            banners.take(wrong(), at(seconds));
            assert!(up(&banners).is_empty());
        }
        banners.take(vec![], at(1001));
        banners.take(wrong(), at(1059));
        assert!(up(&banners).is_empty(), "it wavered");
        banners.take(vec![], at(1060));
        banners.take(vec![], at(1119));
        banners.take(wrong(), at(1120));
        assert_eq!(up(&banners), [&Concern::TargetFailing]);
        banners.take(vec![one(Concern::Unwell)], at(1121));
        banners.put_away(at(1122));
        banners.put_away(at(1122));
        assert_eq!(up(&banners), [&Concern::Unwell], "what cannot be trusted must be said");
    }

    #[test]
    fn lines_are_few_and_say_what_is_left_out() {
        let mut banners = Banners::default();
        banners.take(vec![one(Concern::TargetFailing), one(Concern::BadSecrets), one(Concern::QuarantineGrows)], at(0));
        let lines = |most| -> Vec<String> {
            banners.lines(most, 80, 10, Privacy::Masked).into_iter().map(|line| line.text).collect()
        };
        let four = lines(4);
        assert_eq!(four.len(), 4);
        assert!(four[0].starts_with(" ! TARGET FAILING: 14 of") && four[1].ends_with("again"), "{four:?}");
        assert!(four[2].starts_with(" ! BAD SECRETS: ") && four[2].ends_with('…'), "{four:?}");
        assert!(four[3].starts_with(" ! QUARANTINE GROWS: "), "{four:?}");
        assert_eq!(lines(2).last().unwrap(), " and 2 more");
        let (one, ten) = (lines(1), lines(10));
        assert!(one.len() == 1 && one[0].starts_with(" ! TARGET FAILING"), "{one:?}");
        assert_eq!(ten.len(), 6);
        assert!(lines(0).is_empty());
    }

    proptest! {
        #[test]
        fn no_line_is_too_long_nor_one_too_many(
            says in "\\PC{0,300}", most in 0_usize..7, cells in 3_usize..200, hint in 0_usize..12, many in 1_usize..6,
        ) {
            let all = [
                Concern::Unwell, Concern::DiskStuck, Concern::TargetFailing, Concern::BadSecrets, Concern::Silent(vec![]),
            ];
            let mut banners = Banners::default();
            let wrong = all[..many.min(5)].iter().map(|concern| Banner { concern: concern.clone(), says: says.clone() });
            banners.take(wrong.collect(), at(0));
            let lines = banners.lines(most, cells, hint, Privacy::Masked);
            prop_assert!(lines.len() <= most);
            for line in &lines {
                prop_assert!(text::width(&line.text) <= cells.max(12), "{:?}", line);
            }
            prop_assert!(most == 0 || !lines.is_empty());
        }
    }
}
