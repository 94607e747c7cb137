//! What a list shows: only some states, only what is overdue, all again; and whether it holds still.

use super::{Effect, go};
use crate::ui::action::Action;
use crate::ui::columns::{Column, Sort};
use crate::ui::menu::{Menu, lacking};
use crate::ui::model::{CHOICES, Model, OVERDUE, View};
use crate::ui::theme::Role;

/// Stops the search if one is on its way, or takes the filter away; none where there is neither.
pub(super) fn unfilter(model: &mut Model) -> Option<Vec<Effect>> {
    let height = model.list_rows();
    let list = model.list().filter(|list| !list.narrowed().is_empty())?;
    // What it found is kept.
    if list.searches(height) && list.search().has_begun() {
        list.search().stopped = true;
        return Some(Vec::new());
    }
    list.narrowing().clear();
    list.restart();
    Some(model.refresh())
}

/// All rows of the list in sight again: of whatever state and whatever the filter.
pub(super) fn widen(model: &mut Model) {
    let chosen = model.choice().map_or(0, std::mem::take) > 0;
    if let Some(list) = model.list()
        && (chosen || !list.narrowed().is_empty())
    {
        list.narrowing().clear();
        list.restart();
    }
}

pub(super) fn states(model: &mut Model) -> Vec<Effect> {
    if !model.details.is_empty() {
        return Vec::new();
    }
    let Some(choice) = model.choice() else { return Vec::new() };
    *choice = (*choice + 1) % CHOICES.len();
    if let Some(list) = model.list() {
        list.restart();
    }
    model.refresh()
}

/// Only what is overdue, from wherever one is; a second time: all.
pub(super) fn overdue(model: &mut Model) -> Vec<Effect> {
    let here = model.details.is_empty() && model.choice().is_some();
    let effects = if here { Vec::new() } else { go(model, View::Deliveries) };
    let Some(choice) = model.choice() else { return effects };
    *choice = if here && *choice == OVERDUE { 0 } else { OVERDUE };
    if let Some(list) = model.list() {
        list.restart();
    }
    effects.into_iter().chain(model.refresh()).collect()
}

/// Offers what the list can be sorted by, or its columns.
pub(super) fn columns(model: &mut Model, action: Action) -> Vec<Effect> {
    match lacking(model, action) {
        Some(needs) => model.toast(Role::Held, format!("{} needs {needs}", action.entry().hint)),
        None => model.menu = Some(Menu::of_columns(action == Action::Sort)),
    }
    Vec::new()
}

/// Sorts the list in sight, or turns its order round.
pub(super) fn sort(model: &mut Model, column: Column) -> Vec<Effect> {
    let Some(list) = model.list() else { return Vec::new() };
    list.sort(Sort::chosen(list.sorted(), column));
    model.refresh()
}

/// Hides a column of the list in sight, or shows it again.
pub(super) fn hide(model: &mut Model, column: Column) {
    let hidden = model.hidden.entry(model.view).or_default();
    if !hidden.remove(&column) {
        hidden.insert(column);
    }
}

pub(super) fn pause(model: &mut Model) -> Vec<Effect> {
    match model.list() {
        Some(list) => {
            list.pause();
            model.refresh()
        }
        None => {
            model.toast(Role::Plain, "the overview always follows; the lists of 2 to 6 can be held still");
            Vec::new()
        }
    }
}
