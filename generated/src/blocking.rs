//! Blocking calls for programs without async: [`Wait::wait`] replaces `.await`.
//!
//! [`Wait`] works for everything that can be awaited: the calls of [`Client`](crate::Client), the calls that
//! a [`Request`](crate::Request) creates, and futures, such as the results of `send` in [`ext`](crate::ext).
//!
//! ```
//! use funnelflux::{Client, blocking::Wait as _, types::StatusFilter};
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//! #   #[cfg(any())]
//!     let client = Client::from_env()?;
//! #   let fake = funnelflux_fake::Fake::default();
//! #   fake.seed_offer_source("2nIemJxCKbFX");
//! #   let server = async { fake.serve(([127, 0, 0, 1], 0).into()).await }.wait()?;
//! #   let client = Client::builder().base_url(server.base_url()).bearer_token(fake.access_token()).build()?;
//!     for source in client.list_offer_sources(StatusFilter::Active, None).wait()? {
//!         println!("{} {}", source.id_offer_source, source.offer_source_name);
//!     }
//!     Ok(())
//! }
//! ```
//!
//! The first call of `wait` starts a background thread, which drives the connections of all calls made with
//! `wait` until the process ends. Within an async runtime, `wait` is safe but blocks the current thread; use
//! `.await` there.

use std::{future::pending, sync::OnceLock, thread};
use tokio::runtime::{Builder, Handle};

/// Waits for anything that can be awaited.
pub trait Wait: IntoFuture {
    /// Blocks this thread until the result is available.
    ///
    /// # Panics
    /// Panics, like [`std::thread::spawn`], if the operating system cannot start a thread. Also panics if
    /// the Tokio runtime cannot be started.
    fn wait(self) -> Self::Output;
}

impl<F> Wait for F
where
    F: IntoFuture + Send,
    F::IntoFuture: Send,
    F::Output: Send,
{
    fn wait(self) -> Self::Output {
        let run = || driver().block_on(self.into_future());
        if Handle::try_current().is_err() {
            return run();
        }
        // `block_on` panics on a thread that already drives a runtime, so another thread waits.
        thread::scope(|scope| match scope.spawn(run).join() {
            Ok(output) => output,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    }
}

/// Returns the handle of the background runtime. The first call starts the runtime.
#[expect(
    clippy::expect_used,
    reason = "there is no fallback without threads and timers, and no input leads here"
)]
fn driver() -> &'static Handle {
    static DRIVER: OnceLock<Handle> = OnceLock::new();
    DRIVER.get_or_init(|| {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("the operating system can start a Tokio runtime");
        let handle = runtime.handle().clone();
        thread::Builder::new()
            .name("funnelflux".to_owned())
            .spawn(move || runtime.block_on(pending::<()>()))
            .expect("the operating system can start a thread");
        handle
    })
}
