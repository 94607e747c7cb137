//! All that is known of one ticket, joined across families, oldest first.

use super::{Writer, history, span};
use crate::domain::query::{MOST_TIMELINE, Timeline};
use crate::ui::subject::Subject;
use crate::ui::theme::Role;
use crate::ui::{text, when, words};

pub(super) fn write(writer: &mut Writer<'_>, timeline: &Timeline) {
    writer.push(vec![span(Role::Heading, format!("ticket {}", timeline.ticket))], None);
    for delivery in &timeline.deliveries {
        let (state, role) = words::stage(delivery.stage());
        let people = format!(
            "{} → {}",
            writer.privacy.someone(delivery.from.as_ref()),
            writer.privacy.someone(delivery.to.as_ref())
        );
        let reason = delivery.reason().map_or(String::new(), |reason| writer.privacy.text(&reason));
        writer.push(
            vec![
                span(Role::Plain, format!("  {} ", text::left(&words::name(delivery), 16))),
                span(role, text::left(state, 12)),
                span(Role::Plain, format!(" {people}  ")),
                span(Role::Faint, reason),
            ],
            Some(Subject::Delivery(delivery.id)),
        );
    }
    if timeline.deliveries.is_empty() {
        writer.push(vec![span(Role::Faint, "  no delivery: it was not sold, as far as we were told")], None);
    }
    writer.heading("timeline, oldest first");
    if timeline.truncated {
        let says = format!("  only the newest {} records", when::count(MOST_TIMELINE as u64));
        writer.push(vec![span(Role::Held, says)], None);
    }
    if timeline.dropped {
        writer.push(vec![span(Role::Held, "  earlier records were dropped by retention")], None);
    }
    for record in &timeline.records {
        history::write(writer, record);
    }
    if timeline.records.is_empty() {
        writer.push(vec![span(Role::Faint, "  nothing is known of this ticket")], None);
    }
}
