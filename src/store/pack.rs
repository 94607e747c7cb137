//! Values of neighbouring keys in one row. sled copies a page for each key it writes, and rows of one table are much alike:
//! some of them together and compressed are one key and a third of the bytes. Pure.

use std::collections::BTreeMap;

/// Numbers that share a row.
pub const SHARED: u64 = 8;

/// Longer ones are left as they are: long values are rare, and cut into chunks whatever they compress to.
const MOST_COMPRESSED: usize = 16 << 10;

/// First byte: the values follow.
const PLAIN: u8 = 0;
/// First byte: the values follow, compressed.
const COMPRESSED: u8 = 1;

/// Some values, each at its place among the [`SHARED`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pack(BTreeMap<u8, Vec<u8>>);

impl Pack {
    /// `None` when the bytes are no such row.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        match bytes.split_first()? {
            (&PLAIN, values) => Self::read(values),
            (&COMPRESSED, rest) => {
                let (length, values) = rest.split_first_chunk()?;
                let length = u32::from_be_bytes(*length) as usize;
                // What is damaged may say any length.
                let plain = (length <= MOST_COMPRESSED).then(|| lz4_flex::block::decompress(values, length))?.ok()?;
                Self::read(&plain)
            }
            _ => None,
        }
    }

    fn read(mut bytes: &[u8]) -> Option<Self> {
        let mut values = BTreeMap::new();
        while let Some((place, rest)) = bytes.split_first() {
            let (length, rest) = rest.split_first_chunk()?;
            let (value, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
            values.insert(*place, value.to_vec());
            bytes = rest;
        }
        Some(Self(values))
    }

    /// As it is stored; a row without values is not.
    pub fn encode(&self) -> Option<Vec<u8>> {
        let mut plain = Vec::with_capacity(1 + self.0.values().map(|value| 5 + value.len()).sum::<usize>());
        plain.push(PLAIN);
        for (place, value) in &self.0 {
            plain.push(*place);
            // A value is a part of a record, and no part is as long as 4 GiB.
            plain.extend_from_slice(&(value.len() as u32).to_be_bytes());
            plain.extend_from_slice(value);
        }
        let values = &plain[1..];
        if values.is_empty() {
            return None;
        }
        if values.len() > MOST_COMPRESSED {
            return Some(plain);
        }
        let mut bytes = vec![COMPRESSED];
        bytes.extend_from_slice(&(values.len() as u32).to_be_bytes());
        bytes.extend_from_slice(&lz4_flex::block::compress(values));
        Some(bytes)
    }

    /// The value at a place.
    pub fn get(&self, place: u8) -> Option<&Vec<u8>> {
        self.0.get(&place)
    }

    /// Takes one out.
    pub fn take(&mut self, place: u8) -> Option<Vec<u8>> {
        self.0.remove(&place)
    }

    /// Sets the value at a place, or removes it.
    pub fn set(&mut self, place: u8, value: Option<Vec<u8>>) {
        match value {
            Some(value) => drop(self.0.insert(place, value)),
            None => drop(self.0.remove(&place)),
        }
    }

    /// The values with their places, in order.
    pub fn into_values(self) -> impl Iterator<Item = (u8, Vec<u8>)> {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_stored_is_read_back(values in prop::collection::btree_map(0..8_u8, prop::collection::vec(any::<u8>(), 0..40), 0..8), long in 0..40_000_usize) {
            let mut pack = Pack::default();
            values.iter().for_each(|(place, value)| pack.set(*place, Some(value.clone())));
            if long > 20_000 {
                pack.set(3, Some(vec![7; long]));
            }
            prop_assert_eq!(pack.encode().map_or(Some(Pack::default()), |row| Pack::decode(&row)), Some(pack));
        }

        #[test]
        fn what_is_no_such_row_is_none_and_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = Pack::decode(&bytes);
            let _ = Pack::decode(&[&[COMPRESSED, 0, 0, 0, 40][..], &bytes].concat());
        }
    }

    #[test]
    fn likeness_saves_room_and_nothing_is_no_row() {
        let mut pack = Pack::default();
        (0..8).for_each(|place| {
            pack.set(place, Some(format!(r#"{{"id":"d-{place}","kind":"transfer","ticket":"t{place}"}}"#).into()))
        });
        assert!(pack.encode().unwrap().len() < 8 * 20);
        (0..8).for_each(|place| pack.set(place, None));
        assert_eq!(pack.encode(), None);
    }
}
