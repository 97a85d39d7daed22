//! The two sides of a comparison.

use serde::Serialize;

/// One of the two documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The old document.
    Old,
    /// The new document.
    New,
}
