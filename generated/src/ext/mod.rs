//! Extension traits for assets: operations that need more than one call.
//!
//! Each kind of asset has a handle, such as the handle that
//! [`Client::offer_sources`](crate::Client::offer_sources) returns. Most methods of a handle come from
//! traits. A handle implements a trait only if the vendor's index of API operations lists the operations that
//! the trait needs. Each kind has a cargo feature; by default, only the feature of offer sources is enabled.
//! `use funnelflux::ext::*` brings the following traits into scope:
//!
//! | trait | effect |
//! |---|---|
//! | [`BulkArchive`], [`BulkUnarchive`], [`BulkDelete`] | change the status of many assets |
//! | [`MoveToCategory`] | moves many assets to a category, or out of their category |
//! | [`DuplicateMany`] | copies each asset of a list exactly once |
//! | [`FindMany`] | finds many assets by ID and reports the missing ones |
//! | [`Update`] | reads, changes and saves an asset, after a check for concurrent changes |
//! | [`CreateOrSave`] | creates an asset, or saves it if its ID exists |
//!
//! A [`Cascade`] sets what happens to the children of archived and deleted assets.
//! [`Client::create`](crate::Client::create) creates an asset under a new ID.
//!
//! # The contract of a bulk job
//!
//! Every distinct ID of a job gets exactly one [`Outcome`]: *done*, *already so*, *rejected*, *unknown* or
//! *not sent*. [`Bulk`] explains the steps of a job and its limits.
//!
//! # Modules
//!
//! | module | contents |
//! |---|---|
//! | `asset_kind` | the trait for generic code that works with any kind of asset |
//! | `asset_group` | groups of assets, for programs that choose the group at run time |
//! | `abilities`, `find`, `update`, `create_or_save` | the traits that users call |
//! | `bulk` | bulk jobs, with their engine, journal and report; duplication of many assets |
//! | `resource` | traits that connect a kind of asset to the client; generated code implements them |
//! | `validate` | checks of IDs and jobs before anything is sent |
//! | `read` | reading by ID, for a service that may omit unknown IDs or refuse them |
//! | `attribution` | checks whether a response belongs to its request |
//! | `read_calls` | the calls that read the assets of a kind; they take strings and return JSON |
//! | `error_class` | classes of errors, by what the service did with the request |
//! | `snapshot` | snapshots of accounts, comparison, and references between assets (feature `snapshot`) |
//! | `plan` | changes that can be reviewed before they are made, and undone (feature `snapshot`) |

mod abilities;
pub(crate) mod asset_group;
mod asset_kind;
mod attribution;
mod bulk;
mod cascade;
mod create_or_save;
mod error_class;
mod find;
mod line_file;
#[cfg(feature = "snapshot")]
pub mod plan;
mod read;
mod read_calls;
pub(crate) mod resource;
#[cfg(feature = "snapshot")]
pub mod snapshot;
mod update;
mod validate;

#[allow(
    unreachable_pub,
    unused_imports,
    reason = "not every group has a kind of assets"
)]
pub use crate::api::public::kinds::*;
pub use crate::runtime::acknowledgement::{Documented, Inferred};
pub use crate::runtime::server_managed::ServerBehavior;
pub use abilities::{BulkArchive, BulkDelete, BulkUnarchive, MoveToCategory};
pub use asset_group::{Abilities, AssetGroup, ChildRelation, FoundAsset};
pub use asset_kind::{AssetKind, AssetRow};
pub use bulk::{
    Archiving, Bulk, ChangeRecord, Children, Counts, Deleting, DifferentJobs, DuplicateMany, Duplicating,
    Duplication, Entry, Failure, GroupBulk, GroupJobError, Journal, JournalError, MovingToCategory, Outcome,
    Outcomes, Plan, Progress, Reason, Report, Unarchiving,
};
pub use cascade::Cascade;
pub use create_or_save::{CreateOrSave, StoreError, Stored};
pub use find::{Find, FindMany, Found};
pub use resource::{AssetStatus, AssetSummary, Handle};
pub use update::{Update, UpdateError, UpdateOne, Updated};
pub use validate::{IdProblem, InvalidJob, Repeated};
