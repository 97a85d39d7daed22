//! Runs a program under several readings (interpretations) of the documentation. For each reading and each
//! request, it runs the program once per fault, once with a crash before the request is sent, and once with a
//! crash after the request was applied. It reports the runs in which an asset was lost, doubled or left
//! unfinished.
//!
//! ```
//! use funnelflux_fake::explore::{Explore, Run};
//!
//! // A real program builds its client on a transport that calls `run.respond`.
//! async fn program(run: Run) -> Result<(), std::io::Error> {
//!     let request = http::Request::get("/v1/offersource/list/?status=all")
//!         .header("authorization", format!("Bearer {}", run.fake().access_token()));
//!     let response = run.respond(request.body(Default::default()).unwrap()).await?;
//!     assert!(!response.body().is_empty());
//!     Ok(())
//! }
//!
//! let exploration = Explore::new()
//!     .readings(1)
//!     .setup(|fake| fake.seed_offer_source("2nIemJxCKbFX"))
//!     .faults([funnelflux_fake::Fault::status(503)])
//!     .run(program);
//! println!("{exploration}");
//! exploration.assert_no_mistakes();
//! ```
//!
//! # Verdict
//!
//! The program first runs without faults under the most literal reading. The assets at the end of this run
//! are the expected result. In every other run, a fault or crash happens at most once. If the program crashes
//! or returns an error, the exploration runs it again, at most twice, as a user would do. Then the
//! exploration compares the assets of each kind and name with the expected assets:
//!
//! - An asset is *doubled* if more copies of it exist than expected.
//! - An asset is *lost* if fewer copies of it exist than expected, and either the program reports success or
//!   the asset existed at the start.
//! - An asset is *unfinished* if its status is not the expected status, and the program reports success.
//!
//! Deleted assets do not count. The program waits on Tokio's paused clock, so waiting takes no real time.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, io,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{Request, Response};
use tempfile::TempDir;
use tokio::{sync::Notify, time::Instant};

use crate::{Fake, Fault, LogRetention, Rule, Settings, Status};

/// Number of seeds per reading. The seed of a run is the number of the reading multiplied by this constant,
/// plus the number of the run within the reading.
const SEEDS_PER_READING: u64 = 1_000_000;
/// Maximum number of times that a program runs again after a crash or an error.
const RERUNS: u32 = 2;
/// Maximum duration of a program on Tokio's paused clock. A program that runs longer counts as hanging.
const HANGS_AFTER: Duration = Duration::from_hours(24);

/// Configuration of an exploration.
pub struct Explore {
    readings: u64,
    only: Option<u64>,
    faults: Vec<Fault>,
    setup: Box<dyn Fn(&Fake)>,
}

impl Default for Explore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Explore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Explore")
            .field("readings", &self.readings)
            .field("only", &self.only)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}

impl Explore {
    /// Creates an exploration of 10 readings with every fault of [`Fault::all`] except oversized bodies, on
    /// an empty account.
    #[must_use]
    pub fn new() -> Self {
        let faults = Fault::all();
        Self {
            readings: 10,
            only: None,
            faults: faults
                .into_iter()
                .filter(|fault| !matches!(fault, Fault::Oversized { .. }))
                .collect(),
            setup: Box::new(|_| {}),
        }
    }

    /// Sets the number of readings. The first reading is the most literal interpretation of the
    /// documentation. [`Settings::vary`] draws the other readings at random.
    #[must_use]
    pub fn readings(mut self, readings: u64) -> Self {
        self.readings = readings.max(1);
        self
    }

    /// Sets the faults. Each reading has one run for each fault in each request of the program.
    #[must_use]
    pub fn faults(mut self, faults: impl IntoIterator<Item = Fault>) -> Self {
        self.faults = faults.into_iter().collect();
        self
    }

    /// Sets the function that fills the account before each run.
    #[must_use]
    pub fn setup(mut self, setup: impl Fn(&Fake) + 'static) -> Self {
        self.setup = Box::new(setup);
        self
    }

    /// Limits the exploration to the run with this seed.
    #[must_use]
    pub fn only(mut self, seed: u64) -> Self {
        self.only = Some(seed);
        self
    }

