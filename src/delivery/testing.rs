//! An assignment to try targets with.

use crate::domain::Timestamp;
use crate::domain::delivery::{Delivery, Kind, State};
use crate::domain::ids::{DeliveryId, Seq};
use crate::engine::Assignment;

pub(crate) const MESSAGE: &str = r#"{"family":"ticket","action":"ticket.updated","data":{"id":"t-1"}}"#;

/// The first attempt of `d-41`.
pub(crate) fn assignment() -> Assignment {
    let delivery = Delivery {
        ticket: Some("t-1".into()),
        resale: Some("r-1".into()),
        from: Some("joe@example.com".into()),
        to: Some("susana@example.com".into()),
        attempts: 1,
        tries: 1,
        ..Delivery::new(DeliveryId(Seq(41)), Kind::Transfer, State::InFlight { attempt: 1 }, Timestamp::UNIX_EPOCH)
    };
    Assignment { key: delivery.idempotency_key(), delivery, attempt: 1, body: MESSAGE.into() }
}
