//! State + message -> state + effects. Pure: the present comes in, nothing goes out but effects.

mod alerts;
mod answers;
mod asking;
mod beside;
mod comparing;
mod copying;
mod lists;
mod many;
mod marking;
mod menu;
mod moving;
mod orders;
mod pointing;
mod reading;
mod results;
mod travel;
mod typing;

use super::action::{Action, Group};
use super::detail::Detail;
use super::dialog::Dialog;
use super::document::Setting;
use super::effect::Effect;
use super::keymap::Chord;
use super::layout::{self, Size};
use super::menu::Kind;
use super::model::{Model, Pane, Slot, Toast, View};
use super::pace::Present;
use super::pointer::Pointer;
use super::search::Search;
use super::subject::Subject;
use super::theme::Role;
use crate::domain::delivery::Delivery;
use crate::domain::moment::{Moment, Recalled};
use crate::domain::privacy::Privacy;
use crate::domain::query::{Answer, Command, Done, Query, Status};
use crate::engine::DeskError;

/// Something that happened.
#[derive(Debug)]
pub enum Message {
    /// A key was pressed.
    Key(Chord),
    /// The mouse did something.
    Pointed(Pointer),
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
    /// The ledger answered as of an earlier moment, or is on the way there.
    Recalled {
        /// What the question was for.
        slot: Slot,
        /// The moment.
        moment: Moment,
        /// The question.
        query: Box<Query>,
        /// What was said.
        recalled: Result<Recalled<Answer>, DeskError>,
    },
    /// The program says how it is.
    Told(Box<Result<Status, DeskError>>),
    /// The order of this number can no longer be called back.
    Due(u64),
    /// An order was carried out, or not.
    Acted {
        /// The order.
        command: Command,
        /// What it was about.
        about: String,
        /// What came of it.
        done: Box<Result<Done, DeskError>>,
    },
}

/// Seconds for which a toast stays.
const TOAST_SECONDS: i64 = 8;

/// Takes a message in.
pub fn update(model: &mut Model, message: Message, present: impl Into<Present>) -> Vec<Effect> {
    let Present { now, uptime } = present.into();
    model.clock = now;
    model.now = model.travel.moment().map_or(now, |moment| moment.at);
    model.pace.at(uptime);
    let by_key = matches!(message, Message::Key(_) | Message::Pointed(_));
    let mut effects = take_in(model, message);
    effects.extend(alerts::raise(model));
    effects.extend(beside::follow(model));
    let under = model.chosen();
    model.pace.stands(model.dialog.is_some(), under, by_key);
    effects
}

fn take_in(model: &mut Model, message: Message) -> Vec<Effect> {
    match message {
        Message::Key(chord) => key(model, chord),
        Message::Pointed(pointer) => pointing::pointed(model, pointer),
        Message::Paste(text) => typing::paste(model, &text),
        Message::Resized(size) => {
            model.size = size;
            if !model.panes().contains(&model.pane) {
                model.pane = Pane::Attention;
            }
            model.write_details();
            model.refresh()
        }
        // What was does not change.
        Message::Changed if model.travel.shown.is_some() => Vec::new(),
        Message::Changed => {
            model.counted = None;
            model.search(Search::changed);
            model.refresh()
        }
        Message::Tick => tick(model),
        Message::Answered { slot: Slot::Moment, query, answer } => travel::found(model, &query, answer),
        // It was asked of the present, which is not shown any more.
        Message::Answered { .. } if model.travel.shown.is_some() => Vec::new(),
        Message::Recalled { slot, moment, query, recalled } => travel::recalled(model, slot, moment, &query, recalled),
        Message::Answered { slot, query, answer } => answers::answered(model, slot, &query, answer),
        Message::Told(status) => answers::told(model, *status),
        Message::Due(number) => orders::due(model, number),
        Message::Acted { command, about, done } => answers::acted(model, &command, &about, *done),
    }
}

/// The questions with which the dashboard opens.
pub fn open(model: &mut Model) -> Vec<Effect> {
    tick(model)
}

