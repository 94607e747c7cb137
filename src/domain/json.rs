//! A JSON value that keeps what was sent: the digits of every number, the order of keys, and keys given twice.
//!
//! `serde_json::Value` turns 12345678901234567890123.10 into 1.23e22 and keeps only the last of two equal keys; for
//! amounts and ids that is a loss. serde_json still proves that a text is JSON, once; what it has proved is then taken apart
//! here in one pass, which needs to know no more than where things end.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use serde::Deserialize;
use serde_json::value::RawValue;

/// Levels of nesting that are followed. The documented payloads have six.
pub const MAX_DEPTH: usize = 64;

/// A parsed value, which borrows from the text what stands there as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json<'t> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, by its text.
    Number(Cow<'t, str>),
    /// A string, unescaped. A lone surrogate, which no Rust string can hold, leaves the escaped text.
    String(Cow<'t, str>),
    /// A list.
    Array(Vec<Self>),
    /// Members in the order they were sent; a key may occur twice.
    Object(Vec<Member<'t>>),
}

/// A name and what stands under it.
pub type Member<'t> = (Cow<'t, str>, Json<'t>);

/// Why bytes are not JSON that can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotJson {
    /// The bytes are no UTF-8.
    #[error("not UTF-8 from byte {at} on")]
    Encoding {
        /// Offset of the first bad byte.
        at: usize,
    },
    /// The text breaks JSON's grammar.
    #[error("not JSON: {0}")]
    Syntax(String),
    /// More levels than [`MAX_DEPTH`].
    #[error("nested deeper than {MAX_DEPTH} levels")]
    Depth,
}

impl<'t> Json<'t> {
    /// Parses a whole body.
    ///
    /// # Errors
    /// When it is not UTF-8, not JSON, or nested deeper than [`MAX_DEPTH`].
    pub fn parse(bytes: &'t [u8]) -> Result<Self, NotJson> {
        let text = std::str::from_utf8(bytes).map_err(|error| NotJson::Encoding { at: error.valid_up_to() })?;
        let raw: &RawValue = serde_json::from_str(text).map_err(|error| NotJson::Syntax(error.to_string()))?;
        Self::from_raw(raw)
    }

    /// Takes apart what serde_json has proved to be JSON.
    pub(super) fn from_raw(raw: &'t RawValue) -> Result<Self, NotJson> {
        Proved { rest: raw.get() }.value(0)
    }

    /// The same, and the text of the member that [`Self::get`] would give for `key`.
    pub(super) fn from_raw_with(raw: &'t RawValue, key: &str) -> Result<(Self, Option<&'t str>), NotJson> {
        let (mut proved, mut found) = (Proved { rest: raw.get() }, None);
        let json = match proved.next() {
            Some(b'{') => proved.object(0, |name, text| found = if name == key { Some(text) } else { found })?,
            _ => proved.value(0)?,
        };
        Ok((json, found))
    }

    /// The same, borrowing nothing.
    pub fn into_owned(self) -> Json<'static> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        match self {
            Self::Null => Json::Null,
            Self::Bool(value) => Json::Bool(value),
            Self::Number(text) => Json::Number(owned(text)),
            Self::String(text) => Json::String(owned(text)),
            Self::Array(values) => Json::Array(values.into_iter().map(Json::into_owned).collect()),
            Self::Object(members) => {
                Json::Object(members.into_iter().map(|(name, value)| (owned(name), value.into_owned())).collect())
            }
        }
    }

    /// The last member of that name, which is the one most readers take.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The member that [`Self::get`] would give, without the rest; or all of it, when there is none.
    ///
    /// # Errors
    /// The value itself, when it has no such member.
    pub fn into_member(self, key: &str) -> Result<Self, Self> {
        match self {
            Self::Object(mut members) => match members.iter().rposition(|(name, _)| name == key) {
                Some(place) => Ok(members.swap_remove(place).1),
                None => Err(Self::Object(members)),
            },
            other => Err(other),
        }
    }

    /// The member at a path of names, as in `metadata.order.resaleId`.
    pub fn at(&self, path: &str) -> Option<&Self> {
        path.split('.').try_fold(self, |value, key| value.get(key))
    }

    /// The text of a string or the digits of a number: what an id or an address is, however it was typed. Blank is none.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::String(text) | Self::Number(text) if !text.trim().is_empty() => Some(text),
            _ => None,
        }
    }

    /// What kind of value it is, in the documentation's words.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::Array(_) => "list",
            Self::Object(_) => "object",
        }
    }

    /// The first key that some object in here has twice.
    pub fn repeated_key(&self) -> Option<&str> {
        match self {
            Self::Object(members) => {
                repeated(members).or_else(|| members.iter().find_map(|(_, value)| value.repeated_key()))
            }
            Self::Array(values) => values.iter().find_map(Self::repeated_key),
            _ => None,
        }
    }

    /// Every string and number in here, a line each: what a search looks through.
    pub fn values(&self) -> String {
        let mut out = String::new();
        self.push_values(&mut out);
        out
    }

    fn push_values(&self, out: &mut String) {
        match self {
            Self::String(text) | Self::Number(text) => {
                out.push_str(text);
                out.push('\n');
            }
            Self::Array(values) => values.iter().for_each(|value| value.push_values(out)),
            Self::Object(members) => members.iter().for_each(|(_, value)| value.push_values(out)),
            Self::Null | Self::Bool(_) => {}
        }
    }

    /// One text for all spellings of the same value: keys sorted, no blanks, `10`, `10.0` and `1e1` alike.
    pub fn canonical(&self) -> String {
        self.canonical_within(0)
    }

    /// The same, when it is likely to have no more than so many bytes.
    pub fn canonical_within(&self, bytes: usize) -> String {
        let mut out = String::with_capacity(bytes);
        self.write_canonical(&mut out);
        out
    }

    fn write_canonical(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(text) => write_canonical_number(out, text),
            Self::String(text) => write_string(out, text),
            Self::Array(values) => {
                out.push('[');
                for (index, value) in values.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    value.write_canonical(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                let mut sorted: Vec<_> = members.iter().collect();
                sorted.sort_by(|a, b| a.0.cmp(&b.0));
                out.push('{');
                for (index, (key, value)) in sorted.into_iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    write_string(out, key);
                    out.push(':');
                    value.write_canonical(out);
                }
                out.push('}');
            }
        }
    }
}

