//! What is blanked of a journal, in a file. Which records that is and what becomes of them is the domain's.
//!
//! ```text
//! willcall-blanked 1 {"through":60211,"open":[…],"key":…,"to_do":[…],"left":{…}}
//! crc=77ab12cd
//! ```
//!
//! From the moment it is in place every record is read as it says, whether the segment's file has been written anew or not.

use crate::domain::blanking::Blanking;

use super::sealed;

/// The format that this version reads and writes.
const FORMAT: &str = "willcall-blanked 1";

/// Its file.
pub(super) const NAME: &str = "blanked";

/// The file in which the next one comes to be.
pub(super) const NEXT: &str = "blanked.next";

/// As it stands in the file.
pub(super) fn encode(blanking: &Blanking) -> Result<Vec<u8>, serde_json::Error> {
    let mut content = serde_json::to_vec(blanking)?;
    content.push(b'\n');
    Ok(sealed::seal(FORMAT, &content))
}

/// Reads a whole file.
///
/// # Errors
/// What is wrong with it.
pub(super) fn decode(bytes: &[u8]) -> Result<Blanking, &'static str> {
    serde_json::from_slice(sealed::unseal(FORMAT, bytes)?).map_err(|_| "its line means nothing")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::blanking::Key;
    use crate::domain::ids::Seq;
    use crate::domain::ticket::Lane;

    #[test]
    fn it_is_read_as_it_was_written_and_not_at_all_where_a_byte_is_another() {
        let lanes = ["a", "b"].map(|ticket| Lane::of(&ticket.into()));
        let blanking = Blanking {
            through: Seq(60),
            open: lanes.into(),
            key: Key::new([7; 16]),
            to_do: [Seq(1), Seq(41)].into(),
            left: [(Seq(1), [lanes[0]].into())].into(),
        };
        let sound = encode(&blanking).unwrap();
        assert_eq!(decode(&sound), Ok(blanking));
        for at in 0..sound.len() {
            let mut flipped = sound.clone();
            flipped[at] ^= 1;
            assert!(decode(&flipped).is_err() && decode(&sound[..at]).is_err(), "byte {at}");
        }
    }
}
