//! Everything on one screen, what needs a hand first.
//!
//! ```text
//! +- oldest undelivered -+- deliveries by state -----------+- door -+
//! +- needs a hand -------------------+- open ---------------------- +
//! +- reversals ----------------------+- payouts ------------------- +
//! +- listing -+- ticket -+- event -+- notifyMe -+- payouts -------- +
//! ```
//!
//! Where that does not fit: a line of numbers, what needs a hand, what is open, and a line for each family.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use super::table::{self, Cell, Column, Mark, fixed, stretch};
use super::{big, deliveries, feed, payouts};
use crate::domain::delivery::{Delivery, Kind, Stage};
use crate::domain::documentation::FAMILIES;
use crate::domain::lateness::Lateness;
use crate::domain::query::{EventRow, FamilyCount, Overview};
use crate::ui::action::Action;
use crate::ui::document::span;
use crate::ui::layout;
use crate::ui::list::Row;
use crate::ui::model::{Model, Pane};
use crate::ui::pointer::Spot;
use crate::ui::theme::Role;
use crate::ui::{text, when, words};

pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model) {
    let Some(overview) = &model.overview else {
        canvas.text(area.x + 2, area.y + 1, area.width, Role::Plain, "Loading…");
        return;
    };
    if layout::roomy(model.size) { roomy(canvas, area, model, overview) } else { narrow(canvas, area, model, overview) }
}

fn roomy(canvas: &mut Canvas<'_>, area: Rect, model: &Model, overview: &Overview) {
    let rest = area.height.saturating_sub(5);
    let feeds = rest * 2 / 5;
    let middle = (rest - feeds) * 2 / 5;
    let upper = rest - feeds - middle;
    let mut y = area.y;
    let mut band = |height: u16| {
        let band = Rect { y, height, ..area };
        y += height;
        band
    };
    vitals(canvas, band(5), model, overview);
    let [left, right] = split(band(upper), 12);
    attention(canvas, left, model, overview);
    open(canvas, right, model, overview);
    let [left, right] = split(band(middle), 11);
    returns(canvas, left, model, overview);
    shows(canvas, right, model, overview);
    let feeds = band(feeds);
    for (index, family) in FAMILIES.iter().enumerate() {
        let (index, many) = (index as u16, FAMILIES.len() as u16);
        let x = feeds.width * index / many;
        let next = feeds.width * (index + 1) / many;
        let column = Rect { x: feeds.x + x, width: next - x, ..feeds };
        family_feed(canvas, column, model, overview, usize::from(index), family);
    }
}

/// Left and right, with so many twentieths to the left.
fn split(area: Rect, twentieths: u16) -> [Rect; 2] {
    let left = area.width * twentieths / 20;
    [Rect { width: left, ..area }, Rect { x: area.x + left, width: area.width - left, ..area }]
}

/// What the wait for the oldest undelivered transfer means.
fn urgency(delivery: &Delivery, model: &Model) -> (&'static str, Role) {
    words::lateness(model.lateness(delivery).unwrap_or(Lateness::OnTime))
}

