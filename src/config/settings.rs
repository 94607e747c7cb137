//! The checked value the rest of the program gets. What is here can be used as it is.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use chrono::TimeDelta;

use super::alert::{self, Alert};
use super::clock::Clock;
use super::draft::Draft;
use super::secret::{MIN_SECRET_CHARS, Secret, SigningKey};
use super::value::Size;
use crate::domain::lateness::LateAfter;
use crate::domain::retry::RetryPolicy;

/// The longest wait that can be set.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);

/// All settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where webhooks are taken.
    pub listen: SocketAddr,
    /// At which path. Starts with `/`.
    pub path: String,
    /// Who may send them.
    pub auth: Auth,
    /// The longest body, in bytes.
    pub body_limit: usize,
    /// The longest time for a request's headers.
    pub header_timeout: Duration,
    /// The longest time for a request's body.
    pub request_timeout: Duration,
    /// Folder of journal, store and control socket.
    pub data_dir: PathBuf,
    /// Bytes after which a journal segment is followed by a new one.
    pub segment_size: u64,
    /// Bytes of the store's cache.
    pub store_cache: u64,
    /// How long records are kept.
    pub retention: Retention,
    /// How deliveries are carried out.
    pub deliver: Deliver,
    /// By what deliveries are overdue.
    pub late_after: LateAfter,
    /// How staff are called.
    pub alert: Alert,
    /// The name actions go on record under.
    pub operator: String,
    /// How log lines look.
    pub log_format: LogFormat,
    /// How the dashboard looks.
    pub theme: ThemeName,
    /// Whether the dashboard takes the mouse from its start on.
    pub mouse: bool,
    /// Whether the dashboard only looks: nothing is put on record from there.
    pub read_only: bool,
    /// What time it is.
    pub clock: Clock,
}

/// How long records are kept, and how; all of them, unless one of the first two says otherwise.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// For so long.
    pub age: Option<TimeDelta>,
    /// Until journal and store have so many bytes.
    pub max_bytes: Option<u64>,
    /// Journal files whose records are all older are compressed.
    pub compress_after: TimeDelta,
    /// What names people in records that are all older is blanked.
    pub personal_data: Option<TimeDelta>,
    /// How often is looked what can go.
    pub every: Duration,
}

impl Retention {
    /// Younger records are kept whatever is set: menta may say a sale again, or take it back, and a ticket that is forgotten
    /// would be sold anew.
    pub const LEAST_DAYS: u16 = 7;
}

/// How deliveries are carried out.
#[derive(Debug, Clone)]
pub struct Deliver {
    /// By what.
    pub target: Target,
    /// An attempt that takes longer ends as unknown.
    pub timeout: Duration,
    /// The most attempts at once; at least 1.
    pub concurrency: usize,
    /// When to try again.
    pub retry: RetryPolicy,
}

/// What carries a delivery out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Nobody: deliveries wait for staff.
    ByHand,
    /// The platform's endpoint.
    Http {
        /// `http` or `https`, with a host.
        url: String,
        /// Signs the calls.
        secret: Option<SigningKey>,
    },
    /// A command, for the shell.
    Command(String),
}

/// Who may send webhooks.
#[derive(Debug, Clone, Default)]
pub struct Auth {
    /// How many of the methods must agree.
    pub require: Require,
    /// The methods that are set up; each has at least one secret. Empty: anybody may.
    pub methods: Vec<Method>,
}

/// How a sender shows who they are.
#[derive(Debug, Clone)]
pub enum Method {
    /// A secret in place of the path's last segment.
    Path(Vec<Secret>),
    /// `Authorization: Bearer <token>`.
    Bearer(Vec<Secret>),
    /// A secret in a header.
    Header {
        /// Of this name.
        name: String,
        /// Any of these.
        secrets: Vec<Secret>,
    },
    /// HMAC-SHA256 of the raw body in a header.
    Hmac {
        /// Of this name.
        header: String,
        /// How the bytes are written.
        encoding: Encoding,
        /// What stands before them.
        prefix: String,
        /// Made with any of these.
        secrets: Vec<Secret>,
    },
    /// `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    StandardWebhooks {
        /// Made with any of these.
        secrets: Vec<SigningKey>,
        /// How far the timestamp may be from now.
        tolerance: Duration,
    },
}

/// How many of the methods that are set up must agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Require {
    /// Each.
    #[default]
    All,
    /// One.
    Any,
}

/// How bytes are written in a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// In either letter case.
    Hex,
    /// Standard alphabet, padded.
    Base64,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One object a line.
    Json,
}

/// How the dashboard looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThemeName {
    /// As the environment says of the terminal.
    Auto,
    /// The terminal's own colours, for a dark background.
    Dark,
    /// Colours that can be read on a light background.
    Light,
    /// Nothing faint, and colours that can be read on any background.
    HighContrast,
    /// No colours.
    Monochrome,
}

