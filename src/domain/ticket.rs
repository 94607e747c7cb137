//! All deliveries of one ticket, in the order they were created: who may go next, and who should own the ticket.
//!
//! Deliveries of one ticket run one after another; each waits until those in front are delivered or cancelled. When a
//! transfer comes to the front it is asked once more whether it may go at all (`Ticket::decided`): its reversal may
//! have come, or the seller may never have had the ticket.
//!
//! **Owners.** A transfer is sent without asking only if its seller is the known owner and its buyer never sold the ticket
//! in a transfer that still stands. Sales sent under that rule form a path without a circle, and a path can be walked in
//! one order only: so whatever order the webhooks came in, the last buyer is menta's owner. Everything else is held.

use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::blanking::Blanking;
use super::delivery::{Cancellation, Delivery, Evidence, Hold, Kind, Stage, State};
use super::ids::{DeliveryId, Digest, Person, TicketId};
use super::record::Received;

/// The line in which deliveries wait for each other: one a ticket, and one of its own for a delivery without a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lane(pub Digest);

impl Lane {
    /// The lane of a ticket.
    pub fn of(ticket: &TicketId) -> Self {
        Self(Digest::of(&[b"ticket", ticket.0.as_bytes()]))
    }

    /// The lane of all that can be about the same as `received`: a sale or reversal is one of its ticket, so nothing of
    /// another ticket is. `None` for the rest, of which nobody documents as much.
    pub fn of_subject(received: &Received) -> Option<Self> {
        received.ticket.as_ref().filter(|_| Self::has_subject(received)).map(Self::of)
    }

    /// Whether there is such a lane.
    pub fn has_subject(received: &Received) -> bool {
        received.family == "ticket" && received.action == "ticket.updated" && received.ticket.is_some()
    }

    /// The lane of `id`, which is about `ticket`.
    pub fn of_delivery(ticket: Option<&TicketId>, id: DeliveryId) -> Self {
        match ticket {
            Some(ticket) => Self::of(ticket),
            None => Self(Digest::of(&[b"alone", &id.0.0.to_be_bytes()])),
        }
    }
}

/// The deliveries of one lane, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ticket {
    deliveries: Vec<Delivery>,
}

impl Ticket {
    /// A ticket with these deliveries, in any order.
    pub fn new(mut deliveries: Vec<Delivery>) -> Self {
        deliveries.sort_by_key(|delivery| delivery.id);
        Self { deliveries }
    }

    /// Oldest first.
    pub fn deliveries(&self) -> &[Delivery] {
        &self.deliveries
    }

    /// One of them.
    pub fn get(&self, id: DeliveryId) -> Option<&Delivery> {
        self.deliveries.iter().find(|delivery| delivery.id == id)
    }

    /// The oldest that is neither delivered nor cancelled.
    pub fn front(&self) -> Option<&Delivery> {
        self.deliveries.iter().find(|delivery| !delivery.stage().settled())
    }

    /// Takes deliveries as they stand after a record.
    pub fn apply(&mut self, changed: &[Delivery]) {
        for delivery in changed {
            match self.deliveries.binary_search_by_key(&delivery.id, |one| one.id) {
                Ok(place) => self.deliveries[place] = delivery.clone(),
                Err(place) => self.deliveries.insert(place, delivery.clone()),
            }
        }
    }

    /// Puts people back where a later webhook names them again and stand-ins are: see [`Blanking::recognise`].
    pub fn recognise(&mut self, blanking: &Blanking, people: &[&Person]) {
        let blanked = self.deliveries.iter_mut().filter(|one| one.has_blanked_people());
        blanked.for_each(|one| blanking.recognise(one, people));
    }

    /// What follows from a decision: `decision` changes the deliveries, then the line is put in order. Returns every
    /// delivery that is different now.
    pub(super) fn decided(&self, now: Timestamp, decision: impl FnOnce(&mut Draft)) -> Vec<Delivery> {
        let mut draft = Draft { deliveries: self.deliveries.clone() };
        for delivery in &mut draft.deliveries {
            // Something follows: an earlier action can no longer be taken back as if nothing had.
            delivery.undo = None;
        }
        decision(&mut draft);
        draft.line_up();
        let mut changed = Vec::new();
        for mut delivery in draft.deliveries {
            let before = self.get(delivery.id);
            if before == Some(&delivery) {
                continue;
            }
            if before.is_none_or(|before| {
                Delivery { undo: None, ..before.clone() } != Delivery { undo: None, ..delivery.clone() }
            }) {
                delivery.updated_at = now;
            }
            changed.push(delivery);
        }
        changed
    }
}

