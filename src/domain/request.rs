//! What a target is told, the same for an endpoint and a command:
//! `{delivery, kind, ticket, resale, from, to, attempt, message}`, where `message` is menta's own object byte for byte.

use serde::Serialize;
use serde_json::value::RawValue;

use super::delivery::{Delivery, Kind};
use super::ids::{DeliveryId, Person, ResaleId, TicketId};
use super::webhook::Webhook;

#[derive(Serialize)]
struct Request<'a> {
    delivery: DeliveryId,
    kind: Kind,
    ticket: Option<&'a TicketId>,
    resale: Option<&'a ResaleId>,
    from: Option<&'a Person>,
    to: Option<&'a Person>,
    attempt: u32,
    message: &'a RawValue,
}

/// The body of the request for an attempt of `delivery`, whose message came in `webhook`.
///
/// # Errors
/// With a sentence, when the kept webhook cannot be read any more, or its people were blanked.
pub fn body(delivery: &Delivery, attempt: u32, webhook: &[u8]) -> Result<Vec<u8>, String> {
    let unreadable = |error: &dyn std::fmt::Display| {
        format!("nothing was sent: the message of event {} cannot be read: {error}", delivery.event)
    };
    if delivery.has_blanked_people() {
        return Err(format!("nothing was sent: the people of {} were blanked", delivery.id));
    }
    let webhook = Webhook::parse(webhook).map_err(|error| unreadable(&error))?;
    let request = Request {
        delivery: delivery.id,
        kind: delivery.kind,
        ticket: delivery.ticket.as_ref(),
        resale: delivery.resale.as_ref(),
        from: delivery.from.as_ref(),
        to: delivery.to.as_ref(),
        attempt,
        message: serde_json::from_str(webhook.message).map_err(|error| unreadable(&error))?,
    };
    serde_json::to_vec(&request).map_err(|error| unreadable(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;
    use crate::domain::delivery::State;
    use crate::domain::ids::Seq;

    fn delivery() -> Delivery {
        let state = State::InFlight { attempt: 1 };
        Delivery {
            ticket: Some("t-1".into()),
            resale: Some("r-1".into()),
            from: Some("joe@example.com".into()),
            to: Some("susana@example.com".into()),
            ..Delivery::new(DeliveryId(Seq(41)), Kind::Transfer, state, Timestamp::UNIX_EPOCH)
        }
    }

    #[test]
    fn the_message_goes_out_as_it_came() {
        let message = r#"{ "family":"ticket","action" : "ticket.updated", "data":{"id":"t-1","paid":12345678901234567890123.10} }"#;
        let webhook = format!(r#"{{"message" :{message}}}"#);
        let body = String::from_utf8(body(&delivery(), 1, webhook.as_bytes()).unwrap()).unwrap();
        assert_eq!(
            body,
            format!(
                r#"{{"delivery":"d-41","kind":"transfer","ticket":"t-1","resale":"r-1","from":"joe@example.com","to":"susana@example.com","attempt":1,"message":{message}}}"#
            )
        );
    }

    #[test]
    fn a_body_that_is_no_webhook_is_said_and_not_sent() {
        let said = body(&delivery(), 1, b"{").unwrap_err();
        assert!(said.starts_with("nothing was sent: the message of event 41 cannot be read"), "{said}");
    }
}
