//! Posts steps to a listener, as menta would: one at a time, and again when it was not kept.

use std::future::Future;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Url};
use tokio::time::sleep;

use super::script::{self, Step};
use crate::config::clock::Clock;
use crate::delivery::http::install_tls_provider;

/// How often a webhook that was not kept is sent again.
const REPEATS: u32 = 5;

/// Posts the opening and then endless traffic to the listener at `to`, until `shutdown`.
///
/// `pace` is how many times faster than life it goes: 1 is life.
///
/// # Errors
/// When no HTTP client can be made.
pub async fn traffic(
    to: Url,
    seed: u64,
    pace: f64,
    clock: Clock,
    shutdown: impl Future<Output = ()>,
) -> reqwest::Result<()> {
    install_tls_provider();
    let client = Client::builder().no_proxy().tls_certs_only([]).timeout(Duration::from_secs(10)).build()?;
    let pace = if pace.is_finite() && pace > 0.01 { pace } else { 1.0 };
    let posting = async {
        for step in script::endless(seed, clock.now()) {
            sleep(step.after.div_f64(pace)).await;
            post(&client, &to, &step).await;
        }
    };
    tokio::select! {
        () = posting => {}
        () = shutdown => {}
    }
    Ok(())
}

/// Posts until it is answered by anything but "later".
async fn post(client: &Client, to: &Url, step: &Step) {
    for repeat in 1..=REPEATS {
        let request = client.post(to.clone()).header(CONTENT_TYPE, step.content_type).body(step.body.clone());
        match request.send().await {
            // A request that is no webhook is meant to be refused.
            Ok(response) if !response.status().is_server_error() && response.status().as_u16() != 429 => return,
            Ok(response) => tracing::debug!(status = response.status().as_u16(), "the listener did not keep a webhook"),
            Err(error) => tracing::debug!(error = %error.without_url(), "the listener was not reached"),
        }
        sleep(Duration::from_millis(200) * repeat).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::body::Bytes;
    use axum::http::StatusCode;
    use tokio::sync::watch;

    use super::*;
    use crate::domain::Timestamp;

    #[tokio::test]
    async fn every_step_is_posted_in_order_and_again_when_it_was_not_kept() {
        let seen: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
        let (log, (count, mut counted)) = (seen.clone(), watch::channel(0));
        let app = axum::Router::new().fallback(axum::routing::post(async move |body: Bytes| {
            let mut seen = log.lock().unwrap();
            seen.push(body.to_vec());
            count.send_replace(seen.len());
            if seen.len() == 2 { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }
        }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url: Url = format!("http://{}/webhooks/menta", listener.local_addr().unwrap()).parse().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });

        let clock = Clock::Fixed(Timestamp::UNIX_EPOCH);
        let enough = async { drop(counted.wait_for(|count| *count > 5).await) };
        let posted = traffic(url, 1, 1000.0, clock, enough);
        tokio::time::timeout(Duration::from_secs(20), posted).await.expect("it stops when told to").unwrap();

        let mut expected: Vec<_> = script::script(1, Timestamp::UNIX_EPOCH).into_iter().map(|step| step.body).collect();
        expected.insert(2, expected[1].clone());
        let seen = seen.lock().unwrap();
        assert_eq!(seen[..6], expected[..6]);
    }
}
