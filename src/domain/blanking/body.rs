//! A body of any form, blanked byte by byte: what is JSON stays JSON of the same shape, texts become stars and
//! numbers zeros.

use crate::domain::personal;

/// What may stand in the strings of which the name says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Texts {
    /// Ids and the like, as in a webhook: of these only addresses are personal.
    Known,
    /// Anything.
    Unknown,
}

/// Blanks a body. Of one that is no JSON no letter and no digit stays: nothing says what they are.
pub(super) fn blank(body: &mut [u8], texts: Texts) {
    match std::str::from_utf8(body).ok().filter(|text| is_json(text)) {
        Some(text) => {
            let spans = Spans::of(text, texts);
            spans.0.into_iter().for_each(|(at, blanked)| body[at..at + blanked.len()].copy_from_slice(&blanked));
        }
        None => {
            let named = body.iter_mut().filter(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii());
            named.for_each(|byte| *byte = b'*');
        }
    }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text.strip_prefix('\u{feff}').unwrap_or(text)).is_ok()
}

/// What stands where instead.
struct Spans(Vec<(usize, Vec<u8>)>);

/// An object or a list that has begun.
struct Open {
    is_object: bool,
    /// All in it is personal, by the name it stands under.
    personal: bool,
}

impl Spans {
    /// `text` is JSON, so its structure shows in single bytes.
    fn of(text: &str, texts: Texts) -> Self {
        let (bytes, mut spans, mut around) = (text.as_bytes(), Self(Vec::new()), Vec::<Open>::new());
        let (mut at, mut named, mut key_comes) = (0, false, false);
        while let Some(byte) = bytes.get(at) {
            let personal = named || around.last().is_some_and(|around| around.personal);
            let end = match byte {
                b'"' => {
                    let end = closing_quote(bytes, at + 1);
                    let inner = &text[at + 1..end];
                    match (key_comes, personal) {
                        (true, _) => {
                            named = personal::field(&unescaped(inner)).is_some();
                            spans.text(at + 1, inner, Texts::Known);
                        }
                        (false, true) => spans.stars(at + 1, inner.len()),
                        (false, false) => spans.text(at + 1, inner, texts),
                    }
                    end + 1
                }
                b'-' | b'0'..=b'9' => {
                    let digits = bytes[at..].iter().take_while(|byte| is_of_number(**byte)).count();
                    if personal {
                        spans.number(at, digits);
                    }
                    at + digits
                }
                b'{' | b'[' => {
                    around.push(Open { is_object: *byte == b'{', personal });
                    at + 1
                }
                b'}' | b']' => {
                    around.pop();
                    at + 1
                }
                _ => at + 1,
            };
            match byte {
                b'{' | b'[' | b',' => (key_comes, named) = (around.last().is_some_and(|open| open.is_object), false),
                b':' => key_comes = false,
                _ => {}
            }
            at = end;
        }
        spans
    }

    fn stars(&mut self, at: usize, length: usize) {
        self.0.push((at, vec![b'*'; length]));
    }

    /// A zero as long as the number.
    fn number(&mut self, at: usize, length: usize) {
        let zero = match length {
            1 => "0".to_owned(),
            2 => "-0".to_owned(),
            _ => format!("0.{}", "0".repeat(length - 2)),
        };
        self.0.push((at, zero.into_bytes()));
    }

    fn text(&mut self, at: usize, inner: &str, texts: Texts) {
        let blanked = |text: &str| match texts {
            Texts::Known => personal::blanked_addresses(text),
            Texts::Unknown => personal::blanked(text),
        };
        // Behind an escape a word may be another than it looks.
        let plain = unescaped(inner);
        let blanked = blanked(&plain);
        match blanked == plain {
            true => {}
            false if plain == inner => self.0.push((at, blanked.into_bytes())),
            false => self.stars(at, inner.len()),
        }
    }
}

fn is_of_number(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E')
}

/// Where the text that begins at `from` ends.
fn closing_quote(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// What a text between quotes says; as it stands where that cannot be told, as of half a surrogate pair.
fn unescaped(inner: &str) -> String {
    match inner.contains('\\') {
        true => serde_json::from_str(&format!("\"{inner}\"")).unwrap_or_else(|_| inner.to_owned()),
        false => inner.to_owned(),
    }
}
