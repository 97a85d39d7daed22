//! Canary tokens: no `Debug`, `Display`, tracing output, panic or error contains a token.

use super::*;
use funnelflux::hook::{Hook, RequestView, ResponseView};
use funnelflux::transport::{BoxFuture, ResponseBody, Transport, TransportError};
use funnelflux::types::{OfferSource, ParentMutationRequest, StatusFilter};
use funnelflux::{Client, Credentials};
use funnelflux_fake::{Fake, Rule, Settings};
use funnelflux_suites::{InProcess, LARGE, faults};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

const CANARY: &str = "CANARY";

/// All output that a person could read.
#[derive(Clone, Default)]
struct Ear(Arc<Mutex<String>>);

impl Ear {
    fn listen(&self) -> DefaultGuard {
        let ear = self.clone();
        listen(move |line| ear.hear(line))
    }

    fn hear(&self, what: impl std::fmt::Display) {
        writeln!(self.0.lock().unwrap(), "{what}").unwrap();
    }
}

impl Hook for Ear {
    fn before_request(&self, request: &mut RequestView<'_>) {
        self.hear(format_args!("{request:?}"));
    }
    fn after_response(&self, response: &ResponseView<'_>) {
        // Hooks see responses unchanged, so this records only operation and status.
        self.hear(format_args!("{:?} {:?}", response.operation, response.status));
    }
}

/// A service that repeats the token in every response.
#[derive(Clone, Debug)]
struct Parrot {
    status: u16,
    content_type: &'static str,
}

