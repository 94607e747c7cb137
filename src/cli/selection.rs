//! Which rows of a list: `--limit`, `--since`, `--search`.

use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::Args;

use crate::domain::Timestamp;
use crate::domain::ids::Seq;
use crate::domain::query::{Cursor, Page, Window};
use crate::engine::DeskError;

use super::CliError;

/// Which rows.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[allow(missing_docs)]
pub struct Selection {
    /// The most rows; the newest come first
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub limit: usize,
    /// Only from this moment on: `15m`, `2h`, `3d ago`, `2026-11-22`, `2026-11-22T09:30:00Z`
    #[arg(long, value_name = "WHEN")]
    pub since: Option<Since>,
    /// Only rows in which each of these words occurs, as in an id or an e-mail; letter case does not matter
    #[arg(long, value_name = "WORDS")]
    pub search: Option<String>,
}

/// A moment, given as such or from now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// The moment.
    At(Timestamp),
    /// So long ago.
    Ago(Duration),
}

impl FromStr for Since {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
            return Ok(Self::At(moment.with_timezone(&Utc)));
        }
        if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            return Ok(Self::At(day.and_time(NaiveTime::MIN).and_utc()));
        }
        let span = text.trim().strip_suffix("ago").unwrap_or(text).trim();
        humantime::parse_duration(span)
            .map(Self::Ago)
            .map_err(|_| "give a time span like 15m, 2h or 3d, or a moment like 2026-11-22T09:30:00Z".to_owned())
    }
}

impl Since {
    /// The moment, seen from `now`.
    pub fn moment(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(moment) => moment,
            Self::Ago(span) => chrono::Duration::from_std(span)
                .ok()
                .and_then(|span| now.checked_sub_signed(span))
                .unwrap_or(Timestamp::UNIX_EPOCH),
        }
    }
}

/// A reason somebody can read later.
///
/// # Errors
/// When it is blank.
pub fn reason(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("say in a few words why".to_owned()),
        reason => Ok(reason.to_owned()),
    }
}

/// The most rows of one question; longer lists are asked for in pieces.
const PIECE: usize = 500;

/// Walks a list from its newest row, piece by piece, until it has given what was selected.
#[derive(Debug)]
pub struct Walk {
    window: Window,
    left: usize,
}

impl Selection {
    /// The walk through the list that this selects.
    pub fn walk(&self, now: Timestamp) -> Walk {
        let words = self.search.as_deref().unwrap_or_default().split_whitespace().map(str::to_owned).collect();
        let since = self.since.map(|since| since.moment(now));
        Walk { window: Window { cursor: Cursor::Newest, limit: PIECE, words, since }, left: self.limit }
    }
}

impl Walk {
    /// The next piece to ask for; `None` at the end.
    pub fn piece(&mut self) -> Option<Window> {
        self.window.limit = self.left.min(PIECE);
        (self.left > 0).then(|| self.window.clone())
    }

    /// Takes note of a piece whose rows stand at `place`.
    ///
    /// # Errors
    /// When the search for words stopped early: a list that looks complete and is not must not be taken for one.
    pub fn took<T>(&mut self, page: &Page<T>, place: impl Fn(&T) -> Seq) -> Result<(), CliError> {
        self.left = self.left.saturating_sub(page.rows.len());
        match page.rows.last().map(|last| place(last).0) {
            Some(last) if page.older && last > 0 => self.window.cursor = Cursor::From(Seq(last - 1)),
            _ if self.left > 0 && page.searched.is_some() => {
                let searched = page.searched.unwrap_or_default();
                return Err(CliError::Desk(DeskError::Failed(format!(
                    "the search stopped after {searched} rows: there may be more; narrow it with --since or --family"
                ))));
            }
            _ => self.left = 0,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_spans_are_understood() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        for (text, moment) in [
            ("15m", "2026-11-22T11:45:00Z"),
            ("2h ago", "2026-11-22T10:00:00Z"),
            ("3d", "2026-11-19T12:00:00Z"),
            ("1h 30m", "2026-11-22T10:30:00Z"),
            ("2026-11-20", "2026-11-20T00:00:00Z"),
            ("2026-11-20T10:00:00+02:00", "2026-11-20T08:00:00Z"),
            ("500000years", "1970-01-01T00:00:00Z"),
        ] {
            assert_eq!(text.parse::<Since>().unwrap().moment(now), moment.parse::<Timestamp>().unwrap(), "{text}");
        }
        for wrong in ["", "ago", "yesterday", "15", "2026-13-01", "-5m"] {
            assert!(wrong.parse::<Since>().is_err(), "{wrong}");
        }
    }

    fn selection(limit: usize) -> Selection {
        Selection { limit, since: None, search: Some(" joe  127471-2 ".into()) }
    }

    fn page(rows: std::ops::Range<u64>, older: bool) -> Page<Seq> {
        Page { rows: rows.rev().map(Seq).collect(), older, ..Page::default() }
    }

    #[test]
    fn a_long_list_is_asked_for_in_pieces() {
        let mut walk = selection(700).walk(Timestamp::UNIX_EPOCH);
        let first = walk.piece().unwrap();
        assert_eq!(
            (first.cursor, first.limit, first.words),
            (Cursor::Newest, 500, vec!["joe".into(), "127471-2".into()])
        );
        walk.took(&page(501..1001, true), |seq| *seq).unwrap();
        let second = walk.piece().unwrap();
        assert_eq!((second.cursor, second.limit), (Cursor::From(Seq(500)), 200));
        walk.took(&page(301..501, true), |seq| *seq).unwrap();
        assert_eq!(walk.piece(), None);
    }

    #[test]
    fn the_end_of_the_list_ends_the_walk() {
        let mut walk = selection(700).walk(Timestamp::UNIX_EPOCH);
        walk.piece();
        walk.took(&page(1..4, false), |seq| *seq).unwrap();
        assert_eq!(walk.piece(), None);
        assert_eq!(selection(0).walk(Timestamp::UNIX_EPOCH).piece(), None);
    }

    #[test]
    fn a_search_that_stopped_early_is_no_complete_list() {
        let mut walk = selection(700).walk(Timestamp::UNIX_EPOCH);
        walk.piece();
        let stopped = Page { searched: Some(50_000), ..page(1..4, false) };
        assert!(walk.took(&stopped, |seq| *seq).unwrap_err().to_string().contains("after 50000 rows"));
    }
}
