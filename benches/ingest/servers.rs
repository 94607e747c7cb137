//! What is measured: a handler that parses and forgets, and the real program, empty or full.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::post;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use willcall::cli::program::Program;
use willcall::config::{Clock, Settings, Surroundings, load};
use willcall::domain::retry::RetryPolicy;
use willcall::engine::batch::Batch;
use willcall::engine::ledger::Ledger;
use willcall::engine::local::LocalLedger;
use willcall::ingest::submission::{Prepared, Submission};

use super::sale::{SECRET, SIGNATURE_HEADER, Sale};

pub(crate) const PATH: &str = "/webhooks/menta";

/// Events kept together while a ledger is being filled.
const TOGETHER: usize = 1000;

pub(crate) enum Server {
    Bare(JoinHandle<()>, SocketAddr),
    Real(Box<Program>),
}

impl Server {
    /// The least an axum server can do with a webhook.
    pub(crate) async fn bare() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound port has an address");
        let router = axum::Router::new().route(PATH, post(forget));
        let serving = async move { axum::serve(listener, router).await.expect("loopback does not end") };
        Self::Bare(tokio::spawn(serving), address)
    }

    /// The program as `willcall serve` starts it.
    pub(crate) async fn real(settings: &Settings) -> Self {
        let mut program = Program::start(settings, |_| {}).await.expect("the program starts");
        program.opened().await.expect("its ledger opens");
        Self::Real(Box::new(program))
    }

    pub(crate) fn address(&self) -> SocketAddr {
        match self {
            Self::Bare(_, address) => *address,
            Self::Real(program) => program.address(),
        }
    }

    pub(crate) async fn stop(self) {
        match self {
            Self::Bare(serving, _) => serving.abort(),
            Self::Real(program) => program.stop().await,
        }
    }
}

async fn forget(body: Bytes) -> impl IntoResponse {
    match serde_json::from_slice::<serde_json::Value>(&body) {
        Ok(_) => (StatusCode::OK, [(CONTENT_TYPE, "application/json")], r#"{"status":"stored","seq":1}"#),
        Err(_) => (StatusCode::BAD_REQUEST, [(CONTENT_TYPE, "application/json")], r#"{"error":{}}"#),
    }
}

/// The defaults, but for the port and the folder, and on request a signature that is asked for.
pub(crate) fn settings(folder: &Path, signed: bool) -> Settings {
    let mut variables = BTreeMap::from([
        ("WILLCALL_LISTEN".to_owned(), "127.0.0.1:0".to_owned()),
        ("WILLCALL_PATH".to_owned(), PATH.to_owned()),
        ("WILLCALL_DATA_DIR".to_owned(), folder.display().to_string()),
    ]);
    if signed {
        variables.insert("WILLCALL_AUTH_HMAC_HEADER".to_owned(), SIGNATURE_HEADER.to_owned());
        variables.insert("WILLCALL_AUTH_HMAC_SECRETS".to_owned(), SECRET.to_owned());
    }
    let here = Surroundings { variables, config_home: None, data_home: None };
    load(&here, None, &[]).expect("the settings are sound").settings
}

/// Puts `count` sales into the ledger, each with its delivery, without HTTP.
pub(crate) fn fill(settings: &Settings, count: usize) {
    let (mut ledger, _) = LocalLedger::open(settings, &mut |_| {}).expect("the ledger opens");
    let (policy, mut sale, mut left) = (RetryPolicy::default(), Sale::sample(), count);
    while left > 0 {
        let mut batch = Batch::new(&ledger, &policy, Clock::System.now());
        for _ in 0..left.min(TOGETHER) {
            let prepared = Prepared::read("127.0.0.1".to_owned(), sale.next().to_vec()).expect("a webhook");
            batch.submit(Submission::Webhook(prepared)).expect("the ledger can be read");
        }
        let records = batch.into_records();
        ledger.commit(records).expect("the records are kept");
        left -= left.min(TOGETHER);
    }
}
