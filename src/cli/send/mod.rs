//! `send`: posts fixture files to a listener, one after the other.

pub mod fixture;

use std::io::Write;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use tokio::time::{MissedTickBehavior, interval};

use super::table::shortened;
use super::{CliError, error};
use crate::config::{Method, Settings};
use crate::control::{Remote, SOCKET_NAME};
use crate::domain::query::Status;
use crate::engine::Desk as _;

/// The most of an answer that is read, in bytes.
const MOST_ANSWER: usize = 4 * 1024;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// For the help.
pub const EXAMPLES: &str = "\
Examples:
  willcall send fixtures/events/ticket/ticket.updated.json
  willcall send fixtures/events --rate 10
  willcall send sale.jsonc --to https://tickets.example.com/webhooks/SECRET
  willcall send fixtures/events/listing --header 'Authorization: Bearer TOKEN' --repeat 3

Prints status, file and answer of each. Exit status 1 when any was not accepted with a 2xx.";

/// `send`
#[derive(Debug, Args)]
#[allow(missing_docs)]
pub struct Options {
    /// Files, or folders of .json and .jsonc files; JSON may have comments and trailing commas, as in menta's documentation
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// The listener; without it, that of the server on the data folder, or the configured one
    #[arg(long, value_name = "URL")]
    pub to: Option<String>,
    /// At most so many a second
    #[arg(long, value_name = "N", value_parser = rate)]
    pub rate: Option<f64>,
    /// Send everything so many times
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub repeat: u64,
    /// A header to send along; may be given several times
    #[arg(long, value_name = "NAME: VALUE")]
    pub header: Vec<Header>,
}

/// A header as it is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header(HeaderName, HeaderValue);

impl FromStr for Header {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "give it as 'Name: value'".to_owned();
        let (name, value) = text.split_once(':').ok_or_else(wrong)?;
        Ok(Self(name.trim().parse().map_err(|_| wrong())?, value.trim().parse().map_err(|_| wrong())?))
    }
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.001..=1_000_000.0).contains(&rate) => Ok(rate),
        _ => Err("give a number of requests a second, such as 10 or 0.5".to_owned()),
    }
}

/// The listener of the server that runs on the data folder, which may have been given another address than is configured.
async fn own_listener(settings: &Settings) -> String {
    let mut address = settings.listen.to_string();
    if let Ok(remote) = Remote::connect(&settings.data_dir.join(SOCKET_NAME)).await
        && let Ok(Status { listen: Some(listen), .. }) = remote.status().await
    {
        address = listen;
    }
    let secret = settings.auth.methods.iter().find_map(|method| match method {
        Method::Path(secrets) => secrets.first(),
        _ => None,
    });
    let path = match (secret, settings.path.rsplit_once('/')) {
        (Some(secret), Some((parent, _))) => format!("{parent}/{}", secret.expose()),
        _ => settings.path.clone(),
    };
    format!("http://{address}{path}")
}

/// Does it.
///
/// # Errors
/// When a file cannot be read, the listener cannot be reached, or any answer is not a 2xx.
pub async fn run(options: &Options, settings: &Settings, out: &mut dyn Write) -> Result<(), CliError> {
    let to = match &options.to {
        Some(to) => to.clone(),
        None => own_listener(settings).await,
    };
    let files = fixture::files(&options.paths).map_err(|(path, source)| error::file("read", &path)(source))?;
    let client = client(&options.header)?;
    let mut pace = options.rate.map(|rate| interval(Duration::from_secs_f64(1.0 / rate)));
    if let Some(pace) = &mut pace {
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    }
    let (mut sent, mut not_accepted) = (0_u64, 0_u64);
    for path in (0..options.repeat).flat_map(|_| &files) {
        if let Some(pace) = &mut pace {
            pace.tick().await;
        }
        let bytes = std::fs::read(path).map_err(error::file("read", path))?;
        let (status, answer) = match post(&client, &to, fixture::body(bytes)).await {
            Ok((status, answer)) => (status.to_string(), answer),
            Err(error) if error.is_builder() => {
                return Err(CliError::Usage(format!("--to {to}: {}", root(&error))));
            }
            Err(error) if error.is_connect() => {
                return Err(CliError::Failed(format!("cannot reach {to}: {}", root(&error))));
            }
            Err(error) => ("---".to_owned(), root(&error)),
        };
        sent += 1;
        not_accepted += u64::from(!status.starts_with('2'));
        writeln!(out, "{status} {} {}", shortened(&path.display().to_string(), 200), shortened(answer.trim(), 400))?;
    }
    match not_accepted {
        0 => Ok(()),
        _ => Err(CliError::Failed(format!("{not_accepted} of {sent} were not accepted"))),
    }
}

fn client(headers: &[Header]) -> Result<reqwest::Client, CliError> {
    // Fails only when one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut all = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    for Header(name, value) in headers {
        match name {
            &CONTENT_TYPE => all.insert(name, value.clone()).is_some(),
            _ => all.append(name, value.clone()),
        };
    }
    reqwest::Client::builder()
        .default_headers(all)
        .user_agent(concat!("willcall/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        // A listener is meant to be reached as menta reaches it, or on this machine.
        .no_proxy()
        .timeout(PATIENCE)
        .build()
        .map_err(|error| CliError::Failed(format!("cannot set up HTTP: {}", root(&error))))
}

async fn post(client: &reqwest::Client, to: &str, body: Vec<u8>) -> Result<(u16, String), reqwest::Error> {
    // An empty body would go without a length, which some servers take for a broken request.
    let mut response = client.post(to).header(CONTENT_LENGTH, body.len()).body(body).send().await?;
    let mut answer = Vec::new();
    while answer.len() < MOST_ANSWER
        && let Some(chunk) = response.chunk().await?
    {
        answer.extend_from_slice(&chunk);
    }
    answer.truncate(MOST_ANSWER);
    Ok((response.status().as_u16(), String::from_utf8_lossy(&answer).into_owned()))
}

/// The innermost cause: the outer ones only repeat the URL.
fn root(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
