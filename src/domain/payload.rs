//! The seven documented actions as types.
//!
//! Every documented field is here; any of them may be missing from a real payload, so all are optional, and what is not
//! documented stays readable in the event's body. Amounts and ids keep the text they were sent with.

use super::ids::{Digest, Person, ResaleId, ShowId, SubscriptionId, TicketId};
use super::json::Json;
use super::webhook::Webhook;

/// A number exactly as it was sent: `103816.25`, or all 23 digits of one that no float holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amount(pub String);

/// `data` of a webhook, by what happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// `listing.created`, `listing.updated`, `listing.deleted`.
    Listing(ListingChange, Listing),
    /// `ticket.updated`: a ticket was sold, or a sale reversed.
    TicketUpdated(Box<TicketUpdated>),
    /// `event.unlock`.
    EventUnlock(EventUnlock),
    /// `notifyMe.created.updated`.
    NotifyMe(NotifyMe),
    /// `payouts.delivered`.
    PayoutsDelivered(PayoutsDelivered),
    /// Anything nobody documented.
    Unknown,
}

/// What became of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListingChange {
    /// Published.
    Created,
    /// Modified, as by a new price.
    Updated,
    /// Removed, by the seller or by menta.
    Deleted,
}

/// A ticket offered in the secondary market.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// `ticketId`
    pub ticket: Option<TicketId>,
    /// `sellerEmail`: e-mail or phone number.
    pub seller: Option<Person>,
    /// `listingId`
    pub listing: Option<String>,
    /// `listingPrice`: the seller's price, before fees.
    pub price: Option<Amount>,
    /// `listingFinalPrice`: what a buyer pays, fees included.
    pub final_price: Option<Amount>,
    /// `listingPayout`: how the seller is paid.
    pub payout: Option<ListingPayout>,
    /// `groupId`: the listing operation that several tickets share.
    pub group: Option<String>,
}

/// How a seller is paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListingPayout {
    /// As in `LOCAL_FIAT_AUTOMATIC`.
    pub kind: Option<String>,
    /// As in `emoneyout-mxn_012`.
    pub method: Option<String>,
    /// The seller's form: its fields depend on country and method.
    pub form: Option<Json<'static>>,
}

/// A sale, or its reversal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketUpdated {
    /// `id`
    pub ticket: Option<TicketId>,
    /// `newOwnerEmail`
    pub new_owner: Option<Person>,
    /// `oldOwnerEmail`
    pub old_owner: Option<Person>,
    /// `reversal`
    pub reversal: Reversal,
    /// `metadata.nominal`: whose name the ticket shall carry.
    pub nominal: Option<Identity>,
    /// `metadata.payer`
    pub payer: Option<Identity>,
    /// `metadata.seller`
    pub seller: Option<Identity>,
    /// `metadata.order`
    pub order: Order,
    /// Names the personal data a delivery carries: two payloads with one print deliver the same ticket to the same person.
    pub personal_print: Digest,
    /// A key that some object in the payload has twice, so that no reading of it is sure.
    pub repeated_key: Option<String>,
}

/// The field `reversal`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reversal {
    /// Absent or `false`.
    Sale,
    /// `true`.
    Reversal,
    /// Neither boolean nor absent; what was sent.
    Unclear(String),
}

/// Who somebody is, on paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// `fullName`
    pub full_name: Option<String>,
    /// `identificationType`, as in `DNI`; its meaning depends on the country.
    pub identification_type: Option<String>,
    /// `identification` or `identificationNumber`.
    pub identification: Option<String>,
    /// `externalEmail`
    pub external_email: Option<Person>,
    /// `email`
    pub email: Option<Person>,
}

/// `metadata.order`: the money of a sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// `resaleId`
    pub resale: Option<ResaleId>,
    /// `grossResalePaidAmount`: all the buyer paid.
    pub paid: Option<Amount>,
    /// `grossResalePaidAmountWithoutBuyerFee`
    pub paid_without_buyer_fee: Option<Amount>,
    /// `sellerFee`, as a decimal: 0.15 is 15 %.
    pub seller_fee: Option<Amount>,
    /// `sellerFeeAmount`
    pub seller_fee_amount: Option<Amount>,
    /// `buyerFee`, as a decimal.
    pub buyer_fee: Option<Amount>,
    /// `buyerFeeAmount`
    pub buyer_fee_amount: Option<Amount>,
}

