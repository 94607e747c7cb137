//! `verify`: is the journal whole, and does the store say what the journal says?

use std::io::Write;

use super::CliError;
use crate::config::Settings;

/// What was found.
#[derive(Debug, Default)]
pub struct Findings {
    /// Records in the journal.
    pub records: u64,
    /// Everything that is wrong, in sentences that name file and place.
    pub problems: Vec<String>,
}

/// Does it.
///
/// # Errors
/// When something is wrong, or cannot be looked at.
pub fn run(settings: &Settings, out: &mut dyn Write) -> Result<(), CliError> {
    print(&check(settings)?, out)
}

fn check(settings: &Settings) -> Result<Findings, CliError> {
    // WIRING: journal and store are compared here.
    Err(CliError::Failed(format!("nothing can check {} yet", settings.data_dir.display())))
}

fn print(findings: &Findings, out: &mut dyn Write) -> Result<(), CliError> {
    for problem in &findings.problems {
        writeln!(out, "{}", crate::domain::text::visible(problem))?;
    }
    match findings.problems.len() {
        0 => Ok(writeln!(out, "{} records: the journal is whole and the store agrees with it", findings.records)?),
        1 => Err(CliError::Failed("1 problem: see above".to_owned())),
        many => Err(CliError::Failed(format!("{many} problems: see above"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_printed_and_fails() {
        let mut out = Vec::new();
        print(&Findings { records: 7, problems: Vec::new() }, &mut out).unwrap();
        let bad = Findings { records: 7, problems: vec!["0001.wal at byte 90: checksum\u{1b}".into()] };
        assert_eq!(print(&bad, &mut out).unwrap_err().status(), 1);
        let out = String::from_utf8(out).unwrap();
        assert!(out.starts_with("7 records: the journal is whole"), "{out}");
        assert!(out.ends_with("0001.wal at byte 90: checksum\\u001b\n"), "{out}");
    }
}
