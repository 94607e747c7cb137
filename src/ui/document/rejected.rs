//! A request that could not become an event: why, and its bytes.

use super::{Writer, span};
use crate::domain::privacy::Privacy;
use crate::domain::query::RejectedDetail;
use crate::ui::action::Action;
use crate::ui::subject::Subject;
use crate::ui::theme::Role;
use crate::ui::when;

/// Bytes of a request that are shown as text.
const MOST_LINES: usize = 2000;

/// Bytes of a request that are shown as numbers.
const MOST_DUMPED: usize = 16 * 1024;

pub(super) fn write(writer: &mut Writer<'_>, detail: &RejectedDetail) {
    let row = &detail.row;
    writer.push(
        vec![
            span(Role::Heading, format!("quarantined request {}  ", row.seq)),
            span(Role::Bad, format!("✗ {}", row.rejected.code)),
        ],
        None,
    );
    writer.fact("because", Role::Bad, &writer.privacy.text(&row.rejected.message));
    writer.fact("received", Role::Plain, &when::moment(row.received_at));
    let kind = row.rejected.content_type.as_deref().unwrap_or("no content type");
    writer.fact("from", Role::Plain, &format!("{}, {}, {kind}", row.rejected.from, when::size(row.size)));
    match row.resent_as {
        Some(event) => {
            let says = format!("✓ as event {event}");
            writer.linked("sent again", Role::Good, &says, Some(Subject::Event(event)));
        }
        None => {
            let says = match writer.keys.offers(Action::Retry) {
                true => {
                    let key = writer.keys.named(Action::Retry);
                    format!("not yet: `{key}` sends it through the parser as it is now")
                }
                false => "not yet".to_owned(),
            };
            writer.fact("sent again", Role::Plain, &says);
        }
    }
    writer.heading("bytes");
    match std::str::from_utf8(&detail.body) {
        Ok("") => writer.push(vec![span(Role::Faint, "  none: the request had no body")], None),
        Ok(body) => {
            let foreign = writer.privacy.bytes(body.as_bytes());
            if !writer.block(Role::Plain, 2, &foreign, MOST_LINES) {
                writer.push(vec![span(Role::Faint, "  … the rest is longer than can be read here")], None);
            }
        }
        // A dump cannot be masked word by word, so it is all or nothing.
        Err(_) if writer.privacy == Privacy::Masked => {
            let reveals = match writer.keys.offers(Action::Reveal) {
                true => format!(": `{}` reveals them", writer.keys.named(Action::Reveal)),
                false => String::new(),
            };
            let says = format!("  no text; the bytes may hold personal data{reveals}");
            writer.push(vec![span(Role::Faint, says)], None);
        }
        Err(_) => dump(writer, &detail.body),
    }
}

fn dump(writer: &mut Writer<'_>, bytes: &[u8]) {
    for (index, chunk) in bytes.chunks(16).take(MOST_DUMPED / 16).enumerate() {
        let hex: String = chunk.iter().map(|byte| format!("{byte:02x} ")).collect();
        let printable = |byte: &u8| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' };
        let readable: String = chunk.iter().map(printable).collect();
        writer.push(
            vec![
                span(Role::Faint, format!("  {:06x}  ", index * 16)),
                span(Role::Plain, format!("{hex:<48} ")),
                span(Role::Quoted, readable),
            ],
            None,
        );
    }
    if bytes.len() > MOST_DUMPED {
        writer.push(vec![span(Role::Faint, "  … the rest is longer than can be read here")], None);
    }
}
