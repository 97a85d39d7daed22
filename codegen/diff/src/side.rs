//! The two sides of a comparison.

use serde::Serialize;

/// One of the two documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The document before.
    Old,
    /// The document after.
    New,
}
