//! Keys -> actions: those of the action table, but where the reader has others.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::action::{Action, TABLE, key_name};

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

/// Keys that have a name; the first name of each is the one that is shown.
const NAMED: [(&str, KeyCode); 22] = [
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("pgup", KeyCode::PageUp),
    ("pageup", KeyCode::PageUp),
    ("pgdn", KeyCode::PageDown),
    ("pagedown", KeyCode::PageDown),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("tab", KeyCode::Tab),
    ("backtab", KeyCode::BackTab),
    ("shift-tab", KeyCode::BackTab),
    ("enter", KeyCode::Enter),
    ("return", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("escape", KeyCode::Esc),
    ("backspace", KeyCode::Backspace),
    ("space", KeyCode::Char(' ')),
    ("insert", KeyCode::Insert),
    ("delete", KeyCode::Delete),
    ("del", KeyCode::Delete),
];

impl Chord {
    /// The key that quits whatever is configured.
    pub const INTERRUPT: Self = Self { code: KeyCode::Char('c'), modifiers: KeyModifiers::CONTROL };

    /// Reads a key as the action table writes it: `g`, `G`, `ctrl-d`, `alt-x`, `pgdn`, `f5`. Letter case matters only where
    /// the key is one letter.
    pub fn parse(text: &str) -> Option<Self> {
        let mut modifiers = KeyModifiers::NONE;
        let mut name = text;
        loop {
            // A name of one character is that key, be it `-`.
            let rest = |prefix: &str| {
                let (start, rest) = name.split_at_checked(prefix.len())?;
                (start.eq_ignore_ascii_case(prefix) && !rest.is_empty()).then_some(rest)
            };
            if let Some(rest) = rest("ctrl-") {
                (modifiers, name) = (modifiers | KeyModifiers::CONTROL, rest);
            } else if let Some(rest) = rest("alt-") {
                (modifiers, name) = (modifiers | KeyModifiers::ALT, rest);
            } else {
                break;
            }
        }
        let mut characters = name.chars();
        let code = match (characters.next(), characters.next()) {
            (None, _) => return None,
            (Some(one), None) if one.is_control() || one.is_whitespace() => return None,
            // A terminal sends one and the same for both.
            (Some(one), None) if modifiers.contains(KeyModifiers::CONTROL) => KeyCode::Char(one.to_ascii_lowercase()),
            (Some(one), None) => KeyCode::Char(one),
            _ => named(name)?,
        };
        Some(Self { code, modifiers })
    }

    /// What a terminal sends for this key as well, so that the two cannot be told apart.
    pub fn same_as(self) -> Option<&'static str> {
        match (self.code, self.modifiers) {
            (KeyCode::Char('i'), KeyModifiers::CONTROL) => Some("tab"),
            (KeyCode::Char('m'), KeyModifiers::CONTROL) => Some("enter"),
            (KeyCode::Char('['), KeyModifiers::CONTROL) => Some("esc"),
            _ => None,
        }
    }

    /// The character it types, if it types one.
    pub fn typed(self) -> Option<char> {
        match self.code {
            KeyCode::Char(character) if self.modifiers.is_empty() => Some(character),
            _ => None,
        }
    }
}

fn named(name: &str) -> Option<KeyCode> {
    if let Some((_, code)) = NAMED.iter().find(|(one, _)| name.eq_ignore_ascii_case(one)) {
        return Some(*code);
    }
    let digits = name.strip_prefix(['f', 'F']).filter(|rest| rest.bytes().all(|one| one.is_ascii_digit()))?;
    let number: u8 = digits.parse().ok()?;
    (1..=24).contains(&number).then_some(KeyCode::F(number))
}

impl fmt::Display for Chord {
    /// As the action table writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (modifier, name) in [(KeyModifiers::CONTROL, "ctrl-"), (KeyModifiers::ALT, "alt-")] {
            if self.modifiers.contains(modifier) {
                f.write_str(name)?;
            }
        }
        match (self.code, NAMED.iter().find(|(_, code)| *code == self.code)) {
            (_, Some((name, _))) => f.write_str(name),
            (KeyCode::Char(one), None) => write!(f, "{one}"),
            (other, None) => write!(f, "{}", other.to_string().to_ascii_lowercase()),
        }
    }
}

/// Which keys do what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keymap {
    bound: Vec<(Action, Vec<Chord>)>,
    /// Nothing is put on record from here.
    only_looks: bool,
    /// Nor while an earlier moment is looked at.
    looks_back: bool,
}

