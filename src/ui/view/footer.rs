//! The keys that do something here, from the action table.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use crate::ui::action::Action;
use crate::ui::batch::Phase;
use crate::ui::detail::Detail;
use crate::ui::document::Data;
use crate::ui::model::{Model, Pane, View};
use crate::ui::theme::Role;

pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model) {
    let mut end = area.right().saturating_sub(1);
    // The name is enough here; the record has the user id as well.
    let who = format!("as {}", model.who.split(" (uid").next().unwrap_or_default());
    if area.width >= 100 {
        end = canvas.text_before(end, area.y, 30, Role::Faint, &who).saturating_sub(2);
    }
    // Help and the way out are always there, however long the rest is; where there is room, so is the palette.
    let fixed = [Action::Quit, Action::Help, Action::Palette];
    for action in fixed.into_iter().take(if area.width >= 100 { 3 } else { 2 }) {
        let entry = action.entry();
        let start = canvas.text_before(end, area.y, area.width, Role::Plain, &format!(" {}", entry.hint));
        // The way out has always a key.
        let way_out = || model.keys.hint(Action::Interrupt).filter(|_| action == Action::Quit);
        let key = model.keys.hint(action).or_else(way_out).unwrap_or_default();
        end = canvas.text_before(start, area.y, area.width, Role::Key, &key).saturating_sub(2);
    }
    let mut x = area.x + 1;
    if model.narrowing {
        for (key, hint) in [("Enter", "keep"), ("Esc", "stop, show all"), ("Tab", "complete"), ("↑ ↓", "earlier")] {
            x = pair(canvas, x, area.y, end, key, hint);
        }
        return;
    }
    if model.searching() {
        for (key, hint) in [("Enter", "keep"), ("Esc", "end"), ("↑ ↓", "other hits")] {
            x = pair(canvas, x, area.y, end, key, hint);
        }
        return;
    }
    let orders_wait = model.batch.as_ref().is_some_and(|batch| batch.phase != Phase::Ended);
    for action in actions(model) {
        let entry = action.entry();
        let Some(key) = model.keys.hint(action) else { continue };
        let hint = match action {
            Action::Retry if model.chosen_request().is_some() => "send again",
            Action::Narrow if !model.details.is_empty() => "search",
            Action::MarkAlike if !model.details.is_empty() => "mark these",
            Action::Undo if orders_wait => "call back",
            Action::Back if model.details.is_empty() => "unmark",
            _ => entry.hint,
        };
        if usize::from(end.saturating_sub(x)) < key.chars().count() + 1 + hint.chars().count() {
            break;
        }
        x = pair(canvas, x, area.y, end, &key, hint);
    }
}

fn pair(canvas: &mut Canvas<'_>, x: u16, y: u16, end: u16, key: &str, hint: &str) -> u16 {
    let x = canvas.text(x, y, end.saturating_sub(x), Role::Key, key);
    canvas.text(x + 1, y, end.saturating_sub(x + 1), Role::Plain, hint) + 2
}

/// What is most likely wanted first.
fn actions(model: &Model) -> Vec<Action> {
    use Action::{Back, Cancel, MarkDelivered, Narrow, Next, Open, Pause, Retry, Reveal, States, Timeline, Top, Undo};
    use Action::{Mark, MarkAlike, MarkAll, MarkRange};
    let mut actions = Vec::new();
    let marks = model.marks().filter(|_| model.keys.offers(Mark));
    if marks.is_some_and(|marks| !marks.is_empty() || marks.ranges()) {
        let orders: &[Action] =
            if model.view == View::Quarantine { &[Retry] } else { &[Retry, MarkDelivered, Cancel, Undo] };
        return orders.iter().copied().chain([Mark, MarkRange, MarkAlike, MarkAll, Back]).collect();
    }
    if model.details.is_empty() {
        actions.push(Open);
    } else {
        actions.push(Back);
    }
    if model.travel.looks_back() {
        actions.extend([Action::Earlier, Action::Later, Action::MinuteBack, Action::MinuteOn, Action::At]);
    }
    if let Some(delivery) = model.chosen_delivery() {
        if !delivery.stage().settled() {
            actions.extend([Retry, MarkDelivered, Cancel]);
        }
        if delivery.undo.is_some() {
            actions.push(Undo);
        }
    } else if model.chosen_request().is_some_and(|request| request.resent_as.is_none()) {
        actions.push(Retry);
    }
    if model.chosen_ticket().is_some() {
        actions.push(Timeline);
    }
    if let Some(detail) = model.detail() {
        actions.extend(reading(detail));
        return actions;
    }
    match model.view {
        View::Overview if model.overdue() > 0 => actions.extend([Action::Overdue, Next]),
        View::Overview => actions.push(Next),
        View::Feed => actions.extend([Next, Narrow]),
        View::Deliveries | View::Reversals => actions.extend([Narrow, States, Mark, Action::Overdue]),
        View::Quarantine => actions.extend([Narrow, Mark]),
        View::Payouts => actions.push(Narrow),
    }
    if model.view != View::Overview {
        actions.push(if model.paused() { Top } else { Pause });
    }
    if !matches!((model.view, model.pane), (View::Overview, Pane::Payouts)) {
        actions.push(Reveal);
    }
    if !model.travel.looks_back() {
        actions.push(Action::At);
    }
    if model.has_columns() {
        actions.extend([Action::Sort, Action::Columns]);
    }
    actions
}

/// The same while something is read.
fn reading(detail: &Detail) -> Vec<Action> {
    use Action::{
        Compare, CompareBefore, CopyPayload, CopyRequest, CopyValue, Fold, Narrow, Next, NextHit, Open, Reveal,
    };
    let search = if detail.search.is_some() { NextHit } else { Narrow };
    let in_payload = detail.document.lines.get(detail.cursor).is_some_and(|line| line.path().is_some());
    match (&detail.data, in_payload) {
        (Some(Data::Comparison(_)), _) => vec![search, Fold, CopyValue, Reveal],
        (Some(Data::Ticket(_)), _) => vec![Next, Open, CompareBefore, search, Reveal, CopyRequest, Compare],
        (Some(Data::Results(batch)), _) => {
            let calls_back = Some(Action::Undo).filter(|_| batch.phase != Phase::Ended);
            [Action::MarkAlike].into_iter().chain(calls_back).chain([Next, Open, search, Reveal]).collect()
        }
        (Some(Data::Show(..)), _) => vec![Next, Open, search, Reveal],
        (Some(Data::Rejected(_)), _) => vec![search, CopyValue, CopyPayload, Reveal, CopyRequest],
        (_, true) => vec![search, Fold, CopyValue, CopyPayload, Reveal, CopyRequest, Compare],
        (_, false) => vec![Next, Open, search, Reveal, CopyRequest, Compare],
    }
}
