//! A delivery: where it stands and why, what was tried and done, and the message that is sent.

use super::{Writer, history, payload, span};
use crate::domain::delivery::State;
use crate::domain::payload::{Amount, Payload};
use crate::domain::query::DeliveryDetail;
use crate::domain::record::Fact;
use crate::domain::webhook::Webhook;
use crate::ui::action::Action;
use crate::ui::subject::Subject;
use crate::ui::theme::Role;
use crate::ui::{when, words};

pub(super) fn write(writer: &mut Writer<'_>, detail: &DeliveryDetail) {
    let delivery = &detail.delivery;
    let privacy = writer.privacy;
    let (state, role) = words::stage(delivery.stage());
    writer.push(
        vec![
            span(Role::Heading, format!("{}  ", words::name(delivery))),
            span(role, state),
            span(Role::Faint, format!("  {}", words::meaning(delivery.kind))),
        ],
        None,
    );
    if let Some(reason) = delivery.reason() {
        writer.fact("because", role, &privacy.text(&reason));
    }
    match &delivery.ticket {
        Some(ticket) => writer.linked("ticket", Role::Plain, ticket.as_str(), Some(Subject::Ticket(ticket.clone()))),
        None => writer.fact("ticket", Role::Bad, "none named"),
    }
    let people = format!("{} → {}", privacy.someone(delivery.from.as_ref()), privacy.someone(delivery.to.as_ref()));
    writer.fact("from → to", Role::Plain, &people);
    if let Some(Amount(amount)) = paid(&detail.body) {
        writer.fact("paid", Role::Plain, &amount);
    }
    if let Some(resale) = &delivery.resale {
        writer.fact("resale", Role::Plain, resale.as_str());
    }
    writer.fact("known", Role::Plain, words::evidence(delivery.evidence));
    let attempts = match &delivery.state {
        State::Pending { .. } if delivery.behind.is_none() && writer.by_hand => {
            let done = match writer.keys.offers(Action::MarkDelivered) {
                true => format!(": `{}` when done", writer.keys.named(Action::MarkDelivered)),
                false => String::new(),
            };
            format!("{}; staff deliver it{done}", delivery.attempts)
        }
        State::Pending { due } if delivery.behind.is_none() && *due <= writer.now => {
            format!("{}, the next is due", delivery.attempts)
        }
        State::Pending { due } if delivery.behind.is_none() => {
            format!("{}, the next at {}", delivery.attempts, when::time(*due, writer.now))
        }
        _ => delivery.attempts.to_string(),
    };
    writer.fact("attempts", Role::Plain, &attempts);
    if let Some(front) = delivery.behind {
        let says = format!("{front}: it must be settled first");
        writer.linked("behind", Role::Held, &says, Some(Subject::Delivery(front)));
    }
    if let Some(other) = delivery.counterpart {
        writer.linked("other half", Role::Plain, &other.to_string(), Some(Subject::Delivery(other)));
    }
    if let Some(amendment) = &delivery.amendment {
        let people =
            format!("{} → {}", privacy.someone(amendment.from.as_ref()), privacy.someone(amendment.to.as_ref()));
        let says = format!("event {} says {people}", amendment.event);
        writer.linked("amended", Role::Held, &says, Some(Subject::Event(amendment.event)));
    }
    if let Some(before) = delivery.before_last_action() {
        let (before, _) = words::stage(before.stage());
        if writer.keys.offers(Action::Undo) {
            let says = format!("`{}` takes the last action back: {before} again", writer.keys.named(Action::Undo));
            writer.fact("undo", Role::Key, &says);
        }
    }
    writer.linked("event", Role::Plain, &delivery.event.to_string(), Some(Subject::Event(delivery.event)));
    writer.fact("key", Role::Plain, &delivery.idempotency_key());
    let times = format!("{}, changed {}", when::moment(delivery.created_at), when::moment(delivery.updated_at));
    writer.fact("created", Role::Plain, &times);

    writer.heading("history");
    for record in &detail.history {
        history::write(writer, record);
        if let Fact::AttemptFinished(fact) = &record.head.fact {
            history::wire(writer, record.seq, fact, &record.body);
        }
    }
    writer.heading("message");
    // No webhook is empty.
    match detail.body.is_empty() {
        true => writer.push(vec![span(Role::Held, "  its record was dropped by retention")], None),
        false => payload::write(writer, &detail.body, &[], &[]),
    }
}

/// What the buyer paid, where the message says so.
pub fn paid(body: &[u8]) -> Option<Amount> {
    match Payload::of(&Webhook::parse(body).ok()?) {
        Payload::TicketUpdated(update) => update.order.paid,
        _ => None,
    }
}
