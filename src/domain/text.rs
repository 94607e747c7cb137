//! Untrusted text made fit for a terminal: what could move the cursor, change colours or turn the reading order around
//! becomes a visible escape. The same escapes are JSON's, so that a JSON document stays the same document.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Must not reach a terminal: C0, C1, DEL, line separators, interlinear marks, bidirectional controls, and whatever Unicode
/// calls default ignorable. Among these are the variation selectors: terminals disagree on how wide they make a character.
pub fn unfit(one: char) -> bool {
    one.is_control()
        || matches!(one,
            '\u{ad}' | '\u{34f}' | '\u{61c}'                         // soft hyphen, grapheme joiner, Arabic letter mark
            | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}'     // Hangul fillers
            | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'     // Khmer vowels, Mongolian selectors and separator
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'     // zero-width, marks, separators, embeddings
            | '\u{2060}'..='\u{206f}' | '\u{feff}'                 // joiners, isolates, byte order mark
            | '\u{fe00}'..='\u{fe0f}' | '\u{fff0}'..='\u{fffb}'     // variation selectors, interlinear annotation
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' // shorthand and musical format controls
            | '\u{e0000}'..='\u{e0fff}') // tags, more variation selectors
}

/// `text` with every unfit character written as `\u001b`.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(unfit) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for one in text.chars() {
        if unfit(one) {
            for unit in one.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(one);
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_acts_on_a_terminal_is_shown_instead() {
        assert_eq!(visible("\u{1b}[31mred\u{9b}2J\u{7f}"), "\\u001b[31mred\\u009b2J\\u007f");
        assert_eq!(visible("a\u{202e}b\u{200b}c\u{e0041}"), "a\\u202eb\\u200bc\\udb40\\udc41");
        assert_eq!(visible("\u{ad}\u{1bca0}\u{1d173}\u{fe0f}"), "\\u00ad\\ud82f\\udca0\\ud834\\udd73\\ufe0f");
        assert_eq!(visible("a\r\n\tb"), "a\\u000d\\u000a\\u0009b");
        assert!(matches!(visible("Zoë 🎟 東京"), Cow::Borrowed("Zoë 🎟 東京")));
    }

    proptest! {
        #[test]
        fn nothing_unfit_is_left(text in any::<String>()) {
            prop_assert!(!visible(&text).contains(unfit));
        }

        #[test]
        fn json_stays_the_same_document(text in any::<String>()) {
            let quoted = serde_json::to_string(&text).unwrap();
            let read: String = serde_json::from_str(&visible(&quoted)).unwrap();
            prop_assert_eq!(read, text);
        }
    }
}