    /// Runs the program under all readings, with all faults and crashes. Call this method outside a Tokio
    /// runtime.
    ///
    /// # Panics
    /// Panics if the program panics, or if no Tokio runtime or temporary folder can be created. If the
    /// program panics in a run with a fault or a crash, the seed of the run is printed.
    pub fn run<P, F, E>(&self, program: P) -> Exploration
    where
        P: Fn(Run) -> F,
        F: Future<Output = Result<(), E>>,
        E: fmt::Display,
    {
        let expected = self.observe(0, None, &program).assets;
        let mut exploration = Exploration::default();
        for reading in 0..self.readings {
            let wanted = |number: u64| {
                let seed = reading * SEEDS_PER_READING + number;
                self.only.is_none_or(|only| only == seed).then_some(seed)
            };
            let undisturbed = self.observe(reading, None, &program);
            let mut number = 0;
            if let Some(seed) = wanted(number) {
                exploration.add(seed, None, &undisturbed, &expected);
            }
            for (request, operation) in (1..).zip(&undisturbed.operations) {
                let crashes = [Trouble::CrashBefore, Trouble::CrashAfter].into_iter();
                for trouble in crashes.chain(self.faults.iter().cloned().map(Trouble::Fault)) {
                    number += 1;
                    let Some(seed) = wanted(number) else { continue };
                    let planned = PlannedTrouble { request, trouble };
                    let observed = catch_unwind(AssertUnwindSafe(|| {
                        self.observe(reading, Some(planned.clone()), &program)
                    }));
                    let observed = observed.unwrap_or_else(|panic| {
                        eprintln!("explore: the program panicked in the run with seed {seed}");
                        resume_unwind(panic)
                    });
                    let trouble = format!("{planned} ({operation})");
                    exploration.add(seed, Some(trouble), &observed, &expected);
                }
            }
        }
        exploration
    }

    /// Runs the program, and runs it again after a crash or an error.
    fn observe<P, F, E>(&self, reading: u64, trouble: Option<PlannedTrouble>, program: &P) -> Observed
    where
        P: Fn(Run) -> F,
        F: Future<Output = Result<(), E>>,
        E: fmt::Display,
    {
        let settings = match reading {
            0 => Settings::default(),
            seed => Settings::vary(seed),
        };
        let log = LogRetention::Last(0);
        let fake = Fake::new(Settings { log, ..settings });
        (self.setup)(&fake);
        let before = count(&fake);
        let run = Run(Arc::new(Shared {
            fake,
            folder: folder(),
            crash: Notify::new(),
            progress: Mutex::new(Progress {
                trouble,
                operations: Vec::new(),
                clock: None,
            }),
        }));
        let mut result = run.live(program);
        for _ in 0..RERUNS {
            if matches!(result, Ended::Ok) {
                break;
            }
            result = run.live(program);
        }
        let assets = count(run.fake());
        let operations = std::mem::take(&mut run.progress().operations);
        Observed {
            before,
            assets,
            operations,
            result,
        }
    }
}

#[expect(clippy::expect_used, reason = "documented panic of `Explore::run`")]
fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder can be made")
}

/// One run of the program. Clones share the same run.
#[derive(Clone, Debug)]
pub struct Run(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    fake: Fake,
    folder: TempDir,
    crash: Notify,
    progress: Mutex<Progress>,
}

#[derive(Debug)]
struct Progress {
    /// Fault or crash that is planned for this run and has not happened yet.
    trouble: Option<PlannedTrouble>,
    /// Method and path of each request so far.
    operations: Vec<String>,
    /// Tokio's time at which the fake's clock was last moved.
    clock: Option<Instant>,
}

impl Run {
    /// Returns the fake, from which a program can take tokens. A program must not change the account through
    /// the fake.
    #[must_use]
    pub fn fake(&self) -> &Fake {
        &self.0.fake
    }