impl Draft {
    /// Checks what the keys say together.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what to set.
    pub fn check(self) -> Result<Settings, String> {
        let auth = self.auth()?;
        if !self.listen.ip().to_canonical().is_loopback() && auth.methods.is_empty() {
            return Err(format!(
                "`listen` is {}, which others can reach, and nothing says who may send webhooks: set one of \
                 `auth.path_secrets` (WILLCALL_AUTH_PATH_SECRETS), `auth.bearer_tokens` (WILLCALL_AUTH_BEARER_TOKENS), \
                 `auth.header.secrets`, `auth.hmac.secrets` or `auth.standard_webhooks.secrets`, or listen on 127.0.0.1",
                self.listen
            ));
        }
        check_path(&self.path)?;
        let body_limit = within("body_limit", self.body_limit.0, 1, 64 << 20)?;
        let segment_size = within("segment_size", self.segment_size.0, 4 << 10, 4 << 30)?;
        let store_cache = within("store_cache", self.store_cache.0, 1 << 20, 64 << 30)?;
        for (name, duration) in [
            ("header_timeout", self.header_timeout),
            ("request_timeout", self.request_timeout),
            ("deliver.timeout", self.deliver_timeout),
        ] {
            if duration.is_zero() || duration > Duration::from_secs(3600) {
                return Err(format!("`{name}` must be more than nothing and at most 1h"));
            }
        }
        if self.operator.trim().is_empty() {
            return Err("`operator` is empty: set it to the name your actions shall go on record under".into());
        }
        let data_dir = match &self.data_dir {
            Some(folder) => folder.clone(),
            None => return Err("there is no home folder to keep data in: set `data_dir` (--data-dir)".into()),
        };
        Ok(Settings {
            deliver: self.deliver()?,
            retention: self.retention()?,
            late_after: self.late_after()?,
            alert: alert::check(self.alert_by, self.alert_command.as_deref())?,
            listen: self.listen,
            path: self.path,
            auth,
            body_limit: usize::try_from(body_limit).unwrap_or(usize::MAX),
            header_timeout: self.header_timeout,
            request_timeout: self.request_timeout,
            data_dir,
            segment_size,
            store_cache,
            operator: self.operator,
            log_format: self.log_format,
            theme: self.theme_name,
            mouse: self.mouse,
            read_only: self.read_only,
            clock: self.clock.map_or(Clock::System, Clock::Fixed),
        })
    }

    fn deliver(&self) -> Result<Deliver, String> {
        let target = match (&self.deliver_to, &self.deliver_cmd) {
            (Some(_), Some(_)) => {
                return Err("`deliver.to` and `deliver.cmd` are both set: keep one".into());
            }
            (Some(url), None) => Target::Http { url: check_url(url)?, secret: self.deliver_secret.clone() },
            (None, Some(command)) if command.trim().is_empty() => {
                return Err("`deliver.cmd` is empty: set it to a command, or remove it to deliver by hand".into());
            }
            (None, Some(command)) => Target::Command(command.clone()),
            (None, None) => Target::ByHand,
        };
        if self.deliver_retry.len() > 100 || self.deliver_retry.iter().any(|wait| *wait > LONGEST) {
            return Err("`deliver.retry` must have at most 100 waits, none longer than 30days".into());
        }
        // None is lost: chrono's durations hold far more than 30 days.
        let delays = self.deliver_retry.iter().filter_map(|wait| chrono::Duration::from_std(*wait).ok()).collect();
        let percent = within("deliver.jitter_percent", self.deliver_jitter_percent.into(), 0, 100)?;
        Ok(Deliver {
            target,
            timeout: self.deliver_timeout,
            concurrency: within("deliver.concurrency", self.deliver_concurrency.into(), 1, 1024)? as usize,
            retry: RetryPolicy { delays, jitter_percent: u8::try_from(percent).unwrap_or(100) },
        })
    }

    fn retention(&self) -> Result<Retention, String> {
        let days = |days: u16| within("retention.days", days.into(), Retention::LEAST_DAYS.into(), u16::MAX.into());
        let days = self.retention_days.map(days).transpose()?;
        let personal = |days: u16| within("retention.personal_data_days", days.into(), 1, u16::MAX.into());
        let personal = self.retention_personal_data_days.map(personal).transpose()?;
        let bytes = |bytes: Size| within("retention.max_bytes", bytes.0, 1 << 20, u64::MAX);
        Ok(Retention {
            age: days.and_then(|days| TimeDelta::try_days(days.cast_signed())),
            max_bytes: self.retention_max_bytes.map(bytes).transpose()?,
            compress_after: TimeDelta::days(self.retention_compress_after_days.into()),
            personal_data: personal.map(|days| TimeDelta::days(days.cast_signed())),
            every: self.retention_every,
        })
    }

