//! What must stand in the bytes of a body for its row to be wanted, so that a search can pass over most of a journal without
//! reading it record by record.
//!
//! Where in doubt a row stays: a sieve may keep a row that is not wanted, but must not pass over one that is. So it goes by
//! one word of the filter, of letters that are written in one way only: a body with escapes or with the two letters that
//! become ASCII ones in lower case is always kept.

use memchr::{memchr2_iter, memchr3_iter, memmem};

use super::expression::Expression;
use super::field::Row;

/// Shorter words stand nearly everywhere.
const SHORTEST: usize = 3;

/// What rows say that stands in no body as such: a word that is part of one of these is not looked for in bodies.
const OWN_WORDS: [&str; 7] = ["all", "but", "tickets", "event", "reversal", "duplicate", "drift"];

/// From the rarest to the most frequent in payloads; a letter is found the faster the rarer it is.
const BY_FREQUENCY: &[u8] = b"zqxj~!#$%&*+=?^`{|}'/kwvyfgbhpdumlcsnrtioae@_987654321-.0";

/// A word of a filter, in lower case.
#[derive(Debug, Clone)]
pub struct Sieve {
    word: Vec<u8>,
    /// The place of its rarest letter.
    rarest: usize,
    /// Without letters it is written in one way only.
    exact: Option<memmem::Finder<'static>>,
    /// Letters that become one of its own in lower case: the Kelvin sign, the dotted I.
    strangers: Vec<memmem::Finder<'static>>,
}

impl Sieve {
    /// The sieve of a filter; none when nothing can be known of the bodies of what it wants.
    pub(super) fn of(tree: &Expression) -> Option<Self> {
        longest_word(tree).map(Self::new)
    }

    fn new(word: &str) -> Self {
        let frequency = |byte: &u8| BY_FREQUENCY.iter().position(|one| one == byte).unwrap_or_default();
        let rarest = word.bytes().enumerate().min_by_key(|(_, byte)| frequency(byte)).map_or(0, |(place, _)| place);
        let exact = !word.bytes().any(|byte| byte.is_ascii_alphabetic());
        let strangers = [('k', "\u{212a}"), ('i', "\u{130}")].into_iter().filter(|(letter, _)| word.contains(*letter));
        Self {
            rarest,
            exact: exact.then(|| memmem::Finder::new(word).into_owned()),
            strangers: strangers.map(|(_, stranger)| memmem::Finder::new(stranger).into_owned()).collect(),
            word: word.as_bytes().to_vec(),
        }
    }

    /// The places in `bytes` for whose sake what stands there must be looked at.
    pub fn hits<'b>(&'b self, bytes: &'b [u8]) -> Box<dyn Iterator<Item = usize> + 'b> {
        let strangers = self.strangers.iter().flat_map(move |stranger| stranger.find_iter(bytes));
        if let Some(exact) = &self.exact {
            let escapes = memchr::memchr_iter(b'\\', bytes);
            return Box::new(exact.find_iter(bytes).chain(escapes).chain(strangers));
        }
        let rarest = self.word[self.rarest];
        let is_here = move |at: &usize| {
            let begin = at.checked_sub(self.rarest);
            let there = begin.and_then(|begin| bytes.get(begin..begin + self.word.len()));
            bytes[*at] == b'\\' || there.is_some_and(|there| there.eq_ignore_ascii_case(&self.word))
        };
        if rarest.is_ascii_alphabetic() {
            let letters = memchr3_iter(rarest, rarest.to_ascii_uppercase(), b'\\', bytes);
            return Box::new(letters.filter(is_here).chain(strangers));
        }
        Box::new(memchr2_iter(rarest, b'\\', bytes).filter(is_here).chain(strangers))
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
