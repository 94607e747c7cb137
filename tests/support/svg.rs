//! A screen as SVG, the same bytes for the same cells.
//!
//! Every character has its own x, so columns stand right in whatever font a viewer has; lines and blocks are drawn as
//! shapes, so that they meet. The screen's text stands in `<desc>`, for readers who can't see and for comparing.

use std::fmt::Write;

use super::grid::{Cell, Color, Grid, Style};

/// Width of a cell in pixels.
const WIDTH: usize = 9;
/// Height of a cell in pixels.
const HEIGHT: usize = 18;
/// DejaVu Sans Mono is 1233/2048 em wide: this makes it 9 pixels.
const FONT_SIZE: &str = "14.95";
/// From the top of a cell to the line the letters stand on.
const BASELINE: usize = 14;
/// Room around the screen.
const MARGIN: usize = 12;
/// Height of the window's title bar.
const TITLE_BAR: usize = 28;

const BACKGROUND: Rgb = Rgb(0x16, 0x18, 0x21);
const FOREGROUND: Rgb = Rgb(0xd6, 0xd9, 0xe4);

/// The terminal's sixteen own colours.
const PALETTE: [Rgb; 16] = [
    Rgb(0x2a, 0x2e, 0x3d),
    Rgb(0xf0, 0x71, 0x78),
    Rgb(0x8f, 0xc9, 0x7b),
    Rgb(0xe6, 0xb4, 0x5e),
    Rgb(0x6f, 0xa8, 0xf5),
    Rgb(0xc3, 0x8c, 0xf0),
    Rgb(0x5c, 0xc7, 0xc7),
    Rgb(0xc5, 0xc9, 0xd6),
    Rgb(0x6b, 0x72, 0x8a),
    Rgb(0xff, 0x8f, 0x94),
    Rgb(0xa9, 0xe2, 0x94),
    Rgb(0xff, 0xcf, 0x7d),
    Rgb(0x93, 0xc0, 0xff),
    Rgb(0xd8, 0xac, 0xff),
    Rgb(0x7f, 0xe0, 0xe0),
    Rgb(0xff, 0xff, 0xff),
];

#[derive(Clone, Copy, PartialEq, Eq)]
struct Rgb(u8, u8, u8);

impl std::fmt::Display for Rgb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

