//! menta: who sells which ticket to whom, what is corrected and what is taken back; and the words of the webhooks that tell
//! of it. Knows the truth. Does not know what reached the ledger.
//!
//! **menta's owner** of a ticket is the buyer of its last sale that was not taken back, or the first owner if there is none.
//! Nothing in a webhook tells an older version of a sale from a newer one: what was said last is what counts.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Everybody who trades. The first owns every ticket at the start.
pub const PEOPLE: [&str; 5] = ["ana", "bob", "cleo", "dora", "eve"];

/// A person that no sale is about.
pub const STRANGER: &str = "zoe";

/// By its number; written `T1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub usize);

impl std::fmt::Display for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "T{}", self.0 + 1)
    }
}

/// Something menta does. What makes no sense any more, because an earlier deed was left out, is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// The owner offers a ticket, with others in one listing.
    Lists { ticket: Ticket, group: usize },
    /// The owner sells to `to`; `resale` is menta's number for it, if the webhook shall carry one.
    Sells { ticket: Ticket, to: &'static str, resale: Option<usize> },
    /// Another buyer, or another name on the ticket, for the sale that was deed `sale`.
    Corrects { sale: usize, to: Option<&'static str>, nominal: u8 },
    /// The sale that was deed `sale` is taken back.
    Reverses { sale: usize, people: Named },
}

/// Whom the e-mail fields of a reversal name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// The seller as the old owner.
    AsTheSale,
    /// The seller as the new owner.
    TheOtherWayRound,
    /// Somebody who has nothing to do with it.
    Strangers,
}

/// What is wrong with a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Nothing.
    Proper,
    /// Nothing: the same words, spelled another way.
    Respelled,
    /// No `id`.
    NoTicket,
    /// No `newOwnerEmail`.
    NoBuyer,
    /// No `oldOwnerEmail`.
    NoSeller,
    /// `reversal` as a text.
    TextForBoolean,
    /// A key twice.
    KeyTwice,
}

impl Form {
    /// Says all that it should, so that it can be understood.
    pub fn sound(self) -> bool {
        matches!(self, Self::Proper | Self::Respelled)
    }
}

/// A sale as menta knows it.
#[derive(Debug, Clone)]
pub struct Sale {
    pub ticket: Ticket,
    pub resale: Option<usize>,
    pub from: &'static str,
    /// The buyer and the name on the ticket.
    pub said: (&'static str, String),
    /// The deed that took it back.
    pub reversed: Option<usize>,
}

/// The words of one deed.
#[derive(Debug, Clone)]
pub enum Words {
    Listing { ticket: Ticket, group: usize },
    Update(Update),
}

/// A `ticket.updated`.
#[derive(Debug, Clone)]
pub struct Update {
    /// The deed that was the sale.
    pub sale: usize,
    pub reversal: bool,
    pub ticket: Ticket,
    pub resale: Option<usize>,
    pub from: &'static str,
    pub to: &'static str,
    pub nominal: String,
}

#[derive(Debug, Clone, Default)]
pub struct Menta {
    pub sales: BTreeMap<usize, Sale>,
    pub words: BTreeMap<usize, Words>,
}

impl Menta {
    /// What became of a ticket, and who has it.
    pub fn owner(&self, ticket: Ticket) -> &'static str {
        self.last_standing(ticket).map_or(PEOPLE[0], |(_, sale)| sale.said.0)
    }

    pub fn last_standing(&self, ticket: Ticket) -> Option<(usize, &Sale)> {
        let standing = |(_, sale): &(&usize, &Sale)| sale.ticket == ticket && sale.reversed.is_none();
        self.sales.iter().rev().find(standing).map(|(deed, sale)| (*deed, sale))
    }

