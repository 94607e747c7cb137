//! Sequence numbers and ids.
//!
//! `ticketId`, `eventId`, `showId` and a ticket's `id` are the platform's; `listingId`, `groupId`, `resaleId` and a
//! notifyMe `id` are menta's. All are opaque: the documentation's own samples are digits, UUIDs, and "hex" with a `g` in it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize, Serializer};

/// Position of a record in the journal, from 1, without gaps. An event's number is that of the record that received it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl Seq {
    /// The number that follows.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for Seq {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        text.parse().map(Self).map_err(|_| InvalidId { given: text.into(), wanted: "a sequence number like 41" })
    }
}

/// A delivery, written `d-41`: the sequence number of the event that created it. One event creates at most one delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct DeliveryId(pub Seq);

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "d-{}", self.0)
    }
}

impl Serialize for DeliveryId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl TryFrom<String> for DeliveryId {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl FromStr for DeliveryId {
    type Err = InvalidId;

    /// Takes `d-41` and, because people type it, `41`.
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let digits = text.strip_prefix("d-").or_else(|| text.strip_prefix("D-")).unwrap_or(text);
        match digits.parse() {
            Ok(number) => Ok(Self(Seq(number))),
            Err(_) => Err(InvalidId { given: text.into(), wanted: "a delivery id like d-41" }),
        }
    }
}

/// A text that is no id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not {wanted}")]
pub struct InvalidId {
    given: String,
    wanted: &'static str,
}

macro_rules! opaque {
    ($(#[$doc:meta] $name:ident),+ $(,)?) => {$(
        #[$doc]
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The id exactly as it was sent.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    )+};
}

opaque! {
    /// A ticket, in the platform's words.
    TicketId,
    /// A completed resale, in menta's words.
    ResaleId,
    /// A show, in the platform's words.
    ShowId,
    /// A "notify me" subscription, in menta's words.
    SubscriptionId,
}

/// A person as menta names them: an e-mail address, or a phone number where there is none; or what stands in the place of one
/// who was blanked (see [`blanking`](super::blanking)).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Person(pub String);

/// Begins what stands in the place of a person. A control character: no address begins with it.
const STAND_IN: char = '\u{7f}';

impl Person {
    /// The person whose address came in a payload, maybe one that was blanked. `None` where the text is none: nothing that is
    /// sent passes for a stand-in.
    pub fn sent(address: String) -> Option<Self> {
        if !address.is_empty() && address.bytes().all(|byte| byte == b'*') {
            return Some(Self::blanked(""));
        }
        (!address.trim().starts_with(STAND_IN)).then_some(Self(address))
    }

    /// What stands in the place of a person of that code.
    pub(super) fn blanked(code: &str) -> Self {
        Self(format!("{STAND_IN}{code}"))
    }

    /// The person was blanked: who it is cannot be read any more.
    pub fn is_blanked(&self) -> bool {
        self.code().is_some()
    }

    /// The code of one who was blanked.
    pub(super) fn code(&self) -> Option<&str> {
        self.0.strip_prefix(STAND_IN)
    }

    /// The address, where it was not blanked.
    pub fn address(&self) -> Option<&str> {
        (!self.is_blanked()).then_some(&self.0)
    }

    /// The address exactly as it was sent, or the stand-in.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address without surrounding blanks and letter case: two that fold alike are one person.
    pub fn folded(&self) -> impl Iterator<Item = char> + '_ {
        self.0.trim().chars().flat_map(char::to_lowercase)
    }
}

/// Two addresses are one person whatever their letter case and surrounding blanks.
impl PartialEq for Person {
    fn eq(&self, other: &Self) -> bool {
        self.folded().eq(other.folded())
    }
}

impl Eq for Person {}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.address().unwrap_or("blanked"))
    }
}

impl From<&str> for Person {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// The first 16 bytes of a SHA-256: names a thing of any length in a fixed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Digest(pub [u8; 16]);

impl Digest {
    /// The digest of `parts`, each preceded by its length so that no two lists of parts are one text.
    pub fn of(parts: &[&[u8]]) -> Self {
        use sha2::Digest as _;
        let mut hasher = sha2::Sha256::new();
        for part in parts {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        let mut short = [0; 16];
        short.copy_from_slice(&hasher.finalize()[..16]);
        Self(short)
    }

    /// Hands its hexadecimal digits on. A record has three digests: `write!` for each byte would be felt.
    fn with_digits<T>(self, take: impl FnOnce(&str) -> T) -> T {
        let mut digits = [0; 32];
        for (pair, byte) in digits.as_chunks_mut::<2>().0.iter_mut().zip(self.0) {
            *pair = [byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]);
        }
        take(std::str::from_utf8(&digits).unwrap_or_default())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_digits(|digits| f.write_str(digits))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.with_digits(|digits| serializer.serialize_str(digits))
    }
}

impl TryFrom<String> for Digest {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        let wrong = || InvalidId { given: text.clone(), wanted: "32 hexadecimal digits" };
        if text.len() != 32 || !text.is_ascii() {
            return Err(wrong());
        }
        let mut bytes = [0; 16];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delivery_ids_read_as_they_are_written() {
        let id = DeliveryId(Seq(41));
        assert_eq!(id.to_string(), "d-41");
        assert_eq!("d-41".parse(), Ok(id));
        assert_eq!("41".parse(), Ok(id));
        assert!("d-".parse::<DeliveryId>().is_err());
        assert!("x-41".parse::<DeliveryId>().is_err());
    }

    #[test]
    fn a_person_is_the_same_in_any_letter_case() {
        assert_eq!(Person::from(" Joe@Gmail.com"), Person::from("joe@gmail.com"));
        assert_ne!(Person::from("joe@gmail.com"), Person::from("jo@egmail.com"));
    }

    #[test]
    fn a_digest_keeps_its_parts_apart() {
        assert_ne!(Digest::of(&[b"ab", b"c"]), Digest::of(&[b"a", b"bc"]));
        let digest = Digest::of(&[b"x"]);
        assert_eq!(Digest::try_from(digest.to_string()), Ok(digest));
    }
}
