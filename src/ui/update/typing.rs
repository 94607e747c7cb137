//! Typing: the words that narrow a list, and any other line.

use crossterm::event::{KeyCode, KeyModifiers};
use tui_input::{Input, InputRequest};

use super::{Effect, back, go, orders, perform};
use crate::ui::keymap::Chord;
use crate::ui::model::{Model, View};

pub(super) fn narrow(model: &mut Model) -> Vec<Effect> {
    if !model.details.is_empty() {
        return Vec::new();
    }
    model.narrowed_from = None;
    if model.view == View::Overview {
        model.narrowed_from = Some(model.view);
        model.view = View::Deliveries;
    }
    model.mask();
    model.narrowing = true;
    model.refresh()
}

pub(super) fn narrowing_key(model: &mut Model, chord: Chord) -> Vec<Effect> {
    match chord.code {
        KeyCode::Enter => {
            model.narrowing = false;
            return Vec::new();
        }
        KeyCode::Esc => {
            model.narrowing = false;
            let effects = back(model);
            return match model.narrowed_from.take() {
                Some(view) => go(model, view),
                None => effects,
            };
        }
        KeyCode::Up | KeyCode::Down | KeyCode::PageUp | KeyCode::PageDown => {
            return model.keys.action(chord).map_or_else(Vec::new, |action| perform(model, action));
        }
        _ => {}
    }
    let Some(list) = model.list() else { return Vec::new() };
    if edit(list.words(), chord) {
        list.restart();
        return model.refresh();
    }
    Vec::new()
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

/// A pasted text goes where one types, and nowhere else: its letters are no keys.
pub(super) fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    for character in text.lines().next().unwrap_or_default().chars().take(MOST_TYPED) {
        let chord = Chord { code: KeyCode::Char(character), modifiers: KeyModifiers::NONE };
        if model.dialog.is_some() {
            orders::type_reason(model, chord);
        } else if model.narrowing && model.help.is_none() {
            effects.extend(narrowing_key(model, chord));
        }
    }
    effects
}
