//! What an action needs that is not there: so that it is said before it is tried.

use crate::ui::action::{Action, Group};
use crate::ui::model::{Model, View};
use crate::ui::subject::Subject;

/// As in `retry needs a delivery or a request under the cursor`; none where it can be tried.
pub fn lacking(model: &Model, action: Action) -> Option<&'static str> {
    let marks = model.marks().is_some_and(|marks| marks.ranges() || !marks.is_empty());
    let delivery = model.chosen_delivery();
    let (there, needs) = match action {
        Action::Retry => (
            marks || delivery.is_some() || model.chosen_request().is_some(),
            "a delivery or a quarantined request under the cursor",
        ),
        Action::MarkDelivered | Action::Cancel => {
            (delivery.is_some() || (marks && model.view != View::Quarantine), "a delivery under the cursor")
        }
        Action::Undo => {
            let undoes = delivery.is_some_and(|delivery| delivery.undo.is_some()) || model.undoable().is_some();
            (
                marks || undoes || !model.held_back.waiting().is_empty() || model.batch.is_some(),
                "something to take back",
            )
        }
        Action::Timeline => (model.chosen_ticket().is_some(), "a row that names a ticket"),
        Action::Open => (model.target().is_some() || !model.details.is_empty(), "a row under the cursor"),
        Action::States => {
            let states = matches!(model.view, View::Deliveries | View::Reversals);
            (states && model.details.is_empty(), "a list of deliveries: go to `deliveries` or `reversals`")
        }
        Action::Sort | Action::Columns => {
            (model.has_columns(), "a list of deliveries: go to `deliveries` or `reversals`")
        }
        Action::PutAway => (model.banner_lines().iter().any(|line| line.ends_next), "a banner"),
        Action::MarkAlike => {
            let results = model.detail().is_some_and(|detail| detail.subject == Subject::Results);
            (results || model.marks_rows(), "a list whose rows can be marked")
        }
        Action::Mark | Action::MarkRange | Action::MarkAll => (model.marks_rows(), "a list whose rows can be marked"),
        Action::Results => (model.batch.is_some(), "orders about marked rows, and none was given yet"),
        Action::NextHit | Action::PreviousHit => {
            (model.detail().is_some_and(|detail| detail.search.is_some()), "a search in what is open")
        }
        _ if action.entry().group == Group::Reading => (model.detail().is_some(), "something that is open"),
        _ => return None,
    };
    (!there).then_some(needs)
}
