//! Setting two events or two attempts side by side.

use super::{Effect, open_detail};
use crate::domain::record::Record;
use crate::ui::action::Action;
use crate::ui::document::Data;
use crate::ui::exhibit::{self, Exhibit, Pair};
use crate::ui::model::Model;
use crate::ui::subject::Subject;
use crate::ui::theme::Role;

/// Marks what is under the cursor, or sets it beside what is marked.
pub(super) fn compare(model: &mut Model) -> Vec<Effect> {
    let Some(here) = under_cursor(model) else { return nothing(model) };
    match model.marked.take() {
        Some(marked) if marked.sort == here.sort && marked.seq != here.seq => open(model, marked, here),
        Some(marked) if marked.seq == here.seq => {
            model.toast(Role::Plain, format!("{} is no longer marked", here.name));
            Vec::new()
        }
        _ => {
            let (name, sort, key) = (&here.name, here.sort.name(), model.keys.named(Action::Compare));
            model.toast(Role::Key, format!("{name} is marked: `{key}` on another {sort} compares"));
            model.marked = Some(here);
            Vec::new()
        }
    }
}

/// Sets what is under the cursor beside the one of its kind before it.
pub(super) fn with_before(model: &mut Model) -> Vec<Effect> {
    let Some(here) = under_cursor(model) else { return nothing(model) };
    let records = model.detail().and_then(|detail| detail.data.as_ref()).map_or(&[][..], records);
    match exhibit::before(records, &here) {
        Some(before) => open(model, before, here),
        None => {
            let or = match records.is_empty() {
                true => {
                    let key = model.keys.named(Action::Timeline);
                    format!(": `{key}` opens the ticket's timeline, where it can be compared")
                }
                false => String::new(),
            };
            model.toast(Role::Held, format!("nothing of its kind before {} here{or}", here.name));
            Vec::new()
        }
    }
}

fn nothing(model: &mut Model) -> Vec<Effect> {
    let says = match model.detail() {
        None => format!("nothing to compare here: `{}` opens the row first", model.keys.named(Action::Open)),
        Some(_) => "nothing to compare here: go to an event or an attempt".to_owned(),
    };
    model.toast(Role::Held, says);
    Vec::new()
}

fn open(model: &mut Model, one: Exhibit, other: Exhibit) -> Vec<Effect> {
    let pair = Pair::of(one, other);
    let subject = Subject::Comparison(pair.left.seq, pair.right.seq);
    let effects = open_detail(model, subject.clone());
    if let Some(detail) = model.details.last_mut().filter(|detail| detail.subject == subject) {
        detail.data = Some(Data::Comparison(Box::new(pair)));
    }
    model.write_details();
    effects
}

fn records(data: &Data) -> &[Record] {
    match data {
        Data::Delivery(detail) => &detail.history,
        Data::Ticket(timeline) => &timeline.records,
        Data::Event(_) | Data::Show(..) | Data::Rejected(_) | Data::Comparison(_) | Data::Results(_) => &[],
    }
}

/// The event or attempt that the cursor is on; in a delivery, else its last attempt.
fn under_cursor(model: &Model) -> Option<Exhibit> {
    let detail = model.detail()?;
    let seq = detail.document.lines.get(detail.cursor).and_then(|line| line.record());
    match detail.data.as_ref()? {
        Data::Event(detail) => exhibit::event(detail.row.seq, &detail.body),
        data @ (Data::Delivery(_) | Data::Ticket(_)) => {
            let records = records(data);
            let here = seq.and_then(|seq| exhibit::of_record(records, seq));
            here.or_else(|| exhibit::last_attempt(records).filter(|_| matches!(data, Data::Delivery(_))))
        }
        Data::Show(..) | Data::Rejected(_) | Data::Comparison(_) | Data::Results(_) => None,
    }
}
