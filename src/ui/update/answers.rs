//! What comes back from the ledger, into the state.

use super::{Effect, alerts, beside, count, many, marking, menu, results};
use crate::domain::privacy::Privacy;
use crate::domain::query::{Answer, Command, Done, Overview, Query, Status};
use crate::engine::DeskError;
use crate::ui::action::Action;
use crate::ui::detail::Detail;
use crate::ui::dialog::Dialog;
use crate::ui::document::{self, Data};
use crate::ui::model::{CHOICES, Model, Slot, View};
use crate::ui::search::Search;
use crate::ui::theme::Role;
use crate::ui::words;

pub(super) fn answered(model: &mut Model, slot: Slot, query: &Query, answer: Result<Answer, DeskError>) -> Vec<Effect> {
    match slot {
        Slot::Sought => return menu::answered(model, query, answer),
        Slot::Beside => return beside::answered(model, query, answer),
        _ => {}
    }
    match answer {
        Ok(Answer::Needed(needed)) => {
            model.asking.remove(&slot);
            alerts::rung(model, &needed)
        }
        Ok(answer) => {
            model.trouble = None;
            let overdue = model.overdue();
            take_in(model, &slot, query, answer);
            // A search goes on; a list that needs nothing asks for nothing.
            let goes_on = match slot {
                Slot::Gathering | Slot::Marked => true,
                Slot::Feed(_) | Slot::List(_) => is_search(query),
                _ => false,
            };
            let mut effects = model.asked(&slot, goes_on);
            effects.extend(alerts::listen(model));
            // Time alone makes a delivery overdue: no change of the ledger tells the list.
            if overdue != model.overdue() && model.choice().is_some_and(|choice| CHOICES[*choice].overdue) {
                effects.extend(model.refresh());
            }
            effects
        }
        Err(DeskError::NotFound(_)) => {
            if let Slot::Detail(subject) = &slot {
                details(model, |detail| detail.subject == *subject, Detail::vanish);
            }
            model.asked(&slot, false)
        }
        Err(error) => {
            // Not asked again at once: the next second will do, and a broken ledger is not hammered.
            model.asking.remove(&slot);
            model.counted = None;
            model.trouble = Some(error.to_string());
            Vec::new()
        }
    }
}

fn is_search(query: &Query) -> bool {
    let window = match query {
        Query::Events(query) => &query.window,
        Query::Deliveries(query) => &query.window,
        Query::Shows(window) | Query::Quarantine(window) => window,
        _ => return false,
    };
    !window.filter.is_empty()
}

fn take_in(model: &mut Model, slot: &Slot, query: &Query, answer: Answer) {
    let height = model.list_rows();
    match (slot, query, answer) {
        (Slot::Gathering, query, answer) => marking::gathered(model, query, answer),
        (Slot::Results, _, answer) => results::stand(model, answer),
        (Slot::Marked, query, answer) => {
            let now = model.now;
            if let Some(Dialog::Many(dialog)) = &mut model.dialog {
                dialog.take(query, answer, now);
            }
        }
        (_, Query::Overview { rows, .. }, Answer::Overview(overview)) => take_overview(model, *rows, *overview),
        (Slot::Feed(family), Query::Events(query), Answer::Events(page)) => {
            model.feeds.entry(family.clone()).or_default().accept(&query.window, page, height);
        }
        (Slot::List(view), Query::Deliveries(query), Answer::Deliveries(page)) => {
            let (list, choice) = match view {
                View::Reversals => (&mut model.returns, model.return_choice),
                _ => (&mut model.deliveries, model.delivery_choice),
            };
            if CHOICES[choice].stages == query.stages && CHOICES[choice].overdue == query.overdue.is_some() {
                list.accept(&query.window, page, height);
            }
        }
        (_, Query::Shows(window), Answer::Shows(page)) => model.shows.accept(window, page, height),
        (_, Query::Quarantine(window), Answer::Quarantine(page)) => model.quarantine.accept(window, page, height),
        (Slot::Dialog(id), _, Answer::Delivery(Some(detail))) => {
            if let Some(Dialog::Order(dialog)) = &mut model.dialog
                && dialog.ask.id() == Some(*id)
            {
                dialog.amount = document::paid(&detail.body);
                if let Some(delivery) = dialog.ask.delivery_mut() {
                    *delivery = detail.delivery;
                }
            }
        }
        (Slot::Detail(subject), _, answer) => {
            let mut answer = Some(answer);
            details(
                model,
                |detail| detail.subject == *subject,
                |detail| {
                    if let Some(answer) = answer.take() {
                        fill(detail, answer);
                    }
                },
            );
        }
        _ => {}
    }
}

