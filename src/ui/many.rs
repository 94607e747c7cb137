//! A question before orders about many rows: which are eligible, which are not and why. Each marked row is looked at as it
//! stands, seen or not.

use std::collections::{BTreeMap, BTreeSet};

use tui_input::Input;

use super::action::Action;
use super::cause::Cause;
use super::consequence;
use super::dialog::Ask;
use super::form::{Count, Focus, Form};
use super::model::View;
use super::when;
use crate::domain::Timestamp;
use crate::domain::delivery::Evidence;
use crate::domain::ids::{DeliveryId, Seq};
use crate::domain::privacy::Privacy;
use crate::domain::query::{Answer, DeliveryQuery, Query, Window};

/// From how many on the number must be typed.
pub const COUNTED: usize = 21;

/// Rows that are looked at with one question.
const PAGE: usize = 1000;

/// The question.
#[derive(Debug, Clone)]
pub struct ManyDialog {
    /// What is to be done.
    pub action: Action,
    /// In which list they are marked.
    pub view: View,
    /// How many are marked.
    pub marked: usize,
    /// Rows that were not looked at yet, oldest first.
    left: Vec<Seq>,
    asks: Vec<Ask>,
    gone: Vec<Seq>,
    /// Who is eligible, once all were looked at.
    pub sorted: Option<Sorted>,
    /// What is typed and chosen.
    pub form: Form,
}

/// Rows that have something in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What that is.
    pub cause: Cause,
    /// The rows, oldest first.
    pub rows: Vec<Seq>,
}

/// Who is eligible and who is not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sorted {
    /// What can be ordered, about the oldest row first.
    pub asks: Vec<Ask>,
    /// These by where they stand and why, the most first.
    pub eligible: Vec<Group>,
    /// The others by why not, the most first.
    pub others: Vec<Group>,
    /// What the orders would do, and how many of them.
    pub effects: Vec<(usize, String)>,
    /// How many may have been carried out already, for all that is known.
    pub unclear: usize,
}

/// The question about rows, as they stand.
pub fn rows_query(view: View, only: Vec<Seq>) -> Query {
    let window = Window { only, ..Window::newest(PAGE) };
    match view {
        View::Quarantine => Query::Quarantine(window),
        _ => Query::Deliveries(DeliveryQuery { stages: Vec::new(), kind: None, overdue: None, window }),
    }
}

/// As in `38 deliveries`.
pub fn counted(view: View, count: usize) -> String {
    let name = if view == View::Quarantine { "request" } else { "delivery" };
    match (count, name) {
        (1, name) => format!("1 {name}"),
        (many, "delivery") => format!("{} deliveries", when::count(many as u64)),
        (many, name) => format!("{} {name}s", when::count(many as u64)),
    }
}

/// As the row's list names it.
pub fn name(view: View, place: Seq) -> String {
    if view == View::Quarantine { place.to_string() } else { DeliveryId(place).to_string() }
}

impl ManyDialog {
    /// About these rows.
    pub fn new(action: Action, view: View, rows: &BTreeSet<Seq>) -> Self {
        Self {
            action,
            view,
            marked: rows.len(),
            left: rows.iter().copied().collect(),
            asks: Vec::new(),
            gone: Vec::new(),
            sorted: None,
            form: Form::default(),
        }
    }

    /// What is to be looked at next.
    pub fn query(&self) -> Option<Query> {
        let page = self.left.get(..PAGE.min(self.left.len())).filter(|page| !page.is_empty())?;
        Some(rows_query(self.view, page.to_vec()))
    }

    /// None can be ordered: there is nothing to ask, only why.
    pub fn is_notice(&self) -> bool {
        self.sorted.as_ref().is_some_and(|sorted| sorted.asks.is_empty())
    }

    /// How many were looked at.
    pub fn looked(&self) -> usize {
        self.marked - self.left.len()
    }

