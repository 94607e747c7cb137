//! State + message -> state + effects. Pure: the present comes in, nothing goes out but effects.

mod answers;
mod asking;
mod orders;

use tui_input::{Input, InputRequest};

use super::action::Action;
use super::detail::Detail;
use super::dialog::Dialog;
use super::effect::Effect;
use super::keymap::{self, Chord};
use super::layout::{self, Size};
use super::model::{CHOICES, Model, Pane, Slot, Toast, View};
use super::privacy::Privacy;
use super::subject::Subject;
use super::theme::Role;
use crate::domain::Timestamp;
use crate::domain::query::{Answer, Command, Done, Query, Status};
use crate::engine::DeskError;
use crossterm::event::{KeyCode, KeyModifiers};

/// Something that happened.
#[derive(Debug)]
pub enum Message {
    /// A key was pressed.
    Key(Chord),
    /// A text was pasted.
    Paste(String),
    /// The terminal has another size.
    Resized(Size),
    /// The ledger has changed.
    Changed,
    /// A second has gone by.
    Tick,
    /// The ledger answered.
    Answered {
        /// What the question was for.
        slot: Slot,
        /// The question.
        query: Box<Query>,
        /// Its answer.
        answer: Result<Answer, DeskError>,
    },
    /// The program says how it is.
    Told(Result<Status, DeskError>),
    /// An order was carried out, or not.
    Acted {
        /// The order.
        command: Command,
        /// What it was about.
        about: String,
        /// What came of it.
        done: Result<Done, DeskError>,
    },
}

/// Seconds for which a toast stays.
const TOAST_SECONDS: i64 = 8;

/// Takes a message in.
pub fn update(model: &mut Model, message: Message, now: Timestamp) -> Vec<Effect> {
    model.now = now;
    match message {
        Message::Key(chord) => key(model, chord),
        Message::Paste(text) => paste(model, &text),
        Message::Resized(size) => {
            model.size = size;
            if !model.panes().contains(&model.pane) {
                model.pane = Pane::Attention;
            }
            model.write_details();
            model.refresh()
        }
        Message::Changed => model.refresh(),
        Message::Tick => tick(model),
        Message::Answered { slot, query, answer } => answers::answered(model, slot, &query, answer),
        Message::Told(status) => answers::told(model, status),
        Message::Acted { command, about, done } => answers::acted(model, &command, &about, done),
    }
}

/// The questions with which the dashboard opens.
pub fn open(model: &mut Model) -> Vec<Effect> {
    tick(model)
}

fn tick(model: &mut Model) -> Vec<Effect> {
    let now = model.now;
    model.toasts.retain(|toast| (now - toast.at).num_seconds() < TOAST_SECONDS);
    let mut effects: Vec<Effect> = model.ask(Slot::Status, None).into_iter().collect();
    let counts = model.counts();
    effects.extend(model.ask(Slot::Overview, Some(counts)));
    if model.trouble.is_some() || model.overview.is_none() {
        effects.extend(model.refresh());
    }
    effects
}

impl Model {
    fn toast(&mut self, role: Role, text: impl Into<String>) {
        let text = self.privacy.text(&text.into());
        self.toasts.push(Toast { text, role, at: self.now });
        if self.toasts.len() > 3 {
            self.toasts.remove(0);
        }
    }

    fn write_details(&mut self) {
        let (width, height, privacy, now) = (self.size.0, self.detail_rows(), self.privacy, self.now);
        for detail in &mut self.details {
            detail.write(width, height, privacy, now);
        }
    }

    /// Rows of a detail: the body below the breadcrumbs.
    fn detail_rows(&self) -> usize {
        usize::from(self.body_rows()).saturating_sub(1).max(1)
    }

    /// Personal data is masked again.
    fn mask(&mut self) {
        if self.privacy == Privacy::Revealed {
            self.privacy = Privacy::Masked;
            self.write_details();
        }
    }
}

