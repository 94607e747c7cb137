//! Copying: a value, a payload, or a request as a command; masked unless revealed, and shown as well.

use super::Effect;
use crate::domain::delivery::Delivery;
use crate::domain::ids::Person;
use crate::domain::privacy::Privacy;
use crate::domain::record::{Fact, Record};
use crate::domain::request;
use crate::domain::webhook::Webhook;
use crate::ui::action::Action;
use crate::ui::copied::Copied;
use crate::ui::detail::Detail;
use crate::ui::document::{self, Data};
use crate::ui::exhibit;
use crate::ui::model::Model;
use crate::ui::theme::Role;
use crate::ui::{clipboard, curl};

/// Something to be copied.
struct Piece {
    what: String,
    text: String,
    notes: Vec<String>,
}

/// What a copying key gives, or why it gives nothing.
type Found = Result<Piece, String>;

/// What stands in masked texts: a line outside of the payload is copied as it was written, masked already.
const MASKED: &str = "•••";

/// Copies what the key says.
pub(super) fn copy(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(detail) = model.detail() else {
        model.toast(Role::Held, "open the row first: its values, payload and request can be copied there");
        return Vec::new();
    };
    let found = |privacy| match action {
        Action::CopyValue => value(detail, privacy),
        Action::CopyPayload => payload(detail, privacy),
        _ => command(model, detail, privacy),
    };
    let piece = match found(model.privacy) {
        Ok(piece) => piece,
        Err(says) => {
            model.toast(Role::Held, says);
            return Vec::new();
        }
    };
    let Piece { what, text, mut notes } = piece;
    // Said only where something was masked.
    let masked = text.contains(MASKED) || found(Privacy::Revealed).is_ok_and(|whole| whole.text != text);
    if model.privacy == Privacy::Masked && masked {
        let reveals = match model.keys.offers(Action::Reveal) {
            true => format!(": `{}` reveals it, then copy again", model.keys.named(Action::Reveal)),
            false => String::new(),
        };
        notes.insert(0, format!("personal data is masked{reveals}"));
    }
    let sent = clipboard::fits(&text);
    let effects = if sent { vec![Effect::Copy(text.clone())] } else { Vec::new() };
    model.copied = Some(Copied { what, notes, sent, text, scroll: 0 });
    effects
}

/// Scrolls what was copied.
pub(super) fn scroll(model: &mut Model, by: isize) {
    let width = usize::from(model.size.0);
    if let Some(copied) = &mut model.copied {
        let last = copied.lines(width).len().saturating_sub(1);
        copied.scroll = copied.scroll.saturating_add_signed(by).min(last);
    }
}

/// A key while what was copied is shown. False when it goes on to what it else does.
pub(super) fn copied_key(model: &mut Model, action: Option<Action>) -> bool {
    let page = isize::try_from(model.detail_rows() / 2).unwrap_or(isize::MAX);
    match action {
        Some(Action::Down) => scroll(model, 1),
        Some(Action::Up) => scroll(model, -1),
        Some(Action::PageDown | Action::HalfDown) => scroll(model, page),
        Some(Action::PageUp | Action::HalfUp) => scroll(model, -page),
        Some(Action::Top) => scroll(model, isize::MIN),
        Some(Action::Bottom) => scroll(model, isize::MAX),
        Some(Action::Back | Action::Open | Action::Quit) => model.copied = None,
        _ => {
            model.copied = None;
            return false;
        }
    }
    true
}

/// The value under the cursor.
fn value(detail: &Detail, privacy: Privacy) -> Found {
    let nothing = || Err("nothing to copy on this line".to_owned());
    let Some(line) = detail.document.lines.get(detail.cursor) else { return nothing() };
    let body = match &detail.data {
        Some(Data::Event(event)) => Some(&event.body),
        Some(Data::Delivery(delivery)) => Some(&delivery.body),
        _ => None,
    };
    let text = match (line.path(), body.map(|body| Webhook::parse(body))) {
        (Some(path), Some(Ok(webhook))) => document::at(&privacy.json(&webhook.tree), path).map(document::copied),
        _ => line.value.clone().or_else(|| Some(line.text().trim().to_owned())),
    };
    match text {
        Some(text) if !text.is_empty() => Ok(Piece { what: "the value".to_owned(), text, notes: Vec::new() }),
        _ => nothing(),
    }
}

