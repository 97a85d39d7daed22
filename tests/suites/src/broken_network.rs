//! A proxy on real sockets, which can break a connection after any byte, and jobs that run through the proxy.
#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a test stops at the first surprise"
)]

use crate::credentials;
use crate::jobs::{Job, JobSize, World};
use crate::swap::Swap;
use fastrand::Rng;
use funnelflux::{Client, RetryPolicy};
use funnelflux_fake::{Fake, Settings};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

/// Longest time for which the proxy delays data.
const MAX_DELAY: Duration = Duration::from_millis(600);
/// Timeout of one attempt. It is shorter than the longest delay, so that some attempts time out.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(400);
/// Timeout of one attempt in a run without faults.
const PATIENCE: Duration = Duration::from_mins(1);
/// Maximum number of jobs that run at the same time. Jobs spend most of their time waiting.
const CONCURRENT_JOBS: usize = 24;

/// Fault in one direction of a connection: in its requests or in its responses. For each connection of a
/// client, the proxy opens a second connection to the service.
#[derive(Clone, Copy, Debug)]
enum Fault {
    None,
    /// Resets both connections after this number of bytes.
    Reset(usize),
    /// Closes both connections without a reset after this number of bytes.
    Close(usize),
    /// Ends this direction after this number of bytes. The other direction stays open.
    HalfClose(usize),
    /// Stops after this number of bytes, and closes both connections only after a long pause.
    Stall(usize),
    /// Delays each received chunk of data by this time.
    Delay(Duration),
    /// Forwards the data in pieces of this number of bytes.
    Pieces(usize),
    /// Sends each response twice on the same connection.
    Twice,
    /// Swaps responses with another connection.
    Swap,
}

impl Fault {
    fn of_request(random: &mut Rng) -> Self {
        let bytes = random.usize(1..900);
        match random.u8(..8) {
            0 => Self::Reset(bytes),
            1 => Self::Close(bytes),
            2 => Self::HalfClose(bytes),
            3 => Self::Stall(bytes),
            4 => Self::Pieces(random.usize(1..40)),
            _ => Self::Delay(MAX_DELAY.mul_f64(random.f64())),
        }
    }

    fn of_response(random: &mut Rng) -> Self {
        let bytes = random.usize(1..2_000);
        match random.u8(..11) {
            0 | 1 => Self::Reset(bytes),
            2 => Self::Close(bytes),
            3 => Self::HalfClose(bytes),
            4 => Self::Stall(bytes),
            5 => Self::Pieces(random.usize(1..40)),
            6 | 7 => Self::Twice,
            8 => Self::Swap,
            _ => Self::Delay(MAX_DELAY.mul_f64(random.f64())),
        }
    }

    /// Number of bytes that are forwarded before the fault.
    const fn limit(self) -> Option<usize> {
        match self {
            Self::Reset(bytes) | Self::Close(bytes) | Self::HalfClose(bytes) | Self::Stall(bytes) => {
                Some(bytes)
            }
            _ => None,
        }
    }
}

/// Swaps responses between the connections of a proxy.
type Responses = Arc<Swap<Vec<u8>>>;

/// A proxy that breaks connections. Dropping this value stops the proxy.
#[derive(Debug)]
pub struct BrokenNetwork {
    address: SocketAddr,
    /// Percentage of new connections that get a fault.
    trouble: Arc<AtomicU8>,
    /// Number of connections that had a fault.
    faults: Arc<AtomicU64>,
    task: AbortHandle,
}

