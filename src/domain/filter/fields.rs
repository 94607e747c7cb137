//! The table of fields. Everything that knows their names reads it here.

use std::borrow::Cow;

use super::field::{Field, Kind, Known, Value, said};
use crate::domain::decimal::Decimal;
use crate::domain::documentation::FAMILIES;
use crate::domain::ids::Seq;
use crate::domain::payload::Payload;
use crate::domain::webhook::Webhook;

const STATES: &[&str] = &["pending", "in_flight", "delivered", "failed", "held", "cancelled"];
const KINDS: &[&str] = &["transfer", "return"];
const ANSWERS: &[&str] = &["yes", "no"];

/// Every field.
pub static FIELDS: &[Field] = &[
    Field::new("state", Kind::Choice(STATES), "where the delivery stands", "state:failed")
        .impersonal()
        .or(&["stage"])
        .known(Known::Stage)
        .deliveries(|one, _| text(one.stage().name())),
    Field::new("kind", Kind::Choice(KINDS), "which way the ticket goes", "kind:return")
        .impersonal()
        .known(Known::Kind)
        .deliveries(|one, _| text(one.kind.name())),
    Field::new("family", Kind::Name(&FAMILIES), "the webhook's family", "family:ticket")
        .impersonal()
        .known(Known::Family)
        .events(|one, _| text(&one.family)),
    Field::new("action", Kind::Text, "the webhook's action", "action:deleted")
        .impersonal()
        .events(|one, _| text(&one.action)),
    Field::new("type", Kind::Text, "the webhook's type", "type:USER_TRANSFER")
        .impersonal()
        .events(|one, _| maybe(one.kind.as_deref())),
    Field::new("ticket", Kind::Id, "the ticket", "ticket:127471")
        .known(Known::Ticket)
        .events(|one, _| maybe(one.ticket.as_ref().map(|ticket| ticket.as_str())))
        .deliveries(|one, _| maybe(one.ticket.as_ref().map(|ticket| ticket.as_str()))),
    Field::new("resale", Kind::Id, "the resale", "resale:65f1")
        .event_bodies(|body| {
            of_payload(body, |payload| match payload {
                Payload::TicketUpdated(update) => update.order.resale.map(|resale| resale.0),
                _ => None,
            })
        })
        .deliveries(|one, _| maybe(one.resale.as_ref().map(|resale| resale.as_str()))),
    Field::new("event", Kind::Id, "the platform's event", "event=7322")
        .impersonal()
        .event_bodies(|body| {
            of_payload(body, |payload| match payload {
                Payload::EventUnlock(unlock) => unlock.event,
                Payload::NotifyMe(wish) => wish.event,
                Payload::PayoutsDelivered(payouts) => payouts.event,
                _ => None,
            })
        })
        .shows(|one, _| maybe(one.event.as_deref())),
    Field::new("show", Kind::Id, "the show", "show=239616")
        .known(Known::Show)
        .impersonal()
        .events(|one, _| maybe(one.brief.show.as_deref()))
        .shows(|one, _| text(one.show.as_str())),
    Field::new("from", Kind::Text, "seller, or who asks; in quarantine the sender's address", "from:@gmail.com")
        .or(&["seller"])
        .events(|one, _| maybe(one.brief.from.as_ref().and_then(|person| person.address())))
        .deliveries(|one, _| maybe(one.from.as_ref().and_then(|person| person.address())))
        .quarantine(|one, _| text(&one.rejected.from)),
    Field::new("to", Kind::Text, "buyer", "to=joe@gmail.com")
        .or(&["buyer"])
        .events(|one, _| maybe(one.brief.to.as_ref().and_then(|person| person.address())))
        .deliveries(|one, _| maybe(one.to.as_ref().and_then(|person| person.address()))),
    Field::new("person", Kind::Text, "either of them", "person:joe")
        .events(|one, _| {
            [&one.brief.from, &one.brief.to].into_iter().flatten().flat_map(|one| maybe(one.address())).collect()
        })
        .deliveries(|one, _| [&one.from, &one.to].into_iter().flatten().flat_map(|one| maybe(one.address())).collect()),
    Field::new("amount", Kind::Number, "the price, digit by digit", "amount>500")
        .impersonal()
        .or(&["price"])
        .events(|one, _| number(one.brief.amount.as_deref()))
        .delivery_bodies(|body| {
            let paid = of_payload(body, |payload| match payload {
                Payload::TicketUpdated(update) => update.order.paid.map(|paid| paid.0),
                _ => None,
            });
            paid.into_iter()
                .flat_map(|paid| if let Value::Text(paid) = paid { number(Some(&paid)) } else { vec![] })
                .collect()
        }),
    Field::new("reversal", Kind::Choice(ANSWERS), "takes a sale back", "reversal:yes")
        .impersonal()
        .events(|one, _| answer(one.brief.reversal)),
    Field::new("duplicate", Kind::Choice(ANSWERS), "repeats an earlier event", "duplicate:no")
        .impersonal()
        .events(|one, _| answer(one.duplicate_of.is_some())),
    Field::new("drift", Kind::Number, "differences from menta's documentation", "drift>0")
        .impersonal()
        .events(|one, _| count(u64::from(one.drift))),
    Field::new("attempts", Kind::Number, "attempts started", "attempts>=3")
        .impersonal()
        .or(&["tries"])
        .deliveries(|one, _| count(u64::from(one.attempts))),
    Field::new("reason", Kind::Text, "why it stands there, or was not taken", "reason:timeout")
        .deliveries(|one, _| one.reason().map(|reason| Value::Text(Cow::Owned(reason))).into_iter().collect())
        .quarantine(|one, _| [text(&one.rejected.message), text(&one.rejected.code)].concat()),
    Field::new("behind", Kind::Delivery, "the delivery it waits for", "behind:d-41")
        .deliveries(|one, _| seq(one.behind.map(|front| front.0))),
    Field::new("due", Kind::Span, "so long until its next attempt", "due<5m")
        .impersonal()
        .deliveries(|one, now| one.due().map(|due| Value::Span(due - now)).into_iter().collect()),
    Field::new("updated", Kind::Span, "since it last changed", "updated<1h")
        .impersonal()
        .deliveries(|one, now| vec![Value::Span(now - one.updated_at)]),
    Field::new("age", Kind::Span, "since it came", "age<10m")
        .impersonal()
        .known(Known::Came)
        .events(|one, now| vec![Value::Span(now - one.received_at)])
        .deliveries(|one, now| vec![Value::Span(now - one.created_at)])
        .quarantine(|one, now| vec![Value::Span(now - one.received_at)]),
    Field::new("at", Kind::Moment, "when it came, in UTC", "at>=2026-11-22T14:05")
        .impersonal()
        .or(&["received", "created"])
        .known(Known::Came)
        .events(|one, _| vec![Value::Moment(one.received_at)])
        .deliveries(|one, _| vec![Value::Moment(one.created_at)])
        .quarantine(|one, _| vec![Value::Moment(one.received_at)]),
    Field::new("id", Kind::Delivery, "the delivery", "id:d-41")
        .or(&["delivery"])
        .known(Known::Place)
        .deliveries(|one, _| seq(Some(one.id.0))),
    Field::new("seq", Kind::Number, "the number in the journal; of a show's last event", "seq>100")
        .known(Known::Place)
        .events(|one, _| seq(Some(one.seq)))
        .quarantine(|one, _| seq(Some(one.seq)))
        .shows(|one, _| seq(Some(one.last))),
    Field::new("resent", Kind::Choice(ANSWERS), "was sent again", "resent:no")
        .impersonal()
        .quarantine(|one, _| answer(one.resent_as.is_some())),
    Field::new("size", Kind::Number, "bytes", "size>1000")
        .impersonal()
        .quarantine(|one, _| count(one.size as u64))
        .event_bodies(|body| count(body.len() as u64)),
    Field::new("payouts", Kind::Number, "payouts seen", "payouts=0").impersonal().shows(|one, _| count(one.payouts)),
    Field::new("unlocks", Kind::Number, "unlocks seen", "unlocks>1").impersonal().shows(|one, _| count(one.unlocks)),
    Field::new("asking", Kind::Number, "subscriptions that are active", "asking>10")
        .impersonal()
        .shows(|one, _| count(one.subscriptions)),
    Field::new("tickets", Kind::Number, "tickets they ask for", "tickets>10")
        .impersonal()
        .shows(|one, _| count(one.tickets_wanted)),
    Field::new("body", Kind::Text, "what the payload says, without field names", "body:visa")
        .or(&["payload"])
        .event_bodies(payload)
        .delivery_bodies(payload)
        .rejected_bodies(payload),
];

