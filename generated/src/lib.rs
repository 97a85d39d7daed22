//! Typed client for the FunnelFlux Pro Assets API, with bulk operations that report an outcome for every ID.
//!
//! ```
//! use funnelflux::{Client, types::{OfferSource, StatusFilter}};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     // Reads FUNNELFLUX_ACCESS_TOKEN and FUNNELFLUX_REFRESH_TOKEN.
//! #   #[cfg(any())]
//!     let client = Client::from_env()?;
//! #   let fake = funnelflux_fake::Fake::default();
//! #   fake.seed_offer_source("2nIemJxCKbFX");
//! #   let server = fake.serve(([127, 0, 0, 1], 0).into()).await?;
//! #   let client = Client::builder().base_url(server.base_url()).bearer_token(fake.access_token());
//! #   let client = client.build()?;
//!
//!     for source in client.list_offer_sources(StatusFilter::Active, None).await? {
//!         println!("{} {}", source.id_offer_source, source.offer_source_name);
//!     }
//!     let id = client.create(|id| OfferSource::new(id, "ClickBank")).await?;
//!     println!("created {id}");
//!     Ok(())
//! }
//! ```
//!
//! An *asset* is an object in an account, such as an offer source, a page or a funnel. [`Client`] has one
//! method for each operation of the vendor's OpenAPI document. [`ext`] adds operations that need several
//! calls, such as archiving hundreds of assets with their children. The children of an offer source are the
//! pages that reference it.
//!
//! In this documentation, *documented* marks a statement from the vendor's pages. *Partly documented* means
//! that the vendor's pages state the name and the meaning of a field, but usually not its type. *Inferred*
//! marks our own conclusion, and *unknown* marks a point on which the vendor's pages are silent.
//!
//! # Built-in behaviour
//!
//! | behaviour | settings | section |
//! |---|---|---|
//! | renews access tokens | [`Credentials`], [`auth`] | [Authentication](#authentication) |
//! | retries calls that are safe to repeat | [`RetryPolicy`], [`RetryBudget`] | [Retries](#retries) |
//! | never creates an asset twice | [`Client::create`] | [Creating assets](#creating-assets) |
//! | limits time and response size | [`ClientBuilder`] | [Limits](#limits) |
//! | limits the request rate, if configured | `RateLimit`, feature `rate-limit` | [Limits](#limits) |
//! | explains every failure in one line | [`Error`] | [Errors](#errors) |
//! | logs with `tracing`, and calls hooks | [`hook`], feature `tracing` | [Observation](#observation) |
//!
//! # Authentication
//!
//! Create tokens in FunnelFlux under settings → API access. An access token is valid for 72 hours
//! (documented). With a refresh token, the client renews the access token in the background before the token
//! expires. If the service rejects the access token, the client renews the token and repeats the rejected
//! call. Concurrent calls share one renewal, and [`Hook::tokens_renewed`](hook::Hook::tokens_renewed) reports
//! it. A [token store](auth::TokenStore) keeps renewed tokens in memory, in a file, or wherever your own
//! implementation puts them. A store belongs to one base URL and one account; the client rejects stored
//! tokens of a different URL or account. The following client stores its tokens in a file:
//!
//! ```no_run
//! use funnelflux::{Client, Credentials};
//!
//! let client = Client::builder()
//!     .credentials(Credentials::from_env()?)
//!     .token_file("tokens.json") // readable by its owner only
//!     .build()?;
//! # Ok::<(), funnelflux::Error>(())
//! ```
//!
//! [`Client::from_env`] reads tokens, token file and base URL from the environment. For many accounts in one
//! process, [`Client::with_credentials`] makes clients that share their connections.
//! [`Client::replace_credentials`] replaces the tokens of a running client.
//!
//! # Retries
//!
//! Each operation [declares whether it may be repeated](operations::Operation::repeat). For example, the
//! client may always repeat a failed update, but repeats a failed duplication only if the service cannot have
//! received the request. After a 429 or 503 with `Retry-After`, the client waits for the requested time. If
//! that time exceeds a limit (by default, a minute), the call fails instead. After other failures, the client
//! backs off exponentially with full jitter. Set a policy for the client or for a single call:
//!
//! ```
//! use funnelflux::{Client, Error, RetryPolicy, types::StatusFilter};
//! use std::time::Duration;
//!
//! async fn list(client: &Client) -> Result<u32, Error> {
//!     let policy = RetryPolicy::new().max_attempts(8).base_delay(Duration::from_millis(10));
//!     let response = client
//!         .list_offer_sources(StatusFilter::All, None)
//!         .retry(policy)
//!         .response() // the value with status, headers and attempts
//!         .await?;
//!     println!("{} after {} attempts in {:?}", response.status, response.attempts, response.elapsed);
//!     Ok(response.attempts)
//! }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let fake = funnelflux_fake::Fake::default();
//! # fake.seed_offer_source("2nIemJxCKbFX");
//! # let server = fake.serve(([127, 0, 0, 1], 0).into()).await?;
//! # let client = Client::builder().base_url(server.base_url()).bearer_token(fake.access_token());
//! # let client = client.build()?;
//! # fake.inject(funnelflux_fake::Rule::new(funnelflux_fake::Fault::status(502)));
//! # assert_eq!(list(&client).await?, 2);
//! # Ok(()) }
//! ```
//!
//! # Creating assets
//!
//! The client, not the service, generates the ID of a new asset (documented). [`Client::create`] generates an
//! ID, passes it to your closure and returns it. Every attempt uses the same ID, so a call never creates two
//! assets. If the response is lost, the client looks up the ID to find out whether the asset exists.
//!
//! ```
//! use funnelflux::{Client, Error, types::{OfferSource, OfferSourceId}};
//!
//! async fn add(client: &Client) -> Result<OfferSourceId, Error> {
//!     let id = client
//!         .create(|id| OfferSource::new(id, "ClickBank").with_postback_tx_id("{clickid}"))
//!         .await?;
//!     println!("created {id} at {:?}", id.created_at());
//!     Ok(id)
//! }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let fake = funnelflux_fake::Fake::default();
//! # fake.seed_offer_source("2nIemJxCKbFX");
//! # let server = fake.serve(([127, 0, 0, 1], 0).into()).await?;
//! # let client = Client::builder().base_url(server.base_url()).bearer_token(fake.access_token());
//! # let client = client.build()?;
//! # use funnelflux_fake::{Fault, Rule};
//! # fake.inject(Rule::new(Fault::ResetAfterApplying).on("POST /offersource/save/"));
//! # add(&client).await?;
//! # assert_eq!(fake.state().assets("offersource").count(), 2);
//! # Ok(()) }
//! ```
//!
//! [`OfferSourceId::generate`](types::OfferSourceId::generate) generates an ID in advance. Calls on existing
//! assets accept any string as the ID.
//!
//! # Limits
//!
//! ```
//! use funnelflux::Client;
//! use std::time::Duration;
//!
//! let client = Client::builder()
//!     .connect_timeout(Duration::from_secs(5))  // default 10 s
//!     .attempt_timeout(Duration::from_secs(20)) // default 60 s, including the body
//!     .timeout(Duration::from_secs(60))         // default 5 min, including all attempts and waits
//!     .max_response_bytes(8 * 1024 * 1024)      // default 64 MiB
//!     .build()?;
//! # Ok::<(), funnelflux::Error>(())
//! ```
//!
//! [`Call::timeout`] and [`Call::attempt_timeout`] set the limits of a single call. With the feature
//! `rate-limit`, you can limit the request rate that a client and its clones share. Responses with status 429
//! lower the rate, and successful responses restore it. For example:
//!
#![cfg_attr(feature = "rate-limit", doc = "```")]
#![cfg_attr(not(feature = "rate-limit"), doc = "```ignore")]
//! use funnelflux::{Client, RateLimit};
//! use std::num::NonZeroU32;
//!
//! let limit = RateLimit::per_second(const { NonZeroU32::new(5).unwrap() });
//! let client = Client::builder().rate_limit(limit).build()?;
//! # Ok::<(), funnelflux::Error>(())
//! ```
//!
//! # Errors
//!
//! A call that fails returns an [`Error`]. The text of the error is one line for people; programs use the
//! methods of the error.
//!
//! ```
//! use funnelflux::{Client, types::StatusFilter};
//!
//! async fn print_count(client: &Client) {
//!     match client.list_offer_sources(StatusFilter::All, None).await {
//!         Ok(sources) => println!("{} offer sources", sources.len()),
//!         Err(error) if error.is_retryable() => eprintln!("try again later: {error}"),
//!         // list_offer_sources (GET /offersource/list/): 403 Forbidden: account suspended (request ID 81af)
//!         Err(error) => eprintln!("{error}"),
//!     }
//! }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let fake = funnelflux_fake::Fake::default();
//! # fake.seed_offer_source("2nIemJxCKbFX");
//! # let server = fake.serve(([127, 0, 0, 1], 0).into()).await?;
//! # let client = Client::builder().base_url(server.base_url()).bearer_token(fake.access_token());
//! # let client = client.build()?;
//! # print_count(&client).await;
//! # Ok(()) }
//! ```
//!
//! # Observation
//!
//! With the feature `tracing` (on by default), each call has a span named `funnelflux` with operation,
//! attempts, wait, duration and request ID. This span has one child span for each attempt. The child spans
//! are named `funnelflux.attempt` and have the attributes of OpenTelemetry's HTTP clients:
//! `http.request.method`, `url.template`, `server.address`, `server.port`, `http.request.resend_count`,
//! `http.response.status_code`, `error.type`, `otel.kind` and `otel.status_code`. A bulk job has a span named
//! `funnelflux.job`, the parent of the spans of its calls. Each retry is logged as an event. A failed call is
//! logged as a warning, but a GET that finds nothing (404) only as a debug event. An unknown enum value is
//! logged once. With the feature `traceparent`, the headers `traceparent` and `tracestate` of each request
//! contain the trace context of the attempt. This feature works only if your program installs the layer of
//! `tracing-opentelemetry` 0.34.
//!
//! A [`Hook`](hook::Hook) sees every request and response and can add headers:
//!
//! ```
//! use funnelflux::{Client, hook::{Hook, RequestView}, http::HeaderValue};
//!
//! struct TeamHeader;
//!
//! impl Hook for TeamHeader {
//!     fn before_request(&self, request: &mut RequestView<'_>) {
//!         request.headers.insert("x-team", HeaderValue::from_static("media-buying"));
//!     }
//! }
//!
//! let client = Client::builder().hook(TeamHeader).build()?;
//! # Ok::<(), funnelflux::Error>(())
//! ```
//!
//! [`Client::request`] calls a path for which `Client` has no method. Such a call returns the same error type
//! as every other call. GET and HEAD are retried like other reads. A request with any other method is sent
//! again only if the service cannot have received it, or if [`Request::repeat`] allows that.
//!
//! # Security
//!
//! - Redirects are not followed.
//! - An HTML page instead of JSON is an error, even if the HTTP status is a success.
//! - Over plain `http`, tokens are sent only to the local machine, unless [`ClientBuilder::allow_plain_http`]
//!   is set. Requests to the local machine bypass proxies.
//! - A [read-only](ClientBuilder::read_only) client refuses every call that could change something.
//! - Stored tokens are sent only to the base URL for which they were stored.
//! - No `Debug` output, error, span or event contains a token, even if the service returns the token.
//!
//! For proxies, `SSL_CERT_FILE` and private certificate authorities, see
//! [`HttpTransport`](transport::HttpTransport).
//! To wrap a transport, use [`transport::from_fn`] or tower layers.
//!
//! # Without async
//!
#![cfg_attr(
    feature = "blocking",
    doc = "[`blocking::Wait`] runs any call to completion, without a runtime of your own:"
)]
#![cfg_attr(
    not(feature = "blocking"),
    doc = "With the feature `blocking`, `blocking::Wait` runs any call to completion:"
)]
//!
#![cfg_attr(feature = "blocking", doc = "```")]
#![cfg_attr(not(feature = "blocking"), doc = "```ignore")]
//! use funnelflux::{Client, blocking::Wait as _, types::StatusFilter};
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//! #   #[cfg(any())]
//!     let client = Client::from_env()?;
//! #   let fake = funnelflux_fake::Fake::default();
//! #   let server = async { fake.serve(([127, 0, 0, 1], 0).into()).await }.wait()?;
//! #   let client = Client::builder().base_url(server.base_url()).bearer_token(fake.access_token());
//! #   let client = client.build()?;
//!     let sources = client.list_offer_sources(StatusFilter::Active, None).wait()?;
//!     println!("{} offer sources", sources.len());
//!     Ok(())
//! }
//! ```
//!
//! # Features
//!
//! | feature | default | effect |
//! |---|---|---|
//! | `client` | yes | calls; [without it](#types-only), the crate contains only types |
//! | `rustls` | yes | TLS by rustls with ring and the system's certificates; overrides `native-tls` |
//! | `native-tls` | no | TLS by the operating system's library; `client` requires `rustls` or `native-tls` |
//! | `tracing` | yes | spans and events |
//! | `traceparent` | no | [the trace context in every request](#observation) |
//! | `http2` | no | HTTP/2, if the service supports it; `http2` and `gzip` together add 12 crates |
//! | `gzip` | no | compressed responses, if the service supports them |
//! | `rate-limit` | no | [a client-side rate limit](#limits) |
//! | `blocking` | no | [calls without async](#without-async) |
//! | `reqwest` | no | `ClientBuilder::reqwest`, which configures the HTTP client: proxies, pools, addresses |
//! | `snapshot` | no | `ext::snapshot`, `ext::plan`: snapshots, references, plans with undo; adds 16 crates |
//! | `documented` | yes | all groups of documented operations; each group also has its own feature |
//! | `inferred` | no | all groups of inferred operations; each group also has its own feature |
//!
//! The public interface contains types of [`bytes`], [`http`], [`secrecy`] and [`serde_json`]; these crates
//! are re-exported. The interface also contains the traits of `serde` and the trait `Stream` of
//! `futures-core`. [`transport`] implements traits of `http-body` 1 and `tower-service` 0.3. With the feature
//! `reqwest`, the interface also contains types of reqwest 0.13, and this crate re-exports reqwest. A new
//! major version of any of these crates requires a new major version of this crate.
//!
//! # Types only
//!
//! A program that reads or writes the API's JSON, but does not call the API, needs neither an HTTP client nor
//! a runtime. Without the default features, the crate contains only [`types`], [`id`], [`json`], [`Secret`]
//! and [`UnknownFields`]. The build then has 16 crates instead of 98:
//!
//! ```toml
//! funnelflux = { version = "0.1", default-features = false, features = ["documented"] }
//! ```
//!
//! Every feature enables `client`, except for `documented`, `inferred` and the features of the groups.
//!
//! # Versions
//!
//! The minimum Rust version is `rust-version` in the manifest, and CI checks it. A Rust version becomes the
//! minimum only when it is at least six months old. Raising the minimum is a minor release of this crate.

