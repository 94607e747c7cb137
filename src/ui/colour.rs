//! One colour: as a reader writes it, and as a terminal with fewer colours can show it.

use ratatui::style::Color;

/// How many colours a terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None.
    Mono,
    /// The 16 that the terminal's user has chosen.
    Sixteen,
    /// Those, a cube of 216 and a ramp of 24 greys.
    Indexed,
    /// All.
    True,
}

/// What the environment says of the terminal. Nothing is asked of the terminal itself: some never answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Announced {
    /// `NO_COLOR` is set and not empty.
    pub no_color: bool,
    /// `TERM`.
    pub term: String,
    /// `COLORTERM`.
    pub colorterm: String,
    /// `COLORFGBG`: foreground and background of the 16, as rxvt and Konsole say them.
    pub colorfgbg: String,
}

impl Announced {
    /// How many colours it shows.
    pub fn depth(&self) -> Depth {
        const INDEXED: [&str; 6] = ["256color", "kitty", "alacritty", "foot", "wezterm", "ghostty"];
        const MONO: [&str; 6] = ["dumb", "vt100", "vt102", "vt220", "vt320", "xterm-mono"];
        let term = self.term.as_str();
        if self.no_color || MONO.contains(&term) {
            Depth::Mono
        } else if matches!(self.colorterm.as_str(), "truecolor" | "24bit") || term.ends_with("-direct") {
            Depth::True
        } else if INDEXED.iter().any(|known| term.contains(known)) {
            Depth::Indexed
        } else {
            Depth::Sixteen
        }
    }

    /// Its background is light, where it says so.
    pub fn light(&self) -> bool {
        matches!(self.colorfgbg.rsplit(';').next(), Some("7" | "15"))
    }

    /// It cannot move its cursor: there is no drawing on it.
    pub fn dumb(&self) -> bool {
        self.term == "dumb"
    }
}

/// The colours of the terminal itself, in their order, by name.
const NAMES: [(&str, Color); 16] = [
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    ("white", Color::Gray),
    ("bright-black", Color::DarkGray),
    ("bright-red", Color::LightRed),
    ("bright-green", Color::LightGreen),
    ("bright-yellow", Color::LightYellow),
    ("bright-blue", Color::LightBlue),
    ("bright-magenta", Color::LightMagenta),
    ("bright-cyan", Color::LightCyan),
    ("bright-white", Color::White),
];

/// What a colour may be written as.
pub const WANTED: &str = "a colour such as \"#ff5555\", \"red\", \"bright-blue\", \"ansi:1\" (0 to 255) or \"default\"";

/// Reads a colour; the terminal's own text colour for `default`.
pub fn parse(text: &str) -> Option<Color> {
    if text == "default" {
        return Some(Color::Reset);
    }
    if let Some(number) = text.strip_prefix("ansi:") {
        let number: u8 = Some(number).filter(|text| text.bytes().all(|one| one.is_ascii_digit()))?.parse().ok()?;
        return Some(NAMES.get(usize::from(number)).map_or(Color::Indexed(number), |(_, own)| *own));
    }
    if let Some(digits) = text.strip_prefix('#') {
        let plain = digits.len() == 6 && digits.bytes().all(|one| one.is_ascii_hexdigit());
        let number = u32::from_str_radix(digits, 16).ok().filter(|_| plain)?;
        let [_, red, green, blue] = number.to_be_bytes();
        return Some(Color::Rgb(red, green, blue));
    }
    NAMES.iter().find(|(name, _)| *name == text).map(|(_, own)| *own)
}

/// The colour as a terminal of that depth can show it.
pub fn reduce(colour: Color, depth: Depth) -> Color {
    match (depth, rgb(colour)) {
        (Depth::Mono, _) => Color::Reset,
        (_, None) | (Depth::True, _) => colour,
        (Depth::Indexed, Some(_)) if matches!(colour, Color::Indexed(_)) => colour,
        (Depth::Indexed, Some(wanted)) => Color::Indexed(nearest(wanted, (16..=255).map(|n| (n, indexed(n))))),
        (Depth::Sixteen, Some(wanted)) => NAMES[usize::from(nearest(wanted, (0..16).map(|n| (n, usual(n)))))].1,
    }
}