    /// Takes the answer to its question in.
    pub fn take(&mut self, query: &Query, answer: Answer, now: Timestamp) {
        if self.query().as_ref() != Some(query) {
            return;
        }
        let page: Vec<Seq> = self.left.drain(..PAGE.min(self.left.len())).collect();
        let mut asks: Vec<Ask> = match answer {
            Answer::Deliveries(page) => {
                page.rows.into_iter().map(|one| Ask::about_delivery(self.action, one)).collect()
            }
            Answer::Quarantine(page) => page.rows.into_iter().map(Ask::Resend).collect(),
            _ => Vec::new(),
        };
        asks.sort_by_key(Ask::place);
        let is_there = |place: &Seq| asks.binary_search_by_key(place, Ask::place).is_ok();
        self.gone.extend(page.into_iter().filter(|place| !is_there(place)));
        self.asks.append(&mut asks);
        if self.left.is_empty() {
            let sorted = sort(std::mem::take(&mut self.asks), &self.gone, now);
            let wanted = sorted.asks.len();
            self.form.count = (wanted >= COUNTED).then(|| Count { wanted, typed: Input::default() });
            self.sorted = Some(sorted);
        }
    }

    /// Takes what is eligible, and the reason, for the orders.
    ///
    /// # Errors
    /// What is wanting, and where.
    pub fn confirmed(&mut self) -> Result<(Sorted, String), (&'static str, Focus)> {
        let Some(sorted) = &self.sorted else {
            return Err(("the marked rows are still being looked at", Focus::No));
        };
        let Some(first) = sorted.asks.first() else { return Err(("none of them can be", Focus::No)) };
        let why = self.form.why(first.usual_reason()).map_err(|complaint| (complaint, Focus::Reason))?;
        if !self.form.is_counted() {
            return Err(("so many are not meant by a slip: type how many they are", Focus::Count));
        }
        Ok((self.sorted.take().unwrap_or_default(), why))
    }
}

/// Parts those that can be ordered from those that cannot.
fn sort(asks: Vec<Ask>, gone: &[Seq], now: Timestamp) -> Sorted {
    let marked: BTreeSet<Seq> = asks.iter().map(Ask::place).collect();
    let mut sorted = Sorted::default();
    let (mut eligible, mut others, mut effects) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for ask in asks {
        let place = ask.place();
        match refusal(&ask, &marked, now) {
            Some(why) => add(&mut others, Cause::of_refusal(&why, ask.id()), place),
            None => {
                add(&mut eligible, cause(&ask), place);
                *effects.entry(consequence::of(&ask, Privacy::Masked, now)).or_insert(0) += 1;
                sorted.unclear += usize::from(matches!(ask.known(), Some((Evidence::Unknown, _))));
                sorted.asks.push(ask);
            }
        }
    }
    for place in gone {
        add(&mut others, Cause::of_refusal("it is not there any more", None), *place);
    }
    sorted.eligible = groups(eligible);
    sorted.others = groups(others);
    sorted.effects = effects.into_iter().map(|(says, count)| (count, says)).collect();
    sorted.effects.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    sorted
}

fn cause(ask: &Ask) -> Cause {
    match ask {
        Ask::Resend(row) => Cause::of_request(row),
        Ask::Retry(one) | Ask::MarkDelivered(one) | Ask::Cancel(one) | Ask::Undo(one) => Cause::of(one),
    }
}

/// Why it would be refused, as far as its own row and the marked ones tell.
fn refusal(ask: &Ask, marked: &BTreeSet<Seq>, now: Timestamp) -> Option<String> {
    match ask {
        Ask::Resend(row) => row.resent_as.map(|event| format!("it was sent again already, as event {event}")),
        // What is in front is settled first when it is among them.
        Ask::MarkDelivered(one) if one.behind.is_some_and(|front| !marked.contains(&front.0)) => {
            let front = one.behind.map_or(String::new(), |front| front.to_string());
            Some(format!("{} waits behind {front}: settle that one first", one.id))
        }
        _ => consequence::refusal(ask, now),
    }
}

/// Puts a row into its group.
pub(super) fn add(groups: &mut BTreeMap<Cause, Vec<Seq>>, cause: Cause, place: Seq) {
    groups.entry(cause).or_default().push(place);
}

/// The groups, the largest first.
pub(super) fn groups(groups: BTreeMap<Cause, Vec<Seq>>) -> Vec<Group> {
    let mut groups: Vec<Group> = groups.into_iter().map(|(cause, rows)| Group { cause, rows }).collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.rows.len()));
    groups
}