impl Default for Keymap {
    /// The action table's.
    fn default() -> Self {
        let chords = |keys: &[&str]| keys.iter().filter_map(|key| Chord::parse(key)).collect();
        let bound = TABLE.iter().map(|entry| (entry.action, chords(entry.keys))).collect();
        Self { bound, only_looks: false, looks_back: false }
    }
}

impl Keymap {
    /// The same keys, where nothing is put on record: what would be is not offered.
    #[must_use]
    pub fn only_looking(self) -> Self {
        Self { only_looks: true, ..self }
    }

    /// Nothing is put on record from here.
    pub fn only_looks(&self) -> bool {
        self.only_looks
    }

    /// An earlier moment is looked at, where nothing can be changed; or no longer.
    pub fn look_back(&mut self, back: bool) {
        self.looks_back = back;
    }

    /// The action is one that can be done here.
    pub fn offers(&self, action: Action) -> bool {
        !((self.only_looks || self.looks_back) && action.records())
    }

    /// What a key does, or would do where it is offered.
    pub fn action(&self, chord: Chord) -> Option<Action> {
        self.bound.iter().find(|(_, keys)| keys.contains(&chord)).map(|(action, _)| *action)
    }

    /// The keys of an action; the first is the one named in hints.
    pub fn keys(&self, action: Action) -> &[Chord] {
        self.bound.iter().find(|(one, _)| *one == action).map_or(&[], |(_, keys)| keys)
    }

    /// Gives an action these keys and no others.
    pub(super) fn bind(&mut self, action: Action, keys: Vec<Chord>) {
        // A test keeps every action in the table.
        if let Some((_, bound)) = self.bound.iter_mut().find(|(one, _)| *one == action) {
            *bound = keys;
        }
    }

    /// The key of an action as hints name it; none where there is nothing to press.
    pub fn hint(&self, action: Action) -> Option<String> {
        let keys = if self.offers(action) { self.keys(action) } else { &[] };
        keys.first().map(|key| key_name(&key.to_string()))
    }

    /// The same within a sentence: where it has no key, the name by which it can be given one.
    pub fn named(&self, action: Action) -> String {
        self.hint(action).unwrap_or_else(|| format!("keys.{}", action.entry().id))
    }

    /// All keys of an action, for the help.
    pub fn names(&self, action: Action) -> String {
        let names: Vec<String> = self.keys(action).iter().map(|key| key_name(&key.to_string())).collect();
        if names.is_empty() { "no key".to_owned() } else { names.join(" ") }
    }
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
                assert_eq!(Keymap::default().action(chord), Some(entry.action));
                assert_eq!((chord.to_string().as_str(), chord.same_as()), (*key, None));
            }
        }
    }

    #[test]
    fn shift_is_in_the_letter_and_control_is_not() {
        let action = |code, modifiers| Keymap::default().action(Chord::from(KeyEvent::new(code, modifiers)));
        assert_eq!(action(KeyCode::Char('G'), KeyModifiers::SHIFT), Some(Action::Bottom));
        assert_eq!(action(KeyCode::Char('d'), KeyModifiers::CONTROL), Some(Action::HalfDown));
        assert_eq!(action(KeyCode::Char('d'), KeyModifiers::NONE), Some(Action::MarkDelivered));
        assert_eq!(action(KeyCode::BackTab, KeyModifiers::SHIFT), Some(Action::Previous));
        assert_eq!(action(KeyCode::Char('Q'), KeyModifiers::NONE), None);
    }

    #[test]
    fn keys_are_read_as_they_are_written() {
        for (written, read) in [
            ("F5", "f5"),
            ("Ctrl-D", "ctrl-d"),
            ("alt-Ctrl-x", "ctrl-alt-x"),
            ("alt-X", "alt-X"),
            ("PageDown", "pgdn"),
            ("shift-tab", "backtab"),
            ("-", "-"),
            ("ctrl--", "ctrl--"),
            ("é", "é"),
            ("G", "G"),
        ] {
            let chord = Chord::parse(written).unwrap_or_else(|| panic!("{written}"));
            assert_eq!(chord.to_string(), read, "{written}");
            assert_eq!(Chord::parse(read), Some(chord));
        }
        for wrong in ["", "f0", "f25", "ctrl-", "control-x", "shift-x", "gg", " ", "\u{1b}", "ctrl-ctrl", "f+1"] {
            assert_eq!(Chord::parse(wrong), None, "{wrong:?}");
        }
    }
}
