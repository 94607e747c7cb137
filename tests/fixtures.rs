//! The documented samples are read whole and without drift; what is no webhook is refused with its reason.
//!
//! menta's documentation shows `ticket.updated` twice, and its two samples differ: one is wrapped in `message` with the
//! type `USER_TRANSFER`, calls the identity number `identification` and has e-mails and seller fees; the other is bare,
//! has no type, calls it `identificationNumber` for buyer and payer, and knows neither. Both count as documented.

use std::fs;
use std::path::{Path, PathBuf};

use willcall::cli::send::fixture;
use willcall::domain::documentation::{ACTIONS, drift};
use willcall::domain::ids::{Person, ResaleId, TicketId};
use willcall::domain::json::Json;
use willcall::domain::payload::{Amount, Identity, ListingChange, Payload, Reversal, TicketUpdated};
use willcall::domain::webhook::Webhook;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/events")
}

/// The body that `willcall send` would post for a fixture.
fn body(name: &str) -> Vec<u8> {
    fixture::body(fs::read(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}")))
}

fn payload(name: &str) -> Payload {
    Payload::of(&Webhook::parse(&body(name)).unwrap_or_else(|error| panic!("{name}: {error}")))
}

fn update(name: &str) -> TicketUpdated {
    match payload(name) {
        Payload::TicketUpdated(update) => *update,
        other => panic!("{name}: {other:?}"),
    }
}

fn amount(text: &str) -> Option<Amount> {
    Some(Amount(text.to_owned()))
}

/// Every fixture that is a webhook, as `family/file`.
fn documented() -> Vec<String> {
    let mut found: Vec<String> = fixture::files(&[folder()])
        .unwrap()
        .iter()
        .map(|path| path.strip_prefix(folder()).unwrap().to_str().unwrap().to_owned())
        .filter(|name| !name.starts_with("invalid/"))
        .collect();
    found.sort();
    found
}

#[test]
fn every_documented_action_has_a_fixture() {
    let actions: Vec<(String, String)> = documented()
        .iter()
        .map(|name| {
            let bytes = body(name);
            let webhook = Webhook::parse(&bytes).unwrap();
            (webhook.family, webhook.action)
        })
        .collect();
    for one in ACTIONS {
        assert!(actions.iter().any(|(family, action)| family == one.family && action == one.action), "{}", one.action);
    }
}

#[test]
fn every_documented_fixture_is_typed_and_free_of_drift() {
    let names = documented();
    assert_eq!(names.len(), 9, "{names:?}");
    for name in names {
        let bytes = body(&name);
        let webhook = Webhook::parse(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(drift(&webhook), [], "{name}");
        assert_ne!(Payload::of(&webhook), Payload::Unknown, "{name}");
        assert!(name.starts_with(&format!("{}/{}", webhook.family, webhook.action)), "{name} holds {}", webhook.action);
    }
}

#[test]
fn only_the_commented_sample_needs_its_comments_taken_out() {
    for name in documented() {
        let exact = fs::read(folder().join(&name)).unwrap();
        assert_eq!(body(&name) == exact, name != "ticket/ticket.updated.commented.jsonc", "{name}");
    }
}

#[test]
fn the_wrapped_sale_is_read_whole() {
    let sale = update("ticket/ticket.updated.json");
    assert_eq!(sale.ticket, Some(TicketId::from("a1b2c3d4-e5f6-7890-abcd-ef1234567890")));
    assert_eq!(sale.new_owner, Some(Person::from("carlos.lopez@example.com")));
    assert_eq!(sale.old_owner, Some(Person::from("ana.martinez@example.com")));
    assert_eq!(sale.reversal, Reversal::Sale);
    let carlos = Identity {
        full_name: Some("Carlos Lopez".into()),
        identification_type: Some("DNI".into()),
        identification: Some("30567890".into()),
        external_email: Some("carlos.lopez@example.com".into()),
        email: Some("carlos.lopez@example.com".into()),
    };
    assert_eq!((sale.nominal.as_ref(), sale.payer.as_ref()), (Some(&carlos), Some(&carlos)));
    assert_eq!(sale.seller.unwrap().identification.as_deref(), Some("28901234"));
    assert_eq!(sale.order.resale, Some(ResaleId::from("70ceeed4d4e17236e085e472")));
    assert_eq!(sale.order.paid, amount("103816.25"));
    assert_eq!(sale.order.paid_without_buyer_fee, amount("90275"));
    assert_eq!((sale.order.seller_fee, sale.order.seller_fee_amount), (amount("0.15"), amount("11775")));
    assert_eq!((sale.order.buyer_fee, sale.order.buyer_fee_amount), (amount("0.15"), amount("13541.25")));
}

#[test]
fn the_bare_sale_says_the_same_in_other_fields() {
    let sale = update("ticket/ticket.updated.commented.jsonc");
    assert_eq!(sale.ticket, Some(TicketId::from("127471-2")));
    assert_eq!(sale.new_owner, Some(Person::from("susana@hotmail.com")));
    let susana = sale.nominal.unwrap();
    assert_eq!(susana.identification.as_deref(), Some("1307009"));
    assert_eq!((susana.email, susana.external_email), (None, None));
    assert_eq!(sale.seller.unwrap().full_name, None);
    assert_eq!(sale.order.paid_without_buyer_fee, amount("50.0"));
    assert_eq!((sale.order.seller_fee, sale.order.seller_fee_amount), (None, None));

    let bytes = body("ticket/ticket.updated.commented.jsonc");
    assert_eq!(Webhook::parse(&bytes).unwrap().kind, None);
    let bytes = body("ticket/ticket.updated.json");
    assert_eq!(Webhook::parse(&bytes).unwrap().kind.as_deref(), Some("USER_TRANSFER"));
}

#[test]
fn the_reversal_is_that_of_the_documented_sale() {
    let (sale, reversal) = (update("ticket/ticket.updated.json"), update("ticket/ticket.updated.reversal.json"));
    assert_eq!(reversal.reversal, Reversal::Reversal);
    assert_eq!((&reversal.ticket, &reversal.order.resale), (&sale.ticket, &sale.order.resale));
    // "metadata.nominal contains the previous owner's information"
    assert_eq!(reversal.nominal.unwrap().full_name, sale.seller.unwrap().full_name);
}

#[test]
fn the_other_families_are_read_whole() {
    for (name, change) in [
        ("listing/listing.created.json", ListingChange::Created),
        ("listing/listing.updated.json", ListingChange::Updated),
        ("listing/listing.deleted.json", ListingChange::Deleted),
    ] {
        let Payload::Listing(found, listing) = payload(name) else { panic!("{name}") };
        assert_eq!(found, change);
        assert!(listing.ticket.is_some() && listing.seller.is_some() && listing.listing.is_some(), "{name}");
        assert!(listing.price.is_some() && listing.final_price.is_some() && listing.group.is_some(), "{name}");
        let payout = listing.payout.unwrap();
        assert_eq!(payout.kind.as_deref(), Some("LOCAL_FIAT_AUTOMATIC"));
        assert!(payout.method.is_some(), "{name}");
        assert!(matches!(&payout.form, Some(Json::Object(members)) if members.len() >= 3), "{name}");
    }
    let Payload::EventUnlock(unlock) = payload("event/event.unlock.json") else { panic!() };
    assert_eq!((unlock.event.as_deref(), unlock.excluded.len()), (Some("8544"), 0));
    let Payload::NotifyMe(wish) = payload("notifyMe/notifyMe.created.updated.json") else { panic!() };
    assert_eq!((wish.selections.len(), wish.quantity, wish.status.as_deref()), (5, amount("1"), Some("ACTIVE")));
    let Payload::PayoutsDelivered(payouts) = payload("payouts/payouts.delivered.json") else { panic!() };
    assert_eq!((payouts.show.unwrap().0, payouts.event.as_deref()), ("239616".to_owned(), Some("12746")));
}

#[test]
fn what_is_no_webhook_is_refused_with_its_reason() {
    let refused = [
        ("array.json", "a JSON list, not an object"),
        ("blank-family.json", "no `family`"),
        ("deep-nesting.json", "nested deeper than 64 levels"),
        ("documented-envelope.json", "not JSON"),
        ("duplicate-action.json", "`action` is given more than once"),
        ("duplicate-family.json", "`family` is given more than once"),
        ("empty.json", "not JSON"),
        ("family-number.json", "no `family`"),
        ("nan.json", "not JSON"),
        ("no-action.json", "no `action`"),
        ("no-family.json", "no `family`"),
        ("not-json.json", "not JSON"),
        ("not-utf8.json", "not UTF-8 from byte 70 on"),
        ("null.json", "a JSON null, not an object"),
        ("single-quotes.json", "not JSON"),
        ("text.json", "a JSON string, not an object"),
        ("truncated.json", "not JSON"),
        ("two-objects.json", "not JSON"),
        ("utf16.json", "not UTF-8 from byte 0 on"),
    ];
    let files = fixture::files(&[folder().join("invalid")]).unwrap();
    let names: Vec<&str> = files.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, refused.map(|(name, _)| name), "each has its reason here");
    for (name, reason) in refused {
        let bytes = body(&format!("invalid/{name}"));
        assert_eq!(bytes, fs::read(folder().join("invalid").join(name)).unwrap(), "{name} is sent as it is");
        let refusal = Webhook::parse(&bytes).expect_err(name).to_string();
        assert!(refusal.starts_with(reason), "{name}: {refusal}");
    }
}
