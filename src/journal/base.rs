//! The base: where a journal begins whose first segments were dropped, and what their records had come to. Knows lines, not
//! what they mean.
//!
//! ```text
//! willcall-base 1 through=00000000000000060211 previous=00000000000000000001:00000000000067108012
//! {"family":…}                                                      as many lines as it takes
//! crc=77ab12cd                                                      of all that stands before
//! ```
//!
//! `through` is the last dropped record, `previous` what the header of the next segment says: the segment before it and the
//! length at which that ended.

use crate::domain::ids::Seq;

use super::frame::decimal;
use super::sealed;

/// The format that this version reads and writes.
const FORMAT: &str = "willcall-base 1";

/// Its file.
pub(super) const NAME: &str = "base";

/// The file in which the next one comes to be.
pub(super) const NEXT: &str = "base.next";

/// `through=<20> previous=<20>:<20>`
const NUMBERS: usize = 8 + 20 + 10 + 20 + 1 + 20;

/// Where a journal begins whose first segments were dropped, and what their records had come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// The last record that was dropped.
    pub through: Seq,
    /// The last segment that was dropped, and its length.
    pub(super) previous: (Seq, u64),
    /// One JSON value a line, each ended by a newline.
    pub lines: Vec<u8>,
}

impl Base {
    /// As it stands in the file.
    pub(super) fn encode(&self) -> Vec<u8> {
        let (previous, length) = (self.previous.0.0, self.previous.1);
        let numbers = format!("through={:020} previous={previous:020}:{length:020}\n", self.through.0);
        sealed::seal(FORMAT, &[numbers.as_bytes(), &self.lines].concat())
    }

    /// Reads a whole file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, &'static str> {
        Self::read(sealed::unseal(FORMAT, bytes)?).ok_or("its first line means nothing")
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (numbers, lines) = bytes.split_at_checked(NUMBERS)?;
        Some(Self {
            through: Seq(decimal(&numbers[8..28])?),
            previous: (Seq(decimal(&numbers[38..58])?), decimal(&numbers[59..79])?),
            lines: lines.strip_prefix(b"\n")?.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_wrong_with_it_is_said_and_nothing_of_it_taken() {
        let base = Base { through: Seq(60), previous: (Seq(41), 700), lines: b"{\"a\":1}\n{}\n".to_vec() };
        let sound = base.encode();
        assert_eq!(Base::decode(&sound), Ok(base));
        for at in 0..sound.len() {
            let mut flipped = sound.clone();
            flipped[at] ^= 1;
            assert!(Base::decode(&flipped).is_err(), "byte {at} is another");
            assert!(Base::decode(&sound[..at]).is_err(), "{at} bytes of it");
        }
        let newer = String::from_utf8(sound).unwrap().replace("base 1", "base 2");
        assert_eq!(Base::decode(newer.as_bytes()), Err("it is of another version of willcall"));
    }
}
