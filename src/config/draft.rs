//! What was set, key by key, not yet checked. [`super::settings::Settings`] is what comes of it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::alert::AlertBy;
use super::secret::{Secret, SigningKey};
use super::settings::{Encoding, LogFormat, Require, ThemeName};
use super::value::Size;
use crate::domain::Timestamp;
use crate::domain::lateness::LateAfter;
use crate::domain::retry::RetryPolicy;

/// One field a key; the field's name is the key's, with underscores for dots.
#[derive(Debug, Clone)]
#[allow(missing_docs)] // the table of keys says what each one is
pub struct Draft {
    pub listen: SocketAddr,
    pub path: String,
    pub data_dir: Option<PathBuf>,
    pub operator: String,
    pub log_format: LogFormat,
    pub body_limit: Size,
    pub header_timeout: Duration,
    pub request_timeout: Duration,
    pub segment_size: Size,
    pub store_cache: Size,
    pub retention_days: Option<u16>,
    pub retention_max_bytes: Option<Size>,
    pub retention_compress_after_days: u16,
    pub retention_personal_data_days: Option<u16>,
    pub retention_every: Duration,
    pub theme_name: ThemeName,
    pub mouse: bool,
    pub read_only: bool,
    pub clock: Option<Timestamp>,
    pub deliver_to: Option<String>,
    pub deliver_cmd: Option<String>,
    pub deliver_secret: Option<SigningKey>,
    pub deliver_timeout: Duration,
    pub deliver_concurrency: u16,
    pub deliver_retry: Vec<Duration>,
    pub deliver_jitter_percent: u16,
    pub late_after_transfer: Duration,
    pub late_after_return: Duration,
    pub alert_by: AlertBy,
    pub alert_command: Option<String>,
    pub auth_require: Require,
    pub auth_path_secrets: Vec<Secret>,
    pub auth_bearer_tokens: Vec<Secret>,
    pub auth_header_name: String,
    pub auth_header_secrets: Vec<Secret>,
    pub auth_hmac_header: String,
    pub auth_hmac_encoding: Encoding,
    pub auth_hmac_prefix: String,
    pub auth_hmac_secrets: Vec<Secret>,
    pub auth_standard_webhooks_secrets: Vec<SigningKey>,
    pub auth_standard_webhooks_tolerance: Duration,
}

impl Draft {
    /// Every default. `data_dir` and `operator` depend on where the program runs.
    pub fn new(data_dir: Option<PathBuf>, operator: String) -> Self {
        let (retry, late_after) = (RetryPolicy::default(), LateAfter::default());
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8787)),
            path: "/webhooks/menta".into(),
            data_dir,
            operator,
            log_format: LogFormat::Text,
            body_limit: Size(256 << 10),
            header_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            segment_size: Size(64 << 20),
            store_cache: Size(16 << 20),
            retention_days: None,
            retention_max_bytes: None,
            retention_compress_after_days: 7,
            retention_personal_data_days: None,
            retention_every: Duration::from_secs(3600),
            theme_name: ThemeName::Auto,
            mouse: false,
            read_only: false,
            clock: None,
            deliver_to: None,
            deliver_cmd: None,
            deliver_secret: None,
            deliver_timeout: Duration::from_secs(15),
            deliver_concurrency: 16,
            deliver_retry: retry.delays.iter().filter_map(|delay| delay.to_std().ok()).collect(),
            deliver_jitter_percent: retry.jitter_percent.into(),
            late_after_transfer: late_after.transfer,
            late_after_return: late_after.undoing,
            alert_by: AlertBy::Off,
            alert_command: None,
            auth_require: Require::All,
            auth_path_secrets: Vec::new(),
            auth_bearer_tokens: Vec::new(),
            auth_header_name: "X-Webhook-Secret".into(),
            auth_header_secrets: Vec::new(),
            auth_hmac_header: "X-Signature".into(),
            auth_hmac_encoding: Encoding::Hex,
            auth_hmac_prefix: String::new(),
            auth_hmac_secrets: Vec::new(),
            auth_standard_webhooks_secrets: Vec::new(),
            auth_standard_webhooks_tolerance: Duration::from_secs(300),
        }
    }
}
