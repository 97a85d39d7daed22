//! The engine of all bulk jobs: cuts the IDs into chunks, and takes each through looking, sending and settling until every ID
//! has its outcome.
//!
//! ```text
//!            ┌──── so already, missing ────────────────────────────┐
//!          look ──► send ──── accepted, nothing to verify ─────────┤
//!            ▲       │ ▲                                           ▼
//!            │       ▼ └─── refused: split in halves ◄──┐       outcome
//!         (read    settle ─── as asked, refused alone ──┼──────────▲
//!         failed)    └─── not as asked: again, or split ┘
//! ```
//!
//! A step is one request (or one reading of a list). It takes some IDs, gives outcomes for some and further steps for the
//! others. The driver starts steps, at most so many at once, writes the journal, and winds down when it is told to stop.
//!
//! | file | has |
//! |---|---|
//! | `step` | what goes through the engine: IDs on their way, steps to be done, what a step leaves |
//! | `send` | the steps that look and send |
//! | `settle` | what becomes known by reading afterwards |
//! | `driver` | starts the steps and takes what they leave |

mod driver;
mod send;
mod settle;
mod step;

pub(super) use driver::{Driver, Hooks, Input};
pub(in crate::ext) use step::pause_after;

use crate::RetryPolicy;

/// How a job is done.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) chunk_size: usize,
    pub(super) concurrency: usize,
    pub(super) retries: u32,
    pub(super) retry_policy: Option<RetryPolicy>,
    pub(super) look_first: bool,
    pub(super) verify: bool,
    pub(super) in_order: bool,
    /// After how many failed IDs the job stops.
    pub(super) stop_after: Option<usize>,
}
