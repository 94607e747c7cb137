//! Why a delivery waits for a person, and the sentence that says so.

use serde::{Deserialize, Serialize};

use super::Hand;
use crate::domain::ids::{DeliveryId, Seq};

/// Why a person must decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// The webhook lacks a field without which nothing can be sent.
    Missing {
        /// The field, from `data` down.
        field: String,
    },
    /// `reversal` is neither true nor false.
    ReversalUnclear {
        /// What was sent.
        sent: String,
    },
    /// The payload has a key twice.
    RepeatedKey {
        /// The key.
        key: String,
    },
    /// A reversal whose sale has not been seen.
    Unmatched,
    /// A reversal that fits several sales.
    SeveralSales {
        /// The newest of them.
        one: DeliveryId,
    },
    /// A reversal that names neither party of its sale.
    OtherPeople {
        /// The sale.
        sale: DeliveryId,
    },
    /// A sale whose reversal is held: it must not be sent before a person has settled that.
    ReversalHeld {
        /// The return that is held.
        reversal: DeliveryId,
    },
    /// A sale whose reversal came before it and was cancelled, as nothing was to be undone or because it was none.
    ReversalDismissed {
        /// The return that was cancelled.
        reversal: DeliveryId,
    },
    /// A reversal after which the ticket was sold again.
    MovedOn {
        /// The newer sale.
        newer: DeliveryId,
    },
    /// The buyer sold this ticket before: an older sale come late, or bought back. The two look alike.
    SoldBefore {
        /// The transfer in which the buyer is the seller.
        sold: DeliveryId,
    },
    /// The seller is not who should have the ticket.
    NotTheOwner {
        /// The delivery that made somebody else the owner.
        owner_since: DeliveryId,
    },
    /// The seller was to get the ticket by a delivery that was cancelled.
    NeverReceived {
        /// The cancelled delivery.
        cancelled: DeliveryId,
    },
    /// menta's data changed after the ticket was sent, or may have been.
    AmendedAfterSent {
        /// Who had delivered it; none when that is not known.
        delivered: Option<Hand>,
    },
    /// A version of the sale that an amendment had replaced came again: late, or meant.
    AmendedBack {
        /// The event that said it again.
        event: Seq,
    },
    /// menta's data changed after a person had cancelled the delivery.
    AmendedAfterCancel,
    /// A reversal without a resale id was taken for another sale's, between the same two people: it may have been this one's.
    ReversalOfEither {
        /// The return.
        reversal: DeliveryId,
        /// The sale it was taken to undo.
        taken_for: DeliveryId,
    },
    /// Who has the ticket, or who shall have it, was blanked, and the webhook names not both of them.
    Blanked,
    /// Said again without a resale id, with the opposite said in between: a late repetition, or the same people anew.
    RepeatedOrNew {
        /// The sale said before.
        before: DeliveryId,
    },
}

impl Hold {
    /// False when there is nothing that could be sent: such a delivery is marked delivered or cancelled. A reversal names seller
    /// and buyer either way round: without its sale nobody knows to whom the ticket goes back.
    pub fn can_be_sent(&self) -> bool {
        !matches!(
            self,
            Self::Missing { .. }
                | Self::ReversalUnclear { .. }
                | Self::RepeatedKey { .. }
                | Self::Unmatched
                | Self::SeveralSales { .. }
        )
    }

    /// A reversal that may be of one sale or another, or of one yet to come.
    pub fn leaves_sale_open(&self) -> bool {
        matches!(self, Self::Unmatched | Self::SeveralSales { .. } | Self::RepeatedOrNew { .. })
    }
}

impl std::fmt::Display for Hold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing { field } => {
                write!(f, "the webhook has no `{field}`: deliver by hand and mark delivered, or cancel")
            }
            Self::ReversalUnclear { sent } => {
                write!(
                    f,
                    "`reversal` is {sent}, neither true nor false: sale or reversal? ask menta, then mark delivered or cancel"
                )
            }
            Self::RepeatedKey { key } => write!(f, "the payload has `{key}` twice: no reading of it is sure"),
            Self::Unmatched => {
                f.write_str(
                    "reversal of a sale that was not seen: if it comes late, nothing is to be undone; which of the two sold the ticket is not known, so give it back by hand and mark delivered",
                )
            }
            Self::SeveralSales { one } => {
                write!(
                    f,
                    "reversal without resale id that fits several sales, {one} among them: undo the right one by hand and mark delivered, or cancel"
                )
            }
            Self::OtherPeople { sale } => write!(f, "the reversal names neither buyer nor seller of {sale}"),
            Self::ReversalHeld { reversal } => {
                write!(f, "a reversal of this sale is held: settle {reversal} first, then cancel or retry")
            }
            Self::ReversalDismissed { reversal } => {
                write!(
                    f,
                    "its reversal, {reversal}, was cancelled before the sale came: is it reversed (cancel), or does it stand (retry)?"
                )
            }
            Self::MovedOn { newer } => write!(f, "the ticket has moved on: {newer} sold it again"),
            Self::SoldBefore { sold } => {
                write!(
                    f,
                    "the buyer sold this ticket in {sold}: an older sale come late (cancel), or bought back (retry)?"
                )
            }
            Self::NotTheOwner { owner_since } => {
                write!(f, "the seller is not the owner since {owner_since}: a sale in between may be missing")
            }
            Self::NeverReceived { cancelled } => {
                write!(f, "the seller was to get the ticket by {cancelled}, which was cancelled")
            }
            Self::AmendedAfterSent { .. } => f.write_str(
                "menta changed buyer or personal data after it was sent: retry sends the new, cancel keeps the old",
            ),
            Self::AmendedBack { event } => {
                write!(
                    f,
                    "event {event} says an earlier version of this sale again: retry sends the latest before it; if {event} is right, deliver by hand"
                )
            }
            Self::AmendedAfterCancel => f.write_str(
                "menta changed buyer or personal data after it was cancelled: retry sends the new, cancel leaves it",
            ),
            Self::ReversalOfEither { reversal, taken_for } => {
                write!(
                    f,
                    "reversal {reversal} has no resale id and was taken for {taken_for}'s, of the same two people: was it this sale's (cancel), or not (retry)?"
                )
            }
            Self::Blanked => f.write_str(
                "an address it needs was blanked because it was old, and menta has not named it again: deliver by hand and mark delivered, or cancel",
            ),
            Self::RepeatedOrNew { before } => {
                write!(f, "the same as for {before}, and no resale id: said again late (cancel), or anew (retry)?")
            }
        }
    }
}
