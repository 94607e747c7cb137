//! A picture against the one on record in `screenshots/`.
//!
//! `UPDATE_SCREENSHOTS=1` puts the new one on record instead, as SVG and PNG. Only the SVG is compared: the PNG is made of it.

use std::fs;
use std::path::{Path, PathBuf};

use super::grid::Grid;
use super::{png, svg};

/// Whether `grid` looks as on record.
pub fn matches(folder: &Path, name: &str, grid: &Grid) -> bool {
    recorded(folder, name).is_some_and(|recorded| recorded == draw(name, grid))
}

/// Compares `grid` with `folder/name.svg`, or renews that file and its PNG when `renew` is set.
///
/// # Errors
/// With a text that shows what differs, when it does.
pub fn check(folder: &Path, name: &str, grid: &Grid, renew: bool) -> Result<(), String> {
    let path = path_of(folder, name);
    let drawn = draw(name, grid);
    let recorded = recorded(folder, name).unwrap_or_default();
    if recorded == drawn && !renew {
        let png = path.with_extension("png");
        return if png.exists() { Ok(()) } else { Err(format!("{} is missing", png.display())) };
    }
    if renew {
        let write =
            |path: &Path, bytes: &[u8]| fs::write(path, bytes).map_err(|error| format!("{}: {error}", path.display()));
        write(&path, drawn.as_bytes())?;
        return write(&path.with_extension("png"), &png::render(&drawn));
    }
    let difference = match svg::text_of(&recorded) {
        None => format!("there is no such picture yet; the screen shows:\n{}", grid.to_text()),
        Some(text) if text == grid.to_text() => style_difference(&recorded, &drawn),
        Some(text) => text_difference(&text, &grid.to_text()),
    };
    Err(format!("{} no longer matches the screen: {difference}", path.display()))
}

fn path_of(folder: &Path, name: &str) -> PathBuf {
    folder.join(name).with_extension("svg")
}

fn recorded(folder: &Path, name: &str) -> Option<String> {
    fs::read_to_string(path_of(folder, name)).ok()
}

fn draw(name: &str, grid: &Grid) -> String {
    svg::draw(grid, &format!("willcall · {name}"))
}

fn text_difference(recorded: &str, drawn: &str) -> String {
    let (recorded, drawn): (Vec<_>, Vec<_>) = (recorded.lines().collect(), drawn.lines().collect());
    let rows = (0..recorded.len().max(drawn.len())).filter_map(|row| {
        let (was, is) = (recorded.get(row).copied().unwrap_or_default(), drawn.get(row).copied().unwrap_or_default());
        (was != is).then(|| format!("\nrow {:>3}  - {was}\n         + {is}", row + 1))
    });
    rows.collect()
}

fn style_difference(recorded: &str, drawn: &str) -> String {
    let pair = recorded.lines().zip(drawn.lines()).find(|(was, is)| was != is);
    let (was, is) = pair.unwrap_or(("(the shorter of the two)", "(the longer of the two)"));
    format!("the text is the same, colours or attributes are not; first:\n  - {was}\n  + {is}")
}
