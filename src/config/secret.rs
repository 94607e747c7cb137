//! Texts that are never shown: not by `Debug`, not by `config show`, not in an error.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What stands for a secret wherever one would be shown.
pub const MASK: &str = "••••";

/// Shorter secrets can be guessed.
pub const MIN_SECRET_CHARS: usize = 16;

/// A secret text.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the one place that compares or signs with it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// The bytes of a Standard Webhooks secret: `whsec_` and 24 bytes or more in base64.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey(Vec<u8>);

impl SigningKey {
    /// Reads `whsec_…`; `None` when it is none, or is shorter than the specification allows.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.strip_prefix("whsec_")?).ok()?;
        (bytes.len() >= 24).then_some(Self(bytes))
    }

    /// The bytes, for the one place that signs or verifies with them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_show_itself() {
        let secret = Secret::new("open sesame");
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "•••• Some(••••)");
        let key = SigningKey::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        assert_eq!(format!("{key:?}"), MASK);
        assert_eq!(key.expose().len(), 24);
    }

    #[test]
    fn a_signing_key_is_long_enough_and_says_what_it_is() {
        assert_eq!(SigningKey::parse("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), None);
        assert_eq!(SigningKey::parse("whsec_c2hvcnQ="), None);
        assert_eq!(SigningKey::parse("whsec_not base64 at all, whatever its length"), None);
    }
}
