//! Typed client for the FunnelFlux Pro Assets API, with bulk work that never loses an ID.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let fake = funnelflux_fake::Fake::default();
//! # fake.seed_offer_source("2nIemJxCKbFX");
//! # let server = fake.serve(([127, 0, 0, 1], 0).into()).await?;
//! # let builder = || Client::builder().base_url(server.base_url()).bearer_token(fake.access_token());
//! use funnelflux::{Client, types::{OfferSource, StatusFilter}};
//!
//! // Client::from_env()? takes FUNNELFLUX_ACCESS_TOKEN and FUNNELFLUX_REFRESH_TOKEN instead.
//! let client = builder().build()?;
//! for source in client.list_offer_sources(StatusFilter::Active, None).await? {
//!     println!("{} {}", source.id_offer_source, source.offer_source_name);
//! }
//! let id = client.create(|id| OfferSource::new(id, "ClickBank")).await?;
//! println!("created {id}");
//! # Ok(()) }
//! ```
//!
//! There is one method for each operation of the vendor's document ([`Client`]), and [`ext`] has what takes more than one call.
//! Where this documentation says *documented*, the vendor's pages say so; *unknown* is what they are silent about.
//!
//! # What a client does by itself
//!
//! You never write a retry loop, a token refresh or a redaction of logs:
//!
//! | | where it is set, with its default | |
//! |---|---|---|
//! | renews the access token, once for all calls | [`Credentials`], [`auth`] | [below](#authentication) |
//! | repeats what may be repeated, after the right wait | [`RetryPolicy`], [`RetryBudget`] | [below](#retry) |
//! | makes IDs, and settles creates whose end is not known | [`Client::create`] | [below](#ids-and-creating) |
//! | keeps to limits of time and size | [`ClientBuilder`] | [below](#time-and-size) |
//! | keeps to a rate, if you want one | `RateLimit`, feature `rate-limit` | [below](#rate) |
//! | says what went wrong in one useful line | [`Error`] | [below](#errors) |
//! | shows what it does | [`hook`], feature `tracing` | [below](#seeing-in) |
//!
//! # Authentication
//!
//! Tokens come from FunnelFlux, settings → API access. With a refresh token the client renews the access token (it lives for
//! 72 hours, documented) when its end is near or the service refuses it, and repeats the refused call once. Renewed tokens go to a
//! [store](auth::TokenStore): memory, a file that only you can read, or yours. Calls that meet an expired token together cause one
//! renewal:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let fake = funnelflux_fake::Fake::default();
//! # fake.seed_offer_source("2nIemJxCKbFX");
//! # let server = fake.serve(([127, 0, 0, 1], 0).into()).await?;
//! # let builder = || Client::builder().base_url(server.base_url()).bearer_token(fake.access_token());
//! use funnelflux::{Client, Credentials, types::StatusFilter};
//!
//! let credentials = Credentials::new(fake.access_token())
//!     .with_refresh_token(fake.refresh_token().unwrap_or_default());
//! let folder = tempfile::tempdir()?;
//! let client = Client::builder()
//!     .credentials(credentials)
//!     .token_file(folder.path().join("tokens.json"))
//! #     .base_url(server.base_url())
//!     .build()?;
//! # fake.expire_access_token();
//! let list = || async { client.list_offer_sources(StatusFilter::All, None).await };
//! tokio::try_join!(list(), list(), list())?;
//! # assert_eq!(fake.renewals(), 1);
//! # Ok(()) }
//! ```
//!
//! # Retry
//!
//! What may be repeated is a property of the operation ([`operations::Operation::repeat`]), not of the method: a duplicate never is,
//! once the service may have received it. 429 and 503 are waited for as `Retry-After` says, all else backs off with full jitter:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let fake = funnelflux_fake::Fake::default();
//! # fake.seed_offer_source("2nIemJxCKbFX");
//! # let server = fake.serve(([127, 0, 0, 1], 0).into()).await?;
//! # let builder = || Client::builder().base_url(server.base_url()).bearer_token(fake.access_token());
//! use funnelflux::{RetryPolicy, types::StatusFilter};
//! use std::time::Duration;
//!
//! let client = builder().retry(RetryPolicy::new().max_attempts(8)).build()?;
//! # use funnelflux_fake::{Fault, Rule};
//! # fake.inject(Rule::new(Fault::status(502)));
//! let call = client.list_offer_sources(StatusFilter::All, None);
//! let response = call
//!     .retry(RetryPolicy::new().base_delay(Duration::from_millis(10))) // for this call only
//!     .response()
//!     .await?;
//! # assert_eq!(response.attempts, 2);
//! println!("{} after {} tries in {:?}", response.status, response.attempts, response.elapsed);
//! # use funnelflux::Client;
//! # Ok(()) }
//! ```
//!
//! # IDs and creating
//!
//! The client makes the ID of what is created (documented). [`Client::create`] fills it in and returns it; where an answer is lost, it
//! finds out whether the asset was made, and never makes two. An ID [tells when it was made](types::OfferSourceId::created_at); any text addresses what exists.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let fake = funnelflux_fake::Fake::default();
//! # fake.seed_offer_source("2nIemJxCKbFX");
//! # let server = fake.serve(([127, 0, 0, 1], 0).into()).await?;
//! # let builder = || Client::builder().base_url(server.base_url()).bearer_token(fake.access_token());
//! use funnelflux::types::{OfferSource, OfferSourceId};
//!
//! let client = builder().build()?;
//! # use funnelflux_fake::{Fault, Rule};
//! # fake.inject(Rule::new(Fault::ResetAfterApplying).on("POST /offersource/save/"));
//! let id = client
//!     .create(|id| OfferSource::new(id, "ClickBank").with_postback_tx_id("{clickid}"))
//!     .await?;
//! # assert_eq!(fake.state().assets("offersource").count(), 2);
//! println!("{id} was made at {:?}", id.created_at());
//! let mine = OfferSourceId::generate()?; // where you need it beforehand
//! # let _ = mine;
//! # use funnelflux::Client;
//! # Ok(()) }
//! ```
//!
//! # Time and size
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let fake = funnelflux_fake::Fake::default();
//! # fake.seed_offer_source("2nIemJxCKbFX");
//! # let server = fake.serve(([127, 0, 0, 1], 0).into()).await?;
//! # let builder = || Client::builder().base_url(server.base_url()).bearer_token(fake.access_token());
//! use funnelflux::{Client, types::StatusFilter};
//! use std::time::Duration;
//!
//! let client = Client::builder()
//!     .connect_timeout(Duration::from_secs(5)) // default 10 s
//!     .attempt_timeout(Duration::from_secs(20))    // default 60 s, to the last byte of the body
//!     .timeout(Duration::from_secs(60))        // default 5 min, with all tries and waits
//!     .max_response_bytes(8 * 1024 * 1024)     // default 64 MiB
//! #     .base_url(server.base_url()).bearer_token(fake.access_token())
//!     .build()?;
//! let call = client.list_offer_sources(StatusFilter::All, None);
//! call.timeout(Duration::from_secs(10)).await?; // for this call only
//! # Ok(()) }
//! ```
//!
//! # Rate
//!
//! With the feature `rate-limit`, all clones of a client keep to one rate, which a 429 halves and successes bring back:
//!
#![cfg_attr(feature = "rate-limit", doc = "```")]
#![cfg_attr(not(feature = "rate-limit"), doc = "```ignore")]
//! use funnelflux::{Client, RateLimit};
//! use std::num::NonZeroU32;
//!
//! let five = const { NonZeroU32::new(5).unwrap() };
//! let client = Client::builder().rate_limit(RateLimit::per_second(five)).build()?;
//! # Ok::<(), funnelflux::Error>(())
//! ```
//!
//! # Errors
//!
//! Every call fails with an [`Error`]: its text is one line for a person, its predicates are for the program.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let fake = funnelflux_fake::Fake::default();
//! # fake.seed_offer_source("2nIemJxCKbFX");
//! # let server = fake.serve(([127, 0, 0, 1], 0).into()).await?;
//! # let builder = || Client::builder().base_url(server.base_url()).bearer_token(fake.access_token());
//! let client = builder().build()?;
//! # use funnelflux::Client;
//! let error = match client.find_offer_source_by_id(&"gone".into()).await {
//!     Err(error) if error.is_not_found() => error,
//!     other => panic!("{other:?}"),
//! };
//! println!("{error}"); // find_offer_source_by_id (GET /offersource/find/byId/): 404 Not Found: …
//! assert!(!error.is_retryable() && !error.may_have_been_applied());
//! # Ok(()) }
//! ```
//!
//! # Seeing in
//!
//! With the feature `tracing` (on by default) each call is a span `funnelflux` with operation, method, path, status, tries, wait,
//! duration and request ID, each retry an event, and each enum value that this version does not know is warned of once. A
//! [`Hook`](hook::Hook) sees every request and answer and can change headers. Any path can be called, and any call gives its status
//! and headers:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let fake = funnelflux_fake::Fake::default();
//! # fake.seed_offer_source("2nIemJxCKbFX");
//! # let server = fake.serve(([127, 0, 0, 1], 0).into()).await?;
//! # let builder = || Client::builder().base_url(server.base_url()).bearer_token(fake.access_token());
//! use funnelflux::{Client, hook::{Hook, RequestView}, http::Method};
//!
//! struct Team;
//! impl Hook for Team {
//!     fn before_request(&self, request: &mut RequestView<'_>) {
//!         request.headers.insert("x-team", funnelflux::http::HeaderValue::from_static("buyers"));
//!     }
//! }
//!
//! let client = builder().hook(Team).build()?;
//! let response = client
//!     .request(Method::GET, "/offersource/find/byId/")
//!     .query("idOfferSource", "2nIemJxCKbFX")
//!     .json::<serde_json::Value>()
//!     .header("x-trace", "4711")
//!     .response()
//!     .await?;
//! println!("{} {:?} {}", response.status, response.headers.get("date"), response.value);
//! # Ok(()) }
//! ```
//!
//! # Safety
//!
//! Redirects are not followed. A page of HTML where JSON belongs is an error under any status. A token goes over plain `http` to this
//! machine only, unless [`ClientBuilder::allow_plain_http`] is asked for. No token is in any `Debug`, error, span, event or panic, also
//! where the service sends it back.
//!
//! # Without async
//!
#![cfg_attr(feature = "blocking", doc = "[`blocking::Wait`] waits for any call:")]
#![cfg_attr(
    not(feature = "blocking"),
    doc = "With the feature `blocking`, `blocking::Wait` waits for any call:"
)]
//!
#![cfg_attr(feature = "blocking", doc = "```")]
#![cfg_attr(not(feature = "blocking"), doc = "```ignore")]
//! use funnelflux::{Client, blocking::Wait as _, types::StatusFilter};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let fake = funnelflux_fake::Fake::default();
//! # let server = async { fake.serve(([127, 0, 0, 1], 0).into()).await }.wait()?;
//! # let client = Client::builder().base_url(server.base_url()).bearer_token(fake.access_token()).build()?;
//! let sources = client.list_offer_sources(StatusFilter::Active, None).wait()?;
//! # assert!(sources.is_empty());
//! # Ok(()) }
//! ```
//!
//! # Features
//!
//! | feature | default | |
//! |---|---|---|
//! | `rustls` | yes | TLS by rustls with ring and the certificates of the system; used where `native-tls` is on, too |
//! | `native-tls` | | TLS by the library of the operating system; one of the two is needed |
//! | `tracing` | yes | spans and events |
//! | `http2`, `gzip` | | HTTP/2, and compressed answers, where the service has them; twelve crates |
//! | `rate-limit` | | [a client-side limit](#rate) |
//! | `blocking` | | [the same calls without async](#without-async) |
//!
//! A fifth of the crates that a build needs are the tables of Unicode, for names of hosts beyond ASCII. The service has no such name:
//! a program that has none either leaves them out by `cargo update idna_adapter --precise 1.0.0`, which is a choice for its whole lock
//! file and therefore no feature of a library.
//!
//! Types of [`bytes`], [`http`] and [`secrecy`] are part of this crate's interface and re-exported; of reqwest, only what
//! [`ClientBuilder::reqwest_client`] takes.

