//! A show: payouts, unlocks, demand, and the events that name it.

use super::{Writer, span};
use crate::domain::query::{EventRow, Page, Searched};
use crate::domain::show::Show;
use crate::ui::action::Action;
use crate::ui::subject::{SHOW_EVENTS, Subject};
use crate::ui::theme::Role;
use crate::ui::{gist, text, when};

pub(super) fn write(writer: &mut Writer<'_>, show: &Show, events: Option<&Page<EventRow>>) {
    writer.push(vec![span(Role::Heading, format!("show {}", show.show))], None);
    if let Some(event) = &show.event {
        writer.fact("event", Role::Plain, event);
    }
    let payouts = when::plural(show.payouts, "payout");
    writer.linked("paid out", Role::Plain, &payouts, show.last_payout.map(Subject::Event));
    let unlocks = when::plural(show.unlocks, "unlock");
    writer.linked("unlocked", Role::Plain, &unlocks, show.last_unlock.map(Subject::Event));
    let demand = format!(
        "{} by {}",
        when::plural(show.tickets_wanted, "ticket"),
        when::plural(show.subscriptions, "subscription")
    );
    writer.fact("wanted", Role::Plain, &demand);
    writer.heading("events that name it, newest first");
    let Some(events) = events else {
        writer.push(vec![span(Role::Faint, "  looking…")], None);
        return;
    };
    for row in &events.rows {
        let brief = &row.brief;
        let says = gist::whole(brief, writer.privacy);
        writer.push(
            vec![
                span(Role::Faint, format!("  {} ", text::left(&when::time(row.received_at, writer.now), 11))),
                span(Role::Faint, text::right(&row.seq.to_string(), 9)),
                span(Role::Brand, format!("  {}", text::left(&row.action, 26))),
                span(Role::Plain, format!(" {says}")),
            ],
            Some(Subject::Event(row.seq)),
        );
    }
    // The list is not full, and not all was looked at.
    if let Some(Searched { looked, next: Some(_), .. }) = events.searched
        && events.rows.len() < SHOW_EVENTS
    {
        let says = format!(
            "  only the newest {} unlocks, subscriptions and payouts were searched",
            when::count(looked as u64)
        );
        writer.push(vec![span(Role::Held, says)], None);
    }
    if events.rows.is_empty() {
        writer.push(vec![span(Role::Faint, "  none found")], None);
    } else if events.older {
        let key = writer.keys.named(Action::Narrow);
        let says = format!("  … and older ones: narrow the feed with `{key}` and the show's id");
        writer.push(vec![span(Role::Faint, says)], None);
    }
}
