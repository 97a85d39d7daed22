//! An asset of any group, as JSON.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;
use std::str::FromStr;

/// Group and ID of an asset, written as `GROUP/ID`.
///
/// ```
/// use funnelflux::ext::snapshot::AssetKey;
///
/// let key = AssetKey::new("pages", "2nIemJxCKbFX");
/// assert_eq!(key.to_string(), "pages/2nIemJxCKbFX");
/// assert_eq!("pages/2nIemJxCKbFX".parse(), Ok(key));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssetKey {
    /// Name of the group, such as `offer-sources`.
    pub group: String,
    /// ID of the asset.
    pub id: String,
}

impl AssetKey {
    /// Creates a key.
    pub fn new(group: impl Into<String>, id: impl Into<String>) -> Self {
        Self {
            group: group.into(),
            id: id.into(),
        }
    }
}

impl fmt::Display for AssetKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.group, self.id)
    }
}

/// Error for a text that is not an [`AssetKey`].
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} does not name an asset; expected GROUP/ID, such as pages/2nIemJxCKbFX")]
pub struct InvalidAssetKey(String);

crate::runtime::error::debug_as_display!(InvalidAssetKey);

impl FromStr for AssetKey {
    type Err = InvalidAssetKey;

    /// Parses `GROUP/ID`. The ID is everything after the first slash.
    fn from_str(text: &str) -> Result<Self, InvalidAssetKey> {
        match text.split_once('/') {
            Some((group, id)) if !group.is_empty() && !id.is_empty() => Ok(Self::new(group, id)),
            _ => Err(InvalidAssetKey(text.to_owned())),
        }
    }
}

impl Serialize for AssetKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AssetKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// An asset of any group, with all fields that the service sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Asset {
    /// Group and ID of the asset.
    pub key: AssetKey,
    /// The whole asset.
    pub value: Value,
}

impl Asset {
    /// Combines the key and the JSON value of an asset. Sends nothing.
    #[must_use]
    pub fn new(key: AssetKey, value: Value) -> Self {
        Self { key, value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_parsed_as_they_are_written() {
        for (group, id) in [("pages", "1"), ("pages", "a/b"), ("pages", " ")] {
            let key = AssetKey::new(group, id);
            assert_eq!(key.to_string().parse(), Ok(key.clone()));
            let json = serde_json::to_string(&key).unwrap_or_default();
            assert_eq!(serde_json::from_str::<AssetKey>(&json).ok(), Some(key));
        }
        for text in ["", "pages", "pages/", "/1"] {
            assert!(text.parse::<AssetKey>().is_err(), "{text}");
        }
    }
}
