//! The reader's own keys and colours: from the tables of the file, checked against the tables of actions and roles.
//!
//! Nothing that was written is dropped in silence: what is unknown, cannot be read or contradicts something else is an
//! error that names its place and what would be right.

use std::fmt::Write as _;

use super::action::{Action, Entry as ActionEntry, TABLE};
use super::colour::{self, Announced, Depth};
use super::keymap::{Chord, Keymap};
use super::palette;
use super::theme::{ROLES, RoleEntry, Theme};
use crate::config::entry::{self, COLOURS_TABLE, Entry, KEYS_TABLE};
use crate::config::keys::nearest_name;
use crate::config::{Origin, ThemeName};

/// How its reader wants the dashboard.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preferences {
    /// Which keys do what.
    pub keys: Keymap,
    /// How things look.
    pub theme: Theme,
    /// The mouse is taken from the start on.
    pub mouse: bool,
}

/// Why keys or colours cannot be as they were written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PreferenceError {
    /// No such action or part.
    #[error("{at}: unknown {kind} `{name}` in `{table}`{nearest}; `willcall config show` names all")]
    Unknown {
        /// Where.
        at: Origin,
        /// As in `action`.
        kind: &'static str,
        /// As written.
        name: String,
        /// Of which table.
        table: &'static str,
        /// A question whether another was meant, or empty.
        nearest: String,
    },
    /// Something else than what the table holds.
    #[error("{at}: `{name}` wants {wanted}, not {found}")]
    Wrong {
        /// Where.
        at: Origin,
        /// With its table.
        name: String,
        /// What is wanted.
        wanted: &'static str,
        /// What there is.
        found: String,
    },
    /// A terminal cannot tell the key from another.
    #[error("{at}: `{name}`: a terminal sends the same for {key} as for {same}: write {same}, or take another key")]
    SameKey {
        /// Where.
        at: Origin,
        /// With its table.
        name: String,
        /// As written.
        key: String,
        /// The other.
        same: &'static str,
    },
    /// The key always quits.
    #[error("{at}: `{name}`: ctrl-c always quits; take another key")]
    Interrupt {
        /// Where.
        at: Origin,
        /// With its table.
        name: String,
    },
    /// The key does something else already.
    #[error("{at}: `{name}`: {key} already is a key of `{other}` ({other_at}); take another, or give `{other}` others")]
    Conflict {
        /// Where.
        at: Origin,
        /// With its table.
        name: String,
        /// The key.
        key: Chord,
        /// The other action, with its table.
        other: String,
        /// Where that was said.
        other_at: Box<Origin>,
    },
}

const WANTED_KEYS: &str = "a key or a list of keys, such as \"r\" or [\"r\", \"ctrl-r\", \"alt-r\", \"f5\", \"pgdn\"]";

impl Preferences {
    /// What the file's `entries` and settings come to on this terminal.
    ///
    /// # Errors
    /// At the first entry that cannot be followed.
    pub fn read(
        theme: ThemeName,
        mouse: bool,
        entries: &[Entry],
        terminal: &Announced,
    ) -> Result<Self, PreferenceError> {
        let depth = terminal.depth();
        let name = palette::meant(theme, terminal);
        let mut this = Self { keys: Keymap::default(), theme: palette::theme(name, depth), mouse };
        let mut bound: Vec<(Action, &Origin)> = Vec::new();
        for entry in entries {
            if entry.table == KEYS_TABLE {
                let action = action(entry)?.action;
                this.keys.bind(action, keys(entry, action)?);
                bound.push((action, &entry.at));
            } else {
                let (role, colour) = (role(entry)?.role, colour(entry)?);
                let depth = if name == ThemeName::Monochrome { Depth::Mono } else { depth };
                this.theme = this.theme.with(role, colour::reduce(colour, depth));
            }
        }
        this.check(&bound)?;
        Ok(this)
    }

    /// No key does two things. `bound`: what the file has keys for, and where.
    fn check(&self, bound: &[(Action, &Origin)]) -> Result<(), PreferenceError> {
        // The later of two lines in the file is the one that is complained of.
        for (index, (action, at)) in bound.iter().enumerate() {
            for other in TABLE.iter().map(|entry| entry.action).filter(|other| other != action) {
                let place = bound.iter().position(|(one, _)| *one == other);
                if place.is_some_and(|place| place > index) {
                    continue;
                }
                if let Some(key) = self.keys.keys(*action).iter().find(|key| self.keys.keys(other).contains(key)) {
                    return Err(PreferenceError::Conflict {
                        at: (*at).clone(),
                        name: name_of(KEYS_TABLE, action.entry().id),
                        key: *key,
                        other: name_of(KEYS_TABLE, other.entry().id),
                        other_at: Box::new(place.map_or(Origin::Default, |place| bound[place].1.clone())),
                    });
                }
            }
        }
        Ok(())
    }