    fn late_after(&self) -> Result<LateAfter, String> {
        let late_after = LateAfter { transfer: self.late_after_transfer, undoing: self.late_after_return };
        for (name, allowed) in [("late_after.transfer", late_after.transfer), ("late_after.return", late_after.undoing)]
        {
            if !(Duration::from_secs(1)..=LONGEST).contains(&allowed) {
                return Err(format!("`{name}` must be from 1s to 30days"));
            }
        }
        Ok(late_after)
    }

    fn auth(&self) -> Result<Auth, String> {
        let mut methods = Vec::new();
        if !self.auth_path_secrets.is_empty() {
            check_secrets("auth.path_secrets", &self.auth_path_secrets, is_unreserved)?;
            methods.push(Method::Path(self.auth_path_secrets.clone()));
        }
        if !self.auth_bearer_tokens.is_empty() {
            check_secrets("auth.bearer_tokens", &self.auth_bearer_tokens, |c| c.is_ascii_graphic())?;
            methods.push(Method::Bearer(self.auth_bearer_tokens.clone()));
        }
        if !self.auth_header_secrets.is_empty() {
            check_header("auth.header.name", &self.auth_header_name)?;
            check_secrets("auth.header.secrets", &self.auth_header_secrets, |c| c.is_ascii_graphic())?;
            let (name, secrets) = (self.auth_header_name.clone(), self.auth_header_secrets.clone());
            methods.push(Method::Header { name, secrets });
        }
        if !self.auth_hmac_secrets.is_empty() {
            check_header("auth.hmac.header", &self.auth_hmac_header)?;
            check_secrets("auth.hmac.secrets", &self.auth_hmac_secrets, |_| true)?;
            methods.push(Method::Hmac {
                header: self.auth_hmac_header.clone(),
                encoding: self.auth_hmac_encoding,
                prefix: self.auth_hmac_prefix.clone(),
                secrets: self.auth_hmac_secrets.clone(),
            });
        }
        if !self.auth_standard_webhooks_secrets.is_empty() {
            let (secrets, tolerance) =
                (self.auth_standard_webhooks_secrets.clone(), self.auth_standard_webhooks_tolerance);
            methods.push(Method::StandardWebhooks { secrets, tolerance });
        }
        Ok(Auth { require: self.auth_require, methods })
    }
}

fn within(name: &str, number: u64, least: u64, most: u64) -> Result<u64, String> {
    if (least..=most).contains(&number) {
        return Ok(number);
    }
    Err(format!("`{name}` is {number}: set it to a number from {least} to {most}"))
}

/// RFC 3986's unreserved characters: a path of these reads the same however it was encoded.
fn is_unreserved(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~')
}

fn check_path(path: &str) -> Result<(), String> {
    let segments = path.strip_prefix('/').map(|rest| rest.split('/'));
    let plain = |segment: &str| !matches!(segment, "" | "." | "..") && segment.chars().all(is_unreserved);
    if !segments.is_some_and(|mut segments| segments.all(plain)) {
        return Err(
            "`path` must be like \"/webhooks/menta\": segments of letters, digits, `-`, `.`, `_` and `~` after `/`"
                .into(),
        );
    }
    if matches!(path, "/healthz" | "/readyz") {
        return Err(format!("`path` is {path}, which answers whether the program is well: set another"));
    }
    Ok(())
}

fn check_url(url: &str) -> Result<String, String> {
    let parsed: Option<http::Uri> = url.parse().ok();
    let authority = parsed.as_ref().and_then(|uri| match uri.scheme_str() {
        Some("http" | "https") => uri.authority().filter(|authority| !authority.host().is_empty()),
        _ => None,
    });
    match authority {
        None => Err("`deliver.to` must be a URL that starts with http:// or https://".into()),
        Some(authority) if authority.as_str().contains('@') => {
            Err("`deliver.to` must hold no user name or password: it goes on record with every attempt".into())
        }
        Some(_) => Ok(url.to_owned()),
    }
}

fn check_header(key: &str, name: &str) -> Result<(), String> {
    match http::HeaderName::from_bytes(name.as_bytes()) {
        Ok(_) => Ok(()),
        Err(_) => Err(format!("`{key}` must be the name of a header, such as \"X-Signature\"")),
    }
}

fn check_secrets(key: &str, secrets: &[Secret], allowed: fn(char) -> bool) -> Result<(), String> {
    for secret in secrets.iter().map(Secret::expose) {
        if secret.chars().count() < MIN_SECRET_CHARS {
            return Err(format!(
                "a secret in `{key}` has fewer than {MIN_SECRET_CHARS} characters and can be guessed: set longer ones, as \
                 from `openssl rand -hex 24`"
            ));
        }
        if !secret.chars().all(allowed) {
            return Err(format!(
                "a secret in `{key}` has characters that cannot stand there: use letters, digits, `-`, `.`, `_` and `~`"
            ));
        }
    }
    Ok(())
}
