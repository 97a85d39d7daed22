//! Snapshots of an account, and what the parts of the crate that compare and change whole accounts share.
//!
//! An [`Asset`] is an asset of any group as JSON, with its [`AssetKey`]. [`Changes`] are the differences of
//! two values, with their JSON paths. A [`Fingerprint`] identifies the content of an asset.

mod asset;
mod changes;
mod fingerprint;
pub(crate) mod pointer;

pub use asset::{Asset, AssetKey, InvalidAssetKey};
pub use changes::{ChangeConflict, Changes, InvalidChanges, ValueChange};
pub use fingerprint::{Fingerprint, InvalidFingerprint};
