//! All sources in their order: defaults < file < environment < flags.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use super::draft::Draft;
use super::entry::Entry;
use super::file;
use super::keys::{self, FILE_VARIABLE, KEYS, Key};
use super::settings::Settings;
use super::value::Given;

/// Where the program runs, as far as settings depend on it.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The environment.
    pub variables: BTreeMap<String, String>,
    /// The folder configuration files live in; none without a home.
    pub config_home: Option<PathBuf>,
    /// The folder data lives in; none without a home.
    pub data_home: Option<PathBuf>,
}

impl Surroundings {
    /// Of this process.
    pub fn of_process() -> Self {
        let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        let homes = etcetera::choose_base_strategy().ok();
        Self {
            variables: std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect(),
            config_home: homes.as_ref().map(BaseStrategy::config_dir),
            data_home: homes.as_ref().map(BaseStrategy::data_dir),
        }
    }

    /// An empty variable counts as none.
    fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// Where the file is when nothing names another.
    pub fn default_file(&self) -> Option<PathBuf> {
        self.config_home.as_ref().map(|home| home.join("willcall/willcall.toml"))
    }
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nothing set it.
    Default,
    /// A place in the file; line and column from 1.
    File {
        /// Of this path.
        path: PathBuf,
        /// Line.
        line: usize,
        /// Column.
        column: usize,
    },
    /// An environment variable.
    Variable(String),
    /// A flag.
    Flag(&'static str),
}

impl Origin {
    fn layer(&self) -> u8 {
        match self {
            Self::Default => 0,
            Self::File { .. } => 1,
            Self::Variable(_) => 2,
            Self::Flag(_) => 3,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line, column } => write!(f, "{}:{line}:{column}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::Flag(flag) => write!(f, "--{flag}"),
        }
    }
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is there, or was asked for, and cannot be read.
    #[error("cannot read the configuration {path}: {error}", path = path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The file is no TOML.
    #[error("{at}: {message}")]
    NotToml {
        /// Where.
        at: Origin,
        /// What the parser says.
        message: String,
    },
    /// The file has a key nobody knows.
    #[error("{at}: unknown key `{name}`{nearest}")]
    UnknownKey {
        /// Where.
        at: Origin,
        /// As written.
        name: String,
        /// A question whether another was meant, or empty.
        nearest: String,
    },
    /// A value is not what its key wants.
    #[error("{at}: `{key}` wants {wanted}{found}")]
    WrongValue {
        /// Where.
        at: Origin,
        /// Which key.
        key: &'static str,
        /// What it wants.
        wanted: &'static str,
        /// What it has, unless it is secret.
        found: String,
    },
    /// The values do not make sense together.
    #[error("{0}")]
    Senseless(String),
}

/// Settings and how they came about.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The checked value.
    pub settings: Settings,
    /// The file that was read, or would be if it were there.
    pub file: Option<PathBuf>,
    /// Keys and colours of the dashboard as the file has them, unchecked.
    pub entries: Vec<Entry>,
    /// What should be said but stops nothing.
    pub warnings: Vec<String>,
    pub(super) draft: Draft,
    pub(super) origins: BTreeMap<&'static str, Origin>,
}

/// Reads all sources.
///
/// `file` is what `--config` names; it must be there, whereas the default file may be missing. `flags` are pairs of a
/// flag's name without dashes, as in [`Key::flag`], and its value.
///
/// # Errors
/// See [`ConfigError`].
pub fn load(surroundings: &Surroundings, file: Option<&Path>, flags: &[(&str, String)]) -> Result<Loaded, ConfigError> {
    let named = file.map(Path::to_owned).or_else(|| surroundings.variable(FILE_VARIABLE).map(PathBuf::from));
    let must_exist = named.is_some();
    let path = named.or_else(|| surroundings.default_file());
    let text = match &path {
        Some(path) => read(path, must_exist)?,
        None => None,
    };

    let data_dir = surroundings.data_home.as_ref().map(|home| home.join("willcall"));
    let user = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| surroundings.variable(name));
    let mut entries = Vec::new();
    let mut layers = Layers {
        draft: Draft::new(data_dir, user.unwrap_or("operator").to_owned()),
        origins: KEYS.iter().map(|key| (key.name, Origin::Default)).collect(),
    };
    if let (Some(path), Some(text)) = (&path, &text) {
        let parsed = file::parse(path, text)?;
        for (key, given, origin) in parsed.values {
            layers.set(key, &given, origin)?;
        }
        entries = parsed.entries;
    }
    for key in KEYS {
        let name = key.variable();
        if let Some(text) = surroundings.variable(&name) {
            layers.set(key, &Given::Plain(text.to_owned()), Origin::Variable(name))?;
        }
    }
    for (flag, text) in flags {
        if let Some((key, flag)) = KEYS.iter().find_map(|key| Some((key, key.flag.filter(|name| name == flag)?))) {
            layers.set(key, &Given::Plain(text.clone()), Origin::Flag(flag))?;
        }
    }
    layers.later_target_wins();
    let Layers { draft, origins } = layers;
    let settings = draft.clone().check().map_err(ConfigError::Senseless)?;
    Ok(Loaded { settings, file: path, entries, warnings: unknown_variables(surroundings), draft, origins })
}

