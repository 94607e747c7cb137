//! What a target is told, the same for an endpoint and a command:
//! `{delivery, kind, ticket, resale, from, to, attempt, message}`, where `message` is menta's own object byte for byte.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::domain::delivery::Kind;
use crate::domain::ids::{DeliveryId, Person, ResaleId, TicketId};
use crate::domain::webhook::Webhook;
use crate::engine::Assignment;

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

/// The body of the request for `assignment`.
///
/// # Errors
/// With a sentence, when the kept webhook cannot be read any more.
pub(super) fn body(assignment: &Assignment) -> Result<Vec<u8>, String> {
    let unreadable = |error: &dyn std::fmt::Display| {
        format!("nothing was sent: the message of event {} cannot be read: {error}", assignment.delivery.event)
    };
    let webhook = Webhook::parse(&assignment.body).map_err(|error| unreadable(&error))?;
    let delivery = &assignment.delivery;
    let request = Request {
        delivery: delivery.id,
        kind: delivery.kind,
        ticket: delivery.ticket.as_ref(),
        resale: delivery.resale.as_ref(),
        from: delivery.from.as_ref(),
        to: delivery.to.as_ref(),
        attempt: assignment.attempt,
        message: serde_json::from_str(webhook.message).map_err(|error| unreadable(&error))?,
    };
    serde_json::to_vec(&request).map_err(|error| unreadable(&error))
}

#[cfg(test)]
mod tests {
    use super::super::testing::assignment;
    use super::*;

    #[test]
    fn the_message_goes_out_as_it_came() {
        let message = r#"{ "family":"ticket","action" : "ticket.updated", "data":{"id":"t-1","paid":12345678901234567890123.10} }"#;
        let assignment = Assignment { body: format!(r#"{{"message" :{message}}}"#).into(), ..assignment() };
        let body = String::from_utf8(body(&assignment).unwrap()).unwrap();
        assert_eq!(
            body,
            format!(
                r#"{{"delivery":"d-41","kind":"transfer","ticket":"t-1","resale":"r-1","from":"joe@example.com","to":"susana@example.com","attempt":1,"message":{message}}}"#
            )
        );
    }

    #[test]
    fn a_body_that_is_no_webhook_is_said_and_not_sent() {
        let assignment = Assignment { body: b"{".to_vec(), ..assignment() };
        assert!(body(&assignment).unwrap_err().starts_with("nothing was sent: the message of event 41 cannot be read"));
    }
}
