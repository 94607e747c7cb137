//! The themes: what each role looks like in each.
//!
//! `dark` uses the terminal's own 16 colours, which its user has chosen. `light` uses fixed colours of 4.5:1 and more on
//! white, because the 16 of most terminals are made for black: where there are only 16, those of them that can be read.
//! `high-contrast` has nothing faint, and only colours of 4.5:1 and more on black and on white alike.

use ratatui::style::{Color, Modifier};

use super::colour::{Announced, Depth};
use super::theme::{Role, Theme};
use crate::config::ThemeName;

/// The look of a role: what it has besides a colour, and its colours.
struct Look {
    modifiers: Modifier,
    dark: Color,
    light: Color,
    /// `light` with 16 colours.
    light_of_16: Color,
    high_contrast: Color,
}

const NONE: Modifier = Modifier::empty();
const BOLD: Modifier = Modifier::BOLD;
const REVERSED: Modifier = Modifier::REVERSED;
const BOTH: Modifier = Modifier::BOLD.union(Modifier::REVERSED);

const fn look(modifiers: Modifier, dark: Color, light: u8, light_of_16: Color, high_contrast: Color) -> Look {
    Look { modifiers, dark, light: Color::Indexed(light), light_of_16, high_contrast }
}

const fn plain(modifiers: Modifier) -> Look {
    Look { modifiers, dark: Color::Reset, light: Color::Reset, light_of_16: Color::Reset, high_contrast: Color::Reset }
}

fn of(role: Role) -> Look {
    const GREEN: Color = Color::Indexed(29);
    const BLUE: Color = Color::Indexed(63);
    const RED: Color = Color::Indexed(131);
    const PINK: Color = Color::Indexed(163);
    match role {
        Role::Plain => plain(NONE),
        Role::Heading => plain(BOLD),
        Role::Selected => plain(REVERSED),
        Role::Faint | Role::Off | Role::Border => look(NONE, Color::DarkGray, 242, Color::Reset, Color::Reset),
        Role::Brand | Role::Focus => look(BOLD, Color::Cyan, 24, Color::Blue, Color::Reset),
        Role::Key | Role::Field => look(NONE, Color::Cyan, 24, Color::Blue, Color::Reset),
        Role::Good | Role::Quoted => look(NONE, Color::Green, 22, Color::Reset, GREEN),
        Role::Busy => look(BOLD, Color::LightBlue, 25, Color::Blue, BLUE),
        Role::Waiting => look(NONE, Color::LightBlue, 25, Color::Blue, BLUE),
        Role::Soon => look(BOLD, Color::Yellow, 94, Color::Reset, Color::Reset),
        Role::Bad => look(BOLD, Color::Red, 124, Color::Red, RED),
        Role::Held => look(BOLD, Color::Magenta, 90, Color::Magenta, PINK),
        Role::Alarm => look(BOTH, Color::Red, 124, Color::Red, RED),
        Role::Badge => look(BOTH, Color::Yellow, 94, Color::Reset, Color::Reset),
        Role::Digits => look(NONE, Color::Yellow, 94, Color::Reset, Color::Reset),
        Role::Literal => look(NONE, Color::Magenta, 90, Color::Magenta, PINK),
        Role::Drift => look(BOLD, Color::Yellow, 94, Color::Reset, PINK),
    }
}

/// The theme of that name on a terminal of that depth.
pub fn theme(name: ThemeName, depth: Depth) -> Theme {
    Theme::of(|role| {
        let Look { modifiers, dark, light, light_of_16, high_contrast } = of(role);
        let colour = match (name, depth) {
            (_, Depth::Mono) | (ThemeName::Monochrome, _) => Color::Reset,
            (ThemeName::Auto | ThemeName::Dark, _) => dark,
            (ThemeName::Light, Depth::Sixteen) => light_of_16,
            (ThemeName::Light, _) => light,
            // Of the 16 none can be told to be read on any background.
            (ThemeName::HighContrast, Depth::Sixteen) => Color::Reset,
            (ThemeName::HighContrast, _) => high_contrast,
        };
        (colour, modifiers)
    })
}

