//! Questions before orders, and the orders.

use crossterm::event::KeyCode;

use super::travel;
use super::typing::edit;
use super::{Effect, many};
use crate::domain::privacy::Privacy;
use crate::domain::query::{Command, Order};
use crate::ui::action::Action;
use crate::ui::batch::Phase;
use crate::ui::dialog::{Ask, Dialog, LeaveDialog, OrderDialog};
use crate::ui::form::Focus;
use crate::ui::held_back::{Held, HeldBack, Waiting};
use crate::ui::keymap::Chord;
use crate::ui::many::counted;
use crate::ui::model::Model;
use crate::ui::theme::Role;
use crate::ui::words;

/// Puts the question before an order.
pub(super) fn ask(model: &mut Model, action: Action) -> Vec<Effect> {
    if action == Action::Undo && call_back(model) {
        return Vec::new();
    }
    if let (Action::Undo, Some(delivery)) = (action, model.undoable()) {
        let ask = Ask::Undo(delivery.clone());
        return put(model, ask);
    }
    if let Some(effects) = many::ask(model, action) {
        return effects;
    }
    if model.pace.unseen() {
        return hold_still(model);
    }
    if let (Action::Retry, Some(request)) = (action, model.chosen_request()) {
        match request.resent_as {
            Some(event) => {
                let says = format!("request {} was sent again already, as event {event}", request.seq);
                model.toast(Role::Held, says);
            }
            None => return put(model, Ask::Resend(request.clone())),
        }
        return Vec::new();
    }
    let Some(delivery) = model.chosen_delivery().cloned() else {
        model.toast(Role::Held, format!("{}: no delivery chosen; choose one, or open it", action.entry().hint));
        return Vec::new();
    };
    if action == Action::Undo && delivery.undo.is_none() {
        model.toast(Role::Held, format!("{}: there is nothing to take back", words::name(&delivery)));
        return Vec::new();
    }
    if action != Action::Undo && delivery.stage().settled() {
        let (state, _) = words::stage(delivery.stage());
        let key = model.keys.named(Action::Undo);
        let undo = delivery.undo.as_ref().map_or(String::new(), |_| format!(": `{key}` takes that back"));
        model.toast(Role::Held, format!("{} is {state}{undo}", words::name(&delivery)));
        return Vec::new();
    }
    put(model, Ask::about_delivery(action, delivery))
}

/// Why what is under way keeps the reader in the present: where nothing can be changed, nothing can be called back.
pub(super) fn stays(model: &Model) -> Option<String> {
    if let Some(waiting) = model.held_back.waiting().last() {
        return Some(format!("{} can still be called back: look back when it is sent", waiting.about));
    }
    if let Some(batch) = model.batch.as_ref().filter(|batch| batch.phase != Phase::Ended) {
        let says = format!("{} of {} is still under way: look back at its end", batch.verb(), batch.about());
        return Some(says);
    }
    model.gathering.as_ref().map(|_| "rows are still being marked: look back when they are".to_owned())
}

/// There is something that can be called back.
pub(super) fn can_call_back(model: &Model) -> bool {
    let waits = model.batch.as_ref().is_some_and(|batch| batch.phase != Phase::Ended);
    waits || !model.held_back.waiting().is_empty()
}

/// Calls back what was ordered last and not given yet; false when there is nothing.
fn call_back(model: &mut Model) -> bool {
    match model.held_back.call_back() {
        Some(Waiting { held: Held::One(_), about, .. }) => {
            model.toast(Role::Good, format!("{about} was called back: it was not sent"));
            true
        }
        Some(Waiting { held: Held::Batch, .. }) | None => many::call_back(model),
    }
}

