//! Body bytes -> family, action, type and data.
//!
//! Three shapes of the same thing are on record: `{"message": {family, action, type?, data}}`, the bare
//! `{family, action, data}`, and an older bare one with `metadata` beside `data` instead of inside it. An unknown family,
//! action or field is no error; only what is no JSON object with a family and an action is refused.

use serde_json::value::RawValue;

use super::ids::Digest;
use super::json::{Json, NotJson};

/// A webhook that could be read.
#[derive(Debug, Clone)]
pub struct Webhook<'a> {
    /// `listing`, `ticket`, `event`, `notifyMe`, `payouts`, or a name nobody documented.
    pub family: String,
    /// As in `ticket.updated`.
    pub action: String,
    /// The variant, where there is one: `SINGLE`, `MULTI`, `USER_TRANSFER`.
    pub kind: Option<String>,
    /// menta's own object, byte for byte: the value of `message`, or the whole body.
    pub message: &'a str,
    /// The object as a tree, for what looks at fields outside `data`.
    pub tree: Json<'a>,
    /// `data` with the `metadata` that stood beside it.
    joined: Option<Json<'a>>,
}

/// Why a body is no webhook.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAWebhook {
    /// Not JSON, not UTF-8, or nested too deeply.
    #[error(transparent)]
    Json(#[from] NotJson),
    /// JSON, but another value than an object.
    #[error("a JSON {0}, not an object")]
    NotAnObject(&'static str),
    /// `family` or `action` is absent, empty or no string.
    #[error("no `{0}`: an envelope needs `family` and `action`, in `message` or at the top")]
    Missing(&'static str),
    /// `message`, `family` or `action` is there twice.
    #[error("`{0}` is given more than once")]
    Ambiguous(&'static str),
}

impl NotAWebhook {
    /// The `code` of the answer 400.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Json(_) => "not_json",
            Self::NotAnObject(_) | Self::Missing(_) | Self::Ambiguous(_) => "not_an_envelope",
        }
    }
}

impl<'a> Webhook<'a> {
    /// Reads a body.
    ///
    /// # Errors
    /// When it is no JSON object with a family and an action.
    pub fn parse(body: &'a [u8]) -> Result<Self, NotAWebhook> {
        let text = std::str::from_utf8(body).map_err(|error| NotJson::Encoding { at: error.valid_up_to() })?;
        // A byte order mark is no JSON, but some senders' libraries write one.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let raw: &RawValue = serde_json::from_str(text).map_err(|error| NotJson::Syntax(error.to_string()))?;
        let (tree, wrapped) = Json::from_raw_with(raw, "message")?;
        if !matches!(tree, Json::Object(_)) {
            return Err(NotAWebhook::NotAnObject(tree.kind()));
        }
        once(&tree, "message")?;
        let (message, tree) = match tree.into_member("message") {
            Ok(inner @ Json::Object(_)) => (wrapped.unwrap_or(raw.get()), inner),
            Ok(_) => (raw.get(), Json::from_raw(raw)?),
            Err(tree) => (raw.get(), tree),
        };
        let family = required(&tree, "family")?;
        let action = required(&tree, "action")?;
        let kind = tree.get("type").and_then(Json::text).map(str::to_owned);
        let joined = data_with_metadata(&tree);
        Ok(Self { family, action, kind, message, tree, joined })
    }

    /// The payload; `metadata` that stood beside `data` is inside. `Null` when absent.
    pub fn data(&self) -> &Json<'a> {
        self.joined.as_ref().or_else(|| self.tree.get("data")).unwrap_or(&Json::Null)
    }

    /// Names everything that was said, whatever its spelling: two webhooks with one print are repetitions of each other.
    pub fn print(&self) -> Digest {
        Digest::of(&[self.tree.canonical_within(self.message.len()).as_bytes()])
    }
}

fn once(tree: &Json, name: &'static str) -> Result<(), NotAWebhook> {
    match tree {
        Json::Object(members) if members.iter().filter(|(key, _)| key == name).count() > 1 => {
            Err(NotAWebhook::Ambiguous(name))
        }
        _ => Ok(()),
    }
}

fn required(tree: &Json, name: &'static str) -> Result<String, NotAWebhook> {
    once(tree, name)?;
    match tree.get(name) {
        Some(Json::String(text)) if !text.trim().is_empty() => Ok(text.clone().into_owned()),
        _ => Err(NotAWebhook::Missing(name)),
    }
}

/// `None` when nothing has to be joined.
fn data_with_metadata<'t>(tree: &Json<'t>) -> Option<Json<'t>> {
    let (Some(Json::Object(members)), Some(metadata)) = (tree.get("data"), tree.get("metadata")) else { return None };
    if members.iter().any(|(name, _)| name == "metadata") {
        return None;
    }
    let joined = members.iter().cloned().chain([("metadata".into(), metadata.clone())]);
    Some(Json::Object(joined.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Webhook<'_> {
        Webhook::parse(body.as_bytes()).unwrap()
    }

    #[test]
    fn the_three_shapes_say_the_same() {
        let wrapped =
            parse(r#"{"message":{"family":"ticket","action":"ticket.updated","data":{"id":"1","metadata":{"a":1}}}}"#);
        let bare = parse(r#"{"family":"ticket","action":"ticket.updated","data":{"id":"1","metadata":{"a":1}}}"#);
        let older = parse(r#"{"family":"ticket","action":"ticket.updated","data":{"id":"1"},"metadata":{"a":1}}"#);
        assert_eq!(wrapped.data(), bare.data());
        assert_eq!(bare.data(), older.data());
        assert_eq!(wrapped.print(), bare.print());
        assert_eq!(wrapped.message, bare.message);
    }

    #[test]
    fn the_message_is_kept_byte_for_byte() {
        let body = "{\"message\" : {\"family\":\"x\", \"action\":\"y\",  \"n\": 1.50}}";
        assert_eq!(parse(body).message, "{\"family\":\"x\", \"action\":\"y\",  \"n\": 1.50}");
    }

    #[test]
    fn unknown_families_and_missing_data_are_webhooks() {
        let webhook = parse(r#"{"family":"refunds","action":"refund.made"}"#);
        assert_eq!((webhook.family.as_str(), webhook.data()), ("refunds", &Json::Null));
    }

    #[test]
    fn what_is_no_envelope_is_refused_with_its_reason() {
        let refusal = |body: &str| Webhook::parse(body.as_bytes()).unwrap_err();
        assert_eq!(refusal("[]"), NotAWebhook::NotAnObject("list"));
        assert_eq!(refusal("{}"), NotAWebhook::Missing("family"));
        assert_eq!(refusal(r#"{"family":"ticket"}"#), NotAWebhook::Missing("action"));
        assert_eq!(refusal(r#"{"family":7,"action":"x"}"#), NotAWebhook::Missing("family"));
        assert_eq!(refusal(r#"{"family":"a","family":"b","action":"x"}"#), NotAWebhook::Ambiguous("family"));
        let twice = r#"{"message":{"family":"a","action":"x"},"message":{"family":"a","action":"x"}}"#;
        assert_eq!(refusal(twice), NotAWebhook::Ambiguous("message"));
        assert_eq!(refusal("").code(), "not_json");
        assert_eq!(refusal("{}").code(), "not_an_envelope");
    }
}
