//! Whether a request is from who it should be. Pure: settings, path, headers, body and the present come in.
//!
//! Every secret that is set up is tried, and each comparison takes the same time wherever the difference is.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use subtle::{Choice, ConstantTimeEq};

use crate::config::{Auth, Encoding, Method, Require, Secret};
use crate::domain::Timestamp;
use crate::domain::signature::{hmac_sha256, standard_webhooks};

/// How a request found the webhook path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By the path as configured.
    Plain,
    /// By a secret in place of its last segment.
    Secret,
}

/// What is known so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// From who it should be.
    Admitted,
    /// Not, whatever the body says.
    Refused,
    /// The body decides.
    NeedsBody,
}

/// How `path` leads to the webhooks that are taken at `configured`; `None` when it does not.
///
/// With path secrets the configured path itself is open only where another method alone may admit (`auth.require = "any"`).
pub fn way(configured: &str, auth: &Auth, path: &str) -> Option<Way> {
    let secrets = auth.methods.iter().find_map(|method| match method {
        Method::Path(secrets) => Some(secrets),
        _ => None,
    });
    if let Some(secrets) = secrets
        && let Some((parent, last)) = path.rsplit_once('/')
        && Some(parent) == parent_of(configured)
        && any_is(secrets, last.as_bytes())
    {
        return Some(Way::Secret);
    }
    let others_may_admit = auth.require == Require::Any && auth.methods.len() > 1;
    (path == configured && (secrets.is_none() || others_may_admit)).then_some(Way::Plain)
}

/// A `path` that leads nowhere is like that of the webhooks, with something else where the secret stands.
pub fn lacks_secret(configured: &str, auth: &Auth, path: &str) -> bool {
    auth.methods.iter().any(|method| matches!(method, Method::Path(_))) && parent_of(path) == parent_of(configured)
}

/// What stands before the last segment.
pub fn parent_of(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(parent, _)| parent)
}

/// Judges a request that came by `way`; without its body as far as the headers allow.
pub fn judge(auth: &Auth, way: Way, headers: &HeaderMap, body: Option<&[u8]>, now: Timestamp) -> Verdict {
    let answers: Vec<Option<bool>> =
        auth.methods.iter().map(|method| agrees(method, way, headers, body, now)).collect();
    match auth.require {
        _ if answers.is_empty() => Verdict::Admitted,
        Require::All if answers.contains(&Some(false)) => Verdict::Refused,
        Require::Any if answers.contains(&Some(true)) => Verdict::Admitted,
        _ if answers.contains(&None) => Verdict::NeedsBody,
        Require::All => Verdict::Admitted,
        Require::Any => Verdict::Refused,
    }
}

/// `None`: the body decides. With a body there is always an answer.
fn agrees(method: &Method, way: Way, headers: &HeaderMap, body: Option<&[u8]>, now: Timestamp) -> Option<bool> {
    match method {
        Method::Path(_) => Some(way == Way::Secret),
        Method::Bearer(tokens) => Some(bearer(headers).is_some_and(|token| any_is(tokens, token))),
        Method::Header { name, secrets } => Some(only(headers, name).is_some_and(|value| any_is(secrets, value))),
        Method::Hmac { header, encoding, prefix, secrets } => {
            let sent = only(headers, header)
                .and_then(|value| value.strip_prefix(prefix.as_bytes()))
                .and_then(|digits| decoded(*encoding, digits));
            match (sent, body) {
                (None, _) => Some(false),
                (Some(_), None) => None,
                (Some(sent), Some(body)) => {
                    let made = secrets.iter().map(|secret| hmac_sha256(secret.expose().as_bytes(), &[body]));
                    Some(any(made.map(|made| made.ct_eq(&sent))).into())
                }
            }
        }
        Method::StandardWebhooks { secrets, tolerance } => {
            let Some(signed) = Signed::of(headers).filter(|signed| signed.is_recent(*tolerance, now)) else {
                return Some(false);
            };
            let body = body?;
            let made =
                secrets.iter().map(|secret| standard_webhooks(secret.expose(), signed.id, signed.timestamp, body));
            Some(any(made.map(|made| any(signed.signatures.iter().map(|sent| made.ct_eq(sent))))).into())
        }
    }
}

/// The headers of a Standard Webhooks request.
struct Signed<'a> {
    id: &'a [u8],
    timestamp: &'a [u8],
    /// Those of version 1; others are not ours to judge.
    signatures: Vec<Vec<u8>>,
}

impl<'a> Signed<'a> {
    fn of(headers: &'a HeaderMap) -> Option<Self> {
        let id = only(headers, "webhook-id").filter(|id| !id.is_empty())?;
        let timestamp = only(headers, "webhook-timestamp")?;
        let signatures: Vec<Vec<u8>> = only(headers, "webhook-signature")?
            .split(|byte| *byte == b' ')
            .filter_map(|one| STANDARD.decode(one.strip_prefix(b"v1,")?).ok())
            .collect();
        (!signatures.is_empty()).then_some(Self { id, timestamp, signatures })
    }

