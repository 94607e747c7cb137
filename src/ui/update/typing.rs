//! Typing: the filter that narrows a list, and any other line.

use crossterm::event::{KeyCode, KeyModifiers};
use tui_input::{Input, InputRequest};

use super::{Effect, go, lists, menu, orders, perform, reading, travel};
use crate::ui::keymap::Chord;
use crate::ui::model::{Model, View};

pub(super) fn narrow(model: &mut Model) -> Vec<Effect> {
    model.narrowed_from = None;
    if model.view == View::Overview {
        model.narrowed_from = Some(model.view);
        model.view = View::Deliveries;
    }
    model.mask();
    model.earlier.rewind();
    model.narrowing = true;
    model.refresh()
}

pub(super) fn narrowing_key(model: &mut Model, chord: Chord) -> Vec<Effect> {
    let Some(list) = model.list() else { return Vec::new() };
    let kind = list.kind();
    let changed = match chord.code {
        KeyCode::Enter => return keep(model),
        KeyCode::Esc => return leave(model),
        KeyCode::PageUp | KeyCode::PageDown => {
            return model.keys.action(chord).map_or_else(Vec::new, |action| perform(model, action));
        }
        KeyCode::Tab => list.narrowing().complete(kind, true),
        KeyCode::BackTab => list.narrowing().complete(kind, false),
        KeyCode::Up | KeyCode::Down => {
            let Some(line) = model.earlier.step(kind, chord.code == KeyCode::Up).map(str::to_owned) else {
                return Vec::new();
            };
            model.list().is_some_and(|list| list.narrowing().set(kind, &line))
        }
        _ => {
            let narrowing = list.narrowing();
            let cursor = narrowing.input.cursor();
            let edited = edit(&mut narrowing.input, chord);
            if !edited && narrowing.input.cursor() != cursor {
                narrowing.offer = None;
            }
            edited && narrowing.typed(kind)
        }
    };
    if !changed {
        return Vec::new();
    }
    if let Some(list) = model.list() {
        list.restart();
    }
    model.refresh()
}

/// Keeps the filter and goes back to the list; a search that was stopped goes on. What is no filter cannot be kept.
pub(super) fn keep(model: &mut Model) -> Vec<Effect> {
    let Some(list) = model.list() else { return Vec::new() };
    let kind = list.kind();
    let narrowing = list.narrowing();
    if narrowing.problem.is_some() {
        narrowing.insisted = true;
        return Vec::new();
    }
    narrowing.offer = None;
    let line = narrowing.filter().to_owned();
    // A line of blanks is none.
    narrowing.input = Input::new(line.clone());
    list.search().stopped = false;
    model.earlier.remember(kind, &line);
    model.narrowing = false;
    model.refresh()
}

/// Stops the search if one is on its way; otherwise goes back to the list as it was without a filter.
fn leave(model: &mut Model) -> Vec<Effect> {
    let height = model.list_rows();
    if let Some(list) = model.list()
        && list.searches(height)
        && list.search().has_begun()
    {
        list.search().stopped = true;
        return Vec::new();
    }
    model.narrowing = false;
    model.toasts.clear();
    let effects = lists::unfilter(model).unwrap_or_default();
    match model.narrowed_from.take() {
        Some(view) => go(model, view),
        None => effects,
    }
}

/// Characters that a typed line may have: a record's reason and a search need no more.
const MOST_TYPED: usize = 300;

/// Types into a line. True when its text has changed.
pub(super) fn edit(input: &mut Input, chord: Chord) -> bool {
    let control = chord.modifiers.contains(KeyModifiers::CONTROL);
    let request = match (chord.code, control) {
        (KeyCode::Char('u'), true) => InputRequest::DeleteLine,
        (KeyCode::Char('w'), true) => InputRequest::DeletePrevWord,
        (KeyCode::Char('a'), true) | (KeyCode::Home, _) => InputRequest::GoToStart,
        (KeyCode::Char('e'), true) | (KeyCode::End, _) => InputRequest::GoToEnd,
        (KeyCode::Char('k'), true) => InputRequest::DeleteTillEnd,
        (KeyCode::Backspace, _) => InputRequest::DeletePrevChar,
        (KeyCode::Delete, _) => InputRequest::DeleteNextChar,
        (KeyCode::Left, true) => InputRequest::GoToPrevWord,
        (KeyCode::Right, true) => InputRequest::GoToNextWord,
        (KeyCode::Left, _) => InputRequest::GoToPrevChar,
        (KeyCode::Right, _) => InputRequest::GoToNextChar,
        _ => match chord.typed() {
            Some(character) if input.value().chars().count() < MOST_TYPED && !character.is_control() => {
                InputRequest::InsertChar(character)
            }
            _ => return false,
        },
    };
    input.handle(request).is_some_and(|change| change.value)
}

/// A pasted text goes where one types, and nowhere else: its letters are no keys. Its lines become one.
pub(super) fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    let lines = text.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty());
    let line = lines.collect::<Vec<_>>().join(" ");
    for character in line.chars().take(MOST_TYPED) {
        let chord = Chord { code: KeyCode::Char(character), modifiers: KeyModifiers::NONE };
        if model.menu.is_some() {
            effects.extend(menu::type_into(model, chord));
        } else if model.dialog.is_some() {
            orders::type_into(model, chord);
            travel::type_moment(model, chord);
        } else if model.narrowing {
            effects.extend(narrowing_key(model, chord));
        } else if model.searching() {
            effects.extend(reading::search_key(model, chord));
        }
    }
    effects
}