    /// Does it, and says it in a sentence; `None` if it makes no sense.
    pub fn act(&mut self, number: usize, deed: &Deed) -> Option<String> {
        match *deed {
            Deed::Lists { ticket, group } => {
                self.words.insert(number, Words::Listing { ticket, group });
                Some(format!("{} offers {ticket}", self.owner(ticket)))
            }
            Deed::Sells { ticket, to, resale } => {
                let from = self.owner(ticket);
                if from == to {
                    return None;
                }
                let sale = Sale { ticket, resale, from, said: (to, to.to_owned()), reversed: None };
                self.say(number, number, &sale);
                self.sales.insert(number, sale);
                Some(format!("{from} sells {ticket} to {to}"))
            }
            Deed::Corrects { sale: key, to, nominal } => {
                let mut sale = self.sales.get(&key)?.clone();
                // Once it is sold on or taken back there is nothing to correct.
                let last = self.sales.iter().rev().find(|(_, one)| one.ticket == sale.ticket)?.0;
                if *last != key || sale.reversed.is_some() || to == Some(sale.from) {
                    return None;
                }
                // Without a number the buyer is part of what names the sale.
                let to = to.filter(|_| sale.resale.is_some()).unwrap_or(sale.said.0);
                sale.said = (to, format!("{to} {nominal}"));
                self.say(number, key, &sale);
                let sentence = format!("the sale of {} goes to {}", sale.ticket, sale.said.1);
                self.sales.insert(key, sale);
                Some(sentence)
            }
            Deed::Reverses { sale: key, people } => {
                let sale = self.sales.get_mut(&key)?;
                if sale.reversed.is_some() {
                    return None;
                }
                sale.reversed = Some(number);
                let (from, to) = match people {
                    Named::AsTheSale => (sale.from, sale.said.0),
                    Named::TheOtherWayRound => (sale.said.0, sale.from),
                    Named::Strangers => (STRANGER, "yves"),
                };
                let (ticket, resale, nominal) = (sale.ticket, sale.resale, sale.said.1.clone());
                let sentence = format!("the sale of {ticket} from {} to {} is taken back", sale.from, sale.said.0);
                let update = Update { sale: key, reversal: true, ticket, resale, from, to, nominal };
                self.words.insert(number, Words::Update(update));
                Some(sentence)
            }
        }
    }

    /// What is worth counting about deed `number`, which was done.
    pub fn remarks(&self, number: usize, deed: &Deed) -> Vec<&'static str> {
        let of_ticket = |ticket: Ticket| self.sales.iter().filter(move |(_, sale)| sale.ticket == ticket);
        match *deed {
            Deed::Lists { .. } => vec!["lists, with others"],
            Deed::Sells { ticket, to, resale } => {
                let before = || of_ticket(ticket).filter(|(deed, _)| **deed < number);
                let mut remarks = vec![if resale.is_some() { "sells, with a resale id" } else { "sells, without one" }];
                if before().filter(|(_, sale)| sale.reversed.is_none()).count() >= 2 {
                    remarks.push("sells on, a third time or more");
                }
                if before().any(|(_, sale)| sale.from == to) {
                    remarks.push("sells back to a former owner");
                }
                if resale.is_some_and(|resale| resale < number) {
                    remarks.push("sells another ticket of the same purchase");
                }
                remarks
            }
            Deed::Corrects { to, .. } => vec![if to.is_some() { "corrects the buyer" } else { "corrects the name" }],
            Deed::Reverses { sale, people } => {
                let ticket = self.sales[&sale].ticket;
                let last = of_ticket(ticket).all(|(deed, _)| *deed <= sale);
                vec![
                    if last { "takes the last link back" } else { "takes a link back that was followed by others" },
                    match people {
                        Named::AsTheSale => "names people as the sale did",
                        Named::TheOtherWayRound => "names people the other way round",
                        Named::Strangers => "names strangers",
                    },
                ]
            }
        }
    }

    fn say(&mut self, number: usize, key: usize, sale: &Sale) {
        let update = Update {
            sale: key,
            reversal: false,
            ticket: sale.ticket,
            resale: sale.resale,
            from: sale.from,
            to: sale.said.0,
            nominal: sale.said.1.clone(),
        };
        self.words.insert(number, Words::Update(update));
    }

    /// The words of a deed that was a sale, a correction or a reversal.
    pub fn update(&self, deed: usize) -> Option<&Update> {
        match self.words.get(&deed)? {
            Words::Update(update) => Some(update),
            Words::Listing { .. } => None,
        }
    }

    /// Everybody menta ever named as an owner of a ticket.
    pub fn ever_owned(&self, ticket: Ticket, person: &str) -> bool {
        person == PEOPLE[0]
            || self.words.values().any(|words| match words {
                Words::Update(update) => update.ticket == ticket && !update.reversal && update.to == person,
                Words::Listing { .. } => false,
            })
    }

    /// Sales that a reversal of `key` may be about, for all that its webhook says: without a number, any between the two.
    pub fn alike(&self, key: usize) -> Vec<usize> {
        let Some(sale) = self.sales.get(&key) else { return Vec::new() };
        let people = |one: &Sale| (one.ticket, one.from, one.said.0);
        let like = |other: &Sale| people(other) == people(sale);
        match sale.resale {
            Some(_) => vec![key],
            None => self.sales.iter().filter(|(_, other)| like(other)).map(|(key, _)| *key).collect(),
        }
    }
}