fn read(path: &Path, must_exist: bool) -> Result<Option<String>, ConfigError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !must_exist => Ok(None),
        Err(error) => Err(ConfigError::Unreadable { path: path.to_owned(), error }),
    }
}

/// A warning and no error: container platforms put variables of their own under a service's name.
fn unknown_variables(surroundings: &Surroundings) -> Vec<String> {
    let known = |name: &str| name == FILE_VARIABLE || KEYS.iter().any(|key| key.variable() == name);
    surroundings
        .variables
        .keys()
        .filter(|name| name.starts_with("WILLCALL_") && !known(name))
        .map(|name| {
            let meant = keys::nearest(&name["WILLCALL_".len()..].to_ascii_lowercase());
            let question = meant.map_or(String::new(), |key| format!("; did you mean {}?", key.variable()));
            format!("the variable {} sets nothing{question}", name.escape_debug())
        })
        .collect()
}

struct Layers {
    draft: Draft,
    origins: BTreeMap<&'static str, Origin>,
}

impl Layers {
    fn set(&mut self, key: &'static Key, given: &Given, origin: Origin) -> Result<(), ConfigError> {
        if let Err(wanted) = (key.set)(&mut self.draft, given) {
            let found = match given {
                Given::Other(kind) => format!(", not a {kind}"),
                _ if key.secret => String::new(),
                Given::Plain(text) | Given::Text(text) => format!(", not {text:?}"),
                Given::Number(number) => format!(", not {number}"),
                Given::List(_) => ", not a list like this".into(),
                Given::Boolean(_) => ", not a boolean".into(),
            };
            return Err(ConfigError::WrongValue { at: origin, key: key.name, wanted, found });
        }
        self.origins.insert(key.name, origin);
        Ok(())
    }

