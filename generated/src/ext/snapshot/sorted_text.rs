//! JSON text with members sorted by name. Numbers keep all digits.

use crate::values::exact_json;
use serde::{Serialize, Serializer, ser::Error};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// JSON text that serialises like a [`Value`](serde_json::Value) with sorted members. The only difference is
/// that a number keeps all its digits, even if a `Value` would round it.
pub(super) struct SortedText<'t>(pub(super) &'t RawValue);

impl Serialize for SortedText<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.0.get();
        match text.as_bytes().first() {
            Some(b'{') => {
                let members: BTreeMap<String, &RawValue> =
                    serde_json::from_str(text).map_err(S::Error::custom)?;
                serializer.collect_map(members.into_iter().map(|(name, value)| (name, Self(value))))
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(text).map_err(S::Error::custom)?;
                serializer.collect_seq(items.into_iter().map(Self))
            }
            _ => match exact_json::parse(text) {
                Ok(scalar) => scalar.serialize(serializer),
                Err(_) => self.0.serialize(serializer),
            },
        }
    }
}