impl Drop for BrokenNetwork {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl BrokenNetwork {
    /// Starts a proxy in front of a service.
    ///
    /// # Errors
    /// Returns an error if no port is free.
    pub async fn start(service: SocketAddr, seed: u64) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let trouble = Arc::new(AtomicU8::new(0));
        let percent = Arc::clone(&trouble);
        let faults = Arc::new(AtomicU64::new(0));
        let fault_count = Arc::clone(&faults);
        let task = tokio::spawn(async move {
            let mut random = Rng::with_seed(seed);
            let swap = Responses::default();
            let mut connections = JoinSet::new();
            loop {
                let Ok((client, _)) = listener.accept().await else {
                    continue;
                };
                let is_faulty = random.u8(..100) < percent.load(Ordering::Relaxed);
                fault_count.fetch_add(u64::from(is_faulty), Ordering::Relaxed);
                let faults = match random.u8(..3) {
                    _ if !is_faulty => (Fault::None, Fault::None),
                    0 => (Fault::of_request(&mut random), Fault::None),
                    _ => (Fault::None, Fault::of_response(&mut random)),
                };
                connections.spawn(pass(client, service, faults, Arc::clone(&swap)));
            }
        });
        let task = task.abort_handle();
        Ok(Self {
            address,
            trouble,
            faults,
            task,
        })
    }

    /// Sets the percentage of new connections that get a fault.
    pub fn set_trouble(&self, percent: u8) {
        self.trouble.store(percent, Ordering::Relaxed);
    }

    /// Number of connections that have had a fault so far.
    #[must_use]
    pub fn fault_count(&self) -> u64 {
        self.faults.load(Ordering::Relaxed)
    }

    /// The base URL of the service behind the proxy.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}{}", self.address, Fake::base_path())
    }
}

/// Passes data in both directions until the connection ends.
async fn pass(client: TcpStream, service: SocketAddr, faults: (Fault, Fault), swap: Responses) {
    let Ok(server) = TcpStream::connect(service).await else {
        return;
    };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let resets = matches!(faults, (Fault::Reset(_), _) | (_, Fault::Reset(_)));
    if resets {
        // With this setting, closing a socket sends a reset.
        let _ = (client.set_zero_linger(), server.set_zero_linger());
    }
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let requests = forward(from_client, to_server, faults.0, Responses::default());
    let responses = forward(from_server, to_client, faults.1, swap);
    tokio::pin!(requests, responses);
    // If one direction ends without closing the connection, the other direction stays open.
    tokio::select! {
        ended = &mut requests => if ended == End::Open { responses.await; },
        ended = &mut responses => if ended == End::Open { requests.await; },
    }
}

/// State of the connection after one direction has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The other direction stays open.
    Open,
    /// Both directions end.
    Closed,
}

async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, fault: Fault, swap: Responses) -> End {
    let mut buffer = vec![0; 64 * 1024];
    let mut left = fault.limit();
    loop {
        let Ok(count @ 1..) = from.read(&mut buffer).await else {
            let _ = to.shutdown().await;
            return End::Open;
        };
        let mut data = buffer.get(..count).unwrap_or_default().to_vec();
        if let Some(left) = &mut left {
            data.truncate(*left);
            *left -= data.len();
        }
        let size = match fault {
            Fault::Pieces(size) => size,
            _ => data.len().max(1),
        };
        match fault {
            Fault::Delay(delay) => tokio::time::sleep(delay).await,
            Fault::Twice => data.extend_from_within(..),
            Fault::Swap => data = swap.exchange(data, ATTEMPT_TIMEOUT / 2).await,
            _ => {}
        }
        for piece in data.chunks(size) {
            if to.write_all(piece).await.is_err() {
                return End::Closed;
            }
            tokio::task::yield_now().await;
        }
        if left != Some(0) {
            continue;
        }
        match fault {
            Fault::HalfClose(_) => {
                let _ = to.shutdown().await;
                return End::Open;
            }
            Fault::Stall(_) => {
                tokio::time::sleep(MAX_DELAY * 3).await;
                return End::Closed;
            }
            _ => return End::Closed,
        }
    }
}

