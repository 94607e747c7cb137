//! Who owns and offers what, so that traffic makes sense: sellers sell what they have, offers end, and some people come
//! again and again. Everything follows from the seed.

use std::collections::VecDeque;

use chrono::{Duration, SecondsFormat};

use super::cast::{Country, Fan, SHOWS, Show};
use super::manner::Manner;
use super::payloads::{Deal, Money, Offer, Selection, Wish};
use crate::domain::Timestamp;

/// How much is remembered: an endless demo must not grow.
const REMEMBERED: usize = 200;

/// A ticket is sold on while fewer than this many had it: there must be somebody left to buy it.
const MOST_HANDS: usize = 5;

/// What is remembered of the market.
pub(super) struct World {
    pub(super) random: fastrand::Rng,
    /// Sales after which the buyer has the ticket, and that the platform settles without trouble: what may be sold on,
    /// or reversed.
    pub(super) owned: VecDeque<Deal>,
    /// Tickets on offer.
    pub(super) offers: VecDeque<Offer>,
    /// Subscriptions.
    pub(super) wishes: VecDeque<Wish>,
    /// How many seats of each show have been used.
    seats: [u32; SHOWS.len()],
    now: Timestamp,
}

impl World {
    pub(super) fn new(seed: u64, opened: Timestamp) -> Self {
        Self {
            random: fastrand::Rng::with_seed(seed),
            owned: VecDeque::new(),
            offers: VecDeque::new(),
            wishes: VecDeque::new(),
            seats: [0; SHOWS.len()],
            now: opened,
        }
    }

    /// Lets time pass.
    pub(super) fn pass(&mut self, time: std::time::Duration) {
        self.now += Duration::from_std(time).unwrap_or_default();
    }

