//! What is read beside a list: whatever is under the cursor, as it stands. Personal data in it stays masked: what is revealed
//! goes on record by the name of what is open, and nothing is opened here.

use super::{Effect, answers, detail_of};
use crate::domain::privacy::Privacy;
use crate::domain::query::{Answer, Query};
use crate::engine::DeskError;
use crate::ui::detail::Detail;
use crate::ui::document::Setting;
use crate::ui::layout;
use crate::ui::model::{Model, Slot};

/// Goes to what is under the cursor now.
pub(super) fn follow(model: &mut Model) -> Vec<Effect> {
    let subject = model.target().filter(|_| model.splits());
    if model.beside.as_ref().map(|detail| &detail.subject) == subject.as_ref() {
        return Vec::new();
    }
    model.beside = subject.map(|subject| detail_of(model, subject));
    write(model);
    let query = model.beside.as_ref().and_then(|detail| detail.subject.query());
    query.and_then(|query| model.ask(Slot::Beside, Some(query))).into_iter().collect()
}

/// Writes it anew.
pub(super) fn write(model: &mut Model) {
    // A cell for the line between them, and one for the blank behind it.
    let width = model.size.0.saturating_sub(layout::list_columns(model.size.0) + 2);
    let setting = Setting { width, privacy: Privacy::Masked, ..model.setting() };
    let height = model.detail_rows();
    if let Some(detail) = &mut model.beside {
        detail.write(height, &model.keys, setting);
    }
}

/// The ledger has answered.
pub(super) fn answered(model: &mut Model, query: &Query, answer: Result<Answer, DeskError>) -> Vec<Effect> {
    let asked = |detail: &&mut Detail| detail.subject.query().as_ref() == Some(query);
    if let Some(detail) = model.beside.as_mut().filter(asked) {
        match answer {
            Ok(answer) => answers::fill(detail, answer),
            Err(DeskError::NotFound(_)) => detail.vanish(),
            // The list says that the ledger has trouble.
            Err(_) => {}
        }
        write(model);
        return model.asked(&Slot::Beside, false);
    }
    // The cursor has gone on meanwhile.
    model.asked(&Slot::Beside, true)
}
