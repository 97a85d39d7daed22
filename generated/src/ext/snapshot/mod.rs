//! Snapshots of an account, and the types for comparing and changing whole accounts.
//!
//! [`Snapshot`] exports an account into files, and reads these files. [`References`] are the places where
//! assets contain the IDs of other assets.
//!
//! An [`Asset`] is an asset of any group as JSON, with its [`AssetKey`]. [`Changes`] are the differences
//! between two JSON values, each with its JSON pointer. A [`Fingerprint`] identifies the content of an asset.

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