fn key(model: &mut Model, chord: Chord) -> Vec<Effect> {
    let action = keymap::action(chord);
    if action == Some(Action::Interrupt) {
        return orders::interrupt(model);
    }
    // What cannot be seen cannot be answered: on the card of a small terminal one can only leave.
    if !layout::usable(model.size) {
        return match (&model.dialog, action) {
            (Some(Dialog::Leave(_)), _) => orders::dialog_key(model, chord),
            (_, Some(Action::Quit)) => orders::quit(model),
            _ => Vec::new(),
        };
    }
    if model.help.is_some() {
        return help(model, action);
    }
    if model.dialog.is_some() {
        return orders::dialog_key(model, chord);
    }
    if model.narrowing {
        return narrowing_key(model, chord);
    }
    action.map_or_else(Vec::new, |action| perform(model, action))
}

fn help(model: &mut Model, action: Option<Action>) -> Vec<Effect> {
    let page = usize::from(model.size.1.saturating_sub(6)).max(1);
    let most = super::document::help().lines.len().saturating_sub(page);
    let Some(scroll) = model.help else { return Vec::new() };
    model.help = match action {
        Some(Action::Help | Action::Back | Action::Quit | Action::Open) => None,
        Some(Action::Up) => Some(scroll.saturating_sub(1)),
        Some(Action::Down) => Some((scroll + 1).min(most)),
        Some(Action::PageUp | Action::HalfUp) => Some(scroll.saturating_sub(page)),
        Some(Action::PageDown | Action::HalfDown) => Some((scroll + page).min(most)),
        Some(Action::Top) => Some(0),
        Some(Action::Bottom) => Some(most),
        _ => Some(scroll),
    };
    Vec::new()
}

/// What an action does where nothing else takes the keys.
fn perform(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Overview => go(model, View::Overview),
        Action::Feed => go(model, View::Feed),
        Action::Deliveries => go(model, View::Deliveries),
        Action::Reversals => go(model, View::Reversals),
        Action::Payouts => go(model, View::Payouts),
        Action::Quarantine => go(model, View::Quarantine),
        Action::Up => step(model, -1),
        Action::Down => step(model, 1),
        Action::PageUp => step(model, -page(model)),
        Action::PageDown => step(model, page(model)),
        Action::HalfUp => step(model, -(page(model) / 2).max(1)),
        Action::HalfDown => step(model, (page(model) / 2).max(1)),
        Action::Top => end(model, true),
        Action::Bottom => end(model, false),
        Action::Next => next(model, true),
        Action::Previous => next(model, false),
        Action::Open => open_row(model),
        Action::Back => back(model),
        Action::Narrow => narrow(model),
        Action::States => states(model),
        Action::Pause => pause(model),
        Action::Timeline => timeline(model),
        Action::Reveal => orders::reveal(model),
        Action::Retry | Action::MarkDelivered | Action::Cancel | Action::Undo => orders::ask(model, action),
        Action::Help => {
            model.help = Some(0);
            Vec::new()
        }
        Action::Redraw => vec![Effect::Redraw],
        Action::Suspend => orders::suspend(model),
        Action::Quit | Action::Interrupt => orders::quit(model),
    }
}

fn go(model: &mut Model, view: View) -> Vec<Effect> {
    if view != model.view || !model.details.is_empty() {
        model.mask();
    }
    model.details.clear();
    model.view = view;
    if let Some(list) = model.list()
        && !list.paused()
    {
        list.follow();
    }
    model.refresh()
}

fn page(model: &Model) -> isize {
    let rows = if model.details.is_empty() { model.list_rows() } else { model.detail_rows() };
    isize::try_from(rows).unwrap_or(isize::MAX)
}

