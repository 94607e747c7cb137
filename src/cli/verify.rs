//! `verify`: is the journal whole, and does the store say what the journal says?

use std::io::Write;

use super::CliError;
use super::program::existing;
use super::progress::ProgressLine;
use crate::config::Settings;
use crate::domain::text::visible;
use crate::engine::local;
use crate::store::Verified;

/// Does it.
///
/// # Errors
/// When something is wrong, or cannot be looked at.
pub fn run(settings: &Settings, out: &mut dyn Write) -> Result<(), CliError> {
    let mut line = ProgressLine::new("verifying");
    let verified = local::verify(existing(settings)?, &mut |progress| line.show(progress))?;
    drop(line);
    print(&verified, out)
}

fn print(verified: &Verified, out: &mut dyn Write) -> Result<(), CliError> {
    match &verified.difference {
        None => Ok(writeln!(
            out,
            "{} records in the journal, {} rows in the store: both whole, and they agree",
            verified.journal.0.saturating_sub(verified.dropped.0),
            verified.rows
        )?),
        Some(difference) => {
            writeln!(out, "{}", visible(&difference.to_string()))?;
            Err(CliError::Failed(
                "the store does not say what the journal says: `willcall rebuild` makes it anew".to_owned(),
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::Seq;
    use crate::store::Difference;

    #[test]
    fn a_difference_is_printed_and_fails() {
        let mut out = Vec::new();
        let good = Verified { journal: Seq(9), dropped: Seq(2), applied: Seq(9), rows: 30, difference: None };
        print(&good, &mut out).unwrap();
        let bad = Verified { difference: Some(Difference::Missing("delivery d-3\u{1b}".to_owned())), ..good };
        assert_eq!(print(&bad, &mut out).unwrap_err().status(), 1);
        let out = String::from_utf8(out).unwrap();
        assert!(out.starts_with("7 records in the journal, 30 rows"), "{out}");
        assert!(out.contains("delivery d-3") && !out.contains('\u{1b}'), "{out}");
    }
}
