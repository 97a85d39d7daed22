//! Signals that stop a job: Ctrl-C and SIGTERM.

use crate::exit::{Exit, Failure};
use std::future::Future;
use std::io::{self, Write as _};
use std::process;
use tokio::sync::oneshot;

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