fn step(model: &mut Model, by: isize) -> Vec<Effect> {
    let detail_rows = model.detail_rows();
    let list_rows = model.list_rows();
    if let Some(detail) = model.details.last_mut() {
        detail.step(by, detail_rows);
        return Vec::new();
    }
    match model.list() {
        Some(list) => match list.step(by, list_rows) {
            true => model.refresh(),
            false => Vec::new(),
        },
        None => {
            let pane = model.pane;
            let places = model.pane_places(pane);
            let index = model.pane_index(pane).saturating_add_signed(by).min(places.len().saturating_sub(1));
            choose(model, pane, index);
            Vec::new()
        }
    }
}

/// The cursor of a pane on its first row is on whichever row is first.
fn choose(model: &mut Model, pane: Pane, index: usize) {
    match model.pane_places(pane).get(index) {
        Some(place) if index > 0 => drop(model.pane_rows.insert(pane, *place)),
        _ => drop(model.pane_rows.remove(&pane)),
    }
}

fn end(model: &mut Model, newest: bool) -> Vec<Effect> {
    let rows = model.detail_rows();
    if let Some(detail) = model.details.last_mut() {
        if newest {
            detail.top()
        } else {
            detail.bottom(rows)
        }
        return Vec::new();
    }
    let Some(list) = model.list() else {
        let pane = model.pane;
        let last = model.pane_places(pane).len().saturating_sub(1);
        choose(model, pane, if newest { 0 } else { last });
        return Vec::new();
    };
    if newest {
        list.follow()
    } else {
        list.oldest()
    }
    model.refresh()
}

fn next(model: &mut Model, forward: bool) -> Vec<Effect> {
    let rows = model.detail_rows();
    if let Some(detail) = model.details.last_mut() {
        detail.next_link(forward, rows, true);
        return Vec::new();
    }
    match model.view {
        View::Overview => {
            model.pane = neighbour(&model.panes(), &model.pane, forward);
            Vec::new()
        }
        View::Feed => {
            model.mask();
            model.family = neighbour(&model.families(), &model.family, forward);
            model.refresh()
        }
        _ => {
            let view = neighbour(&View::ALL, &model.view, forward);
            go(model, view)
        }
    }
}

/// The one after or before, round the ends.
fn neighbour<T: Clone + PartialEq>(all: &[T], here: &T, forward: bool) -> T {
    let at = all.iter().position(|one| one == here).unwrap_or(0);
    let step = if forward { 1 } else { all.len().saturating_sub(1) };
    all.get((at + step) % all.len().max(1)).unwrap_or(here).clone()
}

fn open_row(model: &mut Model) -> Vec<Effect> {
    if let (View::Overview, Pane::Family(index), true, false) =
        (model.view, model.pane, model.details.is_empty(), layout::roomy(model.size))
    {
        model.family = Some(crate::domain::documentation::FAMILIES[index].to_owned());
        return go(model, View::Feed);
    }
    match model.target() {
        Some(subject) => open_detail(model, subject),
        None => Vec::new(),
    }
}

fn open_detail(model: &mut Model, subject: Subject) -> Vec<Effect> {
    if model.detail().is_some_and(|detail| detail.subject == subject) {
        return Vec::new();
    }
    model.mask();
    let mut detail = Detail::new(subject);
    if let Subject::Show(id) = &detail.subject {
        let listed = model.shows.page.rows.iter().chain(model.overview.iter().flat_map(|overview| &overview.shows));
        let show = listed.into_iter().find(|show| show.show == *id).cloned();
        detail.data =
            show.map(|show| super::document::Data::Show(Box::new(show), crate::domain::query::Page::default()));
    }
    model.details.push(detail);
    model.write_details();
    model.refresh()
}

fn back(model: &mut Model) -> Vec<Effect> {
    if !model.details.is_empty() {
        model.mask();
        model.details.pop();
        return model.refresh();
    }
    model.toasts.clear();
    if let Some(list) = model.list()
        && !list.words().value().is_empty()
    {
        list.words().reset();
        list.restart();
        return model.refresh();
    }
    Vec::new()
}

