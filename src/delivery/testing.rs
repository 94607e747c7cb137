//! An assignment to try targets with.

use crate::domain::Timestamp;
use crate::domain::delivery::{Delivery, Evidence, Kind, State};
use crate::domain::ids::{DeliveryId, Digest, Seq};
use crate::engine::Assignment;

pub(crate) const MESSAGE: &str = r#"{"family":"ticket","action":"ticket.updated","data":{"id":"t-1"}}"#;

/// The first attempt of `d-41`.
pub(crate) fn assignment() -> Assignment {
    let delivery = Delivery {
        id: DeliveryId(Seq(41)),
        kind: Kind::Transfer,
        ticket: Some("t-1".into()),
        resale: Some("r-1".into()),
        from: Some("joe@example.com".into()),
        to: Some("susana@example.com".into()),
        event: Seq(41),
        personal: Digest::of(&[]),
        state: State::InFlight { attempt: 1 },
        evidence: Evidence::NotDone,
        attempts: 1,
        tries: 1,
        key_epoch: 0,
        last: None,
        amendment: None,
        superseded: Vec::new(),
        counterpart: None,
        released: false,
        said_again: false,
        behind: None,
        undo: None,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
    };
    Assignment { key: delivery.idempotency_key(), delivery, attempt: 1, body: MESSAGE.into() }
}
