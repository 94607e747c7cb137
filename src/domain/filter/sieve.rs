//! What must stand in the bytes of a body for its row to be wanted, so that a search can pass over most of a journal without
//! reading it record by record.
//!
//! Where in doubt a row stays: a sieve may keep a row that is not wanted, but must not pass over one that is. So it goes by
//! one word of the filter, of letters that are written in one way only: a body with escapes or with the two letters that
//! become ASCII ones in lower case is always kept.

use std::ops::Range;

use super::expression::Expression;
use super::field::Row;

/// Shorter words stand nearly everywhere.
const SHORTEST: usize = 3;

/// What rows say that stands in no body as such: a word that is part of one of these is not looked for in bodies.
const OWN_WORDS: [&str; 7] = ["all", "but", "tickets", "event", "reversal", "duplicate", "drift"];

/// From the rarest to the most frequent in payloads; a letter is found the faster the rarer it is.
const BY_FREQUENCY: &[u8] = b"zqxj~!#$%&*+=?^`{|}'/kwvyfgbhpdumlcsnrtioae@_987654321-.0";

/// Places that are looked at together: whether at one of them two letters of the word stand where they must. That is what a
/// processor does for sixteen of them at once; one letter alone stands nearly everywhere.
const CHUNK: usize = 1024;

/// What a body is always kept for: its escapes.
const ESCAPE: u8 = b'\\';

/// A word of a filter, in lower case.
#[derive(Debug, Clone)]
pub struct Sieve {
    word: Vec<u8>,
    /// Its two rarest.
    letters: [Letter; 2],
    /// Letters that become one of its own in lower case: the Kelvin sign, the dotted I.
    strangers: Vec<&'static str>,
}

/// A byte of the word.
#[derive(Debug, Clone, Copy)]
struct Letter {
    place: usize,
    byte: u8,
    /// The bit in which its upper case differs, if it has one.
    case: u8,
}

impl Letter {
    fn is(self, byte: u8) -> bool {
        byte | self.case == self.byte
    }
}

impl Sieve {
    /// The sieve of a filter; none when nothing can be known of the bodies of what it wants.
    pub(super) fn of(tree: &Expression) -> Option<Self> {
        longest_word(tree).map(Self::new)
    }

    fn new(word: &str) -> Self {
        let frequency = |byte: u8| BY_FREQUENCY.iter().position(|one| *one == byte).unwrap_or_default();
        let letter =
            |(place, byte): (usize, u8)| Letter { place, byte, case: u8::from(byte.is_ascii_alphabetic()) << 5 };
        let mut letters: Vec<Letter> = word.bytes().enumerate().map(letter).collect();
        letters.sort_by_key(|letter| frequency(letter.byte));
        let strangers = [('k', "\u{212a}"), ('i', "\u{130}")].into_iter().filter(|(letter, _)| word.contains(*letter));
        Self {
            word: word.as_bytes().to_vec(),
            letters: [letters[0], letters[1]],
            strangers: strangers.map(|(_, stranger)| stranger).collect(),
        }
    }

    /// The places in `bytes` for whose sake what stands there must be looked at.
    pub fn hits<'b>(&'b self, bytes: &'b [u8]) -> Box<dyn Iterator<Item = usize> + 'b> {
        let first = self.letters[0].place;
        // The word can begin at one of these.
        let begins = bytes.len().saturating_sub(self.word.len() - 1);
        let chunks = (0..begins).step_by(CHUNK).map(move |at| at..begins.min(at + CHUNK));
        let chunks = chunks.filter(|chunk| self.may_hit(bytes, chunk.clone()));
        let hits = chunks.flat_map(move |chunk| {
            let words = chunk.clone().filter(|at| self.is_at(bytes, *at));
            words.chain(self.odd(bytes, chunk.start + first..chunk.end + first))
        });
        let (head, tail) = (0..bytes.len().min(first), begins + first..bytes.len());
        Box::new(hits.chain(self.odd(bytes, head)).chain(self.odd(bytes, tail)))
    }

