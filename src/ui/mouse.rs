//! What a terminal is told about the mouse.
//!
//! Taking it (xterm's mode 1000, places as SGR writes them, 1006) means that dragging no longer selects text, unless with
//! Shift; so it is taken only when asked for, and without the modes that report every movement, which crossterm's own command
//! switches on. Untaken, the wheel sends arrow keys on the alternate screen: most terminals do so by themselves, xterm when
//! told (1007).

use std::fmt;

use crossterm::Command;

/// Clicks and the wheel are for the program.
pub(super) struct TakeMouse;

/// They are the terminal's again.
pub(super) struct GiveMouseBack;

/// The wheel sends arrow keys on the alternate screen. Never taken back: it means nothing on the other one, and most
/// terminals have it from their start.
pub(super) struct WheelAsArrows;

impl Command for TakeMouse {
    fn write_ansi(&self, f: &mut impl fmt::Write) -> fmt::Result {
        f.write_str("\u{1b}[?1000h\u{1b}[?1006h")
    }
}

impl Command for GiveMouseBack {
    fn write_ansi(&self, f: &mut impl fmt::Write) -> fmt::Result {
        f.write_str("\u{1b}[?1006l\u{1b}[?1000l")
    }
}

impl Command for WheelAsArrows {
    fn write_ansi(&self, f: &mut impl fmt::Write) -> fmt::Result {
        f.write_str("\u{1b}[?1007h")
    }
}