    /// What `config show` says of keys and colours: every action, and each part that the file has a colour for.
    pub fn shown(&self, entries: &[Entry]) -> String {
        let given = |table: &str, id: &str| entries.iter().find(|entry| entry.table == table && entry.name == id);
        let mut text = String::new();
        for ActionEntry { action, id, .. } in TABLE {
            let keys: Vec<String> = self.keys.keys(*action).iter().map(Chord::to_string).collect();
            let origin = given(KEYS_TABLE, id).map_or(Origin::Default, |entry| entry.at.clone());
            let keys = entry::list(keys.iter().map(String::as_str));
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{} = {keys}  # {origin}", name_of(KEYS_TABLE, id));
        }
        for RoleEntry { id, .. } in ROLES {
            let name = name_of(COLOURS_TABLE, id);
            let _ = match given(COLOURS_TABLE, id).and_then(|entry| Some((entry, entry.texts()?.concat()))) {
                Some((entry, colour)) => {
                    writeln!(text, "{name} = {}  # {}", crate::config::value::quoted(&colour), entry.at)
                }
                None => writeln!(text, "# {name} is not set"),
            };
        }
        text
    }
}

fn name_of(table: &str, id: &str) -> String {
    format!("{table}.{id}")
}

fn action(entry: &Entry) -> Result<&'static ActionEntry, PreferenceError> {
    TABLE
        .iter()
        .find(|one| one.id == entry.name)
        .ok_or_else(|| unknown(entry, "action", TABLE.iter().map(|one| one.id)))
}

fn role(entry: &Entry) -> Result<&'static RoleEntry, PreferenceError> {
    ROLES.iter().find(|one| one.id == entry.name).ok_or_else(|| unknown(entry, "part", ROLES.iter().map(|one| one.id)))
}

fn unknown<'a>(entry: &Entry, kind: &'static str, known: impl Iterator<Item = &'a str>) -> PreferenceError {
    PreferenceError::Unknown {
        at: entry.at.clone(),
        kind,
        name: entry.name.escape_debug().to_string(),
        table: entry.table,
        nearest: nearest_name(&entry.name, known).map_or(String::new(), |near| format!("; did you mean `{near}`?")),
    }
}

