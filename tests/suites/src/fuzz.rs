//! What must hold of any bytes, wherever text from outside comes in: one body for each fuzz target.
//!
//! `tests/fuzz` has the targets for cargo-fuzz, which run for as long as one likes; `tests/suites/tests/fuzz.rs` runs the same bodies
//! over the seeds and over some thousand changes of them, with every test run. A body panics when something does not hold.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a panic is what a fuzzer looks for"
)]

use bytes::Bytes;
use funnelflux::ext::Journal;
use funnelflux::transport::{BoxFuture, ResponseBody, Transport, TransportError};
use funnelflux::types::{OfferSource, OfferSourceId, StatusFilter};
use funnelflux::{Client, Error, RetryPolicy};
use funnelflux_generator::{lint, overlay, supersede};
use funnelflux_openapi::{Source, normalise, read};
use serde_json::Value;
use std::io::Write as _;
use std::time::Duration;

/// A fuzz target: its name, which is that of its folder of seeds, and its body.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: &[Target] = &[
    ("document", document),
    ("overlay", overlay_actions),
    ("response", response),
    ("retry_after", retry_after),
    ("id", id),
    ("journal", journal),
];

/// The vendor's document, to be changed by overlays.
const UPSTREAM: &str = include_str!("../../../spec/upstream.json");

/// A document is read, normalised and linted, or refused with places.
pub fn document(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for name in ["a.json", "a.yaml"] {
        let Ok(document) = read::read(Source { name, text: &text }) else {
            continue;
        };
        let diagnostics = match normalise::normalise(document) {
            Ok((document, _)) => lint::lint(&document),
            Err(diagnostics) => diagnostics,
        };
        let located = diagnostics.iter().all(|diagnostic| diagnostic.location.is_some());
        assert!(located, "a diagnostic has no place: {diagnostics}");
    }
}

/// An overlay is applied, or refused with places.
pub fn overlay_actions(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let upstream = read::read(Source {
        name: "a.json",
        text: UPSTREAM,
    });
    let source = Source {
        name: "o.yaml",
        text: &text,
    };
    let upstream = upstream.unwrap_or_else(|diagnostics| panic!("{diagnostics}"));
    let applied = overlay::read(&[source]).and_then(|overlays| {
        let superseded = supersede::supersede(upstream, overlays);
        overlay::apply(superseded.document, &superseded.overlays)
    });
    match applied {
        Ok(applied) => {
            let diagnostics = lint::lint(&applied.document);
            let located = diagnostics.iter().all(|diagnostic| diagnostic.location.is_some());
            assert!(located, "a diagnostic has no place: {diagnostics}");
        }
        Err(diagnostics) => assert!(!diagnostics.is_empty(), "refused without a word"),
    }
}

/// Answers everything with the same.
#[derive(Clone, Debug)]
struct Answer {
    status: http::StatusCode,
    headers: http::HeaderMap,
    body: Bytes,
}

impl Transport for Answer {
    fn send(
        &self,
        _: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<ResponseBody>, TransportError>> {
        let mut response = http::Response::new(ResponseBody::from(self.body.clone()));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers.clone();
        Box::pin(std::future::ready(Ok(response)))
    }
}

/// Runs a future on virtual time.
fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime.unwrap().block_on(future)
}

fn client(answer: Answer, retry: RetryPolicy) -> Client {
    let builder = Client::builder().transport(answer).retry(retry);
    builder.bearer_token("canary").build().unwrap()
}