/// The bytes of what is open, or of the record under the cursor.
fn payload(detail: &Detail, privacy: Privacy) -> Found {
    let (what, body) = match &detail.data {
        Some(Data::Event(event)) => (format!("event {}", event.row.seq), &event.body),
        Some(Data::Delivery(one)) => (format!("the message of {}", one.delivery.id), &one.body),
        Some(Data::Rejected(rejected)) => (format!("request {}", rejected.row.seq), &rejected.body),
        Some(Data::Ticket(timeline)) => match record(detail, &timeline.records) {
            Some(record) if !record.body.is_empty() => (format!("the bytes of record {}", record.seq), &record.body),
            _ => return Err("no payload here: go to an event or an answer".to_owned()),
        },
        Some(Data::Show(..) | Data::Comparison(_) | Data::Results(_)) | None => {
            return Err("no payload here: open an event".to_owned());
        }
    };
    Ok(Piece { text: text_of(&what, body, privacy)?, what, notes: Vec::new() })
}

fn text_of(what: &str, body: &[u8], privacy: Privacy) -> Result<String, String> {
    match std::str::from_utf8(body) {
        Ok("") => Err(format!("{what} is empty")),
        Ok(_) => Ok(privacy.bytes(body)),
        Err(error) => Err(format!(
            "{what} is no text: not UTF-8 from byte {} on, and cannot be copied as one",
            error.valid_up_to()
        )),
    }
}

fn record<'r>(detail: &Detail, records: &'r [Record]) -> Option<&'r Record> {
    let seq = detail.document.lines.get(detail.cursor)?.record()?;
    records.iter().find(|record| record.seq == seq)
}

/// The request as it came in, or the attempt as it goes out.
fn command(model: &Model, detail: &Detail, privacy: Privacy) -> Found {
    match &detail.data {
        Some(Data::Event(event)) => {
            received(model, format!("event {}", event.row.seq), &event.body, "application/json", privacy)
        }
        Some(Data::Rejected(rejected)) => {
            let kind = rejected.row.rejected.content_type.as_deref().unwrap_or("application/json");
            received(model, format!("request {}", rejected.row.seq), &rejected.body, kind, privacy)
        }
        Some(Data::Delivery(one)) => {
            let here = record(detail, &one.history).filter(|record| exhibit::attempt_of(record).is_some());
            let started = |record: &&Record| matches!(record.head.fact, Fact::AttemptStarted(_));
            match here.or_else(|| one.history.iter().rev().find(started)) {
                Some(record) => attempt(&one.delivery, &one.history, record, &one.body, privacy),
                None => Call {
                    delivery: &one.delivery,
                    attempt: one.delivery.attempts + 1,
                    key: &one.delivery.idempotency_key(),
                    target: model.status.as_ref().map_or("", |status| &status.target),
                    signed: false,
                }
                .command(&one.body, privacy),
            }
        }
        Some(Data::Ticket(timeline)) => {
            let Some(record) = record(detail, &timeline.records) else {
                return Err("no request here: go to an event or an attempt".to_owned());
            };
            let of =
                exhibit::attempt_of(record).and_then(|(id, _)| timeline.deliveries.iter().find(|one| one.id == id));
            match (&record.head.fact, of) {
                (Fact::Received(_), _) => {
                    received(model, format!("event {}", record.seq), &record.body, "application/json", privacy)
                }
                (_, Some(delivery)) => attempt(delivery, &timeline.records, record, &[], privacy),
                _ => Err("no request here: go to an event or an attempt".to_owned()),
            }
        }
        Some(Data::Show(..) | Data::Comparison(_) | Data::Results(_)) | None => {
            Err("no request here: open an event or a delivery".to_owned())
        }
    }
}

