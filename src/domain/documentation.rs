//! What menta documents, in one table, and how a payload differs from it (its *drift*).
//!
//! Source: menta's pages "Delivering the ticket sold on resale" and "Webhooks". A field is *optional* where the
//! documentation says so ("if available", "defaults to", "not present in all events") or where its two samples of one
//! action disagree about it.

use serde::{Deserialize, Serialize};

use super::json::Json;
use super::webhook::Webhook;

/// The type of a documented field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A string.
    Text,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A list; its elements stand at `path[]`.
    List,
    /// An object.
    Object,
    /// An object whose members depend on the seller's country and payment method: anything inside is documented.
    Form,
}

impl Kind {
    fn admits(self, value: &Json) -> bool {
        matches!(
            (self, value),
            (Self::Text, Json::String(_))
                | (Self::Number, Json::Number(_))
                | (Self::Boolean, Json::Bool(_))
                | (Self::List, Json::Array(_))
                | (Self::Object | Self::Form, Json::Object(_))
        )
    }

    fn name(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::List => "list",
            Self::Object | Self::Form => "object",
        }
    }
}

/// One documented field of `data`.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Names from `data` down, joined by dots; `[]` stands for every element of a list.
    pub path: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Absence is drift.
    pub required: bool,
}

/// One documented action.
#[derive(Debug, Clone, Copy)]
pub struct Action {
    /// As in `ticket`.
    pub family: &'static str,
    /// As in `ticket.updated`.
    pub action: &'static str,
    /// The variants of `type`; empty where the documentation shows none.
    pub types: &'static [&'static str],
    /// The fields of `data`.
    pub fields: &'static [Field],
}

const fn required(path: &'static str, kind: Kind) -> Field {
    Field { path, kind, required: true }
}

const fn optional(path: &'static str, kind: Kind) -> Field {
    Field { path, kind, required: false }
}

const LISTING: &[Field] = &[
    required("ticketId", Kind::Text),
    required("sellerEmail", Kind::Text),
    required("listingId", Kind::Text),
    required("listingPrice", Kind::Number),
    required("listingFinalPrice", Kind::Number),
    required("listingPayout", Kind::Object),
    required("listingPayout.type", Kind::Text),
    required("listingPayout.data", Kind::Object),
    required("listingPayout.data.paymentMethod", Kind::Text),
    required("listingPayout.data.userForm", Kind::Form),
    required("groupId", Kind::Text),
];

const LISTING_TYPES: &[&str] = &["SINGLE", "MULTI"];

/// Every documented action.
pub const ACTIONS: &[Action] = &[
    Action { family: "listing", action: "listing.created", types: LISTING_TYPES, fields: LISTING },
    Action { family: "listing", action: "listing.updated", types: LISTING_TYPES, fields: LISTING },
    Action { family: "listing", action: "listing.deleted", types: LISTING_TYPES, fields: LISTING },
    Action {
        family: "ticket",
        action: "ticket.updated",
        types: &["USER_TRANSFER"],
        fields: &[
            required("id", Kind::Text),
            required("newOwnerEmail", Kind::Text),
            required("oldOwnerEmail", Kind::Text),
            optional("reversal", Kind::Boolean),
            required("metadata", Kind::Object),
            optional("metadata.nominal", Kind::Object),
            optional("metadata.nominal.fullName", Kind::Text),
            optional("metadata.nominal.identificationType", Kind::Text),
            optional("metadata.nominal.identification", Kind::Text),
            optional("metadata.nominal.identificationNumber", Kind::Text),
            optional("metadata.nominal.externalEmail", Kind::Text),
            optional("metadata.nominal.email", Kind::Text),
            required("metadata.payer", Kind::Object),
            optional("metadata.payer.fullName", Kind::Text),
            optional("metadata.payer.identificationType", Kind::Text),
            optional("metadata.payer.identification", Kind::Text),
            optional("metadata.payer.identificationNumber", Kind::Text),
            optional("metadata.payer.externalEmail", Kind::Text),
            optional("metadata.payer.email", Kind::Text),
            required("metadata.seller", Kind::Object),
            optional("metadata.seller.fullName", Kind::Text),
            optional("metadata.seller.identification", Kind::Text),
            optional("metadata.seller.identificationNumber", Kind::Text),
            optional("metadata.seller.identificationType", Kind::Text),
            required("metadata.order", Kind::Object),
            required("metadata.order.resaleId", Kind::Text),
            required("metadata.order.grossResalePaidAmount", Kind::Number),
            required("metadata.order.grossResalePaidAmountWithoutBuyerFee", Kind::Number),
            optional("metadata.order.sellerFee", Kind::Number),
            optional("metadata.order.sellerFeeAmount", Kind::Number),
            required("metadata.order.buyerFee", Kind::Number),
            required("metadata.order.buyerFeeAmount", Kind::Number),
        ],
    },
    Action {
        family: "event",
        action: "event.unlock",
        types: &[],
        fields: &[
            required("eventId", Kind::Text),
            required("showId", Kind::Text),
            required("excludedEmailTicketIds", Kind::List),
            optional("excludedEmailTicketIds[]", Kind::Text),
        ],
    },
    Action {
        family: "notifyMe",
        action: "notifyMe.created.updated",
        types: &[],
        fields: &[
            required("id", Kind::Text),
            required("showId", Kind::Text),
            required("eventId", Kind::Text),
            required("userEmail", Kind::Text),
            required("status", Kind::Text),
            required("ticketQuantity", Kind::Number),
            required("ticketOptionSelections", Kind::List),
            optional("ticketOptionSelections[]", Kind::Object),
            required("ticketOptionSelections[].ticketOptionId", Kind::Text),
            required("ticketOptionSelections[].priceLimit", Kind::Number),
            required("createdAt", Kind::Text),
            required("updatedAt", Kind::Text),
        ],
    },
    Action {
        family: "payouts",
        action: "payouts.delivered",
        types: &[],
        fields: &[required("showId", Kind::Text), required("eventId", Kind::Text)],
    },
];