/// Results of the jobs that ran through the broken network.
#[derive(Debug, Default)]
pub struct Summary {
    /// Number of jobs.
    pub jobs: u64,
    /// Number of jobs that were done after their first run.
    pub done_at_once: u64,
    /// Number of connections that had a fault.
    pub faults: u64,
    /// Number of requests that the services received.
    pub requests: u64,
    /// Contradictions between reports and the state of the services, each with the seed of its job.
    pub contradictions: Vec<String>,
}

/// Runs `jobs` jobs, several at a time. The first job has the seed `first`, the next one `first + 1`, and so
/// on. The runtime must have its I/O and time drivers enabled.
pub async fn run_jobs(first: u64, jobs: u64) -> Summary {
    let mut summary = Summary::default();
    let mut running = JoinSet::new();
    let mut seeds = first..first + jobs;
    loop {
        while running.len() < CONCURRENT_JOBS {
            let Some(seed) = seeds.next() else { break };
            // The account is prepared in virtual time, which needs a thread of its own.
            running.spawn(async move {
                let world = tokio::task::spawn_blocking(move || prepare(seed)).await.unwrap();
                check(world, seed).await
            });
        }
        let Some(ended) = running.join_next().await else {
            return summary;
        };
        let job = ended.unwrap();
        summary.jobs += job.jobs;
        summary.done_at_once += job.done_at_once;
        summary.faults += job.faults;
        summary.requests += job.requests;
        summary.contradictions.extend(job.contradictions);
    }
}

fn prepare(seed: u64) -> World {
    let mut random = Rng::with_seed(seed);
    let job = random.choice(Job::ALL).unwrap_or(Job::Archive);
    let size = JobSize {
        assets: random.usize(6..40),
        chunk: random.usize(1..10),
        concurrency: random.usize(1..6),
    };
    let settings = Settings {
        unknown_fields: random.bool(),
        ..Settings::default()
    };
    World::new(&settings, job, size)
}

/// Runs a job through a broken network, continues it with fewer faults, and finishes it without faults.
/// Compares each report with the account.
async fn check(mut world: World, seed: u64) -> Summary {
    let mut random = Rng::with_seed(seed ^ 1);
    let server = world.fake.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    let network = BrokenNetwork::start(server.addr(), random.u64(..)).await.unwrap();
    world.move_to(&network.base_url());
    let mut summary = Summary {
        jobs: 1,
        ..Summary::default()
    };
    let sent_before = world.fake.request_count();
    let trouble = random.u8(10..60);
    for (run, trouble) in [trouble, trouble / 2, 0].into_iter().enumerate() {
        let before = world.fake.state();
        network.set_trouble(trouble);
        // Without faults, only the load of the machine makes a request slow.
        let timeout = if trouble == 0 { PATIENCE } else { ATTEMPT_TIMEOUT };
        let client = client(&world.fake, &network.base_url(), timeout);
        let ran = world.run(&client).await;
        summary.done_at_once += u64::from(run == 0 && ran.is_done());
        // Requests in flight may still arrive.
        tokio::time::sleep(MAX_DELAY).await;
        let contradictions = world.contradictions(&ran, &before);
        let describe = |problem: String| format!("seed {seed}, run {run}: {problem}\n{}", ran.text());
        summary
            .contradictions
            .extend(contradictions.into_iter().map(describe));
        if trouble == 0 && !ran.is_finished() {
            let problem = format!("seed {seed}: the job does not end: {}", ran.text());
            summary.contradictions.push(problem);
        }
    }
    summary.faults = network.fault_count();
    summary.requests = world.fake.request_count() - sent_before;
    summary
}

/// Creates a client with short waits between attempts.
fn client(fake: &Fake, base_url: &str, timeout: Duration) -> Client {
    Client::builder()
        .base_url(base_url)
        .credentials(credentials(fake))
        .attempt_timeout(timeout)
        .timeout(timeout * 4)
        .retry(
            RetryPolicy::new()
                .base_delay(Duration::from_millis(5))
                .max_delay(Duration::from_millis(50)),
        )
        .build()
        .unwrap()
}