    /// `--deliver-cmd` over a file's `deliver.to` is no contradiction: a later source replaces the target.
    fn later_target_wins(&mut self) {
        let (to, cmd) = (self.origins["deliver.to"].layer(), self.origins["deliver.cmd"].layer());
        if to < cmd {
            self.draft.deliver_to = None;
            self.origins.insert("deliver.to", Origin::Default);
        }
        if cmd < to {
            self.draft.deliver_cmd = None;
            self.origins.insert("deliver.cmd", Origin::Default);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::settings::Target;
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Surroundings {
        let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Surroundings { variables, config_home: None, data_home: Some("/home/ana/.local/share".into()) }
    }

    fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("willcall.toml");
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    #[test]
    fn what_is_late_and_who_is_called_can_be_set() {
        let read = |text: &str| {
            let (_folder, path) = file(text);
            load(&Surroundings { data_home: Some("/data".into()), ..Surroundings::default() }, Some(&path), &[])
        };
        let settings =
            read("late_after.return = \"20m\"\n[alert]\nby = \"command\"\ncommand = \"page\"").unwrap().settings;
        assert_eq!(settings.late_after.undoing.as_secs(), 1200);
        assert_eq!(settings.late_after.transfer.as_secs(), 300);
        assert_eq!(settings.alert, crate::config::Alert::Command("page".into()));
        for (text, part) in [
            ("late_after.transfer = \"0s\"", "`late_after.transfer` must be from 1s to 30days"),
            ("alert.by = \"command\"", "set `alert.command`"),
            ("alert.by = \"horn\"", "`alert.by` wants \"off\", \"bell\", \"notify\" or \"command\""),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn nothing_set_gives_the_defaults() {
        let settings = load(&with(&[("USER", "ana")]), None, &[]).unwrap().settings;
        assert_eq!(settings.listen.to_string(), "127.0.0.1:8787");
        assert_eq!(settings.data_dir, Path::new("/home/ana/.local/share/willcall"));
        assert_eq!(settings.operator, "ana");
        assert_eq!(settings.deliver.target, Target::ByHand);
        assert_eq!(settings.deliver.retry, crate::domain::retry::RetryPolicy::default());
    }

    #[test]
    fn later_sources_win_and_each_value_knows_its_own() {
        let (_folder, path) = file("listen = \"127.0.0.1:1\"\npath = \"/a\"\nbody_limit = 7");
        let variables = with(&[("WILLCALL_LISTEN", "127.0.0.1:2"), ("WILLCALL_PATH", "/b"), ("WILLCALL_OPERATOR", "")]);
        let loaded = load(&variables, Some(&path), &[("listen", "127.0.0.1:3".into())]).unwrap();
        assert_eq!(loaded.settings.listen.port(), 3);
        assert_eq!(loaded.settings.path, "/b");
        assert_eq!(loaded.settings.body_limit, 7);
        let origin = |key: &str| loaded.origins[key].to_string();
        assert_eq!(origin("listen"), "--listen");
        assert_eq!(origin("path"), "WILLCALL_PATH");
        assert_eq!(origin("body_limit"), format!("{}:3:1", path.display()));
        assert_eq!(origin("operator"), "default");
    }

    #[test]
    fn a_later_target_replaces_the_earlier_and_two_of_one_source_contradict() {
        let (_folder, path) = file("deliver.to = \"http://127.0.0.1:1/\"");
        let loaded = load(&with(&[]), Some(&path), &[("deliver-cmd", "cat".into())]).unwrap();
        assert_eq!(loaded.settings.deliver.target, Target::Command("cat".into()));
        let both = [("deliver-to", "http://127.0.0.1:1/".into()), ("deliver-cmd", "cat".into())];
        assert!(matches!(load(&with(&[]), None, &both), Err(ConfigError::Senseless(_))));
    }

    #[test]
    fn a_file_that_was_asked_for_must_be_there() {
        let missing = Path::new("/nowhere/willcall.toml");
        assert!(matches!(load(&with(&[]), Some(missing), &[]), Err(ConfigError::Unreadable { .. })));
        let variable = with(&[("WILLCALL_CONFIG", "/nowhere/willcall.toml")]);
        assert!(matches!(load(&variable, None, &[]), Err(ConfigError::Unreadable { .. })));
        let default = Surroundings { config_home: Some("/nowhere".into()), ..with(&[]) };
        assert_eq!(load(&default, None, &[]).unwrap().file, Some("/nowhere/willcall/willcall.toml".into()));
    }

    #[test]
    fn a_misspelt_variable_is_warned_of() {
        let loaded = load(&with(&[("WILLCALL_LISTN", "x")]), None, &[]).unwrap();
        assert_eq!(loaded.warnings, ["the variable WILLCALL_LISTN sets nothing; did you mean WILLCALL_LISTEN?"]);
    }

    #[test]
    fn an_error_shows_a_wrong_value_but_never_a_secret() {
        let error = |name, value| load(&with(&[(name, value)]), None, &[]).unwrap_err().to_string();
        assert_eq!(
            error("WILLCALL_HEADER_TIMEOUT", "soon"),
            "WILLCALL_HEADER_TIMEOUT: `header_timeout` wants a duration such as \"10s\" or \"1m 30s\", not \"soon\""
        );
        assert!(!error("WILLCALL_DELIVER_SECRET", "hush").contains("hush"));
        assert!(!error("WILLCALL_AUTH_BEARER_TOKENS", "hush").contains("hush"));
    }

    /// The files of `fixtures/configs`: `valid` ones load; `invalid` ones begin with `# ` and the message expected.
    #[test]
    fn the_sample_files_load_or_say_what_is_wrong() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/configs");
        let files = |name: &str| {
            let mut paths: Vec<_> =
                std::fs::read_dir(folder.join(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
            paths.sort();
            assert!(!paths.is_empty());
            paths
        };
        for path in files("valid") {
            load(&with(&[]), Some(&path), &[]).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
        for path in files("invalid") {
            let text = std::fs::read_to_string(&path).unwrap();
            let expected = text.lines().next().unwrap().trim_start_matches("# ");
            let error = load(&with(&[]), Some(&path), &[]).expect_err(&format!("{} loads", path.display()));
            let place = format!("{}:", path.display());
            assert_eq!(error.to_string().replace(&place, "willcall.toml:"), expected, "{}", path.display());
        }
    }
}