/// The families with a feed of their own, in the order menta documents them.
pub const FAMILIES: [&str; 5] = ["listing", "ticket", "event", "notifyMe", "payouts"];

/// One difference between a payload and its documentation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "drift", rename_all = "snake_case")]
pub enum Drift {
    /// No documented family and action of that name.
    Undocumented {
        /// As in `ticket.updated`.
        action: String,
    },
    /// A documented field is not there.
    Missing {
        /// From the message down.
        path: String,
    },
    /// A field is there that nobody documented.
    Extra {
        /// From the message down.
        path: String,
    },
    /// A field has another type than documented.
    Retyped {
        /// From the message down.
        path: String,
        /// The documented type.
        documented: String,
        /// What was sent.
        sent: String,
    },
}

impl std::fmt::Display for Drift {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Undocumented { action } => write!(f, "undocumented action {action}"),
            Self::Missing { path } => write!(f, "missing {path}"),
            Self::Extra { path } => write!(f, "extra {path}"),
            Self::Retyped { path, documented, sent } => write!(f, "{path} is a {sent}, documented as {documented}"),
        }
    }
}

/// How `webhook` differs from its documentation, in the order of the payload; missing fields last.
///
/// At most [`MOST_DRIFT`] differences are named: a payload of 200,000 unknown keys is no reading matter.
pub fn drift(webhook: &Webhook<'_>) -> Vec<Drift> {
    let Some(documented) = ACTIONS.iter().find(|one| one.family == webhook.family && one.action == webhook.action)
    else {
        return vec![Drift::Undocumented { action: format!("{}/{}", webhook.family, webhook.action) }];
    };
    let mut found = Vec::new();
    if let Json::Object(members) = &webhook.tree {
        for (name, _) in members.iter().filter(|(name, _)| !matches!(&**name, "family" | "action" | "type" | "data")) {
            found.push(Drift::Extra { path: name.to_string() });
        }
    }
    match (webhook.tree.get("type"), documented.types) {
        (Some(sent), []) => found.push(Drift::Extra { path: format!("type {sent}") }),
        (Some(Json::String(sent)), types) if !types.contains(&&**sent) => {
            found.push(Drift::Extra { path: format!("type \"{sent}\"") });
        }
        (Some(sent), types) if !types.is_empty() && !matches!(sent, Json::String(_)) => {
            found.push(Drift::Retyped { path: "type".into(), documented: "string".into(), sent: sent.kind().into() });
        }
        _ => {}
    }
    if matches!(webhook.data(), Json::Object(_)) {
        Walk { fields: documented.fields, next: 0, rule: String::new(), shown: "data".to_owned(), found: &mut found }
            .below(webhook.data());
    } else {
        found.push(match webhook.tree.get("data") {
            None => Drift::Missing { path: "data".into() },
            Some(sent) => Drift::Retyped { path: "data".into(), documented: "object".into(), sent: sent.kind().into() },
        });
    }
    found.truncate(MOST_DRIFT);
    found
}

/// The most differences [`drift`] names.
pub const MOST_DRIFT: usize = 64;

/// A way through a payload, beside its documentation.
struct Walk<'a> {
    fields: &'a [Field],
    /// The one after that which was looked for last: most payloads come in the documented order.
    next: usize,
    /// The documented path of where it is (empty for `data`).
    rule: String,
    /// The same with the indices of lists.
    shown: String,
    found: &'a mut Vec<Drift>,
}

