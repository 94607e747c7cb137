//! What is in sight, as questions to the ledger.

use super::batch::Batch;
use super::dialog::Dialog;
use super::list::List;
use super::menu::Menu;
use super::model::{CHOICES, Choice, Model, Slot, View};
use super::subject::Subject;
use crate::domain::delivery::{Kind, Stage};
use crate::domain::query::{DeliveryQuery, EventQuery, EventRow, Query, Window};

impl Model {
    /// The questions whose answers are in sight.
    pub fn needs(&self) -> Vec<(Slot, Query)> {
        let mut needs = Vec::new();
        match &self.dialog {
            Some(Dialog::Order(dialog)) => {
                needs.extend(dialog.ask.id().map(|id| (Slot::Dialog(id), Query::Delivery(id))));
            }
            Some(Dialog::Many(dialog)) => needs.extend(dialog.query().map(|query| (Slot::Marked, query))),
            Some(Dialog::Leave(_) | Dialog::Moment(_)) | None => {}
        }
        let sought = self.menu.as_ref().and_then(Menu::query);
        needs.extend(sought.map(|query| (Slot::Sought, query.clone())));
        needs.extend(self.gathering.as_ref().map(|one| (Slot::Gathering, one.query().clone())));
        if let Some(detail) = self.detail() {
            if detail.subject == Subject::Results && self.travel.shown.is_none() {
                needs.extend(self.batch.as_ref().and_then(Batch::restless).map(|query| (Slot::Results, query)));
            }
            needs.extend(detail.subject.query().map(|query| (Slot::Detail(detail.subject.clone()), query)));
            return needs;
        }
        needs.extend(self.list_needs());
        let beside = self.beside.as_ref().and_then(|detail| detail.subject.query());
        needs.extend(beside.map(|query| (Slot::Beside, query)));
        needs
    }

    /// The question of the list in sight; none while it needs nothing.
    fn list_needs(&self) -> Option<(Slot, Query)> {
        let height = self.list_rows();
        let window = match self.view {
            View::Overview => return Some((Slot::Overview, self.counts())),
            View::Feed => {
                let window = match self.feed() {
                    Some(list) => list.window(height)?,
                    None => List::<EventRow>::default().window(height)?,
                };
                let query = EventQuery { family: self.family.clone(), show: None, window };
                return Some((Slot::Feed(self.family.clone()), Query::Events(query)));
            }
            View::Deliveries => self.deliveries.window(height)?,
            View::Reversals => self.returns.window(height)?,
            View::Payouts => self.shows.window(height)?,
            View::Quarantine => self.quarantine.window(height)?,
        };
        Some((Slot::List(self.view), self.rows_query(self.view, window, None)?))
    }

    /// The question for rows of a list that is no feed, of its choice of states, or of one state among these.
    pub fn rows_query(&self, view: View, window: Window, stage: Option<Stage>) -> Option<Query> {
        let deliveries = |choice: usize, kind, window| {
            let Choice { stages, overdue, .. } = CHOICES[choice];
            let stages = stage.map_or(stages.to_vec(), |stage| vec![stage]);
            let overdue = overdue.then(|| self.late_after());
            Query::Deliveries(DeliveryQuery { stages, kind, overdue, window })
        };
        Some(match view {
            View::Overview | View::Feed => return None,
            View::Deliveries => deliveries(self.delivery_choice, None, window),
            View::Reversals => deliveries(self.return_choice, Some(Kind::Return), window),
            View::Payouts => Query::Shows(window),
            View::Quarantine => Query::Quarantine(window),
        })
    }

    /// The question for the counts, with rows only where the overview is in sight.
    pub fn counts(&self) -> Query {
        let in_sight = self.view == View::Overview && self.details.is_empty();
        let screen = usize::from(self.size.1).max(10);
        // Where the cursor has gone down a pane, as far again: there is always more to go to, while there is more.
        let screens = match self.pane_index(self.pane) {
            0 => 1,
            index => 2 + index / screen,
        };
        let rows = if in_sight { screens * screen } else { 0 };
        Query::Overview { rows, late_after: Some(self.late_after()) }
    }
}
