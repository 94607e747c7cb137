//! Small files of which all is believed or nothing: the name of a format, what stands in it, and the crc of both. Pure.
//!
//! Such a file comes to be under another name, synced, and is then renamed: at every moment the one before or the next is
//! there, whole.

use super::frame::hexadecimal;

/// `crc=<8>\n`
const CRC: usize = 13;

/// `content` in a file of the format, as in `willcall-base 1`.
pub(super) fn seal(format: &str, content: &[u8]) -> Vec<u8> {
    let mut bytes = [format.as_bytes(), b" ", content].concat();
    let crc = crc32fast::hash(&bytes);
    bytes.extend_from_slice(format!("crc={crc:08x}\n").as_bytes());
    bytes
}

/// The content of a whole file.
///
/// # Errors
/// What is wrong with it.
pub(super) fn unseal<'a>(format: &str, bytes: &'a [u8]) -> Result<&'a [u8], &'static str> {
    let begin = format.len() + 1;
    let name = format.trim_end_matches(|one: char| one.is_ascii_digit());
    match bytes.get(..begin) {
        Some(known) if known == format!("{format} ").as_bytes() => {}
        _ if bytes.starts_with(name.as_bytes()) => return Err("it is of another version of willcall"),
        _ => return Err("it does not begin as one"),
    }
    let (covered, crc) = bytes.split_last_chunk::<CRC>().ok_or("it is cut short")?;
    let said = crc.strip_prefix(b"crc=").and_then(|crc| crc.strip_suffix(b"\n")).and_then(hexadecimal);
    match covered.get(begin..) {
        Some(content) if said == Some(crc32fast::hash(covered).into()) => Ok(content),
        _ => Err("its checksum does not fit"),
    }
}
