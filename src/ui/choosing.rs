//! What is under the cursor: what Enter opens, and what an order is about.

use super::document::Data;
use super::layout;
use super::list::{List, Row};
use super::model::{Model, Pane, View};
use super::subject::Subject;
use crate::domain::delivery::Delivery;
use crate::domain::documentation::FAMILIES;
use crate::domain::ids::{Seq, TicketId};
use crate::domain::query::{EventRow, RejectedRow};

impl Model {
    /// The panes of the overview that fit.
    pub fn panes(&self) -> Vec<Pane> {
        let feeds = if layout::feeds_fit(self.size) { FAMILIES.len() } else { 0 };
        let families = (0..feeds).map(Pane::Family);
        let lists: &[Pane] = match layout::roomy(self.size) {
            true => &[Pane::Attention, Pane::Open, Pane::Reversals, Pane::Payouts],
            false => &[Pane::Attention, Pane::Open],
        };
        lists.iter().copied().chain(families).collect()
    }

    /// The rows of a pane, by their places.
    pub fn pane_places(&self, pane: Pane) -> Vec<Seq> {
        fn places<R: Row>(rows: &[R]) -> Vec<Seq> {
            rows.iter().map(Row::place).collect()
        }
        let Some(overview) = &self.overview else { return Vec::new() };
        match pane {
            Pane::Attention => places(&overview.attention),
            Pane::Open => places(&overview.open),
            Pane::Reversals => places(&overview.returns),
            Pane::Payouts => places(&overview.shows),
            Pane::Family(index) => overview.feeds.get(FAMILIES[index]).map_or(Vec::new(), |rows| places(rows)),
        }
    }

    /// The row under the cursor of a pane, as an index: where its row has gone, the first.
    pub fn pane_index(&self, pane: Pane) -> usize {
        let Some(chosen) = self.pane_rows.get(&pane) else { return 0 };
        self.pane_places(pane).iter().position(|place| place == chosen).unwrap_or(0)
    }

    /// What Enter opens.
    pub fn target(&self) -> Option<Subject> {
        if let Some(detail) = self.detail() {
            return detail.target().cloned();
        }
        let event = |list: &List<EventRow>| list.selected().map(|row| Subject::Event(row.seq));
        let delivery = |list: &List<Delivery>| list.selected().map(|one| Subject::Delivery(one.id));
        match self.view {
            View::Overview => {
                let index = self.pane_index(self.pane);
                let overview = self.overview.as_ref()?;
                let delivery = |rows: &[Delivery]| rows.get(index).map(|one| Subject::Delivery(one.id));
                match self.pane {
                    Pane::Attention => delivery(&overview.attention),
                    Pane::Open => delivery(&overview.open),
                    Pane::Reversals => delivery(&overview.returns),
                    Pane::Payouts => overview.shows.get(index).map(|show| Subject::Show(show.show.clone())),
                    Pane::Family(family) => {
                        let rows = overview.feeds.get(FAMILIES[family])?;
                        rows.get(index).map(|row| Subject::Event(row.seq))
                    }
                }
            }
            View::Feed => self.feed().and_then(event),
            View::Deliveries => delivery(&self.deliveries),
            View::Reversals => delivery(&self.returns),
            View::Payouts => self.shows.selected().map(|show| Subject::Show(show.show.clone())),
            View::Quarantine => self.quarantine.selected().map(|row| Subject::Rejected(row.seq)),
        }
    }

    /// The delivery that an order is about.
    pub fn chosen_delivery(&self) -> Option<&Delivery> {
        if let Some(detail) = self.detail() {
            return detail.delivery();
        }
        match self.view {
            View::Deliveries => self.deliveries.selected(),
            View::Reversals => self.returns.selected(),
            View::Overview => {
                let overview = self.overview.as_ref()?;
                let rows = match self.pane {
                    Pane::Attention => &overview.attention,
                    Pane::Open => &overview.open,
                    Pane::Reversals => &overview.returns,
                    Pane::Payouts | Pane::Family(_) => return None,
                };
                rows.get(self.pane_index(self.pane))
            }
            View::Feed | View::Payouts | View::Quarantine => None,
        }
    }

    /// What an order would be about.
    pub fn chosen(&self) -> Option<Subject> {
        let delivery = self.chosen_delivery().map(|delivery| Subject::Delivery(delivery.id));
        delivery.or_else(|| self.chosen_request().map(|request| Subject::Rejected(request.seq)))
    }

    /// The delivery that was just changed from here, while that is still said.
    pub fn undoable(&self) -> Option<&Delivery> {
        self.toasts.iter().rev().find_map(|toast| toast.undo.as_deref())
    }

    /// The quarantined request that an order is about.
    pub fn chosen_request(&self) -> Option<&RejectedRow> {
        match self.detail() {
            Some(detail) => match detail.data.as_ref()? {
                Data::Rejected(detail) => Some(&detail.row),
                _ => None,
            },
            None if self.view == View::Quarantine => self.quarantine.selected(),
            None => None,
        }
    }

    /// The ticket of the row under the cursor.
    pub fn chosen_ticket(&self) -> Option<&TicketId> {
        if let Some(detail) = self.detail() {
            return detail.ticket();
        }
        match (self.view, self.pane) {
            (View::Feed, _) => self.feed()?.selected()?.ticket.as_ref(),
            (View::Overview, Pane::Family(family)) => {
                let rows = self.overview.as_ref()?.feeds.get(FAMILIES[family])?;
                rows.get(self.pane_index(self.pane))?.ticket.as_ref()
            }
            _ => self.chosen_delivery()?.ticket.as_ref(),
        }
    }
}
