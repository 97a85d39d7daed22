//! Tests of behaviour that depends on the kernel and on the HTTP library, and therefore needs real sockets.

use super::*;
use funnelflux::types::{OfferSource, StatusFilter};
use funnelflux::{Client, ClientBuilder, Error, RetryPolicy};
use funnelflux_fake::{Server, Settings};
use funnelflux_suites::credentials;

/// A fake that listens on a free port, and the builder of a client that retries without delay.
async fn served(settings: Settings) -> (Fake, Server, ClientBuilder) {
    let fake = Fake::new(settings);
    let server = fake.serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let builder = Client::builder()
        .base_url(server.base_url())
        .credentials(credentials(&fake))
        .retry(RetryPolicy::new().base_delay(Duration::ZERO));
    (fake, server, builder)
}

#[tokio::test]
async fn a_client_works_over_http_and_renews_its_token() -> Result<(), Error> {
    let (fake, _server, builder) = served(Settings::default()).await;
    let client = builder.build()?;
    fake.expire_access_token();
    let id = client.create(|id| OfferSource::new(id, "ä & ö")).await?;
    assert_eq!(
        client.find_offer_source_by_id(&id).await?.offer_source_name,
        "ä & ö"
    );
    assert_eq!(
        client.list_offer_sources(StatusFilter::Active, None).await?.len(),
        1
    );
    assert_eq!(fake.renewals(), 1);
    Ok(())
}

#[tokio::test]
async fn broken_connections_are_classified() -> Result<(), Error> {
    let (fake, server, builder) = served(Settings::default()).await;
    let client = builder.build()?;
    for fault in [
        Fault::ResetBeforeReading,
        Fault::ResetAfterApplying,
        Fault::ResetInBody,
        Fault::CloseInBody,
        Fault::CloseWithoutAnswer { applied: true },
        Fault::GzipGarbage,
    ] {
        inject(&fake, LIST, fault.clone(), 1);
        client.list_offer_sources(StatusFilter::All, None).await?;
        inject(&fake, CREATE, fault.clone(), 1);
        let before = fake.state().assets("offersource").count();
        client.create(|id| OfferSource::new(id, "a")).await?;
        assert_eq!(fake.state().assets("offersource").count(), before + 1, "{fault}");
    }
    server.refuse_connections().await.unwrap();
    let error = client.create(|id| OfferSource::new(id, "a")).await.unwrap_err();
    assert!(!error.may_have_been_applied() && error.is_retryable(), "{error}");
    assert!(
        error.to_string().contains("no connection to the service"),
        "{error}"
    );
    assert!(!error.to_string().contains("fake-access-token"), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_redirect_is_not_followed_over_http_either() -> Result<(), Error> {
    let (fake, _server, builder) = served(Settings::default()).await;
    let client = builder.build()?;
    for status in [301, 302, 307, 308] {
        let location = "/v1/offersource/list/?status=all".to_owned();
        inject(&fake, SAVE, Fault::Redirect { status, location }, 1);
        let before = fake.request_count();
        let body = OfferSource::new("2nIemJxCKbFX", "a");
        let error = client.save_offer_source(&body).await.unwrap_err();
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        assert_eq!(fake.request_count(), before + 1);
    }
    Ok(())
}

#[tokio::test]
async fn reading_stops_at_the_response_limit() -> Result<(), Error> {
    let (fake, _server, builder) = served(Settings::default()).await;
    let client = builder.max_response_bytes(100_000).build()?;
    inject(&fake, LIST, Fault::Oversized { bytes: 50_000_000 }, 1);
    let error = client
        .list_offer_sources(StatusFilter::All, None)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("larger than 100000 bytes"), "{error}");
    Ok(())
}
