//! An event: its facts, how it differs from the documentation, what it led to, and its payload.

use super::{Writer, payload, span};
use crate::domain::blanking;
use crate::domain::payload::{Listing, ListingChange, Payload, Reversal};
use crate::domain::privacy::Privacy;
use crate::domain::query::EventDetail;
use crate::domain::sums::{self, Sums};
use crate::domain::webhook::Webhook;
use crate::ui::subject::Subject;
use crate::ui::theme::Role;
use crate::ui::{text, when, words};

pub(super) fn write(writer: &mut Writer<'_>, detail: &EventDetail) {
    let row = &detail.row;
    let kind = row.kind.as_ref().map_or(String::new(), |kind| format!("  type {kind}"));
    writer.push(
        vec![
            span(Role::Heading, format!("event {}  ", row.seq)),
            span(Role::Brand, &row.action),
            span(Role::Faint, kind),
        ],
        None,
    );
    writer.fact("received", Role::Plain, &when::moment(row.received_at));
    writer.fact("from", Role::Plain, &format!("{}, {}", detail.from, when::size(detail.body.len())));
    if let Some(ticket) = &row.ticket {
        writer.linked("ticket", Role::Plain, ticket.as_str(), Some(Subject::Ticket(ticket.clone())));
    }
    if let Ok(webhook) = Webhook::parse(&detail.body) {
        writer.fact("says", Role::Plain, &gist(&webhook, writer.privacy));
        if blanking::is_blanked(&webhook.tree) {
            writer.fact("people", Role::Held, blanking::SAID);
        }
    }
    if let Some(first) = row.duplicate_of {
        let says = format!("repeats event {first}: it creates nothing");
        writer.linked("duplicate", Role::Held, &says, Some(Subject::Event(first)));
    }
    for (index, drift) in detail.drift.iter().enumerate() {
        writer.fact(if index == 0 { "drift" } else { "" }, Role::Drift, &format!("◂ {drift}"));
    }
    if detail.drift.is_empty() {
        writer.fact("drift", Role::Good, "✓ as documented");
    }
    let sums = Webhook::parse(&detail.body).map_or_else(|_| Sums::default(), |webhook| sums::check(&webhook));
    for (index, wrong) in sums.wrong.iter().enumerate() {
        let label = if index == 0 { "amounts" } else { "" };
        writer.fact(label, Role::Bad, &format!("≠ does not add up: {}", wrong.says));
    }
    if sums.wrong.is_empty() && sums.checked > 0 {
        writer.fact("amounts", Role::Good, "✓ they add up");
    }
    if !detail.deliveries.is_empty() {
        writer.heading("deliveries");
        for delivery in &detail.deliveries {
            let (state, role) = words::stage(delivery.stage());
            let people = format!(
                "{} → {}",
                writer.privacy.someone(delivery.from.as_ref()),
                writer.privacy.someone(delivery.to.as_ref())
            );
            let reason =
                delivery.reason().map_or(String::new(), |reason| format!("  {}", writer.privacy.text(&reason)));
            writer.push(
                vec![
                    span(Role::Plain, format!("  {} ", text::left(&words::name(delivery), 16))),
                    span(role, text::left(state, 12)),
                    span(Role::Plain, format!(" {people}")),
                    span(Role::Faint, reason),
                ],
                Some(Subject::Delivery(delivery.id)),
            );
        }
    }
    writer.heading("payload");
    payload::write(writer, &detail.body, &detail.drift, &sums.wrong);
}

/// What a webhook says, in a line.
pub fn gist(webhook: &Webhook<'_>, privacy: Privacy) -> String {
    let amount =
        |amount: &Option<crate::domain::payload::Amount>| amount.as_ref().map_or("?".to_owned(), |one| one.0.clone());
    match Payload::of(webhook) {
        Payload::Listing(change, listing) => listed(change, &listing, privacy),
        Payload::TicketUpdated(update) => {
            let (old, new) = (privacy.someone(update.old_owner.as_ref()), privacy.someone(update.new_owner.as_ref()));
            match &update.reversal {
                Reversal::Sale => format!("sold {old} → {new} for {}", amount(&update.order.paid)),
                Reversal::Reversal => format!("sale reversed, {old} → {new}"),
                Reversal::Unclear(sent) => format!("sale or reversal? `reversal` is {sent}, {old} → {new}"),
            }
        }
        Payload::EventUnlock(unlock) => {
            let show = unlock.show.map_or_else(|| "?".to_owned(), |show| show.0);
            let but = if unlock.excluded.is_empty() {
                String::new()
            } else {
                format!(", but for {}", when::plural(unlock.excluded.len() as u64, "ticket"))
            };
            format!("show {show} unlocked{but}")
        }
        Payload::NotifyMe(wish) => format!(
            "{} wants {} of show {}: {}",
            privacy.someone(wish.user.as_ref()),
            amount(&wish.quantity),
            wish.show.map_or_else(|| "?".to_owned(), |show| show.0),
            wish.status.as_deref().unwrap_or("?")
        ),
        Payload::PayoutsDelivered(payouts) => {
            format!("sellers of show {} paid out", payouts.show.map_or_else(|| "?".to_owned(), |show| show.0))
        }
        Payload::Unknown => "nothing documented".to_owned(),
    }
}

fn listed(change: ListingChange, listing: &Listing, privacy: Privacy) -> String {
    let seller = privacy.someone(listing.seller.as_ref());
    let price = listing.price.as_ref().map_or("?", |price| price.0.as_str());
    match change {
        ListingChange::Created => format!("{seller} offers it for {price}"),
        ListingChange::Updated => format!("{seller} now asks {price}"),
        ListingChange::Deleted => format!("the offer of {seller} is gone"),
    }
}
