//! What is measured: a handler that parses and forgets, and the real program, empty or full.

use std::net::SocketAddr;

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::post;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use willcall::cli::program::Program;
use willcall::config::Settings;

use super::support::ledger::PATH;

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
