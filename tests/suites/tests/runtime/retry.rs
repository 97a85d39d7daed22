//! Tests of retries: the requests that are repeated, those that are not, and the waits between attempts.

use super::*;
use funnelflux::types::{DuplicateRequest, ParentMutationRequest, StatusFilter};
use funnelflux::{Error, RateLimit, RetryBudget, RetryPolicy};
use funnelflux_fake::RetryAfter;
use funnelflux_suites::{InProcess, client, client_over};
use std::num::NonZeroU32;

fn refusal(status: u16, retry_after: RetryAfter) -> Fault {
    Fault::Status {
        status,
        retry_after,
        applied: false,
    }
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_waited_for_in_seconds_and_as_a_date() -> Result<(), Error> {
    for status in [429, 503] {
        for asked in [RetryAfter::Seconds(2), RetryAfter::Date(Duration::from_secs(2))] {
            let fake = Fake::default();
            inject(&fake, LIST, refusal(status, asked.clone()), 1);
            let client = client(&fake).build()?;
            let (rows, time) = timed(client.list_offer_sources(StatusFilter::All, None)).await;
            assert!(rows?.is_empty());
            assert!(
                time >= Duration::from_secs(2) && time < Duration::from_millis(2_205),
                "{status} {asked:?}: {time:?}"
            );
            assert_eq!(count(&fake, LIST), 2);
        }
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_wait_beyond_the_limit_is_returned_as_an_error() -> Result<(), Error> {
    let fake = Fake::default();
    inject(&fake, LIST, refusal(429, RetryAfter::Seconds(3_600)), 1);
    let client = client(&fake).build()?;
    let (outcome, time) = timed(client.list_offer_sources(StatusFilter::All, None)).await;
    let error = outcome.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_hours(1)));
    assert!(error.is_rate_limited() && error.is_retryable() && !error.may_have_been_applied());
    assert!(time < Duration::from_secs(1), "{time:?}");
    // A single call may raise the limit.
    inject(&fake, LIST, refusal(429, RetryAfter::Seconds(3_600)), 1);
    let patient = RetryPolicy::new().max_retry_after(Duration::from_hours(2));
    let call = client.list_offer_sources(StatusFilter::All, None);
    let (outcome, time) = timed(call.retry(patient).timeout(Duration::from_hours(3))).await;
    outcome?;
    assert!(time >= Duration::from_hours(1), "{time:?}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn transient_errors_are_retried() -> Result<(), Error> {
    for fault in [
        Fault::status(500),
        Fault::status(502),
        Fault::status(503),
        Fault::status(504),
        Fault::RefuseConnection,
        Fault::ResetBeforeReading,
        Fault::ResetAfterApplying,
        Fault::CloseInBody,
        Fault::ResetInBody,
        Fault::StallConnect,
        Fault::StallHeaders { applied: true },
        Fault::StallBody,
        Fault::GzipGarbage,
    ] {
        let fake = Fake::default();
        fake.seed_offer_source("a");
        inject(&fake, LIST, fault.clone(), 2);
        inject(&fake, ARCHIVE, fault.clone(), 2);
        let client = client(&fake).build()?;
        assert_eq!(
            client.list_offer_sources(StatusFilter::Active, None).await?.len(),
            1,
            "{fault}"
        );
        let request = ParentMutationRequest::new(["a".to_owned()]);
        let response = client.archive_offer_sources(&request).response().await?;
        assert_eq!(response.attempts, 3, "{fault}");
        assert_eq!(fake.pending_faults(), 0, "{fault}");
        let archived = fake.state().asset("offersource", "a").unwrap().status.clone();
        assert_eq!(archived, funnelflux_fake::Status::Archived, "{fault}");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_error_reports_attempts_and_duration() -> Result<(), Error> {
    let fake = Fake::default();
    fake.inject(Rule::new(Fault::status(503)).on(LIST).times(100));
    let client = client(&fake).build()?;
    let (outcome, time) = timed(client.list_offer_sources(StatusFilter::All, None)).await;
    let error = outcome.unwrap_err();
    assert_eq!(error.attempts(), 5);
    assert_eq!(count(&fake, LIST), 5);
    // The timer has a resolution of milliseconds.
    assert!(
        error.elapsed().abs_diff(time) < Duration::from_millis(5),
        "{error:?} {time:?}"
    );
    // Full jitter waits for at most 0.5 + 1 + 2 + 4 s.
    assert!(time <= Duration::from_millis(7_510), "{time:?}");
    let text = error.to_string();
    assert!(
        text.starts_with(
            "list_offer_sources (GET /offersource/list/): 503 Service Unavailable: fault: \
             a fault that a test asked for (5 attempts in "
        ),
        "{text}"
    );
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_is_never_repeated_once_it_may_have_been_received() -> Result<(), Error> {
    for fault in faults() {
        let fake = Fake::default();
        fake.seed_offer_source("a");
        inject(&fake, DUPLICATE, fault.clone(), 1);
        let client = client(&fake).max_response_bytes(LARGE).build()?;
        let outcome = client
            .duplicate_offer_source(&"a".into(), &DuplicateRequest::new("copy"))
            .await;
        let sources = fake.state().assets("offersource").count();
        assert!(sources <= 2, "{fault}: {sources}");
        let repeated = count(&fake, DUPLICATE) > 1;
        // With a refused token, the request did not reach the operation.
        let harmless = matches!(
            fault,
            Fault::RefuseConnection | Fault::Unauthorized | Fault::ExpireToken
        );
        assert_eq!(repeated, harmless, "{fault}");
        match outcome {
            Ok(_) => assert_eq!(sources, 2, "{fault}"),
            Err(error) => {
                if sources == 2 {
                    assert!(error.may_have_been_applied(), "{fault}: {error}");
                    assert!(!error.is_retryable(), "{fault}: {error}");
                }
            }
        }
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_policy_of_none_sends_once() -> Result<(), Error> {
    let fake = Fake::default();
    inject(&fake, LIST, Fault::status(503), 2);
    let client = client(&fake).retry(RetryPolicy::none()).build()?;
    let call = || client.list_offer_sources(StatusFilter::All, None);
    assert_eq!(call().await.unwrap_err().attempts(), 1);
    assert_eq!(call().retry(RetryPolicy::new()).response().await?.attempts, 2);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_budget_keeps_a_burst_of_failures_from_multiplying() -> Result<(), Error> {
    let fake = Fake::default();
    fake.inject(Rule::new(Fault::status(503)).on(LIST).times(10_000));
    let client = client(&fake).retry_budget(RetryBudget::new(10, 0.1)).build()?;
    let calls = (0..50).map(|_| client.list_offer_sources(StatusFilter::All, None).into_future());
    let outcomes = futures_util::future::join_all(calls).await;
    assert!(outcomes.iter().all(Result::is_err));
    assert_eq!(count(&fake, LIST), 60);
    let mut errors = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
    assert!(errors.any(|error| error.to_string().contains("retry budget")));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_slow_body_does_not_extend_a_timeout() -> Result<(), Error> {
    for fault in [
        Fault::StallBody,
        Fault::StallHeaders { applied: false },
        Fault::StallConnect,
    ] {
        let fake = Fake::default();
        fake.inject(Rule::new(fault.clone()).on(LIST).times(1_000));
        let client = client(&fake)
            .attempt_timeout(Duration::from_secs(7))
            .timeout(Duration::from_secs(30))
            .retry(RetryPolicy::new().max_attempts(2))
            .build()?;
        let call = || client.list_offer_sources(StatusFilter::All, None);
        let (outcome, time) = timed(call()).await;
        let error = outcome.unwrap_err();
        assert!(
            error.is_timeout() && error.to_string().contains("within 7 s"),
            "{error}"
        );
        assert!(
            time >= Duration::from_secs(14) && time < Duration::from_secs(15),
            "{fault}: {time:?}"
        );
        let (outcome, time) = timed(call().timeout(Duration::from_secs(3))).await;
        let error = outcome.unwrap_err();
        assert!(
            error.is_timeout() && error.to_string().contains("within 3 s"),
            "{error}"
        );
        assert!(time < Duration::from_millis(3_010), "{fault}: {time:?}");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_exceeds_the_timeout_does_not_start() -> Result<(), Error> {
    let fake = Fake::default();
    inject(&fake, LIST, refusal(503, RetryAfter::Seconds(30)), 1);
    let client = client(&fake).timeout(Duration::from_secs(10)).build()?;
    let (outcome, time) = timed(client.list_offer_sources(StatusFilter::All, None)).await;
    let error = outcome.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(30)));
    assert!(error.to_string().contains("no time left"), "{error}");
    assert!(time < Duration::from_secs(1), "{time:?}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_429_slows_all_clones_down() -> Result<(), Error> {
    let fake = Fake::default();
    let ten = NonZeroU32::new(10).unwrap();
    let client = client_over(InProcess::new(&fake).latency(Duration::from_millis(1)))
        .rate_limit(RateLimit::per_second(ten))
        .build()?;
    let burst = |client: &funnelflux::Client, calls: usize| {
        let call = || {
            client
                .clone()
                .list_offer_sources(StatusFilter::All, None)
                .into_future()
        };
        futures_util::future::join_all((0..calls).map(|_| call()))
    };
    let (outcomes, time) = timed(burst(&client, 21)).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert!(
        time >= Duration::from_millis(1_900) && time < Duration::from_millis(2_300),
        "{time:?}"
    );
    inject(&fake, LIST, refusal(429, RetryAfter::Seconds(5)), 1);
    let (outcomes, time) = timed(burst(&client, 21)).await;
    assert!(outcomes.iter().all(Result::is_ok));
    // The limiter pauses for 5 s, and then raises the rate from half of the full rate to the full rate.
    assert!(
        time >= Duration::from_secs(7) && time < Duration::from_secs(10),
        "{time:?}"
    );
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_endless_wait_is_returned_as_an_error() -> Result<(), Error> {
    let fake = Fake::default();
    let endless = RetryAfter::Text("9".repeat(30));
    inject(&fake, LIST, refusal(503, endless), 1);
    let client = client(&fake).build()?;
    let patient = RetryPolicy::new().max_retry_after(Duration::MAX);
    let call = client.list_offer_sources(StatusFilter::All, None);
    let error = call.retry(patient).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::MAX));
    assert!(error.to_string().contains("no time left"), "{error}");
    Ok(())
}
