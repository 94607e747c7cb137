//! What of a target's words is kept, and in what form.
//!
//! A target is trusted as little as a sender of webhooks: what it says is cut, and what goes into a line is one line.

use crate::domain::Timestamp;
use crate::domain::json::Json;
use crate::domain::text::unfit;

/// The most bytes of an answer that are kept.
const MOST_BYTES: usize = 64 * 1024;

/// The most characters of the line that says how an attempt ended.
const MOST_TEXT: usize = 200;

/// The most characters of a header's value that are kept.
const MOST_HEADER: usize = 500;

/// The most headers that are kept.
const MOST_HEADERS: usize = 64;

/// The longest delay a target may wish for, in seconds: a day. The retry policy caps it again, at its own longest.
const LONGEST_WISH: u32 = 24 * 60 * 60;

/// The beginning of an answer.
#[derive(Default)]
pub(super) struct Beginning {
    pub(super) bytes: Vec<u8>,
    pub(super) truncated: bool,
}

impl Beginning {
    /// Keeps what there is room for.
    pub(super) fn push(&mut self, chunk: &[u8]) {
        let room = MOST_BYTES - self.bytes.len();
        self.bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
        self.truncated |= chunk.len() > room;
    }
}

/// `how`, and what the target said about it, as one line: `422: ticket locked`.
pub(super) fn line(how: &str, said: Option<&str>) -> String {
    match said.map(|said| visible(said, MOST_TEXT)).filter(|said| !said.is_empty()) {
        Some(said) => visible(&format!("{how}: {said}"), MOST_TEXT),
        None => visible(how, MOST_TEXT),
    }
}

/// What an answer says in words: the sentence in a JSON error, or the first line of a plain text.
pub(super) fn words(bytes: &[u8]) -> Option<String> {
    let json = Json::parse(bytes).ok();
    if let Some(json) = json {
        let paths = ["error.message", "message", "error", "detail", "reason", "title"];
        return paths.iter().find_map(|path| json.at(path)?.text()).map(str::to_owned);
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        // The cut may have gone through a character.
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&bytes[..error.valid_up_to()]).ok()?,
        Err(_) => return None,
    };
    let first = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    // Markup and cut JSON say nothing in their first line.
    (!first.starts_with(['<', '{', '['])).then(|| first.to_owned())
}

/// Headers of an answer, with the one that carries credentials blotted out.
pub(super) fn headers<'a>(all: impl Iterator<Item = (&'a str, &'a [u8])>) -> Vec<(String, String)> {
    all.take(MOST_HEADERS)
        .map(|(name, value)| {
            let shown = match name {
                "set-cookie" => MASKED.to_owned(),
                _ => visible(&String::from_utf8_lossy(value), MOST_HEADER),
            };
            (name.to_owned(), shown)
        })
        .collect()
}

/// Stands where a secret stood.
pub(super) const MASKED: &str = "••••";

/// `Retry-After` in seconds from `now`: a number of them or an HTTP date. `None` when it is neither.
pub(super) fn retry_after(value: &[u8], now: Timestamp) -> Option<u32> {
    let text = std::str::from_utf8(value).ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(text.parse().unwrap_or(u32::MAX).min(LONGEST_WISH));
    }
    let date = chrono::DateTime::parse_from_rfc2822(text).ok()?;
    // A moment before is too early.
    let seconds = (date.to_utc() - now).num_milliseconds().clamp(0, 1000 * i64::from(LONGEST_WISH));
    u32::try_from((seconds + 999) / 1000).ok()
}

/// `text` on one line, of at most `most` characters, with nothing in it that moves a cursor or turns writing round.
fn visible(text: &str, most: usize) -> String {
    let spaced: String = text.chars().map(|one| if unfit(one) { ' ' } else { one }).take(4 * most).collect();
    let joined = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    if joined.chars().count() <= most {
        return joined;
    }
    joined.chars().take(most - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line_of_visible_text() {
        let said = "ticket\u{1b}[31m \u{202e}locked\u{7}\r\n\tnow\u{9b}2J";
        assert_eq!(line("422 Unprocessable Entity", Some(said)), "422 Unprocessable Entity: ticket [31m locked now 2J");
        assert_eq!(line("500 Internal Server Error", Some(" \u{200b} ")), "500 Internal Server Error");
        let long = line("400 Bad Request", Some(&"é".repeat(10_000)));
        assert_eq!(long.chars().count(), MOST_TEXT);
        assert!(long.ends_with("é…"));
    }

    #[test]
    fn the_words_of_an_answer_are_found() {
        let found = |bytes: &[u8]| words(bytes);
        assert_eq!(found(b"\n  ticket locked\nsecond line").as_deref(), Some("ticket locked"));
        assert_eq!(found(br#"{"error":{"code":"x","message":"ticket locked"}}"#).as_deref(), Some("ticket locked"));
        assert_eq!(found(br#"{"error":"ticket locked"}"#).as_deref(), Some("ticket locked"));
        assert_eq!(found(br#"{"status":"ok"}"#), None);
        assert_eq!(found(b"<!doctype html><title>no</title>"), None);
        assert_eq!(found(b"{\n\"cut"), None);
        assert_eq!(found(b"\xff\xfe\x00\x01"), None);
        assert_eq!(found("caf\u{e9}".as_bytes().split_last().unwrap().1).as_deref(), Some("caf"));
        assert_eq!(found(b""), None);
    }

    #[test]
    fn a_wish_for_delay_is_never_trusted() {
        let now = chrono::DateTime::parse_from_rfc2822("Sun, 06 Nov 1994 08:49:37 GMT").unwrap().to_utc();
        for (value, wanted) in [
            ("7", Some(7)),
            (" 120 ", Some(120)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(LONGEST_WISH)),
            ("99999999999999999999999", Some(LONGEST_WISH)),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(retry_after(value.as_bytes(), now), wanted, "{value}");
        }
        assert_eq!(retry_after(b"\xff", now), None);
        let later = now + chrono::Duration::milliseconds(10);
        assert_eq!(
            retry_after(b"Sun, 06 Nov 1994 08:50:37 GMT", later),
            Some(60),
            "a moment before the one that was asked for"
        );
    }

    #[test]
    fn the_beginning_has_a_bound() {
        let mut beginning = Beginning::default();
        beginning.push(&[b'x'; MOST_BYTES]);
        assert!(!beginning.truncated);
        beginning.push(b"y");
        assert_eq!((beginning.bytes.len(), beginning.truncated), (MOST_BYTES, true));
    }

    #[test]
    fn cookies_are_credentials() {
        let all = [("set-cookie", b"session=1".as_slice()), ("x-request-id", b"7\x1b[2J")];
        assert_eq!(
            headers(all.into_iter()),
            [("set-cookie".into(), MASKED.into()), ("x-request-id".into(), "7 [2J".to_owned())]
        );
    }
}
