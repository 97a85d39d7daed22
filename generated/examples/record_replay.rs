//! Records the responses of a service, then replays them without the service.
//!
//! Run: `cargo run --example record_replay`

use funnelflux::transport::{HttpTransport, Transport, TransportError, TransportErrorKind::Connect, from_fn};
use funnelflux::{Client, bytes::Bytes, http, types::StatusFilter};
use funnelflux_fake::Fake;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// Maps the method and URI of a request to the status and body of the response. Headers are not recorded,
/// because the headers of requests contain the token.
type Recording = Arc<Mutex<HashMap<String, (http::StatusCode, Bytes)>>>;

fn key(request: &http::Request<Bytes>) -> String {
    format!("{} {}", request.method(), request.uri())
}

/// Sends requests through `inner` and records the responses.
fn record(inner: impl Transport, recording: Recording) -> impl Transport {
    let inner = Arc::new(inner);
    from_fn(move |request| {
        let (inner, recording, key) = (Arc::clone(&inner), Arc::clone(&recording), key(&request));
        async move {
            let (head, body) = inner.send(request).await?.into_parts();
            let body = body.bytes().await?;
            if let Ok(mut recording) = recording.lock() {
                recording.insert(key, (head.status, body.clone()));
            }
            Ok(http::Response::from_parts(head, body))
        }
    })
}

/// Answers requests from a recording.
fn replay(recording: Recording) -> impl Transport {
    from_fn(move |request| {
        let recorded = recording
            .lock()
            .ok()
            .and_then(|all| all.get(&key(&request)).cloned());
        let missing = format!("no recording of {}", key(&request));
        async move {
            let (status, body) = recorded.ok_or_else(|| TransportError::new(Connect, missing))?;
            let mut response = http::Response::new(body);
            *response.status_mut() = status;
            Ok(response)
        }
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fake = Fake::default();
    fake.seed_many(3);
    let server = fake.serve(([127, 0, 0, 1], 0).into()).await?;
    let builder = || Client::builder().base_url(server.base_url());
    let recording = Recording::default();

    let transport = record(HttpTransport::new()?, Arc::clone(&recording));
    let client = builder()
        .bearer_token(fake.access_token())
        .transport(transport)
        .build()?;
    let recorded = client.list_offer_sources(StatusFilter::Active, None).await?;
    println!("recorded {} offer sources", recorded.len());

    let client = builder().transport(replay(recording)).build()?;
    let replayed = client.list_offer_sources(StatusFilter::Active, None).await?;
    println!(
        "replayed {} offer sources in {} requests",
        replayed.len(),
        fake.request_count() - 1
    );
    Ok(())
}
