//! Accepts `null` where the document requires a value, because the service may send an empty list as `null`.

use serde::{Deserialize, Deserializer};

/// Deserialises `null` as the default value.
#[allow(dead_code, reason = "the document decides which lists there are")]
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
