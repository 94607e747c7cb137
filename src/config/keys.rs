//! The table of keys: the one place that names them. The file, the variables, the flags, `config show`, the README's
//! reference and the tests read it.

use super::draft::Draft;
use super::value::{Given, Value, Wanted};

/// One setting.
#[derive(Debug)]
pub struct Key {
    /// In the file, dots for tables.
    pub name: &'static str,
    /// On the command line, without the dashes.
    pub flag: Option<&'static str>,
    /// What it is, for people.
    pub help: &'static str,
    /// Never shown.
    pub secret: bool,
    /// For pictures and tests: not in the reference, nor in `config show` unless set.
    pub hidden: bool,
    /// Puts a value into the draft.
    pub set: fn(&mut Draft, &Given) -> Result<(), Wanted>,
    /// The value as TOML, secrets masked; `None` when it is not set.
    pub get: fn(&Draft) -> Option<String>,
}

impl Key {
    /// The environment variable.
    pub fn variable(&self) -> String {
        format!("WILLCALL_{}", self.name.to_ascii_uppercase().replace('.', "_"))
    }
}

/// The variable that names the file itself.
pub const FILE_VARIABLE: &str = "WILLCALL_CONFIG";

/// The key of this name.
pub fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// The key nearest to a misspelt one, if any is near.
pub fn nearest(name: &str) -> Option<&'static Key> {
    find(nearest_name(name, KEYS.iter().filter(|key| !key.hidden).map(|key| key.name))?)
}

/// The name nearest to a misspelt one, if any is near.
pub fn nearest_name<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let (distance, nearest) = names.map(|one| (distance(name, one), one)).min_by_key(|(distance, _)| *distance)?;
    (distance <= 2 + name.len() / 4).then_some(nearest)
}

/// Levenshtein's.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in other.iter().enumerate() {
            let substituted = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[other.len()]
}

macro_rules! key {
    ($name:literal, $flag:expr, $field:ident, $help:literal $(, $mark:ident)?) => {
        Key {
            name: $name,
            flag: $flag,
            help: $help,
            secret: false $(|| marked!($mark secret))?,
            hidden: false $(|| marked!($mark hidden))?,
            set: |draft, given| {
                draft.$field = Value::read(given)?;
                Ok(())
            },
            get: |draft| draft.$field.write(),
        }
    };
}

macro_rules! marked {
    (secret secret) => {
        true
    };
    (hidden hidden) => {
        true
    };
    ($mark:ident $other:ident) => {
        false
    };
}

