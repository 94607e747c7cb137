//! Reading an open detail: folding, scrolling sideways, looking for words.

use crossterm::event::KeyCode;

use super::Effect;
use super::typing::edit;
use crate::ui::action::Action;
use crate::ui::detail::Detail;
use crate::ui::keymap::{self, Chord};
use crate::ui::model::Model;
use crate::ui::theme::Role;

pub(super) fn read(model: &mut Model, action: Action) -> Vec<Effect> {
    let (height, setting) = (model.detail_rows(), model.setting());
    let Some(detail) = model.details.last_mut() else { return Vec::new() };
    let mut says = None;
    match action {
        Action::Fold if !detail.flip() => says = Some("nothing folds here: go to a part of the payload"),
        Action::FoldAll => detail.flip_all(),
        Action::Wrap => {
            detail.wrap = !detail.wrap;
            detail.shift = 0;
            says = Some(match detail.wrap {
                true => "long values are wrapped",
                false => "long values run out of the screen: `<` and `>` scroll sideways",
            });
        }
        Action::ShiftLeft | Action::ShiftRight if detail.wrap => {
            says = Some("values are wrapped: `w` lets them run out")
        }
        Action::ShiftLeft | Action::ShiftRight => detail.sideways(action == Action::ShiftRight),
        Action::NextHit | Action::PreviousHit => match &detail.search {
            Some(_) => detail.next_hit(if action == Action::NextHit { 1 } else { -1 }, height),
            None => says = Some("nothing is looked for: `/` searches"),
        },
        _ => {}
    }
    detail.write(height, setting);
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
        KeyCode::Esc => detail.end_search(false, height, setting),
        KeyCode::Enter if search.words.value().is_empty() => detail.end_search(false, height, setting),
        KeyCode::Enter => search.typing = false,
        KeyCode::Up => detail.next_hit(-1, height),
        KeyCode::Down => detail.next_hit(1, height),
        KeyCode::PageUp | KeyCode::PageDown => {
            return keymap::action(chord).map_or_else(Vec::new, |action| super::perform(model, action));
        }
        _ => {
            if edit(&mut search.words, chord) {
                detail.search_again(height, setting);
            }
        }
    }
    Vec::new()
}

/// Ends the search in the detail on top. False when there was none.
pub(super) fn end_search(model: &mut Model) -> bool {
    let (height, setting) = (model.detail_rows(), model.setting());
    let searched = |detail: &&mut Detail| detail.search.is_some();
    match model.details.last_mut().filter(searched) {
        Some(detail) => {
            detail.end_search(true, height, setting);
            true
        }
        None => false,
    }
}
