//! Tables of the file whose names belong to the dashboard: which action has which keys, which part has which colour. They
//! are kept as they were written, each with its place; the dashboard, which knows the names, checks them.

use super::load::Origin;
use super::value::{Given, quoted};

/// The table of keys: action = key or keys.
pub const KEYS_TABLE: &str = "keys";

/// The table of colours: part = colour.
pub const COLOURS_TABLE: &str = "theme.colors";

/// Every such table.
pub const TABLES: [&str; 2] = [KEYS_TABLE, COLOURS_TABLE];

/// A line of such a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// One of [`TABLES`].
    pub table: &'static str,
    /// As written.
    pub name: String,
    /// As written.
    pub given: Given,
    /// Where.
    pub at: Origin,
}

impl Entry {
    /// The texts that were given: one, or a list; none where it is neither.
    pub fn texts(&self) -> Option<Vec<&str>> {
        match &self.given {
            Given::Text(text) | Given::Plain(text) => Some(vec![text]),
            Given::List(texts) => Some(texts.iter().map(String::as_str).collect()),
            Given::Number(_) | Given::Boolean(_) | Given::Other(_) => None,
        }
    }
}

/// Splits the dotted name of a key into such a table and the name in it.
pub(super) fn split(name: &str) -> Option<(&'static str, &str)> {
    TABLES.iter().find_map(|table| Some((*table, name.strip_prefix(table)?.strip_prefix('.')?)))
}

/// Texts as a list in TOML.
pub fn list<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    format!("[{}]", texts.map(quoted).collect::<Vec<_>>().join(", "))
}
