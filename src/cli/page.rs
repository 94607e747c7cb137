//! The text that people read: rows of the lists, and one thing in full; personal data masked unless it is to be revealed.

use std::io::{self, Write};

use chrono::SecondsFormat;

use super::table::{Table, shortened};
use crate::domain::Timestamp;
use crate::domain::blanking;
use crate::domain::delivery::Delivery;
use crate::domain::ids::Person;
use crate::domain::json::Json;
use crate::domain::privacy::Privacy;
use crate::domain::query::{EventDetail, EventRow, RejectedDetail, RejectedRow};
use crate::domain::record::{Fact, OperatorAction, Record};
use crate::domain::text::visible;

/// What `--reveal` says.
pub fn privacy(reveal: bool) -> Privacy {
    if reveal { Privacy::Revealed } else { Privacy::Masked }
}

/// To the second, in UTC.
pub fn time(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn or_dash(text: Option<impl ToString>) -> String {
    text.map_or_else(|| "-".to_owned(), |text| text.to_string())
}

fn person(privacy: Privacy, person: Option<&Person>) -> String {
    or_dash(person.map(|person| privacy.person(person)))
}

fn reason(one: &Delivery, privacy: Privacy) -> Option<String> {
    Some(privacy.text(&one.reason()?))
}

/// The table of deliveries.
pub fn deliveries() -> Table {
    Table::new(&["ID", "KIND", "STATE", "TICKET", "FROM", "TO", "ATTEMPTS", "NEXT", "CREATED", "REASON"])
}

/// A row of it.
pub fn delivery(one: &Delivery, privacy: Privacy) -> Vec<String> {
    vec![
        one.id.to_string(),
        one.kind.name().to_owned(),
        one.stage().name().to_owned(),
        or_dash(one.ticket.as_ref()),
        person(privacy, one.from.as_ref()),
        person(privacy, one.to.as_ref()),
        one.attempts.to_string(),
        or_dash(one.due().map(time)),
        time(one.created_at),
        reason(one, privacy).unwrap_or_default(),
    ]
}

/// The table of events.
pub fn events() -> Table {
    Table::new(&["SEQ", "RECEIVED", "FAMILY", "ACTION", "TYPE", "TICKET", "DRIFT", "REPEATS", "GIST"])
}

/// A row of it.
pub fn event(row: &EventRow, privacy: Privacy) -> Vec<String> {
    let brief = &row.brief;
    let people = match (&brief.from, &brief.to) {
        (None, None) => None,
        (Some(from), None) => Some(privacy.person(from)),
        (from, to) => Some(format!("{} -> {}", person(privacy, from.as_ref()), person(privacy, to.as_ref()))),
    };
    let gist = [
        brief.reversal.then(|| "reversal".to_owned()),
        people,
        brief.amount.clone(),
        brief.buyer_pays.as_ref().map(|amount| format!("buyer pays {amount}")),
        brief.show.as_ref().map(|show| format!("show {show}")),
        brief.note.as_ref().map(|note| privacy.text(note)),
    ];
    vec![
        row.seq.to_string(),
        time(row.received_at),
        row.family.clone(),
        row.action.clone(),
        or_dash(row.kind.as_ref()),
        or_dash(row.ticket.as_ref()),
        row.drift.to_string(),
        or_dash(row.duplicate_of),
        gist.into_iter().flatten().collect::<Vec<_>>().join("  "),
    ]
}

/// The table of the quarantine.
pub fn quarantine() -> Table {
    Table::new(&["SEQ", "RECEIVED", "FROM", "CODE", "BYTES", "RESENT AS", "WHY"])
}

/// A row of it.
pub fn rejected(row: &RejectedRow, privacy: Privacy) -> Vec<String> {
    vec![
        row.seq.to_string(),
        time(row.received_at),
        row.rejected.from.clone(),
        row.rejected.code.clone(),
        row.size.to_string(),
        or_dash(row.resent_as),
        privacy.text(&row.rejected.message),
    ]
}

/// `events get`.
///
/// # Errors
/// When it cannot be written; so below.
pub fn event_in_full(out: &mut dyn Write, detail: &EventDetail, privacy: Privacy) -> io::Result<()> {
    let row = &detail.row;
    fields(
        out,
        &[
            ("event", row.seq.to_string()),
            ("received", format!("{} from {}", time(row.received_at), detail.from)),
            ("action", format!("{} / {}", row.family, row.action)),
            ("type", or_dash(row.kind.as_ref())),
            ("ticket", or_dash(row.ticket.as_ref())),
            ("repeats", or_dash(row.duplicate_of)),
        ],
    )?;
    if Json::parse(&detail.body).is_ok_and(|payload| blanking::is_blanked(&payload)) {
        fields(out, &[("people", blanking::SAID.to_owned())])?;
    }
    for one in &detail.drift {
        fields(out, &[("drift", one.to_string())])?;
    }
    for one in &detail.deliveries {
        let reason = reason(one, privacy).map_or(String::new(), |reason| format!(": {reason}"));
        fields(out, &[("delivery", format!("{} {} {}{reason}", one.id, one.kind.name(), one.stage().name()))])?;
    }
    writeln!(out)?;
    body(out, &detail.body, privacy)
}

/// `quarantine get`. What is no JSON cannot be masked, so it is shown only when it shall be revealed.
///
/// # Errors
/// When it cannot be written.
pub fn rejected_in_full(out: &mut dyn Write, detail: &RejectedDetail, privacy: Privacy) -> io::Result<()> {
    let RejectedRow { seq, received_at, rejected, size, resent_as } = &detail.row;
    fields(
        out,
        &[
            ("request", seq.to_string()),
            ("received", format!("{} from {}", time(*received_at), rejected.from)),
            ("why", format!("{}: {}", rejected.code, privacy.text(&rejected.message))),
            ("content type", or_dash(rejected.content_type.as_ref())),
            ("bytes", size.to_string()),
            ("resent as", or_dash(*resent_as)),
        ],
    )?;
    writeln!(out)?;
    body(out, &detail.body, privacy)
}

/// `deliveries get`, and each delivery of a ticket.
///
/// # Errors
/// When it cannot be written.
pub fn delivery_in_full(out: &mut dyn Write, one: &Delivery, privacy: Privacy) -> io::Result<()> {
    fields(
        out,
        &[
            ("delivery", format!("{} {}", one.id, one.kind.name())),
            ("state", one.stage().name().to_owned()),
            ("reason", reason(one, privacy).unwrap_or_else(|| "-".to_owned())),
            ("ticket", or_dash(one.ticket.as_ref())),
            ("resale", or_dash(one.resale.as_ref())),
            ("from", person(privacy, one.from.as_ref())),
            ("to", person(privacy, one.to.as_ref())),
            ("attempts", one.attempts.to_string()),
            ("next attempt", or_dash(one.due().map(time))),
            ("created", time(one.created_at)),
            ("updated", time(one.updated_at)),
            ("key", one.idempotency_key()),
        ],
    )
}

/// What happened, oldest first.
pub fn history(records: &[Record], privacy: Privacy) -> Table {
    let mut table = Table::new(&["SEQ", "AT", "WHAT", "BY", "DETAIL"]);
    for record in records {
        let (what, by, detail) = match &record.head.fact {
            Fact::Received(fact) => {
                let repeats = fact.duplicate_of.map_or(String::new(), |seq| format!(", repeats {seq}"));
                let kind = fact.kind.as_ref().map_or(String::new(), |kind| format!(" {kind}"));
                ("received".to_owned(), fact.from.clone(), format!("{}{kind}{repeats}", fact.action))
            }
            Fact::Rejected(fact) => ("rejected".to_owned(), fact.from.clone(), privacy.text(&fact.message)),
            Fact::AttemptStarted(fact) => {
                (format!("attempt {}", fact.attempt), "-".to_owned(), format!("{} -> {}", fact.delivery, fact.target))
            }
            Fact::AttemptFinished(fact) => {
                let answer = &fact.answer;
                let took = format!("{} -> {}, {} ms", fact.delivery, privacy.text(&answer.text), answer.latency_ms);
                (format!("attempt {} {}", fact.attempt, answer.outcome.name()), "-".to_owned(), took)
            }
            Fact::OperatorActed(fact) => {
                let about = match &fact.action {
                    OperatorAction::Resend { rejected, event } => format!("request {rejected} as event {event}: "),
                    OperatorAction::Reveal { what } => format!("{what} "),
                    other => other.delivery().map_or(String::new(), |id| format!("{id}: ")),
                };
                (fact.action.name().to_owned(), fact.who.clone(), format!("{about}{}", privacy.text(&fact.why)))
            }
        };
        table.row(vec![record.seq.to_string(), time(record.head.at), what, by, detail]);
    }
    table
}

fn fields(out: &mut dyn Write, pairs: &[(&str, String)]) -> io::Result<()> {
    pairs.iter().try_for_each(|(name, text)| writeln!(out, "{name:<13} {}", shortened(text, 400)))
}

fn body(out: &mut dyn Write, bytes: &[u8], privacy: Privacy) -> io::Result<()> {
    let text = String::from_utf8_lossy(bytes);
    match (Json::parse(text.trim_start_matches('\u{feff}').as_bytes()), privacy) {
        (Ok(json), privacy) => pretty(out, &privacy.json(&json), 0)?,
        (Err(_), Privacy::Masked) if !bytes.is_empty() => {
            return writeln!(out, "(no JSON, so personal data in it cannot be masked: --reveal shows it)");
        }
        (Err(_), _) => {
            for line in text.lines() {
                writeln!(out, "{}", visible(line))?;
            }
            return Ok(());
        }
    }
    writeln!(out)
}

/// Two blanks a level, every digit as sent.
fn pretty(out: &mut dyn Write, json: &Json, depth: usize) -> io::Result<()> {
    let indent = |out: &mut dyn Write, depth: usize| write!(out, "\n{:1$}", "", 2 * depth);
    match json {
        Json::Object(members) if !members.is_empty() => {
            write!(out, "{{")?;
            for (index, (name, value)) in members.iter().enumerate() {
                write!(out, "{}", if index > 0 { "," } else { "" })?;
                indent(out, depth + 1)?;
                write!(out, "{}: ", visible(&Json::String(name.clone()).to_string()))?;
                pretty(out, value, depth + 1)?;
            }
            indent(out, depth)?;
            write!(out, "}}")
        }
        Json::Array(values) if !values.is_empty() => {
            write!(out, "[")?;
            for (index, value) in values.iter().enumerate() {
                write!(out, "{}", if index > 0 { "," } else { "" })?;
                indent(out, depth + 1)?;
                pretty(out, value, depth + 1)?;
            }
            indent(out, depth)?;
            write!(out, "]")
        }
        other => write!(out, "{}", visible(&other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::Seq;
    use crate::domain::query::Brief;
    use crate::domain::record::{Head, OperatorActed, Rejected};

    fn shown(bytes: &[u8], privacy: Privacy) -> String {
        let mut out = Vec::new();
        body(&mut out, bytes, privacy).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_body_is_laid_out_with_its_own_digits() {
        let sent = br#"{"n":1.50,"l":[1,{}],"e":[],"o":{"k":"\u001b[2J"}}"#;
        assert_eq!(
            shown(sent, Privacy::Revealed),
            "{\n  \"n\": 1.50,\n  \"l\": [\n    1,\n    {}\n  ],\n  \"e\": [],\n  \"o\": {\n    \"k\": \"\\u001b[2J\"\n  }\n}\n"
        );
    }

    #[test]
    fn personal_data_is_masked_and_what_cannot_be_masked_is_kept_back() {
        let sent = br#"{"data":{"newOwnerEmail":"susana@hotmail.com","fullName":"Susana Kann"}}"#;
        let masked = shown(sent, Privacy::Masked);
        assert!(masked.contains("s•••@hotmail.com") && !masked.contains("Kann"), "{masked}");
        assert!(shown(sent, Privacy::Revealed).contains("Susana Kann"));

        let form = b"newOwnerEmail=susana@hotmail.com\n\x1b[2J\xff";
        assert_eq!(
            shown(form, Privacy::Masked),
            "(no JSON, so personal data in it cannot be masked: --reveal shows it)\n"
        );
        assert_eq!(shown(form, Privacy::Revealed), "newOwnerEmail=susana@hotmail.com\n\\u001b[2J\u{fffd}\n");
    }

    #[test]
    fn what_was_said_in_a_line_is_masked_as_well() {
        const SAID: &str = "no account of joe@gmail.com, +5491155501234";
        let acted = OperatorActed {
            who: "ana (uid 1000)".into(),
            why: SAID.into(),
            action: OperatorAction::Resend { rejected: Seq(3), event: Seq(4) },
            ticket: None,
        };
        let head = Head { at: Timestamp::UNIX_EPOCH, fact: Fact::OperatorActed(acted), deliveries: Vec::new() };
        let record = Record { seq: Seq(5), head, body: Vec::new() };
        let event = EventRow {
            seq: Seq(4),
            received_at: Timestamp::UNIX_EPOCH,
            family: "listing".into(),
            action: "listing.created".into(),
            kind: None,
            ticket: None,
            duplicate_of: None,
            drift: 0,
            brief: Brief { from: Some("joe@gmail.com".into()), note: Some(SAID.into()), ..Brief::default() },
        };
        let rejected = Rejected { from: "x".into(), code: "x".into(), message: SAID.into(), content_type: None };
        let row = RejectedRow { seq: Seq(3), received_at: Timestamp::UNIX_EPOCH, rejected, size: 0, resent_as: None };
        let lines = |privacy| {
            let mut out = Vec::new();
            history(std::slice::from_ref(&record), privacy).write(&mut out).unwrap();
            let rows = [super::event(&event, privacy).join(" "), super::rejected(&row, privacy).join(" ")];
            format!("{}{}", String::from_utf8(out).unwrap(), rows.join("\n"))
        };
        let masked = lines(Privacy::Masked);
        assert!(!masked.contains("joe@") && !masked.contains("5491155501234"), "{masked}");
        assert_eq!(masked.matches("no account of j•••@gmail.com, ••••34").count(), 3, "{masked}");
        assert_eq!(lines(Privacy::Revealed).matches(SAID).count(), 3);
    }

    #[test]
    fn what_a_sender_claims_cannot_act_on_the_terminal() {
        let rejected = Rejected {
            from: "10.0.0.1:9".into(),
            code: "not_json".into(),
            message: "not JSON\u{1b}]0;title\u{7}".into(),
            content_type: Some("\u{202e}text".into()),
        };
        let row = RejectedRow { seq: Seq(3), received_at: Timestamp::UNIX_EPOCH, rejected, size: 0, resent_as: None };
        let mut out = Vec::new();
        rejected_in_full(&mut out, &RejectedDetail { row, body: Vec::new() }, Privacy::Masked).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(!text.lines().any(|line| line.contains(crate::domain::text::unfit)), "{text}");
        assert!(text.contains("not JSON\\u001b]0;title\\u0007") && text.contains("\\u202etext"), "{text}");
    }
}