/// The field of that name, in whichever list.
pub fn field(name: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.is_called(name))
}

fn text(text: &str) -> Vec<Value<'_>> {
    vec![Value::Text(Cow::Borrowed(text))]
}

fn maybe(one: Option<&str>) -> Vec<Value<'_>> {
    one.map(text).unwrap_or_default()
}

/// Nothing where what was sent is no number.
fn number(sent: Option<&str>) -> Vec<Value<'static>> {
    sent.and_then(|sent| Decimal::parse(sent.trim())).map(Value::Number).into_iter().collect()
}

fn count(number: u64) -> Vec<Value<'static>> {
    vec![Value::Number(number.into())]
}

fn seq(seq: Option<Seq>) -> Vec<Value<'static>> {
    seq.map(|seq| Value::Number(seq.0.into())).into_iter().collect()
}

fn answer(yes: bool) -> Vec<Value<'static>> {
    text(if yes { "yes" } else { "no" })
}

fn payload(body: &[u8]) -> Vec<Value<'_>> {
    vec![Value::Text(Cow::Owned(said(body)))]
}

fn of_payload(body: &[u8], pick: fn(Payload) -> Option<String>) -> Vec<Value<'static>> {
    let picked = Webhook::parse(body).ok().and_then(|webhook| pick(Payload::of(&webhook)));
    picked.map(|text| Value::Text(Cow::Owned(text))).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::delivery::Stage;
    use crate::domain::filter::{Filter, List};

    #[test]
    fn names_are_told_apart_and_every_line_is_right() {
        let mut names: Vec<&str> =
            FIELDS.iter().flat_map(|field| field.aliases.iter().chain([&field.name])).copied().collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
        assert!(names.iter().all(|name| name.chars().all(|one| one.is_ascii_lowercase())));
        for field in FIELDS {
            let lists: Vec<List> = List::ALL.into_iter().filter(|list| field.is_of(*list)).collect();
            assert!(!lists.is_empty(), "{}", field.name);
            for list in lists {
                let filter =
                    Filter::parse(list, field.example).unwrap_or_else(|problem| panic!("{}: {problem}", field.name));
                assert_eq!(filter.to_string(), field.example);
                assert!(field.example.starts_with(field.name), "{}", field.example);
            }
        }
    }

    #[test]
    fn states_are_those_of_deliveries() {
        assert_eq!(STATES, Stage::ALL.map(Stage::name));
    }
}