/// What menta sent, to this listener.
fn received(model: &Model, what: String, body: &[u8], kind: &str, privacy: Privacy) -> Found {
    let status = model.status.as_ref();
    let Some((listen, path)) = status.and_then(|status| Some((status.listen.as_deref()?, status.path.as_str()))) else {
        return Err("there is no listener to send it to".to_owned());
    };
    let listen = listen.replacen("0.0.0.0:", "127.0.0.1:", 1).replacen("[::]:", "[::1]:", 1);
    let text = text_of(&what, body, privacy)?;
    let mut notes = Vec::new();
    if path.contains('•') {
        notes.push("the secret in the path is left out: put it in the place of ••••".to_owned());
    }
    let command = curl::post(&format!("http://{listen}{path}"), &[("Content-Type", kind)], &text);
    match command {
        Ok(text) => Ok(Piece { what: format!("{what} as a command"), text, notes }),
        Err(why) => Err(format!("{what}: {why}")),
    }
}

/// What `record` of an attempt says was sent: of the delivery as it stood then, where the records reach back that far.
fn attempt(delivery: &Delivery, records: &[Record], record: &Record, body: &[u8], privacy: Privacy) -> Found {
    let of = exhibit::attempt_of(record);
    let mut same = records.iter().filter(|one| exhibit::attempt_of(one) == of);
    let began = same.clone().find_map(|one| match &one.head.fact {
        Fact::AttemptStarted(fact) => Some((fact, &one.head.deliveries)),
        _ => None,
    });
    let Some((fact, deliveries)) = began else {
        return Err("what was sent in this attempt is no longer on record".to_owned());
    };
    let signed = same.any(|one| match &one.head.fact {
        Fact::AttemptFinished(fact) => fact.answer.request_headers.iter().any(|(name, _)| name == "webhook-signature"),
        _ => false,
    });
    let delivery = deliveries.iter().find(|one| one.id == delivery.id).unwrap_or(delivery);
    let webhook = records.iter().find(|one| one.seq == delivery.event).map_or(body, |one| &one.body);
    Call { delivery, attempt: fact.attempt, key: &fact.key, target: &fact.target, signed }.command(webhook, privacy)
}

/// A call to the target.
struct Call<'a> {
    delivery: &'a Delivery,
    attempt: u32,
    key: &'a str,
    target: &'a str,
    signed: bool,
}

impl Call<'_> {
    fn command(&self, webhook: &[u8], privacy: Privacy) -> Found {
        let what = format!("attempt {} of {}", self.attempt, self.delivery.id);
        if !self.target.starts_with("http://") && !self.target.starts_with("https://") {
            return Err(format!("{what} goes to no URL, so it is no curl command"));
        }
        // An address is masked wherever it stands; a phone number in its place is given away by no field's name here.
        let person = |one: Option<&Person>| match one {
            Some(one) if !one.as_str().contains('@') => Some(Person(privacy.person(one))),
            one => one.cloned(),
        };
        let (from, to) = (person(self.delivery.from.as_ref()), person(self.delivery.to.as_ref()));
        let delivery = Delivery { from, to, ..self.delivery.clone() };
        let body = request::body(&delivery, self.attempt, webhook)?;
        let text = text_of(&what, &body, privacy)?;
        let mut notes = Vec::new();
        if self.target.contains("?…") {
            notes.push("what follows the question mark of the target is left out".to_owned());
        }
        if self.signed {
            notes.push("its signature is left out: it is made anew for every attempt".to_owned());
        }
        let headers = [("Content-Type", "application/json"), ("Idempotency-Key", self.key)];
        match curl::post(self.target, &headers, &text) {
            Ok(text) => Ok(Piece { what: format!("{what} as a command"), text, notes }),
            Err(why) => Err(format!("{what}: {why}")),
        }
    }
}
