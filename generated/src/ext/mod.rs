//! Extension traits: bulk work on assets, written once and implemented per resource in a few lines.
//!
//! A kind of assets has a handle, [`Client::offer_sources`](crate::Client::offer_sources), and the handle has abilities. (The other
//! kinds have theirs, each with its cargo feature, and as many of the abilities as the vendor's index has operations.) Bring
//! them into scope with `use funnelflux::ext::*`:
//!
//! | ability | does |
//! |---|---|
//! | [`BulkArchive`], [`BulkUnarchive`], [`BulkDelete`] | changes the status of many, and handles their children by [`Cascade`] |
//! | [`MoveToCategory`] | puts many into a category, or out of theirs |
//! | [`DuplicateMany`] | makes a copy of each, and none twice |
//! | [`FindMany`] | finds many by ID, and says which are missing |
//! | [`Update`] | reads, changes and saves one, without losing what somebody else does meanwhile |
//! | [`CreateOrSave`] | creates one, or saves it if its ID exists ([`Client::create`](crate::Client::create) creates under a new ID) |
//!
//! # The contract of a bulk job
//!
//! Every distinct ID that goes in comes out in exactly one [`Outcome`]: *done*, *already so*, *rejected*, *unknown* or *not
//! sent*. See [`Bulk`] for how a job works and for its limits.
//!
//! # Where things are
//!
//! `resource` is the seam: what is to be known of a kind of assets, and `kinds` has it of each. `evidence` keeps what is deduced
//! from being sent by guess.
//! `abilities` has the traits that users see; `bulk` the jobs with their engine; `read` finds assets by ID whatever the service
//! does with unknown ones; `verdict` says what an error tells about the server's state.

mod abilities;
mod bulk;
mod cascade;
mod create_or_save;
mod duplicate;
mod error_class;
mod evidence;
mod find;
mod kinds;
mod read;
mod resource;
mod update;
mod validate;

pub use abilities::{BulkArchive, BulkDelete, BulkUnarchive, MoveToCategory};
pub use bulk::{
    Archiving, Bulk, ChangeRecord, Children, Counts, Deleting, DifferentJobs, Entry, Failure, Journal,
    JournalError, MovingToCategory, Outcome, Outcomes, Plan, Progress, Reason, Report, Unarchiving,
};
pub use cascade::Cascade;
pub use create_or_save::{CreateOrSave, StoreError, Stored};
pub use duplicate::{DuplicateMany, Duplication};
#[cfg(feature = "_deduced")]
pub use evidence::Deduced;
pub use evidence::Documented;
pub use find::{Find, FindMany, Found};
pub use kinds::*;
pub use resource::Handle;
pub use update::{Update, UpdateError, UpdateOne, Updated};
pub use validate::{IdProblem, InvalidJob, Repeated};
