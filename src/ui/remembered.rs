//! What the dashboard is found again with: the screen, the family, the choices of states, and filters.
//!
//! Nothing personal is in it. What is typed to narrow a list is mostly a person's address, name or number, and no form tells
//! a name from another word; so a filter is kept only if the table of fields calls each of its conditions impersonal:
//! `state:failed`, `age>10m`. A family is kept only if it is documented.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::columns::{self, Sort};
use super::model::{CHOICES, Model, View};
use crate::domain::documentation::FAMILIES;
use crate::domain::filter::{Filter, List};

/// The dashboard as it was left.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Remembered {
    /// The screen.
    view: String,
    /// The family of the feed; empty: all.
    family: String,
    /// The choice of states of each screen that has one.
    states: BTreeMap<String, String>,
    /// The filter of each screen that has one.
    filters: BTreeMap<String, String>,
    /// The column by which a screen is sorted, where it is; with a `-` where that is turned round.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    sorts: BTreeMap<String, String>,
    /// The columns that are hidden on a screen.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    hidden: BTreeMap<String, Vec<String>>,
}

/// Longer filters than can be typed are not from here.
const LONGEST: usize = 300;

/// It can be understood, and names nobody.
fn may_be_kept(list: List, filter: &str) -> bool {
    let understood = || Filter::parse(list, filter).ok();
    filter.len() <= LONGEST && understood().is_some_and(|filter| !filter.is_empty() && filter.is_impersonal())
}

impl Remembered {
    /// As `model` is left.
    pub fn of(model: &Model) -> Self {
        let mut model = model.clone();
        let family = model.family.clone().filter(|family| FAMILIES.contains(&family.as_str())).unwrap_or_default();
        let mut this = Self { view: model.view.name().to_owned(), family, ..Self::default() };
        for view in View::ALL {
            model.view = view;
            if let Some(choice) = model.choice() {
                this.states.insert(view.name().to_owned(), CHOICES[*choice].name.to_owned());
            }
            if let Some(list) = model.list()
                && may_be_kept(list.kind(), list.narrowed().filter())
            {
                this.filters.insert(view.name().to_owned(), list.narrowed().filter().to_owned());
            }
            if let Some(sort) = model.list().and_then(|list| list.sorted()) {
                this.sorts.insert(view.name().to_owned(), sort.to_string());
            }
            let hidden: Vec<String> =
                model.hidden.get(&view).into_iter().flatten().map(|column| column.entry().name.to_owned()).collect();
            if !hidden.is_empty() {
                this.hidden.insert(view.name().to_owned(), hidden);
            }
        }
        this
    }

