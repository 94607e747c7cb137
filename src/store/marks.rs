//! Sets of numbers, [`BLOCK`] to a row. An index with a row per event costs a write per event and index; as marks in a
//! shared row, the events of a batch cost one. Pure.

use crate::domain::ids::Seq;

use super::keys::Key;

/// Numbers that share a row. Their marks are 16 bytes, which sled keeps beside the key.
pub const BLOCK: u64 = 128;

/// The key of the row in which `seq` is marked.
pub fn key(prefix: &[u8], seq: Seq) -> Key {
    [prefix, &(seq.0 / BLOCK).to_be_bytes()].concat()
}

/// The numbers of one row that are marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Marks(u128);

impl Marks {
    /// `None` when the bytes are no such row.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        Some(Self(u128::from_be_bytes(bytes.try_into().ok()?)))
    }

    /// As it is stored; a row without marks is not.
    pub fn encode(self) -> Option<Vec<u8>> {
        (self.0 != 0).then(|| self.0.to_be_bytes().to_vec())
    }

    /// Marks `seq`, or takes its mark away.
    #[must_use]
    pub fn with(self, seq: Seq, marked: bool) -> Self {
        let bit = 1 << (seq.0 % BLOCK);
        Self(if marked { self.0 | bit } else { self.0 & !bit })
    }

    /// Of the row that ends in `block`, those of numbers from `from` to `to`, both included.
    #[must_use]
    pub fn within(self, block: u64, from: Seq, to: Seq) -> Self {
        let first = block.saturating_mul(BLOCK);
        let place = |seq: Seq| seq.0.saturating_sub(first).min(BLOCK - 1) as u32;
        if from > to || from.0 > first.saturating_add(BLOCK - 1) || to.0 < first {
            return Self::default();
        }
        Self(self.0 & (u128::MAX << place(from)) & (u128::MAX >> (BLOCK as u32 - 1 - place(to))))
    }

    /// These, and those of another row of the same numbers.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// How many there are.
    pub fn count(self) -> usize {
        self.0.count_ones() as usize
    }

    /// The numbers marked in the row that ends in `block`, ascending.
    pub fn numbers(self, block: u64) -> Vec<Seq> {
        let marked = (0..BLOCK).filter(|place| self.0 >> place & 1 == 1);
        marked.map(|place| Seq(block.saturating_mul(BLOCK) + place)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_marked_is_read_back_and_nothing_is_no_row() {
        let numbers = [Seq(256), Seq(257), Seq(383)];
        let marks = numbers.iter().fold(Marks::default(), |marks, seq| marks.with(*seq, true));
        assert_eq!(Marks::decode(&marks.encode().unwrap()).unwrap().numbers(2), numbers);
        assert!(numbers.iter().all(|seq| key(b"x", *seq) == [b"x", &2_u64.to_be_bytes()[..]].concat()));
        let count = |from, to| marks.within(2, Seq(from), Seq(to)).count();
        assert_eq!(
            [count(0, 999), count(256, 383), count(257, 383), count(256, 300), count(300, 310), count(9, 8)],
            [3, 3, 2, 2, 0, 0]
        );
        assert_eq!([count(0, 255), count(384, 999), count(383, 383), count(256, 256)], [0, 0, 1, 1]);
        let other = Marks::default().with(Seq(257), true).with(Seq(300), true);
        assert_eq!(marks.or(other).numbers(2), [256, 257, 300, 383].map(Seq));
        let none = numbers.iter().fold(marks, |marks, seq| marks.with(*seq, false));
        assert_eq!(none.encode(), None);
    }
}