#[rustfmt::skip]
mod generated;

#[cfg(feature = "blocking")]
pub mod blocking;
pub mod ext;
mod runtime;

pub use bytes;
pub use generated::public::{operations, types};
pub use http;
pub use runtime::auth::Credentials;
pub use runtime::builder::ClientBuilder;
pub use runtime::call::Call;
pub use runtime::client::Client;
pub use runtime::creatable::Create;
pub use runtime::error::Error;
#[cfg(feature = "rate-limit")]
pub use runtime::rate_limit::RateLimit;
pub use runtime::request::Request;
pub use runtime::response::Response;
pub use runtime::retry::{RetryBudget, RetryPolicy};
pub use runtime::secret::Secret;
#[cfg(feature = "_deduced")]
pub use runtime::unverified::Unverified;
pub use secrecy;

/// Where tokens are kept.
pub mod auth {
    pub use crate::runtime::auth::{FileTokenStore, MemoryTokenStore, StoreError, StoreGuard, TokenStore};
}

/// Seeing, and changing, what goes over the wire.
pub mod hook {
    pub use crate::runtime::hook::{Hook, RequestView, ResponseView};
}

/// How requests leave the process.
pub mod transport {
    pub use crate::runtime::transport::{
        BoxFuture, ResponseBody, Transport, TransportError, TransportErrorKind,
    };
}

/// Every block of the README is a test.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