    /// Returns the folder for files that survive a crash, such as journals.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.0.folder.path()
    }

    /// Returns the time of the service, which follows Tokio's clock.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        let now = Instant::now();
        let last = self.progress().clock.replace(now);
        let elapsed = last.map_or(Duration::ZERO, |last| now.duration_since(last));
        self.0.fake.advance(elapsed);
        self.0.fake.now()
    }

    /// Sends a request to the service. If a fault or crash is planned for the request, it happens during the
    /// call.
    ///
    /// # Errors
    /// Returns `ConnectionRefused` if the service cannot have received the request, and another kind of error
    /// if the connection broke afterwards.
    pub async fn respond(&self, request: Request<Bytes>) -> io::Result<Response<Bytes>> {
        let _moves_the_clock = self.now();
        let trouble = {
            let mut progress = self.progress();
            let operation = format!("{} {}", request.method(), request.uri().path());
            progress.operations.push(operation);
            let number = progress.operations.len();
            progress.trouble.take_if(|planned| planned.request == number)
        };
        match trouble.map(|planned| planned.trouble) {
            Some(Trouble::CrashBefore) => self.crash().await,
            Some(Trouble::CrashAfter) => {
                self.0.fake.handle(request).await;
                self.crash().await
            }
            Some(Trouble::Fault(fault)) => {
                self.0.fake.inject(Rule::new(fault));
                self.0.fake.respond(request).await
            }
            None => self.0.fake.respond(request).await,
        }
    }

    async fn crash(&self) -> ! {
        self.0.crash.notify_one();
        std::future::pending().await
    }

    fn progress(&self) -> std::sync::MutexGuard<'_, Progress> {
        self.0.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs the program in its own runtime, like a process. When the runtime ends, all tasks of the program
    /// end.
    #[expect(clippy::expect_used, reason = "documented panic of `Explore::run`")]
    fn live<P, F, E>(&self, program: &P) -> Ended
    where
        P: Fn(Self) -> F,
        F: Future<Output = Result<(), E>>,
        E: fmt::Display,
    {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().start_paused(true).build();
        let runtime = runtime.expect("a Tokio runtime can be made");
        self.progress().clock = None;
        runtime.block_on(async {
            let program = tokio::time::timeout(HANGS_AFTER, program(self.clone()));
            tokio::select! {
                biased;
                () = self.0.crash.notified() => Ended::Crashed,
                result = program => match result {
                    Ok(Ok(())) => Ended::Ok,
                    Ok(Err(error)) => Ended::Error(error.to_string()),
                    Err(_) => Ended::Error("the program hangs".to_owned()),
                },
            }
        })
    }
}

/// Trouble (a fault or a crash) that is planned for a request.
#[derive(Clone, Debug)]
struct PlannedTrouble {
    /// Number of the request, counted from 1.
    request: usize,
    trouble: Trouble,
}

#[derive(Clone, Debug)]
enum Trouble {
    /// The process ends before the request is sent.
    CrashBefore,
    /// The process ends after the request was applied and before the response arrives.
    CrashAfter,
    Fault(Fault),
}

impl fmt::Display for PlannedTrouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let request = self.request;
        match &self.trouble {
            Trouble::CrashBefore => write!(formatter, "crash before request {request} is sent"),
            Trouble::CrashAfter => write!(formatter, "crash after request {request} was applied"),
            Trouble::Fault(fault) => write!(formatter, "{fault} at request {request}"),
        }
    }
}

/// Way in which a program ended.
enum Ended {
    Ok,
    Error(String),
    Crashed,
}

/// Maps a kind and a name to the statuses of all assets that have both.
type Assets = BTreeMap<(String, String), Vec<Status>>;

/// Result of a run, with the assets before and after it.
struct Observed {
    before: Assets,
    assets: Assets,
    operations: Vec<String>,
    result: Ended,
}

fn count(fake: &Fake) -> Assets {
    let mut assets = Assets::new();
    for (segment, asset) in fake.state().all() {
        if asset.status != Status::Deleted {
            let key = (segment.to_owned(), asset.name.clone());
            assets.entry(key).or_default().push(asset.status.clone());
        }
    }
    for statuses in assets.values_mut() {
        statuses.sort();
    }
    assets
}

