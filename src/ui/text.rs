//! Text that may be drawn: nothing from a payload reaches a cell without passing through here.
//!
//! What is [`unfit`] could move the cursor, change colours or make a line read otherwise than it is; it is shown as an
//! escape. Widths are those of terminal cells.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::domain::text::unfit;

/// Combining marks that one letter may carry; what is piled up beyond is shown as escapes.
const MOST_MARKS: usize = 3;

/// `text` with everything that is not plainly visible as an escape: `␛`, `\u{202e}`.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // No letter yet: a mark at the start would attach itself to whatever stands in the cell before.
    let mut marks = MOST_MARKS;
    for character in text.chars() {
        match character {
            '\0'..='\u{1f}' => {
                out.extend(char::from_u32(0x2400 + u32::from(character)));
                marks = 0;
            }
            '\u{7f}' => {
                out.push('␡');
                marks = 0;
            }
            _ if unfit(character) => {
                out.extend(character.escape_unicode());
                marks = 0;
            }
            _ if character.width() == Some(0) => {
                if marks < MOST_MARKS {
                    out.push(character);
                    marks += 1;
                } else {
                    out.extend(character.escape_unicode());
                }
            }
            _ => {
                out.push(character);
                marks = 0;
            }
        }
    }
    out
}

/// Cells that `text` takes.
pub fn width(text: &str) -> usize {
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// `text` made [`visible`] and cut to `cells`, with `…` in the last one when something is missing.
pub fn fit(text: &str, cells: usize) -> String {
    // No character is worth less than a cell but marks, of which few are kept: more cannot be seen.
    let most = cells.saturating_mul(MOST_MARKS + 1).saturating_add(1);
    let mut start = text.char_indices().skip(most);
    let (head, cut) = match start.next() {
        Some((end, _)) => (&text[..end], true),
        None => (text, false),
    };
    let shown = visible(head);
    if !cut && width(&shown) <= cells {
        return shown;
    }
    let mut out = take(&shown, cells.saturating_sub(1)).0.to_owned();
    if cells > 0 {
        out.push('…');
    }
    out
}

/// `text` made [`visible`] and cut to `cells` at its beginning.
pub fn tail(text: &str, cells: usize) -> String {
    let most = cells.saturating_mul(MOST_MARKS + 1).saturating_add(1);
    let start = text.char_indices().rev().take(most).last().map_or(0, |(at, _)| at);
    let shown = visible(&text[start..]);
    if start == 0 && width(&shown) <= cells {
        return shown;
    }
    let mut kept: Vec<&str> = Vec::new();
    let mut used = 1;
    for grapheme in shown.graphemes(true).rev() {
        used += grapheme.width();
        if used > cells {
            break;
        }
        kept.push(grapheme);
    }
    if cells > 0 {
        kept.push("…");
    }
    kept.into_iter().rev().collect()
}

/// `text` made [`visible`] and cut to `cells` in its middle: beginning and end are kept.
pub fn middle(text: &str, cells: usize) -> String {
    if text.len() <= cells.saturating_mul(MOST_MARKS + 1) && width(&visible(text)) <= cells {
        return visible(text);
    }
    let end = cells.saturating_sub(1).div_ceil(2);
    let head = fit(text, cells - end);
    // The end brings an ellipsis of its own; the head's is the one that stays.
    format!("{head}{}", tail(text, end + 1).trim_start_matches('…'))
}

/// The longest start of `text` that takes at most `cells`, and the rest.
fn take(text: &str, cells: usize) -> (&str, &str) {
    let mut used = 0;
    for (start, grapheme) in text.grapheme_indices(true) {
        used += grapheme.width();
        if used > cells {
            return text.split_at(start);
        }
    }
    (text, "")
}

/// `text`, which is visible already, in pieces of at most `cells`. At least one piece, and never an endless list.
pub fn wrap(text: &str, cells: usize) -> Vec<String> {
    pieces(text, cells).into_iter().map(|piece| piece.text).collect()
}

/// `text`, which is visible already, in pieces of just so many cells: put one after the other they are the text.
pub fn chop(text: &str, cells: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    loop {
        let (piece, after) = take(rest, cells.max(2));
        if piece.is_empty() || after.is_empty() {
            pieces.push(rest);
            return pieces;
        }
        pieces.push(piece);
        rest = after;
    }
}

/// A piece of a wrapped text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// What it says.
    pub text: String,
    /// A blank was left out between the piece before and this one.
    pub after_blank: bool,
}

/// As [`wrap`], with what is needed to put the text together again.
pub fn pieces(text: &str, cells: usize) -> Vec<Piece> {
    let cells = cells.max(2);
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut after_blank = false;
    loop {
        let (piece, after) = take(rest, cells);
        if piece.is_empty() || after.is_empty() {
            let text = if piece.is_empty() { fit(rest, cells) } else { piece.to_owned() };
            pieces.push(Piece { text, after_blank });
            return pieces;
        }
        // Break at a blank where there is one in the second half.
        match piece.rfind(' ').filter(|at| *at >= piece.len() / 2) {
            Some(at) => {
                pieces.push(Piece { text: piece[..at].to_owned(), after_blank });
                (rest, after_blank) = (&rest[at + 1..], true);
            }
            None => {
                pieces.push(Piece { text: piece.to_owned(), after_blank });
                (rest, after_blank) = (after, false);
            }
        }
    }
}