/// Draws `grid` in a window called `title`.
pub fn draw(grid: &Grid, title: &str) -> String {
    let (width, height) = (grid.columns() * WIDTH + 2 * MARGIN, grid.rows().len() * HEIGHT + TITLE_BAR + 2 * MARGIN);
    let (title, text) = (escape(title), escape(&grid.to_text()));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"{FONT_SIZE}\" xml:space=\"preserve\">\n\
         <title>{title}</title>\n{DESC}{text}{DESC_END}\
         <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n\
         <circle cx=\"18\" cy=\"17\" r=\"5\" fill=\"{}\"/><circle cx=\"36\" cy=\"17\" r=\"5\" fill=\"{}\"/>\
         <circle cx=\"54\" cy=\"17\" r=\"5\" fill=\"{}\"/>\n\
         <text x=\"{}\" y=\"22\" text-anchor=\"middle\" font-size=\"13\" fill=\"{}\">{title}</text>\n\
         <g transform=\"translate({MARGIN} {})\">\n",
        PALETTE[1],
        PALETTE[3],
        PALETTE[2],
        width / 2,
        PALETTE[8],
        TITLE_BAR + MARGIN,
    );
    for (row, cells) in grid.rows().enumerate() {
        backgrounds(&mut svg, row, cells);
        shapes(&mut svg, row, cells);
        letters(&mut svg, row, cells);
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

const DESC: &str = "<desc>\n";
const DESC_END: &str = "</desc>\n";

/// The screen's text out of an SVG made by [`draw`].
pub fn text_of(svg: &str) -> Option<String> {
    let text = svg.split_once(DESC)?.1.split_once(DESC_END)?.0;
    Some(text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&"))
}

/// Fills behind the cells, one rectangle for neighbours of one colour.
fn backgrounds(svg: &mut String, row: usize, cells: &[Cell]) {
    let mut column = 0;
    for run in cells.chunk_by(|a, b| colours(a.style).1 == colours(b.style).1) {
        let fill = colours(run[0].style).1;
        if fill != BACKGROUND {
            rectangle(
                svg,
                (column * WIDTH) as f64,
                (row * HEIGHT) as f64,
                (run.len() * WIDTH) as f64,
                HEIGHT as f64,
                fill,
                1.0,
            );
        }
        column += run.len();
    }
}

/// The characters that are drawn, and underlines.
fn shapes(svg: &mut String, row: usize, cells: &[Cell]) {
    for (column, cell) in cells.iter().enumerate() {
        let (left, top) = ((column * WIDTH) as f64, (row * HEIGHT) as f64);
        let ink = colours(cell.style).0;
        if let Some(shape) = Shape::of(&cell.text) {
            shape.draw(svg, left, top, ink);
        }
        if cell.style.underline {
            rectangle(svg, left, top + HEIGHT as f64 - 2.0, WIDTH as f64, 1.0, ink, 1.0);
        }
    }
}

/// The characters that are written: one element for neighbours of one style, a place for each character.
fn letters(svg: &mut String, row: usize, cells: &[Cell]) {
    let written = |cell: &Cell| !cell.text.trim().is_empty() && Shape::of(&cell.text).is_none();
    let look = |cell: &Cell| (colours(cell.style).0, cell.style.bold, cell.style.italic);
    // What combines shares the place of what it combines with, so such a cell stands alone.
    let single = |cell: &Cell| cell.text.chars().count() == 1;
    let placed: Vec<_> = cells.iter().enumerate().filter(|(_, cell)| written(cell)).collect();
    for run in placed.chunk_by(|(_, a), (_, b)| look(a) == look(b) && single(a) && single(b)) {
        let (fill, bold, italic) = look(run[0].1);
        let places: Vec<_> = run.iter().map(|(column, _)| (column * WIDTH).to_string()).collect();
        let text: String = run.iter().map(|(_, cell)| escape(&cell.text)).collect();
        let weight = if bold { " font-weight=\"bold\"" } else { "" };
        let slant = if italic { " font-style=\"italic\"" } else { "" };
        let line = row * HEIGHT + BASELINE;
        let _ =
            writeln!(svg, "<text x=\"{}\" y=\"{line}\" fill=\"{fill}\"{weight}{slant}>{text}</text>", places.join(" "));
    }
}

/// A character that must reach its neighbours without a gap.
enum Shape {
    /// Filled parts of the cell, in eighths of it: left, top, width, height; and how dense.
    Block([u8; 4], f64),
    /// Arms from the centre to the left, right, top and bottom, in pixels of thickness.
    Lines([u8; 4]),
    /// A quarter circle between two arms: to the right or left, and downwards or upwards.
    Corner { right: bool, down: bool },
}

impl Shape {
    fn of(text: &str) -> Option<Self> {
        let mut characters = text.chars();
        let (character, None) = (characters.next()?, characters.next()) else { return None };
        let code = u32::from(character);
        Some(match character {
            '▁'..='█' => {
                let eighths = (code - 0x2580) as u8;
                Self::Block([0, 8 - eighths, 8, eighths], 1.0)
            }
            '▉'..='▏' => Self::Block([0, 0, (0x2590 - code) as u8, 8], 1.0),
            '▀' => Self::Block([0, 0, 8, 4], 1.0),
            '▐' => Self::Block([4, 0, 4, 8], 1.0),
            '▔' => Self::Block([0, 0, 8, 1], 1.0),
            '▕' => Self::Block([7, 0, 1, 8], 1.0),
            '░' => Self::Block([0, 0, 8, 8], 0.25),
            '▒' => Self::Block([0, 0, 8, 8], 0.5),
            '▓' => Self::Block([0, 0, 8, 8], 0.75),
            '─' => Self::Lines([1, 1, 0, 0]),
            '━' => Self::Lines([3, 3, 0, 0]),
            '│' => Self::Lines([0, 0, 1, 1]),
            '┃' => Self::Lines([0, 0, 3, 3]),
            '┌' => Self::Lines([0, 1, 0, 1]),
            '┐' => Self::Lines([1, 0, 0, 1]),
            '└' => Self::Lines([0, 1, 1, 0]),
            '┘' => Self::Lines([1, 0, 1, 0]),
            '┏' => Self::Lines([0, 3, 0, 3]),
            '┓' => Self::Lines([3, 0, 0, 3]),
            '┗' => Self::Lines([0, 3, 3, 0]),
            '┛' => Self::Lines([3, 0, 3, 0]),
            '├' => Self::Lines([0, 1, 1, 1]),
            '┤' => Self::Lines([1, 0, 1, 1]),
            '┬' => Self::Lines([1, 1, 0, 1]),
            '┴' => Self::Lines([1, 1, 1, 0]),
            '┼' => Self::Lines([1, 1, 1, 1]),
            '╭' => Self::Corner { right: true, down: true },
            '╮' => Self::Corner { right: false, down: true },
            '╰' => Self::Corner { right: true, down: false },
            '╯' => Self::Corner { right: false, down: false },
            _ => return None,
        })
    }

    fn draw(&self, svg: &mut String, left: f64, top: f64, ink: Rgb) {
        let (width, height) = (WIDTH as f64, HEIGHT as f64);
        let (middle, centre) = (left + width / 2.0, top + height / 2.0);
        match *self {
            Self::Block(eighths, density) => {
                let [x, y, w, h] = eighths.map(|eighths| f64::from(eighths) / 8.0);
                rectangle(svg, left + x * width, top + y * height, w * width, h * height, ink, density);
            }
            Self::Lines([to_left, to_right, to_top, to_bottom]) => {
                // Arms of one thickness on one axis are one line; each reaches over the centre, so that corners close.
                let reach = f64::from(to_left.max(to_right).max(to_top).max(to_bottom)) / 2.0;
                let thick = f64::from(to_left.max(to_right));
                if thick > 0.0 {
                    let from = if to_left > 0 { left } else { middle - reach };
                    let to = if to_right > 0 { left + width } else { middle + reach };
                    rectangle(svg, from, centre - thick / 2.0, to - from, thick, ink, 1.0);
                }
                let thick = f64::from(to_top.max(to_bottom));
                if thick > 0.0 {
                    let from = if to_top > 0 { top } else { centre - reach };
                    let to = if to_bottom > 0 { top + height } else { centre + reach };
                    rectangle(svg, middle - thick / 2.0, from, thick, to - from, ink, 1.0);
                }
            }
            Self::Corner { right, down } => {
                let radius = width / 2.0;
                let side = if right { left + width } else { left };
                let (end, bend) = if down { (top + height, centre + radius) } else { (top, centre - radius) };
                let _ = writeln!(
                    svg,
                    "<path d=\"M{side} {centre}Q{middle} {centre} {middle} {bend}L{middle} {end}\" fill=\"none\" stroke=\"{ink}\"/>"
                );
            }
        }
    }
}

fn rectangle(svg: &mut String, x: f64, y: f64, width: f64, height: f64, fill: Rgb, density: f64) {
    let opacity = if density < 1.0 { format!(" fill-opacity=\"{density}\"") } else { String::new() };
    let _ = writeln!(svg, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{fill}\"{opacity}/>");
}

/// Ink and paper of a style.
fn colours(style: Style) -> (Rgb, Rgb) {
    let (mut ink, mut paper) = (colour(style.fg, FOREGROUND), colour(style.bg, BACKGROUND));
    if style.inverse {
        std::mem::swap(&mut ink, &mut paper);
    }
    if style.dim {
        let mix = |a: u8, b: u8| ((u16::from(a) * 11 + u16::from(b) * 9) / 20) as u8;
        ink = Rgb(mix(ink.0, paper.0), mix(ink.1, paper.1), mix(ink.2, paper.2));
    }
    (ink, paper)
}

/// The sixteen of the palette, xterm's cube of 216 and its 24 greys, or the colour itself.
fn colour(colour: Color, default: Rgb) -> Rgb {
    match colour {
        Color::Default => default,
        Color::Idx(index @ 0..16) => PALETTE[usize::from(index)],
        Color::Idx(index @ 16..232) => {
            let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
            let index = index - 16;
            Rgb(level(index / 36), level(index / 6 % 6), level(index % 6))
        }
        Color::Idx(index) => {
            let grey = 8 + 10 * (index - 232);
            Rgb(grey, grey, grey)
        }
        Color::Rgb(red, green, blue) => Rgb(red, green, blue),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
