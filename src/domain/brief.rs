//! The gist of a payload, for a line in a list. All texts are as sent.

use super::ids::{ShowId, TicketId};
use super::payload::{Amount, EventUnlock, NotifyMe, Payload};
use super::query::Brief;
use super::sums;
use super::webhook::Webhook;

use super::payload::Reversal;

/// The gist of `payload`, which was read from `webhook`.
pub fn brief(webhook: &Webhook<'_>, payload: &Payload) -> Brief {
    Brief { wrong_sums: !sums::check(webhook).wrong.is_empty(), ..said(webhook, payload) }
}

fn said(webhook: &Webhook<'_>, payload: &Payload) -> Brief {
    match payload {
        Payload::Listing(_, listing) => Brief {
            from: listing.seller.clone(),
            amount: text(listing.price.as_ref()),
            buyer_pays: text(listing.final_price.as_ref()),
            ..Brief::default()
        },
        Payload::TicketUpdated(update) => Brief {
            from: update.old_owner.clone(),
            to: update.new_owner.clone(),
            amount: text(update.order.paid.as_ref()),
            reversal: update.reversal == Reversal::Reversal,
            note: match &update.reversal {
                Reversal::Unclear(sent) => Some(format!("reversal: {sent}")),
                Reversal::Sale | Reversal::Reversal => None,
            },
            ..Brief::default()
        },
        Payload::EventUnlock(unlock) => {
            Brief { show: show(unlock.show.as_ref()), note: Some(unlocked(unlock)), ..Brief::default() }
        }
        Payload::NotifyMe(wish) => {
            Brief { from: wish.user.clone(), show: show(wish.show.as_ref()), note: wished(wish), ..Brief::default() }
        }
        Payload::PayoutsDelivered(payouts) => Brief {
            show: show(payouts.show.as_ref()),
            note: payouts.event.as_ref().map(|event| format!("event {event}")),
            ..Brief::default()
        },
        Payload::Unknown => Brief { note: id(webhook), ..Brief::default() },
    }
}

fn text(amount: Option<&Amount>) -> Option<String> {
    amount.map(|amount| amount.0.clone())
}

fn show(show: Option<&ShowId>) -> Option<String> {
    show.map(|show| show.0.clone())
}

fn unlocked(unlock: &EventUnlock) -> String {
    let tickets = match unlock.excluded.as_slice() {
        [] => "all tickets".to_owned(),
        [TicketId(one)] => format!("all but {one}"),
        many => format!("all but {} tickets", many.len()),
    };
    match &unlock.event {
        Some(event) => format!("event {event}, {tickets}"),
        None => tickets,
    }
}

fn wished(wish: &NotifyMe) -> Option<String> {
    let tickets = wish.quantity.as_ref().map(|quantity| match quantity.0.as_str() {
        "1" => "1 ticket".to_owned(),
        other => format!("{other} tickets"),
    });
    let parts: Vec<String> = tickets.into_iter().chain(wish.status.clone()).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Of an action that nobody documented, its id says most.
fn id(webhook: &Webhook<'_>) -> Option<String> {
    webhook.data().at("id").and_then(|id| id.text()).map(|id| format!("id {id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(body: &str) -> Brief {
        let webhook = Webhook::parse(body.as_bytes()).unwrap();
        brief(&webhook, &Payload::of(&webhook))
    }

    #[test]
    fn a_line_says_who_what_and_how_much() {
        let sale =
            of(r#"{"family":"ticket","action":"ticket.updated","data":{"oldOwnerEmail":"a@x","newOwnerEmail":"b@x",
            "reversal":true,"metadata":{"order":{"grossResalePaidAmount":12.50}}}}"#);
        assert_eq!((sale.from, sale.to), (Some("a@x".into()), Some("b@x".into())));
        assert_eq!((sale.amount.as_deref(), sale.reversal), (Some("12.50"), true));
        let listing = |price: &str| {
            of(&format!(
                r#"{{"family":"listing","action":"listing.created","data":{{"listingPrice":{price},"listingFinalPrice":11}}}}"#
            ))
        };
        assert!(!listing("10").wrong_sums && listing("12").wrong_sums);
        let wish = of(r#"{"family":"notifyMe","action":"notifyMe.created.updated","data":{"showId":"7",
            "ticketQuantity":2,"status":"ACTIVE"}}"#);
        assert_eq!((wish.show.as_deref(), wish.note.as_deref()), (Some("7"), Some("2 tickets, ACTIVE")));
        let unlock =
            of(r#"{"family":"event","action":"event.unlock","data":{"eventId":"e","excludedEmailTicketIds":["5"]}}"#);
        assert_eq!(unlock.note.as_deref(), Some("event e, all but 5"));
        let unclear = of(r#"{"family":"ticket","action":"ticket.updated","data":{"reversal":"yes"}}"#);
        assert_eq!((unclear.reversal, unclear.note.as_deref()), (false, Some("reversal: \"yes\"")));
        assert_eq!(of(r#"{"family":"x","action":"y","data":{"id":4}}"#).note.as_deref(), Some("id 4"));
    }
}
