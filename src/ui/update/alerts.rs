//! What has gone wrong since: banners put up and taken down, and the bell.

use super::{Effect, Model};
use crate::domain::alert::{Bell, MOST_NAMED};
use crate::domain::banner::{self, Facts};
use crate::domain::query::{Needed, Query};
use crate::ui::model::Slot;

/// Puts the banners up that are due. Where that leaves the rest more or fewer rows, it is asked for anew.
pub(super) fn raise(model: &mut Model) -> Vec<Effect> {
    let facts = Facts {
        now: model.now,
        trouble: model.trouble.as_deref(),
        status: model.program(),
        overview: model.overview.as_ref(),
    };
    let wrong = banner::banners(&facts);
    let before = model.body_rows();
    // They are read by the reader's clock, whatever moment they are of.
    model.banners.take(wrong, model.clock);
    settle(model, before)
}

/// Puts one away.
pub(super) fn put_away(model: &mut Model) -> Vec<Effect> {
    let before = model.body_rows();
    model.banners.put_away(model.clock);
    settle(model, before)
}

fn settle(model: &mut Model, rows_before: u16) -> Vec<Effect> {
    if model.body_rows() == rows_before {
        return Vec::new();
    }
    model.write_details();
    model.refresh()
}

/// Asks what needs a person since the last ring, once there may be anything.
pub(super) fn listen(model: &mut Model) -> Vec<Effect> {
    // What was has been rung for.
    let rings = model.rings && model.travel.shown.is_none();
    let Some(last) = model.overview.as_ref().filter(|_| rings).map(|overview| overview.last) else {
        return Vec::new();
    };
    let bell = model.bell.get_or_insert_with(|| Bell::new(last));
    let asks = bell.asks(last, model.now).map(|after| Query::Needed { after, limit: MOST_NAMED });
    asks.and_then(|query| model.ask(Slot::Needed, Some(query))).into_iter().collect()
}

pub(super) fn rung(model: &mut Model, needed: &Needed) -> Vec<Effect> {
    let alert = model.bell.as_mut().and_then(|bell| bell.ring(needed, model.now));
    alert.map(|alert| Effect::Ring(alert.line())).into_iter().collect()
}