#![cfg_attr(docsrs, feature(doc_cfg), doc(auto_cfg(hide(feature = "client"))))]
// Without the feature `client`, its items are absent, but the documentation still links to them.
#![cfg_attr(not(feature = "client"), allow(rustdoc::broken_intra_doc_links))]
// The enabled features decide which parts of the runtime are used.
#![cfg_attr(
    not(all(feature = "client", feature = "documented", feature = "inferred")),
    allow(dead_code)
)]
// The names of generated items come from the OpenAPI document, which may use any letters.
#![allow(mixed_script_confusables, confusable_idents, uncommon_codepoints)]

// The OpenAPI document decides the names, the numbers of fields and parameters, and the descriptions. A
// document with many required properties or unusual descriptions must not break builds that deny warnings.
#[rustfmt::skip]
#[allow(
    clippy::doc_lazy_continuation,
    clippy::doc_markdown,
    clippy::doc_overindented_list_items,
    clippy::enum_variant_names,
    clippy::fn_params_excessive_bools,
    clippy::large_enum_variant,
    clippy::many_single_char_names,
    clippy::option_option,
    clippy::similar_names,
    clippy::struct_excessive_bools,
    clippy::struct_field_names,
    clippy::too_many_arguments,
    clippy::too_many_lines,
    clippy::type_complexity,
    clippy::upper_case_acronyms
)]
mod api;

