//! Whether what is typed means something that has a name, and how well.

/// How well `typed` fits: the lower, the better; none: not at all. Each of its words must fit somewhere.
pub(super) fn rank(typed: &str, name: &str, says: &str, keys: &[String]) -> Option<u8> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Some(0);
    }
    // `g` and `G` are two keys; `tab` and `Tab` are one.
    let is_key = |key: &String| key == typed || (key.chars().count() > 1 && key.eq_ignore_ascii_case(typed));
    let (name, says, words) = (folded(name), folded(says), folded(typed));
    if keys.iter().any(is_key) || name == words {
        return Some(0);
    }
    if name.starts_with(&words) {
        return Some(1);
    }
    words.split_whitespace().map(|word| of_word(word, &name, &says)).try_fold(0, |worst, rank| Some(worst.max(rank?)))
}

fn of_word(word: &str, name: &str, says: &str) -> Option<u8> {
    let fits = [begins_word(name, word), name.contains(word), begins_word(says, word), says.contains(word)];
    let place = fits.into_iter().position(|fits| fits).or_else(|| abbreviates(word, name).then_some(4))?;
    u8::try_from(place + 2).ok()
}

/// `mdel` for `mark delivered`: its letters in their order, the first where a word begins.
fn abbreviates(word: &str, name: &str) -> bool {
    let follows = |start: usize| {
        let mut letters = name[start..].chars();
        word.chars().all(|wanted| letters.any(|letter| letter == wanted))
    };
    word.chars().count() > 1 && starts(name).any(|start| name[start..].starts_with(first(word)) && follows(start))
}

fn first(word: &str) -> &str {
    word.char_indices().nth(1).map_or(word, |(end, _)| &word[..end])
}

fn begins_word(text: &str, word: &str) -> bool {
    starts(text).any(|start| text[start..].starts_with(word))
}

/// Where words begin.
fn starts(text: &str) -> impl Iterator<Item = usize> {
    let mut before = ' ';
    text.char_indices().filter_map(move |(at, one)| {
        let starts = !before.is_alphanumeric() && one.is_alphanumeric();
        before = one;
        starts.then_some(at)
    })
}

fn folded(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(typed: &str) -> Option<u8> {
        rank(typed, "mark delivered", "mark as delivered by hand", &["d".into(), "Ctrl-x".into()])
    }

    #[test]
    fn what_is_nearer_to_the_name_fits_better() {
        let ranks = ["mark delivered", "mark", "del", "liver", "hand", "and", "mdel"].map(of);
        assert_eq!(ranks, [Some(0), Some(1), Some(2), Some(3), Some(4), Some(5), Some(6)]);
        assert_eq!((of("d"), of("ctrl-X"), of("D"), of("  ")), (Some(0), Some(0), Some(2), Some(0)));
        assert_eq!((of("DEL MARK"), of("hand del")), (Some(2), Some(4)));
        assert_eq!((of("mark x"), of("kdel"), of("ledm")), (None, None, None));
    }

    proptest! {
        #[test]
        fn a_piece_of_a_name_always_fits(name in "[aßİ王é :-]{1,12}", from in 0_usize..12, long in 1_usize..12) {
            let piece: String = name.chars().skip(from).take(long).collect();
            prop_assert!(rank(&piece, &name, "", &[]).is_some());
        }
    }
}
