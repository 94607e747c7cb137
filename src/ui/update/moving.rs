//! Moving: from row to row, from pane to pane, from family to family.

use super::{Effect, go};
use crate::ui::model::{Model, Pane, View};

pub(super) fn page(model: &Model) -> isize {
    let rows = if model.details.is_empty() { model.list_rows() } else { model.detail_rows() };
    isize::try_from(rows).unwrap_or(isize::MAX)
}

pub(super) fn step(model: &mut Model, by: isize) -> Vec<Effect> {
    let detail_rows = model.detail_rows();
    let list_rows = model.list_rows();
    if let Some(detail) = model.details.last_mut() {
        detail.step(by, detail_rows);
        return Vec::new();
    }
    match model.list() {
        Some(list) => match list.step(by, list_rows) {
            true => model.refresh(),
            false => Vec::new(),
        },
        None => {
            let pane = model.pane;
            let places = model.pane_places(pane);
            let index = model.pane_index(pane).saturating_add_signed(by).min(places.len().saturating_sub(1));
            choose(model, pane, index)
        }
    }
}

/// The cursor of a pane on its first row is on whichever row is first.
pub(super) fn choose(model: &mut Model, pane: Pane, index: usize) -> Vec<Effect> {
    let before = model.counts();
    match model.pane_places(pane).get(index) {
        Some(place) if index > 0 => drop(model.pane_rows.insert(pane, *place)),
        _ => drop(model.pane_rows.remove(&pane)),
    }
    if model.counts() == before { Vec::new() } else { model.refresh() }
}

pub(super) fn end(model: &mut Model, newest: bool) -> Vec<Effect> {
    let rows = model.detail_rows();
    if let Some(detail) = model.details.last_mut() {
        if newest {
            detail.top()
        } else {
            detail.bottom(rows)
        }
        return Vec::new();
    }
    let list_rows = model.list_rows();
    let Some(list) = model.list() else {
        let pane = model.pane;
        let last = model.pane_places(pane).len().saturating_sub(1);
        return choose(model, pane, if newest { 0 } else { last });
    };
    if newest {
        list.follow()
    } else {
        list.oldest(list_rows)
    }
    model.refresh()
}

pub(super) fn next(model: &mut Model, forward: bool) -> Vec<Effect> {
    let rows = model.detail_rows();
    if let Some(detail) = model.details.last_mut() {
        detail.next_link(forward, rows, true);
        return Vec::new();
    }
    match model.view {
        View::Overview => {
            model.pane = neighbour(&model.panes(), &model.pane, forward);
            Vec::new()
        }
        View::Feed => {
            model.mask();
            model.family = neighbour(&model.families(), &model.family, forward);
            model.refresh()
        }
        _ => {
            let view = neighbour(&View::ALL, &model.view, forward);
            go(model, view)
        }
    }
}

/// The one after or before, round the ends.
fn neighbour<T: Clone + PartialEq>(all: &[T], here: &T, forward: bool) -> T {
    let at = all.iter().position(|one| one == here).unwrap_or(0);
    let step = if forward { 1 } else { all.len().saturating_sub(1) };
    all.get((at + step) % all.len().max(1)).unwrap_or(here).clone()
}