#[cfg(feature = "blocking")]
pub mod blocking;
#[cfg(feature = "client")]
pub mod ext;
#[cfg(feature = "client")]
mod runtime;
mod values;

#[cfg(feature = "client")]
pub use api::public::operations;
pub use api::public::types;
#[cfg(feature = "reqwest")]
pub use reqwest;
#[cfg(feature = "rate-limit")]
pub use runtime::rate_limit::RateLimit;
#[cfg(feature = "client")]
pub use runtime::{
    auth::Credentials,
    builder::ClientBuilder,
    call::Call,
    client::Client,
    creatable::Create,
    error::Error,
    request::Request,
    response::Response,
    retry::{RetryBudget, RetryPolicy},
};
pub use secrecy;
pub use serde_json;
pub use values::{secret::Secret, unknown_fields::UnknownFields};
#[cfg(feature = "client")]
pub use {bytes, http};

/// Token stores, and the account to which a token belongs.
#[cfg(feature = "client")]
pub mod auth {
    pub use crate::runtime::auth::{
        AccountId, CredentialSource, FileTokenStore, MemoryTokenStore, StoreError, StoreGuard, TokenStore,
    };
}

/// Hooks, which observe requests and responses.
#[cfg(feature = "client")]
pub mod hook {
    pub use crate::runtime::hook::{Hook, RenewalView, RequestView, ResponseView};
}

/// Functions that handle IDs as text, for programs that choose the kind of asset at run time.
///
/// Each kind of asset also has its own ID type in [`types`], with the same functions.
pub mod id {
    pub use crate::values::id::{ClockOutOfRange, created_at, generate, is_well_formed};
}

/// Parsing of JSON without loss, for programs that read assets from text.
pub mod json {
    pub use crate::values::exact_json::{ParseError, RepeatedName, RoundedNumber, parse, show};
}

/// Transports, which send requests: the default HTTP transport, wrappers, and a trait for your own transport.
#[cfg(feature = "client")]
pub mod transport {
    pub use crate::runtime::transport::{
        BoxFuture, FromFn, FromService, HttpTransport, ResponseBody, Transport, TransportError,
        TransportErrorKind, TransportService, from_fn, from_service,
    };
}

/// Runs every code block of the README as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
