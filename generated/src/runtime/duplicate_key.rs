//! Finds a duplicate key in a JSON object. The types of this crate write each key once. A program may pass a
//! request body of another type, which may write a key twice.

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use std::{collections::HashSet, fmt};

/// Returns the first key that an object in `json` contains twice.
pub(crate) fn find(json: &[u8]) -> Option<String> {
    // Text with one colon has at most one key, so it is not parsed. Most bodies of bulk calls are such texts:
    // a list of IDs under one key.
    memchr::memchr_iter(b':', json).nth(1)?;
    let mut duplicate = None;
    // A duplicate key ends the parsing with an error.
    let _ = Walk(&mut duplicate).deserialize(&mut serde_json::Deserializer::from_slice(json));
    duplicate
}

/// Walks over one value and stores the first duplicate key.
struct Walk<'d>(&'d mut Option<String>);

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Walk(self.0))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            if keys.contains(&key) {
                *self.0 = Some(key);
                return Err(A::Error::custom("duplicate key"));
            }
            keys.insert(key);
            entries.next_value_seed(Walk(self.0))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_duplicate_key_is_found_at_every_level() {
        for (json, expected) in [
            (r#"{"a":1,"b":{"a":-2},"c":[{"a":0.5},{"a":null}]}"#, None),
            (r#"{"a":"x","b":true,"a":"y"}"#, Some("a")),
            (r#"{"a":[{"b":1,"\u0062":2}]}"#, Some("b")),
            ("[]", None),
        ] {
            assert_eq!(super::find(json.as_bytes()).as_deref(), expected, "{json}");
        }
    }
}
