//! The flags of the table of keys: a key with a flag there is a flag here, with its help.

use std::path::PathBuf;

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use crate::config::keys::{KEYS, Key};
use crate::config::{Loaded, Settings, Surroundings, load};

use super::CliError;
use super::dashboard::preferences;

/// The one key that every verb needs; the other flags are for those that serve.
const DATA_DIR: &str = "data_dir";

/// The one flag that is for the dashboard alone.
pub(super) const READ_ONLY: &str = "read-only";

/// In the help they stand apart from a verb's own options.
const HEADING: &str = "Settings";

/// Where settings and data are.
#[derive(Debug, Clone, Default, Args)]
pub struct Place {
    /// Configuration file instead of the one `willcall config path` names
    #[arg(long, global = true, value_name = "FILE", help_heading = HEADING)]
    pub config: Option<PathBuf>,
    #[command(flatten)]
    data_dir: DataDir,
}

impl Place {
    /// All settings.
    ///
    /// # Errors
    /// When a source of them is wrong.
    pub fn load(&self, serving: &Serving) -> Result<Loaded, CliError> {
        let flags: Vec<(&str, String)> = self.data_dir.0.iter().chain(&serving.0).cloned().collect();
        let loaded = load(&Surroundings::of_process(), self.config.as_deref(), &flags)?;
        // A wrong line in the file is said by whichever verb reads it first.
        preferences(&loaded)?;
        Ok(loaded)
    }

    /// The settings of a verb that does not serve.
    ///
    /// # Errors
    /// As [`Place::load`].
    pub fn settings(&self) -> Result<Settings, CliError> {
        Ok(self.load(&Serving::default())?.settings)
    }
}

/// Flags of a process that listens and delivers: name and value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Serving(Vec<(&'static str, String)>);

impl Serving {
    /// None was given.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// These, and `later` over them.
    #[must_use]
    pub fn or(mut self, later: Self) -> Self {
        self.0.extend(later.0);
        self
    }

    /// This flag was given.
    pub fn has(&self, flag: &str) -> bool {
        self.0.iter().any(|(one, _)| *one == flag)
    }

    /// Name, without dashes, and value of each.
    pub fn pairs(&self) -> &[(&'static str, String)] {
        &self.0
    }
}

#[derive(Debug, Clone, Default)]
struct DataDir(Vec<(&'static str, String)>);

fn flags(wanted: fn(&Key) -> bool) -> impl Iterator<Item = (&'static Key, &'static str)> {
    KEYS.iter().filter(move |key| wanted(key)).filter_map(|key| Some((key, key.flag?)))
}

fn is_place(key: &Key) -> bool {
    key.name == DATA_DIR
}

fn is_serving(key: &Key) -> bool {
    key.name != DATA_DIR
}

fn argument(key: &'static Key, flag: &'static str) -> Arg {
    let value = match flag {
        "listen" => "ADDR",
        "path" => "PATH",
        "data-dir" => "DIR",
        "deliver-to" => "URL",
        "deliver-cmd" => "CMD",
        "log-format" => "FORMAT",
        READ_ONLY => "BOOL",
        _ => "VALUE",
    };
    let help = key.help.trim_end_matches('.');
    let argument = Arg::new(flag).long(flag).value_name(value).help(help).help_heading(HEADING);
    let argument = argument.hide(key.hidden).global(is_place(key));
    // A switch; with `=false` it takes back what the file says.
    if flag == READ_ONLY {
        argument.num_args(0..=1).require_equals(true).default_missing_value("true")
    } else {
        argument
    }
}

fn given(matches: &ArgMatches, wanted: fn(&Key) -> bool) -> Vec<(&'static str, String)> {
    flags(wanted).filter_map(|(_, flag)| Some((flag, matches.get_one::<String>(flag)?.clone()))).collect()
}

macro_rules! from_the_table {
    ($name:ident, $wanted:ident) => {
        impl FromArgMatches for $name {
            fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
                Ok(Self(given(matches, $wanted)))
            }

            fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
                self.0.extend(given(matches, $wanted));
                Ok(())
            }
        }

        impl Args for $name {
            fn augment_args(command: Command) -> Command {
                command.args(flags($wanted).map(|(key, flag)| argument(key, flag)))
            }

            fn augment_args_for_update(command: Command) -> Command {
                Self::augment_args(command)
            }
        }
    };
}

from_the_table!(Serving, is_serving);
from_the_table!(DataDir, is_place);
