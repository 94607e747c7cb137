//! Everything a key can do, in one table. Keymap, help, footer and the README's key table read it.

/// Something a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)] // each is explained by its line in TABLE
pub enum Action {
    Overview,
    Feed,
    Deliveries,
    Reversals,
    Payouts,
    Quarantine,
    Up,
    Down,
    Top,
    Bottom,
    PageUp,
    PageDown,
    HalfUp,
    HalfDown,
    Next,
    Previous,
    Open,
    Back,
    Narrow,
    States,
    Overdue,
    Sort,
    Columns,
    PutAway,
    Pause,
    Timeline,
    Earlier,
    Later,
    MinuteBack,
    MinuteOn,
    At,
    Reveal,
    Fold,
    FoldAll,
    Wrap,
    ShiftLeft,
    ShiftRight,
    NextHit,
    PreviousHit,
    CopyValue,
    CopyPayload,
    CopyRequest,
    Compare,
    CompareBefore,
    Mark,
    MarkRange,
    MarkAll,
    MarkAlike,
    Results,
    Retry,
    MarkDelivered,
    Cancel,
    Undo,
    Palette,
    Help,
    Mouse,
    Redraw,
    Suspend,
    Quit,
    Interrupt,
}

/// Where an action stands in the help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Which screen.
    Views,
    /// Where on it.
    Moving,
    /// What is seen.
    Looking,
    /// When.
    Past,
    /// How what is open is read.
    Reading,
    /// What an order is then about.
    Marking,
    /// What is changed; each is put on record.
    Acting,
    /// The program.
    Program,
}

impl Group {
    /// In the order of the help.
    pub const ALL: [Self; 8] = [
        Self::Views,
        Self::Moving,
        Self::Looking,
        Self::Past,
        Self::Reading,
        Self::Marking,
        Self::Acting,
        Self::Program,
    ];

    /// As its heading reads.
    pub fn name(self) -> &'static str {
        match self {
            Self::Views => "Views",
            Self::Moving => "Moving",
            Self::Looking => "Looking",
            Self::Past => "Looking back (what could be seen when; nothing can be changed there)",
            Self::Reading => "Reading (in a detail)",
            Self::Marking => "Marking (what is ordered is then about all that is marked)",
            Self::Acting => "Acting (each goes on record, with your name and reason)",
            Self::Program => "Program",
        }
    }
}

/// A line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// What is done.
    pub action: Action,
    /// Its name in the configuration and in documents.
    pub id: &'static str,
    /// Its keys, unless the reader has others; the first is the one named in hints.
    pub keys: &'static [&'static str],
    /// In a word or two, for the footer.
    pub hint: &'static str,
    /// In a sentence, for the help.
    pub help: &'static str,
    /// Where it stands in the help.
    pub group: Group,
}

const fn look(
    action: Action,
    id: &'static str,
    keys: &'static [&'static str],
    hint: &'static str,
    help: &'static str,
    group: Group,
) -> Entry {
    Entry { action, id, keys, hint, help, group }
}

const fn read(
    action: Action,
    id: &'static str,
    keys: &'static [&'static str],
    hint: &'static str,
    help: &'static str,
) -> Entry {
    Entry { action, id, keys, hint, help, group: Group::Reading }
}

const fn mark(
    action: Action,
    id: &'static str,
    keys: &'static [&'static str],
    hint: &'static str,
    help: &'static str,
) -> Entry {
    Entry { action, id, keys, hint, help, group: Group::Marking }
}

const fn back(
    action: Action,
    id: &'static str,
    keys: &'static [&'static str],
    hint: &'static str,
    help: &'static str,
) -> Entry {
    Entry { action, id, keys, hint, help, group: Group::Past }
}

const fn act(
    action: Action,
    id: &'static str,
    keys: &'static [&'static str],
    hint: &'static str,
    help: &'static str,
) -> Entry {
    Entry { action, id, keys, hint, help, group: Group::Acting }
}

