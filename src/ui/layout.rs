//! How much fits: the few numbers that state and drawing must agree on.

/// Columns and rows of a terminal.
pub type Size = (u16, u16);

/// Below this only a card is drawn that says so.
pub const SMALLEST: Size = (60, 15);

/// Whether there is room for anything but the card.
pub fn usable((columns, rows): Size) -> bool {
    columns >= SMALLEST.0 && rows >= SMALLEST.1
}

/// Whether the overview has room for all of its panes.
pub fn roomy((columns, rows): Size) -> bool {
    columns >= 110 && rows >= 32
}

/// Whether the overview has room for the feeds besides what needs a hand and what is open.
pub fn feeds_fit((_, rows): Size) -> bool {
    rows >= 20
}

/// Whether there is room beside a list for what its row under the cursor says.
pub fn splits((columns, rows): Size) -> bool {
    columns >= 160 && rows >= 40
}

/// Columns of the list there.
pub fn list_columns(columns: u16) -> u16 {
    columns * 3 / 5
}

/// Rows above the body: status, tabs, and the lines of the banners.
pub fn header_rows(banner_lines: u16) -> u16 {
    2 + banner_lines
}

/// The most lines of banners: what is below must stay useful.
pub fn most_banner_lines((_, rows): Size) -> usize {
    usize::from(rows / 6)
}

/// Rows below the body.
pub const FOOTER_ROWS: u16 = 1;

/// Rows of the body.
pub fn body_rows((_, rows): Size, banner_lines: u16) -> u16 {
    rows.saturating_sub(header_rows(banner_lines) + FOOTER_ROWS)
}

/// Rows of a list in a body, below its title and column heads.
pub fn list_rows(body: u16) -> u16 {
    body.saturating_sub(2).max(1)
}

/// Rows above an open menu.
pub const MENU_TOP: u16 = 2;

/// Rows of a menu that are not lines of it: its frame, and what is typed.
pub const MENU_MARGINS: u16 = 3;

/// Rows of the palette's lines: more are not read but searched.
const PALETTE_ROWS: u16 = 22;

/// Lines of an open menu on the screen; of the palette, or as many as there is room for.
pub fn menu_rows((_, rows): Size, whole: bool) -> u16 {
    let room = rows.saturating_sub(2 * MENU_TOP + MENU_MARGINS).max(1);
    if whole { room } else { room.min(PALETTE_ROWS) }
}

/// Rows of the part of the quarantine view that shows who was turned away, with `known` of them.
pub fn turned_away_rows(body: u16, known: usize) -> u16 {
    // Title, and no more than a third of the body.
    (u16::try_from(known).unwrap_or(u16::MAX).max(1)).min(body / 3).saturating_add(1).min(body)
}
