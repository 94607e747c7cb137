//! The webhooks that tests send: a sale and its reversal, in the documented shape.

/// Ana's ticket, sold to Carlos.
pub fn sale(ticket: &str, resale: &str) -> String {
    ticket_updated(ticket, resale, ("ana@example.com", "carlos@example.com"), false)
}

/// The same sale taken back.
pub fn reversal(ticket: &str, resale: &str) -> String {
    ticket_updated(ticket, resale, ("ana@example.com", "carlos@example.com"), true)
}

/// `ticket.updated`, from the first of the two people to the second.
pub fn ticket_updated(ticket: &str, resale: &str, (from, to): (&str, &str), reversal: bool) -> String {
    serde_json::json!({"message": {
        "family": "ticket",
        "action": "ticket.updated",
        "type": "USER_TRANSFER",
        "data": {
            "id": ticket,
            "newOwnerEmail": to,
            "oldOwnerEmail": from,
            "reversal": reversal,
            "metadata": {
                "nominal": {"fullName": "Carlos Lopez", "identificationType": "DNI", "identification": "30567890"},
                "seller": {"fullName": "Ana Martinez", "identificationType": "DNI", "identification": "28901234"},
                "order": {"resaleId": resale, "grossResalePaidAmount": 57.5, "buyerFee": 0.15},
            },
        },
    }})
    .to_string()
}