fn tick(model: &mut Model) -> Vec<Effect> {
    let now = model.clock;
    model.toasts.retain(|toast| (now - toast.at).num_seconds() < TOAST_SECONDS);
    let mut effects: Vec<Effect> = model.ask(Slot::Status, None).into_iter().collect();
    if model.travel.shown.is_some() {
        // Time stands still there: only what was not answered is asked again.
        let unanswered = model.trouble.is_some() || model.overview.is_none();
        return effects.into_iter().chain(if unanswered { model.refresh() } else { Vec::new() }).collect();
    }
    effects.extend(travel::forget(model));
    // Counts are those of the last minutes: where nothing has changed, they do so with the minute, or by what falls overdue.
    let minute = now.timestamp().div_euclid(60);
    let falls_overdue = model.overview.as_ref().and_then(|overview| overview.next_overdue).is_some_and(|at| at < now);
    if model.counted.replace(minute) != Some(minute) || falls_overdue {
        effects.extend(count(model));
    }
    // What came while the bell had to be silent.
    effects.extend(alerts::listen(model));
    model.search(Search::second);
    results::second(model);
    let seen = model.seen_list().filter(|_| model.details.is_empty() && model.dialog.is_none());
    let searches = seen.is_some_and(|list| !list.narrowed().filter().is_empty());
    if model.trouble.is_some() || model.overview.is_none() || searches {
        effects.extend(model.refresh());
    }
    effects
}

fn count(model: &mut Model) -> Vec<Effect> {
    let counts = model.counts();
    model.ask(Slot::Overview, Some(counts)).into_iter().collect()
}

impl Model {
    fn toast(&mut self, role: Role, text: impl Into<String>) {
        self.put_toast(role, text.into(), None);
    }

    fn put_toast(&mut self, role: Role, text: String, undo: Option<Box<Delivery>>) {
        let text = self.privacy.text(&text);
        // Said again, it stays longer rather than standing there twice.
        self.toasts.retain(|toast| toast.text != text);
        self.toasts.push(Toast { text, role, at: self.clock, undo });
        if self.toasts.len() > 3 {
            self.toasts.remove(0);
        }
    }

    /// Tells the search of the list in sight.
    fn search(&mut self, tell: impl FnOnce(&mut Search)) {
        if let Some(list) = self.list() {
            tell(list.search());
        }
    }

    fn write_details(&mut self) {
        let (height, setting) = (self.detail_rows(), self.setting());
        for detail in &mut self.details {
            detail.write(height, &self.keys, setting);
        }
        beside::write(self);
    }

