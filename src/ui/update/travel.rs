//! Looking back: finding a moment, having it folded, showing it, and coming back to the present.

use chrono::TimeDelta;
use crossterm::event::KeyCode;

use super::typing::edit;
use super::{Effect, alerts, orders};
use crate::domain::Timestamp;
use crate::domain::ids::Seq;
use crate::domain::moment::{Found, Moment, Recalled, Seek, Subject};
use crate::domain::query::{Answer, Overview, Query};
use crate::engine::DeskError;
use crate::ui::action::Action;
use crate::ui::dialog::{Dialog, MomentDialog};
use crate::ui::keymap::Chord;
use crate::ui::model::{Model, Slot};
use crate::ui::search::Search;
use crate::ui::subject;
use crate::ui::theme::Role;

/// What the smaller of the two keys for time goes by.
const MINUTE: TimeDelta = TimeDelta::minutes(1);

/// Whoever comes back to the present may soon want to look again: so long it is kept.
const KEPT: TimeDelta = TimeDelta::minutes(5);

/// Whoever presses faster than that is far behind anyway.
const MOST_STEPS: usize = 100;

/// To the record or the minute before or after.
pub(super) fn step(model: &mut Model, action: Action) -> Vec<Effect> {
    if model.travel.seeking.is_some() {
        // From where that leads.
        model.travel.steps.push_back(action);
        model.travel.steps.truncate(MOST_STEPS);
        return Vec::new();
    }
    let here = model.travel.chosen();
    let seek = match (action, here) {
        (Action::Later | Action::MinuteOn, None) => {
            let key = model.keys.named(Action::Earlier);
            model.toast(Role::Plain, format!("this is now: `{key}` looks back"));
            return Vec::new();
        }
        (Action::Earlier, _) => Seek::Before(here.map_or(Seq(u64::MAX), |here| here.last), about(model)),
        (Action::Later, Some(here)) => Seek::After(here.last, about(model)),
        (_, _) => {
            let by = if action == Action::MinuteOn { MINUTE } else { -MINUTE };
            let from = here.map_or(model.clock, |here| here.at);
            return from.checked_add_signed(by).map_or_else(Vec::new, |at| to(model, at));
        }
    };
    seek_for(model, seek)
}

/// What the records must be about: what is open.
fn about(model: &Model) -> Subject {
    match model.detail().map(|detail| &detail.subject) {
        Some(subject::Subject::Delivery(id)) => Subject::Delivery(*id),
        Some(subject::Subject::Ticket(ticket)) => Subject::Ticket(ticket.clone()),
        _ => Subject::Anything,
    }
}

/// To that moment.
pub(super) fn to(model: &mut Model, at: Timestamp) -> Vec<Effect> {
    if at >= model.clock {
        model.toast(Role::Plain, format!("that has not come yet: `{}` returns to now", model.way_back()));
        return Vec::new();
    }
    seek_for(model, Seek::Clock(at))
}

/// To that moment; none: to the present.
pub(super) fn to_or_back(model: &mut Model, at: Option<Timestamp>) -> Vec<Effect> {
    match at {
        Some(at) => to(model, at),
        None if model.travel.shown.is_some() => to_the_present(model),
        None => Vec::new(),
    }
}

fn seek_for(model: &mut Model, seek: Seek) -> Vec<Effect> {
    if let Some(says) = orders::stays(model) {
        model.toast(Role::Held, says);
        return Vec::new();
    }
    model.travel.seeking = Some(seek.clone());
    vec![Effect::Ask { slot: Slot::Moment, query: Query::Moment(seek) }]
}

/// It is known which moment that is.
pub(super) fn found(model: &mut Model, query: &Query, answer: Result<Answer, DeskError>) -> Vec<Effect> {
    let Query::Moment(seek) = query else { return Vec::new() };
    let Some(seek) = model.travel.seeking.take_if(|wanted| wanted == seek) else { return Vec::new() };
    let says = match answer {
        // Whoever is asked something meanwhile answers first.
        Ok(Answer::Moment(Some(_))) if model.dialog.is_some() || orders::stays(model).is_some() => "stopped".to_owned(),
        Ok(Answer::Moment(Some(found))) => {
            let effects = depart(model, found);
            // Of a row of steps only the last is gone.
            let next = model.travel.steps.pop_front().map_or_else(Vec::new, |action| step(model, action));
            return if next.is_empty() { effects } else { next };
        }
        Ok(_) => nothing(model, &seek),
        Err(error) => error.to_string(),
    };
    model.travel.steps.clear();
    model.toast(Role::Held, says);
    arrival(model)
}

fn nothing(model: &Model, seek: &Seek) -> String {
    let (which, subject) = match seek {
        Seek::After(_, subject) => ("later", Some(subject)),
        Seek::Before(_, subject) => ("earlier", Some(subject)),
        Seek::Clock(_) => ("then", None),
    };
    let of = match subject {
        Some(Subject::Delivery(id)) => format!(" of {id}"),
        Some(Subject::Ticket(_)) => " of this ticket".to_owned(),
        _ => String::new(),
    };
    let back = match (which, model.travel.looks_back()) {
        ("later", true) => format!(": `{}` returns to now", model.way_back()),
        _ => String::new(),
    };
    format!("nothing {which}{of} is on record{back}")
}

fn depart(model: &mut Model, found: Found) -> Vec<Effect> {
    if model.travel.going.is_none() && model.travel.moment() == Some(found.moment) {
        return Vec::new();
    }
    model.keys.look_back(true);
    (model.travel.going, model.travel.folding) = (Some(found), None);
    arrival(model)
}