/// A ticket while something is being decided about it.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) deliveries: Vec<Delivery>,
}

impl Draft {
    pub(super) fn get(&self, id: DeliveryId) -> Option<&Delivery> {
        self.deliveries.iter().find(|delivery| delivery.id == id)
    }

    pub(super) fn get_mut(&mut self, id: DeliveryId) -> Option<&mut Delivery> {
        self.deliveries.iter_mut().find(|delivery| delivery.id == id)
    }

    /// Changes one delivery; one that is not there stays so.
    pub(super) fn change(&mut self, id: DeliveryId, change: impl FnOnce(&mut Delivery)) {
        if let Some(delivery) = self.get_mut(id) {
            change(delivery);
        }
    }

    pub(super) fn transfers(&self) -> impl DoubleEndedIterator<Item = &Delivery> {
        self.deliveries.iter().filter(|delivery| delivery.kind == Kind::Transfer)
    }

    pub(super) fn returns(&self) -> impl DoubleEndedIterator<Item = &Delivery> {
        self.deliveries.iter().filter(|delivery| delivery.kind == Kind::Return)
    }

    /// Holds the front if it may not go, then says for everyone else whom they wait for.
    fn line_up(&mut self) {
        let in_flight = self.deliveries.iter().find(|delivery| delivery.stage() == Stage::InFlight).map(|one| one.id);
        let front = self.deliveries.iter().position(|delivery| !delivery.stage().settled());
        if let (Some(front), None) = (front, in_flight)
            && let Some(why) = self.objection(front)
        {
            self.deliveries[front].state = State::Held { why };
        }
        let front = front.map(|place| self.deliveries[place].id);
        for delivery in &mut self.deliveries {
            delivery.behind = match (delivery.stage(), front) {
                (Stage::Pending, Some(front)) if front != delivery.id => Some(front),
                // An older one that menta has changed is done once more, after what has overtaken it.
                (Stage::Pending, Some(_)) => in_flight,
                _ => None,
            };
        }
    }

    /// Why the delivery at `place`, whose turn it is, must not go.
    fn objection(&self, place: usize) -> Option<Hold> {
        let delivery = &self.deliveries[place];
        if delivery.stage() == Stage::Pending && delivery.has_blanked_people() {
            return Some(Hold::Blanked);
        }
        if delivery.stage() != Stage::Pending || delivery.kind != Kind::Transfer {
            return None;
        }
        if let Some(reversal) = self.reversal_of(delivery) {
            return Some(Hold::ReversalHeld { reversal: reversal.id });
        }
        if delivery.released || delivery.attempts > 0 {
            return None;
        }
        if let Some((reversal, taken_for)) = self.reversal_of_either(delivery) {
            return Some(Hold::ReversalOfEither { reversal, taken_for });
        }
        self.contradiction(delivery.from.as_ref()?, delivery.to.as_ref()?, place, Standing::Done)
    }

    /// The recorded reversal that concerns `sale` and that nobody has dismissed.
    pub(super) fn reversal_of(&self, sale: &Delivery) -> Option<&Delivery> {
        self.returns().find(|one| {
            let dismissed = matches!(one.state, State::Cancelled { why: Cancellation::Operator { .. } });
            let concerns = one.counterpart == Some(sale.id)
                || (one.counterpart.is_none()
                    && matches!(&one.state, State::Held { why } if why.leaves_sale_open())
                    && match &one.resale {
                        Some(_) => one.resale == sale.resale,
                        None => same_parties((&one.from, &one.to), (&sale.from, &sale.to)),
                    });
            concerns && !dismissed
        })
    }

    /// A reversal that tells its sale by the people alone, who may stand either way round, and the other sale it was taken to
    /// undo: it came before `sale`, whose people are the same.
    fn reversal_of_either(&self, sale: &Delivery) -> Option<(DeliveryId, DeliveryId)> {
        if sale.resale.is_some() {
            return None;
        }
        self.returns().filter(|back| back.resale.is_none()).find_map(|back| {
            let other = back.counterpart.filter(|other| *other != sale.id)?;
            let people = self.get(other).map(|one| (&one.from, &one.to))?;
            same_parties(people, (&sale.from, &sale.to)).then_some((back.id, other))
        })
    }

