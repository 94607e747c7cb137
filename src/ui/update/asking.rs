//! Which questions go out: one at a time for each slot, and again when something changed meanwhile.

use crate::domain::query::Query;
use crate::ui::effect::Effect;
use crate::ui::model::{Model, Slot};

impl Model {
    /// Asks for what is in sight.
    pub(super) fn refresh(&mut self) -> Vec<Effect> {
        self.needs().into_iter().flat_map(|(slot, query)| self.ask(slot, Some(query))).collect()
    }

    /// Asks, or remembers to ask again once the answer on its way has come. No query: how the program is.
    pub(super) fn ask(&mut self, slot: Slot, query: Option<Query>) -> Option<Effect> {
        if let Some(again) = self.asking.get_mut(&slot) {
            *again = true;
            return None;
        }
        let Some(query) = query else {
            self.asking.insert(slot, false);
            return Some(Effect::Status);
        };
        // While another moment is folded, the one that is shown cannot be asked.
        if self.travel.shown.is_some() && self.travel.going.is_some() {
            return None;
        }
        self.asking.insert(slot.clone(), false);
        Some(match self.travel.moment() {
            Some(moment) => Effect::Recall { slot, moment, query },
            None => Effect::Ask { slot, query },
        })
    }

    /// An answer has come; what is to be asked again if it is still in sight.
    pub(super) fn asked(&mut self, slot: &Slot, more: bool) -> Vec<Effect> {
        let again = self.asking.remove(slot).unwrap_or(false);
        if !again && !more {
            return Vec::new();
        }
        let needed = self.needs().into_iter().find(|(one, _)| one == slot);
        needed.and_then(|(slot, query)| self.ask(slot, Some(query))).into_iter().collect()
    }
}
