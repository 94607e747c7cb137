//! How staff are called when a delivery fails or is held.

/// The choice, as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertBy {
    /// Not at all.
    Off,
    /// The terminal's bell.
    Bell,
    /// The terminal's notification, OSC 9.
    Notify,
    /// A command.
    Command,
}

/// How staff are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alert {
    /// Not at all.
    Off,
    /// The bell of the dashboard's terminal; a line in the log.
    Bell,
    /// A notification by the dashboard's terminal; a line in the log.
    Notify,
    /// This command, for the shell; a line in the log.
    Command(String),
}

/// The choice with its command.
///
/// # Errors
/// When there is none and it was chosen.
pub(super) fn check(by: AlertBy, command: Option<&str>) -> Result<Alert, String> {
    let command = command.map(str::trim).filter(|command| !command.is_empty());
    match (by, command) {
        (AlertBy::Command, Some(command)) => Ok(Alert::Command(command.to_owned())),
        (AlertBy::Command, None) => Err("`alert.by` is \"command\" and there is none: set `alert.command`".into()),
        // A command that is set may rest while another way is tried.
        (AlertBy::Off, _) => Ok(Alert::Off),
        (AlertBy::Bell, _) => Ok(Alert::Bell),
        (AlertBy::Notify, _) => Ok(Alert::Notify),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_chooses_a_command_names_it() {
        assert_eq!(check(AlertBy::Command, Some(" beep ")), Ok(Alert::Command("beep".into())));
        assert_eq!(check(AlertBy::Bell, None), Ok(Alert::Bell));
        assert!(check(AlertBy::Command, Some("  ")).unwrap_err().contains("set `alert.command`"));
        assert_eq!(check(AlertBy::Off, Some("beep")), Ok(Alert::Off));
    }
}