    /// Why a sale from `seller` to `buyer` contradicts what stands before `place`.
    pub(super) fn contradiction(
        &self,
        seller: &Person,
        buyer: &Person,
        place: usize,
        standing: Standing,
    ) -> Option<Hold> {
        let before = &self.deliveries[..place];
        // The transfers that stand, the last on top; and by what, and to whom, the ticket last moved.
        let mut standing_transfers: Vec<&Delivery> = Vec::new();
        let mut owner: Option<(&Person, DeliveryId)> = None;
        for delivery in before.iter().filter(|delivery| standing.counts(delivery)) {
            match delivery.kind {
                Kind::Transfer => standing_transfers.push(delivery),
                Kind::Return => standing_transfers.retain(|transfer| Some(transfer.id) != delivery.counterpart),
            }
            owner = delivery.to.as_ref().map(|to| (to, delivery.id));
        }
        if let Some((owner, owner_since)) = owner
            && owner != seller
        {
            let repeats_the_last = standing_transfers.last().is_some_and(|last| {
                last.from.as_ref() == Some(seller) && last.to.as_ref() == Some(buyer) && owner == buyer
            });
            return (!repeats_the_last).then_some(Hold::NotTheOwner { owner_since });
        }
        if let Some(sold) = standing_transfers.iter().find(|transfer| transfer.from.as_ref() == Some(buyer)) {
            return Some(Hold::SoldBefore { sold: sold.id });
        }
        if owner.is_none()
            && let Some(cancelled) = before.iter().rev().find(|delivery| {
                delivery.kind == Kind::Transfer
                    && delivery.stage() == Stage::Cancelled
                    && delivery.to.as_ref().is_none_or(|buyer| buyer == seller)
            })
        {
            return Some(Hold::NeverReceived { cancelled: cancelled.id });
        }
        None
    }

    /// A sale other than `sale` that passed the ticket on from its buyer, or may; where menta named no buyer, it may be anybody
    /// but the seller.
    pub(super) fn moved_on_through(&self, sale: &Delivery) -> Option<&Delivery> {
        self.transfers().find(|other| {
            let from_its_buyer = match &sale.to {
                Some(buyer) => other.from.as_ref() == Some(buyer),
                None => other.from.is_some() && other.from != sale.from,
            };
            other.id != sale.id && matters(other) && from_its_buyer
        })
    }

    /// A sale that stands in the way of taking `sale` back: one that came after it, or one between the same two people, and
    /// has not been taken back itself.
    pub(super) fn standing_against(&self, sale: &Delivery) -> Option<&Delivery> {
        self.transfers().rev().find(|other| {
            let taken_back = other
                .counterpart
                .and_then(|id| self.get(id))
                .is_some_and(|back| matches!(back.stage(), Stage::Pending | Stage::InFlight | Stage::Delivered));
            let counts =
                other.id > sale.id || (other.id != sale.id && (&other.from, &other.to) == (&sale.from, &sale.to));
            counts && matters(other) && !taken_back
        })
    }
}

/// It moved the ticket, may have, or will.
fn matters(transfer: &Delivery) -> bool {
    transfer.stage() != Stage::Cancelled || transfer.evidence != Evidence::NotDone
}

/// Which deliveries are taken to have moved the ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Those that did: for a delivery whose turn it is.
    Done,
    /// Those that did and those on their way: for a sale that has just come in.
    Expected,
}

impl Standing {
    fn counts(self, delivery: &Delivery) -> bool {
        match self {
            Self::Done => delivery.stage() == Stage::Delivered,
            Self::Expected => !matches!(delivery.stage(), Stage::Held | Stage::Cancelled),
        }
    }
}

/// The same two people, either way round.
pub(super) fn same_parties(one: (&Option<Person>, &Option<Person>), other: (&Option<Person>, &Option<Person>)) -> bool {
    one.0.is_some() && one.1.is_some() && (one == other || (one.0, one.1) == (other.1, other.0))
}