/// The theme that is meant on this terminal: `auto` is light where the terminal says that it is.
pub fn meant(name: ThemeName, terminal: &Announced) -> ThemeName {
    match name {
        ThemeName::Auto if terminal.light() => ThemeName::Light,
        ThemeName::Auto => ThemeName::Dark,
        named => named,
    }
}

impl Default for Theme {
    /// `dark`.
    fn default() -> Self {
        theme(ThemeName::Dark, Depth::Sixteen)
    }
}

/// Every theme at every depth, for tests of all that is drawn.
#[cfg(test)]
pub(super) fn every() -> Vec<Theme> {
    let names = [ThemeName::Dark, ThemeName::Light, ThemeName::HighContrast, ThemeName::Monochrome];
    let depths = [Depth::Mono, Depth::Sixteen, Depth::Indexed, Depth::True];
    names.iter().flat_map(|name| depths.map(|depth| theme(*name, depth))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::colour::rgb;
    use crate::ui::theme::ROLES;

    /// The contrast of WCAG 2.1.
    fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
        let luminance = |rgb: [u8; 3]| {
            let [red, green, blue] = rgb.map(|part| {
                let part = f64::from(part) / 255.0;
                if part <= 0.03928 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
            });
            0.2126 * red + 0.7152 * green + 0.0722 * blue
        };
        let (one, other) = (luminance(one) + 0.05, luminance(other) + 0.05);
        one.max(other) / one.min(other)
    }

    fn colours(name: ThemeName, depth: Depth) -> impl Iterator<Item = (Role, Color)> {
        let theme = theme(name, depth);
        ROLES.iter().filter_map(move |entry| Some((entry.role, theme.style(entry.role).fg?)))
    }

    #[test]
    fn light_can_be_read_on_white_and_high_contrast_on_any_background() {
        let (black, white) = ([0; 3], [255; 3]);
        for (role, colour) in colours(ThemeName::Light, Depth::Indexed) {
            let rgb = rgb(colour).expect("a colour that the terminal's user cannot change");
            assert!(contrast(rgb, white) >= 4.5, "{role:?}: {}", contrast(rgb, white));
        }
        assert!(colours(ThemeName::HighContrast, Depth::Indexed).count() > 5);
        for (role, colour) in colours(ThemeName::HighContrast, Depth::Indexed) {
            let rgb = rgb(colour).expect("a colour that the terminal's user cannot change");
            for background in [black, white] {
                assert!(contrast(rgb, background) >= 4.5, "{role:?}: {}", contrast(rgb, background));
            }
        }
        let unreadable = [Color::Green, Color::Yellow, Color::Cyan, Color::Gray, Color::White];
        for (role, colour) in colours(ThemeName::Light, Depth::Sixteen) {
            assert!(!unreadable.contains(&colour), "{role:?}");
        }
    }

    #[test]
    fn no_theme_touches_the_background_and_all_agree_in_what_is_no_colour() {
        for theme in every() {
            for entry in ROLES {
                let style = theme.style(entry.role);
                assert_eq!((style.bg, style.sub_modifier), (None, Modifier::empty()), "{entry:?}");
                assert_eq!(style.add_modifier, Theme::default().style(entry.role).add_modifier, "{entry:?}");
            }
        }
    }

    #[test]
    fn without_colour_the_modifiers_stay() {
        for theme in [theme(ThemeName::Monochrome, Depth::True), theme(ThemeName::Dark, Depth::Mono)] {
            for entry in ROLES {
                assert_eq!(theme.style(entry.role).fg, None);
            }
            assert!(theme.style(Role::Alarm).add_modifier.contains(BOTH));
            assert!(theme.style(Role::Selected).add_modifier.contains(REVERSED));
            assert!(theme.style(Role::Bad).add_modifier.contains(BOLD));
        }
    }

    #[test]
    fn auto_is_light_where_the_terminal_says_so() {
        let light = Announced { colorfgbg: "0;15".into(), ..Announced::default() };
        assert_eq!(meant(ThemeName::Auto, &light), ThemeName::Light);
        assert_eq!(meant(ThemeName::Dark, &light), ThemeName::Dark);
        assert_eq!(meant(ThemeName::Auto, &Announced::default()), ThemeName::Dark);
    }
}
