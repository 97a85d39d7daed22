//! Runs blocking work, such as file access, outside of the threads that drive futures.

use std::io;
use tokio::runtime::Handle;

/// Runs work on one of Tokio's threads for blocking work. Outside of a Tokio runtime, runs the work on the
/// current thread, because there are no async threads to keep free.
///
/// # Errors
/// Returns an error if the work panics, or if the runtime shuts down before the work begins.
pub(crate) async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    match Handle::try_current() {
        Ok(runtime) => Ok(runtime.spawn_blocking(work).await?),
        Err(_) => Ok(work()),
    }
}