fn vitals(canvas: &mut Canvas<'_>, area: Rect, model: &Model, overview: &Overview) {
    let door = 30.min(area.width / 4);
    let oldest = 42.min(area.width / 3 + 2);
    let left = Rect { width: oldest, ..area };
    let middle = Rect { x: area.x + oldest, width: area.width - oldest - door, ..area };
    let right = Rect { x: middle.right(), width: door, ..area };

    let inside = canvas.frame(left, Role::Border, &[span(Role::Heading, " oldest undelivered ticket ")], "");
    match &overview.oldest_undelivered {
        None => {
            canvas.text(inside.x + 1, inside.y + 1, inside.width, Role::Good, "✓ none: every ticket is delivered");
        }
        Some(delivery) => {
            let age = when::long_age(model.now - delivery.created_at);
            let (word, lateness) = urgency(delivery, model);
            let x = big::draw(canvas, inside.x + 1, inside.y, inside.width, lateness, &age) + 1;
            let room = inside.right().saturating_sub(x);
            let (state, role) = words::stage(delivery.stage());
            let after = canvas.text(x, inside.y, room, Role::Plain, &delivery.id.to_string()) + 1;
            canvas.text(after, inside.y, inside.right().saturating_sub(after), lateness, word);
            canvas.text(x, inside.y + 1, room, role, state);
            let ticket = delivery.ticket.as_ref().map_or("no ticket", |ticket| ticket.as_str());
            canvas.text(x, inside.y + 2, room, Role::Faint, &text::middle(ticket, usize::from(room)));
        }
    }
    by_state(canvas, middle, overview);
    let inside = canvas.frame(right, Role::Border, &[span(Role::Heading, " door ")], "");
    let (role, sign) = if overview.quarantined > 0 { (Role::Held, "!") } else { (Role::Good, "✓") };
    let says = format!("{sign} {} in quarantine", when::count(overview.quarantined));
    canvas.text(inside.x + 1, inside.y, inside.width.saturating_sub(1), role, &says);
    let turned = model.program().map(|status| status.turned_away_total.values().sum());
    let (role, says) = match turned {
        None if model.travel.shown.is_some() => (Role::Faint, "? turned away: unknown".to_owned()),
        None | Some(0) => (Role::Good, "✓ 0 turned away".to_owned()),
        Some(some) => (Role::Held, format!("! {} turned away", when::count(some))),
    };
    canvas.text(inside.x + 1, inside.y + 1, inside.width.saturating_sub(1), role, &says);
    let per_minute: u32 = overview.families.values().map(last_minute).fold(0, u32::saturating_add);
    let says = format!("  {}/min coming in", when::count(per_minute.into()));
    canvas.text(inside.x + 1, inside.y + 2, inside.width.saturating_sub(1), Role::Plain, &says);
}

fn by_state(canvas: &mut Canvas<'_>, area: Rect, overview: &Overview) {
    let returns = overview.count_of(Kind::Return);
    let note = format!("{} among them", when::plural(returns, "return"));
    let inside = canvas.frame(area, Role::Border, &[span(Role::Heading, " deliveries ")], &note);
    let pairs = [[Stage::Failed, Stage::Held], [Stage::Pending, Stage::InFlight], [Stage::Delivered, Stage::Cancelled]];
    let room = (inside.width / 2).min(30);
    for (pair, y) in pairs.iter().zip(inside.top()..inside.bottom()) {
        for (stage, x) in pair.iter().zip([inside.x, inside.x + room]) {
            let count = overview.count(&[*stage]);
            let (word, role) = words::stage(*stage);
            let role = if count == 0 { Role::Faint } else { role };
            let digits = when::count(count);
            let after = canvas.text(x, y, room, role, &text::right(&digits, usize::from(room.saturating_sub(13)))) + 1;
            canvas.text(after, y, (x + room).saturating_sub(after), role, word);
        }
    }
}

const DELIVERY: [Column; 5] = [
    fixed("state", 11),
    fixed("id", 7),
    stretch("ticket", 12, 1).middle(),
    fixed("age", deliveries::AGE).snug(),
    stretch("reason", 8, 8).from(60),
];

fn delivery_cells(delivery: &Delivery, model: &Model) -> Vec<Cell> {
    let (state, role) = words::stage(delivery.stage());
    vec![
        (state.to_owned(), role),
        (delivery.id.to_string(), Role::Plain),
        deliveries::ticket(delivery),
        deliveries::age(delivery, model),
        deliveries::reason(delivery, model.privacy),
    ]
}

/// What needs a hand: the names of its states are short.
const ATTENTION: [Column; 5] = [fixed("state", 8), DELIVERY[1], DELIVERY[2], DELIVERY[3], DELIVERY[4]];

const OPEN: [Column; 6] = [
    fixed("state", 11),
    fixed("id", 7),
    stretch("ticket", 6, 2).middle(),
    fixed("age", deliveries::AGE).snug(),
    fixed("next", 7).number().from(56),
    stretch("reason", 8, 3).from(64),
];

