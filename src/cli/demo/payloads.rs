//! Webhooks in the shapes menta documents, fields in the documented order.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::cast::{Fan, Show};

/// Money in hundredths, written as menta writes it: `57.5`, `90275`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Money(pub(super) i64);

impl Money {
    /// That many hundredths of it, in whole pesos.
    pub(super) fn percent(self, percent: i64) -> Self {
        Self(self.0 * percent / 10_000 * 100)
    }

    /// What menta adds for the buyer, or keeps from the seller.
    fn fee(self) -> Self {
        Self(self.0 * 15 / 100)
    }
}

impl Serialize for Money {
    #[allow(clippy::cast_precision_loss)] // no price here comes near 2^53
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 % 100 {
            0 => serializer.serialize_i64(self.0 / 100),
            _ => serializer.serialize_f64(self.0 as f64 / 100.0),
        }
    }
}

#[derive(Serialize)]
struct Envelope<D> {
    message: Message<D>,
}

#[derive(Serialize)]
struct Message<D> {
    family: &'static str,
    action: &'static str,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    data: D,
}

fn envelope(family: &'static str, action: &'static str, kind: Option<&'static str>, data: impl Serialize) -> String {
    let message = Message { family, action, kind, data };
    // Plain structures of texts and numbers: writing them has no failing case.
    serde_json::to_string(&Envelope { message }).unwrap_or_default()
}

/// What a sale and its reversal say.
#[derive(Debug, Clone)]
pub(super) struct Deal {
    pub(super) show: &'static Show,
    pub(super) ticket: String,
    /// All who had the ticket, the seller last.
    pub(super) hands: Vec<&'static Fan>,
    pub(super) buyer: &'static Fan,
    pub(super) price: Money,
    pub(super) resale: String,
}

impl Deal {
    /// A deal has at least one who had the ticket; the buyer stands in only so that this needs no failing case.
    fn seller(&self) -> &'static Fan {
        self.hands.last().copied().unwrap_or(self.buyer)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TicketUpdated<'a> {
    id: &'a str,
    new_owner_email: &'a str,
    old_owner_email: &'a str,
    reversal: bool,
    metadata: Metadata<'a>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    nominal: Identity<'a>,
    payer: Identity<'a>,
    seller: Seller<'a>,
    order: Order<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Identity<'a> {
    full_name: String,
    identification_type: &'a str,
    identification: &'a str,
    external_email: &'a str,
    email: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Seller<'a> {
    full_name: String,
    identification: &'a str,
    identification_type: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Order<'a> {
    resale_id: &'a str,
    gross_resale_paid_amount: Money,
    gross_resale_paid_amount_without_buyer_fee: Money,
    seller_fee: f64,
    seller_fee_amount: Money,
    buyer_fee: f64,
    buyer_fee_amount: Money,
}

fn full_name(fan: &Fan) -> String {
    format!("{} {}", fan.first, fan.last)
}

/// `ticket.updated`: the sale, or its reversal. Then `nominal` is the previous owner, as documented.
pub(super) fn ticket_updated(deal: &Deal, reversal: bool) -> String {
    let country = deal.show.country;
    let identity = |fan: &Fan| Identity {
        full_name: full_name(fan),
        identification_type: country.document,
        identification: fan.document,
        external_email: fan.email,
        email: fan.email,
    };
    let fee = deal.price.fee();
    let data = TicketUpdated {
        id: &deal.ticket,
        new_owner_email: deal.buyer.email,
        old_owner_email: deal.seller().email,
        reversal,
        metadata: Metadata {
            nominal: identity(if reversal { deal.seller() } else { deal.buyer }),
            payer: identity(deal.buyer),
            seller: Seller {
                full_name: full_name(deal.seller()),
                identification: deal.seller().document,
                identification_type: country.document,
            },
            order: Order {
                resale_id: &deal.resale,
                gross_resale_paid_amount: Money(deal.price.0 + fee.0),
                gross_resale_paid_amount_without_buyer_fee: deal.price,
                seller_fee: 0.15,
                seller_fee_amount: fee,
                buyer_fee: 0.15,
                buyer_fee_amount: fee,
            },
        },
    };
    envelope("ticket", "ticket.updated", Some("USER_TRANSFER"), data)
}