/// Counts alone leave the rows as they were, so that coming back to the first screen shows no empty panes.
fn take_overview(model: &mut Model, rows: usize, new: Overview) {
    let keep = if rows == 0 { model.overview.take() } else { None };
    model.overview = Some(match keep {
        None => new,
        Some(old) => Overview {
            families: new.families,
            counts: new.counts,
            oldest_undelivered: new.oldest_undelivered,
            quarantined: new.quarantined,
            rejected_lately: new.rejected_lately,
            overdue: new.overdue,
            next_overdue: new.next_overdue,
            events: new.events,
            last: new.last,
            ..old
        },
    });
}

/// Changes the details that `fit`, and writes them anew.
fn details(model: &mut Model, fit: impl Fn(&Detail) -> bool, mut change: impl FnMut(&mut Detail)) {
    let (height, setting) = (model.detail_rows(), model.setting());
    for detail in model.details.iter_mut().rev().filter(|detail| fit(detail)) {
        change(detail);
        detail.write(height, &model.keys, setting);
    }
}

pub(super) fn fill(detail: &mut Detail, answer: Answer) {
    let data = match answer {
        Answer::Event(event) => event.map(Data::Event),
        Answer::Delivery(delivery) => delivery.map(Data::Delivery),
        Answer::Ticket(timeline) => Some(Data::Ticket(timeline)),
        Answer::Rejected(rejected) => rejected.map(Data::Rejected),
        Answer::Events(page) => match detail.data.take() {
            Some(Data::Show(show, _)) => Some(Data::Show(show, Some(page))),
            other => other,
        },
        Answer::Overview(_)
        | Answer::Deliveries(_)
        | Answer::Shows(_)
        | Answer::Quarantine(_)
        | Answer::Needed(_)
        | Answer::Moment(_)
        | Answer::Records(_) => return,
    };
    match data {
        Some(data) => (detail.missing, detail.data) = (false, Some(data)),
        None => detail.vanish(),
    }
}

pub(super) fn told(model: &mut Model, status: Result<Status, DeskError>) -> Vec<Effect> {
    model.asking.remove(&Slot::Status);
    let late_after = model.late_after();
    match status {
        Ok(status) => model.status = Some(status),
        Err(error) => model.trouble = Some(error.to_string()),
    }
    // What is overdue was counted by another measure.
    match model.late_after() == late_after {
        true => Vec::new(),
        false => count(model),
    }
}

pub(super) fn acted(model: &mut Model, command: &Command, about: &str, done: Result<Done, DeskError>) -> Vec<Effect> {
    model.search(Search::renew);
    if let Some(effects) = many::acted(model, command, &done) {
        return effects;
    }
    match (command, done) {
        (Command::Reveal { what }, Ok(_)) => {
            // Only where it was asked for: the reader may have gone on meanwhile.
            if *what == model.place() {
                model.privacy = Privacy::Revealed;
                model.write_details();
            }
        }
        (Command::Reveal { .. }, Err(error)) => model.toast(Role::Bad, format!("✗ not revealed: {error}")),
        (Command::Resend(_), Ok(done)) => {
            let event = done.event.map_or(String::new(), |event| format!(" as event {event}"));
            model.toast(Role::Good, format!("✓ {about} sent again{event}"));
        }
        (_, Ok(Done { delivery: None, .. })) => model.toast(Role::Good, format!("✓ {about} is done")),
        (command, Ok(Done { delivery: Some(delivery), .. })) => {
            for toast in &mut model.toasts {
                toast.undo.take_if(|one| one.id == delivery.id);
            }
            let (state, _) = words::stage(delivery.stage());
            let says = format!("✓ {about} is now {state}");
            let undo = matches!(command, Command::MarkDelivered(_) | Command::Cancel(_)) && delivery.undo.is_some();
            match undo {
                true => model.put_toast(
                    Role::Good,
                    format!("{says}: `{}` takes it back", model.keys.named(Action::Undo)),
                    Some(Box::new(delivery)),
                ),
                false => model.toast(Role::Good, says),
            }
        }
        (_, Err(error)) => model.toast(Role::Bad, format!("✗ {about}: {error}")),
    }
    model.refresh()
}