/// As it was sent, without the blanks.
impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(text) => f.write_str(text),
            Self::String(text) => {
                let mut quoted = String::new();
                write_string(&mut quoted, text);
                f.write_str(&quoted)
            }
            Self::Array(values) => {
                f.write_str("[")?;
                for (index, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", if index > 0 { "," } else { "" })?;
                }
                f.write_str("]")
            }
            Self::Object(members) => {
                f.write_str("{")?;
                for (index, (key, value)) in members.iter().enumerate() {
                    let mut quoted = String::new();
                    write_string(&mut quoted, key);
                    write!(f, "{}{quoted}:{value}", if index > 0 { "," } else { "" })?;
                }
                f.write_str("}")
            }
        }
    }
}

/// What is left of a text that is known to be JSON. On one that is not, this ends early and panics nowhere.
struct Proved<'t> {
    rest: &'t str,
}

impl<'t> Proved<'t> {
    fn value(&mut self, depth: usize) -> Result<Json<'t>, NotJson> {
        if depth > MAX_DEPTH {
            return Err(NotJson::Depth);
        }
        Ok(match self.next() {
            Some(b'{') => self.object(depth, |_, _| {})?,
            Some(b'[') => {
                let mut values = Vec::new();
                self.skip(1);
                while self.next().is_some_and(|byte| byte != b']') {
                    values.push(self.value(depth + 1)?);
                    self.skip_if(b',');
                }
                self.skip(1);
                Json::Array(values)
            }
            Some(b'"') => Json::String(unescaped(self.string())),
            _ => match self.bare() {
                "true" => Json::Bool(true),
                "false" => Json::Bool(false),
                "null" => Json::Null,
                number => Json::Number(number.into()),
            },
        })
    }

    /// An object; `see` hears of each member its name and the text of its value.
    fn object(&mut self, depth: usize, mut see: impl FnMut(&str, &'t str)) -> Result<Json<'t>, NotJson> {
        let mut members = Vec::new();
        self.skip(1);
        while self.next().is_some_and(|byte| byte != b'}') {
            let name = unescaped(self.string());
            self.skip_if(b':');
            self.next();
            let text = self.rest;
            let value = self.value(depth + 1)?;
            see(&name, &text[..text.len() - self.rest.len()]);
            members.push((name, value));
            self.skip_if(b',');
        }
        self.skip(1);
        Ok(Json::Object(members))
    }

    /// The first byte after blanks, which are passed over.
    fn next(&mut self) -> Option<u8> {
        self.rest = self.rest.trim_start_matches([' ', '\n', '\r', '\t']);
        self.rest.bytes().next()
    }

    fn skip(&mut self, count: usize) {
        self.take(count);
    }

    fn skip_if(&mut self, byte: u8) {
        if self.next() == Some(byte) {
            self.skip(1);
        }
    }

    fn take(&mut self, count: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at_checked(count).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// A string, quotes included.
    fn string(&mut self) -> &'t str {
        self.next();
        let bytes = self.rest.as_bytes();
        let mut end = 1;
        while let Some(found) = bytes.get(end..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
            if bytes[end + found] == b'"' {
                return self.take(end + found + 1);
            }
            end += found + 2;
        }
        self.take(bytes.len())
    }

    /// A number, `true`, `false` or `null`.
    fn bare(&mut self) -> &'t str {
        let end = self.rest.bytes().position(|byte| matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t'));
        // Never nothing, so that whoever asks again comes to the end.
        self.take(end.unwrap_or(self.rest.len()).max(1))
    }
}

fn repeated<'m>(members: &'m [Member<'_>]) -> Option<&'m str> {
    let names = || members.iter().map(|(name, _)| &**name);
    // As many as a documented object has need no list.
    if members.len() <= 16 && (1..members.len()).all(|place| !names().take(place).any(|name| name == members[place].0))
    {
        return None;
    }
    let mut names: Vec<&str> = names().collect();
    names.sort_unstable();
    names.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
}

fn unescaped(quoted: &str) -> Cow<'_, str> {
    if let Some(plain) = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'))
        && !plain.contains('\\')
    {
        return plain.into();
    }
    String::deserialize(&mut serde_json::Deserializer::from_str(quoted))
        .map_or_else(|_| quoted.trim_matches('"').into(), Cow::Owned)
}

fn write_string(out: &mut String, text: &str) {
    // Looks at every byte: that takes sixteen at a time, stopping at the first would not.
    if !text.bytes().fold(false, |any, byte| any | (byte < 0x20) | (byte == b'"') | (byte == b'\\')) {
        out.push('"');
        out.push_str(text);
        out.push('"');
        return;
    }
    // Writing a &str into JSON has no failing case.
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}

/// Digits without leading or trailing zeros, and a power of ten.
fn write_canonical_number(out: &mut String, text: &str) {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text),
    };
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let Ok(exponent) = exponent.parse::<i64>() else {
        return out.push_str(text);
    };
    let whole = whole.trim_start_matches('0');
    let leading = if whole.is_empty() { fraction.len() - fraction.trim_start_matches('0').len() } else { 0 };
    let begin = out.len();
    out.extend([sign, whole, &fraction[leading..]]);
    let significant = out.len();
    out.truncate(out.trim_end_matches('0').len().max(begin + sign.len()));
    if out.len() == begin + sign.len() {
        out.truncate(begin);
        return out.push('0');
    }
    let power = exponent.saturating_sub(fraction.len() as i64).saturating_add((significant - out.len()) as i64);
    // Writing into a String has no failing case.
    let _ = write!(out, "e{power}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn digits_key_order_and_repeated_keys_survive() {
        let text = r#"{"b":12345678901234567890123.10,"a":[1e3,true,null],"b":"x"}"#;
        let json = Json::parse(text.as_bytes()).unwrap();
        assert_eq!(json.to_string(), text);
        assert_eq!(json.repeated_key(), Some("b"));
        assert_eq!(json.get("b"), Some(&Json::String("x".into())));
    }

    #[test]
    fn spelling_does_not_change_the_canonical_text() {
        let same = |a: &str, b: &str| {
            assert_eq!(Json::parse(a.as_bytes()).unwrap().canonical(), Json::parse(b.as_bytes()).unwrap().canonical());
        };
        same(r#"{"a":1,"b":[2]}"#, r#" { "b" : [ 2 ], "a" : 1 } "#);
        same("[10, 57.50, -0.0, 1.5e3]", "[1e1, 57.5, 0, 1500]");
        same(r#""A""#, r#""A""#);
        same("[0.0010, 0, 0e5, -0]", "[1e-3, 0.0, 0, 0.00]");
        let canonical = |text: &str| Json::Number(text.into()).canonical();
        assert_eq!(["10", "-0.050", "1200e-2", "7"].map(canonical), ["1e1", "-5e-2", "12e0", "7e0"]);
        assert_ne!(canonical("10"), canonical("100"));
        assert_ne!(canonical("9007199254740993"), canonical("9007199254740992"));
    }

    #[test]
    fn values_are_what_is_said_without_the_names() {
        let json = Json::parse(r#"{"reversal":false,"name":"Jos\u00e9","n":[1.50,{"deep":"x"}]}"#.as_bytes()).unwrap();
        assert_eq!(json.values(), "José\n1.50\nx\n");
    }

    #[test]
    fn what_is_not_json_is_named() {
        assert_eq!(Json::parse(b"{\"a\":\"\xff\"}"), Err(NotJson::Encoding { at: 6 }));
        assert!(matches!(Json::parse(b"{"), Err(NotJson::Syntax(_))));
        assert!(matches!(Json::parse(b"{} x"), Err(NotJson::Syntax(_))));
        let deep = "[".repeat(5000) + &"]".repeat(5000);
        assert_eq!(Json::parse(deep.as_bytes()), Err(NotJson::Depth));
    }

    #[test]
    fn a_lone_surrogate_is_kept_escaped() {
        let json = Json::parse(br#"{"name":"\ud800"}"#).unwrap();
        assert_eq!(json.get("name"), Some(&Json::String(r"\ud800".into())));
    }

    #[test]
    fn what_is_not_proved_ends_all_the_same() {
        for text in ["", "{", "[", "\"", "\"\\", "{\"a\"", "[1,,}", "é", "{é:", "[\"é\\", "}", ":"] {
            let _ = Proved { rest: text }.value(0);
        }
    }

    proptest! {
        #[test]
        fn taking_apart_agrees_with_serde_json(depth in 0..3_usize, texts in prop::collection::vec("\\PC{0,9}|[\\\\\"\n]{0,5}", 1..6)) {
            let members = texts.iter().map(|text| (text.clone(), serde_json::json!([text, null, true, -1.5e3])));
            let mut value = serde_json::Value::Object(members.collect());
            for _ in 0..depth {
                value = serde_json::json!({"in": [value, {}, []]});
            }
            for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
                let json = Json::parse(text.as_bytes()).unwrap();
                prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&json.to_string()).unwrap(), value.clone());
            }
        }

        #[test]
        fn parsing_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Json::parse(&bytes);
        }

        #[test]
        fn what_is_shown_parses_to_itself(text in "\\PC{0,40}", number in any::<f64>()) {
            let value = Json::Object(vec![(text.as_str().into(), Json::String(text.as_str().into()))]);
            let written = value.to_string();
            prop_assert_eq!(Json::parse(written.as_bytes()), Ok(value));
            if number.is_finite() {
                let shown = serde_json::to_string(&number).unwrap();
                prop_assert_eq!(Json::parse(shown.as_bytes()).unwrap().to_string(), shown);
            }
        }
    }
}
