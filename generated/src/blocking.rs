//! The same calls for programs without async: [`Wait::wait`] instead of `.await`.
//!
//! Nothing is doubled: whatever can be awaited can be waited for, the calls of [`Client`](crate::Client), [`Request`](crate::Request)s
//! and the builders of [`ext`](crate::ext) alike.
//!
//! ```
//! use funnelflux::{Client, blocking::Wait as _, types::StatusFilter};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let fake = funnelflux_fake::Fake::default();
//! # fake.seed_offer_source("2nIemJxCKbFX");
//! # let server = async { fake.serve(([127, 0, 0, 1], 0).into()).await }.wait()?;
//! # let client = Client::builder().base_url(server.base_url()).bearer_token(fake.access_token()).build()?;
//! for source in client.list_offer_sources(StatusFilter::Active, None).wait()? {
//!     println!("{} {}", source.id_offer_source, source.offer_source_name);
//! }
//! # Ok(()) }
//! ```
//!
//! One background thread, begun with the first wait, drives the connections of all clients and stays. Within an async runtime waiting is
//! safe, too (it moves to a thread of its own), but it holds up the task that waits and everything that shares its thread: await there.

use std::{future::pending, sync::OnceLock, thread};
use tokio::runtime::{Builder, Handle};

/// Waits for whatever can be awaited.
pub trait Wait: IntoFuture {
    /// Runs it to its end on this thread.
    ///
    /// # Panics
    /// When the operating system refuses a thread or what a Tokio runtime needs, which [`std::thread::spawn`] panics at, too.
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
        // This thread belongs to a runtime, and none may block within another.
        thread::scope(|scope| match scope.spawn(run).join() {
            Ok(output) => output,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    }
}

/// The runtime in the background.
#[expect(
    clippy::expect_used,
    reason = "without threads and timers there is nothing to fall back on, and no input leads here"
)]
fn driver() -> &'static Handle {
    static DRIVER: OnceLock<Handle> = OnceLock::new();
    DRIVER.get_or_init(|| {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("the operating system gives a Tokio runtime what it needs");
        let handle = runtime.handle().clone();
        thread::Builder::new()
            .name("funnelflux".to_owned())
            .spawn(move || runtime.block_on(pending::<()>()))
            .expect("the operating system gives a thread");
        handle
    })
}