/// Red, green and blue, where it is not for the terminal's user to say.
pub(super) fn rgb(colour: Color) -> Option<[u8; 3]> {
    match colour {
        Color::Rgb(red, green, blue) => Some([red, green, blue]),
        Color::Indexed(number @ 16..) => Some(indexed(number)),
        _ => None,
    }
}

fn nearest(wanted: [u8; 3], all: impl Iterator<Item = (u8, [u8; 3])>) -> u8 {
    let distance = |one: [u8; 3]| -> u32 { one.iter().zip(wanted).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum() };
    all.min_by_key(|(_, one)| distance(*one)).map_or(0, |(number, _)| number)
}

/// Above 15: the cube, then the greys.
fn indexed(number: u8) -> [u8; 3] {
    const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    match number {
        232.. => [8 + 10 * (number - 232); 3],
        _ => [36, 6, 1].map(|step| LEVELS[usize::from(number.saturating_sub(16) / step % 6)]),
    }
}

/// The 16 as most terminals have them.
fn usual(number: u8) -> [u8; 3] {
    match number {
        7 => [229; 3],
        8 => [127; 3],
        _ => [0, 1, 2].map(|bit| {
            if number >> bit & 1 == 0 {
                0
            } else if number < 8 {
                205
            } else {
                255
            }
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn announced(term: &str, colorterm: &str) -> Announced {
        Announced { term: term.into(), colorterm: colorterm.into(), ..Announced::default() }
    }

    #[test]
    fn the_environment_says_how_many_colours_there_are() {
        for (term, colorterm, depth) in [
            ("xterm-256color", "truecolor", Depth::True),
            ("xterm-direct", "", Depth::True),
            ("tmux-256color", "", Depth::Indexed),
            ("xterm-kitty", "", Depth::Indexed),
            ("xterm", "", Depth::Sixteen),
            ("linux", "", Depth::Sixteen),
            ("screen", "", Depth::Sixteen),
            ("vt100", "", Depth::Mono),
            ("dumb", "", Depth::Mono),
        ] {
            assert_eq!(announced(term, colorterm).depth(), depth, "{term} {colorterm}");
        }
        let no_color = Announced { no_color: true, ..announced("xterm-256color", "truecolor") };
        assert_eq!(no_color.depth(), Depth::Mono);
    }

    #[test]
    fn a_light_background_is_taken_where_it_is_said() {
        for (said, light) in [("0;15", true), ("0;default;7", true), ("15;0", false), ("", false), ("nonsense", false)]
        {
            assert_eq!(Announced { colorfgbg: said.into(), ..Announced::default() }.light(), light, "{said}");
        }
    }

    #[test]
    fn colours_are_read_or_refused() {
        assert_eq!(parse("#Ff5501"), Some(Color::Rgb(255, 85, 1)));
        assert_eq!((parse("red"), parse("ansi:1")), (Some(Color::Red), Some(Color::Red)));
        assert_eq!((parse("bright-blue"), parse("ansi:12")), (Some(Color::LightBlue), Some(Color::LightBlue)));
        assert_eq!((parse("ansi:255"), parse("default")), (Some(Color::Indexed(255)), Some(Color::Reset)));
        for wrong in
            ["", "Red", "#fff", "#gggggg", "#+12345", "ansi:256", "ansi:-1", "ansi:+1", "ansi:", "1", "rgb(1,2,3)"]
        {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn fewer_colours_come_as_near_as_they_can() {
        let red = Color::Rgb(250, 10, 10);
        assert_eq!(reduce(red, Depth::True), red);
        assert_eq!(reduce(red, Depth::Indexed), Color::Indexed(196));
        assert_eq!(reduce(red, Depth::Sixteen), Color::LightRed);
        assert_eq!(reduce(red, Depth::Mono), Color::Reset);
        assert_eq!(reduce(Color::Rgb(118, 118, 118), Depth::Indexed), Color::Indexed(243));
        assert_eq!(reduce(Color::Indexed(160), Depth::Sixteen), Color::Red);
        for depth in [Depth::Sixteen, Depth::Indexed, Depth::True] {
            assert_eq!(reduce(Color::Magenta, depth), Color::Magenta);
        }
    }
}