/// Tickets unlocked for an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventUnlock {
    /// `eventId`
    pub event: Option<String>,
    /// `showId`
    pub show: Option<ShowId>,
    /// `excludedEmailTicketIds`; empty means that all tickets are included.
    pub excluded: Vec<TicketId>,
}

/// A wish for tickets of a show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotifyMe {
    /// `id`
    pub subscription: Option<SubscriptionId>,
    /// `showId`
    pub show: Option<ShowId>,
    /// `eventId`
    pub event: Option<String>,
    /// `userEmail`
    pub user: Option<Person>,
    /// `status`, as in `ACTIVE`.
    pub status: Option<String>,
    /// `ticketQuantity`
    pub quantity: Option<Amount>,
    /// `ticketOptionSelections`
    pub selections: Vec<Selection>,
    /// `createdAt`, as sent.
    pub created_at: Option<String>,
    /// `updatedAt`, as sent.
    pub updated_at: Option<String>,
}

/// One category of tickets and what somebody would pay for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// `ticketOptionId`
    pub option: Option<String>,
    /// `priceLimit`
    pub price_limit: Option<Amount>,
}

/// Payouts of a show were sent to its sellers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutsDelivered {
    /// `showId`
    pub show: Option<ShowId>,
    /// `eventId`
    pub event: Option<String>,
}

impl Payload {
    /// Reads `data` of a webhook. Never fails: a field of a wrong type is absent here and drift in the event.
    pub fn of(webhook: &Webhook<'_>) -> Self {
        let data = webhook.data();
        match (webhook.family.as_str(), webhook.action.as_str()) {
            ("listing", "listing.created") => Self::Listing(ListingChange::Created, Listing::of(data)),
            ("listing", "listing.updated") => Self::Listing(ListingChange::Updated, Listing::of(data)),
            ("listing", "listing.deleted") => Self::Listing(ListingChange::Deleted, Listing::of(data)),
            ("ticket", "ticket.updated") => {
                let repeated = webhook.tree.repeated_key().map(str::to_owned);
                Self::TicketUpdated(Box::new(TicketUpdated::of(data, repeated)))
            }
            ("event", "event.unlock") => Self::EventUnlock(EventUnlock {
                event: text(data, "eventId"),
                show: text(data, "showId").map(ShowId),
                excluded: list(data, "excludedEmailTicketIds")
                    .iter()
                    .filter_map(|id| id.text().map(TicketId::from))
                    .collect(),
            }),
            ("notifyMe", "notifyMe.created.updated") => Self::NotifyMe(NotifyMe {
                subscription: text(data, "id").map(SubscriptionId),
                show: text(data, "showId").map(ShowId),
                event: text(data, "eventId"),
                user: text(data, "userEmail").and_then(Person::sent),
                status: text(data, "status"),
                quantity: amount(data, "ticketQuantity"),
                selections: list(data, "ticketOptionSelections")
                    .iter()
                    .map(|one| Selection {
                        option: text(one, "ticketOptionId"),
                        price_limit: amount(one, "priceLimit"),
                    })
                    .collect(),
                created_at: text(data, "createdAt"),
                updated_at: text(data, "updatedAt"),
            }),
            ("payouts", "payouts.delivered") => Self::PayoutsDelivered(PayoutsDelivered {
                show: text(data, "showId").map(ShowId),
                event: text(data, "eventId"),
            }),
            _ => Self::Unknown,
        }
    }

    /// The ticket this is about, if it is about one.
    pub fn ticket(&self) -> Option<&TicketId> {
        match self {
            Self::Listing(_, listing) => listing.ticket.as_ref(),
            Self::TicketUpdated(update) => update.ticket.as_ref(),
            _ => None,
        }
    }

    /// The show this names, if it names one.
    pub fn show(&self) -> Option<&ShowId> {
        match self {
            Self::EventUnlock(unlock) => unlock.show.as_ref(),
            Self::NotifyMe(wish) => wish.show.as_ref(),
            Self::PayoutsDelivered(payouts) => payouts.show.as_ref(),
            Self::Listing(..) | Self::TicketUpdated(_) | Self::Unknown => None,
        }
    }

