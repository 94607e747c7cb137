//! Reading an open detail: folding, scrolling sideways, looking for words.

use crossterm::event::KeyCode;

use super::Effect;
use super::typing::edit;
use crate::ui::action::Action;
use crate::ui::detail::Detail;
use crate::ui::keymap::Chord;
use crate::ui::model::Model;
use crate::ui::theme::Role;

pub(super) fn read(model: &mut Model, action: Action) -> Vec<Effect> {
    let (height, setting) = (model.detail_rows(), model.setting());
    let keys = &model.keys;
    let Some(detail) = model.details.last_mut() else { return Vec::new() };
    let mut says: Option<String> = None;
    match action {
        Action::Fold if !detail.flip() => says = Some("nothing folds here: go to a part of the payload".into()),
        Action::FoldAll => detail.flip_all(),
        Action::Wrap => {
            detail.wrap = !detail.wrap;
            detail.shift = 0;
            says = Some(match detail.wrap {
                true => "long values are wrapped".into(),
                false => {
                    let (left, right) = (keys.named(Action::ShiftLeft), keys.named(Action::ShiftRight));
                    format!("long values run out of the screen: `{left}` and `{right}` scroll sideways")
                }
            });
        }
        Action::ShiftLeft | Action::ShiftRight if detail.wrap => {
            says = Some(format!("values are wrapped: `{}` lets them run out", keys.named(Action::Wrap)));
        }
        Action::ShiftLeft | Action::ShiftRight => detail.sideways(action == Action::ShiftRight),
        Action::NextHit | Action::PreviousHit => match &detail.search {
            Some(_) => detail.next_hit(if action == Action::NextHit { 1 } else { -1 }, height),
            None => says = Some(format!("nothing is looked for: `{}` searches", keys.named(Action::Narrow))),
        },
        _ => {}
    }
    detail.write(height, keys, setting);
    if let Some(says) = says {
        model.toast(Role::Plain, says);
    }
    Vec::new()
}

/// Begins to look for words in the detail on top.
pub(super) fn search(model: &mut Model) -> Vec<Effect> {
    if let Some(detail) = model.details.last_mut() {
        detail.search();
    }
    Vec::new()
}

/// A key while what is looked for is being typed.
pub(super) fn search_key(model: &mut Model, chord: Chord) -> Vec<Effect> {
    let (height, setting) = (model.detail_rows(), model.setting());
    let Some(detail) = model.details.last_mut() else { return Vec::new() };
    let Some(search) = &mut detail.search else { return Vec::new() };
    match chord.code {
        KeyCode::Esc => detail.end_search(false, height, &model.keys, setting),
        KeyCode::Enter => keep(model),
        KeyCode::Up => detail.next_hit(-1, height),
        KeyCode::Down => detail.next_hit(1, height),
        KeyCode::PageUp | KeyCode::PageDown => {
            return model.keys.action(chord).map_or_else(Vec::new, |action| super::perform(model, action));
        }
        _ => {
            if edit(&mut search.words, chord) {
                detail.search_again(height, &model.keys, setting);
            }
        }
    }
    Vec::new()
}

/// Keeps the words that are looked for, and goes back to the detail; no words are no search.
pub(super) fn keep(model: &mut Model) {
    let (height, setting) = (model.detail_rows(), model.setting());
    let Some(detail) = model.details.last_mut() else { return };
    match &mut detail.search {
        Some(search) if !search.words.value().is_empty() => search.typing = false,
        _ => detail.end_search(false, height, &model.keys, setting),
    }
}

/// Ends the search in the detail on top. False when there was none.
pub(super) fn end_search(model: &mut Model) -> bool {
    let (height, setting) = (model.detail_rows(), model.setting());
    let searched = |detail: &&mut Detail| detail.search.is_some();
    match model.details.last_mut().filter(searched) {
        Some(detail) => {
            detail.end_search(true, height, &model.keys, setting);
            true
        }
        None => false,
    }
}
