//! What is wrong with the way of the data as a whole, each in a sentence that says what it means and what to do.
//!
//! One table of rules, `RULES`: facts -> banners, the gravest first. Nothing is remembered here: a banner is up while its
//! cause is.

use std::time::Duration;

use super::Timestamp;
use super::lateness::between;
use super::query::{FamilyCount, LATELY, Overview, Status};

/// What a banner is about; the gravest first. Equal: the same trouble, whatever its figures.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Concern {
    /// Nothing is kept.
    Unwell,
    /// Soon nothing can be kept.
    DiskFull,
    /// What has come waits for the disk.
    DiskStuck,
    /// Not much room is left.
    DiskNearlyFull,
    /// Deliveries do not arrive.
    TargetFailing,
    /// Somebody without a secret knocks.
    BadSecrets,
    /// Requests come that nobody can read.
    QuarantineGrows,
    /// Nothing comes of these families.
    Silent(Vec<String>),
    /// What is old is not dropped.
    RetentionHeldUp,
}

impl Concern {
    /// In capitals, for the eye.
    pub fn title(&self) -> &'static str {
        match self {
            Self::Unwell => "UNWELL",
            Self::DiskFull => "DISK FULL",
            Self::DiskStuck => "DISK STUCK",
            Self::DiskNearlyFull => "DISK NEARLY FULL",
            Self::TargetFailing => "TARGET FAILING",
            Self::BadSecrets => "BAD SECRETS",
            Self::QuarantineGrows => "QUARANTINE GROWS",
            Self::Silent(_) => "SILENT",
            Self::RetentionHeldUp => "RETENTION HELD UP",
        }
    }

    /// Webhooks are lost to the sender's patience, or soon will be.
    pub fn is_grave(&self) -> bool {
        *self <= Self::DiskStuck
    }

    /// May be put away. A screen that could not be trusted must go on saying so.
    pub fn may_be_put_away(&self) -> bool {
        *self != Self::Unwell
    }
}

/// A trouble, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Banner {
    /// Which.
    pub concern: Concern,
    /// What it means and what to do, without its title. May hold a target's own words.
    pub says: String,
}

/// What the rules go by.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The present.
    pub now: Timestamp,
    /// Why the ledger did not answer, if it did not.
    pub trouble: Option<&'a str>,
    /// How the program says it is.
    pub status: Option<&'a Status>,
    /// What has come in.
    pub overview: Option<&'a Overview>,
}

