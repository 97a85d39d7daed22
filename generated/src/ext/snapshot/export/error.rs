//! Errors of exports.

use crate::Error;
use crate::ext::snapshot::error::SnapshotError;
use crate::ext::snapshot::manifest::Unread;
use crate::ext::snapshot::snapshot::parts;
use std::fmt;
use std::path::{Path, PathBuf};

/// Error of an export.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The name is not the name of a group whose assets can be listed. Nothing was sent.
    #[error("there is no group {name:?} whose assets can be listed; fix: choose among {known}")]
    UnknownGroup {
        /// The unknown name.
        name: String,
        /// Names of the groups whose assets can be listed, separated by commas.
        known: String,
    },
    /// The folder or file cannot be used.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The credentials cannot be read, or the service rejects the access token.
    #[error(transparent)]
    Client(#[from] Error),
    /// Parts of the account could not be read.
    #[error(transparent)]
    Incomplete(#[from] IncompleteExport),
}

crate::runtime::error::debug_as_display!(ExportError);

/// Error of an export that could not read the whole account.
///
/// The assets that were read are kept for the next export to the same path.
#[derive(Clone, PartialEq, Eq)]
pub struct IncompleteExport {
    path: PathBuf,
    read: usize,
    unread: Vec<Unread>,
}

impl IncompleteExport {
    pub(super) fn new(path: &Path, read: usize, unread: Vec<Unread>) -> Self {
        let path = path.to_owned();
        Self { path, read, unread }
    }

    /// Returns the number of assets that were read.
    #[must_use]
    pub fn read(&self) -> usize {
        self.read
    }

    /// Returns the parts of the account that could not be read.
    #[must_use]
    pub fn unread(&self) -> &[Unread] {
        &self.unread
    }
}

impl fmt::Display for IncompleteExport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, read, unread } = self;
        let parts = parts(unread.len());
        write!(
            formatter,
            "snapshot {}: {read} assets were read, {parts} could not be",
            path.display()
        )?;
        if let Some(first) = unread.first() {
            write!(formatter, ", first {first}")?;
        }
        formatter.write_str(
            "; fix: repeat the export, which reads what is missing, or accept that it is incomplete",
        )
    }
}

crate::runtime::error::debug_as_display!(IncompleteExport);

impl std::error::Error for IncompleteExport {}
