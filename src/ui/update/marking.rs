//! Marks: one row, a range, all that fit, all alike. What is not held is asked of the ledger.

use super::{Effect, moving, results};
use crate::domain::ids::Seq;
use crate::domain::query::{Answer, Query};
use crate::ui::cause::Cause;
use crate::ui::gathering::{self, Gathered, Gathering};
use crate::ui::list::Scroll;
use crate::ui::marks::MOST_MARKED;
use crate::ui::model::{Model, View};
use crate::ui::theme::Role;
use crate::ui::{many, when, words};

impl Model {
    /// The list in sight, where its rows can be marked.
    fn markable(&mut self) -> Option<&mut dyn Scroll> {
        match self.marks_rows() {
            true => self.list(),
            false => None,
        }
    }
}

fn nothing_to_mark(model: &mut Model) -> Vec<Effect> {
    model.toast(Role::Held, "rows can be marked in deliveries, reversals and quarantine");
    Vec::new()
}

fn too_many(model: &mut Model) {
    let most = when::count(MOST_MARKED as u64);
    model.toast(Role::Held, format!("{most} rows are marked, and no more can be: do these first, or narrow the list"));
}

/// Marks the row under the cursor, or takes its mark away; a range that was begun is marked instead.
pub(super) fn mark(model: &mut Model) -> Vec<Effect> {
    let Some(list) = model.markable() else { return nothing_to_mark(model) };
    if list.marked().ranges() {
        return end_range(model);
    }
    let Some(place) = list.cursor_place() else { return Vec::new() };
    if !list.marks().toggle(place) {
        too_many(model);
        return Vec::new();
    }
    moving::step(model, 1)
}

/// Begins a range at the row under the cursor; a second time marks it.
pub(super) fn range(model: &mut Model) -> Vec<Effect> {
    let Some(list) = model.markable() else { return nothing_to_mark(model) };
    if list.marked().ranges() {
        return end_range(model);
    }
    let Some(place) = list.cursor_place() else { return Vec::new() };
    if list.sorted().is_some() {
        // It goes by the places of rows, not by where they are shown.
        model.toast(Role::Held, "a range needs the rows as they came: sort by id first, or mark one by one");
        return Vec::new();
    }
    if !list.paused() {
        list.pause();
    }
    list.marks().begin_range(place);
    model.refresh()
}

/// Marks the range that was begun.
pub(super) fn end_range(model: &mut Model) -> Vec<Effect> {
    let Some(list) = model.markable() else { return Vec::new() };
    let range = list.marked().range_to(list.cursor_place());
    list.marks().end_range();
    let Some(range) = range else { return Vec::new() };
    match list.between(range) {
        Some(places) => {
            if !list.marks().add(places) {
                too_many(model);
            }
            Vec::new()
        }
        None => gather(model, Some(range), None),
    }
}

/// Marks all rows that fit the filter and the states.
pub(super) fn all(model: &mut Model) -> Vec<Effect> {
    if !model.marks_rows() {
        return nothing_to_mark(model);
    }
    gather(model, None, None)
}

/// Marks all rows that stand there for the same reason as the one under the cursor; of what became of orders, the group.
pub(super) fn alike(model: &mut Model) -> Vec<Effect> {
    if let Some(group) = results::group(model) {
        return results::mark(model, group);
    }
    let cause = match model.view {
        _ if !model.marks_rows() => return nothing_to_mark(model),
        View::Quarantine => model.quarantine.selected().map(Cause::of_request),
        _ => model.chosen_delivery().map(Cause::of),
    };
    match cause {
        Some(cause) => gather(model, None, Some(cause)),
        None => Vec::new(),
    }
}

fn gather(model: &mut Model, range: Option<(Seq, Seq)>, like: Option<Cause>) -> Vec<Effect> {
    let view = model.view;
    let filter = model.seen_list().map_or("", |list| list.narrowed().filter());
    let window = gathering::window(filter, range);
    let stage = like.as_ref().and_then(|cause| cause.stage);
    let Some(query) = model.rows_query(view, window, stage) else { return Vec::new() };
    model.gathering = Some(Gathering::new(view, query, range, like));
    model.refresh()
}

/// A page of the rows that are being marked.
pub(super) fn gathered(model: &mut Model, query: &Query, answer: Answer) {
    let Some(gathering) = model.gathering.as_mut().filter(|one| one.query() == query) else { return };
    let Some(Gathered { places, more }) = gathering.take(answer) else { return };
    let view = gathering.view;
    let all = model.list_of(view).is_some_and(|list| list.marks().add(places));
    if !all {
        model.gathering = None;
        too_many(model);
    } else if !more && let Some(gathering) = model.gathering.take() {
        let (found, stands) = (gathering.found, gathering.like.map(|cause| said(&cause)));
        let rows = many::counted(view, found);
        let says = match (found, stands) {
            (0, _) => "no row to be marked".to_owned(),
            (_, Some(stands)) => format!("{rows} marked: {stands}"),
            (_, None) => format!("{rows} marked"),
        };
        model.toast(if found == 0 { Role::Held } else { Role::Plain }, says);
    }
}

/// A cause in words.
fn said(cause: &Cause) -> String {
    let stage = cause.stage.map(|stage| words::stage(stage).0);
    let parts: Vec<&str> = stage.into_iter().chain(Some(cause.why.as_str()).filter(|why| !why.is_empty())).collect();
    parts.join(", ")
}

/// Lets go of a range that was begun, or of rows that are still being marked. False when there is neither.
pub(super) fn let_go(model: &mut Model) -> bool {
    if model.markable().is_some_and(|list| list.marks().end_range()) {
        return true;
    }
    let view = model.view;
    let Some(gathering) = model.gathering.take_if(|one| one.view == view) else { return false };
    let found = when::count(gathering.found as u64);
    model.toast(Role::Held, format!("marking was stopped: {found} were found until then and are marked"));
    true
}

/// Takes all marks of the list in sight away. False when there are none.
pub(super) fn clear(model: &mut Model) -> bool {
    let Some(list) = model.markable().filter(|list| !list.marked().is_empty()) else { return false };
    let count = list.marked().len();
    list.marks().clear();
    model.toast(Role::Plain, format!("{} no longer marked", when::count(count as u64)));
    true
}
