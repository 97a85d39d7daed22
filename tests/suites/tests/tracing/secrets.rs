//! Checks that no `Debug` or `Display` text, tracing output, panic or error contains a token.

use super::*;
use funnelflux::auth::{StoreError, TokenStore};
use funnelflux::hook::{Hook, RequestView, ResponseView};
use funnelflux::secrecy::ExposeSecret as _;
use funnelflux::transport::{
    BoxFuture, ResponseBody, Transport, TransportError, TransportErrorKind, from_fn,
};
use funnelflux::types::{OfferSource, ParentMutationRequest, StatusFilter};
use funnelflux::{Client, Credentials};
use funnelflux_fake::{Fake, Rule, Settings};
use funnelflux_suites::{InProcess, LARGE, faults};
use std::fmt::Write as _;
use std::io;
use std::sync::{Arc, Mutex};

const CANARY: &str = "CANARY";

/// Records all output that a person could read.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<String>>);

impl Recorder {
    fn listen(&self) -> DefaultGuard {
        let recorder = self.clone();
        listen(move |line| recorder.record_line(line))
    }

    fn record_line(&self, line: impl std::fmt::Display) {
        writeln!(self.0.lock().unwrap(), "{line}").unwrap();
    }
}

impl Hook for Recorder {
    fn before_request(&self, request: &mut RequestView<'_>) {
        self.record_line(format_args!("{request:?}"));
    }
    fn after_response(&self, response: &ResponseView<'_>) {
        // Hooks see responses unredacted, so this method records only operation and status.
        self.record_line(format_args!("{:?} {:?}", response.operation, response.status));
    }
}

/// A service that repeats the token in every response.
#[derive(Clone, Debug)]
struct TokenRepeatingService {
    status: u16,
    content_type: &'static str,
    /// Text that replaces the letter A in the repeated token, such as an escape sequence.
    letter: &'static str,
}

impl Transport for TokenRepeatingService {
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
            .replace('A', self.letter);
        let body = format!(
            r#"{{"error":"invalid {token}","echo":{:?},"tokens":"{token}"}}"#,
            String::from_utf8_lossy(request.body())
        );
        let response = http::Response::builder()
            .status(self.status)
            .header("content-type", self.content_type)
            .header("location", format!("https://login.example/?t={token}"))
            .body(ResponseBody::from(bytes::Bytes::from(body)))
            .unwrap();
        Box::pin(std::future::ready(Ok(response)))
    }
}

fn tokens() -> Credentials {
    Credentials::new("CANARY-access").with_refresh_token("CANARY-refresh")
}

async fn run_calls(client: &Client, recorder: &Recorder) {
    recorder.record_line(format_args!("{client:?}"));
    let list = client.list_offer_sources(StatusFilter::All, None);
    recorder.record_line(format_args!("{list:?}"));
    let mut outcomes = vec![list.await.map(drop)];
    outcomes.push(client.find_offer_source_by_id(&"a".into()).await.map(drop));
    outcomes.push(client.create(|id| OfferSource::new(id, "a")).await.map(drop));
    let request = ParentMutationRequest::new(["a".to_owned()]);
    outcomes.push(client.archive_offer_sources(&request).await);
    for error in outcomes.into_iter().filter_map(Result::err) {
        recorder.record_line(format_args!("{error} {error:?} {error:#?} {:?}", error.message()));
        recorder.record_line(String::from_utf8_lossy(error.body().unwrap_or_default()));
        assert!(
            std::error::Error::source(&error).is_none(),
            "the text contains every cause"
        );
    }
}

fn assert_no_token(recorder: &Recorder, case: &str) {
    let output = recorder.0.lock().unwrap();
    assert!(!output.contains(CANARY), "{case}: {output}");
    assert!(
        output.contains("list_offer_sources"),
        "{case}: nothing was recorded"
    );
    assert!(output.contains("attempts="), "{case}: no spans");
}