fn open_cells(delivery: &Delivery, model: &Model) -> Vec<Cell> {
    let mut cells = delivery_cells(delivery, model);
    cells.insert(4, (deliveries::next(delivery, model), Role::Plain));
    cells
}

fn attention(canvas: &mut Canvas<'_>, area: Rect, model: &Model, overview: &Overview) {
    let count = overview.count(&[Stage::Failed, Stage::Held]);
    let role = if count > 0 { Role::Bad } else { Role::Good };
    let note = if count > 0 { "oldest first" } else { "" };
    let inside =
        frame(canvas, area, model, Pane::Attention, role, &format!("needs a hand: {}", when::count(count)), note);
    if overview.attention.is_empty() {
        canvas.text(inside.x + 2, inside.y, inside.width, Role::Good, "✓ nothing has failed and nothing is held");
    }
    rows(canvas, inside, model, Pane::Attention, &ATTENTION, (&overview.attention, count), |one| {
        delivery_cells(one, model)
    });
}

fn open(canvas: &mut Canvas<'_>, area: Rect, model: &Model, overview: &Overview) {
    let count = overview.count(&[Stage::Pending, Stage::InFlight]);
    let staff = match (model.by_hand() && count > 0, model.keys.offers(Action::MarkDelivered)) {
        (true, true) => format!(", by staff: `{}` when done", model.keys.named(Action::MarkDelivered)),
        (true, false) => ", by staff".to_owned(),
        (false, _) => String::new(),
    };
    let title = format!("open: {}{staff}", when::count(count));
    let inside = frame(canvas, area, model, Pane::Open, Role::Heading, &title, "oldest first");
    if overview.open.is_empty() {
        let says = match overview.events {
            0 if model.travel.shown.is_some() => "nothing yet",
            0 => "nothing yet: try  willcall send fixtures/events",
            _ => "✓ nothing waits to be sent",
        };
        canvas.text(inside.x + 2, inside.y, inside.width.saturating_sub(2), Role::Good, says);
    }
    rows(canvas, inside, model, Pane::Open, &OPEN, (&overview.open, count), |one| open_cells(one, model));
}

fn returns(canvas: &mut Canvas<'_>, area: Rect, model: &Model, overview: &Overview) {
    let count = overview.count_of(Kind::Return);
    let inside = frame(canvas, area, model, Pane::Reversals, Role::Heading, "reversals", "newest first");
    if overview.returns.is_empty() {
        canvas.text(inside.x + 2, inside.y, inside.width, Role::Faint, "no sale was reversed");
    }
    rows(canvas, inside, model, Pane::Reversals, &DELIVERY, (&overview.returns, count), |one| {
        delivery_cells(one, model)
    });
}

fn shows(canvas: &mut Canvas<'_>, area: Rect, model: &Model, overview: &Overview) {
    const COLUMNS: [Column; 4] =
        [stretch("show", 10, 1), fixed("paid", 10), fixed("unlocks", 10).number(), fixed("wanted", 9).number()];
    let inside = frame(canvas, area, model, Pane::Payouts, Role::Heading, "payouts by show", "newest first");
    if overview.shows.is_empty() {
        canvas.text(inside.x + 2, inside.y, inside.width, Role::Faint, "no show was named yet");
    }
    rows(canvas, inside, model, Pane::Payouts, &COLUMNS, (&overview.shows, 0), |show| {
        vec![
            (show.show.0.clone(), Role::Plain),
            payouts::paid(show),
            (when::plural(show.unlocks, "unlock"), Role::Plain),
            (format!("{} wanted", when::count(show.tickets_wanted)), Role::Plain),
        ]
    });
}

/// A pane's box; thicker in look where it has the focus.
fn frame(canvas: &mut Canvas<'_>, area: Rect, model: &Model, pane: Pane, role: Role, title: &str, note: &str) -> Rect {
    let here = model.pane == pane;
    let sign = if here { "▸" } else { " " };
    let border = if here { Role::Focus } else { Role::Border };
    canvas.spot(area, Spot::Pane(pane));
    canvas.frame(area, border, &[span(Role::Focus, sign), span(role, format!("{title} "))], note)
}

