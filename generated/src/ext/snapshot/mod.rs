//! Snapshots of an account: types that are shared by the parts of the crate that compare and change whole
//! accounts.
//!
//! [`Snapshot`] exports an account into files and reads them. [`References`] are the places where assets name
//! each other.
//!
//! An [`Asset`] is an asset of any group as JSON, with its [`AssetKey`]. [`Changes`] are the differences of
//! two values, with their JSON paths. A [`Fingerprint`] identifies the content of an asset.

mod archive;
mod asset;
mod changes;
mod compare;
mod cycles;
mod error;
mod export;
mod fingerprint;
mod layout;
mod manifest;
pub(crate) mod pointer;
mod references;
#[expect(clippy::module_inception, reason = "the module has the name of its main type")]
mod snapshot;
mod sorted_text;

pub use asset::{Asset, AssetKey, InvalidAssetKey};
pub use changes::{ChangeConflict, Changes, InvalidChanges, ValueChange};
pub use compare::{Comparison, Difference, DifferenceKind, managed_pointers};
pub use error::SnapshotError;
pub use export::{Export, ExportError, ExportProgress, IncompleteExport};
pub use fingerprint::{Fingerprint, InvalidFingerprint};
pub use manifest::{Manifest, Unread};
pub use references::{Dangling, MentionForm, Reference, References, Relation, RelationKind, references_in};
pub use snapshot::Snapshot;
