//! Who listens where, what is overdue, what was stored, the time, the tabs; and below them the banners.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use crate::domain::privacy::Privacy;
use crate::ui::banners::Line;
use crate::ui::model::{Model, View};
use crate::ui::pointer::Spot;
use crate::ui::theme::Role;
use crate::ui::{travel, when, words};

/// Cells below which a target says nothing.
const TARGET: usize = 10;

pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model, banners: &[Line]) {
    status(canvas, area, model);
    tabs(canvas, area, area.y + 1, model);
    for (line, y) in banners.iter().zip(area.y + 2..area.bottom()) {
        canvas.text(area.x, y, area.width, line.role, &line.text);
        if let Some(hint) = model.banner_hint().filter(|_| line.ends_next) {
            canvas.text_before(area.right().saturating_sub(1), y, area.width, line.role, &hint);
        }
        canvas.tint(Rect { y, height: 1, ..area }, line.role);
    }
}

fn status(canvas: &mut Canvas<'_>, area: Rect, model: &Model) {
    let y = area.y;
    let mut end = area.right().saturating_sub(1);
    end = match &model.travel.shown {
        Some(found) => {
            let says = format!(" AS OF {} ", travel::name(found.moment.at, model.clock));
            canvas.text_before(end, y, 27, Role::Badge, &says)
        }
        None => canvas.text_before(end, y, 8, Role::Heading, &model.now.format("%H:%M:%S").to_string()),
    };
    if let Some(overview) = &model.overview {
        let stored = format!("stored {}", when::count(overview.events));
        end = canvas.text_before(end.saturating_sub(2), y, 24, Role::Plain, &stored);
    }
    if model.overdue() > 0 {
        let (says, role) = words::overdue(model.overdue());
        end = canvas.text_before(end.saturating_sub(2), y, 20, role, &says);
    }
    for (badge, on) in [
        ("READ-ONLY", model.keys.only_looks()),
        ("REVEALED", model.privacy == Privacy::Revealed),
        ("PAUSED", model.paused() && model.details.is_empty()),
    ] {
        if on {
            end = canvas.text_before(end.saturating_sub(2), y, 12, Role::Badge, &format!(" {badge} "));
        }
    }
    let mut x = canvas.text(area.x + 1, y, area.width, Role::Brand, "willcall");
    let end = end.saturating_sub(2);
    let mut put = |role, text: &str| x = canvas.text(x, y, end.saturating_sub(x), role, text);
    match model.program() {
        None if model.travel.shown.is_some() => put(Role::Faint, "  ? listener and target are on no record"),
        None => put(Role::Faint, "  …"),
        Some(status) => {
            match &status.listen {
                Some(listen) if status.unwell.is_none() => {
                    put(Role::Good, "  ● ");
                    put(Role::Plain, &format!("{listen}{}", status.path));
                }
                Some(listen) => {
                    put(Role::Bad, "  ✗ keeps nothing");
                    put(Role::Plain, &format!(" at {listen}{}", status.path));
                }
                None => put(Role::Held, "  ○ no listener"),
            }
            if usize::from(end.saturating_sub(x)) > TARGET {
                let x = canvas.text(x, y, end - x, Role::Faint, " → ");
                canvas.text(x, y, end.saturating_sub(x), Role::Plain, &status.target);
            }
        }
    }
}

fn tabs(canvas: &mut Canvas<'_>, area: Rect, y: u16, model: &Model) {
    let gap = if area.width >= 100 { 3 } else { 2 };
    let mut x = area.x + 1;
    for view in View::ALL {
        let here = view == model.view;
        let start = x;
        if let Some(key) = model.keys.hint(view.action()) {
            x = canvas.text(x, y, area.width, Role::Key, &format!("{key} "));
        }
        x = canvas.text(x, y, area.width, if here { Role::Brand } else { Role::Plain }, view.name());
        let tab = Rect { x: start, y, width: x - start, height: 1 };
        if here {
            canvas.tint(tab, Role::Selected);
        }
        canvas.spot(tab, Spot::View(view));
        x += gap;
    }
    let turned: u64 = model.program().into_iter().flat_map(|status| status.turned_away_total.values()).sum();
    if turned > 0 {
        let by_status: Vec<String> = model
            .program()
            .into_iter()
            .flat_map(|status| &status.turned_away_total)
            .map(|(status, count)| format!("{count}×{status}"))
            .collect();
        let says = format!("turned away {}", by_status.join(" "));
        let room = area.right().saturating_sub(x + 1);
        if usize::from(room) >= says.chars().count() {
            canvas.text_before(area.right() - 1, y, room, Role::Held, &says);
        }
    }
}