    /// Whether the word may begin at one of these places, or what is odd stands where its first letter would be.
    fn may_hit(&self, bytes: &[u8], begins: Range<usize>) -> bool {
        let at = |letter: Letter| &bytes[begins.start + letter.place..begins.end + letter.place];
        let [one, other] = self.letters;
        let (ones, others) = (at(one), at(other));
        // Few and simple steps for each byte, and none that depends on the one before: so they are made for many at once.
        let both = |odd: fn(u8) -> bool| {
            ones.iter().zip(others).fold(false, |hit, (a, b)| hit | (one.is(*a) & other.is(*b)) | odd(*a))
        };
        match self.strangers.is_empty() {
            true => both(|byte| byte == ESCAPE),
            false => both(|byte| (byte == ESCAPE) | (byte == 0xE2) | (byte == 0xC4)),
        }
    }

    fn is_at(&self, bytes: &[u8], begin: usize) -> bool {
        let letter = self.letters[0];
        letter.is(bytes[begin + letter.place]) && bytes[begin..begin + self.word.len()].eq_ignore_ascii_case(&self.word)
    }

    /// The places of escapes and strangers.
    fn odd<'b>(&'b self, bytes: &'b [u8], places: Range<usize>) -> impl Iterator<Item = usize> + 'b {
        let is_stranger = move |at: usize| self.strangers.iter().any(|one| bytes[at..].starts_with(one.as_bytes()));
        places.filter(move |at| bytes[*at] == ESCAPE || is_stranger(*at))
    }

    /// What the row itself says is of no body, and has the word.
    pub fn is_said_by(&self, row: &impl Row) -> bool {
        self.hits(row.text().as_bytes()).next().is_some()
    }

    /// The word may be part of a row's number.
    pub fn is_of_digits(&self) -> bool {
        self.word.iter().all(u8::is_ascii_digit)
    }

    /// The word is part of this number.
    pub fn is_of_number(&self, number: u64) -> bool {
        number.to_string().as_bytes().windows(self.word.len()).any(|part| part == self.word)
    }
}

/// A word that every wanted row has.
fn longest_word(tree: &Expression) -> Option<&str> {
    match tree {
        Expression::All(parts) => parts.iter().filter_map(longest_word).max_by_key(|word| word.len()),
        Expression::Text(text) => words(&text.folded).max_by_key(|word| word.len()),
        // One of several, or what is not there, or what stands in one field only, is not looked for.
        Expression::Any(parts) if parts.len() == 1 => longest_word(&parts[0]),
        Expression::Any(_) | Expression::Not(_) | Expression::Condition(_) => None,
    }
}

/// The parts of a text that are written without blanks, quotes and what stands between the parts of a row's own sentences.
fn words(folded: &str) -> impl Iterator<Item = &str> {
    let inside = |one: char| one.is_ascii_graphic() && !"\"\\,:;()[]<>/".contains(one);
    let words = folded.split(move |one| !inside(one));
    words.filter(|word| word.len() >= SHORTEST && !OWN_WORDS.iter().any(|own| own.contains(word)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_place_of_the_word_and_of_what_is_odd_is_a_hit_and_no_other(
            word in "[kiz.-]{3,5}",
            parts in prop::collection::vec(prop_oneof![
                3 => "[kKiIzZ.-]{0,6}".boxed(),
                2 => (0_usize..1500).prop_map(|length| "_".repeat(length)).boxed(),
                1 => prop::sample::select(&["\\", "\u{212a}", "\u{130}", "\u{2019}", "\u{107}"]).prop_map(str::to_owned).boxed(),
                2 => Just("{word}".to_owned()).boxed(),
            ], 0..9),
        ) {
            let bytes = parts.concat().replace("{word}", &word.to_uppercase()).into_bytes();
            let sieve = Sieve::new(&word);
            let odd = |at: usize| {
                let begins = |letter: char, stranger: &str| word.contains(letter) && bytes[at..].starts_with(stranger.as_bytes());
                bytes[at] == b'\\' || begins('k', "\u{212a}") || begins('i', "\u{130}")
            };
            let is_word = |at: usize| bytes[at..].get(..word.len()).is_some_and(|there| there.eq_ignore_ascii_case(word.as_bytes()));
            let plain: BTreeSet<usize> = (0..bytes.len()).filter(|at| odd(*at) || is_word(*at)).collect();
            prop_assert_eq!(sieve.hits(&bytes).collect::<BTreeSet<_>>(), plain);
        }
    }
}