impl Walk<'_> {
    fn below(&mut self, value: &Json) {
        if self.found.len() >= MOST_DRIFT {
            return;
        }
        match value {
            Json::Object(members) => {
                for (name, member) in members {
                    let dot = if self.rule.is_empty() { "" } else { "." };
                    self.step(member, &[dot, name], &[".", name]);
                }
                for field in self.fields.iter().filter(|field| field.required) {
                    let name = match self.rule.as_str() {
                        "" => Some(field.path),
                        rule => field.path.strip_prefix(rule).and_then(|rest| rest.strip_prefix('.')),
                    };
                    let Some(name) = name else { continue };
                    if !name.is_empty() && !name.contains(['.', '[']) && value.get(name).is_none() {
                        self.found.push(Drift::Missing { path: format!("{}.{name}", self.shown) });
                    }
                }
            }
            Json::Array(values) => {
                for (index, element) in values.iter().enumerate() {
                    self.step(element, &["[]"], &["[", &index.to_string(), "]"]);
                }
            }
            _ => {}
        }
    }

    /// Goes to `value`, which is called thus from here, checks it, and comes back.
    fn step(&mut self, value: &Json, rule: &[&str], shown: &[&str]) {
        let lengths = (self.rule.len(), self.shown.len());
        self.rule.extend(rule.iter().copied());
        self.shown.extend(shown.iter().copied());
        self.check(value);
        self.rule.truncate(lengths.0);
        self.shown.truncate(lengths.1);
    }

    fn check(&mut self, value: &Json) {
        let (before, after) = self.fields.split_at(self.next);
        let place = after.iter().chain(before).position(|field| field.path == self.rule);
        let place = place.map(|place| (self.next + place) % self.fields.len());
        self.next = place.map_or(self.next, |place| place + 1);
        match place.and_then(|place| self.fields.get(place)) {
            None => self.found.push(Drift::Extra { path: self.shown.clone() }),
            Some(field) if !field.kind.admits(value) => self.found.push(Drift::Retyped {
                path: self.shown.clone(),
                documented: field.kind.name().to_owned(),
                sent: value.kind().to_owned(),
            }),
            Some(Field { kind: Kind::Form, .. }) => {}
            Some(_) => self.below(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(body: &str) -> Vec<String> {
        drift(&Webhook::parse(body.as_bytes()).unwrap()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn missing_extra_and_retyped_fields_are_named() {
        assert_eq!(
            shown(r#"{"family":"payouts","action":"payouts.delivered","data":{"showId":239616,"currency":"ARS"}}"#),
            ["data.showId is a number, documented as string", "extra data.currency", "missing data.eventId"]
        );
    }

    #[test]
    fn elements_of_lists_are_followed() {
        let body = r#"{"family":"notifyMe","action":"notifyMe.created.updated","data":{"id":"1","showId":"2","eventId":"2",
            "userEmail":"a@b","status":"ACTIVE","ticketQuantity":1,"ticketOptionSelections":[{"ticketOptionId":"1"},{"ticketOptionId":2,"priceLimit":3}],
            "createdAt":"x","updatedAt":"y"}}"#;
        assert_eq!(
            shown(body),
            [
                "missing data.ticketOptionSelections[0].priceLimit",
                "data.ticketOptionSelections[1].ticketOptionId is a number, documented as string"
            ]
        );
    }

    #[test]
    fn an_unknown_action_and_the_older_shape_are_drift() {
        assert_eq!(shown(r#"{"family":"refunds","action":"made","data":{}}"#), ["undocumented action refunds/made"]);
        let older =
            r#"{"family":"payouts","action":"payouts.delivered","data":{"showId":"1","eventId":"2"},"metadata":{}}"#;
        assert_eq!(shown(older), ["extra metadata", "extra data.metadata"]);
    }

    #[test]
    fn a_sellers_form_may_hold_anything() {
        let body = r#"{"family":"listing","action":"listing.created","type":"MULTI","data":{"ticketId":"1","sellerEmail":"a","listingId":"b",
            "listingPrice":1,"listingFinalPrice":2,"groupId":"g","listingPayout":{"type":"t","data":{"paymentMethod":"m","userForm":{"iban":"x"}}}}}"#;
        assert_eq!(shown(body), Vec::<String>::new());
    }

    #[test]
    fn hostile_payloads_give_a_bounded_list() {
        let members: Vec<String> = (0..10_000).map(|n| format!("\"k{n}\":1")).collect();
        let body = format!(r#"{{"family":"payouts","action":"payouts.delivered","data":{{{}}}}}"#, members.join(","));
        assert_eq!(shown(&body).len(), MOST_DRIFT);
    }
}