    pub(super) fn show(&mut self) -> &'static Show {
        &SHOWS[self.random.usize(..SHOWS.len())]
    }

    /// One of the country's fans, but none of `but`, which are fewer; the first ones come more often.
    pub(super) fn fan(&mut self, country: &'static Country, but: &[&Fan]) -> &'static Fan {
        loop {
            let count = country.fans.len();
            let place = self.random.usize(..count).min(self.random.usize(..count));
            let fan = &country.fans[place];
            if !but.contains(&fan) {
                return fan;
            }
        }
    }

    /// 24 hexadecimal digits, as menta's own ids are.
    pub(super) fn menta_id(&mut self) -> String {
        (0..24).map(|_| char::from_digit(self.random.u32(..16), 16).unwrap_or('0')).collect()
    }

    fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| self.random.digit(10)).collect()
    }

    fn price(&mut self, country: &Country) -> Money {
        let (low, high, step) = country.prices;
        // Most tickets are cheap.
        let steps = (high - low) / step;
        let place = self.random.i64(0..=steps).min(self.random.i64(0..=steps));
        Money((low + place * step) * 100)
    }

    /// A seat that was not met yet; the platform will treat it in that manner, if one is asked for.
    pub(super) fn ticket(&mut self, show: &Show, manner: Option<Manner>) -> String {
        let place = SHOWS.iter().position(|one| one == show).unwrap_or_default();
        loop {
            self.seats[place] += 1;
            let ticket = format!("{}-{}", show.venue, seat(self.seats[place]));
            if manner.is_none_or(|wanted| Manner::of(&ticket) == wanted) {
                return ticket;
            }
        }
    }

    /// Somebody sells a ticket they bought on the platform.
    pub(super) fn sale(&mut self, manner: Option<Manner>) -> Deal {
        let show = self.show();
        let ticket = self.ticket(show, manner);
        let seller = self.fan(show.country, &[]);
        let price = self.price(show.country);
        self.sold(show, ticket, &[seller], price)
    }

    /// An offer finds its buyer.
    pub(super) fn sale_of(&mut self, offer: Offer) -> Deal {
        self.sold(offer.show, offer.ticket, &[offer.seller], offer.price)
    }

    /// The buyer of `deal` sells on, at a little more or less.
    pub(super) fn sale_after(&mut self, deal: &Deal) -> Deal {
        let price = deal.price.percent(self.random.i64(88..=125));
        self.undone(deal);
        let hands: Vec<_> = deal.hands.iter().copied().chain([deal.buyer]).collect();
        self.sold(deal.show, deal.ticket.clone(), &hands, price)
    }

    /// `hands` are all who had the ticket, the seller last. None of them buys it back: that could not be told from an
    /// older sale come late.
    fn sold(&mut self, show: &'static Show, ticket: String, hands: &[&'static Fan], price: Money) -> Deal {
        self.offers.retain(|offer| offer.ticket != ticket);
        let buyer = self.fan(show.country, hands);
        let deal = Deal { show, ticket, hands: hands.to_vec(), buyer, price, resale: self.menta_id() };
        let smooth = matches!(Manner::of(&deal.ticket), Manner::Prompt | Manner::Slow);
        if smooth && hands.len() < MOST_HANDS {
            remember(&mut self.owned, deal.clone());
        }
        deal
    }

    /// Somebody offers `count` tickets for one show in one operation.
    pub(super) fn offer(&mut self, count: usize) -> Vec<Offer> {
        let show = self.show();
        let seller = self.fan(show.country, &[]);
        let (group, price, account) =
            (self.menta_id(), self.price(show.country), self.digits(show.country.account_digits));
        let offers: Vec<Offer> = (0..count)
            .map(|_| Offer {
                show,
                ticket: self.ticket(show, None),
                seller,
                listing: self.menta_id(),
                group: group.clone(),
                several: count > 1,
                price,
                account: account.clone(),
            })
            .collect();
        for offer in &offers {
            remember(&mut self.offers, offer.clone());
        }
        offers
    }

    /// The price of some offer changes.
    pub(super) fn reprice(&mut self) -> Option<Offer> {
        let place = self.random.usize(..self.offers.len().max(1));
        let percent = self.random.i64(80..=97);
        let offer = self.offers.get_mut(place)?;
        offer.price = offer.price.percent(percent);
        Some(offer.clone())
    }

    /// Takes some offer off the market.
    pub(super) fn withdraw(&mut self) -> Option<Offer> {
        let place = self.random.usize(..self.offers.len().max(1));
        self.offers.remove(place)
    }

    /// Some standing sale, newest rather than oldest.
    pub(super) fn standing(&mut self) -> Option<Deal> {
        let count = self.owned.len().max(1);
        let place = self.random.usize(..count).max(self.random.usize(..count));
        self.owned.get(place).cloned()
    }

    /// `deal` stands no more.
    pub(super) fn undone(&mut self, deal: &Deal) {
        self.owned.retain(|one| one.resale != deal.resale);
    }

    /// Somebody wishes for tickets, or changes an earlier wish.
    pub(super) fn wish(&mut self) -> Wish {
        let now = self.now.to_rfc3339_opts(SecondsFormat::Millis, true);
        if self.random.u8(..4) == 0
            && let Some(mut wish) = self.wishes.pop_front()
        {
            wish.updated_at = now;
            if self.random.bool() {
                wish.status = "CANCELLED";
            } else {
                wish.ticket_quantity = self.random.u8(1..=6);
                self.wishes.push_back(wish.clone());
            }
            return wish;
        }
        let show = self.show();
        let options = self.random.usize(1..=show.options.len());
        let selections = show.options[..options]
            .iter()
            .map(|option| Selection { ticket_option_id: option, price_limit: self.price(show.country) })
            .collect();
        let wish = Wish {
            id: self.menta_id(),
            show_id: show.show,
            event_id: show.event,
            user_email: self.fan(show.country, &[]).email,
            status: "ACTIVE",
            ticket_quantity: self.random.u8(1..=4),
            ticket_option_selections: selections,
            created_at: now.clone(),
            updated_at: now,
        };
        remember(&mut self.wishes, wish.clone());
        wish
    }
}

/// The seat met as the `number`th: each of 8 blocks x 40 rows x 32 seats once, in an order that looks like chance.
fn seat(number: u32) -> String {
    // 7919 is prime to the number of seats, so that its multiples meet every one.
    let place = number.wrapping_mul(7919) % (8 * 40 * 32);
    let (block, row, seat) = (place / (40 * 32), place / 32 % 40 + 1, place % 32 + 1);
    format!("{}{row:02}-{seat:02}", char::from_digit(10 + block, 18).unwrap_or('a').to_ascii_uppercase())
}

fn remember<T>(all: &mut VecDeque<T>, one: T) {
    if all.len() == REMEMBERED {
        all.pop_front();
    }
    all.push_back(one);
}
