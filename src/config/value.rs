//! One setting <-> its text. Knows no key and no source.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::alert::AlertBy;
use super::secret::{MASK, Secret, SigningKey};
use super::settings::{Encoding, LogFormat, Require, ThemeName};
use crate::domain::Timestamp;

/// What a source gave for a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// A variable or flag: a text that stands for whatever the key wants; a list is separated by commas.
    Plain(String),
    /// A text in the file.
    Text(String),
    /// A whole number in the file.
    Number(u64),
    /// A list of texts in the file.
    List(Vec<String>),
    /// `true` or `false` in the file.
    Boolean(bool),
    /// Anything else in the file, by its TOML name.
    Other(&'static str),
}

/// A sentence part that says what a key wants, as in `a size in bytes, such as 262144`.
pub type Wanted = &'static str;

/// A type a key can have.
pub trait Value: Sized {
    /// Reads what was given.
    ///
    /// # Errors
    /// What is wanted instead.
    fn read(given: &Given) -> Result<Self, Wanted>;

    /// As TOML, secrets masked; `None` when it is not set.
    fn write(&self) -> Option<String>;
}

/// `text` as a TOML string.
pub fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn text_of(given: &Given) -> Option<&str> {
    match given {
        Given::Plain(text) | Given::Text(text) => Some(text),
        _ => None,
    }
}

fn list_of(given: &Given) -> Option<Vec<String>> {
    match given {
        Given::List(texts) => Some(texts.clone()),
        Given::Plain(text) => {
            Some(text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect())
        }
        _ => None,
    }
}

fn number_of(given: &Given) -> Option<u64> {
    match given {
        Given::Number(number) => Some(*number),
        Given::Plain(text) => text.parse().ok(),
        _ => None,
    }
}

fn write_list(texts: impl Iterator<Item = String>) -> Option<String> {
    let texts: Vec<String> = texts.collect();
    (!texts.is_empty()).then(|| format!("[{}]", texts.join(", ")))
}

impl Value for String {
    fn read(given: &Given) -> Result<Self, Wanted> {
        text_of(given).map(str::to_owned).ok_or("a text")
    }

    fn write(&self) -> Option<String> {
        Some(quoted(self))
    }
}

impl Value for PathBuf {
    fn read(given: &Given) -> Result<Self, Wanted> {
        text_of(given).filter(|text| !text.is_empty()).map(Self::from).ok_or("a path")
    }

    fn write(&self) -> Option<String> {
        Some(quoted(&self.to_string_lossy()))
    }
}

impl Value for SocketAddr {
    fn read(given: &Given) -> Result<Self, Wanted> {
        const WANTED: Wanted = "an address and a port, such as \"127.0.0.1:8787\"";
        let text = text_of(given).ok_or(WANTED)?;
        match text.strip_prefix("localhost:") {
            Some(port) => format!("127.0.0.1:{port}").parse(),
            None => text.parse(),
        }
        .map_err(|_| WANTED)
    }

    fn write(&self) -> Option<String> {
        Some(quoted(&self.to_string()))
    }
}

impl Value for Duration {
    fn read(given: &Given) -> Result<Self, Wanted> {
        const WANTED: Wanted = "a duration such as \"10s\" or \"1m 30s\"";
        humantime::parse_duration(text_of(given).ok_or(WANTED)?).map_err(|_| WANTED)
    }

    fn write(&self) -> Option<String> {
        Some(quoted(&humantime::format_duration(*self).to_string()))
    }
}

impl Value for Vec<Duration> {
    fn read(given: &Given) -> Result<Self, Wanted> {
        const WANTED: Wanted = "a list of durations such as [\"5s\", \"30s\", \"2m\"]";
        list_of(given).ok_or(WANTED)?.iter().map(|text| humantime::parse_duration(text).map_err(|_| WANTED)).collect()
    }

    fn write(&self) -> Option<String> {
        let texts: Vec<String> = self.iter().filter_map(Value::write).collect();
        Some(format!("[{}]", texts.join(", ")))
    }
}

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(pub u64);

impl Value for Size {
    fn read(given: &Given) -> Result<Self, Wanted> {
        const WANTED: Wanted = "a number of bytes, such as 262144, \"256KiB\" or \"1GiB\"";
        if let Some(number) = number_of(given) {
            return Ok(Self(number));
        }
        let text = text_of(given).ok_or(WANTED)?;
        [("KiB", 10), ("MiB", 20), ("GiB", 30)]
            .into_iter()
            .find_map(|(unit, shift)| Some((text.strip_suffix(unit)?.trim_end().parse::<u64>().ok()?, shift)))
            .and_then(|(count, shift)| count.checked_mul(1 << shift))
            .map(Self)
            .ok_or(WANTED)
    }

    fn write(&self) -> Option<String> {
        Some(self.0.to_string())
    }
}

impl Value for u16 {
    fn read(given: &Given) -> Result<Self, Wanted> {
        number_of(given).and_then(|number| Self::try_from(number).ok()).ok_or("a whole number")
    }