/// Every action.
pub const TABLE: &[Entry] = &[
    look(
        Action::Overview,
        "overview",
        &["1"],
        "overview",
        "everything on one screen, what needs a hand first",
        Group::Views,
    ),
    look(Action::Feed, "feed", &["2"], "feed", "events as they come in, family by family", Group::Views),
    look(Action::Deliveries, "deliveries", &["3"], "deliveries", "all deliveries", Group::Views),
    look(Action::Reversals, "reversals", &["4"], "reversals", "returns: reversed sales to be undone", Group::Views),
    look(Action::Payouts, "payouts", &["5"], "payouts", "shows with payouts, unlocks and demand", Group::Views),
    look(Action::Quarantine, "quarantine", &["6"], "quarantine", "requests that could not become events", Group::Views),
    look(Action::Up, "up", &["up", "k"], "up", "one row up", Group::Moving),
    look(
        Action::Down,
        "down",
        &["down", "j"],
        "down",
        "one row down; leaving the newest row pauses the list",
        Group::Moving,
    ),
    look(Action::Top, "top", &["g", "home"], "newest", "to the newest row, and follow it", Group::Moving),
    look(Action::Bottom, "bottom", &["G", "end"], "oldest", "to the oldest row", Group::Moving),
    look(Action::PageUp, "page_up", &["pgup"], "page up", "a page up", Group::Moving),
    look(Action::PageDown, "page_down", &["pgdn"], "page down", "a page down", Group::Moving),
    look(Action::HalfUp, "half_up", &["ctrl-u"], "half up", "half a page up", Group::Moving),
    look(Action::HalfDown, "half_down", &["ctrl-d"], "half down", "half a page down", Group::Moving),
    look(Action::Next, "next", &["tab", "right", "l"], "next", "next pane, family or link", Group::Moving),
    look(
        Action::Previous,
        "previous",
        &["backtab", "left", "h"],
        "previous",
        "previous pane, family or link",
        Group::Moving,
    ),
    look(Action::Open, "open", &["enter"], "open", "open the row: payload, drift, attempts", Group::Looking),
    look(
        Action::Back,
        "back",
        &["esc"],
        "back",
        "close what is open; stop the search; clear filter, marks, states",
        Group::Looking,
    ),
    look(
        Action::Narrow,
        "narrow",
        &["/"],
        "filter",
        "filter the list, or search what is open; Esc stops, then clears",
        Group::Looking,
    ),
    look(Action::States, "states", &["s"], "state", "deliveries: only those in some states", Group::Looking),
    look(
        Action::Overdue,
        "overdue",
        &["o"],
        "overdue",
        "only deliveries that are overdue, or all again",
        Group::Looking,
    ),
    look(
        Action::Sort,
        "sort",
        &["S"],
        "sort",
        "deliveries: sort by a column; by the same again turns it round",
        Group::Looking,
    ),
    look(Action::Columns, "columns", &["C"], "columns", "deliveries: hide columns, or show them again", Group::Looking),
    look(
        Action::PutAway,
        "put_away",
        &["b"],
        "hides",
        "hide the banner on top, until its cause has gone and comes anew",
        Group::Looking,
    ),
    look(Action::Pause, "pause", &["p"], "pause", "hold the list still, or follow the newest again", Group::Looking),
    look(Action::Timeline, "timeline", &["t"], "timeline", "all that is known of this ticket", Group::Looking),
    back(
        Action::Earlier,
        "earlier",
        &["["],
        "earlier",
        "as it stood a record earlier; in a delivery or ticket, one of its own",
    ),
    back(Action::Later, "later", &["]"], "later", "the same, a record later"),
    back(Action::MinuteBack, "minute_back", &["{"], "-1 min", "as it stood a minute earlier"),
    back(Action::MinuteOn, "minute_on", &["}"], "+1 min", "the same, a minute later"),
    back(Action::At, "at", &["@"], "look back", "as it stood at a time: `21:40`, `2026-11-22 21:40`, `10m` ago"),
    look(
        Action::Reveal,
        "reveal",
        &["m"],
        "reveal",
        "show personal data, or mask it again; showing goes on record",
        Group::Looking,
    ),
    read(Action::Fold, "fold", &["z"], "fold", "fold or unfold the part under the cursor, as opening it does"),
    read(Action::FoldAll, "fold_all", &["Z"], "fold all", "fold all of the payload, or unfold it"),
    read(Action::Wrap, "wrap", &["w"], "wrap", "wrap long values, or let them run out to be scrolled sideways"),
    read(Action::ShiftLeft, "shift_left", &["<"], "left", "scroll to the left, where values are not wrapped"),
    read(Action::ShiftRight, "shift_right", &[">"], "right", "scroll to the right"),
    read(Action::NextHit, "next_hit", &["n"], "next hit", "to the next place where the words looked for are"),
    read(Action::PreviousHit, "previous_hit", &["N"], "hit before", "to the place before"),
    read(Action::CopyValue, "copy_value", &["y"], "copy", "copy the value under the cursor, masked unless revealed"),
    read(Action::CopyPayload, "copy_payload", &["Y"], "copy all", "copy the whole payload"),
    read(Action::CopyRequest, "copy_request", &["c"], "curl", "copy the request, or the attempt, as a curl command"),
    read(Action::Compare, "compare", &["="], "compare", "mark the event or attempt; on another, set both side by side"),
    read(Action::CompareBefore, "compare_before", &["-"], "with before", "set it beside the one of its kind before it"),
    mark(Action::Mark, "mark", &["space"], "mark", "mark the row, or take its mark away, and go to the next"),
    mark(Action::MarkRange, "mark_range", &["v"], "range", "begin a range at the row; again: mark it up to the cursor"),
    mark(Action::MarkAll, "mark_all", &["A"], "mark all", "mark all rows that fit the filter and the states"),
    mark(Action::MarkAlike, "mark_alike", &["a"], "alike", "mark all that stand there for the same reason as the row"),
    mark(Action::Results, "results", &["e"], "results", "what became of the last orders about marked rows"),
    act(Action::Retry, "retry", &["r"], "retry", "send the delivery, or the quarantined request, again"),
    act(Action::MarkDelivered, "mark_delivered", &["d"], "delivered", "mark as delivered by hand"),
    act(Action::Cancel, "cancel", &["x"], "cancel", "cancel the delivery"),
    act(Action::Undo, "undo", &["u"], "undo", "call a retry back for 3 s, take back the last delivered or cancel"),
    look(
        Action::Palette,
        "palette",
        &[":", "ctrl-p"],
        "palette",
        "find anything to do or to go to: a name, a ticket, an e-mail, d-41, at 21:40",
        Group::Program,
    ),
    look(Action::Help, "help", &["?", "f1"], "help", "what keys do; typing searches, Enter does it", Group::Program),
    look(
        Action::Mouse,
        "mouse",
        &["ctrl-o"],
        "mouse",
        "take the mouse, or leave it to the terminal again",
        Group::Program,
    ),
    look(Action::Redraw, "redraw", &["ctrl-l"], "redraw", "draw the whole screen anew", Group::Program),
    look(Action::Suspend, "suspend", &["ctrl-z"], "suspend", "suspend, as any job of the shell", Group::Program),
    look(Action::Quit, "quit", &["q"], "quit", "quit; asks while deliveries are open", Group::Program),
    look(
        Action::Interrupt,
        "interrupt",
        &["ctrl-c"],
        "quit",
        "quit; a second time quits without asking",
        Group::Program,
    ),
];

