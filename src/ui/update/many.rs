//! Orders about the marked rows: the question, and the orders one after the other.

use super::{Effect, marking, results};
use crate::domain::query::{Command, Done};
use crate::engine::DeskError;
use crate::ui::action::Action;
use crate::ui::batch::{Batch, Phase};
use crate::ui::dialog::Dialog;
use crate::ui::held_back::{Held, HeldBack};
use crate::ui::many::{ManyDialog, counted};
use crate::ui::model::{Model, View};
use crate::ui::theme::Role;
use crate::ui::when;

/// Puts the question before orders about the marked rows; none where no row is marked.
pub(super) fn ask(model: &mut Model, action: Action) -> Option<Vec<Effect>> {
    let marks = model.marks()?;
    if !marks.ranges() && marks.is_empty() {
        return None;
    }
    Some(put(model, action))
}

fn put(model: &mut Model, action: Action) -> Vec<Effect> {
    let effects = marking::end_range(model);
    let view = model.view;
    if model.gathering.as_ref().is_some_and(|one| one.view == view) {
        model.toast(Role::Held, "rows are still being marked: press again when they are");
        return effects;
    }
    if let Some(batch) = model.batch.as_ref().filter(|batch| batch.phase != Phase::Ended) {
        let says = format!("{} of {} is still under way: wait for its end", batch.verb(), batch.about());
        model.toast(Role::Held, says);
        return Vec::new();
    }
    if view == View::Quarantine && action != Action::Retry {
        model.toast(Role::Held, format!("{}: requests can only be sent again", action.entry().hint));
        return Vec::new();
    }
    let Some(marks) = model.marks() else { return Vec::new() };
    model.dialog = Some(Dialog::Many(Box::new(ManyDialog::new(action, view, marks.rows()))));
    model.refresh()
}

/// Yes: the marked rows are no longer marked, and what is eligible is ordered.
pub(super) fn confirm(model: &mut Model) -> Vec<Effect> {
    let Some(Dialog::Many(dialog)) = &mut model.dialog else { return Vec::new() };
    let (sorted, why) = match dialog.confirmed() {
        Ok(confirmed) => confirmed,
        Err((complaint, focus)) => {
            dialog.form.complain(complaint, focus);
            return Vec::new();
        }
    };
    let (action, view) = (dialog.action, dialog.view);
    model.dialog = None;
    if let Some(list) = model.list_of(view) {
        list.marks().clear();
    }
    let waits = sorted.asks.first().is_some_and(|ask| HeldBack::concerns(&ask.command()));
    let batch = Batch::new(action, view, model.who.clone(), why, sorted);
    let about = batch.about();
    model.batch = Some(batch);
    let mut effects = results::open(model);
    if waits {
        let uptime = model.pace.uptime();
        effects.push(Effect::Wait(model.held_back.hold(Held::Batch, about, uptime)));
    } else {
        effects.extend(give(model));
    }
    effects
}

/// The next orders.
pub(super) fn give(model: &mut Model) -> Vec<Effect> {
    let Some(batch) = &mut model.batch else { return Vec::new() };
    let given = batch.give();
    let ended = batch.phase == Phase::Ended;
    if ended {
        end(model);
    }
    given.into_iter().map(|(order, about)| Effect::Act { order, about }).collect()
}

/// An order was carried out, or not; none where it is not one of these.
pub(super) fn acted(model: &mut Model, command: &Command, done: &Result<Done, DeskError>) -> Option<Vec<Effect>> {
    if !model.batch.as_mut()?.took(command, done) {
        return None;
    }
    let mut effects = give(model);
    effects.extend(model.refresh());
    Some(effects)
}

/// What was not given yet is called back; false when there is nothing.
pub(super) fn call_back(model: &mut Model) -> bool {
    let Some(batch) = model.batch.as_mut().filter(|batch| batch.phase != Phase::Ended) else { return false };
    let (view, held_back) = (batch.view, batch.phase == Phase::HeldBack);
    let called = batch.call_back();
    if called == 0 {
        return false;
    }
    let they = counted(view, called);
    let says = match held_back {
        true => format!("{they} called back: nothing was sent"),
        false => format!("{they} called back; what was ordered before stays so"),
    };
    model.toast(Role::Good, says);
    results::renew(model);
    true
}

/// Each has come to its end: that is said, and what became of them is there to be read.
fn end(model: &mut Model) {
    results::renew(model);
    let Some(batch) = &model.batch else { return };
    let tally = batch.tally();
    let (sign, role) = if tally.refused > 0 { ("✗", Role::Bad) } else { ("✓", Role::Good) };
    let done = format!("{sign} {}: {} of {} ordered", batch.verb(), when::count(tally.done as u64), batch.about());
    let refused = match tally.refused {
        0 => String::new(),
        some => format!(", {} refused", when::count(some as u64)),
    };
    let each = match results::in_sight(model) {
        true => String::new(),
        false => format!(": `{}` shows each", model.keys.named(Action::Results)),
    };
    model.toast(role, format!("{done}{refused}{each}"));
}
