//! What a terminal is sent to call its reader.

use super::text;

/// How the dashboard's terminal rings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ring {
    /// Not at all.
    #[default]
    Off,
    /// Its bell.
    Bell,
    /// A notification: OSC 9.
    Notify,
}

impl Ring {
    /// The bytes for an alert that reads so; none when it is not to ring. tmux passes a notification on only where it is told
    /// to, so it gets the bell as well.
    pub fn sequence(self, says: &str, tmux: bool) -> Option<String> {
        // ConEmu takes a number at the beginning for another order: a name stands there.
        let says = format!("willcall: {}", text::visible(says));
        match self {
            Self::Off => None,
            Self::Bell => Some("\u{7}".to_owned()),
            Self::Notify if !tmux => Some(format!("\u{1b}]9;{says}\u{7}")),
            Self::Notify => Some(format!("\u{1b}Ptmux;\u{1b}\u{1b}]9;{says}\u{7}\u{1b}\\\u{7}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notification_holds_nothing_that_could_end_it() {
        let sent = Ring::Notify.sequence("1 delivery\u{7}\u{1b}]0;x", false).unwrap();
        assert!(sent.starts_with("\u{1b}]9;willcall: 1 delivery") && sent.ends_with('\u{7}'), "{sent:?}");
        assert_eq!(sent.matches(['\u{7}', '\u{1b}']).count(), 2, "{sent:?}");
        let tmux = Ring::Notify.sequence("x", true).unwrap();
        assert_eq!(tmux, "\u{1b}Ptmux;\u{1b}\u{1b}]9;willcall: x\u{7}\u{1b}\\\u{7}");
        assert_eq!((Ring::Off.sequence("x", false), Ring::Bell.sequence("x", false).as_deref()), (None, Some("\u{7}")));
    }
}