fn narrow(model: &mut Model) -> Vec<Effect> {
    if !model.details.is_empty() {
        return Vec::new();
    }
    if model.view == View::Overview {
        model.view = View::Deliveries;
    }
    model.mask();
    model.narrowing = true;
    model.refresh()
}

fn narrowing_key(model: &mut Model, chord: Chord) -> Vec<Effect> {
    match chord.code {
        KeyCode::Enter => {
            model.narrowing = false;
            return Vec::new();
        }
        KeyCode::Esc => {
            model.narrowing = false;
            return back(model);
        }
        KeyCode::Up | KeyCode::Down | KeyCode::PageUp | KeyCode::PageDown => {
            return keymap::action(chord).map_or_else(Vec::new, |action| perform(model, action));
        }
        _ => {}
    }
    let Some(list) = model.list() else { return Vec::new() };
    if edit(list.words(), chord) {
        list.restart();
        return model.refresh();
    }
    Vec::new()
}

/// Characters that a typed line may have: a record's reason and a search need no more.
const MOST_TYPED: usize = 300;

/// Types into a line. True when its text has changed.
fn edit(input: &mut Input, chord: Chord) -> bool {
    let control = chord.modifiers.contains(KeyModifiers::CONTROL);
    let request = match (chord.code, control) {
        (KeyCode::Char('u'), true) => InputRequest::DeleteLine,
        (KeyCode::Char('w'), true) => InputRequest::DeletePrevWord,
        (KeyCode::Char('a'), true) | (KeyCode::Home, _) => InputRequest::GoToStart,
        (KeyCode::Char('e'), true) | (KeyCode::End, _) => InputRequest::GoToEnd,
        (KeyCode::Char('k'), true) => InputRequest::DeleteTillEnd,
        (KeyCode::Backspace, _) => InputRequest::DeletePrevChar,
        (KeyCode::Delete, _) => InputRequest::DeleteNextChar,
        (KeyCode::Left, true) => InputRequest::GoToPrevWord,
        (KeyCode::Right, true) => InputRequest::GoToNextWord,
        (KeyCode::Left, _) => InputRequest::GoToPrevChar,
        (KeyCode::Right, _) => InputRequest::GoToNextChar,
        _ => match chord.typed() {
            Some(character) if input.value().chars().count() < MOST_TYPED && !character.is_control() => {
                InputRequest::InsertChar(character)
            }
            _ => return false,
        },
    };
    input.handle(request).is_some_and(|change| change.value)
}

/// A pasted text goes where one types, and nowhere else: its letters are no keys.
fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    for character in text.lines().next().unwrap_or_default().chars().take(MOST_TYPED) {
        let chord = Chord { code: KeyCode::Char(character), modifiers: KeyModifiers::NONE };
        if model.dialog.is_some() {
            orders::type_reason(model, chord);
        } else if model.narrowing && model.help.is_none() {
            effects.extend(narrowing_key(model, chord));
        }
    }
    effects
}

fn states(model: &mut Model) -> Vec<Effect> {
    if !model.details.is_empty() {
        return Vec::new();
    }
    let choice = match model.view {
        View::Deliveries => &mut model.delivery_choice,
        View::Reversals => &mut model.return_choice,
        _ => return Vec::new(),
    };
    *choice = (*choice + 1) % CHOICES.len();
    if let Some(list) = model.list() {
        list.restart();
    }
    model.refresh()
}

fn pause(model: &mut Model) -> Vec<Effect> {
    match model.list() {
        Some(list) => {
            list.pause();
            model.refresh()
        }
        None => Vec::new(),
    }
}

fn timeline(model: &mut Model) -> Vec<Effect> {
    match model.chosen_ticket().cloned() {
        Some(ticket) => open_detail(model, Subject::Ticket(ticket)),
        None => {
            model.toast(Role::Held, "no ticket here: choose a row that names one");
            Vec::new()
        }
    }
}
