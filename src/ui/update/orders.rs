//! Questions before orders, and the orders.

use crossterm::event::KeyCode;

use super::Effect;
use super::typing::edit;
use crate::domain::privacy::Privacy;
use crate::domain::query::{Command, Order};
use crate::ui::action::Action;
use crate::ui::dialog::{Ask, Dialog, Focus, LeaveDialog, OrderDialog};
use crate::ui::keymap::Chord;
use crate::ui::model::Model;
use crate::ui::theme::Role;
use crate::ui::words;

/// Puts the question before an order.
pub(super) fn ask(model: &mut Model, action: Action) -> Vec<Effect> {
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
        let undo = if delivery.undo.is_some() { ": `u` takes that back" } else { "" };
        model.toast(Role::Held, format!("{} is {state}{undo}", words::name(&delivery)));
        return Vec::new();
    }
    let ask = match action {
        Action::MarkDelivered => Ask::MarkDelivered(delivery),
        Action::Cancel => Ask::Cancel(delivery),
        Action::Undo => Ask::Undo(delivery),
        _ => Ask::Retry(delivery),
    };
    put(model, ask)
}

fn put(model: &mut Model, ask: Ask) -> Vec<Effect> {
    model.dialog = Some(Dialog::Order(Box::new(OrderDialog::new(ask))));
    model.refresh()
}

/// A key while a question is on the screen.
pub(super) fn dialog_key(model: &mut Model, chord: Chord) -> Vec<Effect> {
    match &mut model.dialog {
        Some(Dialog::Leave(leave)) => match chord.code {
            KeyCode::Char('y' | 'Y') => go(model),
            KeyCode::Enter if leave.yes => go(model),
            KeyCode::Enter | KeyCode::Esc | KeyCode::Char('n' | 'N' | 'q') => {
                model.dialog = None;
                Vec::new()
            }
            KeyCode::Tab | KeyCode::BackTab | KeyCode::Left | KeyCode::Right => {
                leave.yes = !leave.yes;
                Vec::new()
            }
            _ => Vec::new(),
        },
        Some(Dialog::Order(dialog)) => match (chord.code, dialog.focus) {
            (KeyCode::Esc, _) | (KeyCode::Enter, Focus::No) => {
                model.dialog = None;
                Vec::new()
            }
            (KeyCode::Enter, Focus::Yes) => order(model),
            // The reason is not yet the answer: a second Enter gives it.
            (KeyCode::Enter, Focus::Reason) => {
                match dialog.command() {
                    Ok(_) => dialog.focus = Focus::Yes,
                    Err(complaint) => dialog.complaint = Some(complaint),
                }
                Vec::new()
            }
            (KeyCode::Tab | KeyCode::Down, _) => {
                dialog.focus = dialog.focus.next();
                Vec::new()
            }
            (KeyCode::BackTab | KeyCode::Up, _) => {
                dialog.focus = dialog.focus.previous();
                Vec::new()
            }
            (KeyCode::Left | KeyCode::Right, Focus::No) => {
                dialog.focus = Focus::Yes;
                Vec::new()
            }
            (KeyCode::Left | KeyCode::Right, Focus::Yes) => {
                dialog.focus = Focus::No;
                Vec::new()
            }
            _ => {
                type_reason(model, chord);
                Vec::new()
            }
        },
        None => Vec::new(),
    }
}

/// Types into the reason, wherever the focus is.
pub(super) fn type_reason(model: &mut Model, chord: Chord) {
    if let Some(Dialog::Order(dialog)) = &mut model.dialog
        && edit(&mut dialog.reason, chord)
    {
        dialog.focus = Focus::Reason;
        dialog.complaint = None;
    }
}

fn order(model: &mut Model) -> Vec<Effect> {
    let Some(Dialog::Order(dialog)) = &mut model.dialog else { return Vec::new() };
    match dialog.command() {
        Ok((command, why)) => {
            let about = dialog.ask.about();
            model.dialog = None;
            vec![Effect::Act { order: Order { who: model.who.clone(), why, command }, about }]
        }
        Err(complaint) => {
            dialog.complaint = Some(complaint);
            dialog.focus = Focus::Reason;
            Vec::new()
        }
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
    match model.open_deliveries() {
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
    model.help = None;
    model.narrowing = false;
    quit(model)
}

/// Suspending stops every thread of the process, the listener too: that is asked.
pub(super) fn suspend(model: &mut Model) -> Vec<Effect> {
    if model.status.as_ref().is_some_and(|status| status.listen.is_none()) {
        return vec![Effect::Suspend];
    }
    let open = model.open_deliveries();
    model.dialog = Some(Dialog::Leave(LeaveDialog { quit: false, open, yes: false }));
    Vec::new()
}

fn go(model: &mut Model) -> Vec<Effect> {
    match model.dialog.take() {
        Some(Dialog::Leave(LeaveDialog { quit: true, .. })) => vec![Effect::Quit],
        _ => vec![Effect::Suspend],
    }
}
