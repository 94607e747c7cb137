//! Tree + row -> wanted or not.
//!
//! The body behind a row costs a read from the journal, and most rows are settled without it. So a row is judged without
//! its body first, in three values: what depends on the body is open, and stays so only where nothing else settles it.

use std::cell::OnceCell;

use super::expression::{Condition, Expression, Test, fold};
use super::field::{Read, Row, Value, said};
use crate::domain::Timestamp;

/// Whether `row` is wanted; `None` when that depends on its body, which was not given.
pub fn judge<R: Row>(tree: &Expression, row: &R, body: Option<&[u8]>, now: Timestamp) -> Option<bool> {
    Look { row, body, now, text: OnceCell::new(), said: OnceCell::new() }.judge(tree)
}

/// A row while it is looked at; what several terms need is made once.
struct Look<'a, R> {
    row: &'a R,
    body: Option<&'a [u8]>,
    now: Timestamp,
    text: OnceCell<String>,
    said: OnceCell<String>,
}

impl<R: Row> Look<'_, R> {
    fn judge(&self, tree: &Expression) -> Option<bool> {
        match tree {
            Expression::All(parts) => self.several(parts, false),
            Expression::Any(parts) => self.several(parts, true),
            Expression::Not(one) => self.judge(one).map(|wanted| !wanted),
            Expression::Text(text) => self.has(&text.folded),
            Expression::Condition(condition) => self.meets(condition),
        }
    }

    /// One part that is `settling` settles them all; without one, an open part leaves them open.
    fn several(&self, parts: &[Expression], settling: bool) -> Option<bool> {
        let mut open = false;
        for part in parts {
            match self.judge(part) {
                Some(wanted) if wanted == settling => return Some(settling),
                Some(_) => {}
                None => open = true,
            }
        }
        (!open).then_some(!settling)
    }

    fn has(&self, folded: &str) -> Option<bool> {
        if self.text.get_or_init(|| fold(&self.row.text())).contains(folded) {
            return Some(true);
        }
        if !R::LIST.has_bodies() {
            return Some(false);
        }
        let body = self.body?;
        Some(self.said.get_or_init(|| fold(&said(body))).contains(folded))
    }

    fn meets(&self, condition: &Condition) -> Option<bool> {
        let values = match R::read(condition.field) {
            None => Vec::new(),
            Some(Read::Row(read)) => read(self.row, self.now),
            Some(Read::Body(read)) => read(self.body?),
        };
        Some(values.iter().any(|value| fits(&condition.test, value, self.now)))
    }
}

fn fits(test: &Test, value: &Value<'_>, now: Timestamp) -> bool {
    match (test, value) {
        (Test::Contains(wanted), Value::Text(text)) => fold(text).contains(wanted),
        (Test::Is(wanted), Value::Text(text)) => fold(text.trim()) == *wanted,
        (Test::Exactly(wanted), Value::Text(text)) => text == wanted,
        (Test::Number(comparison, wanted), Value::Number(number)) => comparison.admits(number.cmp(wanted)),
        (Test::Span(comparison, wanted), Value::Span(span)) => comparison.admits(span.cmp(wanted)),
        (Test::Moment(comparison, wanted), Value::Moment(moment)) => {
            let (from, until) = wanted.bounds(now);
            let order = match moment {
                early if *early < from => std::cmp::Ordering::Less,
                late if *late >= until => std::cmp::Ordering::Greater,
                _ => std::cmp::Ordering::Equal,
            };
            comparison.admits(order)
        }
        _ => false,
    }
}