impl Transport for Parrot {
    fn send(
        &self,
        request: http::Request<bytes::Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<ResponseBody>, TransportError>> {
        let token = request
            .headers()
            .get("authorization")
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        let said = format!(
            r#"{{"error":"invalid {token}","echo":{:?},"tokens":"{token}"}}"#,
            String::from_utf8_lossy(request.body())
        );
        let response = http::Response::builder()
            .status(self.status)
            .header("content-type", self.content_type)
            .header("location", format!("https://login.example/?t={token}"))
            .body(ResponseBody::from(bytes::Bytes::from(said)))
            .unwrap();
        Box::pin(std::future::ready(Ok(response)))
    }
}

fn tokens() -> Credentials {
    Credentials::new("CANARY-access").with_refresh_token("CANARY-refresh")
}

async fn everything(client: &Client, ear: &Ear) {
    ear.hear(format_args!("{client:?}"));
    let list = client.list_offer_sources(StatusFilter::All, None);
    ear.hear(format_args!("{list:?}"));
    let mut outcomes = vec![list.await.map(drop)];
    outcomes.push(client.find_offer_source_by_id(&"a".into()).await.map(drop));
    outcomes.push(client.create(|id| OfferSource::new(id, "a")).await.map(drop));
    let request = ParentMutationRequest::new(["a".to_owned()]);
    outcomes.push(client.archive_offer_sources(&request).await);
    for error in outcomes.into_iter().filter_map(Result::err) {
        ear.hear(format_args!("{error} {error:?} {error:#?} {:?}", error.message()));
        ear.hear(String::from_utf8_lossy(error.body().unwrap_or_default()));
        let mut cause = std::error::Error::source(&error);
        while let Some(error) = cause {
            ear.hear(format_args!("{error} {error:?}"));
            cause = error.source();
        }
    }
}

fn silent(ear: &Ear, case: &str) {
    let heard = ear.0.lock().unwrap();
    assert!(!heard.contains(CANARY), "{case}: {heard}");
    assert!(heard.contains("list_offer_sources"), "{case}: the ear is deaf");
    assert!(heard.contains("tries="), "{case}: no spans");
}

#[tokio::test(start_paused = true)]
async fn the_canary_is_never_heard_under_any_fault() {
    for fault in faults() {
        let ear = Ear::default();
        let _guard = ear.listen();
        let fake = Fake::new(Settings {
            access_token: "CANARY-access".to_owned(),
            refresh_token: "CANARY-refresh".to_owned(),
            ..Settings::default()
        });
        fake.seed_offer_source("a");
        fake.expire_access_token();
        fake.inject(Rule::new(fault.clone()).times(7));
        let builder = Client::builder()
            .credentials(tokens())
            .transport(InProcess::new(&fake))
            .max_response_bytes(LARGE)
            .hook(ear.clone());
        ear.hear(format_args!("{builder:?} {:?}", tokens()));
        everything(&builder.build().unwrap(), &ear).await;
        silent(&ear, &fault.to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_repeats_the_token_is_not_quoted() {
    for status in [200, 301, 400, 401, 409, 500] {
        for content_type in ["application/json", "text/plain", "text/html"] {
            let ear = Ear::default();
            let _guard = ear.listen();
            let parrot = Parrot { status, content_type };
            let builder = Client::builder().credentials(tokens()).hook(ear.clone());
            everything(&builder.transport(parrot).build().unwrap(), &ear).await;
            silent(&ear, &format!("{status} {content_type}"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_with_an_error_or_a_client_holds_no_token() {
    let ear = Ear::default();
    let _guard = ear.listen();
    let parrot = Parrot {
        status: 409,
        content_type: "application/json",
    };
    let client = Client::builder()
        .credentials(tokens())
        .transport(parrot)
        .build()
        .unwrap();
    let outcome = client.find_offer_source_by_id(&"a".into()).await;
    let task = tokio::spawn(async move { outcome.unwrap_or_else(|error| panic!("{error:?} {client:?}")) });
    let panic = task.await.unwrap_err().into_panic();
    let text = panic.downcast_ref::<String>().unwrap();
    assert!(text.contains("[redacted]") && !text.contains(CANARY), "{text}");
}

/// Returns renewed tokens with an HTML content type, and refuses everything else.
#[derive(Clone, Debug)]
struct Chatty;

impl Transport for Chatty {
    fn send(
        &self,
        request: http::Request<bytes::Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<ResponseBody>, TransportError>> {
        let (status, said) = if request.uri().path().ends_with("/auth/validate") {
            (
                200,
                r#"{"tokens":{"access_token":"CANARY-new","refresh_token":"CANARY-next"}}"#,
            )
        } else {
            (401, "")
        };
        let response = http::Response::builder()
            .status(status)
            .header("content-type", "text/html")
            .body(ResponseBody::from(bytes::Bytes::from_static(said.as_bytes())))
            .unwrap();
        Box::pin(std::future::ready(Ok(response)))
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_that_a_failed_renewal_brought_are_not_quoted() {
    let ear = Ear::default();
    let _guard = ear.listen();
    let builder = Client::builder().credentials(tokens()).hook(ear.clone());
    everything(&builder.transport(Chatty).build().unwrap(), &ear).await;
    silent(&ear, "a renewal that calls itself a page");
}

/// Returns the token as the request ID.
#[derive(Clone, Debug)]
struct Echo;

impl Transport for Echo {
    fn send(
        &self,
        request: http::Request<bytes::Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<ResponseBody>, TransportError>> {
        let token = request.headers().get("authorization").unwrap().clone();
        let status = if request.method() == http::Method::GET {
            200
        } else {
            400
        };
        let said = r#"[{"idOfferSource":"1","offerSourceName":"a","status":"active"}]"#;
        let response = http::Response::builder()
            .status(status)
            .header("x-request-id", token.to_str().unwrap())
            .body(ResponseBody::from(bytes::Bytes::from_static(said.as_bytes())))
            .unwrap();
        Box::pin(std::future::ready(Ok(response)))
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_calls_the_request_by_the_token_is_not_quoted() {
    let ear = Ear::default();
    let _guard = ear.listen();
    let builder = Client::builder().credentials(tokens()).hook(ear.clone());
    everything(&builder.transport(Echo).build().unwrap(), &ear).await;
    silent(&ear, "the token as request ID");
}

#[tokio::test(start_paused = true)]
async fn a_token_of_one_call_is_hidden_like_that_of_the_client() {
    let ear = Ear::default();
    let _guard = ear.listen();
    let parrot = Parrot {
        status: 409,
        content_type: "application/json",
    };
    let builder = Client::builder().hook(ear.clone()).transport(parrot);
    let client = builder.build().unwrap();
    let call = client.list_offer_sources(StatusFilter::All, None);
    let call = call.header("authorization", "Bearer CANARY-call");
    let error = call.await.unwrap_err();
    ear.hear(format_args!("{error} {error:?}"));
    silent(&ear, "a header of one call");
}