/// An answer is decoded without losing anything, or is an error of one line that says where and shows no token. The first byte
/// chooses the status.
pub fn response(bytes: &[u8]) {
    let (first, body) = bytes.split_first().unwrap_or((&0, &[]));
    let status = [200, 201, 204, 400, 401, 404, 429, 500]
        .get(usize::from(first % 8))
        .copied();
    let answer = Answer {
        status: http::StatusCode::from_u16(status.unwrap_or(200)).unwrap(),
        headers: http::HeaderMap::new(),
        body: Bytes::copy_from_slice(body),
    };
    let client = client(answer, RetryPolicy::none());
    let sent: Option<Value> = serde_json::from_slice(body).ok();
    match run(client.find_offer_source_by_id(&"a".into()).into_future()) {
        Ok(source) => kept(sent.as_ref(), &source),
        Err(error) => told(&error),
    }
    match run(client.list_offer_sources(StatusFilter::All, None).into_future()) {
        Ok(rows) => match sent {
            Some(Value::Array(sent)) => {
                assert_eq!(rows.len(), sent.len());
                for (sent, row) in sent.iter().zip(&rows) {
                    kept(Some(sent), row);
                }
            }
            other => assert!(other == Some(Value::Null) && rows.is_empty(), "{other:?}"),
        },
        Err(error) => told(&error),
    }
    if let Err(error) = run(client
        .save_offer_source(&OfferSource::new("a", "b"))
        .into_future())
    {
        told(&error);
    }
}

/// Everything that was sent is in what is sent back; only a `null` for a known field may be left out.
fn kept<T: serde::Serialize>(sent: Option<&Value>, typed: &T) {
    let back = serde_json::to_value(typed).unwrap();
    let (Some(Value::Object(sent)), Value::Object(back)) = (sent, &back) else {
        panic!("{sent:?} was decoded as {back}");
    };
    for (name, value) in sent {
        let same = back.get(name) == Some(value) || (value.is_null() && !back.contains_key(name));
        assert!(same, "{name}: {value} came back as {:?}", back.get(name));
    }
    for name in back.keys() {
        assert!(sent.contains_key(name), "{name} was made up");
    }
}

fn told(error: &Error) {
    let text = format!("{error}");
    assert!(!text.is_empty() && !text.contains('\n'), "{text:?}");
    // Only what was sent could hold the word.
    let body = error.body().unwrap_or_default();
    assert!(
        !text.contains("canary") && !body.windows(6).any(|part| part == b"canary"),
        "{text}"
    );
}

/// Whatever `Retry-After` holds, the wait is what can be meant by it, and a call ends in its time.
pub fn retry_after(bytes: &[u8]) {
    let mut headers = http::HeaderMap::new();
    for (name, value) in ["retry-after", "date", "retry-after-ms"]
        .into_iter()
        .zip(bytes.split(|byte| *byte == b'\n'))
    {
        if let Ok(value) = http::HeaderValue::from_bytes(value) {
            headers.insert(name, value);
        }
    }
    let answer = Answer {
        status: http::StatusCode::TOO_MANY_REQUESTS,
        headers,
        body: Bytes::new(),
    };
    let client = client(answer, RetryPolicy::new());
    let (error, took) = run(async {
        let start = tokio::time::Instant::now();
        let outcome = client.list_offer_sources(StatusFilter::All, None).await;
        (outcome.err(), start.elapsed())
    });
    let error = error.unwrap_or_else(|| panic!("429 is no success"));
    assert!(took <= Duration::from_mins(5), "{took:?}");
    let waits_too_long = error
        .retry_after()
        .is_some_and(|wait| wait > Duration::from_mins(1));
    assert!(!waits_too_long || error.tries() == 1, "{error}");
    told(&error);
}

/// Any text is an ID, comes back as it was, and tells its time or not.
pub fn id(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let id = OfferSourceId::from(&*text);
    assert_eq!(id.as_str(), text);
    let json = serde_json::to_string(&id).unwrap();
    assert_eq!(serde_json::from_str::<OfferSourceId>(&json).unwrap(), id);
    if let Some(at) = id.created_at() {
        assert!(
            text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            "{at:?}"
        );
    }
}

/// A journal is read, or refused with its name; what is read adds up.
pub fn journal(bytes: &[u8]) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    match Journal::read(file.path()) {
        Ok(journal) => {
            assert!(journal.counts().total() <= journal.ids::<String>().len());
            assert!(!format!("{:?}", journal.children::<String>()).is_empty());
        }
        Err(error) => assert!(error.to_string().starts_with("journal "), "{error}"),
    }
}
