//! Tokens -> tree.

use std::iter::Peekable;
use std::ops::Range;
use std::vec::IntoIter;

use super::expression::{Condition, Expression, Test, Text};
use super::field::{Comparison, Kind, List};
use super::fields::field;
use super::problem::{Problem, Wrong, nearest, similar_field};
use super::token::{Is, Token, tokens};

/// The longest text. What it costs to judge a row grows with it.
pub const MOST_BYTES: usize = 2000;

/// How deep groups and minuses may stand in one another: a tree is walked by recursion.
pub const MOST_DEEP: usize = 32;

/// The tree of `text`.
///
/// # Errors
/// When it is no filter of `list`.
pub fn parse(list: List, text: &str) -> Result<Expression, Problem> {
    if text.len() > MOST_BYTES {
        return Err(Problem { at: text.len()..text.len(), wrong: Wrong::TooLong { most: MOST_BYTES } });
    }
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Ok(Expression::All(Vec::new()));
    }
    let mut parser = Parser { list, text, tokens: tokens.into_iter().peekable() };
    let tree = parser.either(0)?;
    match parser.tokens.next() {
        None => Ok(tree),
        Some(Token { at, .. }) => Err(Problem { at, wrong: Wrong::NoGroup }),
    }
}

struct Parser<'a> {
    list: List,
    text: &'a str,
    tokens: Peekable<IntoIter<Token>>,
}

impl Parser<'_> {
    fn either(&mut self, deep: usize) -> Result<Expression, Problem> {
        let mut parts = vec![self.all(deep)?];
        while let Some(or) = self.tokens.next_if(|token| token.is == Is::Or) {
            if self.tokens.peek().is_none_or(|next| matches!(next.is, Is::Close | Is::Or)) {
                return Err(Problem { wrong: Wrong::LonelyOr { last: self.tokens.peek().is_none() }, at: or.at });
            }
            parts.push(self.all(deep)?);
        }
        Ok(single(parts).unwrap_or_else(Expression::Any))
    }

    fn all(&mut self, deep: usize) -> Result<Expression, Problem> {
        let mut parts = Vec::new();
        while let Some(token) = self.tokens.next_if(|token| !matches!(token.is, Is::Or | Is::Close)) {
            parts.push(self.one(token, deep)?);
        }
        match (parts.is_empty(), self.tokens.peek()) {
            (false, _) => Ok(single(parts).unwrap_or_else(Expression::All)),
            (true, Some(Token { is: Is::Or, at })) => {
                Err(Problem { at: at.clone(), wrong: Wrong::LonelyOr { last: false } })
            }
            (true, Some(Token { at, .. })) => {
                Err(Problem { at: at.clone(), wrong: if deep > 0 { Wrong::EmptyGroup } else { Wrong::NoGroup } })
            }
            (true, None) => Err(Problem { at: self.end(), wrong: Wrong::OpenGroup }),
        }
    }

    fn one(&mut self, token: Token, deep: usize) -> Result<Expression, Problem> {
        if deep == MOST_DEEP {
            return Err(Problem { at: token.at, wrong: Wrong::TooDeep { most: MOST_DEEP } });
        }
        match token.is {
            Is::Minus => match self.tokens.next() {
                Some(next) => Ok(Expression::Not(Box::new(self.one(next, deep + 1)?))),
                None => Err(Problem { at: token.at, wrong: Wrong::LonelyMinus { last: true } }),
            },
            Is::Open => {
                let inside = self.either(deep + 1)?;
                match self.tokens.next() {
                    Some(_) => Ok(inside),
                    None => Err(Problem { at: token.at, wrong: Wrong::OpenGroup }),
                }
            }
            // After a minus: `-OR` is about the word.
            Is::Or => Err(Problem { at: token.at, wrong: Wrong::LonelyOr { last: false } }),
            Is::Close => Err(Problem { at: token.at, wrong: Wrong::NoGroup }),
            Is::Text(text) => Ok(Expression::Text(Text::new(text))),
            Is::Condition { name, comparison, value } => self.condition(token.at, name, comparison, value),
        }
    }

    fn condition(
        &self,
        at: Range<usize>,
        name: String,
        comparison: Comparison,
        value: Option<(String, Range<usize>)>,
    ) -> Result<Expression, Problem> {
        let named = at.start..at.start + name.len();
        let Some(field) = field(&name) else {
            let (similar, term) = (similar_field(self.list, &name), self.text[at].to_owned());
            return Err(Problem { at: named, wrong: Wrong::NoField { name, similar, term } });
        };
        if !field.is_of(self.list) {
            return Err(Problem { at: named, wrong: Wrong::OtherList { field, list: self.list } });
        }
        let sign = named.end..named.end + comparison.sign().len();
        if !field.kind.comparisons().contains(&comparison) {
            return Err(Problem { at: sign, wrong: Wrong::NotComparable { field, comparison } });
        }
        let Some((typed, valued)) = value else {
            let last = at.end == self.text.len();
            return Err(Problem { at: sign, wrong: Wrong::NoValue { field, comparison, last } });
        };
        match Test::of(field.kind, comparison, &typed) {
            Some(test) => Ok(Expression::Condition(Condition { field, comparison, typed, test })),
            None => {
                let similar = nearest(field.kind.known().iter().copied(), &typed);
                let begun = valued.end == self.text.len() && is_begun(field.kind, &typed);
                let wrong = Wrong::WrongValue { field, comparison, value: typed, similar, begun };
                Err(Problem { at: valued, wrong })
            }
        }
    }

    fn end(&self) -> Range<usize> {
        self.text.len()..self.text.len()
    }
}

fn single(mut parts: Vec<Expression>) -> Result<Expression, Vec<Expression>> {
    if parts.len() == 1 { parts.pop().ok_or(parts) } else { Err(parts) }
}

/// Something of this kind can begin with `typed`.
fn is_begun(kind: Kind, typed: &str) -> bool {
    let folded = typed.to_lowercase().replace('-', "_");
    match kind {
        Kind::Choice(choices) => choices.iter().any(|choice| choice.starts_with(&folded)),
        Kind::Number => matches!(typed, "-" | "+" | "." | "-."),
        Kind::Delivery => matches!(typed, "d" | "D" | "d-" | "D-"),
        Kind::Span | Kind::Moment => typed.starts_with(|one: char| one.is_ascii_digit()) || typed == "-",
        Kind::Text | Kind::Id | Kind::Name(_) => false,
    }
}
