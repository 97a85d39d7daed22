//! Creates clients of the fake. The transport of a client triggers an alarm after a number of requests.

use bytes::Bytes;
use funnelflux::Client;
use funnelflux::transport::{BoxFuture, ResponseBody, Transport, TransportError};
use funnelflux_fake::{Fake, Settings};
use funnelflux_suites::{InProcess, credentials};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;
use tokio::sync::Notify;

/// Sends requests to the fake and counts them for the alarm.
#[derive(Clone, Debug)]
struct CountingTransport {
    transport: InProcess,
    alarm: Alarm,
}

/// Signal that is triggered after a number of requests, before the response to the last of them arrives.
#[derive(Clone, Debug)]
pub(crate) struct Alarm {
    left: Arc<AtomicU64>,
    notify: Arc<Notify>,
}

impl Alarm {
    pub(crate) fn after(requests: Option<u8>) -> Self {
        Self {
            left: Arc::new(AtomicU64::new(requests.map_or(u64::MAX, Into::into))),
            notify: Arc::new(Notify::new()),
        }
    }

    pub(crate) fn triggered(&self) -> impl Future<Output = ()> + Send + use<> {
        let notify = Arc::clone(&self.notify);
        async move { notify.notified().await }
    }

    fn count(&self) {
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.notify.notify_one();
        }
    }
}

impl Transport for CountingTransport {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<ResponseBody>, TransportError>> {
        Box::pin(async move {
            let answer = self.transport.send(request).await;
            self.alarm.count();
            // The waiting task may now cancel the job before the response arrives.
            tokio::task::yield_now().await;
            answer
        })
    }
}

/// Creates a client of the fake.
pub(crate) fn client(fake: &Fake, alarm: &Alarm) -> Client {
    client_with_clock(fake, alarm, |now| now)
}

/// Creates a client of the fake. `clock` converts the time of the fake to the time of the client.
pub(crate) fn client_with_clock(
    fake: &Fake,
    alarm: &Alarm,
    clock: impl Fn(SystemTime) -> SystemTime + Send + Sync + 'static,
) -> Client {
    let service = fake.clone();
    Client::builder()
        .credentials(credentials(fake))
        .clock(move || clock(service.now()))
        .transport(CountingTransport {
            transport: InProcess::new(fake),
            alarm: alarm.clone(),
        })
        .build()
        .unwrap()
}

/// Creates a fake with these settings, and a client of the fake.
pub(crate) fn service(settings: Settings) -> (Fake, Client) {
    let fake = Fake::new(settings);
    let client = client(&fake, &Alarm::after(None));
    (fake, client)
}

/// Number of requests for an operation that the fake has received.
pub(crate) fn calls(fake: &Fake, operation: &str) -> usize {
    let is_call = |entry: &&funnelflux_fake::LogEntry| entry.operation == Some(operation);
    fake.log().iter().filter(is_call).count()
}