    /// For whom and when documents are written.
    fn setting(&self) -> Setting {
        Setting { width: self.size.0, privacy: self.privacy, now: self.now, by_hand: self.by_hand() }
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
    model.pace.key();
    let action = model.keys.action(chord);
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
    if model.menu.is_some() {
        return menu::key(model, chord);
    }
    if model.dialog.is_some() {
        return orders::dialog_key(model, chord);
    }
    if model.narrowing {
        return typing::narrowing_key(model, chord);
    }
    if model.copied.is_some() && copying::copied_key(model, action) {
        return Vec::new();
    }
    if model.searching() {
        return reading::search_key(model, chord);
    }
    action.map_or_else(Vec::new, |action| perform(model, action))
}

/// What an action does where nothing else takes the keys.
fn perform(model: &mut Model, action: Action) -> Vec<Effect> {
    if !model.keys.offers(action) {
        let why = match (model.keys.only_looks(), &model.travel.shown) {
            (true, _) => "not here: this dashboard is read-only".to_owned(),
            (_, Some(_)) => format!("nothing can be changed here; `{}` returns to now", model.way_back()),
            (_, None) => format!("nothing is changed on the way back; `{}` stops", model.way_back()),
        };
        model.toast(Role::Held, format!("{}: {why}", action.entry().hint));
        return Vec::new();
    }
    let calls_back = action == Action::Undo && orders::can_call_back(model);
    if model.pace.hasty()
        && !calls_back
        && (action.entry().group == Group::Acting || matches!(action, Action::Open | Action::Quit))
    {
        return orders::too_soon(model);
    }
    match action {
        Action::Overview => go(model, View::Overview),
        Action::Feed => go(model, View::Feed),
        Action::Deliveries => go(model, View::Deliveries),
        Action::Reversals => go(model, View::Reversals),
        Action::Payouts => go(model, View::Payouts),
        Action::Quarantine => go(model, View::Quarantine),
        Action::Up => moving::step(model, -1),
        Action::Down => moving::step(model, 1),
        Action::PageUp => moving::step(model, -moving::page(model)),
        Action::PageDown => moving::step(model, moving::page(model)),
        Action::HalfUp => moving::step(model, -(moving::page(model) / 2).max(1)),
        Action::HalfDown => moving::step(model, (moving::page(model) / 2).max(1)),
        Action::Top => moving::end(model, true),
        Action::Bottom => moving::end(model, false),
        Action::Next => moving::next(model, true),
        Action::Previous => moving::next(model, false),
        Action::Open => open_row(model),
        Action::Back => back(model),
        Action::Narrow if !model.details.is_empty() => reading::search(model),
        Action::Narrow => typing::narrow(model),
        Action::States => lists::states(model),
        Action::Overdue => lists::overdue(model),
        Action::Sort | Action::Columns => lists::columns(model, action),
        Action::PutAway => alerts::put_away(model),
        Action::Pause => lists::pause(model),
        Action::Timeline => timeline(model),
        Action::Earlier | Action::Later | Action::MinuteBack | Action::MinuteOn => travel::step(model, action),
        Action::At => travel::ask(model),
        Action::Reveal => orders::reveal(model),
        Action::Fold
        | Action::FoldAll
        | Action::Wrap
        | Action::ShiftLeft
        | Action::ShiftRight
        | Action::NextHit
        | Action::PreviousHit => reading::read(model, action),
        Action::CopyValue | Action::CopyPayload | Action::CopyRequest => copying::copy(model, action),
        Action::Compare => comparing::compare(model),
        Action::CompareBefore => comparing::with_before(model),
        Action::Mark => marking::mark(model),
        Action::MarkRange => marking::range(model),
        Action::MarkAll => marking::all(model),
        Action::MarkAlike => marking::alike(model),
        Action::Results => results::open(model),
        Action::Retry | Action::MarkDelivered | Action::Cancel | Action::Undo => orders::ask(model, action),
        Action::Palette => menu::open(model, Kind::Palette),
        Action::Help => menu::open(model, Kind::Help),
        Action::Mouse => mouse(model),
        Action::Redraw => vec![Effect::Redraw],
        Action::Suspend => orders::suspend(model),
        Action::Quit | Action::Interrupt => orders::quit(model),
    }
}

/// Takes the mouse, or leaves it to the terminal again.
fn mouse(model: &mut Model) -> Vec<Effect> {
    model.mouse = !model.mouse;
    let key = model.keys.named(Action::Mouse);
    let says = match model.mouse {
        true => {
            format!("the mouse chooses, a second click opens; Shift and the mouse selects text; `{key}` lets go of it")
        }
        false => "the mouse is the terminal's again: it selects text".to_owned(),
    };
    model.toast(Role::Plain, says);
    vec![Effect::Mouse(model.mouse)]
}

fn go(model: &mut Model, view: View) -> Vec<Effect> {
    if view != model.view || !model.details.is_empty() {
        model.mask();
    }
    let again = view == model.view && model.details.is_empty();
    model.details.clear();
    model.view = view;
    if again {
        lists::widen(model);
    }
    if let Some(list) = model.list()
        && !list.paused()
    {
        list.follow();
    }
    model.search(Search::renew);
    model.refresh()
}

fn open_row(model: &mut Model) -> Vec<Effect> {
    if model.detail().is_some_and(Detail::on_a_fold) {
        return reading::read(model, Action::Fold);
    }
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
    // What is open further down is gone back to, rather than opened once more on top.
    if let Some(at) = model.details.iter().position(|detail| detail.subject == subject) {
        model.details.truncate(at + 1);
        return model.refresh();
    }
    let detail = detail_of(model, subject);
    model.details.push(detail);
    model.write_details();
    model.refresh()
}

/// A detail about `subject`, with what is known of it already.
fn detail_of(model: &Model, subject: Subject) -> Detail {
    let mut detail = Detail::new(subject);
    if let Some(beside) = model.beside.as_ref().filter(|beside| beside.subject == detail.subject) {
        detail.data.clone_from(&beside.data);
    } else if let Subject::Show(id) = &detail.subject {
        let listed = model.shows.page.rows.iter().chain(model.overview.iter().flat_map(|overview| &overview.shows));
        let show = listed.into_iter().find(|show| show.show == *id).cloned();
        detail.data = show.map(|show| super::document::Data::Show(Box::new(show), None));
    }
    detail
}

fn back(model: &mut Model) -> Vec<Effect> {
    if reading::end_search(model) {
        return Vec::new();
    }
    if model.travel.going.is_some() || model.travel.seeking.is_some() {
        return travel::stop(model);
    }
    if !model.details.is_empty() {
        model.mask();
        model.details.pop();
        return model.refresh();
    }
    model.toasts.clear();
    if model.travel.shown.is_some() {
        return travel::to_the_present(model);
    }
    if marking::let_go(model) {
        return Vec::new();
    }
    if let Some(effects) = lists::unfilter(model) {
        return effects;
    }
    if marking::clear(model) {
        return Vec::new();
    }
    if model.choice().is_some_and(|choice| *choice > 0) {
        lists::widen(model);
        return model.refresh();
    }
    Vec::new()
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
