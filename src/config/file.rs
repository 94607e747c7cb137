//! `willcall.toml` -> keys and values with their places. Knows TOML, and no key but by the table.

use std::ops::Range;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::entry::{self, Entry, TABLES};
use super::keys::{self, KEYS, Key};
use super::load::{ConfigError, Origin};
use super::value::Given;

/// What a file says.
#[derive(Debug, Default)]
pub struct Parsed {
    /// Values of keys, in its order.
    pub values: Vec<(&'static Key, Given, Origin)>,
    /// What the dashboard checks, in its order.
    pub entries: Vec<Entry>,
}

/// What a file's text says.
///
/// # Errors
/// When it is no TOML, or has a key nobody knows.
pub fn parse(path: &Path, text: &str) -> Result<Parsed, ConfigError> {
    let place = |span: Range<usize>| {
        let (line, column) = line_and_column(text, span.start);
        Origin::File { path: path.to_owned(), line, column }
    };
    let values = parse_values(text).map_err(|error| ConfigError::NotToml {
        at: place(error.span().unwrap_or_default()),
        message: error.message().lines().collect::<Vec<_>>().join(", "),
    })?;
    let mut parsed = Parsed::default();
    for (name, given, span) in values {
        let at = place(span);
        match (keys::find(&name), entry::split(&name)) {
            (Some(key), _) => parsed.values.push((key, given, at)),
            (None, Some((table, name))) => parsed.entries.push(Entry { table, name: name.to_owned(), given, at }),
            (None, None) => {
                return Err(ConfigError::UnknownKey {
                    at,
                    nearest: keys::nearest(&name)
                        .map_or(String::new(), |key| format!("; did you mean `{}`?", key.name)),
                    name: name.escape_debug().to_string(),
                });
            }
        }
    }
    Ok(parsed)
}

pub(super) fn parse_values(text: &str) -> Result<Vec<(String, Given, Range<usize>)>, toml::de::Error> {
    let table = DeTable::parse(text)?;
    let mut values = Vec::new();
    collect("", table.get_ref(), &mut values);
    values.sort_by_key(|(_, _, span)| span.start);
    Ok(values)
}

fn collect(prefix: &str, table: &DeTable<'_>, values: &mut Vec<(String, Given, Range<usize>)>) {
    for (key, value) in table {
        let name = format!("{prefix}{}", key.get_ref());
        match value.get_ref() {
            DeValue::Table(inner) if is_table(&name) => {
                collect(&format!("{name}."), inner, values);
            }
            other => values.push((name, given(other), key.span())),
        }
    }
}

fn is_table(name: &str) -> bool {
    let inside = format!("{name}.");
    TABLES.contains(&name) || KEYS.iter().map(|key| key.name).chain(TABLES).any(|key| key.starts_with(&inside))
}

fn given(value: &DeValue<'_>) -> Given {
    match value {
        DeValue::String(text) => Given::Text(text.to_string()),
        DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix())
            .map_or(Given::Other("number of that size"), Given::Number),
        DeValue::Array(items) => items
            .iter()
            .map(|item| item.get_ref().as_str().map(str::to_owned))
            .collect::<Option<Vec<_>>>()
            .map_or(Given::Other("list of that kind"), Given::List),
        DeValue::Float(_) => Given::Other("decimal number"),
        DeValue::Boolean(value) => Given::Boolean(*value),
        DeValue::Datetime(_) => Given::Other("date (put it in quotes)"),
        DeValue::Table(_) => Given::Other("table"),
    }
}

/// Both from 1; columns count characters.
fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters() {
        assert_eq!(line_and_column("a = 1\nü = 2", 6), (2, 1));
        assert_eq!(line_and_column("a = 1\nü = 2", 8), (2, 2));
    }

    #[test]
    fn tables_become_dotted_names_whatever_their_spelling() {
        let names = |text| parse_values(text).unwrap().into_iter().map(|(name, ..)| name).collect::<Vec<_>>();
        assert_eq!(names("[deliver]\nto = \"x\""), ["deliver.to"]);
        assert_eq!(names("deliver.to = \"x\""), ["deliver.to"]);
        assert_eq!(names("auth = { hmac = { header = \"x\" } }"), ["auth.hmac.header"]);
        assert_eq!(
            names("theme = { name = \"dark\", colors = { failed = \"red\" } }"),
            ["theme.name", "theme.colors.failed"]
        );
        assert_eq!(names("[colours]\nto = \"x\""), ["colours"]);
    }
}