/// What is under the cursor came there after the reader looked: it is told and held, so that the next key is sure.
pub(super) fn hold_still(model: &mut Model) -> Vec<Effect> {
    model.toast(Role::Held, "the list has moved: press again");
    if model.details.is_empty() {
        let pane = model.pane;
        match model.list() {
            Some(list) if !list.paused() => list.pause(),
            Some(_) => {}
            None => {
                if let Some(place) = model.pane_places(pane).get(model.pane_index(pane)) {
                    model.pane_rows.insert(pane, *place);
                }
            }
        }
    }
    model.refresh()
}

/// A key that seems to belong to a text, and may not act.
pub(super) fn too_soon(model: &mut Model) -> Vec<Effect> {
    model.toast(Role::Held, "too soon after the question: press again");
    Vec::new()
}

fn put(model: &mut Model, ask: Ask) -> Vec<Effect> {
    let place = ask.place();
    if model.held_back.waiting().iter().any(|one| one.place() == Some(place)) {
        let key = model.keys.named(Action::Undo);
        model.toast(Role::Held, format!("{} is about to be sent again: `{key}` calls that back", ask.about()));
        return Vec::new();
    }
    if model.batch.as_ref().is_some_and(|batch| batch.is_about_to(place)) {
        let key = model.keys.named(Action::Undo);
        let says = format!("{} is among the orders still to come: `{key}` calls these back", ask.about());
        model.toast(Role::Held, says);
        return Vec::new();
    }
    model.dialog = Some(Dialog::Order(Box::new(OrderDialog::new(ask))));
    model.refresh()
}

/// A key while a question is on the screen.
pub(super) fn dialog_key(model: &mut Model, chord: Chord) -> Vec<Effect> {
    let (hasty, burst) = (model.pace.hasty(), model.pace.burst());
    match &mut model.dialog {
        Some(Dialog::Leave(leave)) => match chord.code {
            KeyCode::Char('y' | 'Y') if !hasty => go(model),
            KeyCode::Enter if leave.yes && !hasty => go(model),
            KeyCode::Enter if leave.yes => Vec::new(),
            KeyCode::Enter | KeyCode::Esc | KeyCode::Char('n' | 'N' | 'q') => close(model),
            KeyCode::Tab | KeyCode::BackTab | KeyCode::Left | KeyCode::Right => {
                leave.yes = !leave.yes;
                Vec::new()
            }
            _ => Vec::new(),
        },
        Some(Dialog::Moment(_)) => travel::dialog_key(model, chord),
        Some(dialog) => {
            let Some(form) = dialog.form() else {
                return if matches!(chord.code, KeyCode::Enter | KeyCode::Esc) { close(model) } else { Vec::new() };
            };
            match (chord.code, form.focus) {
                (KeyCode::Esc, _) | (KeyCode::Enter, Focus::No) => return close(model),
                (KeyCode::Enter, Focus::Yes) if hasty => return too_soon(model),
                (KeyCode::Enter, Focus::Yes) => return order(model),
                // Never to the answer that acts: whoever types on and presses Enter again leaves all as it was.
                (KeyCode::Enter, Focus::Reason | Focus::Count) => form.enter_line(),
                (KeyCode::Tab | KeyCode::Down, _) => form.step(true),
                (KeyCode::BackTab | KeyCode::Up, _) => form.step(false),
                (KeyCode::Left | KeyCode::Right, Focus::No) => form.focus = Focus::Yes,
                (KeyCode::Left | KeyCode::Right, Focus::Yes) => form.focus = Focus::No,
                // In a text being typed it is a letter as any other.
                (KeyCode::Char('y'), Focus::No | Focus::Yes) if !burst => form.focus = Focus::Yes,
                _ => type_into(model, chord),
            }
            Vec::new()
        }
        None => Vec::new(),
    }
}

/// The question goes, unanswered.
fn close(model: &mut Model) -> Vec<Effect> {
    let about = match model.dialog.take() {
        Some(Dialog::Order(dialog)) => format!("{} stays as it is", dialog.ask.about()),
        Some(Dialog::Many(dialog)) => format!("{} stay marked", counted(dialog.view, dialog.marked)),
        Some(Dialog::Leave(_) | Dialog::Moment(_)) | None => return Vec::new(),
    };
    model.toast(Role::Plain, format!("nothing done: {about}"));
    Vec::new()
}