#[tokio::test(start_paused = true)]
async fn no_token_is_printed_under_any_fault() {
    for fault in faults() {
        let recorder = Recorder::default();
        let _guard = recorder.listen();
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
            .hook(recorder.clone());
        recorder.record_line(format_args!("{builder:?} {:?}", tokens()));
        run_calls(&builder.build().unwrap(), &recorder).await;
        assert_no_token(&recorder, &fault.to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_repeats_the_token_is_not_quoted() {
    for status in [200, 301, 400, 401, 409, 500] {
        for (content_type, letter) in [
            ("application/json", "A"),
            ("application/json", r"\u0041"),
            ("text/plain", "A"),
            ("text/html", "A"),
            ("text/html", "&#x41;"),
        ] {
            let recorder = Recorder::default();
            let _guard = recorder.listen();
            let service = TokenRepeatingService {
                status,
                content_type,
                letter,
            };
            let builder = Client::builder().credentials(tokens()).hook(recorder.clone());
            run_calls(&builder.transport(service).build().unwrap(), &recorder).await;
            let case = format!("{status} {content_type} {letter}");
            assert_no_token(&recorder, &case);
            let output = recorder.0.lock().unwrap();
            assert!(status == 200 || output.contains("[redacted]"), "{case}: {output}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_with_an_error_or_a_client_holds_no_token() {
    let recorder = Recorder::default();
    let _guard = recorder.listen();
    let service = TokenRepeatingService {
        status: 409,
        content_type: "application/json",
        letter: "A",
    };
    let client = Client::builder()
        .credentials(tokens())
        .transport(service)
        .build()
        .unwrap();
    let outcome = client.find_offer_source_by_id(&"a".into()).await;
    let task = tokio::spawn(async move { outcome.unwrap_or_else(|error| panic!("{error:?} {client:?}")) });
    let panic = task.await.unwrap_err().into_panic();
    let text = panic.downcast_ref::<String>().unwrap();
    assert!(text.contains("[redacted]") && !text.contains(CANARY), "{text}");
}

/// A service that answers renewals with new tokens as `text/html`, and other requests with status 401.
#[derive(Clone, Debug)]
struct HtmlRenewalService;

impl Transport for HtmlRenewalService {
    fn send(
        &self,
        request: http::Request<bytes::Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<ResponseBody>, TransportError>> {
        let (status, body) = if request.uri().path().ends_with("/auth/validate") {
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
            .body(ResponseBody::from(bytes::Bytes::from_static(body.as_bytes())))
            .unwrap();
        Box::pin(std::future::ready(Ok(response)))
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_in_a_failed_renewal_are_not_quoted() {
    let recorder = Recorder::default();
    let _guard = recorder.listen();
    let builder = Client::builder().credentials(tokens()).hook(recorder.clone());
    run_calls(&builder.transport(HtmlRenewalService).build().unwrap(), &recorder).await;
    assert_no_token(&recorder, "a renewal that calls itself a page");
}

/// A service whose responses contain the token of the request as the request ID.
#[derive(Clone, Debug)]
struct RequestIdEchoService;

impl Transport for RequestIdEchoService {
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
        let body = r#"[{"idOfferSource":"1","offerSourceName":"a","status":"active"}]"#;
        let response = http::Response::builder()
            .status(status)
            .header("x-request-id", token.to_str().unwrap())
            .body(ResponseBody::from(bytes::Bytes::from_static(body.as_bytes())))
            .unwrap();
        Box::pin(std::future::ready(Ok(response)))
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_in_the_request_id_is_not_quoted() {
    let recorder = Recorder::default();
    let _guard = recorder.listen();
    let builder = Client::builder().credentials(tokens()).hook(recorder.clone());
    run_calls(
        &builder.transport(RequestIdEchoService).build().unwrap(),
        &recorder,
    )
    .await;
    assert_no_token(&recorder, "the token as request ID");
}

#[tokio::test(start_paused = true)]
async fn the_token_of_a_single_call_is_redacted() {
    let recorder = Recorder::default();
    let _guard = recorder.listen();
    let service = TokenRepeatingService {
        status: 409,
        content_type: "application/json",
        letter: "A",
    };
    let builder = Client::builder().hook(recorder.clone()).transport(service);
    let client = builder.build().unwrap();
    let call = client.list_offer_sources(StatusFilter::All, None);
    let call = call.header("authorization", "Bearer CANARY-call");
    let error = call.await.unwrap_err();
    recorder.record_line(format_args!("{error} {error:?}"));
    assert_no_token(&recorder, "a header of one call");
}

/// A store that quotes the tokens that it cannot save.
struct QuotingStore;

impl TokenStore for QuotingStore {
    fn load(&self) -> BoxFuture<'_, Result<Option<Credentials>, StoreError>> {
        Box::pin(std::future::ready(Ok(Some(tokens()))))
    }

    fn save<'a>(&'a self, credentials: &'a Credentials) -> BoxFuture<'a, Result<(), StoreError>> {
        let refresh = credentials.refresh_token().unwrap().expose_secret();
        let access = credentials.access_token().expose_secret();
        let error = format!("cannot write {access} and {refresh}");
        Box::pin(std::future::ready(Err(error.into())))
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_in_the_error_of_a_store_are_redacted() {
    let recorder = Recorder::default();
    let _guard = recorder.listen();
    let fake = Fake::new(Settings {
        access_token: "CANARY-access".to_owned(),
        refresh_token: "CANARY-refresh".to_owned(),
        rotate_refresh_token: true,
        ..Settings::default()
    });
    fake.expire_access_token();
    let builder = Client::builder().token_store(QuotingStore).hook(recorder.clone());
    let client = builder.transport(InProcess::new(&fake)).build().unwrap();
    let error = client
        .list_offer_sources(StatusFilter::All, None)
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("cannot write [redacted] and [redacted]"),
        "{error}"
    );
    recorder.record_line(format_args!("{error} {error:?}"));
    let error = client.replace_credentials(tokens()).await.unwrap_err();
    recorder.record_line(format_args!("{error} {error:?}"));
    assert_no_token(&recorder, "the error of a store");
}

#[tokio::test(start_paused = true)]
async fn a_token_in_the_error_of_a_transport_is_redacted() {
    let recorder = Recorder::default();
    let _guard = recorder.listen();
    let transport = from_fn(async |request: http::Request<bytes::Bytes>| {
        let header = request.headers().get("authorization").unwrap().to_str().unwrap();
        let error = io::Error::other(format!("bad header {header}"));
        Err::<http::Response<bytes::Bytes>, _>(TransportError::new(TransportErrorKind::Request, error))
    });
    let builder = Client::builder().credentials(tokens()).hook(recorder.clone());
    run_calls(&builder.transport(transport).build().unwrap(), &recorder).await;
    assert_no_token(&recorder, "the error of a transport");
    let output = recorder.0.lock().unwrap();
    assert!(
        output.contains("the request could not be sent: bad header Bearer [redacted]"),
        "{output}"
    );
}