/// Result of an exploration. `Display` lists the mistakes and the seeds that repeat them.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Exploration {
    /// Number of runs.
    pub runs: u64,
    /// The runs in which an asset was lost, doubled or left unfinished.
    pub mistakes: Vec<Mistake>,
    /// Number of runs in which the program still failed when it ran for the last time.
    pub errors: u64,
}

/// A run in which an asset was lost, doubled or left unfinished.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mistake {
    /// Seed with which [`Explore::only`] repeats the run.
    pub seed: u64,
    /// Number of the reading (an interpretation of the documentation). It is the argument of
    /// [`Settings::vary`], or 0 for the most literal reading.
    pub reading: u64,
    /// Fault or crash in the run, if there was one.
    pub trouble: Option<String>,
    /// Assets that exist more often than expected.
    pub doubled: Vec<String>,
    /// Assets that exist less often than expected.
    pub lost: Vec<String>,
    /// Assets whose status differs from the expected status.
    pub unfinished: Vec<String>,
    /// Error of the program when it ran for the last time, if it failed.
    pub error: Option<String>,
}

impl Exploration {
    /// Asserts that no asset was lost, doubled or left unfinished.
    ///
    /// # Panics
    /// Panics if a mistake was found. The message contains the seeds.
    pub fn assert_no_mistakes(&self) {
        assert!(self.mistakes.is_empty(), "{self}");
    }

    fn add(&mut self, seed: u64, trouble: Option<String>, observed: &Observed, expected: &Assets) {
        self.runs += 1;
        let error = match &observed.result {
            Ended::Ok => None,
            Ended::Error(error) => Some(error.clone()),
            Ended::Crashed => Some("the program crashed".to_owned()),
        };
        self.errors += u64::from(error.is_some());
        let mut mistake = Mistake {
            seed,
            reading: seed / SEEDS_PER_READING,
            trouble,
            doubled: Vec::new(),
            lost: Vec::new(),
            unfinished: Vec::new(),
            error,
        };
        let keys: BTreeSet<_> = observed.assets.keys().chain(expected.keys()).collect();
        for key in keys {
            let statuses = |assets: &Assets| assets.get(key).cloned().unwrap_or_default();
            let (actual, wanted) = (statuses(&observed.assets), statuses(expected));
            let remains = wanted.len().min(statuses(&observed.before).len());
            let text = |difference: &str| format!("{} {:?}: {difference}", key.0, key.1);
            let (got, want) = (actual.len(), wanted.len());
            if got > want {
                mistake.doubled.push(text(&format!("{got} instead of {want}")));
            } else if got < want && (mistake.error.is_none() || got < remains) {
                mistake.lost.push(text(&format!("{got} instead of {want}")));
            } else if got == want && actual != wanted && mistake.error.is_none() {
                mistake
                    .unfinished
                    .push(text(&format!("{actual:?} instead of {wanted:?}")));
            }
        }
        if !(mistake.doubled.is_empty() && mistake.lost.is_empty() && mistake.unfinished.is_empty()) {
            self.mistakes.push(mistake);
        }
    }
}

impl fmt::Display for Exploration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (runs, found) = (self.runs, self.mistakes.len());
        if found == 0 {
            return write!(formatter, "no asset was lost or doubled in {runs} runs");
        }
        write!(
            formatter,
            "error: assets were lost or doubled in {found} of {runs} runs"
        )?;
        for mistake in self.mistakes.iter().take(10) {
            write!(formatter, "\n  {mistake}")?;
        }
        if let Some(mistake) = self.mistakes.first() {
            write!(
                formatter,
                "\nfix: repeat one of them with Explore::only({})",
                mistake.seed
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let trouble = self.trouble.as_deref().unwrap_or("no trouble");
        write!(
            formatter,
            "seed {}: {trouble}, reading {}",
            self.seed, self.reading
        )?;
        for (mistake, assets) in [
            ("doubled", &self.doubled),
            ("lost", &self.lost),
            ("unfinished", &self.unfinished),
        ] {
            if !assets.is_empty() {
                write!(formatter, "\n    {mistake}: {}", assets.join("; "))?;
            }
        }
        match &self.error {
            Some(error) => write!(formatter, "\n    the program reports: {error}"),
            None => Ok(()),
        }
    }
}