/// Asks for the first sight of the moment that is on its way.
fn arrival(model: &Model) -> Vec<Effect> {
    let going = model.travel.going.as_ref().map(|found| found.moment);
    let ask = |moment| Effect::Recall { slot: Slot::Arrival, moment, query: model.counts() };
    going.map(ask).into_iter().collect()
}

/// What was asked as of an earlier moment is answered, or the journal is folded a bit further up to there.
pub(super) fn recalled(
    model: &mut Model,
    slot: Slot,
    moment: Moment,
    query: &Query,
    recalled: Result<Recalled<Answer>, DeskError>,
) -> Vec<Effect> {
    let wanted = match slot {
        Slot::Arrival => model.travel.going.as_ref().map(|found| found.moment),
        _ => model.travel.moment(),
    };
    if wanted != Some(moment) {
        return Vec::new();
    }
    match (slot, recalled) {
        (Slot::Arrival, Ok(Recalled::Folding(percent))) => {
            model.travel.folding = Some(percent);
            vec![Effect::Recall { slot: Slot::Arrival, moment, query: query.clone() }]
        }
        (Slot::Arrival, Ok(Recalled::Answer(Answer::Overview(overview)))) => arrive(model, *overview),
        (Slot::Arrival, Ok(Recalled::Answer(_))) => Vec::new(),
        (Slot::Arrival, Err(error)) => {
            model.toast(Role::Bad, format!("✗ {error}"));
            give_up(model)
        }
        (slot, Ok(Recalled::Folding(percent))) => {
            model.travel.folding = Some(percent);
            model.asked(&slot, true)
        }
        (slot, Ok(Recalled::Answer(answer))) => {
            model.travel.folding = None;
            super::answers::answered(model, slot, query, Ok(answer))
        }
        (slot, Err(error)) => super::answers::answered(model, slot, query, Err(error)),
    }
}

/// The moment is there: from now on it is shown.
fn arrive(model: &mut Model, overview: Overview) -> Vec<Effect> {
    let Some(found) = model.travel.going.take() else { return Vec::new() };
    if model.travel.shown.is_none() {
        model.travel.open = model.open_deliveries();
        model.travel.banners = std::mem::take(&mut model.banners);
    }
    model.now = found.moment.at;
    (model.travel.shown, model.travel.folding) = (Some(found), None);
    show(model, Some(overview))
}

/// What is shown is of another moment than before: all of it is asked for anew.
fn show(model: &mut Model, overview: Option<Overview>) -> Vec<Effect> {
    model.mask();
    model.asking.retain(|slot, _| *slot == Slot::Status);
    (model.overview, model.counted, model.trouble) = (overview, None, None);
    // A show is told from the list in which it was chosen.
    // And what became of orders is told of the present.
    model.details.retain(|detail| !matches!(detail.subject, subject::Subject::Show(_) | subject::Subject::Results));
    if let Some(menu) = &mut model.menu {
        menu.seek();
    }
    model.beside = None;
    model.renew_lists();
    model.write_details();
    model.search(Search::renew);
    model.refresh()
}

/// The way back is broken off: what is shown stays.
pub(super) fn stop(model: &mut Model) -> Vec<Effect> {
    model.toast(Role::Plain, "stopped");
    give_up(model)
}

fn give_up(model: &mut Model) -> Vec<Effect> {
    (model.travel.going, model.travel.seeking, model.travel.folding) = (None, None, None);
    model.travel.steps.clear();
    match model.travel.shown {
        // It may have to be folded again.
        Some(_) => model.refresh(),
        None => {
            model.keys.look_back(false);
            model.travel.returned = Some(model.clock);
            Vec::new()
        }
    }
}

/// Back to now.
pub(super) fn to_the_present(model: &mut Model) -> Vec<Effect> {
    model.keys.look_back(false);
    model.banners = std::mem::take(&mut model.travel.banners);
    model.travel = crate::ui::travel::Travel { returned: Some(model.clock), ..Default::default() };
    model.now = model.clock;
    let mut effects = show(model, None);
    let counts = model.counts();
    effects.extend(model.ask(Slot::Overview, Some(counts)));
    effects.extend(alerts::raise(model));
    effects
}

/// Some time after the return what was folded is given up.
pub(super) fn forget(model: &mut Model) -> Option<Effect> {
    let clock = model.clock;
    let long_ago = |returned: &mut Timestamp| clock - *returned >= KEPT;
    model.travel.going.is_none().then(|| model.travel.returned.take_if(long_ago))?.map(|_| Effect::LookAway)
}

/// Asks for a moment.
pub(super) fn ask(model: &mut Model) -> Vec<Effect> {
    model.dialog = Some(Dialog::Moment(MomentDialog::default()));
    Vec::new()
}

/// A key while a moment is asked for.
pub(super) fn dialog_key(model: &mut Model, chord: Chord) -> Vec<Effect> {
    let Some(Dialog::Moment(dialog)) = &mut model.dialog else { return Vec::new() };
    match chord.code {
        KeyCode::Esc => model.dialog = None,
        KeyCode::Enter => {
            let asked = dialog.moment(model.clock);
            match asked {
                Ok(at) => {
                    model.dialog = None;
                    return to_or_back(model, at);
                }
                Err(complaint) => dialog.complaint = Some(complaint),
            }
        }
        _ => type_moment(model, chord),
    }
    Vec::new()
}

/// Types into the line for a moment.
pub(super) fn type_moment(model: &mut Model, chord: Chord) {
    if let Some(Dialog::Moment(dialog)) = &mut model.dialog
        && edit(&mut dialog.input, chord)
    {
        dialog.complaint = None;
    }
}
