//! Properties that must hold for any external text: one function for each fuzz target.
//!
//! `tests/fuzz` contains the targets for cargo-fuzz, which run until they are stopped.
//! `tests/suites/tests/fuzz.rs` runs the same functions on the seeds and mutated seeds in every test run. A
//! function panics if its property does not hold. The functions of the targets that test the program
//! `funnelflux` are in `funnelflux_cli::fuzz`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a panic is what a fuzzer looks for"
)]

mod documents;
mod files;

use crate::{FixedResponse, run};
use bytes::Bytes;
use funnelflux::ext::Journal;
use funnelflux::types::{OfferSource, OfferSourceId, StatusFilter};
use funnelflux::{Client, Error, RetryPolicy};
use funnelflux_generator::{lint, overlay, supersede};
use funnelflux_openapi::{Source, normalise, read};
use serde_json::{Value, value::RawValue};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::Duration;

/// Name and function of a fuzz target. The folder of its seeds has the same name.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: &[Target] = &[
    ("document", document),
    ("overlay", overlay_actions),
    ("response", response),
    ("retry_after", retry_after),
    ("id", id),
    ("journal", journal),
    ("plan", files::plan),
    ("manifest", files::manifest),
    ("archive", files::archive),
    ("generator", documents::generator),
    ("inclusion", documents::inclusion),
    ("filter", funnelflux_cli::fuzz::filter),
    ("jq", funnelflux_cli::fuzz::jq),
    ("profile", funnelflux_cli::fuzz::profile),
    ("input", funnelflux_cli::fuzz::input),
    ("probe", funnelflux_cli::fuzz::probe),
];

/// Runs a target on an input.
///
/// # Panics
/// Panics if the property of the target does not hold.
pub fn run_target(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|(target, _)| *target == name);
    let (_, function) = target.unwrap_or_else(|| panic!("there is no target {name}"));
    function(bytes);
}

/// Example of a vendor's document. The target `overlay` applies the fuzzed overlays to it.
pub const DOCUMENT: &str = include_str!("../../../codegen/generator/tests/documents/offer-sources.json");

/// Checks that a document is either rejected, or read, normalised and linted. Diagnostics must have a
/// location.
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
        assert!(located, "an error without a location: {diagnostics}");
    }
}

/// Checks that an overlay is either applied or rejected with an error. The document with the overlay is
/// linted, and each diagnostic must have a location.
pub fn overlay_actions(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let upstream = read::read(Source {
        name: "a.json",
        text: DOCUMENT,
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
            assert!(located, "an error without a location: {diagnostics}");
        }
        Err(diagnostics) => assert!(!diagnostics.is_empty(), "refused without an error"),
    }
}

fn client(response: FixedResponse, retry: RetryPolicy) -> Client {
    let builder = Client::builder().transport(response).retry(retry);
    builder.bearer_token("canary").build().unwrap()
}

/// Checks that a response decodes without loss, or becomes an error of one line that contains no token. The
/// first byte of the input selects the status.
pub fn response(bytes: &[u8]) {
    let (first, body) = bytes.split_first().unwrap_or((&0, &[]));
    let status = [200, 201, 204, 400, 401, 404, 429, 500]
        .get(usize::from(first % 8))
        .copied();
    let response = FixedResponse {
        status: http::StatusCode::from_u16(status.unwrap_or(200)).unwrap(),
        headers: http::HeaderMap::new(),
        body: Bytes::copy_from_slice(body),
    };
    let client = client(response, RetryPolicy::none());
    // The client skips a byte order mark.
    let json = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let sent: Option<Value> = serde_json::from_slice(json).ok();
    // If a number is too large for a `Value`, its JSON text must be kept.
    let has_large_number = sent.is_none() && serde_json::from_slice::<Box<RawValue>>(json).is_ok();
    match run(client.find_offer_source_by_id(&"a".into()).into_future()) {
        Ok(source) if has_large_number => assert_text(json, &source),
        Ok(source) => assert_lossless(sent.as_ref(), &source),
        Err(error) => check_error(&error),
    }
    match run(client.list_offer_sources(StatusFilter::All, None).into_future()) {
        Ok(rows) if has_large_number => assert!(rows.iter().all(|row| serde_json::to_string(row).is_ok())),
        Ok(rows) => match sent {
            Some(Value::Array(sent)) => {
                assert_eq!(rows.len(), sent.len());
                for (sent, row) in sent.iter().zip(&rows) {
                    assert_lossless(Some(sent), row);
                }
            }
            body => assert!(body == Some(Value::Null) && rows.is_empty(), "{body:?}"),
        },
        Err(error) => check_error(&error),
    }
    if let Err(error) = run(client
        .save_offer_source(&OfferSource::new("a", "b"))
        .into_future())
    {
        check_error(&error);
    }
}

