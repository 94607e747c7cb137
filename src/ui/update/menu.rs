//! The palette and the help: typing, choosing, and doing what was chosen, through the same gate as keys.

use crossterm::event::{KeyCode, KeyModifiers};

use super::typing::edit;
use super::{Effect, go, lists, open_detail, orders, perform, travel};
use crate::domain::query::{Answer, Query};
use crate::engine::DeskError;
use crate::ui::action::Action;
use crate::ui::dialog;
use crate::ui::keymap::Chord;
use crate::ui::menu::{Does, Is, Kind, Menu, lacking};
use crate::ui::model::{Model, Slot, View};
use crate::ui::theme::Role;

/// Opens it.
pub(super) fn open(model: &mut Model, kind: Kind) -> Vec<Effect> {
    model.menu = Some(Menu::new(kind, model.chosen()));
    Vec::new()
}

/// A key while it is open.
pub(super) fn key(model: &mut Model, chord: Chord) -> Vec<Effect> {
    let page = isize::try_from(model.menu_height()).unwrap_or(isize::MAX);
    let empty = menu_is_empty(model);
    match (chord.code, chord.modifiers.contains(KeyModifiers::CONTROL)) {
        (KeyCode::Esc, _) => model.menu = None,
        (KeyCode::Enter, _) => return enter(model),
        (KeyCode::Up | KeyCode::BackTab, _) | (KeyCode::Char('p'), true) => step(model, -1),
        (KeyCode::Down | KeyCode::Tab, _) | (KeyCode::Char('n'), true) => step(model, 1),
        (KeyCode::PageUp, _) => step(model, -page),
        (KeyCode::PageDown, _) => step(model, page),
        // As where nothing can be typed: the key that has opened it closes it, and there is no other line to go to the ends of.
        (KeyCode::Home, _) if empty => step(model, isize::MIN),
        (KeyCode::End, _) if empty => step(model, isize::MAX),
        _ if empty && closes(model, chord) => model.menu = None,
        _ => return type_into(model, chord),
    }
    Vec::new()
}

fn menu_is_empty(model: &Model) -> bool {
    model.menu.as_ref().is_some_and(|menu| menu.typed.value().is_empty())
}

/// It is the key that has opened the help.
fn closes(model: &Model, chord: Chord) -> bool {
    let help = model.menu.as_ref().is_some_and(|menu| menu.kind == Kind::Help);
    help && model.keys.action(chord) == Some(Action::Help)
}

/// Types into its line.
pub(super) fn type_into(model: &mut Model, chord: Chord) -> Vec<Effect> {
    let Some(menu) = &mut model.menu else { return Vec::new() };
    if !edit(&mut menu.typed, chord) {
        return Vec::new();
    }
    menu.typed();
    let query = menu.query().cloned();
    query.and_then(|query| model.ask(Slot::Sought, Some(query))).into_iter().collect()
}

/// Moves its cursor.
pub(super) fn step(model: &mut Model, by: isize) {
    let (rows, height) = (model.menu_rows(), model.menu_height());
    if let Some(menu) = &mut model.menu {
        menu.step(by, &rows, height);
    }
}

/// A click chooses, a second one does what was chosen, unless that is for keys alone.
pub(super) fn click(model: &mut Model, is: Is) -> Vec<Effect> {
    let (rows, height) = (model.menu_rows(), model.menu_height());
    let Some(menu) = &mut model.menu else { return Vec::new() };
    let by_keys = matches!(is, Is::Offer(Does::Action(action)) if action.records());
    if menu.at(&rows).is_some_and(|at| rows[at].is == is) && !by_keys {
        return enter(model);
    }
    menu.choose(is, &rows, height);
    Vec::new()
}

/// The ledger has said whether there is what was typed.
pub(super) fn answered(model: &mut Model, query: &Query, answer: Result<Answer, DeskError>) -> Vec<Effect> {
    let answer = match answer {
        Ok(answer) => Some(answer),
        Err(DeskError::NotFound(_)) => None,
        Err(error) => {
            model.toast(Role::Bad, format!("✗ not looked for: {error}"));
            None
        }
    };
    let now = model.now;
    let Some(menu) = &mut model.menu else {
        model.asking.remove(&Slot::Sought);
        return Vec::new();
    };
    menu.take(query, answer, now);
    let enters = menu.insisted && !menu.is_unsure();
    let mut effects = model.asked(&Slot::Sought, true);
    if enters {
        effects.extend(enter(model));
    }
    effects
}

/// Does what the line under the cursor says; an id that was typed fast is looked for first.
fn enter(model: &mut Model) -> Vec<Effect> {
    let rows = model.menu_rows();
    let Some(menu) = &mut model.menu else { return Vec::new() };
    if menu.is_unsure() {
        menu.insisted = true;
        return Vec::new();
    }
    let Some(Is::Offer(does)) = menu.at(&rows).map(|at| rows[at].is.clone()) else { return Vec::new() };
    if let Does::Column(column) = does {
        // Whoever hides one may want to hide another.
        lists::hide(model, column);
        return Vec::new();
    }
    let Some(menu) = model.menu.take() else { return Vec::new() };
    model.recent.remember(&does);
    match does {
        Does::Sort(column) => lists::sort(model, column),
        Does::Column(_) => Vec::new(),
        Does::Action(action) => act(model, &menu, action),
        Does::Family(family) => {
            model.mask();
            model.family = family;
            go(model, View::Feed)
        }
        Does::Choice(view, choice) => list(model, view, |model| {
            if let Some(place) = model.choice() {
                *place = choice;
            }
        }),
        Does::Open(subject) => open_detail(model, subject),
        Does::Find(view, line) => {
            if view == View::Feed {
                model.family = None;
            }
            list(model, view, |model| {
                if let Some(list) = model.list() {
                    let kind = list.kind();
                    list.narrowing().set(kind, &line);
                    model.earlier.remember(kind, &line);
                }
            })
        }
        Does::At(said) => match dialog::moment(&said, model.clock) {
            Ok(at) => travel::to_or_back(model, at),
            Err(why) => {
                model.toast(Role::Held, why);
                Vec::new()
            }
        },
    }
}

fn act(model: &mut Model, menu: &Menu, action: Action) -> Vec<Effect> {
    if model.keys.offers(action)
        && let Some(needs) = lacking(model, action)
    {
        model.toast(Role::Held, format!("{} needs {needs}", action.entry().hint));
        return Vec::new();
    }
    // What lay under it may have become another row meanwhile.
    if action.records() && model.chosen() != menu.over {
        return orders::hold_still(model);
    }
    perform(model, action)
}

/// Goes to all rows of a list, and then chooses among them.
fn list(model: &mut Model, view: View, choose: impl FnOnce(&mut Model)) -> Vec<Effect> {
    let mut effects = go(model, view);
    lists::widen(model);
    choose(model);
    if let Some(list) = model.list() {
        list.restart();
    }
    effects.extend(model.refresh());
    effects
}
