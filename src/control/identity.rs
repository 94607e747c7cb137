//! A name and the user id behind it.

/// The longest name that is put on record, in characters.
const MOST_NAME: usize = 64;

/// `claimed` with the user id that the kernel vouches for, as in `ana (uid 1000)`.
///
/// The name is whatever its bearer says; round brackets and control characters leave it, so that it cannot pretend to
/// carry an id of its own.
pub fn signed(claimed: &str, uid: u32) -> String {
    let name: String =
        claimed.chars().filter(|one| !one.is_control() && !matches!(one, '(' | ')')).take(MOST_NAME).collect();
    match name.trim() {
        "" => format!("somebody (uid {uid})"),
        name => format!("{name} (uid {uid})"),
    }
}

/// Who runs this process, if `claimed` is their name.
pub fn own(claimed: &str) -> String {
    signed(claimed, rustix::process::getuid().as_raw())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_cannot_bring_its_own_id() {
        assert_eq!(signed("ana", 1000), "ana (uid 1000)");
        assert_eq!(signed("root (uid 0)\r\n", 1000), "root uid 0 (uid 1000)");
        assert_eq!(signed(" \u{1b}", 7), "somebody (uid 7)");
        assert_eq!(signed(&"x".repeat(1000), 7).len(), 64 + " (uid 7)".len());
    }
}
