//! Tests a script against a fake of the service, under several interpretations of the documentation. For each
//! interpretation and each request of the script, the example runs the script once per fault, once with a
//! crash before the request is sent, and once with a crash after the request was applied.
//!
//! One version of the script is careless: it makes a copy twice if a response is lost. The exploration finds
//! this mistake and prints the seed with which the run can be repeated.
//!
//! ```text
//! cargo run --example explore
//! ```

use bytes::Bytes;
use funnelflux::transport::{BoxFuture, ResponseBody, Transport, TransportError};
use funnelflux::types::{DuplicateRequest, OfferSourceId, StatusFilter};
use funnelflux::{Client, Credentials, Error};
use funnelflux_fake::explore::{Exploration, Explore, Run};
use std::collections::HashSet;

/// The offer source to copy.
const TEMPLATE: &str = "2nIemJxCKbFX";

/// Copies the template once for each of two names, unless an offer source already has the name.
async fn copy_template(client: &Client, careless: bool) -> Result<(), Error> {
    let sources = client.list_offer_sources(StatusFilter::All, None).await?;
    let existing: HashSet<_> = sources
        .into_iter()
        .map(|source| source.offer_source_name)
        .collect();
    for name in ["Summer", "Winter"] {
        if existing.contains(name) {
            continue;
        }
        let (template, request) = (OfferSourceId::from(TEMPLATE), DuplicateRequest::new(name));
        let mut copied = client.duplicate_offer_source(&template, &request).await;
        if careless && copied.is_err() {
            // This is the mistake: the first request may have made the copy, although no response arrived.
            copied = client.duplicate_offer_source(&template, &request).await;
        }
        copied?;
    }
    Ok(())
}

/// Explores the careless or the careful version of the script.
fn explore(careless: bool) -> Exploration {
    Explore::new()
        .setup(|fake| fake.seed_offer_source(TEMPLATE))
        .run(move |run| async move {
            let tokens = Credentials::new(run.fake().access_token());
            let clock = run.clone();
            let client = Client::builder()
                .credentials(tokens)
                .clock(move || clock.now())
                .transport(Service(run))
                .build()?;
            copy_template(&client, careless).await
        })
}

/// Transport that sends requests to the fake of an exploration run.
#[derive(Debug)]
struct Service(Run);

impl Transport for Service {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<ResponseBody>, TransportError>> {
        Box::pin(async move { Ok(self.0.respond(request).await?.map(ResponseBody::from)) })
    }
}

fn main() {
    println!("careless script: {}", explore(true));
    println!("careful script: {}", explore(false));
}
