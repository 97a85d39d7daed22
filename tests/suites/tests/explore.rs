//! Checks that `Explore` finds the mistakes in the programs of this file, and that the seed in the report of
//! a mistake reproduces it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use bytes::Bytes;
use funnelflux::ext::*;
use funnelflux::transport::{BoxFuture, ResponseBody, Transport, TransportError};
use funnelflux::types::{OfferSource, OfferSourceId, StatusFilter};
use funnelflux::{Client, Credentials, Error};
use funnelflux_fake::Fake;
use funnelflux_fake::explore::{Explore, Run};
use std::fs;

const ID: &str = "2nIemJxCKbFX";

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

fn client(run: &Run) -> Client {
    let (fake, clock) = (run.fake(), run.clone());
    let credentials = Credentials::new(fake.access_token());
    let credentials = credentials.with_refresh_token(fake.refresh_token().unwrap());
    let builder = Client::builder().credentials(credentials);
    let builder = builder.clock(move || clock.now()).transport(Service(run.clone()));
    builder.build().unwrap()
}

fn explore() -> Explore {
    Explore::new()
        .readings(4)
        .setup(|fake| fake.seed_offer_source(ID))
}

/// Creates an asset, and afterwards records its creation in a file. If the file exists, does nothing.
async fn create_once(run: Run, name: &str) -> Result<(), Error> {
    let done = run.folder().join("done");
    if !done.exists() {
        client(&run).create(|id| OfferSource::new(id, name)).await?;
        fs::write(done, "").unwrap();
    }
    Ok(())
}

/// Records the ID of a new asset before sending the asset, so that a restarted program uses the same ID.
async fn create_under_a_remembered_id(run: Run) -> Result<(), Error> {
    let file = run.folder().join("id");
    let client = client(&run);
    let id = if let Ok(id) = fs::read_to_string(&file) {
        OfferSourceId::from(id)
    } else {
        let id = OfferSourceId::generate()?;
        fs::write(&file, id.as_str()).unwrap();
        id
    };
    let sources = client.list_offer_sources(StatusFilter::All, None).await?;
    if sources.iter().all(|source| source.id_offer_source != id) {
        client.create_offer_source(&OfferSource::new(id, "new")).await?;
    }
    Ok(())
}

#[test]
fn a_doubled_asset_is_found_and_its_seed_repeats_the_run() {
    let exploration = explore().run(|run| create_once(run, "new"));
    assert!(exploration.runs > 100, "{exploration}");
    // The process crashed after the creation, before it recorded the creation.
    let mistake = exploration.mistakes.first().unwrap();
    assert_eq!(mistake.doubled, [r#"offersource "new": 2 instead of 1"#]);
    assert_eq!((mistake.reading, &mistake.lost), (0, &Vec::new()));
    let trouble = mistake.trouble.as_deref().unwrap();
    assert!(
        trouble.starts_with("crash after request 1 was applied"),
        "{trouble}"
    );
    let text = exploration.to_string();
    assert!(
        text.contains(&format!("Explore::only({})", mistake.seed)),
        "{text}"
    );
    for mistake in &exploration.mistakes {
        let again = explore().only(mistake.seed).run(|run| create_once(run, "new"));
        assert_eq!((again.runs, &again.mistakes), (1, &vec![mistake.clone()]));
    }
}

#[test]
fn a_right_program_passes() {
    let exploration = explore().run(create_under_a_remembered_id);
    exploration.assert_no_mistakes();
    assert!(exploration.runs > 300, "{exploration}");
}

#[test]
fn a_lost_and_an_unfinished_asset_are_found() {
    let careless = |run: Run| async move {
        let client = client(&run);
        // The mistake is that the results of these calls are ignored.
        let _ = client.create(|id| OfferSource::new(id, "new")).await;
        let _ = client.offer_sources().bulk_archive([ID]).send().await;
        Ok::<(), Error>(())
    };
    let exploration = explore().run(careless);
    let of = |lost: bool| {
        let mut mistakes = exploration.mistakes.iter();
        mistakes.any(|mistake| !(if lost { &mistake.lost } else { &mistake.unfinished }).is_empty())
    };
    assert!(of(true), "{exploration}");
    assert!(of(false), "{exploration}");
}

#[test]
#[should_panic(expected = "error: assets were lost or doubled in")]
fn a_mistake_fails_a_test() {
    explore().run(|run| create_once(run, "new")).assert_no_mistakes();
}

#[tokio::test]
async fn the_fake_needs_no_socket() {
    let fake = Fake::default();
    let request = http::Request::get("/v1/offersource/list/?status=all")
        .header("authorization", format!("Bearer {}", fake.access_token()));
    let response = fake.respond(request.body(Bytes::new()).unwrap()).await.unwrap();
    assert_eq!(response.body(), "[]");
}
