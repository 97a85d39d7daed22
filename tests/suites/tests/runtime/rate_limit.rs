//! Tests the client-side rate limit against services with their own limits.
//!
//! The unit tests of the crate simulate thousands of services. The tests here use a whole client, with a
//! service that accepts up to `r` requests per second. They check what happens after the first five seconds:
//! the service refuses at most a tenth of the client's requests. It accepts at least 0.7 times `r` requests
//! per second, or 0.7 times the configured rate if that is lower.

use super::*;
use funnelflux::transport::{Transport, TransportError, from_fn};
use funnelflux::types::StatusFilter;
use funnelflux::{Client, RateLimit, RetryBudget, RetryPolicy};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};

/// A service with its own limit.
#[derive(Clone, Copy, Debug)]
struct Service {
    per_second: f64,
    limit: LimitKind,
    /// Header `Retry-After` of refusals, in seconds. `None` if they do not have this header.
    retry_after: Option<u64>,
    latency: Duration,
}

#[derive(Clone, Copy, Debug)]
enum LimitKind {
    /// A bucket that holds this number of tokens.
    Bucket(f64),
    /// A number of requests in each second.
    Window,
}

/// Requests that the service has received. An entry has the time in seconds since the start, and true if the
/// service accepted the request.
type Seen = Arc<Mutex<Vec<(f64, bool)>>>;

impl Service {
    fn random(random: &mut fastrand::Rng) -> Self {
        let per_second = f64::from(random.u32(3..=60));
        Self {
            per_second,
            limit: match random.u8(..3) {
                0 => LimitKind::Window,
                1 => LimitKind::Bucket(1.0),
                _ => LimitKind::Bucket(per_second.max(1.0)),
            },
            retry_after: random.bool().then_some(1),
            latency: Duration::from_millis(random.u64(1..=200)),
        }
    }

    fn transport(self, seen: Seen) -> impl Transport {
        let start = Instant::now();
        // Tokens left, and the time of the last refill.
        let state = Arc::new(Mutex::new(match self.limit {
            LimitKind::Bucket(size) => (size, 0.0),
            LimitKind::Window => (self.per_second, 0.0),
        }));
        from_fn(move |_| {
            let (seen, state) = (Arc::clone(&seen), Arc::clone(&state));
            async move {
                tokio::time::sleep(self.latency / 2).await;
                let now = start.elapsed().as_secs_f64();
                let accepted = {
                    let (tokens, last) = &mut *state.lock().unwrap();
                    match self.limit {
                        LimitKind::Bucket(size) => {
                            *tokens = (*tokens + (now - *last) * self.per_second).min(size);
                        }
                        LimitKind::Window if now.floor() > last.floor() => *tokens = self.per_second,
                        LimitKind::Window => {}
                    }
                    *last = now;
                    // The tolerance ensures that rounding does not refuse a request that is just in time.
                    let accepted = *tokens >= 0.999;
                    *tokens -= if accepted { 1.0 } else { 0.0 };
                    accepted
                };
                seen.lock().unwrap().push((now, accepted));
                tokio::time::sleep(self.latency / 2).await;
                let mut response = http::Response::new(bytes::Bytes::from("[]"));
                if !accepted {
                    *response.status_mut() = http::StatusCode::TOO_MANY_REQUESTS;
                    if let Some(seconds) = self.retry_after {
                        response.headers_mut().insert("retry-after", seconds.into());
                    }
                }
                Ok::<_, TransportError>(response)
            }
        })
    }
}

/// Keeps 80 calls in progress for 35 seconds. Ignores the first five seconds, and returns the number of
/// accepted requests per second and the fraction of refused requests.
async fn measure(service: Service, configured: u32) -> (f64, f64) {
    const BEGIN: f64 = 5.0;
    const END: f64 = 35.0;
    let seen = Seen::default();
    let client = Client::builder()
        .transport(service.transport(Arc::clone(&seen)))
        .rate_limit(RateLimit::per_second(NonZeroU32::new(configured).unwrap()))
        .retry(RetryPolicy::none())
        .retry_budget(RetryBudget::unlimited())
        .build()
        .unwrap();
    let worker = || async {
        loop {
            let _ = client.list_offer_sources(StatusFilter::All, None).await;
        }
    };
    let workers = futures_util::future::join_all((0..80).map(|_| worker()));
    tokio::time::timeout(Duration::from_secs_f64(END), workers)
        .await
        .unwrap_err();
    let seen = seen.lock().unwrap();
    let late: Vec<bool> = seen
        .iter()
        .filter(|(at, _)| (BEGIN..END).contains(at))
        .map(|(_, accepted)| *accepted)
        .collect();
    let accepted: f64 = late.iter().map(|accepted| f64::from(u8::from(*accepted))).sum();
    let all: f64 = late.iter().map(|_| 1.0).sum();
    (accepted / (END - BEGIN), (all - accepted) / all.max(1.0))
}

/// Number of services that the property is checked against.
const SEEDS: u64 = 10;

/// Checks the property for one seed.
fn check(seed: u64) -> Result<(), String> {
    let mut random = fastrand::Rng::with_seed(seed);
    let service = Service::random(&mut random);
    let configured = [1, 5, 20, 100, 1_000][random.usize(..5)];
    let (accepted, refused) = funnelflux_suites::run(measure(service, configured));
    let expected = 0.7 * service.per_second.min(f64::from(configured));
    if accepted >= expected && refused <= 0.1 {
        return Ok(());
    }
    Err(format!(
        "seed {seed}: {service:?}, configured {configured}/s: {accepted:.2}/s accepted, {:.1} % refused",
        refused * 100.0
    ))
}

#[test]
fn the_rate_of_the_service_is_found() {
    let seeds: Vec<u64> = if let Ok(seeds) = std::env::var("FUNNELFLUX_SEED") {
        seeds.split(',').map(|seed| seed.parse().unwrap()).collect()
    } else {
        let first = fastrand::u64(..u64::MAX / 2);
        (first..first + SEEDS).collect()
    };
    let failures: Vec<String> = seeds.into_iter().filter_map(|seed| check(seed).err()).collect();
    assert!(
        failures.is_empty(),
        "repeat one with FUNNELFLUX_SEED:\n{}",
        failures.join("\n")
    );
}

#[tokio::test(start_paused = true)]
async fn a_limit_ten_times_too_high_adapts() {
    let service = Service {
        per_second: 10.0,
        limit: LimitKind::Bucket(10.0),
        retry_after: None,
        latency: Duration::from_millis(50),
    };
    let (accepted, refused) = measure(service, 100).await;
    assert!(accepted >= 8.5 && refused <= 0.05, "{accepted}/s, {refused}");
}