/// A ticket on offer.
#[derive(Debug, Clone)]
pub(super) struct Offer {
    pub(super) show: &'static Show,
    pub(super) ticket: String,
    pub(super) seller: &'static Fan,
    pub(super) listing: String,
    pub(super) group: String,
    /// With others in one operation.
    pub(super) several: bool,
    pub(super) price: Money,
    pub(super) account: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listing<'a> {
    ticket_id: &'a str,
    seller_email: &'a str,
    listing_id: &'a str,
    listing_price: Money,
    listing_final_price: Money,
    listing_payout: Payout<'a>,
    group_id: &'a str,
}

#[derive(Serialize)]
struct Payout<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    data: PayoutData<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PayoutData<'a> {
    payment_method: &'a str,
    user_form: Map<String, Value>,
}

/// `listing.created`, `listing.updated` or `listing.deleted`.
pub(super) fn listing(action: &'static str, offer: &Offer) -> String {
    let country = offer.show.country;
    let mut form = Map::new();
    form.insert("beneficiary_name".into(), offer.seller.first.into());
    form.insert("beneficiary_lastname".into(), offer.seller.last.into());
    form.insert(country.account.0.into(), offer.account.clone().into());
    if let Some(kind) = country.account.1 {
        form.insert(kind.into(), "checking".into());
    }
    let data = Listing {
        ticket_id: &offer.ticket,
        seller_email: offer.seller.email,
        listing_id: &offer.listing,
        listing_price: offer.price,
        listing_final_price: Money(offer.price.0 + offer.price.fee().0),
        listing_payout: Payout {
            kind: "LOCAL_FIAT_AUTOMATIC",
            data: PayoutData { payment_method: country.payment, user_form: form },
        },
        group_id: &offer.group,
    };
    envelope("listing", action, Some(if offer.several { "MULTI" } else { "SINGLE" }), data)
}

/// A wish for tickets.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Wish {
    pub(super) id: String,
    pub(super) show_id: &'static str,
    pub(super) event_id: &'static str,
    pub(super) user_email: &'static str,
    pub(super) status: &'static str,
    pub(super) ticket_quantity: u8,
    pub(super) ticket_option_selections: Vec<Selection>,
    pub(super) created_at: String,
    pub(super) updated_at: String,
}

/// A category and the most somebody would pay for it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Selection {
    pub(super) ticket_option_id: &'static str,
    pub(super) price_limit: Money,
}

/// `notifyMe.created.updated`
pub(super) fn notify_me(wish: &Wish) -> String {
    envelope("notifyMe", "notifyMe.created.updated", None, wish)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Unlock<'a> {
    event_id: &'static str,
    show_id: &'static str,
    excluded_email_ticket_ids: &'a [String],
}

/// `event.unlock`
pub(super) fn unlock(show: &Show, excluded: &[String]) -> String {
    let data = Unlock { event_id: show.event, show_id: show.show, excluded_email_ticket_ids: excluded };
    envelope("event", "event.unlock", None, data)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PayoutsDelivered {
    show_id: &'static str,
    event_id: &'static str,
}

/// `payouts.delivered`
pub(super) fn payouts(show: &Show) -> String {
    envelope("payouts", "payouts.delivered", None, PayoutsDelivered { show_id: show.show, event_id: show.event })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Waitlist {
    show_id: &'static str,
    position: u8,
}

/// A family nobody documented.
pub(super) fn waitlist(show: &Show, position: u8) -> String {
    envelope("waitlist", "waitlist.moved", None, Waitlist { show_id: show.show, position })
}
