//! Tests token renewal: concurrent calls share a renewal, stores keep the tokens, and errors are helpful.

use super::*;
use funnelflux::auth::{MemoryTokenStore, StoreError, TokenStore};
use funnelflux::transport::{BoxFuture, ResponseBody, Transport, TransportError};
use funnelflux::types::{DuplicateRequest, StatusFilter};
use funnelflux::{Client, Credentials, Error};
use funnelflux_fake::{RejectedToken, Settings};
use funnelflux_suites::{InProcess, client, client_over, credentials};
use std::sync::Arc;

const LATENCY: Duration = Duration::from_millis(50);
/// Time that the client waits after the first failed renewal before it attempts another one.
const BACKOFF: Duration = Duration::from_secs(1);

async fn list(client: &Client) -> Result<usize, Error> {
    Ok(client.list_offer_sources(StatusFilter::All, None).await?.len())
}

#[tokio::test(start_paused = true)]
async fn concurrent_calls_with_an_expired_token_share_one_renewal() -> Result<(), Error> {
    for rejected_token in [RejectedToken::Unauthorized, RejectedToken::BadRequest] {
        for rotate_refresh_token in [false, true] {
            let fake = Fake::new(Settings {
                rejected_token,
                rotate_refresh_token,
                ..Settings::default()
            });
            fake.seed_offer_source("a");
            let client = client_over(InProcess::new(&fake).latency(LATENCY)).build()?;
            fake.expire_access_token();
            let calls = (0..64).map(|_| list(&client));
            for outcome in futures_util::future::join_all(calls).await {
                assert_eq!(outcome?, 1);
            }
            assert_eq!(count(&fake, RENEW), 1);
            assert_eq!(fake.renewals(), 1);
            assert_eq!(count(&fake, LIST), 128);
        }
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_refused_write_is_repeated_once_after_the_renewal() -> Result<(), Error> {
    let fake = Fake::default();
    fake.seed_offer_source("a");
    let client = client(&fake).build()?;
    fake.expire_access_token();
    client
        .duplicate_offer_source(&"a".into(), &DuplicateRequest::new("copy"))
        .await?;
    assert_eq!(fake.state().assets("offersource").count(), 2);
    // A refusal after the renewal is final.
    inject(&fake, LIST, Fault::Unauthorized, 5);
    let error = list(&client).await.unwrap_err();
    assert!(error.is_unauthorized() && !error.is_retryable(), "{error}");
    assert_eq!(count(&fake, LIST), 2);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_token_with_a_known_expiry_is_renewed_in_advance() -> Result<(), Error> {
    let fake = Fake::default();
    let client = client(&fake).build()?;
    fake.expire_access_token();
    list(&client).await?;
    fake.clear_log();
    // The renewal reported that the new token is valid for 72 hours.
    tokio::time::sleep(Duration::from_hours(72)).await;
    list(&client).await?;
    assert_eq!((count(&fake, LIST), count(&fake, RENEW)), (1, 1));
    assert_eq!(fake.renewals(), 2);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_is_too_early_is_not_repeated() -> Result<(), Error> {
    let fake = Fake::default();
    let ends = fake.now() + Duration::from_hours(72);
    let client = client(&fake)
        .credentials(credentials(&fake).with_expires_at(ends))
        .build()?;
    list(&client).await?;
    assert_eq!(count(&fake, RENEW), 0);
    tokio::time::sleep(Duration::from_hours(72) - Duration::from_secs(30)).await;
    for _ in 0..10 {
        list(&client).await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    // As documented, the renewal only confirms a token that is still valid.
    assert_eq!((count(&fake, RENEW), fake.renewals()), (1, 0));
    tokio::time::sleep(Duration::from_mins(2)).await;
    assert_eq!(
        (count(&fake, RENEW), fake.renewals()),
        (2, 1),
        "at the expiry, without a call"
    );
    list(&client).await?;
    assert_eq!(count(&fake, LIST), 12, "no call was refused");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_failed_renewal_asks_to_log_in_and_is_not_repeated() -> Result<(), Error> {
    let fake = Fake::default();
    let client = client_over(InProcess::new(&fake).latency(LATENCY)).build()?;
    fake.expire_access_token();
    fake.invalidate_refresh_token();
    let outcomes = futures_util::future::join_all((0..8).map(|_| list(&client))).await;
    for outcome in outcomes {
        let error = outcome.unwrap_err();
        assert!(error.is_unauthorized() && !error.is_retryable(), "{error:?}");
        assert_eq!(
            error.to_string(),
            "list_offer_sources (GET /offersource/list/): the access token from the given credentials was \
             rejected and could not be renewed: renew_access_token (POST /auth/validate): \
             401 Unauthorized: invalid_token: the refresh token is not valid; log in again; \
             log in to FunnelFlux and create new tokens under settings → API access"
        );
    }
    list(&client).await.unwrap_err();
    assert_eq!(count(&fake, RENEW), 1, "the service has said that it will not");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn without_a_refresh_token_the_error_says_so() -> Result<(), Error> {
    let fake = Fake::default();
    let client = client(&fake)
        .credentials(Credentials::new(fake.access_token()))
        .build()?;
    list(&client).await?;
    fake.expire_access_token();
    let error = list(&client).await.unwrap_err();
    assert!(error.is_unauthorized());
    let text = error.to_string();
    for part in [
        "no refresh token",
        "the access token has expired",
        "settings → API access",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let without_tokens = Client::builder().transport(InProcess::new(&fake)).build()?;
    let error = list(&without_tokens).await.unwrap_err();
    assert!(
        error.is_unauthorized() && error.to_string().contains("the client has none"),
        "{error}"
    );
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn transient_errors_of_the_renewal_are_retried_or_reported_as_transient() -> Result<(), Error> {
    let fake = Fake::default();
    let client = client(&fake).build()?;
    fake.expire_access_token();
    inject(&fake, RENEW, Fault::status(503), 2);
    list(&client).await?;
    assert_eq!(count(&fake, RENEW), 3);
    fake.expire_access_token();
    inject(&fake, RENEW, Fault::status(503), 5);
    let error = list(&client).await.unwrap_err();
    assert!(error.is_retryable() && !error.is_unauthorized(), "{error}");
    assert!(!error.to_string().contains("log in"), "{error}");
    tokio::time::sleep(BACKOFF).await;
    list(&client).await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_invalid_renewal_response_is_reported_and_ignored() -> Result<(), Error> {
    for (fault, message) in [
        (Fault::WrongJson, "the response contains no tokens.access_token"),
        (
            Fault::TruncatedJson,
            "the response contains no tokens.access_token",
        ),
        (
            Fault::Html { applied: false },
            "expected JSON, but the response is an HTML page",
        ),
    ] {
        let fake = Fake::default();
        let client = client(&fake).build()?;
        fake.expire_access_token();
        inject(&fake, RENEW, fault, 1);
        let error = list(&client).await.unwrap_err();
        assert!(
            error.is_unauthorized() && error.to_string().contains(message),
            "{error}"
        );
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_renewal_outlives_the_call_that_began_it() -> Result<(), Error> {
    let fake = Fake::new(Settings {
        rotate_refresh_token: true,
        ..Settings::default()
    });
    let client = client_over(InProcess::new(&fake).latency(Duration::from_secs(1))).build()?;
    fake.expire_access_token();
    let hasty = client.list_offer_sources(StatusFilter::All, None);
    let error = hasty.timeout(Duration::from_millis(1_500)).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    tokio::time::sleep(Duration::from_secs(5)).await;
    list(&client).await?;
    assert_eq!(fake.renewals(), 1);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn renewed_tokens_go_to_the_store_and_the_next_process_uses_them() -> Result<(), Error> {
    let fake = Fake::new(Settings {
        rotate_refresh_token: true,
        ..Settings::default()
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.json");
    let first = credentials(&fake);
    let process = || client(&fake).credentials(first.clone()).token_file(&path).build();
    fake.expire_access_token();
    let (first_client, second_client) = (process()?, process()?);
    list(&first_client).await?;
    assert_eq!(fake.renewals(), 1);
    // The second process starts with old tokens, and the store has newer ones.
    list(&second_client).await?;
    list(&process()?).await?;
    assert_eq!(fake.renewals(), 1);
    // The token expires for both clients. The lock lets one client renew the token, and the other client uses
    // the result.
    fake.expire_access_token();
    let (a, b) = futures_util::join!(list(&first_client), list(&second_client));
    a?;
    b?;
    assert_eq!(fake.renewals(), 2);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn new_credentials_help_when_those_in_the_store_are_dead() -> Result<(), Error> {
    let fake = Fake::default();
    let store = Arc::new(MemoryTokenStore::new());
    store
        .save(&Credentials::new("dead").with_refresh_token("dead"))
        .await
        .unwrap();
    let client = client(&fake).token_store(Arc::clone(&store)).build()?;
    list(&client).await?;
    let kept = store.load().await.unwrap().unwrap();
    assert!(kept.expires_at().is_some(), "the working ones are kept now");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn only_reads_of_a_broken_store_are_errors() -> Result<(), Error> {
    #[derive(Default)]
    struct Broken {
        reading: bool,
    }
    impl TokenStore for Broken {
        fn load(&self) -> BoxFuture<'_, Result<Option<Credentials>, StoreError>> {
            Box::pin(async {
                if self.reading {
                    return Err("the vault is sealed".into());
                }
                Ok(None)
            })
        }

        fn save<'a>(&'a self, _: &'a Credentials) -> BoxFuture<'a, Result<(), StoreError>> {
            Box::pin(async { Err("the vault is full".into()) })
        }
    }
    let fake = Fake::default();
    let sealed = client(&fake).token_store(Broken { reading: true }).build()?;
    let error = list(&sealed).await.unwrap_err();
    assert!(error.to_string().contains("the vault is sealed"), "{error}");
    let full = client(&fake).token_store(Broken { reading: false }).build()?;
    fake.expire_access_token();
    list(&full).await?;
    list(&full).await?;
    assert_eq!(fake.renewals(), 1);
    Ok(())
}

/// Answers list requests with status 400 and a text about tokens. Sends other requests to the fake.
#[derive(Clone, Debug)]
struct MisleadingService(InProcess);

impl Transport for MisleadingService {
    fn send(
        &self,
        request: http::Request<bytes::Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<ResponseBody>, TransportError>> {
        if !request.uri().path().contains("/list/") {
            return self.0.send(request);
        }
        let body = bytes::Bytes::from_static(b"the access token of your network has expired");
        let mut answer = http::Response::new(ResponseBody::from(body));
        *answer.status_mut() = http::StatusCode::BAD_REQUEST;
        Box::pin(std::future::ready(Ok(answer)))
    }
}

#[tokio::test(start_paused = true)]
async fn a_400_with_a_valid_token_stays_a_400() -> Result<(), Error> {
    let fake = Fake::default();
    let client = client(&fake)
        .transport(MisleadingService(InProcess::new(&fake)))
        .build()?;
    let error = list(&client).await.unwrap_err();
    assert_eq!(count(&fake, RENEW), 1, "it may have been the token");
    assert!(!error.is_unauthorized(), "{error}");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(400));
    assert!(error.to_string().contains("of your network"), "{error}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_transient_failure_of_the_renewal_is_retried() -> Result<(), Error> {
    for fault in [
        Fault::Html { applied: false },
        Fault::WrongJson,
        Fault::status(501),
    ] {
        let fake = Fake::default();
        let client = client(&fake).build()?;
        fake.expire_access_token();
        inject(&fake, RENEW, fault.clone(), 1);
        list(&client).await.unwrap_err();
        tokio::time::sleep(BACKOFF).await;
        let again = list(&client).await;
        assert!(again.is_ok(), "{fault}: {again:?}");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_refresh_token_that_another_process_has_replaced_is_found_in_the_store() -> Result<(), Error> {
    let fake = Fake::default();
    let store = Arc::new(MemoryTokenStore::new());
    let stale = Credentials::new(fake.access_token()).with_refresh_token("replaced");
    store.save(&stale).await.unwrap();
    let client = client(&fake)
        .credentials(stale)
        .token_store(Arc::clone(&store))
        .build()?;
    list(&client).await?;
    // The other process renewed early: the access token was confirmed, and the refresh token replaced.
    store.save(&credentials(&fake)).await.unwrap();
    fake.expire_access_token();
    list(&client).await?;
    assert_eq!(fake.renewals(), 1);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_of_another_process_is_renewed() -> Result<(), Error> {
    let fake = Fake::default();
    let store = Arc::new(MemoryTokenStore::new());
    let first = client(&fake).token_store(Arc::clone(&store)).build()?;
    let second = client(&fake).build()?;
    list(&first).await?;
    fake.expire_access_token();
    list(&second).await?;
    // The token of the other process seems to be valid for a long time, but the service rejects it.
    let late = fake.now() + Duration::from_hours(72);
    store
        .save(&credentials(&fake).with_expires_at(late))
        .await
        .unwrap();
    fake.expire_access_token();
    list(&first).await?;
    assert_eq!(fake.renewals(), 2);
    Ok(())
}

fn paused_runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().unwrap()
}

#[test]
fn a_renewal_restarts_if_its_runtime_has_ended() {
    let fake = Fake::default();
    let first = paused_runtime();
    let client = first.block_on(async {
        let client = client(&fake).build().unwrap();
        fake.expire_access_token();
        let mut call = std::pin::pin!(list(&client));
        // The renewal is a task of this runtime, which never runs it.
        assert!(futures_util::poll!(&mut call).is_pending());
        client.clone()
    });
    drop(first);
    paused_runtime().block_on(list(&client)).unwrap();
    assert_eq!(fake.renewals(), 1);
}

/// Checks that another runtime takes over a renewal if the runtime that began it is no longer polled. A
/// program may stop polling a runtime without dropping it, for example a current-thread runtime that it used
/// for one call.
#[test]
fn a_renewal_is_taken_over_from_a_runtime_that_nobody_runs() {
    let time_of_renewal = [LATENCY, 2 * LATENCY, 2 * LATENCY + LATENCY / 2];
    for (rotate_refresh_token, stop_after) in time_of_renewal
        .into_iter()
        .flat_map(|time| [(false, time), (true, time)])
    {
        let context = format!("rotation: {rotate_refresh_token}, stopped after {stop_after:?}");
        let folder = tempfile::tempdir().unwrap();
        let fake = Fake::new(Settings {
            rotate_refresh_token,
            ..Settings::default()
        });
        fake.seed_offer_source("a");
        let (first, second) = (paused_runtime(), paused_runtime());
        let client = client_over(InProcess::new(&fake).latency(LATENCY))
            .token_file(folder.path().join("tokens.json"))
            .build()
            .unwrap();
        let mut call = Box::pin(list(&client));
        first.block_on(async {
            list(&client).await.unwrap();
            fake.expire_access_token();
            // The call is refused, and its renewal holds the lock of the token file.
            assert!(tokio::time::timeout(stop_after, &mut call).await.is_err());
        });
        let received = fake.renewals();
        let start = std::time::Instant::now();
        second.block_on(async {
            let calls = (0..8).map(|_| list(&client));
            for outcome in futures_util::future::join_all(calls).await {
                // If only the first runtime has the new refresh token, nobody else can renew.
                assert!(
                    outcome.is_ok() || (rotate_refresh_token && received == 1),
                    "{context}: {outcome:?}"
                );
            }
        });
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "{context}: {:?}",
            start.elapsed()
        );
        // The first runtime runs again, and no token is lost.
        assert_eq!(first.block_on(call).unwrap(), 1, "{context}");
        fake.expire_access_token();
        assert_eq!(second.block_on(list(&client)).unwrap(), 1, "{context}");
        assert!(fake.renewals() <= 3, "{context}: {}", fake.renewals());
    }
}

/// Checks that another runtime takes over the loading of tokens if the runtime that began it is no longer
/// polled. The first call of a client begins the loading.
#[test]
fn loading_tokens_is_taken_over_from_a_runtime_that_nobody_runs() {
    let fake = Fake::default();
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (paused_runtime(), paused_runtime());
    let client = || {
        let builder = client_over(InProcess::new(&fake));
        builder
            .token_file(folder.path().join("tokens.json"))
            .build()
            .unwrap()
    };
    // On a busy machine, another thread may load the file before the first poll ends.
    let (client, call) = (0..1_000)
        .find_map(|_| {
            let client = client();
            let mut call = Box::pin({
                let client = client.clone();
                async move { list(&client).await }
            });
            let is_loading = first.block_on(async { futures_util::poll!(&mut call).is_pending() });
            is_loading.then_some((client, call))
        })
        .unwrap();
    second.block_on(async {
        let calls = (0..8).map(|_| list(&client));
        for outcome in futures_util::future::join_all(calls).await {
            outcome.unwrap();
        }
    });
    first.block_on(call).unwrap();
}
