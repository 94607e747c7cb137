//! What a text means -> how it looks. Never a meaning by colour alone: signs and words say it too, and the background is
//! the terminal's own.

use ratatui::style::{Color, Modifier, Style};

/// What a text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // each is explained by its line in ROLES
pub enum Role {
    Plain,
    Faint,
    Heading,
    Brand,
    Key,
    Good,
    Busy,
    Waiting,
    Soon,
    Bad,
    Held,
    Off,
    Alarm,
    Badge,
    Selected,
    Field,
    Quoted,
    Digits,
    Literal,
    Drift,
    Border,
    Focus,
}

/// A line of the table of roles.
#[derive(Debug, Clone, Copy)]
pub struct RoleEntry {
    /// The role.
    pub role: Role,
    /// Its name in `theme.colors`.
    pub id: &'static str,
    /// What looks like it.
    pub help: &'static str,
}

/// Every role, in their order.
#[rustfmt::skip] // a table
pub const ROLES: [RoleEntry; 22] = [
    RoleEntry { role: Role::Plain, id: "plain", help: "anything else" },
    RoleEntry { role: Role::Faint, id: "faint", help: "what is of less interest: labels, column heads, times" },
    RoleEntry { role: Role::Heading, id: "heading", help: "titles" },
    RoleEntry { role: Role::Brand, id: "brand", help: "the program's name, the current tab, families" },
    RoleEntry { role: Role::Key, id: "key", help: "keys to press" },
    RoleEntry { role: Role::Good, id: "good", help: "what is done: delivered, accepted, paid out" },
    RoleEntry { role: Role::Busy, id: "busy", help: "what is under way: in flight" },
    RoleEntry { role: Role::Waiting, id: "waiting", help: "what waits for its time: pending, deferred" },
    RoleEntry { role: Role::Soon, id: "due_soon", help: "what will be late before long" },
    RoleEntry { role: Role::Bad, id: "failed", help: "what went wrong: failed, refused, overdue" },
    RoleEntry { role: Role::Held, id: "held", help: "what a person must decide: held, unknown, reversals" },
    RoleEntry { role: Role::Off, id: "off", help: "what is of no consequence any more: cancelled" },
    RoleEntry { role: Role::Alarm, id: "alarm", help: "banners about what is lost or soon will be (reversed)" },
    RoleEntry { role: Role::Badge, id: "badge", help: "other banners, and modes not to be forgotten: PAUSED, REVEALED (reversed)" },
    RoleEntry { role: Role::Selected, id: "selected", help: "the row under the cursor (reversed)" },
    RoleEntry { role: Role::Field, id: "json_key", help: "keys in a payload" },
    RoleEntry { role: Role::Quoted, id: "json_text", help: "texts in a payload" },
    RoleEntry { role: Role::Digits, id: "json_number", help: "numbers in a payload" },
    RoleEntry { role: Role::Literal, id: "json_word", help: "`true`, `false` and `null` in a payload" },
    RoleEntry { role: Role::Drift, id: "drift", help: "differences from menta's documentation" },
    RoleEntry { role: Role::Border, id: "border", help: "lines around panes" },
    RoleEntry { role: Role::Focus, id: "focus", help: "lines around the pane that has the focus" },
];

/// Roles -> styles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    styles: [Style; ROLES.len()],
}

impl Theme {
    /// A theme in which each role looks as `look` says: its colour, and what it has besides.
    pub(super) fn of(look: impl Fn(Role) -> (Color, Modifier)) -> Self {
        Self {
            styles: ROLES.map(|entry| {
                let (colour, modifiers) = look(entry.role);
                // No colour, rather than the terminal's own: over a row's tint there is nothing to reset.
                let style = if colour == Color::Reset { Style::new() } else { Style::new().fg(colour) };
                style.add_modifier(modifiers)
            }),
        }
    }

    /// The style of a role.
    pub fn style(&self, role: Role) -> Style {
        // A test keeps the table in the order of the roles, and complete.
        self.styles[role as usize]
    }

    /// The same but for the colour of one role.
    #[must_use]
    pub(super) fn with(mut self, role: Role, colour: Color) -> Self {
        let style = &mut self.styles[role as usize];
        style.fg = (colour != Color::Reset).then_some(colour);
        self
    }
}

/// The table of roles as Markdown, for the README.
pub fn markdown() -> String {
    let lines = ROLES.iter().map(|entry| format!("| `{}` | {} |\n", entry.id, entry.help));
    String::from("| part | what it is |\n| --- | --- |\n") + &lines.collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_is_in_the_table_at_its_place() {
        for (index, entry) in ROLES.iter().enumerate() {
            assert_eq!(entry.role as usize, index, "{entry:?}");
            assert_eq!(ROLES.iter().filter(|one| one.id == entry.id).count(), 1, "{entry:?}");
        }
        assert_eq!(ROLES.len(), Role::Focus as usize + 1);
        assert_eq!(markdown().lines().count(), ROLES.len() + 2);
    }
}
