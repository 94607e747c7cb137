//! Which rows of a list: `--limit`, `--since`, `--search`, `--filter`.

use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::Args;

use crate::domain::Timestamp;
use crate::domain::filter::token::quoted;
use crate::domain::filter::{Filter, List};
use crate::domain::ids::Seq;
use crate::domain::query::{Cursor, Page, Window};
use crate::store::Progress;

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
    /// Only rows that this wants, as in `state:failed -joe (attempts>=3 OR age>1h)`; the language stands below
    #[arg(long, value_name = "FILTER", allow_hyphen_values = true)]
    pub filter: Option<String>,
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
    looked: u64,
}

impl Selection {
    /// The walk through `list` that this selects.
    ///
    /// # Errors
    /// When the filter is none of that list.
    pub fn walk(&self, list: List, now: Timestamp) -> Result<Walk, CliError> {
        let typed = self.filter.as_deref().unwrap_or_default();
        Filter::parse(list, typed).map_err(|problem| CliError::filter(problem, typed))?;
        // Words are looked for as they are, whatever the language would make of them.
        let words = self.search.as_deref().unwrap_or_default().split_whitespace().map(quoted);
        let group = (!typed.trim().is_empty()).then(|| format!("({typed})"));
        let filter = words.chain(group).collect::<Vec<_>>().join(" ");
        Filter::parse(list, &filter).map_err(|problem| CliError::filter(problem, &filter))?;
        let since = self.since.map(|since| since.moment(now));
        let window = Window { filter, since, ..Window::newest(PIECE) };
        Ok(Walk { window, left: self.limit, looked: 0 })
    }
}

impl Walk {
    /// The next piece to ask for; `None` at the end.
    pub fn piece(&mut self) -> Option<Window> {
        self.window.limit = self.left.min(PIECE);
        (self.left > 0).then(|| self.window.clone())
    }

    /// Takes note of a piece whose rows stand at `place`; says how far the search has come, if it is one.
    pub fn took<T>(&mut self, page: &Page<T>, place: impl Fn(&T) -> Seq) -> Option<Progress> {
        self.left = self.left.saturating_sub(page.rows.len());
        let next = match (page.searched, page.rows.last().map(|last| place(last).0)) {
            (Some(searched), _) => searched.next,
            (None, Some(last)) if page.older && last > 0 => Some(Seq(last - 1)),
            (None, _) => None,
        };
        match next {
            Some(next) => self.window.cursor = Cursor::From(next),
            None => self.left = 0,
        }
        page.searched.map(|searched| {
            self.looked += searched.looked as u64;
            Progress { done: Seq(self.looked), of: Seq(self.looked + searched.left as u64) }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::query::Searched;

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

    fn selection(limit: usize, search: Option<&str>, filter: Option<&str>) -> Selection {
        Selection { limit, since: None, search: search.map(str::to_owned), filter: filter.map(str::to_owned) }
    }

    fn walk(limit: usize) -> Walk {
        selection(limit, None, None).walk(List::Deliveries, Timestamp::UNIX_EPOCH).unwrap()
    }

    fn page(rows: std::ops::Range<u64>, older: bool) -> Page<Seq> {
        Page { rows: rows.rev().map(Seq).collect(), older, ..Page::default() }
    }

    #[test]
    fn a_long_list_is_asked_for_in_pieces() {
        let mut walk = walk(700);
        let first = walk.piece().unwrap();
        assert_eq!((first.cursor, first.limit, first.filter), (Cursor::Newest, 500, String::new()));
        assert_eq!(walk.took(&page(501..1001, true), |seq| *seq), None);
        let second = walk.piece().unwrap();
        assert_eq!((second.cursor, second.limit), (Cursor::From(Seq(500)), 200));
        walk.took(&page(301..501, true), |seq| *seq);
        assert_eq!(walk.piece(), None);
    }

    #[test]
    fn the_end_of_the_list_ends_the_walk() {
        let mut one = walk(700);
        one.piece();
        one.took(&page(1..4, false), |seq| *seq);
        assert_eq!(one.piece(), None);
        assert_eq!(walk(0).piece(), None);
    }

    #[test]
    fn a_search_goes_on_where_it_stopped_and_counts() {
        let mut walk = selection(5, Some("joe"), None).walk(List::Events, Timestamp::UNIX_EPOCH).unwrap();
        for (next, rows, left) in [(Some(Seq(700)), 0..0, 700), (Some(Seq(300)), 301..303, 300), (None, 1..2, 0)] {
            assert!(walk.piece().is_some());
            let searched = Some(Searched { looked: 100, newest: None, next, left });
            let progress = walk.took(&Page { searched, ..page(rows, next.is_some()) }, |seq| *seq).unwrap();
            assert_eq!(progress.of.0 - progress.done.0, left as u64);
            assert_eq!(walk.window.cursor, Cursor::From(next.unwrap_or(Seq(300))));
        }
        assert_eq!((walk.piece(), walk.looked), (None, 300));
    }

    #[test]
    fn words_and_filter_are_wanted_both() {
        let filter = |search, filter| {
            let walk = selection(5, search, filter).walk(List::Deliveries, Timestamp::UNIX_EPOCH);
            walk.map(|walk| walk.window.filter).map_err(|error| (error.status(), error.to_string(), error.marked()))
        };
        assert_eq!(filter(Some(" a:b  OR "), Some("state:held OR x")), Ok("\"a:b\" \"OR\" (state:held OR x)".into()));
        let (status, says, marked) = filter(Some("x"), Some("a sate:held")).unwrap_err();
        assert!(status == 2 && says.contains("did you mean `state`?"), "{says}");
        assert_eq!(marked, ["a sate:held", "  ^^^^"]);
        assert!(filter(None, Some("a) OR (b")).is_err(), "brackets are not joined with ours");
    }
}
