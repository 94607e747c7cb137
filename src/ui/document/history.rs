//! Records as lines: what came, what was tried, what a person did.

use super::event::gist;
use super::{Joint, Line, Source, Span, Writer, span};
use crate::domain::ids::Seq;
use crate::domain::record::{AttemptFinished, Fact, Record};
use crate::domain::webhook::Webhook;
use crate::ui::gist::object;
use crate::ui::subject::Subject;
use crate::ui::theme::Role;
use crate::ui::{text, when, words};

/// Lines of a target's answer that are shown.
const MOST_ANSWER_LINES: usize = 40;

/// Cells of the column that says what sort of thing happened.
const WHAT: usize = 26;

/// One record and the states it led to.
pub(super) fn write(writer: &mut Writer<'_>, record: &Record) {
    let privacy = writer.privacy;
    writer.source = Some(Source::Record(record.seq));
    let (role, what, says, link) = match &record.head.fact {
        Fact::Received(fact) => {
            let says = match (fact.duplicate_of, Webhook::parse(&record.body)) {
                (Some(first), _) => format!("repeats event {first}"),
                (None, Ok(webhook)) => gist(&webhook, privacy),
                (None, Err(error)) => error.to_string(),
            };
            (Role::Brand, fact.action.clone(), says, Some(Subject::Event(record.seq)))
        }
        Fact::Rejected(fact) => {
            (Role::Bad, fact.code.clone(), privacy.text(&fact.message), Some(Subject::Rejected(record.seq)))
        }
        Fact::AttemptStarted(fact) => {
            let what = format!("» attempt {}", fact.attempt);
            (Role::Busy, what, format!("{} to {}", fact.delivery, fact.target), Some(Subject::Delivery(fact.delivery)))
        }
        Fact::AttemptFinished(fact) => {
            let (word, role) = words::outcome(fact.answer.outcome);
            let says = format!("{} {}, {} ms", fact.delivery, fact.answer.text, fact.answer.latency_ms);
            (
                role,
                format!("{word} (attempt {})", fact.attempt),
                privacy.text(&says),
                Some(Subject::Delivery(fact.delivery)),
            )
        }
        Fact::OperatorActed(fact) => {
            let about = object(&fact.action);
            let why = if fact.why.is_empty() { String::new() } else { format!(": {}", privacy.text(&fact.why)) };
            let says = format!("{about} by {}{why}", fact.who);
            (Role::Key, format!("▸ {}", fact.action.name()), says, fact.action.delivery().map(Subject::Delivery))
        }
    };
    let time = text::left(&when::time(record.head.at, writer.now), 11);
    let room = writer.width.saturating_sub(11 + WHAT + 4);
    let mut lead =
        vec![span(Role::Faint, format!("  {time} ")), span(role, text::left(&what, WHAT)), span(Role::Plain, " ")];
    for (index, piece) in writer.pieces(&text::visible(&says), room.max(20)).into_iter().enumerate() {
        let joint = if index == 0 { Joint::Own } else { Joint::before(&piece) };
        lead.push(Span { text: piece.text, role: Role::Plain });
        writer.put(Line { spans: lead, link: link.clone(), joint, value: Some(says.clone()), ..Line::default() });
        lead = vec![span(Role::Plain, " ".repeat(15 + WHAT))];
    }
    for delivery in &record.head.deliveries {
        let (state, role) = words::stage(delivery.stage());
        let reason = delivery.reason().map_or(String::new(), |reason| format!("  {}", privacy.text(&reason)));
        let reason = text::fit(&reason, writer.width.saturating_sub(14 + WHAT + 22));
        writer.push(
            vec![
                span(Role::Plain, " ".repeat(15 + WHAT)),
                span(Role::Faint, format!("{} is ", delivery.id)),
                span(role, state),
                span(Role::Faint, reason),
            ],
            None,
        );
    }
    writer.source = None;
}

/// What went over the wire in an attempt: below its line.
pub(super) fn wire(writer: &mut Writer<'_>, seq: Seq, fact: &AttemptFinished, body: &[u8]) {
    let answer = &fact.answer;
    writer.source = Some(Source::Record(seq));
    for (name, value) in &answer.request_headers {
        let line = writer.privacy.text(&format!("> {name}: {value}"));
        writer.block(Role::Faint, 16, &line, 4);
    }
    if let Some(status) = answer.status {
        writer.block(Role::Plain, 16, &format!("< {status}"), 1);
    }
    for (name, value) in &answer.response_headers {
        let line = writer.privacy.text(&format!("< {name}: {value}"));
        writer.block(Role::Faint, 16, &line, 4);
    }
    if let Some(seconds) = answer.retry_after {
        writer.block(Role::Plain, 16, &format!("asked to wait {seconds} s"), 1);
    }
    if !body.is_empty() {
        let foreign = writer.privacy.bytes(body);
        let whole = writer.block(Role::Plain, 16, &foreign, MOST_ANSWER_LINES);
        if !whole || answer.truncated {
            writer.block(Role::Faint, 16, "… the rest of the answer is longer than shown", 1);
        }
    }
    writer.source = None;
}