fn rows<R: Row, const N: usize>(
    canvas: &mut Canvas<'_>,
    inside: Rect,
    model: &Model,
    pane: Pane,
    columns: &[Column; N],
    (rows, total): (&[R], u64),
    cells: impl Fn(&R) -> Vec<Cell>,
) {
    let selected = model.pane_index(pane);
    let height = usize::from(inside.height);
    let top = (selected + 1).saturating_sub(height.max(1));
    let in_sight = rows.iter().enumerate().skip(top).take(height);
    let cells: Vec<_> = in_sight.clone().map(|(_, row)| cells(row)).collect();
    let columns = table::around(columns, &cells);
    for (((index, row), cells), y) in in_sight.zip(&cells).zip(inside.top()..inside.bottom()) {
        let mark = if index == selected && model.pane == pane { Mark::Selected } else { Mark::None };
        canvas.spot(Rect { y, height: 1, ..inside }, Spot::PaneRow(pane, row.place()));
        table::row(canvas, Rect { y, height: 1, ..inside }, &columns, cells, mark);
    }
    if top > 0 && inside.y > 0 {
        let says = format!(" {top} above ");
        canvas.text_before(inside.right().saturating_sub(1), inside.y - 1, 14, Role::Faint, &format!("{says:─>14}"));
    }
    // Those that were not read count, too.
    let below = total.max(rows.len() as u64).saturating_sub((top + height) as u64);
    if below > 0 && inside.height > 0 {
        let says = format!(" {} more ", when::count(below));
        canvas.text_before(inside.right().saturating_sub(1), inside.bottom(), 14, Role::Faint, &says);
    }
}

/// Events of the last whole minute, or of the running one where that says more.
fn last_minute(count: &FamilyCount) -> u32 {
    count.per_minute.iter().rev().take(2).copied().max().unwrap_or(0)
}

/// The last minutes as bars, as many as fit.
fn sparkline(minutes: &[u32], cells: usize) -> String {
    const BARS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let shown = &minutes[minutes.len().saturating_sub(cells)..];
    let most = u64::from(shown.iter().copied().max().unwrap_or(0).max(1));
    let bar = |minute: &u32| BARS[usize::try_from((u64::from(*minute) * 8).div_ceil(most)).unwrap_or(8).min(8)];
    let bars: String = shown.iter().map(bar).collect();
    text::right(&bars, cells)
}

fn family_feed(canvas: &mut Canvas<'_>, area: Rect, model: &Model, overview: &Overview, index: usize, family: &str) {
    const COLUMNS: [Column; 3] = [fixed("age", 3).number(), stretch("action", 7, 1), stretch("about", 6, 2).middle()];
    let none = FamilyCount::default();
    let count = overview.families.get(family).unwrap_or(&none);
    let pane = Pane::Family(index);
    let inside = frame(canvas, area, model, pane, Role::Brand, family, &when::count(count.total));
    let rate = format!("{}/min", when::count(last_minute(count).into()));
    let x = canvas.text(inside.x + 1, inside.y, inside.width, Role::Plain, &rate) + 1;
    let bars = sparkline(&count.per_minute, usize::from(inside.right().saturating_sub(x + 1)));
    canvas.text(x, inside.y, inside.right().saturating_sub(x), Role::Waiting, &bars);
    let below = Rect { y: inside.y + 1, height: inside.height.saturating_sub(1), ..inside };
    let events: &[EventRow] = overview.feeds.get(family).map_or(&[], Vec::as_slice);
    if events.is_empty() {
        canvas.text(below.x + 2, below.y, below.width, Role::Faint, "none yet");
    }
    rows(canvas, below, model, pane, &COLUMNS, (events, count.total), |event| {
        let (flag, role) = feed::flags(event);
        let about = event.ticket.as_ref().map(|ticket| ticket.0.as_str()).or(event.brief.show.as_deref()).unwrap_or("");
        // Of the flag its sign, at the end, which is what a cut in the middle keeps.
        let sign: String = flag.chars().take(1).collect();
        let about = format!("{about} {sign}").trim_end().to_owned();
        let age = when::age(model.now - event.received_at);
        vec![(age, Role::Faint), (feed::short_action(event).to_owned(), Role::Plain), (about, role)]
    });
}

