//! Looking back: which earlier moment is shown, which one is on its way, and what is said of that.
//!
//! The moment that is shown changes only when the next one is there: until then what is on the screen stays what it says it is.

use std::collections::VecDeque;

use super::banners::{Banners, Line};
use super::model::Model;
use super::text;
use super::theme::Role;
use super::{gist, when};
use crate::domain::Timestamp;
use crate::domain::banner::{self, Concern, Facts};
use crate::domain::moment::{Found, Moment, Seek};
use crate::ui::action::Action;

/// From so many cells on, a line has room for what was the last to happen, too.
const WIDE: usize = 160;

/// Where in time the dashboard is.
#[derive(Debug, Clone, Default)]
pub struct Travel {
    /// The moment that is shown; none: the present.
    pub shown: Option<Found>,
    /// The moment that is on its way.
    pub going: Option<Found>,
    /// So many per cent of the journal are folded up to the moment that is on its way, or shown.
    pub folding: Option<u8>,
    /// The moment that is looked for.
    pub seeking: Option<Seek>,
    /// Steps from there on.
    pub steps: VecDeque<Action>,
    /// The banners of the present, while they are not up.
    pub banners: Banners,
    /// Deliveries that were open when the present was left.
    pub open: u64,
    /// When the present was come back to, until what was folded is given up.
    pub returned: Option<Timestamp>,
}

impl Travel {
    /// The moment that is shown; none: the present.
    pub fn moment(&self) -> Option<Moment> {
        self.shown.as_ref().map(|found| found.moment)
    }

    /// The last moment that was chosen.
    pub fn chosen(&self) -> Option<Moment> {
        self.going.as_ref().map(|found| found.moment).or(self.moment())
    }

    /// An earlier moment is shown, or on its way.
    pub fn looks_back(&self) -> bool {
        self.chosen().is_some()
    }
}

/// A moment as the header and sentences name it: with its date where that is another than the reader's.
pub fn name(at: Timestamp, clock: Timestamp) -> String {
    let form = if at.date_naive() == clock.date_naive() { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
    at.format(form).to_string()
}

impl Model {
    /// The lines that say where in time the dashboard is, at most `most`; none in the present.
    pub fn travel_lines(&self, most: usize, cells: usize) -> Vec<Line> {
        let mut says: Vec<String> = self.travel_says().into_iter().collect();
        if let (Some(last), Some(found)) = (says.last_mut(), &self.travel.shown) {
            let about = about(found, self);
            // Whatever it says: from step to step what is below must stay where it is.
            match cells >= WIDE || most < 2 {
                true => last.push_str(&format!("  {about}")),
                false => says.push(format!("  {about}")),
            }
        }
        says.truncate(most);
        let line = |says: String| Line {
            role: Role::Badge,
            text: text::fit(&format!(" {says}"), cells.saturating_sub(1).max(1)),
            ends_next: false,
        };
        says.into_iter().map(line).collect()
    }

    /// What whoever looks back must not miss meanwhile.
    fn grave_now(&self) -> Option<&'static str> {
        let facts = Facts { now: self.clock, trouble: None, status: self.status.as_ref(), overview: None };
        let wrong = banner::banners(&facts).into_iter().map(|banner| banner.concern);
        wrong.filter(Concern::is_grave).map(|concern| concern.title()).next()
    }

    fn travel_says(&self) -> Option<String> {
        let key = self.keys.named(Action::Back);
        let name = |found: &Found| name(found.moment.at, self.clock);
        match (&self.travel.going, &self.travel.shown, self.travel.folding) {
            (Some(going), _, Some(percent)) => {
                Some(format!("◂ going to {}: folding the journal, {percent} %; {key} stops", name(going)))
            }
            (_, Some(shown), Some(percent)) => {
                Some(format!("◂ AS OF {}: folding the journal again, {percent} %; {key} returns", name(shown)))
            }
            (_, Some(shown), None) => {
                let first = if self.details.is_empty() { "" } else { "closes this, then " };
                let now = self.grave_now().map_or(String::new(), |title| format!(" (now: ✗ {title})"));
                Some(format!("◂ AS OF {} — nothing can be changed here; {key} {first}returns{now}", name(shown)))
            }
            (_, None, _) => None,
        }
    }
}

/// What happened last then.
fn about(found: &Found, model: &Model) -> String {
    let Some(record) = &found.record else { return "before the first record".to_owned() };
    let before = found.moment.at - record.head.at;
    let before = match before.num_seconds() {
        ..=0 => String::new(),
        _ => format!(", {} before", when::long_age(before)),
    };
    format!("record {}{before}: {}", when::count(record.seq.0), gist::record(record, model.privacy))
}