/// Asserts that each property with a number that is too large for a `Value` keeps its JSON text.
fn assert_text<T: serde::Serialize>(sent: &[u8], typed: &T) {
    let sent: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(sent).unwrap();
    let encoded: BTreeMap<String, Box<RawValue>> =
        serde_json::from_str(&serde_json::to_string(typed).unwrap()).unwrap();
    for (name, text) in sent {
        if serde_json::from_str::<Value>(text.get()).is_err() {
            assert_eq!(
                encoded.get(&name).map(|text| text.get()),
                Some(text.get()),
                "{name}"
            );
        }
    }
}

/// Asserts that nothing in the response is lost. Only a `null` for a known field may be omitted.
fn assert_lossless<T: serde::Serialize>(sent: Option<&Value>, typed: &T) {
    let encoded = serde_json::to_value(typed).unwrap();
    let (Some(Value::Object(sent)), Value::Object(encoded)) = (sent, &encoded) else {
        panic!("{sent:?} was decoded as {encoded}");
    };
    for (name, value) in sent {
        let same = encoded.get(name) == Some(value) || (value.is_null() && !encoded.contains_key(name));
        assert!(same, "{name}: {value} was encoded as {:?}", encoded.get(name));
    }
    for name in encoded.keys() {
        assert!(sent.contains_key(name), "{name} was added");
    }
}

fn check_error(error: &Error) {
    let text = format!("{error}");
    assert!(!text.is_empty() && !text.contains('\n'), "{text:?}");
    // Only the token contains this word.
    let body = error.body().unwrap_or_default();
    assert!(
        !text.contains("canary") && !body.windows(6).any(|part| part == b"canary"),
        "{text}"
    );
}

/// Checks that a call ends within its timeout for any text of `Retry-After`. If the requested wait is
/// longer than a minute, the call must not be retried.
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
    let response = FixedResponse {
        status: http::StatusCode::TOO_MANY_REQUESTS,
        headers,
        body: Bytes::new(),
    };
    let client = client(response, RetryPolicy::new());
    let (error, elapsed) = run(async {
        let start = tokio::time::Instant::now();
        let outcome = client.list_offer_sources(StatusFilter::All, None).await;
        (outcome.err(), start.elapsed())
    });
    let error = error.unwrap_or_else(|| panic!("429 is an error"));
    assert!(elapsed <= Duration::from_mins(5), "{elapsed:?}");
    let waits_too_long = error
        .retry_after()
        .is_some_and(|wait| wait > Duration::from_mins(1));
    assert!(!waits_too_long || error.attempts() == 1, "{error}");
    check_error(&error);
}

/// Checks that any text can be an ID, and that the ID survives encoding and decoding. Only an ID of 12
/// letters and digits may contain a time.
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

/// Checks that a journal is either read, with consistent counts, or rejected with an error of one line that
/// names the journal.
pub fn journal(bytes: &[u8]) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    match Journal::read(file.path()) {
        Ok(journal) => {
            assert!(journal.counts().total() <= journal.ids::<String>().len());
            assert!(!format!("{:?}", journal.children::<String>()).is_empty());
        }
        Err(error) => {
            let text = error.to_string();
            assert!(text.starts_with("journal ") && !text.contains('\n'), "{text:?}");
        }
    }
}
