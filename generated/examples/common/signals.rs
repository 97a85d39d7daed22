//! Stops a program on Ctrl-C and SIGTERM.

use std::io;

/// Exit code of a process that is ended by SIGINT: 128 plus the number of the signal.
const INTERRUPTED: i32 = 130;

/// Returns a future that completes with the first Ctrl-C or SIGTERM. A second signal ends the process
/// immediately.
///
/// The signals are caught immediately, even before the future is polled.
pub(crate) fn stop_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut signals = Signals::new()?;
    let (sender, receiver) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        signals.next().await;
        eprintln!("Stopping; a second signal ends the program at once.");
        // If the job has ended, nobody receives the signal.
        let _ = sender.send(());
        signals.next().await;
        std::process::exit(INTERRUPTED);
    });
    Ok(async move {
        if receiver.await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

/// Listener for Ctrl-C and, on Unix, SIGTERM.
struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
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
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {})
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