fn keys(entry: &Entry, action: Action) -> Result<Vec<Chord>, PreferenceError> {
    let name = || name_of(entry.table, &entry.name);
    let wrong = |found| PreferenceError::Wrong { at: entry.at.clone(), name: name(), wanted: WANTED_KEYS, found };
    let mut keys = if action == Action::Interrupt { vec![Chord::INTERRUPT] } else { Vec::new() };
    for text in entry.texts().ok_or_else(|| wrong("that".to_owned()))? {
        let key = Chord::parse(text).ok_or_else(|| wrong(format!("{text:?}")))?;
        if let Some(same) = key.same_as() {
            return Err(PreferenceError::SameKey { at: entry.at.clone(), name: name(), key: key.to_string(), same });
        }
        if key == Chord::INTERRUPT && action != Action::Interrupt {
            return Err(PreferenceError::Interrupt { at: entry.at.clone(), name: name() });
        }
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    Ok(keys)
}

fn colour(entry: &Entry) -> Result<ratatui::style::Color, PreferenceError> {
    let texts = entry.texts().unwrap_or_default();
    let found = match texts.as_slice() {
        [one] => match colour::parse(one) {
            Some(colour) => return Ok(colour),
            None => format!("{one:?}"),
        },
        _ => "that".to_owned(),
    };
    let name = name_of(entry.table, &entry.name);
    Err(PreferenceError::Wrong { at: entry.at.clone(), name, wanted: colour::WANTED, found })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use ratatui::style::Color;

    use super::*;
    use crate::config::file;
    use crate::ui::theme::Role;

    fn entries(text: &str) -> Vec<Entry> {
        file::parse(Path::new("willcall.toml"), text).unwrap().entries
    }

    fn on(text: &str, theme: ThemeName, term: &str) -> Result<Preferences, String> {
        let terminal = Announced { term: term.into(), ..Announced::default() };
        Preferences::read(theme, false, &entries(text), &terminal).map_err(|error| error.to_string())
    }

    fn read(text: &str) -> Result<Preferences, String> {
        on(text, ThemeName::Auto, "xterm-256color")
    }

    fn action(preferences: &Preferences, key: &str) -> Option<Action> {
        preferences.keys.action(Chord::parse(key).unwrap())
    }

    #[test]
    fn keys_that_are_given_take_the_place_of_the_usual() {
        let own = read("[keys]\nretry = [\"R\", \"f5\", \"R\"]\ntimeline = \"r\"\npause = []").unwrap();
        assert_eq!(action(&own, "f5"), Some(Action::Retry));
        assert_eq!(action(&own, "r"), Some(Action::Timeline));
        assert_eq!((action(&own, "t"), action(&own, "p")), (None, None));
        assert_eq!((own.keys.names(Action::Retry), own.keys.names(Action::Pause)), ("R F5".into(), "no key".into()));
        assert_eq!(own.keys.named(Action::Pause), "keys.pause");
        // Two actions may change places.
        let swapped = read("keys.retry = \"x\"\nkeys.cancel = \"r\"").unwrap();
        assert_eq!((action(&swapped, "x"), action(&swapped, "r")), (Some(Action::Retry), Some(Action::Cancel)));
    }

    #[test]
    fn ctrl_c_quits_whatever_is_configured() {
        for text in ["keys.interrupt = []", "keys.interrupt = [\"f10\"]", "keys.quit = []"] {
            assert_eq!(action(&read(text).unwrap(), "ctrl-c"), Some(Action::Interrupt), "{text}");
        }
        assert_eq!(
            read("keys.retry = [\"f5\", \"Ctrl-C\"]").unwrap_err(),
            "willcall.toml:1:6: `keys.retry`: ctrl-c always quits; take another key"
        );
    }

    #[test]
    fn what_cannot_be_followed_is_said_with_its_place() {
        for (text, says) in [
            (
                "[keys]\nrety = \"f5\"",
                "willcall.toml:2:1: unknown action `rety` in `keys`; did you mean `retry`?; `willcall config show` names all",
            ),
            (
                "keys.retry = \"d\"",
                "willcall.toml:1:6: `keys.retry`: d already is a key of `keys.mark_delivered` (default); take another, or \
                 give `keys.mark_delivered` others",
            ),
            (
                "[keys]\nretry = \"f5\"\nundo = [\"f6\", \"F5\"]",
                "willcall.toml:3:1: `keys.undo`: f5 already is a key of `keys.retry` (willcall.toml:2:1); take another, or \
                 give `keys.retry` others",
            ),
            (
                "keys.retry = \"shift-r\"",
                "willcall.toml:1:6: `keys.retry` wants a key or a list of keys, such as \"r\" or [\"r\", \"ctrl-r\", \
                 \"alt-r\", \"f5\", \"pgdn\"], not \"shift-r\"",
            ),
            (
                "keys.retry = 5",
                "willcall.toml:1:6: `keys.retry` wants a key or a list of keys, such as \"r\" or [\"r\", \"ctrl-r\", \
                 \"alt-r\", \"f5\", \"pgdn\"], not that",
            ),
            (
                "keys.retry = \"ctrl-i\"",
                "willcall.toml:1:6: `keys.retry`: a terminal sends the same for ctrl-i as for tab: write tab, or take \
                 another key",
            ),
            (
                "[theme.colors]\nfailled = \"red\"",
                "willcall.toml:2:1: unknown part `failled` in `theme.colors`; did you mean `failed`?; `willcall config show` \
                 names all",
            ),
            (
                "theme.colors.failed = \"reddish\"",
                "willcall.toml:1:14: `theme.colors.failed` wants a colour such as \"#ff5555\", \"red\", \"bright-blue\", \
                 \"ansi:1\" (0 to 255) or \"default\", not \"reddish\"",
            ),
        ] {
            assert_eq!(read(text).unwrap_err(), says, "{text}");
        }
        for (text, found) in
            [("theme.colors.failed = [\"red\", \"blue\"]", "not that"), ("theme.colors.held = true", "not that")]
        {
            assert!(read(text).unwrap_err().ends_with(found), "{text}");
        }
    }

    #[test]
    fn colours_are_as_given_where_the_terminal_has_them() {
        let text = "[theme.colors]\nfailed = \"#fa0a0a\"\nheld = \"ansi:4\"\nkey = \"default\"";
        let failed = |theme, term| on(text, theme, term).unwrap().theme.style(Role::Bad).fg;
        assert_eq!(failed(ThemeName::Auto, "xterm-direct"), Some(Color::Rgb(250, 10, 10)));
        assert_eq!(failed(ThemeName::Light, "xterm-256color"), Some(Color::Indexed(196)));
        assert_eq!(failed(ThemeName::Light, "linux"), Some(Color::LightRed));
        assert_eq!((failed(ThemeName::Auto, "vt100"), failed(ThemeName::Monochrome, "xterm-direct")), (None, None));
        let theme = read(text).unwrap().theme;
        assert_eq!((theme.style(Role::Held).fg, theme.style(Role::Key).fg), (Some(Color::Blue), None));
        assert_eq!(theme.style(Role::Good), Theme::default().style(Role::Good));
    }

    #[test]
    fn what_is_shown_is_a_file_that_reads_the_same() {
        let text = "[keys]\nretry = [\"f5\", \"\\\\\"]\nredraw = []\n[theme.colors]\nfailed = \"#ff0000\"";
        let shown = read(text).unwrap().shown(&entries(text));
        assert!(shown.contains("keys.retry = [\"f5\", '\\']  # willcall.toml:2:1\n"), "{shown}");
        assert!(shown.contains("keys.up = [\"up\", \"k\"]  # default\n"), "{shown}");
        assert!(
            shown.contains("theme.colors.failed = \"#ff0000\"  # willcall.toml:5:1\n# theme.colors.held is"),
            "{shown}"
        );
        assert_eq!(read(&shown), read(text));
    }
}
