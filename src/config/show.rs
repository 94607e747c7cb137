//! `config show` and the README's reference, from the table of keys.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::draft::Draft;
use super::keys::KEYS;
use super::load::{Loaded, Origin};

/// One key as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// In the file.
    pub key: &'static str,
    /// As TOML, secrets masked; none when it is not set.
    pub value: Option<String>,
    /// Where it comes from.
    pub origin: Origin,
}

impl Loaded {
    /// Every key in the order of the table. A hidden one only when it is set.
    pub fn rows(&self) -> Vec<Row> {
        KEYS.iter()
            .map(|key| {
                (key, Row { key: key.name, value: (key.get)(&self.draft), origin: self.origins[key.name].clone() })
            })
            .filter(|(key, row)| !key.hidden || row.value.is_some())
            .map(|(_, row)| row)
            .collect()
    }

    /// What `config show` says: lines of TOML, each with where it comes from; what is not set is commented out.
    pub fn shown(&self) -> String {
        let mut text = String::new();
        for Row { key, value, origin } in self.rows() {
            // Writing to a string cannot fail.
            let _ = match value {
                Some(value) => writeln!(text, "{key} = {value}  # {origin}"),
                None => writeln!(text, "# {key} is not set"),
            };
        }
        text
    }
}

/// The reference of all keys as a Markdown table.
pub fn reference() -> String {
    let defaults = Draft::new(Some(PathBuf::from("$XDG_DATA_HOME/willcall")), "$USER".into());
    let mut text = String::from("| key | variable | flag | default | what it is |\n| --- | --- | --- | --- | --- |\n");
    for key in KEYS.iter().filter(|key| !key.hidden) {
        let flag = key.flag.map_or(String::new(), |flag| format!("`--{flag}`"));
        let default = (key.get)(&defaults).map_or(String::new(), |value| format!("`{value}`"));
        let _ = writeln!(text, "| `{}` | `{}` | {flag} | {default} | {} |", key.name, key.variable(), key.help);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::load::{Surroundings, load};
    use super::*;

    fn loaded(variables: &[(&str, &str)]) -> Loaded {
        let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let here = Surroundings { variables, config_home: None, data_home: Some("/data".into()) };
        load(&here, None, &[]).unwrap()
    }

    #[test]
    fn secrets_are_not_shown_anywhere() {
        let loaded = loaded(&[
            ("WILLCALL_AUTH_BEARER_TOKENS", "hush-hush-hush-hush,hush-again-hush-again"),
            ("WILLCALL_DELIVER_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        ]);
        let shown = loaded.shown();
        assert!(
            shown.contains("auth.bearer_tokens = [\"••••\", \"••••\"]  # WILLCALL_AUTH_BEARER_TOKENS\n"),
            "{shown}"
        );
        assert!(shown.contains("deliver.secret = \"••••\"  # WILLCALL_DELIVER_SECRET\n"), "{shown}");
        let debug = format!("{shown}{loaded:?}");
        assert!(!debug.contains("hush") && !debug.contains("MfKQ"), "{debug}");
    }

    #[test]
    fn what_is_shown_is_a_file_that_loads() {
        let first = loaded(&[("WILLCALL_DELIVER_CMD", "tee \"log\"")]);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("willcall.toml");
        std::fs::write(&path, first.shown()).unwrap();
        let again = load(&Surroundings::default(), Some(&path), &[]).unwrap();
        let values = |loaded: &Loaded| loaded.rows().into_iter().map(|row| (row.key, row.value)).collect::<Vec<_>>();
        assert_eq!(values(&again), values(&first));
    }

    #[test]
    fn the_reference_has_a_line_for_every_key_that_is_not_hidden() {
        let text = reference();
        assert_eq!(text.lines().count(), KEYS.iter().filter(|key| !key.hidden).count() + 2);
        assert!(text.contains("| `listen` | `WILLCALL_LISTEN` | `--listen` | `\"127.0.0.1:8787\"` |"), "{text}");
        assert!(!text.contains("`clock`"));
        assert!(text.lines().all(|line| line.matches(" | ").count() == 4), "{text}");
    }
}
