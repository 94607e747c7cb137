//! OSC 52: the way into the clipboard of whoever's terminal this is, also across ssh.
//!
//! The text travels as base64: nothing in it can end the sequence or begin another.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The longest text, in bytes: more is cut off or ignored by terminals that take at most 100,000 characters of base64.
pub const MOST_BYTES: usize = 74_994;

/// The sequence that puts `text` into the clipboard.
///
/// tmux takes it for its own buffer where its `set-clipboard` is `on`, and hands it through to the terminal around it where
/// its `allow-passthrough` is: under tmux it is sent in both forms, of which either may do nothing.
pub fn sequence(text: &str, tmux: bool) -> String {
    let plain = format!("\u{1b}]52;c;{}\u{7}", STANDARD.encode(text));
    if !tmux {
        return plain;
    }
    let doubled = plain.replace('\u{1b}', "\u{1b}\u{1b}");
    format!("{plain}\u{1b}Ptmux;{doubled}\u{1b}\\")
}

/// Whether `text` is short enough for it.
pub fn fits(text: &str) -> bool {
    text.len() <= MOST_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_leave_the_sequence() {
        let hostile = "\u{7}\u{1b}\\\u{1b}]0;title\u{7}\u{9c}王";
        let sent = sequence(hostile, false);
        let inside = sent.strip_prefix("\u{1b}]52;c;").and_then(|rest| rest.strip_suffix('\u{7}')).unwrap();
        assert!(inside.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)), "{inside}");
        assert_eq!(STANDARD.decode(inside).unwrap(), hostile.as_bytes());
    }

    #[test]
    fn tmux_is_asked_to_hand_it_through() {
        assert_eq!(sequence("a", true), "\u{1b}]52;c;YQ==\u{7}\u{1b}Ptmux;\u{1b}\u{1b}]52;c;YQ==\u{7}\u{1b}\\");
    }

    #[test]
    fn the_longest_text_is_not_more_than_terminals_take() {
        let longest = "x".repeat(MOST_BYTES);
        assert!(fits(&longest) && !fits(&format!("{longest}x")));
        assert!(STANDARD.encode(&longest).len() <= 100_000);
    }
}
