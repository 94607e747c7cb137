//! What a text means -> how it looks.
//!
//! Only the terminal's own 16 colours, so that light and dark backgrounds both work; never a meaning by colour alone.
//! `NO_COLOR` is honoured here: no colour is set, modifiers stay.

use ratatui::style::{Color, Modifier, Style};

/// What a text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Anything.
    Plain,
    /// Of less interest.
    Faint,
    /// Titles and column heads.
    Heading,
    /// The program's name, the current tab.
    Brand,
    /// A key to press.
    Key,
    /// Done.
    Good,
    /// Under way.
    Busy,
    /// Waits for its time.
    Waiting,
    /// Will be late before long.
    Soon,
    /// Went wrong.
    Bad,
    /// A person must decide.
    Held,
    /// Of no consequence any more.
    Off,
    /// The program itself is unwell.
    Alarm,
    /// A mode the reader must not forget: paused, revealed.
    Badge,
    /// The row under the cursor.
    Selected,
    /// A JSON key.
    Field,
    /// A JSON string.
    Quoted,
    /// A JSON number.
    Digits,
    /// `true`, `false`, `null`.
    Literal,
    /// A difference from the documentation.
    Drift,
    /// Lines around panes.
    Border,
    /// Lines around the pane that has the focus.
    Focus,
}

/// Roles -> styles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// False under `NO_COLOR`.
    pub colour: bool,
}

impl Theme {
    /// The style of a role.
    pub fn style(self, role: Role) -> Style {
        let plain = Style::new();
        let style = match role {
            Role::Plain => plain,
            Role::Faint | Role::Off | Role::Border => plain.fg(Color::DarkGray),
            Role::Heading => plain.add_modifier(Modifier::BOLD),
            Role::Brand => plain.fg(Color::Cyan).add_modifier(Modifier::BOLD),
            Role::Key | Role::Field => plain.fg(Color::Cyan),
            Role::Good | Role::Quoted => plain.fg(Color::Green),
            Role::Busy => plain.fg(Color::Blue).add_modifier(Modifier::BOLD),
            Role::Waiting => plain.fg(Color::Blue),
            Role::Soon => plain.fg(Color::Yellow).add_modifier(Modifier::BOLD),
            Role::Bad => plain.fg(Color::Red).add_modifier(Modifier::BOLD),
            Role::Held => plain.fg(Color::Magenta).add_modifier(Modifier::BOLD),
            Role::Alarm => plain.fg(Color::Red).add_modifier(Modifier::REVERSED | Modifier::BOLD),
            Role::Badge => plain.fg(Color::Yellow).add_modifier(Modifier::REVERSED | Modifier::BOLD),
            Role::Selected => plain.add_modifier(Modifier::REVERSED),
            Role::Digits => plain.fg(Color::Yellow),
            Role::Literal => plain.fg(Color::Magenta),
            Role::Drift => plain.fg(Color::Yellow).add_modifier(Modifier::BOLD),
            Role::Focus => plain.fg(Color::Cyan).add_modifier(Modifier::BOLD),
        };
        if self.colour { style } else { Style { fg: None, bg: None, ..style } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colour_the_modifiers_stay() {
        let plain = Theme { colour: false };
        assert_eq!(plain.style(Role::Alarm), Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD));
        assert_eq!(plain.style(Role::Waiting), Style::new());
        assert_eq!(Theme { colour: true }.style(Role::Waiting).fg, Some(Color::Blue));
    }
}
