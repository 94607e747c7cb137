//! Keys -> actions, from the action table.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::action::{Action, TABLE};

/// A key with its modifiers, shift left out where the character says it already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Chord {
    /// Which key.
    pub code: KeyCode,
    /// Control or Alt.
    pub modifiers: KeyModifiers,
}

impl From<KeyEvent> for Chord {
    fn from(event: KeyEvent) -> Self {
        let modifiers = event.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT);
        Self { code: event.code, modifiers }
    }
}

impl Chord {
    /// Reads a key as the action table writes it: `g`, `G`, `ctrl-d`, `pgdn`.
    pub fn parse(text: &str) -> Option<Self> {
        let (modifiers, name) = match text.strip_prefix("ctrl-") {
            Some(rest) => (KeyModifiers::CONTROL, rest),
            None => (KeyModifiers::NONE, text),
        };
        let code = match name {
            "up" => KeyCode::Up,
            "down" => KeyCode::Down,
            "left" => KeyCode::Left,
            "right" => KeyCode::Right,
            "pgup" => KeyCode::PageUp,
            "pgdn" => KeyCode::PageDown,
            "home" => KeyCode::Home,
            "end" => KeyCode::End,
            "tab" => KeyCode::Tab,
            "backtab" => KeyCode::BackTab,
            "enter" => KeyCode::Enter,
            "esc" => KeyCode::Esc,
            "backspace" => KeyCode::Backspace,
            "space" => KeyCode::Char(' '),
            "f1" => KeyCode::F(1),
            one => {
                let mut characters = one.chars();
                match (characters.next(), characters.next()) {
                    (Some(character), None) => KeyCode::Char(character),
                    _ => return None,
                }
            }
        };
        Some(Self { code, modifiers })
    }

    /// The character it types, if it types one.
    pub fn typed(self) -> Option<char> {
        match self.code {
            KeyCode::Char(character) if self.modifiers.is_empty() => Some(character),
            _ => None,
        }
    }
}

/// What a key does.
pub fn action(chord: Chord) -> Option<Action> {
    TABLE.iter().find(|entry| entry.keys.iter().any(|key| Chord::parse(key) == Some(chord))).map(|entry| entry.action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_can_be_read_and_means_one_thing() {
        let mut seen: Vec<(Chord, &str)> = Vec::new();
        for entry in TABLE {
            for key in entry.keys {
                let chord = Chord::parse(key).unwrap_or_else(|| panic!("{key}"));
                if let Some((_, other)) = seen.iter().find(|(one, _)| *one == chord) {
                    panic!("{key} means {other} and {}", entry.id);
                }
                seen.push((chord, entry.id));
                assert_eq!(action(chord), Some(entry.action));
            }
        }
    }

    #[test]
    fn shift_is_in_the_letter_and_control_is_not() {
        let event = |code, modifiers| Chord::from(KeyEvent::new(code, modifiers));
        assert_eq!(action(event(KeyCode::Char('G'), KeyModifiers::SHIFT)), Some(Action::Bottom));
        assert_eq!(action(event(KeyCode::Char('d'), KeyModifiers::CONTROL)), Some(Action::HalfDown));
        assert_eq!(action(event(KeyCode::Char('d'), KeyModifiers::NONE)), Some(Action::MarkDelivered));
        assert_eq!(action(event(KeyCode::BackTab, KeyModifiers::SHIFT)), Some(Action::Previous));
        assert_eq!(action(event(KeyCode::Char('Q'), KeyModifiers::NONE)), None);
    }
}