    fn write(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl Value for bool {
    fn read(given: &Given) -> Result<Self, Wanted> {
        match given {
            Given::Boolean(value) => Ok(*value),
            Given::Plain(text) => text.parse().map_err(|_| "true or false"),
            _ => Err("true or false"),
        }
    }

    fn write(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl Value for Secret {
    fn read(given: &Given) -> Result<Self, Wanted> {
        text_of(given).map(Self::new).ok_or("a text")
    }

    fn write(&self) -> Option<String> {
        Some(quoted(MASK))
    }
}

impl Value for Vec<Secret> {
    fn read(given: &Given) -> Result<Self, Wanted> {
        Ok(list_of(given).ok_or("a list of texts, such as [\"…\"]")?.into_iter().map(Secret::new).collect())
    }

    fn write(&self) -> Option<String> {
        write_list(self.iter().filter_map(Value::write))
    }
}

impl Value for SigningKey {
    fn read(given: &Given) -> Result<Self, Wanted> {
        text_of(given).and_then(Self::parse).ok_or("a Standard Webhooks secret: whsec_ and 24 bytes or more in base64")
    }

    fn write(&self) -> Option<String> {
        Some(quoted(MASK))
    }
}

impl Value for Vec<SigningKey> {
    fn read(given: &Given) -> Result<Self, Wanted> {
        const WANTED: Wanted = "a list of Standard Webhooks secrets: each whsec_ and 24 bytes or more in base64";
        list_of(given).ok_or(WANTED)?.iter().map(|text| SigningKey::parse(text).ok_or(WANTED)).collect()
    }

    fn write(&self) -> Option<String> {
        write_list(self.iter().filter_map(Value::write))
    }
}

impl Value for Timestamp {
    fn read(given: &Given) -> Result<Self, Wanted> {
        const WANTED: Wanted = "a moment such as \"2026-11-21T09:30:00Z\"";
        let moment = chrono::DateTime::parse_from_rfc3339(text_of(given).ok_or(WANTED)?).map_err(|_| WANTED)?;
        Ok(moment.to_utc())
    }

    fn write(&self) -> Option<String> {
        Some(quoted(&self.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)))
    }
}

impl<T: Value> Value for Option<T> {
    fn read(given: &Given) -> Result<Self, Wanted> {
        T::read(given).map(Some)
    }

    fn write(&self) -> Option<String> {
        self.as_ref().and_then(Value::write)
    }
}

/// A [`Value`] that is one of a few words.
macro_rules! words {
    ($type:ty, $wanted:literal, $($word:literal => $variant:path),+) => {
        impl Value for $type {
            fn read(given: &Given) -> Result<Self, Wanted> {
                match text_of(given) {
                    $(Some($word) => Ok($variant),)+
                    _ => Err($wanted),
                }
            }

            fn write(&self) -> Option<String> {
                Some(quoted(match self {
                    $($variant => $word,)+
                }))
            }
        }
    };
}

words!(LogFormat, "\"text\" or \"json\"", "text" => LogFormat::Text, "json" => LogFormat::Json);
words!(Encoding, "\"hex\" or \"base64\"", "hex" => Encoding::Hex, "base64" => Encoding::Base64);
words!(
    ThemeName,
    "\"auto\", \"dark\", \"light\", \"high-contrast\" or \"monochrome\"",
    "auto" => ThemeName::Auto,
    "dark" => ThemeName::Dark,
    "light" => ThemeName::Light,
    "high-contrast" => ThemeName::HighContrast,
    "monochrome" => ThemeName::Monochrome
);
words!(
    AlertBy,
    "\"off\", \"bell\", \"notify\" or \"command\"",
    "off" => AlertBy::Off,
    "bell" => AlertBy::Bell,
    "notify" => AlertBy::Notify,
    "command" => AlertBy::Command
);
words!(Require, "\"all\" or \"any\"", "all" => Require::All, "any" => Require::Any);

#[cfg(test)]
mod tests {
    use super::*;

    fn plain<T: Value>(text: &str) -> Result<T, Wanted> {
        T::read(&Given::Plain(text.into()))
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!(plain("262144"), Ok(Size(262_144)));
        assert_eq!(plain("256KiB"), Ok(Size(262_144)));
        assert_eq!(Size::read(&Given::Text("2 MiB".into())), Ok(Size(2 << 20)));
        for wrong in ["", "-1", "1.5MiB", "256KB", "99999999999GiB"] {
            assert!(plain::<Size>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_variable_holds_a_list_between_commas_and_a_file_does_not() {
        let secrets: Vec<Secret> = plain("one, two,").unwrap();
        assert_eq!(secrets, [Secret::new("one"), Secret::new("two")]);
        assert!(Vec::<Secret>::read(&Given::Text("one, two".into())).is_err());
    }

    #[test]
    fn what_is_written_reads_back() {
        fn back<T: Value + PartialEq + std::fmt::Debug>(value: &T) {
            let document = format!("key = {}", value.write().unwrap());
            let (_, given, _) = super::super::file::parse_values(&document).unwrap().remove(0);
            assert_eq!(&T::read(&given).unwrap(), value);
        }
        back(&String::from("a \"quoted\" \u{1b} text"));
        back(&Duration::from_secs(90));
        back(&vec![Duration::from_secs(5), Duration::from_secs(28_800)]);
        back(&Size(1 << 30));
        back(&SocketAddr::from(([127, 0, 0, 1], 8787)));
        back(&Encoding::Base64);
        back(&ThemeName::HighContrast);
        back(&true);
        back(&Timestamp::UNIX_EPOCH);
    }
}