    /// Names the thing this is about: an equal webhook about the same thing, with none between, is a repetition.
    ///
    /// A sale and its reversal are two things; so are the actions on one listing.
    pub fn subject(&self, webhook: &Webhook<'_>) -> Digest {
        let of = |name: &str, parts: &[Option<&str>]| {
            let mut all: Vec<&[u8]> = vec![name.as_bytes()];
            for part in parts {
                // An absent part differs from an empty one.
                all.push(if part.is_some() { b"+" } else { b"-" });
                all.push(part.unwrap_or_default().as_bytes());
            }
            Digest::of(&all)
        };
        match self {
            Self::Listing(_, listing) => of("listing", &[listing.listing.as_deref(), Some(&webhook.action)]),
            Self::TicketUpdated(update) => {
                let ticket = update.ticket.as_ref().map(TicketId::as_str);
                let direction = match &update.reversal {
                    Reversal::Sale => "sale",
                    Reversal::Reversal => "reversal",
                    Reversal::Unclear(_) => "unclear",
                };
                match &update.order.resale {
                    Some(resale) => of("sale", &[ticket, Some(resale.as_str()), Some(direction)]),
                    None => {
                        let parties =
                            [&update.old_owner, &update.new_owner].map(|one| one.as_ref().map(Person::as_str));
                        of("sale between", &[ticket, parties[0], parties[1], Some(direction)])
                    }
                }
            }
            Self::EventUnlock(unlock) => {
                of("unlock", &[unlock.show.as_ref().map(ShowId::as_str), unlock.event.as_deref()])
            }
            Self::NotifyMe(wish) => of("notify", &[wish.subscription.as_ref().map(SubscriptionId::as_str)]),
            Self::PayoutsDelivered(payouts) => {
                of("payouts", &[payouts.show.as_ref().map(ShowId::as_str), payouts.event.as_deref()])
            }
            // With no documentation of what it is about, only the very same webhook again is a repetition.
            Self::Unknown => of("unknown", &[Some(&webhook.print().to_string())]),
        }
    }
}

impl Listing {
    fn of(data: &Json) -> Self {
        Self {
            ticket: text(data, "ticketId").map(TicketId),
            seller: text(data, "sellerEmail").and_then(Person::sent),
            listing: text(data, "listingId"),
            price: amount(data, "listingPrice"),
            final_price: amount(data, "listingFinalPrice"),
            payout: data.get("listingPayout").map(|payout| ListingPayout {
                kind: text(payout, "type"),
                method: payout.at("data.paymentMethod").and_then(Json::text).map(str::to_owned),
                form: payout
                    .at("data.userForm")
                    .filter(|form| matches!(form, Json::Object(_)))
                    .map(|form| form.clone().into_owned()),
            }),
            group: text(data, "groupId"),
        }
    }
}

impl TicketUpdated {
    fn of(data: &Json, repeated_key: Option<String>) -> Self {
        let metadata = data.get("metadata").unwrap_or(&Json::Null);
        let identity = |name: &str| {
            metadata.get(name).map(|one| Identity {
                full_name: text(one, "fullName"),
                identification_type: text(one, "identificationType"),
                identification: text(one, "identification").or_else(|| text(one, "identificationNumber")),
                external_email: text(one, "externalEmail").and_then(Person::sent),
                email: text(one, "email").and_then(Person::sent),
            })
        };
        let order = metadata.get("order").unwrap_or(&Json::Null);
        let order = Order {
            resale: name(order, "resaleId").map(ResaleId),
            paid: amount(order, "grossResalePaidAmount"),
            paid_without_buyer_fee: amount(order, "grossResalePaidAmountWithoutBuyerFee"),
            seller_fee: amount(order, "sellerFee"),
            seller_fee_amount: amount(order, "sellerFeeAmount"),
            buyer_fee: amount(order, "buyerFee"),
            buyer_fee_amount: amount(order, "buyerFeeAmount"),
        };
        // Everything but the money may be personal: a field nobody documented (an address, a phone) counts too.
        let personal = ["nominal", "payer", "seller"];
        let personal = personal.map(|name| metadata.get(name).map_or(String::new(), |one| one.canonical_within(200)));
        Self {
            ticket: name(data, "id").map(TicketId),
            new_owner: name(data, "newOwnerEmail").and_then(Person::sent),
            old_owner: name(data, "oldOwnerEmail").and_then(Person::sent),
            reversal: match data.get("reversal") {
                None | Some(Json::Bool(false)) => Reversal::Sale,
                Some(Json::Bool(true)) => Reversal::Reversal,
                Some(other) => Reversal::Unclear(other.to_string().chars().take(40).collect()),
            },
            nominal: identity("nominal"),
            payer: identity("payer"),
            seller: identity("seller"),
            order,
            personal_print: Digest::of(&[personal[0].as_bytes(), personal[1].as_bytes(), personal[2].as_bytes()]),
            repeated_key,
        }
    }
}

