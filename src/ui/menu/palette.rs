//! The lines of the palette: what is typed may be a moment, the name of something in the ledger, that of something to do, or
//! words to find rows by, in that order.

use super::offers::{Offer, offers};
use super::sought::Found;
use super::{Does, Is, Menu, Row, lacking, matching};
use crate::domain::delivery::Delivery;
use crate::domain::filter::Filter;
use crate::domain::filter::field::Comparison;
use crate::domain::filter::token::value_for;
use crate::domain::query::EventRow;
use crate::ui::dialog;
use crate::ui::document::{Span, span};
use crate::ui::list::Row as _;
use crate::ui::model::{Model, View};
use crate::ui::theme::Role;
use crate::ui::{text, when};

/// Cells of the column of names.
const NAMES: usize = 25;

/// Cells of a longer name.
const LONG_NAME: usize = 44;

/// What is said of a moment: `at 21:40`, `@21:40`. Behind the sign it begins with a number: `@example.org` is none.
fn said_moment(typed: &str) -> Option<&str> {
    let sign = || typed.strip_prefix('@').filter(|said| said.starts_with(|one: char| one.is_ascii_digit()));
    typed.strip_prefix("at ").or_else(sign).map(str::trim).filter(|said| !said.is_empty())
}

/// The lines for what is typed into `menu`.
pub(super) fn rows(model: &Model, menu: &Menu) -> Vec<Row> {
    let typed = menu.typed.value().trim();
    let found = |exact: bool| {
        let of_sort = menu.sought.found().iter().filter(move |one| one.exact == exact);
        of_sort.map(|one| goes_to(model, one))
    };
    let finds = finds(typed);
    // Somebody's address is no action's name.
    let (first, last) = if typed.contains('@') { (finds, Vec::new()) } else { (Vec::new(), finds) };
    let mut rows: Vec<Row> = moment(model, typed).into_iter().collect();
    rows.extend(found(true));
    rows.extend(first);
    rows.extend(ranked(model, typed).iter().map(|offer| offered(model, offer)));
    rows.extend(found(false));
    rows.extend(last);
    rows
}

/// What fits what is typed, the best first; of equals what was used last.
fn ranked(model: &Model, typed: &str) -> Vec<Offer> {
    let rank = |offer: Offer| Some((matching::rank(typed, &offer.name, &offer.says, &offer.keys)?, offer));
    let mut ranked: Vec<(u8, Offer)> = offers(model).into_iter().filter_map(rank).collect();
    ranked.sort_by_key(|(rank, offer)| (*rank, model.recent.rank(&offer.does).unwrap_or(usize::MAX)));
    ranked.into_iter().map(|(_, offer)| offer).collect()
}

fn offered(model: &Model, offer: &Offer) -> Row {
    let lacking = match offer.does {
        Does::Action(action) => lacking(model, action),
        _ => None,
    };
    let (role, says) = match lacking {
        Some(needs) => (Role::Faint, span(Role::Held, format!("needs {needs}"))),
        None => (Role::Plain, span(Role::Faint, &offer.says)),
    };
    Row { keys: offer.keys.join(" "), ..row(offer.does.clone(), role, &offer.name, says) }
}

fn goes_to(model: &Model, found: &Found) -> Row {
    let says = span(Role::Faint, model.privacy.text(&found.says));
    row(Does::Open(found.subject.clone()), Role::Brand, &format!("go to {}", found.subject), says)
}

/// Lists in which rows can be found by what is typed.
fn finds(typed: &str) -> Vec<Row> {
    if typed.is_empty() || said_moment(typed).is_some() {
        return Vec::new();
    }
    let line = match typed.contains('@') && !typed.contains(char::is_whitespace) && !typed.contains(':') {
        true => format!("person:{}", value_for(typed, Comparison::Has)),
        false => typed.to_owned(),
    };
    let lists = [(View::Deliveries, Delivery::LIST), (View::Feed, EventRow::LIST)];
    let understood = lists.into_iter().filter(|(_, list)| Filter::parse(*list, &line).is_ok());
    let row = |(view, _): (View, _)| {
        let says = span(Role::Faint, format!("rows that fit {line}"));
        row(Does::Find(view, line.clone()), Role::Plain, &format!("find in {}", view.name()), says)
    };
    understood.map(row).collect()
}

/// The moment that is typed, or why it is none.
fn moment(model: &Model, typed: &str) -> Option<Row> {
    let said = said_moment(typed)?;
    Some(match dialog::moment(said, model.clock) {
        Ok(at) => {
            let says = match at {
                Some(at) => {
                    let ago = when::long_age(model.clock - at);
                    format!("as it stood at {} UTC, {ago} ago", at.format("%Y-%m-%d %H:%M:%S"))
                }
                None => "as it stands now".to_owned(),
            };
            row(Does::At(said.to_owned()), Role::Brand, "look back", span(Role::Faint, says))
        }
        Err(why) => {
            let spans = vec![span(Role::Bad, format!("  ✗ {why}"))];
            Row { is: Is::Text(why.to_owned()), spans, keys: String::new() }
        }
    })
}

fn row(does: Does, role: Role, name: &str, says: Span) -> Row {
    let name = text::visible(name);
    let name = match text::width(&name) <= NAMES {
        true => text::left(&name, NAMES),
        false => text::middle(&name, LONG_NAME),
    };
    Row { is: Is::Offer(does), spans: vec![span(role, format!("  {name}  ")), says], keys: String::new() }
}