/// Types into the line under the focus; from an answer, into the reason.
pub(super) fn type_into(model: &mut Model, chord: Chord) {
    if let Some(form) = model.dialog.as_mut().and_then(Dialog::form)
        && edit(form.line(), chord)
    {
        form.typed();
    }
}

fn order(model: &mut Model) -> Vec<Effect> {
    let dialog = match &mut model.dialog {
        Some(Dialog::Order(dialog)) => dialog,
        _ => return many::confirm(model),
    };
    match dialog.command() {
        Ok((command, why)) => {
            let about = dialog.ask.about();
            model.dialog = None;
            give(model, Order { who: model.who.clone(), why, command }, about)
        }
        Err(complaint) => {
            dialog.form.complain(complaint, Focus::Reason);
            Vec::new()
        }
    }
}

/// Has an order carried out, at once or when it can no longer be called back.
fn give(model: &mut Model, order: Order, about: String) -> Vec<Effect> {
    if !HeldBack::concerns(&order.command) {
        return vec![Effect::Act { order, about }];
    }
    let uptime = model.pace.uptime();
    vec![Effect::Wait(model.held_back.hold(Held::One(order), about, uptime))]
}

/// Whoever suspends cannot call back: what waits is not given.
fn drop_waiting(model: &mut Model) {
    while let Some(waiting) = model.held_back.call_back() {
        let was = waiting.one_or_many("was", "were");
        if waiting.held == Held::Batch {
            many::call_back(model);
        }
        model.toast(Role::Held, format!("{} {was} not sent again: the dashboard was suspended", waiting.about));
    }
}

/// The time of what was held back is over.
pub(super) fn due(model: &mut Model, number: u64) -> Vec<Effect> {
    match model.held_back.due(number) {
        Some(Waiting { held: Held::One(order), about, .. }) => vec![Effect::Act { order, about }],
        Some(Waiting { held: Held::Batch, .. }) => many::give(model),
        None => Vec::new(),
    }
}

/// Shows personal data, once that is on record, or masks it again.
pub(super) fn reveal(model: &mut Model) -> Vec<Effect> {
    if model.privacy == Privacy::Revealed {
        model.mask();
        return Vec::new();
    }
    let what = model.place();
    let command = Command::Reveal { what: what.clone() };
    vec![Effect::Act { order: Order { who: model.who.clone(), why: String::new(), command }, about: what }]
}

pub(super) fn quit(model: &mut Model) -> Vec<Effect> {
    match model.open_now() {
        0 => vec![Effect::Quit],
        open => {
            model.dialog = Some(Dialog::Leave(LeaveDialog { quit: true, open, yes: false }));
            Vec::new()
        }
    }
}

/// The first time as `q`, from wherever one is; the second time at once.
pub(super) fn interrupt(model: &mut Model) -> Vec<Effect> {
    if let Some(Dialog::Leave(_)) = model.dialog {
        return vec![Effect::Quit];
    }
    model.menu = None;
    model.narrowing = false;
    model.copied = None;
    quit(model)
}

/// Suspending stops every thread of the process, the listener too: that is asked.
pub(super) fn suspend(model: &mut Model) -> Vec<Effect> {
    if model.status.as_ref().is_some_and(|status| status.listen.is_none()) {
        drop_waiting(model);
        return vec![Effect::Suspend];
    }
    let open = model.open_now();
    model.dialog = Some(Dialog::Leave(LeaveDialog { quit: false, open, yes: false }));
    Vec::new()
}

fn go(model: &mut Model) -> Vec<Effect> {
    match model.dialog.take() {
        Some(Dialog::Leave(LeaveDialog { quit: true, .. })) => vec![Effect::Quit],
        _ => {
            drop_waiting(model);
            vec![Effect::Suspend]
        }
    }
}
