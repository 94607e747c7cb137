//! Who may send webhooks: each method with its secrets, given by the environment.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::support::program::Program;
use crate::support::webhooks::sale;

const OLD: &str = "the-old-secret-0123456789";
const NEW: &str = "the-new-secret-0123456789";
const WRONG: &str = "some-other-secret-01234567";

/// The status of a sale that comes with these headers.
fn status(program: &Program, headers: &[(&str, &str)], body: &str) -> u16 {
    program.post_to(program.path(), headers, body).status
}

fn both() -> String {
    format!("{OLD},{NEW}")
}

fn hex_hmac(secret: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_bearer_token_is_rotated_without_a_gap() {
    let bearer = |secret: &str| format!("Bearer {secret}");
    let statuses = |program: &Program| {
        [OLD, NEW, WRONG].map(|secret| status(program, &[("authorization", &bearer(secret))], &sale("t", "r")))
    };
    let mut program = Program::serve_in(&[("WILLCALL_AUTH_BEARER_TOKENS", OLD)], &[]);
    assert_eq!(statuses(&program), [200, 401, 401]);
    for (tokens, expected) in [(both(), [200, 200, 401]), (NEW.to_owned(), [401, 200, 401])] {
        program.stop();
        program.set("WILLCALL_AUTH_BEARER_TOKENS", &tokens);
        program.start();
        assert_eq!(statuses(&program), expected, "{tokens}");
    }
    assert_eq!(status(&program, &[], &sale("t", "r")), 401);
    let answer = program.post(&sale("t", "r"));
    assert_eq!(answer.json()["error"]["code"], "unauthorized");
    assert!(program.objects(&["quarantine", "list"]).is_empty(), "what strangers send is not kept");
    assert!(!program.log().contains("secret"), "{}", program.log());
}

#[test]
fn a_header_may_carry_the_secret() {
    let environment =
        [("WILLCALL_AUTH_HEADER_SECRETS", both()), ("WILLCALL_AUTH_HEADER_NAME", "X-Menta-Key".to_owned())];
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    let program = Program::serve_in(&environment, &[]);
    for (header, secret, expected) in
        [("X-Menta-Key", OLD, 200), ("x-menta-key", NEW, 200), ("X-Menta-Key", WRONG, 401), ("X-Other", OLD, 401)]
    {
        assert_eq!(status(&program, &[(header, secret)], &sale("t", "r")), expected, "{header}: {secret}");
    }
}

#[test]
fn a_signature_of_the_body_is_good_for_this_body_only() {
    let environment = [("WILLCALL_AUTH_HMAC_SECRETS", both()), ("WILLCALL_AUTH_HMAC_PREFIX", "sha256=".to_owned())];
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    let program = Program::serve_in(&environment, &[]);
    let (body, other) = (sale("t", "r"), sale("t", "another"));
    for (secret, signed, expected) in [(OLD, &body, 200), (NEW, &body, 200), (WRONG, &body, 401), (OLD, &other, 401)] {
        let signature = format!("sha256={}", hex_hmac(secret, signed));
        assert_eq!(status(&program, &[("x-signature", &signature)], &body), expected, "{secret}");
    }
    assert_eq!(status(&program, &[("x-signature", &hex_hmac(OLD, &body))], &body), 401, "without the prefix");
}

#[test]
fn a_standard_webhooks_signature_holds_for_its_time_only() {
    let keys = [[7_u8; 24], [8; 24], [9; 24]];
    let secret = |key: &[u8; 24]| format!("whsec_{}", STANDARD.encode(key));
    let secrets = format!("{},{}", secret(&keys[0]), secret(&keys[1]));
    // The clock stands still at 2026-03-01T12:00:00Z.
    let now = 1_772_366_400_i64;
    let environment = [("WILLCALL_AUTH_STANDARD_WEBHOOKS_SECRETS", secrets.as_str())];
    let program = Program::serve_in(&environment, &["--clock", "2026-03-01T12:00:00Z"]);
    let body = sale("t", "r");
    for (key, at, expected) in [
        (keys[0], now, 200),
        (keys[1], now, 200),
        (keys[2], now, 401),
        (keys[0], now - 301, 401),
        (keys[0], now + 301, 401),
    ] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(format!("msg_1.{at}.{body}").as_bytes());
        let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        let at = at.to_string();
        let headers = [("webhook-id", "msg_1"), ("webhook-timestamp", &at), ("webhook-signature", &signature)];
        assert_eq!(status(&program, &headers, &body), expected, "{} at {at}", key[0]);
    }
}

#[test]
fn a_secret_path_is_known_to_those_who_know_it() {
    let program = Program::serve_in(&[("WILLCALL_AUTH_PATH_SECRETS", &both())], &[]);
    for (path, expected) in [
        (format!("/webhooks/{OLD}"), 200),
        (format!("/webhooks/{NEW}"), 200),
        (format!("/webhooks/{WRONG}"), 404),
        ("/webhooks/menta".to_owned(), 404),
    ] {
        assert_eq!(program.post_to(&path, &[], &sale("t", "r")).status, expected, "{path}");
    }
    let log = program.log();
    assert!(!log.contains("secret") && log.contains("/webhooks/••••"), "{log}");
}