    /// Puts `model`, which has just been opened, back to how it was left. What makes no sense there is left out.
    pub fn put_back(&self, model: &mut Model) {
        if FAMILIES.contains(&self.family.as_str()) {
            model.family = Some(self.family.clone());
        }
        for view in View::ALL {
            model.view = view;
            let chosen = self.states.get(view.name());
            let index = chosen.and_then(|name| CHOICES.iter().position(|choice| choice.name == name));
            if let (Some(index), Some(choice)) = (index, model.choice()) {
                *choice = index;
            }
            if let (Some(filter), Some(list)) = (self.filters.get(view.name()), model.list()) {
                let kind = list.kind();
                if may_be_kept(kind, filter) {
                    list.narrowing().set(kind, filter);
                }
            }
            if !model.has_columns() {
                continue;
            }
            if let (Some(sort), Some(list)) = (self.sorts.get(view.name()), model.list()) {
                list.sort(Sort::parse(sort));
            }
            let named = |entry: &&columns::Entry| {
                self.hidden.get(view.name()).is_some_and(|hidden| hidden.iter().any(|name| name == entry.name))
            };
            let hidden = columns::TABLE.iter().filter(named).map(|entry| entry.column).filter(|column| column.hides());
            model.hidden.insert(view, hidden.collect());
        }
        model.view = View::ALL.into_iter().find(|view| view.name() == self.view).unwrap_or(View::Overview);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;
    use crate::ui::columns::Column;
    use crate::ui::list::Scroll;

    fn model() -> Model {
        Model::new("ana".into(), Timestamp::UNIX_EPOCH, (120, 36))
    }

    fn type_filter(model: &mut Model, filter: &str) {
        let list = model.list().unwrap();
        let kind = list.kind();
        list.narrowing().set(kind, filter);
    }

    #[test]
    fn what_was_left_is_found_again() {
        let mut left = model();
        left.view = View::Feed;
        left.family = Some("notifyMe".into());
        type_filter(&mut left, "drift>0");
        (left.delivery_choice, left.return_choice) = (1, 4);
        left.view = View::Deliveries;
        type_filter(&mut left, "state:failed (age>10m OR attempts>=3)");
        left.deliveries.sort(Sort::parse("-age"));
        left.hidden.insert(View::Reversals, [Column::Tries, Column::Reason].into());
        let text = serde_json::to_string(&Remembered::of(&left)).unwrap();
        let mut found = model();
        serde_json::from_str::<Remembered>(&text).unwrap().put_back(&mut found);
        assert_eq!((found.view, found.family.as_deref()), (View::Deliveries, Some("notifyMe")));
        assert_eq!((found.delivery_choice, found.return_choice), (1, 4));
        let deliveries = &found.deliveries.narrowing;
        assert_eq!(deliveries.filter(), "state:failed (age>10m OR attempts>=3)");
        assert_eq!(deliveries.input.value(), deliveries.filter());
        assert_eq!(found.feeds[&Some("notifyMe".into())].narrowing.filter(), "drift>0");
        assert!(found.returns.narrowing.is_empty() && found.returns.sorted().is_none());
        assert_eq!(found.deliveries.sorted(), Sort::parse("-age"));
        assert!(
            found.hidden[&View::Reversals] == left.hidden[&View::Reversals]
                && found.hidden[&View::Deliveries].is_empty()
        );
    }

    #[test]
    fn nothing_personal_is_written_down() {
        for filter in [
            "joe@gmail.com",
            "joe",
            "juan perez",
            "20123456789",
            "state:failed joe",
            "to:joe@gmail.com",
            "state:joe@gmail.com",
            "state:\"juan perez\"",
            "-joe",
            "(joe)",
            "josé",
            "ticket:51020390",
        ] {
            let mut left = model();
            left.view = View::Deliveries;
            type_filter(&mut left, filter);
            left.family = Some("joe@gmail.com".into());
            let text = serde_json::to_string(&Remembered::of(&left)).unwrap();
            assert_eq!(
                text,
                r#"{"view":"deliveries","family":"","states":{"deliveries":"all states","reversals":"all states"},"filters":{}}"#,
                "{filter}"
            );
        }
    }

    #[test]
    fn a_hostile_file_changes_nothing_but_what_makes_sense() {
        let before = serde_json::to_value(Remembered::of(&model())).unwrap();
        for text in [
            "{}",
            r#"{"view":"\u001b[2J","family":"\u001b[2J","states":{"deliveries":"x","feed":"held"},"filters":{"x":"age>1m"}}"#,
            r#"{"sorts":{"deliveries":"x","feed":"age"},"hidden":{"deliveries":["id","x\u001b"],"feed":["age"]}}"#,
            r#"{"filters":{"deliveries":"joe","payouts":"age>1m\u001b","quarantine":"state:\u202e"},"more":[1,2]}"#,
        ] {
            let mut found = model();
            serde_json::from_str::<Remembered>(text).unwrap().put_back(&mut found);
            assert_eq!(serde_json::to_value(Remembered::of(&found)).unwrap(), before, "{text}");
        }
        for text in ["", "[7]", "{", r#"{"view":7}"#, r#"{"states":"x"}"#] {
            assert!(serde_json::from_str::<Remembered>(text).is_err(), "{text}");
        }
    }
}