/// What is left of `text`, which is visible already, when its first `cells` are scrolled out. Of a wide character that is
/// cut in two a blank stays. The number: cells that are still to be scrolled out of what follows it.
pub fn skip(text: &str, cells: usize) -> (std::borrow::Cow<'_, str>, usize) {
    let (gone, rest) = take(text, cells);
    let left = cells - width(gone);
    match rest.graphemes(true).next().filter(|_| left > 0) {
        Some(wide) => (format!("{}{}", " ".repeat(wide.width() - left), &rest[wide.len()..]).into(), 0),
        None => (rest.into(), left),
    }
}

/// `text` fitted and filled up with blanks on the right.
pub fn left(text: &str, cells: usize) -> String {
    let mut out = fit(text, cells);
    out.extend(std::iter::repeat_n(' ', cells.saturating_sub(width(&out))));
    out
}

/// `text` fitted and filled up with blanks on the left.
pub fn right(text: &str, cells: usize) -> String {
    let fitted = fit(text, cells);
    let mut out = " ".repeat(cells.saturating_sub(width(&fitted)));
    out.push_str(&fitted);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_could_act_on_the_terminal_is_shown_instead() {
        assert_eq!(visible("a\u{1b}[31mb\r\n\t"), "a␛[31mb␍␊␉");
        assert_eq!(visible("\u{7f}\u{9b}2J"), "␡\\u{9b}2J");
        assert_eq!(visible("abc\u{202e}def"), "abc\\u{202e}def");
        assert_eq!(visible("jo\u{200b}e\u{2028}"), "jo\\u{200b}e\\u{2028}");
        assert_eq!(visible("\u{301}x"), "\\u{301}x");
        assert_eq!(visible("José 王"), "José 王");
    }

    #[test]
    fn piled_up_marks_are_bounded() {
        let shown = visible(&format!("a{}", "\u{301}".repeat(5)));
        assert_eq!(shown, "a\u{301}\u{301}\u{301}\\u{301}\\u{301}");
    }

    #[test]
    fn cutting_counts_cells() {
        assert_eq!(fit("abcdef", 4), "abc…");
        assert_eq!(middle("PARQUECENTRAL-A-19", 10), "PARQ…-A-19");
        assert_eq!(
            (middle("abc", 3), middle("王小明王小明", 6), middle("abcdef", 1)),
            ("abc".into(), "王…明".into(), "…".into())
        );
        assert_eq!(fit("王小明", 4), "王…");
        assert_eq!(fit("王小", 4), "王小");
        assert_eq!((tail("abcdef", 4), tail("王小明", 4), tail("ab", 4)), ("…def".into(), "…明".into(), "ab".into()));
        assert_eq!((left("ab", 4), right("ab", 4), fit("ab", 0)), ("ab  ".into(), "  ab".into(), String::new()));
    }

    #[test]
    fn scrolling_sideways_cuts_no_character_in_two() {
        assert_eq!(skip("abc", 1), ("bc".into(), 0));
        assert_eq!(skip("王小", 1), (" 小".into(), 0));
        assert_eq!(skip("王小", 2), ("小".into(), 0));
        assert_eq!(skip("e\u{301}x", 1), ("x".into(), 0));
        assert_eq!(skip("ab", 5), ("".into(), 3));
    }

    #[test]
    fn wrapping_prefers_blanks() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("", 4), [""]);
    }

    proptest! {
        #[test]
        fn nothing_invisible_or_too_wide_survives(text in any::<String>(), cells in 0_usize..40) {
            let fitted = fit(&text, cells);
            prop_assert!(width(&fitted) <= cells && width(&tail(&text, cells)) <= cells);
            let clean = |text: &str| text.chars().all(|one| !unfit(one));
            prop_assert!(clean(&fitted) && clean(&tail(&text, cells)));
            let shown = visible(&text);
            let mut joined = String::new();
            for piece in pieces(&shown, cells) {
                prop_assert!(width(&piece.text) <= cells.max(2) && clean(&piece.text));
                joined.push_str(if piece.after_blank { " " } else { "" });
                joined.push_str(&piece.text);
            }
            // An escape wider than the line is the one thing that is cut.
            prop_assert!(joined == shown || joined.ends_with('…'), "{joined:?}");
            prop_assert_eq!(chop(&shown, cells).concat(), shown.as_str());
            let (rest, _) = skip(&shown, cells);
            prop_assert_eq!(width(&rest), width(&shown).saturating_sub(cells));
        }
    }
}
