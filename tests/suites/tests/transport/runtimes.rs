//! Tests that many Tokio runtimes can use one client, one after another or at the same time.

use funnelflux::types::{DuplicateRequest, StatusFilter};
use funnelflux::{Client, RetryPolicy, blocking::Wait as _};
use funnelflux_fake::{Fake, Server};
use funnelflux_suites::credentials;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};

/// Starts a fake, which the background runtime of `wait` serves, and creates a client. A hanging call fails,
/// because the client has a timeout.
fn service() -> (Fake, Server, Client) {
    let fake = Fake::default();
    fake.seed_offer_source("a");
    let server = async { fake.serve(([127, 0, 0, 1], 0).into()).await };
    let server = server.wait().unwrap();
    let client = Client::builder()
        .base_url(server.base_url())
        .credentials(credentials(&fake))
        .attempt_timeout(Duration::from_secs(5))
        .retry(RetryPolicy::none());
    (fake, server, client.build().unwrap())
}

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

async fn list(client: &Client) {
    let sources = client.list_offer_sources(StatusFilter::All, None).await;
    assert!(!sources.unwrap().is_empty());
}

/// Duplicates the offer source, and asserts that this makes exactly one copy in less than two seconds.
fn duplicate_once(fake: &Fake, duplicate: impl FnOnce() -> Result<(), funnelflux::Error>) {
    let before = fake.state().assets("offersource").count();
    let start = Instant::now();
    duplicate().unwrap();
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    assert_eq!(fake.state().assets("offersource").count(), before + 1);
}

#[test]
fn waiting_after_an_await_on_the_same_thread_does_not_hang() {
    let (fake, _server, client) = service();
    current_thread().block_on(async {
        list(&client).await;
        let request = DuplicateRequest::new("copy");
        duplicate_once(&fake, || {
            let call = client.duplicate_offer_source(&"a".into(), &request);
            call.wait().map(drop)
        });
        list(&client).await;
    });
}

#[test]
fn waiting_on_the_only_worker_of_a_runtime_does_not_hang() {
    let (fake, _server, client) = service();
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(1).enable_all().build().unwrap();
    let task = runtime.spawn(async move {
        list(&client).await;
        let request = DuplicateRequest::new("copy");
        duplicate_once(&fake, || {
            let call = client.duplicate_offer_source(&"a".into(), &request);
            call.wait().map(drop)
        });
    });
    runtime.block_on(task).unwrap();
}

#[test]
fn two_runtimes_that_take_turns_do_not_wait_for_each_other() {
    let (fake, _server, client) = service();
    let (first, second) = (current_thread(), current_thread());
    first.block_on(list(&client));
    let request = DuplicateRequest::new("copy");
    for runtime in [&second, &first, &second] {
        duplicate_once(&fake, || {
            let call = client.duplicate_offer_source(&"a".into(), &request);
            runtime.block_on(call.into_future()).map(drop)
        });
    }
    // Runtimes are created and dropped, as in tests.
    for _ in 0..40 {
        current_thread().block_on(list(&client));
    }
    drop(second);
    first.block_on(list(&client));
}
