//! A family's feed, full-screen.

use ratatui::layout::{Position, Rect};

use super::canvas::Canvas;
use super::table::{self, Cell, Column, Mark, fixed, stretch};
use super::title;
use crate::domain::query::EventRow;
use crate::ui::list::{List, Row};
use crate::ui::model::Model;
use crate::ui::pointer::Spot;
use crate::ui::theme::Role;
use crate::ui::{gist, text, when};

/// Cells that amounts are given at most: the price of anything, in any currency.
const MOST_AMOUNT: usize = 40;

/// From so many cells on, prices have a column of their own; before, they are the first thing that is said.
const WITH_PRICE: u16 = 90;

/// The columns in so many cells. Amounts are not cut while there is something else that can be, or go.
fn columns(total: u16, rows: &[EventRow], every: bool, model: &Model) -> [Column; 7] {
    let widest = |said: &dyn Fn(&EventRow) -> String| {
        rows.iter().map(|row| text::width(&text::fit(&said(row), MOST_AMOUNT)) as u16).max().unwrap_or(0)
    };
    let apart = total >= WITH_PRICE;
    let amounts = if apart { gist::pays } else { gist::amounts };
    let price = widest(&|row| row.brief.amount.clone().unwrap_or_default()).max(10);
    let time = when::width(rows.iter().map(|row| row.received_at), model.now);
    let action = if every { 14 } else { 7 };
    // And a blank and an ellipsis for what is cut after them.
    let what = (widest(&|row| amounts(&row.brief, model.privacy)) + 2).max(16);
    let ticket = if apart { 14 } else { 9 };
    let others = 2 + time + 2 + 7 + 2 + action + 2 + what + 2 + if apart { price + 2 } else { 0 } + FLAGS;
    [
        fixed("time", time),
        fixed("event", 7).number(),
        stretch("action", action, 1 + u16::from(every)),
        stretch("ticket or show", ticket, if apart { 1 } else { 4 }).middle().from((others + ticket + 2).max(70)),
        stretch("what", what, 5),
        fixed("amount", price).number().from(WITH_PRICE),
        fixed("", FLAGS),
    ]
}

/// Cells of what is unusual about an event.
const FLAGS: u16 = 13;

pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model) -> Option<Position> {
    let none = List::default();
    let list = model.feed().unwrap_or(&none);
    // While a filter narrows the feed, it takes the place of the other families' names.
    let narrowed = model.narrowing || !list.narrowing.is_empty();
    let name = if narrowed { model.family.as_deref().unwrap_or("all") } else { "" };
    let (cursor, below) = title::draw(canvas, area, name, list, model);
    if !narrowed {
        families(canvas, area, model);
    }
    let every = model.family.is_none();
    let columns = columns(area.width, &list.page.rows, every, model);
    let rows = table::heads(canvas, below, &columns);
    let height = usize::from(rows.height).max(1);
    match list.indices(height) {
        None => {
            let path = model.status.as_ref().map_or("", |status| status.path.as_str());
            let listen = model.status.as_ref().and_then(|status| status.listen.as_deref()).unwrap_or("ADDRESS");
            let try_curl = format!(
                "curl -d '{{\"family\":\"payouts\",\"action\":\"payouts.delivered\",\"data\":{{}}}}' http://{listen}{path}"
            );
            let says = [
                "No event of this family has come yet. Send one from a second terminal:",
                "",
                "  willcall send fixtures/events",
                &*format!("  {try_curl}"),
            ];
            title::empty(canvas, rows, list, model, &says);
        }
        Some((top, selected)) => {
            for ((index, event), y) in list.page.rows.iter().enumerate().skip(top).zip(rows.top()..rows.bottom()) {
                let mark = if index == selected { Mark::Selected } else { Mark::None };
                canvas.spot(Rect { y, height: 1, ..rows }, Spot::Row(event.place()));
                table::row(
                    canvas,
                    Rect { y, height: 1, ..rows },
                    &columns,
                    &cells(event, every, area.width >= WITH_PRICE, model),
                    mark,
                );
            }
        }
    }
    cursor
}

fn families(canvas: &mut Canvas<'_>, area: Rect, model: &Model) {
    let newer = model.feed().map_or(0, |list| list.newer(usize::from(area.height.saturating_sub(2)).max(1)));
    let end = area.right().saturating_sub(if newer > 0 { 18 } else { 1 });
    let mut x = area.x + 1;
    for family in model.families() {
        let name = family.as_deref().unwrap_or("all");
        let count = match &family {
            Some(name) => model.overview.as_ref().and_then(|one| one.families.get(name)).map_or(0, |one| one.total),
            None => model.overview.as_ref().map_or(0, |overview| overview.events),
        };
        let start = x;
        let here = family == model.family;
        x = canvas.text(x, area.y, end.saturating_sub(x).min(24), if here { Role::Brand } else { Role::Plain }, name);
        let shown = format!(" {}", when::count(count));
        x = canvas.text(x, area.y, end.saturating_sub(x), Role::Faint, &shown);
        let tab = Rect { x: start, y: area.y, width: x - start, height: 1 };
        if here {
            canvas.tint(tab, Role::Selected);
        }
        canvas.spot(tab, Spot::Family(family));
        x += 2;
        if x >= end {
            break;
        }
    }
}

fn cells(event: &EventRow, every: bool, price_apart: bool, model: &Model) -> Vec<Cell> {
    let about = event.ticket.as_ref().map(|ticket| ticket.0.as_str()).or(event.brief.show.as_deref());
    let what = if price_apart { gist::without_price } else { gist::whole }(&event.brief, model.privacy);
    let amount = event.brief.amount.as_ref().map(|amount| gist::amount(amount, model.privacy));
    vec![
        (when::time(event.received_at, model.now), Role::Faint),
        (event.seq.to_string(), Role::Faint),
        (if every { event.action.clone() } else { short_action(event).to_owned() }, Role::Brand),
        (about.unwrap_or("–").to_owned(), Role::Plain),
        (what, Role::Plain),
        (amount.unwrap_or_default(), Role::Plain),
        flags(event),
    ]
}

/// The action without its family: `updated`.
pub(super) fn short_action(event: &EventRow) -> &str {
    event.action.strip_prefix(event.family.as_str()).and_then(|rest| rest.strip_prefix('.')).unwrap_or(&event.action)
}

/// What is unusual about an event; the most important when several are.
pub(super) fn flags(event: &EventRow) -> Cell {
    if let Some(first) = event.duplicate_of {
        (format!("= {first}"), Role::Faint)
    } else if event.brief.reversal {
        ("↩ reversal".to_owned(), Role::Held)
    } else if event.brief.wrong_sums {
        ("≠ amounts".to_owned(), Role::Bad)
    } else if event.drift > 0 {
        (format!("◂ drift {}", event.drift), Role::Drift)
    } else {
        (String::new(), Role::Plain)
    }
}
