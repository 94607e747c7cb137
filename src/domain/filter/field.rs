//! What a field is, and a row as the language sees it.

use std::borrow::Cow;

use chrono::TimeDelta;

use crate::domain::Timestamp;
use crate::domain::decimal::Decimal;
use crate::domain::delivery::Delivery;
use crate::domain::query::{EventRow, RejectedRow};
use crate::domain::show::Show;
use crate::domain::webhook::Webhook;

/// A list that can be filtered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // as they are called everywhere
pub enum List {
    Events,
    Deliveries,
    Quarantine,
    Shows,
}

impl List {
    /// All, in the order of documents.
    pub const ALL: [Self; 4] = [Self::Events, Self::Deliveries, Self::Quarantine, Self::Shows];

    /// As people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Deliveries => "deliveries",
            Self::Quarantine => "quarantine",
            Self::Shows => "shows",
        }
    }

    /// Behind each of its rows stand the bytes of a request, in which words are looked for, too.
    pub fn has_bodies(self) -> bool {
        self != Self::Shows
    }
}

/// What the values of a field are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text: `:` looks in it, `=` is the whole; letter case aside.
    Text,
    /// An opaque id: `:` looks in it, letter case aside; `=` is the whole, exactly as it was sent.
    Id,
    /// A name, letter case aside; these are known, others occur.
    Name(&'static [&'static str]),
    /// One of these.
    Choice(&'static [&'static str]),
    /// A number of any length.
    Number,
    /// The number of a delivery, with or without its `d-`.
    Delivery,
    /// How long: from some moment to the present, or from the present to some moment.
    Span,
    /// A moment.
    Moment,
}

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // as their signs
pub enum Comparison {
    Has,
    Is,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Comparison {
    /// All; one that begins with another stands before it.
    pub const ALL: [Self; 6] = [Self::Has, Self::Is, Self::AtMost, Self::Less, Self::AtLeast, Self::More];

    /// As it is typed.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Has => ":",
            Self::Is => "=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
        }
    }

    /// Whether a value so ordered against the one asked for is wanted.
    pub fn admits(self, order: std::cmp::Ordering) -> bool {
        match self {
            Self::Has | Self::Is => order.is_eq(),
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::More => order.is_gt(),
            Self::AtLeast => order.is_ge(),
        }
    }
}

impl Kind {
    /// The comparisons that make sense.
    pub fn comparisons(self) -> &'static [Comparison] {
        use Comparison::{AtLeast, AtMost, Has, Is, Less, More};
        match self {
            Self::Text | Self::Id | Self::Name(_) | Self::Choice(_) => &[Has, Is],
            Self::Number | Self::Delivery | Self::Moment => &[Has, Is, Less, AtMost, More, AtLeast],
            Self::Span => &[Less, AtMost, More, AtLeast],
        }
    }

    /// The values that can be named beforehand.
    pub fn known(self) -> &'static [&'static str] {
        match self {
            Self::Name(known) | Self::Choice(known) => known,
            _ => &[],
        }
    }
}

/// What an index of a store knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Known {
    /// The events of a family.
    Family,
    /// The deliveries in a state.
    Stage,
    /// The deliveries of a kind.
    Kind,
    /// What is about a ticket, by its exact id.
    Ticket,
    /// The events that name a show, by its exact id.
    Show,
    /// The place of a row in its list.
    Place,
    /// When a row came, by its place.
    Came,
}

/// Something a row has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// A text, an id, a name or a choice.
    Text(Cow<'a, str>),
    /// A number.
    Number(Decimal),
    /// So long.
    Span(TimeDelta),
    /// A moment.
    Moment(Timestamp),
}

/// How a field is read from a row.
#[derive(Debug)]
pub enum Read<R> {
    /// From the row, at a present.
    Row(for<'a> fn(&'a R, Timestamp) -> Vec<Value<'a>>),
    /// From the bytes behind it.
    Body(for<'a> fn(&'a [u8]) -> Vec<Value<'a>>),
}

impl<R> Clone for Read<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Read<R> {}

/// A line of the table of fields.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// As it is typed.
    pub name: &'static str,
    /// Other names for it.
    pub aliases: &'static [&'static str],
    /// What its values are.
    pub kind: Kind,
    /// What it is, in a few words.
    pub means: &'static str,
    /// A condition with it.
    pub example: &'static str,
    /// The index that knows it.
    pub known: Option<Known>,
    /// Neither its values nor what is asked of them are about one person, one ticket or one delivery.
    pub impersonal: bool,
    event: Option<Read<EventRow>>,
    delivery: Option<Read<Delivery>>,
    rejected: Option<Read<RejectedRow>>,
    show: Option<Read<Show>>,
}

/// Fields are the same when they are called the same.
impl PartialEq for Field {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Field {}

impl Field {
    /// A field that no list has yet.
    pub(super) const fn new(name: &'static str, kind: Kind, means: &'static str, example: &'static str) -> Self {
        let (event, delivery, rejected, show) = (None, None, None, None);
        Self {
            name,
            aliases: &[],
            kind,
            means,
            example,
            known: None,
            impersonal: false,
            event,
            delivery,
            rejected,
            show,
        }
    }

