//! What is typed and chosen before a question is answered. The focus starts where nothing is answered: on the reason.

use tui_input::Input;

/// What is under the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    /// The answer that changes nothing.
    No,
    /// The answer that does it.
    Yes,
    /// The line for the reason.
    Reason,
    /// The line for how many are meant.
    Count,
}

/// How many are meant, typed so that so many are not meant by a slip.
#[derive(Debug, Clone)]
pub struct Count {
    /// How many are.
    pub wanted: usize,
    /// As typed.
    pub typed: Input,
}

/// What is typed and chosen.
#[derive(Debug, Clone)]
pub struct Form {
    /// As typed.
    pub reason: Input,
    /// Where it has to be typed.
    pub count: Option<Count>,
    /// Where the next key goes.
    pub focus: Focus,
    /// Why it was not done yet.
    pub complaint: Option<&'static str>,
}

impl Default for Form {
    fn default() -> Self {
        Self { reason: Input::default(), count: None, focus: Focus::Reason, complaint: None }
    }
}

impl Form {
    /// The focus goes to the next one round, or to the one before.
    pub fn step(&mut self, forward: bool) {
        let round: &[Focus] = match self.count {
            Some(_) => &[Focus::No, Focus::Yes, Focus::Reason, Focus::Count],
            None => &[Focus::No, Focus::Yes, Focus::Reason],
        };
        let here = round.iter().position(|one| *one == self.focus).unwrap_or(0);
        let by = if forward { 1 } else { round.len() - 1 };
        self.focus = round[(here + by) % round.len()];
    }

    /// Enter on a line goes on to the next one, and then to the safe answer: never to the one that acts.
    pub fn enter_line(&mut self) {
        self.focus = match (self.focus, &self.count) {
            (Focus::Reason, Some(_)) => Focus::Count,
            _ => Focus::No,
        };
    }

    /// The line into which is typed now.
    pub fn line(&mut self) -> &mut Input {
        match (self.focus, &mut self.count) {
            (Focus::Count, Some(count)) => &mut count.typed,
            _ => &mut self.reason,
        }
    }

    /// It was typed into.
    pub fn typed(&mut self) {
        if self.focus != Focus::Count {
            self.focus = Focus::Reason;
        }
        self.complaint = None;
    }

    /// The answer is not taken yet.
    pub fn complain(&mut self, complaint: &'static str, focus: Focus) {
        (self.complaint, self.focus) = (Some(complaint), focus);
    }

    /// The reason, or the usual one.
    ///
    /// # Errors
    /// When one is needed and none was given.
    pub fn why(&self, usual: Option<&'static str>) -> Result<String, &'static str> {
        match (self.reason.value().trim(), usual) {
            ("", None) => Err("a reason is needed: whoever reads the record later will ask why"),
            ("", Some(usual)) => Ok(usual.to_owned()),
            (given, _) => Ok(given.to_owned()),
        }
    }

    /// How many are meant was typed, where it has to be.
    pub fn is_counted(&self) -> bool {
        let typed = |count: &Count| count.typed.value().trim().replace(',', "") == count.wanted.to_string();
        self.count.as_ref().is_none_or(typed)
    }
}