impl Words {
    pub fn ticket(&self) -> Ticket {
        match self {
            Self::Listing { ticket, .. } => *ticket,
            Self::Update(update) => update.ticket,
        }
    }

    /// The bytes menta sends.
    pub fn body(&self, form: Form) -> String {
        match self {
            Self::Listing { ticket, group } => {
                let data = json!({
                    "ticketId": ticket.to_string(),
                    "listingId": format!("l-{group}-{ticket}"),
                    "groupId": format!("g-{group}"),
                    "listingPrice": 50,
                });
                let message = json!({ "family": "listing", "action": "listing.created", "data": data });
                json!({ "message": message }).to_string()
            }
            Self::Update(update) => update.body(form),
        }
    }

    /// As a step of a scenario file.
    pub fn step(&self, form: Form, name: &str, answer: &str) -> String {
        let answer = if answer == "stored" { String::new() } else { format!(", answer = \"{answer}\"") };
        match self {
            Self::Update(update) if form == Form::Proper => {
                let verb = if update.reversal { "reversal" } else { "sale" };
                let ticket =
                    if update.ticket.0 == 0 { String::new() } else { format!("ticket = \"{}\", ", update.ticket) };
                let resale = update.resale.map_or(String::new(), |resale| format!("resale = \"r{resale}\", "));
                let nominal = match update.nominal == update.to {
                    true => String::new(),
                    false => format!(", nominal = \"{}\"", update.nominal),
                };
                let (from, to) = (update.from, update.to);
                format!(
                    "{verb} = {{ as = \"{name}\", {ticket}{resale}from = \"{from}\", to = \"{to}\"{nominal}{answer} }}"
                )
            }
            _ => format!("webhook = {{ as = \"{name}\", body = '{}'{answer} }}", self.body(form)),
        }
    }
}

impl Update {
    fn body(&self, form: Form) -> String {
        let mut order = json!({ "grossResalePaidAmount": 57.5 });
        if let Some(resale) = self.resale {
            order["resaleId"] = format!("r{resale}").into();
        }
        let mut data = json!({
            "id": self.ticket.to_string(),
            "newOwnerEmail": self.to,
            "oldOwnerEmail": self.from,
            "reversal": self.reversal,
            "metadata": { "nominal": { "fullName": self.nominal }, "order": order },
        });
        let mut without = |field: &str| {
            if let Value::Object(members) = &mut data {
                members.remove(field);
            }
        };
        match form {
            Form::NoTicket => without("id"),
            Form::NoBuyer => without("newOwnerEmail"),
            Form::NoSeller => without("oldOwnerEmail"),
            Form::TextForBoolean => data["reversal"] = self.reversal.to_string().into(),
            Form::Proper | Form::Respelled | Form::KeyTwice => {}
        }
        let (family, action, kind) = ("ticket", "ticket.updated", "USER_TRANSFER");
        match form {
            Form::Respelled => {
                format!(r#"{{ "data":{data}, "type":"{kind}", "action":"{action}", "family":"{family}" }}"#)
            }
            Form::KeyTwice => {
                let twice = data.to_string().replacen('{', &format!("{{\"reversal\":{},", self.reversal), 1);
                format!(r#"{{"family":"{family}","action":"{action}","type":"{kind}","data":{twice}}}"#)
            }
            _ => {
                let message = json!({ "family": family, "action": action, "type": kind, "data": data });
                json!({ "message": message }).to_string()
            }
        }
    }
}