    /// Neither too old nor too far ahead.
    fn is_recent(&self, tolerance: std::time::Duration, now: Timestamp) -> bool {
        std::str::from_utf8(self.timestamp)
            .ok()
            .and_then(|text| text.parse::<i64>().ok())
            .is_some_and(|seconds| now.timestamp().abs_diff(seconds) <= tolerance.as_secs())
    }
}

fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let (scheme, token) = only(headers, AUTHORIZATION.as_str())?.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

/// A header that is there twice could be read either way, so it counts as absent.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none()).map(|value| value.as_bytes())
}

fn decoded(encoding: Encoding, digits: &[u8]) -> Option<Vec<u8>> {
    match encoding {
        Encoding::Base64 => STANDARD.decode(digits).ok(),
        Encoding::Hex => {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            let (pairs, rest) = digits.as_chunks::<2>();
            let bytes = pairs.iter().map(|[high, low]| u8::try_from(digit(*high)? << 4 | digit(*low)?).ok());
            bytes.collect::<Option<Vec<u8>>>().filter(|_| rest.is_empty())
        }
    }
}

fn any_is(secrets: &[Secret], sent: &[u8]) -> bool {
    any(secrets.iter().map(|secret| secret.expose().as_bytes().ct_eq(sent))).into()
}

/// Looks at all of them, so that time does not tell which it was.
fn any(choices: impl Iterator<Item = Choice>) -> Choice {
    choices.fold(Choice::from(0), |any, one| any | one)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SigningKey;
    use std::time::Duration;

    const BODY: &[u8] = b"{\"test\": 2432232314}";
    const NOW: i64 = 1_614_265_330;

    fn now() -> Timestamp {
        Timestamp::from_timestamp(NOW, 0).unwrap()
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn auth(require: Require, methods: impl Into<Vec<Method>>) -> Auth {
        Auth { require, methods: methods.into() }
    }

    fn secrets(texts: &[&str]) -> Vec<Secret> {
        texts.iter().map(|text| Secret::new(*text)).collect()
    }

    fn admits(method: &Method, pairs: &[(&'static str, &str)], body: &[u8]) -> bool {
        let auth = auth(Require::All, [method.clone()]);
        judge(&auth, Way::Plain, &headers(pairs), Some(body), now()) == Verdict::Admitted
    }

    /// The example of the Standard Webhooks specification.
    fn standard() -> Method {
        let secrets = ["whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"];
        let secrets = secrets.iter().map(|text| SigningKey::parse(text).unwrap()).collect();
        Method::StandardWebhooks { secrets, tolerance: Duration::from_secs(300) }
    }

    const STANDARD_HEADERS: [(&str, &str); 3] = [
        ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("webhook-timestamp", "1614265330"),
        ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    ];

    /// RFC 4231, test case 2.
    fn hmac(encoding: Encoding, prefix: &str) -> Method {
        let secrets = secrets(&["another secret", "Jefe"]);
        Method::Hmac { header: "X-Signature".into(), encoding, prefix: prefix.into(), secrets }
    }

    const RFC_BODY: &[u8] = b"what do ya want for nothing?";
    const RFC_HEX: &str = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

    fn flipped(text: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
        (0..text.len()).map(|at| {
            let mut other = text.to_vec();
            other[at] ^= 2;
            other
        })
    }

    #[test]
    fn the_known_vectors_are_admitted() {
        assert!(admits(&hmac(Encoding::Hex, ""), &[("x-signature", RFC_HEX)], RFC_BODY));
        assert!(admits(&hmac(Encoding::Hex, ""), &[("x-signature", &RFC_HEX.to_uppercase())], RFC_BODY));
        let prefixed = format!("sha256={RFC_HEX}");
        assert!(admits(&hmac(Encoding::Hex, "sha256="), &[("x-signature", &prefixed)], RFC_BODY));
        assert!(!admits(&hmac(Encoding::Hex, "sha256="), &[("x-signature", RFC_HEX)], RFC_BODY));
        let base64 = STANDARD.encode(decoded(Encoding::Hex, RFC_HEX.as_bytes()).unwrap());
        assert!(admits(&hmac(Encoding::Base64, ""), &[("x-signature", &base64)], RFC_BODY));
        assert!(admits(&standard(), &STANDARD_HEADERS, BODY));
    }

    #[test]
    fn no_byte_of_body_or_headers_can_change() {
        for body in flipped(RFC_BODY) {
            assert!(!admits(&hmac(Encoding::Hex, ""), &[("x-signature", RFC_HEX)], &body));
        }
        for digits in flipped(RFC_HEX.as_bytes()) {
            let digits = String::from_utf8(digits).unwrap();
            assert!(!admits(&hmac(Encoding::Hex, ""), &[("x-signature", &digits)], RFC_BODY), "{digits}");
        }
        for body in flipped(BODY) {
            assert!(!admits(&standard(), &STANDARD_HEADERS, &body));
        }
        for changed in 0..3 {
            for value in flipped(STANDARD_HEADERS[changed].1.as_bytes()) {
                let value = String::from_utf8(value).unwrap();
                let mut pairs = STANDARD_HEADERS;
                pairs[changed].1 = &value;
                assert!(!admits(&standard(), &pairs, BODY), "{value}");
            }
        }
        assert!(!admits(&hmac(Encoding::Hex, ""), &[("x-signature", &RFC_HEX[..62])], RFC_BODY));
        assert!(!admits(&hmac(Encoding::Hex, ""), &[("x-signature", "")], RFC_BODY));
    }

    #[test]
    fn one_good_signature_of_several_is_enough_and_another_version_is_none() {
        let good = STANDARD_HEADERS[2].1;
        let with = |signatures: &str| {
            let mut pairs = STANDARD_HEADERS;
            pairs[2].1 = signatures;
            admits(&standard(), &pairs, BODY)
        };
        assert!(with(&format!("v1,AAAA v1a,xyz {good}")));
        assert!(!with(&good.replace("v1,", "v2,")));
        assert!(!with("v1,"));
    }

    #[test]
    fn a_timestamp_may_be_off_by_the_tolerance_either_way() {
        let auth = auth(Require::All, [standard()]);
        let at = |seconds: i64| {
            let now = Timestamp::from_timestamp(NOW + seconds, 0).unwrap();
            judge(&auth, Way::Plain, &headers(&STANDARD_HEADERS), Some(BODY), now)
        };
        assert_eq!((at(-300), at(300)), (Verdict::Admitted, Verdict::Admitted));
        assert_eq!((at(-301), at(301)), (Verdict::Refused, Verdict::Refused));
    }

    #[test]
    fn any_of_the_shared_secrets_is_good_and_no_other() {
        let bearer = Method::Bearer(secrets(&["one-one-one", "two-two-two"]));
        for (value, good) in [
            ("Bearer one-one-one", true),
            ("bearer two-two-two", true),
            ("Bearer two-two-tw", false),
            ("Bearer two-two-two2", false),
            ("Basic two-two-two", false),
            ("Bearer ", false),
            ("Bearer", false),
        ] {
            assert_eq!(admits(&bearer, &[("authorization", value)], b""), good, "{value}");
        }
        let header = Method::Header { name: "X-Key".into(), secrets: secrets(&["one-one-one"]) };
        assert!(admits(&header, &[("x-key", "one-one-one")], b""));
        assert!(!admits(&header, &[("x-other", "one-one-one")], b""));
        assert!(!admits(&header, &[], b""));
        let mut twice = headers(&[("x-key", "one-one-one")]);
        twice.append("x-key", "guess".parse().unwrap());
        let auth = auth(Require::All, [header]);
        assert_eq!(judge(&auth, Way::Plain, &twice, Some(b""), now()), Verdict::Refused);
    }

    #[test]
    fn the_body_is_asked_for_only_where_it_can_matter() {
        let bearer = Method::Bearer(secrets(&["one-one-one"]));
        let both = [bearer, hmac(Encoding::Hex, "")];
        let (token, signature) = (("authorization", "Bearer one-one-one"), ("x-signature", RFC_HEX));
        let head = |require, pairs: &[(&'static str, &str)]| {
            judge(&auth(require, both.clone()), Way::Plain, &headers(pairs), None, now())
        };
        assert_eq!(head(Require::All, &[token, signature]), Verdict::NeedsBody);
        assert_eq!(head(Require::All, &[signature]), Verdict::Refused);
        assert_eq!(head(Require::All, &[token]), Verdict::Refused);
        assert_eq!(head(Require::Any, &[token]), Verdict::Admitted);
        assert_eq!(head(Require::Any, &[signature]), Verdict::NeedsBody);
        assert_eq!(head(Require::Any, &[]), Verdict::Refused);
        assert_eq!(judge(&auth(Require::Any, []), Way::Plain, &headers(&[]), None, now()), Verdict::Admitted);
    }

    #[test]
    fn a_secret_path_stands_beside_the_configured_one() {
        let path = Method::Path(secrets(&["abc-abc", "xyz-xyz"]));
        let only_path = auth(Require::All, [path.clone()]);
        let found = |auth: &Auth, path| way("/webhooks/menta", auth, path);
        for (request, way) in [
            ("/webhooks/abc-abc", Some(Way::Secret)),
            ("/webhooks/xyz-xyz", Some(Way::Secret)),
            ("/webhooks/menta", None),
            ("/webhooks/abc-abcd", None),
            ("/webhooks/", None),
            ("/webhooks/abc-abc/", None),
            ("/abc-abc", None),
            ("/", None),
            ("", None),
        ] {
            assert_eq!(found(&only_path, request), way, "{request}");
        }
        assert_eq!(found(&Auth::default(), "/webhooks/menta"), Some(Way::Plain));
        let either = auth(Require::Any, [path, Method::Bearer(secrets(&["one"]))]);
        assert_eq!(found(&either, "/webhooks/menta"), Some(Way::Plain));
        assert_eq!(judge(&either, Way::Plain, &HeaderMap::new(), None, now()), Verdict::Refused);
        assert_eq!(judge(&either, Way::Secret, &HeaderMap::new(), None, now()), Verdict::Admitted);
    }
}