impl Action {
    /// It puts something on record, or chooses for what: a dashboard that only looks does not have it.
    pub fn records(self) -> bool {
        self == Self::Reveal || matches!(self.entry().group, Group::Acting | Group::Marking)
    }

    /// Its line in the table.
    pub fn entry(self) -> &'static Entry {
        // A test keeps every action in the table.
        TABLE.iter().find(|entry| entry.action == self).unwrap_or(&TABLE[0])
    }
}

/// A key as people read it.
pub fn key_name(key: &str) -> String {
    match key {
        "up" => "↑".into(),
        "down" => "↓".into(),
        "left" => "←".into(),
        "right" => "→".into(),
        "pgup" => "PgUp".into(),
        "pgdn" => "PgDn".into(),
        "backtab" => "Shift-Tab".into(),
        one if one.chars().count() == 1 => one.into(),
        other => other.split('-').map(capital).collect::<Vec<_>>().join("-"),
    }
}

fn capital(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().map_or_else(String::new, |first| {
        let first: String = if word.len() > 1 { first.to_uppercase().collect() } else { first.to_string() };
        first + characters.as_str()
    })
}

/// The key table as Markdown, for the README.
pub fn markdown() -> String {
    let mut out = String::from("| key | does | in `keys` |\n| --- | --- | --- |\n");
    for group in Group::ALL {
        for entry in TABLE.iter().filter(|entry| entry.group == group) {
            let keys: Vec<String> = entry.keys.iter().map(|key| format!("`{}`", key_name(key))).collect();
            out.push_str(&format!("| {} | {} | `{}` |\n", keys.join(" "), entry.help, entry.id));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_is_in_the_table_once_with_keys_and_help() {
        for entry in TABLE {
            assert_eq!(
                TABLE.iter().filter(|one| one.action == entry.action || one.id == entry.id).count(),
                1,
                "{entry:?}"
            );
            assert!(!entry.keys.is_empty() && entry.help.len() > 8 && !entry.hint.is_empty(), "{entry:?}");
        }
        // Variants are numbered from 0: the last one's number says how many there are.
        assert_eq!(TABLE.len(), Action::Interrupt as usize + 1);
    }

    #[test]
    fn the_markdown_has_a_line_for_each() {
        let table = markdown();
        assert_eq!(table.lines().count(), TABLE.len() + 2);
        assert!(table.contains("| `Tab` `→` `l` | next pane"), "{table}");
        assert!(table.contains("`Ctrl-d`"), "{table}");
    }
}
