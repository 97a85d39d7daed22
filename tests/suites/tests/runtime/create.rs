//! Checks that under any fault, a create call succeeds with exactly one asset, or fails without an asset.

use super::*;
use funnelflux::Error;
use funnelflux::types::{OfferSource, OfferSourceId};
use funnelflux_fake::{ExistingOnCreate, Settings};
use funnelflux_suites::client;

fn answered(status: u16, applied: bool) -> Fault {
    Fault::Status {
        status,
        retry_after: funnelflux_fake::RetryAfter::Absent,
        applied,
    }
}

#[tokio::test(start_paused = true)]
async fn every_ambiguous_create_ends_with_at_most_one_offer_source() -> Result<(), Error> {
    let faults = [
        answered(503, false),
        answered(503, true),
        answered(500, true),
        Fault::ResetAfterApplying,
        Fault::ResetAfterReading,
        Fault::StallHeaders { applied: true },
        Fault::StallHeaders { applied: false },
        Fault::StallBody,
        Fault::CloseInBody,
        Fault::Html { applied: true },
    ];
    for existing in [
        ExistingOnCreate::Conflict,
        ExistingOnCreate::BadRequest,
        ExistingOnCreate::Overwrite,
    ] {
        for fault in &faults {
            for times in [1, 4, 100] {
                let fake = Fake::new(Settings {
                    existing_on_create: existing,
                    ..Settings::default()
                });
                inject(&fake, CREATE, fault.clone(), times);
                let client = client(&fake).attempt_timeout(Duration::from_secs(10)).build()?;
                let outcome = client
                    .create(|id| OfferSource::new(id, " ClickBank ").with_postback_tx_id("tx"))
                    .await;
                let sources: Vec<_> = fake
                    .state()
                    .assets("offersource")
                    .map(|asset| asset.id.clone())
                    .collect();
                let case = format!("{existing:?}, {times} × {fault}");
                match outcome {
                    Ok(id) => assert_eq!(sources, [id.as_str()], "{case}"),
                    // A create may only fail if it was never applied.
                    Err(error) => {
                        assert!(sources.is_empty(), "{case}: {error}");
                        assert!(error.may_have_been_applied(), "{case}: {error}");
                        assert!(
                            error.to_string().contains("reading it back did not find it"),
                            "{case}: {error}"
                        );
                    }
                }
                if times < 5 && !matches!(fault, Fault::Html { .. }) {
                    assert_eq!(sources.len(), 1, "{case}");
                }
            }
        }
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_create_reserves_time_to_read_back() -> Result<(), Error> {
    let fake = Fake::default();
    fake.inject(
        Rule::new(Fault::StallHeaders { applied: true })
            .on(CREATE)
            .times(100),
    );
    let client = client(&fake).build()?;
    for limit in [1, 10, 300] {
        let limit = Duration::from_secs(limit);
        let call = client.create(|id| OfferSource::new(id, "a")).timeout(limit);
        let (outcome, time) = timed(call).await;
        let id = outcome?;
        assert!(fake.state().asset("offersource", id.as_str()).is_some());
        assert!(time < limit, "{time:?}");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_create_with_the_id_of_another_asset_fails() -> Result<(), Error> {
    let fake = Fake::default();
    fake.seed_offer_source("2nIemJxCKbFX");
    let client = client(&fake).build()?;
    let body = OfferSource::new("2nIemJxCKbFX", "Mine");
    let error = client.create_offer_source(&body).await.unwrap_err();
    assert_eq!(error.status().map(|status| status.as_u16()), Some(409));
    assert!(!error.may_have_been_applied(), "{error}");
    inject(&fake, CREATE, Fault::ResetAfterReading, 1);
    let error = client.create_offer_source(&body).await.unwrap_err();
    assert_eq!(error.status().map(|status| status.as_u16()), Some(409));
    assert!(
        error.to_string().contains("differs in offerSourceName"),
        "{error}"
    );
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_create_needs_an_id_in_the_documented_format() -> Result<(), Error> {
    let fake = Fake::default();
    let client = client(&fake).build()?;
    for odd in ["", "123", "2nIemJxCKbF-", "2nIemJxCKbFXX"] {
        let error = client
            .create_offer_source(&OfferSource::new(odd, "a"))
            .await
            .unwrap_err();
        assert!(error.to_string().contains("12 characters"), "{error}");
        assert_eq!(error.attempts(), 0);
    }
    assert_eq!(fake.request_count(), 0);
    // Existing assets can have any ID.
    fake.seed_offer_source("123");
    client.find_offer_source_by_id(&"123".into()).await?;
    let id = OfferSourceId::generate()?;
    client.create_offer_source(&OfferSource::new(&id, "a")).await?;
    assert_eq!(client.find_offer_source_by_id(&id).await?.id_offer_source, id);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_not_read_back() -> Result<(), Error> {
    let fake = Fake::default();
    inject(&fake, CREATE, answered(403, false), 1);
    let client = client(&fake).build()?;
    let error = client.create(|id| OfferSource::new(id, "a")).await.unwrap_err();
    assert!(!error.may_have_been_applied());
    assert_eq!((count(&fake, CREATE), count(&fake, FIND)), (1, 0));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_error_names_the_id_that_may_exist_now() -> Result<(), Error> {
    let fake = Fake::default();
    inject(&fake, CREATE, Fault::ResetAfterApplying, 5);
    inject(&fake, FIND, Fault::status(500), 5);
    let client = client(&fake).build()?;
    let error = client.create(|id| OfferSource::new(id, "a")).await.unwrap_err();
    assert!(error.may_have_been_applied(), "{error}");
    let id = error.asset_id().unwrap();
    assert!(fake.state().asset("offersource", id).is_some(), "{error}");
    assert!(error.to_string().contains(id), "{error}");
    let read = client.find_offer_source_by_id(&"b".into()).await;
    assert_eq!(read.unwrap_err().asset_id(), None);
    Ok(())
}
