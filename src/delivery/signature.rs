//! Standard Webhooks: three headers from which a target knows that a call is ours, fresh and unchanged.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::config::secret::SigningKey;
use crate::domain::Timestamp;
use crate::domain::signature::standard_webhooks;

/// The headers for a call named `id` at `now`.
pub(super) fn headers(key: &SigningKey, id: &str, now: Timestamp, body: &[u8]) -> [(&'static str, String); 3] {
    let timestamp = now.timestamp().to_string();
    let signed = standard_webhooks(key.expose(), id.as_bytes(), timestamp.as_bytes(), body);
    [
        ("webhook-id", id.to_owned()),
        ("webhook-signature", format!("v1,{}", STANDARD.encode(signed))),
        ("webhook-timestamp", timestamp),
    ]
}
