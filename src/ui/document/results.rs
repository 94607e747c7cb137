//! What became of orders about many: how many, and each with what came of it, by cause.

use super::{Line, Source, Writer, span};
use crate::domain::ids::{DeliveryId, Seq};
use crate::ui::action::Action;
use crate::ui::batch::{Batch, Came, Fate, Kind, Phase};
use crate::ui::folds::{Fold, Path};
use crate::ui::model::View;
use crate::ui::subject::Subject;
use crate::ui::theme::Role;
use crate::ui::{text, when, words};

/// Where the paths of groups begin.
const GROUPS: usize = 0;

/// Rows of a group that is open at first: with more, what else became of them would be out of sight.
const OPEN: usize = 8;

/// Cells of a row's name, and of its ticket.
const NAME: usize = 16;
const TICKET: usize = 18;

pub(super) fn write(writer: &mut Writer<'_>, batch: &Batch) {
    let count = |count: usize| when::count(count as u64);
    writer.push(vec![span(Role::Heading, format!("{}: {}", batch.verb(), batch.about()))], None);
    let tally = batch.tally();
    let undo = writer.keys.named(Action::Undo);
    let (stands, role) = match batch.phase {
        Phase::HeldBack => (format!("not yet: `{undo}` calls them back"), Role::Held),
        Phase::Runs => (format!("{} still to come: `{undo}` calls these back", count(tally.wait)), Role::Busy),
        Phase::Ended => ("each has come to its end".to_owned(), Role::Plain),
    };
    writer.fact("orders", role, &stands);
    writer.fact("ordered", Role::Good, &count(tally.done));
    for (label, some) in [("refused", tally.refused), ("called back", tally.called_back)] {
        if some > 0 {
            writer.fact(label, Role::Bad, &count(some));
        }
    }
    writer.fact("by", Role::Plain, &format!("{}: {}", batch.who, batch.why));
    let keys = [(Action::MarkAlike, "marks the rows of a group"), (Action::Fold, "folds it, or unfolds it")];
    let keys = keys.map(|(action, does)| format!("`{}` {does}", writer.keys.named(action)));
    writer.push(vec![span(Role::Faint, format!("  {}", keys.join(", ")))], None);
    writer.blank();
    for (group, fate) in batch.fates().iter().enumerate() {
        let path = vec![GROUPS, group];
        let fold = writer.folds.at(&path, fate.rows.len() <= OPEN);
        heading(writer, fate, path, fold);
        for (at, place) in fate.rows.iter().enumerate().filter(|_| fold.open) {
            row(writer, batch, *place, vec![GROUPS, group, at]);
        }
    }
}

/// The group that a line belongs to.
pub fn group(line: &Line) -> Option<usize> {
    line.path()?.get(1).copied()
}

fn heading(writer: &mut Writer<'_>, fate: &Fate, path: Path, fold: Fold) {
    let why = writer.privacy.text(&fate.cause.why);
    let stands = fate.cause.stage.map(words::stage);
    let (says, role) = match (fate.came, stands) {
        (Kind::Refused, _) => (format!("✗ not done: {why}"), Role::Bad),
        (Kind::NotEligible, _) => (format!("– left out: {why}"), Role::Off),
        (Kind::CalledBack, _) => ("– called back".to_owned(), Role::Off),
        (Kind::UnderWay, _) => ("» under way".to_owned(), Role::Busy),
        (Kind::Waits, _) => ("○ still to come".to_owned(), Role::Waiting),
        (Kind::Fails | Kind::Done, Some((stage, role))) if why.is_empty() => (stage.to_owned(), role),
        (Kind::Fails | Kind::Done, Some((stage, role))) => (format!("{stage}  {why}"), role),
        (Kind::Fails | Kind::Done, None) => ("✓ done".to_owned(), Role::Good),
    };
    let sign = if fold.open { "▾" } else { "▸" };
    let count = format!("{sign} {} × ", when::count(fate.rows.len() as u64));
    let room = writer.width.saturating_sub(text::width(&count));
    let says = text::fit(&text::visible(&says), room);
    let spans = vec![span(Role::Heading, count), span(role, says)];
    writer.put(Line { spans, source: Some(Source::Part(path)), fold: Some(fold), ..Line::default() });
}

fn row(writer: &mut Writer<'_>, batch: &Batch, place: Seq, path: Path) {
    let item = batch.item(place);
    let (name, link) = match batch.view {
        View::Quarantine => (format!("request {place}"), Subject::Rejected(place)),
        _ => {
            // Of one that was left out, all that is known is its number.
            let name = item.map_or_else(|| format!("delivery {}", DeliveryId(place)), |item| item.ask.about());
            (name, Subject::Delivery(DeliveryId(place)))
        }
    };
    let mut spans = vec![span(Role::Plain, format!("  {}", text::left(&name, NAME)))];
    if let Some(delivery) = item.and_then(|item| item.ask.delivery()) {
        let ticket = delivery.ticket.as_ref().map_or("no ticket", |ticket| ticket.as_str());
        let ticket = text::middle(&text::visible(ticket), TICKET);
        spans.push(span(Role::Faint, format!("  {}", text::left(&ticket, TICKET))));
    }
    let why = match item.map(|item| (&item.came, item.ask.delivery())) {
        Some((Came::Refused(why), _)) => why.clone(),
        Some((Came::Done(_), Some(delivery))) => delivery.reason().unwrap_or_default(),
        Some((Came::Done(Some(event)), None)) => format!("as event {event}"),
        _ => String::new(),
    };
    spans.push(span(Role::Plain, format!("  {}", writer.privacy.text(&why))));
    writer.put(Line { spans, link: Some(link), source: Some(Source::Part(path)), ..Line::default() });
}