    pub(super) const fn or(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    pub(super) const fn known(self, known: Known) -> Self {
        Self { known: Some(known), ..self }
    }

    pub(super) const fn impersonal(self) -> Self {
        Self { impersonal: true, ..self }
    }

    pub(super) const fn events(self, read: for<'a> fn(&'a EventRow, Timestamp) -> Vec<Value<'a>>) -> Self {
        Self { event: Some(Read::Row(read)), ..self }
    }

    pub(super) const fn event_bodies(self, read: for<'a> fn(&'a [u8]) -> Vec<Value<'a>>) -> Self {
        Self { event: Some(Read::Body(read)), ..self }
    }

    pub(super) const fn deliveries(self, read: for<'a> fn(&'a Delivery, Timestamp) -> Vec<Value<'a>>) -> Self {
        Self { delivery: Some(Read::Row(read)), ..self }
    }

    pub(super) const fn delivery_bodies(self, read: for<'a> fn(&'a [u8]) -> Vec<Value<'a>>) -> Self {
        Self { delivery: Some(Read::Body(read)), ..self }
    }

    pub(super) const fn quarantine(self, read: for<'a> fn(&'a RejectedRow, Timestamp) -> Vec<Value<'a>>) -> Self {
        Self { rejected: Some(Read::Row(read)), ..self }
    }

    pub(super) const fn rejected_bodies(self, read: for<'a> fn(&'a [u8]) -> Vec<Value<'a>>) -> Self {
        Self { rejected: Some(Read::Body(read)), ..self }
    }

    pub(super) const fn shows(self, read: for<'a> fn(&'a Show, Timestamp) -> Vec<Value<'a>>) -> Self {
        Self { show: Some(Read::Row(read)), ..self }
    }

    /// Whether the rows of `list` have it.
    pub fn is_of(&self, list: List) -> bool {
        match list {
            List::Events => self.event.is_some(),
            List::Deliveries => self.delivery.is_some(),
            List::Quarantine => self.rejected.is_some(),
            List::Shows => self.show.is_some(),
        }
    }

    /// Whether it goes by this name, letter case aside.
    pub fn is_called(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name) || self.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
    }
}

/// A row of a list.
pub trait Row: Sized {
    /// Its list.
    const LIST: List;

    /// How `field` is read from such a row.
    fn read(field: &Field) -> Option<Read<Self>>;

    /// What words are looked for in, a line each, beside the body.
    fn text(&self) -> String;
}

impl Row for EventRow {
    const LIST: List = List::Events;

    fn read(field: &Field) -> Option<Read<Self>> {
        field.event
    }

    fn text(&self) -> String {
        let brief = &self.brief;
        lines([
            Some(self.seq.to_string().as_str()),
            Some(&self.family),
            Some(&self.action),
            self.kind.as_deref(),
            self.ticket.as_ref().map(|ticket| ticket.as_str()),
            brief.from.as_ref().and_then(|person| person.address()),
            brief.to.as_ref().and_then(|person| person.address()),
            brief.amount.as_deref(),
            brief.show.as_deref(),
            brief.note.as_deref(),
            brief.reversal.then_some("reversal"),
            self.duplicate_of.map(|_| "duplicate"),
            (self.drift > 0).then_some("drift"),
        ])
    }
}

impl Row for Delivery {
    const LIST: List = List::Deliveries;

    fn read(field: &Field) -> Option<Read<Self>> {
        field.delivery
    }

    fn text(&self) -> String {
        lines([
            Some(self.id.to_string().as_str()),
            Some(self.kind.name()),
            Some(self.stage().name()),
            self.ticket.as_ref().map(|ticket| ticket.as_str()),
            self.resale.as_ref().map(|resale| resale.as_str()),
            self.from.as_ref().and_then(|person| person.address()),
            self.to.as_ref().and_then(|person| person.address()),
            self.reason().as_deref(),
        ])
    }
}

impl Row for RejectedRow {
    const LIST: List = List::Quarantine;

    fn read(field: &Field) -> Option<Read<Self>> {
        field.rejected
    }

    fn text(&self) -> String {
        lines([
            Some(self.seq.to_string().as_str()),
            Some(&self.rejected.from),
            Some(&self.rejected.code),
            Some(&self.rejected.message),
            self.rejected.content_type.as_deref(),
            self.resent_as.map(|seq| seq.to_string()).as_deref(),
        ])
    }
}

impl Row for Show {
    const LIST: List = List::Shows;

    fn read(field: &Field) -> Option<Read<Self>> {
        field.show
    }

    fn text(&self) -> String {
        lines([Some(self.show.as_str()), self.event.as_deref(), Some(self.last.to_string().as_str())])
    }
}

fn lines<'t>(texts: impl IntoIterator<Item = Option<&'t str>>) -> String {
    texts.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

/// What a body says, without the names of its fields: `reversal` finds reversals, not every `"reversal": false`.
pub fn said(body: &[u8]) -> String {
    match Webhook::parse(body) {
        Ok(webhook) => webhook.tree.values(),
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    }
}