fn narrow(canvas: &mut Canvas<'_>, area: Rect, model: &Model, overview: &Overview) {
    let families = if layout::feeds_fit(model.size) { FAMILIES.len() as u16 + 1 } else { 0 };
    let rest = area.height.saturating_sub(1 + families);
    // Where room is short, what needs a hand has the most of it.
    let most = if families == 0 { rest - rest.min(4) } else { rest.div_ceil(2) };
    // What it does not need is for what is open, if that needs it.
    let boxed = |rows: &[Delivery]| u16::try_from(rows.len().max(1)).unwrap_or(u16::MAX).saturating_add(2);
    let upper = most.min(boxed(&overview.attention).max(rest.saturating_sub(boxed(&overview.open))));
    let mut x = area.x + 1;
    let mut put = |role, text: &str| x = canvas.text(x, area.y, area.right().saturating_sub(x), role, text);
    match &overview.oldest_undelivered {
        None => put(Role::Good, "✓ every ticket is delivered"),
        Some(delivery) => {
            put(Role::Plain, "oldest undelivered ");
            let (word, role) = urgency(delivery, model);
            put(role, &when::long_age(model.now - delivery.created_at));
            put(Role::Faint, &format!(" {}", delivery.id));
            put(role, format!(" {word}").trim_end());
        }
    }
    let role = if overview.quarantined > 0 { Role::Held } else { Role::Plain };
    put(role, &format!("   quarantine {}", when::count(overview.quarantined)));
    let delivered = overview.count(&[Stage::Delivered]);
    put(Role::Plain, &format!("   delivered {}", when::count(delivered)));
    let returns = overview.count_of(Kind::Return);
    put(Role::Plain, &format!("   returns {}", when::count(returns)));
    attention(canvas, Rect { y: area.y + 1, height: upper, ..area }, model, overview);
    open(canvas, Rect { y: area.y + 1 + upper, height: rest - upper, ..area }, model, overview);
    family_lines(canvas, Rect { y: area.bottom() - families, height: families, ..area }, model, overview);
}

fn family_lines(canvas: &mut Canvas<'_>, area: Rect, model: &Model, overview: &Overview) {
    const COLUMNS: [Column; 6] = [
        fixed("feeds", 9),
        fixed("events", 9).number(),
        fixed("per min", 7).number(),
        fixed("the last 20 min", 20),
        fixed("newest", 6).number(),
        stretch("", 10, 1).from(70),
    ];
    let below = table::heads(canvas, area, &COLUMNS);
    let none = FamilyCount::default();
    for ((index, family), y) in FAMILIES.iter().enumerate().zip(below.top()..below.bottom()) {
        let count = overview.families.get(*family).unwrap_or(&none);
        let newest = overview.feeds.get(*family).and_then(|rows| rows.first());
        let cells = [
            ((*family).to_owned(), Role::Brand),
            (when::count(count.total), Role::Plain),
            (when::count(last_minute(count).into()), Role::Plain),
            (sparkline(&count.per_minute, 20), Role::Waiting),
            (newest.map_or(String::new(), |row| when::age(model.now - row.received_at)), Role::Faint),
            (newest.map_or(String::new(), |row| feed::short_action(row).to_owned()), Role::Plain),
        ];
        let mark = if model.pane == Pane::Family(index) { Mark::Selected } else { Mark::None };
        canvas.spot(Rect { y, height: 1, ..below }, Spot::Pane(Pane::Family(index)));
        table::row(canvas, Rect { y, height: 1, ..below }, &COLUMNS, &cells, mark);
    }
}
