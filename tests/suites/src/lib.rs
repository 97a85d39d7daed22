//! Helpers of the test suites. The most important one is [`InProcess`], a transport that connects a client
//! and the fake in one process.
//!
//! Tests need neither sockets nor waiting: under Tokio's paused clock, a timeout of minutes takes no time.
//! The clock of the fake follows Tokio's clock.

pub mod broken_network;
pub mod document;
pub mod fuzz;
pub mod jobs;
pub mod swap;

use bytes::Bytes;
use funnelflux::transport::{self, BoxFuture, ResponseBody, Transport, TransportError, TransportErrorKind};
use funnelflux::{Client, ClientBuilder, Credentials};
use funnelflux_fake::{Break, Fake, Fault, Interruption, Outcome, Stage};
use futures_util::{StreamExt as _, stream};
use std::{
    future::{pending, ready},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};
use tokio::time::Instant;

/// Creates a builder for clients that call `fake` in the same process. The clients use the tokens and the
/// clock of `fake`.
///
/// Must be called within a Tokio runtime.
pub fn client(fake: &Fake) -> ClientBuilder {
    client_over(InProcess::new(fake))
}

/// Creates a builder for clients over an existing transport.
pub fn client_over(transport: InProcess) -> ClientBuilder {
    let time = Arc::clone(&transport.time);
    Client::builder()
        .credentials(credentials(&transport.time.fake))
        .clock(move || time.now())
        .transport(transport)
}

/// Creates a builder for clients whose first `PUT` request gets no response. The fake receives this request
/// only if `is_received` is true. Afterwards, `edit` runs.
pub fn client_that_loses_a_save(
    fake: &Fake,
    is_received: bool,
    edit: impl Fn(&Fake) + Send + Sync + 'static,
) -> ClientBuilder {
    let fake = fake.clone();
    let token = fake.access_token();
    let loss = Arc::new((edit, AtomicBool::new(false)));
    let transport = transport::from_fn(move |request: http::Request<Bytes>| {
        let (fake, loss) = (fake.clone(), Arc::clone(&loss));
        async move {
            let (edit, is_lost) = &*loss;
            if request.method() != http::Method::PUT || is_lost.swap(true, Ordering::SeqCst) {
                return fake.respond(request).await.map_err(TransportError::from);
            }
            if is_received {
                let _ = fake.respond(request).await;
            }
            edit(&fake);
            Err(TransportError::new(
                TransportErrorKind::Interrupted,
                "the response is lost",
            ))
        }
    });
    Client::builder().bearer_token(token).transport(transport)
}

/// One fault of each kind. To save time, oversized bodies have only one byte more than [`LARGE`].
pub fn faults() -> impl Iterator<Item = Fault> {
    Fault::all().into_iter().map(|fault| match fault {
        Fault::Oversized { .. } => Fault::Oversized { bytes: LARGE + 1 },
        fault => fault,
    })
}

/// Maximum response size, in bytes, of clients that are tested with [`faults`].
pub const LARGE: usize = 100_000;

/// Runs a future on virtual time.
///
/// # Panics
/// Panics if the runtime cannot be built.
#[expect(clippy::expect_used, reason = "tests need the runtime")]
pub fn run<F: IntoFuture>(future: F) -> F::Output {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_time().start_paused(true).build();
    runtime
        .expect("a runtime without I/O can be built")
        .block_on(future.into_future())
}

/// A transport that always returns the same response.
#[derive(Clone, Debug)]
pub struct FixedResponse {
    /// Status of the response.
    pub status: http::StatusCode,
    /// Headers of the response.
    pub headers: http::HeaderMap,
    /// Body of the response.
    pub body: Bytes,
}

impl Transport for FixedResponse {
    fn send(
        &self,
        _: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<ResponseBody>, TransportError>> {
        let mut response = http::Response::new(ResponseBody::from(self.body.clone()));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers.clone();
        Box::pin(ready(Ok(response)))
    }
}

/// The current tokens of `fake`.
#[must_use]
pub fn credentials(fake: &Fake) -> Credentials {
    let credentials = Credentials::new(fake.access_token());
    match fake.refresh_token() {
        Some(refresh_token) => credentials.with_refresh_token(refresh_token),
        None => credentials,
    }
}

/// Sends requests to a fake in the same process and simulates the faults that the fake injects.
#[derive(Clone, Debug)]
pub struct InProcess {
    time: Arc<FakeTime>,
    latency: Duration,
}

/// Synchronises the fake's clock with Tokio's clock.
#[derive(Debug)]
struct FakeTime {
    fake: Fake,
    last: Mutex<Instant>,
}

impl FakeTime {
    fn now(&self) -> SystemTime {
        let now = Instant::now();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        self.fake.advance(now.duration_since(*last));
        *last = now;
        self.fake.now()
    }
}

impl InProcess {
    /// Creates the transport. Must be called within a Tokio runtime.
    #[must_use]
    pub fn new(fake: &Fake) -> Self {
        Self {
            time: Arc::new(FakeTime {
                fake: fake.clone(),
                last: Mutex::new(Instant::now()),
            }),
            latency: Duration::ZERO,
        }
    }

    /// Delays each request by this time, so that concurrent calls overlap.
    #[must_use]
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }
}

impl Transport for InProcess {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<ResponseBody>, TransportError>> {
        Box::pin(async move {
            if !self.latency.is_zero() {
                tokio::time::sleep(self.latency).await;
            }
            self.time.now();
            match self.time.fake.handle(request).await {
                Outcome::Response(response) => Ok(response.map(decompressed)),
                Outcome::Fault(interruption) => act(interruption).await,
            }
        })
    }
}

/// Simulates the decompression of a body. The fake compresses nothing, so a gzip header is always followed by
/// garbage.
fn decompressed(body: Bytes) -> ResponseBody {
    if body.starts_with(b"\x1f\x8b") {
        return ResponseBody::stream(stream::once(ready(Err(broken("invalid gzip header")))));
    }
    ResponseBody::from(body)
}

async fn act(interruption: Interruption) -> Result<http::Response<ResponseBody>, TransportError> {
    let end = match interruption.how {
        Break::Refused => TransportError::new(TransportErrorKind::Connect, "connection refused"),
        Break::Reset => broken("connection reset by peer"),
        Break::Closed => broken("connection closed before message completed"),
        // Only the client's own timeout ends this wait.
        Break::Stalled if interruption.stage != Stage::Body => pending().await,
        Break::Stalled => broken("stalled"),
    };
    match interruption.partial {
        None => Err(end),
        Some(partial) => Ok(partial.map(|half| {
            let begin = stream::once(ready(Ok(half)));
            match interruption.how {
                Break::Stalled => ResponseBody::stream(begin.chain(stream::pending())),
                _ => ResponseBody::stream(begin.chain(stream::once(ready(Err(end))))),
            }
        })),
    }
}

fn broken(why: &'static str) -> TransportError {
    TransportError::new(TransportErrorKind::Interrupted, why)
}
