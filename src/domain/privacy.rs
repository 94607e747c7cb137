//! Whether personal data may be seen by whoever reads: masked until somebody has it revealed, which is on record.

use super::ids::Person;
use super::json::Json;
use super::personal;

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
        match (self, person.address()) {
            (_, None) => person.to_string(),
            (Self::Masked, Some(address)) => personal::address(address.trim()),
            (Self::Revealed, Some(address)) => address.to_owned(),
        }
    }

    /// An address, or `?` where there is none.
    pub fn someone(self, person: Option<&Person>) -> String {
        person.map_or_else(|| "?".to_owned(), |person| self.person(person))
    }

    /// A payload.
    pub fn json<'t>(self, json: &Json<'t>) -> Json<'t> {
        match self {
            Self::Masked => personal::masked(json),
            Self::Revealed => json.clone(),
        }
    }

    /// A text of unknown form, in which addresses and numbers of persons may occur.
    pub fn text(self, text: &str) -> String {
        match self {
            Self::Masked => personal::text(text),
            Self::Revealed => text.to_owned(),
        }
    }

    /// A foreign body, whatever its form.
    pub fn bytes(self, body: &[u8]) -> String {
        match self {
            Self::Masked => personal::body(body),
            Self::Revealed => String::from_utf8_lossy(body).into_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_revealed_is_as_it_was_sent() {
        let said = r#"{"email":"joe@gmail.com"}"#;
        assert_eq!(
            (Privacy::Revealed.text(said), Privacy::Revealed.bytes(said.as_bytes())),
            (said.into(), said.into())
        );
        assert!(!Privacy::Masked.text(said).contains("joe") && !Privacy::Masked.bytes(said.as_bytes()).contains("joe"));
    }
}
