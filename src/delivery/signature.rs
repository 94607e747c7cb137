//! Standard Webhooks: three headers from which a target knows that a call is ours, fresh and unchanged.
//!
//! Source: the specification of standardwebhooks.com, symmetric `v1`: base64 of HMAC-SHA256 over `id.timestamp.body`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::config::secret::SigningKey;
use crate::domain::Timestamp;

/// The headers for a call named `id` at `now`.
pub(super) fn headers(key: &SigningKey, id: &str, now: Timestamp, body: &[u8]) -> [(&'static str, String); 3] {
    let timestamp = now.timestamp().to_string();
    [
        ("webhook-id", id.to_owned()),
        ("webhook-signature", format!("v1,{}", sign(key, id, &timestamp, body))),
        ("webhook-timestamp", timestamp),
    ]
}

fn sign(key: &SigningKey, id: &str, timestamp: &str, body: &[u8]) -> String {
    #[allow(clippy::expect_used)]
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose()).expect("HMAC takes a key of any length");
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_specification() {
        // The example of the specification's reference implementations.
        let key = SigningKey::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed = sign(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", br#"{"test": 2432232314}"#);
        assert_eq!(signed, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