fn text(json: &Json, name: &str) -> Option<String> {
    json.get(name).and_then(Json::text).map(str::to_owned)
}

/// What names a ticket, a sale or a person goes into every record about it: a text longer than any name is none.
fn name(json: &Json, name: &str) -> Option<String> {
    text(json, name).filter(|text| text.len() <= LONGEST_NAME)
}

/// In bytes. An e-mail address has at most 254.
const LONGEST_NAME: usize = 1024;

fn amount(json: &Json, name: &str) -> Option<Amount> {
    text(json, name).map(Amount)
}

fn list<'j, 't>(json: &'j Json<'t>, name: &str) -> &'j [Json<'t>] {
    match json.get(name) {
        Some(Json::Array(values)) => values,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(body: &str) -> Payload {
        Payload::of(&Webhook::parse(body.as_bytes()).unwrap())
    }

    fn update(data: &str) -> TicketUpdated {
        match payload(&format!(r#"{{"family":"ticket","action":"ticket.updated","data":{data}}}"#)) {
            Payload::TicketUpdated(update) => *update,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_amount_keeps_its_23_digits() {
        let update = update(r#"{"metadata":{"order":{"grossResalePaidAmount":12345678901234567890123.10}}}"#);
        assert_eq!(update.order.paid, Some(Amount("12345678901234567890123.10".into())));
    }

    #[test]
    fn identification_has_two_names() {
        let update = update(
            r#"{"metadata":{"nominal":{"identificationNumber":"1307009"},"seller":{"identification":"9282712"}}}"#,
        );
        assert_eq!(update.nominal.unwrap().identification.as_deref(), Some("1307009"));
        assert_eq!(update.seller.unwrap().identification.as_deref(), Some("9282712"));
    }

    #[test]
    fn a_text_longer_than_any_name_is_none() {
        let long = "x".repeat(LONGEST_NAME + 1);
        let update = update(&format!(r#"{{"id":"{long}","newOwnerEmail":"{}"}}"#, &long[1..]));
        assert_eq!((update.ticket, update.new_owner.map(|one| one.0.len())), (None, Some(LONGEST_NAME)));
    }

    #[test]
    fn only_a_boolean_is_a_reversal() {
        assert_eq!(update("{}").reversal, Reversal::Sale);
        assert_eq!(update(r#"{"reversal":true}"#).reversal, Reversal::Reversal);
        assert_eq!(update(r#"{"reversal":"true"}"#).reversal, Reversal::Unclear("\"true\"".into()));
        assert_eq!(update(r#"{"reversal":null}"#).reversal, Reversal::Unclear("null".into()));
    }

    #[test]
    fn money_is_no_personal_data_but_an_undocumented_address_is() {
        let base = update(r#"{"metadata":{"nominal":{"fullName":"A"},"order":{"buyerFee":0.1}}}"#);
        let fee = update(r#"{"metadata":{"order":{"buyerFee":0.2},"nominal":{"fullName":"A"}}}"#);
        let address = update(r#"{"metadata":{"nominal":{"fullName":"A","street":"x"},"order":{"buyerFee":0.1}}}"#);
        assert_eq!(base.personal_print, fee.personal_print);
        assert_ne!(base.personal_print, address.personal_print);
    }

    #[test]
    fn a_sale_and_its_reversal_are_two_subjects() {
        let subject = |data: &str| {
            let body = format!(r#"{{"family":"ticket","action":"ticket.updated","data":{data}}}"#);
            let webhook = Webhook::parse(body.as_bytes()).unwrap();
            Payload::of(&webhook).subject(&webhook)
        };
        let sale = r#"{"id":"1","metadata":{"order":{"resaleId":"r"}}}"#;
        assert_eq!(subject(sale), subject(r#"{"metadata":{"order":{"resaleId":"r"}},"id":"1","newOwnerEmail":"x"}"#));
        assert_ne!(subject(sale), subject(r#"{"id":"1","reversal":true,"metadata":{"order":{"resaleId":"r"}}}"#));
        assert_ne!(subject(sale), subject(r#"{"id":"1","metadata":{"order":{}}}"#));
    }
}
