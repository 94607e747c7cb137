//! The mouse: choosing, opening what is chosen, scrolling.

use super::{Effect, copying, go, menu, moving, perform, reading, typing};
use crate::ui::action::Action;
use crate::ui::detail::Detail;
use crate::ui::dialog::Dialog;
use crate::ui::form::Focus;
use crate::ui::layout;
use crate::ui::model::Model;
use crate::ui::pointer::{Pointer, Spot};

pub(super) fn pointed(model: &mut Model, pointer: Pointer) -> Vec<Effect> {
    if !layout::usable(model.size) {
        return Vec::new();
    }
    match (pointer, model.menu.is_some(), model.dialog.is_some()) {
        (Pointer::Wheel(rows, _), true, _) => {
            menu::step(model, rows);
            Vec::new()
        }
        (Pointer::Click(Spot::Menu(is)), true, _) => menu::click(model, is),
        (Pointer::Click(Spot::Answer(focus)), false, true) => {
            answer(model, focus);
            Vec::new()
        }
        (_, true, _) | (_, _, true) => Vec::new(),
        (Pointer::Wheel(rows, _), ..) if model.copied.is_some() => {
            copying::scroll(model, rows);
            Vec::new()
        }
        (Pointer::Wheel(rows, spot), ..) => {
            if let Some(Spot::Pane(pane) | Spot::PaneRow(pane, _)) = spot {
                model.pane = pane;
            }
            moving::step(model, rows)
        }
        (Pointer::Click(spot), ..) => click(model, spot),
    }
}

/// Only the focus moves there: who answers by accident has done nothing yet.
fn answer(model: &mut Model, focus: Focus) {
    match &mut model.dialog {
        Some(Dialog::Leave(leave)) => leave.yes = focus == Focus::Yes,
        Some(dialog) => {
            if let Some(form) = dialog.form() {
                form.focus = focus;
            }
        }
        None => {}
    }
}

/// What was being typed is kept first, as by Enter; what cannot be kept must be mended first.
fn click(model: &mut Model, spot: Spot) -> Vec<Effect> {
    model.copied = None;
    let mut effects = Vec::new();
    if model.narrowing {
        effects = typing::keep(model);
    }
    if model.narrowing {
        return effects;
    }
    if model.searching() {
        reading::keep(model);
    }
    effects.extend(choose(model, spot));
    effects
}

fn choose(model: &mut Model, spot: Spot) -> Vec<Effect> {
    match spot {
        Spot::View(view) => go(model, view),
        Spot::Family(family) => {
            model.mask();
            model.family = family;
            model.refresh()
        }
        Spot::Pane(pane) => {
            model.pane = pane;
            Vec::new()
        }
        Spot::PaneRow(pane, place) => {
            let places = model.pane_places(pane);
            let Some(index) = places.iter().position(|one| *one == place) else { return Vec::new() };
            if model.pane == pane && model.pane_index(pane) == index {
                return perform(model, Action::Open);
            }
            model.pane = pane;
            moving::choose(model, pane, index)
        }
        Spot::Row(place) => {
            let height = model.list_rows();
            let Some(list) = model.list() else { return Vec::new() };
            match list.step_to(place, height) {
                None => perform(model, Action::Open),
                Some(true) => model.refresh(),
                Some(false) => Vec::new(),
            }
        }
        Spot::Line(line) => {
            let height = model.detail_rows();
            match model.details.last_mut() {
                // Elsewhere Enter opens the first link there is; whoever clicks means the line.
                Some(detail) if detail.cursor == line && opens(detail) => perform(model, Action::Open),
                Some(detail) => {
                    detail.go_to(line, height);
                    Vec::new()
                }
                None => Vec::new(),
            }
        }
        Spot::Answer(_) | Spot::Menu(_) => Vec::new(),
    }
}

/// Something opens or folds under the cursor itself.
fn opens(detail: &Detail) -> bool {
    detail.on_a_fold() || detail.document.lines.get(detail.cursor).is_some_and(|line| line.link.is_some())
}
