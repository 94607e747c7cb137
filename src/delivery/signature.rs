//! Standard Webhooks: three headers from which a target knows that a call is ours, fresh and unchanged.
//!
//! Source: the specification of standardwebhooks.com, symmetric `v1`: base64 of HMAC-SHA256 over `id.timestamp.body`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::target::TargetError;
use crate::domain::Timestamp;

/// A signing key. It is never shown.
pub(super) struct Secret(Vec<u8>);

impl Secret {
    /// Reads `whsec_…`.
    pub(super) fn parse(text: &str) -> Result<Self, TargetError> {
        let encoded = text.trim().strip_prefix("whsec_").ok_or(TargetError::Secret)?;
        let key = STANDARD.decode(encoded).map_err(|_| TargetError::Secret)?;
        // The specification's limits.
        if (24..=64).contains(&key.len()) { Ok(Self(key)) } else { Err(TargetError::Secret) }
    }

    /// The headers for a call named `id` at `now`.
    pub(super) fn headers(&self, id: &str, now: Timestamp, body: &[u8]) -> [(&'static str, String); 3] {
        let timestamp = now.timestamp().to_string();
        [
            ("webhook-id", id.to_owned()),
            ("webhook-signature", format!("v1,{}", self.sign(id, &timestamp, body))),
            ("webhook-timestamp", timestamp),
        ]
    }

    fn sign(&self, id: &str, timestamp: &str, body: &[u8]) -> String {
        #[allow(clippy::expect_used)]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            mac.update(part);
        }
        STANDARD.encode(mac.finalize().into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_specification() {
        // The example of the specification's reference implementations.
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").ok().unwrap();
        let signed = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", br#"{"test": 2432232314}"#);
        assert_eq!(signed, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_in_another_form_is_refused() {
        for wrong in ["", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_", "whsec_!!", "whsec_c2hvcnQ="] {
            assert_eq!(Secret::parse(wrong).err(), Some(TargetError::Secret), "{wrong}");
        }
    }
}
