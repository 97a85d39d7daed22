//! Result of reading one asset by its ID, and a check that a [`Value`] keeps all numbers of an asset.

use crate::ext::bulk::Failure;
use crate::ext::read::odd_failure;
use crate::runtime::call::Row;
use crate::values::exact_json;
use serde_json::Value;

/// Result of reading one asset by its ID.
#[derive(Clone, Debug, PartialEq)]
pub enum FoundAsset<A = Value> {
    /// The asset as the service sent it.
    Found(A),
    /// The asset does not exist or is deleted: a successful response omits it, or the service lists it as
    /// deleted and refuses to return it. The vendor does not document whether deleted assets can be read.
    Missing,
    /// There was no usable response, so nothing is known about the asset. If the call failed,
    /// [`Failure::error`] returns the error of the call.
    ///
    /// [`AssetGroup::find`](super::AssetGroup::find) also returns this variant for an asset with a number
    /// that a [`Value`] would round, so that a program cannot save a rounded number. [`Failure::error`] then
    /// returns `None`.
    Unreadable(Failure),
}

impl<A> FoundAsset<A> {
    /// Converts an asset that was found. If `convert` returns an error, the asset counts as unreadable for
    /// this reason.
    pub(super) fn convert<B>(self, convert: impl FnOnce(A) -> Result<B, String>) -> FoundAsset<B> {
        match self {
            Self::Found(asset) => match convert(asset) {
                Ok(asset) => FoundAsset::Found(asset),
                Err(problem) => FoundAsset::Unreadable(odd_failure(problem)),
            },
            Self::Missing => FoundAsset::Missing,
            Self::Unreadable(failure) => FoundAsset::Unreadable(failure),
        }
    }
}

/// Returns the asset of a row. Returns an error if a [`Value`] would round a number of the asset, because
/// saving the asset would then change the number.
pub(super) fn exact(row: Row) -> Result<Value, String> {
    if row.is_exact {
        return Ok(row.value);
    }
    let number = exact_json::first_rounded(row.text.get());
    let number = number.map_or_else(|| "a number".to_owned(), |number| number.to_string());
    Err(format!(
        "{number}, and saving the asset would change it; fix: use the typed calls of the crate or \
         AssetGroup::find_json, which keep all digits"
    ))
}
