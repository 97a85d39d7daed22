//! Tests of blocking calls, outside and inside of a Tokio runtime.

use super::*;
use funnelflux::types::{OfferSource, StatusFilter};
use funnelflux::{Client, Error, blocking::Wait as _};
use funnelflux_suites::{client, credentials};

#[test]
fn a_program_without_async_makes_the_same_calls() -> Result<(), Error> {
    let fake = Fake::default();
    let server = async { fake.serve(([127, 0, 0, 1], 0).into()).await }
        .wait()
        .unwrap();
    let client = Client::builder()
        .base_url(server.base_url())
        .credentials(credentials(&fake))
        .build()?;
    fake.expire_access_token();
    let id = client.create(|id| OfferSource::new(id, "a")).wait()?;
    assert_eq!(client.find_offer_source_by_id(&id).wait()?.offer_source_name, "a");
    let path = client
        .request(http::Method::GET, "/offersource/list/")
        .query("status", "all");
    assert_eq!(path.json::<Vec<serde_json::Value>>().wait()?.len(), 1);
    assert_eq!(fake.renewals(), 1);
    Ok(())
}

#[tokio::test]
async fn waiting_within_a_runtime_does_not_panic() -> Result<(), Error> {
    let fake = Fake::default();
    let client = client(&fake).build()?;
    assert!(
        client
            .list_offer_sources(StatusFilter::All, None)
            .wait()?
            .is_empty()
    );
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let client = client.clone();
            tokio::task::spawn_blocking(move || client.list_offer_sources(StatusFilter::All, None).wait())
        })
        .collect();
    for thread in threads {
        assert!(thread.await.unwrap()?.is_empty());
    }
    Ok(())
}

#[test]
fn a_panic_propagates() {
    let outcome = std::thread::spawn(|| async { panic!("out") }.wait()).join();
    assert_eq!(outcome.unwrap_err().downcast_ref::<&str>(), Some(&"out"));
}
