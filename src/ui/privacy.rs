//! Personal data on the screen: masked until somebody has it revealed, which is on record.

use crate::domain::ids::{DeliveryId, Person};
use crate::domain::json::Json;
use crate::domain::personal::{self, Personal};

/// Digits in a row that may be a phone, an identity number or an account.
const MANY_DIGITS: usize = 7;

/// Whether personal data may be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Privacy {
    /// Masked.
    #[default]
    Masked,
    /// Visible, by a reveal that is on record.
    Revealed,
}

impl Privacy {
    /// An address.
    pub fn person(self, person: &Person) -> String {
        match self {
            Self::Masked => personal::address(person.as_str().trim()),
            Self::Revealed => person.as_str().to_owned(),
        }
    }

    /// An address, or `?` where there is none.
    pub fn someone(self, person: Option<&Person>) -> String {
        person.map_or_else(|| "?".to_owned(), |person| self.person(person))
    }

    /// A payload.
    pub fn json(self, json: &Json) -> Json {
        match self {
            Self::Masked => personal::masked(json),
            Self::Revealed => json.clone(),
        }
    }

    /// A text of unknown form, in which addresses and numbers of persons may occur.
    pub fn text(self, text: &str) -> String {
        match self {
            Self::Masked => words(text, |word| {
                let digits = word.chars().filter(char::is_ascii_digit).count();
                if word.contains('@') {
                    Some(personal::address(word))
                } else if digits >= MANY_DIGITS && !our_own(word) {
                    Some(personal::mask(Personal::Number, word))
                } else {
                    None
                }
            }),
            Self::Revealed => text.to_owned(),
        }
    }

    /// A foreign body, whatever its form.
    pub fn bytes(self, body: &[u8]) -> String {
        match (self, Json::parse(body)) {
            (Self::Masked, Ok(json)) => personal::masked(&json).to_string(),
            (Self::Masked, Err(_)) => self.text(&broken_json(&String::from_utf8_lossy(body))),
            (Self::Revealed, _) => String::from_utf8_lossy(body).into_owned(),
        }
    }
}

/// Masks what follows a personal field's name in a text that looks like JSON but is not.
fn broken_json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut personal = None;
    let mut rest = text;
    while let Some(start) = rest.find('"') {
        let between = &rest[..start];
        // A value without quotes, as a number, stands before the next quote.
        match personal.filter(|_| between.chars().any(char::is_alphanumeric)) {
            Some(_) => out.push_str(" •••• "),
            None => out.push_str(between),
        }
        let after = &rest[start + 1..];
        let end = closing_quote(after);
        let quoted = &after[..end];
        rest = after.get(end + 1..).unwrap_or_default();
        let is_key = rest.trim_start().starts_with(':');
        let shown = match personal.filter(|_| !is_key) {
            Some(sort) => personal::mask(sort, quoted),
            None => quoted.to_owned(),
        };
        out.push_str(&format!("\"{shown}\""));
        personal = if is_key { personal::field(quoted) } else { None };
    }
    match personal {
        Some(_) => out.push_str(": ••••"),
        None => out.push_str(rest),
    }
    out
}

/// Where a quoted text ends: at its closing quote, or at the end of what there is.
fn closing_quote(text: &str) -> usize {
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        match character {
            '"' if !escaped => return at,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// Delivery ids and idempotency keys are this program's, nobody's phone.
fn our_own(word: &str) -> bool {
    word.starts_with("wc-") || word.starts_with("d-") && word.trim_end_matches('.').parse::<DeliveryId>().is_ok()
}

/// `text` with words replaced; what no address or number can contain parts words.
fn words(text: &str, replaced: impl Fn(&str) -> Option<String>) -> String {
    let part = |character: char| {
        character.is_alphanumeric()
            || matches!(character, '@' | '.' | '_' | '+' | '-' | '%' | '~' | '!' | '#' | '$' | '&' | '*' | '\'' | '|')
    };
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    for character in text.chars().chain(std::iter::once('\n')) {
        if part(character) {
            word.push(character);
            continue;
        }
        match replaced(&word) {
            Some(masked) => out.push_str(&masked),
            None => out.push_str(&word),
        }
        word.clear();
        out.push(character);
    }
    out.pop();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_numbers_are_masked_in_any_text() {
        let text = "refused: joe@gmail.com (+5491155501234) is unknown\nas is <ana+x@y.org>";
        let masked = Privacy::Masked.text(text);
        assert_eq!(masked, "refused: j•••@gmail.com (••••34) is unknown\nas is <a•••@y.org>");
        assert_eq!(Privacy::Masked.text("behind d-12345678"), "behind d-12345678");
        assert_eq!(Privacy::Revealed.text(text), text);
    }

    #[test]
    fn a_body_is_masked_even_when_it_is_broken() {
        let whole = r#"{"fullName":"Susana Kann","bank_account":"0140270000","n":1}"#;
        for end in 0..=whole.len() {
            let masked = Privacy::Masked.bytes(&whole.as_bytes()[..end]);
            assert!(!masked.contains("Kann") && !masked.contains("0140270"), "{end}: {masked}");
        }
        let broken = r#"{"fullName": "Susana Kann" "identification": 12345, "x": "y"#;
        assert_eq!(
            Privacy::Masked.bytes(broken.as_bytes()),
            r#"{"fullName": "S••• K•••" "identification" •••• "x": "y""#
        );
    }
}
