//! Progress of a job on stderr, and the signals that stop it.

use crate::exit::{Exit, Failure};
use funnelflux::ext::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::fmt;
use std::future::Future;
use std::io::{self, IsTerminal as _, Write as _};
use std::process;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Interval between two lines of progress if stderr is not a terminal.
const INTERVAL: Duration = Duration::from_secs(10);

/// Display of progress on stderr. On a terminal, it is a bar. Otherwise, it prints a line every ten seconds.
#[derive(Clone, Debug)]
pub(crate) struct LineDisplay(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    bar: Option<ProgressBar>,
    last_line: Instant,
}

impl LineDisplay {
    pub(crate) fn new() -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            // The template is constant and tested, so it is always valid.
            if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos}/{len} {msg} {eta}") {
                bar.set_style(style);
            }
            bar
        });
        let last_line = Instant::now();
        Self(Arc::new(Mutex::new(State { bar, last_line })))
    }

    /// Shows the progress of a job.
    pub(crate) fn update_job(&self, progress: &Progress) {
        self.update(progress.finished(), progress.total, progress.counts);
    }

    /// Shows a new state of the progress. `message` describes this state.
    pub(crate) fn update(&self, finished: usize, total: usize, message: impl fmt::Display) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &state.bar {
            Some(bar) => {
                bar.set_length(total as u64);
                bar.set_message(message.to_string());
                bar.set_position(finished as u64);
            }
            None if state.last_line.elapsed() >= INTERVAL => {
                state.last_line = Instant::now();
                // If stderr is closed, the error is ignored.
                let _ = writeln!(io::stderr(), "{finished} of {total}: {message}");
            }
            None => {}
        }
    }

    /// Removes the bar.
    pub(crate) fn finish(&self) {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = &state.bar {
            bar.finish_and_clear();
        }
    }
}

/// Returns a future that completes at the first Ctrl-C or SIGTERM. A second signal ends the process at once.
///
/// # Errors
/// Returns an error if signals cannot be received.
pub(crate) fn stop_signal() -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    let failed = |error: io::Error| Failure::failed(format!("cannot wait for signals: {error}"));
    let mut signals = Signals::new().map_err(failed)?;
    let (sender, receiver) = oneshot::channel();
    tokio::spawn(async move {
        signals.next().await;
        let _ = writeln!(
            io::stderr(),
            "\nstopping: requests in flight are finished, nothing more is sent. Ctrl-C again ends at once."
        );
        let _ = sender.send(());
        signals.next().await;
        process::exit(Exit::Cancelled as i32);
    });
    Ok(async move {
        if receiver.await.is_err() {
            // The task ended without a signal.
            std::future::pending::<()>().await;
        }
    })
}

/// The signals that stop a job.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        let interrupt = std::pin::pin!(self.interrupt.recv());
        let terminate = std::pin::pin!(self.terminate.recv());
        futures_util::future::select(interrupt, terminate).await;
    }
}

/// The signal that stops a job.
#[cfg(not(unix))]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}
