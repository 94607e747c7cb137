//! SETTINGS. File, environment and flags into one checked value.
//!
//! Later wins: defaults < file < environment < flags. One table, `keys`, names every key once; reading the file, the
//! variables and the flags, `config show` and the README's reference all go through it.
//!
//! | file | idea |
//! | --- | --- |
//! | `clock` | what time it is |
//! | `alert` | how staff are called |
//! | `secret` | texts that are never shown |
//! | `value` | one setting <-> its text |
//! | `draft` | what was set, key by key, not yet checked |
//! | `keys` | the table of keys |
//! | `file` | `willcall.toml` -> keys and values with their places |
//! | `entry` | what only the dashboard can check: keys and colours |
//! | `settings` | the checked value the rest of the program gets |
//! | `load` | all sources, in their order |
//! | `show` | `config show` and the reference |

pub mod alert;
pub mod clock;
pub mod secret;
pub mod value;

pub mod draft;
pub mod entry;
pub mod keys;

pub mod file;
pub mod settings;

pub mod load;
pub mod show;

pub use alert::Alert;
pub use clock::Clock;
pub use entry::Entry;
pub use load::{ConfigError, Loaded, Origin, Surroundings, load};
pub use secret::{Secret, SigningKey};
pub use settings::{Auth, Deliver, Encoding, LogFormat, Method, Require, Retention, Settings, Target, ThemeName};
