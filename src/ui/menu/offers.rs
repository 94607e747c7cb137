//! Everything that has a name and can be done or gone to: the action table, and what its views can show.

use std::time::Duration;

use super::Does;
use crate::domain::lateness::Lateness;
use crate::ui::action::{Action, Group, TABLE, key_name};
use crate::ui::columns::{self, Sort};
use crate::ui::model::{CHOICES, Choice, Model, View};
use crate::ui::words;

/// Something that can be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Offer {
    /// What.
    pub does: Does,
    /// How it is called.
    pub name: String,
    /// In a sentence.
    pub says: String,
    /// Keys that do the same.
    pub keys: Vec<String>,
}

/// As an action is called: `mark delivered`.
pub(super) fn name(action: Action) -> String {
    action.entry().id.replace('_', " ")
}

/// All that is offered here: where nothing is put on record, nothing that would be.
pub(super) fn offers(model: &Model) -> Vec<Offer> {
    // What is open cannot be opened.
    let is_offered = |action: &Action| model.keys.offers(*action) && *action != Action::Palette;
    let of_group = |group| TABLE.iter().filter(move |entry| entry.group == group).map(|entry| entry.action);
    let actions = Group::ALL.into_iter().flat_map(of_group).filter(is_offered);
    let mut offers: Vec<Offer> = actions.map(|action| of_action(model, action)).collect();
    offers.extend(model.families().into_iter().map(of_family));
    for view in [View::Deliveries, View::Reversals] {
        offers.extend((0..CHOICES.len()).map(|choice| of_choice(view, choice)));
    }
    let columns = columns::TABLE.iter().filter(|_| model.has_columns());
    offers.extend(columns.clone().map(|entry| of_sort(model, entry)));
    offers.extend(columns.filter(|entry| entry.column.hides()).map(|entry| of_column(model, entry)));
    offers
}

/// What is typed before the names of orders, and of columns.
pub(super) const SORT_BY: &str = "sort by ";
pub(super) const COLUMN: &str = "column: ";

fn of_sort(model: &Model, entry: &columns::Entry) -> Offer {
    let before = model.seen_list().and_then(|list| list.sorted());
    let says = match Sort::chosen(before, entry.column) {
        Some(Sort { turned: true, .. }) => format!("the other way round than: {}", entry.first),
        _ => entry.first.to_owned(),
    };
    Offer { does: Does::Sort(entry.column), name: format!("{SORT_BY}{}", entry.name), says, keys: Vec::new() }
}

fn of_column(model: &Model, entry: &columns::Entry) -> Offer {
    let says = if model.hides(entry.column) { "hidden: Enter shows it" } else { "shown: Enter hides it" };
    let name = format!("{COLUMN}{}", entry.name);
    Offer { does: Does::Column(entry.column), name, says: says.to_owned(), keys: Vec::new() }
}

fn of_action(model: &Model, action: Action) -> Offer {
    let keys = model.keys.keys(action).iter().map(|key| key_name(&key.to_string())).collect();
    Offer { does: Does::Action(action), name: name(action), says: action.entry().help.to_owned(), keys }
}

fn of_family(family: Option<String>) -> Offer {
    let (name, says) = match &family {
        Some(name) => (name.as_str(), "events of this family as they come in"),
        None => ("all", "events of all families as they come in"),
    };
    let name = format!("{}: {name}", View::Feed.name());
    Offer { does: Does::Family(family), name, says: says.to_owned(), keys: Vec::new() }
}

fn of_choice(view: View, choice: usize) -> Offer {
    let Choice { name, stages, overdue } = CHOICES[choice];
    let signs: Vec<&str> = stages.iter().map(|stage| words::stage(*stage).0).collect();
    let says = match (overdue, signs.as_slice()) {
        (true, _) => words::lateness(Lateness::Overdue { by: Duration::ZERO }).0.to_owned(),
        (false, []) => "whatever their state".to_owned(),
        (false, signs) => signs.join("  "),
    };
    let name = format!("{}: {name}", view.name());
    Offer { does: Does::Choice(view, choice), name, says, keys: Vec::new() }
}