/// Every key, in the order of the reference.
#[rustfmt::skip] // a table
pub const KEYS: &[Key] = &[
    key!("listen", Some("listen"), listen, "Address and port webhooks are taken at. Anything but loopback needs a method under `auth`."),
    key!("path", Some("path"), path, "Path webhooks are taken at. With `auth.path_secrets`, a secret stands in place of its last segment."),
    key!("data_dir", Some("data-dir"), data_dir, "Folder of journal, store and control socket."),
    key!("operator", None, operator, "Name your actions go on record under."),
    key!("log_format", Some("log-format"), log_format, "`text` or `json`, one object a line."),
    key!("body_limit", None, body_limit, "Longest request body in bytes; a longer one is answered 413."),
    key!("header_timeout", None, header_timeout, "A request whose headers take longer is cut off."),
    key!("request_timeout", None, request_timeout, "A request whose body takes longer is answered 408."),
    key!("segment_size", None, segment_size, "A journal file that has grown to this many bytes is followed by a new one."),
    key!("store_cache", None, store_cache, "Memory for the store's cache, in bytes."),
    key!("retention.days", None, retention_days, "Records older than this many days are dropped, 7 at least; nothing of a delivery that is open, or of its ticket. Unset: all are kept."),
    key!("retention.max_bytes", None, retention_max_bytes, "Where journal and store have grown to more bytes, the oldest records are dropped, but none of the last 7 days. Unset: they grow."),
    key!("retention.compress_after_days", None, retention_compress_after_days, "Journal files whose records are all older than this many days are compressed; 0: as soon as another one follows, 65535: never."),
    key!("retention.personal_data_days", None, retention_personal_data_days, "What names people in records older than this many days is blanked, but for tickets with an open delivery; the rest stays. Unset: nothing is."),
    key!("retention.every", None, retention_every, "How often is looked what can be dropped, blanked or compressed.", hidden),
    key!("theme.name", None, theme_name, "`dark`, `light`, `high-contrast`, `monochrome`, or `auto`: dark, unless the environment says that the terminal is light. `NO_COLOR` always means monochrome."),
    key!("mouse", None, mouse, "The dashboard takes clicks and the wheel from its start on; text is then selected with Shift and the mouse."),
    key!("read_only", Some("read-only"), read_only, "The dashboard only looks: it retries, marks, cancels, undoes and reveals nothing. Webhooks are taken and delivered all the same."),
    key!("clock", Some("clock"), clock, "A moment at which time stands still.", hidden),
    key!("deliver.to", Some("deliver-to"), deliver_to, "URL deliveries are posted to. With neither this nor `deliver.cmd` they wait for staff."),
    key!("deliver.cmd", Some("deliver-cmd"), deliver_cmd, "Command that carries a delivery out: JSON on stdin; exit 0 done, 75 later, 65 refused."),
    key!("deliver.secret", None, deliver_secret, "Signs calls to `deliver.to` as Standard Webhooks: `whsec_` and base64.", secret),
    key!("deliver.timeout", None, deliver_timeout, "An attempt that takes longer ends as unknown."),
    key!("deliver.concurrency", None, deliver_concurrency, "Most attempts at once, of different tickets."),
    key!("deliver.retry", None, deliver_retry, "Waits before the second, third, … attempt; after the last the delivery has failed."),
    key!("deliver.jitter_percent", None, deliver_jitter_percent, "Each wait is moved by up to this share, either way."),
    key!("late_after.transfer", None, late_after_transfer, "A ticket that has not reached its buyer for longer is overdue."),
    key!("late_after.return", None, late_after_return, "A reversed sale that has not been undone for longer is overdue."),
    key!("alert.by", None, alert_by, "New failures and holds, once a minute at most: `off`, `bell`, `notify` (OSC 9, by the dashboard's terminal) or `command`."),
    key!("alert.command", None, alert_command, "Command run for an alert: JSON in a line on stdin, without personal data; killed after 30 s."),
    key!("auth.require", None, auth_require, "`all` of the methods that are set up must agree, or `any` one."),
    key!("auth.path_secrets", None, auth_path_secrets, "Secrets, one of which stands in the path: `/webhooks/<secret>`. Several so that they can be rotated; so below.", secret),
    key!("auth.bearer_tokens", None, auth_bearer_tokens, "Tokens of `Authorization: Bearer <token>`.", secret),
    key!("auth.header.name", None, auth_header_name, "Header that carries a shared secret."),
    key!("auth.header.secrets", None, auth_header_secrets, "Its secrets.", secret),
    key!("auth.hmac.header", None, auth_hmac_header, "Header that carries the HMAC-SHA256 of the raw body."),
    key!("auth.hmac.encoding", None, auth_hmac_encoding, "`hex` or `base64`."),
    key!("auth.hmac.prefix", None, auth_hmac_prefix, "What stands before it in the header, such as `sha256=`."),
    key!("auth.hmac.secrets", None, auth_hmac_secrets, "Its secrets.", secret),
    key!("auth.standard_webhooks.secrets", None, auth_standard_webhooks_secrets, "Secrets of Standard Webhooks signatures: `whsec_` and base64.", secret),
    key!("auth.standard_webhooks.tolerance", None, auth_standard_webhooks_tolerance, "How far a signature's timestamp may be from now."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_key_finds_its_neighbour() {
        let near = |name| nearest(name).map(|key| key.name);
        assert_eq!(near("lisen"), Some("listen"));
        assert_eq!(near("deliver.concurency"), Some("deliver.concurrency"));
        assert_eq!(near("auth.bearer_token"), Some("auth.bearer_tokens"));
        assert_eq!(near("colour"), None);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn names_variables_and_flags_are_unambiguous() {
        let mut seen = std::collections::BTreeSet::from([FILE_VARIABLE.to_owned()]);
        for key in KEYS {
            assert!(seen.insert(key.variable()), "{}", key.variable());
            assert!(key.flag.is_none_or(|flag| seen.insert(flag.to_owned())), "{:?}", key.flag);
        }
        assert_eq!(find("auth.header.name").unwrap().variable(), "WILLCALL_AUTH_HEADER_NAME");
    }

    #[test]
    fn secrets_are_marked() {
        for key in KEYS {
            assert_eq!(key.secret, key.name.contains("secret") || key.name.contains("tokens"), "{}", key.name);
        }
    }
}