type Rule = fn(&Facts<'_>) -> Option<Banner>;

const RULES: &[Rule] = &[
    unwell,
    disk_full,
    disk_stuck,
    disk_nearly_full,
    target_failing,
    bad_secrets,
    quarantine_grows,
    silent,
    retention_held_up,
];

/// All that is wrong, the gravest first.
pub fn banners(facts: &Facts<'_>) -> Vec<Banner> {
    RULES.iter().filter_map(|rule| rule(facts)).collect()
}

/// So many of them are no accident.
const MANY: u64 = 5;

/// Attempts below this number say nothing about a target.
const FEWEST_ATTEMPTS: u32 = 6;

/// A sync takes milliseconds; one that takes this long is stuck.
const STUCK: Duration = Duration::from_secs(5);

/// Less than this, and the next minutes may fill it.
const NO_ROOM: u64 = 64 << 20;

/// A silence is worth a word when so many events would usually have come: by chance alone that happens to one silence in
/// 160,000 (a Poisson process misses 12 with e⁻¹²).
const MISSED: u32 = 12;

/// A shorter silence is none.
const SILENCE: Duration = Duration::from_secs(10 * 60);

fn unwell(facts: &Facts<'_>) -> Option<Banner> {
    let why = facts.trouble.or_else(|| facts.status?.unwell.as_deref());
    why.map(|why| Banner { concern: Concern::Unwell, says: why.to_owned() })
}

fn disk_full(facts: &Facts<'_>) -> Option<Banner> {
    let status = facts.status?;
    let disk = status.disk.filter(|disk| disk.free < NO_ROOM)?;
    let says =
        format!("{} left for {}: soon no webhook can be kept. Free space there now", bytes(disk.free), status.data_dir);
    Some(Banner { concern: Concern::DiskFull, says })
}

fn disk_stuck(facts: &Facts<'_>) -> Option<Banner> {
    let status = facts.status?;
    let waited = status.writing_since.map(|since| between(since, facts.now)).filter(|waited| *waited >= STUCK)?;
    let says = format!(
        "nothing was made durable for {}, webhooks wait for it: they are kept when it answers. See what holds up the disk of {}",
        span(waited),
        status.data_dir
    );
    Some(Banner { concern: Concern::DiskStuck, says })
}

fn disk_nearly_full(facts: &Facts<'_>) -> Option<Banner> {
    let status = facts.status?;
    let disk = status.disk.filter(|disk| disk.is_nearly_full() && disk.free >= NO_ROOM)?;
    let says = format!(
        "{} of {} left for {}. Free space there, or move the data folder, before webhooks are turned away",
        bytes(disk.free),
        bytes(disk.size),
        status.data_dir
    );
    Some(Banner { concern: Concern::DiskNearlyFull, says })
}

fn target_failing(facts: &Facts<'_>) -> Option<Banner> {
    let attempts = &facts.status?.attempts;
    if attempts.made < FEWEST_ATTEMPTS || attempts.failed <= attempts.made / 2 {
        return None;
    }
    let why = attempts.why.as_ref().map_or(String::new(), |why| format!(". The last got “{why}”"));
    let says = format!(
        "{} of the last {} attempts failed: see that it runs and takes them; most are tried again by themselves{why}",
        attempts.failed, attempts.made
    );
    Some(Banner { concern: Concern::TargetFailing, says })
}

fn bad_secrets(facts: &Facts<'_>) -> Option<Banner> {
    let status = facts.status?;
    let lately = || status.turned_away.iter().filter(|one| one.lacks_secret() && facts.now - one.at <= LATELY);
    let count = lately().count() as u64;
    let last = lately().next().filter(|_| count >= MANY)?;
    let says = format!(
        "{count} requests without a valid secret in 10 min, the last from {}. If that is menta, give it the present secret; if not, somebody is guessing",
        last.from
    );
    Some(Banner { concern: Concern::BadSecrets, says })
}

fn quarantine_grows(facts: &Facts<'_>) -> Option<Banner> {
    let count = facts.overview?.rejected_lately;
    let says = || {
        format!(
            "{count} requests in 10 min could not be read. See there why, ask menta what changed, send them again after a fix"
        )
    };
    (count >= MANY).then(|| Banner { concern: Concern::QuarantineGrows, says: says() })
}

fn silent(facts: &Facts<'_>) -> Option<Banner> {
    let listening = facts.status.map(|status| between(status.started_at, facts.now));
    // While nobody listened nothing could be heard: as long must have been listened in vain.
    let in_vain = |silent: Duration| listening.is_none_or(|listening| listening.min(silent) >= SILENCE.max(silent / 2));
    let silence = |family: &FamilyCount| {
        let silent = between(family.last_at?, facts.now);
        (silent >= SILENCE && in_vain(silent)).then_some(silent)
    };
    let missed = |family: &FamilyCount| family.usual.unwrap_or(0) >= MISSED;
    let silent: Vec<_> = facts
        .overview?
        .families
        .iter()
        .filter_map(|(name, family)| Some((name, family, silence(family).filter(|_| missed(family))?)))
        .collect();
    let each: Vec<String> = silent
        .iter()
        .map(|(name, family, long)| {
            format!("no {name} for {}, {} are usual by now", span(*long), family.usual.unwrap_or(0))
        })
        .collect();
    let says = format!("{}. See whether menta sends, and whether it reaches this listener", each.join("; "));
    let names: Vec<String> = silent.iter().map(|(name, ..)| (*name).clone()).collect();
    (!names.is_empty()).then_some(Banner { concern: Concern::Silent(names), says })
}

fn retention_held_up(facts: &Facts<'_>) -> Option<Banner> {
    let says = facts.status?.retention_held_up.clone()?;
    Some(Banner { concern: Concern::RetentionHeldUp, says })
}

/// `42 s`, `12 min`, `3 h`.
fn span(long: Duration) -> String {
    match long.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}

/// `812 MiB`, `49.5 GiB`.
fn bytes(count: u64) -> String {
    match count >> 30 {
        0 => format!("{} MiB", count >> 20),
        whole => format!("{whole}.{} GiB", (count >> 20) % 1024 * 10 / 1024),
    }
}

#[cfg(test)]
mod tests;
