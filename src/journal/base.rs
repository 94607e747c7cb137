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
//! length at which that ended. The file comes to be as `base.next`, synced, and is then renamed: at every moment the one base
//! or the other is there, whole.

use crate::domain::ids::Seq;

use super::frame::{decimal, hexadecimal};

/// The format that this version reads and writes.
const FORMAT: &str = "willcall-base 1";

/// Its file.
pub(super) const NAME: &str = "base";

/// The file in which the next one comes to be.
pub(super) const NEXT: &str = "base.next";

/// `through=<20> previous=<20>:<20>`
const NUMBERS: usize = 8 + 20 + 10 + 20 + 1 + 20;

/// `crc=<8>\n`
const CRC: usize = 13;

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
        let mut bytes =
            format!("{FORMAT} through={:020} previous={previous:020}:{length:020}\n", self.through.0).into_bytes();
        bytes.extend_from_slice(&self.lines);
        let crc = crc32fast::hash(&bytes);
        bytes.extend_from_slice(format!("crc={crc:08x}\n").as_bytes());
        bytes
    }

    /// Reads a whole file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, &'static str> {
        let begin = FORMAT.len() + 1;
        match bytes.get(..begin) {
            Some(known) if known == format!("{FORMAT} ").as_bytes() => {}
            _ if bytes.starts_with(b"willcall-base ") => return Err("it is of another version of willcall"),
            _ => return Err("it does not begin as one"),
        }
        let (covered, crc) = bytes.split_last_chunk::<CRC>().ok_or("it is cut short")?;
        let said = crc.strip_prefix(b"crc=").and_then(|crc| crc.strip_suffix(b"\n")).and_then(hexadecimal);
        if said != Some(crc32fast::hash(covered).into()) {
            return Err("its checksum does not fit");
        }
        Self::read(&covered[begin..]).ok_or("its first line means nothing")
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
