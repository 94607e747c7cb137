//! What became of orders about many: put on the screen, kept as things stand, and a group of it marked.

use super::{Effect, go, open_detail};
use crate::domain::query::Answer;
use crate::ui::batch::Phase;
use crate::ui::document::{self, Data};
use crate::ui::model::Model;
use crate::ui::subject::Subject;
use crate::ui::theme::Role;

/// They are what is read.
pub(super) fn in_sight(model: &Model) -> bool {
    model.detail().is_some_and(|detail| detail.subject == Subject::Results)
}

/// Opens them.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    if model.batch.is_none() {
        model.toast(Role::Plain, "no order about marked rows was given yet");
        return Vec::new();
    }
    let effects = open_detail(model, Subject::Results);
    renew(model);
    effects
}

/// Writes them anew.
pub(super) fn renew(model: &mut Model) {
    let Some(batch) = &model.batch else { return };
    let (height, setting) = (model.detail_rows(), model.setting());
    for detail in model.details.iter_mut().filter(|detail| detail.subject == Subject::Results) {
        detail.data = Some(Data::Results(Box::new(batch.clone())));
        detail.write(height, &model.keys, setting);
    }
}

/// A second has gone by.
pub(super) fn second(model: &mut Model) {
    if in_sight(model) && model.batch.as_ref().is_some_and(|batch| batch.phase != Phase::Ended) {
        renew(model);
    }
}

/// How some of them stand that were carried out.
pub(super) fn stand(model: &mut Model, answer: Answer) {
    let (Some(batch), Answer::Deliveries(page)) = (&mut model.batch, answer) else { return };
    batch.stand(page.rows);
    // Until each has come to its end the next second will do.
    if batch.phase == Phase::Ended {
        renew(model);
    }
}

/// The group under the cursor, where they are what is read.
pub(super) fn group(model: &Model) -> Option<usize> {
    let detail = model.detail().filter(|detail| detail.subject == Subject::Results)?;
    document::group(detail.document.lines.get(detail.cursor)?)
}

/// Marks the rows of a group, in their list.
pub(super) fn mark(model: &mut Model, group: usize) -> Vec<Effect> {
    let Some(Data::Results(batch)) = model.detail().and_then(|detail| detail.data.as_ref()) else { return Vec::new() };
    // As it is written there: it may have gone on since.
    let (view, rows) = (batch.view, batch.fates().into_iter().nth(group).map(|fate| fate.rows).unwrap_or_default());
    model.details.clear();
    let effects = if model.view == view { model.refresh() } else { go(model, view) };
    if let Some(list) = model.list_of(view) {
        list.marks().add(rows);
    }
    effects
}
